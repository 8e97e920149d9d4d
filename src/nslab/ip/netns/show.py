"""`ip netns list`."""

from __future__ import annotations

import os

from nslab.ip.enter import DIRECTORY
from nslab.ip.netns.directory import names
from nslab.ip.netns.numbers import names_by_nsid, nsid_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.program import Program
    from nslab.ip.words import Words


def show(program: Program, _: Words) -> None:
    """List the names, each with the nsid that its netns has here."""
    names_by_nsid(program)  # tells of files that are no netns, as the listing does once more
    out = program.out
    listed = names()
    if not listed and not os.path.isdir(DIRECTORY):
        return
    out.begin()
    for name in listed:
        out.open()
        out.put("name", "%s", name)
        number = nsid_of(program, name)
        if number >= 0:
            out.put("id", " (id: %d)", number)
        out.text("\n")
        out.close()
    out.end()
