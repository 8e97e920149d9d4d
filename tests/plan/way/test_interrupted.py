"""Signals in the middle of what reaches the machine: nothing of it stays."""

from __future__ import annotations

import json
import time

from tests.cli.striking import blows, fits, strike
from tests.plan.way.world import World, in_world

LAB: dict[str, object] = {
    "name": "struck",
    "bridges": {
        "lan": {"subnet": ["10.0.1.0/24", "fd00:1::/64"], "uplink": True, "ports": ["pc1", "web"]}
    },
    "nodes": {"web": {"publish": ["8080:80"]}},
}


def strike_all(world: World, *options: str) -> None:
    """Strike `up` and `down` of a lab with a way out at random moments."""
    before = world.state()
    path = world.folder / "struck.json"
    path.write_text(json.dumps(LAB))
    up = world._command(("up", "-q", str(path), *options))
    begun = time.monotonic()
    world.nslab("up", "-q", str(path), *options)
    longest = time.monotonic() - begun
    whole = world.nslab("show").stdout
    world.nslab("down", "-q", "struck")
    for blow in blows(6, 9, longest):
        code, said = strike(up, blow)
        assert fits(code, said, blow), (blow, code, said)
        running = json.loads(world.nslab("ls", "-j").stdout)
        assert code < 128 or not running or world.nslab("show").stdout == whole
        down = world._command(("down", "-q", "--all"))
        code, said = strike(down, blow)
        assert fits(code, said, blow), (blow, code, said)
        world.nslab("down", "-q", "--all")
        assert world.state() == before, blow


@in_world()
def test_by_root(world: World) -> None:
    strike_all(world, "--host")


@in_world(user=True)
def test_by_a_user(world: World) -> None:
    strike_all(world)
