"""What nftables is to do for a way out, as values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nslab.lab.address import network_of
from nslab.lab.uplink import UPLINK
from nslab.nft.rules import (
    ACCEPT,
    DROP,
    MASQUERADE,
    Chain,
    Json,
    Rule,
    Table,
    address,
    answers,
    lead_to,
    link,
    over,
    own,
    part,
    port,
    redirected,
    version,
)
from nslab.plan.way.choose import PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from nslab.lab.model import Address
    from nslab.plan.way.choose import Forward, Way

    Place = tuple[str, str, str]
    """A chain: family, table, name."""

MEMORY = "before"
"""The chain, attached to nothing, whose comments remember the machine's settings from before."""

SCRIPTED = "nslab-script."
"""How the names of tables begin that the scripts of `plan --script` make; the lab's name follows.

They have no holder, and are yet no leftovers.
"""

OURS = "nslab"
"""The name of our table in the netns `outside`."""

ADMIT = "nslab:"
"""How the comments of our rules in others' chains begin; the lab's name follows."""

GUARD = "guard"
"""The chain that lets nobody into a lab that the machine has routes to."""

_FILTER = 0
_SRCNAT = 100
_DSTNAT = -100


def outside_table(way: Way) -> Table:
    """Give the table of the netns `outside`, for a way out that is not direct.

    What leaves takes the way out's address. What comes is let in if it answers, if its port is
    published, or if its destination is in a subnet that has no source NAT. The netns itself serves
    only the lab (names): nothing from without begins to talk with it.
    """
    leaves, comes = link("oifname", UPLINK), link("iifname", UPLINK)
    kept = tuple(Rule((leaves, address("saddr", network), ACCEPT)) for network in way.plain)
    let_in = [(answers(),), (redirected(),), *((address("daddr", one),) for one in way.plain)]
    forward = tuple(Rule((comes, *match, ACCEPT)) for match in let_in)
    closed = tuple(Rule((comes, over(protocol), DROP)) for protocol in ("tcp", "udp"))
    chains = [
        Chain("input", (Rule((answers(), ACCEPT)), *closed), "filter", "input", _FILTER),
        Chain("forward", (*forward, Rule((comes, DROP))), "filter", "forward", _FILTER),
        Chain("postrouting", (*kept, Rule((leaves, MASQUERADE))), "nat", "postrouting", _SRCNAT),
    ]
    if way.forwards:
        rules = tuple(
            Rule((comes, version(one.inside.version), *_ports(one), _lead_in(one)))
            for one in way.forwards
        )
        chains.append(Chain("prerouting", rules, "nat", "prerouting", _DSTNAT))
    return Table(OURS, tuple(chains))


def host_table(way: Way, before: dict[str, str]) -> Table:
    """Give a lab's table in the machine's netns.

    What comes from the lab takes the machine's address, unless its subnet keeps its own; that goes
    also for what the machine leads back into the lab, or its answers would take another way.

    Args:
        way: the way out.
        before: the machine's settings, by sysctl key, as they were before any lab changed them.
    """
    comes, away = link("iifname", way.host_ifname), link("oifname", way.host_ifname, equal=False)
    kept = [Rule((comes, away, address("saddr", network), ACCEPT)) for network in way.plain]
    memory = tuple(Rule((ACCEPT,), f"{key}={value}") for key, value in sorted(before.items()))
    chains = [Chain(MEMORY, memory)]
    if way.direct:
        chains.append(_guard(way))
    if way.forwards:
        published = tuple(Rule(tuple(_publish(way, one))) for one in way.forwards)
        chains.append(Chain("prerouting", published, "nat", "prerouting", _DSTNAT))
    masked = (*kept, Rule((comes, MASQUERADE)))
    chains.append(Chain("postrouting", masked, "nat", "postrouting", _SRCNAT))
    return Table(PREFIX + way.lab, tuple(chains))


def _guard(way: Way) -> Chain:
    """Let into the lab what answers and what is published, be it passed on or the machine's own.

    The subnets are all that `outside` leads to; what keeps its own addresses is open.
    """
    enters = link("oifname", way.host_ifname)
    shut = [network for network in way.subnets if network not in way.plain]
    let_in = (Rule((enters, answers(), ACCEPT)), Rule((enters, redirected(), ACCEPT)))
    dropped = [Rule((enters, address("daddr", network), DROP)) for network in shut]
    for near in way.near:  # neighbours are still to find it
        own = enters, address("daddr", network_of(near.ip))
        dropped += [Rule((*own, over(protocol), DROP)) for protocol in ("tcp", "udp")]
    return Chain(GUARD, (*let_in, *dropped), "filter", "postrouting", _FILTER)


def led_to(way: Way, one: Forward) -> tuple[Address, int]:
    """Give where the machine leads connections to a published port: an address and a port."""
    if way.direct:
        return one.inside, one.published.inside
    near = next(item.ip for item in way.near if item.version == one.inside.version)
    return near, one.published.outside


def _publish(way: Way, one: Forward) -> Iterator[Json]:
    """Lead connections to a port of the machine on to the node, or to the lab's address there."""
    yield own()
    if one.published.address is None or one.published.address.is_unspecified:
        yield version(one.inside.version)
    else:  # which tells the version; nft leaves out what is said twice
        yield address("daddr", network_of(one.published.address))
    yield from _ports(one)
    yield lead_to(*led_to(way, one))


def _ports(one: Forward) -> tuple[Json, ...]:
    return (port(one.published.protocol, one.published.outside),)


