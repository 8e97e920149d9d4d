"""Routes that others set: those that no lab file can say, and those that are in the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nslab import Lab, diff, dumps, loads, up
from nslab.errors import StepError

if TYPE_CHECKING:
    from nslab import Running

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("able")]

UNSAYABLE = [
    ("10.77.0.0/16 nexthop via 10.0.0.2 nexthop via 10.0.0.3 weight 3",
     "10.77.0.0/16 nexthop via 10.0.0.2 dev eth0 weight 1 nexthop via 10.0.0.3 dev eth0 weight 3"),
    ("fd77::/16 metric 9 nexthop via fd00::2 nexthop via fd00::3",
     "fd77::/16 metric 9 " + "nexthop via fd00::2 dev eth0 weight 1 "
     + "nexthop via fd00::3 dev eth0 weight 1"),
    ("10.77.0.0/16 via inet6 fd00::2 dev eth0", "10.77.0.0/16 dev eth0 via inet6 fd00::2"),
    ("10.77.0.0/16 encap ip id 7 dst 10.0.0.2 via 10.0.0.3 dev eth0",
     "10.77.0.0/16 via 10.0.0.3 dev eth0 encap ip"),
    ("10.77.0.0/16 via 10.9.9.9 dev eth0 onlink", "10.77.0.0/16 via 10.9.9.9 dev eth0 onlink"),
    ("10.77.0.0/16 via 10.0.0.2 dev eth0 src 10.0.0.1 mtu 1400",
     "10.77.0.0/16 via 10.0.0.2 dev eth0 src 10.0.0.1 mtu 1400"),
    ("10.77.0.0/16 tos 0x10 via 10.0.0.2 dev eth0", "10.77.0.0/16 via 10.0.0.2 dev eth0 tos 0x10"),
    ("10.77.0.0/16 dev lo", "10.77.0.0/16 dev lo"),
]  # fmt: skip


def routed(name: str, *dsts: str, address: str = "10.0.0.1/24") -> Lab:
    lab = Lab(name)
    lan = lab.bridge("lan", subnet=["10.0.0.0/24", "fd00::/64"])
    routes = [{"dst": dst, "via": "10.0.0.2"} for dst in dsts]
    lab.node("a", on=lan, routes=routes, addresses=[address, "fd00::1/64"])
    lab.node("b", on=lan)
    return lab


def routes_of(running: Running) -> list[str]:
    """Give what `ip route` tells of IPv4, a route a line."""
    said = running["a"].run(["ip", "-o", "-4", "route"], capture_output=True, text=True).stdout
    return [" ".join(line.replace("\\", " ").split()) for line in said.splitlines()]


@pytest.mark.parametrize(("words", "told"), UNSAYABLE, ids=[told for _, told in UNSAYABLE])
def test_what_no_file_can_say_is_named_and_left(name: str, words: str, told: str) -> None:
    lab = routed(name)
    with up(lab) as running:
        family = "-6" if words.startswith("fd") else "-4"
        running["a"].run(["ip", family, "route", "add", *words.split()], check=True)
        assert [str(one) for one in running.drift()] == [f"a: the route {told} is not this lab's"]
        assert not diff(lab)
        assert loads(dumps(running.observed())).resolve() == lab.resolve()


@pytest.mark.parametrize("hop", ["nexthop via 10.0.0.2 nexthop via 10.0.0.3", "via inet6 fd00::2"])
def test_one_in_the_place_of_the_lab_s_is_replaced(name: str, hop: str) -> None:
    lab = routed(name, "10.77.0.0/16")
    with up(lab) as running:
        replace = f"ip route replace 10.77.0.0/16 {hop}"
        running["a"].run(replace.split(), check=True)
        (found,) = running.drift()
        assert str(found).startswith("a: a route is 10.77.0.0/16 ")
        assert str(found).endswith(", not 10.77.0.0/16 via 10.0.0.2")
        up(lab)
        assert running.drift() == []
        assert running.observed() == lab.resolve()


@pytest.mark.parametrize(
    "hop", ["via inet6 fd00::2", "via 10.9.9.9 dev eth0 onlink", "via 10.0.0.2 src 10.255.0.1"]
)
def test_one_over_a_link_whose_address_changes_stays_what_it_is(name: str, hop: str) -> None:
    with up(routed(name)) as running:
        running["a"].run(["ip", "address", "add", "10.255.0.1/32", "dev", "lo"], check=True)
        running["a"].run(f"ip route add 10.77.0.0/16 {hop}".split(), check=True)
        (before,) = [line for line in routes_of(running) if "10.77" in line]
        up(routed(name, address="10.0.0.7/24"))
        assert before in routes_of(running)


def test_one_from_an_address_that_goes_goes_with_it(name: str) -> None:
    with up(routed(name)) as running:
        from_it = "ip route add 10.77.0.0/16 via 10.0.0.2 src 10.0.0.1"
        running["a"].run(from_it.split(), check=True)
        up(routed(name, address="10.0.0.7/24"))
        assert running.drift() == []


def test_a_daemon_s_in_the_way_is_told_and_what_was_done_is_undone(name: str) -> None:
    with up(routed(name, "10.77.0.0/16")) as running:
        several = "nexthop via 10.0.0.2 weight 2 nexthop via 10.0.0.3 weight 1"
        running["a"].run(f"ip route replace 10.77.0.0/16 {several}".split(), check=True)
        bird_s = "ip route add 10.88.0.0/16 via 10.0.0.3 proto bird"
        running["a"].run(bird_s.split(), check=True)
        before = routes_of(running)
        with pytest.raises(StepError, match="File exists") as error:
            up(routed(name, "10.77.0.0/16", "10.88.0.0/16"))
        assert error.value.undo_errors == ()
        assert routes_of(running) == before
    hint = "a route to 10.88.0.0/16 with the metric 0 is there, of a daemon or the kernel"
    assert str(error.value.hint).startswith(hint)
    assert str(error.value.hint).endswith("another metric in the file helps")


def test_a_route_by_an_address_for_a_time_is_in_no_file(name: str) -> None:
    lab = Lab(name)
    lab.node("a", on=lab.bridge("lan"))
    with up(lab) as running:
        for words in (
            "address add 192.168.50.53/24 dev eth0 valid_lft 600 preferred_lft 600",
            "route add default via 192.168.50.1",
        ):
            running["a"].run(["ip", *words.split()], check=True)
        assert loads(dumps(running.observed())).resolve() == lab.resolve()
        assert [str(one) for one in running.drift()] == [
            "a: the route default via 192.168.50.1 dev eth0 is not this lab's"
        ]


@pytest.mark.parametrize("beside", ["10.77.0.0/16 tos 0x10", "fd77::/16 from fd00::/64"])
def test_one_beside_the_lab_s_takes_no_step(name: str, beside: str) -> None:
    lab = Lab(name)
    routes = [{"dst": "10.77.0.0/16", "via": "10.0.0.2"}, {"dst": "fd77::/16", "via": "fd00::2"}]
    lab.node("a", routes=routes)
    lab.cable("a", "b", subnet=["10.0.0.0/24", "fd00::/64"])
    with up(lab) as running:
        running["a"].run(f"ip route add {beside} dev eth0".split(), check=True)
        (found,) = running.drift()
        assert str(found).endswith("is not this lab's")
        assert not diff(lab)
        assert running.observed() == lab.resolve()
