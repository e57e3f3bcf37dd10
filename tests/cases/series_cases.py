"""Series that fields of angles and of transitions must draw as pyts does."""

import numpy as np
from hypothesis import strategies as st

EDGE_CASES = {
    "constant": [[0.3] * 7],
    "constant but one": [[0.2, 0.2, 0.2, 0.9, 0.2, 0.2]],
    "two values": [[0.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0]],
    "rising": [list(range(12))],
    "falling": [list(range(12, 0, -1))],
    "one point": [[0.4]],
    "two points": [[0.4, 0.1]],
    "a step of rounding": [[0.5, 0.5 + 1e-16, 0.5, 0.5 + 2e-16]],
    "steps below an edge's width": [[0.0, 1e-9, 2e-9, 1.0, 2.0, 3e-9]],
    "negative and large": [[-40.0, -3.5, 120.0, 119.5, -40.0]],
}


@st.composite
def series_with_ties(draw):
    """2 x 3 x L float64; rounding makes ties, as in index series that stand still."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    values = rng.normal(size=(2, 3, draw(st.integers(1, 40))))
    return values.round(draw(st.sampled_from([0, 1, 15])))
