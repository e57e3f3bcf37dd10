"""What ground is called by, where folds come from labels and where they do not."""

import numpy as np
import pandas as pd

from pimc.data.folds import name_ground, patch_of


def test_ground_has_the_name_of_its_patch_and_of_its_dealing_if_there_is_one():
    pixels = pd.DataFrame({"patch": ["a", "b", "b"]})
    assert name_ground(pixels).tolist() == ["a", "b", "b"]
    named = name_ground(pixels.assign(dealing=["", "3f", "3f"]))
    assert named.tolist() == ["a", "b dealt 3f", "b dealt 3f"]
    assert [patch_of(name) for name in named] == ["a", "b", "b"]
    assert isinstance(named, np.ndarray)
