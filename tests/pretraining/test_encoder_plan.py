from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from cases.small_corpus import PRETRAINING, make_corpus

from pimc.data.folds import FoldOptions, rotate
from pimc.evaluation.series_task import always
from pimc.model.storage import encoder_digest
from pimc.pretraining.corpus import fit_on_rows
from pimc.pretraining.encoder_plan import plan_encoders, plan_transfer
from pimc.pretraining.kept_encoder import KeptEncoder
from pimc.pretraining.variants import Variant
from pimc.signal.calendar import CalendarOptions
from pimc.signal.recurrence import RecurrenceOptions
from pimc.signal.series_axes import SeriesAxes

CORPUS, FOLDS = make_corpus(), FoldOptions()
LEVEL = Variant("level", RecurrenceOptions(kind="level", scale="standard"), PRETRAINING)


def plan(*variants, corpus=CORPUS, seeds=1, rotations=1, folder="nowhere"):
    return plan_encoders(corpus, variants or [LEVEL], seeds, rotations, FOLDS, folder)


def only_key(*variants, **changed):
    (task,) = plan(*variants, **changed).values()
    return task.key


def test_one_training_a_variant_rotation_and_seed():
    tasks = plan(LEVEL, replace(LEVEL, name="other"), seeds=3, rotations=5)
    assert len(tasks) == 30
    assert "other-seed2-rotation4" in tasks
    assert len({task.key for task in tasks.values()}) == 15  # the two variants are the same


def test_the_key_knows_what_auto_is_on_this_machine(monkeypatch):
    def named(precision):
        return only_key(replace(LEVEL, pretraining=replace(PRETRAINING, precision=precision)))

    for flag, precision in ((True, "bf16-mixed"), (False, "32-true")):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda flag=flag: {"amx_bf16": flag})
        assert named("auto") == named(precision)
    assert named("bf16-mixed") != named("32-true")


def test_the_key_knows_what_is_trained_and_not_where():
    def changed(**options):
        return only_key(replace(LEVEL, pretraining=replace(PRETRAINING, **options)))

    key = only_key()
    assert key == only_key(replace(LEVEL, name="other"))
    assert key == changed(accelerator="gpu") == changed(progress_bar=False)
    others = [
        changed(seed=1),
        changed(temperature=0.1),
        changed(objective=replace(PRETRAINING.objective, masked=1.0)),
        only_key(replace(LEVEL, recurrence=RecurrenceOptions(kind="signed", scale="standard"))),
    ]
    assert len({key, *others}) == 5


@pytest.mark.parametrize("part", ["index_series", "observed", "fold", "axes", "frames"])
def test_the_key_knows_the_corpus(part):
    axes = replace(CORPUS.axes, calendar=replace(CORPUS.calendar, step=8))
    changed = {"axes": axes, "frames": np.ones((20, 1, 9, 9))}
    if part in ("index_series", "observed"):
        changed[part] = getattr(CORPUS, part).copy()
        changed[part][3, ..., 2] = ~changed[part][3, 2] if part == "observed" else 0.5
    if part == "fold":
        changed["pixels"] = CORPUS.pixels.assign(fold=CORPUS.pixels["fold"][::-1].to_numpy())
    name = "pixels" if part == "fold" else part
    assert only_key(corpus=replace(CORPUS, **{name: changed[name]})) != only_key()


def test_an_encoder_never_sees_the_test_fold_of_its_rotation(tmp_path):
    tasks = plan(rotations=5, folder=tmp_path)
    for rotation in (0, 3):
        made = tasks[f"level-seed0-rotation{rotation}"].make(None)
        seen = {fold for folds in made.encoder.config.trained_on.values() for fold in folds}
        folds = rotate(FOLDS, rotation)
        assert seen == {*folds.train, *folds.validation}
        assert not seen & set(folds.test)
        # nor does the scale of its plots
        train = np.flatnonzero(CORPUS.pixels["fold"].isin(folds.train))
        fitted = made.encoder.config.recurrence
        expected = CORPUS.index_series[train].mean(axis=(0, 2), dtype=np.float64)
        np.testing.assert_allclose(fitted.centre, expected, rtol=1e-5)
        assert len(made.history) == 1 and made.metrics["seconds"] > 0


