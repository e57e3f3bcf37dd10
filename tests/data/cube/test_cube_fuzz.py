"""Cubes of random form are read as the reflectance that they were written from."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
import rioxarray  # noqa: F401  gives datasets their CRS
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pimc.data.cube.scenes import CubeOptions, cube_scenes
from pimc.data.patch import FILL

ROWS, COLS = 9, 13
BANDS = ("B02", "B03", "B04", "B08")
SPELLINGS = (BANDS, ("blue", "green", "red", "nir"), tuple(f"s2_{band}" for band in BANDS))
# type, values of one reflectance, reflectance of 0; whether CF's attributes say so
STORED = {
    "integers": ("int16", 10_000, 0.0, False),
    "unsigned": ("uint16", 10_000, 0.0, False),
    "wide": ("int32", 10_000, 0.0, False),
    "packed": ("int16", 20_000, 0.05, True),
    "offset": ("uint16", 10_000, -0.1, True),
    "floats": ("float32", 1, 0.0, False),
    "doubles": ("float64", 10_000, 0.0, False),
}
NO_DATA = ("_FillValue", "missing_value", "nodata", "zero")


@st.composite
def cubes(draw):
    """What a cube is written by."""
    count = draw(st.integers(3, 6))
    hours = draw(st.lists(st.integers(0, 240), min_size=count, max_size=count, unique=True))
    return {
        "seed": draw(st.integers(0, 2**32 - 1)),
        "hours": hours,
        "stored": draw(st.sampled_from(sorted(STORED))),
        "no_data": draw(st.sampled_from(NO_DATA)),
        "names": draw(st.sampled_from(SPELLINGS)),
        "band": draw(st.sampled_from([None, "band", "bands", "variable"])),
        "axes": draw(st.sampled_from([("time", "y", "x"), ("t", "lat", "lon"), ("t", "y", "x")])),
        "order": draw(st.permutations(range(4))),
        "flip": draw(st.tuples(st.booleans(), st.booleans())),
        "suffix": draw(st.sampled_from([".nc", ".zarr"])),
        "mask": draw(st.booleans()),
    }


def pack(reflectance, hole, case):
    """Stored values with their attributes, and reflectance x 10,000 as it must be read."""
    dtype, scale, offset, packed = STORED[case["stored"]]
    stored = (reflectance / 10_000 - offset) * scale
    stored = (np.rint(stored) if np.dtype(dtype).kind != "f" else stored).astype(dtype)
    expected = np.rint((stored / np.float64(scale) + offset) * 10_000)
    attributes = {"scale_factor": 1 / scale, "add_offset": offset} if packed else {}
    fill = np.dtype(dtype).type(0)
    if case["no_data"] != "zero":
        fill = np.dtype(dtype).type(np.nan if np.dtype(dtype).kind == "f" else 7)
        attributes[case["no_data"]] = fill
        expected[stored == fill] = FILL
    stored = np.where(hole[:, None], fill, stored)
    return stored, attributes, np.where(hole[:, None], FILL, expected)


def write(path, case):
    """Write the cube; gives the day, reflectance and clear pixels of each image."""
    rng = np.random.default_rng(case["seed"])
    count = len(case["hours"])
    hole = rng.random((count, ROWS, COLS)) < 0.2
    values = rng.integers(400, 5_000, (4, ROWS, COLS)) + rng.integers(-99, 99, (count, 4, 1, 1))
    stored, attributes, expected = pack(values, hole, case)
    codes = rng.integers(0, 12, (count, ROWS, COLS)).astype(np.uint8)
    times = np.datetime64("2021-06-01T01", "ns") + np.array(case["hours"]) * np.timedelta64(1, "h")
    time, y, x = case["axes"]
    degrees = y == "lat"
    step, corner = (1e-4, (11.0, 48.0)) if degrees else (10.0, (664_000.0, 5_612_000.0))
    places = {
        time: times,
        y: corner[1] - step * np.arange(ROWS),
        x: corner[0] + step * np.arange(COLS),
    }
    dims = (time, "step", y, x)
    if case["band"] is None:
        data = {
            name: xr.DataArray(stored[:, n], places, (time, y, x), attrs=attributes)
            for n, name in enumerate(case["names"])
        }
    else:
        dims = (time, case["band"], y, x)
        axes = places | {case["band"]: list(case["names"])}
        data = {"reflectance": xr.DataArray(stored, axes, dims, attrs=attributes)}
    cube = xr.Dataset(data)
    if case["mask"]:
        cube["SCL"] = xr.DataArray(codes, places, (time, y, x))
    order = [dims[n] for n in case["order"] if dims[n] in cube.sizes]
    steps = {
        name: slice(None, None, -1) for name, flip in zip((y, x), case["flip"], strict=True) if flip
    }
    cube = cube.transpose(*order, missing_dims="ignore").isel(steps)
    cube = cube if degrees else cube.rio.write_crs("EPSG:32631")
    cube.to_zarr(path) if path.suffix == ".zarr" else cube.to_netcdf(path)
    return times.astype("datetime64[D]"), expected, np.isin(codes, (4, 5, 6, 7))


def merge(days, times, expected, clear):
    """One image a day: each pixel of the first acquisition that has data there."""
    unique = np.unique(days)
    merged, seen = [], []
    for day in unique:
        of_day = [n for n in np.argsort(times) if days[n] == day]
        valid = (expected[of_day] != FILL).sum(axis=1)
        chosen = np.array(of_day)[valid.argmax(axis=0)]
        rows, cols = np.indices(chosen.shape)
        merged.append(np.moveaxis(expected[chosen, :, rows, cols], -1, 0))
        seen.append(clear[chosen, rows, cols])
    return unique, np.stack(merged), np.stack(seen)


def check(case):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"place{case['suffix']}"
        days, expected, clear = write(path, case)
        if len(set(days)) < 3:
            return
        unique, merged, seen = merge(days, case["hours"], expected, clear)
        options = CubeOptions(path=str(path), patch_size=9, gap=1)
        patches = [source() for source in cube_scenes(options).values()]
    for patch in patches:
        window = np.s_[..., patch.origin[1] : patch.origin[1] + 9]
        np.testing.assert_array_equal(patch.dates, unique)
        np.testing.assert_array_equal(patch.reflectance, merged[window])
        if case["mask"]:
            np.testing.assert_array_equal(patch.clear, seen[window])
        else:
            assert patch.clear is None


QUICK = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@QUICK
@given(cubes())
def test_random_cubes_are_read_as_they_were_written(case):
    check(case)


@pytest.mark.slow
@settings(QUICK, max_examples=500)
@given(cubes())
def test_many_random_cubes_are_read_as_they_were_written(case):
    check(case)
