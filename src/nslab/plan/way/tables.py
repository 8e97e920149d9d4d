"""What nftables is to do for a way out, as values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nslab.lab.uplink import UPLINK
from nslab.nft.rules import (
    ACCEPT,
    MASQUERADE,
    Chain,
    Json,
    Rule,
    Table,
    address,
    answers,
    link,
    part,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nslab.lab.model import Network
    from nslab.plan.way.choose import Way

PREFIX = "nslab."
"""How the names of our tables in the machine's netns begin; the lab's name follows."""

MEMORY = "before"
"""The chain, attached to nothing, whose comments remember the machine's settings from before."""

OURS = "nslab"
"""The name of our table in the netns `outside`."""

ADMIT = "nslab:"
"""How the comments of our rules in others' chains begin; the lab's name follows."""

_SRCNAT = 100


def outside_table(plain: Sequence[Network]) -> Table:
    """Give the table of the netns `outside`: what leaves takes the way out's address."""
    leaves = link("oifname", UPLINK)
    kept = tuple(Rule((leaves, address("saddr", network), ACCEPT)) for network in plain)
    rules = (*kept, Rule((leaves, MASQUERADE)))
    return Table(OURS, (Chain("postrouting", rules, "nat", "postrouting", _SRCNAT),))


def host_table(way: Way, before: dict[str, str]) -> Table:
    """Give a lab's table in the machine's netns.

    Args:
        way: the way out.
        before: the machine's settings, by sysctl key, as they were before any lab changed them.
    """
    away = link("oifname", way.host_ifname, equal=False)
    rules = tuple(Rule((address("saddr", item.network), away, MASQUERADE)) for item in way.near)
    memory = tuple(Rule((ACCEPT,), f"{key}={value}") for key, value in sorted(before.items()))
    return Table(
        PREFIX + way.lab,
        (Chain("postrouting", rules, "nat", "postrouting", _SRCNAT), Chain(MEMORY, memory)),
    )


def labs(ruleset: Sequence[Json]) -> list[str]:
    """Give the labs that have a table in the machine's netns, or rules in others' chains."""
    found = [
        str(table["name"]).removeprefix(PREFIX)
        for table in _parts(ruleset, "table")
        if str(table["name"]).startswith(PREFIX)
    ]
    found += [_comment(rule).removeprefix(ADMIT) for rule in admitted(ruleset)]
    return sorted(set(found))


def remembered(ruleset: Sequence[Json], lab: str | None = None) -> dict[str, str]:
    """Give the settings from before that one lab's table remembers, or all labs' together."""
    found: dict[str, str] = {}
    for rule in _parts(ruleset, "rule"):
        table = str(rule["table"])
        mine = table.startswith(PREFIX) if lab is None else table == PREFIX + lab
        if mine and rule["chain"] == MEMORY:
            key, _, value = _comment(rule).partition("=")
            found[key] = value
    return found


def admitted(ruleset: Sequence[Json], lab: str | None = None) -> list[dict[str, Json]]:
    """Give our rules in others' chains: one lab's, or all."""
    own = ADMIT if lab is None else ADMIT + lab
    return [
        dict(rule)
        for rule in _parts(ruleset, "rule")
        if (_comment(rule).startswith(own) if lab is None else _comment(rule) == own)
    ]


def closed_chains(ruleset: Sequence[Json]) -> list[dict[str, Json]]:
    """Give the chains in which packets that pass through the machine must be let in.

    A chain at the hook `forward` is closed if its policy is to drop, or if its last rule drops or
    rejects whatever comes. Docker keeps a chain for others' rules, DOCKER-USER: it stands for the
    closed one of its table.
    """
    last: dict[tuple[str, str, str], list[Json]] = {}
    for rule in _parts(ruleset, "rule"):
        expressions = rule["expr"]
        last[_place(rule)] = expressions if isinstance(expressions, list) else []
    chains = list(_parts(ruleset, "chain"))
    by_place = {(str(c["family"]), str(c["table"]), str(c["name"])): c for c in chains}
    found: dict[tuple[str, str, str], dict[str, Json]] = {}
    for place, chain in by_place.items():
        if chain.get("hook") != "forward" or place[0] not in ("ip", "ip6", "inet"):
            continue
        if chain.get("policy") == "drop" or _refuses_all(last.get(place, [])):
            users = (*place[:2], "DOCKER-USER")
            found[users if users in by_place else place] = {}
    return [{"family": family, "table": table, "chain": name} for family, table, name in found]


def admission(way: Way, chain: dict[str, Json]) -> list[Json]:
    """Give the commands that let a lab's packets through a closed chain."""
    comment = ADMIT + way.lab
    inwards: list[Json] = [link("oifname", way.host_ifname)]
    if not way.plain:
        inwards.append(answers())
    outwards: list[Json] = [link("iifname", way.host_ifname)]
    return [
        {"insert": {"rule": {**chain, "expr": [*words, ACCEPT], "comment": comment}}}
        for words in (inwards, outwards)
    ]


def _refuses_all(expressions: Sequence[Json]) -> bool:
    verdicts = [one for one in expressions if isinstance(one, dict) and "counter" not in one]
    return len(verdicts) == 1 and bool({"drop", "reject"} & set(verdicts[0]))


def _place(rule: dict[str, Json]) -> tuple[str, str, str]:
    return str(rule["family"]), str(rule["table"]), str(rule["chain"])


def _comment(rule: dict[str, Json]) -> str:
    return str(rule.get("comment", ""))


def _parts(ruleset: Sequence[Json], kind: str) -> Iterator[dict[str, Json]]:
    for one in ruleset:
        found = part(one, kind)
        if found is not None:
            yield dict(found)
