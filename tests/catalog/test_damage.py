"""Whatever has happened to what is kept under a key: the same command makes it again, and says so.

Stores: shards, results, encoders, images, checkpoints. Damage: cut, flipped, empty, other content,
another's under the name, a folder, a pipe or a broken link in its place.
"""

import json
from dataclasses import dataclass, fields
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
import torch
from cases.damage import CONTENT, PLACE
from test_encoders_by_key import CONFIG
from test_encoders_by_key import task as encoder_task
from test_results import task as result_task
from test_sharded import sample

from pimc.catalog.encoders_by_key import EncodersByKey
from pimc.catalog.land_images import LandImageArray
from pimc.catalog.results import ArmResults
from pimc.catalog.sharded import SampleShards
from pimc.data.eurosat.images import EuroSat, EuroSatOptions, open_eurosat
from pimc.data.kept import is_kept
from pimc.data.simulation.eurosat import write_eurosat
from pimc.model.architecture import Architecture
from pimc.model.encoder_config import ImageEncoderConfig
from pimc.model.encoders import ImageEncoder, SeriesEncoder
from pimc.pretraining.callbacks import check_checkpoint
from pimc.pretraining.kept_encoder import TrainedEncoder
from pimc.signal.patch_sample import SampleTask

IMAGES = ImageEncoderConfig(Architecture((8,)), ("B04",), (0.1,), (0.2,))


@dataclass
class Store:
    """Two things a store keeps, and how often it has made any."""

    folder: object
    save: object
    load: object
    made: list
    pattern: str

    def files(self):
        return sorted(self.folder.glob(self.pattern))


def shards(folder):
    made, store = [], SampleShards(str(folder))

    def make(patch):
        made.append(patch)
        return sample(patch, seed=int(patch))

    def load():
        return [each.reflectance.tolist() for each in store.load().values()]

    tasks = {patch: SampleTask("key", partial(make, patch)) for patch in ("1", "2")}
    return Store(folder, partial(store.save, tasks), load, made, "*.safetensors")


def results(folder):
    made, store = [], ArmResults(str(folder))

    def load():
        return [(each.arm, each.result.arrays["test"].tolist()) for each in store.load()]

    tasks = {name: result_task(name, calls=made) for name in ("a", "b")}
    return Store(folder, partial(store.save, tasks), load, made, "*.safetensors")


def encoders(part, folder):
    made, store = [], EncodersByKey(str(folder / "x.encoders"))

    def make(seed, log):
        made.append(seed)
        torch.manual_seed(seed)
        history = pd.DataFrame({"epoch": [0]})
        images = ImageEncoder(IMAGES)
        return TrainedEncoder(SeriesEncoder(CONFIG), history, {"seconds": 1.0}, image=images)

    def load():
        pairs = [(kept.load(), kept.image.load()) for kept in store.load().values()]
        return [next(each.parameters()).tolist() for pair in pairs for each in pair]

    tasks = [encoder_task(f"v{seed}", f"k{seed}", make=partial(make, seed)) for seed in (1, 2)]
    save = partial(store.save, {each.run.name: each for each in tasks})
    return Store(folder, save, load, made, f"encoders/k?/{part}")


@cache
def raw_images():
    """Images that are read and never damaged; the folder goes when the tests have ended."""
    folder = TemporaryDirectory()
    write_eurosat(Path(folder.name), images_per_class=5, seed=0)
    return folder


def images(folder):
    made, store = [], LandImageArray(str(folder / "images"))
    source = open_eurosat(EuroSatOptions(raw_images().name))

    class Watched(EuroSat):
        def read(self):
            made.append(len(self))
            return super().read()

    def load():
        return store.load().images.tolist()

    watched = Watched(**{each.name: getattr(source, each.name) for each in fields(source)})
    return Store(folder, partial(store.save, watched), load, made, "images/*.npy")


STORES = {
    "shards": shards,
    "results": results,
    "weights": partial(encoders, "weights.safetensors"),
    "configuration": partial(encoders, "encoder.json"),
    "training": partial(encoders, "training.json"),
    "image weights": partial(encoders, "image/weights.safetensors"),
    "image configuration": partial(encoders, "image/encoder.json"),
    "images": images,
}


DAMAGE = {**CONTENT, **PLACE}
"""What happens to a file; it may also become another's."""


def do(damage, path, other):
    if damage == "another's":
        path.write_bytes(other)
    else:
        DAMAGE[damage](path)


