from dataclasses import replace

import numpy as np
import pytest
import torch
from cases.synthetic import make_pairs

from pimc.pretraining.galleries import Embedded, hold_out, retrieval_table, summary
from pimc.pretraining.options import BatchOptions, EvaluationOptions

BATCH = BatchOptions(size=16, patches=4)
OPTIONS = EvaluationOptions(batches=3, gallery=40, patches=5)


def embedding(data, batch, right):
    """The row number as a direction; a wrong one where ``right`` is False."""
    angle = torch.linspace(0, 3, len(data))[torch.from_numpy(batch.rows)]
    series = torch.stack([angle.cos(), angle.sin()], dim=1)
    known = torch.from_numpy(right[batch.rows])[:, None]
    images = torch.where(known, series, -series)
    return Embedded(series, images, series, images)


def test_held_out_pairs_are_always_the_same():
    data = make_pairs(8, 0, places=2)
    first, second = (hold_out(data, BATCH, OPTIONS) for _ in range(2))
    for name in ("batches", "within_patch"):
        assert repr(getattr(first, name)) == repr(getattr(second, name))
    np.testing.assert_array_equal(first.across.rows, second.across.rows)
    np.testing.assert_array_equal(first.across.frames, second.across.frames)


def test_galleries_lie_where_they_say():
    data = make_pairs(8, 0, places=2)
    held_out = hold_out(data, BATCH, OPTIONS)
    pixels = data.pixels
    assert held_out.batch_size == 16
    assert [len(batch) for batch in held_out.batches] == [16] * 3
    assert len(held_out.across) == 40
    counts = pixels["patch_index"].iloc[held_out.across.rows].value_counts()
    assert len(counts) == 8
    assert counts.max() <= 8  # 5 each, were it not for pixels too near to others
    for place, gallery in held_out.within_place.items():
        assert set(pixels["place"].iloc[gallery.rows]) == {place}
        assert pixels["patch_index"].iloc[gallery.rows].nunique() == 4
    assert sorted(place for place, _ in held_out.within_patch) in (
        ["place-0"] * 2 + ["place-1"] * 3,
        ["place-0"] * 3 + ["place-1"] * 2,
    )
    for place, gallery in held_out.within_patch:
        chosen = pixels.iloc[gallery.rows]
        assert chosen["patch_index"].nunique() == 1
        assert set(chosen["place"]) == {place}
        assert chosen["parcel"].is_unique


def test_table_of_a_model_that_knows_one_place():
    data = make_pairs(8, 0, places=2)
    held_out = hold_out(data, BATCH, OPTIONS)
    right = (data.pixels["place"] == "place-0").to_numpy()
    table = retrieval_table(held_out, lambda batch: embedding(data, batch, right))
    recall = table.set_index(["gallery", "place", "direction"])["recall_at_1"]
    assert recall.xs("place-0", level="place").eq(1).all()
    assert recall.xs("place-1", level="place").eq(0).all()
    share = right[held_out.across.rows].mean()
    assert recall["across_patches", "all", "series_to_image"] == pytest.approx(share)
    across = table[(table["gallery"] == "across_patches") & (table["place"] == "all")]
    assert across["size"].tolist() == across["queries"].tolist() == [40, 40]
    assert across["chance_at_5"].tolist() == [5 / 40] * 2
    patches = table[(table["gallery"] == "within_patch") & (table["place"] == "all")]
    assert patches["galleries"].tolist() == [5, 5]
    np.testing.assert_allclose(
        patches["queries"], sum(len(gallery) for _, gallery in held_out.within_patch)
    )


def test_one_place_has_no_rows_of_places():
    data = make_pairs(4, 0)
    held_out = hold_out(data, BATCH, OPTIONS)
    right = np.ones(len(data), dtype=bool)
    table = retrieval_table(held_out, lambda batch: embedding(data, batch, right))
    assert table["gallery"].tolist() == ["across_patches"] * 2 + ["within_patch"] * 2
    assert set(table["place"]) == {"all"}
    assert table["recall_at_1"].eq(1).all()


def test_summary_is_the_mean_of_both_directions():
    images = torch.eye(4)
    series = torch.stack([images[0], images[0], images[2], images[3]])
    values = summary(Embedded(series, images, series, images))
    # series 1 finds image 0; image 1 is no nearer to its own series than to the others
    assert values["recall_at_1"] == pytest.approx((3 / 4 + 2 / 4) / 2)
    assert values["image_rank"] == pytest.approx(4)
    assert values["series_rank"] < 3


def test_too_little_held_out_ground():
    data = make_pairs(1, 0)
    data = replace(data, pixels=data.pixels.assign(parcel=1))
    with pytest.raises(ValueError, match="50 held-out pixels give no batch of 2 pairs"):
        hold_out(data, BATCH, OPTIONS)
