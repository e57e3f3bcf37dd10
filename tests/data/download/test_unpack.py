import shutil
import stat
from zipfile import ZipFile, ZipInfo

import pytest

from pimc.data.atomic import DiskError
from pimc.data.download.unpack import unpack

FILES = {"SET/a.txt": b"first", "SET/deep/b.npy": b"second" * 100, "other.txt": b"beside"}


def pack(path, files=FILES, mode=0):
    with ZipFile(path, "w") as archive:
        for name, content in files.items():
            entry = ZipInfo(name)
            entry.external_attr = mode << 16
            archive.writestr(entry, content)
    return path


def there(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_one_folder_of_an_archive_is_unpacked(tmp_path):
    archive = pack(tmp_path / "a.zip")
    paths = unpack(archive, tmp_path / "out", "SET")
    assert there(tmp_path / "out") == {"a.txt": b"first", "deep/b.npy": b"second" * 100}
    assert {str(path.relative_to(tmp_path / "out")) for path in paths} == {"a.txt", "deep/b.npy"}
    unpack(archive, tmp_path / "all")
    assert there(tmp_path / "all") == FILES
    with pytest.raises(ValueError, match="expected files in NONE, got none"):
        unpack(archive, tmp_path / "none", "NONE")


def test_a_cut_run_goes_on_and_nothing_is_written_over(tmp_path):
    archive, out = pack(tmp_path / "a.zip"), tmp_path / "out"
    unpack(archive, out, "SET")
    (out / "deep/b.npy").unlink()
    before = (out / "a.txt").stat().st_mtime_ns
    unpack(archive, out, "SET")
    assert (out / "a.txt").stat().st_mtime_ns == before and len(there(out)) == 2
    (out / "deep/b.npy").unlink()
    for mine in (b"other", b"of another length"):
        (out / "a.txt").write_bytes(mine)
        with pytest.raises(ValueError, match=r"a\.txt: another file .* is not written over"):
            unpack(archive, out, "SET")
        assert there(out) == {"a.txt": mine}


@pytest.mark.parametrize(
    ("name", "mode", "message"),
    [
        ("../out.txt", 0, "its name leads outside"),
        ("SET/../../out.txt", 0, "its name leads outside"),
        ("/etc/out.txt", 0, "its name leads outside"),
        ("..\\out.txt", 0, "its name leads outside"),
        ("C:/out.txt", 0, "its name is none of a file"),
        ("SET/a\nb", 0, "its name is none of a file"),
        ("SET/link", stat.S_IFLNK | 0o777, "it is a link or a device"),
        ("SET/pipe", stat.S_IFIFO | 0o777, "it is a link or a device"),
    ],
)
def test_entries_that_lead_elsewhere_stop_all_before_anything_is_written(
    tmp_path, name, mode, message
):
    archive = pack(tmp_path / "a.zip", {"SET/good.txt": b"good", name: b"bad"}, mode)
    if mode:  # the good one is a file
        archive = pack(tmp_path / "a.zip", {name: b"/etc/passwd"}, mode)
    with pytest.raises(ValueError, match=message):
        unpack(archive, tmp_path / "out", "SET")
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


def test_links_in_the_folder_lead_nowhere_else(tmp_path):
    archive, out, elsewhere = pack(tmp_path / "a.zip"), tmp_path / "out", tmp_path / "elsewhere"
    out.mkdir()
    elsewhere.mkdir()
    (out / "deep").symlink_to(elsewhere)
    with pytest.raises(ValueError, match=r"leads to .*elsewhere.*, by a link"):
        unpack(archive, out, "SET")
    (out / "deep").unlink()
    (out / "a.txt").symlink_to(out / "inside.txt")
    with pytest.raises(ValueError, match="is not written over"):
        unpack(archive, out, "SET")
    assert not list(elsewhere.iterdir()) and not (out / "deep").exists()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_names_that_are_there_twice_and_passwords_are_refused(tmp_path):
    with ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a", b"1")
        archive.writestr("./a", b"2")
    with pytest.raises(ValueError, match=r"each name once, got \./a twice"):
        unpack(tmp_path / "a.zip", tmp_path / "out")
    content = bytearray(pack(tmp_path / "b.zip", {"a": b"1"}).read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "b.zip").write_bytes(content)
    with pytest.raises(ValueError, match="it is encrypted"):
        unpack(tmp_path / "b.zip", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_damage_and_a_full_disk(tmp_path, monkeypatch):
    archive = pack(tmp_path / "a.zip")
    content = archive.read_bytes()
    changed = content.replace(b"second", b"Second", 1)
    for damaged in (content[:-30], b"no archive", changed):
        archive.write_bytes(damaged)
        with pytest.raises(ValueError, match="expected a whole zip archive"):
            unpack(archive, tmp_path / "out", "SET")
    assert "deep/b.npy" not in there(tmp_path / "out")  # half of it has no name
    archive.write_bytes(content)
    usage = shutil.disk_usage(tmp_path)._replace(free=100)
    monkeypatch.setattr("pimc.data.atomic.shutil.disk_usage", lambda _: usage)
    with pytest.raises(DiskError, match="it needs 600 bytes"):
        unpack(archive, tmp_path / "out", "SET")
