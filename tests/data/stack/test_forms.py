"""Forms in which the images of a place come: the numbers are those of one file a date."""

import json
import logging

import numpy as np
import pytest
import rasterio
from cases.geotiffs import BANDS, UTM, ground, write_tif
from rasterio.crs import CRS
from rasterio.transform import Affine

from pimc.data.patch import FILL
from pimc.data.stack.files import find_places
from pimc.data.stack.scenes import StackOptions, stack_scenes

DAYS = ("20210604", "20220214", "20220224")
TEN = (*BANDS, "B05", "B11")


def load(path, **options):
    scenes = stack_scenes(StackOptions(path=str(path), patch_size=8, gap=2, **options))
    return next(iter(scenes.values()))()


def truth(days=3, bands=4):
    return np.stack([ground(day, bands)[:, :, :8] for day in range(days)])


def write_band(path, values, pixel=10, driver="GTiff", **profile):
    """One band without a description, on the grid's corner; JPEG 2000 without loss."""
    path.parent.mkdir(parents=True, exist_ok=True)
    height, width = values.shape
    if driver == "JP2OpenJPEG":
        profile |= {"QUALITY": "100", "REVERSIBLE": "YES"}
    with rasterio.open(
        path,
        "w",
        driver=driver,
        count=1,
        height=height,
        width=width,
        dtype=values.dtype,
        crs=CRS.from_epsg(32631),
        transform=UTM @ Affine.scale(pixel / 10),
        **profile,
    ) as target:
        target.write(values, 1)


def coarse(values):
    """20 m pixels: the mean of 2 x 2, as whole numbers."""
    height, width = values.shape
    return values.reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3)).astype(values.dtype)


def repeat(values):
    return values.repeat(2, axis=-2).repeat(2, axis=-1)


def write_safe(root, day, number, new, tile="T31TCJ"):
    """A product as ESA delivers it: bands as JPEG 2000 at 10, 20 and 60 m, and what lies beside."""
    baseline = "N0400" if new else "N0301"
    product = root / f"S2A_MSIL2A_{day}T105621_{baseline}_R094_{tile}_20230801T135301.SAFE"
    granule = product / "GRANULE" / f"L2A_{tile}_A030803_{day}T105620"
    values = ground(number, 6, add=1000 * new)
    for band, plane in zip(TEN[:4], values, strict=False):
        name = f"{tile}_{day}T105621_{band}"
        write_band(granule / f"IMG_DATA/R10m/{name}_10m.jp2", plane, driver="JP2OpenJPEG")
        write_band(granule / f"IMG_DATA/R20m/{name}_20m.jp2", coarse(plane) * 0 + 7, 20)
    for band, plane in zip(TEN[4:], values[4:], strict=True):
        name = f"{tile}_{day}T105621_{band}"
        write_band(granule / f"IMG_DATA/R20m/{name}_20m.jp2", coarse(plane), 20, "JP2OpenJPEG")
    scene = np.full((4, 6), 4, np.uint8)
    scene[:, :2] = 9
    write_band(granule / f"IMG_DATA/R20m/{tile}_{day}T105621_SCL_20m.jp2", scene, 20)
    write_band(granule / f"IMG_DATA/R20m/{tile}_{day}T105621_AOT_20m.jp2", scene, 20)
    write_tif(
        granule / f"IMG_DATA/R10m/{tile}_{day}T105621_TCI_10m.jp2",
        ground(0, 3, dtype=np.uint8),
        None,
    )
    write_band(granule / "QI_DATA/MSK_CLDPRB_20m.jp2", scene, 20)
    adds = "".join(f'<BOA_ADD_OFFSET band_id="{n}">-1000</BOA_ADD_OFFSET>' for n in range(13))
    (product / "MTD_MSIL2A.xml").write_text(
        f"<a><PRODUCT_START_TIME>{day[:4]}-{day[4:6]}-{day[6:]}T10:56:21Z</PRODUCT_START_TIME>"
        f"<BOA_QUANTIFICATION_VALUE>10000</BOA_QUANTIFICATION_VALUE>{adds if new else ''}</a>"
    )


