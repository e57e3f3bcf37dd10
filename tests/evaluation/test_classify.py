from dataclasses import replace

import numpy as np
import pytest
import torch

from pimc.evaluation.arms import Arm, Budget
from pimc.evaluation.classify import Classification
from pimc.evaluation.embeddings import Embeddings
from pimc.evaluation.probes import Fitted
from pimc.evaluation.protocol import Split
from pimc.evaluation.runs import ArmRun
from pimc.evaluation.series_inputs import SeriesInputs
from pimc.evaluation.series_task import SeriesOptions, always
from pimc.model.adapt import shorten
from pimc.model.architecture import Architecture
from pimc.model.encoder_config import SeriesEncoderConfig
from pimc.model.encoders import SeriesEncoder
from pimc.signal.calendar import CalendarOptions
from pimc.signal.recurrence import RecurrenceOptions, fit_recurrence

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 3, 160)
SEASON = np.linspace(0, 2 * np.pi, 20)
SERIES = np.sin(SEASON * (1 + LABELS[:, None]))[:, None] * np.array([[1.0], [0.6]])
SERIES = (SERIES + RNG.normal(0, 0.1, SERIES.shape)).astype(np.float32)
SPLIT = Split(np.arange(80), np.arange(80, 120), np.arange(120, 160))
PATCH = np.array([f"patch{k // 40}" for k in range(160)])
FOLD = np.repeat([1, 2, 4, 5], 40)
CALENDAR, OPTIONS = CalendarOptions(length=20), RecurrenceOptions(scale="standard")
SMALL = Architecture((8, 16), embedding_size=8)
SHORT = {"epochs": 1, "min_steps": 120, "checks": 4, "batch_size": 16, "learning_rate": 0.01}


def make_encoder(trained_on=None):
    torch.manual_seed(7)
    fitted = fit_recurrence(SERIES[:80], OPTIONS, ("NDVI", "EVI"), np.random.default_rng(0))
    return SeriesEncoder(SeriesEncoderConfig(SMALL, CALENDAR, fitted, trained_on)).eval()


OF_SERIES = SeriesOptions(["NDVI", "EVI"], CALENDAR, OPTIONS, SMALL)


def make_inputs(encoder=None):
    find = None if encoder is None else always(encoder)
    return SeriesInputs(SERIES, PATCH, FOLD, OF_SERIES, find, "cpu")


def arm_run(kind, source, seed=0, **options):
    return ArmRun("t", Arm("arm", kind, source, options=options), Budget("all"), seed, 0)


def run(kind, source, inputs=None, seed=0, budget=None, **options):
    task = Classification(inputs or make_inputs(), LABELS, 3, device="cpu")
    run = arm_run(kind, source, seed, **options)
    return task.run(replace(run, budget=budget or run.budget), SPLIT)


@pytest.mark.parametrize("source", ["series", "random", "random_with_series"])
def test_networks_learn_and_give_the_same_for_one_seed(source):
    first, second = (run("network", source, **SHORT) for _ in range(2))
    assert first.metrics["test_accuracy"] > 0.9
    assert (first.arrays["test"] == second.arrays["test"]).all()
    assert first.arrays["test_rows"].tolist() == SPLIT.test.tolist()


def test_series_are_scaled_by_their_own_deviation_and_one_that_never_varies_by_none():
    flat = np.concatenate([SERIES, np.ones_like(SERIES[:, :1])], axis=1)
    network = make_inputs().series_network(flat, SPLIT)
    deviation = SERIES[SPLIT.train].std(axis=(0, 2))
    assert deviation.min() < 0.9
    np.testing.assert_allclose(network.std[:, 0], [*deviation, 1], rtol=1e-5)
    np.testing.assert_allclose(network.mean[:, 0], flat[SPLIT.train].mean(axis=(0, 2)), atol=1e-6)


def test_training_leaves_the_pretrained_encoder_and_torchs_random_state_alone():
    encoder = make_encoder()
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    torch.manual_seed(1)
    expected = torch.rand(1)
    torch.manual_seed(1)
    run("network", "pretrained", make_inputs(encoder), **SHORT)
    assert torch.rand(1) == expected
    assert all(torch.equal(before[name], value) for name, value in encoder.state_dict().items())


def test_frozen_features_are_the_encoders_embeddings_computed_once():
    encoder = make_encoder()
    inputs = make_inputs(encoder)
    with torch.inference_mode():
        expected = encoder(torch.from_numpy(SERIES)).numpy()
    first = inputs.frozen(arm_run("linear", "pretrained"), SPLIT)
    np.testing.assert_allclose(first, expected, atol=1e-6)
    assert inputs.frozen(arm_run("knn", "pretrained", seed=3), SPLIT) is first
    both = inputs.frozen(arm_run("linear", "pretrained_with_series"), SPLIT)
    np.testing.assert_array_equal(both[:, 8:], SERIES.reshape(160, -1))


