"""Whole labs on the real kernel: up, change, look, down; as whoever runs the tests."""

from __future__ import annotations

import errno
import gc
import json
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import PIPE
from typing import TYPE_CHECKING, Any, assert_type

import pytest

from nslab import Lab, connect, diff, draw_text, dumps, end, load, loads, up
from nslab.errors import (
    LabBusyError,
    LabNotRunningError,
    NodeNotFoundError,
    NslabError,
    UsageError,
)
from nslab.kernel import wire
from nslab.kernel.sandbox import Sandbox, running
from nslab.netlink.message import Request
from nslab.netlink.rtnl.constants import RTM
from nslab.netlink.rtnl.link import Link
from tests.kernel.labs import eventually

if TYPE_CHECKING:
    import socket

    from nslab import Running

pytestmark = [pytest.mark.kernel, pytest.mark.usefixtures("able")]
EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))


def star(name: str, count: int = 3) -> Lab:
    lab = Lab(name)
    lan = lab.bridge("lan", subnet=["10.0.0.0/24", "fd00::/64"])
    for number in range(1, count + 1):
        lab.node(f"h{number}", on=lan)
    return lab


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_come_up_are_proven_and_go(path: Path, name: str) -> None:
    said = loads(path.read_text(), name=name).name
    lab = loads(path.read_text().replace(f"name: {said}", f"name: {name}"))
    with up(lab) as running_lab:
        assert running_lab.ping().ok
        assert running_lab.drift() == []
        assert diff(lab).steps == ()
    assert name not in running()


def test_a_router_forwards_ipv6_at_once(name: str) -> None:
    lab = Lab(name)
    lab.node("gw", forward=True)
    lab.node("a", routes=[{"dst": "default", "via": "fd00:1::2"}])
    lab.node("b", routes=[{"dst": "default", "via": "fd00:2::1"}])
    lab.cable("a", "gw", subnet="fd00:1::/64")
    lab.cable("gw", "b", subnet="fd00:2::/64")
    with up(lab) as running_lab:
        assert running_lab.ping("a", "b", timeout=0.9, tries=1).ok  # DAD takes longer


def test_a_file_loads_from_disk(tmp_path: Path, name: str) -> None:
    path = tmp_path / "lab.yaml"
    path.write_text(f"name: {name}\ncables: [{{ends: [a, b], subnet: 10.0.0.0/30}}]\n")
    with up(load(path)) as running_lab:
        assert running_lab.ping("a", "b").ok


def test_two_labs_with_the_same_names_and_addresses(name: str) -> None:
    with up(star(name)) as one, up(star(f"{name}x")) as other:
        assert one.ping().ok
        assert other.ping().ok


def test_programs_run_in_nodes(name: str) -> None:
    with up(star(name, 1)) as running_lab:
        node = running_lab["h1"]
        done = node.run(
            ["sh", "-c", "hostname; cat"], input="hello", capture_output=True, text=True
        )
        assert done.stdout == "h1\nhello"
        assert node.run(["sh", "-c", "exit 7"]).returncode == 7
        assert node.run(["sh", "-c", "kill -TERM $$"]).returncode == -signal.SIGTERM
        with pytest.raises(FileNotFoundError):
            node.run(["no-such-program"])
        with pytest.raises(subprocess.CalledProcessError):
            node.run(["false"], check=True)
        with pytest.raises(NodeNotFoundError) as error:
            running_lab["h2"]
    assert error.value.hint == 'did you mean "h1"?'


SERVER = """
import socket
listener = socket.create_server(("", 7))
print("ready", flush=True)
connection, _ = listener.accept()
while data := connection.recv(64):
    connection.sendall(data.upper())
"""
CLIENT = """
import socket, sys
connection = socket.create_connection(("10.0.0.1", 7))
for line in sys.stdin:
    connection.sendall(line.encode())
    print(connection.recv(64).decode(), end="", flush=True)
"""


