"""Layers put together: which bands and files make the image of a date."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

from pimc.data.stack.bands import is_reflectance
from pimc.data.stack.header import Layer


@dataclass(frozen=True)
class Part:
    """One granule, orbit or file of a date.

    Attributes:
        product: that its layers share.
        layers: by the name of their band.
    """

    product: str
    layers: Mapping[str, Layer]

    @property
    def paths(self) -> tuple[str, ...]:
        """Names of its files."""
        return tuple(dict.fromkeys(layer.file.name for layer in self.layers.values()))

    def has_reflectance(self) -> bool:
        """Whether any of its layers is reflectance."""
        return any(map(is_reflectance, self.layers))


@dataclass(frozen=True)
class Image:
    """All that there is of one date.

    Attributes:
        day: acquisition date, ISO.
        parts: those that come first count first where several have data.
    """

    day: str
    parts: tuple[Part, ...]

    @property
    def bands(self) -> frozenset[str]:
        """Bands that all its parts have."""
        return frozenset.intersection(*(frozenset(part.layers) for part in self.parts))


def make_images(layers: Iterable[Layer]) -> tuple[Image, ...]:
    """Sort layers into images by date, and into the parts of each by product.

    Files that complete each other (a mask beside its image, one band a file) are one part.

    Raises:
        ValueError: a band twice in a part.
    """
    by_day = sorted(layers, key=lambda layer: (layer.day, layer.product))
    return tuple(
        Image(day, _parts(tuple(of_day))) for day, of_day in groupby(by_day, lambda each: each.day)
    )


def _parts(layers: tuple[Layer, ...]) -> tuple[Part, ...]:
    products = groupby(layers, lambda layer: layer.product)
    parts = [Part(name, _by_band(tuple(of_product))) for name, of_product in products]
    joined: list[Part] = []
    for part in parts:
        fits = [n for n, other in enumerate(joined) if not set(other.layers) & set(part.layers)]
        if len(fits) == 1:
            other = joined[fits[0]]
            joined[fits[0]] = Part(other.product, {**other.layers, **part.layers})
        else:
            joined.append(part)
    return tuple(joined)


def _by_band(layers: tuple[Layer, ...]) -> dict[str, Layer]:
    """The layers of a product by band: of several resolutions the finest."""
    chosen: dict[str, Layer] = {}
    for layer in layers:
        known = chosen.get(layer.name)
        ratio = 2.0 if known is None else known.grid.pixel / layer.grid.pixel
        if ratio > 1.5:
            chosen[layer.name] = layer
        elif known is not None and ratio > 0.75 and layer.name:
            files = " and ".join(dict.fromkeys((str(known.path), str(layer.path))))
            raise ValueError(
                f"{files}: band {layer.name} is there twice; describe each band once, "
                "and keep one version of a product"
            )
    return chosen
