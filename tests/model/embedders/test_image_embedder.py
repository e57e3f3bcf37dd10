import numpy as np
import pytest
import torch
from cases.strangers import make_image_encoder

from pimc.data.patch import FILL
from pimc.model.embedders.images import ImageEmbedder

IMAGES = np.random.default_rng(0).uniform(0.01, 0.5, (40, 3, 9, 10)).round(4).astype(np.float32)
BANDS = ("B02", "B04", "B08")


@pytest.fixture
def embedder():
    return ImageEmbedder(make_image_encoder())


def run(embedder, images):
    with torch.inference_mode():
        return embedder.network(torch.from_numpy(images)).numpy()


def test_embeddings_are_the_networks(embedder):
    embedded = embedder.embed(IMAGES, BANDS)
    np.testing.assert_allclose(embedded, run(embedder, IMAGES), atol=1e-5)
    assert embedded.dtype == np.float32 and embedded.shape == (40, embedder.embedding_size)


def test_bands_in_another_order_and_further_ones(embedder):
    other = np.concatenate([IMAGES[:, [2, 0, 1]], IMAGES[:, :1]], axis=1)
    embedded = embedder.embed(other, ("nir", "B2", "red", "B03"))
    np.testing.assert_array_equal(embedded, embedder.embed(IMAGES, BANDS))


def test_a_missing_band_counts_as_its_mean(embedder, caplog):
    mean = IMAGES.copy()
    mean[:, 1] = 0.1
    embedded = embedder.embed(IMAGES[:, [0, 2]], ("B02", "B08"))
    np.testing.assert_allclose(embedded, run(embedder, mean), atol=1e-4)
    assert "the images lack B04" in caplog.text
    with pytest.raises(ValueError, match="the images have none of these bands but B11"):
        embedder.embed(IMAGES[:, :1], ["B11"])


def test_integers_and_what_is_missing(embedder):
    holes = IMAGES.copy()
    holes[0, :, :3], holes[1, 1], holes[2] = np.nan, np.nan, np.nan
    integers = np.where(np.isnan(holes), FILL, np.rint(1e4 * holes)).astype(np.int16)
    expected = run(embedder, holes)
    expected[2] = np.nan
    integers[0, :, :3] = 0  # as many products say it
    for given in (holes, integers):
        np.testing.assert_allclose(embedder.embed(given, BANDS), expected, atol=1e-5)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (IMAGES[0], r"images x bands x rows x columns, got shape \(3, 9, 10\)"),
        (IMAGES[:, :2], r"images of 3 bands \(B02, B04, B08\), got shape \(40, 2"),
        (1e4 * IMAGES, "expected floats of 0..1"),
        (IMAGES[..., :7], "at least 8 x 8 pixels"),
    ],
)
def test_what_cannot_be_read_is_refused(embedder, images, message):
    with pytest.raises(ValueError, match=message):
        embedder.embed(images, BANDS)


def test_an_array_of_xarray(embedder):
    xarray = pytest.importorskip("xarray")
    cube = xarray.DataArray(
        IMAGES[:4], {"time": np.arange(4), "band": list(BANDS)}, ("time", "band", "y", "x")
    )
    embedded = embedder.embed(cube.transpose("band", "y", "time", "x"))
    assert embedded.dims == ("time", "embedding") and list(embedded.coords) == ["time"]
    np.testing.assert_array_equal(embedded, embedder.embed(IMAGES[:4], BANDS))
