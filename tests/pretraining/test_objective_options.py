import pytest

from pimc.pretraining.objective_options import MaskOptions, ObjectiveOptions
from pimc.pretraining.options import PretrainingOptions


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"loss": "triplet"}, "objective.loss must be one of infonce, siglip, vicreg, got 'trip"),
        ({"negatives": "some"}, "objective.negatives must be one of all, exclude, soft"),
        ({"pair": -1}, "pair must not be negative, got -1"),
        ({"near": -1}, "near must not be negative"),
        ({"pair": 0, "series": 0, "image": 1}, "the objective trains no series encoder"),
        ({"loss": "vicreg", "negatives": "soft"}, "vicreg compares no negatives.* got 'soft'"),
        ({"near": 0.1}, "near needs negatives: exclude or soft"),
        ({"mask": {"share": 0, "block": 0}}, "a mask hides something"),
        ({"mask": {"share": 1.0}}, "share must lie in 0..1, 1 excluded"),
    ],
)
def test_wrong_objectives(changes, message):
    with pytest.raises(ValueError, match=message):
        ObjectiveOptions(**changes)


def test_pairs_and_views_are_the_default():
    objective = PretrainingOptions().objective
    assert objective.terms == {"pair": 1.0, "series": 1.0}
    assert (objective.loss, objective.negatives) == ("infonce", "all")
    assert objective.images


def test_terms_in_use_keep_their_order():
    objective = ObjectiveOptions(masked=0.5, pair=0, series=1, mask={"share": 0.4})
    assert list(objective.terms.items()) == [("series", 1), ("masked", 0.5)]
    assert not objective.images
    assert objective.mask == MaskOptions(share=0.4, block=0.2)


def test_options_take_the_objective_as_a_mapping():
    options = PretrainingOptions(objective={"pair": 0, "series": 1}, view={"masking": 0.6})
    assert options.objective == ObjectiveOptions(pair=0, series=1)
    assert (options.view.masking, options.view.level) == (0.6, 0.2)
