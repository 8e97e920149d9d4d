"""Names of routing tables, protocols, scopes, …: our own list and the files of iproute2.

The files are /etc/iproute2/rt_tables and its like, else those under /usr/share/iproute2; without
them the names that the kernel's headers give (linux/rtnetlink.h) are known.
"""

from __future__ import annotations

import os

from nslab.ip.words import integer

_DIRECTORIES = ("/etc/iproute2", "/usr/share/iproute2")

_BUILT_IN: dict[str, dict[int, str]] = {
    "rt_tables": {0: "unspec", 253: "default", 254: "main", 255: "local"},
    "rt_scopes": {0: "global", 200: "site", 253: "link", 254: "host", 255: "nowhere"},
    "rt_protos": {
        0: "unspec",
        1: "redirect",
        2: "kernel",
        3: "boot",
        4: "static",
        8: "gated",
        9: "ra",
        10: "mrt",
        11: "zebra",
        12: "bird",
        13: "dnrouted",
        14: "xorp",
        15: "ntk",
        16: "dhcp",
        18: "keepalived",
        42: "babel",
        186: "bgp",
        187: "isis",
        188: "ospf",
        189: "rip",
        192: "eigrp",
    },
    "rt_dsfield": {0: "0"},
    "rt_realms": {0: "unknown"},
    "group": {0: "default"},
    "protodown_reasons": {},
}
_LIMITS = {"rt_tables": 0xFFFFFFFF, "group": 0x7FFFFFFF}
_loaded: dict[str, dict[int, str]] = {}


def name_of(table: str, number: int, *, numeric: bool = False) -> str:
    """Give the name of a number in a table (`rt_tables`, `rt_scopes`, …); its digits if none."""
    return str(number) if numeric else _load(table).get(number, str(number))


def number_of(table: str, name: str) -> int | None:
    """Give the number of a name or of digits, None if it is neither."""
    for number, known in _load(table).items():
        if known == name:
            return number
    return integer(name, 0, _LIMITS.get(table, 255))


def _load(table: str) -> dict[int, str]:
    if table not in _loaded:
        names = dict(_BUILT_IN[table])
        for path in _files(table):
            _read(path, names)
        _loaded[table] = names
    return _loaded[table]


def _files(table: str) -> list[str]:
    found = [f"{directory}/{table}" for directory in _DIRECTORIES]
    files = [path for path in found if os.path.exists(path)][:1]
    for directory in (f"{path}.d" for path in found):
        try:
            entries = sorted(os.listdir(directory))
        except OSError:
            continue
        files += [f"{directory}/{name}" for name in entries if name.endswith(".conf")]
    return files


def _read(path: str, names: dict[int, str]) -> None:
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        for line in file:
            fields = line.partition("#")[0].split()
            number = integer(fields[0], 0, 0xFFFFFFFF) if len(fields) > 1 else None
            if number is not None:
                names[number] = fields[1]
