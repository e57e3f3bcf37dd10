"""Scores as people read them: the same names, digits and signs in every table."""

from __future__ import annotations

import math

SHARES = {"accuracy": "accuracy", "macro_f1": "macro-F1", "miou": "mean IoU"}
"""Scores between 0 and 1, shown in per cent with two decimals: some differ by less than 0.1."""

BUDGETS = {"all": "all labels", "tenth": "10 % of the labels", "hundredth": "1 % of the labels"}

HELP = {
    "better": "helps",
    "not better": "does not help",
    "undecided": "undecided",
    "not compared": "not compared",
}
"""Verdicts of ``pimc.report.leaderboard.paired`` as answers to: does pretraining, or the other
encoder, help?"""

UNITS = {
    "screened": "targets that are clear",
    "unscreened": "targets as observed, clouded ones too",
    "image": "by image",
    "pixel": "by pixel",
    "parcel": "by parcel",
}


def score_name(score: str) -> str:
    """Name of a score with its unit."""
    if score in SHARES:
        return f"{SHARES[score]}, %"
    if score == "rmse":
        return "RMSE, mean of the indices"
    kind, _, index = score.rpartition("_")
    raw = kind.startswith("raw_")
    return f"{kind.removeprefix('raw_').upper()} {index}{', raw' if raw else ''}"


def show(score: str, value: float) -> str:
    """A score, or nothing where it is not known."""
    if not math.isfinite(value):
        return ""
    return f"{100 * value:.2f}" if score in SHARES else f"{value:.3f}"


def show_published(score: str, value: float, low: float, high: float) -> str:
    """A number of others, ``low to high`` where it is a range, with no zeros nobody reported."""
    given = (low, high) if math.isfinite(low) else (value,)
    return " to ".join(show(score, each).rstrip("0").rstrip(".") for each in given)


def show_difference(score: str, value: float) -> str:
    """A difference with its sign; points of per cent for shares."""
    text = show(score, abs(value))
    if not text:
        return ""
    # what rounds to nothing has no sign
    sign = "" if not float(text) else "+" if value > 0 else "−"
    return sign + text


def show_interval(score: str, low: float, high: float, signed: bool = False) -> str:
    """``[low, high]``, or nothing where it is not known."""
    write = show_difference if signed else show
    ends = write(score, low), write(score, high)
    return f"[{', '.join(ends)}]" if all(ends) else ""


def budget_name(budget: str) -> str:
    """Name of a label budget, as the parameters call it, for people."""
    if budget.startswith("shots_"):
        shots = budget.removeprefix("shots_")
        return f"{shots} label{'' if shots == '1' else 's'} a class"
    return BUDGETS.get(budget, budget)


def unit_name(unit: str) -> str:
    """What is scored, for people."""
    return UNITS.get(unit, unit)


def count(value: float) -> str:
    """A whole number with separators, or nothing where it is not known."""
    return f"{value:,.0f}" if math.isfinite(value) else ""


def duration(seconds: float) -> str:
    """Seconds, minutes or hours."""
    if not math.isfinite(seconds):
        return ""
    for size, unit in ((3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} s"
