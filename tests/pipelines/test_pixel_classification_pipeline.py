"""Nodes of pixel classification: which arms run, what their results hang on."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from cases.small_corpus import PRETRAINING, make_corpus
from cases.synthetic import CALENDAR, RECURRENCE

from pimc.catalog.encoders_by_key import EncodersByKey
from pimc.data.folds import FoldOptions, rotate
from pimc.evaluation.pixel_arms import PixelClassificationOptions
from pimc.model.architecture import Architecture
from pimc.model.encoder_config import ImageEncoderConfig, SeriesEncoderConfig
from pimc.model.encoders import ImageEncoder, SeriesEncoder
from pimc.pipelines.pixel_classification.nodes import gather_encoders, plan_arms, plan_encoders
from pimc.pretraining.batches.pairs import NO_FRAME
from pimc.signal.recurrence import RecurrenceOptions

CORPUS, BARE = make_corpus(images=True), make_corpus()
CLASSES, FOLDS, PLOT = ["low", "high"], FoldOptions(), RecurrenceOptions(scale="standard")
ARMS = {
    "forest": {"kind": "forest", "input": "series", "trees": 2},
    "probe": {"kind": "linear", "input": "pretrained"},
    "random": {"kind": "linear", "input": "random"},
    "image": {"kind": "linear", "input": "pretrained_image"},
    "both": {"kind": "linear", "input": "pretrained_both"},
    "random_both": {"kind": "linear", "input": "random_both"},
}
CROPS = {"image", "both", "random_both"}


def options(**changed):
    efforts = {"quick": {"budgets": {"all": {}}, "rotations": 2}}
    given = {"arms": ARMS, "efforts": efforts, "device": "cpu", "preset": "tiny", "resamples": 9}
    return PixelClassificationOptions(**{**given, **changed})


def series_encoder():
    torch.manual_seed(0)
    return SeriesEncoder(SeriesEncoderConfig(Architecture((8,)), CALENDAR, RECURRENCE)).eval()


def image_encoder(seed=1):
    torch.manual_seed(seed)
    config = ImageEncoderConfig(Architecture((8,)), tuple(CORPUS.bands), (0.2,) * 3, (0.1,) * 3)
    return ImageEncoder(config).eval()


SERIES, IMAGES = series_encoder(), image_encoder()


def planned(corpus=CORPUS, series=SERIES, images=IMAGES, kept=None, side=11, **changed):
    given = options(**changed)
    pretraining = replace(PRETRAINING, batch=replace(PRETRAINING.batch, crop_side=side))
    read = gather_encoders(corpus, series, images, kept or {}, PLOT, pretraining, given)
    return plan_arms(corpus, read, CLASSES, FOLDS, given)


def keys(**given):
    """Of the runs of the first rotation, by arm."""
    tasks = planned(**given).values()
    return {task.run.arm.name: task.key for task in tasks if task.run.rotation == 0}


def test_without_images_arms_on_crops_are_absent_and_say_why(caplog):
    assert keys(corpus=BARE).keys() == ARMS.keys() - CROPS
    assert "absent: image, both, random_both: there are no images around the pixels" in caplog.text


def test_without_an_image_encoder_first_weights_alone_read_images(caplog):
    assert keys(images=None).keys() == ARMS.keys() - {"image", "both"}
    assert "absent: image, both: there is no pretrained image encoder" in caplog.text
    caplog.clear()
    assert keys(series=None).keys() == ARMS.keys() - {"probe", "both"}
    assert "absent: probe, both: there is no pretrained series encoder" in caplog.text


def test_results_on_crops_hang_on_the_image_encoder_and_the_frames_and_others_do_not():
    first = keys()
    choices = CORPUS.frame_choices.copy()
    choices[3, 1] = NO_FRAME
    dark = np.asarray(CORPUS.frames) // np.int16(2)
    wide = replace(IMAGES.config, architecture=Architecture((16,)))
    changed = {
        "weights": (keys(images=image_encoder(2)), {"image", "both"}),
        "size": (keys(images=ImageEncoder(wide)), CROPS),
        "dates": (keys(corpus=replace(CORPUS, frame_choices=choices)), CROPS),
        "frames": (keys(corpus=replace(CORPUS, frames=dark)), CROPS),
        "side": (keys(side=13), CROPS),
        "nothing": (keys(), set()),
        "images": (keys(corpus=BARE), CROPS),
    }
    for what, (others, expected) in changed.items():
        assert {name for name in first if first[name] != others.get(name)} == expected, what
    series = SeriesEncoder(SERIES.config).eval()
    assert {n for n, key in keys(series=series).items() if key != first[n]} == {"probe", "both"}


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Encoders of two rotations, trained on pairs, as they lie in a folder."""
    folder = tmp_path_factory.mktemp("rotations")
    objective = replace(PRETRAINING.objective, pair=1.0)
    trained = replace(PRETRAINING, objective=objective)
    given = options(encoders="by_rotation")
    tasks = plan_encoders(CORPUS, CLASSES, PLOT, trained, FOLDS, given, folder / "checkpoints")
    encoders = EncodersByKey(str(folder / "pixel_classification.encoders"))
    encoders.save(tasks)
    return encoders.load()


def test_each_rotation_reads_the_image_encoder_that_was_trained_beside_its_own(kept):
    given = {"series": None, "images": IMAGES, "kept": kept, "encoders": "by_rotation"}
    tasks = planned(**given)
    assert {task.run.arm.name for task in tasks.values()} == set(ARMS)
    for name in ("image", "both"):
        results = [tasks[f"{name}-all-seed0-rotation{rotation}"].make() for rotation in (0, 1)]
        assert [each.facts["transductive"] for each in results] == [False, False]
    for rotation, each in enumerate(kept.values()):
        seen = {fold for folds in each.image.load().config.trained_on.values() for fold in folds}
        assert seen and not seen & set(rotate(FOLDS, rotation).test)
    assert len({each.image.digest for each in kept.values()}) == 2
    # the catalog's is not read
    assert planned(**given | {"images": image_encoder(5)}).keys() == tasks.keys()
    other = planned(**given | {"images": image_encoder(5)})
    assert all(other[name].key == task.key for name, task in tasks.items())


def test_rotations_whose_encoders_were_kept_without_images_say_what_to_do(kept, caplog):
    former = {name: replace(each, image=None) for name, each in kept.items()}
    tasks = planned(series=None, kept=former, encoders="by_rotation")
    assert {task.run.arm.name for task in tasks.values()} == ARMS.keys() - {"image", "both"}
    text = " ".join(caplog.text.split())
    assert "absent: image, both: the encoders of the rotations have no image encoder" in text
    assert "encoders to train them anew" in text
