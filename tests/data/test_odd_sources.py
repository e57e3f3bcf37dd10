"""Sources whose files are whole and hold what no source should: told by path, none decoded first.

Values out of range, types that are no reflectance, sizes that only a header declares.
"""

import io
import json
import shutil
import zipfile

import numpy as np
import pandas as pd
import pytest
from cases.cubes import dataset, make_item, save
from cases.damage import limited
from cases.geotiffs import UTM, ground, write_tif
from cases.sources import DAYS, SOURCES, point_arrays, point_frame, write_pastis
from rasterio.transform import Affine

COMPLEX = (np.ones((4, 8, 12)) * (300 + 1j)).astype(np.complex64)
THIRD = f"S2_{DAYS[2]}.tif"


def tif(**changes):
    def change(folder):
        given = {"values": ground(2), **changes}
        write_tif(folder / given.pop("name", THIRD), given.pop("values"), **given)

    return change


def vrt(folder):
    (folder / THIRD).write_text(
        '<VRTDataset rasterXSize="12" rasterYSize="8"><VRTRasterBand dataType="Int16" band="1">'
        "<SimpleSource><SourceFilename>/etc/passwd</SourceFilename></SimpleSource>"
        "</VRTRasterBand></VRTDataset>"
    )


def png(side):
    def write(folder):
        from PIL import Image

        Image.new("L", (side, side)).save(folder / THIRD, format="PNG")

    return write


STACK = {
    "complex": tif(values=COMPLEX),
    "one band twice": tif(bands=("B02", "B03", "B04", "B04")),
    "a transform of NaN": tif(transform=Affine(np.nan, 0, 0, 0, -10, 0)),
    "a transform without cells": tif(transform=Affine(0, 0, 0, 0, 0, 0)),
    "rotated": tif(transform=UTM @ Affine.rotation(30)),
    "a scale of NaN": tif(scale=np.nan, offset=0.0),
    "a scale of 0": tif(scale=0.0, offset=0.0),
    "an endless offset": tif(scale=1e-4, offset=np.inf),
    "a quantification of no number": tif(tags={"BOA_QUANTIFICATION_VALUE": "much"}),
    "a quantification of 0": tif(tags={"BOA_QUANTIFICATION_VALUE": "0"}),
    "a picture": png(64),
    "a virtual raster that reads another file": vrt,
    "metadata of no number": lambda folder: (folder / "MTD_MSIL2A.xml").write_text(
        "<a><BOA_QUANTIFICATION_VALUE>much</BOA_QUANTIFICATION_VALUE></a>"
    ),
    "metadata of band 99": lambda folder: (folder / "MTD_MSIL2A.xml").write_text(
        '<a><BOA_QUANTIFICATION_VALUE>1</BOA_QUANTIFICATION_VALUE><BOA_ADD_OFFSET band_id="99">1'
        "</BOA_ADD_OFFSET></a>"
    ),
    "metadata that unfold": lambda folder: (folder / "MTD_MSIL2A.xml").write_text(
        '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">'
        + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
        + "]><a>&j;</a>"
    ),
}


def sparse(folder):
    import rasterio

    facts = {"driver": "GTiff", "count": 4, "dtype": "uint16", "height": 200_000, "width": 200_000}
    facts |= {"crs": "EPSG:32631", "transform": UTM, "SPARSE_OK": True, "tiled": True}
    for path in folder.glob("*.tif"):
        with rasterio.open(path, "w", BIGTIFF="YES", blockxsize=8192, blockysize=8192, **facts):
            pass


STACK["200,000 x 200,000"] = sparse


def item(change):
    """Changes the second item of the saved collection."""

    def write(folder):
        path = folder / "items.json"
        stored = json.loads(path.read_text())
        found = stored["features"][1]
        change(found)
        path.write_text(json.dumps(stored))

    return write


def put(where, value):
    *outer, last = where.split("/")

    def change(found):
        for name in outer:
            found = found[name]
        if value is None:
            del found[last]
        else:
            found[last] = value

    return item(change)


STAC = {
    "no id": put("id", None),
    "properties of a list": put("properties", [1]),
    "no properties": put("properties", None),
    "a time of no date": put("properties/datetime", "tomorrow"),
    "year 1": put("properties/datetime", "0001-05-01T00:00:00Z"),
    "assets of a list": put("assets", [1]),
    "an asset of a text": put("assets/B04", "B04.tif"),
    "an address of a number": put("assets/B04/href", 3),
    "an address that is a list": put("assets/B04/href", ["a"]),
    "an address of another file": put("assets/B04/href", "items.json"),
    "bands of numbers": put("assets/B04/eo:bands", [3]),
    "a scale of a text": put("assets/B04/raster:bands", [{"scale": "small"}]),
    "a scale of NaN": put("assets/B04/raster:bands", [{"scale": float("nan"), "offset": 0}]),
    "a scale of 1e300": put("assets/B04/raster:bands", [{"scale": 1e300, "offset": 0}]),
    "raster bands of a number": put("assets/B04/raster:bands", 3),
    "an item of nothing": lambda folder: (folder / "items.json").write_text(
        json.dumps({"features": [make_item("a", "2021-05-01T00:00:00Z"), None, 3]})
    ),
}


