"""Many labs at once with the same names and addresses inside: none feels another.

    python -m tests.torture.many [--labs 50]

Half of them come up by as many commands, half by threads through the library, all at the same time.
Each has two nodes on a bridge and one beyond a router:

    a ---+
         +--- lan --- gw --- far
    b ---+
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from nslab import connect, dumps, load, up
from nslab.errors import NslabError
from nslab.kernel.launchers import leave_ended
from nslab.kernel.sandbox import Sandbox, running
from nslab.netlink.message import Request
from nslab.netlink.rtnl.constants import RTM
from nslab.netlink.rtnl.link import Link
from nslab.netlink.rtnl.neigh import Neigh
from tests.torture import apart, results

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tests.torture.apart import Outcome
    from tests.torture.results import Figure

LAB = """
name: {name}
bridges:
  lan: {{subnet: [10.0.0.0/24, "fd00::/64"], ports: [a, b, gw]}}
cables:
  - {{ends: [gw, far], subnet: 10.0.1.0/30}}
nodes:
  a: {{sysctl: {{net.ipv4.ip_default_ttl: {ttl}}}, routes: [{{dst: 10.0.1.0/30, via: 10.0.0.3}}]}}
  b: {{routes: [{{dst: 10.0.1.0/30, via: 10.0.0.3}}]}}
  gw: {{forward: true}}
  far: {{routes: [{{dst: 10.0.0.0/24, via: 10.0.1.1}}]}}
{more}"""
TTL = "net.ipv4.ip_default_ttl"
NODES = ("a", "b", "gw", "far")
PLACES = (*NODES, "lan")
MARK = b"this-is-of-"

_PACKETS = (17, socket.SOCK_RAW, socket.htons(3))  # AF_PACKET, every protocol
_MACS = slice(6, 12)
_NOBODY = bytes(6)


class Crowd:
    """The labs, the figures that come of them, and all that went wrong."""

    def __init__(self, names: list[str], folder: Path) -> None:
        self.names = names
        self.folder = folder
        self.figures: list[Figure] = []
        self.failures: list[str] = []
        self.pool = ThreadPoolExecutor(len(names))

    def each(self, work: Callable[[str], object], names: Iterable[str]) -> list[object]:
        """Do something with every lab, at once."""
        names = list(names)
        tasks = [self.pool.submit(work, name) for name in names]
        found = []
        for name, task in zip(names, tasks, strict=True):
            try:
                found.append(task.result())
            except (NslabError, OSError, AssertionError, subprocess.SubprocessError) as error:
                self.failures.append(f"{name}: {type(error).__name__}: {error}")
        return found

    def count(self, words: str, value: float | str) -> None:
        """Note a figure."""
        self.figures.append((words, value))

    def file(self, name: str, *, ttl: int = 64, more: str = "") -> str:
        """Write a lab's file."""
        path = self.folder / f"{name}.yaml"
        path.write_text(LAB.format(name=name, ttl=ttl, more=more))
        return str(path)


_MOMENT = 2.0
"""Seconds in which what a lab has left in other processes is gone."""


def run(count: int, prefix: str = "many") -> Outcome:
    """Bring up so many labs, prove that none feels another, take them down."""
    with tempfile.TemporaryDirectory() as folder:
        crowd = Crowd([f"{prefix}-{number}" for number in range(count)], Path(folder))
        before = facts(prefix)
        try:
            bring_up(crowd)
            listen_and_speak(crowd)
            look_at_neighbours(crowd)
            disturb_some(crowd)
        finally:
            take_down(crowd)
        ending = time.monotonic() + _MOMENT
        while (after := facts(prefix)) != before and time.monotonic() < ending:
            time.sleep(0.01)  # launchers end by themselves, once they see that their lab has
        left = [f"left behind: {key}: {after[key]}" for key in before if after[key] != before[key]]
        crowd.count("things left behind", len(left))
        return crowd.figures, [*crowd.failures, *left]


