import math

import numpy as np
import pytest
import torch

from pimc.evaluation.image_options import ImageOptions
from pimc.training.augment_options import ImageAugmentation
from pimc.training.image_augment import (
    augment_images,
    cut_and_mix,
    recolour,
    shift,
    turn,
)
from pimc.training.symmetries import SYMMETRIES, symmetry

SQUARE = torch.arange(9.0).reshape(1, 1, 3, 3)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_eight_different_symmetries():
    views = {tuple(symmetry(SQUARE, k).flatten().tolist()) for k in range(SYMMETRIES)}
    assert len(views) == 8
    assert torch.equal(symmetry(SQUARE, 0), SQUARE)
    assert symmetry(SQUARE, 4)[0, 0].tolist() == [[2, 1, 0], [5, 4, 3], [8, 7, 6]]


def test_each_image_gets_a_symmetry_of_its_own():
    images = SQUARE.expand(400, 1, 3, 3)
    turned = turn(images, generator())
    known = [symmetry(SQUARE, k)[0] for k in range(SYMMETRIES)]
    drawn = [next(k for k, view in enumerate(known) if torch.equal(view, one)) for one in turned]
    counts = np.bincount(drawn, minlength=8)
    assert counts.min() > 25 and counts.sum() == 400


def test_a_shift_is_a_crop_of_the_reflected_image():
    images = torch.rand(60, 2, 7, 7)
    shifted = shift(images, 2, generator())
    padded = np.pad(images.numpy(), ((0, 0), (0, 0), (2, 2), (2, 2)), mode="reflect")
    seen = set()
    for before, after in zip(padded, shifted.numpy(), strict=True):
        crops = {(y, x): before[:, y : y + 7, x : x + 7] for y in range(5) for x in range(5)}
        seen |= {place for place, crop in crops.items() if np.array_equal(crop, after)}
    assert len(seen) > 15
    assert {y for y, _ in seen} == {x for _, x in seen} == set(range(5))


def test_recolouring_is_the_formula_of_its_docstring():
    images, std = torch.rand(2, 3, 4, 4), (10.0, 20.0, 30.0)
    changed = recolour(images, 0.1, std, generator(3))
    draws = generator(3)
    common = torch.randn(2, 2, generator=draws)
    own = torch.randn(2, 3, generator=draws)
    for image in range(2):
        contrast, brightness = math.exp(0.1 * common[0, image]), common[1, image]
        for band in range(3):
            x = images[image, band]
            level = x.mean() + 0.1 * std[band] * (brightness + own[image, band] / 2)
            expected = (x - x.mean()) * contrast + level
            torch.testing.assert_close(changed[image, band], expected)


def test_a_mixed_image_has_targets_in_the_shares_of_its_area():
    count = 6
    images = torch.arange(float(count)).reshape(count, 1, 1, 1).expand(count, 1, 10, 10)
    targets = torch.eye(count)
    shares = []
    for seed in range(40):
        mixed, mixed_targets = cut_and_mix(images, targets, 1.0, generator(seed))
        for image, target in zip(mixed, mixed_targets, strict=True):
            area = torch.bincount(image.flatten().long(), minlength=count) / 100
            torch.testing.assert_close(area, target)
            assert (area > 0).sum() <= 2
        shares.append(float(mixed_targets.diagonal().min()))
    assert min(shares) < 0.5 and max(shares) > 0.9
    assert torch.equal(targets, torch.eye(count))


def test_cutmix_happens_as_often_as_asked():
    images, targets = torch.rand(4, 1, 8, 8), torch.eye(4)
    draws = generator()
    changed = [cut_and_mix(images, targets, 0.5, draws)[0] is not images for _ in range(300)]
    assert 120 < sum(changed) < 180


def test_all_off_changes_nothing():
    images, targets = torch.rand(4, 2, 8, 8), torch.eye(4)
    off = ImageAugmentation(turns=False, shift=0, colour=0, cutmix=0)
    same, same_targets = augment_images(images, targets, off, (1.0, 1.0), generator())
    assert torch.equal(same, images) and torch.equal(same_targets, targets)


def test_the_same_seed_gives_the_same_and_inputs_stay():
    images, targets = torch.rand(4, 2, 8, 8), torch.eye(4)
    kept = images.clone()
    both = [
        augment_images(images, targets, ImageAugmentation(), (1.0, 1.0), generator(1))
        for _ in range(2)
    ]
    assert torch.equal(both[0][0], both[1][0]) and not torch.equal(both[0][0], kept)
    assert torch.equal(images, kept)


def test_options_are_checked():
    options = ImageOptions(augmentation={"shift": 2})
    assert options.augmentation == ImageAugmentation(shift=2)
    with pytest.raises(ValueError, match=r"cutmix must lie in 0\.\.1"):
        ImageAugmentation(cutmix=1.5)
    with pytest.raises(ValueError, match="label_smoothing must lie"):
        ImageOptions(label_smoothing=1)
    with pytest.raises(ValueError, match="stem_stride must be at least 1"):
        ImageOptions(stem_stride=0)
