import hashlib

import pytest

from pimc.data.eurosat.list_sets import add_title
from pimc.evaluation.tasks import TASKS
from pimc.report.leaderboard.published import Published, read_published
from pimc.report.leaderboard.table import shown_scores

PUBLISHED = read_published()
PAPER = "Stival, Torres, Pedrini 2026, arXiv 2601.04127"
GROUP = """
- task: forecasting
  data: PASTIS
  protocol: folds
  caveat: other horizon
  numbers:
    - {method: CNN, scores: {rmse: 0.5, mae: [0.1, 0.2]}, source: a paper}
"""


def find(method):
    (found,) = (each for each in PUBLISHED if each.method == method)
    return found


def test_every_number_is_of_a_task():
    assert {each.task for each in PUBLISHED} == set(TASKS) - {"ablation", "transfer"}  # our own
    for each in PUBLISHED:
        assert shown_scores(each.task, each.scores) or each.data == "GreenEarthNet"


def test_shares_are_shares_and_ranges_are_in_order():
    for each in PUBLISHED:
        for value in each.scores.values():
            low, high = value if isinstance(value, tuple) else (value, value)
            assert 0 < low <= high < 1


def test_the_numbers_are_those_that_were_checked_against_their_sources():
    # whoever changes one has looked at its source again
    told = "".join(
        f"{e.task} {e.method} {e.data} {e.budget} {sorted(e.scores.items())}" for e in PUBLISHED
    )
    assert len(PUBLISHED) == 55
    assert hashlib.sha256(told.encode()).hexdigest()[:16] == "d52cbdb9a7d08265"


def test_the_paper_is_cited_and_what_rests_on_imagenet_says_so():
    paper = find("PIMC on plots, fine-tuned (the paper)")
    assert paper.scores == {"rmse_NDVI": 0.4849, "rmse_EVI": 0.5464, "rmse_SAVI": 0.5387}
    assert paper.source == PAPER
    helber = find("CNN, supervised")
    assert helber.scores == {"accuracy": 0.9857}
    assert "ImageNet" in helber.caveat and "random split" in helber.caveat
    assert find("SSL4EO ResNet-50, linear probe").scores == {"accuracy": (0.95, 0.96)}


@pytest.mark.parametrize(
    ("method", "split", "by_budget"),
    [
        ("OlmoEarth v1.2 Base", "official", (0.955, 0.983, 0.988)),
        ("OlmoEarth v1.2 Nano", "official", (0.889, 0.954, 0.969)),
        ("DOFA-L", "official", (0.901, 0.964, 0.983)),
        ("ResNet-50 of ImageNet", "official", (0.820, 0.911, 0.950)),
        ("OlmoEarth v1.2 Base", "spatial", (0.931, 0.963, 0.976)),
        ("OlmoEarth v1.2 Nano", "spatial", (0.803, 0.902, 0.930)),
        ("DOFA-L", "spatial", (0.866, 0.921, 0.944)),
        ("ResNet-50 of ImageNet", "spatial", (0.789, 0.845, 0.884)),
    ],
)
def test_frozen_encoders_of_others_stand_at_each_budget_of_each_split(method, split, by_budget):
    data = add_title("EuroSAT", split)
    found = {
        each.budget: each
        for each in PUBLISHED
        if (each.method, each.data) == (f"{method}, linear probe", data)
    }
    budgets = ("hundredth", "tenth", "all")
    assert tuple(found[name].scores["accuracy"] for name in budgets) == by_budget
    for each in found.values():
        assert "eurosat-min-params" in each.source and "infrared" in each.caveat
        assert ("12 bands" if "OlmoEarth" in method else "13 bands") in each.protocol


def test_probes_of_single_pixels_of_pastis_say_what_their_features_are():
    probes = {"TESSERA": 0.613, "AlphaEarth Foundations": 0.536, "Ten bands of Sentinel-2": 0.133}
    for name, miou in probes.items():
        probe = find(f"{name}, linear probe")
        assert probe.scores == {"miou": miou} and probe.data == "PASTIS"
        assert "arXiv 2609.37784" in probe.source and "year 2019" in probe.caveat


def test_what_the_paper_reports_of_others_names_them_too():
    seco = find("SeCo on plots, fine-tuned").source
    assert seco == f"{PAPER}; SeCo: Mañas et al. 2021, arXiv 2103.16607"
    assert find("1-D CNN").source == PAPER


def test_a_method_has_a_number_at_each_budget(tmp_path):
    path = tmp_path / "published.yml"
    path.write_text(GROUP + "    - {method: CNN, budget: tenth, scores: {rmse: 0.4}, source: b}\n")
    assert [each.budget for each in read_published(path)] == ["all", "tenth"]


def test_a_number_takes_what_it_does_not_give_from_its_group(tmp_path):
    path = tmp_path / "published.yml"
    path.write_text(GROUP + '    - {method: RNN, scores: {rmse: 0.4}, source: b, caveat: "none"}\n')
    scores = {"rmse": 0.5, "mae": (0.1, 0.2)}
    assert read_published(path) == (
        Published("forecasting", "CNN", "PASTIS", scores, "a paper", "folds", "other horizon"),
        Published("forecasting", "RNN", "PASTIS", {"rmse": 0.4}, "b", "folds", "none"),
    )


@pytest.mark.parametrize(
    ("number", "message"),
    [
        ("{method: RNN, scores: {rmse: 0.4}}", "give budget, .* got caveat, .* of RNN"),
        ("{method: RNN, scores: {rmse: 0.4}, source: b, page: 3}", "got .*page.* of RNN"),
        ("{method: RNN, scores: {}, source: b}", "needs a method, data, scores"),
        ("{method: CNN, scores: {rmse: 0.4}, source: b}", "got twice forecasting / CNN / PASTIS"),
    ],
)
def test_what_is_missing_unknown_or_there_twice_is_named(tmp_path, number, message):
    path = tmp_path / "published.yml"
    path.write_text(f"{GROUP}    - {number}\n")
    with pytest.raises(ValueError, match=message):
        read_published(path)


def test_a_number_without_its_caveat_is_refused():
    with pytest.raises(ValueError, match="needs a method, data, scores, source, protocol and"):
        Published("forecasting", "CNN", "PASTIS", {"rmse": 0.5}, "a paper", "folds", "")
