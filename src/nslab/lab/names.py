"""Names: what may be one, and how those that nobody gave are chosen.

Every choice is a function of the file alone: the same on every run, on every machine.
"""

from __future__ import annotations

import re
from _blake2 import blake2b  # what hashlib has, which would load OpenSSL
from itertools import count
from typing import TYPE_CHECKING

from nslab.kernel import procfs

if TYPE_CHECKING:
    from collections.abc import Iterable

IFNAME_BYTES = 15
"""The longest name that a link can have (linux/if.h: IFNAMSIZ, less its NUL)."""

OUTSIDE = "outside"
"""The name that is kept for the holder's own netns."""

FORWARD = ("net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding")
"""The sysctls that make a router."""

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
IFNAME = re.compile(r"(?!-)[!-$&-.0-9;-~]{1,15}")
MAC = re.compile(r"[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}")

STANDING = frozenset(
    (
        *("tunl0", "gre0", "gretap0", "erspan0", "ip_vti0", "sit0"),
        *("ip6tnl0", "ip6_vti0", "ip6gre0", "ip6gretap0"),
    )
)
"""The links that the kernel itself puts into each netns, once the module of their kind is loaded
(net.core.fb_tunnels_only_for_init_net); they are none of the lab's."""

KEPT_IFNAMES = STANDING | {".", "..", "lo", "all", "default"}
"""The loopback, what no file can be called, and what `/proc/sys/net/*/conf` holds besides links."""


def name_fault(name: str) -> str:
    """Say why this cannot be the name of a lab, node or bridge, or ""."""
    if NAME.fullmatch(name):
        return ""
    if not name:
        return "is empty"
    if len(name.encode(errors="replace")) > 63:
        return f"is longer than 63 bytes ({len(name.encode(errors='replace'))})"
    if not re.match(r"[A-Za-z0-9]", name):
        return "does not begin with a letter or digit"
    return "may have only letters, digits, '-', '_' and '.'"


def ifname_fault(name: str) -> str:
    """Say why the kernel or its tools would not take this as a link's name, or ""."""
    size = len(name.encode(errors="replace"))
    if size > IFNAME_BYTES:
        return f"is longer than {IFNAME_BYTES} bytes ({size})"
    if name in KEPT_IFNAMES:
        return "is a name that the kernel keeps for itself"
    if IFNAME.fullmatch(name):
        return ""
    if not name:
        return "is empty"
    if name[0] == "-":
        return "begins with '-'"
    return "may have only printable ASCII without '/', ':' and '%'"


def suggest_name(name: str) -> str:
    """Make a name that may be one of a name that may not."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name[:63]).strip("-._") or "lab"


def mac_fault(mac: str) -> str:
    """Say why this cannot be a link's MAC, or ""."""
    if not MAC.fullmatch(mac):
        return "is not a MAC: six pairs of hexadecimal digits, as 02:00:00:00:00:01"
    if int(mac[:2], 16) & 1:
        return "is a group's MAC: its first octet must be even"
    return "is no MAC that a link can have" if not mac.strip("0:") else ""


def sysctl_fault(key: str) -> str:
    """Say why this is not the key of a setting of one network stack, or ""."""
    if not re.fullmatch(r"[!-~]{1,200}", key):
        return "may have only printable ASCII, and at most 200 characters"
    words = sysctl_path(key).split("/")
    if words[0] != "net":
        return "does not begin with net."
    if len(words) < 3 or not all(words) or {".", ".."} & set(words):
        return "is not a sysctl key"
    return ""


def sysctl_path(key: str) -> str:
    """Give the file of a sysctl key below `/proc/sys`.

    Of two files that are one and the same setting it is always the same.
    """
    path = procfs.sysctl_path(key).removeprefix(procfs.SYSCTLS)
    return _ALIASES.get(path, path)


def sysctl_key(key: str) -> str:
    """Give a sysctl key in its one form with dots, which sysctl(8) understands, too."""
    return sysctl_path(key).translate(procfs.SWAP)


_ALIASES = {"net/ipv4/conf/all/forwarding": "net/ipv4/ip_forward"}


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Give the hint that names the known word nearest to this one, if one is near."""
    from difflib import get_close_matches

    found = get_close_matches(word[:80], list(known), n=1)
    return f'did you mean "{found[0]}"?' if found else None


def digest(*words: str, turn: int = 0) -> str:
    """Give ten hexadecimal digits that depend on these words alone."""
    text = "\0".join(words) + (f"\0{turn}" if turn else "")
    return blake2b(text.encode(errors="replace"), digest_size=5).hexdigest()


def mac_of(lab: str, netns: str, ifname: str, *, turn: int = 0) -> str:
    """Give a link's MAC, locally administered and unicast, by the link's place in the lab."""
    hexes = digest(lab, netns, ifname, turn=turn)
    return f"02:{hexes[:2]}:{hexes[2:4]}:{hexes[4:6]}:{hexes[6:8]}:{hexes[8:]}"


def choose_mac(lab: str, netns: str, ifname: str, taken: set[str]) -> str:
    """Choose a MAC for a link: the first of its own that is not in `taken`, which it joins."""
    turns = (mac_of(lab, netns, ifname, turn=turn) for turn in count())
    mac = next(mac for mac in turns if mac not in taken)
    taken.add(mac)
    return mac


def choose_ifname(name: str, taken: set[str]) -> str:
    """Make a link's name of any name: itself if it can be one, else its beginning and a digest.

    Args:
        name: printable ASCII.
        taken: the names that are in use in that netns; the chosen one joins them.
    """
    chosen = name
    for turn in count():
        if chosen not in taken and not ifname_fault(chosen):
            break
        chosen = f"{name[: IFNAME_BYTES - 6]}-{digest(name, turn=turn)[:5]}"
    taken.add(chosen)
    return chosen
