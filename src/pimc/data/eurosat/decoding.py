"""Images of EuroSAT: their two kinds, and how bytes become arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Final

import numpy as np

SIDE: Final = 64
"""Rows and columns of an image, 10 m each."""

REMEDY: Final = (
    "put the image of its authors there (Zenodo, record 7711810), or take its name out of the lists"
)

Check = Callable[[tuple[int, ...], str], None]
"""Takes shape (bands, rows, columns) and dtype that a file says it has, and refuses others."""

Decode = Callable[[bytes, Check], np.ndarray]


class OtherImage(ValueError):
    """An image that can be read and is none of EuroSAT's."""


def decode_jpeg(content: bytes, check: Check) -> np.ndarray:
    """Bytes of a JPEG file -> 3 x H x W uint8, red, green, blue.

    Raises:
        OSError: no image, or one in grey or other colours.
    """
    from PIL import Image

    with Image.open(BytesIO(content), formats=("JPEG",)) as image:
        if image.mode != "RGB":
            raise OSError(f"expected red, green and blue, got an image of mode {image.mode}")
        check((3, image.height, image.width), "uint8")
        return np.asarray(image).transpose(2, 0, 1)


def decode_geotiff(content: bytes, check: Check) -> np.ndarray:
    """Bytes of a GeoTIFF -> C x H x W of the file's dtype."""
    from rasterio.io import MemoryFile

    # no other format: some name further files to read
    with MemoryFile(content) as memory, memory.open(driver="GTiff") as image:
        check((image.count, *image.shape), " ".join(sorted(set(image.dtypes))))
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


def decode_image(content: bytes, kind: ImageKind, where: str) -> np.ndarray:
    """C x 64 x 64 of the kind's dtype; what its header says is checked before it is decoded.

    Args:
        content: of the file.
        kind: that it should have.
        where: it lies, for the message.

    Raises:
        ValueError: no image of that kind.
    """
    bands, dtype = len(kind.bands), np.dtype(kind.dtype).name
    expected = f"{bands} bands of {SIDE} x {SIDE} {dtype}"

    def check(shape: tuple[int, ...], stored: str) -> None:
        if (shape, stored) != ((bands, SIDE, SIDE), dtype):
            raise OtherImage(
                f"{where}: expected {expected}, got {stored} of shape {shape}; {REMEDY}"
            )

    try:
        return kind.decode(content, check)
    except OtherImage:
        raise
    except Exception as error:  # decoders raise of all kinds on damaged bytes
        raise ValueError(
            f"{where} cannot be read as an image: {error}; expected {expected}: {REMEDY}"
        ) from error
