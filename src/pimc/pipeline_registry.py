"""The pipelines that `kedro run --pipeline=...` knows."""

from kedro.pipeline import Pipeline

from pimc.pipelines import (
    forecasting,
    ingestion,
    land_cover,
    pixel_classification,
    pretraining,
    recurrence_plots,
    vegetation_indices,
)


def register_pipelines() -> dict[str, Pipeline]:
    """Each stage by itself, the way to two pretrained encoders, and the tasks."""
    stages = {
        "ingestion": ingestion.create_pipeline(),
        "vegetation_indices": vegetation_indices.create_pipeline(),
        "recurrence_plots": recurrence_plots.create_pipeline(),
        "pretraining": pretraining.create_pipeline(),
    }
    pretrain = sum(stages.values(), Pipeline([]))
    pixels = stages["ingestion"]
    series = pixels + stages["vegetation_indices"]
    tasks = {
        "pixel_classification": pixel_classification.create_pipeline(),
        "forecasting": forecasting.create_pipeline(),
    }
    images = land_cover.create_pipeline()
    return {
        **stages,
        "pretrain": pretrain,
        # a task makes the series that it reads anew, and takes the encoder that the catalog holds
        "pixel_classification": series + tasks["pixel_classification"],
        "forecasting": pixels + tasks["forecasting"],
        "land_cover": images,
        "__default__": sum(tasks.values(), pretrain + images),
    }
