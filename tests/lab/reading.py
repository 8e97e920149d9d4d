"""Ways to say in one line what a test reads, and what it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nslab.errors import LabFileError
from nslab.lab import loads

if TYPE_CHECKING:
    from nslab.lab import Desired, Endpoint
    from nslab.lab.load import Format


def wrong(text: str, style: Format = "yaml", source: str | None = "x.yaml") -> list[str]:
    """Give the lines of the error that a text is refused with."""
    with pytest.raises(LabFileError) as caught:
        loads(text, format=style, source=source)
    assert str(caught.value).splitlines() == [str(item) for item in caught.value.problems]
    return str(caught.value).splitlines()


def good(text: str) -> Desired:
    """Give what a text resolves to, in a lab called x."""
    return loads(text, name="x").resolve()


def ends(text: str) -> dict[str, Endpoint]:
    """Give the endpoints of a text by `node:ifname`."""
    found = good(text).endpoints().values()
    return {str(end): end for listed in found for end in listed}


def addresses(text: str) -> dict[str, list[str]]:
    """Give the addresses of a text's endpoints."""
    return {name: [str(item) for item in end.addresses] for name, end in ends(text).items()}
