"""Whatever lies in the place of an image, an archive or a list ends in an error with its path."""

import os
import signal
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
import pytest
import rasterio
from PIL import Image

from pimc.data.eurosat.images import EuroSatOptions, open_eurosat
from pimc.data.eurosat.lists import read_list

NAMES = ("River_1", "Forest_1", "River_2")
TIFF = {"driver": "GTiff", "count": 13, "dtype": "uint16", "crs": "EPSG:32632"}
PLACE = rasterio.Affine(10, 0, 0, 0, -10, 0)


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    for name in NAMES:
        place = tmp_path / "images" / name.split("_")[0]
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 255, (64, 64, 3), np.uint8)).save(place / f"{name}.jpg")
        size = {"height": 64, "width": 64, "transform": PLACE}
        with rasterio.open(place / f"{name}.tif", "w", **TIFF, **size) as file:
            file.write(rng.integers(0, 4_000, (13, 64, 64), np.uint16))
    for split, name in zip(("train", "val", "test"), NAMES, strict=True):
        (tmp_path / f"eurosat-{split}.txt").write_text(f"{name}.jpg\n")
    return tmp_path


@pytest.fixture
def no_wait():
    """A reader that waits fails, and does not hang."""

    def stop(*_):
        raise TimeoutError("waited for a file that never ends")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, 20)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def read(folder, kind="rgb"):
    return np.concatenate(list(open_eurosat(EuroSatOptions(str(folder), kind)).read()))


def refused(folder, kind="rgb"):
    with pytest.raises(ValueError) as caught:
        read(folder, kind)
    return str(caught.value)


def image(folder, suffix):
    return folder / f"images/Forest/Forest_1{suffix}"


KINDS = [(".jpg", "rgb", "3 bands of 64 x 64 uint8"), (".tif", "multispectral", "13 bands of 64")]


@pytest.mark.parametrize(("suffix", "kind", "expected"), KINDS)
@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 0.95])
def test_an_image_that_is_cut(folder, suffix, kind, expected, share):
    path = image(folder, suffix)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    message = refused(folder, kind)
    assert message.startswith(f"{path} cannot be read as an image: ")
    assert f"expected {expected}" in message and "(Zenodo, record 7711810)" in message


@pytest.mark.parametrize(("suffix", "kind", "expected"), KINDS)
@pytest.mark.parametrize("other", ["text", "png", "vrt"])
def test_another_file_by_the_name_of_an_image(folder, suffix, kind, expected, other):
    path = image(folder, suffix)
    if other == "png":  # nothing but what the name says is decoded
        Image.new("RGB", (64, 64)).save(path, format="PNG")
    elif other == "vrt":
        path.write_text(
            '<VRTDataset rasterXSize="64" rasterYSize="64"><VRTRasterBand dataType="UInt16" '
            'band="1"/></VRTDataset>'
        )
    else:
        path.write_text("<html>404 Not Found</html>")
    message = refused(folder, kind)
    assert message.startswith(f"{path} cannot be read as an image: ") and expected in message


def test_a_large_image_is_refused_by_its_header(folder):
    path = image(folder, ".jpg")
    content = bytearray(path.read_bytes())
    frame = content.index(b"\xff\xc0")  # baseline: length, precision, rows, columns
    assert content[frame + 5 : frame + 9] == bytes([0, 64, 0, 64])
    content[frame + 5 : frame + 9] = (12_000).to_bytes(2, "big") * 2
    path.write_bytes(content)
    with pytest.warns(Image.DecompressionBombWarning):
        message = refused(folder)
    # decoding it would have found that the data end
    assert message.startswith(f"{path}: expected 3 bands of 64 x 64 uint8, got uint8 of shape (3, ")
    assert "12000, 12000); put the image" in message
    path = image(folder, ".tif")
    size = {"height": 12_000, "width": 12_000, "SPARSE_OK": True, "transform": PLACE}
    with rasterio.open(path, "w", **TIFF, **size):
        pass  # 3.7 GB of zeros, none of them stored
    message = refused(folder, "multispectral")
    assert "expected 13 bands of 64 x 64 uint16, got uint16 of shape (13, 12000, 12000)" in message


