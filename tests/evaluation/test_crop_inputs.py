"""Arms that read the image around a pixel, alone and beside its series."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from cases.small_corpus import make_corpus
from cases.synthetic import BANDS, CALENDAR, RECURRENCE

from pimc.evaluation.arms import Arm, Budget
from pimc.evaluation.classify import Classification
from pimc.evaluation.crop_inputs import CropInputs
from pimc.evaluation.crop_task import ImageEncoders, choose_image_encoders
from pimc.evaluation.pixel_arms import PixelClassificationOptions
from pimc.evaluation.pixel_crops import cut_crops
from pimc.evaluation.pixel_inputs import PixelInputs
from pimc.evaluation.protocol import Split
from pimc.evaluation.runs import ArmRun
from pimc.evaluation.series_task import SeriesOptions, always
from pimc.model.architecture import Architecture
from pimc.model.encoder_config import ImageEncoderConfig, SeriesEncoderConfig
from pimc.model.encoders import ImageEncoder, SeriesEncoder
from pimc.pretraining.kept_encoder import EncoderRun, KeptEncoder, KeptImageEncoder
from pimc.pretraining.variants import SHIPPED
from pimc.signal.recurrence import RecurrenceOptions

CORPUS = make_corpus(images=True)
ROWS = np.arange(0, 500, 5)
PIXELS = CORPUS.pixels.iloc[ROWS]
LABELS, FOLD = PIXELS["label"].to_numpy(), PIXELS["fold"].to_numpy()
SPLIT = Split(*(np.flatnonzero(np.isin(FOLD, folds)) for folds in ([1, 2, 3], [4], [5])))
SIDE, FUSED = 9, Architecture((8,), embedding_size=8, temporal_width=8)
SMALL = Architecture((8, 16), embedding_size=6)
CROPS = cut_crops(CORPUS.pairs_of(ROWS), SIDE, BANDS)
SERIES = np.asarray(CORPUS.index_series[ROWS])
OPTIONS = PixelClassificationOptions(
    arms={"majority": {"kind": "majority"}}, efforts={"quick": {"budgets": {"all": {}}}}
)
SHORT = {"epochs": 1, "min_steps": 6, "checks": 1, "batch_size": 16}


def series_encoder(seen=None):
    torch.manual_seed(7)
    return SeriesEncoder(SeriesEncoderConfig(FUSED, CALENDAR, RECURRENCE, seen)).eval()


def image_encoder(seen=None, seed=8, bands=BANDS):
    torch.manual_seed(seed)
    config = ImageEncoderConfig(SMALL, bands, (0.2, 0.3, 0.05), (0.1, 0.1, 0.02), {}, seen)
    return ImageEncoder(config).eval()


def make_inputs(series=None, images=None):
    of_series = SeriesOptions(["NDVI", "EVI"], CALENDAR, RecurrenceOptions(), FUSED)
    find = None if series is None else always(series)
    encoders = choose_image_encoders(OPTIONS, SIDE, BANDS, images, {})
    encoders = replace(encoders, architecture=SMALL)
    return PixelInputs(
        SERIES,
        PIXELS["patch"].to_numpy(),
        FOLD,
        of_series,
        find,
        "cpu",
        samples=PIXELS,
        source_pixels=PIXELS[:0],
        crops=CropInputs(CROPS, encoders, "cpu"),
    )


def arm_run(kind, source, seed=0, **options):
    return ArmRun("t", Arm("arm", kind, source, options=options), Budget("all"), seed, 0)


def test_the_frozen_image_is_the_mean_of_its_embeddings_over_the_clear_dates():
    images = image_encoder()
    embedded = make_inputs(images=images).frozen(arm_run("linear", "pretrained_image"), SPLIT)
    for row in (0, 17, 99):
        pixel, parts = PIXELS.iloc[row], []
        top, left = pixel["row"] - SIDE // 2, pixel["col"] - SIDE // 2
        for frame in CORPUS.frame_choices[ROWS[row]][:2]:
            crop = CORPUS.frames[frame][:, top : top + SIDE, left : left + SIDE] / 10_000
            with torch.inference_mode():
                parts.append(images(torch.tensor(crop[None], dtype=torch.float32))[0].numpy())
        np.testing.assert_allclose(embedded[row], (parts[0] + parts[1]) / 2, atol=1e-5)


@pytest.mark.parametrize("whose", ["pretrained", "random"])
def test_both_frozen_are_each_alone_side_by_side_computed_once(whose):
    inputs = make_inputs(series_encoder(), image_encoder())
    alone = [
        inputs.frozen(arm_run("linear", f"{whose}{part}", 3), SPLIT) for part in ("", "_image")
    ]
    both = inputs.frozen(arm_run("knn", f"{whose}_both", 3), SPLIT)
    assert both.shape == (100, 2 * 8 + 6)
    np.testing.assert_array_equal(both, np.concatenate(alone, axis=1))
    assert inputs.frozen(arm_run("knn", f"{whose}_image", 3), SPLIT) is alone[1]


def test_first_weights_of_images_hang_on_the_seed_and_are_normalised_by_training_crops():
    inputs = make_inputs()
    seeds = [inputs.frozen(arm_run("linear", "random_image", seed), SPLIT) for seed in (0, 1)]
    assert not np.allclose(*seeds)
    config = inputs.crops.encoder(arm_run("linear", "random_image"), SPLIT).images.config
    assert (config.mean, config.std) == CROPS.statistics(SPLIT.train)


READ = {
    "pretrained_image": ["images.network"],
    "pretrained_both": ["series.network", "series.temporal", "crops.images.network"],
}


@pytest.mark.parametrize("source", READ)
def test_fine_tuning_moves_all_that_is_read_and_leaves_the_pretrained_encoders_alone(source):
    pretrained = series_encoder(), image_encoder()
    inputs = make_inputs(*pretrained)
    network = inputs.network(arm_run("network", source), SPLIT, 2).train()
    outputs = network(inputs.loader(arm_run("network", source), network)(SPLIT.train[:16]))
    assert len(network.heads) == len(READ[source])  # each view has its own, and its own loss
    assert outputs.shape == ((16, 3, 2) if len(READ[source]) == 3 else (16, 2))
    outputs.square().sum().backward()
    moved = [
        n for n, w in network.encoder.named_parameters() if w.grad is not None and w.grad.any()
    ]
    for part in READ[source]:
        assert any(name.startswith(part) for name in moved)
    assert all(weight.grad is None for each in pretrained for weight in each.parameters())


def test_a_network_of_both_learns_and_gives_the_same_for_one_seed():
    short = {**SHORT, "min_steps": 30, "learning_rate": 0.01}
    task = Classification(make_inputs(), LABELS, 2, device="cpu")
    first, again = (task.run(arm_run("network", "random_both", **short), SPLIT) for _ in range(2))
    assert (first.arrays["test"] == again.arrays["test"]).all()
    assert first.metrics["validation_accuracy"] > 0.8
    assert first.facts["transductive"] == "none"


def test_series_beside_crops_may_be_changed_and_crops_alone_have_none():
    inputs = make_inputs(series_encoder(), image_encoder())
    task = Classification(inputs, LABELS, 2, device="cpu")
    both = arm_run("network", "pretrained_both", masking=0.3, **SHORT)
    assert len(task.run(both, SPLIT).arrays["test"]) == len(SPLIT.test)
    alone = arm_run("network", "pretrained_image", masking=0.3, **SHORT)
    with pytest.raises(ValueError, match="arm arm reads no series: level, masking, shift"):
        task.run(alone, SPLIT)


OTHER, TESTED = {"patch-0": (1,)}, {"patch-4": (5,)}


@pytest.mark.parametrize(
    ("of_series", "of_images", "expected"),
    [
        (OTHER, OTHER, False),
        (OTHER, TESTED, True),
        (TESTED, OTHER, True),
        (OTHER, None, None),
        (None, TESTED, True),
    ],
)
def test_ground_that_either_encoder_has_seen_counts(of_series, of_images, expected):
    inputs = make_inputs(series_encoder(of_series), image_encoder(of_images))
    assert inputs.transductive(arm_run("linear", "pretrained_both"), SPLIT) is expected
    alone = inputs.transductive(arm_run("linear", "pretrained_image"), SPLIT)
    assert alone is {"patch-0": False, "patch-4": True, "": None}[next(iter(of_images or [""]))]
    assert inputs.transductive(arm_run("linear", "random_both"), SPLIT) == "none"


def test_an_encoder_of_other_bands_is_none():
    other = image_encoder(bands=BANDS[::-1])
    encoders = choose_image_encoders(OPTIONS, SIDE, BANDS, other, {})
    assert encoders.find is None
    assert encoders.lacking == (
        "the pretrained image encoder reads B11, B08, B04, and the images hold B04, B08, B11"
    )
    inputs = replace(make_inputs(), crops=CropInputs(CROPS, encoders, "cpu"))
    with pytest.raises(ValueError, match="arm arm: the pretrained image encoder reads B11"):
        inputs.frozen(arm_run("linear", "pretrained_image"), SPLIT)
    assert isinstance(encoders, ImageEncoders)


def test_draws_take_turns_with_the_image_encoders_of_their_rotation():
    kept = {
        EncoderRun(SHIPPED, seed, rotation).name: KeptEncoder(
            "series", series_encoder, image=KeptImageEncoder(f"{seed}{rotation}", image_encoder)
        )
        for seed in (0, 1)
        for rotation in (0, 1)
    }
    effort = {"budgets": {"all": {"draws": 3}}, "rotations": 2, "encoder_seeds": 2}
    options = replace(OPTIONS, efforts={"quick": effort}, encoders="by_rotation")
    encoders = choose_image_encoders(options, SIDE, BANDS, None, kept)
    runs = [replace(arm_run("linear", "pretrained_image", seed), rotation=1) for seed in range(3)]
    assert [encoders.find(run).digest for run in runs] == ["01", "11", "01"]
