"""The pipelines that `kedro run --pipeline=...` knows."""

from kedro.pipeline import Pipeline

from pimc.pipelines import (
    ablation,
    forecasting,
    ingestion,
    land_cover,
    leaderboard,
    pixel_classification,
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
        "pretraining": pretraining.create_pipeline(),
    }
    pretrain = sum(stages.values(), Pipeline([]))
    series = stages["ingestion"] + stages["vegetation_indices"]
    # a task makes the series that it reads anew, and takes the encoder that the catalog holds
    tasks = {
        "pixel_classification": series + pixel_classification.create_pipeline(),
        "forecasting": series + forecasting.create_pipeline(),
        "land_cover": land_cover.create_pipeline(),
    }
    ranking = leaderboard.create_pipeline()
    written = [f"{task}.{table}" for task in tasks for table in ("scores", "differences")]
    evaluate = sum(tasks.values(), leaderboard.create_pipeline(after=written))
    return {
        **stages,
        "pretrain": pretrain,
        **tasks,
        "evaluate": evaluate,
        "leaderboard": ranking,
        "ablation": series + ablation.create_pipeline(),
        "transfer": series + ablation.create_transfer(),
        "results_page": ranking + leaderboard.create_results_page(),
        "__default__": pretrain + evaluate,
    }
