"""A simulated EuroSAT: ten kinds of land in EuroSAT's own layout, RGB and multispectral."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pimc.data.atomic import replace_text
from pimc.data.patch import REFLECTANCE_SCALE
from pimc.data.simulation.covers import TILES, Tile
from pimc.data.simulation.land_use import LAYOUTS, Layout
from pimc.data.simulation.observation import draw_textures, paint, view_units
from pimc.data.simulation.phenology import draw_growth
from pimc.data.simulation.spectra import load_spectra

logger = logging.getLogger(__name__)

SIZE = 64
"""Pixels a side, 10 m each, as in EuroSAT."""

# EuroSAT stores B8A last (its authors' band list)
BANDS = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B09", "B10", "B11", "B12", "B8A")

# top of atmosphere = path + transmittance x surface, by band. Round figures chosen by hand for a
# clear sky: Rayleigh scattering falls steeply with wavelength, water vapour takes most of B09 and
# all of B10
PATH = (.105, .070, .036, .020, .016, .013, .010, .008, .003, .0012, .001, .0005, .007)  # fmt: skip
TRANSMITTANCE = (.74, .80, .86, .90, .91, .92, .94, .94, .30, .0, .95, .92, .95)  # fmt: skip

RGB_WHITE = 0.275
"""Reflectance that is 255 in the JPEGs: about that of EuroSAT's own."""

SHARES = {"train": 0.6, "val": 0.2}
"""Of each class's images; the rest is the test list."""

FEWEST_IMAGES = 5
"""Of a class, so that every list has one."""


@dataclass(frozen=True)
class LandImage:
    """One image: 13 x 64 x 64 uint16, reflectance at the top of the atmosphere x 10,000."""

    values: np.ndarray
    tile: Tile
    origin: tuple[int, int]


def simulate_image(class_name: str, number: int, seed: int) -> LandImage:
    """Image ``number`` of a class; it hangs on nothing but these three."""
    sequence = np.random.SeedSequence(seed, spawn_key=(list(LAYOUTS).index(class_name), number))
    rng = np.random.default_rng(sequence)
    tile = TILES[int(rng.integers(len(TILES)))]
    surface = _surface(rng, LAYOUTS[class_name](rng, SIZE), tile)
    path, through = (
        np.array(row, dtype=np.float32)[:, None, None] for row in (PATH, TRANSMITTANCE)
    )
    air = np.float32(0.6 + 0.7 * rng.random())
    gain = np.float32(0.85 + 0.35 * rng.random())
    noise = rng.standard_normal(surface.shape, dtype=np.float32) * np.float32(0.002)
    values = (path * air + through * surface) * gain + noise
    across = 10_980 // SIZE
    row, col = divmod(int(rng.integers(across * across)), across)
    digital = np.rint(np.clip(values, 0, 2.5) * np.float32(REFLECTANCE_SCALE))
    return LandImage(digital.astype(np.uint16), tile, (row * SIZE, col * SIZE))


def _surface(rng: np.random.Generator, layout: Layout, tile: Tile) -> np.ndarray:
    """Reflectance of the ground on a day from April to October: 13 x 64 x 64 float32."""
    # no ground is seen in B10: any band stands in, and the air lets nothing of it through
    table = load_spectra().select(tuple("B09" if band == "B10" else band for band in BANDS))
    day = np.array([90.0 + 200.0 * float(rng.random())])
    wetness = np.array([0.12 * float(rng.standard_normal())])
    view = view_units(draw_growth(rng, layout.cover, tile), table, day, wetness)
    textures = draw_textures(rng, SIZE)
    if layout.rows_apart:
        row, col = np.indices((SIZE, SIZE))
        along = (row + float(rng.random()) * col) % layout.rows_apart
        textures[0] += np.where(along < layout.rows_apart / 2, -1.5, 1.5).astype(np.float32)
    return paint(view, 0, layout.unit, textures)


def rgb(image: LandImage) -> np.ndarray:
    """64 x 64 x 3 uint8, red, green, blue."""
    red_green_blue = image.values[[BANDS.index(band) for band in ("B04", "B03", "B02")]]
    scaled = red_green_blue.astype(np.float32) * np.float32(255 / (RGB_WHITE * REFLECTANCE_SCALE))
    colours: np.ndarray = np.rint(np.minimum(scaled, 255)).astype(np.uint8)
    return colours.transpose(1, 2, 0)


def write_eurosat(folder: Path, images_per_class: int, seed: int) -> None:
    """Write ``EuroSAT_RGB/``, ``EuroSAT_MS/`` and the three ``eurosat-<split>.txt`` lists.

    Args:
        folder: made if need be.
        images_per_class: at least 5.
        seed: of all randomness, at least 0.

    Raises:
        ValueError: too few images for the three lists.
    """
    if images_per_class < FEWEST_IMAGES:
        raise ValueError(
            f"images_per_class must be at least {FEWEST_IMAGES}, so that the train, val and test "
            f"lists have every class; got {images_per_class}"
        )
    for name in LAYOUTS:
        for kind in ("EuroSAT_RGB", "EuroSAT_MS"):
            (folder / kind / name).mkdir(parents=True, exist_ok=True)
        for number in range(1, images_per_class + 1):
            _write_image(simulate_image(name, number, seed), folder, name, f"{name}_{number}")
    for split, names in split_names(images_per_class, np.random.default_rng(seed)).items():
        replace_text(folder / f"eurosat-{split}.txt", "\n".join(names) + "\n")
    logger.info("%s: %d images a class in EuroSAT's layout", folder, images_per_class)


def split_names(images_per_class: int, rng: np.random.Generator) -> dict[str, list[str]]:
    """File names of the train, val and test lists: each class is split alike, order is random."""
    ends = np.rint(np.cumsum([0, *SHARES.values()]) * images_per_class).astype(int)
    parts = [slice(*span) for span in zip(ends, [*ends[1:], images_per_class], strict=True)]
    names = {
        class_name: [f"{class_name}_{n + 1}.jpg" for n in rng.permutation(images_per_class)]
        for class_name in LAYOUTS
    }
    lists = {}
    for split, part in zip((*SHARES, "test"), parts, strict=True):
        chosen = [name for class_names in names.values() for name in class_names[part]]
        lists[split] = [chosen[n] for n in rng.permutation(len(chosen))]
    return lists


def _write_image(image: LandImage, folder: Path, class_name: str, stem: str) -> None:
    import rasterio
    from PIL import Image

    Image.fromarray(rgb(image)).save(
        folder / "EuroSAT_RGB" / class_name / f"{stem}.jpg", quality=90
    )
    (left, top), (row, col) = image.tile.corner, image.origin
    profile = {
        "driver": "GTiff", "dtype": "uint16", "count": len(BANDS), "height": SIZE, "width": SIZE,
        "crs": f"EPSG:{image.tile.epsg}",
        "transform": rasterio.Affine(10, 0, left + 10 * col, 0, -10, top - 10 * row),
    }  # fmt: skip
    with rasterio.open(folder / "EuroSAT_MS" / class_name / f"{stem}.tif", "w", **profile) as file:
        file.write(image.values)
