"""A disk that takes no map says so, and leaves nothing half written."""

import shutil
import subprocess
from collections import namedtuple

import numpy as np
import pytest
import rasterio
import rasterio.shutil
from rasterio.errors import RasterioIOError

from pimc.data.atomic import DiskError
from pimc.data.stack.grid import Grid
from pimc.mapping.ground import Window
from pimc.mapping.raster import RasterLayer, write_raster

SIDE = 128
LAYER = RasterLayer("numbers", "float32", np.nan, ["a"])
GRID = Grid((SIDE, SIDE), "EPSG:32631", (10.0, 0, 500_000.0, 0, -10.0, 5_000_000.0))
VALUES = np.random.default_rng(0).random((1, SIDE, SIDE), np.float32)
Usage = namedtuple("Usage", "total used free")


def write(path):
    corners = [(row, col) for row in (0, 64) for col in (0, 64)]
    parts = (
        (Window(row, col, 64, 64), VALUES[:, row : row + 64, col : col + 64])
        for row, col in corners
    )
    write_raster(path, GRID, LAYER, parts, 64)


def fail(*_, **__):
    raise RasterioIOError("Write operation failed, see previous exception for details")


def test_tiles_that_could_not_be_flushed_are_no_map(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(9, 9, 1234))
    with pytest.raises(DiskError, match=r"no room for .*a\.tif: it needs .* has 1,234 left; make"):
        write(tmp_path / "a.tif")
    assert not list(tmp_path.iterdir())


def test_what_gdal_says_of_a_full_disk_names_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(rasterio.shutil, "copy", fail)
    with pytest.raises(RasterioIOError):  # there is room: another reason
        write(tmp_path / "a.tif")
    # there is as much as the first pass took, not as much as GDAL needs
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(9, 9, 2**20))
    with pytest.raises(DiskError, match=r"no room for .*a\.tif: .* 1,048,576 left; make room"):
        write(tmp_path / "a.tif")
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_on_a_small_disk_a_map_is_whole_or_told(tmp_path):
    disk, written = tmp_path / "disk", []
    disk.mkdir()
    for size in range(8, 256, 8):
        mount = ["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", str(disk)]
        if subprocess.run(mount, capture_output=True, check=False).returncode:
            pytest.skip("this user mounts no file system")
        try:
            write(disk / "a.tif")
            with rasterio.open(disk / "a.tif") as source:
                np.testing.assert_array_equal(source.read(), VALUES)
            written.append(size)
        except DiskError as error:
            assert f"no room for {disk / 'a.tif'}: it needs " in str(error)
            assert not list(disk.iterdir())
        finally:
            subprocess.run(["umount", str(disk)], check=True)
    assert 0 < len(written) < 31
