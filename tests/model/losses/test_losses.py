import pytest

from pimc.model.losses.build import build_loss
from pimc.model.losses.contrastive import ContrastiveLoss
from pimc.model.losses.siglip import SigLipLoss
from pimc.model.losses.vicreg import VicRegLoss
from pimc.pretraining.objective_options import LOSSES


def test_every_loss_has_its_name():
    built = {name: build_loss(name, 0.3, soft=True) for name in LOSSES}
    kinds = {"infonce": ContrastiveLoss, "siglip": SigLipLoss, "vicreg": VicRegLoss}
    assert {name: type(loss) for name, loss in built.items()} == kinds
    assert built["infonce"].temperature == pytest.approx(0.3)
    assert built["infonce"].soft and built["siglip"].soft


def test_unknown_loss():
    with pytest.raises(ValueError, match="no loss 'triplet'; there are infonce, siglip, vicreg"):
        build_loss("triplet", 0.3, soft=False)
