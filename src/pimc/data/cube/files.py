"""Find the cubes of each place, and open them unread."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from pimc.data.regular_file import check_regular, memory, told

logger = logging.getLogger(__name__)

SUFFIXES = (".nc", ".nc4", ".cdf", ".h5", ".zarr")

CUBE = "a cube, NetCDF or Zarr"
REMEDY = "download or write it again"

LONGEST = 2**17
"""Steps of a dimension: pixels a side of twelve tiles."""


def find_cubes(root: Path) -> dict[str, tuple[Path, ...]]:
    """Cubes of each place: the root itself, else every cube in it, else every folder of cubes.

    A folder of cubes is one place: a cube a year, a date or a band.

    Raises:
        FileNotFoundError: nothing there, or no cube in it.
        ValueError: two places of one name.
    """
    if _is_cube(root):
        return {root.stem: (root,)}
    if not root.is_dir():
        raise FileNotFoundError(
            f"no cube at {root}: point the path to a NetCDF file or a Zarr store "
            f"({', '.join(SUFFIXES)}), to a folder of them, one a place, or to a folder of folders"
        )
    places: dict[str, tuple[Path, ...]] = {}
    for path in sorted(root.iterdir()):
        cubes = (path,) if _is_cube(path) else _cubes_in(path)
        name = path.stem if _is_cube(path) else path.name
        if not cubes:
            logger.info("%s: neither a cube nor a folder of cubes, left alone", path)
            continue
        if name in places:
            raise ValueError(
                f"{root}: {path.name} and {places[name][0].name} would both be the place {name}; "
                "rename one, or move them into one folder if they complete each other"
            )
        places[name] = cubes
    if not places:
        raise FileNotFoundError(f"no cube in {root} or its folders: expected {', '.join(SUFFIXES)}")
    return places


def _is_cube(path: Path) -> bool:
    if path.suffix.lower() not in SUFFIXES or path.name.startswith("."):
        return False
    return path.is_dir() or path.suffix.lower() != ".zarr"


def _cubes_in(folder: Path) -> tuple[Path, ...]:
    return tuple(filter(_is_cube, sorted(folder.iterdir()))) if folder.is_dir() else ()


def open_cube(path: Path) -> Any:  # noqa: ANN401  xarray is an extra
    """The dataset of a cube with its values as stored: nothing is masked, scaled or loaded.

    Raises:
        ImportError: xarray or what it reads this file by is missing.
        ValueError: not readable.
    """
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if not file.is_dir():
            check_regular(file, f"a file of the cube {path.name}", memory())
    try:
        import rioxarray  # noqa: F401  gives datasets their CRS
        import xarray

        with told(path, CUBE, REMEDY):
            # times and numbers are decoded here by rules of this project
            cube = xarray.open_dataset(
                path,
                engine="zarr" if path.suffix.lower() == ".zarr" else "netcdf4",
                mask_and_scale=False,
                decode_times=False,
                decode_coords="all",
                cache=False,
                create_default_indexes=False,  # they would read coordinates of any length
            )
            if long := [name for name, size in cube.sizes.items() if size > LONGEST]:
                raise ValueError(f"more than {LONGEST:,} steps along {', '.join(map(str, long))}")
            return cube
    except ImportError as error:
        raise _missing(path, error) from error
    except ValueError as error:
        if "unrecognized engine" in str(error):  # what reads these files is not installed
            raise _missing(path, error) from error
        raise


def _missing(path: Path, error: Exception) -> ImportError:
    return ImportError(f'{path}: cubes are read by xarray ({error}): pip install -e ".[cube]"')
