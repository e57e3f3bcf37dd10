"""What lies on disk under a key: it counts if it is whole, and is made again if it is not."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable
from pathlib import Path

logger = logging.getLogger(__name__)

DAMAGED = ".damaged"
"""What the name of a thing that was set aside ends in."""

AGAIN = "remove it, then run the command that makes it again"


def is_kept(path: Path, check: Callable[[Path], object]) -> bool:
    """Whether a file or folder is there and whole: what is not whole is set aside, and logged.

    Args:
        path: under which it lies.
        check: raises ValueError or OSError for what is not as it was written.
    """
    if not os.path.lexists(path):
        return False
    try:
        if not (path.is_file() or path.is_dir()):  # a pipe would be waited for
            raise ValueError(f"{path}: expected a file or folder, got neither")
        check(path)
    except (ValueError, OSError) as error:
        aside = set_aside(path)
        logger.warning("%s; it was set aside as %s, and is made again", error, aside.name)
        return False
    return True


def set_aside(path: Path) -> Path:
    """Give a file or folder a name under which nothing looks for it, in the place of an older one.

    Returns:
        Where it lies now.
    """
    aside = path.with_name(path.name + DAMAGED)
    if aside.is_dir() and not aside.is_symlink():
        shutil.rmtree(aside)
    return path.replace(aside)
