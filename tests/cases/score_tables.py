"""Tables as the tasks leave them, with numbers made up so that each can be followed."""

import pandas as pd

from pimc.report.leaderboard.table import TaskTables

ARMS = {
    # arm: kind, input, value
    "majority": ("majority", None, 0.10),
    "forest": ("forest", "series", 0.60),
    "random_init": ("linear", "random", 0.65),
    "linear_probe": ("linear", "pretrained", 0.70),
    "scratch": ("network", "random", 0.80),
    "fine_tune": ("network", "pretrained", 0.90),
    "noise_plots": ("linear", "pretrained_noise", 0.12),
}


def score_rows(division, values, scores, lower_is_better=False, budgets=("all",)):
    best = (min if lower_is_better else max)(values, key=lambda arm: values[arm])
    for (name, unit), budget in ((division, budget) for budget in budgets):
        for arm, value in values.items():
            kind, source, _ = ARMS[arm]
            for place, score in enumerate(scores):
                yield {
                    name: unit,
                    "budget": budget,
                    "arm": arm,
                    "kind": kind,
                    "input": source,
                    "pretraining": "inductive" if "pretrained" in (source or "") else "none",
                    "seeds": 2,
                    "rotations": 1,
                    "train_samples": {"all": 1200, "tenth": 120}[budget],
                    "seconds": 65.0,
                    "score": score,
                    "value": value - 0.01 * place,
                    "low": value - 0.02,
                    "high": value + 0.02,
                    "seed_std": 0.005,
                    "validation": value,
                    "chosen": arm == best,
                }


def difference_rows(division, values, scores, references, budgets=("all",)):
    for reference in references:
        for budget in budgets:
            for arm in values:
                if arm != reference:
                    for score in scores:
                        difference = values[arm] - values[reference]
                        yield {
                            division[0]: division[1],
                            "budget": budget,
                            "score": score,
                            "arm": arm,
                            "reference": reference,
                            "difference": difference,
                            "low": difference - 0.03,
                            "high": difference + 0.03,
                        }


def land_cover_tables(workspace="eurosat", values=None, references=("scratch",)):
    values = values or {arm: each[2] for arm, each in ARMS.items()}
    scores, division, budgets = (
        ("accuracy", "macro_f1", "miou"),
        ("unit", "image"),
        ("all", "tenth"),
    )
    rows = score_rows(division, values, scores, budgets=budgets)
    differences = difference_rows(division, values, scores, references, budgets)
    counts = [
        {"budget": "all", "arm": arm, "class": name, "samples": samples}
        for arm in values
        for name, samples in (("Forest", 1500), ("River", 1199))
    ]
    return TaskTables(
        workspace,
        "land_cover",
        pd.DataFrame(rows),
        pd.DataFrame(differences),
        pd.DataFrame(counts),
        "2026-03-01",
    )


def forecasting_tables(workspace="simulated"):
    values = {"majority": 0.9, "forest": 0.5, "scratch": 0.52, "fine_tune": 0.4}
    scores, division = ("rmse", "rmse_NDVI", "mae_NDVI"), ("targets", "screened")
    leads = [
        {"targets": "screened", "budget": "all", "arm": arm, "index": "NDVI", "observations": 50}
        for arm in values
        for _ in range(10)
    ]
    return TaskTables(
        workspace,
        "forecasting",
        pd.DataFrame(score_rows(division, values, scores, lower_is_better=True)),
        pd.DataFrame(difference_rows(division, values, scores, ["scratch"])),
        pd.DataFrame(leads),
        "2026-03-02",
    )
