"""What a training asks of this machine. Torch is imported where it is asked."""

from __future__ import annotations

from pimc.pretraining.options import PretrainingOptions

CUDA = ("gpu", "cuda")


def check_devices(options: PretrainingOptions) -> None:
    """Refuse to train on more GPUs than this machine has.

    Raises:
        ValueError: with what there is.
    """
    asked = options.accelerator
    if asked == "cpu" or (options.processes == 1 and asked not in CUDA):
        return
    import torch

    if torch.cuda.is_available():
        _check_count(options, torch.cuda.device_count())
    elif torch.backends.mps.is_available():
        _check_count(options, 1)
    elif asked != "auto":
        _check_count(options, 0)


def _check_count(options: PretrainingOptions, count: int) -> None:
    if options.devices > count:
        raise ValueError(
            f"pretraining.devices is {options.devices} with accelerator {options.accelerator}, but "
            f"this machine has {count} GPU{'' if count == 1 else 's'}: lower devices, or train on "
            "the CPU (pretraining.accelerator=cpu)"
        )
