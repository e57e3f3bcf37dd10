"""Embeddings in eight bits."""

import numpy as np
import pytest

from pimc.mapping.quantise import NO_CODE, dequantise, quantise


def test_codes_and_scales_by_hand():
    embedding = np.array([[127, -254, 63.6], [0.5, 0.25, -0.1]], np.float32)
    codes, scale = quantise(embedding)
    np.testing.assert_allclose(scale, [2, 0.5 / 127], rtol=1e-6)
    # 127 / 2 = 63.5 goes to the even neighbour; 0.25 is 63.5 scales of its pixel; 0.1 is 25.4
    np.testing.assert_array_equal(codes, [[64, -127, 32], [127, 64, -25]])
    assert codes.dtype == np.int8 and scale.dtype == np.float32


def test_what_is_read_back_lies_within_half_a_scale():
    rng = np.random.default_rng(0)
    sizes = 10 ** rng.uniform(-6, 6, (2_000, 1))  # some are large, some tiny
    embedding = (sizes * rng.standard_normal((2_000, 9))).astype(np.float32)
    codes, scale = quantise(embedding)
    error = np.abs(dequantise(codes, scale) - embedding) / scale[:, None]
    assert 0.45 < error.max() <= 0.5 + 1e-4
    assert np.abs(codes.astype(int)).max(axis=1).tolist() == [127] * 2_000


def test_zeros_stay_zeros_and_no_data_no_data():
    embedding = np.array([[0, 0], [np.nan, np.nan], [1, -1]], np.float32)
    codes, scale = quantise(embedding)
    np.testing.assert_array_equal(codes, [[0, 0], [NO_CODE, NO_CODE], [127, -127]])
    np.testing.assert_array_equal(np.isnan(scale), [False, True, False])
    np.testing.assert_allclose(dequantise(codes, scale), embedding, rtol=1e-6)


def test_no_pixels_are_no_codes():
    codes, scale = quantise(np.empty((0, 4), np.float32))
    assert codes.shape == (0, 4) and scale.shape == (0,)


@pytest.mark.parametrize("factor", [1e-3, 7.0])
def test_the_size_of_an_embedding_does_not_change_its_codes(factor):
    embedding = np.random.default_rng(1).standard_normal((50, 6)).astype(np.float32)
    changed = np.abs(quantise(embedding * np.float32(factor))[0] - quantise(embedding)[0])
    assert changed.max() <= 1 and (changed > 0).mean() < 0.01
