import logging
from dataclasses import replace

import numpy as np
import pytest
import torch

from pimc.evaluation.arms import Arm, Budget
from pimc.evaluation.image_inputs import CACHED, ImageInputs, ImageReader
from pimc.evaluation.image_options import image_options
from pimc.evaluation.land_cover import LandCover, OverSymmetries, accuracy
from pimc.evaluation.protocol import Split
from pimc.evaluation.runs import ArmRun
from pimc.model.architecture import Architecture
from pimc.model.backbone.network import Backbone, BackboneConfig
from pimc.model.encoder_config import ImageEncoderConfig
from pimc.model.encoders import ImageEncoder

CLASSES = 3
NETWORK = {"epochs": 1, "min_steps": 40, "checks": 4, "batch_size": 16, "learning_rate": 0.01}


@pytest.fixture(scope="module")
def images():
    """Stripes across, stripes along, or a checkerboard: band statistics tell nothing."""
    rng = np.random.default_rng(0)
    row, col = np.indices((16, 16)) // 2 % 2
    # seen from above there is no upright: along and across are one class
    patterns = [
        row,
        (row + col) % 2,
        np.kron(rng.permutation(64).reshape(8, 8) % 2, np.ones((2, 2))),
    ]
    labels = np.arange(90) % CLASSES
    images = np.stack([patterns[label] for label in labels])[:, None] * 80 + 60
    noise = rng.normal(0, 8, (90, 3, 16, 16))
    return np.clip(images + noise, 0, 255).astype(np.uint8), labels


@pytest.fixture(scope="module")
def encoder():
    torch.manual_seed(0)
    architecture = Architecture((8, 16), embedding_size=16)
    bands = ("B02", "B03", "B04", "B08")
    return ImageEncoder(ImageEncoderConfig(architecture, bands, (0.1,) * 4, (0.05,) * 4)).eval()


@pytest.fixture
def inputs(images, encoder):
    return ImageInputs(images[0], ("B04", "B03", "B02"), encoder, "cpu", "32-true")


SPLIT = Split(np.arange(60), np.arange(60, 75), np.arange(75, 90))


def run_of(kind, name, seed=0, share=1.0, **options):
    arm = Arm(f"{kind}_{name}", kind, name, options=options)
    return ArmRun("land_cover", arm, Budget("all", share), seed, 0)


def test_missing_bands_are_said_and_kept(images, encoder, caplog):
    with caplog.at_level(logging.INFO):
        inputs = ImageInputs(images[0], ("B05", "B04", "B02"), encoder, "cpu")
    assert "the images lack B03, B08 of the encoder's bands" in caplog.text
    assert "does not read B05 of the images" in caplog.text
    assert inputs.used == ("B02", "B04")
    loaded = inputs.load(np.array([4, 2]))
    np.testing.assert_array_equal(loaded.numpy(), images[0][[4, 2]][:, [2, 1]])
    result = LandCover(inputs, images[1], CLASSES).run(run_of("knn", "pretrained"), SPLIT)
    assert result.facts["missing_bands"] == ["B03", "B08"]
    assert result.facts["bands"] == ["B02", "B04"]
    assert result.facts["transductive"] is None  # nobody knows what this encoder has seen


@pytest.mark.parametrize(
    ("learned_from", "label"), [(None, False), ("this list", False), ("other list", None)]
)
def test_an_encoder_that_learned_from_other_lists_may_have_seen_test_images(
    images, encoder, learned_from, label
):
    config = replace(encoder.config, trained_on={"patch": (1,)}, unpaired=learned_from)
    inputs = ImageInputs(
        images[0], ("B04", "B03", "B02"), ImageEncoder(config), "cpu", training_list="this list"
    )
    assert inputs.transductive(run_of("knn", "pretrained"), SPLIT) is label
    assert inputs.transductive(run_of("knn", "random"), SPLIT) == "none"


def test_another_number_of_bands_is_refused(images, encoder):
    with pytest.raises(ValueError, match=r"images of 2 bands \(B04, B03\), got shape"):
        ImageInputs(images[0], ("B04", "B03"), encoder)


def test_statistics_of_images_and_of_bands(images, inputs):
    values = images[0].astype(np.float64)
    statistics = inputs.statistics()
    np.testing.assert_allclose(statistics[:, :3], values.mean(axis=(2, 3)), rtol=1e-5)
    np.testing.assert_allclose(statistics[:, 3:], values.std(axis=(2, 3)), rtol=1e-4)
    rows = np.array([3, 5, 8, 40])
    mean, std = inputs.band_statistics(rows)
    used = values[rows][:, ::-1]  # the encoder's order: B02, B03, B04
    np.testing.assert_allclose(mean, used.mean(axis=(0, 2, 3)), rtol=1e-5)
    np.testing.assert_allclose(std, used.std(axis=(0, 2, 3)), rtol=1e-4)


def test_frozen_features_are_the_adapted_encoders(images, inputs, encoder):
    features = inputs.frozen(run_of("linear", "pretrained"), SPLIT)
    mean, std = (np.array(v)[:, None, None] for v in inputs.band_statistics(SPLIT.train))
    reflectance = (images[0][:, ::-1] - mean) / std * 0.05 + 0.1
    with_missing = np.concatenate([reflectance, np.full((90, 1, 16, 16), np.nan)], axis=1)
    with torch.inference_mode():
        expected = encoder(torch.from_numpy(with_missing.astype(np.float32)))
    np.testing.assert_allclose(features, expected.numpy(), rtol=1e-3, atol=1e-4)
    assert inputs.frozen(run_of("knn", "pretrained", seed=5), SPLIT) is features


