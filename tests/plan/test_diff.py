"""The comparison, by cases in files and by properties on an imagined kernel."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, cast
from unittest import mock

import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from nslab.errors import LabFileError
from nslab.lab import loads
from nslab.plan import diff
from nslab.plan.diff import compare
from nslab.plan.lower import lower
from nslab.plan.state import KEPT, MODERN, State
from tests.lab.strategies import trees
from tests.plan.imagined import ImaginedKernel

if TYPE_CHECKING:
    from nslab.lab import Tree

CASES = sorted((Path(__file__).parent / "cases").glob("*.yaml"))
SYSCTLS = {
    **MODERN,
    "net.ipv4.tcp_ecn": "2",
    "net/ipv4/conf/eth0.1/rp_filter": "0",
    "net.ipv4.ip_default_ttl": "64",
}


def state_of(tree: Tree) -> State:
    return lower(loads(json.dumps(tree), format="json").resolve())


def built(state: State) -> ImaginedKernel:
    return ImaginedKernel(SYSCTLS).take(compare(state, {}, defaults=SYSCTLS))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    """A case holds two labs, and the commands that lead from one to the other."""
    case = yaml.safe_load(path.read_text())
    last, desired = state_of(case["current"]), state_of(case["desired"])
    kernel = built(last)
    plan = compare(desired, kernel.state, last, SYSCTLS)
    assert plan.commands() == case["steps"]
    assert not compare(desired, kernel.take(plan).state, desired, SYSCTLS)


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
@given(pair=edits())
def test_any_change_leads_to_the_file_and_can_be_undone_from_any_point(
    pair: tuple[Tree, Tree],
) -> None:
    try:
        last, desired = (state_of(tree) for tree in pair)
    except LabFileError:
        assume(False)  # noqa: FBT003 - hypothesis's own way to say so
    before = built(last)
    assert not compare(last, before.state, last, SYSCTLS), "a second `up` takes steps"
    steps = compare(desired, before.state, last, SYSCTLS).steps
    with mock.patch.object(diff, "agrees", return_value=False):
        assert compare(desired, before.state, last, SYSCTLS).steps == steps, "a closer look"
    kernel, undoing = ImaginedKernel(SYSCTLS, before.state), []
    for number, step in enumerate(steps):
        kernel.take([step])
        undoing.append(step)
        if number % 5 == 0 and step.undo():
            back = ImaginedKernel(SYSCTLS, kernel.state)
            for done in reversed(undoing):
                back.take(done.undo())
            assert back.facts() == before.facts()
    assert not compare(desired, kernel.state, desired, SYSCTLS)
    assert kernel.facts().keys() - KEPT == desired.keys() - KEPT
