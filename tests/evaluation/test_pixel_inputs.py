"""All bands and files of embeddings as inputs of arms on pixels, and what results hang on."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from cases.small_corpus import make_corpus

from pimc.data.folds import FoldOptions
from pimc.evaluation.arms import Arm
from pimc.evaluation.pixel_arms import (
    PixelClassificationOptions,
    PixelEncoders,
    check_samples,
    pixel_task,
)
from pimc.evaluation.planning import plan
from pimc.evaluation.series_task import SeriesEncoders, always
from pimc.model.architecture import find_preset
from pimc.model.encoder_config import SeriesEncoderConfig
from pimc.model.encoders import SeriesEncoder
from pimc.pretraining.corpus import fit_on_rows
from pimc.signal.recurrence import RecurrenceOptions

CLASSES, RECURRENCE = ["low", "high"], RecurrenceOptions(scale="standard")
PRESET = find_preset("tiny").series
SHORT = {"epochs": 1, "min_steps": 60, "checks": 2, "batch_size": 32, "learning_rate": 0.01}
BARE = make_corpus()
RNG = np.random.default_rng(0)
BANDS = np.repeat(BARE.index_series, 2, axis=1) + RNG.normal(0, 0.05, (500, 4, 24))
SOURCE = BARE.pixels[["patch", "row", "col"]].drop_duplicates(ignore_index=True)
SOURCE = SOURCE.assign(number=np.arange(len(SOURCE))[::-1], of=len(SOURCE))
CORPUS = replace(BARE, band_series=BANDS.astype(np.float32), source_pixels=SOURCE)


def theirs(file):
    """Embeddings that tell the class a little, in the order of the source's table."""
    labels = BARE.pixels.drop_duplicates(["patch", "row", "col"])["label"].to_numpy()
    values = RNG.normal(0, 1, (len(SOURCE), 6)) + labels[:, None]
    np.savez(file, embedding=values[::-1].astype(np.float16))
    return values.astype(np.float16).astype(np.float32)


def options(**arms):
    budgets = {"all": {"draws": 1}}
    return PixelClassificationOptions(
        arms=arms, efforts={"quick": {"budgets": budgets}}, device="cpu"
    )


def make_encoder():
    fitted = fit_on_rows(BARE.index_series, np.arange(300), RECURRENCE, BARE.indices)
    return SeriesEncoder(SeriesEncoderConfig(PRESET, BARE.calendar, fitted)).eval()


def tasks(given, corpus=CORPUS, encoder=None):
    find = None if encoder is None else always(encoder)
    encoders = PixelEncoders(SeriesEncoders(RECURRENCE, PRESET, find))
    folds = FoldOptions()
    task = pixel_task("pixel_classification", corpus, CLASSES, encoders, folds, given)
    return {planned.run.arm.name: planned for planned in plan(task, given).values()}


def opened(planned):
    """Run, split and inputs of a planned run."""
    return *planned.make.args, planned.make.func.__self__.inputs


def frozen(planned):
    """What an arm reads of all samples."""
    run, split, inputs = opened(planned)
    return np.asarray(inputs.frozen(run, split)[np.arange(len(BARE.pixels))])


ARMS = {
    "logistic": {"kind": "linear", "input": "series"},
    "bands": {"kind": "linear", "input": "bands"},
}


def test_bands_are_read_whole_and_embeddings_go_beside_what_they_are_asked_beside(tmp_path):
    file = str(tmp_path / "theirs.npz")
    values = theirs(file)
    row = SOURCE.reset_index().merge(BARE.pixels, on=["patch", "row", "col"], how="right")["index"]
    expected = values[row]
    sources = ["embeddings", "embeddings_with_series", "embeddings_with_pretrained"]
    arms = {name: {"kind": "linear", "input": name, "file": file} for name in sources}
    encoder = make_encoder()
    planned = tasks(options(**ARMS, **arms), encoder=encoder)
    np.testing.assert_array_equal(frozen(planned["bands"]), BANDS.astype(np.float32))
    np.testing.assert_array_equal(frozen(planned["embeddings"]), expected)
    both = frozen(planned["embeddings_with_series"])
    np.testing.assert_array_equal(both[:, :48], BARE.index_series.reshape(500, -1))
    np.testing.assert_array_equal(both[:, 48:], expected)
    beside = frozen(planned["embeddings_with_pretrained"])
    with torch.inference_mode():
        ours = encoder(torch.from_numpy(BARE.index_series)).numpy()
    np.testing.assert_allclose(beside[:, : ours.shape[1]], ours, atol=1e-5)
    np.testing.assert_array_equal(beside[:, ours.shape[1] :], expected)
    assert planned["embeddings"].make().facts["transductive"] is None
    assert planned["bands"].make().facts["transductive"] == "none"


