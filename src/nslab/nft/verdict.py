"""What a rule set does to one packet: judged from its listing alone, as far as it can be.

Rules with a match that is not known here (a set by name, a limit, a verdict map) may match or not:
what they decide is only possible, and so is what comes after them.
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from msgspec import Struct, field

from nslab.nft.rules import part

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from ipaddress import IPv4Address, IPv6Address

    from nslab.nft.rules import Json

_ECHO = {True: "echo-request", False: "echo-reply"}
_DEPTH = 16
"""How deep the kernel lets chains jump (NFT_JUMP_STACK_SIZE)."""


class Packet(Struct, frozen=True):
    """One packet at one hook.

    Attributes:
        protocol: "icmp", "tcp" or "udp".
        sport: the source port; 0 where it is not known.
        iifname: the link that it came by, "" if it is the node's own.
        oifname: the link that it leaves by, "" if it is for the node.
        state: conntrack's: "new" or "established".
    """

    saddr: IPv4Address | IPv6Address
    daddr: IPv4Address | IPv6Address
    protocol: str = "icmp"
    sport: int = 0
    dport: int = 0
    iifname: str = ""
    oifname: str = ""
    state: str = "new"


class Drop(Struct, frozen=True):
    """Where a packet ends.

    Attributes:
        chain: family, table and chain, as `inet filter forward`.
        why: "policy drop", "a drop rule" or "a reject rule".
        sure: whether it certainly ends there.
    """

    chain: str
    why: str
    sure: bool = True


_Key = tuple[str, str, str]


class _Run(Struct):
    """One walk of a packet through the chains of a hook."""

    packet: Packet
    chains: dict[_Key, Mapping[str, Json]]
    rules: dict[_Key, list[Sequence[Json]]] = field(default_factory=dict)
    sure: bool = True
    possible: Drop | None = None


def judge(
    listing: Sequence[Json], families: Iterable[str], hook: str, packet: Packet
) -> Drop | None:
    """Say where a packet is dropped or rejected at a hook, or None where it passes.

    Args:
        listing: what `nft -j list ruleset` prints.
        families: those whose base chains see the packet: "inet", "ip", "bridge", ….
        hook: "input", "forward", ….
        packet: the packet.
    """
    chains = {_key(chain, "name"): chain for item in listing if (chain := part(item, "chain"))}
    run = _Run(packet, chains)
    for item in listing:
        if rule := part(item, "rule"):
            said = rule.get("expr")
            run.rules.setdefault(_key(rule, "chain"), []).append(
                said if isinstance(said, list) else []
            )
    kept = set(families)
    bases = [k for k, c in chains.items() if c.get("hook") == hook and k[0] in kept]
    for key in sorted(bases, key=lambda key: _number(chains[key].get("prio"))):
        dropped = _base(run, key)
        if dropped is not None:
            return dropped
    return run.possible


def _key(said: Mapping[str, Json], name: str) -> _Key:
    return str(said.get("family")), str(said.get("table")), str(said.get(name))


def _number(value: Json) -> int:
    return value if isinstance(value, int) else 0


def _base(run: _Run, key: _Key) -> Drop | None:
    """Walk a base chain to its end, its policy included."""
    verdict = _chain(run, key, 0)
    if isinstance(verdict, Drop):
        return verdict
    if verdict != "accept" and run.chains[key].get("policy") == "drop":
        return _note(run, Drop(" ".join(key), "policy drop"))
    return None


def _note(run: _Run, drop: Drop) -> Drop | None:
    """Give a drop that is sure; keep one that is only possible."""
    if run.sure:
        return drop
    run.possible = run.possible or Drop(drop.chain, drop.why, sure=False)
    return None


def _chain(run: _Run, key: _Key, depth: int) -> Drop | str:
    """Walk one chain; give a drop, "accept", or "" where it ends without a verdict."""
    for statements in run.rules.get(key, []) if depth < _DEPTH else []:
        verdict = _rule(run, key, statements, depth)
        if verdict == "return":
            return ""
        if verdict:
            return verdict
    return ""


def _rule(run: _Run, key: _Key, statements: Sequence[Json], depth: int) -> Drop | str:
    matched: bool | None = True
    for statement in statements:
        name, value = _statement(statement)
        if name == "match":
            found = _matches(value, run.packet)
            if found is False:
                return ""
            matched = matched and found
        elif name in ("limit", "quota", "xt", "vmap", "queue"):
            matched = None
        verdict = _verdict(run, key, name, value, depth)
        if verdict and matched:
            return verdict
        if isinstance(verdict, Drop):
            run.possible = run.possible or Drop(verdict.chain, verdict.why, sure=False)
    run.sure = run.sure and matched is not None
    return ""


def _statement(statement: Json) -> tuple[str, Json]:
    if isinstance(statement, dict):
        return next(iter(statement.items()), ("", None))
    return str(statement), None


def _verdict(run: _Run, key: _Key, name: str, value: Json, depth: int) -> Drop | str:
    if name in ("drop", "reject"):
        drop = Drop(" ".join(key), f"a {name} rule", sure=run.sure)
        return _note(run, drop) or "accept"
    if name in ("accept", "return"):
        return name
    if name in ("jump", "goto") and isinstance(value, dict):
        target = (key[0], key[1], str(value.get("target")))
        return _chain(run, target, depth + 1) or ("return" if name == "goto" else "")
    return ""


# Matches


def _matches(value: Json, packet: Packet) -> bool | None:
    """Say whether a match is true of a packet, None where that is not known."""
    if not isinstance(value, dict):
        return None
    found = _field(value.get("left"), packet)
    if found is None or found is False:
        return found
    equal = _equals(str(found), value.get("right"))
    return equal if equal is None or value.get("op") != "!=" else not equal


def _field(left: Json, packet: Packet) -> str | bool | None:
    """Give the packet's part that a match looks at; False where it has none, None if unknown."""
    kind, said = _statement(left)
    if not isinstance(said, dict):
        return None
    if kind == "payload":
        return _payload(str(said.get("protocol")), str(said.get("field")), packet)
    if kind == "ct":
        return packet.state if said.get("key") == "state" else None
    if kind == "meta":
        return _meta(packet).get(str(said.get("key")))
    return None


