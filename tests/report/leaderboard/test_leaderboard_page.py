import re
from dataclasses import replace
from html.parser import HTMLParser

import pandas as pd
import pytest
from cases.score_tables import ARMS, forecasting_tables, land_cover_tables

from pimc.report.leaderboard.figure import draw_leaderboard
from pimc.report.leaderboard.markdown import markdown_blocks
from pimc.report.leaderboard.page import Provenance, place_whisker, render_page
from pimc.report.leaderboard.paired import paired_table
from pimc.report.leaderboard.published import read_published
from pimc.report.leaderboard.sections import not_run, split_sections
from pimc.report.leaderboard.table import DataSet, leaderboard_table

DATA_SETS = {
    ("eurosat", "land_cover"): DataSet("EuroSAT", simulated=False),
    ("simulated", "forecasting"): DataSet("simulated PASTIS (version 1)", simulated=True),
}
STATE = Provenance("1.2.3", "abc123", "2026-03-04")


def build(tmp_path, *given, data_sets=DATA_SETS):
    """Both tables, as they come back from their files."""
    given = given or (land_cover_tables(), forecasting_tables())
    tables = (
        leaderboard_table(given, data_sets, read_published()),
        paired_table(given, data_sets),
    )
    for number, table in enumerate(tables):
        table.to_csv(tmp_path / f"{number}.csv", index=False)
    return tuple(pd.read_csv(tmp_path / f"{number}.csv") for number in range(2))


class Cells(HTMLParser):
    """Rows of the tables as lists of texts; tags must be closed in order."""

    VOID = ("meta", "br", "line", "circle", "path")

    def __init__(self):
        super().__init__()
        self.rows, self.open, self.text = [], [], ""

    def handle_starttag(self, tag, attrs):
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.text = ""

    def handle_endtag(self, tag):
        if tag in self.VOID:
            return
        assert self.open.pop() == tag
        if tag in ("td", "th"):
            self.rows[-1].append(" ".join(self.text.split()))

    def handle_data(self, data):
        self.text += data


def parse(page):
    cells = Cells()
    cells.feed(page)
    cells.close()
    assert not cells.open
    return cells.rows


def test_arms_stand_in_the_order_of_their_scores_and_the_chosen_one_is_marked(tmp_path):
    rows = parse(render_page(*build(tmp_path), {}, STATE))
    start = next(n for n, row in enumerate(rows) if row[:2] == ["arm", "accuracy, %"])
    arms = [row[0] for row in rows[start + 1 : start + 1 + len(ARMS)]]
    assert arms == [
        "fine_tune pretrained chosen",
        "scratch first weights",
        "linear_probe pretrained",
        "random_init first weights",
        "forest baseline",
        "noise_plots control",
        "majority trivial",
    ]
    best = rows[start + 1]
    assert best[1:3] == ["90.00", "[88.00, 92.00]"]
    assert best[4:8] == ["89.00", "88.00", "+10.00", "[+7.00, +13.00]"]
    assert best[-1] == "2 × 1.1 min"


def test_the_page_stands_alone_and_says_what_it_is_of(tmp_path):
    page = render_page(*build(tmp_path), {}, STATE)
    assert page.startswith("<!doctype html>")
    assert not any(text in page for text in ("http://", "https://", "src=", "<link", "<script"))
    assert "prefers-color-scheme: dark" in page
    for text in ("PIMC 1.2.3", "abc123", "2026-03-04", "kedro run --env=eurosat --pipeline=land_"):
        assert text in page
    assert "2,699 test images" in page and "1,200 training samples, 2 seeds" in page
    assert page.count("simulated data</span>") == 2  # at a glance and over the section
    assert "rests on ImageNet weights" in page
    assert "<h2>Not run here</h2>" not in page


def test_what_has_not_been_run_is_named(tmp_path):
    scores, paired = build(tmp_path)
    expected = {**DATA_SETS, ("points", "forecasting"): DataSet("Sentinel-2 pixel series")}
    absent = not_run(scores, expected)
    assert list(absent) == [("points", "forecasting")]
    page = render_page(scores, paired, absent, STATE)
    assert "Forecasting, Sentinel-2 pixel series: <code>kedro run --env=points" in page


def test_names_are_escaped(tmp_path):
    bad = {("eurosat", "land_cover"): DataSet("<b>&amp;</b>")}
    page = render_page(*build(tmp_path, land_cover_tables(), data_sets=bad), {}, STATE)
    assert "<b>&amp;</b>" not in page and "&lt;b&gt;&amp;amp;" in page
    assert "undescribed data" in page


def test_the_page_says_where_pretraining_helps_and_where_it_does_not(tmp_path):
    values = {arm: value for arm, (_, _, value) in ARMS.items()}
    worse = land_cover_tables(values={**values, "fine_tune": 0.7}, references=("scratch",))
    page = " ".join(render_page(*build(tmp_path, worse), {}, STATE).split())
    assert '<span class="verdict does-not-help">does not help</span> <code>fine_tune' in page
    assert "linear_probe: not compared" in page


