import pytest

from pimc.model.backbone.options import BackboneOptions

GIVEN = {"model": "resnet18", "weights": "seco.pth", "bands": ["B04", "B03"]}


def test_bands_become_a_tuple():
    assert BackboneOptions(**GIVEN) == BackboneOptions("resnet18", "seco.pth", ("B04", "B03"))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"bands": "B04"}, "bands of a backbone must be a list of names, got 'B04'"),
        ({"bands": []}, "needs a model, weights and bands"),
        ({"weights": ""}, "needs a model, weights and bands"),
        ({"bands": ["B04", "B04"]}, "bands of a backbone must differ, got B04, B04"),
        ({"model": "hf-hub:someone/resnet18"}, "one of timm's own names, such as resnet18"),
        ({"arguments": {"pretrained": True}}, "must not hold pretrained"),
    ],
)
def test_what_a_backbone_cannot_be(changed, message):
    with pytest.raises(ValueError, match=message):
        BackboneOptions(**{**GIVEN, **changed})
