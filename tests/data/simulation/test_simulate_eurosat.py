from pathlib import Path

import numpy as np
import pytest
import rasterio
from PIL import Image

from pimc.data.simulation.eurosat import BANDS, rgb, simulate_image, split_names, write_eurosat
from pimc.data.simulation.land_use import LAYOUTS


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("eurosat")
    write_eurosat(folder, images_per_class=5, seed=0)
    return folder


def test_layout_is_eurosat_s(folder):
    assert sorted(path.name for path in (folder / "EuroSAT_RGB").iterdir()) == list(LAYOUTS)
    names = {path.stem for path in (folder / "EuroSAT_RGB" / "River").glob("*.jpg")}
    assert names == {f"River_{number}" for number in range(1, 6)}
    assert names == {path.stem for path in (folder / "EuroSAT_MS" / "River").glob("*.tif")}


def test_multispectral_images_are_georeferenced_uint16(folder):
    with rasterio.open(folder / "EuroSAT_MS" / "Forest" / "Forest_2.tif") as file:
        assert (file.count, file.height, file.width) == (13, 64, 64)
        assert set(file.dtypes) == {"uint16"}
        assert file.res == (10.0, 10.0)
        assert file.crs.to_epsg() in {32630, 32631, 32632}
        np.testing.assert_array_equal(file.read(), simulate_image("Forest", 2, 0).values)


def test_b8a_is_last():
    forest = simulate_image("Forest", 1, 0).values.mean(axis=(1, 2))
    assert BANDS[-1] == "B8A"
    near_infrared, water_vapour, cirrus = forest[[12, 8, 9]]
    assert near_infrared == pytest.approx(forest[7], rel=0.15)
    assert water_vapour < 0.5 * near_infrared
    assert cirrus < 50


def test_rgb_are_the_same_images_in_eight_bits(folder):
    image = simulate_image("AnnualCrop", 3, 0)
    with Image.open(folder / "EuroSAT_RGB" / "AnnualCrop" / "AnnualCrop_3.jpg") as file:
        read = np.asarray(file)
    assert (read.shape, read.dtype) == ((64, 64, 3), np.uint8)
    assert np.abs(read.astype(int) - rgb(image)).mean() < 8
    # red, green, blue = B04, B03, B02, white at a reflectance of 0.275
    expected = np.minimum(np.rint(image.values[[3, 2, 1]] * (255 / 2750)), 255)
    np.testing.assert_allclose(rgb(image).transpose(2, 0, 1), expected, atol=1)


def test_lists_split_every_class(folder):
    lists = {
        split: (folder / f"eurosat-{split}.txt").read_text().split()
        for split in ("train", "val", "test")
    }
    assert {split: len(names) for split, names in lists.items()} == {
        "train": 30, "val": 10, "test": 10,
    }  # fmt: skip
    assert len(set().union(*lists.values())) == 50
    for names in lists.values():
        assert {Path(name).stem.split("_")[0] for name in names} == set(LAYOUTS)


@pytest.mark.parametrize("count", [5, 7, 12, 100])
def test_every_image_is_in_one_list(count):
    lists = split_names(count, np.random.default_rng(0))
    names = [name for split in lists.values() for name in split]
    assert len(names) == len(set(names)) == 10 * count
    assert all(len(split) >= 10 for split in lists.values())


def test_an_image_hangs_on_its_class_number_and_seed():
    first = simulate_image("River", 4, 7).values
    np.testing.assert_array_equal(first, simulate_image("River", 4, 7).values)
    for other in (("River", 5, 7), ("River", 4, 8), ("SeaLake", 4, 7)):
        assert not np.array_equal(first, simulate_image(*other).values)


def test_colour_alone_does_not_tell_the_classes_apart():
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import cross_val_score

    images = [rgb(simulate_image(name, n, 0)) for name in LAYOUTS for n in range(20)]
    labels = np.repeat(np.arange(10), 20)
    colours = np.array([image.mean(axis=(0, 1)) for image in images])
    spread = np.array([image.std(axis=(0, 1)) for image in images])
    forest = RandomForestClassifier(100, random_state=0)
    by_colour = cross_val_score(forest, colours, labels, cv=4).mean()
    by_both = cross_val_score(forest, np.hstack([colours, spread]), labels, cv=4).mean()
    assert 0.3 < by_colour < 0.7
    assert by_both > by_colour + 0.05


def test_too_few_images_are_refused(tmp_path):
    with pytest.raises(ValueError, match="images_per_class must be at least 5"):
        write_eurosat(tmp_path, images_per_class=4, seed=0)
