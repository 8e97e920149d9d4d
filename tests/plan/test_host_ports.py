"""Bridges and links of the machine that join a lab, on a machine of the test's own.

machine: br0 (10.9.0.100) ── veth ── lan ── pc1, pc2         eth1 ── wan ── pc3
            │                                                 │
         neighbour (10.9.0.101)                       w: sw ── far (10.8.0.100)
"""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from nslab import Lab, diff, dump, up
from nslab.errors import NslabError, PrivilegeError, StepError
from nslab.kernel.sandbox import running
from nslab.plan.apply import apply
from nslab.plan.ending import sweep
from nslab.plan.script import script
from nslab.plan.state import LinkState
from nslab.plan.steps import AddMacvlan, AddVeth, SetLink
from tests.kernel.labs import eventually
from tests.kernel.sandboxed import sandboxed, unprivileged
from tests.plan.played import ip, kill_holder, none_runs, reaches
from tests.state import state

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nslab.plan.steps import Step

pytestmark = pytest.mark.skipif(
    shutil.which("ip") is None or shutil.which("ping") is None, reason="needs iproute2 and ping"
)


NOWHERE = LinkState("none", "veth", ifindex=9999)
CARD = {"link": "eth1"}


def office(host: str | Mapping[str, str] | None, *, name: str = "office", nodes: int = 2) -> Lab:
    lab = Lab(name)
    number = 8 if isinstance(host, dict) else 9
    lan = lab.bridge("lan", subnet=[f"10.{number}.0.0/24", f"fd00:{number}::/64"], host=host)
    for place in range(1, nodes + 1):
        lab.node(f"pc{place}", on=lan)
    return lab


def bridge(name: str = "br0") -> None:
    ip("link", "add", name, "type", "bridge")
    ip("link", "set", name, "up")
    ip("address", "add", "10.9.0.100/24", "dev", name)
    ip("address", "add", "fd00:9::100/64", "dev", name, "nodad")


def neighbour() -> None:
    """Put another machine on br0."""
    ip("netns", "add", "neighbour")
    ip(*words("link add tap0 master br0 up type veth peer name eth0 netns neighbour"))
    ip("-n", "neighbour", "link", "set", "eth0", "up")
    ip("-n", "neighbour", "address", "add", "10.9.0.101/24", "dev", "eth0")
    ip("-n", "neighbour", "address", "add", "fd00:9::101/64", "dev", "eth0", "nodad")


def words(text: str) -> list[str]:
    return text.split()


def card() -> None:
    """Give the machine a card, and beyond it a switch with another machine."""
    ip("netns", "add", "sw")
    ip("netns", "add", "far")
    ip("link", "add", "eth1", "type", "veth", "peer", "name", "w", "netns", "sw")
    ip("link", "set", "eth1", "up")
    ip("-n", "sw", "link", "add", "sw", "type", "bridge")
    ip("-n", "sw", "link", "set", "w", "master", "sw", "up")
    ip(
        "-n",
        "sw",
        *[
            "link",
            "add",
            "p",
            "master",
            "sw",
            "up",
            "type",
            "veth",
            "peer",
            "name",
            "eth0",
            "netns",
            "far",
        ],
    )
    ip("-n", "sw", "link", "set", "sw", "up")
    ip("-n", "far", "link", "set", "eth0", "up")
    ip("-n", "far", "address", "add", "10.8.0.100/24", "dev", "eth0")
    ip("-n", "far", "address", "add", "fd00:8::100/64", "dev", "eth0", "nodad")


def link(name: str) -> dict[str, object]:
    found: list[dict[str, object]] = json.loads(ip("-j", "-d", "link", "show", name))
    return found[0]


def neighbours_of(netns: str, address: str) -> str:
    (found,) = json.loads(ip("-n", netns, "-j", "neigh", "show", address))
    return str(found["lladdr"])


@sandboxed
def test_a_bridge_of_the_machine_joins() -> None:
    bridge()
    neighbour()
    before = state()
    lab = up(office("br0"), host=True)
    for address in ("10.9.0.1", "fd00:9::2"):
        assert reaches(address)
        assert reaches(address, of="neighbour")
    for address in ("10.9.0.100", "10.9.0.101", "fd00:9::101"):
        assert reaches(address, of="office-pc1")
    own = lab.observed().endpoints()["pc1"][0].mac
    assert neighbours_of("neighbour", "10.9.0.1") == own
    assert lab.drift() == []
    assert not diff(office("br0"))
    lab.down()
    assert state() == before


