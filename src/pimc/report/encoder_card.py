"""The card of an encoder: what it read, what it saw, what it is worth, in Hugging Face's format."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
import yaml

from pimc import __version__
from pimc.pretraining.options import PretrainingOptions
from pimc.signal.calendar import CalendarOptions

if TYPE_CHECKING:
    from pimc.model.encoders import ImageEncoder, SeriesEncoder

SHOWN = 12
"""Places that are named; of more the number."""

GALLERIES = {
    "across_patches": "spread over all held-out patches",
    "within_patch": "within one patch",
}
"""Where pairs look for their own, as people call it."""


@dataclass(frozen=True)
class CardOptions:
    """What no file of the data says, and a card has to.

    Attributes:
        data: what the encoder learned from, by its public name; what is simulated says so.
        data_licence: of the data.
        licence: of the weights, as Hugging Face abbreviates it.
        limits: of the data, a sentence.
    """

    data: str = "simulated PASTIS (version 1)"
    data_licence: str = "made by this project, which is Apache-2.0; nothing in it is another's"
    licence: str = "apache-2.0"
    limits: str = (
        "It has never seen a real pixel: its ground is a simulation of French farmland, without "
        "forest types, snow, tropics or flooded rice."
    )


@dataclass(frozen=True)
class SeenGround:
    """What one side of a pretraining read.

    Attributes:
        folds: of it.
        patches: how many.
        places: their names.
        series: how many.
        seasons: first and last of them, "" where they are not known.
    """

    folds: tuple[int, ...]
    patches: int
    places: tuple[str, ...]
    series: int
    seasons: str

    def __str__(self) -> str:
        """As a card has it."""
        places = ", ".join(self.places[:SHOWN])
        if len(self.places) > SHOWN:
            places += f" and {len(self.places) - SHOWN} more"
        seasons = f"; {self.seasons}" if self.seasons else ""
        folds = ", ".join(map(str, self.folds))
        count = f"{self.series:,} series of {self.patches:,} patches (folds {folds})"
        return f"{count} in {places}{seasons}"


def see_ground(pixels: pd.DataFrame, folds: Sequence[int]) -> SeenGround:
    """The ground of some folds.

    Args:
        pixels: a row a series, with patch, place and fold; perhaps season.
        folds: of them.
    """
    seen = pixels[pixels["fold"].isin(folds)]
    starts = sorted(seen["season"].astype(str).unique()) if "season" in seen else []
    seasons = "" if not starts else f"season from {starts[0]}"
    if len(starts) > 1:
        seasons = f"{len(starts)} seasons, from {starts[0]} to that from {starts[-1]}"
    places = sorted(seen["place"].astype(str).unique())
    return SeenGround(tuple(folds), seen["patch"].nunique(), tuple(places), len(seen), seasons)


def write_card(
    encoder: SeriesEncoder | ImageEncoder,
    ground: Mapping[str, SeenGround],
    options: PretrainingOptions,
    metrics: Mapping[str, float],
    retrieval: pd.DataFrame,
    card: CardOptions,
) -> str:
    """The card, Markdown.

    Args:
        encoder: whose.
        ground: that it learned from, and that its epoch was chosen on, by their names.
        options: of the pretraining.
        metrics: of the best epoch (``PretrainingResult.metrics``).
        retrieval: recall in every gallery (``pimc.pretraining.galleries.retrieval_table``).
        card: what else has to be said.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    from pimc.model.encoders import ImageEncoder

    environment = Environment(
        loader=PackageLoader("pimc.report", "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        autoescape=False,  # Markdown
    )
    shared = [
        *_training(options, metrics),
        *((name, str(each)) for name, each in ground.items()),
        ("licence", f"weights {card.licence}; data: {card.data_licence}"),
    ]
    told = (
        _describe_images(encoder)
        if isinstance(encoder, ImageEncoder)
        else _describe_series(encoder)
    )
    page: str = environment.get_template("encoder_card.md").render(
        card=card,
        folder=f"{encoder.kind}_encoder",
        retrieval=list(_rows(retrieval)),
        options=yaml.safe_dump(json.loads(json.dumps(asdict(options))), sort_keys=False).strip(),
        **{**told, "facts": [*told["facts"], *shared], "limits": [card.limits, *told["limits"]]},
    )
    return page.strip() + "\n"


def _describe_series(encoder: SeriesEncoder) -> dict[str, Any]:
    recurrence, calendar = encoder.config.recurrence, encoder.config.calendar
    names = ", ".join(recurrence.indices)
    reads = []
    if encoder.network is not None:
        reads.append(f"their plots ({recurrence.kind})")
    if encoder.temporal is not None:
        reads.append("the series themselves")
    return {
        "title": "An encoder of Sentinel-2 pixel series",
        "summary": (
            f"Reads the series of {len(recurrence.indices)} channels of a pixel over a season and "
            f"gives {encoder.embedding_size} numbers, from {' and '.join(reads)}."
        ),
        "call": "embeddings = encoder.embed(reflectance, dates, bands)  # pixels x dates x bands",
        "facts": [
            ("input", f"pixels x {len(recurrence.indices)} ({names}) x {_calendar(calendar)}"),
            ("network", _network(encoder)),
        ],
        "retrieval_note": _note(encoder.kind),
        "limits": [
            "Another sensor, season or climate than its ground's is another matter: look at what "
            "it gives before you trust it.",
            f"Pixels with fewer than {calendar.min_observations} clear dates have no series; "
            "between them gaps are filled by lines.",
        ],
    }


def _describe_images(encoder: ImageEncoder) -> dict[str, Any]:
    config = encoder.config
    bands, stand_ins = ", ".join(config.bands), config.substitutions
    instead = sorted(
        {f"{there} for {band}" for each in stand_ins.values() for band, there in each.items()}
    )
    return {
        "title": "An encoder of Sentinel-2 images",
        "summary": (
            f"Reads the reflectance of an image around a pixel, one date, and gives "
            f"{encoder.embedding_size} numbers."
        ),
        "call": "embeddings = encoder.embed(images, bands)  # images x bands x rows x columns",
        "facts": [
            ("input", f"images x {len(config.bands)} bands ({bands}), reflectance 0..1, 8 x 8 "
             "pixels or more"),
            ("network", _network(encoder)),
            *([("bands that stood in", ", ".join(instead))] if instead else []),
        ],
        "retrieval_note": _note(encoder.kind),
        "limits": [
            "Pixels of another size than its ground's, and reflectance at the top of the "
            "atmosphere, are another matter: look at what it gives before you trust it.",
            "Bands that are missing count as their mean.",
        ],
    }  # fmt: skip


def _note(kind: str) -> str:
    partner = "crop around its pixel at a clear date" if kind == "series" else "series"
    return (
        f"Held-out pixels by cosine similarity of what the loss compares: each looks for its own "
        f"{partner}, or, where no images were read, for another view of its series."
    )


def _calendar(calendar: CalendarOptions) -> str:
    return (
        f"{calendar.length} steps of {calendar.step} days from {calendar.start} (month-day), gaps "
        "filled linearly"
    )


def _network(encoder: SeriesEncoder | ImageEncoder) -> str:
    count = sum(parameter.numel() for parameter in encoder.parameters())
    return f"{count:,} parameters; pimc {__version__}"


def _training(
    options: PretrainingOptions, metrics: Mapping[str, float]
) -> Iterator[tuple[str, str]]:
    objective = options.objective
    terms = ", ".join(f"{name} x {weight:g}" for name, weight in objective.terms.items())
    yield "objective", f"{objective.loss}: {terms}; no label"
    epochs = int(metrics["epochs"])
    yield (
        "length",
        f"{epochs} epochs of {options.steps_per_epoch} batches of {options.batch.size} pixels, "
        f"{options.precision}, seed {options.seed}; weights of epoch {int(metrics['best_epoch'])} "
        "(from 0), whose held-out loss is least",
    )
    guess = metrics.get("val_loss_of_a_guess")
    beside = "" if guess is None else f" (of a guess {guess:.3f})"
    ranks = [
        f"{name.removesuffix('_rank')} {metrics[name]:.1f}"
        for name in ("series_rank", "image_rank")
        if name in metrics
    ]
    yield "held-out loss", f"{metrics['val_loss']:.3f}{beside}"
    yield "effective rank of held-out embeddings", ", ".join(ranks)


def _rows(retrieval: pd.DataFrame) -> Iterator[dict[str, str]]:
    """The galleries of all places, each number as it is written."""
    from pimc.pretraining.galleries import EVERYWHERE

    for _, row in retrieval[retrieval["place"] == EVERYWHERE].iterrows():
        shares = {
            name: f"{100 * row[name]:.1f}" for name in row.index if name.endswith(("_1", "_5"))
        }
        yield {
            "gallery": GALLERIES[row["gallery"]],
            "direction": str(row["direction"]).replace("_", " "),
            "galleries": str(row["galleries"]),
            "size": f"{row['size']:.0f}",
            **shares,
        }
