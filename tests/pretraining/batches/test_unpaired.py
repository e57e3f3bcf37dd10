import numpy as np
import pytest
import torch
from cases.synthetic import BANDS

from pimc.data.unpaired_images import UnpairedImages
from pimc.model.architecture import find_preset
from pimc.model.encoder_config import ImageEncoderConfig
from pimc.pretraining.batches.unpaired import UnpairedSource, image_view
from pimc.pretraining.options import ImageViewOptions

CONFIG = ImageEncoderConfig(find_preset("tiny").image, BANDS, (0.1, 0.3, 0.2), (0.02, 0.1, 0.05))
PLAIN = {"turns": False, "gain": 0, "band_gain": 0, "noise": 0, "band_dropout": 0}


def make_images(count=60, bands=("B02", "B08", "B04"), side=20, seed=0):
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 255, (count, len(bands), side, side), dtype=np.uint8)
    images[:, 0] //= 4
    return UnpairedImages(images, bands, np.arange(0, count, 2), "a fingerprint")


def read(source, drawn):
    """Reflectance of all the encoder's bands."""
    return source.band_map.to_all_bands(source.band_map.to_reflectance(drawn))


def test_bands_are_matched_and_take_the_encoder_s_statistics():
    source = UnpairedSource(make_images(), CONFIG, 27, seed=0)
    drawn = source.training(0, 0)
    assert drawn.shape == (27, 2, 20, 20) and drawn.dtype == torch.uint8
    # B04, B08 of the encoder are the third and second band of the images; B11 they lack
    reflectance = read(source, drawn)
    assert reflectance.shape == (27, 3, 20, 20) and reflectance[:, 2].isnan().all()
    for place in (0, 1):
        assert reflectance[:, place].mean().item() == pytest.approx(CONFIG.mean[place], abs=1e-5)
        assert reflectance[:, place].std().item() == pytest.approx(CONFIG.std[place], rel=1e-3)


def test_a_band_keeps_its_values_but_for_unit_and_level():
    images = make_images()
    source = UnpairedSource(images, CONFIG, 27, seed=0)
    rows = np.sort(source.training_rows)
    given = torch.from_numpy(images.images[rows, 2].astype(np.float32)).flatten()
    drawn = read(source, source.training(0, 0))[:, 0].flatten()
    assert torch.corrcoef(torch.stack([given, drawn]))[0, 1].item() == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_images_of_any_type_are_read_and_left_as_they_are(dtype):
    given = make_images()
    images = UnpairedImages(given.images.astype(dtype), given.bands, given.rows, "other")
    sources = [UnpairedSource(each, CONFIG, 8, seed=0) for each in (given, images)]
    drawn = sources[1].training(0, 0)
    before = drawn.clone()
    reflectance = read(sources[1], drawn)
    assert torch.equal(drawn, before)
    same = read(sources[0], sources[0].training(0, 0))
    torch.testing.assert_close(reflectance, same, equal_nan=True)


def test_only_rows_of_the_training_list_are_drawn_and_held_out_ones_never():
    source = UnpairedSource(make_images(), CONFIG, 8, seed=0)
    assert set(source.training_rows) | set(source.held_out_rows) == set(range(0, 60, 2))
    assert not set(source.training_rows) & set(source.held_out_rows)
    assert len(source.held_out_rows) == 3
    assert len(source.held_out(0)) == source.held_out_size == 3


def test_draws_depend_on_seed_epoch_and_step_alone():
    first, second = (UnpairedSource(make_images(), CONFIG, 8, seed=0) for _ in range(2))
    first.training(5, 5)
    same = [
        torch.equal(a, b)
        for a, b in (
            (first.training(1, 2), second.training(1, 2)),
            (first.training(1, 2), second.training(1, 3)),
            (first.training(1, 2), second.training(2, 2)),
            (first.held_out(0), second.held_out(0)),
        )
    ]
    assert same == [True, False, False, True]