def _lead_in(one: Forward) -> Json:
    return lead_to(one.inside, one.published.inside)


def labs(ruleset: Sequence[Json]) -> list[str]:
    """Give the labs that have a table in the machine's netns, or rules in others' chains."""
    found = [
        str(table["name"]).removeprefix(PREFIX)
        for table in _parts(ruleset, "table")
        if str(table["name"]).startswith(PREFIX)
    ]
    found += [_comment(rule).removeprefix(ADMIT) for rule in admitted(ruleset)]
    return sorted(set(found))


def remembered(ruleset: Sequence[Json], lab: str) -> dict[str, str]:
    """Give the settings from before that one lab's table remembers."""
    return {key: value for table, key, value in _memory(ruleset) if table == PREFIX + lab}


def remembered_beside(ruleset: Sequence[Json], lab: str) -> dict[str, str]:
    """Give those that all other labs remember, also labs that a script has built."""
    return {key: value for table, key, value in _memory(ruleset) if table != PREFIX + lab}


def _memory(ruleset: Sequence[Json]) -> Iterator[tuple[str, str, str]]:
    """Give tables, and what they remember: a sysctl's key and its value."""
    for rule in _parts(ruleset, "rule"):
        table = str(rule["table"])
        if table.startswith((PREFIX, SCRIPTED)) and rule["chain"] == MEMORY:
            key, _, value = _comment(rule).partition("=")
            yield table, key, value


def admitted(ruleset: Sequence[Json], lab: str | None = None) -> list[dict[str, Json]]:
    """Give our rules in others' chains: one lab's, or all."""
    own = ADMIT if lab is None else ADMIT + lab
    return [
        dict(rule)
        for rule in _parts(ruleset, "rule")
        if (_comment(rule).startswith(own) if lab is None else _comment(rule) == own)
    ]


def doors(ruleset: Sequence[Json]) -> tuple[Place, ...]:
    """Give the chains of others in which packets that pass through the machine must be let in.

    A chain at the hook `forward` is closed if its policy is to drop, or if its last rule drops or
    rejects whatever comes, itself or by the chain that it leads to. Docker keeps a chain for
    others' rules, DOCKER-USER: it stands for the closed one of its table.
    """
    last: dict[Place, list[Json]] = {}
    for rule in _parts(ruleset, "rule"):
        expressions = rule["expr"]
        last[_place(rule)] = expressions if isinstance(expressions, list) else []
    chains = list(_parts(ruleset, "chain"))
    by_place = {(str(c["family"]), str(c["table"]), str(c["name"])): c for c in chains}
    found: dict[Place, None] = {}
    for place, chain in by_place.items():
        if chain.get("hook") != "forward" or place[0] not in ("ip", "ip6", "inet"):
            continue
        if chain.get("policy") == "drop" or _refuses_all(last, place):
            users = (*place[:2], "DOCKER-USER")
            found[users if users in by_place else place] = None
    return tuple(found)


def has_owned_door(ruleset: Sequence[Json]) -> bool:
    """Tell whether a chain that must be passed is in a table that another program owns."""
    owned = {
        (str(table["family"]), str(table["name"]))
        for table in _parts(ruleset, "table")
        if set(_flags(table)) - {"dormant"}  # nft 1.0.6 prints another word for `owner`
    }
    return any(door[:2] in owned for door in doors(ruleset))


def _flags(table: dict[str, Json]) -> list[str]:
    flags = table.get("flags", [])
    return [str(flag) for flag in (flags if isinstance(flags, list) else [flags])]


def admission(way: Way, door: Place) -> list[Json]:
    """Give the commands that let a lab's packets through a closed chain.

    Nothing but links is matched: iptables reads no more than that in a chain of its own. What may
    come in is decided in the netns `outside`.
    """
    place: dict[str, Json] = dict(zip(("family", "table", "chain"), door, strict=True))
    return [
        {
            "insert": {
                "rule": {
                    **place,
                    "expr": [link(key, way.host_ifname), ACCEPT],
                    "comment": ADMIT + way.lab,
                }
            }
        }
        for key in ("oifname", "iifname")
    ]


def admission_words(way: Way, door: Place) -> list[str]:
    """Give the same in nft's own words."""
    place = " ".join(door)
    return [
        f'insert rule {place} {key} "{way.host_ifname}" accept comment "{ADMIT}{way.lab}"'
        for key in ("oifname", "iifname")
    ]


def _refuses_all(last: Mapping[Place, Sequence[Json]], place: Place) -> bool:
    """Tell whether a chain's last rule refuses whatever comes to it, or has another chain do so."""
    parts = [one for one in last.get(place, []) if isinstance(one, dict)]
    verdicts = [one for one in parts if not {"counter", "log"} & set(one)]
    if len(verdicts) != 1:
        return False
    ((kind, said),) = verdicts[0].items()
    if kind in ("jump", "goto") and isinstance(said, dict):
        return _refuses_all(last, (*place[:2], str(said["target"])))
    return kind in ("drop", "reject")


def _place(rule: dict[str, Json]) -> Place:
    return str(rule["family"]), str(rule["table"]), str(rule["chain"])


def _comment(rule: dict[str, Json]) -> str:
    return str(rule.get("comment", ""))


def _parts(ruleset: Sequence[Json], kind: str) -> Iterator[dict[str, Json]]:
    for one in ruleset:
        found = part(one, kind)
        if found is not None:
            yield dict(found)
