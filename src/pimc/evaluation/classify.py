"""One run of a classification arm, whatever its samples are."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

import numpy as np

from pimc.evaluation.kinds import NETWORK, Kind
from pimc.evaluation.probes import CLASSIFIERS, Labelled, fit_classifier
from pimc.evaluation.protocol import Split, at_most, draw_labels
from pimc.evaluation.runs import ArmResult, ArmRun
from pimc.signal.row_subset import RowReader

if TYPE_CHECKING:
    from torch import nn

    from pimc.training.loop import Load

KINDS: dict[str, Kind] = {**CLASSIFIERS, NETWORK: Kind(epochs=True, raw=True)}
"""Kinds of classification arms, by name."""


class Inputs(Protocol):
    """What a task gives its arms. ``split`` holds all training samples, labels seen or not."""

    def frozen(self, run: ArmRun, split: Split) -> RowReader:
        """Features (N x D) or series (N x I x L) of all N samples, as the arm's input names."""

    def network(self, run: ArmRun, split: Split, outputs: int) -> nn.Module:
        """The network that the arm trains."""

    def loader(self, run: ArmRun, network: nn.Module) -> Load:
        """What gathers the inputs of the arm's network, on the CPU."""

    def transductive(self, run: ArmRun, split: Split) -> bool | str | None:
        """Whether the arm's encoder has seen the test ground; ``none`` without pretraining."""


@dataclass(frozen=True, eq=False)
class Classification:
    """What all runs of a classification task share.

    Attributes:
        inputs: of the arms.
        labels: N int 0..classes - 1.
        classes: how many there are.
        max_train: training samples at most.
        device: auto, cpu or cuda.
        seed: of the choice of ``max_train`` samples.
    """

    inputs: Inputs
    labels: np.ndarray
    classes: int
    max_train: int | None = None
    device: str = "auto"
    seed: int = 0

    def run(self, run: ArmRun, split: Split) -> ArmResult:
        """Fit an arm on the labels that it may see, and predict validation and test.

        All arms of one budget, seed and rotation see the same labels.
        """
        start = time.perf_counter()
        rng = np.random.default_rng([self.seed, run.rotation])
        drawn = np.random.default_rng([run.seed, run.rotation])
        train = draw_labels(
            self.labels, at_most(split.train, self.max_train, rng), run.budget, drawn
        )
        predict = self._train if run.arm.kind == NETWORK else self._fit
        validation, test, chosen = predict(run, split, train)
        arrays: dict[str, np.ndarray] = {
            "validation_rows": split.validation.astype(np.int64),
            "validation": validation.astype(np.int16),
            "test_rows": split.test.astype(np.int64),
            "test": test.astype(np.int16),
        }
        facts = {
            "chosen": chosen,
            "seconds": time.perf_counter() - start,
            "train_samples": len(train),
            "transductive": self.inputs.transductive(run, split),
        }
        metrics = {
            "validation_accuracy": float((validation == self.labels[split.validation]).mean()),
            "test_accuracy": float((test == self.labels[split.test]).mean()),
        }
        return ArmResult(arrays, facts, metrics)

    def _fit(
        self, run: ArmRun, split: Split, train: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, dict[str, object]]:
        x = self.inputs.frozen(run, split)
        fitted = fit_classifier(
            run.arm.kind,
            Labelled(x[train], self.labels[train]),
            Labelled(x[split.validation], self.labels[split.validation]),
            run.arm.options,
            run.seed,
        )
        return fitted.predict(x[split.validation]), fitted.predict(x[split.test]), {**fitted.chosen}

    def _train(
        self, run: ArmRun, split: Split, train: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, dict[str, object]]:
        import torch
        from torch.nn.functional import cross_entropy

        from pimc.evaluation.series_training import plan_changes, series_training
        from pimc.training.loop import (
            Criterion,
            Samples,
            find_device,
            predict_network,
            train_network,
        )

        options = series_training(run.arm.options)
        loss = partial(cross_entropy, label_smoothing=options.label_smoothing)
        labels, device = torch.from_numpy(self.labels.astype(np.int64)), find_device(self.device)
        # torch draws first weights and dropout from its global generator only
        with torch.random.fork_rng():
            torch.manual_seed(run.seed)
            network = self.inputs.network(run, split, self.classes)
            load = self.inputs.loader(run, network)
            observed = bool(network.reads_observed)
            trained = train_network(
                network,
                Samples(load, train, labels[train]),
                Samples(load, split.validation, labels[split.validation]),
                Criterion(loss, lambda y, truth: (y.argmax(dim=1) == truth).float().mean()),
                options.training,
                run.seed,
                device,
                plan_changes(options.augmentation, load, split.train, observed),
            )
        validation, test = (
            predict_network(trained.network, load, rows, device).argmax(dim=1).numpy()
            for rows in (split.validation, split.test)
        )
        return validation, test, {"step": trained.step}