def make_ramps(count=200, rows=20, cols=20):
    """Band 0 holds the number of a pixel's column, band 1 that of its row."""
    row, col = torch.meshgrid(torch.arange(rows), torch.arange(cols), indexing="ij")
    return torch.stack([col, row]).float().expand(count, 2, rows, cols)


def test_a_view_is_a_square_part_of_its_image_at_another_scale():
    options = ImageViewOptions(smallest=8, largest=16, side=8, **PLAIN)
    view = image_view(make_ramps(cols=30), options, torch.Generator().manual_seed(0))
    assert view.shape == (200, 2, 8, 8)
    columns, rows = view[:, 0, 4], view[:, 1, :, 4]
    # from centre to centre of the outermost of eight cells lie seven eighths of a part
    part = (columns[:, -1] - columns[:, 0]) * 8 / 7
    torch.testing.assert_close(part, (rows[:, -1] - rows[:, 0]) * 8 / 7)
    assert 8 <= part.min() < 8.5 and 15.5 < part.max() <= 16
    # cells are evenly spread, and the outermost lie half a cell within the part
    steps = columns.diff(dim=1)
    torch.testing.assert_close(steps, steps[:, :1].expand_as(steps), atol=1e-4, rtol=1e-4)
    left, right = columns[:, 0] - part / 16 + 0.5, columns[:, -1] + part / 16 + 0.5
    assert -1e-4 < left.min() < 1 and 29 < right.max() < 30 + 1e-4


def test_mixed_precision_moves_no_view():
    options = ImageViewOptions(smallest=8, largest=16, side=8, **PLAIN)
    plain = image_view(make_ramps(), options, torch.Generator().manual_seed(0))
    with torch.autocast("cpu", torch.bfloat16):
        mixed = image_view(make_ramps(), options, torch.Generator().manual_seed(0))
    torch.testing.assert_close(mixed, plain)


def test_a_view_of_the_whole_image_at_its_size_is_the_image():
    images = torch.rand(3, 2, 16, 16, generator=torch.Generator().manual_seed(1))
    options = ImageViewOptions(smallest=16, largest=64, side=16, **PLAIN)
    view = image_view(images, options, torch.Generator().manual_seed(0))
    torch.testing.assert_close(view, images, atol=1e-5, rtol=1e-5)


def test_views_are_recoloured_and_missing_bands_stay_missing():
    images = torch.full((50, 2, 16, 16), 0.2)
    images[:, 1] = torch.nan
    options = ImageViewOptions(smallest=8, largest=16, **{**PLAIN, "gain": 0.2})
    view = image_view(images, options, torch.Generator().manual_seed(0))
    assert view[:, 1].isnan().all() and not view[:, 0].isnan().any()
    assert (view[:, 0, 0, 0] / 0.2).log().std().item() == pytest.approx(0.2, rel=0.3)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: make_images(count=20), "expected 20 unpaired images or more, got 10"),
        (
            lambda: UnpairedImages(np.zeros((30, 2, 9, 9)), ("B02",), np.arange(30), ""),
            r"images of N x 1 bands \(B02\) .* got shape \(30, 2, 9, 9\)",
        ),
        (
            lambda: UnpairedSource(make_images(bands=("B02", "B03")), CONFIG, 8, 0),
            "unpaired images of B02, B03 have none of the encoder's bands B04, B08, B11",
        ),
        (
            lambda: image_view(torch.zeros(2, 1, 9, 9), ImageViewOptions(), torch.Generator()),
            "views of 16 pixels and more do not fit in images of 9 x 9",
        ),
        (lambda: ImageViewOptions(smallest=30, largest=20), "8 <= smallest <= largest"),
        (lambda: ImageViewOptions(side=4), "a side of 8 or more, got .*side=4"),
    ],
)
def test_wrong_images(make, message):
    with pytest.raises(ValueError, match=message):
        make()
