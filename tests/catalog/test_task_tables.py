import subprocess

import pandas as pd
import pytest
from kedro.io import DatasetError

from pimc.catalog.provenance import ProjectState, git_commit
from pimc.catalog.task_tables import TaskTablesFolder

SCORES = pd.DataFrame(
    {
        "unit": ["image"],
        "budget": ["all"],
        "arm": ["forest"],
        "kind": ["forest"],
        "input": ["series"],
        "pretraining": ["none"],
        "chosen": [True],
        "score": ["accuracy"],
        "value": [0.5],
    }
)
DIFFERENCES = pd.DataFrame(
    columns=["unit", "budget", "score", "arm", "reference", "difference", "low", "high"]
)


def write(folder, task):
    folder.mkdir(exist_ok=True)
    SCORES.to_csv(folder / f"{task}.scores.csv", index=False)
    DIFFERENCES.to_csv(folder / f"{task}.differences.csv", index=False)


def test_tables_are_found_in_all_workspaces_and_missing_ones_are_no_error(tmp_path):
    write(tmp_path / "points", "pixel_classification")
    write(tmp_path / "eurosat", "land_cover")
    write(tmp_path / "eurosat", "pixel_classification")
    counts = pd.DataFrame({"budget": ["all"], "arm": ["forest"], "samples": [7]})
    counts.to_csv(tmp_path / "points/pixel_classification.class_scores.csv", index=False)
    (tmp_path / "empty").mkdir()
    (tmp_path / "points/leaderboard.scores.csv").write_text("data_set\n")
    dataset = TaskTablesFolder(path=str(tmp_path))
    tables = dataset.load()
    assert [(each.task, each.workspace) for each in tables] == [
        ("land_cover", "eurosat"),
        ("pixel_classification", "eurosat"),
        ("pixel_classification", "points"),
    ]
    assert tables[0].counts is None and tables[2].counts["samples"].tolist() == [7]
    assert tables[0].scores["value"].tolist() == [0.5]
    assert len(tables[0].scored_on) == len("2026-01-01")
    assert TaskTablesFolder(path=str(tmp_path / "nowhere")).load() == []
    with pytest.raises(DatasetError, match="which the tasks write"):
        dataset.save([])


def test_the_commit_has_all_its_digits_and_changed_files_show(tmp_path):
    def git(*arguments):
        who = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
        return subprocess.run(
            ["git", *who, *arguments], cwd=tmp_path, capture_output=True, text=True, check=True
        ).stdout.strip()

    git("init", "--quiet")
    (tmp_path / "file").write_text("a")
    git("add", "file")
    git("commit", "--quiet", "--no-verify", "-m", "first")
    commit = git("rev-parse", "HEAD")
    assert len(commit) == 40 and git_commit(tmp_path) == commit
    (tmp_path / "file").write_text("b")
    assert git_commit(tmp_path) == f"{commit}-dirty"


def test_the_state_of_a_folder_without_git_has_no_commit(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert git_commit(tmp_path) == ""
    state = ProjectState(path=str(tmp_path)).load()
    assert state.commit == "" and state.version.count(".") == 2
