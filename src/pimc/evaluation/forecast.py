"""One run of a forecasting arm: simple forecasts, ridge regressions and networks."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from pimc.evaluation.arms import Arm
from pimc.evaluation.kinds import Kind
from pimc.evaluation.probes import MajorityOptions, build_arm_options, standardiser
from pimc.evaluation.protocol import Split, at_most, draw_labels
from pimc.evaluation.ridge import RidgeOptions, fit_ridge
from pimc.evaluation.runs import ArmResult, ArmRun

if TYPE_CHECKING:
    from torch import Tensor

    from pimc.evaluation.series_inputs import SeriesInputs

Key = TypeVar("Key")

Forecast = Callable[[np.ndarray], np.ndarray]
"""Sample numbers to standardised forecasts n x K x H."""


@dataclass(frozen=True, eq=False)
class Scaling:
    """Mean and standard deviation of each target's index over the training contexts.

    Attributes:
        mean: K x 1 float32.
        std: K x 1 float32.
    """

    mean: np.ndarray
    std: np.ndarray


@dataclass(frozen=True, eq=False)
class Forecasting:
    """What all runs of the forecasting task share.

    Attributes:
        inputs: contexts N x I x L and what encoders make of them.
        targets: N x K x H float32, NaN where not observed.
        channels: K int, which of the I channels of a context each target continues.
        max_train: training samples at most.
        device: auto, cpu or cuda.
        seed: of the choice of ``max_train`` samples.
    """

    inputs: SeriesInputs
    targets: np.ndarray
    channels: np.ndarray
    max_train: int | None = None
    device: str = "auto"
    seed: int = 0

    def run(self, run: ArmRun, split: Split) -> ArmResult:
        """Fit an arm on training pixels, and forecast validation and test pixels.

        Returns:
            ``validation`` and ``test``: n x K x H float32 in units of the indices. The fact
            ``scale`` is the standard deviation of each index over the training contexts.
        """
        start = time.perf_counter()
        rng = np.random.default_rng([self.seed, run.rotation])
        drawn = np.random.default_rng([run.seed, run.rotation])
        train = at_most(split.train, self.max_train, rng)
        train = draw_labels(np.zeros(len(self.targets), int), train, run.budget, drawn)
        scaling = self.scaling(split)
        problem = _Problem(self, run, split, train, scaling)
        forecast, chosen = KINDS[run.arm.kind].fit(problem)
        validation, test = forecast(split.validation), forecast(split.test)
        facts = {
            "chosen": chosen,
            "seconds": time.perf_counter() - start,
            "train_samples": len(train),
            "transductive": self.inputs.transductive(run, split),
            "scale": scaling.std[:, 0].tolist(),
        }
        metrics = {
            "validation_rmse": problem.error(validation, split.validation),
            "test_rmse": problem.error(test, split.test),
        }
        arrays: dict[str, np.ndarray] = {
            "validation_rows": split.validation.astype(np.int64),
            "validation": problem.unscaled(validation),
            "test_rows": split.test.astype(np.int64),
            "test": problem.unscaled(test),
        }
        return ArmResult(arrays, facts, metrics)

    def scaling(self, split: Split) -> Scaling:
        """Of the training contexts, which end before the forecast begins."""
        train = self.inputs.series[split.train][:, self.channels]
        mean, std = (moment(axis=(0, 2), keepdims=True)[0] for moment in (train.mean, train.std))
        if not (std > 0).all():
            raise ValueError("an index never varies in the training contexts: nothing to scale by")
        return Scaling(mean.astype(np.float32), std.astype(np.float32))


@dataclass(frozen=True, eq=False)
class _Problem:
    """One run's data in standardised units."""

    task: Forecasting
    run: ArmRun
    split: Split
    train: np.ndarray
    scaling: Scaling

    def truth(self, rows: np.ndarray) -> np.ndarray:
        """Observations n x K x H, NaN where there are none."""
        scaled: np.ndarray = (self.task.targets[rows] - self.scaling.mean) / self.scaling.std
        return scaled

    def unscaled(self, forecast: np.ndarray) -> np.ndarray:
        """In units of the indices."""
        values: np.ndarray = (forecast * self.scaling.std + self.scaling.mean).astype(np.float32)
        return values

    def base(self, name: str) -> Forecast:
        """A simple forecast, fitted on the training pixels."""
        return BASES[name](self)

    def error(self, forecast: np.ndarray, rows: np.ndarray) -> float:
        """Mean over indices of the standardised RMSE over all leads."""
        squares = (forecast - self.truth(rows)) ** 2
        return float(np.sqrt(np.nanmean(squares, axis=(0, 2))).mean())


def _persistence(problem: _Problem) -> Forecast:
    """The last known value."""
    scaling, horizon = problem.scaling, problem.task.targets.shape[2]

    def forecast(rows: np.ndarray) -> np.ndarray:
        last = problem.task.inputs.series[rows][:, problem.task.channels, -1:]
        known: np.ndarray = (last - scaling.mean) / scaling.std
        return np.repeat(known, horizon, axis=2)

    return forecast


def _climatology(problem: _Problem) -> Forecast:
    """The mean of the training pixels at the same step."""
    truth = problem.truth(problem.train)
    counts = np.isfinite(truth).sum(axis=0)
    # a step that no training pixel was seen at takes the mean of its index over all steps
    overall = np.nanmean(truth, axis=(0, 2))[:, None]
    mean = np.where(counts > 0, np.nansum(truth, axis=0) / np.maximum(counts, 1), overall)
    mean = mean.astype(np.float32)
    return lambda rows: np.repeat(mean[None], len(rows), axis=0)


