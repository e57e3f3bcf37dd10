"""EuroSAT as its authors publish it: RGB or multispectral, archive or folder, split by lists.

Helber et al. 2019 (doi 10.1109/JSTARS.2019.2918242), Zenodo record 7711810. The lists that the
field quotes are Neumann et al.'s (2019, arXiv 1911.06721): a random split, so neighbouring scenes
may lie in different lists. TorchGeo's split by longitude tests on other ground
(``pimc.data.eurosat.list_sets``).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pimc.data.eurosat.decoding import KINDS, ImageKind, decode_image
from pimc.data.eurosat.files import ImageFile, file_stamps, find_files, read_contents
from pimc.data.eurosat.list_sets import LIST_SETS, LISTS, OFFICIAL, find_set
from pimc.data.eurosat.lists import check_lists, check_present, read_list, warn_of_changes
from pimc.data.fingerprint import fingerprint

logger = logging.getLogger(__name__)

VERSION = 1
"""Of what reading gives; part of the fingerprint."""

CLASSES = (
    "AnnualCrop", "Forest", "HerbaceousVegetation", "Highway", "Industrial", "Pasture",
    "PermanentCrop", "Residential", "River", "SeaLake",
)  # fmt: skip
"""The place in the list is the label."""

CHUNK = 512
"""Images read at a time: 27 MB of the multispectral ones."""


@dataclass(frozen=True)
class EuroSatOptions:
    """Where EuroSAT lies and how it is split.

    Attributes:
        path: an archive, or a folder with images in folders named by their classes at any depth
            (``EuroSAT_RGB/``, ``2750/``) or with archives of such.
        kind: ``rgb`` or ``multispectral``.
        train: list of the training images, one name a line; relative to the folder of ``path``.
            None takes that of ``split``, here and below.
        validation: list of the images that choose.
        test: list of the images of reported figures.
        split: which lists, of ``LIST_SETS``.
    """

    path: str
    kind: str = "rgb"
    train: str | None = None
    validation: str | None = None
    test: str | None = None
    split: str = OFFICIAL

    def __post_init__(self) -> None:
        """Check the kind and the split."""
        if self.kind not in KINDS:
            raise ValueError(f"EuroSAT comes as {' or '.join(KINDS)}, got kind {self.kind!r}")
        if self.split not in LIST_SETS:
            raise ValueError(
                f"EuroSAT's split must be {' or '.join(LIST_SETS)}, got {self.split!r}; lists of "
                "your own are named by train_list, validation_list and test_list"
            )

    @property
    def lists(self) -> dict[str, Path]:
        """Files of the three lists, by ``LISTS``."""
        path = Path(self.path)
        folder = path if path.is_dir() else path.parent
        own = (self.train, self.validation, self.test)
        names = zip(LISTS, own, LIST_SETS[self.split].files, strict=True)
        return {name: folder / (given or shipped) for name, given, shipped in names}

    @property
    def list_set(self) -> str:
        """The set that the files are of by their names, wherever they lie."""
        return find_set([each.name for each in self.lists.values()])


@dataclass(frozen=True, eq=False)
class EuroSat:
    """The images of the three lists, not read yet.

    Attributes:
        kind: what the files are.
        files: N images: those of the training list, then validation, then test.
        names: N names as in the lists, without suffix.
        splits: name of the list of each image.
        fingerprint: changes whenever the images would read differently.
        split: which set of lists it is, of ``LIST_SETS`` or ``own``.
    """

    kind: ImageKind
    files: Sequence[ImageFile]
    names: Sequence[str]
    splits: Sequence[str]
    fingerprint: str
    split: str

    def __len__(self) -> int:
        return len(self.files)

    @property
    def labels(self) -> np.ndarray:
        """N uint8, places in ``CLASSES``."""
        return np.array([CLASSES.index(file.class_name) for file in self.files], np.uint8)

    def read(self) -> Iterator[np.ndarray]:
        """The images in order, at most ``CHUNK`` at a time: n x C x 64 x 64 of the kind's dtype.

        Raises:
            ValueError: if a file cannot be read, or is no image of that kind.
        """
        grey = 0
        for start in range(0, len(self), CHUNK):
            contents = read_contents(self.files[start : start + CHUNK])
            images = np.stack([decode_image(each, self.kind, where) for where, each in contents])
            grey += int((images == images[:, :1]).all(axis=(1, 2, 3)).sum())
            yield images
        if grey:
            logger.warning("%d of %d images are grey: their bands are equal", grey, len(self))


def open_eurosat(options: EuroSatOptions) -> EuroSat:
    """Find the images that the lists name; none is read.

    Raises:
        FileNotFoundError: if there is no such path, list, or image of that kind.
        ValueError: if a list names an image that is not there, or one that it or another list
            has already, or if two images have one name.
    """
    path = Path(options.path)
    if not path.exists():
        raise FileNotFoundError(
            f"no EuroSAT in {path}: expected an archive (EuroSAT_RGB.zip), or a folder with images "
            "or archives; download it from Zenodo, record 7711810"
        )
    kind = KINDS[options.kind]
    lists = {name: read_list(where) for name, where in options.lists.items()}
    check_lists(lists)
    warn_of_changes(list(options.lists.values()), options.list_set)
    ordered = [name for names in lists.values() for name in names]
    files = find_files(path, kind.suffix, CLASSES, ordered)
    if not files:
        raise FileNotFoundError(
            f"no {options.kind} images in {path}: expected <class>/<name>{kind.suffix}, with the "
            f"classes {', '.join(CLASSES)}"
        )
    for split, names in lists.items():
        check_present(names, files, f"{options.lists[split]} ({split}, {path})")
    chosen = [files[name] for name in ordered]
    logger.info(
        "%s: %d %s images, %s, from %s",
        path,
        len(ordered),
        options.kind,
        ", ".join(f"{len(names)} {split}" for split, names in lists.items()),
        ", ".join(sorted({file.archive.name for file in chosen})),
    )
    return EuroSat(
        kind=kind,
        files=chosen,
        names=ordered,
        splits=[split for split, names in lists.items() for _ in names],
        fingerprint=fingerprint(VERSION, options.kind, lists, file_stamps(chosen)),
        split=options.list_set,
    )
