"""Files from a server on this machine that drops connections: there is no other network here."""

import hashlib
import logging
import shutil

import numpy as np
import pytest
from cases.file_server import serve

from pimc.data.atomic import DiskError
from pimc.data.download import fetch
from pimc.data.download.fetch import Patience, fetch_file
from pimc.data.download.options import DownloadOptions, RemoteFile

CONTENT = np.random.default_rng(0).bytes(50_000)
QUICK = Patience(attempts=3, pause=0)


def remote(served, content=CONTENT, **options):
    return RemoteFile(served.address, f"md5:{hashlib.md5(content).hexdigest()}", **options)


def test_a_file_is_fetched_once(tmp_path):
    with serve(CONTENT) as served:
        path = fetch_file(remote(served), tmp_path / "new", QUICK)
        assert path == tmp_path / "new/data.zip" and path.read_bytes() == CONTENT
        assert fetch_file(remote(served), tmp_path / "new", QUICK) == path
        digest = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
        fetch_file(RemoteFile(served.address, digest), tmp_path / "new", QUICK)
    assert served.asked == [0]
    assert [each.name for each in path.parent.iterdir()] == ["data.zip"]


def test_dropped_connections_are_gone_on_with(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    with serve(CONTENT, cuts=[20_000, 1_000, 0, 9_000]) as served:
        path = fetch_file(remote(served), tmp_path, QUICK)
    assert path.read_bytes() == CONTENT
    assert served.asked == [0, 20_000, 21_000, 21_000, 30_000]
    assert "cut at 0.02 MB" in caplog.text


def test_a_killed_run_is_gone_on_with(tmp_path):
    with serve(CONTENT) as served:
        (tmp_path / "data.zip.part").write_bytes(CONTENT[:12_345])
        assert fetch_file(remote(served), tmp_path, QUICK).read_bytes() == CONTENT
        (tmp_path / "whole").mkdir()
        (tmp_path / "whole/data.zip.part").write_bytes(CONTENT)  # killed before it had its name
        assert fetch_file(remote(served), tmp_path / "whole", QUICK).read_bytes() == CONTENT
    assert served.asked == [12_345, 50_000]


def test_a_server_without_ranges_begins_anew(tmp_path):
    with serve(CONTENT, cuts=[20_000], ranges=False) as served:
        assert fetch_file(remote(served), tmp_path, QUICK).read_bytes() == CONTENT
    assert served.asked == [0, 0]


def test_a_part_that_is_longer_than_the_file_is_dropped(tmp_path):
    (tmp_path / "data.zip.part").write_bytes(CONTENT + b"more")
    with serve(CONTENT) as served:
        assert fetch_file(remote(served), tmp_path, QUICK).read_bytes() == CONTENT


def test_another_content_is_refused_and_nothing_of_it_stays(tmp_path):
    with serve(CONTENT) as served:
        (tmp_path / "data.zip.part").write_bytes(b"of another file")
        with pytest.raises(ValueError, match="does not match the known hash"):
            fetch_file(remote(served), tmp_path, QUICK)
        assert not list(tmp_path.iterdir())
        (tmp_path / "data.zip").write_bytes(b"mine")
        with pytest.raises(ValueError, match="it is another file; move it away"):
            fetch_file(remote(served), tmp_path, QUICK)
    assert (tmp_path / "data.zip").read_bytes() == b"mine"


def test_a_busy_server_is_asked_again_and_one_without_the_file_is_not(tmp_path):
    with serve(CONTENT, statuses=[503, 502]) as served:
        assert fetch_file(remote(served), tmp_path / "a", QUICK).read_bytes() == CONTENT
    with serve(CONTENT, statuses=[404]) as served, pytest.raises(ConnectionError, match="404"):
        fetch_file(remote(served), tmp_path / "b", QUICK)
    assert served.asked == [0]


def test_a_server_that_gives_nothing_is_given_up_and_the_part_stays(tmp_path):
    with (
        serve(CONTENT, cuts=[7_000, *[0] * 5]) as served,
        pytest.raises(ConnectionError, match=r"run the command again to go on, .*data\.zip$"),
    ):
        fetch_file(remote(served), tmp_path, QUICK)
    assert served.asked == [0] + [7_000] * 3
    assert (tmp_path / "data.zip.part").read_bytes() == CONTENT[:7_000]
    with pytest.raises(ConnectionError, match="no answer"):  # it is gone
        fetch_file(remote(served), tmp_path, Patience(attempts=1))


def test_a_full_disk_is_seen_before_anything_is_fetched(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=10_000)
    monkeypatch.setattr("pimc.data.atomic.shutil.disk_usage", lambda _: usage)
    with serve(CONTENT) as served, pytest.raises(DiskError, match="it needs 50,000 bytes"):
        fetch_file(remote(served), tmp_path, QUICK)
    assert not list(tmp_path.iterdir())


def test_how_far_it_is_is_told_now_and_then(tmp_path, monkeypatch, caplog):
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(fetch, "TOLD", -1.0)
    monkeypatch.setattr(fetch, "CHUNK", 30_000)
    with serve(CONTENT) as served:
        fetch_file(remote(served), tmp_path, QUICK)
    told = [line for line in caplog.messages if line.endswith("MB of 0.05 MB")]
    assert told[0] == "fetching data.zip: 0.00 MB of 0.05 MB" and told[-1] == "0.05 MB of 0.05 MB"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"url": "ftp://host/a.zip"}, "an address of a file"),
        ({"url": "https://host/"}, "an address of a file"),
        ({"checksum": "md5:12"}, "expected a checksum as md5:<32 digits>"),
    ],
)
def test_addresses_and_checksums_are_checked(options, message):
    given = {"url": "https://host/a.zip", "checksum": "md5:" + 32 * "0", **options}
    with pytest.raises(ValueError, match=message):
        RemoteFile(**given)


def test_two_files_of_one_name_are_refused():
    one = {"url": "https://host/a.zip", "checksum": "md5:" + 32 * "0"}
    assert DownloadOptions({"a": one}).files["a"].name == "a.zip"
    with pytest.raises(ValueError, match="files of different names"):
        DownloadOptions({"a": one, "b": {**one, "url": "https://other/a.zip?download=1"}})
