from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pimc.catalog.encoder import NO_ENCODER
from pimc.data.folds import FoldOptions
from pimc.pipelines.corpus.nodes import gather_corpus
from pimc.pipelines.pretraining.nodes import (
    draw_training_curves,
    drop_checkpoint,
    pretrain_encoders,
)
from pimc.pipelines.pretraining.pipeline import create_pipeline
from pimc.pretraining.batches.pairs import NO_FRAME
from pimc.pretraining.corpus import choose_frames
from pimc.pretraining.examples import RetrievalExamples
from pimc.pretraining.options import PretrainingOptions
from pimc.pretraining.pretrain import PretrainingResult
from pimc.signal.calendar import NO_DATE, CalendarOptions
from pimc.signal.recurrence import RecurrenceOptions, fit_recurrence
from pimc.signal.sharded_array import ShardedArray

FRAMES = pd.DataFrame(
    {
        "patch_index": [0, 0, 0, 1],
        "place": "here",
        "frame": [0, 1, 2, 3],
        "acquisition": [1, 3, 4, 0],
        "day": [10, 365, 375, 365],
    }
)
# 1, 11, 21 January 1970 and 1, 11 January 1971; the second patch was seen in 1971 alone
ACQUISITIONS = np.array([[0, 10, 20, 365, 375], [365, 375, NO_DATE, NO_DATE, NO_DATE]], np.int32)
CALENDAR = CalendarOptions(start="01-01", step=10, length=10, min_observations=2)
PIXELS = pd.DataFrame({"patch_index": [0, 0, 0, 1], "place": "here"})
SERIES = PIXELS.iloc[[0, 2, 3]].assign(pixel=[0, 2, 3], season="1970-01-01")
CLEAR = np.array(
    [
        [1, 0, 0, 1, 1],  # pixel 0: clear in frames 1 and 2
        [1, 1, 1, 1, 1],  # pixel 1 was dropped
        [0, 0, 1, 0, 0],  # pixel 2: in none
        [1, 0, 0, 0, 0],  # pixel 3, patch 1: in frame 3
    ],
    bool,
)


def choose(series=SERIES, frames=FRAMES, **options):
    calendar = replace(CALENDAR, **options)
    return choose_frames(series, PIXELS, CLEAR, frames, ACQUISITIONS, calendar)


def test_each_pixel_gets_the_images_in_which_it_is_clear():
    # one season alone: the images of 1971 lie nearest to it too
    choices = choose(min_observations=3)
    expected = [[1, 2, NO_FRAME], [NO_FRAME] * 3, [3, NO_FRAME, NO_FRAME]]
    assert choices.tolist() == expected
    assert choices.dtype == np.int32


def test_a_series_is_paired_with_images_of_its_own_season():
    clear_twice = PIXELS.iloc[[0, 1, 0, 1, 3]].assign(
        pixel=[0, 1, 0, 1, 3], season=["1970-01-01"] * 2 + ["1971-01-01"] * 3
    )
    none = [NO_FRAME] * 3
    first = [none, [0, NO_FRAME, NO_FRAME]]  # pixel 0 is not clear on 11 January 1970
    second = [[1, 2, NO_FRAME]] * 2 + [[3, NO_FRAME, NO_FRAME]]
    assert choose(clear_twice).tolist() == first + second
    # an image of a season that is not taken belongs to it all the same
    assert choose(clear_twice[:2], seasons="best").tolist() == first


def test_without_images_no_pixel_has_a_frame():
    assert choose(frames=FRAMES.iloc[:0]).tolist() == [[NO_FRAME]] * 3