def say(client: subprocess.Popen[str], word: str) -> str:
    assert client.stdin is not None
    assert client.stdout is not None
    client.stdin.write(f"{word}\n")
    client.stdin.flush()
    return client.stdout.readline()


def counters(running_lab: Running, node: str) -> tuple[int, int]:
    """Give ifindex and received packets of a node's eth0."""
    command = ["ip", "-j", "-s", "link", "show", "eth0"]
    out = running_lab[node].run(command, capture_output=True, check=True).stdout
    (link,) = json.loads(out)
    return link["ifindex"], link["stats64"]["rx"]["packets"]


def test_a_change_takes_few_steps_and_leaves_the_rest_alone(name: str) -> None:
    python = sys.executable
    with up(star(name)) as running_lab:
        server = running_lab["h1"].popen([python, "-c", SERVER], stdout=PIPE, text=True)
        assert server.stdout is not None
        assert server.stdout.readline() == "ready\n"
        client = running_lab["h2"].popen([python, "-c", CLIENT], stdin=PIPE, stdout=PIPE, text=True)
        with server, client:
            assert say(client, "before") == "BEFORE\n"
            index, packets = counters(running_lab, "h1")
            assert 0 < len(diff(star(name, 4))) < 10
            up(star(name, 4))
            assert say(client, "grown") == "GROWN\n"
            assert running_lab.ping("h1", "h4").ok
            up(star(name, 2))
            assert say(client, "shrunk") == "SHRUNK\n"
            assert [node.name for node in running_lab.observed().nodes] == ["h1", "h2"]
            assert diff(star(name, 2)).steps == ()
            assert counters(running_lab, "h1")[0] == index
            assert counters(running_lab, "h1")[1] > packets
            client.stdin.close()  # type: ignore[union-attr]
        assert (client.returncode, server.returncode) == (0, 0)


def test_a_node_that_goes_takes_its_processes_along(name: str) -> None:
    with up(star(name)) as running_lab:
        command = ["sh", "-c", "echo here; exec sleep 60"]
        with running_lab["h3"].popen(command, stdout=subprocess.PIPE) as sleeper:
            assert sleeper.stdout is not None
            assert sleeper.stdout.readline() == b"here\n"
            up(star(name, 2))
            assert sleeper.wait(timeout=5) == -signal.SIGTERM
        with pytest.raises(NodeNotFoundError):
            running_lab["h3"].run(["true"])


def test_addresses_change_and_the_default_route_stays(name: str) -> None:
    def lab(address: str) -> Lab:
        made = Lab(name)
        made.node("a", routes=[{"dst": "default", "via": "10.0.0.254"}])
        made.cable(end("a", addresses=address), end("b", addresses="10.0.0.254/24"))
        return made

    with up(lab("10.0.0.1/24")) as running_lab:
        up(lab("10.0.0.9/24"))
        assert running_lab.drift() == []
        assert running_lab.ping("b", "a").ok


def test_a_route_of_somebody_else_survives_an_address_change(name: str) -> None:
    def lab(address: str) -> Lab:
        made = Lab(name)
        made.cable(end("a", addresses=address), end("b", addresses="10.0.0.254/24"))
        return made

    with up(lab("10.0.0.1/24")) as running_lab:
        add = ["ip", "route", "add", "192.0.2.0/24", "via", "10.0.0.254"]
        running_lab["a"].run(add, check=True)
        up(lab("10.0.0.9/24"))
        routes = running_lab["a"].run(["ip", "route"], capture_output=True, text=True).stdout
        assert "192.0.2.0/24 via 10.0.0.254 dev eth0" in routes


def test_a_foreign_link_in_the_way_is_not_touched(name: str) -> None:
    with up(star(name)) as running_lab:
        running_lab["h1"].run(["ip", "link", "add", "eth1", "type", "bridge"], check=True)
        larger = star(name)
        larger.cable("h1", "h2", subnet="10.0.1.0/30")
        with pytest.raises(NslabError, match="eth1 in h1 is not this lab's") as error:
            up(larger)
        assert "nslab exec h1 ip link delete eth1" in (error.value.hint or "")
        assert running_lab.ping().ok


