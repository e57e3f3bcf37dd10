from dataclasses import replace

import pytest
import torch
from torch.nn.functional import conv2d, group_norm, relu

from pimc.model.architecture import PRESETS, Architecture
from pimc.model.blocks import ResidualBlock, ResidualNetwork, drop_channels
from pimc.model.encoder_config import ImageEncoderConfig, SeriesEncoderConfig
from pimc.model.encoders import ImageEncoder, SeriesEncoder
from pimc.signal.calendar import CalendarOptions
from pimc.signal.recurrence import Recurrence

CALENDAR = CalendarOptions(length=20)
RECURRENCE = Recurrence(("NDVI", "EVI"), "unthresholded", (0.4, 0.3), (0.2, 0.1), None, 1, 1, 0.25)
SMALL = Architecture((8, 16), embedding_size=6)
SERIES = SeriesEncoderConfig(SMALL, CALENDAR, RECURRENCE)
FUSED = replace(SERIES, architecture=replace(SMALL, temporal_width=8))
ALONE = replace(SERIES, architecture=Architecture((), embedding_size=6, temporal_width=8))
IMAGE = ImageEncoderConfig(SMALL, ("B04", "B08"), (0.1, 0.3), (0.05, 0.1), {"rome": {"B08": "B8A"}})


def test_a_configuration_says_which_images_it_learned_from_where_there_were_any():
    assert "unpaired" not in IMAGE.to_json()  # results of encoders of before stay theirs
    for config in (IMAGE, replace(IMAGE, unpaired="a list")):
        assert ImageEncoderConfig.from_json(config.to_json()) == config


def test_block_is_its_formula():
    torch.manual_seed(0)
    block = ResidualBlock(8, 16, 2)
    x = torch.randn(2, 8, 7, 7)
    y = conv2d(relu(group_norm(x, 1)), block.conv1.weight, stride=2, padding=1)
    y = conv2d(relu(group_norm(y, 2)), block.conv2.weight, padding=1)
    torch.testing.assert_close(block(x), y + conv2d(x, block.shortcut.weight, stride=2))


def test_network_keeps_the_level_of_its_input():
    # a normalisation of the image itself would map both to the same embedding
    torch.manual_seed(0)
    network = ResidualNetwork(3, SMALL)
    dark, bright = network(torch.full((1, 3, 9, 9), 0.5)), network(torch.full((1, 3, 9, 9), 1.5))
    assert (dark - bright).norm() > 0.05 * dark.norm()


@pytest.mark.parametrize("name", list(PRESETS))
def test_presets_embed_plots_and_crops(name):
    preset = PRESETS[name]
    series = SeriesEncoder(SeriesEncoderConfig(preset.series, CALENDAR, RECURRENCE))
    image = ImageEncoder(replace(IMAGE, architecture=preset.image))
    assert series(torch.rand(2, 2, 20)).shape == (2, series.embedding_size)
    assert image(torch.rand(2, 2, 15, 15)).shape == (2, image.embedding_size)


@pytest.mark.parametrize("shape", [(8, 8), (15, 15), (9, 31), (64, 64)])
def test_images_of_any_size(shape):
    assert ImageEncoder(IMAGE)(torch.rand(3, 2, *shape)).shape == (3, 6)


@pytest.mark.parametrize("training", [True, False])
def test_an_embedding_does_not_depend_on_the_batch(training):
    torch.manual_seed(0)
    series, image = SeriesEncoder(SERIES).train(training), ImageEncoder(IMAGE).train(training)
    many, crops = torch.rand(5, 2, 20), torch.rand(5, 2, 15, 15)
    torch.testing.assert_close(series(many)[2:3], series(many[2:3]))
    torch.testing.assert_close(image(crops)[2:3], image(crops[2:3]))


def test_series_encoder_draws_its_own_plots():
    torch.manual_seed(0)
    encoder = SeriesEncoder(SERIES)
    series = torch.rand(2, 2, 20)
    scaled = series / torch.tensor([0.2, 0.1])[:, None]
    plots = (scaled[..., :, None] - scaled[..., None, :]).abs()
    torch.testing.assert_close(encoder(series), encoder.network(plots), rtol=1e-4, atol=1e-5)


def test_a_fused_encoder_is_its_formula():
    torch.manual_seed(0)
    encoder = SeriesEncoder(FUSED)
    series = torch.rand(2, 2, 20)
    scaled = (series - torch.tensor([[0.4], [0.3]])) / torch.tensor([[0.2], [0.1]])
    both = [encoder.network(encoder.plots(series)), encoder.temporal.network(scaled)]
    embedded = encoder(series)
    torch.testing.assert_close(embedded, torch.cat(both, dim=1))
    assert embedded.shape == (2, encoder.embedding_size) == (2, sum(encoder.branch_sizes))
    for part, branch in zip(encoder.split(embedded), both, strict=True):
        torch.testing.assert_close(part, branch)


def test_an_encoder_of_the_series_alone_draws_no_plots():
    torch.manual_seed(0)
    encoder = SeriesEncoder(ALONE)
    series = torch.rand(2, 2, 20)
    encoder.plots = None
    torch.testing.assert_close(encoder(series), encoder.temporal(series))


@pytest.mark.parametrize("config", [FUSED, ALONE])
def test_every_branch_learns(config):
    encoder = SeriesEncoder(config)
    encoder(torch.rand(4, 2, 20)).square().sum().backward()
    still = [name for name, p in encoder.named_parameters() if not p.grad.abs().sum() > 0]
    assert not still