def test_page_and_blocks_say_whether_the_other_encoder_helps(tmp_path):
    values = {arm: value for arm, (_, _, value) in ARMS.items()}
    tables = land_cover_tables(values=values, references=("linear_probe", "scratch"))
    inputs = {"random_init": "pretrained_both", "linear_probe": "pretrained_image"}
    chosen = tables.scores["arm"].map(inputs)
    both = replace(tables, scores=tables.scores.assign(input=chosen.fillna(tables.scores["input"])))
    page = " ".join(render_page(*build(tmp_path, both), {}, STATE).split())
    assert "<h4>Does the other encoder help?" in page
    assert (
        "does not help</span> <code>random_init</code> less <code>linear_probe</code> −5.00" in page
    )
    lines = markdown_blocks(*build(tmp_path, both))["eurosat.land_cover"].splitlines()
    asked = lines.index("Does the other encoder help?")
    told = "- `random_init` less `linear_probe` −5.00 [−8.00, −2.00]: does not help"
    assert lines[asked + 2] == told
    without = markdown_blocks(*build(tmp_path, tables))["eurosat.land_cover"]
    assert "other encoder" not in without


def test_the_commit_is_shortened_and_stays_dirty(tmp_path):
    state = replace(STATE, commit="0123456789abcdef0123456789abcdef01234567-dirty")
    page = render_page(*build(tmp_path), {}, state)
    assert "<code>0123456789ab-dirty</code>" in page


def test_an_empty_commit_is_left_out(tmp_path):
    assert "commit" not in render_page(*build(tmp_path), {}, replace(STATE, commit=""))


def test_whiskers_lie_on_the_scale_and_far_values_point_to_where_they_are():
    whisker = place_whisker(0.4, 0.8, 0.5, (0.0, 1.0))
    assert (whisker.low, whisker.high, whisker.value, whisker.beyond) == (64, 128, 80, "")
    far = place_whisker(-0.5, -0.2, -0.3, (0.0, 1.0))
    assert (far.low, far.high, far.value, far.beyond) == (0, 0, None, "left")
    assert place_whisker(1.0, 2.0, 1.5, (0.0, 1.0)).beyond == "right"


def test_the_scale_is_set_by_arms_that_are_no_mere_baselines(tmp_path):
    land, forecasting = split_sections(*build(tmp_path))
    low, high = land.rankings[0].span
    assert 0.5 < low < 0.58 and 0.92 < high < 0.95
    assert [each.budget for each in land.rankings] == ["tenth", "all"]
    assert forecasting.rankings[0].arms["arm"].tolist()[0] == "fine_tune"  # the lowest error
    assert forecasting.rankings[0].chosen["arm"] == "fine_tune"


def test_blocks_of_markdown_name_command_data_and_verdict(tmp_path):
    blocks = markdown_blocks(*build(tmp_path))
    assert list(blocks) == ["eurosat.land_cover", "simulated.forecasting"]
    lines = blocks["eurosat.land_cover"].splitlines()
    assert lines[:5] == [
        "```bash",
        "kedro run --env=eurosat --pipeline=land_cover",
        "```",
        "",
        "EuroSAT, 2026-03-01. 1,200 training samples, 2 seeds; 2,699 test images.",
    ]
    heads = next(line for line in lines if line.startswith("| arm |"))
    tuned = next(line for line in lines if line.startswith("| **fine_tune** (chosen)"))
    assert tuned.count("|") == heads.count("|")
    assert tuned.endswith("| 90.00 | [88.00, 92.00] | 89.00 | 88.00 |")
    gain = "+10.00 [+7.00, +13.00]"
    assert f"| scratch | {gain} | {gain} |" in blocks["eurosat.land_cover"]
    asked = lines.index("Does pretraining help?")
    assert f"- `fine_tune` less `scratch` {gain}: helps" in lines[asked + 2 :]
    assert all(len(line) <= 100 for line in lines if not line.startswith("|"))
    assert "**Simulated data.**" in blocks["simulated.forecasting"]


def test_the_figure_has_a_panel_a_section_and_one_of_published_numbers(tmp_path):
    figure = draw_leaderboard(*build(tmp_path))
    shown = [axis for axis in figure.axes if axis.axison]
    titles = [axis.get_title(loc="left") for axis in shown]
    assert titles[0].startswith("Land cover: EuroSAT")
    assert titles[1].startswith("Published, EuroSAT")
    assert "simulated PASTIS" in titles[2]
    names = [tick.get_text() for tick in shown[0].get_yticklabels()]
    assert names[0] == "fine_tune" and names[-1] == "majority"
    (dot,) = (
        line
        for line in shown[0].lines
        if line.get_marker() == "o" and line.get_markerfacecolor() == "white"
    )
    assert dot.get_xdata()[0] == pytest.approx(0.9)
    # trivial arms far below do not set the scale
    assert shown[0].get_xlim()[0] > 0.5


