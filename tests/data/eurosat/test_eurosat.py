import hashlib
import shutil
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
import rasterio
from PIL import Image

from pimc.data.eurosat.images import CLASSES, KINDS, EuroSatOptions, open_eurosat
from pimc.data.eurosat.list_sets import LIST_SETS, LISTS, add_title
from pimc.data.simulation import eurosat as simulate_eurosat
from pimc.data.simulation.land_use import LAYOUTS


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("eurosat")
    simulate_eurosat.write_eurosat(folder, images_per_class=5, seed=0)
    return folder


@pytest.fixture
def folder(written, tmp_path):
    return Path(shutil.copytree(written, tmp_path / "eurosat"))


def zip_images(folder, archive, below):
    with ZipFile(archive, "w") as file:
        for path in sorted((folder / "EuroSAT_RGB").rglob("*.jpg")):
            file.write(path, f"{below}/{path.parent.name}/{path.name}")


def read(eurosat):
    return np.concatenate(list(eurosat.read()))


def test_classes_and_bands_are_those_of_the_look_alike():
    assert sorted(LAYOUTS) == list(CLASSES)
    assert KINDS["multispectral"].bands == simulate_eurosat.BANDS
    assert KINDS["multispectral"].bands[-1] == "B8A"


def test_rgb_images_follow_the_lists(folder):
    eurosat = open_eurosat(EuroSatOptions(str(folder)))
    lists = {
        split: (folder / f"eurosat-{name}.txt").read_text().split()
        for split, name in (("train", "train"), ("validation", "val"), ("test", "test"))
    }
    expected = [name for names in lists.values() for name in names]
    assert [f"{name}.jpg" for name in eurosat.names] == expected
    assert list(eurosat.splits) == [split for split, names in lists.items() for _ in names]
    images = read(eurosat)
    assert (images.shape, images.dtype) == ((50, 3, 64, 64), np.uint8)
    for number in (0, 17, 49):
        label = CLASSES[eurosat.labels[number]]
        assert expected[number].startswith(f"{label}_")
        with Image.open(folder / "EuroSAT_RGB" / label / expected[number]) as image:
            np.testing.assert_array_equal(images[number], np.asarray(image).transpose(2, 0, 1))


def test_multispectral_images_keep_every_value_and_the_files_band_order(folder):
    eurosat = open_eurosat(EuroSatOptions(str(folder), kind="multispectral"))
    images = read(eurosat)
    assert (images.shape, images.dtype) == ((50, 13, 64, 64), np.uint16)
    name = eurosat.names[7]
    class_name, number = name.split("_")
    made = simulate_eurosat.simulate_image(class_name, int(number), seed=0)
    np.testing.assert_array_equal(images[7], made.values)


@pytest.mark.parametrize("below", ["EuroSAT_RGB", "2750", "deep/2750"])
def test_archive_and_folder_give_the_same(folder, tmp_path, below):
    loose = open_eurosat(EuroSatOptions(str(folder)))
    archive = tmp_path / "zipped" / "EuroSAT.zip"
    archive.parent.mkdir()
    zip_images(folder, archive, below)
    for split in ("train", "val", "test"):
        shutil.copy(folder / f"eurosat-{split}.txt", archive.parent)
    for path in (archive, archive.parent):
        zipped = open_eurosat(EuroSatOptions(str(path)))
        np.testing.assert_array_equal(read(zipped), read(loose))
        np.testing.assert_array_equal(zipped.labels, loose.labels)


def test_images_beside_an_archive_do_not_hide_it(folder, caplog):
    caplog.set_level("INFO")
    loose = open_eurosat(EuroSatOptions(str(folder)))
    expected = read(loose)
    zip_images(folder, folder / "EuroSAT_RGB.zip", "2750")
    # unpacked beside the archive: the folder counts
    assert open_eurosat(EuroSatOptions(str(folder))).fingerprint == loose.fingerprint
    kept = folder / "EuroSAT_RGB" / "Forest" / "Forest_1.jpg"
    (folder / "preview.jpg").write_bytes(kept.read_bytes())
    for path in (folder / "EuroSAT_RGB").rglob("*.jpg"):
        if path != kept:
            path.unlink()
    for _ in range(2):  # one image of a class left, then none
        np.testing.assert_array_equal(read(open_eurosat(EuroSatOptions(str(folder)))), expected)
        kept.unlink(missing_ok=True)
    assert "left alone, in no folder of a class: preview.jpg" in caplog.text
    assert "from EuroSAT_RGB.zip" in caplog.text


