"""The machine's side of the kernel's way out: opened for a lab, and left as it was found.

What is changed is remembered where it can be found again without us: in the lab's nftables table.
A lab that ended in any way is known by its table, and by no holder that answers to its name.
"""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

from nslab.errors import KernelError, NslabError
from nslab.kernel import libc, record
from nslab.kernel.nftables import table_names
from nslab.kernel.procfs import exchange
from nslab.kernel.sandbox import OUTSIDE, running
from nslab.lab.uplink import UPLINK
from nslab.netlink.message import Request
from nslab.netlink.rtnl.constants import RTM
from nslab.netlink.rtnl.link import Link
from nslab.nft import program, rules
from nslab.plan.way import tables
from nslab.plan.way.choose import PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from nslab.kernel.sandbox import Sandbox
    from nslab.nft.rules import Json
    from nslab.plan.way.choose import Way

FORWARDING = {4: "net.ipv4.ip_forward", 6: "net.ipv6.conf.all.forwarding"}


def open_for(way: Way, versions: set[int]) -> None:
    """Let the machine forward what a lab sends and receives.

    Args:
        way: the lab's way out; its veth may come before or after.
        versions: the IP versions that the machine itself has a way out for.

    Raises:
        NslabError: nftables or a sysctl refuses; nothing stays changed.
    """
    with record.alone():
        try:
            _open(way, versions)
        except BaseException:
            _close(way.lab)
            raise


def close_for(lab: str) -> None:
    """Take back all that was done for a lab; what another lab still needs stays.

    Raises:
        NslabError: nftables or a sysctl refuses; what is remembered of it stays.
    """
    with record.alone():
        _close(lab)


def part_from_machine(sandbox: Sandbox) -> None:
    """Delete a lab's veth to the machine, whose netns would else have it for a moment longer."""
    link = Link(ifname=UPLINK)
    with contextlib.suppress(NslabError):  # there is none, or the lab is ending already
        sandbox.handle(OUTSIDE).transport.request(Request(RTM.DELLINK, link))


def ruleset() -> list[Json]:
    """Read all that nftables does in the machine's netns."""
    return program.listed(["ruleset"])


def is_barred() -> bool:
    """Tell whether packets that pass through this machine are stopped where we can do nothing.

    That is so in a table that another program owns (as firewalld's may be), and in those of the
    legacy iptables, which nftables does not show.
    """
    if os.geteuid() != 0 or not program.is_here():
        return False
    try:
        return _has_legacy_filter() or tables.has_owned_door(ruleset())
    except program.UnreadableError:  # so there is a table that has an owner
        return True


def is_open_for(way: Way, ruleset: Sequence[Json], versions: Iterable[int] = ()) -> bool:
    """Tell whether the machine forwards these IP versions for a lab, by its rule set."""
    memory = tables.remembered(ruleset, way.lab)
    own = [one for one in ruleset if _is_in(one, PREFIX + way.lab)]
    missing = len(tables.doors(ruleset)) * 2 > len(tables.admitted(ruleset, way.lab))
    forwards = all(exchange(FORWARDING[version]) != "0" for version in versions)
    return rules.same(tables.host_table(way, memory), own) and forwards and not missing


def leftovers() -> list[str]:
    """Name the labs that have ended and left something in the machine's netns."""
    if not program.is_here():
        return []
    alive = set(running())
    return [lab for lab in tables.labs(_readable()) if lab not in alive]


def sweep() -> list[str]:
    """Take back what ended labs have left in the machine's netns; name them."""
    swept = []
    for lab in leftovers():
        with record.alone():
            if lab not in running():
                _close(lab)
                swept.append(lab)
    return swept


def _open(way: Way, versions: set[int]) -> None:
    found = ruleset()
    before = tables.remembered(found, way.lab) | tables.remembered_beside(found, way.lab)
    keys = [FORWARDING[version] for version in sorted(versions)]
    for key in keys:
        value = _exchange(key)
        if value == "0":
            before.setdefault(key, value)
    if FORWARDING[6] in before and _exchange(FORWARDING[6]) == "0":
        before |= _advertised({*before, f"net/ipv6/conf/{way.host_ifname}/accept_ra"})
    commands: list[Json] = tables.host_table(way, before).commands()
    program.load(commands)
    for key in before:
        if key.endswith("/accept_ra"):
            _set(key, "2")
        else:
            _exchange(f"{key}=1")
    program.load([*_deletions(found, way.lab), *_admissions(found, way)])


def _exchange(word: str) -> str:
    """Read or set a sysctl of the machine.

    Raises:
        KernelError: it cannot be read or set.
    """
    answer = exchange(word)
    if answer.startswith("!"):
        raise libc.failure(f"sysctl {word}", int(answer[1:]))
    return answer


def _set(key: str, value: str) -> None:
    """Set a sysctl; if it is a link's, that may have gone since."""
    try:
        _exchange(f"{key}={value}")
    except KernelError as error:
        if error.errno != errno.ENOENT:
            raise


def _admissions(ruleset: Sequence[Json], way: Way) -> list[Json]:
    return [command for door in tables.doors(ruleset) for command in tables.admission(way, door)]


def _deletions(ruleset: Sequence[Json], lab: str) -> list[Json]:
    """Give the commands that delete a lab's rules in others' chains."""
    return [
        {"delete": {"rule": {key: rule[key] for key in ("family", "table", "chain", "handle")}}}
        for rule in tables.admitted(ruleset, lab)
    ]


def _advertised(known: set[str]) -> dict[str, str]:
    """Find links whose routers are heard only while the machine does not forward (accept_ra 1)."""
    found = {}
    for ifname in sorted(path.name for path in Path("/proc/sys/net/ipv6/conf").glob("*")):
        key = f"net/ipv6/conf/{ifname}/accept_ra"
        if ifname not in ("all", "default", "lo") and exchange(key) == "1" and key not in known:
            found[key] = "1"
    return found


def _readable() -> list[Json]:
    """Read all that nftables does, or our own tables where nft cannot print the others."""
    try:
        return ruleset()
    except program.UnreadableError:
        ours = [name for name in table_names() if name.startswith((PREFIX, tables.SCRIPTED))]
        return [one for name in ours for one in program.listed(["table", "inet", name])]


def _close(lab: str) -> None:
    found = _readable()
    before = tables.remembered(found, lab)
    others = tables.remembered_beside(found, lab)
    for key, value in before.items():
        if key not in others:
            _set(key, value)  # if that fails, it stays remembered, and is tried again
    if lab in tables.labs(found):
        program.load([*_deletions(found, lab), *rules.drop_command(PREFIX + lab)])


def _has_legacy_filter() -> bool:
    """Tell whether the legacy iptables filter here; root of a user namespace may not know."""
    for name in ("ip", "ip6"):
        with contextlib.suppress(FileNotFoundError, PermissionError):
            if "filter" in Path(f"/proc/net/{name}_tables_names").read_text().split():
                return True
    return False


def _is_in(one: Json, table: str) -> bool:
    for kind in ("table", "chain", "rule"):
        found = rules.part(one, kind)
        if found is not None:
            return table == (found["name"] if kind == "table" else found["table"])
    return False
