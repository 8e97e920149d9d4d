"""Words that nobody means: whatever is said, the answer is iproute2's kind of error, or a no."""

from __future__ import annotations

import os

import pytest

from nslab.ip import program
from nslab.kernel import sockets
from nslab.netlink.rtnl.constants import RTM
from nslab.netlink.rtnl.link import Link
from nslab.testing.fake import FakeKernel
from tests.kernel.sandboxed import sandboxed

LONG = "9" * 5000  # more digits than Python's int reads at once
ZEROS = "0" * 5000 + "7"
WORDS = [LONG, ZEROS, f"-{LONG}", "\udcff", "0x" + "f" * 5000, "٣", "²"]


def say(line: str) -> int:
    """Run a command before a kernel that has one link and refuses nothing.

    In a sandboxed test alone: a tun is made by way of /dev/net/tun, in the netns that we are in.
    """
    kernel = FakeKernel()
    kernel.answer(RTM.GETLINK, [Link(index=2, ifname="v0")])
    sockets.open_socket = lambda *_: kernel.socket()  # type: ignore[assignment]
    os.environ["PATH"] = "/none"
    nothing = os.open(os.devnull, os.O_RDWR)
    for fd in (1, 2):
        os.dup2(nothing, fd)
    os.close(nothing)
    name, *words = line.split()
    return program.run(name, words)


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
@sandboxed
def test_numbers_that_are_none(line: str) -> None:
    for word in WORDS:
        assert say(line.format(word)) in range(256)


@sandboxed
def test_leading_zeros_change_no_number() -> None:
    assert say(f"ip rule add ipproto {ZEROS}") == say("ip rule add ipproto 7") == 0
