"""The form of the docs: short lines and paragraphs, links, files and commands that exist."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml
from cases.markdown import anchor, read_page

from pimc.catalog.marked_pages import read_pages
from pimc.evaluation.tasks import TASKS
from pimc.pipeline_registry import register_pipelines

PROJECT = Path(__file__).parents[1]
PAGES = [
    PROJECT / "README.md",
    PROJECT / "CONTRIBUTING.md",
    PROJECT / "SECURITY.md",
    *sorted((PROJECT / "docs").rglob("*.md")),
]
FILE = re.compile(r"[\w./*<>-]*\w\.(py|yml|md|sh|toml|ipynb)")
MODULE = re.compile(r"pimc(\.\w+)+")
COLUMNS, WORDS = 100, 90


def name(path):
    return str(path.relative_to(PROJECT))


@pytest.fixture(params=PAGES, ids=name)
def path(request):
    return request.param


@pytest.fixture
def page(path):
    return read_page(path.read_text())


@pytest.fixture(scope="module")
def tracked():
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [Path(line) for line in listed.stdout.splitlines()]


def module_exists(dotted):
    """Whether a name of the package leads to a module, and what follows stands in its file."""
    room = PROJECT / "src"
    parts = dotted.split(".")
    for at, part in enumerate(parts):
        if (room / f"{part}.py").exists():
            text = (room / f"{part}.py").read_text()
            return all(re.search(rf"\b{each}\b", text) for each in parts[at + 1 :])
        room /= part
    return room.is_dir()


def test_lines_are_short(page):
    assert not {n: line for n, line in page.prose.items() if len(line) > COLUMNS}


def test_paragraphs_are_short(page):
    counted = {text[:60]: len(text.split()) for text in page.paragraphs}
    assert not {start: words for start, words in counted.items() if words > WORDS}


def test_links_lead_somewhere(path, page):
    dead = []
    for link in page.links:
        if re.match(r"https?://", link):
            continue
        file, _, heading = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        anchors = read_page(target.read_text()).anchors if heading and target.is_file() else []
        if not target.exists() or (heading and heading not in anchors):
            dead.append(link)
    assert not dead


def test_files_and_modules_that_are_named_exist(page, tracked):
    files = [span for span in page.spans if FILE.fullmatch(span)]
    modules = [span for span in page.spans if MODULE.fullmatch(span)]
    # made by runs: no part of the project
    files = [span for span in files if not span.startswith("data/")]
    globs = {span: re.sub(r"<\w+>", "*", span) for span in files}
    absent = [s for s, glob in globs.items() if not any(file.match(glob) for file in tracked)]
    assert not absent + [dotted for dotted in modules if not module_exists(dotted)]


def test_commands_name_a_pipeline_an_environment_and_nodes_that_exist(page):
    pipelines = register_pipelines()
    nodes = {node.name for pipeline in pipelines.values() for node in pipeline.nodes}
    known = {
        "pipeline": set(pipelines),
        "env": {each.name for each in (PROJECT / "conf").iterdir() if each.is_dir()},
        "to-nodes": nodes,
    }
    for command in page.commands:
        for option, values in known.items():
            for given in re.findall(rf"--{option}[= ]([\w.]+)", command):
                assert given in values, command


def test_every_block_of_the_results_is_of_a_workspace_and_a_task():
    blocks = [name for page in read_pages(PROJECT / "docs/results").values() for name in page]
    assert {name.split(".")[1] for name in blocks} == set(TASKS)
    sets = yaml.safe_load((PROJECT / "conf/base/parameters_leaderboard.yml").read_text())
    described = sets["leaderboard"]["data_sets"]
    assert not [each for each in blocks if each.split(".")[1] not in described[each.split(".")[0]]]


def test_every_figure_of_the_headlines_stands_in_a_page_of_its_task():
    pages = " ".join(path.read_text() for path in (PROJECT / "docs/results").glob("*.md"))
    headlines = (PROJECT / "docs/results.md").read_text()
    assert not set(re.findall(r"\d+\.\d+", headlines)) - set(re.findall(r"\d+\.\d+", pages))


def test_a_page_is_taken_apart():
    text = "\n".join(
        [
            "# One: `a`, two",
            "Text of two",
            "lines, [there](x.md#y).",
            "- item `b.py`",
            "  goes on",
            "- other",
            "",
            "| cell `c.py` | [z](z.md) |",
            "<!-- note -->",
            "```bash",
            "kedro run \\",
            "  --env=points",
            "# no heading",
            "```",
        ]
    )
    page = read_page(text)
    assert page.paragraphs == [
        "# One: `a`, two",
        "Text of two lines, [there](x.md#y).",
        "- item `b.py` goes on",
        "- other",
    ]
    assert page.links == ["x.md#y", "z.md"] and page.spans == ["a", "b.py", "c.py"]
    assert page.anchors == ["one-a-two"]
    assert [command.split() for command in page.commands] == [["kedro", "run", "--env=points"]]


def test_anchors_are_those_of_github():
    assert anchor("Simulated PASTIS, all five folds") == "simulated-pastis-all-five-folds"
    assert anchor("Samples to the encoder's input") == "samples-to-the-encoders-input"
    assert anchor("Pretraining on `conf/base` (version 1)") == "pretraining-on-confbase-version-1"


def test_modules_are_found_by_their_dotted_names():
    assert module_exists("pimc.report.leaderboard.markdown.markdown_blocks")
    assert module_exists("pimc.model.plots") and not module_exists("pimc.learning.pairs")
    assert not module_exists("pimc.report.leaderboard.markdown.no_such_name")


def test_the_rooms_of_the_readme_are_the_folders_of_the_package():
    rows = re.findall(r"(?m)^\| ((?:`\w+/`(?:, )?)+) \|", (PROJECT / "README.md").read_text())
    listed = [room for row in rows for room in re.findall(r"`(\w+)/`", row)]
    folders = (PROJECT / "src/pimc").iterdir()
    assert sorted(listed) == sorted(f.name for f in folders if (f / "__init__.py").exists())
