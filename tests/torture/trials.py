"""The trials of `kill.py`: which lab, which command, whom to kill and when, all by chance."""

from __future__ import annotations

import json
import random
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from tests.plan.way.world import FAR4, MACHINE4
from tests.torture.machine import JOINED, JOINED4
from tests.torture.moments import BOTH, COMMAND, HOLDER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.torture.machine import Facts

LAN = {"subnet": ["10.0.1.0/24", "fd00:1::/64"]}
LABS: dict[str, Facts] = {
    "plain": {
        "bridges": {"lan": {**LAN, "ports": ["pc1", "pc2"]}},
        "cables": [{"ends": ["pc2", "far"], "subnet": "10.0.2.0/30"}],
        "nodes": {
            "pc1": {"routes": [{"dst": "10.0.2.0/30", "via": "10.0.1.2"}]},
            "pc2": {"forward": True},
            "far": {"routes": [{"dst": "10.0.1.0/24", "via": "10.0.2.1"}]},
        },
    },
    "plain, changed": {
        "bridges": {
            "lan": {**LAN, "ports": ["pc1", "pc3"]},
            "dmz": {"subnet": "10.0.3.0/24", "ports": ["pc3", "pc4"]},
        },
        "cables": [{"ends": ["pc1", "far:wan0"], "subnet": "10.0.4.0/30"}],
        "nodes": {
            "pc1": {"forward": True, "routes": [{"dst": "10.0.3.0/24", "via": "10.0.1.2"}]},
            "pc3": {"forward": True, "routes": [{"dst": "10.0.4.0/30", "via": "10.0.1.1"}]},
            "pc4": {"routes": [{"dst": "10.0.0.0/8", "via": "10.0.3.1"}]},
            "far": {
                "routes": [{"dst": "10.0.0.0/8", "via": "10.0.4.1"}],
                "sysctl": {"net.ipv4.tcp_ecn": 1},
            },
        },
    },
    "led out": {
        "bridges": {"lan": {**LAN, "uplink": True, "ports": ["pc1", "pc2"]}},
        "nodes": {"pc2": {"publish": ["8080:80"]}},
    },
    "led out, changed": {
        "bridges": {"lan": {**LAN, "uplink": True, "ports": ["pc1", "pc3"]}},
        "nodes": {
            "pc1": {"publish": ["8080:80", "5353:53/udp"]},
            "alone": {"uplink": True},
        },
    },
    "joined": {
        "bridges": {"lan": {"subnet": JOINED4, "host": JOINED, "ports": ["pc1", "pc2"]}},
    },
}
ROOTS = frozenset({"joined"})
"""Labs that only root may bring up."""

CHANGES = (
    ("plain", "plain, changed"),
    ("plain, changed", "plain"),
    ("led out", "led out, changed"),
    ("led out, changed", "led out"),
    ("plain", "led out"),
    ("led out", "plain"),
    ("plain", "joined"),
    ("joined", "led out"),
)
WAYS = ("root", "root with --host", "a plain user")
VERBS = ("up", "change", "down", "holder", "exec")
KINDS = ("time", "step", "call")
SLEEP = ("sleep", "61")
ASK = f"exec 3<>/dev/tcp/{FAR4}/80; echo hi >&3; timeout 3 head -c {len(MACHINE4)} <&3"


@dataclass(frozen=True, slots=True)
class Trial:
    """One trial.

    Attributes:
        number: of its place in the row.
        way: who runs nslab.
        verb: what is killed.
        begin: the lab before; None for none.
        goal: the lab that the command is to bring about; None for none.
        victim: who is killed.
        kind: how the moment is told.
        share: where the moment lies, from 0 to 1.
        then: the lab that the next `up` shall give.
        down_first: whether a `down` comes before it.
    """

    number: int
    way: str
    verb: str
    begin: str | None
    goal: str | None
    victim: str
    kind: str
    share: float
    then: str
    down_first: bool

    def words(self) -> str:
        """Say it in a line."""
        return json.dumps(asdict(self))

    def has(self, kind: str) -> bool:
        """Tell whether the lab before or the lab to be is of a kind, by the first of its name."""
        return any(lab.startswith(kind) for lab in (self.begin, self.goal) if lab)


def trial_of(
    seed: int,
    number: int,
    ways: Sequence[str],
    changes: Sequence[tuple[str, str]] = CHANGES,
) -> Trial:
    """Make the trial of a number; the same each time."""
    rng = random.Random(f"{seed} {number}")  # noqa: S311
    way, verb = ways[number % len(ways)], VERBS[number // len(ways) % len(VERBS)]
    may = [pair for pair in changes if way != WAYS[2] or not ROOTS & set(pair)]
    labs = dict.fromkeys(lab for pair in may for lab in pair)
    begin, goal = rng.choice(may)
    kinds = {"up": KINDS, "change": KINDS, "holder": ("at rest",)}.get(verb, ("time", "call"))
    victims = {"holder": (HOLDER,), "exec": (COMMAND, HOLDER, BOTH)}.get(
        verb, (COMMAND, COMMAND, HOLDER, BOTH)
    )
    return Trial(
        number,
        way,
        verb,
        None if verb == "up" else begin,
        None if verb == "down" else goal if verb in ("up", "change") else begin,
        rng.choice(victims),
        rng.choice(kinds),
        rng.random(),
        rng.choice([begin, goal, goal, *labs]),
        rng.random() < 0.25,
    )