def test_numbers_of_others_with_few_labels_stand_under_ours(tmp_path):
    scores, paired = build(tmp_path)
    ranking = split_sections(scores, paired)[0].rankings[0]
    assert ranking.budget == "tenth"
    assert ranking.published["arm"].tolist() == [
        "OlmoEarth v1.2 Base, linear probe",
        "DOFA-L, linear probe",
        "OlmoEarth v1.2 Nano, linear probe",
        "ResNet-50 of ImageNet, linear probe",
    ]
    page = " ".join(render_page(scores, paired, {}, STATE).split())
    (line,) = re.findall(
        r"Published at this budget, accuracy, % .*?</p>", page
    )  # none with all labels
    assert "OlmoEarth v1.2 Base, linear probe <b>98.3</b>; DOFA-L, linear probe <b>96.4" in line
    assert '<a href="#published-land_cover">' in line and 'id="published-land_cover"' in page
    by_longitude = {**DATA_SETS, ("eurosat", "land_cover"): DataSet("EuroSAT, split by longitude")}
    section = split_sections(*build(tmp_path, data_sets=by_longitude))[0]
    assert section.rankings[0].published["value"].tolist() == [0.963, 0.921, 0.902, 0.845]


def test_a_method_stands_once_with_its_numbers_at_all_budgets(tmp_path):
    rows = parse(render_page(*build(tmp_path), {}, STATE))
    given = [row for row in rows if row[0] == "OlmoEarth v1.2 Nano, linear probe"]
    assert [row[1:3] for row in given] == [
        [
            "EuroSAT",
            "accuracy, %: 96.9accuracy, %: 95.4 with 10 % of the labels"
            "accuracy, %: 88.9 with 1 % of the labels",
        ],
        [
            "EuroSAT, split by longitude",
            "accuracy, %: 93accuracy, %: 90.2 with 10 % of the labels"
            "accuracy, %: 80.3 with 1 % of the labels",
        ],
    ]


@pytest.mark.parametrize(
    ("name", "published", "base"),
    [
        ("EuroSAT", "EuroSAT", 0.988),
        ("EuroSAT, split by longitude", "EuroSAT, split by longitude", 0.976),
        ("own images", "EuroSAT", 0.988),  # nobody published any: the first data set
    ],
)
def test_the_figure_shows_what_was_published_of_the_same_data(tmp_path, name, published, base):
    data_sets = {("eurosat", "land_cover"): DataSet(name)}
    given = build(tmp_path, land_cover_tables(), data_sets=data_sets)
    panel = [axis for axis in draw_leaderboard(*given).axes if axis.axison][-1]
    assert panel.get_title(loc="left").startswith(f"Published, {published}\nall labels;")
    names = [tick.get_text() for tick in panel.get_yticklabels()]
    assert len(set(names)) == len(names)
    marks = {line.get_ydata()[0]: line.get_xdata()[0] for line in panel.lines}
    assert marks[names.index("OlmoEarth v1.2 Base, linear probe")] == base


@pytest.mark.parametrize(("source", "role"), [("backbone", "backbone"), ("embeddings", "peer")])
def test_an_encoder_of_others_is_shown_as_what_it_is(tmp_path, source, role):
    tables = land_cover_tables()
    scores = tables.scores.replace({"arm": {"forest": "seco"}, "input": {"series": source}})
    given = build(tmp_path, replace(tables, scores=scores))
    assert f"seco {role}" in [row[0] for row in parse(render_page(*given, {}, STATE)) if row]
    legends = [
        [text.get_text() for text in draw_leaderboard(*each).legends[0].get_texts()]
        for each in (given, build(tmp_path))
    ]
    assert role in legends[0] and role not in legends[1]


def test_scores_without_intervals_are_drawn(tmp_path):
    scores, paired = build(tmp_path)
    bare = scores.assign(low=float("nan"), high=float("nan"))  # of one test patch alone
    low, high = split_sections(bare, paired)[0].rankings[0].span
    assert 0 <= low < high
    assert draw_leaderboard(bare, paired).axes


@pytest.mark.parametrize("arm", ["fine_tune", "majority"])
def test_one_arm_alone_is_drawn_and_written(tmp_path, arm):
    whole = land_cover_tables()
    scores = whole.scores[whole.scores["arm"] == arm].assign(chosen=True)
    given = build(tmp_path, replace(whole, scores=scores, differences=whole.differences.iloc[:0]))
    assert draw_leaderboard(*given).axes
    assert arm in render_page(*given, {}, STATE)
    low, high = split_sections(*given)[0].rankings[0].span
    assert low < high
