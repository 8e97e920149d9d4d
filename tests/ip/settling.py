"""Wait until the kernel has done all that the commands before asked of it.

Some of it is done after a command has returned: whether a link carries is passed on up to a second
later, an IPv6 address is tentative at first, and the links of a deleted netns go when a worker has
come to it. What is shown meanwhile depends on the time. Here it is asked for until it is done,
however long a busy machine takes.
"""

from __future__ import annotations

import json
import re
import subprocess
import time
from pathlib import Path

PATIENCE = 5.0
"""Seconds after which what is still open counts as what it will stay."""

_STEP = 0.02
_DOWN = ("DOWN", "LOWERLAYERDOWN", "NOTPRESENT")
_CARRYING = ("veth", "bridge", "vlan", "macvlan", "macvtap", "ipvlan", "bond")
"""Kinds of links whose state the kernel always comes to know."""
_ENDS_NETNS = re.compile(r"\bnetns\b.*\bd|\bkill\b")
_LAST_NETNS = """\
unshare --net ip link add here type veth peer name there netns $$
while ip link show there >/dev/null 2>&1; do sleep 0.02; done
"""
_QUIET = {"accept_dad": "0", "router_solicitations": "0"}
_CALM = {
    "base_reachable_time_ms": "600000",
    "delay_first_probe_time": "600",
    "retrans_time_ms": "600000",
}


def keep_quiet() -> None:
    """Let IPv6 addresses be valid at once, and nobody ask for routers, in this netns."""
    for key, value in _QUIET.items():
        for name in ("all", "default"):
            path = Path(f"/proc/sys/net/ipv6/conf/{name}/{key}")
            if path.exists():
                path.write_text(value)


def calm(ifname: str) -> None:
    """Let the neighbours on a link stay in their states for longer than any case runs."""
    for family in ("ipv4", "ipv6"):
        for key, value in _CALM.items():
            Path(f"/proc/sys/net/{family}/neigh/{ifname}/{key}").write_text(value)


class Settling:
    """Waits between the lines of one case, in the netns of the case."""

    def __init__(self) -> None:
        self._lasting: set[str] = set()

    def wait(self, line: str) -> None:
        """Wait until what `line` began is done."""
        if _ENDS_NETNS.search(line):
            wait_for_removals()
        end = time.monotonic() + PATIENCE
        while (found := open_matters() - self._lasting) and time.monotonic() < end:
            time.sleep(_STEP)
        self._lasting |= found


def open_matters() -> set[str]:
    """Name what is not done, in this netns and in the named ones."""
    directory = Path("/run/netns")
    names = sorted(path.name for path in directory.iterdir()) if directory.is_dir() else []
    found: set[str] = set()
    for where in ([], *(["-n", name] for name in names)):
        words = ["ip", *where, "-j", "-d", "addr"]
        answer = subprocess.run(words, capture_output=True, text=True, check=False).stdout
        for link in json.loads(answer or "[]"):
            found |= {f"{where} {matter}" for matter in _matters_of(link)}
    return found


def _matters_of(link: dict[str, object]) -> set[str]:
    flags, state, name = link["flags"], link["operstate"], link["ifname"]
    assert isinstance(flags, list)
    info, addresses = link.get("linkinfo", {}), link["addr_info"]
    assert isinstance(info, dict)
    assert isinstance(addresses, list)
    found = {f"{one['local']} of {name}" for one in addresses if one.get("tentative")}
    if "UP" in flags:
        carries = "LOWER_UP" in flags
        unknown = state == "UNKNOWN" and (not carries or info.get("info_kind") in _CARRYING)
        if unknown or carries == (state in _DOWN):
            found.add(f"the state of {name}")
    return found


def wait_for_removals() -> None:
    """Wait until the kernel has removed every netns that nobody holds any more.

    It removes them in the order in which they were left: one that is made and left now goes last,
    and a link to it goes with it.
    """
    subprocess.run(["unshare", "--net", "sh", "-c", _LAST_NETNS], check=True)
