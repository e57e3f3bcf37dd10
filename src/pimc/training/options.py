"""How the networks of tasks are trained. This module knows no torch."""

from __future__ import annotations

from dataclasses import dataclass

from pimc.training.optimiser import OptimiserOptions

AUTO, SINGLE, MIXED = "auto", "32-true", "bf16-mixed"
PRECISIONS = (AUTO, SINGLE, MIXED)
"""Of networks: float32, bfloat16 where it does no harm, or the latter where the device has
instructions for it (``pimc.training.precision``)."""


@dataclass(frozen=True)
class TrainingOptions:
    """How a network is trained for a task: AdamW, warm-up, cosine decay to 0.

    The weights that are kept are those of the check with the best score on validation.

    Attributes:
        epochs: passes over the training samples.
        min_steps: steps at least, where few samples make short epochs.
        checks: how often validation is looked at, evenly spread over the training.
        batch_size: samples of a step.
        learning_rate: at the end of the warm-up.
        encoder_factor: learning rate of what is called ``encoder`` in the network, relative to
            the rest: a pretrained encoder can be changed more gently than a new head.
        weight_decay: of matrices and convolutions.
        warmup_share: of all steps.
        gradient_clip: largest norm of the gradient.
        block_dropout: share of the channels within each residual block that a step drops.
    """

    epochs: int = 30
    min_steps: int = 300
    checks: int = 15
    batch_size: int = 64
    learning_rate: float = 1e-3
    encoder_factor: float = 1.0
    weight_decay: float = 0.05
    warmup_share: float = 0.1
    gradient_clip: float = 1.0
    block_dropout: float = 0.0

    def __post_init__(self) -> None:
        """Check the counts; the optimiser's options check the rest."""
        for name in ("epochs", "min_steps", "checks", "batch_size"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if not self.encoder_factor > 0:
            raise ValueError(f"encoder_factor must be above 0, got {self.encoder_factor}")
        if not 0 <= self.block_dropout < 1:
            raise ValueError(
                f"block_dropout must lie in 0..1, 1 excluded, got {self.block_dropout}"
            )
        self.optimiser()

    def optimiser(self) -> OptimiserOptions:
        """The part that pretraining has too."""
        return OptimiserOptions(
            self.learning_rate, self.weight_decay, self.warmup_share, self.gradient_clip
        )
