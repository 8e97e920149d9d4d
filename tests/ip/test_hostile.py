"""Words that nobody means: whatever is said, the answer is iproute2's kind of error, or a no."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from nslab.ip import program
from nslab.kernel import transport
from nslab.netlink.rtnl.constants import RTM
from nslab.netlink.rtnl.link import Link
from nslab.testing.fake import FakeKernel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Say = Callable[[str], int]

LONG = "9" * 5000  # more digits than Python's int reads at once
ZEROS = "0" * 5000 + "7"


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch) -> Iterator[Say]:
    """Give the way to run a command before a kernel that has one link and refuses nothing."""
    kernel = FakeKernel()
    kernel.answer(RTM.GETLINK, [Link(index=2, ifname="v0")])
    monkeypatch.setattr(transport, "open_socket", lambda *_: kernel.socket())
    monkeypatch.setenv("PATH", "/none")
    nothing, kept = os.open(os.devnull, os.O_RDWR), [os.dup(fd) for fd in (1, 2)]
    for fd in (1, 2):
        os.dup2(nothing, fd)
    yield lambda line: program.run(*_split(line))
    for fd, old in zip((1, 2), kept, strict=True):
        os.dup2(old, fd)
    for fd in (*kept, nothing):
        os.close(fd)


def _split(line: str) -> tuple[str, list[str]]:
    name, *words = line.split()
    return name, words


@pytest.mark.parametrize(
    "line",
    [
        "ip route get 10.0.0.1 ipproto {}",
        "ip rule add ipproto {}",
        "ip rule add sport {}",
        "ip rule add dport 1-{}",
        "ip -loops {} address flush dev v0",
        "ip link add x index {} type bridge",
        "ip link add x type bond ad_actor_sys_prio {}",
        "ip link add x type bond xmit_hash_policy {}",
        "ip link set v0 mtu {}",
        "ip link set v0 type bond_slave queue_id {}",
        "ip link set v0 txqueuelen {}",
        "ip tuntap add x mode tun user {}",
        "ip tuntap add x mode tun group -{}",
        "ip route add 10.0.0.0/{} dev v0",
        "ip route add default dev v0 rto_min {}s",
        "ip neigh add 10.0.0.1 dev v0 lladdr {}",
        "bridge link set dev v0 cost {}",
        "bridge vlan add dev v0 vid {}",
        "bridge vlan add dev v0 vid 1-{}",
        "bridge fdb add 02:00:00:00:00:01 dev v0 port {}",
        "bridge fdb add 02:00:00:00:00:{} dev v0",
    ],
)
@pytest.mark.parametrize("word", [LONG, ZEROS, f"-{LONG}", "\udcff", "0x" + "f" * 5000, "٣", "²"])
def test_numbers_that_are_none(say: Say, line: str, word: str) -> None:
    assert say(line.format(word)) in range(256)


def test_leading_zeros_change_no_number(say: Say) -> None:
    assert say(f"ip rule add ipproto {ZEROS}") == say("ip rule add ipproto 7") == 0