def _meta(packet: Packet) -> dict[str, str]:
    family = "ipv4" if packet.daddr.version == 4 else "ipv6"
    return {
        "iifname": packet.iifname,
        "oifname": packet.oifname,
        "iif": packet.iifname,
        "oif": packet.oifname,
        "l4proto": _protocol(packet),
        "nfproto": family,
        "protocol": "ip" if packet.daddr.version == 4 else "ip6",
    }


def _protocol(packet: Packet) -> str:
    six = packet.protocol == "icmp" and packet.daddr.version == 6
    return "ipv6-icmp" if six else packet.protocol


def _payload(protocol: str, name: str, packet: Packet) -> str | bool | None:
    ip = "ip" if packet.daddr.version == 4 else "ip6"
    if protocol in ("ip", "ip6"):
        known = {"saddr": str(packet.saddr), "daddr": str(packet.daddr)}
        known["protocol"] = known["nexthdr"] = _protocol(packet)
        return known.get(name) if protocol == ip else False
    if protocol in ("icmp", "icmpv6"):
        own = "icmp" if ip == "ip" else "icmpv6"
        if packet.protocol != "icmp" or own != protocol:
            return False
        return _ECHO[packet.state == "new"] if name == "type" else None
    if protocol in ("tcp", "udp", "th"):
        if packet.protocol == "icmp" or protocol not in ("th", packet.protocol):
            return False
        port = {"sport": packet.sport, "dport": packet.dport}.get(name)
        return str(port) if port else None
    return None


def _equals(found: str, right: Json) -> bool | None:
    """Compare with a value, a list, a set, a prefix or a range."""
    if isinstance(right, list):
        return _any(_equals(found, each) for each in right)
    if not isinstance(right, dict):
        return _same(found, right)
    kind, value = _statement(right)
    if kind == "set" and isinstance(value, list):
        return _any(_equals(found, each) for each in value)
    if kind == "prefix" and isinstance(value, dict):
        return _inside(found, f"{value.get('addr')}/{value.get('len')}")
    if kind == "range" and isinstance(value, list) and found.isdigit():
        return _number(value[0]) <= int(found) <= _number(value[1])
    return None


def _same(found: str, right: Json) -> bool | None:
    word = str(right)
    if word.startswith("@"):
        return None
    if word.endswith("*"):
        return found.startswith(word[:-1])
    return found == word or (word == "icmpv6" and found == "ipv6-icmp")


def _inside(found: str, network: str) -> bool | None:
    try:
        return ip_address(found) in ip_network(network, strict=False)
    except ValueError:
        return None


def _any(found: Iterator[bool | None]) -> bool | None:
    answers = list(found)
    return True if True in answers else (None if None in answers else False)
