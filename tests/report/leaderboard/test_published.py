import pytest

from pimc.evaluation.tasks import TASKS
from pimc.report.leaderboard.published import PAPER, PUBLISHED, SECO, Published
from pimc.report.leaderboard.table import shown_scores


def find(method):
    (found,) = (each for each in PUBLISHED if each.method == method)
    return found


def test_every_number_is_of_a_task_and_stands_once():
    assert {each.task for each in PUBLISHED} == set(TASKS) - {"ablation", "transfer"}  # our own
    keys = [(each.task, each.method, each.data) for each in PUBLISHED]
    assert len(keys) == len(set(keys))
    for each in PUBLISHED:
        assert shown_scores(each.task, each.scores) or each.data == "GreenEarthNet"


def test_shares_are_shares_and_ranges_are_in_order():
    for each in PUBLISHED:
        for value in each.scores.values():
            low, high = value if isinstance(value, tuple) else (value, value)
            assert 0 < low <= high < 1


def test_the_paper_is_cited_and_what_rests_on_imagenet_says_so():
    paper = find("PIMC on plots, fine-tuned (the paper)")
    assert paper.scores == {"rmse_NDVI": 0.4849, "rmse_EVI": 0.5464, "rmse_SAVI": 0.5387}
    assert paper.source == PAPER and "2601.04127" in PAPER
    helber = find("CNN, supervised")
    assert helber.scores == {"accuracy": 0.9857}
    assert "ImageNet" in helber.caveat and "random split" in helber.caveat


def test_what_the_paper_reports_of_others_names_them_too():
    assert find("SeCo on plots, fine-tuned").source == f"{PAPER}; {SECO}"
    assert find("1-D CNN").source == PAPER


def test_a_number_without_its_caveat_is_refused():
    with pytest.raises(ValueError, match="needs a method, data, scores, source, protocol and"):
        Published("forecasting", "CNN", "PASTIS", {"rmse": 0.5}, "a paper", "folds", "")
