"""Names of the outside: how a lab's nodes reach the machine's resolver.

A resolver at an address of the machine's own, as 127.0.0.53, is out of the nodes' reach: a relay at
the way out's address leads their queries to it. Any other is asked directly.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nslab.plan.way.choose import Way

MARK = "resolver "
"""How the name begins under which the holder keeps the relay's pidfd."""

PORT = 53
_FILE = Path("/etc/resolv.conf")
_SERVER = re.compile(r"\s*nameserver\s+(\S+)")
_MOST = 3
"""Name servers of which the C library makes use (resolv.conf(5): MAXNS)."""


def of_machine() -> str:
    """Read the machine's own resolv.conf; "" where there is none."""
    try:
        return _FILE.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ""


def relayed(text: str) -> str | None:
    """Give the first name server that nodes cannot reach themselves, None if there is none.

    With none at all in the file the C library asks 127.0.0.1.
    """
    return next((server for server in servers(text) or ["127.0.0.1"] if _is_near(server)), None)


def of_lab(text: str, way: Way) -> str:
    """Give the lab's resolv.conf, made of the machine's."""
    if relayed(text) is None:
        return text
    others = [line for line in text.splitlines() if not _SERVER.match(line)]
    own = [str(item.ip) for item in way.near]
    far = [server for server in servers(text) if not _is_near(server)]
    asked = [f"nameserver {server}" for server in (own + far)[:_MOST]]
    return "\n".join([*asked, *others]) + "\n"


def lodged(server: str, way: Way) -> str:
    """Give the name under which the holder keeps the relay's pidfd: all that it depends on."""
    return f"{MARK}{server} {' '.join(str(item.ip) for item in way.near)}"


def servers(text: str) -> list[str]:
    """Give the name servers of a resolv.conf, in their order."""
    return [match[1] for line in text.splitlines() if (match := _SERVER.match(line))]


def _is_near(server: str) -> bool:
    """Tell whether an address means something else in a node: the loopback, or one link's own."""
    try:
        address = ip_address(server)
    except ValueError:
        return False
    return address.is_loopback or address.is_link_local or address.is_unspecified