BASES: dict[str, Callable[[_Problem], Forecast]] = {
    "persistence": _persistence,
    "climatology": _climatology,
}
"""Simple forecasts: arms of their own, and what other arms predict residuals over."""


def forecaster_options(arm: Arm) -> object:
    """The options of an arm, as its fit builds them.

    Raises:
        ValueError: for an option that the kind does not have, or another simple forecast.
    """
    from pimc.training.options import TrainingOptions

    given = dict(arm.options)
    if unknown := [base for base in given.get("bases", ()) if base not in BASES]:
        raise ValueError(f"bases must be of {', '.join(BASES)}, got {', '.join(map(str, unknown))}")
    if arm.kind == "ridge":
        return build_arm_options(RidgeOptions, given, arm.kind)
    if arm.kind in BASES:
        return build_arm_options(MajorityOptions, given, arm.kind)
    given.pop("bases", None)
    return build_arm_options(TrainingOptions, given, arm.kind)


def _simple(problem: _Problem) -> tuple[Forecast, dict[str, Any]]:
    return problem.base(problem.run.arm.kind), {}


def _ridge(problem: _Problem) -> tuple[Forecast, dict[str, Any]]:
    """Each index and lead regressed on the whole context or embedding."""
    options = build_arm_options(RidgeOptions, problem.run.arm.options, "ridge")
    x = problem.task.inputs.frozen(problem.run, problem.split)
    standardise = standardiser(x[problem.train])
    features = standardise(x[problem.train])

    def fit(base: str, penalty: float) -> Forecast:
        simple = problem.base(base)
        residual = problem.truth(problem.train) - simple(problem.train)
        weights = fit_ridge(features, residual.reshape(len(residual), -1), penalty)

        def forecast(rows: np.ndarray) -> np.ndarray:
            known = simple(rows)
            predicted = standardise(x[rows]) @ weights[1:] + weights[0]
            total: np.ndarray = known + predicted.reshape(known.shape)
            return total

        return forecast

    candidates = [(base, penalty) for base in options.bases for penalty in options.penalty]
    forecasts = {(base, penalty): fit(base, penalty) for base, penalty in candidates}
    base, penalty = _least_error(problem, forecasts)
    return forecasts[base, penalty], {"base": base, "penalty": penalty}


def _least_error(problem: _Problem, forecasts: Mapping[Key, Forecast]) -> Key:
    """The key of the forecast with the least error on validation."""
    rows = problem.split.validation
    return min(forecasts, key=lambda key: problem.error(forecasts[key](rows), rows))


def _network(problem: _Problem) -> tuple[Forecast, dict[str, Any]]:
    """A network of the residuals; the simple forecast under them is chosen on validation."""
    options = dict(problem.run.arm.options)
    bases = options.pop("bases", list(BASES))
    trained = {base: _train_residuals(problem, problem.base(base), options) for base in bases}
    base = _least_error(problem, trained)
    return trained[base], {"base": base}


def _train_residuals(problem: _Problem, simple: Forecast, options: Mapping[str, Any]) -> Forecast:
    import torch

    from pimc.training.loop import Criterion, Samples, find_device, predict_network, train_network
    from pimc.training.options import TrainingOptions

    inputs, shape = problem.task.inputs, problem.task.targets.shape[1:]
    device = find_device(problem.task.device)

    # torch draws first weights and dropout from its global generator only
    with torch.random.fork_rng():
        torch.manual_seed(problem.run.seed)
        network = inputs.network(problem.run, problem.split, shape[0] * shape[1])
        load = inputs.loader(problem.run, network)

        def samples(rows: np.ndarray) -> Samples:
            residual = (problem.truth(rows) - simple(rows)).reshape(len(rows), -1)
            return Samples(load, rows, torch.from_numpy(residual.astype(np.float32)))

        trained = train_network(
            network,
            samples(problem.train),
            samples(problem.split.validation),
            Criterion(masked_mse, lambda outputs, truth: -masked_mse(outputs, truth)),
            build_arm_options(TrainingOptions, options, "network"),
            problem.run.seed,
            device,
        )

    def forecast(rows: np.ndarray) -> np.ndarray:
        residual = predict_network(trained.network, load, rows, device).numpy()
        total: np.ndarray = simple(rows) + residual.reshape(-1, *shape)
        return total

    return forecast


def masked_mse(outputs: Tensor, truth: Tensor) -> Tensor:
    """Mean squared error over what was observed (NaN in the truth where not)."""
    known = truth.isfinite()
    return (outputs[known] - truth[known]).square().mean()


@dataclass(frozen=True, kw_only=True)
class Forecaster(Kind):
    """A kind of forecasting arm.

    Attributes:
        fit: a run's data to its forecast and the hyper-parameters that validation chose.
    """

    fit: Callable[[_Problem], tuple[Forecast, dict[str, Any]]]


KINDS = {
    "persistence": Forecaster(fit=_simple, deterministic=True, trivial=True),
    "climatology": Forecaster(fit=_simple, deterministic=True, trivial=True),
    "ridge": Forecaster(fit=_ridge, deterministic=True),
    "network": Forecaster(fit=_network, epochs=True),
}
"""Kinds of forecasting arms, by name."""
