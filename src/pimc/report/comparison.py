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

from pimc.learning.arms import StoredResult
from pimc.report.metrics import bootstrap_weights, interval

Scorer = Callable[[np.ndarray], Mapping[str, np.ndarray]]
"""Statistics ... x (their own axes) to scores of shape ..., by name."""

Reduce = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Rows of samples and what was predicted for them to statistics groups x (their own axes)."""


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
    task: str,
    evidence: Sequence[Evidence],
    scorer: Scorer,
    reference: str,
    resamples: int,
    seed: int,
    lower_is_better: bool = False,
) -> pd.DataFrame:
    """Score arms and their differences from the reference.

    A score is the mean over seeds of the score on all test samples. Its interval, 95 %, comes
    from drawing groups anew with replacement, the same draws for all arms, so that differences
    are paired. ``chosen`` marks the arm whose first score is best on validation.

    Returns:
        One row an arm, budget and score: task, budget, arm, the facts, score, value, low, high,
        seed_std, validation, chosen, reference, difference, difference_low, difference_high.
    """
    tables = []
    for budget in dict.fromkeys(each.budget for each in evidence):
        arms = [each for each in evidence if each.budget == budget]
        tested = [each.test.reshape(*each.test.shape[:2], -1).any(axis=(0, 2)) for each in arms]
        groups = np.flatnonzero(np.logical_or.reduce(tested))
        weights = bootstrap_weights(len(groups), resamples, np.random.default_rng(seed))
        scored = [_score(each, groups, weights, scorer) for each in arms]
        by_name = {each.arm: each_scored for each, each_scored in zip(arms, scored, strict=True)}
        rows = [
            {"task": task, "budget": budget, "arm": each.arm, **each.facts, **row}
            for each, each_scored in zip(arms, scored, strict=True)
            for row in _rows(each_scored, by_name.get(reference), reference)
        ]
        tables.append(_mark_chosen(pd.DataFrame(rows), lower_is_better))
    return pd.concat(tables, ignore_index=True)


@dataclass(frozen=True, eq=False)
class _Scored:
    """By name: score of each seed, mean over seeds of each resample, mean on validation."""

    seeds: Mapping[str, np.ndarray]
    resampled: Mapping[str, np.ndarray]
    validation: Mapping[str, float]


def _score(evidence: Evidence, groups: np.ndarray, weights: np.ndarray, scorer: Scorer) -> _Scored:
    test = evidence.test[:, groups]
    resampled = [scorer(np.tensordot(weights, each, axes=1)) for each in test]
    validation = scorer(evidence.validation.sum(axis=1))
    return _Scored(
        seeds=scorer(test.sum(axis=1)),
        resampled={
            name: np.mean([each[name] for each in resampled], axis=0) for name in validation
        },
        validation={name: float(np.mean(values)) for name, values in validation.items()},
    )


def _rows(scored: _Scored, other: _Scored | None, reference: str) -> list[dict[str, Any]]:
    rows = []
    for name, values in scored.seeds.items():
        low, high = interval(scored.resampled[name])
        value = float(values.mean())
        row: dict[str, Any] = {
            "score": name,
            "value": value,
            "low": low,
            "high": high,
            "seed_std": float(values.std(ddof=1)) if len(values) > 1 else np.nan,
            "validation": scored.validation[name],
            "reference": reference,
        }
        if other is not None:
            below, above = interval(scored.resampled[name] - other.resampled[name])
            row["difference"] = value - float(other.seeds[name].mean())
            row |= {"difference_low": below, "difference_high": above}
        rows.append(row)
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
        arrays = member.result.arrays
        reduced = reduce(arrays[f"{part}_rows"], arrays[part])
        by_seed[member.seed] = by_seed.get(member.seed, 0) + reduced
    return np.stack(list(by_seed.values()))
