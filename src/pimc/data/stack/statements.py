"""What a raster, its name and the metadata beside it say of its numbers.

Reflectance x 10,000 = stored value x gain + add. ESA's products carry +1,000 since processing
baseline 04.00 (25 January 2022), so that their add is -1,000; many providers have removed it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np

from pimc.data.json_file import parse_json
from pimc.data.patch import REFLECTANCE_SCALE
from pimc.data.regular_file import check_regular, told
from pimc.data.stack.bands import split_name
from pimc.data.stack.dating import find_date
from pimc.data.stack.header import Layer

logger = logging.getLogger(__name__)

METADATA = "the metadata of a product as ESA writes them, XML"

LARGEST = 2**26
"""Bytes of such metadata: those of a product of twelve granules have 0.3 million."""

OFFSET = -1000
"""Of ESA's products of baseline 04.00 and later, L1C and L2A alike."""

_BAND_IDS = (*(f"B{number:02d}" for number in range(1, 9)), "B8A", "B09", "B10", "B11", "B12")
"""The bands by the ``band_id`` of ESA's metadata."""


@dataclass(frozen=True)
class Statement:
    """What one source says; None where it says nothing.

    Attributes:
        source: who says so, in words.
        gain: of stored values.
        add: to stored values x gain.
    """

    source: str
    gain: float | None = None
    add: float | None = None


@dataclass(frozen=True)
class FolderMetadata:
    """The metadata files of a folder.

    Attributes:
        products: ESA's: name, day of sensing or None, quantification, offsets by band.
        items: STAC items, alone or in a collection, with their file's name.
    """

    products: tuple[tuple[str, str | None, float, Mapping[str, float]], ...]
    items: tuple[tuple[str, Mapping[str, Any]], ...]


def read_folder(folder: Path) -> FolderMetadata:
    """Read the metadata files of a folder.

    Raises:
        ValueError: one of ESA's is not readable.
    """
    return FolderMetadata(tuple(_products(folder)), tuple(_items(folder)))


def read_statements(
    layer: Layer, root: Path, read: Callable[[Path], FolderMetadata] = read_folder
) -> tuple[Statement, ...]:
    """What is said of a layer's numbers, the closest source first.

    Args:
        layer: of reflectance.
        root: folder of the place, above which nothing is looked for.
        read: gives the metadata of a folder, which many layers share.
    """
    folders = _folders(layer.path, root)
    metadata = [read(folder) for folder in folders]
    said = [
        _by_items(layer),
        *(_by_product_metadata(layer, each) for each in metadata),
        *(_by_stac(layer, each) for each in metadata),
        *(_by_name(path.name) for path in (layer.path, *folders)),
    ]
    return tuple(statement for statement in said if statement is not None)


def _folders(path: Path, root: Path) -> tuple[Path, ...]:
    """The folder of a file and those above it up to that of the place."""
    parents = list(path.parents)
    return tuple(parents[: parents.index(root) + 1] if root in parents else parents[:1])


def baseline_add(text: str) -> float | None:
    """The add of a processing baseline such as 04.00; None where it is none of ESA's."""
    match = re.fullmatch(r"0?(\d{1,2})\.?(\d{2})", text.strip())
    if match is None or match[1] == "99":  # 99.99 is what the user's own Sen2Cor writes
        return None
    return OFFSET if int(match[1]) >= 4 else 0


def _by_name(name: str) -> Statement | None:
    match = re.search(r"(?<=_)N(\d{4})(?![0-9A-Za-z])", name)
    add = None if match is None else baseline_add(match[1])
    return None if match is None or add is None else Statement(f"product name N{match[1]}", add=add)


def _by_items(layer: Layer) -> Statement | None:
    """Metadata items of the file, as programs copy them from ESA's product."""
    items = layer.items
    gain = 1.0
    for name in ("BOA_QUANTIFICATION_VALUE", "QUANTIFICATION_VALUE"):
        if name in items:
            gain = REFLECTANCE_SCALE / _number(items[name], layer, name)
    for name in ("BOA_ADD_OFFSET", "RADIO_ADD_OFFSET"):
        if name in items:
            return Statement(f"{name} tag", gain, _number(items[name], layer, name) * gain)
    for name in ("PROCESSING_BASELINE", "PRODUCT_URI"):
        said = _by_name(items.get(name, "")) if name == "PRODUCT_URI" else None
        add = baseline_add(items.get(name, "")) if said is None else said.add
        if add is not None:
            return Statement(f"{name} tag", gain, add * gain)
    return Statement("QUANTIFICATION_VALUE tag", gain) if gain != 1 else None


def _number(text: str, layer: Layer, name: str) -> float:
    """The value of an item: one number, or one for each of ESA's thirteen bands."""
    numbers = [float(each) for each in re.findall(r"-?\d+(?:\.\d+)?", text)]
    if len(numbers) == len(_BAND_IDS) and layer.name in _BAND_IDS:
        return numbers[_BAND_IDS.index(layer.name)]
    if len(set(numbers)) != 1:
        raise ValueError(f"{layer.path}: {name} must be one number, or 13, got {text!r}")
    return numbers[0]


def _products(folder: Path) -> Iterator[tuple[str, str | None, float, Mapping[str, float]]]:
    for path in sorted(folder.glob("*MTD_MSIL*.xml")):
        check_regular(path, METADATA, LARGEST)
        with told(path, METADATA, "download it again"):
            yield from _product(path, ElementTree.parse(path))


