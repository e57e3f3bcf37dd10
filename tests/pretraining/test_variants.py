from dataclasses import replace

import pytest

from pimc.pretraining.kept_encoder import EncoderRun
from pimc.pretraining.options import BatchOptions, PretrainingOptions
from pimc.pretraining.variants import build_variant, design, merge_options
from pimc.signal.recurrence import RecurrenceOptions

RECURRENCE = RecurrenceOptions(kind="level", scale="standard")
PRETRAINING = PretrainingOptions(batch=BatchOptions(size=64, patches=4, seed=2), seed=5)


def build(overrides, effort=None):
    return build_variant("v", overrides, RECURRENCE, PRETRAINING, effort or {})


def test_a_variant_without_overrides_is_what_is_shipped():
    variant = build({})
    assert (variant.recurrence, variant.pretraining) == (RECURRENCE, PRETRAINING)


def test_overrides_change_single_options_at_any_depth():
    variant = build(
        {
            "recurrence": {"kind": "soft", "percentile": [5, 20]},
            "pretraining": {"objective": {"series": 1.0, "mask": {"share": 0.5}}},
        }
    )
    assert variant.recurrence == replace(RECURRENCE, kind="soft", percentile=(5, 20))
    objective = variant.pretraining.objective
    assert (objective.series, objective.pair, objective.mask.share) == (1.0, 1.0, 0.5)
    assert objective.mask.block == PRETRAINING.objective.mask.block
    assert variant.pretraining.batch == PRETRAINING.batch


def test_the_effort_sets_the_budget_of_all():
    variant = build({"pretraining": {"preset": "fused"}}, {"max_epochs": 2})
    assert (variant.pretraining.preset, variant.pretraining.max_epochs) == ("fused", 2)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"recurence": {}}, "variant v has no option recurence; it has pretraining, recurrence"),
        ({"recurrence": {"knid": "soft"}}, "variant v, recurrence has no option knid; it has bins"),
        (
            {"pretraining": {"objective": {"mask": {"shar": 1}}}},
            "variant v, pretraining, objective, mask has no option shar; it has block, share",
        ),
        (
            {"pretraining": {"max_epochs": 3}},
            "variant v: max_epochs must be the same for all variants; set it in the effort",
        ),
        ({"recurrence": {"kind": "fuzzy"}}, "variant v: recurrence kind must be one of"),
        ({"recurrence": "soft"}, "variant v, recurrence: expected options by name, got 'soft'"),
        ("soft", "variant v: expected options by name, got 'soft'"),
    ],
)
def test_errors_name_what_is_known(overrides, message):
    with pytest.raises(ValueError, match=message):
        build(overrides)


def test_an_effort_sets_the_budget_alone():
    with pytest.raises(ValueError, match="effort: preset may differ between variants"):
        build({}, {"preset": "tiny"})


def test_merging_leaves_its_input_alone_and_replaces_what_is_no_mapping():
    base = {"a": {"b": 1, "c": [1, 2]}, "d": None}
    merged = merge_options(base, {"a": {"c": [3]}, "d": {"e": 1}}, "x")
    assert merged == {"a": {"b": 1, "c": [3]}, "d": {"e": 1}}
    assert base == {"a": {"b": 1, "c": [1, 2]}, "d": None}


def test_a_seed_moves_weights_and_batches():
    seeded = build({}).with_seed(3).pretraining
    assert (seeded.seed, seeded.batch.seed) == (8, 5)
    assert replace(seeded, seed=5, batch=PRETRAINING.batch) == PRETRAINING


def test_trainings_have_names_of_their_own():
    assert EncoderRun("v", 2, 1).name == "v-seed2-rotation1"


def test_a_plot_or_a_size_of_its_own_is_another_design():
    objective = {"pretraining": {"objective": {"masked": 1.0}}}
    assert design("one", objective) == design("one", {}) == "shipped"
    assert design("one", {"recurrence": {"kind": "binary"}}) == "one"
    assert design("one", {"pretraining": {"preset": "small"}}) == "one"
