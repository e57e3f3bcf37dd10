import pytest

from pimc.evaluation.arms import Arm, Budget
from pimc.evaluation.classify import KINDS
from pimc.evaluation.kinds import INPUTS
from pimc.evaluation.planning import Task, plan, plan_runs, without_encoder
from pimc.evaluation.runs import ArmRun
from pimc.evaluation.task_options import TaskOptions
from pimc.report.leaderboard.table import arm_role

EFFORTS = {
    "quick": {"budgets": {"all": {"draws": 2}, "few": {"shots": 5, "draws": 3}}, "rotations": 2}
}
ARMS = {
    "probe": {"kind": "linear", "input": "pretrained"},
    "forest": {"kind": "forest", "input": "series", "trees": 10},
    "network": {"kind": "network", "input": "random", "budgets": ["all"]},
    "gone": None,
}


def options(**changed):
    return TaskOptions(**{"arms": ARMS, "efforts": EFFORTS, **changed})


def task(absent=None, facts=("data",), of_input=lambda run: None):
    splits = [f"split {rotation}" for rotation in range(2)]
    return Task("task", KINDS, INPUTS, make, splits, facts, of_input, absent or {})


def make(run, split):
    return run.name, split


def names(runs, arm):
    return [run.name for run in runs if run.arm.name == arm]


def test_what_is_no_field_of_an_arm_is_an_option():
    arm = options().arms["forest"]
    assert (arm.kind, arm.input, arm.budgets, arm.options) == (
        "forest",
        "series",
        None,
        {"trees": 10},
    )


def test_an_arm_that_is_null_is_taken_out():
    assert list(options(references=["gone"]).arms) == ["probe", "forest", "network"]


def test_every_arm_runs_at_its_budgets_with_every_seed_and_rotation():
    runs = list(plan_runs(task(), options()))
    assert names(runs, "forest") == [
        f"forest-{budget}-seed{seed}-rotation{rotation}"
        for rotation in range(2)
        for budget, draws in (("all", 2), ("few", 3))
        for seed in range(draws)
    ]
    assert len(names(runs, "network")) == 4
    assert len({run.name for run in runs}) == len(runs)


def test_what_hangs_on_no_seed_runs_once_at_all_labels():
    runs = list(plan_runs(task(), options()))
    at_all = [name for name in names(runs, "probe") if "-all-" in name]
    assert at_all == ["probe-all-seed0-rotation0", "probe-all-seed0-rotation1"]
    assert len(names(runs, "probe")) == 2 + 6
    capped = {"quick": {**EFFORTS["quick"], "max_train": 10}}
    assert len(names(plan_runs(task(), options(efforts=capped)), "probe")) == 4 + 6


def test_a_backbone_is_one_for_all_seeds_and_an_encoder_of_several_is_not():
    arms = {
        name: {"kind": "linear", "input": source, "encoder": "a"}
        for name, source in (("other", "backbone"), ("ours", "pretrained"))
    }
    runs = list(plan_runs(task(), options(arms=arms)))
    assert len(names(runs, "other")) == 2 + 6
    assert len(names(runs, "ours")) == 4 + 6


@pytest.mark.parametrize(("given", "run"), [({}, 4), ({"epochs": 3}, 3), ({"epochs": 9}, 4)])
def test_an_effort_may_limit_the_epochs_of_networks_alone(given, run):
    arms = {"network": {"kind": "network", **given}, "forest": {"kind": "forest"}}
    efforts = {"quick": {"budgets": {"all": {}}, "max_epochs": 4}}
    network, forest = plan_runs(task(), TaskOptions(arms=arms, efforts=efforts))
    assert network.arm.options == {"epochs": run}
    assert forest.arm.options == {}


def test_an_effort_may_leave_arms_out():
    quick = {**EFFORTS["quick"], "without": ["network", "gone"]}
    runs = list(plan_runs(task(), options(efforts={"quick": quick})))
    assert {run.arm.name for run in runs} == {"probe", "forest"}
    taken_back = options(efforts={"quick": {**quick, "without": None}})
    assert {run.arm.name for run in plan_runs(task(), taken_back)} == {"probe", "forest", "network"}


