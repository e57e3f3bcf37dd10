"""Blocks of a map: made once, whole or not at all, and again where something is other."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
from cases.maps import exact, make_store, one_thread, plan, write_crops

from pimc.compute.options import ComputeOptions
from pimc.compute.pieces import PieceError
from pimc.data.tensor_file import read_tensors
from pimc.mapping.blocks import BlockPlace, BlockStore, make_all, make_missing
from pimc.mapping.options import MapOptions

CODES = np.random.default_rng(0).integers(0, 3, (20, 40))
BLOCKS = 2 * 3


class Counting:
    """An embedder that counts its calls, and breaks off after some."""

    def __init__(self, embedder, most=BLOCKS):
        self.embedder, self.calls, self.most = embedder, 0, most

    projection = None

    @property
    def size(self):
        return self.embedder.size

    def embed(self, made):
        if self.calls == self.most:
            raise KeyboardInterrupt
        self.calls += 1
        return self.embedder.embed(made)


def counted(blocks, most=BLOCKS):
    return replace(blocks, embedder=Counting(blocks.embedder, most))


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    return write_crops(tmp_path_factory.mktemp("stack") / "farm", CODES)


@pytest.fixture(scope="module")
def undisturbed(stack, tmp_path_factory):
    with one_thread():
        return make_store(tmp_path_factory.mktemp("blocks"), plan(stack))


@pytest.fixture
def store(undisturbed, tmp_path):
    """The undisturbed blocks, in a folder of their own."""
    shutil.copytree(undisturbed.folder, tmp_path / "blocks")
    return BlockStore(tmp_path / "blocks", undisturbed.blocks)


def digests(store):
    """Of all blocks by their names, each compared with its content."""
    files = sorted(store.path.glob("*.safetensors"))
    return {path.name: read_tensors(path)[0]["digest"] for path in files}


def test_there_is_one_file_a_block(undisturbed):
    assert list(digests(undisturbed)) == [
        f"r{row:06d}_c{col:06d}.safetensors" for row in (0, 16) for col in (0, 16, 32)
    ]
    corner = undisturbed.read(undisturbed.window_at(16, 32))
    assert corner.embedding.shape == (4 * 8, 12) and corner.embedding.dtype == np.int8
    assert corner.scale.shape == corner.observations.shape == (32,)
    assert (
        sum(block.window.size for block in undisturbed) == CODES.size == undisturbed.blocks.pixels
    )


def test_a_block_that_is_there_is_not_made_again(store):
    again = BlockStore(store.folder, counted(store.blocks))
    times = [path.stat().st_mtime_ns for path in sorted(store.path.iterdir())]
    assert list(make_missing(again)) == [] and again.blocks.embedder.calls == 0
    assert [path.stat().st_mtime_ns for path in sorted(store.path.iterdir())] == times


def truncate(path):
    path.write_bytes(path.read_bytes()[:-5])


def flip(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def empty(path):
    path.write_bytes(b"")


def rename(path):
    """Another block's content under its name."""
    shutil.copy(path.with_name("r000000_c000000.safetensors"), path)


@pytest.mark.parametrize("damage", [truncate, flip, empty, rename])
def test_a_damaged_block_is_set_aside_and_made_again(store, undisturbed, damage, caplog):
    window = store.window_at(16, 16)
    damage(store.file(window))
    again = BlockStore(store.folder, counted(store.blocks))
    assert list(make_missing(again)) == [window]
    assert store.file(window).with_name("r000016_c000016.safetensors.damaged").exists()
    assert "it was set aside" in caplog.text
    assert digests(store) == digests(undisturbed)


@pytest.mark.parametrize("done", [0, 1, BLOCKS - 1])
def test_a_cut_run_goes_on_and_equals_one_that_was_not(undisturbed, tmp_path, done):
    cut = BlockStore(tmp_path, counted(undisturbed.blocks, most=done))
    told = []
    with pytest.raises(KeyboardInterrupt):
        for window in make_missing(cut):
            told.append(window)
            assert cut.file(window).exists()  # what is told is on disk
    assert done - 1 <= len(told) <= done
    whole = digests(undisturbed)
    if done:
        assert digests(cut) == dict(list(whole.items())[:done])
    second = BlockStore(tmp_path, counted(undisturbed.blocks))
    assert list(make_missing(second)) == list(undisturbed.blocks.windows)[done:]
    assert second.blocks.embedder.calls == BLOCKS - done
    assert digests(second) == whole


def test_a_reader_that_fails_ends_the_run(stack, tmp_path):
    shutil.copytree(stack, tmp_path / "farm")
    blocks = plan(tmp_path / "farm")
    (tmp_path / "farm/S2_20210605.tif").unlink()
    with pytest.raises(ValueError, match=r"S2_20210605\.tif"):
        list(make_missing(BlockStore(tmp_path / "blocks", blocks)))


