"""Samples, results and encoders of workers are those of this process, to the bit."""

import mlflow
import numpy as np
import pytest
from cases.small_corpus import PRETRAINING, make_corpus

from pimc.catalog.encoders_by_key import EncodersByKey
from pimc.catalog.results import ArmResults
from pimc.catalog.sharded import SampleShards
from pimc.data.folds import FoldOptions
from pimc.data.simulation.scenes import SimulationOptions, simulate_scenes
from pimc.data.tensor_file import map_tensors
from pimc.evaluation.pixel_arms import PixelClassificationOptions
from pimc.pipelines.ingestion.nodes import plan_samples
from pimc.pipelines.pixel_classification.nodes import gather_encoders, plan_arms
from pimc.pretraining.variants import Variant
from pimc.signal.recurrence import RecurrenceOptions
from pimc.signal.sampling import SamplingOptions
from pimc.signal.screening import ScreeningOptions

PLOT = RecurrenceOptions(scale="standard")


def test_shards_are_the_same(tmp_path, scheduler):
    scenes = simulate_scenes(SimulationOptions(patches=5, size=32))
    sampling = SamplingOptions(pixels_per_patch=20, frames_per_patch=2)
    tasks, *_ = plan_samples(scenes, sampling, ScreeningOptions(), [])
    for name, engine in (("here", "threads"), ("there", scheduler)):
        SampleShards(str(tmp_path / name), {"engine": engine}).save(tasks)
    here, there = (
        {path.name: map_tensors(path) for path in (tmp_path / name).glob("*.safetensors")}
        for name in ("here", "there")
    )
    assert here.keys() == there.keys() and len(here) == 5
    for file, (facts, arrays) in here.items():
        others, values = there[file]
        assert facts == others  # the digest of its values among them
        assert {name: array.tobytes() for name, array in arrays.items()} == {
            name: array.tobytes() for name, array in values.items()
        }
    loaded = SampleShards(str(tmp_path / "there")).load()
    assert list(loaded) == list(tasks)
    assert not list((tmp_path / "there").glob(".*"))


def plan_runs():
    """Runs that read series, and an encoder with first weights."""
    arms = {
        "forest": {"kind": "forest", "input": "series", "trees": 2},
        "random": {"kind": "linear", "input": "random"},
        "knn": {"kind": "knn", "input": "series"},
    }
    options = PixelClassificationOptions(
        arms=arms,
        efforts={"quick": {"budgets": {"all": {}}, "rotations": 2}},
        device="cpu",
        preset="tiny",
    )
    corpus = make_corpus()
    encoders = gather_encoders(corpus, None, None, {}, PLOT, PRETRAINING, options)
    return plan_arms(corpus, encoders, ["low", "high"], FoldOptions(), options)


@pytest.mark.slow  # each worker imports torch and scikit-learn
def test_results_are_the_same_and_this_process_alone_tells_mlflow(tmp_path, scheduler):
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    mlflow.set_experiment("tests")
    stored = {}
    for name, engine in (("here", "threads"), ("there", scheduler)):
        dataset = ArmResults(str(tmp_path / name), {"engine": engine})
        with mlflow.start_run() as parent:
            dataset.save(plan_runs())
        nested = mlflow.search_runs(
            filter_string=f"tags.mlflow.parentRunId = '{parent.info.run_id}'"
        )
        assert len(nested) == 6 and set(nested["status"]) == {"FINISHED"}
        stored[name] = dataset.load(), nested.set_index("tags.mlflow.runName").sort_index()
    (here, runs), (there, others) = stored["here"], stored["there"]
    for one, other in zip(here, there, strict=True):
        assert (one.arm, one.rotation) == (other.arm, other.rotation)
        assert one.result.metrics == other.result.metrics
        assert one.result.arrays.keys() == other.result.arrays.keys()
        for name, values in one.result.arrays.items():
            np.testing.assert_array_equal(values, other.result.arrays[name])
    metric = "metrics.test_accuracy"
    assert runs[metric].notna().all() and runs[metric].equals(others[metric])


@pytest.mark.slow  # each worker imports Lightning
def test_encoders_of_rotations_are_the_same_and_so_are_their_curves(tmp_path, scheduler):
    from pimc.pretraining.encoder_plan import plan_encoders

    variants = [Variant("shipped", PLOT, PRETRAINING)]
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    mlflow.set_experiment("tests")
    kept, curves = {}, {}
    for name, engine in (("here", "threads"), ("there", scheduler)):
        tasks = plan_encoders(
            make_corpus(), variants, 1, 2, FoldOptions(), tmp_path / name / "checkpoints"
        )
        dataset = EncodersByKey(str(tmp_path / name / "task.encoders"), {"engine": engine})
        with mlflow.start_run() as parent:
            dataset.save(tasks)
        mlflow.flush_async_logging()
        kept[name] = {run: each.digest for run, each in dataset.load().items()}
        assert not list((tmp_path / name / "checkpoints").glob("*/*.ckpt"))
        nested = mlflow.search_runs(
            filter_string=f"tags.mlflow.parentRunId = '{parent.info.run_id}'", output_format="list"
        )
        client = mlflow.MlflowClient()
        curves[name] = {
            run.info.run_name: {
                metric: [(each.step, each.value) for each in history]
                for metric in run.data.metrics
                if metric.startswith("curves/") and "second" not in metric
                for history in [client.get_metric_history(run.info.run_id, metric)]
            }
            for run in nested
        }
    assert kept["here"] == kept["there"] and len(kept["here"]) == 2
    assert any(curves["here"].values()) and curves["here"] == curves["there"]
