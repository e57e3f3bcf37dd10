import sys

import pytest
import torch

from pimc.model.adapt import adapt_image_encoder, common_bands, reset_weights
from pimc.model.backbone.network import Backbone, BackboneConfig, load_backbone
from pimc.model.backbone.options import BackboneOptions
from pimc.model.storage import encoder_digest

BANDS = ("B02", "B03", "B04", "B08")
MEAN, STD = (0.04, 0.06, 0.05, 0.3), (0.02, 0.03, 0.04, 0.1)


def build(model="small", bands=BANDS, **arguments):
    torch.manual_seed(0)
    count = len(bands)
    config = BackboneConfig(model, bands, MEAN[:count], STD[:count], arguments)
    return Backbone(config).eval()


def options(path, **changed):
    return BackboneOptions(**{"model": "small", "weights": str(path), "bands": BANDS, **changed})


@pytest.fixture
def backbone(fake_timm):
    return build()


@pytest.fixture
def file(tmp_path, backbone):
    """Weights below a prefix, beside a head and another encoder."""
    weights = {f"encoder.{name}": value for name, value in backbone.network.state_dict().items()}
    beside = {"head.weight": torch.zeros(3, 8), "other.stem.weight": torch.zeros(8, 4, 3, 3)}
    torch.save({"state_dict": {**weights, **beside}}, tmp_path / "weights.pth")
    return tmp_path / "weights.pth"


def test_bands_are_normalised_and_missing_data_is_their_mean(backbone):
    reflectance = torch.rand(3, 4, 16, 16) * 0.3
    mean, std = (torch.tensor(each)[:, None, None] for each in (MEAN, STD))
    with torch.inference_mode():
        expected = backbone.network((reflectance - mean) / std)
        torch.testing.assert_close(backbone(reflectance), expected)
        assert expected.shape == (3, backbone.embedding_size)
        filled, missing = reflectance.clone(), reflectance.clone()
        filled[:, 1], missing[:, 1] = MEAN[1], torch.nan
        torch.testing.assert_close(backbone(missing), backbone(filled))
    with pytest.raises(ValueError, match=r"B x 4 bands \(B02, B03, B04, B08\) x rows x columns"):
        backbone(reflectance[:, :3])


def test_a_band_that_is_constant_cannot_be_normalised():
    with pytest.raises(ValueError, match="B03 cannot be normalised"):
        BackboneConfig("small", ("B02", "B03"), (0.0, 0.0), (1.0, 0.0))


@pytest.mark.parametrize("model", ["small", "fixed"])
def test_fewer_bands_are_the_backbone_with_the_others_at_their_mean(fake_timm, model):
    backbone = build(model)
    assert len(backbone.stems) == {"small": 1, "fixed": 2}[model]
    assert common_bands(backbone, ("B08", "B03", "B05")) == ("B03", "B08")
    reflectance = torch.rand(2, 4, 32, 32) * 0.3
    missing = reflectance.clone()
    missing[:, [0, 2]] = torch.nan
    adapted = adapt_image_encoder(backbone, ("B03", "B08"), (60.0, 300.0), (30.0, 100.0)).eval()
    with torch.inference_mode():
        embedded = adapted(reflectance[:, [1, 3]] * 1_000)
        torch.testing.assert_close(embedded, backbone(missing), rtol=1e-4, atol=1e-5)
        assert not torch.allclose(backbone(missing), backbone(reflectance))


def test_a_backbone_has_its_own_stride(backbone):
    with pytest.raises(ValueError, match="small has its own stride: stem_stride must be null"):
        adapt_image_encoder(backbone, BANDS, MEAN, STD, stem_stride=2)


def test_first_weights_hang_on_the_seed_alone(backbone):
    first, same, other = (reset_weights(backbone, seed) for seed in (1, 1, 2))
    assert encoder_digest(first) == encoder_digest(same) != encoder_digest(other)


def test_first_weights_leave_no_branch_silent(fake_timm):
    silent = build(silent=True)
    images = torch.rand(2, 4, 32, 32)
    with torch.inference_mode():
        assert not silent(images).any()
        assert reset_weights(silent, 0).eval()(images).any()


def test_the_digest_changes_with_weights_and_configuration(fake_timm):
    digests = [encoder_digest(each) for each in (build(), build(), build(side=16))]
    assert digests[0] == digests[1] != digests[2]
    changed = build()
    with torch.no_grad():
        changed.network.norm.running_mean.add_(1)
    assert encoder_digest(changed) != digests[0]


