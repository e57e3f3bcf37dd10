import pytest

from pimc.catalog.marked_page import MarkedPage, read_blocks, replace_blocks

PAGE = """# Results

Written by people.

<!-- made by: kedro run --env=eurosat : eurosat.land_cover -->
old table
<!-- end -->

Between.

<!-- made by: kedro run : simulated.forecasting -->
<!-- end -->

After.
"""


def test_only_given_blocks_change():
    page = replace_blocks(PAGE, {"simulated.forecasting": "new \\1 table\n"})
    assert read_blocks(page) == {
        "eurosat.land_cover": "old table\n",
        "simulated.forecasting": "new \\1 table\n",
    }
    assert page.replace("new \\1 table\n", "") == PAGE


def test_saving_is_idempotent_and_names_what_has_no_place(tmp_path, caplog):
    path = tmp_path / "results.md"
    path.write_text(PAGE)
    page = MarkedPage(path=str(path))
    page.save({"eurosat.land_cover": "table", "points.forecasting": "table"})
    once = path.read_text()
    assert "has no place for points.forecasting" in caplog.text
    assert page.load()["eurosat.land_cover"] == "table\n"
    page.save({"eurosat.land_cover": "table"})
    assert path.read_text() == once


def test_blocks_without_an_end_or_twice_are_refused():
    head = "<!-- made by: kedro run : a -->\n"
    with pytest.raises(ValueError, match="block a of the page has no <!-- end -->"):
        read_blocks(f"{head}{head.replace('a -->', 'b -->')}<!-- end -->")
    with pytest.raises(ValueError, match="two blocks of the page are called a"):
        read_blocks(f"{head}<!-- end -->\n{head}<!-- end -->")
