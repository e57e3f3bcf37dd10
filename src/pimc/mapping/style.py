"""Colours and names of classes, for GDAL and for QGIS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

from pimc.data.atomic import replace_bytes
from pimc.mapping.raster import Colour

NO_CLASS = 255
"""Stored where a pixel has no data."""

GOLDEN = 0.618034
"""Of a turn of the colour wheel, from one class to the next."""

LONGEST_TABLE = 255
"""Classes that a byte can tell beside no data."""


def class_colours(count: int) -> dict[int, Colour]:
    """A colour for each of some classes, and none where there is no data.

    Raises:
        ValueError: for more classes than a byte can tell.
    """
    import matplotlib as mpl
    from matplotlib.colors import hsv_to_rgb

    if count > LONGEST_TABLE:
        raise ValueError(f"a map tells {LONGEST_TABLE} classes at most, got {count}")
    palette = mpl.colormaps["tab20" if count > 10 else "tab10"]
    # beyond the palette by the golden angle: neighbours differ, and none is twice
    parts = [
        palette(code)[:3] if code < palette.N else hsv_to_rgb((code * GOLDEN % 1, 0.65, 0.8))
        for code in range(count)
    ]
    colours = {
        code: (round(255 * red), round(255 * green), round(255 * blue), 255)
        for code, (red, green, blue) in enumerate(parts)
    }
    return {**colours, NO_CLASS: (0, 0, 0, 0)}


def write_names(path: Path, names: Sequence[str]) -> None:
    """Names of classes beside a raster, where GDAL keeps them: ``<raster>.aux.xml``."""
    root = ET.Element("PAMDataset")
    band = ET.SubElement(root, "PAMRasterBand", band="1")
    listed = ET.SubElement(band, "CategoryNames")
    for name in names:
        ET.SubElement(listed, "Category").text = name
    _write(path.with_name(path.name + ".aux.xml"), root)


def write_qml(path: Path, names: Sequence[str], colours: Mapping[int, Colour]) -> None:
    """A QGIS style beside a raster of classes, which QGIS takes by itself: ``<raster>.qml``."""
    root = ET.Element("qgis", version="3.28.0", styleCategories="AllStyleCategories")
    pipe = ET.SubElement(root, "pipe")
    renderer = ET.SubElement(
        pipe, "rasterrenderer", type="paletted", band="1", opacity="1", alphaBand="-1"
    )
    palette = ET.SubElement(renderer, "colorPalette")
    for code, name in enumerate(names):
        red, green, blue, _ = colours[code]
        ET.SubElement(
            palette,
            "paletteEntry",
            value=str(code),
            color=f"#{red:02x}{green:02x}{blue:02x}",
            alpha="255",
            label=name,
        )
    _write(
        path.with_suffix(".qml"),
        root,
        "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n",
    )


def _write(path: Path, root: ET.Element, before: str = "") -> None:
    ET.indent(root)
    replace_bytes(path, (before + ET.tostring(root, encoding="unicode") + "\n").encode())
