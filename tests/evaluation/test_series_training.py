import numpy as np
import pytest
import torch

from pimc.evaluation.series_training import UNCHANGED, augment_batch, plan_changes, series_training
from pimc.model.pixel_encoders import Crops, PixelViews
from pimc.training.augment import augment_observed

THREE = torch.full((3,), 0.5)  # standard deviations of three indices


def test_options_are_told_apart():
    options = series_training({"epochs": 3, "shift": 1.0, "label_smoothing": 0.1})
    assert options.training.epochs == 3
    assert (options.augmentation.shift, options.augmentation.masking) == (1.0, 0)
    assert options.label_smoothing == 0.1
    assert series_training({}).augmentation == UNCHANGED
    with pytest.raises(ValueError, match="an arm of kind network has no option shifft"):
        series_training({"shifft": 1.0})
    with pytest.raises(ValueError, match=r"label_smoothing must lie in 0\.\.1, 1 excluded"):
        series_training({"label_smoothing": 1})


def test_without_changes_nothing_is_called():
    assert plan_changes(UNCHANGED, None, np.arange(8), observed=False) is None


@pytest.mark.parametrize("observed", [False, True])
def test_levels_move_by_the_deviation_of_training_series_beside_crops_too(observed):
    scales = torch.tensor([0.1, 1.0, 10.0, 0.0])  # the last is the row of observed dates
    series = torch.randn(100, 3 + observed, 20) * scales[: 3 + observed, None]
    crops = Crops(torch.zeros(100, 1, 2, 2), torch.ones(100, dtype=torch.int64))

    def load(rows):
        return PixelViews(series[rows], crops)

    options = series_training({"level": 1.0}).augmentation
    augment = plan_changes(options, load, np.arange(100), observed)
    changed, _ = augment(load(np.arange(100)), None, torch.Generator().manual_seed(0))
    assert changed.crops is crops
    moved = (changed.series - series)[:, :3, 0].std(dim=0)
    torch.testing.assert_close(moved / scales[:3], torch.ones(3), atol=0.3, rtol=0)


def test_a_batch_is_changed_and_its_targets_are_not():
    series, targets = torch.rand(8, 3, 20), torch.arange(8)
    augment = augment_batch(series_training({"level": 0.2}).augmentation, THREE)
    changed, same = augment(series, targets, torch.Generator().manual_seed(0))
    offsets = changed - series
    assert torch.equal(same, targets)
    torch.testing.assert_close(offsets, offsets[..., :1].expand_as(offsets), atol=1e-6, rtol=0)
    assert 0.05 < float(offsets.std()) < 0.2


def test_where_the_series_was_observed_is_changed_with_it():
    series = torch.rand(8, 3, 20)
    observed = (torch.rand(8, 20) < 0.7).float()
    options = series_training({"masking": 0.5, "level": 0.1}).augmentation
    augment = augment_batch(options, THREE, observed=True)
    given = torch.cat([series, observed[:, None]], dim=1)
    changed, _ = augment(given, torch.arange(8), torch.Generator().manual_seed(0))
    drawn = torch.Generator().manual_seed(0)
    expected = augment_observed(series, observed > 0, options, drawn, THREE)
    torch.testing.assert_close(changed[:, :3], expected[0])
    assert torch.equal(changed[:, 3] > 0, expected[1])
    assert 0 < changed[:, 3].sum() < observed.sum()  # hidden dates count as not observed
