from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest

from pimc.data.patch import FILL, LABEL_COLUMNS
from pimc.pipelines.ingestion.nodes import (
    common_bands,
    describe_scenes,
    find_labels,
    join_frames,
    join_series,
    name_pixels,
    plan_samples,
    tabulate_pixels,
)
from pimc.signal.calendar import NO_DATE
from pimc.signal.patch_sample import PatchSample
from pimc.signal.sampling import SamplingOptions
from pimc.signal.screening import ScreeningOptions

CLASSES = ["grass", "corn"]
NO_FEATURES = pd.DataFrame({"parcel": [], "block": []})


def sample(patch_id, place="north", days=(0, 5, 10), labels=(0, 1), origin=(100, 200)):
    count, times = len(labels), len(days)
    rows = np.arange(count)
    pixels = np.stack([rows, rows + 1, rows * 0 + 2, np.array(labels), rows + 7], axis=1)
    return PatchSample(
        patch_id=patch_id,
        place=place,
        bands=("B02", "B08"),
        origin=origin,
        substitutions={"B08": "B8A"} if place == "south" else {},
        pixels=pixels.astype(np.int32),
        days=np.array(days, np.int32),
        reflectance=np.full((count, times, 2), int(patch_id), np.int16),
        frames=np.full((2, 2, 3, 3), int(patch_id), np.int16),
        frame_acquisitions=np.array([0, times - 1], np.int32),
        frame_clear=np.array([1.0, 0.5], np.float32),
    )


SAMPLES = {"7": sample("7"), "9": sample("9", "south", (2, 4), (1, -1))}


def test_pixels_know_their_patch_and_their_place_on_the_ground():
    pixels = tabulate_pixels(SAMPLES, CLASSES, NO_FEATURES)
    assert pixels["patch"].tolist() == ["7", "7", "9", "9"]
    assert pixels["patch_index"].tolist() == [0, 0, 1, 1]
    assert pixels["place"].tolist() == ["north", "north", "south", "south"]
    assert pixels["label"].tolist() == [0, 1, 1, -1]
    assert pixels[["y", "x"]].to_numpy()[1].tolist() == [101, 202]


def test_a_label_outside_the_classes_is_named():
    with pytest.raises(ValueError, match=r"label must be 0\.\.1 .* got 5 in patch 7"):
        tabulate_pixels({"7": sample("7", labels=(0, 5))}, CLASSES, NO_FEATURES)


def test_series_of_patches_with_fewer_dates_are_padded():
    reflectance, acquisitions = join_series(SAMPLES)
    assert reflectance.shape == (4, 3, 2)
    assert acquisitions.tolist() == [[0, 5, 10], [2, 4, NO_DATE]]
    assert reflectance[3].tolist() == [[9, 9], [9, 9], [FILL, FILL]]


def test_frames_are_numbered_through():
    frames, table = join_frames(SAMPLES)
    assert frames.shape == (4, 2, 3, 3)
    assert table["frame"].tolist() == [0, 1, 2, 3]
    assert table["patch"].tolist() == ["7", "7", "9", "9"]
    assert table["acquisition"].tolist() == [0, 2, 0, 1]
    assert table["day"].tolist() == [0, 10, 2, 4]


def test_places_are_described_with_their_stand_in_bands():
    summary = describe_scenes(SAMPLES)
    south = summary["places"]["south"]
    assert south["substitutions"] == {"B08": "B8A"}
    assert (south["patches"], south["pixels"], south["dates"]) == (1, 2, 2)
    assert (south["first"], south["last"]) == ("1970-01-03", "1970-01-05")


def test_what_readers_removed_is_summed_up_by_place():
    first = replace(sample("7"), removed={"no-data value": 3}, reading={"mask": "SCL"})
    second = replace(sample("8"), removed={"no-data value": 4, "impossible value": 1})
    second = replace(second, reading={"mask": "SCL"})
    north = describe_scenes({"7": first, "8": second})["places"]["north"]
    assert north["removed"] == {"no-data value": 7, "impossible value": 1}
    assert north["reading"] == {"mask": "SCL"}


def test_all_patches_hold_the_same_bands():
    assert common_bands(SAMPLES) == ("B02", "B08")
    assert join_series(SAMPLES)[0].bands == join_frames(SAMPLES)[0].bands == ("B02", "B08")
    other = replace(sample("9"), bands=("B08", "B02"))
    with pytest.raises(ValueError, match="B02, B08 in patch 7 and B08, B02 in patch 9"):
        common_bands({"7": sample("7"), "9": other})


@dataclass(frozen=True)
class Source:
    fingerprint: str

    def __call__(self):
        raise AssertionError("planning must not read patches")


def test_keys_change_with_source_and_options_alone():
    def key(fingerprint="a", **changes):
        scenes = {"1": Source(fingerprint)}
        tasks, *_ = plan_samples(scenes, SamplingOptions(**changes), ScreeningOptions(), CLASSES)
        return tasks["1"].key

    assert key() == key()
    assert len({key(), key("b"), key(seed=1), key(margin=3)}) == 4


@dataclass(frozen=True)
class NamedSource(Source):
    names: tuple[str, ...]

    def name_pixels(self):
        return pd.DataFrame({"row": range(len(self.names)), "col": 0, "id": self.names})


def test_pixels_keep_the_names_of_their_source_and_images_have_none():
    named = name_pixels({"7": NamedSource("a", ("x", "y")), "9": NamedSource("b", ("z",))})
    assert named["patch"].tolist() == ["7", "7", "9"]
    assert named["row"].tolist() == [0, 1, 0] and named["id"].tolist() == ["x", "y", "z"]
    images = name_pixels({"1": Source("a")})
    assert images.empty and list(images) == ["patch", "row", "col"]


@dataclass(frozen=True)
class LabelledSource(Source):
    classes: tuple[str, ...] | None
    label_table: pd.DataFrame | None


def test_classes_are_those_of_labels_and_of_the_parameters_without():
    table = pd.DataFrame({"parcel": [7, 8], "block": [2, 3]})
    classes, features = find_labels({"1": LabelledSource("a", ("maize", "rye"), table)}, CLASSES)
    assert classes == ["maize", "rye"] and features is table
    for source in (Source("a"), LabelledSource("a", None, None)):
        classes, features = find_labels({"1": source}, CLASSES)
        assert classes == CLASSES and features.empty
        assert tuple(features) == LABEL_COLUMNS


def test_pixels_of_labelled_features_know_their_block_and_their_dealing():
    features = pd.DataFrame({"parcel": [7, 9], "block": [2, 5]})
    samples = {"7": replace(sample("7"), dealing="abc"), "9": SAMPLES["9"]}
    pixels = tabulate_pixels(samples, CLASSES, features)
    assert pixels["parcel"].tolist() == [7, 8, 7, 8]
    assert pixels["block"].tolist() == [2, 0, 2, 0]
    assert pixels["dealing"].tolist() == ["abc", "abc", "", ""]
    assert "block" not in tabulate_pixels(SAMPLES, CLASSES, NO_FEATURES)
