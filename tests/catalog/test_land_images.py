import json
from dataclasses import replace

import numpy as np
import pytest
from kedro.io import DatasetError

from pimc.catalog.land_images import EuroSatImages, LandImageArray, SimulatedEuroSat
from pimc.data.eurosat.images import CLASSES, EuroSat, EuroSatOptions, open_eurosat
from pimc.data.simulation.eurosat import write_eurosat


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("eurosat")
    write_eurosat(folder, images_per_class=5, seed=0)
    return folder


def test_the_catalog_reads_what_the_reader_reads(folder):
    dataset = EuroSatImages(path=str(folder), kind="multispectral")
    direct = open_eurosat(EuroSatOptions(str(folder), "multispectral"))
    assert dataset.load().fingerprint == direct.fingerprint
    assert "kind='multispectral'" in str(dataset) and "split='official'" in str(dataset)
    with pytest.raises(DatasetError, match="raw data, which is only read"):
        dataset.save("anything")
    with pytest.raises(ValueError, match="EuroSAT scenes have no option sort"):
        EuroSatImages(path=str(folder), sort=True)


def test_the_look_alike_is_written_once(tmp_path, monkeypatch):
    dataset = SimulatedEuroSat(path=str(tmp_path), images_per_class=5, seed=1)
    first = dataset.load()
    assert len(first) == 50
    monkeypatch.setattr("pimc.catalog.land_images.write_eurosat", None)
    assert dataset.load().fingerprint == first.fingerprint
    with pytest.raises(DatasetError):
        SimulatedEuroSat(path=str(tmp_path), images_per_class=6, seed=1).load()


def test_images_are_decoded_once_and_mapped(folder, tmp_path, monkeypatch):
    source = open_eurosat(EuroSatOptions(str(folder)))
    dataset = LandImageArray(path=str(tmp_path / "images"))
    assert not dataset.exists()
    dataset.save(source)
    assert dataset.exists()
    loaded = dataset.load()
    assert isinstance(loaded.images, np.memmap)
    np.testing.assert_array_equal(loaded.images, np.concatenate(list(source.read())))
    assert (loaded.bands, loaded.names) == (("B04", "B03", "B02"), tuple(source.names))
    np.testing.assert_array_equal(loaded.labels, source.labels)
    assert loaded.names[9].startswith(CLASSES[loaded.labels[9]])
    assert np.unique(loaded.splits, return_counts=True)[1].tolist() == [10, 30, 10]
    with monkeypatch.context() as patch:
        patch.setattr(EuroSat, "read", None)
        dataset.save(source)  # nothing is decoded again
    other = open_eurosat(EuroSatOptions(str(folder), "multispectral"))
    dataset.save(other)
    assert [path.name for path in (tmp_path / "images").glob("*.npy")] == [
        f"images-{other.fingerprint}.npy"
    ]
    assert dataset.load().images.dtype == np.uint16


def test_the_set_of_lists_is_kept_with_the_images(folder, tmp_path):
    for name in ("train", "val", "test"):
        text = (folder / f"eurosat-{name}.txt").read_text()
        (folder / f"eurosat-spatial-{name}.txt").write_text(text)
    dataset = LandImageArray(path=str(tmp_path))
    for split in ("official", "spatial"):
        dataset.save(EuroSatImages(path=str(folder), split=split).load())
        assert dataset.load().split == split
    facts = json.loads((tmp_path / "images.json").read_text())
    # as written before there were several, and before facts were sealed
    before = {name: value for name, value in facts.items() if name not in ("split", "sum")}
    (tmp_path / "images.json").write_text(json.dumps(before))
    assert dataset.load().split == "official"


def test_a_training_list_is_told_by_the_names_of_its_images(folder, tmp_path):
    dataset = LandImageArray(path=str(tmp_path))
    dataset.save(open_eurosat(EuroSatOptions(str(folder))))
    land = dataset.load()
    order = np.random.default_rng(0).permutation(len(land.names))
    shuffled = replace(land, names=tuple(land.names[n] for n in order), splits=land.splits[order])
    assert shuffled.training_list == land.training_list
    moved = land.splits.copy()
    moved[[0, -1]] = moved[[-1, 0]]  # one image of the training list for one of the test list
    assert replace(land, splits=moved).training_list != land.training_list


def test_a_cut_run_leaves_no_images(folder, tmp_path, monkeypatch):
    source = open_eurosat(EuroSatOptions(str(folder)))
    chunk = next(source.read())

    def cut(self):
        yield chunk[:3]
        raise KeyboardInterrupt

    dataset = LandImageArray(path=str(tmp_path))
    with monkeypatch.context() as patch:
        patch.setattr(EuroSat, "read", cut)
        with pytest.raises(KeyboardInterrupt):
            dataset.save(source)
    assert not list(tmp_path.glob("images-*"))
    dataset.save(source)
    assert len(json.loads((tmp_path / "images.json").read_text())["names"]) == 50