def test_random_encoders_differ_by_seed_alone(inputs):
    first = inputs.frozen(run_of("linear", "random", seed=1), SPLIT)
    assert inputs.frozen(run_of("knn", "random", seed=1), SPLIT) is first
    assert not np.allclose(inputs.frozen(run_of("linear", "random", seed=2), SPLIT), first)


def test_a_trained_network_tells_patterns_that_statistics_cannot(images, inputs):
    task = LandCover(inputs, images[1], CLASSES, device="cpu")
    by_statistics = task.run(run_of("linear", "statistics"), SPLIT)
    options = {**NETWORK, "augmentation": {"shift": 1, "cutmix": 0.3}}
    trained = task.run(run_of("network", "random", **options), SPLIT)
    assert trained.metrics["test_accuracy"] >= 0.9 > by_statistics.metrics["test_accuracy"]
    assert trained.facts["transductive"] == "none"
    again = task.run(run_of("network", "random", **options), SPLIT)
    np.testing.assert_array_equal(trained.arrays["test"], again.arrays["test"])


def test_fine_tuning_starts_from_the_pretrained_weights(inputs, encoder):
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    run = run_of("network", "pretrained", stem_stride=2)
    network = inputs.network(run, SPLIT, CLASSES)
    reader = network.encoder.images
    assert torch.equal(reader.network.embed.weight, before["network.embed.weight"])
    assert torch.equal(reader.network.stem.weight, before["network.stem.weight"][:, :3])
    assert reader.config.architecture.stem_stride == 2
    with torch.no_grad():
        for weight in network.parameters():
            weight.zero_()
    assert all(torch.equal(value, before[name]) for name, value in encoder.state_dict().items())


@pytest.fixture
def backbone(fake_timm):
    torch.manual_seed(0)
    return Backbone(BackboneConfig("small", ("B04", "B08"), (0.0,) * 2, (1.0,) * 2)).eval()


def test_a_backbone_is_read_as_the_encoder_is(images, backbone):
    inputs = ImageInputs(images[0], ("B04", "B03", "B02"), backbone, "cpu", "32-true")
    assert (inputs.used, inputs.missing) == (("B04",), ("B08",))
    features = inputs.frozen(run_of("linear", "backbone"), SPLIT)
    seen = images[0][:60, 0].astype(np.float64)
    normalised = torch.from_numpy((images[0][:, :1] - seen.mean()) / seen.std()).float()
    both = torch.cat([normalised, torch.zeros_like(normalised)], dim=1)
    with torch.inference_mode():
        torch.testing.assert_close(torch.from_numpy(features), backbone(both), rtol=1e-4, atol=1e-5)
    assert inputs.frozen(run_of("knn", "backbone", seed=5), SPLIT) is features
    assert inputs.transductive(run_of("knn", "backbone"), SPLIT) is None


def test_a_backbone_is_fine_tuned_and_stays_as_it_is(images, backbone):
    before = {name: value.clone() for name, value in backbone.state_dict().items()}
    inputs = ImageInputs(images[0], ("B04", "B08", "B02"), backbone, "cpu", "32-true")
    reader = inputs.network(run_of("network", "backbone"), SPLIT, CLASSES).encoder.images
    assert torch.equal(reader.network.stem.weight, before["network.stem.weight"])
    result = LandCover(inputs, images[1], CLASSES, device="cpu").run(
        run_of("network", "backbone", **NETWORK), SPLIT
    )
    assert result.metrics["test_accuracy"] > 0.5
    assert result.facts["bands"] == ["B04", "B08"]
    assert all(torch.equal(value, before[name]) for name, value in backbone.state_dict().items())


def test_a_training_batch_is_normalised_as_a_whole(backbone):
    batch = torch.randn(CACHED + 1, 2, 16, 16)
    reader = ImageReader(backbone, mixed=False)
    with torch.no_grad():
        torch.testing.assert_close(reader.train()(batch), backbone.train()(batch))
        split = torch.cat([backbone(batch[:CACHED]), backbone(batch[CACHED:])])
        assert not torch.allclose(reader(batch), split)


def test_few_labels_train_on_few_images_only(images, inputs):
    result = LandCover(inputs, images[1], CLASSES).run(
        run_of("linear", "statistics", share=0.1), SPLIT
    )
    assert result.facts["train_samples"] == 6


def test_symmetric_predictions_do_not_change_with_the_view():
    torch.manual_seed(0)
    network = OverSymmetries(torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(48, 4)))
    images = torch.rand(5, 3, 4, 4)
    shares = network(images)
    torch.testing.assert_close(shares.sum(dim=1), torch.ones(5))
    torch.testing.assert_close(network(images.rot90(1, (2, 3)).flip(2)), shares)


def test_mixed_precision_is_close_to_single(images, encoder):
    both = [
        ImageInputs(images[0][:8], ("B04", "B03", "B02"), encoder, "cpu", precision).frozen(
            run_of("knn", "pretrained"), Split(np.arange(8), np.arange(8), np.arange(8))
        )
        for precision in ("32-true", "bf16-mixed")
    ]
    assert both[1].dtype == np.float32
    assert not np.array_equal(*both)
    np.testing.assert_allclose(both[1], both[0], atol=0.03 * np.abs(both[0]).max())


def test_accuracy_of_shared_targets():
    outputs = torch.tensor([[2.0, 1.0], [0.0, 3.0], [5.0, 4.0]])
    targets = torch.tensor([[0.9, 0.1], [1.0, 0.0], [1.0, 0.0]])
    assert accuracy(outputs, targets).item() == pytest.approx(2 / 3)


def test_options_go_where_they_belong():
    images, training = image_options({"epochs": 3, "label_smoothing": 0.2}, "network")
    assert (training.epochs, images.label_smoothing) == (3, 0.2)
    with pytest.raises(ValueError, match="kind network has no option colour"):
        image_options({"colour": 1}, "network")
