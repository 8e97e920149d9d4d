"""`plan --script` of a lab that is led out and publishes ports: stock tools build what works."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.nft.loading import nft
from tests.plan.way.world import (
    FAR4,
    FAR6,
    MACHINE4,
    MACHINE6,
    ROUTER4,
    ROUTER6,
    SERVER,
    World,
    connect,
    in_world,
)

LAB: dict[str, object] = {
    "name": "scripted",
    "bridges": {
        "lan": {"subnet": ["10.0.1.0/24", "fd00:1::/64"], "uplink": True, "ports": ["pc1", "web"]}
    },
    "nodes": {
        "web": {"publish": ["8080:80", "127.0.0.1:8081:80", "5353:53/udp"]},
        "alone": {"uplink": True},
    },
}
ASK = """
import sys
sys.path[:0] = [{package!r}]
from tests.plan.way.world import connect
print(connect({host!r}, {port}), end="")
"""
PACKAGE = str(Path(__file__).parents[3])


def script(world: World) -> str:
    path = world.folder / "scripted.json"
    path.write_text(json.dumps(LAB))
    return world.nslab("plan", "--script", str(path)).stdout


def written(world: World) -> Path:
    path = world.folder / "scripted.sh"
    path.write_text(script(world))
    return path


def need_socat() -> None:
    if shutil.which("socat") is None:
        pytest.skip("socat is not installed")


def run(path: Path, *words: str) -> None:
    with (path.parent / "said").open("w+") as said:  # what it starts holds its output open
        done = subprocess.run(["sh", str(path), *words], stdout=said, stderr=said, check=False)
        said.seek(0)
        assert done.returncode == 0, said.read()


def ask(node: str, host: str, port: int) -> str:
    code = ASK.format(package=PACKAGE, host=host, port=port)
    words = ["ip", "netns", "exec", node, sys.executable, "-c", code]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def serve(world: World, node: str, *ports: str) -> None:
    code = SERVER.format(package=PACKAGE, ports=ports)
    words = ["ip", "netns", "exec", node, sys.executable, "-c", code]
    child = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    world.children.append(child)
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"


def await_answer(host: str, port: int) -> str:
    """Connect until there is an answer: socat listens when it has started."""
    deadline = time.monotonic() + 10
    while not (found := connect(host, port)).endswith(" 5") and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


@in_world()
def test_the_script_leads_out_publishes_and_takes_it_all_away(world: World) -> None:
    need_socat()
    before = world.state()
    path = written(world)
    run(path)
    for node in ("pc1", "alone"):
        assert ask(node, FAR4, 80) == f"{MACHINE4} 5"
        assert ask(node, FAR6, 80) == f"{MACHINE6} 5"
    serve(world, "web", "tcp/80", "udp/53")
    assert world.from_internet(MACHINE4, 8080) == f"{ROUTER4} 5"
    assert world.from_internet(MACHINE6, 8080) == f"{ROUTER6} 5"
    assert world.from_internet(MACHINE4, 5353, "udp") == f"{ROUTER4} 5"
    assert await_answer("127.0.0.1", 8081).endswith(" 5")
    world.leave()
    run(path, "down")
    assert connect("127.0.0.1", 8081) == "ConnectionRefusedError"
    after = world.state()
    for key in after:
        made = key in ("mounts", "files")  # ip keeps its /run/netns
        assert made or after[key] == before[key], key


@in_world()
def test_the_last_lab_that_needs_forwarding_puts_it_back(world: World) -> None:
    before = world.state()
    path = written(world)
    forwards = Path("/proc/sys/net/ipv4/ip_forward")
    other: dict[str, object] = {"name": "other", "nodes": {"n": {"uplink": True}}}
    run(path)
    world.up(other)
    run(path, "down")
    assert forwards.read_text() == "1\n"
    run(path)
    world.nslab("down", "other")
    assert forwards.read_text() == "1\n"
    run(path, "down")
    assert world.state()["nft"] == before["nft"]
    assert forwards.read_text() == "0\n"


@in_world()
def test_the_script_is_the_same_on_every_machine(world: World) -> None:
    first = script(world)
    nft("add table inet mine")
    nft("add chain inet mine f { type filter hook forward priority 0; policy drop; }")
    assert script(world) == first


@in_world()
def test_the_script_stops_at_the_first_step_that_fails(world: World) -> None:
    path = written(world)
    text = path.read_text()
    path.write_text(text.replace("forward net.ipv4.ip_forward", "forward net.ipv4.nothing"))
    with pytest.raises(AssertionError, match="nothing"):
        run(path)
    rules = subprocess.run(["nft", "list", "tables"], capture_output=True, text=True, check=True)
    assert "scripted" not in rules.stdout


@in_world()
def test_the_script_takes_all_back_where_a_port_is_taken(world: World) -> None:
    need_socat()
    before = world.state()
    path = written(world)
    with socket.create_server(("127.0.0.1", 8081)), pytest.raises(AssertionError, match="in use"):
        run(path)
    after = world.state()
    assert {key for key in after if after[key] != before[key]} <= {"mounts", "files"}


@in_world()
def test_the_script_takes_all_away_where_its_relays_have_ended(world: World) -> None:
    need_socat()
    path = written(world)
    run(path)
    later = [line for line in path.read_text().splitlines() if line.startswith("later 'pkill")]
    assert later
    for line in later:
        subprocess.run(["sh", "-c", f'later() {{ eval "$1"; }}; {line}'], check=True)
    run(path, "down")
    assert connect("127.0.0.1", 8081) == "ConnectionRefusedError"