@pytest.mark.parametrize("place", ["", "village"])
def test_safe_folders(tmp_path, place):
    for number, day in enumerate(DAYS):
        write_safe(tmp_path / place, day, number, day >= "20220125")
    patch = load(tmp_path, bands=TEN)
    assert patch.place == (place or tmp_path.name)
    assert patch.dates.astype(str).tolist() == ["2021-06-04", "2022-02-14", "2022-02-24"]
    expected = truth(3, 6).astype(np.int16)
    for number in range(3):
        for at in (4, 5):  # 20 m, each pixel four times
            stored = ground(number, 6, add=1000 * (number > 0))[at]
            expected[number, at] = repeat(coarse(stored).astype(int) - 1000 * (number > 0))[:, :8]
    np.testing.assert_array_equal(patch.reflectance, expected)
    assert patch.clear[0, 0].tolist() == [False] * 4 + [True] * 4
    assert patch.reading["numbers"]["2021-06-04"] == "x 1 +0 (MTD_MSIL2A.xml)"
    assert patch.georeference.transform == tuple(UTM)[:6]


@pytest.mark.parametrize(
    "name",
    [
        "T31TCJ_{day}T105621_{band}_10m.tif",
        "{band}_{day}.tif",
        "S2A_31TCJ_{day}_0_L2A/{band}.tif",
        "{day}/{day}_{band}.tif",
        "SENTINEL2A_{day}-105621-123_L2A_T31TCJ_C_V2-2/SENTINEL2A_{day}-105621-123_FRE_{band}.tif",
    ],
)
@pytest.mark.parametrize("bands", [BANDS, ("blue", "green", "red", "nir")])
def test_one_file_a_band_and_date(tmp_path, name, bands):
    for number, day in enumerate(DAYS):
        for band, plane in zip(bands, ground(number), strict=True):
            write_band(tmp_path / name.format(day=day, band=band), plane)
    patch = load(tmp_path)
    np.testing.assert_array_equal(patch.reflectance, truth())
    assert patch.dates.astype(str).tolist() == ["2021-06-04", "2022-02-14", "2022-02-24"]
    assert patch.reading["files"] == 12


