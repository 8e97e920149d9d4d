"""What is installed on this machine, and its limits."""

from __future__ import annotations

import math
import os
import resource
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from nslab.cli.checks.check import Check
from nslab.cli.checks.kinds import PROBE
from nslab.errors import NslabError
from nslab.kernel import cgroup
from nslab.kernel.limits import memory, room_for_netns
from nslab.kernel.privilege import read_switch
from nslab.kernel.procfs import sysctl_path
from nslab.plan.costs import CABLE, NETNS
from nslab.plan.ending import leftovers
from nslab.plan.segment import BACKLOG

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from nslab.kernel.sandbox import Sandbox

_PROGRAMS = {
    "ip": ("iproute2", "to run `plan --script`"),
    "nft": ("nftables", "to masquerade and publish"),
    "pasta": ("passt", "for uplinks without root"),
    "newuidmap": ("uidmap", "for more than one user in a lab without root"),
}
_TUN = Path("/dev/net/tun")
_FEW_FILES = 4096
_FEW_PIDS = 4096
_FEW_NODES = 1000


def programs() -> Iterator[Check]:
    """Look for the programs that some words of a lab file need; `up` itself needs none."""
    for program, (package, use) in _PROGRAMS.items():
        there = shutil.which(program) is not None
        remedy = "" if there else f"the package {package} (of Debian and others)"
        yield Check(program, there, use, remedy)


def tun() -> Check:
    """Look whether any user may open /dev/net/tun, as pasta does."""
    use = "for pasta"
    if not _TUN.exists():
        return Check(str(_TUN), ok=False, detail=use, remedy="`sudo modprobe tun`")
    mode = _TUN.stat().st_mode & 0o777
    mine = os.access(_TUN, os.R_OK | os.W_OK)
    if mine and mode & 0o006 == 0o006:
        return Check(str(_TUN), ok=True, detail=use)
    who = "other users" if mine else "you"
    remedy = f"`sudo chmod 0666 {_TUN}`: its mode {mode:04o} shuts out {who}"
    return Check(str(_TUN), ok=False, detail=use, remedy=remedy)


def ipv6(lab: Sandbox) -> Check:
    """Ask a fresh netns whether it speaks IPv6."""
    key = "net.ipv6.conf.all.disable_ipv6"
    (said,) = lab.sysctl(PROBE, [key])
    if said == "0":
        return Check("IPv6", ok=True, detail="in every netns")
    absent = "IPv6 is not in this kernel, or switched off as it booted: remove ipv6.disable=1"
    off = f"`sudo sysctl -w {key}=0`"
    return Check(
        "IPv6", ok=False, detail="in no netns", remedy=off if isinstance(said, str) else absent
    )


def left_behind() -> Iterator[Check]:
    """Look for what the machine did for labs that have ended, and still does."""
    from nslab.plan.host import leave

    remedy = "`nslab ls` or `nslab down` takes it back"
    try:
        for name in leftovers():
            yield Check(name, ok=False, detail="nftables, sysctls", remedy=remedy)
        for path in leave.leftovers():
            yield Check(path, ok=False, detail="of a lab that ended", remedy=remedy)
    except NslabError as error:
        yield Check("nftables", ok=False, detail=str(error), remedy=error.hint or "")


def limits() -> Iterator[Check]:
    """Read the limits that large labs run into."""
    yield _files()
    yield _namespaces()
    yield _processes()
    left = memory()
    if left is not None:
        yield _memory(left)
    for switch in _SWITCHES:
        most = read_switch(sysctl_path(switch.key))
        if most is not None:
            yield switch.check(int(most))


def _files() -> Check:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most == resource.RLIM_INFINITY:
        return Check("open files", ok=True, detail="any number")
    good = most >= _FEW_FILES
    heard = f"enough to hear of changes in {room_for_netns(most) // 2:,} namespaces of a lab"
    remedy = "" if good else f"`ulimit -Hn {1 << 20}` as root, or LimitNOFILE= of its service"
    return Check("open files", good, f"{most:,}, {heard}", remedy)


def _namespaces() -> Check:
    most = int(read_switch("/proc/sys/user/max_net_namespaces") or 0)
    good = most >= _FEW_FILES
    remedy = "" if good else f"`sudo sysctl -w user.max_net_namespaces={1 << 20}`"
    return Check("namespaces", good, f"{most:,} for each user", remedy)


def _processes() -> Check:
    found = [_number(read_switch("/proc/sys/kernel/pid_max")), cgroup.least("pids", "pids.max")]
    soft, _ = resource.getrlimit(resource.RLIMIT_NPROC)
    most = min(
        [
            *(each for each in found if each is not None),
            math.inf if soft == resource.RLIM_INFINITY else soft,
        ]
    )
    good = most >= _FEW_PIDS
    remedy = "" if good else "raise `ulimit -u`, pids.max of the cgroup, or kernel.pid_max"
    return Check("processes", good, "any number" if most == math.inf else f"{most:,}", remedy)


def _number(text: str | None) -> float:
    return int(text) if text is not None and text.isdigit() else math.inf


def _memory(left: int) -> Check:
    nodes = max(0, left) // (NETNS + CABLE)
    good = nodes >= _FEW_NODES
    remedy = "" if good else "raise the memory limit of the cgroup, or end other programs"
    return Check("memory", good, f"enough for about {nodes:,} nodes on a bridge", remedy)


class _Switch(Struct, frozen=True):
    """A sysctl that limits something.

    Attributes:
        name: what it limits.
        key: the sysctl.
        least: the value that is enough for most.
        better: the value that is advised where it is less.
        told: what a value means.
    """

    name: str
    key: str
    least: int
    better: int
    told: Callable[[int], str]

    def check(self, most: int) -> Check:
        """Judge a value."""
        good = most >= self.least
        remedy = "" if good else f"`sudo sysctl -w {self.key}={self.better}`"
        return Check(self.name, good, self.told(most), remedy)


_SWITCHES = (
    _Switch(
        "floods",
        "net.core.netdev_max_backlog",
        BACKLOG,
        BACKLOG,
        "{:,} packets wait at once, of what a bridge sends to all of its ports".format,
    ),
    _Switch(
        "neighbours",
        "net.ipv4.neigh.default.gc_thresh3",
        16384,
        1 << 20,
        lambda most: f"{most:,}, enough for all pairs of {math.isqrt(most):,} nodes on a bridge",
    ),
    _Switch(
        "inotify",
        "fs.inotify.max_user_instances",
        1024,
        8192,
        "{:,} for each user, one for each daemon that watches files".format,
    ),
    _Switch(
        "connections",
        "net.netfilter.nf_conntrack_max",
        65536,
        262144,
        "{:,} through each netns that masquerades".format,
    ),
)
