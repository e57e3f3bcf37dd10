"""What the header of a raster says, pixels unread."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pimc.data.dates import check_days
from pimc.data.fingerprint import FileStamp, file_stamp
from pimc.data.regular_file import check_regular, told
from pimc.data.stack.bands import DATA_MASK, is_known, name_bands, split_name
from pimc.data.stack.dating import dates_in
from pimc.data.stack.files import RasterFile
from pimc.data.stack.grid import Grid, grid_of

ReadStored = Callable[
    [Sequence["Layer"], Any, tuple[int, int] | None], tuple[np.ndarray, np.ndarray | None]
]
"""Layers that share it, a rasterio window and rows and columns to thin it to (None for all) ->
C x h x w values as stored, and h x w where the file's own mask hides them (None without one)."""

RASTER = "a GeoTIFF or JPEG 2000"


@dataclass(frozen=True)
class Layer:
    """One band of one file, at one date.

    Attributes:
        path: of the file; in what holds several, file/variable or file/item/asset.
        index: of the band in it, from 1.
        name: in Sentinel-2's spelling.
        source: the name that the file gives it.
        day: acquisition date, ISO.
        product: layers of one product and date share an image.
        dtype: of the stored values.
        no_data: the band's no-data value, or None.
        tag: the band's scale and offset where the file has any: physical = stored x scale + offset.
        items: metadata items of file and band, by their names in capitals.
        has_mask: whether the file has a mask of its own beside its bands.
        grid: that it lies on.
        stamp: of the file, for fingerprints.
        read: gives its stored values where it is no raster file that rasterio opens.
    """

    path: Path
    index: int
    name: str
    source: str
    day: str
    product: str
    dtype: str
    no_data: float | None
    tag: tuple[float, float] | None
    items: Mapping[str, str]
    has_mask: bool
    grid: Grid
    stamp: FileStamp
    read: ReadStored | None = None

    def __post_init__(self) -> None:
        """Check what no reader should take: days without satellites, scales that are none."""
        check_days(np.array([self.day], "datetime64[D]"), str(self.path))
        if self.tag is not None and not (np.isfinite(self.tag).all() and self.tag[0] > 0):
            raise ValueError(
                f"{self.path}: expected a finite scale above 0 and a finite offset in its tags, "
                f"got {self.tag[0]:g} and {self.tag[1]:g}; correct them"
            )

    @property
    def file(self) -> Path:
        """That it is told by: variables and assets lie below theirs."""
        return self.path if self.read is None else self.path.parent


@dataclass(frozen=True)
class _Header:
    """Facts of a file, each of its bands in order."""

    dtype: str
    descriptions: tuple[str | None, ...]
    no_data: tuple[float | None, ...]
    tags: tuple[tuple[float, float], ...]
    items: tuple[Mapping[str, str], ...]
    alpha: tuple[bool, ...]
    has_mask: bool
    grid: Grid


def read_layers(file: RasterFile, band_names: Sequence[str] | None) -> tuple[Layer, ...]:
    """The bands of a file that are understood or described, with their dates.

    Args:
        file: to open.
        band_names: names of its bands in order where the user gave them.

    Raises:
        ValueError: unreadable, bands without names, a contradiction, or bands without dates.
    """
    header = _read_header(file.path)
    names = _names(file, header, band_names)
    if not names:
        return ()
    images = _images(file, header.descriptions)
    stamp = file_stamp(file.path)
    return tuple(
        Layer(
            path=file.path,
            index=number + 1,
            name=name,
            source=(header.descriptions[number] or name).strip(),
            day=images[number][0],
            product=images[number][1],
            dtype=header.dtype,
            no_data=header.no_data[number],
            tag=None if header.tags[number] == (1.0, 0.0) else header.tags[number],
            items=header.items[number],
            has_mask=header.has_mask,
            grid=header.grid,
            stamp=stamp,
        )
        for number, name in enumerate(names)
    )


def _read_header(path: Path) -> _Header:
    import rasterio
    from rasterio.enums import ColorInterp, MaskFlags

    check_regular(path, RASTER)
    with told(path, RASTER, "download it again"):
        with rasterio.open(path) as source:
            flags = source.mask_flag_enums[0]
            shared = source.tags()
            items = [shared | source.tags(number) for number in source.indexes]
            return _Header(
                dtype=source.dtypes[0],
                descriptions=tuple(source.descriptions),
                no_data=tuple(source.nodatavals),
                tags=tuple(zip(source.scales, source.offsets, strict=True)),
                items=tuple({key.upper(): text for key, text in each.items()} for each in items),
                alpha=tuple(kind == ColorInterp.alpha for kind in source.colorinterp),
                has_mask=MaskFlags.per_dataset in flags and MaskFlags.alpha not in flags,
                grid=grid_of(source),
            )


def _names(file: RasterFile, header: _Header, band_names: Sequence[str] | None) -> tuple[str, ...]:
    """Names of a file's bands; none where it is a raster of another use in a product folder."""
    count = len(header.descriptions)
    if count == 1 and file.band is not None:
        return (_single_name(file, header.descriptions[0]),)
    readable = any(is_known(split_name(text or "")[1]) for text in header.descriptions)
    if file.in_folder and not readable and (band_names is None or len(band_names) != count):
        return ()
    names = name_bands(header.descriptions, band_names, str(file.path))
    # red, green, blue and a fourth band may be tagged as a picture: a name weighs more
    return tuple(
        DATA_MASK if alpha and not is_known(name) else name
        for name, alpha in zip(names, header.alpha, strict=True)
    )


def _single_name(file: RasterFile, description: str | None) -> str:
    """The band of a file of one band: by its name, which the description may not contradict."""
    name, described = str(file.band), split_name(description or "")[1]
    if is_known(described) and described not in (name, "B01"):  # b1 numbers any only band
        raise ValueError(
            f"{file.path}: its name says {name}, its description {described}; correct one of them"
        )
    return name


def _images(file: RasterFile, descriptions: Sequence[str | None]) -> tuple[tuple[str, str], ...]:
    """Date and product of each band: of the file, or of the bands where they tell theirs."""
    before = [split_name(text or "")[0] for text in descriptions]
    dates = [dates_in(text) for text in before]
    days = {day for each in dates for day in each}
    if not days:
        _check_one_image(file, before)
        return tuple((str(file.day), file.product) for _ in before)
    undated = [text or "" for text, each in zip(descriptions, dates, strict=True) if len(each) != 1]
    if undated:
        raise ValueError(
            f"{file.path}: some of its bands bear a date, but not one date in {undated[0]!r}; "
            "name each by its image, as in 20210514T105621_20210514T110034_T31TCJ_B4"
        )
    if file.day is not None and len(days) == 1 and file.day not in days:
        raise ValueError(
            f"{file.path}: its name says {file.day}, its bands {days.pop()}; correct one of them"
        )
    return tuple(
        (each[0], f"{file.product}/{text}") for each, text in zip(dates, before, strict=True)
    )


def _check_one_image(file: RasterFile, before: Sequence[str]) -> None:
    images = sorted({text for text in before if text.isdigit()})
    if len(images) > 1:
        raise ValueError(
            f"{file.path}: its bands belong to images {', '.join(images)} and bear no dates; "
            "export them under their images' names (20210514T105621_20210514T110034_T31TCJ_B4)"
        )
