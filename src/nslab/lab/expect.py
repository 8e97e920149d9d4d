"""Expectations: `SOURCE -> TARGET [icmp|tcp/PORT|udp/PORT]`, and `-/>` for what must not be.

What a bridge or `*` stands for is asked here, too, and found anew each time: an expectation stays
as it was written while the lab grows.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nslab.lab import address, names
from nslab.lab.model import Expectation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from nslab.lab.check import Reader
    from nslab.lab.document import Path, Tree
    from nslab.lab.drafts import LabDraft
    from nslab.lab.model import Address

EVERY = "*"
"""Every node."""

FORM = re.compile(r"\s*(\S+)\s+(->|-/>)\s+(\S+)(?:\s+(\S+))?\s*")
_HOW = re.compile(r"icmp|(tcp|udp)/([0-9]{1,5})")
_TARGET = re.compile(r"(\[[^\]]*\]|[^:]*)(?::([0-9]{1,5}))?|[0-9A-Fa-f:.]+")

_NAME = rf"({names.NAME.pattern}|\*)"
SCHEMA = (
    rf"\s*{_NAME}\s+-/?>\s+({_NAME}(:[0-9]{{1,5}})?|[0-9A-Fa-f:.]+|\[[0-9A-Fa-f:.]+\](:[0-9]{{1,5}})?)"
    r"(\s+(icmp|(tcp|udp)/[0-9]{1,5}))?\s*"
)
"""What a text of `expect` looks like, for an editor."""

_HINT = 'say "pc1 -> far", "far -/> pc1", "pc1 -> far tcp/80" or "pc1 -> far:80"'
_WAY_OUT = "`uplink: true` on a bridge or a node leads there"


def read(reader: Reader, lab: LabDraft, value: Tree) -> None:
    """Read who must reach whom, after all that has names has been read."""
    known = members(_bridges(lab), lab.nodes)
    said: list[tuple[Expectation, Path]] = []
    texts = [] if value is None else reader.texts(value, ("expect",))
    for path, text in texts:
        one = _one(reader, known, text, path)
        if one is None:
            continue
        if one.reach and not _leads_there(lab, one):
            reader.refuse_value(path, text, "needs a way out, and the lab has none", _WAY_OUT)
        _agree(reader, said, one, known, path)
        lab.expect.append(one)


def _leads_there(lab: LabDraft, one: Expectation) -> bool:
    """Tell whether there is a way out for what needs one; published ports lead in without."""
    if names.OUTSIDE not in (one.source, one.target):
        return True
    leads_in = one.source == names.OUTSIDE and bool(lab.published)
    return leads_in or any(segment.gateway is not None for segment in lab.segments)


def _bridges(lab: LabDraft) -> dict[str, list[str]]:
    return {
        segment.name: [end.node for end in segment.ends if end.node != names.OUTSIDE]
        for segment in lab.segments
        if segment.name
    }


# The words


def _one(
    reader: Reader, known: Mapping[str, Sequence[str]], text: str, path: Path
) -> Expectation | None:
    match = FORM.fullmatch(text)
    if match is None:
        reader.refuse_value(path, text, "does not say who must reach whom", _HINT)
        return None
    source, arrow, said, how = match.groups()
    target = _TARGET.fullmatch(said)
    word, port = (target[1], target[2]) if target else (said, None)
    if word is None or said in known:
        word, port = said, None
    reached = _protocol(reader, text, how, port, path)
    end = _end(reader, known, word.removeprefix("[").removesuffix("]"), path)
    if source not in known:
        _refuse_name(reader, known, source, path)
        return None
    if reached is None or end is None:
        return None
    if source == end == names.OUTSIDE:
        reader.refuse_value(path, text, "is about the outside alone", "one end is a node")
        return None
    return Expectation(source, end, *reached, reach=arrow == "->")


def _protocol(
    reader: Reader, text: str, how: str | None, port: str | None, path: Path
) -> tuple[str, int] | None:
    """Read `icmp`, `tcp/80`, `udp/53`, or the port behind a target, which is TCP's."""
    if how is not None and port is not None:
        reader.refuse_value(path, text, "says two ports", "say TARGET:PORT or TARGET tcp/PORT")
        return None
    match = _HOW.fullmatch(how or (f"tcp/{port}" if port else "icmp"))
    if match is None:
        hint = "one of icmp, tcp/PORT, udp/PORT"
        reader.refuse_value(path, how, "is no protocol that can be tried", hint)
        return None
    if match[2] is None:
        return "icmp", 0
    if not 0 < int(match[2]) < 65536:
        reader.refuse_value(path, text, "has a port that is not from 1 to 65535")
        return None
    return match[1], int(match[2])


def _end(
    reader: Reader, known: Mapping[str, Sequence[str]], word: str, path: Path
) -> str | Address | None:
    """Read a target: a name of the lab, else an address."""
    if word in known:
        return word
    try:
        return address.read_address(word)
    except address.AddressError:
        _refuse_name(reader, known, word, path)
        return None


def _refuse_name(reader: Reader, known: Iterable[str], word: str, path: Path) -> None:
    message = "is no node and no bridge of the lab"
    reader.refuse_value(path, word, message, reader.nearest(word, known))


# What the words stand for


def members(bridges: Mapping[str, Sequence[str]], nodes: Iterable[str]) -> dict[str, list[str]]:
    """Give the nodes that each name stands for: a node's, a bridge's, `*`, `outside`."""
    every = list(nodes)
    known = {EVERY: every, names.OUTSIDE: [names.OUTSIDE]}
    known.update((name, list(dict.fromkeys(ends))) for name, ends in bridges.items())
    known.update((name, [name]) for name in every)
    return known


def pairs(
    one: Expectation, known: Mapping[str, Sequence[str]]
) -> Iterator[tuple[str, str | Address]]:
    """Give the sources and targets that an expectation is about; no member of many asks itself."""
    targets: Sequence[str | Address]
    targets = known[one.target] if isinstance(one.target, str) else [one.target]
    itself = len(targets) == 1 and one.source == one.target
    for source in known[one.source]:
        for target in targets:
            if source != target or itself:
                yield source, target


def _agree(
    reader: Reader,
    said: list[tuple[Expectation, Path]],
    one: Expectation,
    known: Mapping[str, Sequence[str]],
    path: Path,
) -> None:
    """Refuse an expectation that contradicts one before it."""
    for other, first in said:
        pair = _both_ways(one, other, known)
        if pair:
            line = reader.document.place(first).line
            place = f" (line {line})" if line else ""
            message = f'contradicts "{other}"{place}: {pair[0]} to {pair[1]} is in both'
            reader.refuse_value(path, str(one), message, "leave one of them out")
            return
    said.append((one, path))


def _both_ways(
    one: Expectation, other: Expectation, known: Mapping[str, Sequence[str]]
) -> tuple[str, str] | None:
    """Give a pair that one expects to reach and the other not to, if there is one."""
    if one.reach == other.reach or (one.protocol, one.port) != (other.protocol, other.port):
        return None
    sources = _common(known[one.source], known[other.source])
    targets = _common(_targets(one, known), _targets(other, known))
    found = ((source, target) for source in sources for target in targets if source != target)
    return next(found, None)


def _targets(one: Expectation, known: Mapping[str, Sequence[str]]) -> Sequence[str]:
    return known[one.target] if isinstance(one.target, str) else [str(one.target)]


def _common(one: Sequence[str], other: Sequence[str]) -> list[str]:
    kept = set(other)
    return [name for name in one if name in kept]
