"""The comparison, by cases in files and by properties on an imagined kernel."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, cast
from unittest.mock import patch

import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from nslab.errors import LabFileError
from nslab.lab import loads
from nslab.plan import comparison, segment
from nslab.plan.diff import compare
from nslab.plan.lower import lower
from nslab.plan.state import KEPT, MODERN
from tests.lab.strategies import trees
from tests.plan.imagined import ImaginedKernel

if TYPE_CHECKING:
    from nslab.lab import Desired, Tree
    from nslab.plan.plan import Plan

CASES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))
SYSCTLS = {
    **MODERN,
    "net.ipv4.tcp_ecn": "2",
    "net/ipv4/conf/eth0.1/rp_filter": "0",
    "net.ipv4.ip_default_ttl": "64",
}


def lab_of(tree: Tree) -> Desired:
    return loads(json.dumps(tree), format="json").resolve()


def built(lab: Desired) -> ImaginedKernel:
    return ImaginedKernel(SYSCTLS).take(compare(lower(lab), {}, defaults=SYSCTLS))


def change(kernel: ImaginedKernel, last: Desired, desired: Desired) -> Plan:
    """Plan as `up` does, which leaves ports on the fabrics where they are."""
    was = lower(last, kernel.state, spare=True)
    return compare(lower(desired, kernel.state), kernel.state, was, SYSCTLS)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A case holds two labs, and the commands that lead from one to the other.

    With `room` a fabric is full with less ports.
    """
    case = yaml.safe_load(path.read_text())
    last, desired = lab_of(case["current"]), lab_of(case["desired"])
    monkeypatch.setattr(segment, "ROOM", case.get("room", segment.ROOM))
    kernel = built(last)
    plan = change(kernel, last, desired)
    assert plan.commands() == case["steps"]
    assert not change(kernel.take(plan), desired, desired)


@st.composite
def edits(draw: st.DrawFn) -> tuple[Tree, Tree]:
    """Give a lab and an edited version of it: things taken out here and there, values changed."""
    tree = draw(trees())
    edited = json.loads(json.dumps(tree))
    other = draw(trees())
    for _ in range(draw(st.integers(1, 4))):
        _edit(draw, edited, other)
    return tree, {**edited, "name": tree["name"]}


def _edit(draw: st.DrawFn, tree: dict[str, Tree], other: dict[str, Tree]) -> None:
    key = draw(st.sampled_from(["bridges", "cables", "nodes", "mtu", "forward", "graft"]))
    part = tree.get(key)
    if isinstance(part, list) and part:
        part.pop(draw(st.integers(0, len(part) - 1)))
    elif isinstance(part, dict) and part:
        name = draw(st.sampled_from(sorted(part)))
        inner = part[name]
        if isinstance(inner, dict) and inner and draw(st.booleans()):
            inner.pop(draw(st.sampled_from(sorted(inner))))
        else:
            part.pop(name)
    elif key == "mtu":
        for cable in cast("list[dict[str, Tree]]", tree["cables"]):
            cable["mtu"] = draw(st.sampled_from([1000, 1280, 1400, 9000]))
    elif key == "forward":
        for node in cast("dict[str, dict[str, Tree] | None]", tree["nodes"]).values():
            if node is not None:
                node["forward"] = draw(st.booleans())
    else:
        tree["cables"] = other["cables"]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(pair=edits(), room=st.sampled_from([segment.ROOM, 1, 2, 3]))
def test_any_change_leads_to_the_file_and_can_be_undone_from_any_point(
    pair: tuple[Tree, Tree], room: int
) -> None:
    try:
        last, desired = (lab_of(tree) for tree in pair)
    except LabFileError:
        assume(False)  # noqa: FBT003 - hypothesis's own way to say so
    with patch.object(segment, "ROOM", room):
        goes_there_and_back(last, desired)


def test_undoing_a_first_address_keeps_the_routes_that_need_none() -> None:
    route: Tree = {"dst": "172.20.1.0/24", "dev": "eth0"}
    nodes: Tree = {"a": {"routes": [route]}}
    last: dict[str, Tree] = {"name": "x", "cables": [{"ends": ["a", "b"]}], "nodes": nodes}
    cable: Tree = {"ends": ["a", "b"], "subnet": "192.168.4.0/24"}
    goes_there_and_back(lab_of(last), lab_of({**last, "cables": [cable]}), every=1)


def goes_there_and_back(last: Desired, desired: Desired, every: int = 5) -> None:
    before = built(last)
    assert not change(before, last, last), "a second `up` takes steps"
    steps = change(before, last, desired).steps
    with patch.object(comparison, "agrees", return_value=False):
        assert change(before, last, desired).steps == steps, "a closer look"
    kernel, undoing = ImaginedKernel(SYSCTLS, before.state), []
    for number, step in enumerate(steps):
        kernel.take([step])
        undoing.append(step)
        if number % every == 0 and step.undo():
            back = ImaginedKernel(SYSCTLS, kernel.state)
            for done in reversed(undoing):
                back.take(done.undo())
            assert back.facts() == before.facts()
    wanted = lower(desired, before.state)
    assert kernel.facts().keys() - KEPT == wanted.keys() - KEPT
    assert not change(kernel, desired, desired)
    assert segments(desired, kernel) == segments(desired, built(desired))


def segments(lab: Desired, kernel: ImaginedKernel) -> dict[str, object]:
    """Give what is on each segment, wherever that is: on which of its ends, and on which bridge."""
    found = segment.whole(lab, kernel.state)
    return {
        bridge.name: {
            link.ifname: (link.peer, link.master) for link in found[bridge.name].links.values()
        }
        for bridge in lab.bridges
    }
