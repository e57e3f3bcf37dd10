"""Wiring of the ablation, and of its scores for encoders that another workspace trained."""

from kedro.pipeline import Node, Pipeline, node

from pimc.pipelines.ablation.nodes import (
    draw_variants,
    plan_arms,
    plan_transferred,
    plan_variants,
    score_variants,
)

TRAINING = ["classes", "params:recurrence", "params:pretraining"]
PARAMETERS = {"recurrence", "pretraining", "folds", "ablation"}


def create_pipeline() -> Pipeline:
    """The corpus -> an encoder a variant, seed and rotation -> scores of all."""
    train = node(
        plan_variants,
        inputs=["corpus", *TRAINING, "params:folds", "params:ablation", "checkpoints"],
        outputs="encoders",
        name="train_encoders",
    )
    return _score_encoders("ablation", train, {"corpus", "classes", "checkpoints"})


def create_transfer() -> Pipeline:
    """Encoders of another workspace -> their scores on this one's pixels."""
    take = node(
        plan_transferred,
        inputs=["other_corpus", "corpus", *TRAINING, "params:ablation"],
        outputs="encoders",
        name="take_encoders",
    )
    return _score_encoders("transfer", take, {"corpus", "classes"})


def _score_encoders(study: str, encoders: Node, shared: set[str]) -> Pipeline:
    """The node that gives a study its encoders, and those that score them."""
    return Pipeline(
        [
            encoders,
            node(
                plan_arms,
                inputs=["corpus", "encoders", *TRAINING, "params:folds", "params:ablation"],
                outputs="results",
                name="run_arms",
            ),
            node(
                score_variants,
                inputs=[
                    "results",
                    "encoders",
                    "corpus",
                    "classes",
                    "params:ablation",
                ],
                outputs=["scores", "differences", "trainings", "metrics"],
                name="score_variants",
            ),
            node(
                draw_variants,
                inputs=["scores", "differences"],
                outputs="variant_figure",
                name="draw_variants",
            ),
        ],
        namespace=study,
        inputs=shared,
        outputs={"metrics": f"{study}_metrics"},
        parameters=PARAMETERS,
    )
