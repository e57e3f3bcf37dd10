"""Crops cut out of images by one compiled loop."""

from __future__ import annotations

import numpy as np

from pimc.signal.compiled_loop import compiled_loop


@compiled_loop
def cut_crops(
    images: np.ndarray,
    image: np.ndarray,
    top: np.ndarray,
    left: np.ndarray,
    place: np.ndarray,
    crops: np.ndarray,
) -> None:
    """Copy crop n from row top and column left of ``images[image[n]]`` to ``crops[place[n]]``.

    Images F x C x H x W and crops B x C x side x side of one dtype.
    """
    _, bands, side, _ = crops.shape
    for n in range(len(place)):
        source, crop = images[image[n]], crops[place[n]]
        # rows of a crop lie far apart: asking for the first value of each, before any is copied,
        # lets the processor wait for all at once. The sum is kept, or nothing would be asked for.
        asked = 0
        for band in range(bands):
            for y in range(side):
                asked += source[band, top[n] + y, left[n]]
        crop[0, 0, 0] = asked
        for band in range(bands):
            for y in range(side):
                row, drawn = source[band, top[n] + y], crop[band, y]
                for x in range(side):
                    drawn[x] = row[left[n] + x]
