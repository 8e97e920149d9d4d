"""The directory of names."""

from __future__ import annotations

import os

from nslab.ip.enter import DIRECTORY


def names() -> list[str]:
    """List the names in the directory's own order, as `ip` prints them; none if it is missing."""
    try:
        return os.listdir(DIRECTORY)
    except OSError:
        return []
