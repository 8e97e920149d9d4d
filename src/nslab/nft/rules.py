"""Rule sets as values: the JSON that `nft -j` reads and prints."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from ipaddress import IPv4Address, IPv6Address, IPv6Network

    Network: TypeAlias = IPv4Network | IPv6Network

Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"

_KERNELS_OWN = ("handle", "index")


class Rule(Struct, frozen=True):
    """One rule: its statements, and a comment."""

    statements: tuple[Json, ...]
    comment: str = ""


class Chain(Struct, frozen=True):
    """One chain; a base chain has a type, a hook and a priority."""

    name: str
    rules: tuple[Rule, ...] = ()
    type: str = ""
    hook: str = ""
    priority: int = 0


class Table(Struct, frozen=True):
    """One table of the family inet."""

    name: str
    chains: tuple[Chain, ...] = ()

    def commands(self) -> list[Json]:
        """Give the commands that put this table in the place of any of its name, at once."""
        place: dict[str, Json] = {"family": "inet", "name": self.name}
        found: list[Json] = [{"add": {"table": place}}, {"delete": {"table": place}}]
        return found + [{"add": one} for one in self.objects()]

    def objects(self) -> list[Json]:
        """Give the table's parts as `nft -j list table` prints them."""
        found: list[Json] = [{"table": {"family": "inet", "name": self.name}}]
        found += [{"chain": self._chain(chain)} for chain in self.chains]
        found += [{"rule": rule} for chain in self.chains for rule in self._rules(chain)]
        return found

    def words(self) -> str:
        """Give the same as `commands`, in nft's own words and on one line."""
        found = [f"add table inet {self.name}", f"flush table inet {self.name}"]
        for chain in self.chains:
            base = f" {{ type {chain.type} hook {chain.hook} priority {chain.priority}; }}"
            found.append(f"add chain inet {self.name} {chain.name}{base if chain.hook else ''}")
            for rule in chain.rules:
                said = " ".join(map(words, rule.statements))
                comment = f" comment {_quoted(rule.comment)}" if rule.comment else ""
                found.append(f"add rule inet {self.name} {chain.name} {said}{comment}")
        return "; ".join(found)

    def _chain(self, chain: Chain) -> Json:
        said: dict[str, Json] = {"family": "inet", "table": self.name, "name": chain.name}
        if chain.hook:
            said |= {"type": chain.type, "hook": chain.hook, "prio": chain.priority}
            said["policy"] = "accept"
        return said

    def _rules(self, chain: Chain) -> Iterator[Json]:
        for rule in chain.rules:
            said: dict[str, Json] = {"family": "inet", "table": self.name, "chain": chain.name}
            said["expr"] = list(rule.statements)
            yield said | ({"comment": rule.comment} if rule.comment else {})


def drop_words(table: str) -> str:
    """Give the words of `nft` that delete a table."""
    return f"delete table inet {table}"


def drop_command(table: str) -> list[Json]:
    """Give the commands that delete a table, and do nothing where there is none."""
    place: dict[str, Json] = {"family": "inet", "name": table}
    return [{"add": {"table": place}}, {"delete": {"table": place}}]


def same(table: Table, listed: Sequence[Json]) -> bool:
    """Tell whether what `nft -j list table` printed is this table."""
    wanted = [_plain(one) for one in table.objects()]
    found = [_plain(one) for one in listed if isinstance(one, dict) and "metainfo" not in one]
    return wanted == found


def _plain(value: Json) -> Json:
    """Leave out what the kernel numbers, and put keys in order."""
    if isinstance(value, dict):
        kept = {key: _plain(one) for key, one in value.items() if key not in _KERNELS_OWN}
        return dict(sorted(kept.items()))
    if isinstance(value, list):  # of one flag, some versions print a list and some do not
        return _plain(value[0]) if len(value) == 1 else [_plain(one) for one in value]
    return value


