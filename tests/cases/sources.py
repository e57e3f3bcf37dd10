"""A small source of each form, and how all of it is read: what the tests of damage break."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import rasterio
from cases.cubes import OPTIONS, dataset, save, write_items
from cases.geotiffs import ground, write_tif
from PIL import Image

from pimc.data.cube.scenes import CubeOptions, cube_scenes
from pimc.data.embeddings import read_embeddings
from pimc.data.eurosat.images import EuroSatOptions, open_eurosat
from pimc.data.pastis.scenes import PastisOptions, pastis_scenes
from pimc.data.points.options import PointOptions
from pimc.data.points.scenes import point_scenes
from pimc.data.stac.scenes import StacOptions, stac_scenes
from pimc.data.stack.scenes import StackOptions, stack_scenes

DAYS = ("2021-05-01", "2021-05-11", "2021-05-21", "2021-05-31")


@dataclass(frozen=True)
class Source:
    """A form of data.

    Attributes:
        write: it to a folder.
        read: all of it from that folder, to nothing.
        files: that may be damaged, by pattern; the first one found of each is.
    """

    write: object
    read: object
    files: tuple[str, ...]


def call_all(scenes):
    for source in scenes.values():
        patch = source()
        np.asarray(patch.reflectance).sum()


def write_stack(folder):
    for number, day in enumerate(DAYS):
        write_tif(folder / f"S2_{day}.tif", ground(number))
    item = {"properties": {"datetime": f"{DAYS[1]}T10:00:00Z"}, "assets": {"B02": {"href": "x"}}}
    (folder / "item.json").write_text(json.dumps(item))
    (folder / "MTD_MSIL2A.xml").write_text(
        f"<a><PRODUCT_START_TIME>{DAYS[0]}T10:00:00Z</PRODUCT_START_TIME>"
        "<BOA_QUANTIFICATION_VALUE>10000</BOA_QUANTIFICATION_VALUE></a>"
    )


def read_stack(folder, **options):
    call_all(stack_scenes(StackOptions(str(folder), patch_size=8, gap=1, **options)))


def read_stac(folder, **options):
    options = {"patch_size": 20, "gap": 2, "held_out": 0.0} | options
    call_all(stac_scenes(StacOptions(str(folder / "items.json"), **options)))


def write_cube(name):
    return lambda folder: save(dataset(), folder / name)


def read_cube(folder, **options):
    call_all(cube_scenes(CubeOptions(str(folder), **OPTIONS | options)))


def write_pastis(folder, side=16, changes=None):
    """One patch without a geometry."""
    for name in ("DATA_S2", "ANNOTATIONS"):
        (folder / name).mkdir()
    properties = {"ID_PATCH": 1, "Fold": 1, "TILE": "t", "dates-S2": [20210501, 20210511, 20210521]}
    feature = {"type": "Feature", "geometry": None, "properties": properties | (changes or {})}
    (folder / "metadata.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": [feature]})
    )
    rng = np.random.default_rng(0)
    values = rng.integers(1, 5000, (3, 10, side, side)).astype(np.int16)
    np.save(folder / "DATA_S2/S2_1.npy", values)
    np.save(folder / "ANNOTATIONS/TARGET_1.npy", np.ones((3, side, side), np.uint8))
    np.save(folder / "ANNOTATIONS/ParcelIDs_1.npy", np.ones((side, side), np.int32))


def read_pastis(folder):
    call_all(pastis_scenes(PastisOptions(str(folder))))


def point_arrays():
    rng = np.random.default_rng(0)
    return {
        "reflectance": rng.integers(100, 5000, (12, len(DAYS), 2)).astype(np.int16),
        "bands": np.array(["B04", "B08"]),
        "lonlat": rng.uniform(0, 3, (12, 2)),
        "dates": np.array(DAYS),
        "label": np.array(["a", "b"] * 6),
        "region": np.array(["r"] * 12),
    }


def point_frame():
    arrays = point_arrays()
    pixel, day = (each.ravel() for each in np.mgrid[:12, : len(DAYS)])
    return pd.DataFrame(
        {
            "pixel": [f"p{n:02d}" for n in pixel],
            "date": np.array(DAYS)[day],
            "lon": arrays["lonlat"][pixel, 0],
            "lat": arrays["lonlat"][pixel, 1],
            "label": arrays["label"][pixel],
            "B04": arrays["reflectance"][pixel, day, 0],
            "B08": arrays["reflectance"][pixel, day, 1],
        }
    )


def read_points(name):
    options = {"classes": ("a", "b"), "scale": 10_000}
    return lambda folder, **more: call_all(
        point_scenes(PointOptions(str(folder / name), **options | more))
    )


def write_embeddings(name):
    def write(folder):
        values = np.random.default_rng(0).random((9, 4)).astype(np.float32)
        lon = np.arange(9.0)
        if name.endswith(".npz"):
            np.savez_compressed(folder / name, embedding=values, lon=lon, lat=lon)
        else:
            frame = pd.DataFrame({"embedding": values.tolist(), "lon": lon, "lat": lon})
            frame.to_parquet(folder / name)

    return write


def write_eurosat(suffix, packed):
    def write(folder):
        from zipfile import ZipFile

        names = ("River_1", "Forest_1", "River_2")
        rng = np.random.default_rng(0)
        for name, split in zip(names, ("train", "val", "test"), strict=True):
            place = folder / "images" / name.split("_")[0]
            place.mkdir(parents=True, exist_ok=True)
            if suffix == ".jpg":
                values = rng.integers(0, 255, (64, 64, 3), np.uint8)
                Image.fromarray(values).save(place / f"{name}.jpg")
            else:
                facts = {"driver": "GTiff", "count": 13, "dtype": "uint16", "height": 64}
                facts |= {
                    "width": 64,
                    "crs": "EPSG:32632",
                    "transform": rasterio.Affine(1, 0, 0, 0, -1, 0),
                }
                with rasterio.open(place / f"{name}.tif", "w", **facts) as file:
                    file.write(rng.integers(0, 4000, (13, 64, 64), np.uint16))
            (folder / f"eurosat-{split}.txt").write_text(f"{name}.jpg\n")
        if packed:
            with ZipFile(folder / "EuroSAT.zip", "w") as archive:
                for each in sorted((folder / "images").rglob("*.*")):
                    archive.write(each, f"2750/{each.parent.name}/{each.name}")
                    each.unlink()

    return write


def read_eurosat(kind):
    return lambda folder: list(open_eurosat(EuroSatOptions(str(folder), kind)).read())


def write_encoder(folder):
    from pimc.model.architecture import Architecture
    from pimc.model.encoder_config import ImageEncoderConfig
    from pimc.model.encoders import ImageEncoder
    from pimc.model.storage import save_encoder

    config = ImageEncoderConfig(Architecture((8,)), ("B04",), (0.1,), (0.2,))
    save_encoder(ImageEncoder(config), folder)


def read_encoder(folder):
    from pimc.model.storage import load_encoder

    load_encoder(folder)


def write_weights(folder):
    import torch
    from safetensors.torch import save_file

    torch.save({"a": torch.ones(30)}, folder / "a.pt")
    save_file({"a": torch.ones(30)}, folder / "a.safetensors")


def read_weights(folder):
    from pimc.model.backbone.checkpoint import read_weights

    for path in sorted(folder.glob("a.*")):
        read_weights(path)


SOURCES = {
    "stack": Source(write_stack, read_stack, (f"S2_{DAYS[2]}.tif", "item.json", "MTD*.xml")),
    "stac": Source(write_items, read_stac, ("items.json", "*0606*/B04.tif")),
    "netcdf": Source(write_cube("a.nc"), read_cube, ("a.nc",)),
    "zarr": Source(
        write_cube("a.zarr"),
        read_cube,
        ("a.zarr/zarr.json", "a.zarr/B04/zarr.json", "a.zarr/B04/c/0/0/0", "a.zarr/time/c/0"),
    ),
    "pastis": Source(
        write_pastis,
        read_pastis,
        ("metadata.geojson", "DATA_S2/*.npy", "ANNOTATIONS/T*.npy", "ANNOTATIONS/P*.npy"),
    ),
    "points npz": Source(
        lambda folder: np.savez_compressed(folder / "p.npz", **point_arrays()),
        read_points("p.npz"),
        ("p.npz",),
    ),
    "points csv": Source(
        lambda folder: point_frame().to_csv(folder / "p.csv", index=False),
        read_points("p.csv"),
        ("p.csv",),
    ),
    "points csv.gz": Source(
        lambda folder: point_frame().to_csv(folder / "p.csv.gz", index=False),
        read_points("p.csv.gz"),
        ("p.csv.gz",),
    ),
    "points parquet": Source(
        lambda folder: point_frame().to_parquet(folder / "p.parquet"),
        read_points("p.parquet"),
        ("p.parquet",),
    ),
    "eurosat jpg": Source(
        write_eurosat(".jpg", False),
        read_eurosat("rgb"),
        ("images/Forest/*.jpg", "eurosat-val.txt"),
    ),
    "eurosat tif": Source(
        write_eurosat(".tif", False), read_eurosat("multispectral"), ("images/Forest/*.tif",)
    ),
    "eurosat zip": Source(write_eurosat(".jpg", True), read_eurosat("rgb"), ("EuroSAT.zip",)),
    "embeddings npz": Source(
        write_embeddings("e.npz"), lambda folder: read_embeddings(folder / "e.npz"), ("e.npz",)
    ),
    "embeddings parquet": Source(
        write_embeddings("e.parquet"),
        lambda folder: read_embeddings(folder / "e.parquet"),
        ("e.parquet",),
    ),
    "encoder": Source(write_encoder, read_encoder, ("encoder.json", "weights.safetensors")),
    "weights": Source(write_weights, read_weights, ("a.pt", "a.safetensors")),
}
"""By name."""


def damaged_file(folder: Path, pattern: str) -> Path:
    return sorted(folder.glob(pattern))[0]
