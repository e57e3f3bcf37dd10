import pytest

from pimc.data.eurosat.lists import check_lists, check_present, read_list


def test_names_come_without_suffix_in_their_order(tmp_path):
    path = tmp_path / "train.txt"
    path.write_text("River_2.jpg\nForest_10.tif\r\n\nRiver_1.jpg\n")
    assert read_list(path) == ("River_2", "Forest_10", "River_1")


def test_a_list_that_is_missing_empty_or_repeats_itself(tmp_path):
    path = tmp_path / "train.txt"
    with pytest.raises(FileNotFoundError, match=r"no list of EuroSAT images at .*train.txt"):
        read_list(path)
    path.write_text("\n")
    with pytest.raises(ValueError, match="names no image"):
        read_list(path)
    path.write_text("River_1.jpg\nRiver_2.jpg\nRiver_1.jpg")
    with pytest.raises(ValueError, match="names River_1 more than once"):
        read_list(path)


def test_lists_that_share_images_are_named_with_them():
    check_lists({"train": ["a", "b"], "validation": ["c"], "test": ["d"]})
    with pytest.raises(ValueError, match=r"the train and test lists share b$"):
        check_lists({"train": ["a", "b"], "validation": ["c"], "test": ["b"]})
    with pytest.raises(ValueError, match=r"the validation and test lists share c$"):
        check_lists({"train": ["a", "b"], "validation": ["c"], "test": ["c", "d"]})


def test_names_without_an_image_are_named():
    check_present(["a"], {"a", "b"}, "the list")
    with pytest.raises(ValueError, match=r"the list names images that are not there: c, d; put"):
        check_present(["a", "c", "d"], {"a", "b"}, "the list")
    names = [f"n{k}" for k in range(9)]
    with pytest.raises(ValueError, match="n0, n1, n2, n3, n4 and 4 others"):
        check_present(names, set(), "the list")
