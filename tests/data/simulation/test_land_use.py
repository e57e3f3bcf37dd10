import numpy as np
import pytest

from pimc.data.simulation.covers import COVERS
from pimc.data.simulation.land_use import LAYOUTS, ROWS


def share(class_name, *names):
    """Mean share of the ground under some covers, over ten layouts."""
    rows = [ROWS[name] for name in names]
    layouts = [LAYOUTS[class_name](np.random.default_rng(seed), 64) for seed in range(10)]
    return np.mean([np.isin(layout.cover[layout.unit], rows).mean() for layout in layouts])


@pytest.mark.parametrize("class_name", LAYOUTS)
def test_layouts_name_covers(class_name):
    for seed in range(5):
        layout = LAYOUTS[class_name](np.random.default_rng(seed), 64)
        assert layout.unit.shape == (64, 64)
        assert layout.unit.min() >= 0
        assert layout.unit.max() < len(layout.cover)
        assert layout.cover.max() < len(COVERS)


def test_each_kind_of_land_has_what_it_is_named_after():
    assert share("Forest", "wood", "pines") == 1
    assert share("SeaLake", "water") == 1
    assert 0.1 < share("River", "water") < 0.5
    assert 0.02 < share("Highway", "road") < 0.2
    assert share("Pasture", "Meadow") > 0.8
    assert share("PermanentCrop", "Grapevine", "Orchard") > 0.6
    assert share("Residential", "roofs") > share("Industrial", "roofs")
    assert share("Industrial", "hall") > 0.05 > share("Residential", "hall")


def test_classes_are_eurosat_s_in_alphabetical_order():
    assert list(LAYOUTS) == sorted(LAYOUTS)
    assert len(LAYOUTS) == 10