def test_two_ups_of_one_lab_at_the_same_time_make_one_lab(name: str) -> None:
    labs = [star(name, 3), star(name, 6)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda number: up(labs[number % 2], keep=True), range(8)))
    with found[0] as running_lab:
        assert len({one.pid for one in found}) == 1
        assert running_lab.drift() == []
        assert len(running_lab.observed().nodes) in (3, 6)
        assert running_lab.ping().ok


def test_drift_names_what_changed_and_up_mends_it(name: str) -> None:
    lab = star(name)
    with up(lab) as running_lab:
        running_lab["h1"].run(["ip", "address", "delete", "10.0.0.1/24", "dev", "eth0"], check=True)
        running_lab["h2"].run(["ip", "link", "add", "extra", "type", "bridge"], check=True)
        assert [str(one) for one in running_lab.drift()] == [
            "h1:eth0: the address 10.0.0.1/24 is missing",
            "h2:extra: the link is not this lab's",
        ]
        up(lab)
        assert [str(one) for one in running_lab.drift()] == ["h2:extra: the link is not this lab's"]


def test_a_deleted_cable_comes_back_with_its_routes(name: str) -> None:
    lab = Lab(name)
    lab.node("a", routes=[{"dst": "default", "via": "10.0.0.2"}])
    lab.cable("a", "b", subnet="10.0.0.0/30")
    with up(lab) as running_lab:
        running_lab["a"].run(["ip", "link", "delete", "eth0"], check=True)
        assert "a:eth0" in str(running_lab.drift()[0]) or "b:eth0" in str(running_lab.drift()[0])
        up(lab)
        assert running_lab.drift() == []
        assert running_lab.ping().ok


def test_a_killed_holder_takes_everything_along(name: str) -> None:
    running_lab = up(star(name))
    command = ["sh", "-c", "echo begun; exec sleep 60"]
    with running_lab["h1"].popen(command, stdout=PIPE) as sleeper:
        assert sleeper.stdout is not None
        assert sleeper.stdout.readline()
        os.kill(running_lab.pid, signal.SIGKILL)
        assert sleeper.wait(timeout=2) == -signal.SIGKILL
    assert eventually(lambda: name not in running(), 2)
    with pytest.raises(LabNotRunningError):
        connect(name)
    running_lab.down()


def test_a_lab_of_the_same_name_is_not_the_one_that_was(name: str) -> None:
    first = up(star(name))
    node = first["h1"]
    os.kill(first.pid, signal.SIGKILL)
    assert eventually(lambda: name not in running(), 5)
    with up(star(name)) as other:
        for use in (node.socket, first.desired, first.ping, first.drift):
            with pytest.raises(LabNotRunningError, match="ended"):
                use()
        first.down()
        assert other.ping().ok


def test_an_abandoned_lab_ends_with_its_process(name: str) -> None:
    code = f"from nslab import Lab, up; import os; up(Lab('{name}')); os.kill(os.getpid(), 9)"
    subprocess.run([sys.executable, "-c", code], check=False)
    assert eventually(lambda: name not in running(), 2)


def test_a_lab_from_another_file_is_not_taken_over(tmp_path: Path, name: str) -> None:
    paths = [tmp_path / "one.yaml", tmp_path / "two.yaml"]
    for path in paths:
        path.write_text(f"name: {name}\nnodes: {{a: }}\n")
    with up(load(paths[0])):
        for act in (up, diff):
            with pytest.raises(LabBusyError, match=r"from another file, .*one\.yaml"):
                act(load(paths[1]))
        assert not diff(loads(paths[1].read_text()))  # made in Python, it is from no file


