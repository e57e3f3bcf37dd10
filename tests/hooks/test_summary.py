"""What a run says when it has ended."""

import math

import pandas as pd
import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Pipeline, node
from kedro_datasets.pandas import CSVDataset

from pimc.catalog.encoder import EncoderFolder
from pimc.catalog.folder import Folder
from pimc.data.folds import FoldOptions
from pimc.evaluation.tasks import TASKS
from pimc.hooks.headlines import chosen_arms, find_chosen, headline_metrics
from pimc.hooks.summary import describe_choice, describe_retrieval, summarise

METRICS = {
    "val_loss": 1.5,
    "image_rank": 9.0,
    "across_patches_recall_at_1": 0.25,
    "across_patches_chance_at_1": 0.02,
    "within_patch_recall_at_1": 0.06,
    "within_patch_chance_at_1": 0.04,
}


def scores():
    """Two arms at two budgets; validation chose ``forest`` at few labels and ``knn`` at all."""
    return pd.DataFrame(
        {
            "unit": "pixel",
            "budget": ["few", "few", "all", "all", "all"],
            "arm": ["knn", "forest", "knn", "forest", "knn"],
            "train_samples": [10, 10, 90, 90, 90],
            "score": ["accuracy"] * 4 + ["macro_f1"],
            "value": [0.1, 0.2, 0.5, 0.75, 0.3],
            "low": [0.0, 0.1, 0.4, 0.6, 0.2],
            "high": [0.2, 0.3, 0.625, 0.9, 0.4],
            "chosen": [False, True, True, False, True],
        }
    )


def writing(*outputs):
    return Pipeline([node(lambda: None, inputs=None, outputs=list(outputs), name="write")])


def table(folder, name, frame):
    dataset = CSVDataset(filepath=str(folder / f"{name}.csv"))
    dataset.save(frame)
    return dataset


@pytest.fixture
def catalog(tmp_path):
    return DataCatalog(
        {
            "pretraining_metrics": MemoryDataset(METRICS),
            "series_encoder": EncoderFolder(str(tmp_path / "series_encoder")),
            "image_encoder": EncoderFolder(str(tmp_path / "image_encoder")),
            "series_pixels": MemoryDataset(pd.DataFrame({"label": [-1, 3], "fold": [1, 5]})),
            "params:folds": MemoryDataset(FoldOptions()),
            "land_cover.scores": table(tmp_path, "land_cover.scores", scores()),
            "leaderboard.page": CSVDataset(filepath=str(tmp_path / "page.html")),
        }
    )


def write_encoder(folder):
    folder.mkdir()
    (folder / "encoder.json").write_text("{}")


def test_recall_is_a_multiple_of_chance_in_plain_words():
    assert describe_retrieval(METRICS) == (
        "learned: a series and its image find each other, as a multiple of chance: "
        "12.5 times across all held-out patches, 1.5 times within one patch"
    )
    alone = {name: value for name, value in METRICS.items() if name.startswith("across")}
    assert describe_retrieval(alone) == (
        "learned: two views of a series find each other, as a multiple of chance: "
        "12.5 times across all held-out patches"
    )


def test_a_pretraining_says_what_it_learned_where_it_lies_and_what_comes_next(catalog, tmp_path):
    write_encoder(tmp_path / "series_encoder")
    run = {"env": "stack", "runtime_params": {"root": "/tiffs"}}
    pipeline = writing("pretraining_metrics", "series_encoder", "image_encoder")
    learned, written, following = summarise(run, pipeline, catalog)
    assert learned.startswith("learned: a series and its image")
    assert written == f"written: {tmp_path / 'series_encoder'}"
    command = "kedro run --env=stack --pipeline=evaluate --params=root=/tiffs"
    assert following.startswith(f"next: {command}")
    catalog["series_pixels"].save(pd.DataFrame({"label": [-1, -1], "fold": 5}))
    assert "--pipeline=forecasting" in summarise(run, pipeline, catalog)[2]


def test_paths_are_those_of_the_folder_where_the_command_was_typed(catalog, tmp_path, monkeypatch):
    write_encoder(tmp_path / "series_encoder")
    monkeypatch.chdir(tmp_path)
    pipeline = writing("pretraining_metrics", "series_encoder")
    assert summarise({}, pipeline, catalog)[1] == "written: series_encoder"


def test_a_task_says_which_arm_validation_chose_with_most_labels(catalog, tmp_path):
    run = {"env": "eurosat", "runtime_params": {"root": "/images"}}
    choice, written, following = summarise(run, writing("land_cover.scores"), catalog)
    assert choice == (
        "land_cover: validation chose knn, on test accuracy 0.500 (95 %: 0.400 to 0.625)"
    )
    assert written == f"written: {tmp_path / 'land_cover.scores.csv'}"
    assert following.startswith("next: kedro run --env=eurosat --pipeline=leaderboard")
    assert "root" not in following


def test_one_patch_gives_no_interval():
    frame = scores().assign(low=math.nan, high=math.nan)
    assert describe_choice(find_chosen(TASKS["land_cover"], frame)) == (
        "land_cover: validation chose knn, on test accuracy 0.500"
    )


def test_the_page_is_named_and_other_pipelines_say_nothing(catalog, tmp_path):
    lines = summarise({}, writing("land_cover.scores", "leaderboard.page"), catalog)
    assert str(tmp_path / "page.html") in lines[1]
    assert "--pipeline" not in lines[2]
    assert summarise({}, writing("pixels"), catalog) == []


def test_runs_are_compared_by_few_metrics_with_the_same_names(catalog):
    pipeline = writing("pretraining_metrics", "land_cover.scores")
    chosen = chosen_arms(pipeline, catalog)
    assert headline_metrics(pipeline, catalog, chosen) == {
        "land_cover_accuracy": 0.5,
        "val_loss": 1.5,
        "recall_at_1_across": 0.25,
        "recall_at_1_within": 0.06,
    }
    assert headline_metrics(writing("pixels"), catalog, []) == {}


def test_without_a_test_fold_there_is_no_task_to_go_on_with(catalog, tmp_path):
    write_encoder(tmp_path / "series_encoder")
    catalog["params:folds"] = MemoryDataset(FoldOptions((1,), (4,), ()))
    lines = summarise({}, writing("pretraining_metrics"), catalog)
    assert not any("--pipeline=" in line for line in lines)
    catalog["map_places"] = MemoryDataset("places")
    run = {"env": "stack", "runtime_params": {"root": "/tiffs"}}
    following = summarise(run, writing("pretraining_metrics"), catalog)[-1]
    assert following.startswith("next: kedro run --env=stack --pipeline=map --params=root=/tiffs")


def test_a_map_says_where_its_files_lie(catalog, tmp_path):
    catalog["maps"] = Folder(str(tmp_path / "maps"))
    assert summarise({}, writing("map.files"), catalog)[0] == f"written: {tmp_path / 'maps'}"
