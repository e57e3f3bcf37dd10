import pytest
import torch

from pimc.model.encoder_config import check_normalisable
from pimc.model.normalisation import BandNormalisation, check_reflectance


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


def test_each_band_needs_its_own_statistics():
    with pytest.raises(ValueError, match="shorter"):
        check_normalisable(("B04", "B08"), (0.1,), (0.1, 0.1))


def test_one_column_of_glint_or_no_data_at_all_is_no_other_unit():
    images = torch.full((4, 4, 64, 64), 0.3)
    images[..., 0] = 3.0  # of 64 columns
    check_reflectance(images)
    check_reflectance(torch.full((1, 2, 8, 8), torch.nan))
    check_reflectance(torch.zeros(0, 2, 8, 8))
    with pytest.raises(ValueError, match="look like reflectance x 10,000"):
        check_reflectance((10_000 * images).to(torch.int16))
    with pytest.raises(ValueError, match="look like percent"):
        check_reflectance(100 * images.to(memory_format=torch.channels_last))
