"""The map of docs/maps.md: a place, the classes of its map, how sure they are, and WorldCover.

kedro run --env=stack --pipeline=map --params=root=PLACE,labels=FIELDS,label_column=crop
python docs/figures/draw_map.py PLACE data/08_reporting/stack/maps

PLACE is the minicube of Ribatejo, Portugal, of GreenEarthNet, with `landcover_worldcover.tif`
beside its images; FIELDS are what make_fields.py draws from it.
"""

import sys
from pathlib import Path

import numpy as np
import rasterio
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from pimc.data.stack.scenes import StackOptions, stack_places
from pimc.mapping.pictures import draw_classes, draw_ground
from pimc.mapping.products import NO_SHARE, SHARES
from pimc.mapping.style import NO_CLASS

WORLDCOVER = {10: "trees", 30: "grass", 40: "crop"}
COLOURS = {"crop": (228, 189, 88, 255), "grass": (150, 190, 90, 255), "trees": (38, 92, 52, 255)}


def main() -> None:
    """Make it."""
    place, maps = Path(sys.argv[1]), Path(sys.argv[2])
    (opened,) = stack_places(StackOptions(path=str(place), bands=("B04", "B03", "B02")))
    with rasterio.open(next(maps.glob(f"{place.name}_*_classes.tif"))) as source:
        classes, tags = source.read(1), source.tags()
    with rasterio.open(next(maps.glob(f"{place.name}_*_confidence.tif"))) as source:
        stored = source.read(1)
    with rasterio.open(place / "landcover_worldcover.tif") as source:
        cover = source.read(1)
    names = [tags[f"CLASS_{code}"] for code in range(len(WORLDCOVER))]
    colours = {code: COLOURS[name] for code, name in enumerate(names)}
    codes = np.full(cover.shape, NO_CLASS, np.uint8)
    for value, name in WORLDCOVER.items():
        codes[cover == value] = names.index(name)
    day = np.datetime64("2021-06-01").astype(int)
    panels = {
        "true colour": draw_ground(opened, (day, day + 60)).image,
        "map, from 60 fields": draw_classes(classes, names, colours).image,
        "confidence": np.where(stored == NO_SHARE, np.nan, stored / SHARES),
        "ESA WorldCover": draw_classes(codes, names, colours).image,
    }
    figure = Figure((12, 3.8), layout="constrained")
    for axis, (title, image) in zip(figure.subplots(1, len(panels)), panels.items(), strict=True):
        axis.imshow(image, interpolation="nearest", vmin=0, vmax=1)
        axis.set_title(title, fontsize=10)
        axis.set_axis_off()
    handles = [
        Patch(color=[part / 255 for part in colours[code]], label=name)
        for code, name in enumerate(names)
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(names), frameon=False)
    figure.savefig(Path(__file__).with_name("map.png"), dpi=100)


if __name__ == "__main__":
    main()
