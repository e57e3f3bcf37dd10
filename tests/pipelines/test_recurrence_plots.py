import numpy as np
import pandas as pd
import pytest

from pimc.data.folds import FoldOptions
from pimc.pipelines.recurrence_plots import nodes
from pimc.signal.recurrence import RecurrenceOptions

SERIES = np.random.default_rng(0).normal(size=(6, 2, 9)).astype(np.float32)
PIXELS = pd.DataFrame(
    {
        "fold": [1, 2, 3, 4, 5, 1],
        "label": [0, 1, 1, 1, -1, -1],
        "place": ["a", "a", "a", "a", "a", "b"],
    }
)
PLAIN = RecurrenceOptions(kind="unthresholded", scale="standard")


def fit(series):
    return nodes.fit_recurrence(series, PIXELS, PLAIN, ["NDVI", "EVI"], FoldOptions(), 0)


def test_the_fit_sees_training_folds_alone():
    changed = SERIES.copy()
    changed[3:5] += 100  # folds 4 and 5
    assert fit(changed) == fit(SERIES)
    changed[0] += 100
    assert fit(changed) != fit(SERIES)


def test_no_training_pixel():
    with pytest.raises(ValueError, match=r"no pixel in the training folds"):
        nodes.fit_recurrence(
            SERIES, PIXELS.assign(fold=5), PLAIN, ["NDVI", "EVI"], FoldOptions(), 0
        )


def test_pixels_of_each_class_and_unlabelled_ones_by_place():
    chosen = nodes.choose_plot_pixels(PIXELS, ["grass", "corn"], nodes.RenderingOptions(2), 0)
    assert chosen["group"].value_counts().to_dict() == {"grass": 1, "corn": 2, "a": 1, "b": 1}
    assert (PIXELS["label"].to_numpy()[chosen["row"]] == chosen["label"]).all()


@pytest.mark.parametrize("image", ["fitted", "recurrence", "gramian_summation"])
def test_plots_of_every_backend_have_a_cell_for_each_pair_of_dates(image):
    chosen = nodes.choose_plot_pixels(PIXELS, ["grass", "corn"], nodes.RenderingOptions(1), 0)
    plots = nodes.render_plots(SERIES, chosen, fit(SERIES), nodes.RenderingOptions(1, image))
    assert plots.shape == (len(chosen), 2, 9, 9)
    assert plots.dtype == np.float32
    np.testing.assert_allclose(plots, plots.swapaxes(-1, -2), atol=1e-6)


def test_the_fitted_plot_is_the_scaled_distance():
    chosen = pd.DataFrame({"row": [2]})
    fitted = fit(SERIES)
    plot = nodes.render_plots(SERIES, chosen, fitted, nodes.RenderingOptions())[0, 0]
    x = SERIES[2, 0]
    expected = np.abs(x[:, None] - x[None]) / fitted["scale"][0]
    np.testing.assert_allclose(plot, expected, rtol=1e-5)


def test_the_gallery_shows_one_strip_a_group():
    chosen = nodes.choose_plot_pixels(PIXELS, ["grass", "corn"], nodes.RenderingOptions(2), 0)
    plots = np.zeros((len(chosen), 2, 9, 9), np.float32)
    figure = nodes.draw_gallery(SERIES, plots, chosen, ["NDVI", "EVI"])
    titles = {axis.get_title(loc="left") for axis in figure.axes} - {""}
    assert titles == {"grass", "corn", "a", "b"}


def test_unknown_images_are_refused():
    with pytest.raises(ValueError, match=r"rendering\.image must be fitted or one of"):
        nodes.RenderingOptions(image="spectrogram")
