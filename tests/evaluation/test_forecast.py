import numpy as np
import pytest
from sklearn.linear_model import Ridge

from pimc.evaluation.arms import Arm, Budget
from pimc.evaluation.forecast import Forecasting
from pimc.evaluation.protocol import Split
from pimc.evaluation.ridge import fit_ridge
from pimc.evaluation.runs import ArmRun
from pimc.evaluation.series_inputs import SeriesInputs
from pimc.evaluation.series_task import SeriesOptions
from pimc.model.architecture import Architecture
from pimc.signal.calendar import CalendarOptions
from pimc.signal.recurrence import RecurrenceOptions

RNG = np.random.default_rng(0)
LEVEL = RNG.uniform(0.2, 0.8, (120, 2, 1)).astype(np.float32)
CONTEXT = (LEVEL + RNG.normal(0, 0.01, (120, 2, 16))).astype(np.float32)
# the greener, the deeper the fall: neither persistence nor the mean of all pixels knows
TARGETS = (LEVEL * np.array([0.9, 0.6, 0.3])).astype(np.float32)
TARGETS[::7, :, 1] = np.nan
SPLIT = Split(np.arange(60), np.arange(60, 90), np.arange(90, 120))


def forecasting():
    calendar = CalendarOptions(length=16)
    inputs = SeriesInputs(
        CONTEXT,
        np.full(120, "patch"),
        np.ones(120, int),
        SeriesOptions(
            ["NDVI", "EVI"],
            calendar,
            RecurrenceOptions(scale="standard"),
            Architecture((8, 8), embedding_size=8),
        ),
        device="cpu",
    )
    return Forecasting(inputs, TARGETS, np.array([0, 1]), device="cpu")


def run(kind, source=None, **options):
    arm = Arm(kind, kind, source, options=options)
    return forecasting().run(ArmRun("forecasting", arm, Budget("all"), 0, 0), SPLIT)


def test_persistence_repeats_the_last_known_value():
    result = run("persistence")
    np.testing.assert_allclose(
        result.arrays["test"], np.repeat(CONTEXT[90:, :, -1:], 3, axis=2), rtol=1e-5
    )
    assert result.facts["chosen"] == {}


def test_climatology_is_the_mean_of_the_observed_training_targets():
    mean = np.nanmean(TARGETS[:60], axis=0)
    np.testing.assert_allclose(run("climatology").arrays["test"][5], mean, rtol=1e-5)


@pytest.mark.parametrize("source", ["series", "random"])
def test_ridge_knows_more_than_both(source):
    simple = min(run(kind).metrics["test_rmse"] for kind in ("persistence", "climatology"))
    result = run("ridge", source)
    assert result.metrics["test_rmse"] < 0.8 * simple
    assert set(result.facts["chosen"]) == {"base", "penalty"}


@pytest.mark.parametrize("source", ["series", "random", "random_with_series"])
def test_networks_know_more_than_both(source):
    simple = min(run(kind).metrics["test_rmse"] for kind in ("persistence", "climatology"))
    options = {"epochs": 1, "min_steps": 120, "checks": 4, "batch_size": 16}
    result = run("network", source, learning_rate=0.01, **options)
    assert result.metrics["test_rmse"] < 0.8 * simple
    assert result.facts["chosen"]["base"] in ("persistence", "climatology")
    assert result.facts["transductive"] == "none"


def test_errors_are_in_units_of_the_training_contexts_deviation():
    result = run("persistence")
    std = CONTEXT[:60].std(axis=(0, 2))
    np.testing.assert_allclose(result.facts["scale"], std, rtol=1e-5)
    error = (result.arrays["test"] - TARGETS[90:]) / std[:, None]
    rmse = np.sqrt(np.nanmean(error**2, axis=(0, 2))).mean()
    assert result.metrics["test_rmse"] == pytest.approx(rmse, rel=1e-4)


def test_ridge_regression_is_scikit_learns_on_the_rows_that_are_known():
    x = RNG.normal(size=(40, 5)).astype(np.float32)
    y = RNG.normal(size=(40, 3))
    y[::3, 1] = np.nan
    y[:, 2] = np.nan
    weights = fit_ridge(x, y, 2.0)
    for column in range(2):
        known = np.isfinite(y[:, column])
        peer = Ridge(alpha=2.0).fit(x[known].astype(float), y[known, column])
        np.testing.assert_allclose(weights[1:, column], peer.coef_, atol=1e-5)
        assert weights[0, column] == pytest.approx(peer.intercept_, abs=1e-5)
    assert (weights[:, 2] == 0).all()


@pytest.mark.parametrize("base", ["persistence", "climatology"])
def test_a_network_predicts_over_the_simple_forecast_that_its_arm_names(base):
    options = {"epochs": 1, "min_steps": 1, "checks": 1, "learning_rate": 1e-9}
    result = run("network", "series", bases=[base], **options)
    assert result.facts["chosen"] == {"base": base}
