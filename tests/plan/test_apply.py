"""Steps that fail, at every place of a plan: what was done before them is undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from nslab import Lab, up
from nslab.errors import KernelError, StepError
from nslab.kernel.sandbox import OUTSIDE, Sandbox
from nslab.kernel.transport import Transport
from nslab.netlink.message import Request
from nslab.netlink.rtnl.constants import RTM
from nslab.netlink.rtnl.link import Link, LinkInfo
from nslab.plan.apply import apply
from nslab.plan.diff import compare
from nslab.plan.lower import lower
from nslab.plan.observe import observe
from nslab.plan.planning import plan_change
from nslab.plan.steps import AddNetns, DeleteLink, DeleteNetns, Step
from nslab.plan.steps.step import NEW
from nslab.plan.wanted import Wanted
from tests.plan.labs import star

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nslab.plan.state import State
    from nslab.plan.steps.step import Open

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("able")]


class Broken(Step, frozen=True):
    """A step that the kernel refuses."""

    def words(self) -> str:
        return "delete a link that is not there"

    def command(self) -> str:
        return "ip link delete nothing"

    def requests(self, _: Open) -> list[Request]:
        return [Request(RTM.DELLINK, Link(index=4711))]


def before(name: str) -> Lab:
    lab = Lab(name)
    lan = lab.bridge("lan", subnet=["10.0.0.0/24", "fd00::/64"])
    for node in ("h1", "h2", "h3"):
        lab.node(node, on=lan)
    lab.node("r", forward=True, routes=[{"dst": "10.9.0.0/16", "via": "10.0.1.2"}])
    lab.cable("r", "h1", subnet="10.0.1.0/30", mtu=1400)
    return lab


def after(name: str) -> Lab:
    """Change a bit of everything: a node less and one more, another bridge, MTU, routes, sysctl."""
    lab = Lab(name)
    lan = lab.bridge("lan", subnet=["10.0.0.0/24", "fd00::/64"])
    lab.node("h1", on=lan)
    lab.node("h4", on=lan)
    dmz = lab.bridge("dmz", subnet="10.0.2.0/24")
    lab.node("h2", on=dmz, sysctl={"net.ipv4.tcp_ecn": 1})
    lab.node("r", routes=[{"dst": "10.9.0.0/16", "via": "10.0.1.6"}])
    lab.cable("r", "h1", subnet="10.0.1.4/30")
    return lab


def facts(state: State) -> object:
    """Give what can be compared: all but the order of things and the carriers."""
    return {
        name: (
            sorted(
                (
                    x.ifname,
                    x.ifindex,
                    x.mac,
                    x.mtu,
                    x.up,
                    x.master,
                    x.peer,
                    sorted(map(str, x.addresses)),
                )
                for x in netns.links.values()
            ),
            sorted(map(str, netns.routes)),
            netns.sysctl,
        )
        for name, netns in state.items()
    }


def test_a_new_lab_is_undone_wherever_it_fails(name: str) -> None:
    state = lower(before(name).resolve())
    with Sandbox.start(name) as sandbox:
        steps = compare(state, {}).steps
        for place in range(len(steps)):
            netns = next(s.netns for s in reversed(steps[: place + 1]))
            broken = Broken(netns if isinstance(steps[place], AddNetns) else steps[place].netns)
            with pytest.raises(StepError) as error:
                apply([*steps[:place], AddNetns("x"), Broken("x"), broken], sandbox)
            assert error.value.undo_errors == ()
            assert sandbox.names() == [OUTSIDE]
        apply(steps, sandbox)
        sandbox.end()


def test_a_change_is_undone_wherever_it_fails(name: str) -> None:
    last, desired = (lab.resolve() for lab in (before(name), after(name)))
    with up(before(name)) as running, Sandbox.connect(name) as sandbox:
        steps = plan_change(sandbox, Wanted(desired, "", "auto"))[0].steps
        assert len(steps) > 20
        then = facts(observe(sandbox, [last, desired]))
        failing = [n for n, step in enumerate(steps) if not isinstance(step, DeleteNetns)]
        for place in [*failing, failing[-1] + 1]:
            with pytest.raises(StepError) as error:
                apply([*steps[:place], Broken("h1")], sandbox)
            assert error.value.undo_errors == ()
            assert facts(observe(sandbox, [last, desired])) == then, steps[place]
            assert running.drift() == []
        up(after(name))
        assert running.drift() == []


def test_the_error_says_step_command_and_reason(name: str) -> None:
    with Sandbox.start(name) as sandbox:
        with pytest.raises(StepError) as error:
            apply([AddNetns("h1"), Broken("h1")], sandbox)
        assert str(error.value) == (
            "cannot delete a link that is not there [ip link delete nothing]: link: No such device"
        )
        assert isinstance(error.value.cause, KernelError)
        sandbox.end()


def test_a_name_that_is_taken_in_the_lab_is_told(name: str) -> None:
    with Sandbox.start(name) as sandbox:
        apply([AddNetns("h1")], sandbox)
        with pytest.raises(StepError, match=r"ip netns add h1.*: File exists") as error:
            apply([AddNetns("h2"), AddNetns("h1")], sandbox)
        assert error.value.hint == "somebody in the lab made a namespace of that name"
        sandbox.end()


def ports_of(sandbox: Sandbox) -> set[str | None]:
    found = sandbox.handle("lan").transport.dump(Request(RTM.GETLINK, Link()), Link)
    return {link.ifname for link in found} - {"lo", "lan"}


def test_links_of_a_netns_are_deleted_as_one(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel waits some 15 ms at each deletion. Somebody else's link stays."""
    deleted: list[Request] = []
    batch = Transport.batch

    def seen(transport: Transport, requests: Sequence[Request]) -> list[KernelError | None]:
        deleted.extend(each for each in requests if each.type == RTM.DELLINK)
        return batch(transport, requests)

    with up(star(name, 8)), Sandbox.connect(name) as sandbox:
        pair = LinkInfo(kind="veth")
        foreign = Link(ifname="theirs", linkinfo=pair)
        sandbox.handle("lan").transport.request(Request(RTM.NEWLINK, foreign, NEW))
        monkeypatch.setattr(Transport, "batch", seen)
        up(star(name, 2))
        assert len(deleted) == 1
        assert ports_of(sandbox) == {"n0.eth0", "n1.eth0", "theirs", "veth0"}


def test_links_are_back_where_one_of_them_could_not_be_deleted(name: str) -> None:
    with up(star(name, 5)), Sandbox.connect(name) as sandbox:
        steps = plan_change(sandbox, Wanted(star(name, 2).resolve(), "", "auto"))[0].steps
        gone = next(s for s in steps if isinstance(s, DeleteLink) and s.link.ifname == "n3.eth0")
        sandbox.handle("lan").transport.request(*gone.requests(sandbox.handle))
        with pytest.raises(StepError, match=r"link delete n3\.eth0.*No such device") as error:
            apply(steps, sandbox)
        assert error.value.undo_errors == ()
        assert ports_of(sandbox) == {"n0.eth0", "n1.eth0", "n2.eth0", "n4.eth0"}
        up(star(name, 5))
        assert len(ports_of(sandbox)) == 5