@pytest.mark.parametrize(
    ("source", "fixed", "pretrained", "role"),
    [
        ("series", True, False, "baseline"),
        ("pretrained", True, True, "pretrained"),
        ("pretrained_image", True, True, "pretrained"),
        ("pretrained_both", True, True, "pretrained"),
        ("random_image", False, False, "first weights"),
        ("random_both", False, False, "first weights"),
        ("pretrained_noise", False, True, "control"),
        ("backbone", True, False, "backbone"),
        (None, True, False, "baseline"),
    ],
)
def test_what_an_arm_is_follows_from_what_it_reads(source, fixed, pretrained, role):
    arm = Arm("a", "linear", source)
    assert (arm.source.fixed, arm.pretrained, arm.source.role) == (fixed, pretrained, role)
    assert arm_role("linear", source or "") == role


def test_the_identity_knows_options_and_not_names():
    def identity(name, **arm):
        given = {"kind": "forest", "trees": 10, **arm}
        return ArmRun("t", Arm.from_parameters(name, given), Budget("all"), 0, 0).identity

    assert identity("a") == identity("b", budgets=["all"])
    assert identity("a") != identity("a", trees=11)
    assert identity("a") != identity("a", input="series")


def test_arms_without_their_encoder_are_named_and_left_out(caplog):
    absent = without_encoder(options(), "no encoder")
    kept = plan(task(absent), options())
    assert {each.run.arm.name for each in kept.values()} == {"forest", "network"}
    assert "absent: probe: no encoder" in caplog.text


def test_runs_of_one_arm_follow_each_other():
    runs = [(run.rotation, run.arm.name) for run in plan_runs(task(), options())]
    order = [(rotation, arm) for rotation in range(2) for arm in ("probe", "forest", "network")]
    assert list(dict.fromkeys(runs)) == order
    assert runs == sorted(runs, key=order.index)


def test_a_run_is_made_on_the_split_of_its_rotation():
    planned = plan(task(), options())["forest-few-seed2-rotation1"]
    assert planned.make() == ("forest-few-seed2-rotation1", "split 1")


def test_a_key_hangs_on_facts_arm_and_encoder():
    def keys(**changes):
        return {name: each.key for name, each in plan(task(**changes), options()).items()}

    first = keys()
    assert len(set(first.values())) == len(first)
    assert keys() == first
    assert not set(keys(facts=("other data",)).values()) & set(first.values())
    changed = keys(of_input=lambda run: "weights" if run.arm.pretrained else None)
    assert {name for name in first if first[name] != changed[name]} == {
        name for name in first if name.startswith("probe")
    }


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"arms": {"a": {"input": "series"}}}, "arm a needs a kind"),
        ({"arms": {"a": "None"}}, r"arms\.a: expected options by name, got 'None'"),
        ({"effort": "huge"}, "effort must be of quick, got 'huge'"),
        ({"references": ["none"]}, "references must be of probe, forest, network, gone, got"),
        ({"efforts": {"quick": {"budgets": {"all": {"share": 1.5}}}}}, "budget all needs a share"),
        ({"efforts": {"quick": {"budgets": {}}}}, "an effort needs budgets"),
        ({"efforts": {"quick": {"budgets": {"a": {}}, "rotations": 6}}}, "1..5 rotations"),
        (
            {"efforts": {"quick": {"budgets": {"all": {}}, "without": ["fores"]}}},
            "without of effort quick must be of probe, forest, network, gone, got 'fores'",
        ),
        ({"resamples": 0}, "resamples must be at least 1"),
        ({"device": "gpu"}, "device must be auto, cpu or cuda, got 'gpu'"),
        ({"efforts": {"quick": {"budgets": {"a": {"shots": 0}}}}}, "budget a needs a share"),
        (
            {"arms": {"a": {"kind": "forest", "budgets": ["fw"]}}},
            "budgets of arm a must be of all, few, got 'fw'",
        ),
    ],
)
def test_errors_say_what_is_wrong(changed, message):
    with pytest.raises(ValueError, match=message):
        options(**changed)


def test_kinds_and_inputs_are_checked_by_the_task():
    with pytest.raises(
        ValueError, match=r"arms\.forest\.kind: no kind 'forest'; .* linear, network"
    ):
        options().check_arms(["linear", "network"], ["series", "pretrained", "random"])
    with pytest.raises(
        ValueError, match=r"arms\.probe\.input: no input 'pretrained'; .* are series"
    ):
        options().check_arms(["linear"], ["series"])


@pytest.mark.parametrize("name", ["a/b", "../x", ".hidden", "", "a\n", "ä", 3])
def test_what_can_be_no_name_of_a_file_or_a_metric_is_refused_at_once(name):
    with pytest.raises(ValueError, match=r"the name of arm .* must be of letters"):
        Arm(name, "forest")
    with pytest.raises(ValueError, match=r"the name of budget .* must be of letters"):
        Budget(name)
