"""What the kernel has of a lab, by other programs than nslab: `ip`, `nft` and /proc."""

from __future__ import annotations

import json
import re
from typing import Any

SCRIPT = r"""
for n in $(ls /run/netns); do
    echo "== $n"
    nsenter --net=/run/netns/$n sh -c '
        ip -d -j address
        ip route show table all
        cd /proc/sys/net
        for f in ipv4/ip_forward ipv6/conf/all/forwarding ipv4/tcp_ecn; do
            read v <$f; echo $f $v
        done
        exec nft list ruleset
    '
done
echo "== lab"
cat /etc/hosts /etc/resolv.conf
grep -asH . /proc/[0-9]*/cmdline | tr '\0' ' '
"""
"""To be run in a lab's `outside`."""

_PASSING = re.compile(r" (linkdown|expires \S+|proto \S+|pref \S+|counter packets \d+ bytes \d+)")
_OWN_WORD = re.compile(r"fe80|anycast|multicast|dev lo ")
"""What pasta's link has by chance, and what pasta has left in `outside`: `lo` up."""

_PROGRAMS = ("pasta", "relay")


def read(text: str) -> list[str]:
    """Give what the script said, a line each, without what differs from one lab to its equal."""
    found: list[str] = []
    place = ""
    for line in text.splitlines():
        if line.startswith("== "):
            place = line[3:]
        elif place == "lab" and line.startswith("/proc/"):
            found += [f"lab: {name}" for name in _PROGRAMS if name in line]
        elif line.startswith("[{"):
            found += [f"{place}: {link}" for link in _links(line, place)]
        elif line.strip() and not (place == "outside" and _OWN_WORD.search(line)):
            found.append(f"{place}: {_PASSING.sub('', line).strip()}")
    return sorted(found)


def _links(line: str, place: str) -> list[str]:
    return [
        json.dumps(
            {
                "ifname": link["ifname"],
                "mac": None if _kind(link) == "tun" else link.get("address"),
                "mtu": link["mtu"],
                "up": "UP" in link["flags"],
                "alias": link.get("ifalias"),
                "kind": _kind(link),
                "addresses": sorted(
                    f"{one['local']}/{one['prefixlen']}"
                    for one in link["addr_info"]
                    if _kind(link) != "tun" or one["scope"] != "link"
                ),
            }
        )
        for link in json.loads(line)
        if (place, link["ifname"]) != ("outside", "lo")
    ]


def _kind(link: dict[str, Any]) -> str:
    return str(link.get("linkinfo", {}).get("info_kind", ""))
