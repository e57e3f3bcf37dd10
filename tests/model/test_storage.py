import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from test_encoders import ALONE, FUSED, IMAGE, SERIES

from pimc.model.encoders import ImageEncoder, SeriesEncoder
from pimc.model.storage import CONFIG, WEIGHTS, encoder_digest, load_encoder, save_encoder


@pytest.fixture
def saved(tmp_path):
    torch.manual_seed(3)
    encoder = ImageEncoder(IMAGE)
    save_encoder(encoder, tmp_path / "image")
    return encoder, tmp_path / "image"


def test_a_digest_changes_with_weights_and_with_configuration():
    encoder = ImageEncoder(IMAGE)
    other = ImageEncoder(replace(IMAGE, trained_on={"elsewhere": (1,)}))
    digests = [encoder_digest(encoder), encoder_digest(other)]
    other.load_state_dict(encoder.state_dict())
    digests.append(encoder_digest(other))
    assert len(set(digests)) == 3
    same = ImageEncoder(IMAGE)
    same.load_state_dict(encoder.state_dict())
    assert encoder_digest(same) == digests[0]


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
    del stored["digest"]
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
        ({"kind": "sound"}, "an encoder of kind 'sound', neither series nor image"),
        ({"version": 99}, "expected an encoder of version 1, got 99"),
        ({"config": {}}, "configuration of an encoder, got KeyError 'architecture'"),
        ({"kind": "series"}, "configuration of an encoder, got KeyError 'calendar'"),
    ],
)
def test_wrong_configuration(saved, change, message):
    path = saved[1] / CONFIG
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(ValueError, match=message):
        load_encoder(saved[1])


@pytest.mark.parametrize(
    ("text", "got"),
    [
        ("{", "got Expecting property name"),
        ("[]", "got a list"),
        ("{}", "got none of config, kind, version"),
        ("\x80", "got 'utf-8' codec"),
        ("[" * 100_000, "got maximum recursion depth"),
    ],
)
def test_configuration_that_is_none(saved, text, got):
    (saved[1] / CONFIG).write_text(text, encoding="latin-1")
    with pytest.raises(
        ValueError, match=rf"encoder\.json: expected JSON, a dict with .*{got}.* anew"
    ):
        load_encoder(saved[1])


def test_weights_that_are_not_finite_are_neither_read_nor_written_over_others(saved):
    encoder, folder = saved
    with torch.no_grad():
        encoder.network.embed.bias[1] = float("nan")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(ValueError, match=r"expected finite weights, .* network\.embed\.bias"):
        save_encoder(encoder, folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    without_digest(folder)
    save_file(encoder.state_dict(), folder / WEIGHTS)
    with pytest.raises(ValueError, match=r"weights\.safetensors: expected finite weights"):
        load_encoder(folder)


def without_digest(folder):
    """As encoders were written before they had one."""
    stored = json.loads((folder / CONFIG).read_text())
    del stored["digest"]
    (folder / CONFIG).write_text(json.dumps(stored))


@pytest.mark.parametrize("other", [CONFIG, WEIGHTS])
def test_a_file_of_another_encoder_of_the_same_design_is_no_part_of_this(saved, tmp_path, other):
    config = replace(IMAGE, mean=tuple(each + 0.01 for each in IMAGE.mean))
    save_encoder(ImageEncoder(config), tmp_path / "other")
    (saved[1] / other).write_bytes((tmp_path / "other" / other).read_bytes())
    with pytest.raises(ValueError, match="as they were written together"):
        load_encoder(saved[1])
    without_digest(saved[1])  # of before: nothing to tell them apart by
    load_encoder(saved[1])


def test_one_flipped_bit_of_the_weights_is_seen(saved):
    path = saved[1] / WEIGHTS
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match="as they were written together"):
        load_encoder(saved[1])


@pytest.mark.parametrize("step", range(5))
def test_a_cut_while_one_is_written_over_leaves_the_former_none_or_the_new(
    saved, monkeypatch, step
):
    former, folder = saved
    new = ImageEncoder(IMAGE)
    cuts = iter(range(10))

    def cut_before(change):
        def changed(*given, **options):
            if next(cuts) == step:
                os._exit(9)
            return change(*given, **options)

        return changed

    for name in ("replace", "unlink"):  # what is under a name of the encoder's
        monkeypatch.setattr(Path, name, cut_before(getattr(Path, name)))
    child = os.fork()
    if not child:
        save_encoder(new, folder)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    monkeypatch.undo()
    if 0 < step < 4:
        with pytest.raises(FileNotFoundError, match=r"encoder\.json is missing"):
            load_encoder(folder)
    else:
        found, expected = load_encoder(folder), new if step else former
        assert torch.equal(found.network.embed.weight, expected.network.embed.weight)


def test_both_files_may_be_read_by_the_same_people(saved):
    assert len({(saved[1] / name).stat().st_mode for name in (CONFIG, WEIGHTS)}) == 1


def test_weights_that_do_not_fit(saved):
    path = saved[1] / WEIGHTS
    weights = load_file(path)
    del weights["network.stem.bias"]
    save_file(weights, path)
    with pytest.raises(
        ValueError, match=r"(?s)expected weights of the image encoder .*network\.stem\.bias"
    ):
        load_encoder(saved[1])
    path.write_bytes(b"cut")
    with pytest.raises(
        ValueError,
        match=r"20,280 bytes of weights, weights\.safetensors beside it has 3 b",
    ):
        load_encoder(saved[1])


@pytest.mark.parametrize(
    ("name", "value"),
    [("widths", [8 * 10**8]), ("blocks", 10**8), ("embedding_size", 10**9), ("stem_stride", 10**8)],
)
def test_sizes_that_no_encoder_has_are_refused_before_anything_is_made(saved, name, value):
    path = saved[1] / CONFIG
    stored = json.loads(path.read_text())
    stored["config"]["architecture"][name] = value
    path.write_text(json.dumps(stored))
    with pytest.raises(ValueError, match="no size of an encoder may be above 4096"):
        load_encoder(saved[1])
