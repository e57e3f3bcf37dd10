"""The pipelines that `kedro run --pipeline=...` knows."""

from importlib import import_module

from kedro.pipeline import Pipeline

from pimc.evaluation.tasks import TASKS
from pimc.pipelines import (
    ablation,
    corpus,
    download,
    ingestion,
    leaderboard,
    mapping,
    pretraining,
    recurrence_plots,
    vegetation_indices,
)


def register_pipelines() -> dict[str, Pipeline]:
    """Each stage by itself, the way to two pretrained encoders, the tasks, and their comparison."""
    stages = {
        "ingestion": ingestion.create_pipeline(),
        "vegetation_indices": vegetation_indices.create_pipeline(),
        "recurrence_plots": recurrence_plots.create_pipeline(),
        "pretraining": corpus.create_pipeline() + pretraining.create_pipeline(),
    }
    pretrain = sum(stages.values(), Pipeline([]))
    # a task makes the series that it reads anew, and takes the encoder that the catalog holds
    series = stages["ingestion"] + stages["vegetation_indices"] + corpus.create_pipeline()
    tasks = {
        task.name: (series if task.series else Pipeline([])) + _create_task(task.name)
        for task in TASKS.values()
        if task.evaluated
    }
    ranking = leaderboard.create_pipeline()
    metrics = [f"{name}_metrics" for name in tasks]
    evaluate = sum(tasks.values(), leaderboard.create_pipeline(after=metrics))
    return {
        **stages,
        "pretrain": pretrain,
        **tasks,
        "evaluate": evaluate,
        "leaderboard": ranking,
        "map": mapping.create_pipeline(),
        "download": download.create_pipeline(),
        "ablation": series + ablation.create_pipeline(),
        "transfer": series + ablation.create_transfer(),
        "results_page": ranking + leaderboard.create_results_page(),
        "__default__": pretrain + evaluate,
    }


def _create_task(name: str) -> Pipeline:
    """The pipeline of a task, which lies in a package of the task's name."""
    pipeline: Pipeline = import_module(f"pimc.pipelines.{name}").create_pipeline()
    return pipeline
