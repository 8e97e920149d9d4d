"""The labs whose every request fails once: with all that a lab can have in its machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from nslab import Lab

if TYPE_CHECKING:
    from collections.abc import Callable

NAME = "faulty"


@dataclass(frozen=True)
class Scenario:
    """A lab to bring up, from nothing or from another one.

    Attributes:
        user: whether a plain user does it.
        last: what runs before; None for a new lab.
        desired: what is to be.
        host: whether the nodes have names on the machine, before and then.
    """

    user: bool
    last: Callable[[], Lab] | None
    desired: Callable[[], Lab]
    host: tuple[bool | None, bool | None] = (None, None)


def small() -> Lab:
    lab = Lab(NAME)
    lan = lab.bridge("lan", subnet=["10.0.0.0/24", "fd00::/64"])
    for node in ("h1", "h2"):
        lab.node(node, on=lan)
    lab.node("r", forward=True, routes=[{"dst": "10.9.0.0/16", "via": "10.0.1.2"}])
    lab.cable("r", "h1", subnet="10.0.1.0/30", mtu=1400)
    return lab


def other() -> Lab:
    """Change a bit of everything: a node less and one more, another bridge, MTU, routes, sysctl."""
    lab = Lab(NAME)
    lan = lab.bridge("lan", subnet=["10.0.0.0/24", "fd00::/64"])
    lab.node("h1", on=lan)
    lab.node("h4", on=lan, sysctl={"net.ipv4.tcp_ecn": 1})
    dmz = lab.bridge("dmz", subnet="10.0.2.0/24")
    lab.node("r", on=dmz, routes=[{"dst": "10.9.0.0/16", "via": "10.0.1.6"}])
    lab.cable("r", "h1", subnet="10.0.1.4/30")
    return lab


def led_out() -> Lab:
    lab = Lab(NAME)
    lan = lab.bridge("lan", subnet=["10.0.0.0/24", "fd00::/64"], uplink=True)
    lab.node("pc", on=lan)
    lab.node("web", on=lan, publish=["8080:80"])
    return lab


def led_out_otherwise() -> Lab:
    """Publish another port, and have another node."""
    lab = Lab(NAME)
    lan = lab.bridge("lan", subnet=["10.0.0.0/24", "fd00::/64"], uplink={"masquerade": True})
    lab.node("pc", on=lan, publish=["5353:53/udp"])
    lab.node("web", on=lan, publish=["8081:80"])
    lab.node("more", on=lan)
    return lab


SCENARIOS = {
    "root-new": Scenario(user=False, last=None, desired=small),
    "root-new-way": Scenario(user=False, last=None, desired=led_out, host=(None, True)),
    "root-change": Scenario(user=False, last=small, desired=other, host=(True, True)),
    "root-change-way": Scenario(user=False, last=led_out, desired=led_out_otherwise),
    "root-change-to-way": Scenario(user=False, last=small, desired=led_out, host=(None, True)),
    "root-change-from-way": Scenario(user=False, last=led_out, desired=small, host=(True, False)),
    "user-new": Scenario(user=True, last=None, desired=small),
    "user-new-way": Scenario(user=True, last=None, desired=led_out),
    "user-change": Scenario(user=True, last=small, desired=other),
    "user-change-way": Scenario(user=True, last=led_out, desired=led_out_otherwise),
    "user-change-to-way": Scenario(user=True, last=small, desired=led_out),
    "user-change-from-way": Scenario(user=True, last=led_out, desired=small),
}