def test_random_features_hang_on_the_seed():
    inputs = make_inputs()
    first, again, other = (
        inputs.frozen(arm_run("linear", "random", seed), SPLIT) for seed in (0, 0, 1)
    )
    assert first is again
    assert not np.allclose(first, other)


def test_noise_for_plots_is_no_better_than_a_guess_and_plots_are():
    inputs = make_inputs(make_encoder())
    accuracy = {
        source: run("linear", source, inputs).metrics["test_accuracy"]
        for source in ("pretrained", "pretrained_noise")
    }
    assert accuracy["pretrained"] > 0.85
    assert accuracy["pretrained_noise"] < 0.6


def test_all_arms_see_the_labels_of_the_budget():
    few = Budget("few", shots=4)
    assert run("majority", None, budget=few).facts["train_samples"] == 12


@pytest.mark.parametrize(
    ("trained_on", "expected"),
    [
        ({"patch0": (1,), "patch2": (4,)}, False),
        ({"patch3": (5,)}, True),
        ({"patch3": (1,)}, None),  # the folds were dealt anew
        (None, None),
    ],
)
def test_an_encoder_that_has_seen_the_test_ground_is_told(trained_on, expected):
    inputs = make_inputs(make_encoder(trained_on))
    assert inputs.transductive(arm_run("linear", "pretrained"), SPLIT) is expected
    assert inputs.transductive(arm_run("linear", "random"), SPLIT) == "none"


def test_ground_that_labels_dealt_is_known_by_its_dealing():
    """Patch 3 is test ground, and holds no labelled pixel of its other folds."""
    patch = np.array([f"{name} dealt 3f" for name in PATCH])

    def told(trained_on):
        inputs = replace(make_inputs(make_encoder(trained_on)), patch=patch)
        return inputs.transductive(arm_run("linear", "pretrained"), SPLIT)

    assert told({"patch3 dealt 3f": (1, 2, 4)}) is False
    assert told({"patch3 dealt 3f": (1, 5)}) is True
    assert told({"patch3": (1, 4)}) is None  # before there were labels
    assert told({"patch3 dealt 77": (1, 2)}) is None  # by other labels
    assert told({"patch9": (1, 4)}) is False  # other ground


def test_ground_of_another_fold_within_a_patch_is_other_ground():
    inputs = make_inputs(make_encoder({"patch3": (1,)}))
    rows, fold = np.flatnonzero(inputs.patch == "patch3"), inputs.fold.copy()
    fold[rows[0]] = 1  # the patch holds ground of both, as those of a stack do
    split, shared = replace(SPLIT, test=rows[1:]), replace(inputs, fold=fold)
    assert shared.transductive(arm_run("linear", "pretrained"), split) is False


@pytest.mark.parametrize(
    ("source", "views"), [("random", 2), ("random_with_series", 3), ("random_noise", 1)]
)
def test_a_network_has_a_head_for_each_view(source, views):
    architecture = replace(SMALL, temporal_width=8)
    inputs = replace(make_inputs(), of_series=replace(OF_SERIES, architecture=architecture))
    network = inputs.network(arm_run("network", source), SPLIT, 3)
    assert len(network.heads) == views
    assert network.eval()(inputs.load(np.arange(4))).shape == (4, 3)


def test_a_control_hides_the_series_from_every_branch():
    fused = replace(SMALL, temporal_width=8)
    inputs = replace(make_inputs(), of_series=replace(OF_SERIES, architecture=fused))
    plain = inputs.frozen(arm_run("linear", "random"), SPLIT)
    noise = inputs.frozen(arm_run("linear", "random_noise"), SPLIT)
    assert plain.shape == (160, 16) and noise.shape == (160, 8)
    # noise is drawn by place in a batch: other series give the same
    other = replace(inputs, series=SERIES[::-1].copy(), _embedded=Embeddings())
    split = replace(SPLIT, train=np.arange(80, 160)[::-1])  # whose transform is fitted alike
    np.testing.assert_allclose(
        other.frozen(arm_run("linear", "random_noise"), split), noise, atol=1e-5
    )
    series_alone = Architecture((), embedding_size=8, temporal_width=8)
    alone = replace(inputs, of_series=replace(OF_SERIES, architecture=series_alone))
    with pytest.raises(ValueError, match="takes the place of plots, and this encoder reads none"):
        alone.frozen(arm_run("linear", "random_shuffled"), SPLIT)


