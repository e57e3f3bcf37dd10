import json

import pytest
import torch
from kedro.io import DatasetError

from pimc.catalog.encoder import NO_ENCODER, EncoderFolder
from pimc.model.architecture import find_preset
from pimc.model.encoder_config import ImageEncoderConfig
from pimc.model.encoders import ImageEncoder


@pytest.fixture
def encoder():
    config = ImageEncoderConfig(find_preset("tiny").image, ("B04",), (0.2,), (0.1,))
    return ImageEncoder(config)


def test_an_encoder_comes_back(tmp_path, encoder):
    dataset = EncoderFolder(str(tmp_path / "encoder"))
    dataset.save(encoder)
    loaded = dataset.load()
    image = torch.rand(1, 1, 9, 9)
    assert torch.equal(loaded(image), encoder.eval()(image))


def test_a_run_without_an_encoder_takes_the_old_one_away(tmp_path, encoder, caplog):
    dataset = EncoderFolder(str(tmp_path / "encoder"), optional=True)
    dataset.save(encoder)
    dataset.save(NO_ENCODER)
    assert "the run trained no such encoder: removing that of" in caplog.text
    assert dataset.load() is None
    assert not dataset.exists()
    assert not list((tmp_path / "encoder").iterdir())


def test_no_encoder_where_there_was_none(tmp_path, caplog):
    EncoderFolder(str(tmp_path / "encoder")).save(NO_ENCODER)
    assert not (tmp_path / "encoder").exists()
    assert not caplog.text


def test_an_encoder_of_another_environment_is_read_and_not_written(tmp_path, encoder):
    other = tmp_path / "other/encoder"
    EncoderFolder(str(other)).save(encoder)
    dataset = EncoderFolder(str(other), workspace="mine")
    before = (other / "encoder.json").stat().st_mtime_ns
    for data in (encoder, NO_ENCODER):
        with pytest.raises(DatasetError, match="not lie in a folder mine: this environment reads"):
            dataset.save(data)
    assert (other / "encoder.json").stat().st_mtime_ns == before
    assert dataset.load() is not None
    EncoderFolder(str(tmp_path / "mine/encoder"), workspace="mine").save(encoder)


def test_the_preview_tells_what_an_encoder_reads(tmp_path, encoder):
    dataset = EncoderFolder(str(tmp_path / "encoder"))
    dataset.save(encoder)
    shown = json.loads(dataset.preview())
    assert (shown["kind"], shown["config"]["bands"]) == ("image", ["B04"])
    assert shown["config"]["trained_on"] == "0 patches"
