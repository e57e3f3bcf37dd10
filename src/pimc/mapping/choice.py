"""Which encoder maps some ground: the one that is named, this workspace's, or the package's."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pimc.signal.pixel_series import needed_bands

if TYPE_CHECKING:
    from pimc.model.encoders import SeriesEncoder

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Candidate:
    """An encoder of series that may map.

    Attributes:
        name: where it is from, in words.
        load: reads it.
    """

    name: str
    load: Callable[[], SeriesEncoder]


@dataclass(frozen=True, eq=False)
class MapEncoder:
    """The encoder of a map.

    Attributes:
        name: where it is from, in words.
        network: in evaluation mode.
        bands: that its indices and the screening of clouds need.
        digest: of its configuration and weights.
    """

    name: str
    network: SeriesEncoder
    bands: tuple[str, ...]
    digest: str


def choose_encoder(candidates: Sequence[Candidate], available: Collection[str]) -> MapEncoder:
    """The first candidate that the images have the bands for.

    Raises:
        ValueError: if none can read the images; with what each needs.
    """
    from pimc.model.storage import encoder_digest

    lacking = []
    for candidate in candidates:
        network = candidate.load()
        bands = needed_bands(network.config.recurrence.indices)
        missing = [band for band in bands if band not in available]
        if not missing:
            logger.info(
                "mapping with %s: %s",
                candidate.name,
                ", ".join(network.config.recurrence.indices),
            )
            return MapEncoder(candidate.name, network.eval(), bands, encoder_digest(network))
        lacking.append(f"{candidate.name} lacks {', '.join(missing)}")
        logger.warning("%s: trying the next encoder", lacking[-1])
    raise ValueError(
        f"no encoder reads these images, which have {', '.join(sorted(available))}: "
        f"{'; '.join(lacking)}; pretrain one on them (--pipeline=pretrain), or name another "
        "(--params=encoder=<folder>)"
    )


def series_branch(network: SeriesEncoder) -> SeriesEncoder:
    """An encoder of the series alone, out of one that reads their plots too.

    Each branch has learned as if it were alone, so that this one is what it would have been.

    Raises:
        ValueError: if the encoder has no such branch.
    """
    from pimc.model.encoders import SeriesEncoder

    config = network.config
    if network.temporal is None:
        raise ValueError(
            "mapping.branch is series, and the encoder reads plots alone; set it to both"
        )
    alone = SeriesEncoder(replace(config, architecture=replace(config.architecture, widths=())))
    weights = network.state_dict()
    alone.load_state_dict({name: weights[name] for name in alone.state_dict()})
    return alone.eval()
