import pytest

from pimc.data.file_name import file_name


@pytest.mark.parametrize("text", ["10007", "my place-r0-c64", "Ufer_ä", "a.b", "x" * 100])
def test_a_name_that_can_be_one_stays(text):
    assert file_name(text) == text


@pytest.mark.parametrize(
    "text", ["../../x", "a/b", "a\\b", "/etc", ".hidden", "..", ".", "", "a\0b", "x" * 101, "a\nb"]
)
def test_any_other_becomes_one_within_its_folder(tmp_path, text):
    path = tmp_path / f"{file_name(text)}-key.safetensors"
    path.touch()
    assert path.resolve().parent == tmp_path.resolve()
    assert not path.name.startswith(".")


def test_names_that_look_alike_stay_apart():
    names = ["a/b", "a_b", "a\\b", "../a", "a", "./a", "x" * 101, "x" * 102]
    assert len({file_name(name) for name in names}) == len(names)
