"""What a map consists of: layers, and the values of each block."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

import pimc
from pimc.data.fingerprint import array_digest
from pimc.mapping.blocks import Block, BlockStore
from pimc.mapping.ground import Window
from pimc.mapping.head import Head
from pimc.mapping.options import FLOAT32, MapOptions
from pimc.mapping.quantise import FORMULA, NO_CODE
from pimc.mapping.raster import RasterLayer
from pimc.mapping.smoothing import smooth
from pimc.mapping.style import NO_CLASS, class_colours
from pimc.signal.seasons import season_name

NO_SHARE = 65_535
"""Stored where a pixel has no data."""

SHARES = 10_000
"""Stored for a probability of 1."""


@dataclass(frozen=True, eq=False)
class Product:
    """One file of a map.

    Attributes:
        layer: what it holds.
        compute: values of a block, bands x height x width.
    """

    layer: RasterLayer
    compute: Callable[[Block], np.ndarray]

    def parts(self, store: BlockStore) -> Iterator[tuple[Window, np.ndarray]]:
        """Windows and values of all blocks."""
        for block in store:
            yield block.window, self.compute(block)


def describe_map(store: BlockStore, encoder: str) -> dict[str, str]:
    """Tags of every file: what it was made of."""
    blocks, ground = store.blocks, store.blocks.ground
    recipe, place, projection = ground.recipe, ground.place, blocks.embedder.projection
    numbers = {each for image in place.images for each in place.numbers(image)}
    return {
        "PIMC_VERSION": pimc.__version__,
        "PIMC_ENCODER": encoder,
        "PIMC_ENCODER_DIGEST": blocks.encoder,
        "PIMC_BRANCH": blocks.options.branch,
        "PIMC_PRECISION": blocks.options.precision,
        "PIMC_DIMENSIONS": str(blocks.embedder.size),
        "PIMC_COMPONENTS": "none" if projection is None else array_digest(*projection),
        "PIMC_INDICES": " ".join(recipe.indices),
        "PIMC_SEASON_START": season_name(ground.season),
        "PIMC_SEASON_DAYS": str(recipe.calendar.span),
        "PIMC_LEAST_OBSERVATIONS": str(recipe.calendar.min_observations),
        "PIMC_REFLECTANCE": "; ".join(
            sorted(f"stored x {each.gain:g} + {each.add:g}" for each in numbers)
        ),
        "PIMC_SCREENING": str(recipe.screening),
        "PIMC_CLOUD_MASK": "none" if place.mask is None else place.mask.band,
    }


def embedding_products(options: MapOptions, size: int, tags: Mapping[str, str]) -> list[Product]:
    """The embedding, its scale where it is stored in eight bits, and the observations."""
    names = tuple(f"E{number:03d}" for number in range(size))
    quantised = {**tags, "PIMC_QUANTISATION": FORMULA}
    observations = Product(
        RasterLayer("observations", "uint8", 0, ("clear observations",), tags=tags),
        lambda block: _image(block, np.where(block.has_data, block.observations, 0)),
    )
    if options.stored_as == FLOAT32:
        layer = RasterLayer("embedding", "float32", np.nan, names, tags=tags)
        return [Product(layer, lambda block: _image(block, block.embedding)), observations]
    codes = RasterLayer("embedding", "int8", NO_CODE, names, tags=quantised)
    scale = RasterLayer("scale", "float32", np.nan, ("scale",), tags=quantised)
    return [
        Product(codes, lambda block: _image(block, block.embedding)),
        Product(scale, lambda block: _image(block, block.scale)),
        observations,
    ]


def class_products(
    store: BlockStore, head: Head, options: MapOptions, tags: Mapping[str, str]
) -> list[Product]:
    """Classes, probabilities, and how sure they are."""
    shares = _shares_of(store, head, options)
    colours = class_colours(len(head.names))
    told = {f"CLASS_{code}": name for code, name in enumerate(head.names)}
    classes = RasterLayer(
        "classes", "uint8", NO_CLASS, ("class",), "mode", colours, {**tags, **told}
    )
    stored = {**tags, "PIMC_SCALING": f"probability x {SHARES}; {NO_SHARE}: no data"}
    probabilities = RasterLayer(
        "probabilities", "uint16", NO_SHARE, head.names, "average", tags=stored
    )
    surety = RasterLayer(
        "confidence",
        "uint16",
        NO_SHARE,
        ("confidence", "margin", "entropy"),
        "average",
        tags={**stored, "PIMC_ENTROPY": "of 1 where all classes are as likely"},
    )
    return [
        Product(classes, lambda block: _classes(shares(block))),
        Product(probabilities, lambda block: _stored_shares(shares(block))),
        Product(surety, lambda block: _stored_shares(sureties(shares(block)))),
    ]


def likeness_product(target: np.ndarray, tags: Mapping[str, str], like: str) -> Product:
    """Cosine likeness of every pixel to an embedding (D)."""
    told = {**tags, "PIMC_LIKE": like}
    layer = RasterLayer("likeness", "float32", np.nan, ("cosine likeness",), "average", tags=told)
    return Product(layer, lambda block: _image(block, likeness(block.values, target)))


def likeness(embedding: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Cosine of the angle between P embeddings and one, float32; NaN without data."""
    lengths = np.linalg.norm(embedding, axis=1) * np.linalg.norm(target)
    with np.errstate(invalid="ignore", divide="ignore"):
        cosine: np.ndarray = (embedding @ target / lengths).astype(np.float32)
    return cosine