@pytest.mark.slow  # each worker imports torch
def test_workers_make_the_same_blocks_of_several_places_and_none_twice(
    undisturbed, tmp_path, scheduler
):
    place = BlockPlace(tmp_path / "blocks", ComputeOptions(scheduler))
    renamed = replace(undisturbed.blocks.ground.place, name="other")
    other = replace(undisturbed.blocks, ground=replace(undisturbed.blocks.ground, place=renamed))
    stores = [BlockStore(place.folder, blocks) for blocks in (undisturbed.blocks, other)]
    first = undisturbed.blocks.windows[0]
    stores[0].path.mkdir(parents=True)
    shutil.copy(undisturbed.file(first), stores[0].file(first))
    told = []
    make_all([(store, store.missing()) for store in stores], place, told.append)
    assert len(told) == 2 * BLOCKS - 1 and told.count(first) == 1
    for store in stores:
        assert store.missing() == [] and digests(store) == digests(undisturbed)


@pytest.mark.slow
def test_a_worker_that_fails_names_the_block(stack, tmp_path, scheduler):
    shutil.copytree(stack, tmp_path / "farm")
    store = BlockStore(tmp_path / "blocks", plan(tmp_path / "farm"))
    (tmp_path / "farm/S2_20210605.tif").unlink()
    place = BlockPlace(store.folder, ComputeOptions(scheduler))
    with pytest.raises(PieceError, match=r"farm_2021.*r000000_c0000.*S2_20210605\.tif"):
        make_all([(store, store.missing()[:1])], place, lambda window: None)


def test_the_key_is_the_same_for_what_does_not_change_blocks(undisturbed, stack):
    blocks = undisturbed.blocks
    for other in (
        plan(stack),
        replace(blocks, options=replace(blocks.options, smoothing=3, smoothness=5.0)),
        replace(blocks, options=replace(blocks.options, like="1:2", inverse_decay=(1.0,))),
        replace(blocks, options=replace(blocks.options, device="cpu", seed=9)),
    ):
        assert other.key == blocks.key


def test_the_key_changes_with_whatever_changes_blocks(undisturbed, stack, tmp_path):
    blocks = undisturbed.blocks
    axes, mean = np.eye(12, 3, dtype=np.float32), np.zeros(12, np.float32)
    ground = blocks.ground
    calendar = replace(ground.recipe.calendar, min_observations=5)
    screening = replace(ground.recipe.screening, window=30)
    others = {
        "encoder": replace(blocks, encoder="another"),
        "season": replace(blocks, ground=replace(ground, season=ground.season - 365)),
        "calendar": replace(
            blocks, ground=replace(ground, recipe=replace(ground.recipe, calendar=calendar))
        ),
        "screening": replace(
            blocks, ground=replace(ground, recipe=replace(ground.recipe, screening=screening))
        ),
        "components": plan(stack, projection=(axes, mean)),
        "other components": plan(stack, projection=(axes, mean + 1)),
        "offset": plan(stack, offset=-1000),
    }
    changes = {
        "stored_as": "float32",
        "block": 32,
        "branch": "series",
        "precision": "bf16",
    }
    for name, value in changes.items():
        others[name] = replace(blocks, options=replace(blocks.options, **{name: value}))
    copied = shutil.copytree(stack, tmp_path / "farm")
    write_crops(copied, (CODES + 1) % 3)
    others["files"] = plan(copied)
    keys = {name: each.key for name, each in others.items()}
    assert len({blocks.key, *keys.values()}) == len(keys) + 1, keys


def test_blocks_in_float32_are_the_embedding_itself(stack, undisturbed, tmp_path):
    stored = make_store(tmp_path, plan(stack, options=exact()))
    for block, coded in zip(stored, undisturbed, strict=True):
        assert block.embedding.dtype == np.float32
        np.testing.assert_array_equal(block.scale, 1)
        half = coded.scale[:, None] / 2
        assert (np.abs(block.values - coded.values) <= half * 1.001).all()
        cells = np.array([3, 0, 3])
        np.testing.assert_array_equal(coded.take(cells), coded.values[cells])
        np.testing.assert_array_equal(block.take(cells), block.values[cells])


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("stored_as", "int16", "mapping.stored_as must be int8 or float32, got 'int16'"),
        ("branch", "plots", "mapping.branch must be both or series"),
        ("precision", "fp16", "mapping.precision must be float32 or bf16"),
        ("device", "tpu", "mapping.device must be auto or cpu or cuda"),
        ("dimensions", 0, "mapping.dimensions must be at least 1, got 0"),
        ("smoothing", 4, "mapping.smoothing must be odd, 1 for none, got 4"),
        ("smoothing", -1, "mapping.smoothing must be odd"),
        ("smoothness", 0.0, "mapping.smoothness must be above 0"),
        ("block", 24, "mapping.block must be a multiple of 16, got 24"),
        ("block", 0, "mapping.block must be a multiple of 16, got 0"),
        ("inverse_decay", (), "mapping.inverse_decay must be values above 0"),
        ("inverse_decay", (1.0, 0.0), "mapping.inverse_decay must be values above 0"),
    ],
)
def test_options_that_are_wrong_are_told(option, value, said):
    with pytest.raises(ValueError, match=said):
        MapOptions(**{option: value})