def test_curves_mark_what_a_guess_gives():
    epochs = {"epoch": [0, 1], "train_loss": [4, 3], "val_loss": [4, 3.5], "temperature": [0.2] * 2}
    recalls = {"recall_at_1": [0.1, 0.2], "recall_at_5": [0.2, 0.4]}
    ranks = {"series_rank": [3, 4], "image_rank": [2, 5]}
    metrics = {
        "best_epoch": 1.0,
        "val_loss_of_a_guess": np.log(64),
        "across_patches_chance_at_1": 1 / 64,
    }
    figure = draw_training_curves(pd.DataFrame({**epochs, **recalls, **ranks}), metrics)
    assert figure.axes[0].get_ylim()[1] > np.log(64)
    labels = [text.get_text() for axis in figure.axes for text in axis.get_legend().get_texts()]
    assert {"held-out", "a guess", "recall@1", "chance@1", "series", "image"} <= set(labels)


def test_curves_of_series_alone_leave_out_what_was_not_measured():
    history = pd.DataFrame({"epoch": [0, 1], "train_loss": [2, 1], "val_loss": [2, 1.5]})
    history = history.assign(recall_at_1=0.1, recall_at_5=0.2, series_rank=3.0)
    metrics = {"best_epoch": 1.0, "across_patches_chance_at_1": 1 / 64}
    figure = draw_training_curves(history, metrics)
    drawn = [line.get_label() for axis in figure.axes for line in axis.lines]
    assert "series" in drawn
    assert not {"a guess", "image", "temperature"} & set(drawn)


@pytest.mark.parametrize("images", [True, False])
def test_no_image_encoder_is_handed_on_where_none_was_trained(monkeypatch, images):
    given = {}

    def pretend(train, validation, inputs, *others):
        given.update(train=train, validation=validation, inputs=inputs)
        encoder = "image encoder" if images else None
        shown = RetrievalExamples(np.asarray(series), None, np.eye(3))
        table = pd.DataFrame()
        return PretrainingResult("series encoder", encoder, table, {}, table, shown, Path("run"))

    monkeypatch.setattr("pimc.pretraining.pretrain.pretrain", pretend)
    series = np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 1, 4)
    options, rng = RecurrenceOptions(kind="level"), np.random.default_rng(0)
    names = ("patch", "patch_index", "place", "row", "col", "y", "x", "parcel")
    pixels = pd.DataFrame({name: [0, 0, 0] for name in names} | {"fold": [1, 4, 5]})
    corpus = gather_corpus(
        series,
        np.ones((3, 4), bool),
        pixels,
        {"indices": ["NDVI"], "calendar": {"length": 4}},
        ShardedArray([np.zeros((0, 1, 1, 1), np.int16)]),
        np.full((3, 1), NO_FRAME, np.int32),
        {"places": {"here": {"substitutions": {"B08": "B8A"}}, "there": {"substitutions": {}}}},
        series,
        pixels[:0],
    )
    outputs = pretrain_encoders(
        corpus,
        fit_recurrence(series, options, ("NDVI",), rng).to_json(),
        FoldOptions(),
        PretrainingOptions(),
        Path("checkpoints"),
        None,
    )
    assert given["inputs"].calendar.length == 4
    assert given["inputs"].substitutions == {"here": {"B08": "B8A"}}
    assert outputs[:2] == ("series encoder", "image encoder" if images else NO_ENCODER)
    figure, checkpoint = outputs[-2:]
    assert [axis.get_xlabel() for axis in figure.axes if axis.get_xlabel()] == ["rank 1"] * 3
    assert checkpoint == Path("run")
    assert [len(given[name]) for name in ("train", "validation")] == [1, 1]
    assert not given["train"].has_images


def test_the_checkpoint_goes_when_the_encoder_has_been_read_from_where_it_was_stored(tmp_path):
    checkpoint = tmp_path / "run"
    checkpoint.mkdir()
    drop_checkpoint(checkpoint, None)
    assert checkpoint.exists()
    drop_checkpoint(checkpoint, "series encoder")
    assert not checkpoint.exists()
    drop_checkpoint(checkpoint, "series encoder")
    (node,) = create_pipeline().only_nodes("pretraining.drop_checkpoint").nodes
    assert "series_encoder" in node.inputs
