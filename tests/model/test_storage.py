import json
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from test_encoders import ALONE, FUSED, IMAGE, SERIES

from pimc.model.encoders import ImageEncoder, SeriesEncoder
from pimc.model.storage import CONFIG, WEIGHTS, load_encoder, save_encoder


@pytest.fixture
def saved(tmp_path):
    torch.manual_seed(3)
    encoder = ImageEncoder(IMAGE)
    save_encoder(encoder, tmp_path / "image")
    return encoder, tmp_path / "image"


@pytest.mark.parametrize(
    ("encoder", "shape"),
    [
        (SeriesEncoder(SERIES), (3, 2, 20)),
        (SeriesEncoder(FUSED), (3, 2, 20)),
        (SeriesEncoder(ALONE), (3, 2, 20)),
        (ImageEncoder(IMAGE), (3, 2, 9, 9)),
    ],
)
def test_round_trip(encoder, shape, tmp_path):
    save_encoder(encoder, tmp_path)
    loaded = load_encoder(tmp_path)
    values = torch.rand(shape)
    assert type(loaded) is type(encoder)
    assert loaded.config == encoder.config
    assert not loaded.training
    assert torch.equal(loaded(values), encoder(values))
    assert sorted(path.name for path in tmp_path.iterdir()) == [CONFIG, WEIGHTS]


@pytest.mark.parametrize("config", [SERIES, IMAGE])
def test_the_ground_it_was_trained_on_is_kept_and_may_be_unknown(config):
    ground = {"hill": (1, 4), "10007": (2,)}
    known = replace(config, trained_on=ground)
    stored = json.loads(json.dumps(known.to_json()))
    assert type(config).from_json(stored) == known
    del stored["trained_on"]  # encoders of before it was kept
    assert type(config).from_json(stored).trained_on is None


def test_an_encoder_of_before_the_newer_fields(tmp_path):
    encoder = SeriesEncoder(SERIES)
    save_encoder(encoder, tmp_path)
    stored = json.loads((tmp_path / CONFIG).read_text())
    del stored["config"]["architecture"]["temporal_width"]
    for name in ("bins", "validity"):
        del stored["config"]["recurrence"][name]
    (tmp_path / CONFIG).write_text(json.dumps(stored))
    assert load_encoder(tmp_path).config == SERIES


def test_three_lines_without_kedro(saved):
    lines = f"""
from pimc.model.storage import load_encoder
encoder = load_encoder({str(saved[1])!r})
embedding = encoder(__import__("torch").full((1, 2, 9, 9), 0.2))
import sys
assert embedding.shape == (1, 6)
assert not {{"kedro", "lightning", "mlflow", "pandas"}} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", lines], check=True)


def test_saving_over_an_encoder_does_not_change_a_loaded_one(saved):
    folder = saved[1]
    loaded = load_encoder(folder)
    before = loaded.network.embed.weight.clone()
    save_encoder(ImageEncoder(IMAGE), folder)
    assert torch.equal(loaded.network.embed.weight, before)
    assert not torch.equal(load_encoder(folder).network.embed.weight, before)


@pytest.mark.parametrize("name", [CONFIG, WEIGHTS])
def test_no_encoder(saved, name):
    (saved[1] / name).unlink()
    with pytest.raises(FileNotFoundError, match=f"no encoder in .*{name} is missing"):
        load_encoder(saved[1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "sound"}, "kind series or image, got 'sound'"),
        ({"version": 99}, "expected an encoder of version 1, got 99"),
        ({"config": {}}, "configuration of the image encoder: KeyError"),
        ({"kind": "series"}, "configuration of the series encoder: KeyError"),
    ],
)
def test_wrong_configuration(saved, change, message):
    path = saved[1] / CONFIG
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(ValueError, match=message):
        load_encoder(saved[1])


def test_configuration_that_is_no_json(saved):
    (saved[1] / CONFIG).write_text("{")
    with pytest.raises(ValueError, match=r"encoder\.json is no encoder's configuration"):
        load_encoder(saved[1])


def test_weights_that_do_not_fit(saved):
    from safetensors.torch import load_file, save_file

    path = saved[1] / WEIGHTS
    weights = load_file(path)
    del weights["network.stem.bias"]
    save_file(weights, path)
    with pytest.raises(
        ValueError, match=r"(?s)does not fit the image encoder .*network\.stem\.bias"
    ):
        load_encoder(saved[1])
    path.write_bytes(b"cut")
    with pytest.raises(ValueError, match="does not fit the image encoder"):
        load_encoder(saved[1])
