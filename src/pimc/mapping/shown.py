"""The pictures of a map out of its files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from pimc.data.stack.place import Place
from pimc.mapping.ground import Ground
from pimc.mapping.pictures import (
    MapPictures,
    Panel,
    draw_classes,
    draw_embedding,
    draw_ground,
    read_thinned,
)
from pimc.mapping.products import NO_SHARE, SHARES
from pimc.mapping.quantise import NO_CODE
from pimc.mapping.style import class_colours

EMBEDDING_SIDE = 512
"""Pixels a side of an embedding's picture at most: of all dimensions it takes 0.3 GB."""


def show_files(
    files: Mapping[str, Path], place: Place, ground: Ground, names: Sequence[str]
) -> MapPictures:
    """Ground, classes or embedding, confidence, likeness: as far as there are such.

    Args:
        files: of one map, by what they hold.
        place: opened with the bands of a picture.
        ground: that was mapped.
        names: of the classes.
    """
    span = ground.recipe.calendar.span
    panels = [draw_ground(place, (ground.season, ground.season + span))]
    colours = class_colours(len(names))
    if "classes" in files:
        panels.append(draw_classes(read_thinned(files["classes"])[0], names, colours))
        panels.append(_share(files["confidence"], "confidence"))
    embedding = draw_embedding(_embedding(files))
    shape = panels[0].image.shape
    panels.append(replace(embedding, image=_enlarged(embedding.image, shape[0], shape[1])))
    if "likeness" in files:
        alike = np.clip(read_thinned(files["likeness"])[0], 0, 1)
        panels.append(Panel("likeness", alike))
    legend = [(name, colours[code]) for code, name in enumerate(names)]
    return MapPictures(ground.name, place.grid, panels, legend)


def _enlarged(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """The nearest pixels of a smaller picture: one lies over the other on the page."""
    rows = np.arange(height) * image.shape[0] // height
    cols = np.arange(width) * image.shape[1] // width
    larger: np.ndarray = image[rows][:, cols]
    return larger


def _share(path: Path, title: str) -> Panel:
    stored = read_thinned(path, [1])[0]
    return Panel(title, np.where(stored == NO_SHARE, np.nan, stored / SHARES))


def _embedding(files: Mapping[str, Path]) -> np.ndarray:
    codes = read_thinned(files["embedding"], most=EMBEDDING_SIDE)
    if "scale" not in files:
        return codes
    values = np.where(codes == NO_CODE, np.nan, codes.astype(np.float32))
    return np.asarray(values * read_thinned(files["scale"], most=EMBEDDING_SIDE))
