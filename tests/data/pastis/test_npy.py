"""Headers of .npy files, checked against their size."""

import numpy as np
import pytest

from pimc.data.pastis.npy import npy_shape


@pytest.mark.parametrize("version", [(1, 0), (2, 0)])
def test_the_shape_is_read_from_the_header(tmp_path, version):
    path = tmp_path / "a.npy"
    with path.open("wb") as file:
        np.lib.format.write_array(file, np.zeros((3, 0, 5), np.int16), version)
    assert npy_shape(path, np.int16, 3) == (3, 0, 5)


@pytest.mark.parametrize("missing", [1, 30, 59])
def test_values_cut_off_are_noticed(tmp_path, missing):
    path = tmp_path / "a.npy"
    np.save(path, np.zeros((3, 2, 5), np.int16))
    path.write_bytes(path.read_bytes()[:-missing])
    with pytest.raises(ValueError, match=rf"a.npy: truncated: .*188 bytes .* has {188 - missing};"):
        npy_shape(path, np.int16, 3)


@pytest.mark.parametrize(
    "content", [b"", b"\x93NUMPY", b"\x93NUMPY\x01\x00v\x00{'descr'", b"GIF89a"]
)
def test_other_files_are_no_npy(tmp_path, content):
    path = tmp_path / "a.npy"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"a.npy: expected a NumPy .npy file"):
        npy_shape(path, np.int16, 3)


def test_dtype_and_axes_must_be_those_expected(tmp_path):
    path = tmp_path / "a.npy"
    np.save(path, np.zeros((3, 2), ">i2"))
    with pytest.raises(ValueError, match=r"a.npy: expected int16 with 2 axes, got >i2 of shape"):
        npy_shape(path, np.int16, 2)
    np.save(path, np.zeros((3, 2), np.int16))
    with pytest.raises(
        ValueError, match=r"expected int16 with 3 axes, got int16 of shape \(3, 2\)"
    ):
        npy_shape(path, np.int16, 3)
