"""Expectations across the way out, as root and as a plain user.

internet --- machine --- [ outside --- lan --- pc, web ]      inner: with no way out
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from tests.plan.way.world import FAR4, FAR6, ROUTER4, ROUTER6, World, in_world

if TYPE_CHECKING:
    from collections.abc import Iterator

Found: TypeAlias = dict[str, tuple[str, str]]
"""The outcome and the reason by expectation and address."""

QUICK = ("--timeout", "0.5", "--tries", "2")


@contextmanager
def led(world: World, lab: dict[str, object], *options: str) -> Iterator[None]:
    """Bring a lab up, and down again whatever happens."""
    world.up(lab, *options)
    try:
        yield
    finally:
        world.nslab("down", "led")


def lab(*expect: str) -> dict[str, object]:
    lan = {"subnet": ["10.0.1.0/24", "fd00:1::/64"], "uplink": True, "ports": ["pc", "web"]}
    nodes = {"web": {"publish": ["8080:80", "127.0.0.1:5353:53/udp"]}}
    return {"name": "led", "bridges": {"lan": lan}, "nodes": nodes, "expect": [*expect]}


def ping(world: World, code: int, *words: str) -> Found:
    done = world.nslab("ping", "-j", *QUICK, *words, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return {
        f"{one['expect']} {one['address']}": (one["outcome"], one["reason"])
        for one in json.loads(done.stdout)
    }


def let_users_ping() -> None:
    path = Path("/proc/sys/net/ipv4/ping_group_range")
    try:
        path.write_text("0 2147483647")
    except OSError:  # a user namespace has no more than the groups that were mapped
        path.write_text("0 0")


def wall(world: World, node: str, rule: str) -> None:
    words = "add table inet f; add chain inet f c { type filter hook output priority 0; }"
    world.nslab("exec", node, "nft", f"{words}; add rule inet f c {rule}")


def the_outside_is_what_the_machine_reaches(world: World) -> None:
    let_users_ping()
    with led(world, lab("pc -> outside", "pc -> outside tcp/80", "pc -> outside udp/53")):
        found = ping(world, 2)
        assert found["pc -> outside 192.0.2.1"] == ("ok", "")
        assert found["pc -> outside 2001:db8::1"] == ("ok", "")
        outcome, reason = found["pc -> outside tcp/80 None"]
        assert outcome == "untested"
        assert f"the machine itself gets no answer by tcp/80 from {ROUTER4}, {ROUTER6}" in reason
        assert "--outside ADDRESS" in reason
        found = ping(world, 0, "--outside", FAR4, "--outside", FAR6)
        assert [key.rpartition(" ")[2] for key in found] == [FAR4, FAR6] * 3
        world.nslab("exec", "pc", "ip", "-4", "route", "delete", "default")
        found = ping(world, 1, "--outside", FAR4, "--outside", FAR6)
        assert found[f"pc -> outside tcp/80 {FAR6}"] == ("ok", "")
        outcome, reason = found[f"pc -> outside tcp/80 {FAR4}"]
        assert outcome == "broken"
        assert reason.startswith(f"no route: pc has no route to {FAR4}")


@in_world()
def test_root_tests_the_outside(world: World) -> None:
    the_outside_is_what_the_machine_reaches(world)


@in_world(user=True)
def test_a_plain_user_tests_the_outside(world: World) -> None:
    the_outside_is_what_the_machine_reaches(world)


def what_must_stay_in_stays_in(world: World) -> None:
    with led(world, lab(f"web -/> {FAR4}:80", "web -/> outside tcp/80", f"pc -> {FAR4}:80")):
        found = ping(world, 1, "--outside", FAR4)
        kept_in = [found[f"web -/> {word} tcp/80 {FAR4}"] for word in (FAR4, "outside")]
        assert [outcome for outcome, _ in kept_in] == ["broken"] * 2
        wall(world, "web", "tcp dport 80 drop")
        assert {outcome for outcome, _ in ping(world, 0, "--outside", FAR4).values()} == {"ok"}
        world.in_internet("address", "delete", f"{FAR4}/32", "dev", "lo")
        found = ping(world, 1, "--outside", FAR4)  # nobody is there to be kept from
        outcome, reason = found[f"web -/> {FAR4} tcp/80 {FAR4}"]
        assert outcome == "untested"
        assert f"the machine itself does not reach {FAR4} tcp/80" in reason
        outcome, reason = found[f"pc -> {FAR4} tcp/80 {FAR4}"]
        assert outcome == "broken"


@in_world()
def test_root_keeps_in_what_must_stay_in(world: World) -> None:
    what_must_stay_in_stays_in(world)


@in_world(user=True)
def test_a_plain_user_keeps_in_what_must_stay_in(world: World) -> None:
    what_must_stay_in_stays_in(world)


def the_outside_reaches_what_is_published(world: World) -> None:
    with led(world, lab("outside -> web:8080", "outside -> web udp/5353", "outside -> pc:80")):
        found = ping(world, 1)
        for address in ("127.0.0.1", "::1"):  # the relay takes the connection, and web does not
            assert found[f"outside -> web tcp/8080 {address}"] == (
                "broken",
                "refused: nothing listens there (tcp/80 of web)",
            )
        world.serve("web", "tcp/80", "udp/53")
        world.serve("pc", "tcp/80")
        found = ping(world, 0)
        assert sorted(found) == [
            "outside -> pc tcp/80 10.0.1.2",
            "outside -> pc tcp/80 fd00:1::2",
            "outside -> web tcp/8080 127.0.0.1",
            "outside -> web tcp/8080 ::1",
            "outside -> web udp/5353 127.0.0.1",
        ]
        wall(world, "pc", "tcp sport 80 drop")
        outcome, reason = ping(world, 1)["outside -> pc tcp/80 10.0.1.2"]
        assert outcome == "broken"
        assert reason == "nft drop: pc drops the answer in chain inet f c (a drop rule)"


@in_world()
def test_the_outside_reaches_what_root_publishes(world: World) -> None:
    the_outside_reaches_what_is_published(world)


@in_world(user=True)
def test_the_outside_reaches_what_a_plain_user_publishes(world: World) -> None:
    the_outside_reaches_what_is_published(world)


@in_world(user=True)
def test_a_user_who_may_not_ping_is_told(world: World) -> None:
    Path("/proc/sys/net/ipv4/ping_group_range").write_text("1 0")
    with led(world, lab("pc -> outside")):
        outcome, reason = ping(world, 2)["pc -> outside None"]
        assert outcome == "untested"
        assert "net.ipv4.ping_group_range" in reason


@in_world()
def test_without_the_way_out_it_is_broken_at_the_way_out(world: World) -> None:
    with led(world, lab("pc -> outside"), "--uplink", "none"):
        reasons = {reason for _, reason in ping(world, 1).values()}
        assert len(reasons) == 2
        assert all(reason.startswith("no route: outside has no route to ") for reason in reasons)


@in_world()
def test_published_ports_lead_in_without_a_way_out(world: World) -> None:
    inner = {"name": "led", "nodes": {"web": {"publish": ["8080:80"]}, "pc": {}}}
    with led(world, {**inner, "expect": ["outside -> web:8080"]}):
        world.serve("web", "tcp/80")
        assert {outcome for outcome, _ in ping(world, 0).values()} == {"ok"}
        refused = world.folder / "refused.json"
        refused.write_text(
            json.dumps({"name": "r", "nodes": {"pc": {}}, "expect": "outside -> pc"})
        )
        done = world.nslab("plan", str(refused), check=False)
        assert done.returncode == 2
        assert "needs a way out, and the lab has none" in done.stderr
