"""Sessions of Kedro on a tiny sample."""

import mlflow
import pandas as pd
from kedro.framework.session import KedroSession
from kedro.framework.startup import bootstrap_project

TINY = {
    "patches": 10,
    "size": 40,
    "sampling": {"pixels_per_patch": 48, "frames_per_patch": 3},
    "pretraining": {
        "preset": "tiny",
        "max_epochs": 2,
        "steps_per_epoch": 4,
        "progress_bar": False,
        "accelerator": "cpu",
        "batch": {"size": 16, "patches": 4},
    },
}
ARMS = {
    name: None
    for name in ("rocket", "random_init", "fused_fine_tune", "fused_scratch", "scratch", "knn")
}
SHORT = {"epochs": 1, "min_steps": 2, "checks": 1}
TASKS = {
    "pixel_classification": {
        "resamples": 50,
        "device": "cpu",
        "arms": {
            **ARMS,
            **dict.fromkeys(("rocket_bands", "svm_bands", "svm_probe", "image_probe")),
            "forest": {"trees": 5},
            "forest_bands": {"trees": 5},
            "cnn1d": SHORT,
            "cnn1d_bands": SHORT,
            "fine_tune": SHORT,
        },
        "efforts": {
            "quick": {"max_train": 200, "budgets": {"shots_5": {"draws": 1}, "shots_20": None}}
        },
    },
    "forecasting": {
        "resamples": 50,
        "device": "cpu",
        "arms": {
            **{name: arm for name, arm in ARMS.items() if name not in ("rocket", "knn")},
            "cnn1d": SHORT,
            "fine_tune": SHORT,
        },
        "efforts": {"quick": {"max_train": 200}},
    },
}


def run(project, environment="base", pipeline="pretrain", **parameters):
    bootstrap_project(project)
    with KedroSession.create(project, env=environment, runtime_params=parameters) as session:
        session.run(pipeline_names=[pipeline])


def runs(project):
    mlflow.set_tracking_uri(f"sqlite:///{project}/mlflow.db")
    return mlflow.MlflowClient().search_runs(["1"], order_by=["attributes.start_time DESC"])


def read_history(project):
    return pd.read_csv(project / "data/08_reporting/simulated/pretraining_history.csv")
