"""The pipelines that `kedro run --pipeline=...` knows."""

from kedro.pipeline import Pipeline

from pimc.pipelines import ingestion, pretraining, recurrence_plots, vegetation_indices


def register_pipelines() -> dict[str, Pipeline]:
    """Each stage by itself, and the whole way to two pretrained encoders."""
    stages = {
        "ingestion": ingestion.create_pipeline(),
        "vegetation_indices": vegetation_indices.create_pipeline(),
        "recurrence_plots": recurrence_plots.create_pipeline(),
        "pretraining": pretraining.create_pipeline(),
    }
    pretrain = sum(stages.values(), Pipeline([]))
    return {**stages, "pretrain": pretrain, "__default__": pretrain}
