"""EuroSAT as its authors publish it: RGB or multispectral, archive or folder, split by lists.

Helber et al. 2019 (doi 10.1109/JSTARS.2019.2918242), Zenodo record 7711810. The lists that the
field quotes are Neumann et al.'s (2019, arXiv 1911.06721): a random split, so neighbouring scenes
may lie in different lists. TorchGeo's split by longitude tests on other ground
(``pimc.data.eurosat.list_sets``).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import numpy as np

from pimc.data.eurosat.files import ImageFile, file_stamps, find_files
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

SIDE = 64
"""Rows and columns of an image, 10 m each."""

CHUNK = 512
"""Images read at a time: 27 MB of the multispectral ones."""

Decode = Callable[[bytes], np.ndarray]


def decode_jpeg(content: bytes) -> np.ndarray:
    """Bytes of a JPEG file -> 3 x H x W uint8, red, green, blue.

    Raises:
        OSError: no image, or one in grey or other colours.
    """
    from PIL import Image

    with Image.open(BytesIO(content)) as image:
        if image.mode != "RGB":
            raise OSError(f"expected red, green and blue, got an image of mode {image.mode}")
        return np.asarray(image).transpose(2, 0, 1)


def decode_geotiff(content: bytes) -> np.ndarray:
    """Bytes of a GeoTIFF -> C x H x W of the file's dtype."""
    from rasterio.io import MemoryFile

    with MemoryFile(content) as memory, memory.open() as image:
        values: np.ndarray = image.read()
        return values


@dataclass(frozen=True)
class ImageKind:
    """One of the two ways in which EuroSAT comes.

    Attributes:
        suffix: of the files.
        bands: in the files' order.
        dtype: of the values.
        decode: a file's bytes -> C x H x W.
    """

    suffix: str
    bands: tuple[str, ...]
    dtype: type[np.generic]
    decode: Decode


KINDS: Mapping[str, ImageKind] = {
    # 8 bit: reflectance scaled by its authors, how is not published
    "rgb": ImageKind(".jpg", ("B04", "B03", "B02"), np.uint8, decode_jpeg),
    # reflectance at the top of the atmosphere x 10,000; EuroSAT stores B8A last (its authors'
    # band list)
    "multispectral": ImageKind(
        ".tif",
        ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B09", "B10", "B11", "B12",
         "B8A"),
        np.uint16,
        decode_geotiff,
    ),
}  # fmt: skip


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
            ValueError: if a file is no image of that kind.
        """
        grey = 0
        for start in range(0, len(self), CHUNK):
            images = np.stack(list(_read_files(self.files[start : start + CHUNK], self.kind)))
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


def _read_files(files: Sequence[ImageFile], kind: ImageKind) -> Iterator[np.ndarray]:
    """Decode files one by one; an archive is opened once."""
    opened: dict[Path, ZipFile] = {}
    try:
        for file in files:
            if file.archive.is_dir():
                content = (file.archive / file.member).read_bytes()
            else:
                if file.archive not in opened:
                    opened[file.archive] = ZipFile(file.archive)
                content = opened[file.archive].read(file.member)
            yield _decode(content, kind, f"{file.archive}: {file.member}")
    finally:
        for archive in opened.values():
            archive.close()


def _decode(content: bytes, kind: ImageKind, where: str) -> np.ndarray:
    try:
        image = kind.decode(content)
    except OSError as error:  # of pillow; rasterio's own error is one too
        raise ValueError(f"{where} cannot be read as an image: {error}") from error
    expected = (len(kind.bands), SIDE, SIDE)
    if image.shape != expected or image.dtype != kind.dtype:
        raise ValueError(
            f"{where}: expected {expected[0]} bands of {SIDE} x {SIDE} {np.dtype(kind.dtype)}, "
            f"got {image.dtype} of shape {image.shape}"
        )
    return image