def test_a_file_too_large_for_an_image_is_not_read(folder):
    path = image(folder, ".jpg")
    os.truncate(path, 2**40)
    assert refused(folder).startswith(f"{path}: expected an image file, at most 16,777,216 bytes")


@pytest.mark.usefixtures("no_wait")
def test_what_is_no_file_is_not_waited_for(folder):
    path = image(folder, ".jpg")
    content = path.read_bytes()
    path.unlink()
    os.mkfifo(path)
    assert refused(folder).startswith(f"{path}: expected an image file, got a fifo")
    path.unlink()
    path.symlink_to("/dev/zero")
    assert refused(folder).startswith(f"{path}: expected an image file, got a device")
    path.unlink()
    archive = folder / "images.zip"
    os.mkfifo(archive)  # looked into for what does not lie loose
    assert refused(folder).startswith(f"{archive}: expected an archive of EuroSAT's images")
    archive.unlink()
    path.write_bytes(content)
    listed = folder / "eurosat-val.txt"
    listed.unlink()
    os.mkfifo(listed)
    assert refused(folder).startswith(f"{listed}: expected a text file with one name a line")


def pack(folder, compression=ZIP_DEFLATED):
    """The images in an archive alone."""
    path = folder / "EuroSAT_RGB.zip"
    with ZipFile(path, "w", compression) as archive:
        for each in sorted((folder / "images").rglob("*.jpg")):
            archive.write(each, f"2750/{each.parent.name}/{each.name}")
            each.unlink()
        return path, archive.getinfo("2750/Forest/Forest_1.jpg")


def test_an_entry_with_a_password(folder):
    path, entry = pack(folder)
    content = bytearray(path.read_bytes())
    content[entry.header_offset + 6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1  # of the first in the directory, the same entry
    path.write_bytes(content)
    message = refused(folder)
    assert message.startswith(f"{path}: 2750/Forest/Forest_1.jpg cannot be unpacked: ")
    assert "password" in message and "download it again (Zenodo, record 7711810)" in message


def test_an_entry_whose_bytes_changed(folder):
    path, entry = pack(folder)
    content = bytearray(path.read_bytes())
    content[entry.header_offset + 200] ^= 255
    path.write_bytes(content)
    message = refused(folder)
    assert message.startswith(f"{path}: 2750/Forest/Forest_1.jpg cannot be unpacked: ")
    assert "download it again" in message


def test_an_entry_that_unpacks_to_more_than_an_image(folder):
    with image(folder, ".jpg").open("ab") as file:
        file.write(bytes(2**24))
    path, _ = pack(folder)
    assert path.stat().st_size < 2**17
    message = refused(folder)
    assert message.startswith(f"{path}: 2750/Forest/Forest_1.jpg: expected an image file, at most")


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_an_archive_that_is_cut(folder, share):
    path, _ = pack(folder)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    message = refused(folder)
    assert message.startswith(f"{path} is no zip archive (") and "download it again" in message


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_list_in_another_encoding(tmp_path, encoding):
    path = tmp_path / "train.txt"
    path.write_text("River_1.jpg\nForest_1.jpg\n", encoding=encoding)
    with pytest.raises(ValueError) as caught:
        read_list(path)
    assert str(caught.value).startswith(f"{path} is no text in UTF-8 (")
    assert "expected a text file with one name a line (AnnualCrop_1.jpg); save" in str(caught.value)


def test_a_list_with_the_mark_of_utf_8_is_read(tmp_path):
    path = tmp_path / "train.txt"
    path.write_text("River_1.jpg\nForest_1.jpg\n", encoding="utf-8-sig")
    assert read_list(path) == ("River_1", "Forest_1")


def test_a_list_that_is_empty_or_no_list(tmp_path):
    path = tmp_path / "train.txt"
    path.write_text("")
    with pytest.raises(ValueError, match=r"train.txt names no image: expected .*; download the l"):
        read_list(path)
    os.truncate(path, 2**40)
    with pytest.raises(ValueError, match=r"train.txt: expected a text file .* at most 16,777,216"):
        read_list(path)
    with pytest.raises(ValueError, match=r": expected a text file .*, got a folder"):
        read_list(tmp_path)
