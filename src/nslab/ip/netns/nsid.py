"""`ip netns set` and `ip netns list-id`: the numbers by which netns know each other."""

from __future__ import annotations

import os

from nslab.errors import IpError
from nslab.ip.enter import open_netns
from nslab.ip.netns.commands import USAGE
from nslab.ip.netns.numbers import names_by_nsid
from nslab.ip.words import duplicate, integer, line_error, wrong
from nslab.netlink.message import Request
from nslab.netlink.rtnl.constants import RTM
from nslab.netlink.rtnl.netns import NSID_UNASSIGNED, Nsid

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.ip.program import Program
    from nslab.ip.words import Words

_INT_MAX = 0x7FFFFFFF


def set_id(program: Program, words: Words) -> None:
    """Give a named netns its number here."""
    if not words:
        raise IpError("No netns name specified")
    name = words.take()
    if not words:
        raise IpError("No nsid specified")
    number = _read_number(words.take())
    fd = open_netns(name, 1)
    try:
        program.talk(Request(RTM.NEWNSID, Nsid(nsid=number, fd=fd)))
    finally:
        os.close(fd)


def list_ids(program: Program, words: Words) -> None:
    """List the numbers that are assigned here, or as another netns sees them."""
    names = names_by_nsid(program)
    given = _read_filter(words)
    wanted = Nsid(nsid=given.get("nsid"), target_nsid=given.get("target-nsid"))
    if wanted.nsid is None:
        program.out.begin()
        found = _dump(program, wanted)
    else:
        found = [program.get(Request(RTM.GETNSID, wanted), Nsid)]
        program.out.begin()
    for nsid in found:
        _show(program, nsid, names)
    program.out.end()


def _dump(program: Program, wanted: Nsid) -> list[Nsid]:
    try:
        return program.dump(Request(RTM.GETNSID, wanted), Nsid)
    except IpError:
        program.out.end()
        raise


def _read_number(word: str) -> int:
    if word == "auto":
        return NSID_UNASSIGNED
    number = integer(word, -_INT_MAX - 1, _INT_MAX)
    if number is None:
        raise wrong(word, 'Invalid "netnsid" value')
    if number < 0:
        raise wrong(word, '"netnsid" value should be >= 0')
    return number


def _read_filter(words: Words) -> dict[str, int]:
    given: dict[str, int] = {}
    while words:
        key = words.take()
        if key not in ("target-nsid", "nsid"):
            raise line_error(USAGE)
        if key in given:
            raise duplicate(key, key)
        word = words.take()
        number = integer(word, -_INT_MAX - 1, _INT_MAX)
        if number is None:
            raise wrong(word, f'"{key}" value is invalid')
        if number < 0:
            raise wrong(words.peek() or "(null)", f'"{key}" value should be >= 0')
        given[key] = number
    return given


def _show(program: Program, nsid: Nsid, names: dict[int, str]) -> None:
    program.out.open()
    _show_number(program, "nsid", nsid.nsid)
    number = nsid.nsid
    if nsid.current_nsid is not None:
        _show_number(program, "current-nsid", nsid.current_nsid)
        number = nsid.current_nsid
    name = names.get(NSID_UNASSIGNED if number is None else number)
    if name is not None:
        program.out.put("name", "(iproute2 netns name: %s)", name)
    program.out.text("\n")
    program.out.close()


def _show_number(program: Program, key: str, number: int | None) -> None:
    if number is None or number < 0:
        program.out.text(f"{key} unassigned ")
    else:
        program.out.put(key, f"{key} %d ", number)
