"""What is measured on held-out pairs: fixed batches and galleries, and how they are retrieved."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from pimc.pretraining.batches.pairs import PairBatch, PairData, PairSampler, usable_rows
from pimc.pretraining.options import BatchOptions, EvaluationOptions
from pimc.pretraining.retrieval import chances, effective_rank, own_ranks, recalls
from pimc.training.shares import WHOLE, Share

ACROSS = "across_patches"
PLACE = "within_place"
PATCH = "within_patch"
EVERYWHERE = "all"
"""Stands for all places together."""


IMAGE = "image"
VIEW = "view"
"""What a series is paired with."""


@dataclass(frozen=True)
class Embedded:
    """Pairs as the model sees them.

    Attributes:
        series: N x E, embeddings of the series; of its first view where there are no images.
        others: N x E', embeddings of the crops, or of the second views.
        series_projection: N x D, what the loss compares.
        other_projection: N x D.
        kind: of ``others``: ``image`` or ``view``.
    """

    series: Tensor
    others: Tensor
    series_projection: Tensor
    other_projection: Tensor
    kind: str = IMAGE

    def cpu(self) -> Embedded:
        """The same on the CPU, float32."""
        return Embedded(
            self.series.float().cpu(),
            self.others.float().cpu(),
            self.series_projection.float().cpu(),
            self.other_projection.float().cpu(),
            self.kind,
        )

    @property
    def directions(self) -> tuple[str, str]:
        """Names of retrieval either way."""
        return f"series_to_{self.kind}", f"{self.kind}_to_series"


@dataclass(frozen=True)
class HeldOut:
    """Fixed pairs of held-out ground.

    Attributes:
        batches: of the validation loss, all of one size.
        across: gallery spread evenly over the patches.
        places: the place of each pair of ``across``.
        within_place: by place, a gallery of its patches; empty where there is one place.
        within_patch: place and gallery of each of several patches.
    """

    batches: Sequence[PairBatch]
    across: PairBatch
    places: np.ndarray
    within_place: Mapping[str, PairBatch]
    within_patch: Sequence[tuple[str, PairBatch]]

    @property
    def batch_size(self) -> int:
        """Pairs in a batch of the validation loss: the N of ln N."""
        return len(self.batches[0])


def hold_out(
    data: PairData, batch: BatchOptions, options: EvaluationOptions, share: Share = WHOLE
) -> HeldOut:
    """Choose the pairs on which every epoch is measured; batches are such as can be shared.

    Raises:
        ValueError: if the ground has no two pairs that may share a batch.
    """
    rows = usable_rows(data, batch.crop_side)
    rng = np.random.default_rng(options.seed)
    sampler = PairSampler(data, batch, rows)
    batches = sampler.draw(rng, options.batches)
    size = share.whole(min((len(pairs) for pairs in batches), default=0))
    if size < 2:
        raise ValueError(
            f"{len(rows)} held-out pixels give no batch of 2 pairs: pixels of one parcel never "
            "share a batch; hold out more ground"
        )
    across = sampler.gallery(options.gallery, rng)
    place = data.pixels["place"].to_numpy()
    names = np.unique(place[rows])
    place_rows = {str(name): rows[place[rows] == name] for name in names if len(names) > 1}
    galleries = {
        name: PairSampler(data, batch, here).gallery(options.gallery, rng)
        for name, here in place_rows.items()
    }
    return HeldOut(
        batches=[pairs.part(slice(size)) for pairs in batches],
        across=across,
        places=place[across.rows],
        within_place={name: pairs for name, pairs in galleries.items() if len(pairs) > 1},
        within_patch=_within_patches(data, rows, batch, options, rng),
    )


def _within_patches(
    data: PairData,
    rows: np.ndarray,
    batch: BatchOptions,
    options: EvaluationOptions,
    rng: np.random.Generator,
) -> list[tuple[str, PairBatch]]:
    """Galleries of several patches, of every place as many as of the others where it has them."""
    pixels = data.pixels.iloc[rows]
    patches = pixels.drop_duplicates("patch_index").sample(frac=1, random_state=rng)
    turn = patches.groupby("place").cumcount()
    chosen = patches.iloc[np.argsort(turn, kind="stable")[: options.patches]]
    galleries = []
    for place, patch in zip(chosen["place"], chosen["patch_index"], strict=True):
        here = rows[(pixels["patch_index"] == patch).to_numpy()]
        gallery = PairSampler(data, batch, here).gallery(options.gallery, rng)
        if len(gallery) > 1:
            galleries.append((str(place), gallery))
    return galleries


def summary(embedded: Embedded) -> dict[str, float]:
    """Mean recalls both ways and effective ranks, of one gallery: what an epoch reports."""
    both = pd.DataFrame([recalls(ranks) for ranks in _ranks(embedded).values()]).mean()
    measured = {str(name): float(value) for name, value in both.items()}
    measured["series_rank"] = effective_rank(embedded.series)
    if embedded.kind == IMAGE:
        measured["image_rank"] = effective_rank(embedded.others)
    return measured


def retrieval_table(held_out: HeldOut, embed: Callable[[PairBatch], Embedded]) -> pd.DataFrame:
    """Recall in every gallery, both ways, beside what chance gives.

    Args:
        held_out: the galleries.
        embed: makes the embeddings of pairs.

    Returns:
        One row a gallery kind, place and direction: gallery, place (``all`` for all together),
        direction, galleries (their number), size (mean number of pairs), queries, recall_at_1,
        recall_at_5, chance_at_1, chance_at_5 (means over the galleries).
    """
    everywhere = np.full(len(held_out.places), EVERYWHERE)
    ranks = _ranks(embed(held_out.across))
    rows = _rows(ACROSS, everywhere, ranks)
    if held_out.within_place:
        rows += _rows(ACROSS, held_out.places, ranks)
    for place, pairs in held_out.within_place.items():
        rows += _rows(PLACE, np.full(len(pairs), place), _ranks(embed(pairs)))
    for place, pairs in held_out.within_patch:
        rows += _rows(PATCH, np.full(len(pairs), place), _ranks(embed(pairs)))
    table = pd.DataFrame(rows)
    patches = table[table["gallery"] == PATCH].assign(place=EVERYWHERE)
    if not held_out.within_place:
        table = table[table["gallery"] != PATCH]
    table = pd.concat([table, patches])
    keys = ["gallery", "place", "direction"]
    means = table.groupby(keys, sort=False).agg("mean")
    means["queries"] = table.groupby(keys, sort=False)["queries"].sum()
    means.insert(0, "galleries", table.groupby(keys, sort=False).size())
    return means.reset_index()


def _ranks(embedded: Embedded) -> dict[str, Tensor]:
    """Ranks of the own answers in both directions."""
    series, others = embedded.series_projection, embedded.other_projection
    both = (own_ranks(series, others), own_ranks(others, series))
    return dict(zip(embedded.directions, both, strict=True))


def _rows(
    gallery: str, places: np.ndarray, ranks: Mapping[str, Tensor]
) -> list[dict[str, str | float]]:
    """Recalls of the queries of each place in one gallery."""
    return [
        {
            "gallery": gallery,
            "place": str(place),
            "direction": direction,
            "size": len(places),
            "queries": int((places == place).sum()),
            **recalls(values[torch.from_numpy(places == place)]),
            **chances(len(places)),
        }
        for place in np.unique(places)
        for direction, values in ranks.items()
    ]
