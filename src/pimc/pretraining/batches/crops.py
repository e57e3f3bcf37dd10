"""Image crops around pixels, gathered a batch at a time, and the statistics of their bands."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from pimc.data.patch import FILL, REFLECTANCE_SCALE
from pimc.pretraining.batches.pairs import NO_FRAME, Frames, PairBatch, PairData
from pimc.signal.sharded_array import ShardedArray

STATISTICS_CROPS = 2_048
"""Crops from which band statistics are taken: 460,000 pixels of a band at 15 x 15, which know a
mean to a hundredth of the standard deviation even where a crop counts as one value."""


def gather_crops(
    frames: Frames, batch: np.ndarray, row: np.ndarray, col: np.ndarray, side: int
) -> np.ndarray:
    """Cut a crop around each pixel.

    Args:
        frames: images C x H x W int16.
        batch: B int, the frame of each crop.
        row: B int, the row of the central pixel in the frame.
        col: B int, its column.
        side: rows and columns of a crop, odd.

    Returns:
        B x C x side x side int16, ``FILL`` where there is no data.

    Raises:
        ValueError: for a frame that does not exist, or a crop that leaves its frame.
    """
    from pimc.pretraining.batches.crop_loop import cut_crops  # numba, with the first crop

    bands, height, width = frames[0].shape
    top, left = row - side // 2, col - side // 2
    _check_within("frame", batch, len(frames))
    _check_within("row of a crop's corner", top, height - side + 1)
    _check_within("column of a crop's corner", left, width - side + 1)
    piece, starts = _pieces(frames)
    crops = np.empty((len(batch), bands, side, side), np.int16)
    owners = np.searchsorted(starts, batch, side="right") - 1
    for owner in np.unique(owners):
        here = np.flatnonzero(owners == owner)
        # as a plain array: a memory map is slow to pass
        images = np.asarray(piece(int(owner)))
        cut_crops(images, batch[here] - starts[owner], top[here], left[here], here, crops)
    return crops


def _pieces(frames: Frames) -> tuple[Callable[[int], np.ndarray], np.ndarray]:
    """Number of a piece -> its frames F x C x H x W, and the number of the first of each piece."""
    if isinstance(frames, np.ndarray):
        return lambda piece: frames, np.zeros(1, np.int64)
    if isinstance(frames, ShardedArray) and frames.alike:
        return frames.shards.__getitem__, frames.starts[:-1]
    return lambda piece: np.asarray(frames[piece])[None], np.arange(len(frames))


def _check_within(what: str, values: np.ndarray, stop: int) -> None:
    if values.size and not (0 <= values.min() and values.max() < stop):
        raise ValueError(
            f"expected each {what} in 0..{stop - 1}, got {values.min()}..{values.max()}; crops "
            "must lie within their frames"
        )


def gather_batch(
    data: PairData, batch: PairBatch, side: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Everything a training step needs of its pairs.

    Returns:
        Series B x I x L float32, where they were observed B x L bool, and crops
        B x K x C x side x side int16; None where there are no images.
    """
    series = np.asarray(data.index_series[batch.rows], dtype=np.float32)
    if data.observed is None:
        observed = np.ones((len(series), series.shape[2]), dtype=bool)
    else:
        observed = np.asarray(data.observed[batch.rows])
    return series, observed, _batch_crops(data, batch, side) if data.has_images else None


def _batch_crops(data: PairData, batch: PairBatch, side: int) -> np.ndarray:
    """B x K x C x side x side int16."""
    dates = batch.frames.shape[1]
    row, col = (data.pixels[name].to_numpy()[batch.rows].repeat(dates) for name in ("row", "col"))
    crops = gather_crops(data.frames, batch.frames.reshape(-1), row, col, side)
    return crops.reshape(*batch.frames.shape, *crops.shape[1:])


def band_statistics(
    data: PairData, rows: np.ndarray, side: int, bands: Sequence[str], seed: int
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of each band over crops of training pixels.

    Args:
        data: training pixels and frames.
        rows: rows of ``data`` that have a frame.
        side: of the crops.
        bands: names of the C bands.
        seed: draws the crops, where there are many.

    Returns:
        Means and standard deviations, reflectance 0..1.

    Raises:
        ValueError: if the frames have another number of bands, or a band has no data.
    """
    rng = np.random.default_rng(seed)
    drawn = np.sort(rng.permutation(rows)[:STATISTICS_CROPS])
    counts = (data.frame_choices[drawn] != NO_FRAME).sum(axis=1)
    choice = (rng.random(len(drawn)) * counts).astype(np.int64)
    batch = PairBatch(drawn, data.frame_choices[drawn, choice][:, None].astype(np.int64))
    crops = _batch_crops(data, batch, side)[:, 0]
    if crops.shape[1] != len(bands):
        raise ValueError(
            f"expected frames of {len(bands)} bands ({', '.join(bands)}), got {crops.shape[1]}"
        )
    means, stds = [], []
    for name, values in zip(bands, crops.transpose(1, 0, 2, 3), strict=True):
        known = values[values != FILL].astype(np.float64) / REFLECTANCE_SCALE
        if not known.size:
            raise ValueError(f"band {name} has no data in the training frames; leave it out")
        means.append(float(known.mean()))
        stds.append(float(known.std()))
    return tuple(means), tuple(stds)
