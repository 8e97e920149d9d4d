"""Ports of the outside that lead to nodes: `[address:]port:port[/udp]`."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, ip_address
from typing import TYPE_CHECKING

from nslab.lab.model import Publish

if TYPE_CHECKING:
    from nslab.lab.check import Reader
    from nslab.lab.document import Path, Tree
    from nslab.lab.drafts import LabDraft, NodeDraft

FORM = re.compile(
    r"(?:(?P<address>[0-9]+(?:\.[0-9]+){3}|\[[0-9A-Fa-f:.]+\]):)?"
    r"(?P<outside>[0-9]{1,5}):(?P<inside>[0-9]{1,5})"
    r"(?:/(?P<protocol>tcp|udp))?"
)
"""What a published port is written as."""

_HINT = 'say "8080:80", "127.0.0.1:8080:80", "[::1]:8080:80" or "5353:53/udp"'


def read(reader: Reader, lab: LabDraft, node: NodeDraft, value: Tree, path: Path) -> None:
    """Read a node's published ports; two of a lab may not want the same port."""
    for at, text in _each(reader, value, path):
        published = _one(reader, text, at)
        if published is None:
            continue
        rivals = lab.published.setdefault((published.outside, published.protocol), [])
        for other, owner in rivals:
            if published.meets(other):
                taken = f"is taken by {other} of {owner}"
                reader.refuse_value(at, text, taken, "choose another port of the outside")
                break
        else:
            rivals.append((published, node.name))
            node.publish.append(published)


def _each(reader: Reader, value: Tree, path: Path) -> list[tuple[Path, str]]:
    return [] if value is None else reader.texts(value, path)


def _one(reader: Reader, text: str, path: Path) -> Publish | None:
    match = FORM.fullmatch(text)
    if match is None:
        reader.refuse_value(path, text, "is not a port of the outside and one of the node", _HINT)
        return None
    ports = int(match["outside"]), int(match["inside"])
    if not all(0 < port < 65536 for port in ports):
        reader.refuse_value(path, text, "has a port that is not from 1 to 65535", _HINT)
        return None
    try:
        address = ip_address(match["address"].strip("[]")) if match["address"] else None
    except ValueError:
        reader.refuse_value(path, text, f"begins with no address: {match['address']}", _HINT)
        return None
    return Publish(*ports, match["protocol"] or "tcp", address)


def written(published: Publish) -> str:
    """Give a published port as the file has it."""
    where = published.address
    host = "" if where is None else f"{where}:" if isinstance(where, IPv4Address) else f"[{where}]:"
    udp = "/udp" if published.protocol == "udp" else ""
    return f"{host}{published.outside}:{published.inside}{udp}"
