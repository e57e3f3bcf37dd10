"""Fewer dimensions of an embedding, by principal components."""

import numpy as np
import pytest
from cases.maps import (
    CALENDAR,
    SCREENING,
    TEN_BANDS,
    exact,
    image_of,
    make_store,
    places_of,
    plan,
    tiny_encoder,
    write_crops,
)
from sklearn.decomposition import PCA

from pimc.mapping import components
from pimc.mapping.components import fit_components, principal_axes
from pimc.mapping.ground import Embedder, find_grounds

CODES = np.random.default_rng(0).integers(0, 3, (20, 24))


@pytest.fixture(scope="module")
def values():
    rng = np.random.default_rng(0)
    mixed = rng.standard_normal((500, 7)) * [5, 3, 2, 1, 0.5, 0.2, 0.1]
    rotation = np.linalg.qr(rng.standard_normal((7, 7)))[0]
    return (mixed @ rotation + 40).astype(np.float32)


def test_axes_by_hand():
    centred = np.array([[1, 1], [-1, -1], [0.1, -0.1], [-0.1, 0.1]], np.float32)
    values = centred + np.array([3, 5])
    axes, mean = principal_axes(values, 2)
    half = np.sqrt(0.5)
    np.testing.assert_allclose(mean, [3, 5], rtol=1e-6)
    np.testing.assert_allclose(np.abs(axes), half, rtol=1e-5)
    np.testing.assert_allclose(axes[:, 0], half, rtol=1e-5)
    np.testing.assert_allclose(axes[:, 1].sum(), 0, atol=1e-6)


def test_axes_are_orthonormal_and_those_of_largest_variance(values):
    axes, mean = principal_axes(values, 4)
    assert axes.shape == (7, 4) and axes.dtype == mean.dtype == np.float32
    np.testing.assert_allclose(axes.T @ axes, np.eye(4), atol=1e-6)
    variance = ((values - mean) @ axes).var(axis=0)
    assert (np.diff(variance) < 0).all()
    reference = PCA(4).fit(values.astype(np.float64))
    np.testing.assert_allclose(variance, reference.explained_variance_ * 499 / 500, rtol=1e-4)
    np.testing.assert_allclose(np.abs(axes), np.abs(reference.components_.T), atol=1e-4)


def test_the_sign_of_an_axis_is_fixed(values):
    axes, mean = principal_axes(values, 7)
    largest = axes[np.abs(axes).argmax(axis=0), np.arange(7)]
    assert (largest > 0).all()
    mirrored, _ = principal_axes(2 * mean - values, 7)
    np.testing.assert_allclose(mirrored, axes, atol=1e-4)


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    def unseen(_, values):
        values[:, :7] = 0
        return values, TEN_BANDS

    return write_crops(tmp_path_factory.mktemp("stack") / "farm", CODES, unseen, nodata=0)


@pytest.fixture(scope="module")
def grounds(stack):
    return find_grounds(places_of(stack), tiny_encoder(), CALENDAR, SCREENING)


def test_they_are_fitted_on_pixels_with_data(stack, grounds, tmp_path):
    axes, mean = fit_components(grounds, Embedder(tiny_encoder()), 3, seed=0)
    whole = image_of(make_store(tmp_path, plan(stack, options=exact())))
    known = whole[7:].reshape(-1, 12)
    np.testing.assert_allclose(mean, known.mean(axis=0), rtol=1e-4, atol=1e-5)
    expected, _ = principal_axes(known, 3)
    np.testing.assert_allclose(axes, expected, atol=1e-3)
    projected = image_of(
        make_store(tmp_path, plan(stack, options=exact(), projection=(axes, mean)))
    )
    assert projected.shape == (20, 24, 3) and np.isnan(projected[:7]).all()
    np.testing.assert_allclose(projected[7:].reshape(-1, 3), (known - mean) @ axes, atol=1e-4)


def test_windows_are_drawn_by_the_seed_until_there_are_enough(grounds, monkeypatch):
    monkeypatch.setattr(components, "SIDE", 8)
    monkeypatch.setattr(components, "FITTED_ON", 64)
    embedder = Embedder(tiny_encoder())
    first, again, other = (fit_components(grounds, embedder, 2, seed)[1] for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 1e-6


def test_more_than_there_are_is_refused(grounds, tmp_path):
    embedder = Embedder(tiny_encoder())
    with pytest.raises(ValueError, match=r"must be at most the encoder's 12, got 13"):
        fit_components(grounds, embedder, 13, 0)
    write_crops(tmp_path / "small", CODES[:2, :3])
    small = find_grounds(places_of(tmp_path / "small"), tiny_encoder(), CALENDAR, SCREENING)
    with pytest.raises(ValueError, match="6 pixels have an embedding: too few to find 6"):
        fit_components(small, embedder, 6, 0)
