"""What is heard of a netns that somebody changes."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from nslab.ip import program
from nslab.kernel.changes import Changes
from nslab.kernel.listening import listen
from tests.kernel.sandboxed import sandboxed

BEFORE = """
link set lo up
link add eth0 type veth peer name far
link set far up
link set eth0 up
link add br0 type bridge
link set br0 up
address add 10.0.0.1/24 dev eth0
address add fd00::1/64 dev eth0 nodad
address add fe80::9/64 dev eth0 nodad
route add 10.1.0.0/16 via 10.0.0.2
"""

HEARD = [
    "link set eth0 mtu 1400",
    "link set eth0 down",
    "link set eth0 address 02:00:00:00:00:09",
    "link set eth0 alias mine",
    "link set eth0 down name eth9",
    "link set far down",
    "link set eth0 master br0",
    "link set br0 type bridge stp_state 1",
    "link delete far",
    "link add other type bridge",
    "address add 10.0.0.9/24 dev eth0",
    "address delete 10.0.0.1/24 dev eth0",
    "address delete fd00::1/64 dev eth0",
    "address delete fe80::9/64 dev eth0",
    "route add 10.2.0.0/16 via 10.0.0.3",
    "route delete 10.1.0.0/16",
    "route replace 10.1.0.0/16 via 10.0.0.2 proto bird",
    "route add fd01::/64 via fd00::2",
]


def ip(*words: str) -> None:
    assert program.run("ip", list(words)) == 0, words


def listening() -> Changes:
    for line in BEFORE.strip().splitlines():
        ip(*line.split())
    time.sleep(1.2)  # what the kernel tells late of links that came up
    changes = Changes()
    changes.add("here", listen())
    assert changes.ask(["here"]) == (1, [])
    return changes


@pytest.mark.parametrize("words", HEARD)
@sandboxed
def test_it_is_heard(words: str) -> None:
    changes = listening()
    ip(*words.split())
    assert changes.ask(["here", "there"])[1] == ["here", "there"]


@pytest.mark.parametrize("key", ["ipv4/ip_forward", "ipv6/conf/all/forwarding"])
@sandboxed
def test_forwarding_is_heard(key: str) -> None:
    changes = listening()
    path = Path("/proc/sys/net") / key
    path.write_text("0" if path.read_text().strip() == "1" else "1")
    assert changes.ask(["here"])[1] == ["here"]


@sandboxed
def test_what_the_kernel_does_of_itself_is_not_heard() -> None:
    changes = listening()
    ip("address", "add", "fe80::77/64", "dev", "eth0")
    ip("route", "add", "10.3.0.0/16", "dev", "eth0", "proto", "kernel")
    assert changes.ask(["here"])[1] == []


@sandboxed
def test_more_than_there_is_room_for_is_a_change_and_then_none() -> None:
    changes = listening()
    batch = "".join(
        f"address {verb} 10.9.{number}.1/32 dev eth0\n"
        for number in range(200)
        for verb in ("add", "delete")
    )
    subprocess.run(["ip", "-batch", "-"], input=batch, text=True, check=True)
    assert changes.ask(["here"])[1] == ["here"]
    changes.settle(2)
    assert changes.ask(["here"])[1] == []


@sandboxed
def test_it_stays_heard_until_whoever_heard_of_it_has_settled_it() -> None:
    changes = listening()
    ip("address", "add", "10.0.0.9/24", "dev", "eth0")
    first, names = changes.ask(["here"])
    assert names == changes.ask(["here"])[1] == ["here"]
    changes.settle(first - 1)
    assert changes.ask(["here"])[1] == ["here"]
    ip("address", "delete", "10.0.0.9/24", "dev", "eth0")
    second, _ = changes.ask(["here"])
    changes.settle(first)
    assert changes.ask(["here"])[1] == ["here"]
    changes.settle(second)
    assert changes.ask(["here"])[1] == []


@sandboxed
def test_what_is_forgotten_counts_as_changed() -> None:
    changes = listening()
    assert len(changes) == 1
    assert "here" in changes
    changes.forget("here")
    changes.forget("here")
    assert len(changes) == 0
    assert changes.ask(["here"])[1] == ["here"]
