import numpy as np
import pytest
import torch

from pimc.model.adapt import (
    adapt_image_encoder,
    blank_image_encoder,
    common_bands,
    reset_weights,
)
from pimc.model.architecture import Architecture
from pimc.model.encoder_config import ImageEncoderConfig
from pimc.model.encoders import ImageEncoder

MEAN, STD = (0.04, 0.06, 0.05, 0.3), (0.02, 0.03, 0.04, 0.1)


@pytest.fixture
def encoder():
    torch.manual_seed(0)
    architecture = Architecture((16, 16), embedding_size=8)
    bands = ("B02", "B03", "B04", "B08")
    return ImageEncoder(ImageEncoderConfig(architecture, bands, MEAN, STD)).eval()


def test_a_restricted_encoder_is_the_encoder_with_missing_bands_at_their_mean(encoder):
    reflectance = torch.rand(3, 4, 16, 16) * 0.3
    missing = reflectance.clone()
    missing[:, 3] = torch.nan
    restricted = adapt_image_encoder(encoder, ("B02", "B03", "B04"), MEAN[:3], STD[:3])
    with torch.inference_mode():
        torch.testing.assert_close(restricted(reflectance[:, :3]), encoder(missing))
        assert not torch.allclose(encoder(reflectance), encoder(missing))


def test_other_units_are_an_affine_match_of_mean_and_deviation(encoder):
    reflectance = torch.rand(2, 4, 16, 16) * 0.3
    gain, offset = np.array([500.0, 700.0, 900.0, 300.0]), np.array([7.0, -3.0, 0.0, 20.0])
    numbers = reflectance * torch.tensor(gain)[:, None, None] + torch.tensor(offset)[:, None, None]
    mean, std = np.array(MEAN) * gain + offset, np.array(STD) * gain
    adapted = adapt_image_encoder(encoder, encoder.config.bands, mean.tolist(), std.tolist())
    with torch.inference_mode():
        embedded = adapted.eval()(numbers.float())
        torch.testing.assert_close(embedded, encoder(reflectance), rtol=1e-3, atol=1e-4)


def test_the_order_of_bands_is_followed(encoder):
    reflectance = torch.rand(2, 4, 16, 16) * 0.3
    order = [2, 0, 3, 1]
    bands, mean, std = ([values[k] for k in order] for values in (encoder.config.bands, MEAN, STD))
    with torch.inference_mode():
        turned = adapt_image_encoder(encoder, bands, mean, std)(reflectance[:, order])
        torch.testing.assert_close(turned, encoder(reflectance))


def test_the_copy_shares_nothing_and_moves_by_the_stride_asked_for(encoder):
    adapted = adapt_image_encoder(encoder, ("B04",), (90.0,), (50.0,), stem_stride=2)
    assert adapted.config.architecture.stem_stride == 2
    assert encoder.config.architecture.stem_stride == 1
    assert adapted.network.stem.stride == (2, 2)
    assert adapted.config.bands == ("B04",)
    before = encoder.network.embed.weight.clone()
    with torch.no_grad():
        adapted.network.embed.weight.zero_()
    torch.testing.assert_close(encoder.network.embed.weight, before)


def test_bands_that_do_not_fit(encoder):
    assert common_bands(encoder, ("B04", "B03", "B02")) == ("B02", "B03", "B04")
    with pytest.raises(ValueError, match="none of these bands but B05, B11"):
        common_bands(encoder, ("B05", "B11"))
    with pytest.raises(ValueError, match="it has no B05"):
        adapt_image_encoder(encoder, ("B02", "B05"), (0.1, 0.1), (0.1, 0.1))


def test_first_weights_hang_on_the_seed_alone(encoder):
    state = torch.get_rng_state()
    first, same, other = (reset_weights(encoder, seed) for seed in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), state)
    weights = [each.network.stem.weight for each in (first, same, other, encoder)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])
    assert not torch.equal(weights[0], weights[3])


def test_a_blank_encoder_reads_values_as_they_are():
    blank = blank_image_encoder(Architecture((8,), embedding_size=4), ("B04", "B03"))
    assert blank.config.bands == ("B04", "B03")
    assert (blank.config.mean, blank.config.std) == ((0.0, 0.0), (1.0, 1.0))
