"""The ground that pretraining sees: which pixels, how far apart, what a guess would cost."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd

from pimc.data.folds import name_ground
from pimc.model.losses.kinds import LOSSES
from pimc.pretraining.batches.loader import PairModule
from pimc.pretraining.batches.pairs import PairData, usable_rows
from pimc.pretraining.galleries import HeldOut
from pimc.pretraining.options import PretrainingOptions
from pimc.signal.calendar import CalendarOptions
from pimc.signal.recurrence import Recurrence

logger = logging.getLogger(__name__)


def needed_data(data: PairData, options: PretrainingOptions) -> PairData:
    """The data with the images that the objective reads; without images where it reads none.

    Raises:
        ValueError: if the objective needs images and there are none.
    """
    if not options.objective.images:
        return data.series_alone()
    if not data.has_images:
        raise ValueError(
            "the objective reads images, but these data hold pixel series alone; set "
            "pretraining.objective.pair and image to 0 and series to 1, or use images (simulated, "
            "pastis, stack)"
        )
    return data


def training_rows(train: PairData, validation: PairData, options: PretrainingOptions) -> np.ndarray:
    """Rows of the usable training pixels, where both sides have enough and lie apart.

    Raises:
        ValueError: if there are too few, or held-out ground overlaps training ground.
    """
    side = options.batch.crop_side
    rows = {
        "training": usable_rows(train, side),
        "held-out": usable_rows(validation, side),
    }
    for (name, usable), data in zip(rows.items(), (train, validation), strict=True):
        _check_usable(name, len(usable), data, side)
    kept = [
        data.pixels.iloc[rows[name]] for name, data in zip(rows, (train, validation), strict=True)
    ]
    check_apart(kept[0], kept[1], side if train.has_images else 1)
    return rows["training"]


def _check_usable(name: str, usable: int, data: PairData, side: int) -> None:
    logger.info("%d of %d %s pixels can form pairs", usable, len(data), name)
    if 2 * usable < len(data):
        logger.warning(
            "most %s pixels form no pair: they are clear in no image, or lie less than %d "
            "pixels (half a crop) inside it; raise sampling.margin to that, or lower the crop "
            "side",
            name,
            side // 2,
        )
    if usable < 2 and not data.has_images:
        raise ValueError(
            f"pretraining needs 2 {name} pixels or more, got {len(data)}; check the folds, and "
            "that the ground has blocks enough to fill them"
        )
    if usable < 2:
        raise ValueError(
            f"pretraining needs 2 {name} pixels or more that are clear in a frame and at "
            f"least {side // 2} pixels inside it, got {usable} of {len(data)}; check "
            "the folds, the cloud screening and the crop side"
        )


def check_apart(training: pd.DataFrame, held_out: pd.DataFrame, side: int) -> None:
    """Refuse held-out crops that show ground of training crops: they would be no test.

    Args:
        training: pixels with their place, and y and x in its grid.
        held_out: likewise.
        side: of the crops around them.

    Raises:
        ValueError: if crops of the two overlap.
    """
    from scipy.spatial import KDTree

    for place, pixels in held_out.groupby("place"):
        trained = training[training["place"] == place]
        if trained.empty:
            continue
        distances, _ = KDTree(trained[["y", "x"]]).query(pixels[["y", "x"]], p=np.inf)
        if distances.min() < side:
            raise ValueError(
                f"place {place}: a training and a held-out pixel lie {distances.min():.0f} pixels "
                f"apart, so that their crops of {side} x {side} pixels overlap; leave a gap of at "
                f"least {side} pixels between the folds, or lower the crop side"
            )


def check_series(data: PairData, recurrence: Recurrence, calendar: CalendarOptions) -> None:
    """Refuse series of another number of indices or another length than will be read."""
    expected = (len(recurrence.indices), calendar.length)
    if data.index_series.shape[1:] != expected:
        raise ValueError(
            f"expected series of {expected[0]} indices ({', '.join(recurrence.indices)}) x "
            f"{expected[1]} calendar steps, got {data.index_series.shape[1:]}"
        )


def seen_ground(*data: PairData) -> dict[str, tuple[int, ...]]:
    """Patches of the pixels, and the folds of each: what an encoder that reads them has seen."""
    parts = [each.pixels[["fold"]].assign(patch=name_ground(each.pixels)) for each in data]
    pixels = pd.concat(parts).drop_duplicates()
    folds = pixels.sort_values(["patch", "fold"]).groupby("patch")["fold"]
    return {str(patch): tuple(members.tolist()) for patch, members in folds}


def describe(batches: PairModule, held_out: HeldOut, options: PretrainingOptions) -> None:
    """Say how many pairs the ground gives, and refuse ground that gives none.

    Raises:
        ValueError: if no batch holds two pixels.
    """
    share = batches.share
    drawn = (share.whole(len(batch)) for batch in batches.sampler.epoch(0, batches.steps))
    sizes = [size for size in drawn if size]
    wanted = batches.sampler.options.size
    if not sizes:
        raise ValueError(
            f"the training pixels give no batch of {max(2, share.processes)} pairs: pixels of one "
            "parcel never share a batch; use more patches or more parcels"
        )
    if np.mean(sizes) < wanted:
        logger.warning(
            "batches hold %.0f pairs on average, not %d: the ground has no more pixels of "
            "different parcels",
            np.mean(sizes),
            wanted,
        )
    guess = loss_of_a_guess(batches, held_out, options)
    logger.info(
        "training on %d patches; %d held-out batches of %d pixels%s",
        batches.sampler.patches,
        len(held_out.batches),
        held_out.batch_size,
        "".join(f": the loss of a guess is {value:.3f}" for value in guess.values()),
    )


def loss_of_a_guess(
    batches: PairModule, held_out: HeldOut, options: PretrainingOptions
) -> dict[str, float]:
    """``val_loss_of_a_guess`` where the loss has one: InfoNCE's ln N, and 1 of masked values."""
    objective = options.objective
    of_pairs = LOSSES[objective.loss].guess
    if objective.terms.keys() == {"masked"}:
        return {"val_loss_of_a_guess": objective.masked}
    if of_pairs is None:
        return {}
    guess = objective.masked + (objective.pair + objective.series) * of_pairs(held_out.batch_size)
    if batches.unpaired:
        guess += objective.image * of_pairs(batches.unpaired.held_out_size)
    return {"val_loss_of_a_guess": guess}