def _product(
    path: Path, tree: ElementTree.ElementTree[Any]
) -> Iterator[tuple[str, str | None, float, Mapping[str, float]]]:
    # names stand without their namespace
    nodes = [(node.tag.rpartition("}")[2], node) for node in tree.iter()]
    texts = {tag: (node.text or "").strip() for tag, node in nodes}
    day = texts.get("PRODUCT_START_TIME") or texts.get("DATATAKE_SENSING_START")
    scale = texts.get("BOA_QUANTIFICATION_VALUE") or texts.get("QUANTIFICATION_VALUE")
    adds = {
        _BAND_IDS[int(node.get("band_id", -1))]: float(node.text or 0)
        for tag, node in nodes
        if tag in ("BOA_ADD_OFFSET", "RADIO_ADD_OFFSET") and node.get("band_id")
    }
    if scale:
        if not (np.isfinite(float(scale)) and float(scale) > 0):
            raise ValueError(f"a quantification value of {scale}")
        day = day[:10] if day else find_date(texts.get("PRODUCT_URI", ""))
        yield path.name, day, float(scale), adds


def _by_product_metadata(layer: Layer, metadata: FolderMetadata) -> Statement | None:
    for name, day, scale, adds in metadata.products:
        if day in (None, layer.day):
            gain = REFLECTANCE_SCALE / scale
            # before baseline 04.00 it has no list of offsets
            return Statement(name, gain, adds.get(layer.name, 0.0) * gain)
    return None


def _items(folder: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for path in sorted(folder.glob("*.json")):
        try:
            read = parse_json(path, "JSON", "save it again")
        except (ValueError, OSError):
            logger.warning("%s is not readable as JSON, left alone", path)
            continue
        yield from ((path.name, item) for item in items_of(read))


def items_of(read: object) -> list[Mapping[str, Any]]:
    """The items in what a JSON file holds: of a collection, or the one that it is."""
    features = read.get("features", [read]) if isinstance(read, dict) else []
    listed = features if isinstance(features, list) else []
    return [each for each in listed if isinstance(each, dict) and is_item(each)]


def is_item(found: Mapping[str, Any]) -> bool:
    """Whether a dictionary has the parts of an item that are read, of the types that STAC says."""
    assets, properties = found.get("assets"), found.get("properties") or {}
    return (
        isinstance(assets, dict)
        and all(isinstance(asset, dict) for asset in assets.values())
        and isinstance(properties, dict)
    )


def _by_stac(layer: Layer, metadata: FolderMetadata) -> Statement | None:
    """The item of a layer: the one that names its file, or the only one of its date."""
    of_day = [(name, item) for name, item in metadata.items if _day(item) == layer.day]
    named = [
        (name, item)
        for name, item in of_day
        if Path(name).stem == layer.path.stem or any(_is_file(a, layer) for a in _assets(item))
    ]
    said = {_item_statement(name, item, layer) for name, item in named or of_day}
    if len({(statement.gain, statement.add) for statement in said}) > 1:
        logger.warning("%s: several STAC items of its date disagree, left alone", layer.path)
        return None
    statement = next(iter(said), None)
    return statement if statement and (statement.gain, statement.add) != (None, None) else None


def _day(item: Mapping[str, Any]) -> str:
    """Date of an item: of its time, or of the start of its span."""
    properties = item.get("properties", {})
    return str(properties.get("datetime") or properties.get("start_datetime"))[:10]


def _assets(item: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    return (asset for asset in item["assets"].values() if isinstance(asset, dict))


def _is_file(asset: Mapping[str, Any], layer: Layer) -> bool:
    """Whether an asset's address ends as the path does: B04.tif alone says too little."""
    parts = Path(str(asset.get("href", "")).partition("?")[0]).parts[-2:]
    if len(parts) == 1 or parts[0] == ".":
        return parts[-1:] == (layer.path.name,)
    return parts == layer.path.parts[-2:]


def _item_statement(name: str, item: Mapping[str, Any], layer: Layer) -> Statement:
    """Whether the offset was removed, else scale and offset of the asset, else the baseline."""
    properties = item["properties"]
    scale, offset = _asset_numbers(item, layer)
    gain = None if scale is None else scale * REFLECTANCE_SCALE
    for key in ("earthsearch:boa_offset_applied", "sentinel:boa_offset_applied"):
        # some catalogs state it beside an asset's offset, which is then of the original
        if properties.get(key) is True:
            return Statement(f"{key} in {name}", gain, 0.0)
    if offset is not None:
        return Statement(f"raster:bands in {name}", gain, offset * REFLECTANCE_SCALE)
    for key in ("s2:processing_baseline", "sentinel:processing_baseline", "processing:baseline"):
        add = baseline_add(str(properties.get(key, "")))
        if add is not None:
            return Statement(f"{key} in {name}", gain, add)
    return Statement(name, gain)


def _asset_numbers(item: Mapping[str, Any], layer: Layer) -> tuple[float | None, float | None]:
    """Scale and offset of the asset of a layer's band; None where it says 1 and 0, or nothing."""
    for key, asset in item["assets"].items():
        described = asset.get("raster:bands") or asset.get("bands") or [{}]
        first = described[layer.index - 1 if len(described) >= layer.index else 0]
        if layer.name not in _asset_bands(key, asset) and not _is_file(asset, layer):
            continue
        facts = asset | first
        scale = facts.get("scale", facts.get("raster:scale"))
        offset = facts.get("offset", facts.get("raster:offset"))
        if scale is not None and not np.isclose(scale, 1):
            return float(scale), None if offset is None else float(offset)
    return None, None


def _asset_bands(key: str, asset: Mapping[str, Any]) -> set[str]:
    """The band that an asset holds, by its key or by what it says of its only band."""
    described = [each for name in ("eo:bands", "bands") for each in asset.get(name, [])]
    only = described if len(described) == 1 else []
    names = [each.get(name, "") for each in only for name in ("name", "common_name")]
    return {split_name(text)[1] for text in (key, *names)}