def test_weights_come_from_below_their_prefix(file, backbone, caplog):
    with caplog.at_level("INFO"):
        loaded = load_backbone(options(file, prefix="encoder."), 16)
    assert not loaded.training
    assert "2 others in the file are left" in caplog.text
    for name, value in backbone.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], value), name
    assert (loaded.config.mean, loaded.config.std) == ((0.0,) * 4, (1.0,) * 4)
    assert loaded.config.trained_on is None


def test_a_wrong_prefix_shows_names_of_the_file_that_end_alike(file):
    with pytest.raises(
        ValueError,
        match=r"lacks 5 of the 6 weights of small \(stem.weight, norm.weight, norm.bias \.\.\.\) "
        r"with the prefix 'net\.'; it has encoder.stem.weight, other.stem.weight$",
    ):
        load_backbone(options(file, prefix="net."), 16)


def test_a_weight_that_is_missing(tmp_path, backbone):
    weights = backbone.network.state_dict()
    del weights["norm.bias"]
    torch.save(weights, tmp_path / "weights.pth")
    with pytest.raises(ValueError, match=r"lacks 1 of .* small \(norm.bias\) .* has stem.weight, "):
        load_backbone(options(tmp_path / "weights.pth"), 16)


def test_bands_must_be_those_of_the_first_convolution(file):
    with pytest.raises(ValueError, match=r"reads 4 bands, and 2 are named \(B04, B03\)"):
        load_backbone(options(file, prefix="encoder.", bands=["B04", "B03"]), 16)


def test_another_shape_names_the_weight(file, tmp_path, backbone):
    weights = backbone.network.state_dict()
    torch.save({**weights, "norm.bias": torch.zeros(9)}, tmp_path / "weights.pth")
    with pytest.raises(ValueError, match=r"norm.bias is \(9,\) in .* and \(8,\) in small"):
        load_backbone(options(tmp_path / "weights.pth"), 16)


def test_a_network_of_another_size_is_refused_before_it_is_needed(fake_timm, tmp_path):
    torch.save(build("fixed").network.state_dict(), tmp_path / "weights.pth")
    given = options(tmp_path / "weights.pth", model="fixed")
    assert load_backbone(given, 32).embedding_size == 8
    with pytest.raises(ValueError, match=r"does not read images of 16 x 16 pixels.*expected 32"):
        load_backbone(given, 16)
    assert load_backbone(options(given.weights, model="fixed", arguments={"side": 16}), 16)


def test_what_timm_does_not_build(fake_timm):
    with pytest.raises(ValueError, match=r"timm builds no big with arguments \{\}: Unknown model"):
        build("big")
    with pytest.raises(ValueError, match=r"builds no small with arguments \{'depth': 3\}"):
        build(depth=3)
    with pytest.raises(ValueError, match=r"does not read its bands by first convolutions.*embed"):
        build("linear")


@pytest.mark.parametrize("fault", ["ImportError('no timm')", "RuntimeError('no operator nms')"])
def test_a_timm_that_does_not_load(fault, monkeypatch, tmp_path):
    (tmp_path / "timm.py").write_text(f"raise {fault}")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "timm", raising=False)
    with pytest.raises(ImportError, match=r'no .*: pip install -e "\.\[backbones\]"'):
        build()


@pytest.mark.parametrize(
    ("model", "arguments"),
    [("resnet18", {}), ("vit_tiny_patch16_224", {"dynamic_img_size": True})],
)
def test_networks_of_the_real_timm(model, arguments, tmp_path):
    try:
        import timm
    except Exception as error:
        pytest.skip(f"timm does not load: {error}")
    torch.manual_seed(0)
    network = timm.create_model(model, pretrained=False, num_classes=5, in_chans=4, **arguments)
    torch.save({"state_dict": network.state_dict()}, tmp_path / "weights.pth")
    given = options(tmp_path / "weights.pth", model=model, arguments=arguments)
    backbone = load_backbone(given, 64)
    images = torch.randn(2, 4, 64, 64)
    with torch.inference_mode():
        expected = network.eval().forward_head(network.forward_features(images), pre_logits=True)
        torch.testing.assert_close(backbone(images), expected)
        adapted = adapt_image_encoder(backbone, ("B03",), (0.0,), (1.0,)).eval()
        alone = torch.zeros_like(images)
        alone[:, 1] = images[:, 1]
        torch.testing.assert_close(adapted(images[:, [1]]), backbone(alone), rtol=1e-4, atol=1e-4)
