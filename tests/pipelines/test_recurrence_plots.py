import numpy as np
import pandas as pd
import pytest

from pimc.data.folds import FoldOptions
from pimc.pipelines.recurrence_plots import nodes
from pimc.signal.calendar import CalendarOptions
from pimc.signal.recurrence import Recurrence, RecurrenceOptions

SERIES = np.random.default_rng(0).normal(size=(6, 2, 9)).astype(np.float32)
PIXELS = pd.DataFrame(
    {
        "fold": [1, 2, 3, 4, 5, 1],
        "label": [0, 1, 1, 1, -1, -1],
        "place": ["a", "a", "a", "a", "a", "b"],
    }
)
OBSERVED = np.random.default_rng(1).random((6, 9)) > 0.4
CALENDAR = CalendarOptions(length=9)
PLAIN = RecurrenceOptions(kind="unthresholded", scale="standard")


def fit(series, options=PLAIN):
    return nodes.fit_recurrence(series, PIXELS, options, ["NDVI", "EVI"], FoldOptions(), 0)


def render(chosen, fitted, rendering):
    return nodes.render_plots(SERIES, OBSERVED, chosen, fitted, rendering)


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
    plots = render(chosen, fit(SERIES), nodes.RenderingOptions(1, image))
    assert plots.shape == (len(chosen), 2, 9, 9)
    assert plots.dtype == np.float32
    np.testing.assert_allclose(plots, plots.swapaxes(-1, -2), atol=1e-6)


def test_the_fitted_plot_is_the_scaled_distance():
    chosen = pd.DataFrame({"row": [2]})
    fitted = fit(SERIES)
    plot = render(chosen, fitted, nodes.RenderingOptions())[0, 0]
    x = SERIES[2, 0]
    expected = np.abs(x[:, None] - x[None]) / fitted["scale"][0]
    np.testing.assert_allclose(plot, expected, rtol=1e-5)


SHOWN = {
    "signed": (RecurrenceOptions("signed", scale="standard"), ["NDVI", "EVI"]),
    "validity": (RecurrenceOptions("soft", 0.5, validity=True), ["NDVI", "EVI", "observed"]),
    "joint": (RecurrenceOptions("joint", percentile=[10, 30]), ["joint 1", "joint 2"]),
    "several": (
        RecurrenceOptions("soft", percentile=(5, 10, 20, 40)),
        [f"{index} {scale}" for index in ("NDVI", "EVI") for scale in (1, 2, 3, 4)],
    ),
}


@pytest.mark.parametrize("name", SHOWN)
def test_the_gallery_shows_one_strip_a_group_and_every_channel(name):
    options, channels = SHOWN[name]
    rendering, fitted = nodes.RenderingOptions(2), fit(SERIES, options)
    chosen = nodes.choose_plot_pixels(PIXELS, ["grass", "corn"], rendering, 0)
    plots = render(chosen, fitted, rendering)
    assert plots.shape[1] == len(channels)
    figure = nodes.draw_gallery(SERIES, plots, chosen, fitted, rendering, CALENDAR)
    titles = {axis.get_title(loc="left") for axis in figure.axes} - {""}
    assert titles == {"grass", "corn", "a", "b"}
    assert {text.get_text() for axis in figure.axes for text in axis.texts} == {*channels}
    (limits,) = {axis.images[0].get_clim() for axis in figure.axes if axis.images}
    # white is 0 where there are values below 0
    assert (limits[0] == -limits[1]) == (name == "signed")
    assert figure.axes[-1].get_xlabel() == Recurrence.from_json(fitted).unit


def test_a_gallery_of_pyts_is_named_by_the_indices():
    rendering = nodes.RenderingOptions(1, "markov")
    fitted = fit(SERIES, RecurrenceOptions("joint", 0.5))
    chosen = nodes.choose_plot_pixels(PIXELS, ["grass", "corn"], rendering, 0)
    figure = nodes.draw_gallery(
        SERIES, render(chosen, fitted, rendering), chosen, fitted, rendering, CALENDAR
    )
    assert {text.get_text() for axis in figure.axes for text in axis.texts} == {"NDVI", "EVI"}
    assert figure.axes[-1].get_xlabel() == "markov of pyts"


def test_the_channel_of_validity_tells_where_both_dates_were_observed():
    fitted = fit(SERIES, RecurrenceOptions(validity=True))
    drawn = render(pd.DataFrame({"row": [2]}), fitted, nodes.RenderingOptions())[0, 2]
    assert (drawn == np.outer(OBSERVED[2], OBSERVED[2])).all()


def test_unknown_images_are_refused():
    with pytest.raises(ValueError, match=r"rendering\.image must be fitted or one of"):
        nodes.RenderingOptions(image="spectrogram")
