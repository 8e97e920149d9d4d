"""Waiting for links: on the real kernel it is soon over; here the kernel is imagined."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_interface
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from nslab.errors import KernelError
from nslab.netlink.rtnl.link import Link
from nslab.plan import ready
from nslab.plan.ready import await_links
from nslab.plan.state import LinkState
from nslab.plan.steps import AddAddress, SetLink

if TYPE_CHECKING:
    from nslab.kernel.sandbox import Sandbox
    from nslab.netlink.message import Request

DOWN, UP = Link(carrier=1, operstate=2), Link(carrier=1, operstate=6)
UNKNOWN, CABLELESS = Link(carrier=1, operstate=0), Link(carrier=0, operstate=2)


@dataclass
class Kernel:
    """Gives one answer after the other, the last one again and again."""

    answers: list[Link]
    dumps: list[list[Link]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    running: list[bool] = field(default_factory=list)

    def open(self, names: list[str]) -> None:
        self.names = names

    def handle(self, name: str) -> SimpleNamespace:
        def get(_: Request, __: type[Link]) -> Link:
            self.asked.append(name)
            if not self.answers:
                raise KernelError("link", 19, "No such device")
            return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

        def dump(_: Request, __: type[Link]) -> list[Link]:
            self.asked.append(f"all of {name}")
            if not self.dumps:
                raise KernelError("link", 105, "No buffer space available")
            return self.dumps.pop(0)

        def is_running(ifname: str) -> bool:
            self.asked.append(f"{name}:{ifname}")
            return bool(self.running) and self.running.pop(0)

        transport = SimpleNamespace(get=get, dump=dump, is_running=is_running)
        return SimpleNamespace(transport=transport)


def wait(kernel: Kernel, *addresses: str) -> None:
    link = LinkState("eth0", "veth", 2)
    steps = [AddAddress("pc1", link, ip_interface(address)) for address in addresses]
    await_links(steps, cast("Sandbox", kernel))


@pytest.mark.parametrize("ready_at_last", [UP, UNKNOWN, CABLELESS])
def test_until_the_link_is_up_or_has_no_cable(ready_at_last: Link) -> None:
    kernel = Kernel([DOWN, DOWN, ready_at_last])
    wait(kernel, "10.0.0.1/24", "fd00::1/64", "fd01::1/64")
    assert kernel.asked == ["pc1"] * 3


def test_a_port_is_waited_for_and_a_bridge_asked_for_once() -> None:
    port = LinkState("+0", "veth", 3, master="lan")
    bridge = LinkState("lan", "bridge", 2)
    kernel = Kernel([DOWN, DOWN, UP])
    steps = [SetLink("lan", bridge, bridge), SetLink("lan+1", port, port)]
    await_links(steps, cast("Sandbox", kernel))
    assert kernel.asked == ["lan", "lan+1", "lan+1"]


def test_a_link_that_has_gone_is_not_waited_for() -> None:
    kernel = Kernel([])
    wait(kernel, "fd00::1/64")
    assert kernel.asked == ["pc1"]


def test_the_last_cable_is_waited_for_and_looked_at_among_all() -> None:
    far = LinkState("eth0", "veth", 2, peer=("lan", "pc1.eth0"))
    port = Link(ifname="pc1.eth0", carrier=1, operstate=2)
    kernel = Kernel([], dumps=[[Link(ifname="other", carrier=1, operstate=2), port], [DOWN]])
    await_links([SetLink("pc1", far, far)], cast("Sandbox", kernel))
    assert kernel.asked == ["lan:pc1.eth0", "all of lan"] * 2


def test_where_the_last_cable_runs_no_other_is_looked_at() -> None:
    far = LinkState("eth0", "veth", 2, peer=("lan", "pc1.eth0"))
    down = Link(ifname="pc1.eth0", carrier=1, operstate=2)
    kernel = Kernel([], dumps=[[down]], running=[False, True])
    await_links([SetLink("pc1", far, far)], cast("Sandbox", kernel))
    assert kernel.asked == ["lan:pc1.eth0", "all of lan", "lan:pc1.eth0"]


def test_who_is_refused_an_answer_waits_no_longer() -> None:
    far = LinkState("eth0", "veth", 2, peer=("lan", "pc1.eth0"))
    kernel = Kernel([])
    await_links([SetLink("pc1", far, far)], cast("Sandbox", kernel))
    assert kernel.asked == ["lan:pc1.eth0", "all of lan"]


def test_links_without_ipv6_of_the_file_are_not_waited_for() -> None:
    kernel = Kernel([DOWN])
    wait(kernel, "10.0.0.1/24", "fe80::1/64")
    assert kernel.asked == []


def test_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ready, "_PATIENCE", 0.05)
    kernel = Kernel([DOWN])
    wait(kernel, "fd00::1/64")
    assert len(kernel.asked) > 1
