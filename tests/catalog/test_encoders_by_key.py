import json
from dataclasses import replace

import mlflow
import numpy as np
import pandas as pd
import pytest
import torch
from kedro.io import DatasetError

from pimc.catalog.encoders_by_key import EncodersByKey
from pimc.model.architecture import Architecture
from pimc.model.encoder_config import ImageEncoderConfig, SeriesEncoderConfig
from pimc.model.encoders import ImageEncoder, SeriesEncoder
from pimc.model.storage import encoder_digest
from pimc.pretraining.kept_encoder import EncoderRun, EncoderTask, TrainedEncoder
from pimc.signal.calendar import CalendarOptions
from pimc.signal.recurrence import RecurrenceOptions, fit_recurrence

SERIES = np.random.default_rng(0).random((20, 1, 12)).astype(np.float32)
FITTED = fit_recurrence(SERIES, RecurrenceOptions(), ("NDVI",), np.random.default_rng(0))
CONFIG = SeriesEncoderConfig(
    Architecture((8, 8), embedding_size=8), CalendarOptions(length=12), FITTED, {"p": (1,)}
)


def task(variant, key, calls=None, make=None):
    def made(log):
        calls.append(variant)
        torch.manual_seed(len(calls))
        history = pd.DataFrame({"epoch": [0, 1], "val_loss": [2.0, 1.0]})
        return TrainedEncoder(SeriesEncoder(CONFIG), history, {"val_loss": 1.0, "seconds": 2.0})

    options = {"pretraining": {"batch": {"size": 16}, "seed": 0}}
    return EncoderTask(EncoderRun(variant, 1, 2), key, options, make or made)


def named(*tasks):
    return {each.run.name: each for each in tasks}


def test_round_trip(tmp_path):
    dataset, calls = EncodersByKey(str(tmp_path / "ablation.encoders")), []
    assert not dataset.exists()
    dataset.save(named(task("a", "k1", calls), task("b", "k2", calls)))
    kept = dataset.load()
    assert list(kept) == ["a-seed1-rotation2", "b-seed1-rotation2"]
    assert kept["b-seed1-rotation2"].run == EncoderRun("b", 1, 2)
    assert kept["b-seed1-rotation2"].metrics == {"val_loss": 1.0, "seconds": 2.0}
    encoder = kept["a-seed1-rotation2"].load()
    assert encoder.config == CONFIG and not encoder.training
    assert encoder_digest(encoder) == kept["a-seed1-rotation2"].digest
    folder = tmp_path / "encoders/k1"
    assert {path.name for path in folder.iterdir()} == {
        "encoder.json", "weights.safetensors", "history.csv", "training.json",
    }  # fmt: skip
    assert pd.read_csv(folder / "history.csv")["val_loss"].tolist() == [2.0, 1.0]


def test_the_image_encoder_that_was_trained_beside_is_kept_beside(tmp_path):
    torch.manual_seed(3)
    images = ImageEncoder(ImageEncoderConfig(Architecture((8,)), ("B04",), (0.1,), (0.2,)))
    dataset, calls = EncodersByKey(str(tmp_path / "ablation.encoders")), []
    series = task("series", "k1", calls)

    def both(log):
        return replace(series.make(None), image=images)

    dataset.save(named(series, task("pairs", "k2", make=both)))
    kept = dataset.load()
    assert kept["series-seed1-rotation2"].image is None
    image = kept["pairs-seed1-rotation2"].image
    assert image.digest == encoder_digest(images) == encoder_digest(image.load())
    assert not image.load().training
    # one that was kept before image encoders were is read as it was
    training = tmp_path / "encoders/k2/training.json"
    facts = json.loads(training.read_text())
    training.write_text(json.dumps({name: facts[name] for name in ("digest", "metrics")}))
    assert dataset.load()["pairs-seed1-rotation2"].image is None
    (tmp_path / "encoders/k2/encoder.json").write_text(
        (tmp_path / "encoders/k2/image/encoder.json").read_text()
    )
    (tmp_path / "encoders/k2/weights.safetensors").write_bytes(
        (tmp_path / "encoders/k2/image/weights.safetensors").read_bytes()
    )
    with pytest.raises(ValueError, match="k2 holds an encoder of image, expected one of series"):
        dataset.load()["pairs-seed1-rotation2"].load()


