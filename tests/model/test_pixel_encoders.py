"""Crops of clear dates: the mean of their embeddings, or in training one; both encoders as one."""

import pytest
import torch

from pimc.model import pixel_encoders
from pimc.model.pixel_encoders import CropEncoder, Crops, PixelEncoder, PixelViews


class Sums(torch.nn.Module):
    """Crop -> sums of its two bands: an encoder that can be followed by hand."""

    embedding_size = 2

    def forward(self, images):
        return images.sum(dim=(2, 3))


class Means(torch.nn.Module):
    """Series -> mean of each of three indices."""

    branch_sizes, reads_observed = (3,), False

    def forward(self, series):
        return series.mean(dim=2)


COUNTS = torch.tensor([2, 1, 3])
CROPS = Crops(torch.randn((6, 2, 3, 3), generator=torch.Generator().manual_seed(0)), COUNTS)
PIXEL = [0, 0, 1, 2, 2, 2]


@pytest.mark.parametrize("together", [1, 4, 100])
def test_the_embedding_of_a_pixel_is_the_mean_over_its_own_dates(together, monkeypatch):
    monkeypatch.setattr(pixel_encoders, "TOGETHER", together)
    embedded = CropEncoder(Sums()).eval()(CROPS)
    for pixel in range(3):
        own = [CROPS.images[k].sum(dim=(1, 2)) for k in range(6) if PIXEL[k] == pixel]
        torch.testing.assert_close(embedded[pixel], sum(own) / len(own))


def test_in_training_each_of_its_dates_is_drawn_now_and_then_and_no_other():
    encoder, drawn = CropEncoder(Sums()).train(), [set(), set(), set()]
    every = Sums()(CROPS.images)
    torch.manual_seed(0)
    for _ in range(60):
        for pixel, row in enumerate(encoder(CROPS)):
            drawn[pixel] |= {k for k in range(6) if torch.equal(every[k], row)}
    assert drawn == [{0, 1}, {2}, {3, 4, 5}]


def test_both_embeddings_lie_side_by_side_the_series_first():
    encoder = PixelEncoder(Means(), CropEncoder(Sums())).eval()
    views = PixelViews(torch.randn(3, 3, 5), CROPS)
    assert encoder.branch_sizes == (3, 2)
    embedded = encoder(views.to(torch.device("cpu")))
    torch.testing.assert_close(embedded[:, :3], views.series.mean(dim=2))
    torch.testing.assert_close(embedded[:, 3:], encoder.crops(CROPS))
