"""Nodes of the map: blocks are embedded first, and everything else is read from them."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from pimc.data.atomic import replace_text, replacing, require_room
from pimc.data.file_name import file_name
from pimc.data.labels.labelling import Labelling
from pimc.mapping.area import confusion_of_features, count_classes, pixel_hectares, tabulate_area
from pimc.mapping.blocks import BlockPlace, BlockStore, make_all, plan_blocks
from pimc.mapping.choice import Candidate, choose_encoder, series_branch
from pimc.mapping.components import fit_components
from pimc.mapping.ground import Embedder, find_grounds
from pimc.mapping.head import Head, HeldOut, fit_head
from pimc.mapping.labelled import LabelledPixels, embed_labels
from pimc.mapping.likeness import find_target, parse_points
from pimc.mapping.options import SERIES, MapOptions, is_on_gpu
from pimc.mapping.page import write_page
from pimc.mapping.pictures import (
    FALSE_COLOUR,
    TRUE_COLOUR,
    MapPictures,
    draw_map,
    draw_overview,
)
from pimc.mapping.products import (
    Product,
    class_products,
    describe_map,
    embedding_products,
    likeness_product,
)
from pimc.mapping.raster import write_raster
from pimc.mapping.scores import score_classes
from pimc.mapping.shown import show_files
from pimc.mapping.source import PlaceSource
from pimc.mapping.stac_item import describe_item
from pimc.mapping.style import write_names, write_qml
from pimc.report.figure import Figure
from pimc.signal.calendar import CalendarOptions
from pimc.signal.screening import ScreeningOptions

logger = logging.getLogger(__name__)

PRODUCTS = (
    "embedding",
    "scale",
    "observations",
    "classes",
    "probabilities",
    "confidence",
    "likeness",
)
"""Rasters that a map may have."""


@dataclass(frozen=True, eq=False)
class MapPlan:
    """What is mapped, by what.

    Attributes:
        stores: blocks of each place and season, perhaps not made yet.
        encoder: where it is from, in words.
        labelling: labels of all places; None without.
        per_feature: labelled pixels of a feature at most; None for all.
        bands: that all images of all places have.
    """

    stores: Sequence[BlockStore]
    encoder: str
    labelling: Labelling | None
    per_feature: int | None
    bands: frozenset[str]


@dataclass(frozen=True, eq=False)
class MapHead:
    """What tells classes, and how well; all None where there are no labels.

    Attributes:
        head: fitted on all labels.
        labelled: the pixels that it was fitted on.
        held_out: predictions of heads that have not seen a pixel's fold.
    """

    head: Head | None = None
    labelled: LabelledPixels | None = None
    held_out: HeldOut | None = None


def plan_map(
    places: PlaceSource,
    encoders: list[Candidate],
    block_place: BlockPlace,
    calendar: CalendarOptions,
    screening: ScreeningOptions,
    mapping: MapOptions,
) -> MapPlan:
    """Choose the encoder, open every place with the bands it needs, and cut places into blocks.

    Labels are read here too: what is wrong with them is told before anything is embedded.
    """
    on_gpu = is_on_gpu(mapping, block_place.compute)
    if mapping.like is not None:
        parse_points(mapping.like)
    bands = places.bands()
    encoder = choose_encoder(encoders, bands)
    opened = places.open(encoder.bands)
    labelling = places.labels(opened)
    network = series_branch(encoder.network) if mapping.branch == SERIES else encoder.network
    if on_gpu:  # a copy: the package's own is kept for others
        network = network.copy().eval().to("cuda")
    grounds = find_grounds(opened, network, calendar, screening)
    embedder = Embedder(network, mapping.precision == "bf16")
    if mapping.dimensions is not None:
        components = fit_components(grounds, embedder, mapping.dimensions, mapping.seed)
        embedder = replace(embedder, projection=components)
    blocks = plan_blocks(grounds, embedder, mapping, encoder.digest)
    stores = [BlockStore(block_place.folder, each) for each in blocks]
    per_feature = places.options.labels.per_feature
    return MapPlan(stores, encoder.name, labelling, per_feature, bands)


def embed_ground(plan: MapPlan, block_place: BlockPlace) -> list[BlockStore]:
    """Make the blocks that are missing, with a bar of pixels a second and the time left."""
    from tqdm import tqdm

    wanted = [(store, store.missing()) for store in plan.stores]
    sizes = [sum(window.size for window in windows) for _, windows in wanted]
    total = sum(store.blocks.pixels for store in plan.stores)
    room = sum(size * store.pixel_bytes for size, store in zip(sizes, plan.stores, strict=True))
    require_room(block_place.folder, room)
    names = [store.blocks.ground.name for store in plan.stores]
    with tqdm(
        total=total,
        initial=total - sum(sizes),
        unit="px",
        unit_scale=True,
        desc=names[0] if len(names) == 1 else f"{len(names)} maps",
    ) as bar:
        make_all(wanted, block_place, lambda window: bar.update(window.size))
    return list(plan.stores)


def fit_classes(
    plan: MapPlan, stores: list[BlockStore], mapping: MapOptions
) -> tuple[MapHead, pd.DataFrame]:
    """What tells classes from embeddings, and its scores on folds that it has not seen.

    Returns:
        The head, and a row a class; without labels neither has anything in it.
    """
    columns = ["class", "labelled_pixels", "features", "recall", "precision", "f1"]
    if plan.labelling is None:
        return MapHead(), pd.DataFrame(columns=columns)
    labelled = embed_labels(stores, plan.labelling, plan.per_feature)
    head, held_out = fit_head(labelled, mapping.inverse_decay)
    scores = score_classes(head, labelled, held_out)
    if held_out is not None:
        right = held_out.predicted == labelled.pixels["label"].to_numpy()[held_out.rows]
        logger.info(
            "held-out blocks: %.1f %% of %d labelled pixels right, macro-F1 of %d classes %.1f %%",
            100 * right.mean(),
            len(right),
            scores["f1"].notna().sum(),
            100 * scores["f1"].mean(),
        )
    return MapHead(head, labelled, held_out), scores[columns]


def write_maps(
    plan: MapPlan,
    stores: list[BlockStore],
    classes: MapHead,
    map_folder: Path,
    mapping: MapOptions,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Write all files of all maps.

    Returns:
        A row a file (map, what, file, bytes); and a row a map and class: its area.
    """
    files, areas = [], []
    target = None if mapping.like is None else find_target(stores, mapping.like)
    for store in stores:
        written = {}
        tags = describe_map(store, plan.encoder)
        remove_products(map_folder, store)
        for product in _products(store, classes.head, mapping, target, tags):
            path = map_path(map_folder, store, product.layer.what)
            grid = store.blocks.ground.place.grid
            write_raster(path, grid, product.layer, product.parts(store), mapping.block)
            written[product.layer.what] = path
            if classes.head is not None and product.layer.colours:
                write_names(path, classes.head.names)
                write_qml(path, classes.head.names, dict(product.layer.colours))
        if classes.head is not None:
            areas.append(measure_area(store, written["classes"], classes))
        item = map_path(map_folder, store, "item").with_suffix(".json")
        replace_text(item, json.dumps(describe_item(store.blocks, written, tags), indent=1))
        name = store.blocks.ground.name
        rows = [*written.items(), ("item", item)]
        files += [(name, what, str(path), path.stat().st_size) for what, path in rows]
    area = pd.concat(areas, ignore_index=True) if areas else pd.DataFrame(columns=["map", "class"])
    return pd.DataFrame(files, columns=["map", "what", "file", "bytes"]), area