def test_what_is_there_under_its_key_is_not_trained_again_by_any_task(tmp_path):
    calls = []
    dataset = EncodersByKey(str(tmp_path / "ablation.encoders"))
    dataset.save(named(task("a", "k1", calls), task("same", "k1", calls)))
    assert calls == ["a"]
    dataset.save(named(task("a", "k1", calls), task("b", "k2", calls)))
    assert calls == ["a", "b"]
    other = EncodersByKey(str(tmp_path / "pixel_classification.encoders"))
    other.save(named(task("shipped", "k2", calls)))
    assert calls == ["a", "b"]
    digests = [each.digest for each in (*dataset.load().values(), *other.load().values())]
    assert digests[1] == digests[2] != digests[0]


def test_what_another_process_makes_meanwhile_is_not_trained_again(tmp_path):
    calls, others = [], EncodersByKey(str(tmp_path / "other.encoders"))
    first = task("a", "k1", calls)

    def meanwhile(log):
        others.save(named(task("b", "k2", calls)))
        return first.make(None)

    dataset = EncodersByKey(str(tmp_path / "ablation.encoders"))
    dataset.save(named(task("a", "k1", make=meanwhile), task("b", "k2", calls)))
    assert calls == ["b", "a"]
    loaded = (dataset.load(), others.load())
    assert len({each["b-seed1-rotation2"].digest for each in loaded}) == 1


def test_the_second_maker_of_one_encoder_ends_well(tmp_path):
    calls, others = [], EncodersByKey(str(tmp_path / "other.encoders"))
    first = task("a", "k1", calls)

    def meanwhile(log):
        others.save(named(first))  # under the very same key
        return first.make(None)

    dataset = EncodersByKey(str(tmp_path / "ablation.encoders"))
    dataset.save(named(task("a", "k1", make=meanwhile)))
    (kept,), (other,) = dataset.load().values(), others.load().values()
    assert kept.digest == other.digest
    assert [path.name for path in (tmp_path / "encoders").iterdir()] == ["k1"]


def test_a_killed_run_loses_the_training_it_was_at(tmp_path):
    def killed(log):
        raise KeyboardInterrupt

    dataset, calls = EncodersByKey(str(tmp_path / "ablation.encoders")), []
    with pytest.raises(KeyboardInterrupt):
        dataset.save(named(task("a", "k1", calls), task("b", "k2", make=killed)))
    assert not dataset.exists()
    dataset.save(named(task("a", "k1", calls), task("b", "k2", calls)))
    assert calls == ["a", "b"]


def test_a_checkpoint_goes_when_its_encoder_is_stored_and_no_sooner(tmp_path, monkeypatch):
    checkpoint, calls = tmp_path / "checkpoints/run", []
    checkpoint.mkdir(parents=True)
    first = task("a", "k1", calls)
    kept = task("a", "k1", make=lambda log: replace(first.make(log), checkpoint=checkpoint))
    dataset = EncodersByKey(str(tmp_path / "ablation.encoders"))
    with monkeypatch.context() as patch, pytest.raises(DatasetError, match="disk full"):
        patch.setattr("pimc.model.storage.save_encoder", full)
        dataset.save(named(kept))
    assert checkpoint.is_dir()
    dataset.save(named(kept))
    assert not checkpoint.exists()


def full(*_):
    raise OSError("disk full")


def test_each_training_is_a_nested_mlflow_run(tmp_path):
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    mlflow.set_experiment("tests")  # another test may have chosen one of its own database
    dataset, calls = EncodersByKey(str(tmp_path / "ablation.encoders")), []
    with mlflow.start_run() as parent:
        dataset.save(named(task("a", "k1", calls)))
        dataset.save(named(task("a", "k1", calls)))
    (nested,) = mlflow.MlflowClient().search_runs(
        [parent.info.experiment_id], f"tags.mlflow.parentRunId = '{parent.info.run_id}'"
    )
    assert nested.data.tags["variant"] == "a" and nested.data.tags["task"] == "encoder"
    assert nested.data.params["pretraining.batch.size"] == "16"
    assert nested.data.params["rotation"] == "2"
    assert nested.data.metrics == {
        "val_loss": 1.0,
        "pretraining/val_loss": 1.0,
        "pretraining/seconds": 2.0,
    }


def test_without_a_path_there_are_none_and_a_wrong_path_is_an_error(tmp_path):
    assert EncodersByKey(None).load() is None
    with pytest.raises(DatasetError, match="there is no path to write encoders to"):
        EncodersByKey(None).save({})
    with pytest.raises(DatasetError, match=r"no encoders in .*nowhere: manifest\.json is missing"):
        EncodersByKey(str(tmp_path / "nowhere")).load()


def test_a_manifest_may_name_nothing(tmp_path):
    dataset = EncodersByKey(str(tmp_path / "pixel_classification.encoders"))
    dataset.save({})
    assert dataset.load() == {}
    assert json.loads((tmp_path / "pixel_classification.encoders/manifest.json").read_text()) == []
