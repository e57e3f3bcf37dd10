"""File names of what people name."""

from __future__ import annotations

import re

from pimc.data.fingerprint import fingerprint

LONGEST = 100
"""Characters of a text that stand in a file name; systems take 255 bytes, with what is added."""


def file_name(text: str) -> str:
    """A text as part of a file name: as it is where it can be, else what can be, and a digest.

    ``a/b`` and ``a_b`` have different names. No name leads out of its folder, is hidden or is too
    long.
    """
    cleaned = re.sub(r"[/\\\0-\x1f\x7f]", "_", text).lstrip(".")[:LONGEST]
    return text if cleaned == text and text else f"{cleaned}-{fingerprint(text)[:8]}"
