import json
from dataclasses import fields, replace

import numpy as np
import pytest
from kedro.io import DatasetError

from pimc.catalog.sharded import SampleShards, ShardedArrayManifest, read_shard, write_shard
from pimc.signal.patch_sample import PatchSample, SampleTask
from pimc.signal.sharded_array import ShardedArray


def sample(patch_id="10", times=4, pixels=3, seed=0):
    rng = np.random.default_rng(seed)
    return PatchSample(
        patch_id=patch_id,
        place="t31",
        bands=("B02", "B04"),
        origin=(5, 7),
        substitutions={"B08": "B8A"},
        pixels=rng.integers(0, 9, (pixels, 5)).astype(np.int32),
        days=np.arange(times, dtype=np.int32),
        reflectance=rng.integers(0, 9999, (pixels, times, 2)).astype(np.int16),
        frames=rng.integers(0, 9999, (2, 2, 6, 6)).astype(np.int16),
        frame_acquisitions=np.array([0, 2], np.int32),
        frame_clear=np.array([1.0, 0.5], np.float32),
        reading={"numbers": {"2021-06-01": "x 1 -1000"}},
        removed={"no-data value": 3},
    )


def assert_same(one, other):
    for field in fields(PatchSample):
        np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name))


def test_shard_round_trip_is_memory_mapped(tmp_path):
    write_shard(tmp_path / "s.safetensors", sample())
    loaded = read_shard(tmp_path / "s.safetensors")
    assert_same(loaded, sample())
    assert isinstance(loaded.frames, np.memmap)


def test_shard_without_images_round_trips(tmp_path):
    bare = replace(
        sample(),
        frames=np.empty((0, 2, 6, 6), np.int16),
        frame_acquisitions=np.empty(0, np.int32),
        frame_clear=np.empty(0, np.float32),
    )
    write_shard(tmp_path / "s.safetensors", bare)
    assert_same(read_shard(tmp_path / "s.safetensors"), bare)


def test_samples_on_disk_are_not_made_again(tmp_path):
    made = []

    def task(patch_id, key="k1"):
        return SampleTask(key, lambda: made.append(patch_id) or sample(patch_id))

    store = SampleShards(str(tmp_path))
    store.save({"1": task("1")})
    store.save({"1": task("1"), "2": task("2")})
    assert made == ["1", "2"]
    assert list(store.load()) == ["1", "2"]
    store.save({"2": task("2", "k2")})
    assert made == ["1", "2", "2"]
    assert list(store.load()) == ["2"]
    assert len(list(tmp_path.glob("*.safetensors"))) == 1


def test_a_cut_ingestion_keeps_what_was_made_and_the_old_manifest(tmp_path):
    store = SampleShards(str(tmp_path))
    store.save({"1": SampleTask("a", lambda: sample("1"))})

    def fail():
        raise RuntimeError("power cut")

    with pytest.raises(DatasetError):
        store.save({"2": SampleTask("b", lambda: sample("2")), "3": SampleTask("b", fail)})
    assert list(store.load()) == ["1"]
    again = {"2": SampleTask("b", fail), "3": SampleTask("b", lambda: sample("3"))}
    store.save(again)  # 2 was made before the cut
    assert list(store.load()) == ["2", "3"]


def test_manifest_of_a_sharded_array_copies_nothing_and_survives_a_move(tmp_path):
    before, after = tmp_path / "before", tmp_path / "after"
    for number, times in enumerate((4, 3)):
        shard = sample(str(number), times, seed=number)
        (before / "shards").mkdir(parents=True, exist_ok=True)
        write_shard(before / "shards" / f"{number}.safetensors", shard)
    parts = [read_shard(path).reflectance for path in sorted((before / "shards").iterdir())]
    array = ShardedArray(parts, fill=-1)
    ShardedArrayManifest(str(before / "x.json")).save(array)
    expected = array[:]
    before.rename(after)
    loaded = ShardedArrayManifest(str(after / "x.json")).load()
    np.testing.assert_array_equal(loaded[:], expected)
    assert all(isinstance(shard, np.memmap) for shard in loaded.shards)


def test_arrays_in_memory_have_no_manifest(tmp_path):
    with pytest.raises(DatasetError, match="memory-mapped"):
        ShardedArrayManifest(str(tmp_path / "x.json")).save(ShardedArray([np.ones((2, 2))]))


def test_previews_tell_what_is_held(tmp_path):
    shards = SampleShards(str(tmp_path / "samples"))
    shards.save({"10": SampleTask("k", sample)})
    shown = json.loads(shards.preview())
    assert (shown["patches"], shown["first"]) == (1, ["10"])
    (stored,) = shards.load().values()
    manifest = ShardedArrayManifest(str(tmp_path / "joined.json"))
    manifest.save(ShardedArray([stored.frames], -1, stored.bands))
    described = json.loads(manifest.preview())
    assert described["bands"] == list(stored.bands) and described["parts"] == 1
    assert described["shape"] == list(stored.frames.shape)


def test_no_patch_leads_out_of_the_folder(tmp_path):
    store = SampleShards(str(tmp_path / "deep/samples"))
    tasks = {
        patch: SampleTask("k", lambda patch=patch: sample(patch)) for patch in ("../../x", "a/b")
    }
    store.save(tasks)
    assert list(store.load()) == ["../../x", "a/b"]
    assert [path.name for path in tmp_path.iterdir()] == ["deep"]
    assert len(list((tmp_path / "deep/samples").iterdir())) == 3