def bring_up(crowd: Crowd) -> None:
    """Bring all labs up at once, by commands and by threads."""
    half = len(crowd.names) // 2

    def start(name: str) -> None:
        path = crowd.file(name)
        if name in crowd.names[:half]:
            nslab("up", path)
        else:
            up(load(path), keep=True)

    begun = time.monotonic()
    crowd.each(start, crowd.names)
    crowd.count("labs that came up at once by commands", half)
    crowd.count("labs that came up at once by threads of one process", len(crowd.names) - half)
    crowd.count("seconds until all were up", round(time.monotonic() - begun, 2))
    there = set(running())
    crowd.failures += [f"{name}: does not run" for name in crowd.names if name not in there]


def listen_and_speak(crowd: Crowd) -> None:
    """Have every lab speak while each place of every lab is listened at."""
    ears = {name: sockets(name, _PACKETS) for name in crowd.names}
    own = {name: macs(name) for name in crowd.names}
    every = [mac for known in own.values() for mac in known]
    crowd.failures += ["two links have the same MAC"] * (len(every) != len(set(every)))
    crowd.each(speak, crowd.names)
    reached = crowd.each(ping, crowd.names)
    crowd.count("pairs of nodes that reached each other", sum(map(int, map(str, reached))))
    heard = foreign = own_marks = 0
    for name, heads in ears.items():
        frames = [frame for ear in heads for frame in received(ear)]
        strange = [x for x in frames if x[_MACS] not in own[name] or mark_of(x) not in (b"", name)]
        heard, foreign = heard + len(frames), foreign + len(strange)
        own_marks += any(mark_of(frame) == name for frame in frames)
        crowd.failures += [f"{name}: heard {len(strange)} foreign frames"] * bool(strange)
    crowd.failures += ["not all labs heard themselves"] * (own_marks != len(crowd.names))
    crowd.count("frames that were listened to", heard)
    crowd.count("frames of another lab among them", foreign)


def look_at_neighbours(crowd: Crowd) -> None:
    """Read every node's neighbours: all are of its own lab."""
    seen = foreign = 0
    for name in crowd.names:
        own = macs(name)
        with Sandbox.connect(name) as sandbox:
            for node in NODES:
                dumped = sandbox.handle(node).transport.dump(Request(RTM.GETNEIGH, Neigh()), Neigh)
                known = [one.lladdr for one in dumped if one.lladdr]
                known = [mac for mac in known if mac != _NOBODY and not mac[0] & 1]
                strange = [mac for mac in known if mac not in own]
                seen, foreign = seen + len(known), foreign + len(strange)
                crowd.failures += [f"{name}: {node} knows {strange}"] * bool(strange)
    crowd.failures += ["no node has a neighbour"] * (seen == 0)
    crowd.count("neighbours that nodes knew", seen)
    crowd.count("neighbours of another lab among them", foreign)


def disturb_some(crowd: Crowd) -> None:
    """Change one lab, end one, end one through the library, kill one: the others go on."""
    changed, ended, left, killed, *others = crowd.names
    sleepers = {name: connect(name)["a"].popen(["sleep", "600"]) for name in others}
    before = {name: seen(name) for name in others}
    try:
        nslab("up", crowd.file(changed, ttl=33, more="  new: {}\n"))
        if seen(changed)[1] != "33":
            crowd.failures.append(f"{changed}: it was not changed")
        nslab("down", ended)
        connect(left).down()
        os.kill(connect(killed).pid, signal.SIGKILL)
        crowd.each(ping, others)
        unlike = [name for name in others if seen(name) != before[name]]
        unlike += [name for name in others if sleepers[name].poll() is not None]
        crowd.failures += [f"{name}: felt another's end or change" for name in unlike]
        crowd.count("labs that went on while others were changed, ended and killed", len(others))
        crowd.count("labs that felt it", len(unlike))
    finally:
        for sleeper in sleepers.values():
            sleeper.kill()
            sleeper.wait()


def take_down(crowd: Crowd) -> None:
    """End all labs at once, by commands and by threads."""

    def end(name: str) -> None:
        if crowd.names.index(name) % 2:
            nslab("down", name)
        else:
            connect(name).down()

    there = running()
    crowd.each(end, [name for name in crowd.names if name in there])
    left = set(crowd.names) & set(running())
    crowd.failures += [f"{name}: still runs" for name in sorted(left)]


