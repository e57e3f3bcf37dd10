"""Arms side by side: means over seeds, bootstrap intervals over groups, paired differences.

A task reduces the predictions of a run to statistics that add up over groups of samples
(patches, blocks); what is done with them is the same for all tasks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from pimc.evaluation.runs import ArmResult, StoredResult
from pimc.evaluation.task_options import TaskOptions
from pimc.report.metrics import bootstrap_weights, interval

Scorer = Callable[[np.ndarray], Mapping[str, np.ndarray]]
"""Statistics ... x (their own axes) to scores of shape ..., by name."""

Reduce = Callable[[ArmResult, str], np.ndarray]
"""A result and its part, ``test`` or ``validation``, to statistics groups x (their own axes)."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """What is known of one arm at one budget.

    Attributes:
        arm: name.
        budget: name.
        facts: columns that describe the arm and its runs.
        test: seeds x groups x (statistic's axes), summed over rotations.
        validation: likewise.
    """

    arm: str
    budget: str
    facts: Mapping[str, Any]
    test: np.ndarray
    validation: np.ndarray


def collect(results: Sequence[StoredResult], reduce: Reduce) -> list[Evidence]:
    """Statistics of each arm at each budget, in the order in which they first occur."""
    grouped: dict[tuple[str, str], list[StoredResult]] = {}
    for stored in results:
        grouped.setdefault((stored.arm, stored.budget), []).append(stored)
    return [
        Evidence(
            arm,
            budget,
            _describe(members),
            _sum_rotations(members, reduce, "test"),
            _sum_rotations(members, reduce, "validation"),
        )
        for (arm, budget), members in grouped.items()
    ]


def compare(
    evidence: Sequence[Evidence],
    scorer: Scorer,
    options: TaskOptions,
    lower_is_better: bool = False,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Score all arms, and their differences from the reference arms.

    A score is the mean over seeds of the score on all test samples. Its interval, 95 %, comes
    from weighing groups anew (``bootstrap_weights``), the same weights for all arms, so that
    differences are paired. One group alone gives no interval: NaN.

    Args:
        evidence: of each arm and budget.
        scorer: statistics to scores.
        options: references, number of resamples and their seed.
        lower_is_better: which arm ``chosen`` marks: the lowest or highest first score on
            validation.

    Returns:
        Scores, one row an arm, budget and score: budget, arm, the facts, score, value, low, high,
        seed_std, validation, chosen, effort; and differences: budget, score, arm, reference,
        difference, low, high.
    """
    scores, differences = [], []
    for budget in dict.fromkeys(each.budget for each in evidence):
        arms = [each for each in evidence if each.budget == budget]
        tested = [each.test.reshape(*each.test.shape[:2], -1).any(axis=(0, 2)) for each in arms]
        groups = np.flatnonzero(np.logical_or.reduce(tested))
        rng = np.random.default_rng(options.seed)
        weights = bootstrap_weights(len(groups), options.resamples, rng)
        scored = {each.arm: _score(each, groups, weights, scorer) for each in arms}
        rows = [
            {"budget": budget, "arm": each.arm, **each.facts, **row}
            for each in arms
            for row in _score_rows(scored[each.arm])
        ]
        scores.append(_mark_chosen(pd.DataFrame(rows), lower_is_better))
        differences += [
            {"budget": budget, "arm": arm, "reference": reference, **row}
            for reference in options.references
            for arm in scored
            if reference in scored and arm != reference
            for row in _difference_rows(scored[arm], scored[reference])
        ]
    columns = ["budget", "score", "arm", "reference", "difference", "low", "high"]
    table = pd.concat(scores, ignore_index=True).assign(effort=options.effort)
    return table, pd.DataFrame(differences, columns=columns)


@dataclass(frozen=True, eq=False)
class _Scored:
    """By name: score of each seed, mean over seeds of each resample, mean on validation."""

    seeds: Mapping[str, np.ndarray]
    resampled: Mapping[str, np.ndarray]
    validation: Mapping[str, float]


def _score(evidence: Evidence, groups: np.ndarray, weights: np.ndarray, scorer: Scorer) -> _Scored:
    test = evidence.test[:, groups]
    resampled = [scorer(np.tensordot(weights, each, axes=1)) for each in test]
    known = 1.0 if len(groups) > 1 else np.nan
    validation = scorer(evidence.validation.sum(axis=1))
    return _Scored(
        seeds=scorer(test.sum(axis=1)),
        resampled={
            name: known * np.mean([each[name] for each in resampled], axis=0) for name in validation
        },
        validation={name: float(np.mean(values)) for name, values in validation.items()},
    )


def _score_rows(scored: _Scored) -> list[dict[str, Any]]:
    rows = []
    for name, values in scored.seeds.items():
        low, high = interval(scored.resampled[name])
        rows.append(
            {
                "score": name,
                "value": float(values.mean()),
                "low": low,
                "high": high,
                "seed_std": float(values.std(ddof=1)) if len(values) > 1 else np.nan,
                "validation": scored.validation[name],
            }
        )
    return rows


def _difference_rows(scored: _Scored, other: _Scored) -> list[dict[str, Any]]:
    rows = []
    for name, values in scored.seeds.items():
        low, high = interval(scored.resampled[name] - other.resampled[name])
        difference = float(values.mean() - other.seeds[name].mean())
        rows.append({"score": name, "difference": difference, "low": low, "high": high})
    return rows


def _mark_chosen(table: pd.DataFrame, lower_is_better: bool) -> pd.DataFrame:
    first = table[table["score"] == table["score"].iloc[0]].set_index("arm")["validation"]
    best = first.idxmin() if lower_is_better else first.idxmax()
    return table.assign(chosen=table["arm"] == best)


def _describe(members: Sequence[StoredResult]) -> dict[str, Any]:
    """What the tables say of an arm beside its scores."""
    facts = [member.result.facts for member in members]
    return {
        "kind": members[0].kind,
        "input": members[0].input or "",
        "pretraining": pretraining_label([each.get("transductive", "none") for each in facts]),
        "seeds": len({member.seed for member in members}),
        "rotations": len({member.rotation for member in members}),
        "train_samples": round(float(np.mean([each["train_samples"] for each in facts]))),
        "seconds": round(float(np.mean([each["seconds"] for each in facts])), 2),
    }


def pretraining_label(transductive: Sequence[bool | str | None]) -> str:
    """How an arm's encoder stands to the test ground.

    ``none``: not pretrained; ``inductive``: pretrained on other ground; ``transductive``: has
    seen ground of a test fold, without labels; ``unknown``: nobody knows what it has seen.
    """
    if all(each == "none" for each in transductive):
        return "none"
    if any(each is True for each in transductive):
        return "transductive"
    return "inductive" if all(each is False for each in transductive) else "unknown"


def _sum_rotations(members: Sequence[StoredResult], reduce: Reduce, part: str) -> np.ndarray:
    """Seeds x groups x ...: with all rotations, each test sample counts once."""
    by_seed: dict[int, np.ndarray] = {}
    for member in members:
        reduced = reduce(member.result, part)
        by_seed[member.seed] = by_seed.get(member.seed, 0) + reduced
    return np.stack(list(by_seed.values()))