def sureties(shares: np.ndarray) -> np.ndarray:
    """K x H x W probabilities -> 3 x H x W: the largest, its lead, and entropy of 0..1."""
    ordered = np.sort(shares, axis=0)
    entropy = -(shares * np.log(np.maximum(shares, 1e-12))).sum(axis=0) / np.log(len(shares))
    return np.stack([ordered[-1], ordered[-1] - ordered[-2], entropy])


def _shares_of(store: BlockStore, head: Head, options: MapOptions) -> Callable[[Block], np.ndarray]:
    """Probabilities of a block, K x H x W; smoothed with the neighbours beyond its border."""
    if options.smoothing == 1:
        return lambda block: _image(block, head.probabilities(block.values))
    reach = options.smoothing // 2

    def smoothed(block: Block) -> np.ndarray:
        wide, inner = widen(block.window, reach, store.blocks.ground.place.grid.shape)
        values = read_window(store, wide)
        shares = np.moveaxis(head.probabilities(values).reshape(wide.height, wide.width, -1), 2, 0)
        return smooth(shares, options.smoothing, options.smoothness)[:, *inner]

    return smoothed


def widen(window: Window, reach: int, shape: tuple[int, int]) -> tuple[Window, tuple[slice, slice]]:
    """A window with so many pixels more on all sides, as far as there are; and itself in it."""
    top, left = min(reach, window.row), min(reach, window.col)
    bottom = min(shape[0], window.row + window.height + reach)
    right = min(shape[1], window.col + window.width + reach)
    wide = Window(
        window.row - top, window.col - left, bottom - window.row + top, right - window.col + left
    )
    return wide, (slice(top, top + window.height), slice(left, left + window.width))


def read_window(store: BlockStore, wide: Window) -> np.ndarray:
    """Embeddings of any window of a map, P x D float32, out of the blocks that it lies in."""
    rows, cols = np.indices((wide.height, wide.width))
    rows, cols = rows.ravel() + wide.row, cols.ravel() + wide.col
    values = np.empty((wide.size, store.blocks.embedder.size), np.float32)
    side = store.blocks.options.block
    for row in range(wide.row // side, (wide.row + wide.height - 1) // side + 1):
        for col in range(wide.col // side, (wide.col + wide.width - 1) // side + 1):
            inside = (rows // side == row) & (cols // side == col)
            block = store.read(store.window_at(row * side, col * side))
            cells = (rows[inside] - row * side) * block.window.width + cols[inside] - col * side
            values[inside] = block.take(cells)
    return values


def _image(block: Block, values: np.ndarray) -> np.ndarray:
    """P, or P x D values as D x height x width."""
    shape = (block.window.height, block.window.width, -1)
    return np.moveaxis(np.reshape(values, shape), 2, 0)


def _classes(shares: np.ndarray) -> np.ndarray:
    known = np.isfinite(shares[0])
    chosen = np.where(known, np.nan_to_num(shares).argmax(axis=0), NO_CLASS)
    return chosen.astype(np.uint8)[None]


def _stored_shares(shares: np.ndarray) -> np.ndarray:
    scaled = np.rint(np.clip(np.nan_to_num(shares), 0, 1) * SHARES)
    return np.where(np.isfinite(shares), scaled, NO_SHARE).astype(np.uint16)
