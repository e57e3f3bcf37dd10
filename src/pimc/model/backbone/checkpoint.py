"""Weights in the files of others: tensors by name, and no object of any other kind."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from pimc.data.regular_file import check_regular, memory, told

NESTED = ("state_dict", "model", "teacher", "student")
"""Entries of a checkpoint that hold its weights; the first that is there is taken. A teacher is
the mean of its student over the training, and what its authors evaluate (Caron et al. 2021, DINO).
"""


WEIGHTS = "weights by name"


def read_weights(path: Path) -> dict[str, Tensor]:
    """Weights by name, on the CPU.

    Args:
        path: of a ``.safetensors`` file, or of any that ``torch.save`` wrote: weights by name,
            or a checkpoint that has them in one of ``NESTED``. Objects in it are not loaded.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it holds something else, or other objects than tensors, numbers and texts.
    """
    if not path.exists():
        raise FileNotFoundError(f"no weights at {path.absolute()}; nothing is downloaded")
    check_regular(path, WEIGHTS, memory())
    remedy = "save the state dict of the network alone, best as .safetensors, where it was trained"
    with told(path, WEIGHTS, remedy):
        if path.suffix == ".safetensors":
            return dict(load_file(path))
        # options of a command line are nothing but names and values; many checkpoints keep them
        with torch.serialization.safe_globals([argparse.Namespace]):
            stored = torch.load(path, map_location="cpu", weights_only=True)
    return _find_tensors(stored, path)


def _find_tensors(stored: object, path: Path) -> dict[str, Tensor]:
    """The weights within what a file holds."""
    outer = stored if isinstance(stored, Mapping) else {}
    inner = next((outer[name] for name in NESTED if isinstance(outer.get(name), Mapping)), outer)
    found = {name: value for name, value in inner.items() if isinstance(value, Tensor)}
    if not found:
        raise ValueError(
            f"expected weights by name in {path}, perhaps below {', '.join(NESTED)}; "
            f"got {', '.join(map(str, outer)) or type(stored).__name__}"
        )
    return found