def test_a_shortened_encoder_reads_the_first_steps():
    encoder = make_encoder()
    short = shorten(encoder, 12)
    assert short.config.calendar.length == 12
    series = torch.from_numpy(SERIES[:4, :, :12])
    with torch.inference_mode():
        torch.testing.assert_close(short(series), encoder.network(encoder.plots(series)))


def test_an_encoder_of_other_indices_is_refused():
    inputs = replace(
        make_inputs(make_encoder()), of_series=replace(OF_SERIES, indices=["EVI", "NDVI"])
    )
    with pytest.raises(ValueError, match="this encoder reads the indices NDVI, EVI"):
        inputs.frozen(arm_run("linear", "pretrained"), SPLIT)


def test_an_arm_without_its_encoder_is_refused():
    with pytest.raises(ValueError, match="arm arm needs a pretrained encoder, and there is none"):
        make_inputs().frozen(arm_run("linear", "pretrained"), SPLIT)


def test_each_rotation_may_have_an_encoder_of_its_own():
    torch.manual_seed(1)
    encoders = [make_encoder({"patch3": (5,)}), make_encoder({"patch0": (1,)})]
    encoders[1].load_state_dict(SeriesEncoder(encoders[1].config).state_dict())
    finds = [always(encoder) for encoder in encoders]
    inputs = replace(make_inputs(), find_encoder=lambda run: finds[run.rotation](run))
    runs = [replace(arm_run("linear", "pretrained"), rotation=rotation) for rotation in (0, 1)]
    first, second = (inputs.frozen(each, SPLIT) for each in runs)
    assert not np.allclose(first, second)
    assert inputs.frozen(runs[0], SPLIT) is first
    assert [inputs.transductive(each, SPLIT) for each in runs] == [True, False]


@pytest.mark.parametrize("source", ["pretrained", "pretrained_with_series", "series"])
def test_networks_are_given_observed_dates_where_their_encoder_reads_them(source):
    options = RecurrenceOptions(scale="standard", validity=True)
    fitted = fit_recurrence(SERIES[:80], options, ("NDVI", "EVI"), np.random.default_rng(0))
    encoder = SeriesEncoder(SeriesEncoderConfig(SMALL, CALENDAR, fitted)).eval()
    observed = RNG.random((160, 20)) < 0.7
    inputs = replace(make_inputs(encoder), observed=observed)
    network = inputs.network(arm_run("network", source), SPLIT, 3)
    given = inputs.loader(arm_run("network", source), network)(np.arange(4))
    assert given.shape == (4, 2 if source == "series" else 3, 20)
    if source != "series":
        np.testing.assert_array_equal(given[:, 2], observed[:4])
    short = {**SHORT, "min_steps": 4, "masking": 0.2}
    assert len(run("network", source, inputs, **short).arrays["test"]) == 40


@pytest.fixture
def fitted_on(monkeypatch):
    """Which samples a run fits and chooses on, by the values of their series."""
    numbers = {each.tobytes(): n for n, each in enumerate(SERIES)}

    def look(seed, budget=Budget("all"), task_seed=0, max_train=None):  # noqa: B008
        def fit(kind, train, validation, options, seed):
            found.extend([numbers[x.tobytes()] for x in part.x] for part in (train, validation))
            return Fitted(lambda x: np.zeros(len(x), int), {})

        found = []
        monkeypatch.setattr("pimc.evaluation.classify.fit_classifier", fit)
        task = Classification(make_inputs(), LABELS, 3, max_train, "cpu", task_seed)
        task.run(replace(arm_run("knn", "series", seed), budget=budget), SPLIT)
        return found

    return look


def test_arms_fit_on_training_and_choose_on_validation(fitted_on):
    assert fitted_on(0) == [SPLIT.train.tolist(), SPLIT.validation.tolist()]


def test_what_max_train_leaves_is_the_tasks_and_not_the_runs(fitted_on):
    first, other = (fitted_on(seed, max_train=30)[0] for seed in (0, 1))
    assert first == other and len(first) == 30 and set(first) <= set(SPLIT.train)
    assert fitted_on(0, max_train=30, task_seed=5)[0] != first


def test_few_labels_are_drawn_by_the_runs_seed(fitted_on):
    few = Budget("few", shots=3, draws=2)
    first, again, other = (fitted_on(seed, budget=few)[0] for seed in (0, 0, 1))
    assert first == again != other
    assert np.bincount(LABELS[first]).tolist() == [3, 3, 3]
