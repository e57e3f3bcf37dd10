"""Land cover of whole images: what arms read of them, and how a network of them is trained."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot

from pimc.evaluation.classify import Classification
from pimc.evaluation.image_inputs import ImageInputs
from pimc.evaluation.image_options import image_options
from pimc.evaluation.protocol import Split
from pimc.evaluation.runs import ArmResult, ArmRun
from pimc.training.image_augment import augment_images
from pimc.training.loop import (
    Criterion,
    Samples,
    find_device,
    predict_network,
    train_network,
)
from pimc.training.symmetries import SYMMETRIES, symmetry

logger = logging.getLogger(__name__)


class OverSymmetries(nn.Module):
    """Class probabilities, the mean over the eight flips and quarter turns of each image."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        """B x C x side x side -> B x K."""
        views = [
            self.network(symmetry(images, number)).softmax(dim=1) for number in range(SYMMETRIES)
        ]
        return torch.stack(views).mean(dim=0)


@dataclass(frozen=True, eq=False)
class LandCover(Classification):
    """All runs of the land-cover task; networks are trained on augmented images."""

    inputs: ImageInputs

    def run(self, run: ArmRun, split: Split) -> ArmResult:
        """As for every classification; what was read, and how, is kept in the result."""
        result = super().run(run, split)
        how = {
            "bands": list(self.inputs.used),
            "missing_bands": list(self.inputs.missing),
            "mixed_precision": self.inputs.mixed,
        }
        return replace(result, facts={**result.facts, **how})

    def _train(
        self, run: ArmRun, split: Split, train: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, dict[str, object]]:
        images, training = image_options(run.arm.options, run.arm.kind)
        # shares of the classes: a mixed image belongs to two
        targets = one_hot(torch.from_numpy(self.labels.astype(np.int64)), self.classes).float()
        load, device = self.inputs.load, find_device(self.device)
        std = self.inputs.band_statistics(split.train)[1]
        with torch.random.fork_rng():
            torch.manual_seed(run.seed)  # first weights of the head, and dropout
            trained = train_network(
                self.inputs.network(run, split, self.classes),
                Samples(load, train, targets[train]),
                Samples(load, split.validation, targets[split.validation]),
                Criterion(partial(cross_entropy, label_smoothing=images.label_smoothing), accuracy),
                training,
                run.seed,
                device,
                lambda x, y, generator: augment_images(x, y, images.augmentation, std, generator),
            )
        network = OverSymmetries(trained.network) if images.symmetries else trained.network
        validation, test = (
            predict_network(network, load, rows, device).argmax(dim=1).numpy()
            for rows in (split.validation, split.test)
        )
        return validation, test, {"step": trained.step}


def accuracy(outputs: Tensor, targets: Tensor) -> Tensor:
    """Share of N x K outputs whose largest is where the target's is."""
    return (outputs.argmax(dim=1) == targets.argmax(dim=1)).float().mean()
