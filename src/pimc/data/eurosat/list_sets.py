"""The sets of lists that EuroSAT is split by: published ones by name, and one's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

LISTS: Final = ("train", "validation", "test")

OFFICIAL: Final = "official"
OWN: Final = "own"
"""Of lists that nobody published."""

TORCHGEO: Final = (
    "https://hf.co/datasets/torchgeo/eurosat/resolve/1ce6f1bfb56db63fd91b6ecc466ea67f2509774c/"
)
"""Where its lists lie, in the revision that the checksums are of."""


@dataclass(frozen=True)
class ListSet:
    """Three lists that somebody published; names and checksums are in the order of ``LISTS``.

    Attributes:
        files: names of the files.
        title: what results add to the name of the data; "" for the split that the field quotes.
        sha256: of the files; none where they go round with their lines in several orders.
    """

    files: tuple[str, str, str]
    title: str = ""
    sha256: tuple[str, ...] = ()


LIST_SETS: Mapping[str, ListSet] = {
    # Neumann et al. 2019 (arXiv 1911.06721)
    OFFICIAL: ListSet(("eurosat-train.txt", "eurosat-val.txt", "eurosat-test.txt")),
    # EuroSATSpatial of TorchGeo (torchgeo/datasets/eurosat.py), which states the checksums
    "spatial": ListSet(
        ("eurosat-spatial-train.txt", "eurosat-spatial-val.txt", "eurosat-spatial-test.txt"),
        "split by longitude",
        (
            "2db7d455afb8dcbca898ea19a00f1f90c091734efdbba89e22aaf24056da243f",
            "6c758477604b7057a0fd990d7f6327b63b99a6725aac11a6a9d0174a7fdd8f0b",
            "de22dec83d350cac3b3e4ca8e285cb6733c81ab94bf5bcf9213a567993402452",
        ),
    ),
}
"""By the name that the parameter ``split`` takes."""


def find_set(files: Sequence[str]) -> str:
    """The set that three file names are of, ``own`` where they are of none."""
    known = (name for name, each in LIST_SETS.items() if each.files == tuple(files))
    return next(known, OWN)


def add_title(data: str, split: str) -> str:
    """The name of data that were split so, as results call them."""
    title = "own lists" if split == OWN else LIST_SETS[split].title
    return f"{data}, {title}" if title else data
