"""Places to be mapped, opened with the bands that an encoder needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pimc.data.labels.labelling import Labelling
from pimc.data.stack.bands import STAND_INS
from pimc.data.stack.options import SceneOptions
from pimc.data.stack.place import Place
from pimc.data.stack.scenes import read_labels
from pimc.signal.screening import SCREENING_BANDS


@dataclass(frozen=True, eq=False)
class PlaceSource:
    """Places that are not opened yet.

    Attributes:
        options: of their reader; the bands are replaced by those asked for.
        read: opens them.
    """

    options: SceneOptions
    read: Callable[[Any], list[Place]]

    def open(self, bands: Sequence[str]) -> list[Place]:
        """Every place, with these bands.

        Raises:
            ValueError: a band missing, or whatever else the reader refuses.
        """
        return self.read(replace(self.options, bands=tuple(bands)))

    def labels(self, places: Sequence[Place]) -> Labelling | None:
        """Labels of the pixels of places; None where no file of labels is named."""
        return read_labels(places, self.options)

    def bands(self) -> frozenset[str]:
        """Bands that all images of all places have, or have a stand-in of."""
        places = self.open(SCREENING_BANDS)
        common = frozenset.intersection(
            *(image.bands for place in places for image in place.images)
        )
        return common | {band for band, other in STAND_INS.items() if other in common}
