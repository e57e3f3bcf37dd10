"""Images of series drawn by pyts: the reference of those that the encoders draw themselves."""

from __future__ import annotations

from typing import Any

import numpy as np

PYTS_IMAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "recurrence": ("RecurrencePlot", {}),
    "gramian_summation": ("GramianAngularField", {"method": "summation"}),
    "gramian_difference": ("GramianAngularField", {"method": "difference"}),
    "markov": ("MarkovTransitionField", {}),
}
"""Name of an image -> the class of ``pyts.image`` that draws it, and its fixed options."""


def render_with_pyts(series: np.ndarray, image: str, **options: str | float) -> np.ndarray:
    """Draw the image of each series with pyts.

    Args:
        series: N x I x L, finite.
        image: a key of ``PYTS_IMAGES``.
        **options: of the pyts class: ``threshold``, ``percentage``, ``dimension`` and
            ``time_delay`` of a recurrence plot, ``n_bins`` of a Markov field, ``image_size``.

    Returns:
        N x I x L' x L' float64; L' = L unless an option makes it smaller. Render a few thousand
        series at a time: they grow by a factor of L.

    Raises:
        ValueError: for an unknown image or an option that pyts does not have for it.
    """
    if image not in PYTS_IMAGES:
        raise ValueError(f"unknown image {image!r}; pyts draws {', '.join(PYTS_IMAGES)}")
    # importing pyts compiles and takes seconds: only who renders with it pays
    import pyts.image

    name, fixed = PYTS_IMAGES[image]
    try:
        transformer = getattr(pyts.image, name)(**fixed, **options)
    except TypeError as error:
        raise ValueError(f"pyts.image.{name} does not take these options: {error}") from error
    count, indices, length = series.shape
    drawn: np.ndarray = transformer.transform(series.reshape(count * indices, length))
    return drawn.reshape(count, indices, *drawn.shape[1:])