# What is done with one lab


def nslab(*words: str) -> None:
    """Run the command; it must end well."""
    command = [sys.executable, "-m", "nslab", *words]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, f"nslab {words[0]}: {done.stderr.strip()}"


def ping(name: str) -> int:
    """Ping all pairs; give their number."""
    pings = connect(name).ping(timeout=5, tries=3)
    broken = [one for one in pings.echoes if not one.ok]
    assert not broken, f"{broken[0].probe} of {len(broken)}: {broken[0].reason}"
    return len(pings.echoes)


def seen(name: str) -> tuple[str, str, int, int]:
    """Give what must stay as it is: the kernel's state, a sysctl, the holder, the drift."""
    lab = connect(name)
    with lab.open() as sandbox:
        (ttl,) = sandbox.sysctl("a", [TTL])
    return dumps(lab.observed()), str(ttl), lab.pid, len(lab.drift())


def macs(name: str) -> set[bytes]:
    """Give the MACs of all links of a lab, by the kernel."""
    with Sandbox.connect(name) as sandbox:
        found = [
            link.address
            for place in PLACES
            for link in sandbox.handle(place).transport.dump(Request(RTM.GETLINK, Link()), Link)
        ]
    return {mac for mac in found if mac is not None and mac != _NOBODY}


def sockets(name: str, kind: tuple[int, int, int]) -> list[socket.socket]:
    """Open a socket in each place of a lab."""
    with Sandbox.connect(name) as sandbox:
        found = sandbox.sockets(*kind, PLACES)
    return [socket.socket(fileno=one.detach()) for one in found]


def speak(name: str) -> None:
    """Say the lab's name to all on its bridge."""
    with Sandbox.connect(name) as sandbox:
        (sock,) = sandbox.sockets(socket.AF_INET, socket.SOCK_DGRAM, 0, ["a"])
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    for _ in range(3):
        sock.sendto(MARK + name.encode() + b".", ("10.0.0.255", 9))
    sock.close()


def received(ear: socket.socket) -> list[bytes]:
    """Give the frames that have come, but for those of a loopback, and close the socket."""
    ear.setblocking(False)  # noqa: FBT003 - the only way to say it
    frames = []
    with ear, contextlib.suppress(BlockingIOError):
        while True:
            frames.append(ear.recv(2048))
    return [frame for frame in frames if frame[_MACS] != _NOBODY]


def mark_of(frame: bytes) -> bytes | str:
    """Give the name of the lab that spoke, where a frame says one."""
    _, found, rest = frame.partition(MARK)
    return rest.partition(b".")[0].decode() if found else b""


def facts(prefix: str) -> dict[str, object]:
    """Give what labs must leave as they found it."""
    leave_ended()  # as the next program would
    return {
        "links": socket.if_nameindex(),
        "mounts": len(Path("/proc/self/mountinfo").read_text().splitlines()),
        "processes": sorted(text for text in commands() if f"\0{prefix}-".encode() in text),
        "files": sorted(os.listdir("/run")),  # noqa: PTH208 - names alone
        "descriptors": len(os.listdir("/proc/self/fd")),  # noqa: PTH208
    }


def commands() -> Iterator[bytes]:
    """Give the command lines of all processes."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            yield path.read_bytes()


def main() -> None:
    """Run it as root and as a plain user; write the results."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--labs", type=int, default=50)
    parser.add_argument(apart.INSIDE, action="store_true")
    options = parser.parse_args()
    if options.inside:
        apart.inside(lambda: run(options.labs))
        return
    figures: list[Figure] = []
    failures: list[str] = []
    for who in ("root", "a plain user"):
        words = ("--labs", str(options.labs))
        found, wrong = apart.run("tests.torture.many", *words, user=who != "root")
        figures += [(f"{who}: {text}", value) for text, value in found]
        failures += [f"{who}: {text}" for text in wrong]
    command = f"python -m tests.torture.many --labs {options.labs}"
    results.write("many", command, figures, failures)
    print("\n".join([*(f"{value:>8}  {text}" for text, value in figures), *failures]))
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