def cube(change):
    def write(folder):
        for path in folder.glob("a.*"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        save(change(dataset()), folder / "a.nc")

    return write


def attribute(name, value, variable="B04"):
    def change(found):
        found[variable].attrs[name] = value
        return found

    return cube(change)


def coordinate(name, values, **attributes):
    return cube(lambda found: found.assign_coords({name: (name, values, attributes)}))


def declared(axis, size):
    """A cube of which next to nothing is stored."""

    def write(folder):
        import netCDF4

        (folder / "a.nc").unlink()
        with netCDF4.Dataset(folder / "a.nc", "w") as file:
            for name, length in {"time": 5, "y": 20, "x": 24, axis: size}.items():
                file.createDimension(name, length)
                file.createVariable(name, "f8", (name,), chunksizes=(min(length, 10**6),))
            file.createVariable("B04", "i2", ("time", "y", "x"), chunksizes=(1, 20, 24))

    return write


CUBE = {
    "boolean": cube(lambda found: found.astype("i2").assign(B04=found.B04 > 3)),
    "reflectance of texts": cube(lambda found: found.assign(B04=found.B04.astype(str))),
    "a scale of a text": attribute("scale_factor", "small"),
    "a scale of NaN": attribute("scale_factor", np.nan),
    "two scales": attribute("scale_factor", [1.0, 2.0]),
    "an endless offset": attribute("add_offset", np.inf),
    "a fill of a text": attribute("missing_value", "none"),
    "three limits": attribute("valid_range", [1, 2, 3]),
    "limits of texts": attribute("valid_range", ["a", "b"]),
    "limits the other way": attribute("valid_range", [9, 1]),
    "rows of NaN": coordinate("y", np.full(20, np.nan)),
    "rows at 1e300": coordinate("y", np.linspace(0, 1e300, 20)),
    "endless columns": coordinate("x", np.linspace(0, np.inf, 24)),
    "times of texts": coordinate("time", list("abcde")),
    "times without a unit": coordinate("time", np.arange(5)),
    "times of no unit": coordinate("time", np.arange(5), units="moons since 2021-01-01"),
    "times of year 1": coordinate("time", np.arange(5), units="days since 0001-01-01"),
    "times of NaN": coordinate("time", np.full(5, np.nan), units="days since 2021-01-01"),
    "times at 1e300": coordinate("time", np.arange(5) * 1e300, units="days since 2021-01-01"),
    "columns by the thousand million": declared("x", 10**9),
    "times by the thousand million": declared("time", 10**9),
    "a CRS of nonsense": cube(
        lambda found: found.drop_vars("spatial_ref").assign_attrs(crs="EPSG:nowhere")
    ),
}


def metadata(**changes):
    def write(folder):
        shutil.rmtree(folder)
        folder.mkdir()
        write_pastis(folder, changes=changes)

    return write


def array(name, make):
    def write(folder):
        (path,) = folder.glob(name)
        make(path)

    return write


def header(text, version=1):
    """A file of arrays of which nothing but the header is there."""

    def write(path):
        content = text.encode() + b"\n"
        length = len(content).to_bytes(2 if version == 1 else 4, "little")
        path.write_bytes(b"\x93NUMPY" + bytes([version, 0]) + length + content)

    return write


HUGE = "{'descr': '<i2', 'fortran_order': False, 'shape': (3, 10, 1000000000, 1000000000), }"

PASTIS = {
    "a fold of a text": metadata(Fold="one"),
    "a fold of a list": metadata(Fold=[1]),
    "dates of year 1": metadata(**{"dates-S2": ["0001-05-01", "0001-05-02", "0001-05-03"]}),
    "dates of numbers": metadata(**{"dates-S2": [1, 2, 3]}),
    "dates of texts": metadata(**{"dates-S2": "{"}),
    "dates of null": metadata(**{"dates-S2": None}),
    "an id that leads elsewhere": metadata(ID_PATCH="../../x"),
    "a huge declared shape": array("DATA_S2/*.npy", header(HUGE)),
    "a header that runs": array("DATA_S2/*.npy", header("__import__('os').abort()")),
    "a header of 3.0": array("DATA_S2/*.npy", header(HUGE, version=3)),
    "a negative shape": array(
        "DATA_S2/*.npy",
        header("{'descr': '<i2', 'fortran_order': False, 'shape': (-3, 10, 16, 16), }"),
    ),
    "objects": array("DATA_S2/*.npy", lambda p: np.save(p, np.array([{}]), allow_pickle=True)),
    "labels of class 99": array(
        "ANNOTATIONS/T*.npy", lambda path: np.save(path, np.full((3, 16, 16), 99, np.uint8))
    ),
    "labels of no channel": array(
        "ANNOTATIONS/T*.npy", lambda path: np.save(path, np.ones((0, 16, 16), np.uint8))
    ),
}


def arrays(**changes):
    return lambda folder: np.savez_compressed(folder / "p.npz", **point_arrays() | changes)


def bomb(folder):
    content = io.BytesIO()
    content.write(b"\x93NUMPY\x01\x00")
    text = b"{'descr': '<f8', 'fortran_order': False, 'shape': (100000, 1000, 1000), }\n"
    content.write(len(text).to_bytes(2, "little") + text)
    with zipfile.ZipFile(folder / "p.npz", "w") as archive:
        archive.writestr("reflectance.npy", content.getvalue())


POINTS = {
    "complex": arrays(reflectance=np.ones((12, 4, 2)) * 1j),
    "boolean": arrays(reflectance=np.ones((12, 4, 2), bool)),
    "texts": arrays(reflectance=np.full((12, 4, 2), "a")),
    "flat": arrays(reflectance=np.ones((12, 4))),
    "one band twice": arrays(bands=np.array(["B04", "B04"])),
    "bands of a number": arrays(bands=np.array(3)),
    "bands of a table": arrays(bands=np.array([["B04", "B08"]])),
    "positions at 1e300": arrays(lonlat=np.full((12, 2), 1e300)),
    "positions of NaN": arrays(lonlat=np.full((12, 2), np.nan)),
    "positions of texts": arrays(lonlat=np.full((12, 2), "east")),
    "complex positions": arrays(lonlat=np.full((12, 2), 1j)),
    "dates of year 1": arrays(dates=np.array([f"0001-05-0{n}" for n in range(1, 5)])),
    "dates of numbers": arrays(dates=np.arange(4)),
    "one date": arrays(dates=np.array("2021-05-01")),
    "labels of floats": arrays(label=np.full(12, 0.5)),
    "labels of NaN": arrays(label=np.full(12, np.nan)),
    "labels of a table": arrays(label=np.ones((12, 2), int)),
    "a CRS of nonsense": arrays(crs=np.array("EPSG:nowhere")),
    "a CRS of a list": arrays(crs=np.array(["EPSG:4326", "EPSG:32631"])),
    "a flag of texts": arrays(quality=np.full((12, 4), "fine")),
    "a flag of another shape": arrays(quality=np.ones(3)),
    "regions of a number": arrays(region=np.array(3)),
    "fewer bytes than its header declares": bomb,
}


def frame(change):
    def write(folder):
        change(point_frame()).to_parquet(folder / "p.parquet")

    return write


def column(name, values):
    return frame(lambda found: found.assign(**{name: values}))


TABLE = {
    "boolean": column("B04", True),
    "texts": column("B04", "a"),
    "lists": column("B04", [[1]] * 48),
    "dictionaries": column("B04", [{"a": 1}] * 48),
    "complex by two columns": column("B4", 1),
    "times": column("B04", pd.Timestamp("2021-05-01")),
    "positions at 1e300": column("lon", 1e300),
    "positions of texts": column("lon", "east"),
    "dates of year 1": column("date", "0001-05-01"),
    "dates of lists": column("date", [[1]] * 48),
    "ids of null": column("pixel", None),
    "ids of lists": column("pixel", [[1]] * 48),
    "labels of dictionaries": column("label", [{"a": 1}] * 48),
    "no rows": frame(lambda found: found.iloc[:0]),
    "no columns": frame(lambda found: found[[]]),
}


def text(change):
    def write(folder):
        path = folder / "p.csv"
        path.write_text(change(path.read_text()))

    return write


CSV = {
    "a column twice": text(lambda found: found.replace("B08", "B04")),
    "a quote that never ends": text(lambda found: found.replace("p00", '"p00', 1)),
    "a row too long": text(lambda found: found + "a,b,c,d,e,f,g,h,i,j\n"),
    "no rows": text(lambda found: found.split("\n")[0]),
    "blank lines": text(lambda found: "\n\n\n"),
    "numbers with a comma": text(lambda found: found.replace(".", ",")),
    "a number too large": text(lambda found: found.replace(",a,", ",a,1" + "0" * 400, 1)),
}

ODD = {
    "stack": STACK,
    "stac": STAC,
    "netcdf": CUBE,
    "pastis": PASTIS,
    "points npz": POINTS,
    "points parquet": TABLE,
    "points csv": CSV,
}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Folders of the sources, each written once."""
    folders = {}

    def get(name):
        if name not in folders:
            folders[name] = tmp_path_factory.mktemp("source")
            SOURCES[name].write(folders[name])
        return folders[name]

    return get


@pytest.mark.parametrize(("name", "odd"), [(name, odd) for name in ODD for odd in ODD[name]])
def test_what_no_source_should_hold_is_told(written, tmp_path, name, odd):
    folder = tmp_path / "source"
    shutil.copytree(written(name), folder)
    ODD[name][odd](folder)
    with pytest.raises((ValueError, FileNotFoundError)) as told, limited():
        SOURCES[name].read(folder)
    assert str(folder) in str(told.value)