@pytest.mark.parametrize("damage", [*DAMAGE, "another's"])
@pytest.mark.parametrize("name", STORES)
def test_what_is_damaged_is_made_again(tmp_path, caplog, name, damage):
    store = STORES[name](tmp_path)
    store.save()
    expected, before = store.load(), len(store.made)
    store.save()
    assert len(store.made) == before  # whole: nothing is made
    first, *others = store.files()
    other = others[0].read_bytes() if others else np.lib.format.magic(1, 0)
    do(damage, first, other)
    store.save()
    assert len(store.made) == before + 1
    assert "it was set aside as" in caplog.text and ".damaged" in caplog.text
    assert store.load() == expected
    store.save()
    assert len(store.made) == before + 1


@pytest.mark.parametrize("damage", [*DAMAGE, "another's"])
def test_a_damaged_checkpoint_is_set_aside(tmp_path, damage, caplog):
    paths = [tmp_path / key / "last.ckpt" for key in ("one", "two")]
    weights = torch.rand(300)
    for path in paths:
        path.parent.mkdir()
        torch.save({"run": path.parent.name, "weights": weights}, path)
        assert is_kept(path, check_checkpoint)
    do(damage, paths[0], paths[1].read_bytes())
    if is_kept(paths[0], check_checkpoint):  # zip has bytes that nobody reads
        assert damage in ("a byte more", "byte of the header", "last byte but one")
        assert torch.equal(torch.load(paths[0])["weights"], weights)
    else:
        assert "last.ckpt.damaged" in caplog.text
        assert not is_kept(paths[0], check_checkpoint)


@pytest.mark.parametrize("name", ["shards", "results"])
def test_what_was_kept_before_digests_stays_and_is_made_again_if_it_is_cut(tmp_path, name):
    from safetensors import safe_open
    from safetensors.numpy import save_file

    store = STORES[name](tmp_path)
    store.save()
    expected, before = store.load(), len(store.made)
    for path in store.files():
        with safe_open(path, framework="numpy") as file:
            facts = {k: v for k, v in file.metadata().items() if k not in ("file", "digest")}
            arrays = {key: file.get_tensor(key) for key in file.keys()}
        save_file(arrays, path, metadata=facts)
    names = [path.name for path in store.files()]
    (tmp_path / "manifest.json").write_text(json.dumps(names))
    assert store.load() == expected
    store.save()
    assert len(store.made) == before
    store.files()[0].write_bytes(store.files()[0].read_bytes()[:-1])
    store.save()
    assert len(store.made) == before + 1
    assert store.load() == expected


NEW = ("digest", "sum", "key", "stamp")
"""What JSON of before does not state, but for the digest of a training's encoder."""


@pytest.mark.parametrize("name", ["weights", "images"])
def test_json_of_before_stays_and_what_it_speaks_of_is_made_again_if_it_is_cut(tmp_path, name):
    store = STORES[name](tmp_path)
    store.save()
    expected, before = store.load(), len(store.made)
    for path in tmp_path.rglob("*.json"):
        facts = json.loads(path.read_text())
        if isinstance(facts, dict):
            new = NEW[1:] if path.name == "training.json" else NEW
            path.write_text(json.dumps({k: v for k, v in facts.items() if k not in new}))
    assert store.load() == expected
    store.save()
    assert len(store.made) == before
    store.files()[0].write_bytes(store.files()[0].read_bytes()[:-1])
    store.save()
    assert len(store.made) == before + 1
    assert store.load() == expected


def test_a_shard_that_its_manifest_knows_is_not_read_again(tmp_path, monkeypatch):
    store = shards(tmp_path)
    store.save()
    store.save()
    monkeypatch.setattr("pimc.catalog.sharded.read_tensors", None)
    store.save()
    store.files()[0].touch()
    with pytest.raises(Exception, match="not callable"):
        store.save()


@pytest.mark.parametrize("name", STORES)
def test_a_manifest_that_is_damaged_is_told_and_written_again(tmp_path, name):
    store = STORES[name](tmp_path)
    store.save()
    expected = store.load()
    found = [*tmp_path.rglob("manifest.json"), *tmp_path.rglob("images.json")]
    (path,) = found
    path.write_text("[{")
    with pytest.raises(Exception, match=rf"{path.name}: expected JSON.*again"):
        store.load()
    store.save()
    assert store.load() == expected