@sandboxed
def test_a_bridge_without_ports_keeps_its_mac_and_mtu() -> None:
    bridge()
    ip("link", "set", "br0", "mtu", "9000")
    before, kept = state(), [link("br0")[key] for key in ("address", "mtu")]
    lab = up(office("br0"))
    assert [link("br0")[key] for key in ("address", "mtu")] == kept
    assert reaches("10.9.0.1")
    assert not diff(office("br0"))
    lab.down()
    assert state() == before


@sandboxed
def test_what_a_killed_lab_took_along_is_given_back() -> None:
    bridge()
    before = state()
    kill_holder(up(office("br0"), host=True))
    assert sweep() == ["office"]
    assert state() == before
    up(office("br0")).down()
    assert state() == before


@sandboxed
def test_two_labs_on_one_bridge_without_ports() -> None:
    bridge()
    before, mac = state(), link("br0")["address"]
    one, other = up(office("br0")), up(office("br0", name="other"))
    one.down()
    assert link("br0")["address"] == mac
    other.down()
    assert state() == before


@sandboxed
def test_the_end_on_the_machine_says_whose_it_is() -> None:
    bridge()
    with up(office("br0")):
        (end,) = [x for x in json.loads(ip("-j", "link")) if x.get("master") == "br0"]
        assert end["ifname"].startswith("nslab.off-")
        assert end["ifalias"] == "nslab:office:lan"


@sandboxed
def test_a_card_of_the_machine_joins() -> None:
    card()
    before = state()
    lab = up(office(CARD), host=True)
    for address in ("10.8.0.1", "10.8.0.2", "fd00:8::1"):
        assert reaches(address, of="far")
    for address in ("10.8.0.100", "fd00:8::100"):
        assert reaches(address, of="office-pc1")
        assert reaches(address, of="office-pc2")
    ends = lab.observed().endpoints()
    assert neighbours_of("far", "10.8.0.1") == ends["pc1"][0].mac
    assert neighbours_of("far", "10.8.0.2") == ends["pc2"][0].mac
    assert lab.drift() == []
    assert not diff(office(CARD))
    lab.down()
    assert state() == before


@sandboxed
def test_a_card_is_as_before_when_the_lab_was_killed() -> None:
    card()
    before = state()
    kill_holder(up(office(CARD), host=True))
    sweep()
    assert eventually(lambda: state() == before)
    with up(office(CARD)):
        assert reaches("10.8.0.1", of="far")


@sandboxed
def test_what_is_read_back_is_what_was_asked_for() -> None:
    bridge()
    card()
    lab = office("br0")
    lab.bridge("wan", host=CARD)
    with up(lab) as running_lab:
        assert dump(running_lab.observed()) == dump(lab)
        ip("link", "delete", next(x for x in names() if x.startswith("nslab.")))
        said = running_lab.observed()
        assert [bridge.host is None for bridge in said.bridges] == [True, False]
        (found,) = running_lab.drift()
        assert "nothing joins (host):nslab.off-" in str(found)
        up(lab)
        assert running_lab.drift() == []
        assert reaches("10.9.0.1")


def names() -> list[str]:
    return [item["ifname"] for item in json.loads(ip("-j", "link"))]


@sandboxed
def test_a_running_lab_joins_another_and_leaves() -> None:
    bridge()
    bridge("br1")
    card()
    before = state()
    lab = up(office(None))
    up(office("br0"))
    assert lab.drift() == []
    up(office("br1"))
    assert lab.drift() == []
    assert [x["master"] for x in json.loads(ip("-j", "link")) if "master" in x] == ["br1"]
    up(office(CARD))
    assert lab.drift() == []
    assert reaches("10.8.0.1", of="far")
    up(office(None))
    assert lab.drift() == []
    assert eventually(lambda: state()["network"] == before["network"])
    lab.down()
    assert state() == before


@sandboxed
def test_leaving_is_undone_wherever_it_fails() -> None:
    bridge()
    card()
    full = office("br0")
    full.bridge("wan", host=CARD)
    bare = office(None)
    bare.bridge("wan")
    with up(full) as lab, lab.open() as sandbox:
        steps = diff(bare).steps
        assert {type(step).__name__ for step in steps} >= {"DeleteLink", "ReturnMac"}
        for place in range(1, len(steps) + 1):
            wrong = SetLink("lan", NOWHERE, NOWHERE)
            with pytest.raises(StepError) as error:
                apply([*steps[:place], wrong], sandbox)
            assert error.value.undo_errors == ()
            assert lab.drift() == []
            assert reaches("10.9.0.1")


