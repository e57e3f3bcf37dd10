"""One short training loop for all arms that are networks: classifiers and forecasters."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Generator, Tensor, nn

from pimc.model.blocks import drop_channels
from pimc.training.optimiser import decay_groups, learning_rate_factor
from pimc.training.options import TrainingOptions


class Inputs(Protocol):
    """What a network reads of a batch: a tensor B x ..., or several that move together."""

    def to(self, device: torch.device, /) -> Inputs:
        """The same on another device."""


Load = Callable[[np.ndarray], Inputs]
"""Row numbers to what a network reads of them, on the CPU."""

Loss = Callable[[Tensor, Tensor], Tensor]
"""Outputs and targets of a batch to a scalar."""

Augment = Callable[[Any, Tensor, Generator], tuple[Any, Tensor]]
"""Inputs and targets of a training batch to changed ones; all three are on one device."""

PREDICTION_BATCH = 512

CACHED = 64
"""Samples that go through a network together on a CPU: what a layer gives then stays in its cache.
To embed plots takes half the time that it takes by 512."""


@dataclass(frozen=True, eq=False)
class Samples:
    """Inputs that are gathered by row number, and their targets.

    Attributes:
        load: gathers inputs.
        rows: N numbers of samples.
        targets: N x ..., in the order of ``rows``, on the CPU.
    """

    load: Load
    rows: np.ndarray
    targets: Tensor

    def __post_init__(self) -> None:
        """Check that each row has its target."""
        if len(self.rows) != len(self.targets) or not len(self.rows):
            raise ValueError(
                f"each of one or more rows needs a target, got {len(self.rows)} rows and "
                f"{len(self.targets)} targets"
            )


@dataclass(frozen=True)
class Criterion:
    """What a training is for.

    Attributes:
        loss: what is minimised.
        score: outputs and targets of all of validation to a number, higher is better.
    """

    loss: Loss
    score: Loss


@dataclass(frozen=True, eq=False)
class Trained:
    """A trained network.

    Attributes:
        network: with the weights of the best check, in evaluation mode, on its device.
        score: of the best check, on validation.
        step: of the best check.
        scores: of all checks.
    """

    network: nn.Module
    score: float
    step: int
    scores: tuple[float, ...]


def find_device(name: str) -> torch.device:
    """``auto`` is cuda where there is one."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def train_network(
    network: nn.Module,
    train: Samples,
    validation: Samples,
    criterion: Criterion,
    options: TrainingOptions,
    seed: int,
    device: torch.device | None = None,
    augment: Augment | None = None,
) -> Trained:
    """Train on some samples; validation alone decides which weights are kept.

    Args:
        network: inputs of B samples to outputs B x K; its weights are changed. In training it may
            give B x views x K: each view is then judged by itself.
        train: what it learns from.
        validation: what it is judged by.
        criterion: what is minimised, and what validation is judged by.
        options: of the training.
        seed: of the order of samples and of the augmentation.
        device: None is the CPU.
        augment: changes of training batches, on the device.

    Raises:
        ValueError: if the score was never a number: the training diverged.
    """
    device = device or torch.device("cpu")
    network = network.to(device)
    drop_channels(network, options.block_dropout)
    steps = max(options.min_steps, options.epochs * math.ceil(len(train.rows) / options.batch_size))
    optimiser, schedule = _optimise(network, options, steps)
    checks = set(np.linspace(0, steps, options.checks + 1)[1:].round().astype(int).tolist())
    best = _Best(network)
    batches = _endless_batches(train, options.batch_size, seed, device, augment)
    for step in range(1, steps + 1):
        inputs, targets = next(batches)
        network.train()
        value = _judge_views(criterion.loss, network(inputs), targets)
        optimiser.zero_grad(set_to_none=True)
        value.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), options.gradient_clip)
        optimiser.step()
        schedule.step()
        if step in checks:
            outputs = predict_network(network, validation.load, validation.rows, device)
            best.look(step, float(criterion.score(outputs, validation.targets)))
    return best.restore()


class _Best:
    """The weights of the check with the best score."""

    def __init__(self, network: nn.Module):
        self.network, self.weights = network, network.state_dict()
        self.score, self.step = -math.inf, 0
        self.scores: list[float] = []

    def look(self, step: int, score: float) -> None:
        """Keep the present weights if their score is the best so far."""
        self.scores.append(score)
        if score > self.score:
            self.score, self.step = score, step
            self.weights = copy.deepcopy(self.network.state_dict())

    def restore(self) -> Trained:
        """The network with its best weights.

        Raises:
            ValueError: if no score was a number.
        """
        if not self.step:
            raise ValueError("the score on validation was never a number: lower the learning rate")
        self.network.load_state_dict(self.weights)
        return Trained(self.network.eval(), self.score, self.step, tuple(self.scores))


def _judge_views(loss: Loss, outputs: Tensor, targets: Tensor) -> Tensor:
    """The loss of all views of a batch, each against the same targets."""
    if outputs.ndim == 3:
        targets = targets.repeat_interleave(outputs.shape[1], dim=0)
        outputs = outputs.flatten(0, 1)
    return loss(outputs, targets)


@torch.inference_mode()
def predict_network(
    network: nn.Module, load: Load, rows: np.ndarray, device: torch.device | None = None
) -> Tensor:
    """Outputs of a network for many samples, on the CPU, in evaluation mode."""
    device = device or torch.device("cpu")
    network, size = network.to(device).eval(), CACHED if device.type == "cpu" else PREDICTION_BATCH
    parts = [
        network(load(rows[start : start + size]).to(device)).cpu()
        for start in range(0, len(rows), size)
    ]
    return torch.cat(parts)


def _optimise(
    network: nn.Module, options: TrainingOptions, steps: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    groups = []
    for within in (True, False):
        rate = options.learning_rate * (options.encoder_factor if within else 1)
        named = network.named_parameters()
        members = [weight for name, weight in named if name.startswith("encoder.") == within]
        groups += [{**each, "lr": rate} for each in decay_groups(members, options.weight_decay)]
    optimiser = torch.optim.AdamW(groups)
    factor = learning_rate_factor(options.optimiser(), steps)
    return optimiser, torch.optim.lr_scheduler.LambdaLR(optimiser, factor)


def _endless_batches(
    samples: Samples,
    size: int,
    seed: int,
    device: torch.device,
    augment: Augment | None,
) -> Iterator[tuple[Inputs, Tensor]]:
    """Batches of inputs and targets on the device, each epoch in another order."""
    generator, rng = Generator(device).manual_seed(seed), np.random.default_rng(seed)
    while True:
        order = rng.permutation(len(samples.rows))
        for start in range(0, len(order), size):
            chosen = order[start : start + size]
            inputs = samples.load(samples.rows[chosen]).to(device)
            targets = samples.targets[torch.from_numpy(chosen)].to(device)
            yield (inputs, targets) if augment is None else augment(inputs, targets, generator)
