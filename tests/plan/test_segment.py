"""Segments with more ports than a bridge of the kernel's has room for, as the user sees them.

n0 n1 n2     n3 n4 n5     n6 n7        with room for three on a fabric
└──┴──┤      └──┴──┤      └──┤
     lan ─────── lan+1 ─── lan+2
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nslab import Lab, diff, up
from nslab.plan import segment
from nslab.plan.steps import AddVeth
from tests.plan.labs import DUAL, star

if TYPE_CHECKING:
    from nslab import Running
    from nslab.plan.steps import Step

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("able")]

TALK = """
import socket
server = socket.create_server(("", 7))
print("ready", flush=True)
talk = server.accept()[0]
while said := talk.recv(99):
    talk.sendall(said)
"""
ASK = """
import socket, sys
talk = socket.create_connection((sys.argv[1], 7))
for line in sys.stdin:
    talk.sendall(line.encode())
    print(talk.recv(99).decode(), end="", flush=True)
"""
KNOCK = """
import socket, sys
try:
    socket.create_connection((sys.argv[1], 9), 3)
except ConnectionRefusedError:  # somebody is there
    sys.exit(0)
sys.exit(1)
"""


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a fabric be full with three ports."""
    monkeypatch.setattr(segment, "ROOM", 3)


def fabrics(running: Running) -> list[str]:
    """Name the fabrics of `lan`."""
    with running.open() as sandbox:
        return [name for name in sandbox.names() if name.startswith("lan")]


def assert_as_one(lab: Lab, running: Running) -> None:
    """See that all reach all, and that nobody who looks at the lab sees more than one segment."""
    assert running.ping().ok
    assert running.check().ok
    assert running.observed() == lab.resolve()
    assert running.drift() == []
    assert diff(lab).steps == ()


@pytest.mark.usefixtures("narrow")
def test_a_segment_over_several_fabrics_is_one(name: str) -> None:
    lab = star(name, 8, DUAL)
    with up(lab) as running:
        assert fabrics(running) == ["lan", "lan+1", "lan+2"]
        assert_as_one(lab, running)


@pytest.mark.usefixtures("narrow")
def test_it_grows_and_shrinks_while_a_connection_between_others_goes_on(name: str) -> None:
    with up(star(name, 3, DUAL), keep=True) as running:
        server = running["n2"].popen([sys.executable, "-c", TALK], stdout=-1, text=True)
        assert server.stdout is not None
        assert server.stdout.readline() == "ready\n"
        words = [sys.executable, "-c", ASK, "10.0.0.3"]
        client = running["n0"].popen(words, stdin=-1, stdout=-1, text=True)
        assert client.stdin is not None
        assert client.stdout is not None
        for number, count in enumerate([3, 8, 5, 4, 12, 3]):
            lab = star(name, count, DUAL)
            steps = up_counting(lab)
            own = {f"n{n}" for n in range(3)}
            assert not own & {netns for pair in steps for netns in pair}
            assert_as_one(lab, running)
            client.stdin.write(f"hello {number}\n")
            client.stdin.flush()
            assert client.stdout.readline() == f"hello {number}\n"
        assert fabrics(running) == ["lan"]
        for process in (client, server):
            process.kill()
            process.communicate()


def up_counting(lab: Lab) -> list[tuple[str, str]]:
    """Change a lab; give the namespaces that cables were made between."""
    steps: list[Step] = []
    up(lab, watch=steps.append)
    return [(step.netns, step.far_netns) for step in steps if isinstance(step, AddVeth)]


@pytest.mark.usefixtures("narrow")
def test_who_stays_on_a_further_fabric_stays_there(name: str) -> None:
    lab = Lab(name)
    lan = lab.bridge("lan", subnet="10.0.0.0/24")
    for number in (0, 7):
        lab.node(f"n{number}", on=lan)
    with up(star(name, 8, DUAL)) as running:
        assert up_counting(lab) == []
        assert fabrics(running) == ["lan", "lan+1", "lan+2"]
        assert_as_one(lab, running)