def test_embeddings_beside_an_encoder_that_has_seen_the_test_ground_say_so(tmp_path):
    file = str(tmp_path / "theirs.npz")
    theirs(file)
    encoder = make_encoder()
    one, *others = BARE.pixels.loc[BARE.pixels["fold"] == 5, "patch"].unique()
    assert others  # one place is enough
    known = {one: (5,), **dict.fromkeys(others, (1,))}
    seen = replace(encoder.config, trained_on=known)
    knowing = SeriesEncoder(seen).eval()
    arm = {"kind": "linear", "input": "embeddings_with_pretrained", "file": file}
    for given, expected in ((encoder, None), (knowing, True)):
        assert tasks(options(both=arm), encoder=given)["both"].make().facts["transductive"] is (
            expected
        )


def test_networks_on_bands_read_bands():
    network = {**SHORT, "kind": "network", "input": "bands"}
    planned = tasks(options(cnn=network))["cnn"]
    run, split, inputs = opened(planned)
    made = inputs.network(run, split, 2)
    train = BANDS.astype(np.float32)[split.train]
    np.testing.assert_allclose(made.encoder.mean[:, 0], train.mean(axis=(0, 2)), rtol=1e-4)
    loaded = inputs.loader(run, made)(np.array([3, 1]))
    np.testing.assert_array_equal(loaded.numpy(), BANDS.astype(np.float32)[[3, 1]])
    assert planned.make().metrics["test_accuracy"] > 0.8


@pytest.mark.parametrize("whose", ["pretrained", "random"])
def test_an_encoder_beside_the_bands_reads_its_series_and_the_network_beside_the_bands(whose):
    source = f"{whose}_with_bands"
    given = {
        "probe": {"kind": "linear", "input": source},
        "alone": {"kind": "linear", "input": whose},
        "tuned": {**SHORT, "kind": "network", "input": source, "masking": 0.1, "level": 0.1},
    }
    planned = tasks(options(**given), encoder=make_encoder())
    beside, alone = frozen(planned["probe"]), frozen(planned["alone"])
    width = alone.shape[1]
    np.testing.assert_array_equal(beside[:, :width], alone)
    np.testing.assert_array_equal(beside[:, width:], CORPUS.band_series.reshape(500, -1))
    run, split, inputs = opened(planned["tuned"])
    torch.manual_seed(0)
    network = inputs.network(run, split, 2).eval()
    assert len(network.heads) == len(network.sizes) + 1  # of the bands
    rows = np.array([3, 1])
    loaded = inputs.loader(run, network)(rows)
    series, bands = (torch.from_numpy(each[rows]) for each in (BARE.index_series, inputs.bands))
    with torch.inference_mode():
        torch.testing.assert_close(network.encoder(loaded), network.encoder.series(series))
        torch.testing.assert_close(network.beside(loaded), network.beside(bands))
    assert len(network.beside.mean) == bands.shape[1]
    assert planned["tuned"].make().metrics["test_accuracy"] > 0.8


def test_below_the_bands_an_encoder_is_told_what_was_observed():
    recurrence = replace(RECURRENCE, validity=True)
    fitted = fit_on_rows(BARE.index_series, np.arange(300), recurrence, BARE.indices)
    encoder = SeriesEncoder(SeriesEncoderConfig(PRESET, BARE.calendar, fitted)).eval()
    arm = {**SHORT, "kind": "network", "input": "pretrained_with_bands"}
    run, split, inputs = opened(tasks(options(tuned=arm), encoder=encoder)["tuned"])
    network, rows = inputs.network(run, split, 2).eval(), np.arange(8)
    loaded = inputs.loader(run, network)(rows)
    np.testing.assert_array_equal(loaded[:, -1], BARE.observed[rows])
    with torch.inference_mode():
        expected = encoder(inputs._load_observed(rows))
        torch.testing.assert_close(network.encoder(loaded), expected)


