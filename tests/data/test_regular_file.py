import os

import pytest

from pimc.data.regular_file import check_regular


def test_a_file_and_a_link_to_one_are_taken(tmp_path):
    path, link = tmp_path / "file", tmp_path / "link"
    path.write_bytes(b"12345")
    link.symlink_to(path)
    for each in (path, link):
        check_regular(each, "five bytes", largest=5)
        check_regular(each, "five bytes")
    with pytest.raises(ValueError, match=r"link: expected four, at most 4 bytes, got 5; put the"):
        check_regular(link, "four", largest=4)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        check_regular(tmp_path / "nowhere", "anything")


def test_what_does_not_end_is_called_by_its_kind(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "zero").symlink_to("/dev/zero")
    for name, kind in (("fifo", "a fifo"), ("zero", "a device"), (".", "a folder")):
        with pytest.raises(ValueError, match=f"expected an image, got {kind}; put the file"):
            check_regular(tmp_path / name, "an image")
