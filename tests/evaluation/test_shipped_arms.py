"""Arms that read the encoder that comes with the package."""

import numpy as np
import pytest
import torch
from test_pixel_inputs import (
    BARE,
    CLASSES,
    PRESET,
    RECURRENCE,
    frozen,
    make_encoder,
    options,
)

from pimc.data.folds import FoldOptions
from pimc.evaluation.pixel_arms import PixelEncoders, pixel_task
from pimc.evaluation.planning import plan
from pimc.evaluation.series_task import SeriesEncoders, ShippedEncoder, always, find_shipped
from pimc.model.architecture import Architecture
from pimc.pretraining.kept_encoder import KeptEncoder
from pimc.signal.calendar import CalendarOptions
from pimc.signal.series_axes import SeriesAxes

ARMS = {
    "own": {"kind": "linear", "input": "pretrained"},
    "given": {"kind": "linear", "input": "pretrained", "encoder": "shipped"},
}


def tasks(find, shipped, arms=ARMS, preset=PRESET):
    given = options(**arms)
    encoders = PixelEncoders(SeriesEncoders(RECURRENCE, preset, find, shipped=shipped))
    task = pixel_task("pixel_classification", BARE, CLASSES, encoders, FoldOptions(), given)
    return {planned.run.arm.name: planned for planned in plan(task, given).values()}


def shipped_as(digest):
    torch.manual_seed(5)
    encoder = make_encoder()
    return encoder, ShippedEncoder(KeptEncoder(digest, lambda: encoder))


def test_an_arm_that_names_it_reads_it_and_others_do_not():
    own = make_encoder()
    encoder, shipped = shipped_as("a")
    planned = tasks(always(own), shipped)
    with torch.inference_mode():
        for name, each in {"own": own, "given": encoder}.items():
            expected = each(torch.from_numpy(np.asarray(BARE.index_series))).numpy()
            np.testing.assert_allclose(frozen(planned[name]), expected, rtol=1e-4, atol=1e-5)


def test_results_hang_on_it():
    first, second = (tasks(None, shipped_as(digest)[1]) for digest in "ab")
    assert list(first) == ["given"]  # the other has no encoder to read
    assert first["given"].key != second["given"].key
    assert first["given"].key == tasks(None, shipped_as("a")[1])["given"].key


def test_results_hang_on_its_weights_and_on_the_calendar(monkeypatch):
    digests = []
    for seed, length in ((0, 40), (1, 40), (0, 41)):
        torch.manual_seed(seed)
        encoder = make_encoder()
        monkeypatch.setattr("pimc.model.shipped.shipped_encoder", lambda *_, each=encoder: each)
        found = find_shipped(SeriesAxes(("NDVI",), CalendarOptions(length=length)))
        assert found.kept.load() is encoder
        digests.append(found.kept.digest)
    assert len(set(digests)) == 3


def test_where_it_cannot_read_the_series_the_arm_is_absent(caplog):
    planned = tasks(always(make_encoder()), ShippedEncoder(None, "it reads other indices"))
    assert list(planned) == ["own"]
    assert "absent: given: it reads other indices" in caplog.text


def test_another_name_is_refused():
    with pytest.raises(ValueError, match=r"encoder must be shipped or absent .* got 'mine'"):
        options(probe={**ARMS["given"], "encoder": "mine"})


def test_controls_of_plots_are_absent_where_the_encoder_reads_none(caplog):
    arms = {
        "noise": {"kind": "linear", "input": "random_noise"},
        "first": {"kind": "linear", "input": "random"},
    }
    assert list(tasks(None, None, arms)) == ["noise", "first"]
    series_alone = Architecture((), temporal_width=8, embedding_size=8)
    assert list(tasks(None, None, arms, series_alone)) == ["first"]
    assert "absent: noise: the encoder reads no plots" in caplog.text