def test_grey_images_are_refused_or_named(folder, caplog):
    name = (folder / "eurosat-train.txt").read_text().split()[0]
    path = next((folder / "EuroSAT_RGB").rglob(name))
    Image.new("L", (64, 64), 90).save(path)
    with pytest.raises(ValueError, match=rf"{name} cannot be read as an image: .* mode L"):
        read(open_eurosat(EuroSatOptions(str(folder))))
    Image.new("RGB", (64, 64), (90, 90, 90)).save(path)
    read(open_eurosat(EuroSatOptions(str(folder))))
    assert "1 of 50 images are grey" in caplog.text


def test_lists_may_lie_elsewhere(folder, tmp_path):
    (tmp_path / "mine.txt").write_text("River_3.jpg\nForest_1.jpg\n")
    (tmp_path / "none.txt").write_text("River_5.jpg")
    (tmp_path / "last.txt").write_text("River_4.jpg")
    lists = (str(tmp_path / f"{name}.txt") for name in ("mine", "none", "last"))
    eurosat = open_eurosat(EuroSatOptions(str(folder), "rgb", *lists))
    assert list(eurosat.names) == ["River_3", "Forest_1", "River_5", "River_4"]
    assert eurosat.labels.tolist() == [8, 1, 8, 8]


SPATIAL = ("eurosat-spatial-train.txt", "eurosat-spatial-val.txt", "eurosat-spatial-test.txt")


def write_spatial(folder, train, validation, test):
    """The longitude split's lists, of images by their numbers in all classes."""
    for name, numbers in zip(SPATIAL, (train, validation, test), strict=True):
        lines = [f"{each}_{n}.tif" for n in numbers for each in CLASSES]
        (folder / name).write_text("\n".join(lines))


@pytest.mark.parametrize(("kind", "bands"), [("rgb", 3), ("multispectral", 13)])
def test_the_split_by_longitude_has_lists_of_its_own(folder, kind, bands):
    write_spatial(folder, (4, 5), (1,), (2, 3))
    eurosat = open_eurosat(EuroSatOptions(str(folder), kind, split="spatial"))
    order = ((4, "train"), (5, "train"), (1, "validation"), (2, "test"), (3, "test"))
    assert list(eurosat.names) == [f"{name}_{n}" for n, _ in order for name in CLASSES]
    assert list(eurosat.splits) == [split for _, split in order for _ in CLASSES]
    assert read(eurosat).shape == (50, bands, 64, 64)
    official = open_eurosat(EuroSatOptions(str(folder), kind))
    assert (eurosat.split, official.split) == ("spatial", "official")
    assert eurosat.fingerprint != official.fingerprint
    (folder / SPATIAL[1]).unlink()
    with pytest.raises(FileNotFoundError, match=r"no list of EuroSAT images at .*spatial-val"):
        open_eurosat(EuroSatOptions(str(folder), kind, split="spatial"))


def test_lists_of_the_split_by_longitude_are_held_against_their_checksums(
    folder, monkeypatch, caplog
):
    write_spatial(folder, (1, 2, 3), (4,), (5,))
    open_eurosat(EuroSatOptions(str(folder)))
    assert "SHA-256" not in caplog.text
    sums = [hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in SPATIAL]
    published = replace(LIST_SETS["spatial"], sha256=(sums[0], LIST_SETS["spatial"].sha256[1]))
    monkeypatch.setitem(LIST_SETS, "spatial", published)
    open_eurosat(EuroSatOptions(str(folder), split="spatial"))
    (message,) = (each for each in caplog.messages if "SHA-256" in each)
    assert message.startswith(f"{folder / SPATIAL[1]} is not the list that was published")
    assert f"expected SHA-256 {published.sha256[1]}, got {sums[1]}" in message
    assert "https://hf.co/datasets/torchgeo/eurosat/resolve/" in message and SPATIAL[1] in message


def test_a_set_of_lists_is_known_by_the_names_of_its_files(tmp_path):
    def of(**given):
        return EuroSatOptions(str(tmp_path), **given).list_set

    assert of() == of(test="/elsewhere/eurosat-test.txt") == "official"
    assert of(test="mine.txt") == of(split="spatial", train="mine.txt") == "own"
    assert of(**dict(zip(LISTS, SPATIAL, strict=True))) == of(split="spatial") == "spatial"
    with pytest.raises(ValueError, match="split must be official or spatial, got 'longitude'"):
        of(split="longitude")


