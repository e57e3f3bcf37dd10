"""Tables of random scale, fill, order, flag and form read as the truth that was written."""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from pimc.data.patch import FILL, SENTINEL2_BANDS
from pimc.data.points.arrays import read_npz
from pimc.data.points.long import read_long
from pimc.data.points.options import PointOptions

SCALES = {1: np.float64, 100: np.float32, 10_000: np.int32}


@st.composite
def tables(draw):
    """The truth, N x T x C int16, and how it is written."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    pixels, times, bands = (draw(st.integers(low, high)) for low, high in ((3, 6), (3, 8), (1, 6)))
    truth = rng.integers(150, 6000, (pixels, times, bands)).astype(np.int16)
    truth[rng.random(truth.shape) < draw(st.sampled_from([0, 0.1, 0.5]))] = FILL
    scale = draw(st.sampled_from(list(SCALES)))
    fills = [0, FILL, -9999, *([] if scale == 10_000 else [np.nan, np.inf, 1e20, 9999])]
    return {
        "truth": truth,
        "scale": scale,
        "fill": draw(st.sampled_from(fills)),
        "bands": tuple(sorted(rng.permutation(SENTINEL2_BANDS)[:bands].tolist())),
        "dates": np.datetime64("2021-03-01") + np.cumsum(rng.integers(1, 20, times)),
        "clear": rng.random((pixels, times)) < 0.7,
        "rng": rng,
    }


def stored(table):
    truth, scale = table["truth"], table["scale"]
    values = truth * (scale / 10_000)
    return np.where(truth == FILL, table["fill"], values).astype(SCALES[scale])


def in_order(bands):
    return [band for band in SENTINEL2_BANDS if band in bands]


@settings(max_examples=60, deadline=None)
@given(tables(), st.sampled_from(["npz", "parquet", "csv"]), st.sampled_from([None, "Asia/Tokyo"]))
def test_what_is_read_is_what_was_written(table, form, zone):
    truth, flag = table["truth"], np.where(table["clear"], 4, 9)
    flag[0, 0] = 4  # some clear ground
    expected = np.where((flag == 4)[..., None], truth, FILL)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"points.{form}"
        options = PointOptions(path="", scale=table["scale"])
        if form == "npz":
            arrays = {"reflectance": stored(table), "bands": table["bands"], "SCL": flag}
            arrays |= {"lonlat": np.zeros((len(truth), 2)), "dates": table["dates"].astype(str)}
            np.savez(path, **arrays)
            read = read_npz(path, options)
            order = [*table["bands"]]
        else:
            write_long(path, table, flag, zone)
            read = read_long(path, options)
            order = in_order(table["bands"])
    columns = [table["bands"].index(band) for band in order]
    assert list(read.bands) == order
    np.testing.assert_array_equal(read.dates, table["dates"])
    np.testing.assert_array_equal(read.reflectance, expected[..., columns])
    assert read.missing["not clear"] == ((expected == FILL) & (truth != FILL)).sum()


def write_long(path, table, flag, zone):
    pixels, times, _ = table["truth"].shape
    rows = {
        "pixel": np.repeat(np.arange(pixels), times),
        "date": pd.to_datetime(np.tile(table["dates"], pixels)).tz_localize(zone),
        "lon": 3.0,
        "lat": 45.0,
        "scl": flag.ravel(),
    }
    values = stored(table).reshape(-1, len(table["bands"]))
    frame = pd.DataFrame(rows | dict(zip(table["bands"], values.T, strict=True)))
    frame = frame.iloc[table["rng"].permutation(len(frame))]
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    else:
        frame.to_parquet(path)
