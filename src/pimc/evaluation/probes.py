"""Classifiers on features or series that are fitted in one go; choices are made on validation."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from pimc.data.option_check import check_options
from pimc.evaluation.kinds import Kind

Options = TypeVar("Options")

Predict = Callable[[np.ndarray], np.ndarray]
"""Features N x D, or series N x I x L, to N int classes."""


@dataclass(frozen=True, eq=False)
class Labelled:
    """Samples and their classes.

    Attributes:
        x: N x D float32 features, or N x I x L float32 series.
        y: N int classes.
    """

    x: np.ndarray
    y: np.ndarray


@dataclass(frozen=True, eq=False)
class Fitted:
    """A fitted classifier.

    Attributes:
        predict: classes of other samples.
        chosen: hyper-parameters that validation chose.
    """

    predict: Predict
    chosen: Mapping[str, Any]


@dataclass(frozen=True)
class KnnOptions:
    """Neighbours by cosine similarity of standardised features.

    Attributes:
        neighbours: numbers of neighbours to choose from.
    """

    neighbours: tuple[int, ...] = (1, 5, 20)


@dataclass(frozen=True)
class LinearOptions:
    """Multinomial logistic regression on standardised features.

    Attributes:
        inverse_decay: values of C to choose from (scikit-learn's inverse of the L2 penalty).
        iterations: of L-BFGS at most.
    """

    inverse_decay: tuple[float, ...] = (0.001, 0.01, 0.1, 1.0)
    iterations: int = 300


@dataclass(frozen=True)
class SvmOptions:
    """Support vector machine with a Gaussian kernel, on standardised features.

    The width of the kernel is scikit-learn's ``scale``: one over the number of features, which
    have variance 1. Where labels are many, it draws borders that no linear probe can.

    Attributes:
        inverse_decay: values of C to choose from.
    """

    inverse_decay: tuple[float, ...] = (1.0, 3.0, 10.0)


@dataclass(frozen=True)
class ForestOptions:
    """Random forest.

    Attributes:
        trees: number of them.
        leaf: least samples of a leaf, to choose from.
    """

    trees: int = 300
    leaf: tuple[int, ...] = (1, 3)


@dataclass(frozen=True)
class RocketOptions:
    """ROCKET (Dempster et al. 2020, doi 10.1007/s10618-020-00701-z), pyts's kernels by channel.

    Attributes:
        kernels: random kernels of each index or band; each gives two features.
        penalty: L2 penalties of the ridge classifier to choose from.
    """

    kernels: int = 1_000
    penalty: tuple[float, ...] = (10.0, 100.0, 1_000.0, 10_000.0)


@dataclass(frozen=True)
class MajorityOptions:
    """The most frequent class; there is nothing to choose."""


def fit_classifier(
    kind: str, train: Labelled, validation: Labelled, options: Mapping[str, Any], seed: int
) -> Fitted:
    """Fit a classifier of ``CLASSIFIERS``.

    Args:
        kind: of the classifier.
        train: what it is fitted on.
        validation: what chooses between hyper-parameters, by accuracy.
        options: fields of the kind's options.
        seed: of what is random in it.

    Raises:
        ValueError: for an option that the kind does not have.
    """
    classifier = CLASSIFIERS[kind]
    built: Any = build_arm_options(classifier.options, options, kind)
    return classifier.fit(train, validation, built, seed)


def build_arm_options(build: type[Options], given: Mapping[str, Any], kind: str) -> Options:
    """Options of a kind from an arm's entry in the parameters; its lists become tuples.

    Raises:
        ValueError: for an option that the kind does not have, or a value of another type.
    """
    check_options(build, given, f"an arm of kind {kind}")
    return build(**{k: tuple(v) if isinstance(v, list) else v for k, v in given.items()})


def choose(
    candidates: Sequence[Any], fit: Callable[[Any], Predict], validation: Labelled
) -> tuple[Any, Predict]:
    """The candidate with the highest accuracy on validation, the first of equals."""
    best: tuple[float, Any, Predict] | None = None
    for candidate in candidates:
        predict = fit(candidate)
        accuracy = float((predict(validation.x) == validation.y).mean())
        if best is None or accuracy > best[0]:
            best = (accuracy, candidate, predict)
    if best is None:
        raise ValueError("there is nothing to choose from: give at least one hyper-parameter")
    return best[1], best[2]


def standardiser(x: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Zero mean and unit deviation of each feature of ``x``; features that never vary become 0."""
    flat = x.reshape(len(x), -1)
    mean = flat.mean(axis=0, dtype=np.float64).astype(np.float32)
    std = flat.std(axis=0, dtype=np.float64).astype(np.float32)
    scale = np.where(std > 0, std, np.float32(np.inf))

    def standardise(other: np.ndarray) -> np.ndarray:
        scaled: np.ndarray = (other.reshape(len(other), -1) - mean) / scale
        return scaled

    return standardise


def _majority(train: Labelled, validation: Labelled, options: MajorityOptions, seed: int) -> Fitted:
    winner = int(np.bincount(train.y).argmax())
    return Fitted(lambda x: np.full(len(x), winner), {"class": winner})


def _knn(train: Labelled, validation: Labelled, options: KnnOptions, seed: int) -> Fitted:
    from sklearn.neighbors import KNeighborsClassifier

    standardise = standardiser(train.x)

    def fit(neighbours: int) -> Predict:
        model = KNeighborsClassifier(neighbours, metric="cosine", algorithm="brute")
        model.fit(standardise(train.x), train.y)
        return lambda x: np.asarray(model.predict(standardise(x)))

    fitting = [k for k in options.neighbours if k <= len(train.y)] or [1]
    neighbours, predict = choose(fitting, fit, validation)
    return Fitted(predict, {"neighbours": neighbours})


def _linear(train: Labelled, validation: Labelled, options: LinearOptions, seed: int) -> Fitted:
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    standardise = standardiser(train.x)
    features = standardise(train.x)
    if len(np.unique(train.y)) < 2:
        return _majority(train, validation, MajorityOptions(), seed)

    def fit(inverse_decay: float) -> Predict:
        model = LogisticRegression(C=inverse_decay, max_iter=options.iterations)
        # the matrices of an iteration are too small to be shared: threads take five times as long
        with _few_iterations_are_enough(), threadpool_limits(1):
            model.fit(features, train.y)
        return lambda x: np.asarray(model.predict(standardise(x)))

    inverse_decay, predict = choose(options.inverse_decay, fit, validation)
    return Fitted(predict, {"inverse_decay": inverse_decay})


def _svm(train: Labelled, validation: Labelled, options: SvmOptions, seed: int) -> Fitted:
    from sklearn.svm import SVC

    standardise = standardiser(train.x)
    if len(np.unique(train.y)) < 2:
        return _majority(train, validation, MajorityOptions(), seed)

    def fit(inverse_decay: float) -> Predict:
        model = SVC(C=inverse_decay, gamma="scale").fit(standardise(train.x), train.y)
        return lambda x: np.asarray(model.predict(standardise(x)))

    inverse_decay, predict = choose(options.inverse_decay, fit, validation)
    return Fitted(predict, {"inverse_decay": inverse_decay})


def _forest(train: Labelled, validation: Labelled, options: ForestOptions, seed: int) -> Fitted:
    from sklearn.ensemble import RandomForestClassifier

    def fit(leaf: int) -> Predict:
        model = RandomForestClassifier(
            options.trees, min_samples_leaf=leaf, random_state=seed, n_jobs=-1
        )
        model.fit(train.x.reshape(len(train.x), -1), train.y)
        return lambda x: np.asarray(model.predict(x.reshape(len(x), -1)))

    leaf, predict = choose(options.leaf, fit, validation)
    return Fitted(predict, {"leaf": leaf})


def _rocket(train: Labelled, validation: Labelled, options: RocketOptions, seed: int) -> Fitted:
    from pyts.transformation import ROCKET
    from sklearn.linear_model import RidgeClassifier

    transforms = [
        # pyts's kernel lengths 7, 9, 11 need series as long
        ROCKET(n_kernels=options.kernels, random_state=seed + index).fit(train.x[:1, index])
        for index in range(train.x.shape[1])
    ]

    def transform(series: np.ndarray) -> np.ndarray:
        parts = [each.transform(series[:, i]) for i, each in enumerate(transforms)]
        return np.concatenate(parts, axis=1).astype(np.float32)

    drawn = transform(train.x)
    standardise = standardiser(drawn)
    features = standardise(drawn)
    held_out = Labelled(standardise(transform(validation.x)), validation.y)

    def fit(penalty: float) -> Predict:
        model = RidgeClassifier(alpha=penalty).fit(features, train.y)
        return lambda x: np.asarray(model.predict(x))

    penalty, predict = choose(options.penalty, fit, held_out)
    return Fitted(lambda x: predict(standardise(transform(x))), {"penalty": penalty})


@contextmanager
def _few_iterations_are_enough() -> Iterator[None]:
    """Silence the warning of a fit that is stopped early: validation judges the result."""
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield


@dataclass(frozen=True, kw_only=True)
class Classifier(Kind):
    """A kind of arm that is fitted in one go.

    Attributes:
        options: dataclass of its hyper-parameters.
        fit: training and validation samples, options and seed to a fitted classifier.
    """

    options: type
    fit: Callable[[Labelled, Labelled, Any, int], Fitted]


CLASSIFIERS = {
    "majority": Classifier(
        options=MajorityOptions, fit=_majority, deterministic=True, trivial=True
    ),
    "knn": Classifier(options=KnnOptions, fit=_knn, deterministic=True),
    "linear": Classifier(options=LinearOptions, fit=_linear, deterministic=True),
    "svm": Classifier(options=SvmOptions, fit=_svm, deterministic=True),
    "forest": Classifier(options=ForestOptions, fit=_forest),
    "rocket": Classifier(options=RocketOptions, fit=_rocket, raw=True),
}
"""Kinds of arms that are fitted in one go, by name."""