def test_fifty_threads_use_one_lab(name: str) -> None:
    failures: list[BaseException] = []
    with up(star(name)) as running_lab:

        def work() -> None:
            try:
                assert running_lab.ping("h1", "h2").ok
                assert running_lab.drift() == []
            except BaseException as error:  # noqa: BLE001 - the main thread judges
                failures.append(error)

        threads = [threading.Thread(target=work) for _ in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert failures == []


def test_a_change_that_is_done_does_not_fail_at_forgetting_what_was(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = wire.send

    def short_of_memory(channel: socket.socket, words: list[str], *more: Any) -> None:
        if words[0] == "conclude":
            raise OSError(errno.ENOMEM, "")
        send(channel, words, *more)

    with up(star(name)) as running_lab:
        with monkeypatch.context() as patched:
            patched.setattr(wire, "send", short_of_memory)
            up(star(name, 4))
        assert running_lab.drift() == []
        assert diff(star(name, 4)).steps == ()
        up(star(name, 2))
        assert running_lab.drift() == []


def test_a_running_lab_is_changed_without_a_second_holder(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nslab.kernel import reach

    with up(star(name)):
        monkeypatch.setattr(reach, "start", None)
        up(star(name, 4))
        assert [node.name for node in connect(name).desired().nodes][-1] == "h4"


def test_the_collection_of_garbage_goes_on_after_an_up(name: str) -> None:
    assert gc.isenabled()
    with up(star(name)):
        assert gc.isenabled()
    gc.disable()
    try:
        with up(star(name)):
            assert not gc.isenabled()
    finally:
        gc.enable()


def test_both_ends_of_a_cable_have_one_queue(name: str) -> None:
    lab = star(name)
    lab.cable("h1", "h2")
    with up(lab), Sandbox.connect(name) as sandbox:
        for netns in ("lan", "h1", "h2"):
            found = sandbox.handle(netns).transport.dump(Request(RTM.GETLINK, Link()), Link)
            veths = [link for link in found if link.linkinfo and link.linkinfo.kind == "veth"]
            assert veths
            assert {(link.num_tx_queues, link.num_rx_queues) for link in veths} == {(1, 1)}


def test_a_sysctl_of_a_link_is_set_before_the_link_is_up(name: str) -> None:
    lab = star(name, 1)
    lab.node("r", sysctl={"net.ipv6.conf.eth0.accept_dad": 0, "net.ipv4.conf.eth1.arp_notify": 1})
    lab.cable("r", "h1")
    lab.cable("r", "h1")
    words = [step.words() for step in diff(lab) if step.netns == "r"]
    assert words.index("set net.ipv6.conf.eth0.accept_dad of r to 0") < next(
        number for number, said in enumerate(words) if "eth0" in said and "up" in said
    )
    with up(lab) as running:
        read = ["cat", "/proc/sys/net/ipv4/conf/eth1/arp_notify"]
        assert running["r"].run(read, capture_output=True, text=True).stdout == "1\n"
        assert not running.drift()


@pytest.mark.parametrize("key", ["net/ipv4/conf/x.y/rp_filter", "net.ipv4.conf.x/y.rp_filter"])
def test_a_sysctl_of_a_link_with_a_dot_is_set_in_both_forms(name: str, key: str) -> None:
    lab = Lab(name)
    lab.node("n", sysctl={key: 2})
    lab.cable(end("n", "x.y"), "m")
    with up(lab) as running:
        read = ["cat", "/proc/sys/net/ipv4/conf/x.y/rp_filter"]
        assert running["n"].run(read, capture_output=True, text=True).stdout == "2\n"
        assert not running.drift()
        assert dict(running.observed().nodes[0].sysctl) == {key: "2"}


def test_a_running_lab_lists_its_nodes(name: str) -> None:
    with up(star(name, 2)) as running:
        assert list(running) == ["h1", "h2"]
        assert "h1" in running
        assert "lan" not in running
        assert [running[node].name for node in running] == ["h1", "h2"]


def test_where_nobody_can_be_asked_it_is_said(name: str) -> None:
    lab = Lab(name)
    lab.bridge("lan", subnet="10.0.0.0/24")
    lab.node("a", on="lan")
    lab.node("b")
    with up(lab) as running_lab:
        with pytest.raises(NslabError, match="has no two nodes with addresses"):
            running_lab.ping()
        with pytest.raises(NslabError, match="b has no address to ping"):
            running_lab.ping("a", "b")
        with pytest.raises(NslabError, match="nothing can be expected"):
            running_lab.check()
        with pytest.raises(NodeNotFoundError, match='"lan" is a bridge of the lab'):
            running_lab.ping("a", "lan")
        with pytest.raises(ValueError, match="timeout=-1: seconds above 0 are needed"):
            running_lab.ping("b", "a", timeout=-1)
        with pytest.raises(ValueError, match="tries=0: at least 1 is needed"):
            running_lab.check(tries=0)


def test_a_node_is_what_the_lab_gave_for_it(name: str) -> None:
    lab = Lab(name)
    lan = lab.bridge("lan", subnet="10.0.0.0/24")
    a, b = lab.node("a", on=lan), lab.node("b", on=lan)
    with up(lab) as running_lab:
        assert repr(running_lab) == f"Running({name!r})"
        assert running_lab[a] == running_lab["a"]
        assert a in running_lab
        pings = running_lab.ping(a, running_lab[b])
        assert repr(pings) == "<Pings: all 1 ok>"
        running_lab[b].run(["ip", "link", "set", "eth0", "down"], check=True)
        broken = running_lab.ping(timeout=0.2, tries=1)
        assert repr(broken).startswith("<Pings: 2 of 2 not ok: a -> b (10.0.0.2): ")
        checks = running_lab.check(timeout=0.2, tries=1)
        assert repr(checks).startswith("<Checks: 2 of 2 not ok: a -> b (10.0.0.2): link down")


def test_what_no_type_checker_saw_is_refused(name: str) -> None:
    with pytest.raises(TypeError, match="a Lab is needed, not NoneType"):
        up(None)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match='no way out "road"'):
        up(star(name), uplink="road")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match='no format "xml"'):
        dumps(star(name), format="xml")  # type: ignore[arg-type]
    assert draw_text(star(name)) == draw_text(star(name).resolve())
    with up(star(name)) as running_lab:
        node = running_lab["h1"]
        with pytest.raises(ValueError, match="two sources of one stream"):
            node.run(["cat"], input=b"x", stdin=PIPE)
        with pytest.raises(ValueError, match="lead elsewhere"):
            node.run(["true"], capture_output=True, stdout=PIPE)
        with pytest.raises(subprocess.CalledProcessError) as caught:
            node.run(["false"], check=True)
        assert caught.value.__notes__ == [f"in the node h1 of the lab {name}"]


def test_who_looks_while_another_changes_the_lab_sees_one_or_the_other(name: str) -> None:
    with up(star(name, 3)) as running_lab, ThreadPoolExecutor(1) as others:

        def change() -> None:
            for count in (6, 3) * 10:
                up(star(name, count))

        changing = others.submit(change)
        while not changing.done():
            running_lab.drift()
            assert len(running_lab.observed().nodes) in (3, 6)
        changing.result()


def test_pipes_carry_text_where_the_types_say_so(name: str) -> None:
    lab = Lab(name)
    lab.node("a")
    with up(lab) as running_lab:
        node = running_lab["a"]
        text = node.run(["cat"], encoding="utf-8", input="ä", stdout=PIPE)
        assert_type(text, subprocess.CompletedProcess[str])
        assert text.stdout == "ä"
        raw = node.run([b"cat"], input=b"x", capture_output=True)
        assert_type(raw, subprocess.CompletedProcess[bytes])
        assert raw.stdout == b"x"
        with node.popen(Path("pwd"), encoding="utf-8", cwd=b"/", stdout=PIPE) as process:
            assert_type(process, subprocess.Popen[str])
            assert process.communicate()[0] == "/\n"
