"""Fingerprints of files and options."""

import os
import subprocess
import sys

from pimc.data.fingerprint import file_stamp, fingerprint


def test_equal_parts_give_equal_hashes_in_every_process():
    parts = ("stack", 1, ("B02", "B08"), None)
    code = f"from pimc.data.fingerprint import fingerprint; print(fingerprint(*{parts!r}))"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert fingerprint(*parts) == other.stdout.strip()
    assert fingerprint(*parts) != fingerprint(*parts[:3])
    assert len(fingerprint()) == 16


def test_stamps_tell_size_and_time_apart(tmp_path):
    path = tmp_path / "a.tif"
    path.write_bytes(b"12")
    os.utime(path, ns=(5, 5))
    assert file_stamp(path) == ("a.tif", 2, 5)
    os.utime(path, ns=(5, 6))
    assert file_stamp(path) == ("a.tif", 2, 6)
