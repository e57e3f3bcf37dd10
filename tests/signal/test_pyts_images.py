import subprocess
import sys

import numpy as np
import pytest

from pimc.signal.pyts_images import PYTS_IMAGES, render_with_pyts


def series(*shape):
    return np.random.default_rng(0).normal(size=shape)


def test_recurrence_by_hand():
    plot = render_with_pyts(np.array([[[1.0, 4.0, 2.0]]]), "recurrence")
    assert plot.tolist() == [[[[0, 3, 1], [3, 0, 2], [1, 2, 0]]]]


def test_gramian_fields_equal_their_formulas():
    values = series(4, 2, 9)
    low, high = values.min(axis=2, keepdims=True), values.max(axis=2, keepdims=True)
    angle = np.arccos(np.clip(2 * (values - low) / (high - low) - 1, -1, 1))
    rows, cols = angle[..., :, None], angle[..., None, :]
    summation = render_with_pyts(values, "gramian_summation")
    difference = render_with_pyts(values, "gramian_difference")
    np.testing.assert_allclose(summation, np.cos(rows + cols), atol=1e-7)
    np.testing.assert_allclose(difference, np.sin(rows - cols), atol=1e-7)


def test_markov_field_by_hand():
    # bins split at the median: low low high high low high; from low: 1 low, 2 high; from high: 1, 1
    values = np.array([[[0.0, 1.0, 10.0, 11.0, 2.0, 12.0]]])
    field = render_with_pyts(values, "markov", n_bins=2)[0, 0]
    state = np.array([0, 0, 1, 1, 0, 1])
    matrix = np.array([[1 / 3, 2 / 3], [1 / 2, 1 / 2]])
    np.testing.assert_allclose(field, matrix[state[:, None], state])


@pytest.mark.parametrize("image", PYTS_IMAGES)
def test_each_index_is_drawn_on_its_own(image):
    values = series(3, 2, 12)
    drawn = render_with_pyts(values, image)
    assert drawn.shape == (3, 2, 12, 12)
    np.testing.assert_array_equal(drawn[1, 1], render_with_pyts(values[1:2, 1:2], image)[0, 0])


def test_unknown_image_and_option_are_refused():
    with pytest.raises(ValueError, match="unknown image 'spectrogram'; pyts draws recurrence"):
        render_with_pyts(series(1, 1, 5), "spectrogram")
    with pytest.raises(ValueError, match=r"pyts.image.RecurrencePlot does not take .* 'n_bins'"):
        render_with_pyts(series(1, 1, 5), "recurrence", n_bins=3)


def test_pyts_is_imported_only_to_render():
    code = "import sys, pimc.signal.pyts_images; sys.exit('pyts' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