def test_results_beside_bands_hang_on_both(tmp_path):
    arms = {name: {"kind": "linear", "input": name} for name in ("bands", "pretrained_with_bands")}
    arms["random"] = {"kind": "linear", "input": "random_with_bands"}

    def keys(corpus, encoder):
        return {name: each.key for name, each in tasks(options(**arms), corpus, encoder).items()}

    encoder = make_encoder()
    before = keys(CORPUS, encoder)
    assert {n for n, key in keys(CORPUS, make_encoder()).items() if key != before[n]} == {
        "pretrained_with_bands"
    }
    changed = replace(CORPUS, band_series=CORPUS.band_series + 1)
    assert not before.items() & keys(changed, encoder).items()


def test_a_band_that_never_varies_leaves_a_network_finite():
    dead = CORPUS.band_series.copy()
    dead[:, 2] = 0
    planned = tasks(
        options(cnn={"kind": "network", "input": "bands"}), replace(CORPUS, band_series=dead)
    )
    run, split, inputs = opened(planned["cnn"])
    made = inputs.network(run, split, 2).eval()
    assert torch.isfinite(made(inputs.loader(run, made)(np.arange(4)))).all()


def test_results_hang_on_bands_and_files_where_arms_read_them_alone(tmp_path):
    files = [str(tmp_path / name) for name in ("theirs.npz", "copy.npz", "other.npz")]
    theirs(files[0])
    (tmp_path / "copy.npz").write_bytes((tmp_path / "theirs.npz").read_bytes())
    theirs(files[2])

    def keys(file=files[0], corpus=CORPUS):
        peer = {"kind": "linear", "input": "embeddings", "file": file}
        return {name: each.key for name, each in tasks(options(**ARMS, peer=peer), corpus).items()}

    before, moved, other = (keys(file) for file in files)
    assert before == moved
    assert {name for name in before if before[name] != other[name]} == {"peer"}
    changed = CORPUS.band_series.copy()
    changed[400, 1, 3] += 0.5
    after = keys(corpus=replace(CORPUS, band_series=changed))
    assert {name for name in before if before[name] != after[name]} == {"bands"}
    assert tasks(options(logistic=ARMS["logistic"]), BARE)["logistic"].key == before["logistic"]


def test_bands_that_no_arm_reads_are_not_read():
    class Unread:
        shape = CORPUS.band_series.shape

        def __getitem__(self, rows):
            raise AssertionError("nobody reads bands")

    planned = tasks(options(logistic=ARMS["logistic"]), replace(CORPUS, band_series=Unread()))
    planned["logistic"].make()


@pytest.mark.parametrize(
    ("arm", "message"),
    [
        (
            {"kind": "linear", "input": "embeddings"},
            "arm peer: .* reads a file of embeddings; name",
        ),
        (
            {"kind": "linear", "input": "bands", "file": "a.npz"},
            "its file a.npz is read with input embeddings, embeddings_with_series, .* got bands",
        ),
    ],
)
def test_arms_and_files_belong_together(arm, message):
    with pytest.raises(ValueError, match=message):
        Arm.from_parameters("peer", arm)


@pytest.mark.parametrize("kind", ["network", "rocket"])
def test_kinds_that_read_series_refuse_embeddings_before_anything_is_trained(kind):
    peer = {"kind": kind, "input": "embeddings", "file": "theirs.npz"}
    message = f"arms.peer.kind: {kind} cannot read embeddings .*; take knn, linear, svm, forest"
    with pytest.raises(ValueError, match=message):
        check_samples(CORPUS, CLASSES, options(peer=peer))


def test_a_file_is_looked_at_before_anything_is_trained(tmp_path):
    peer = {"kind": "linear", "input": "embeddings", "file": str(tmp_path / "nowhere.npz")}
    with pytest.raises(FileNotFoundError, match="no file of embeddings"):
        check_samples(CORPUS, CLASSES, options(peer=peer))


def test_a_corpus_without_bands_says_so():
    with pytest.raises(ValueError, match="reads the bands, and there are no series of them"):
        tasks(options(**ARMS), BARE)