@pytest.mark.parametrize("kind", [AddVeth, AddMacvlan])
@sandboxed
def test_what_goes_wrong_while_joining_leaves_no_trace(kind: type[Step]) -> None:
    bridge()
    card()
    before = names()

    def watch(step: Step) -> None:
        if isinstance(step, kind) and "host." in step.command():
            ip("link", "delete", "br0" if kind is AddVeth else "eth1")

    lab = office("br0")
    lab.bridge("wan", host=CARD)
    with pytest.raises(StepError):
        up(lab, watch=watch)
    assert none_runs()
    assert len(names()) == len(before) - 1


@pytest.mark.parametrize(
    ("host", "prepare", "complaint", "hint"),
    [
        ("br7", "", 'this machine has no bridge "br7"', "its bridges: br0"),
        ("eth1", "", '"eth1" is no bridge', '"host: {link: eth1}"'),
        ({"link": "eth7"}, "", 'this machine has no link "eth7"', "lists them"),
        ({"link": "br0"}, "", '"br0" is a bridge', '"host: br0"'),
        (CARD, "link set eth1 down", "is down", "ip link set eth1 up"),
        (
            CARD,
            "address add 10.7.0.1/24 dev eth1",
            "would be cut off",
            "flush dev eth1",
        ),
        (CARD, "-6 route add fd77::/64 dev eth1", "would be cut off", "flush dev eth1"),
        (CARD, "link set eth1 master br0", "is a port of br0", "nomaster"),
        (
            CARD,
            "link add link eth1 name m type macvlan",
            "has the macvlan m",
            "another",
        ),
    ],
)
@sandboxed
def test_what_must_not_be_touched_is_refused(
    host: str | dict[str, str], prepare: str, complaint: str, hint: str
) -> None:
    bridge()
    card()
    if prepare:
        ip(*prepare.split())
    before = state()
    for act in (lambda: up(office(host)), lambda: diff(office(host))):
        with pytest.raises(NslabError, match=r"bridges\.lan\.host: ") as error:
            act()
        assert complaint in str(error.value)
        assert hint in str(error.value.hint)
    assert none_runs()
    assert state() == before


@sandboxed
def test_a_link_that_another_lab_has_is_refused_by_the_kernel_and_explained() -> None:
    card()
    with up(office(CARD)):
        with pytest.raises(StepError, match="join the machine's link eth1 to lan") as error:
            up(office(CARD, name="other"))
        assert "another lab's" in str(error.value.hint)
        assert running() == ["office"]


@sandboxed
def test_a_link_of_somebody_else_with_our_name_is_refused_and_untouched() -> None:
    bridge()
    with up(office("br0")) as lab:
        own = next(name for name in names() if name.startswith("nslab."))
        ip("link", "delete", own)
        ip("link", "add", own, "type", "bridge")
        before = link(own)
        with pytest.raises(NslabError, match=r"has a link nslab\.off-.* which is not this lab's"):
            up(office("br0"))
        lab.down()
    with pytest.raises(NslabError, match=r"has a link nslab\.off-"):
        up(office("br0"))
    assert none_runs()
    assert link(own) == before


@unprivileged
def test_a_plain_user_is_told_that_it_takes_root() -> None:
    with pytest.raises(PrivilegeError, match=r"bridges\.lan\.host: joining links .* takes root"):
        diff(office("br0"))


@pytest.mark.skipif(shutil.which("nft") is None, reason="needs nft")
@sandboxed
def test_a_way_out_beside_it() -> None:
    bridge()
    lab = Lab("office")
    lan = lab.bridge("lan", subnet="10.9.0.0/24", host="br0", uplink={"gateway": "10.9.0.254"})
    lab.node("pc1", on=lan)
    before = state()
    with up(lab, uplink="kernel") as running_lab:
        assert reaches("10.9.0.1")
        assert running_lab.drift() == []
        assert not diff(lab, uplink="kernel")
    assert state() == before


@sandboxed
def test_the_script_joins_too() -> None:
    bridge()
    card()
    lab = office("br0")
    lab.bridge("wan", host=CARD)
    subprocess.run(["sh", "-c", script(lab.resolve())], check=True)
    assert reaches("10.9.0.1")
    assert "macvlan mode passthru" in ip("-n", "wan", "-d", "link", "show", "host.eth1")
