"""Lines on the standard error."""

from __future__ import annotations

import os


def complain(message: str) -> None:
    """Write a message and a newline; nothing for an empty one."""
    if message:
        os.write(2, f"{message}\n".encode("utf-8", "surrogateescape"))