@pytest.mark.parametrize("config", [SERIES, FUSED, ALONE])
def test_weights_do_not_hang_on_the_length_of_the_calendar(config):
    encoder = SeriesEncoder(config)
    short = SeriesEncoder(replace(config, calendar=replace(CALENDAR, length=9)))
    short.load_state_dict(encoder.state_dict())
    assert short(torch.rand(2, 2, 9)).shape == (2, 6 * len(encoder.branch_sizes))


@pytest.mark.parametrize("config", [SERIES, FUSED, ALONE])
def test_the_row_of_observed_dates_is_read_where_asked_for(config):
    torch.manual_seed(0)
    series, observed = torch.rand(3, 2, 20), (torch.rand(3, 1, 20) > 0.3).float()
    with_row = torch.cat([series, observed], dim=1)
    deaf = SeriesEncoder(config)
    assert not deaf.reads_observed
    assert torch.equal(deaf(with_row), deaf(series))

    reader = SeriesEncoder(replace(config, recurrence=replace(RECURRENCE, validity=True)))
    assert reader.reads_observed
    everywhere = torch.cat([series, torch.ones_like(observed)], dim=1)
    torch.testing.assert_close(reader(everywhere), reader(series))
    assert not torch.allclose(reader(with_row), reader(series))


def test_missing_pixels_count_as_the_mean_of_their_band():
    torch.manual_seed(0)
    encoder = ImageEncoder(IMAGE)
    images = torch.rand(2, 2, 9, 9)
    missing, mean = images.clone(), images.clone()
    missing[0, 1, 2:5], mean[0, 1, 2:5] = torch.nan, 0.3
    torch.testing.assert_close(encoder(missing), encoder(mean))


@pytest.mark.parametrize(
    ("factor", "unit"), [(10_000, "reflectance x 10,000"), (100, "percent"), (255, "8 bit")]
)
def test_images_in_another_unit_are_refused_in_evaluation(factor, unit):
    torch.manual_seed(0)
    encoder, images = ImageEncoder(IMAGE).eval(), torch.rand(3, 2, 16, 16)
    images[0, 0, 3], images[1, 1, 2, 5] = torch.nan, 9999  # neither is a unit
    embedding = encoder(images)
    torch.testing.assert_close(embedding, encoder.train()(images), rtol=0, atol=0)
    with pytest.raises(ValueError, match=rf"reflectance in 0..1, .* look like {unit}"):
        encoder.eval()(factor * images)


def test_an_encoder_of_other_units_reads_them():
    images = 255 * torch.rand(3, 2, 16, 16)
    ImageEncoder(replace(IMAGE, mean=(90.0, 80.0), std=(40.0, 30.0))).eval()(images)
    ImageEncoder(replace(IMAGE, mean=(0.0, 0.0), std=(1.0, 1.0))).eval()(images)


def test_images_are_normalised_by_band():
    encoder = ImageEncoder(IMAGE)
    images = torch.rand(2, 2, 9, 9)
    by_hand = torch.stack([(images[:, 0] - 0.1) / 0.05, (images[:, 1] - 0.3) / 0.1], dim=1)
    torch.testing.assert_close(encoder(images), encoder.network(by_hand), rtol=1e-4, atol=1e-5)


def test_series_of_another_shape_are_refused():
    encoder = SeriesEncoder(SERIES)
    with pytest.raises(ValueError, match=r"B x 2 indices \(NDVI, EVI\) x 20 .*\(4, 4, 20\)"):
        encoder(torch.rand(4, 4, 20))
    with pytest.raises(ValueError, match=r"got shape \(4, 2, 61\)"):
        encoder(torch.rand(4, 2, 61))


def test_other_indices_and_calendars_are_refused():
    encoder = SeriesEncoder(SERIES)
    encoder.check(["NDVI", "EVI"], replace(CALENDAR, min_observations=3))
    with pytest.raises(
        ValueError, match="reads the indices NDVI, EVI in that order, got EVI, NDVI"
    ):
        encoder.check(["EVI", "NDVI"], CALENDAR)
    with pytest.raises(ValueError, match="with step 7, got 5"):
        encoder.check(["NDVI", "EVI"], replace(CALENDAR, step=5))
    with pytest.raises(ValueError, match="with start 09-15, got 01-01"):
        encoder.check(["NDVI", "EVI"], replace(CALENDAR, start="01-01"))


@pytest.mark.parametrize("config", [FUSED, ALONE])
def test_an_image_has_no_series_to_read(config):
    with pytest.raises(ValueError, match="an image encoder has widths and no temporal_width"):
        replace(IMAGE, architecture=config.architecture)


def test_images_of_another_shape_are_refused():
    encoder = ImageEncoder(IMAGE)
    with pytest.raises(ValueError, match=r"B x 2 bands \(B04, B08\) .*got shape \(1, 3, 9, 9\)"):
        encoder(torch.rand(1, 3, 9, 9))
    with pytest.raises(ValueError, match=r"at least 8 x 8 pixels, got shape \(1, 2, 7, 9\)"):
        encoder(torch.rand(1, 2, 7, 9))


def test_bands_that_cannot_be_normalised_are_refused():
    with pytest.raises(ValueError, match="B08 cannot be normalised"):
        replace(IMAGE, std=(0.1, 0.0))
    with pytest.raises(ValueError, match="B04 cannot be normalised"):
        replace(IMAGE, mean=(float("nan"), 0.1))
    with pytest.raises(ValueError, match=r"each band \(B04, B08\), got 1 and 2"):
        replace(IMAGE, mean=(0.1,))


def test_channels_within_blocks_are_dropped_in_training_alone():
    torch.manual_seed(0)
    network = ResidualNetwork(3, SMALL)
    x = torch.randn(2, 3, 9, 9)
    expected = network(x)
    drop_channels(network, 0.5)
    assert not torch.allclose(network.train()(x), expected)
    torch.testing.assert_close(network.eval()(x), expected)