def _products(
    store: BlockStore,
    head: Head | None,
    mapping: MapOptions,
    target: np.ndarray | None,
    tags: dict[str, str],
) -> Iterator[Product]:
    yield from embedding_products(mapping, store.blocks.embedder.size, tags)
    if head is not None:
        yield from class_products(store, head, mapping, tags)
    if target is not None:
        yield likeness_product(target, tags, str(mapping.like))


def remove_products(folder: Path, store: BlockStore) -> None:
    """Remove what an earlier run has made of a map: its files would pass for those of this one."""
    for what in PRODUCTS:
        path = map_path(folder, store, what)
        for each in (path, path.with_name(path.name + ".aux.xml"), path.with_suffix(".qml")):
            each.unlink(missing_ok=True)


def map_path(folder: Path, store: BlockStore, what: str) -> Path:
    """The file of a map: ``<place>_<start>_<end>_<what>.tif``."""
    return folder / f"{file_name(store.blocks.ground.name)}_{what}.tif"


def measure_area(store: BlockStore, classes: Path, found: MapHead) -> pd.DataFrame:
    """A row a class of a map: its area."""
    if found.head is None or found.labelled is None:
        raise ValueError("areas are those of classes, and the map has none")
    counts = count_classes(classes, len(found.head.codes))
    confusion = None
    if found.held_out is not None:
        confusion = confusion_of_features(found.labelled, found.held_out, found.head.codes)
    hectares = pixel_hectares(store.blocks.ground.place.grid)
    table = tabulate_area(found.head.names, counts, hectares, confusion)
    table.insert(0, "map", store.blocks.ground.name)
    return table


def draw_maps(
    plan: MapPlan,
    files: pd.DataFrame,
    classes: MapHead,
    places: PlaceSource,
    map_folder: Path,
) -> Figure:
    """A picture and a page beside each map; the figure shows all of them."""
    colours = TRUE_COLOUR if set(TRUE_COLOUR) <= plan.bands else FALSE_COLOUR
    opened = {place.name: place for place in places.open(colours)}
    names = () if classes.head is None else classes.head.names
    maps = []
    for store in plan.stores:
        ground = store.blocks.ground
        rows = files[files["map"] == ground.name]
        own = {what: Path(file) for what, file in zip(rows["what"], rows["file"], strict=True)}
        pictures = show_files(own, opened[ground.place.name], ground, names)
        _write_pictures(map_folder, store, pictures)
        maps.append(pictures)
    return draw_overview(maps[:SHOWN_MAPS])


SHOWN_MAPS = 12
"""Of a run, in its figure."""


def _write_pictures(map_folder: Path, store: BlockStore, pictures: MapPictures) -> None:
    path = map_path(map_folder, store, "map")
    with replacing(path.with_suffix(".png")) as temporary:
        draw_map(pictures).savefig(temporary, dpi=110, format="png")
    write_page(path.with_suffix(".html"), pictures)
    logger.info("%s, and .html beside it", path.with_suffix(".png"))
