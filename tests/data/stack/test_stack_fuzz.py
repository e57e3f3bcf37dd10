"""Stacks of random form are read as the reflectance that they were written from."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from cases.geotiffs import write_tif
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pimc.data.patch import FILL
from pimc.data.stack.scenes import StackOptions, stack_scenes

ROWS, COLS = 9, 13
SPELLINGS = {
    "B02": ("B02", "b2", "blue", "B2", "0_B2"),
    "B03": ("B03", "b3", "green", "B3", "0_B3"),
    "B04": ("B04", "b4", "red", "B4", "0_B4"),
    "B08": ("B08", "b8", "nir", "B8", "0_B8"),
}
BANDS = tuple(SPELLINGS)
# how values are stored: type, values of one reflectance, whether the file's tags say so
STORED = {
    "plain": ("uint16", 10_000, 0.0, False),
    "signed": ("int16", 10_000, 0.0, False),
    "offset": ("uint16", 10_000, -0.1, False),
    "tagged": ("uint16", 10_000, -0.1, True),
    "landsat": ("uint16", 1 / 2.75e-5, -0.2, True),
    "float": ("float32", 1, 0.0, False),
    "double": ("float64", 10_000, 0.0, False),
}
HOLES = ("none", "tag", "type", "mask", "band", "zero", "low")


@st.composite
def stacks(draw):
    """What a stack is written by: what holds for all files, and for each date."""
    count = draw(st.integers(3, 5))
    days = draw(st.lists(st.integers(0, 900), min_size=count, max_size=count, unique=True))
    return {
        "seed": draw(st.integers(0, 2**32 - 1)),
        "order": draw(st.permutations(BANDS)),
        "spelling": draw(st.integers(0, 4)),
        "mask": draw(st.sampled_from([None, "SCL", "CLOUD", "cloud_probability"])),
        "per_band": draw(st.booleans()),
        "halves": draw(st.booleans()),
        "dates": [
            (
                str(np.datetime64("2020-06-01") + day),
                draw(st.sampled_from(sorted(STORED))),
                draw(st.sampled_from(HOLES)),
            )
            for day in sorted(days)
        ],
    }


def store(reflectance, hole, kind, how):
    """Stored values, profile and the values expected: C x H x W reflectance x 10,000 in."""
    dtype, scale, offset, tagged = STORED[kind]
    stored = (reflectance / 10_000 - offset) * scale
    stored = np.rint(stored).astype(dtype) if dtype.endswith("16") else stored.astype(dtype)
    expected = np.rint((stored / np.float64(scale) + offset) * 10_000)
    profile = {"scale": 1 / scale, "offset": offset} if tagged else {}
    fills = {
        "tag": 777,
        "type": np.nan if dtype.startswith("float") else np.iinfo(dtype).max,
        "zero": 0,
        "low": -9999 if dtype not in ("uint16",) else 0,
        "mask": 1,
        "band": 1,
    }
    if how in fills:
        stored[:, hole] = fills[how]
        expected[:, hole] = FILL
    if how == "tag":
        profile["nodata"] = 777
        stored[(stored == 777) & ~hole] += 1
        expected = np.where(hole, FILL, np.rint((stored / np.float64(scale) + offset) * 10_000))
    if how == "mask":
        profile["mask"] = np.where(hole, 0, 255).astype(np.uint8)
    return stored, profile, expected


def mask_values(kind, rng, shape):
    """Codes of a mask, and where they are clear."""
    if kind == "SCL":
        codes = rng.integers(0, 12, shape)
        return codes, np.isin(codes, (4, 5, 6, 7))
    if kind == "CLOUD":
        codes = rng.integers(0, 4, shape)
        codes[0, :2] = 1
        return codes, codes == 0
    codes = rng.integers(0, 101, shape)
    return codes, codes < 40


def write(folder, case):
    """Write the stack; returns the reflectance and the clear pixels expected."""
    rng = np.random.default_rng(case["seed"])
    base = rng.integers(400, 5000, (4, ROWS, COLS))
    cubes, clears = [], []
    for day, kind, how in case["dates"]:
        truth = base + rng.integers(-100, 100, base.shape)
        hole = rng.random((ROWS, COLS)) < 0.2
        stored, profile, expected = store(truth, hole, kind, how)
        codes, clear = mask_values(case["mask"], rng, (ROWS, COLS))
        baseline = "N0400" if kind == "offset" else "N0300"
        if kind in ("tagged", "landsat"):
            baseline = "x"  # tags are said alone
        at = [BANDS.index(band) for band in case["order"]]
        planes = [(SPELLINGS[BANDS[n]][case["spelling"]], stored[n]) for n in at]
        if case["mask"]:
            planes.append((case["mask"], codes.astype(stored.dtype)))
        if how == "band":
            planes.append(("dataMask", np.where(hole, 0, 1).astype(stored.dtype)))
        if how == "mask" or not case["per_band"]:
            groups = [planes]
        else:
            groups = [[plane] for plane in planes]
        for group in groups:
            names = [name for name, _ in group]
            stem = f"S2_{day}_{baseline}" + ("_" + names[0] if len(groups) > 1 else "")
            values = np.stack([values for _, values in group])
            if case["halves"] and len(groups) == 1 and "mask" not in profile:
                for side, part in enumerate((np.s_[:, :, 7:], np.s_[:, :, :7])):
                    half = values.copy()
                    half[part] = profile.get("nodata", 0)
                    write_tif(folder / f"t{side}_{stem}.tif", half, names, **profile)
            else:
                write_tif(folder / f"{stem}.tif", values, names, **profile)
        cubes.append(expected)
        clears.append(clear)
    return np.stack(cubes), np.stack(clears)


def check(case):
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "place"
        expected, clear = write(place, case)
        options = StackOptions(path=str(place), patch_size=9, gap=1)
        patches = [source() for source in stack_scenes(options).values()]
    for patch in patches:
        window = np.s_[..., patch.origin[1] : patch.origin[1] + 9]
        np.testing.assert_array_equal(patch.reflectance, expected[window])
        if case["mask"] is None:
            assert patch.clear is None
        else:
            seen = (expected[window] != FILL).any(axis=1)
            np.testing.assert_array_equal(patch.clear[seen], clear[window][seen])


QUICK = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@QUICK
@given(stacks())
def test_random_stacks_are_read_as_they_were_written(case):
    check(case)


@pytest.mark.slow
@settings(QUICK, max_examples=500)
@given(stacks())
def test_many_random_stacks_are_read_as_they_were_written(case):
    check(case)
