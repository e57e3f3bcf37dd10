import pytest
import torch

from pimc.learning.series_training import UNCHANGED, augment_batch, network_options


def test_options_are_told_apart():
    training, augmentation = network_options({"epochs": 3, "shift": 1.0})
    assert training.epochs == 3
    assert (augmentation.shift, augmentation.masking) == (1.0, 0)
    assert network_options({})[1] == UNCHANGED
    with pytest.raises(ValueError, match="an arm of kind network has no option shifft"):
        network_options({"shifft": 1.0})


def test_without_changes_nothing_is_called():
    assert augment_batch(UNCHANGED) is None


def test_a_batch_is_changed_and_its_targets_are_not():
    series, targets = torch.rand(8, 3, 20), torch.arange(8)
    _, augmentation = network_options({"level": 0.1})
    augment = augment_batch(augmentation)
    changed, same = augment(series, targets, torch.Generator().manual_seed(0))
    offsets = changed - series
    assert torch.equal(same, targets)
    torch.testing.assert_close(offsets, offsets[..., :1].expand_as(offsets), atol=1e-6, rtol=0)
    assert 0.05 < float(offsets.std()) < 0.2
