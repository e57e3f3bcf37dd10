import numpy as np
import pytest

from pimc.report.comparison import Evidence
from pimc.report.forecasts import ERRORS, error_scores, grouped_errors, lead_table

TRUTH = np.array([[[1.0, np.nan]], [[3.0, 0.0]]])
FORECAST = np.array([[[2.0, 9.0]], [[3.0, 4.0]]])


def test_errors_computed_by_hand_where_observed_only():
    sums = grouped_errors(FORECAST, TRUTH, np.array([[2.0]]), np.array([1, 1]), 3)
    assert sums.shape == (3, 1, 2, len(ERRORS))
    assert sums[0].sum() == sums[2].sum() == 0
    assert sums[1, 0, 0].tolist() == [2, 0.25, 0.5, 1, 1]
    assert sums[1, 0, 1].tolist() == [1, 4, 2, 16, 4]
    scores = error_scores(sums.sum(axis=0), ["NDVI"])
    assert scores["raw_rmse_NDVI"] == pytest.approx(np.sqrt(17 / 3))
    assert scores["raw_mae_NDVI"] == pytest.approx(5 / 3)
    assert scores["rmse_NDVI"] == scores["rmse"] == pytest.approx(np.sqrt(17 / 3) / 2)
    assert scores["mae_NDVI"] == pytest.approx(5 / 6)


def test_the_first_score_is_the_mean_over_indices():
    sums = np.ones((2, 3, 5))
    sums[1, :, 1] = 9
    scores = error_scores(sums, ["NDVI", "EVI"])
    assert next(iter(scores)) == "rmse"
    assert scores["rmse"] == pytest.approx((1 + 3) / 2)


def test_lead_times_are_told_apart():
    sums = grouped_errors(FORECAST, TRUTH, np.array([[2.0]]), np.array([0, 1]), 2)
    evidence = Evidence("arm", "all", {}, sums[None], sums[None])
    table = lead_table([evidence], ["NDVI"])
    assert table["lead"].tolist() == [1, 2]
    assert table["observations"].tolist() == [2, 1]
    assert table["raw_rmse"].tolist() == pytest.approx([np.sqrt(0.5), 4])