@pytest.mark.usefixtures("narrow")
def test_what_parts_a_segment_is_drift_and_named_by_its_break(name: str) -> None:
    lab = star(name, 8, DUAL)
    with up(lab) as running:
        nslab_ip(running, "lan+1", "link", "set", "+0", "down")
        assert [str(one) for one in running.drift()] == ["lan+1:+0: is down"]
        broken = {(one.source, one.target) for one in running.check().broken}
        parted = {"n3", "n4", "n5", "n6", "n7"}
        names = [f"n{number}" for number in range(8)]
        assert broken == {(a, b) for a in names for b in names if (a in parted) != (b in parted)}
        reasons = {one.reason for one in running.check().broken if one.target == "n3"}
        assert reasons == {
            f"no neighbour: n3:eth0, which has {address}, is not joined to lan"
            for address in ("10.0.0.4", "fd00::4")
        }
        assert [port.node for port in running.observed().bridges[0].ports] == [
            name for name in names if name not in parted
        ]
        up(lab)
        assert_as_one(lab, running)


@pytest.mark.usefixtures("narrow")
@pytest.mark.parametrize("gone", ["lan", "lan+1"])
def test_a_bridge_that_was_taken_away_comes_back(gone: str, name: str) -> None:
    lab = star(name, 8, DUAL)
    with up(lab) as running:
        nslab_ip(running, gone, "link", "delete", "lan")
        assert f"{gone}: the bridge is missing" in [str(one) for one in running.drift()]
        assert not running.ping(timeout=0.2, tries=1).ok
        up(lab)
        assert_as_one(lab, running)


def nslab_ip(running: Running, netns: str, *words: str) -> None:
    running[netns].run([sys.executable, "-m", "nslab", "ip", *words], check=True)


@pytest.mark.usefixtures("narrow")
def test_large_packets_pass_from_fabric_to_fabric(name: str) -> None:
    lab = Lab(name)
    lan = lab.bridge("lan", subnet="10.0.0.0/24", mtu=9000)
    for number in range(5):
        lab.node(f"n{number}", on=lan)
    with up(lab) as running:
        assert running.check().ok  # which asks in packets of the whole MTU
        assert_as_one(lab, running)


@pytest.mark.usefixtures("narrow")
def test_a_change_that_stopped_half_way_is_ended_by_the_next(name: str) -> None:
    small, large = star(name, 3, DUAL), star(name, 8, DUAL)

    def stop(step: object) -> None:
        if isinstance(step, AddVeth) and step.netns == "lan+2":
            raise KeyboardInterrupt

    with up(small, keep=True) as running:
        with pytest.raises(KeyboardInterrupt):
            up(large, watch=stop)
        assert fabrics(running) == ["lan"]
        assert_as_one(small, running)
        up(large)
        assert_as_one(large, running)


@pytest.mark.usefixtures("narrow")
def test_a_lab_that_is_led_out_reaches_the_outside_from_every_fabric(name: str) -> None:
    lab = star(name, 8, DUAL, uplink=True)
    with up(lab, uplink="none") as running:
        assert running.ping().ok
        for number in range(8):
            done = running[f"n{number}"].run([sys.executable, "-c", KNOCK, "10.0.0.1"])
            assert done.returncode == 0
        assert running.observed().bridges[0].uplink == lab.resolve().bridges[0].uplink


def test_the_documents_say_how_many_ports_a_fabric_has() -> None:
    text = (Path(__file__).parents[2] / "docs" / "how-it-works.md").read_text()
    assert f"more than {segment.ROOM} ports" in text
    assert f"takes {segment.BACKLOG} packets" in text


def test_1100_nodes_on_one_segment_reach_each_other(name: str) -> None:
    lab = star(name, 1100, DUAL)
    with up(lab) as running:
        assert fabrics(running) == ["lan", "lan+1", "lan+2"]
        for pair in (("n0", "n1099"), ("n1099", "n0"), ("n1021", "n1022"), ("n0", "n1021")):
            assert running.ping(*pair).ok
        seen, wanted = running.observed(), lab.resolve()
        ports = zip(seen.bridges[0].ports, wanted.bridges[0].ports, strict=False)
        assert [pair for pair in ports if pair[0] != pair[1]] == []  # all would be too long to read
        assert seen == wanted
        assert running.drift() == []
        assert diff(lab).steps == ()
