import pytest
import torch

from pimc.model.encoder_config import check_normalisable
from pimc.model.normalisation import BandNormalisation


def test_bands_are_normalised_and_missing_data_become_their_mean():
    images = torch.tensor([0.3, torch.nan, 0.1, 0.5]).reshape(1, 2, 1, 2)
    before = images.clone()
    normalised = BandNormalisation((0.1, 0.3), (0.1, 0.2))
    expected = torch.tensor([2.0, 0.0, -1.0, 1.0]).reshape(1, 2, 1, 2)
    torch.testing.assert_close(normalised(images), expected)
    torch.testing.assert_close(images, before, equal_nan=True)  # the caller's own stay
    assert not normalised.state_dict()


@pytest.mark.parametrize(("mean", "std"), [(float("nan"), 1.0), (0.0, 0.0), (0.0, float("inf"))])
def test_bands_that_cannot_be_normalised_are_named(mean, std):
    with pytest.raises(ValueError, match="B08 cannot be normalised"):
        check_normalisable(("B04", "B08"), (0.0, mean), (1.0, std))
