import json

import numpy as np
import pytest
from kedro.io import DatasetError

from pimc.catalog.land_images import LandImageArray
from pimc.catalog.unpaired_images import TrainingLandImages


def write_images(folder, count=50):
    images = np.random.default_rng(0).integers(0, 255, (count, 3, 64, 64), dtype=np.uint8)
    np.save(folder / "images-abc.npy", images)
    splits = ["train"] * (count - 20) + ["validation"] * 10 + ["test"] * 10
    facts = {"fingerprint": "abc", "bands": ["B04", "B03", "B02"], "splits": splits}
    facts |= {"labels": [0] * count, "names": [str(n) for n in range(count)]}
    (folder / "images.json").write_text(json.dumps(facts))
    return images


def test_images_of_the_training_list(tmp_path):
    images = write_images(tmp_path)
    found = TrainingLandImages(str(tmp_path)).load()
    assert found.rows.tolist() == list(range(30))
    assert found.bands == ("B04", "B03", "B02")
    assert found.fingerprint == "abc"
    assert found.names == LandImageArray(str(tmp_path)).load().training_list
    np.testing.assert_array_equal(found.images[3], images[3])


def test_none_where_no_folder_is_named():
    assert TrainingLandImages().load() is None


def test_a_folder_without_images(tmp_path):
    with pytest.raises(DatasetError, match=r"no decoded images in .*land_cover\.images"):
        TrainingLandImages(str(tmp_path)).load()
    with pytest.raises(DatasetError, match="only read"):
        TrainingLandImages(str(tmp_path)).save(np.zeros(3))