def link(key: str, name: str, *, equal: bool = True) -> Json:
    """Match the link by which a packet came (`iifname`) or leaves (`oifname`)."""
    return _match({"meta": {"key": key}}, name, sign="==" if equal else "!=")


def address(field: str, network: Network) -> Json:
    """Match the source (`saddr`) or destination (`daddr`) of a packet."""
    protocol = "ip" if isinstance(network, IPv4Network) else "ip6"
    right: Json = str(network.network_address)
    if network.prefixlen < network.max_prefixlen:
        right = {"prefix": {"addr": right, "len": network.prefixlen}}
    return _match({"payload": {"protocol": protocol, "field": field}}, right)


def answers() -> Json:
    """Match packets of connections that were begun before, or belong to one."""
    return _match({"ct": {"key": "state"}}, ["established", "related"], sign="in")


def redirected() -> Json:
    """Match packets of connections that were led to another destination than their own."""
    return _match({"ct": {"key": "status"}}, "dnat", sign="in")


def version(number: int) -> Json:
    """Match packets of an IP version."""
    return _match({"meta": {"key": "nfproto"}}, f"ipv{number}")


def own() -> Json:
    """Match packets to the machine's own addresses."""
    return _match({"fib": {"result": "type", "flags": ["daddr"]}}, "local")


def port(protocol: str, number: int) -> Json:
    """Match the destination port of "tcp" or "udp"."""
    return _match({"payload": {"protocol": protocol, "field": "dport"}}, number)


def over(protocol: str) -> Json:
    """Match packets of "tcp" or "udp", whatever their ports."""
    return _match({"meta": {"key": "l4proto"}}, protocol)


def lead_to(address: IPv4Address | IPv6Address, number: int) -> Json:
    """Give packets another destination, and the answers their old source."""
    family = "ip" if address.version == 4 else "ip6"
    return {"dnat": {"family": family, "addr": str(address), "port": number}}


def _match(left: Json, right: Json, *, sign: str = "==") -> Json:
    return {"match": {"op": sign, "left": left, "right": right}}


ACCEPT: Json = {"accept": None}
DROP: Json = {"drop": None}
MASQUERADE: Json = {"masquerade": None}


def words(statement: Json) -> str:
    """Give one of the statements that are made here in nft's own words."""
    if not isinstance(statement, dict):
        raise TypeError(f"no statement: {statement!r}")
    match, dnat = statement.get("match"), statement.get("dnat")
    if isinstance(dnat, dict):
        host = f"[{dnat['addr']}]" if dnat["family"] == "ip6" else dnat["addr"]
        return f"dnat {dnat['family']} to {host}:{dnat['port']}"
    if not isinstance(match, dict):
        return next(iter(statement))
    sign = "!= " if match["op"] == "!=" else ""
    left, right = _left(match["left"]), _right(match["right"])
    return f"{left} {sign}{_quoted(right) if left in _OF_LINKS else right}"


def _quoted(text: str) -> str:
    if '"' in text:
        raise ValueError(f"nft has no words for {text!r}: it knows no escapes")
    return f'"{text}"'


def _left(value: Json) -> str:
    if isinstance(value, dict):
        for kind, said in value.items():
            if isinstance(said, dict):
                found = _FORMS[kind].format(**said)
                return found.removeprefix("meta ") if found.endswith(_OF_LINKS) else found
    raise TypeError(f"nothing to match: {value!r}")


def _right(value: Json) -> str:
    if isinstance(value, dict) and isinstance(prefix := value["prefix"], dict):
        return f"{prefix['addr']}/{prefix['len']}"
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(value)


_FORMS = {
    "payload": "{protocol} {field}",
    "meta": "meta {key}",
    "ct": "ct {key}",
    "fib": "fib daddr {result}",
}
_OF_LINKS = ("iifname", "oifname")


def part(listed: Json, kind: str) -> Mapping[str, Json] | None:
    """Give one object of a listing if it is of that kind: a table, a chain or a rule."""
    found = listed.get(kind) if isinstance(listed, dict) else None
    return found if isinstance(found, dict) else None
