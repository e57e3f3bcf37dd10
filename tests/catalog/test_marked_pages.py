import pytest

from pimc.catalog.marked_pages import MarkedPages, read_blocks, read_pages, replace_blocks

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


OTHER = "# Others\n\n<!-- made by: kedro run : points.land_cover -->\nkept\n<!-- end -->\n"


def write_pages(folder):
    (folder / "one.md").write_text(PAGE)
    (folder / "two.md").write_text(OTHER)
    return MarkedPages(path=str(folder))


def test_a_block_goes_to_the_page_that_has_its_place(tmp_path):
    pages = write_pages(tmp_path)
    pages.save({"points.land_cover": "new", "simulated.forecasting": "table"})
    assert (tmp_path / "two.md").read_text() == OTHER.replace("kept", "new")
    assert pages.load() == {
        "eurosat.land_cover": "old table\n",
        "simulated.forecasting": "table\n",
        "points.land_cover": "new\n",
    }


def test_saving_is_idempotent_and_names_what_has_no_place(tmp_path, caplog):
    pages = write_pages(tmp_path)
    pages.save({"eurosat.land_cover": "table", "points.forecasting": "table"})
    once = (tmp_path / "one.md").read_text()
    assert f"no page of {tmp_path} has a place for points.forecasting:" in caplog.text
    assert (tmp_path / "two.md").read_text() == OTHER
    pages.save({"eurosat.land_cover": "table"})
    assert (tmp_path / "one.md").read_text() == once


def test_one_block_in_two_pages_is_refused(tmp_path):
    write_pages(tmp_path)
    (tmp_path / "three.md").write_text(OTHER)
    with pytest.raises(ValueError, match=r"three.md and .*two.md both have block points.land_co"):
        read_pages(tmp_path)


def test_blocks_without_an_end_or_twice_are_refused():
    head = "<!-- made by: kedro run : a -->\n"
    with pytest.raises(ValueError, match="block a of the page has no <!-- end -->"):
        read_blocks(f"{head}{head.replace('a -->', 'b -->')}<!-- end -->")
    with pytest.raises(ValueError, match="two blocks of the page are called a"):
        read_blocks(f"{head}<!-- end -->\n{head}<!-- end -->")
