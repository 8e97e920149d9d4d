"""The outcome of one check."""

from __future__ import annotations

from msgspec import Struct


class Check(Struct, frozen=True):
    """One thing that this machine and user can do or not.

    Attributes:
        name: what it is.
        ok: whether it is there.
        detail: what it is good for, or what was found; "" where the name says all.
        remedy: how to get it, where it is not there; else "".
    """

    name: str
    ok: bool
    detail: str = ""
    remedy: str = ""