def test_the_name_of_data_says_the_split():
    assert add_title("EuroSAT", "official") == "EuroSAT"
    assert add_title("EuroSAT", "spatial") == "EuroSAT, split by longitude"
    assert add_title("EuroSAT", "own") == "EuroSAT, own lists"


def test_the_fingerprint_knows_lists_kind_and_files(folder):
    first = open_eurosat(EuroSatOptions(str(folder))).fingerprint
    assert open_eurosat(EuroSatOptions(str(folder))).fingerprint == first
    assert open_eurosat(EuroSatOptions(str(folder), kind="multispectral")).fingerprint != first
    names = (folder / "eurosat-test.txt").read_text().split()
    (folder / "eurosat-test.txt").write_text("\n".join(names[:-1]))
    second = open_eurosat(EuroSatOptions(str(folder))).fingerprint
    assert second != first
    changed = next((folder / "EuroSAT_RGB").rglob(names[0]))
    changed.write_bytes(changed.read_bytes() + b" ")
    assert open_eurosat(EuroSatOptions(str(folder))).fingerprint != second


def test_a_name_without_an_image_is_named(folder):
    (folder / "EuroSAT_RGB" / "River" / "River_2.jpg").unlink()
    with pytest.raises(ValueError, match=r"images that are not there: River_2; put"):
        open_eurosat(EuroSatOptions(str(folder)))


def test_overlapping_lists_are_refused(folder):
    name = (folder / "eurosat-train.txt").read_text().split()[0]
    with (folder / "eurosat-test.txt").open("a") as file:
        file.write(name)
    with pytest.raises(ValueError, match=f"the train and test lists share {Path(name).stem}$"):
        open_eurosat(EuroSatOptions(str(folder)))


def test_two_images_of_one_name_are_refused(folder):
    shutil.copytree(folder / "EuroSAT_RGB", folder / "2750")
    with pytest.raises(ValueError, match=r"two images of the name .*2750/.* and EuroSAT_RGB/"):
        open_eurosat(EuroSatOptions(str(folder)))


def test_images_of_another_size_or_type_are_refused(folder):
    train = [Path(name).stem for name in (folder / "eurosat-train.txt").read_text().split()]
    rgb = folder / "EuroSAT_RGB" / train[0].split("_")[0] / f"{train[0]}.jpg"
    Image.new("RGB", (64, 32)).save(rgb)
    with pytest.raises(
        ValueError, match=r"expected 3 bands of 64 x 64 uint8, got .* \(3, 32, 64\)"
    ):
        read(open_eurosat(EuroSatOptions(str(folder))))
    rgb.write_bytes(b"no image")
    with pytest.raises(ValueError, match=f"{rgb.name} cannot be read as an image"):
        read(open_eurosat(EuroSatOptions(str(folder))))
    tif = folder / "EuroSAT_MS" / train[0].split("_")[0] / f"{train[0]}.tif"
    shape = {"count": 10, "height": 64, "width": 64, "dtype": "uint16"}
    with rasterio.open(tif, "w", driver="GTiff", **shape) as file:
        file.write(np.ones((10, 64, 64), np.uint16))
    with pytest.raises(ValueError, match="expected 13 bands of 64 x 64 uint16"):
        read(open_eurosat(EuroSatOptions(str(folder), kind="multispectral")))


def test_nothing_there(tmp_path):
    with pytest.raises(ValueError, match="rgb or multispectral, got kind 'ms'"):
        EuroSatOptions(str(tmp_path), kind="ms")
    with pytest.raises(FileNotFoundError, match=r"no EuroSAT in .*nowhere"):
        open_eurosat(EuroSatOptions(str(tmp_path / "nowhere")))
    for number, split in enumerate(("train", "val", "test")):
        (tmp_path / f"eurosat-{split}.txt").write_text(f"River_{number}.jpg")
    with pytest.raises(FileNotFoundError, match=r"no rgb images in .*expected <class>/<name>.jpg"):
        open_eurosat(EuroSatOptions(str(tmp_path)))
    (tmp_path / "cut.zip").write_bytes(b"PK")
    with pytest.raises(ValueError, match=r"cut.zip is no zip archive"):
        open_eurosat(EuroSatOptions(str(tmp_path)))
