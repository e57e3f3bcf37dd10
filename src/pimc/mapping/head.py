"""What tells classes from embeddings: a logistic regression, fitted on all labels at the end.

Before, each fold is predicted by one that has not seen it: scores and areas come from there.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pimc.data.folds import FOLDS, FoldOptions, rotate
from pimc.evaluation.probes import LinearOptions
from pimc.mapping.labelled import LabelledPixels

logger = logging.getLogger(__name__)

WITHOUT_FOLDS = 0.1
"""C where labels give no folds that could choose it."""

ROTATED = FoldOptions(train=(1, 2, 3), validation=(4,), test=(5,))


@dataclass(frozen=True, eq=False)
class Head:
    """Embedding -> probabilities of classes, an affine map and a softmax.

    Attributes:
        weights: D x K float32, of embeddings as they are.
        offset: K float32.
        codes: K int, classes that labels name, by code.
        classes: names by code.
        inverse_decay: C, as validation chose it.
    """

    weights: np.ndarray
    offset: np.ndarray
    codes: np.ndarray
    classes: tuple[str, ...]
    inverse_decay: float

    @property
    def names(self) -> tuple[str, ...]:
        """Of the K classes."""
        return tuple(self.classes[code] for code in self.codes)

    def probabilities(self, embedding: np.ndarray) -> np.ndarray:
        """P x D float32 -> P x K float32, rows sum to 1; NaN where there is no embedding."""
        logits = embedding @ self.weights + self.offset
        risen = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares: np.ndarray = risen / risen.sum(axis=1, keepdims=True)
        return shares


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Labelled pixels that were predicted by a head which has not seen their fold.

    Attributes:
        rows: of ``LabelledPixels.pixels``.
        predicted: codes.
    """

    rows: np.ndarray
    predicted: np.ndarray


def fit_head(
    labelled: LabelledPixels, inverse_decay: Sequence[float]
) -> tuple[Head, HeldOut | None]:
    """The head of all labels, and predictions of every fold by heads that have not seen it.

    Labels in a gap between folds count for the first alone.

    Of each rotation of the folds, three train, one chooses C and one is predicted. The last head
    has the C with the best mean accuracy on validation. None is held out where labels lie in fewer
    than five folds.

    Raises:
        ValueError: for labels of one class alone.
    """
    label, fold = (labelled.pixels[name].to_numpy() for name in ("label", "fold"))
    if len(np.unique(label)) < 2:
        raise ValueError(
            f"a map of classes needs labels of two at least, got {labelled.classes[label[0]]} alone"
        )
    x = labelled.embedding
    if set(FOLDS) - set(fold.tolist()):
        logger.warning(
            "labels lie in %d of %d folds: no honest score of the map exists, and C is %s",
            len(set(FOLDS) & set(fold.tolist())),
            len(FOLDS),
            WITHOUT_FOLDS,
        )
        return _fit(x, label, WITHOUT_FOLDS, labelled.classes), None
    scores = np.zeros(len(inverse_decay))
    rows, predicted = [], []
    for number in range(len(FOLDS)):
        folds = rotate(ROTATED, number)
        train, validation, test = (
            np.flatnonzero(np.isin(fold, part))
            for part in (folds.train, folds.validation, folds.test)
        )
        heads = [_fit(x[train], label[train], each, labelled.classes) for each in inverse_decay]
        accuracy = [(_classify(head, x[validation]) == label[validation]).mean() for head in heads]
        scores += accuracy
        rows.append(test)
        predicted.append(_classify(heads[int(np.argmax(accuracy))], x[test]))
    best = inverse_decay[int(scores.argmax())]
    held_out = HeldOut(np.concatenate(rows), np.concatenate(predicted))
    return _fit(x, label, best, labelled.classes), held_out


def _classify(head: Head, x: np.ndarray) -> np.ndarray:
    chosen: np.ndarray = head.codes[head.probabilities(x).argmax(axis=1)]
    return chosen


def _fit(x: np.ndarray, label: np.ndarray, inverse_decay: float, classes: tuple[str, ...]) -> Head:
    from sklearn.linear_model import LogisticRegression

    mean, std = x.mean(axis=0, dtype=np.float64), x.std(axis=0, dtype=np.float64)
    scale = np.where(std > 0, std, np.inf)  # what never varies tells nothing
    codes = np.unique(label)
    if len(codes) == 1:
        offset = np.zeros(1, np.float32)
        return Head(np.zeros((x.shape[1], 1), np.float32), offset, codes, classes, inverse_decay)
    model = LogisticRegression(C=inverse_decay, max_iter=LinearOptions().iterations)
    model.fit((x - mean) / scale, label)
    coefficients, offset = model.coef_, model.intercept_
    if len(codes) == 2:  # one row, for the second class against the first
        coefficients = np.concatenate([np.zeros_like(coefficients), coefficients])
        offset = np.concatenate([np.zeros_like(offset), offset])
    weights = (coefficients / scale).T
    return Head(
        weights.astype(np.float32),
        (offset - mean @ weights).astype(np.float32),
        codes,
        classes,
        inverse_decay,
    )