def test_a_stac_folder_with_rasters_of_other_uses(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    for number, day in enumerate(DAYS):
        folder = tmp_path / f"S2A_31TCJ_{day}_0_L2A"
        for band, plane in zip(
            ("blue", "green", "red", "nir"), ground(number, add=1000), strict=True
        ):
            write_band(folder / f"{band}.tif", plane)
        write_band(folder / "scl.tif", np.full((4, 6), 5, np.uint8), 20)
        write_band(folder / "aot.tif", np.full((4, 6), 5, np.uint8), 20)
        write_tif(folder / "visual.tif", ground(0, 3, dtype=np.uint8), None)
        properties = {"datetime": f"{day[:4]}-{day[4:6]}-{day[6:]}T10:00:00Z"}
        numbers = {"raster:bands": [{"scale": 0.0001, "offset": -0.1}]}
        assets = {
            name: {"href": f"https://x.org/a/{name}.tif", **numbers}
            for name in ("blue", "green", "red", "nir")
        }
        item = {"type": "Feature", "properties": properties, "assets": assets}
        (folder / "item.json").write_text(json.dumps(item))
    patch = load(tmp_path)
    np.testing.assert_array_equal(patch.reflectance, truth())
    assert patch.clear.all()
    assert (
        "6 rasters of its product folders name no band and are left alone: aot.tif, visual.tif"
        in caplog.text
    )


def test_a_mask_in_a_file_of_its_own(tmp_path):
    for number, day in enumerate(DAYS):
        write_tif(tmp_path / f"S2_{day}.tif", ground(number))
        write_band(tmp_path / f"S2_{day}_SCL.tif", np.full((4, 6), 4 + number, np.uint8), 20)
    write_band(tmp_path / f"S2_{DAYS[2]}_SCL.tif", np.full((4, 6), 9, np.uint8), 20)
    patch = load(tmp_path)
    np.testing.assert_array_equal(patch.reflectance, truth())
    assert patch.clear.mean(axis=(1, 2)).tolist() == [1, 1, 0]


def test_a_band_twice_is_an_error(tmp_path):
    for number, day in enumerate(DAYS):
        write_tif(tmp_path / f"S2_{day}.tif", ground(number), ("B02", "b2", "B04", "B08"))
    with pytest.raises(ValueError, match="band B02 is there twice; describe each band once"):
        load(tmp_path)


def test_a_name_that_contradicts_the_description_is_an_error(tmp_path):
    for day in DAYS:
        for band in BANDS:
            write_tif(tmp_path / f"S2_{day}_{band}.tif", ground()[:1], (band,))
    assert load(tmp_path).reflectance.shape == (3, 4, 8, 8)
    write_tif(tmp_path / f"S2_{day}_B04.tif", ground()[:1], ("B08",))
    with pytest.raises(ValueError, match=r"B04.tif: its name says B04, its description B08"):
        load(tmp_path)


@pytest.mark.parametrize("method", ["bilinear", "cubic"])
def test_20_m_bands_are_interpolated_on_demand_and_holes_do_not_leak(tmp_path, method):
    row, col = np.mgrid[:4, :6]
    plane = (1000 + 100 * row + 40 * col).astype(np.int16)
    plane[0, 0] = -10_000
    for number, day in enumerate(DAYS):
        for band, values in zip(BANDS[:3], ground(number), strict=False):
            write_band(tmp_path / f"S2_{day}_{band}.tif", values.astype(np.int16))
        write_band(tmp_path / f"S2_{day}_B8A.tif", plane, 20)
    read = load(tmp_path, resampling=method).reflectance[0, 3]
    assert (read[:2, :2] == FILL).all()
    # a plane stays a plane away from edges: 10 m centres lie at quarters of the 20 m pixels
    rows, cols = np.mgrid[4:6, 4:8]
    expected = 1000 + 100 * (rows / 2 - 0.25) + 40 * (cols / 2 - 0.25)
    np.testing.assert_allclose(read[4:6, 4:8], expected, atol=1)
    # nothing of -10000 in the neighbours of the hole
    assert read[read != FILL].min() >= 990


def test_granules_of_one_day_are_merged_valid_pixels_first(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    for number, day in enumerate(DAYS):
        left, right = ground(number), ground(number)
        left[:, :, 4:] = 0
        right[:, :, :3] = 0
        right[:, :, 3] += 500  # both have data here: the first counts
        write_tif(tmp_path / f"T31TCJ_{day}.tif", left)
        write_tif(tmp_path / f"T31TDJ_{day}.tif", right)
    patch = load(tmp_path)
    np.testing.assert_array_equal(patch.reflectance, truth())
    assert patch.reading["merged"]["2021-06-04"] == ["T31TCJ_20210604.tif", "T31TDJ_20210604.tif"]
    assert "3 dates merged of several images" in caplog.text


def test_another_grid_is_brought_to_the_first(tmp_path):
    for number, day in enumerate(DAYS):
        write_tif(tmp_path / f"T31TCJ_{day}.tif", ground(number)[:, :, :7])
    shifted = UTM @ Affine.translation(5, 0)
    for number, day in enumerate(DAYS):
        values = ground(number)[:, :, 5:]
        write_tif(tmp_path / f"T31TDJ_{day}.tif", values, transform=shifted)
    write_tif(tmp_path / "whole.tif", ground(0))
    with pytest.raises(ValueError, match=r"T31TDJ_20210604.tif is on another grid .* grid: first"):
        load(tmp_path)
    first = load(tmp_path, grid="first").reflectance
    np.testing.assert_array_equal(first, truth()[:, :, :7, :7])
    patch = load(tmp_path, grid="whole.tif")
    np.testing.assert_array_equal(patch.reflectance, truth())
    with pytest.raises(ValueError, match=r"grid must be refuse, first or a raster"):
        load(tmp_path, grid="none.tif")


def test_another_crs_is_brought_to_the_first(tmp_path):
    from rasterio.warp import transform

    row, col = np.mgrid[:40, :60]
    smooth = np.stack([500 + 300 * band + 10 * row + 5 * col for band in range(4)])
    for day in DAYS[:2]:
        write_tif(tmp_path / f"S2_{day}.tif", smooth[:, :24, :36].astype(np.uint16))
    x, y = transform("EPSG:32631", "EPSG:32632", [UTM.c - 60], [UTM.f + 60])
    other = Affine(10, 0, x[0], 0, -10, y[0])
    rows, cols = np.mgrid[:40, :60]
    east, north = other @ (cols + 0.5, rows + 0.5)
    back = transform("EPSG:32632", "EPSG:32631", east.ravel(), north.ravel())
    at_col, at_row = ~UTM @ (np.array(back[0]) - 5, np.array(back[1]) + 5)
    values = np.stack(
        [(500 + 300 * band + 10 * at_row + 5 * at_col).reshape(40, 60) for band in range(4)]
    )
    write_tif(
        tmp_path / f"S2_{DAYS[2]}.tif", values.astype(np.uint16), crs="EPSG:32632", transform=other
    )
    for method, error in (("nearest", 9), ("bilinear", 2)):
        read = load(tmp_path, grid="first", resampling=method).reflectance[2]
        seen = read != FILL
        assert seen.mean() > 0.8
        assert np.abs(read - smooth[:, :8, :8])[seen].max() <= error
    with pytest.raises(ValueError, match="another grid"):
        load(tmp_path)


IMAGES = [f"{day}T105621_{day}T110034_T31TCJ" for day in DAYS]


@pytest.mark.parametrize("name", ["export.tif", "export_20230101.tif"])
@pytest.mark.parametrize("form", ["{image}_{band}", "{band}_{day}"])
def test_all_dates_in_one_file(tmp_path, name, form):
    values = np.concatenate([ground(day) for day in range(3)])
    names = [
        form.format(image=image, band=band, day=image[:8])
        for image in IMAGES
        for band in ("B2", "B3", "B4", "B8")
    ]
    write_tif(tmp_path / name, values, names)
    patch = load(tmp_path)
    np.testing.assert_array_equal(patch.reflectance, truth())
    assert patch.dates.astype(str).tolist() == ["2021-06-04", "2022-02-14", "2022-02-24"]


def test_bands_of_numbered_images_need_their_dates(tmp_path):
    names = [f"{image}_{band}" for image in range(3) for band in ("B2", "B3", "B4", "B8")]
    write_tif(
        tmp_path / "S2_20210604.tif", np.concatenate([ground(day) for day in range(3)]), names
    )
    with pytest.raises(ValueError, match="belong to images 0, 1, 2 and bear no dates"):
        load(tmp_path)


def test_one_numbered_image_a_file(tmp_path):
    for number, day in enumerate(DAYS):
        names = ("0_B2", "0_B3", "0_B4", "0_B8")
        write_tif(tmp_path / f"S2_{day}.tif", ground(number), names)
    np.testing.assert_array_equal(load(tmp_path).reflectance, truth())


def test_a_place_named_by_a_span_of_dates_is_no_product(tmp_path):
    for number, day in enumerate(DAYS):
        write_tif(tmp_path / f"site_20210101_20221231/S2_{day}.tif", ground(number))
    assert list(find_places(tmp_path)) == ["site_20210101_20221231"]


def test_product_folders_beside_files_belong_to_the_place_and_hidden_files_do_not(tmp_path):
    write_tif(tmp_path / f"S2_{DAYS[0]}.tif", ground(0))
    (tmp_path / f"._S2_{DAYS[0]}.tif").write_bytes(b"resource fork")
    for number in (1, 2):
        write_tif(tmp_path / f"S2A_{DAYS[number]}/stack.tif", ground(number))
    np.testing.assert_array_equal(load(tmp_path).reflectance, truth())