def test_the_fit_looks_at_the_rows_alone():
    rows = np.arange(0, 50)
    spoilt = CORPUS.index_series.copy()
    spoilt[50:] = 9.0
    fits = [fit_on_rows(s, rows, LEVEL.recurrence, CORPUS.indices) for s in (spoilt, spoilt[:50])]
    assert fits[0] == fits[1]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """An encoder of the first rotation."""
    tasks = plan(folder=tmp_path_factory.mktemp("trained"))
    return tasks["level-seed0-rotation0"].make(None).encoder


def keep(encoder):
    kept = KeptEncoder(encoder_digest(encoder), lambda: encoder, metrics={}, workspace="w")
    return {"level-seed0-rotation0": kept}


def test_encoders_of_another_corpus_take_the_place_of_trainings(trained):
    kept = keep(trained)
    shorter = replace(CORPUS, axes=SeriesAxes(CORPUS.indices, CalendarOptions(length=20)))
    tasks = plan_transfer(kept, [LEVEL], 1, 3, shorter.axes)
    assert len(tasks) == 3 and len({task.key for task in tasks.values()}) == 1
    read = tasks["level-seed0-rotation2"].make(None).encoder
    assert read.config.calendar.length == 20
    assert read.config.trained_on == trained.config.trained_on
    series = torch.from_numpy(CORPUS.index_series[:4, :, :20])
    with torch.inference_mode():
        torch.testing.assert_close(read(series), trained.network(trained.plots(series)))
    with pytest.raises(ValueError, match="no encoder soft-seed0-rotation0; it has level-seed0"):
        soft = replace(LEVEL, name="soft")
        plan_transfer(kept, [soft], 1, 1, shorter.axes)
    moved = replace(CORPUS.calendar, start="01-01")
    other = replace(CORPUS, axes=SeriesAxes(CORPUS.indices, moved))
    with pytest.raises(ValueError, match="this encoder reads series on a calendar with start"):
        plan_transfer(kept, [LEVEL], 1, 1, other.axes)["level-seed0-rotation0"].make(None)


PLOT = RecurrenceOptions(kind="level", scale="standard")
SOFT = RecurrenceOptions(kind="soft", percentile=[5, 20])


@pytest.mark.parametrize(
    ("here", "told"),
    [
        ({"recurrence": replace(PLOT, kind="signed")}, "kind level, here signed"),
        ({"recurrence": replace(PLOT, validity=True)}, "validity False, here True"),
        ({"recurrence": SOFT}, "kind level, here soft; thresholds 1, here 2"),
        (
            {"pretraining": replace(PRETRAINING, preset="small")},
            "architecture .* here Architecture",
        ),
    ],
)
def test_an_encoder_of_another_design_does_not_pass_for_a_variant(here, told, trained):
    kept = keep(trained)
    plan_transfer(kept, [LEVEL], 1, 1, CORPUS.axes)
    with pytest.raises(ValueError, match=f"level of workspace w is not .* trained with {told}"):
        plan_transfer(kept, [replace(LEVEL, **here)], 1, 1, CORPUS.axes)


def test_one_encoder_may_serve_all_runs(trained):
    find = always(trained)
    assert find("any run").load() is trained
    assert find("any run").digest == find("another").digest == encoder_digest(trained)
    assert isinstance(CORPUS.pairs((1,)).pixels, pd.DataFrame)
    assert set(CORPUS.pairs((1, 3)).pixels["fold"]) == {1, 3}


def test_unpaired_images_are_refused_before_anything_is_trained():
    objective = replace(PRETRAINING.objective, image=1.0)
    unpaired = replace(LEVEL, name="u", pretraining=replace(PRETRAINING, objective=objective))
    with pytest.raises(ValueError, match="u: encoders that are trained on demand are of series"):
        plan(LEVEL, unpaired)
