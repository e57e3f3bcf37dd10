"""Cloud masks by name: which codes they hold, and which of them are clear ground."""

from __future__ import annotations

CLEAR_CODES = {
    # Sen2Cor's scene classification: vegetation, bare, water, unclassified. Left out are snow (11)
    # and dark ground (2), which since baseline 04.00 is mostly cast shadow.
    "SCL": (4, 5, 6, 7),
    # 0 clear, 1 cloud, 2 shadow, 3 snow
    "CLOUD": (0,),
    # Sentinel Hub's s2cloudless: 0 clear, 1 cloud, 255 no data
    "CLM": (0,),
    # GreenEarthNet: 0 clear, 1 cloud, 2 shadow, 3 snow, 4 masked for other reasons
    "S2_MASK": (0,),
}
"""Mask bands of codes that are understood, first choice first, and their codes for clear ground."""

CODES = {"SCL": range(12), "CLOUD": range(4), "CLM": (0, 1, 255), "S2_MASK": range(5)}
"""All codes of each."""
