"""Whole labs on the real kernel: up, change, look, down; as whoever runs the tests."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

from nslab import Lab, connect, diff, load, loads, up
from nslab.errors import LabBusyError, LabNotRunningError, NodeNotFoundError, PrivilegeError
from nslab.kernel.sandbox import Sandbox, running

pytestmark = pytest.mark.kernel
EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))


@pytest.fixture(scope="module", autouse=True)
def _able() -> None:
    try:
        Sandbox.start(f"able-{os.getpid()}").end()
    except PrivilegeError as error:
        pytest.skip(str(error))


@pytest.fixture
def name(request: pytest.FixtureRequest) -> str:
    return f"t{os.getpid()}-{abs(hash(request.node.name)) % 10**6}"


def star(name: str, count: int = 3) -> Lab:
    lab = Lab(name)
    lan = lab.bridge("lan", subnet=["10.0.0.0/24", "fd00::/64"])
    for number in range(1, count + 1):
        lab.node(f"h{number}", on=lan)
    return lab


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_come_up_are_proven_and_go(path: Path, name: str) -> None:
    lab = loads(path.read_text(), name=name)
    lab = loads(path.read_text().replace(f"name: {lab.name}", f"name: {name}"))
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
        assert running_lab.ping("a", "b", timeout=0.5, tries=1).ok


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


def test_a_change_takes_few_steps_and_leaves_the_rest_alone(name: str) -> None:
    with up(star(name)) as running_lab:
        sleeper = running_lab["h1"].popen(["sleep", "30"])
        counters = running_lab["h1"].run(["ip", "-s", "link", "show", "eth0"], capture_output=True)
        larger = star(name, 4)
        assert 0 < len(diff(larger)) < 10
        up(larger)
        assert running_lab.ping("h1", "h4").ok
        smaller = star(name, 2)
        up(smaller)
        assert [node.name for node in running_lab.observed().nodes] == ["h1", "h2"]
        assert diff(smaller).steps == ()
        assert sleeper.poll() is None
        assert counters.returncode == 0
        sleeper.kill()
        sleeper.wait()


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
    with running_lab["h1"].popen(command, stdout=subprocess.PIPE) as sleeper:
        assert sleeper.stdout is not None
        assert sleeper.stdout.readline()
        os.kill(running_lab.pid, signal.SIGKILL)
        assert sleeper.wait(timeout=2) == -signal.SIGKILL
    deadline = time.monotonic() + 2
    while name in running() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert name not in running()
    with pytest.raises(LabNotRunningError):
        connect(name)
    running_lab.down()


def test_an_abandoned_lab_ends_with_its_process(name: str) -> None:
    code = f"from nslab import Lab, up; import os; up(Lab('{name}')); os.kill(os.getpid(), 9)"
    subprocess.run([os.sys.executable, "-c", code], check=False)  # type: ignore[attr-defined]
    deadline = time.monotonic() + 2
    while name in running() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert name not in running()


def test_a_lab_from_another_file_is_not_taken_over(tmp_path: Path, name: str) -> None:
    paths = [tmp_path / "one.yaml", tmp_path / "two.yaml"]
    for path in paths:
        path.write_text(f"name: {name}\nnodes: {{a: }}\n")
    with up(load(paths[0])), pytest.raises(LabBusyError):
        up(load(paths[1]))


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
