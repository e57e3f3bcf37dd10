"""Nodes and datasets together on pixels without images: encoders, probes, tables."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from kedro.config import OmegaConfigLoader

from pimc.catalog.encoders_by_key import EncodersByKey
from pimc.catalog.results import ArmResults
from pimc.data.folds import FoldOptions, rotate
from pimc.evaluation import classify
from pimc.evaluation.ablation import AblationOptions
from pimc.evaluation.pixel_arms import PixelClassificationOptions
from pimc.pipelines.ablation.nodes import (
    draw_variants,
    plan_arms,
    plan_transferred,
    plan_variants,
    score_variants,
)
from pimc.pipelines.pixel_classification import nodes as pixel_nodes
from pimc.pretraining.batches.pairs import NO_FRAME
from pimc.pretraining.corpus import Corpus
from pimc.pretraining.options import BatchOptions, EvaluationOptions, PretrainingOptions
from pimc.pretraining.variants import build_variant
from pimc.settings import CONFIG_LOADER_ARGS
from pimc.signal.calendar import CalendarOptions
from pimc.signal.recurrence import RecurrenceOptions
from pimc.signal.series_axes import SeriesAxes

PROJECT = Path(__file__).parents[2]
CLASSES, INDICES = ["low", "high"], ("NDVI", "EVI")
CALENDAR, FOLDS = CalendarOptions(length=16), FoldOptions()
RECURRENCE = RecurrenceOptions(kind="level", scale="standard")
PRETRAINING = PretrainingOptions(
    precision="32-true",
    preset="tiny",
    batch=BatchOptions(size=16, patches=4),
    evaluation=EvaluationOptions(batches=1, gallery=16, patches=2),
    objective={"pair": 0.0, "series": 1.0},
    accelerator="cpu",
)
NETWORK = {"epochs": 1, "min_steps": 2, "checks": 1, "budgets": ["half"]}
OPTIONS = {
    "variants": {
        "paper": {"recurrence": {"kind": "unthresholded"}},
        "level": None,
        "signed": {"recurrence": {"kind": "signed"}},
    },
    "arms": {
        "forest": {"kind": "forest", "input": "series", "trees": 5},
        "random_init": {"kind": "linear", "input": "random", "budgets": ["few"]},
        "scratch": {**NETWORK, "kind": "network", "input": "random"},
    },
    "probe": {"kind": "linear", "budgets": ["few"]},
    "fine_tune": NETWORK,
    "fine_tuned": ["signed"],
    "references": ["paper", "random_init", "level"],
    "efforts": {
        "quick": {
            "budgets": {"few": {"shots": 5, "draws": 4}, "half": {"share": 0.5, "draws": 2}},
            "rotations": 2,
            "encoder_seeds": 2,
            "pretraining": {"max_epochs": 1, "steps_per_epoch": 2},
        }
    },
    "resamples": 20,
    "device": "cpu",
}


def make_corpus():
    rng = np.random.default_rng(0)
    patch = np.repeat(np.arange(10), 20)
    label = rng.integers(0, 2, len(patch))
    season = np.sin(np.linspace(0, np.pi, CALENDAR.length)) * (0.4 + 0.2 * label[:, None])
    series = season[:, None] * np.array([[1.0], [0.7]]) + rng.normal(0, 0.02, (200, 2, 16))
    pixels = pd.DataFrame({"patch_index": patch, "label": label, "pixel": np.arange(200)})
    pixels["patch"] = [f"block-{number}" for number in patch]
    pixels["place"], pixels["parcel"], pixels["fold"] = "here", 0, patch % 5 + 1
    pixels["row"] = pixels["y"] = np.arange(200)
    pixels["col"] = pixels["x"] = 0
    return Corpus(
        series.astype(np.float32),
        np.ones((200, 16), bool),
        pixels,
        np.empty((0, 1, 1, 1), np.int16),
        np.full((200, 1), NO_FRAME, np.int32),
        SeriesAxes(INDICES, CALENDAR),
        (),
    )


CORPUS = make_corpus()


def options(**changed):
    return AblationOptions(**{**OPTIONS, **changed})


def encoder_tasks(given, folder):
    return plan_variants(CORPUS, CLASSES, RECURRENCE, PRETRAINING, FOLDS, given, folder)


def arm_tasks(given, kept, corpus=CORPUS, classes=CLASSES):
    return plan_arms(corpus, kept, classes, RECURRENCE, PRETRAINING, FOLDS, given)


@pytest.fixture(scope="module")
def ablated(tmp_path_factory):
    """Encoders and results, made once, and the labels that each run saw."""
    folder, seen = tmp_path_factory.mktemp("ablation"), {}
    draw = classify.draw_labels

    def record(labels, rows, budget, rng):
        drawn = draw(labels, rows, budget, rng)
        seen.setdefault(budget.name, []).append(drawn.tolist())
        return drawn

    encoders = EncodersByKey(str(folder / "models/ablation.encoders"))
    encoders.save(encoder_tasks(options(), folder / "checkpoints"))
    results = ArmResults(str(folder / "results"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(classify, "draw_labels", record)
        results.save(arm_tasks(options(), encoders.load()))
    return folder, encoders, results, seen


def test_every_variant_of_the_effort_is_an_arm_and_the_others_are_not():
    arms = options().arms
    assert list(arms) == ["paper", "signed", "signed_fine_tuned", *OPTIONS["arms"]]
    assert (arms["paper"].encoder, arms["paper"].kind) == ("paper", "linear")
    assert arms["signed_fine_tuned"].kind == "network"
    few = {"quick": {**QUICK, "variants": ["paper"]}}
    assert list(options(efforts=few).arms) == ["paper", *OPTIONS["arms"]]


def test_all_variants_are_scored_on_the_same_labels(ablated):
    _, _, results, seen = ablated
    arms = {"few": 4, "half": 3}  # that run at the budget
    draws = {"few": 4 * 2, "half": 2 * 2}  # times rotations
    for budget, drawn in seen.items():
        assert len(drawn) == arms[budget] * draws[budget]
        assert len({tuple(rows) for rows in drawn}) == draws[budget]
    sizes = {each.result.facts["train_samples"] for each in results.load() if each.budget == "few"}
    assert sizes == {10}


def test_each_draw_reads_the_encoder_of_its_seed_and_rotation(ablated):
    _, encoders, results, _ = ablated
    kept = encoders.load()
    assert len({each.digest for each in kept.values()}) == 2 * 2 * 2
    for each in kept.values():
        seen = {f for folds in each.load().config.trained_on.values() for f in folds}
        assert not seen & set(rotate(FOLDS, each.run.rotation).test)
    probes = [each for each in results.load() if each.input == "pretrained"]
    assert {each.result.facts["transductive"] for each in probes} == {False}
    spoilt = {**kept, "paper-seed1-rotation0": kept["signed-seed1-rotation0"]}
    before, after = (arm_tasks(options(), given) for given in (kept, spoilt))
    changed = {name for name in before if before[name].key != after[name].key}
    assert changed == {"paper-few-seed1-rotation0", "paper-few-seed3-rotation0"}


def test_results_hang_on_the_number_of_classes_and_the_names_of_patches(ablated):
    _, encoders, _, _ = ablated
    pixels = CORPUS.pixels
    kept = encoders.load()
    renamed = replace(CORPUS, pixels=pixels.assign(patch="new_" + pixels["patch"]))
    keys = [
        {task.key for task in arm_tasks(options(), kept, **changed).values()}
        for changed in ({}, {"classes": [*CLASSES, "third"]}, {"corpus": renamed})
    ]
    assert not keys[0] & keys[1] and not keys[0] & keys[2]


def test_nothing_is_made_twice(ablated):
    folder, encoders, results, _ = ablated

    def times():
        return {path: path.stat().st_mtime_ns for path in folder.rglob("*.safetensors")}

    before = times()
    encoders.save(encoder_tasks(options(), folder / "checkpoints"))
    results.save(arm_tasks(options(), encoders.load()))
    assert times() == before


def test_tables_compare_variants_with_the_references_that_ran(ablated):
    _, encoders, results, _ = ablated
    scores, differences, trainings, metrics = score_variants(
        results.load(), encoders.load(), CORPUS, CLASSES, options()
    )
    few = scores[scores["budget"] == "few"].drop_duplicates("arm").set_index("arm")
    assert few["corpus"].tolist()[:2] == ["own", "own"] and few["corpus"].isna()[2:].all()
    assert few["design"].tolist() == ["paper", "signed", "shipped", "shipped"]
    assert list(few.index) == ["paper", "signed", "forest", "random_init"]
    assert few["pretraining"].tolist() == ["inductive", "inductive", "none", "none"]
    assert (few["rotations"] == 2).all() and (few["seeds"] == 4).all()
    chosen = scores[scores["chosen"]].groupby("budget")["arm"].unique()
    assert set(chosen["few"]) <= {"paper", "signed"}
    assert len(chosen["half"]) == 1  # no encoder is probed there: one of all arms
    assert set(differences["reference"]) == {"paper", "random_init"}
    assert len(trainings) == 8 and (trainings["epochs"] == 1).all()
    assert metrics["few.forest.accuracy"] == few.loc["forest", "value"]
    assert draw_variants(scores, differences).axes[0].get_title() == "macro_f1, labels: few"


def test_encoders_of_another_workspace_are_scored_in_the_place_of_trainings(ablated, tmp_path):
    _, encoders, _, _ = ablated
    other = EncodersByKey(str(tmp_path / "models/ablation.encoders"))
    here = (CORPUS, CLASSES, RECURRENCE, PRETRAINING)
    other.save(plan_transferred(encoders.load(), *here, options()))
    assert json.loads((tmp_path / "models/ablation.encoders/manifest.json").read_text())
    there, taken = encoders.load(), other.load()
    for name in ("paper-seed1-rotation0", "paper-seed1-rotation1"):
        assert taken[name].digest == there["paper-seed1-rotation0"].digest
        assert (taken[name].run.corpus, there[name].run.corpus) == ("models", "own")
    with pytest.raises(ValueError, match="none is named: --params=corpus="):
        plan_transferred(None, *here, options())


def test_rotations_of_pixel_classification_may_have_encoders_of_their_own(tmp_path):
    arms = {"probe": {"kind": "linear", "input": "pretrained"}}
    efforts = {"quick": {"budgets": {"all": {}}, "rotations": 2}}
    given = PixelClassificationOptions(
        arms=arms, efforts=efforts, encoders="by_rotation", device="cpu", resamples=20
    )
    short = replace(PRETRAINING, max_epochs=1, steps_per_epoch=2)
    folder = tmp_path / "checkpoints"
    tasks = pixel_nodes.plan_encoders(CORPUS, CLASSES, RECURRENCE, short, FOLDS, given, folder)
    encoders = EncodersByKey(str(tmp_path / "pixel_classification.encoders"))
    encoders.save(tasks)
    results, kept = ArmResults(str(tmp_path / "results")), encoders.load()
    read = pixel_nodes.gather_encoders(CORPUS, None, None, kept, RECURRENCE, short, given)
    results.save(pixel_nodes.plan_arms(CORPUS, read, CLASSES, FOLDS, given))
    scores = pixel_nodes.score_arms(results.load(), CORPUS, CLASSES, given)[0]
    assert set(scores["pretraining"]) == {"inductive"} and set(scores["rotations"]) == {2}


def test_rotations_that_share_an_encoder_train_none():
    given = PixelClassificationOptions(
        arms={"majority": {"kind": "majority"}}, efforts={"quick": {"budgets": {"all": {}}}}
    )
    tasks = pixel_nodes.plan_encoders(CORPUS, CLASSES, RECURRENCE, PRETRAINING, FOLDS, given, None)
    assert tasks == {}


QUICK = OPTIONS["efforts"]["quick"]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"fine_tuned": ["paper", "huge"]}, "no variant 'huge'; there are paper, signed"),
        (
            {"efforts": {"quick": {**QUICK, "variants": ["level"]}}},
            "no variant 'level'; there are paper, signed",
        ),
        (
            {"efforts": {"quick": {**QUICK, "encoder_seeds": 3}}},
            "encoder_seeds must be 1..2, the draws of the budget with fewest",
        ),
        ({"effort": "huge"}, "effort must be of quick, got 'huge'"),
        ({"arms": {"signed": {"kind": "forest"}}}, "arm signed has the name of the arm of a"),
        (
            {"arms": {"mine": {"kind": "linear", "input": "pretrained", "encoder": "level"}}},
            "its `encoder` must be a variant that is run (paper, signed), got 'level'",
        ),
        ({"references": ["nothing"]}, "references must be of paper, level, signed"),
        ({"arms": {"paper": None}}, "arm paper is that of a variant: null belongs at variants.p"),
        (
            {
                "efforts": {"quick": {"budgets": {"all": {}}}, "other": QUICK},
                "arms": {},
                "fine_tuned": [],
                "references": [],
            },
            "effort quick: no arm runs at the budget all",
        ),
        (
            {"efforts": {"quick": {"budgets": {"half": {"share": 0.5}}}, "other": QUICK}},
            "effort quick: no arm scores the encoders of paper at its budgets (half)",
        ),
    ],
)
def test_errors_say_what_is_wrong(changed, message):
    with pytest.raises(ValueError) as error:
        options(**changed)
    assert message in str(error.value)


def test_whose_encoders_are_read_is_checked():
    with pytest.raises(ValueError, match="encoders must be catalog or by_rotation, got 'mine'"):
        PixelClassificationOptions(
            arms={"majority": {"kind": "majority"}},
            efforts={"quick": {"budgets": {"all": {}}}},
            encoders="mine",
        )


@pytest.mark.parametrize("environment", ["base", "points"])
def test_every_shipped_variant_can_be_built(environment):
    loader = OmegaConfigLoader(
        str(PROJECT / "conf"), environment, **{**CONFIG_LOADER_ARGS, "default_run_env": "base"}
    )
    given = loader["parameters"]
    effort = {**given["ablation"], "effort": "full"}
    recurrence = RecurrenceOptions(**given["recurrence"])
    pretraining = PretrainingOptions(**given["pretraining"])
    variants = {
        name: build_variant(name, overrides, recurrence, pretraining, {})
        for name, overrides in AblationOptions(**effort).variants.items()
    }
    assert {"paper", "shipped", "plots_alone", "masked", "vicreg"} <= set(variants)
    objectives = {name: each.pretraining.objective for name, each in variants.items()}
    assert objectives["paper"].terms == {"series" if environment == "points" else "pair": 1.0}
    assert objectives["masked"].terms == {"masked": 1.0}
    if environment == "points":  # there are no images
        assert not any(objective.images for objective in objectives.values())
    plain = RecurrenceOptions(kind="unthresholded", scale=variants["paper"].recurrence.scale)
    assert variants["paper"].recurrence == plain


def test_nothing_is_trained_for_pixels_that_cannot_be_scored(tmp_path):
    unlabelled = replace(CORPUS, pixels=CORPUS.pixels.assign(label=-1))
    with pytest.raises(
        ValueError, match="classes are told of labelled pixels: 200 pixels, none has a"
    ):
        plan_variants(unlabelled, CLASSES, RECURRENCE, PRETRAINING, FOLDS, options(), tmp_path)


def test_an_unknown_input_is_refused_whatever_the_encoder_reads():
    given = PixelClassificationOptions(
        arms={"mean": {"kind": "linear", "input": "statistics"}},
        efforts={"quick": {"budgets": {"all": {}}}},
        preset="temporal",
    )
    read = pixel_nodes.gather_encoders(CORPUS, None, None, {}, RECURRENCE, PRETRAINING, given)
    with pytest.raises(ValueError, match=r"arms\.mean\.input: no input 'statistics'; .* series"):
        pixel_nodes.plan_arms(CORPUS, read, CLASSES, FOLDS, given)
