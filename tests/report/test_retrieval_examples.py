import numpy as np
import pytest
from matplotlib.colors import to_hex

from pimc.data.patch import FILL
from pimc.report.retrieval_examples import (
    ANSWERS,
    OWN,
    Answers,
    draw_retrieval_examples,
    find_answers,
    natural_colours,
)

INDICES, BANDS = ("NDVI", "EVI"), ("B02", "B03", "B04", "B08")
RNG = np.random.default_rng(0)
SERIES = RNG.random((8, 2, 12)).astype(np.float32)
CROPS = RNG.integers(100, 3000, (8, 4, 5, 5)).astype(np.int16)


def framed(figure):
    return [axis for axis in figure.axes if to_hex(axis.spines["left"].get_edgecolor()) == OWN]


def test_answers_come_best_first_and_own_partners_have_their_ranks():
    similarity = np.array(
        [
            [0.9, 0.1, 0.0],  # finds its own first
            [0.8, 0.5, 0.6],  # two are more alike
            [0.2, 0.7, 0.7],  # a tie counts against the query
        ]
    )
    assert find_answers(similarity) == [
        Answers(0, (0, 1, 2), 1),
        Answers(2, (1, 2, 0), 2),
        Answers(1, (0, 2, 1), 3),
    ]


def test_queries_stand_for_equal_parts_of_all():
    # query i finds its own partner in place i + 1
    similarity = np.where(np.arange(40)[:, None] > np.arange(40), 1.0, 0.0)
    np.fill_diagonal(similarity, 0.5)
    assert [answers.rank for answers in find_answers(similarity)] == [6, 16, 26, 36]


def test_colours_are_red_green_blue_on_one_scale():
    crops = np.zeros((1, 4, 10, 10), np.int16)
    crops[0, 2], crops[0, 1], crops[0, 0] = 2000, 1000, 0  # B04, B03, B02
    crops[0, :3, 0, 0] = FILL
    picture = natural_colours(crops, BANDS)[0]
    np.testing.assert_allclose(picture[1:], np.broadcast_to([1.0, 0.5, 0.0], (9, 10, 3)))
    assert picture[0, 0].tolist() == [1, 1, 1]
    grey = natural_colours(CROPS[:, 3:], ("B08",))
    assert (grey[..., 0] == grey[..., 2]).all() and grey.max() == 1


def test_both_directions_show_their_answers_and_frame_the_own_partner():
    similarity = np.eye(8) + np.diag(np.full(7, 1.5), k=1)  # series i likes crop i + 1 best
    figure = draw_retrieval_examples(SERIES, CROPS, similarity, INDICES, BANDS)
    titles = [part.get_suptitle() for part in figure.subfigs]
    assert titles == [
        "A series, and the images it finds, among 8 held-out pairs",
        "An image, and the series it finds, among 8 held-out pairs",
    ]
    ranks = [axis.get_xlabel() for axis in figure.subfigs[0].axes if axis.get_xlabel()]
    assert ranks == ["rank 2"] * 4
    # of each query one among its answers, one beside them
    assert len(framed(figure)) == 2 * 4 * 2
    first = figure.subfigs[0].axes[:9]
    assert [len(axis.images) for axis in first] == [0, 0, *[1] * ANSWERS, 0, 1]
    query = find_answers(similarity)[0].query
    np.testing.assert_array_equal(first[0].lines[0].get_ydata(), SERIES[query, 0])
    shown = natural_colours(CROPS, BANDS)
    np.testing.assert_array_equal(first[2].images[0].get_array(), shown[query + 1])


def test_views_of_series_find_series():
    figure = draw_retrieval_examples(SERIES[:3], None, np.eye(3), INDICES, ())
    assert len(figure.subfigs) == 1 and not any(axis.images for axis in figure.axes)
    ranks = [axis.get_xlabel() for axis in figure.axes if axis.get_xlabel()]
    assert ranks == ["rank 1"] * 3


@pytest.mark.parametrize("partners", [CROPS, None])
def test_fewer_pairs_than_answers(partners):
    two = None if partners is None else partners[:2]
    figure = draw_retrieval_examples(SERIES[:2], two, np.eye(2), INDICES, BANDS)
    assert len(figure.subfigs[0].axes) == 2 * (4 + 2)
