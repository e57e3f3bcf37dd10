"""Files of a map: what other programs find in them."""

import json
from xml.etree import ElementTree as ET

import numpy as np
import pystac
import pytest
import rasterio
from cases.maps import (
    DATES,
    TEN_BANDS,
    crops,
    exact,
    image_of,
    make_store,
    plan,
    write_crops,
)
from rasterio.shutil import copy
from rasterio.warp import transform
from rio_cogeo.cogeo import cog_validate
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from pimc.mapping.choice import series_branch
from pimc.mapping.head import Head
from pimc.mapping.options import MapOptions
from pimc.mapping.products import (
    NO_SHARE,
    SHARES,
    class_products,
    describe_map,
    embedding_products,
    read_window,
    sureties,
    widen,
)
from pimc.mapping.quantise import NO_CODE, dequantise
from pimc.mapping.raster import write_raster
from pimc.mapping.smoothing import smooth
from pimc.mapping.stac_item import describe_item
from pimc.mapping.style import NO_CLASS, class_colours, write_names, write_qml
from pimc.model.shipped import load_shipped

SHAPE = (40, 36)
CODES = np.add.outer(np.arange(SHAPE[0]) // 10, np.arange(SHAPE[1]) // 9) % 3
GONE = np.s_[:, 5:8, 30:34]


def lose(number, values):
    values = values.copy()
    if number > 2:  # three dates are left, of four that are needed
        values[GONE] = 0
    return values, tuple(f"B{name}" for name in "02 03 04 05 06 07 08 8A 11 12".split())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_crops(tmp_path_factory.mktemp("crops") / "farm", CODES, lose)


@pytest.fixture(scope="module")
def store(folder, tmp_path_factory):
    return make_store(tmp_path_factory.mktemp("blocks"), plan(folder))


@pytest.fixture(scope="module")
def head():
    rng = np.random.default_rng(0)
    weights, offset = rng.standard_normal((12, 3)), rng.standard_normal(3)
    return Head(weights.astype("f4"), offset.astype("f4"), np.array([1, 4, 5]), tuple("abcdef"), 1)


@pytest.fixture(scope="module")
def files(store, head, tmp_path_factory):
    """Every raster of a map, by what it holds."""
    target, tags, options = (
        tmp_path_factory.mktemp("maps"),
        describe_map(store, "tiny"),
        MapOptions(),
    )
    products = embedding_products(options, 12, tags) + class_products(store, head, options, tags)
    written = {}
    for product in products:
        path = target / f"farm_{product.layer.what}.tif"
        write_raster(path, store.blocks.ground.place.grid, product.layer, product.parts(store), 16)
        written[product.layer.what] = path
    return written


def read(path):
    with rasterio.open(path) as source:
        return source.read()


def test_all_are_cloud_optimised_on_the_grid_of_the_images(files, folder):
    with rasterio.open(next(folder.glob("*.tif"))) as source:
        crs, affine = source.crs, source.transform
    for path in files.values():
        valid, errors, _ = cog_validate(path)
        assert valid, errors
        with rasterio.open(path) as source:
            assert (source.crs, source.transform, source.shape) == (crs, affine, SHAPE)
            assert source.tags()["PIMC_ENCODER"] == "tiny"
            assert source.tags()["PIMC_SEASON_START"] == "2021-01-01"
    left = {path.name for path in files["scale"].parent.iterdir()}
    assert left == {path.name for path in files.values()}, "nothing half written stays"


def test_types_names_and_no_data(files):
    stated = {
        "embedding": ("int8", NO_CODE, "E000"),
        "scale": ("float32", None, "scale"),
        "observations": ("uint8", 0, "clear observations"),
        "classes": ("uint8", NO_CLASS, "class"),
        "probabilities": ("uint16", NO_SHARE, "b"),
        "confidence": ("uint16", NO_SHARE, "confidence"),
    }
    assert stated.keys() == files.keys()
    for what, (dtype, no_data, name) in stated.items():
        with rasterio.open(files[what]) as source:
            assert source.dtypes[0] == dtype and source.descriptions[0] == name
            assert np.isnan(source.nodata) if no_data is None else source.nodata == no_data
            values = source.read(1)[GONE[1:]]
            assert (np.isnan(values) if no_data is None else values == no_data).all(), what
            rest = np.ones(SHAPE, bool)
            rest[GONE[1:]] = False
            whole = source.read(1)[rest]
            assert not (np.isnan(whole) if no_data is None else whole == no_data).any(), what


def test_embeddings_are_read_back_to_half_a_scale(files, folder, store, tmp_path):
    codes, scale = read(files["embedding"]), read(files["scale"])[0]
    values = dequantise(codes.reshape(12, -1).T, scale.ravel()).reshape(*SHAPE, 12)
    floats = make_store(tmp_path, plan(folder, options=exact()))
    apart = np.abs(values - image_of(floats))
    known = np.isfinite(scale)
    assert (apart[known] <= scale[known][:, None] * 0.5001).all()
    assert np.isnan(values[~known]).all() and (~known).sum() == 3 * 4
    with rasterio.open(files["observations"]) as source:
        assert set(np.unique(source.read(1)[known])) == {8}


def test_classes_are_the_largest_probability(files, store, head):
    shares = head.probabilities(image_of(store).reshape(-1, 12)).reshape(*SHAPE, 3)
    known = np.isfinite(shares[..., 0])
    classes, stored = read(files["classes"])[0], read(files["probabilities"])
    np.testing.assert_array_equal(classes[known], shares[known].argmax(axis=1))
    np.testing.assert_allclose(stored[:, known].T / SHARES, shares[known], atol=0.51 / SHARES)
    confidence = read(files["confidence"])
    ordered = np.sort(shares[known], axis=1)
    np.testing.assert_allclose(confidence[0][known] / SHARES, ordered[:, -1], atol=0.51 / SHARES)
    margin = ordered[:, -1] - ordered[:, -2]
    np.testing.assert_allclose(confidence[1][known] / SHARES, margin, atol=0.51 / SHARES)


def test_entropy_is_1_where_nothing_is_known_and_0_where_all_is():
    shares = np.array([[[1 / 3, 1.0]], [[1 / 3, 0.0]], [[1 / 3, 0.0]]])
    np.testing.assert_allclose(sureties(shares), [[[1 / 3, 1]], [[0, 1]], [[1, 0]]], atol=1e-9)


def test_colours_and_names_are_found_by_gdal_and_by_qgis(files, head, tmp_path):
    path = files["classes"]
    with rasterio.open(path) as source:
        table = source.colormap(1)
        assert [source.tags()[f"CLASS_{code}"] for code in range(3)] == ["b", "e", "f"]
    colours = class_colours(3)
    assert {code: table[code] for code in range(3)} == {code: colours[code] for code in range(3)}
    write_names(path, head.names)
    write_qml(path, head.names, colours)
    names = ET.parse(f"{path}.aux.xml").getroot().findall("PAMRasterBand/CategoryNames/Category")
    assert [name.text for name in names] == ["b", "e", "f"]
    # GDAL's own reading of them, as it copies it to a virtual raster
    copy(path, tmp_path / "classes.vrt", driver="VRT")
    read_by_gdal = ET.parse(tmp_path / "classes.vrt").getroot().findall(".//Category")
    assert [name.text for name in read_by_gdal] == ["b", "e", "f"]
    entries = ET.parse(path.with_suffix(".qml")).getroot().findall(".//paletteEntry")
    assert [entry.get("label") for entry in entries] == ["b", "e", "f"]
    assert [entry.get("value") for entry in entries] == ["0", "1", "2"]
    told = [tuple(bytes.fromhex(entry.get("color").removeprefix("#"))) for entry in entries]
    assert told == [table[code][:3] for code in range(3)]
    path.with_suffix(".qml").unlink()


def test_more_classes_than_a_byte_tells_are_refused():
    assert len(class_colours(255)) == 256
    with pytest.raises(ValueError, match="255 classes at most, got 256"):
        class_colours(256)


def test_the_item_is_one_of_stac(files, store):
    described = json.loads(
        json.dumps(describe_item(store.blocks, files, describe_map(store, "tiny")))
    )
    item = pystac.Item.from_dict(described)
    with rasterio.open(files["classes"]) as source:
        corners = [source.transform @ (col, row) for col in (0, SHAPE[1]) for row in (0, SHAPE[0])]
        lon, lat = transform(source.crs, "EPSG:4326", *zip(*corners, strict=True))
    expected = [min(lon), min(lat), max(lon), max(lat)]
    assert item.bbox == pytest.approx(expected, abs=1e-6)
    ring = np.array(item.geometry["coordinates"][0])
    np.testing.assert_array_equal([*ring.min(axis=0), *ring.max(axis=0)], item.bbox)
    assert len(item.assets) == len(files)
    assert item.properties["emb:dimensions"] == 12 and item.properties["emb:data_type"] == "int8"
    assert item.properties["start_datetime"].startswith("2021-01-01")
    for asset in item.assets.values():
        assert (files["scale"].parent / asset.href).exists()


def test_smoothed_blocks_meet_without_a_seam(store, head):
    """Blocks of 16 pixels give what one of the whole place gives."""
    options = MapOptions(smoothing=5)
    tags = describe_map(store, "tiny")
    probabilities = class_products(store, head, options, tags)[1]
    pieces = np.zeros((3, *SHAPE), np.uint16)
    for window, values in probabilities.parts(store):
        pieces[:, *window.slices] = values
    shares = head.probabilities(image_of(store).reshape(-1, 12)).T.reshape(3, *SHAPE)
    whole = smooth(shares, 5, options.smoothness)
    known = np.isfinite(whole[0])
    np.testing.assert_allclose(pieces[:, known] / SHARES, whole[:, known], atol=0.6 / SHARES)
    assert (pieces[:, ~known] == NO_SHARE).all()


def test_any_window_is_read_out_of_the_blocks(store):
    whole = image_of(store)
    for window in store.blocks.windows:
        wide, inner = widen(window, 3, SHAPE)
        values = read_window(store, wide).reshape(wide.height, wide.width, -1)
        np.testing.assert_array_equal(values, whole[wide.slices])
        np.testing.assert_array_equal(values[inner], whole[window.slices])


@pytest.fixture(scope="module")
def probed(tmp_path_factory):
    """Embeddings by the package's encoder, in float32 and as int8 is read back; and classes."""
    folder = tmp_path_factory.mktemp("probed")
    labels = np.random.default_rng(3).integers(0, 3, (48, 44))

    def blur(number, _):
        return crops(labels, DATES[number], noise=0.4), TEN_BANDS

    network = series_branch(load_shipped("ten_bands"))
    write_crops(folder / "farm", labels, blur)
    options = MapOptions(block=48)
    floats = make_store(folder / "blocks", plan(folder / "farm", network, exact(options)))
    store = make_store(folder / "blocks", plan(folder / "farm", network, options))
    grid, read_back = store.blocks.ground.place.grid, {}
    for product in embedding_products(options, network.embedding_size, {}):
        path = folder / f"{product.layer.what}.tif"
        write_raster(path, grid, product.layer, product.parts(store), options.block)
        read_back[product.layer.what] = read(path)
    codes = np.moveaxis(read_back["embedding"], 0, 2).reshape(labels.size, -1)
    values = dequantise(codes, read_back["scale"].ravel())
    exactly = image_of(floats).reshape(labels.size, -1)
    known = np.isfinite(exactly[:, 0])
    np.testing.assert_array_equal(known, np.isfinite(values[:, 0]))
    return exactly[known], values[known], labels.ravel()[known]


@pytest.mark.parametrize(
    "probe", [LogisticRegression(max_iter=500), KNeighborsClassifier(20, metric="cosine")]
)
def test_eight_bits_cost_a_probe_nothing(probed, probe):
    """Of 2,000 labelled pixels, each half predicted by the other: within 0.2 points."""
    *embeddings, labels = probed
    assert len(labels) > 2_000
    odd = np.arange(len(labels)) % 2 == 1
    scores = []
    for values in embeddings:
        scaled = (values - values.mean(axis=0)) / values.std(axis=0)
        right = [
            clone(probe).fit(scaled[half], labels[half]).predict(scaled[~half]) == labels[~half]
            for half in (odd, ~odd)
        ]
        scores.append(np.concatenate(right).mean())
    assert 0.85 < scores[0] < 0.97  # hard enough for a loss to be seen
    assert abs(scores[0] - scores[1]) <= 0.002
