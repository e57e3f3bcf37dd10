"""The notebooks on a tiny run, cell by cell."""

from pathlib import Path

import nbformat
import pytest
from cases.sessions import TASKS, TINY, run

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))


@pytest.fixture(scope="module")
def finished(project):
    """A project in which pretraining and two tasks have been run."""
    run(project, **TINY)
    for task, parameters in TASKS.items():
        run(project, pipeline=task, **TINY, **{task: parameters})
    return project


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_from_top_to_bottom(finished, path):
    from nbclient import NotebookClient

    book = nbformat.read(path, as_version=4)
    where = {"metadata": {"path": str(finished)}}
    NotebookClient(book, timeout=300, kernel_name="python3", resources=where).execute()
    shown = [output for cell in book.cells for output in cell.get("outputs", [])]
    assert any("image/png" in output.get("data", {}) for output in shown)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_stored_without_outputs(path):
    cells = nbformat.read(path, as_version=4).cells
    code = [cell for cell in cells if cell.cell_type == "code"]
    assert code and all(not cell.outputs and cell.execution_count is None for cell in code)
