"""What a lab whose holder was killed leaves on the machine, and who takes it back."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.plan.way.world import FAR4, MACHINE4, World, in_world

if TYPE_CHECKING:
    from tests.state import MachineState

LAB: dict[str, object] = {
    "name": "doomed",
    "bridges": {
        "lan": {"subnet": ["10.0.1.0/24", "fd00:1::/64"], "uplink": True, "ports": ["pc1", "web"]}
    },
    "nodes": {"web": {"publish": ["8080:80", "53:53/udp"]}},
}
DOOR = """
table inet mine {
    chain forward {
        type filter hook forward priority filter; policy drop;
    }
}
"""


def kill_holder(world: World, lab: str = "doomed") -> None:
    found = json.loads(world.nslab("ls", "-j").stdout)
    pid = next(one["pid"] for one in found if one["lab"] == lab)
    pidfd = os.pidfd_open(pid)
    signal.pidfd_send_signal(pidfd, signal.SIGKILL)
    os.close(pidfd)
    world.await_end(pid, lab)


def mar(world: World) -> MachineState:
    """Bring a lab up and kill its holder; give the machine's state from before."""
    subprocess.run(["nft", "-f", "-"], input=DOOR, text=True, check=True)
    before = world.state()
    world.up(LAB)
    kill_holder(world)
    assert world.state()["nft"] != before["nft"]
    return before


@in_world()
def test_ls_clears_what_was_left(world: World) -> None:
    before = mar(world)
    said = world.nslab("ls").stderr
    assert said.startswith("doomed had ended: what it had left on this machine is taken back")
    assert world.state() == before


@in_world()
def test_down_clears_what_was_left(world: World) -> None:
    before = mar(world)
    for words, after in (([], 1), (["doomed"], 1), (["--all"], 0)):
        world.nslab("down", *words)
        assert world.state() == before
        assert world.nslab("down", *words, check=False).returncode == after
        world.up(LAB)
        kill_holder(world)


@in_world()
def test_the_next_up_clears_what_was_left(world: World) -> None:
    before = mar(world)
    world.up(LAB)
    assert world.ask("pc1", FAR4, 80) == f"{MACHINE4} 5"
    world.nslab("down")
    assert world.state() == before


@in_world()
def test_doctor_lists_what_was_left_and_clears_nothing(world: World) -> None:
    mar(world)
    left = world.state()
    found = json.loads(world.nslab("doctor", "-j").stdout)["left by ended labs"]
    assert [one["name"] for one in found] == ["doomed"]
    assert world.state()["nft"] == left["nft"]
    world.nslab("ls")
    assert "left by ended labs" not in world.nslab("doctor").stdout


@in_world()
def test_what_another_lab_still_needs_stays(world: World) -> None:
    subprocess.run(["nft", "-f", "-"], input=DOOR, text=True, check=True)
    before = world.state()
    world.up(LAB)
    world.up({**LAB, "name": "survivor", "nodes": {}})
    kill_holder(world)
    world.nslab("ls")
    assert Path("/proc/sys/net/ipv4/ip_forward").read_text() == "1\n"
    assert world.ask("pc1", FAR4, 80) == f"{MACHINE4} 5"
    assert "as it was brought up" in world.nslab("show", "--drift").stdout
    world.nslab("down", "survivor")
    assert world.state() == before


@in_world()
def test_a_machine_that_forwards_goes_on_forwarding(world: World) -> None:
    for key in ("ipv4/ip_forward", "ipv6/conf/all/forwarding"):
        Path(f"/proc/sys/net/{key}").write_text("1")
    before = world.state()
    world.up(LAB)
    world.nslab("down")
    assert world.state() == before


@in_world()
def test_a_machine_that_hears_routers_goes_on_hearing_them(world: World) -> None:
    """A kernel that forwards IPv6 takes no default route from a router, unless told so."""
    heard = Path("/proc/sys/net/ipv6/conf/eth0/accept_ra")
    heard.write_text("1")
    for key in ("conf/all/forwarding", "conf/eth0/forwarding"):
        Path(f"/proc/sys/net/ipv6/{key}").write_text("0")
    heard.write_text("1")
    before = world.state()
    world.up(LAB, "--uplink", "kernel")
    assert Path("/proc/sys/net/ipv6/conf/all/forwarding").read_text() == "1\n"
    assert heard.read_text() == "2\n"
    world.nslab("down")
    assert heard.read_text() == "1\n"
    assert world.state() == before


@in_world()
def test_up_that_is_killed_anywhere_leaves_what_the_next_clears(world: World) -> None:
    """Kill `up` and its holder after each of the steps that reach the machine."""
    subprocess.run(["nft", "-f", "-"], input=DOOR, text=True, check=True)
    before = world.state()
    path = world.folder / "doomed.json"
    path.write_text(json.dumps(LAB))
    steps = len(world.nslab("plan", str(path)).stdout.splitlines())
    for last in range(steps - 12, steps):
        world.killed_up(path, after=last)
        world.nslab("ls")
        assert world.state() == before, f"after step {last} of {steps}"
    world.up(LAB)
    world.nslab("down")
    assert world.state() == before


@in_world()
def test_a_step_that_fails_takes_all_back(world: World) -> None:
    """An nft that refuses the machine's own table, the last thing that is asked of it."""
    before = world.state()
    real = subprocess.run(["which", "nft"], capture_output=True, text=True, check=True).stdout
    folder = world.folder / "bin"
    folder.mkdir()
    script = folder / "nft"
    script.write_text(
        '#!/bin/sh\nif [ "$2" = -f ]; then text=$(cat); case $text in *nslab.doomed*masquerade*)'
        " echo 'Error: no' >&2; exit 1;; esac;"
        f' printf %s "$text" | {real.strip()} "$@"; else exec {real.strip()} "$@"; fi\n'
    )
    script.chmod(0o755)
    os.environ["PATH"] = f"{folder}:{os.environ['PATH']}"
    with pytest.raises(AssertionError, match=r"let this machine forward.*nft refused: no"):
        world.up(LAB)
    assert world.state() == before
