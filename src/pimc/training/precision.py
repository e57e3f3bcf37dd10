"""In what precision networks compute."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from pimc.training.options import AUTO, MIXED, SINGLE

INSTRUCTIONS = ("amx_bf16", "avx512_bf16")
"""Of processors that multiply bfloat16 at least twice as fast as float32; others are slower."""


def computes_mixed(precision: str, device: torch.device) -> bool:
    """Whether networks compute in bfloat16; ``auto`` where the device has instructions for it."""
    if precision != AUTO:
        return precision == MIXED
    if device.type == "cuda":
        supported: bool = torch.cuda.is_bf16_supported()
        return supported
    # a plain mapping of names to flags; empty on processors that torch does not describe
    flags: Mapping[str, bool] = torch.cpu.get_capabilities()
    return device.type == "cpu" and any(flags.get(name, False) for name in INSTRUCTIONS)


def settle(precision: str, accelerator: str) -> str:
    """The precision of a training, as Lightning names it: what ``auto`` is on this machine.

    Args:
        precision: auto, or one of Lightning's.
        accelerator: as Lightning names them: auto, cpu, gpu, cuda, mps.
    """
    if precision != AUTO:
        return precision
    if accelerator == "mps":
        return SINGLE
    cuda = accelerator != "cpu" and torch.cuda.is_available()
    device = torch.device("cuda" if cuda else "cpu")
    return MIXED if computes_mixed(precision, device) else SINGLE
