import numpy as np
import torch
from cases.synthetic import make_pairs

from pimc.pretraining.examples import EXAMPLES, keep_examples
from pimc.pretraining.galleries import Embedded, hold_out
from pimc.pretraining.options import BatchOptions, EvaluationOptions

BATCH, SIDE = BatchOptions(size=16, patches=4), 15


def embed(pairs):
    """Row r lies at the angle r / 100; its partner a quarter turn ahead, and half as long."""
    angle = torch.from_numpy(pairs.rows) / 100
    series = torch.stack([angle.cos(), angle.sin()], dim=1)
    others = torch.stack([-angle.sin(), angle.cos()], dim=1) / 2
    return Embedded(series, others, series, others)


def test_examples_are_pairs_of_the_gallery_with_the_cosine_of_their_projections():
    data = make_pairs(8, 0)
    held_out = hold_out(data, BATCH, EvaluationOptions(batches=1, gallery=100, patches=2))
    examples = keep_examples(held_out, data, SIDE, embed)
    rows, frames = held_out.across.rows[:EXAMPLES], held_out.across.frames[:EXAMPLES, 0]
    assert len(rows) == EXAMPLES < len(held_out.across)
    assert data.pixels["patch_index"].iloc[rows].nunique() == 8
    np.testing.assert_array_equal(examples.series, data.index_series[rows])
    centre = SIDE // 2
    row, col = data.pixels["row"].to_numpy()[rows], data.pixels["col"].to_numpy()[rows]
    expected = data.frames[frames, :, row, col]
    np.testing.assert_array_equal(examples.crops[:, :, centre, centre], expected)
    angle = rows / 100
    cosine = np.cos(angle[:, None] - angle[None] - np.pi / 2)
    np.testing.assert_allclose(examples.similarity, cosine, atol=1e-6)


def test_where_there_are_no_images_there_are_no_crops():
    data = make_pairs(4, 0).series_alone()
    held_out = hold_out(data, BATCH, EvaluationOptions(batches=1, gallery=20, patches=2))
    examples = keep_examples(held_out, data, SIDE, embed)
    assert examples.crops is None
    assert examples.similarity.shape == (20, 20)
