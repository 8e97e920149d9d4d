"""`nslab doctor`: what this machine and user can do."""

from __future__ import annotations

import json
import os
import platform
import shutil

from nslab.cli.choice import parser_of
from nslab.errors import NslabError
from nslab.kernel.sandbox import Sandbox
from nslab.netlink.message import NLM_F, Request
from nslab.netlink.rtnl.constants import RTM
from nslab.netlink.rtnl.link import Link, LinkInfo

_KINDS = ("veth", "bridge", "dummy", "vlan", "vxlan", "macvlan", "ipvlan", "bond", "vrf", "ifb")
_PROGRAMS = {"ip": "iproute2", "nft": "nftables", "pasta": "passt", "newuidmap": "uidmap"}


def run(arguments: list[str]) -> int:
    """Try what a lab needs; exit 1 if this user cannot have one at all."""
    parser = parser_of("doctor")
    parser.add_argument("-j", "--json", action="store_true", help="as a JSON object")
    options = parser.parse_args(arguments)
    kernel = f"Linux {platform.release()}"
    rows: list[tuple[str, bool, str]] = []
    works = _sandbox(rows)
    for program, package in _PROGRAMS.items():
        there = shutil.which(program) is not None
        rows.append((program, there, "" if there else f"optional: Debian's package {package}"))
    if options.json:
        found = {name: {"ok": good, "remedy": remedy} for name, good, remedy in rows}
        print(json.dumps({"kernel": kernel, **found}, indent=2))
    else:
        print(kernel)
        for name, good, remedy in rows:
            print(f"{'yes' if good else 'no ':<4} {name}{f': {remedy}' if remedy else ''}")
    return 0 if works else 1


def _sandbox(rows: list[tuple[str, bool, str]]) -> bool:
    try:
        sandbox = Sandbox.start(f"doctor.{os.getpid()}")
    except NslabError as error:
        rows.append(("sandbox", False, f"{error} ({error.hint})"))
        return False
    rows.append(("sandbox", True, ""))
    try:
        sandbox.create(["probe"])
        transport = sandbox.handle("probe").transport
        for kind in _KINDS:
            body = Link(ifname="probe0", linkinfo=LinkInfo(kind=kind))
            (refusal,) = transport.batch([Request(RTM.NEWLINK, body, NLM_F.CREATE | NLM_F.EXCL)])
            missing = refusal is not None and refusal.errno == 95
            rows.append((kind, not missing, "not in this kernel" if missing else ""))
            if refusal is None:
                transport.batch([Request(RTM.DELLINK, Link(ifname="probe0"))])
    finally:
        sandbox.end()
    return True
