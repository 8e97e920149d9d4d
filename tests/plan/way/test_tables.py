"""Rule sets of others, and our own in them, as nft lists them."""

from __future__ import annotations

from ipaddress import ip_address, ip_interface, ip_network

import pytest
from msgspec.structs import replace

from nslab.lab.model import Publish
from nslab.nft import program, rules
from nslab.plan.way import tables
from nslab.plan.way.choose import Forward, Way
from tests.nft.loading import nft, with_nft

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.nft.rules import Json

ACCEPT: Json = {"accept": None}
DROP: Json = {"drop": None}
REJECT: Json = {"reject": {"type": "icmpx", "expr": "admin-prohibited"}}
COUNTER: Json = {"counter": {"packets": 1, "bytes": 60}}
MATCH = rules.link("iifname", "docker0")
ANSWERS = rules.answers()

WAY = Way(
    "demo",
    "kernel",
    (ip_interface("100.127.0.2/30"), ip_interface("fd6e:736c:6163::2/64")),
    (ip_interface("100.127.0.1/30"), ip_interface("fd6e:736c:6163::1/64")),
)
PLAIN = (ip_network("10.9.0.0/24"), ip_network("10.9.1.1/32"), ip_network("fd09::/64"))
SUBNETS = (ip_network("10.0.0.0/24"), ip_network("fd00::/64"), *PLAIN)
FORWARDS = (
    Forward(Publish(8080, 80), ip_address("10.0.0.2")),
    Forward(Publish(8080, 80), ip_address("fd00::2")),
    Forward(Publish(8081, 80, "tcp", ip_address("192.0.2.2")), ip_address("10.0.0.2")),
    Forward(Publish(8082, 80, "tcp", ip_address("2001:db8::2")), ip_address("fd00::2")),
    Forward(Publish(8083, 80, "tcp", ip_address("0.0.0.0")), ip_address("10.0.0.2")),  # noqa: S104
    Forward(Publish(53, 5353, "udp"), ip_address("10.0.0.2")),
)
MEMORY = {"net.ipv4.ip_forward": "0", "net/ipv6/conf/eth0/accept_ra": "1"}


def table(family: str, name: str) -> Json:
    return {"table": {"family": family, "name": name, "handle": 1}}


def chain(place: str, *, hook: str = "forward", policy: str = "accept") -> Json:
    family, within, name = place.split()
    own: dict[str, Json] = {"family": family, "table": within, "name": name, "handle": 2}
    if hook:
        own |= {"type": "filter", "hook": hook, "prio": 0, "policy": policy}
    return {"chain": own}


def rule(place: str, *statements: Json, comment: str = "") -> Json:
    family, within, name = place.split()
    own: dict[str, Json] = {"family": family, "table": within, "chain": name, "handle": 7}
    own["expr"] = list(statements)
    return {"rule": own | ({"comment": comment} if comment else {})}


def jump(target: str) -> Json:
    return {"jump": {"target": target}}


DOCKER = [
    table("ip", "filter"),
    chain("ip filter FORWARD", policy="drop"),
    chain("ip filter DOCKER-USER", hook=""),
    chain("ip filter INPUT", hook="input", policy="drop"),
    rule("ip filter FORWARD", COUNTER, jump("DOCKER-USER")),
    rule("ip filter FORWARD", MATCH, COUNTER, ACCEPT),
    rule("ip filter DOCKER-USER", COUNTER, {"return": None}),
]
UFW = [
    chain("ip filter FORWARD", policy="drop"),
    chain("ip6 filter FORWARD", policy="drop"),
    chain("ip filter ufw-before-forward", hook=""),
    rule("ip filter FORWARD", COUNTER, jump("ufw-before-forward")),
]
FIREWALLD = [
    chain("inet firewalld filter_INPUT", hook="input"),
    chain("inet firewalld filter_FORWARD"),
    rule("inet firewalld filter_INPUT", REJECT),
    rule("inet firewalld filter_FORWARD", ANSWERS, ACCEPT),
    rule("inet firewalld filter_FORWARD", REJECT),
]
OPEN = {
    "nothing at all": [],
    "a policy to accept": [chain("inet mine forward")],
    "a drop of some": [chain("inet mine forward"), rule("inet mine forward", MATCH, DROP)],
    "a drop that is not the last": [
        chain("inet mine forward"),
        rule("inet mine forward", DROP),
        rule("inet mine forward", ACCEPT),
    ],
    "a chain at another hook": [chain("inet mine input", hook="input", policy="drop")],
    "a chain at no hook": [chain("inet mine some", hook=""), rule("inet mine some", DROP)],
    "a jump of some to a chain that drops": [
        chain("inet mine forward"),
        chain("inet mine shut", hook=""),
        rule("inet mine forward", MATCH, jump("shut")),
        rule("inet mine shut", DROP),
    ],
    "a jump to a chain that drops some": [
        chain("inet mine forward"),
        chain("inet mine shut", hook=""),
        rule("inet mine forward", jump("shut")),
        rule("inet mine shut", MATCH, DROP),
    ],
    "a jump to a chain of that name in another table": [
        chain("inet mine forward"),
        chain("inet mine shut", hook=""),
        rule("inet mine forward", jump("shut")),
        rule("ip mine shut", DROP),
    ],
    "a chain of bridges": [chain("bridge mine forward", policy="drop")],
    "arp": [chain("arp mine forward", policy="drop")],
}
CLOSED = {
    "a policy to drop": [chain("inet mine forward", policy="drop")],
    "a drop at the end": [chain("inet mine forward"), rule("inet mine forward", DROP)],
    "a counted drop at the end": [
        chain("inet mine forward"),
        rule("inet mine forward", MATCH, ACCEPT),
        rule("inet mine forward", COUNTER, DROP),
    ],
    "a logged drop at the end": [
        chain("inet mine forward"),
        rule("inet mine forward", {"log": {"prefix": "no "}}, DROP),
    ],
    "a jump to what drops, at the end": [
        chain("inet mine forward"),
        chain("inet mine log", hook=""),
        chain("inet mine shut", hook=""),
        rule("inet mine forward", COUNTER, jump("log")),
        rule("inet mine log", {"log": {"prefix": "no "}}),
        rule("inet mine log", {"goto": {"target": "shut"}}),
        rule("inet mine shut", REJECT),
    ],
}


def test_docker_keeps_a_chain_for_others() -> None:
    assert tables.doors(DOCKER) == (("ip", "filter", "DOCKER-USER"),)


def test_docker_s_chain_stands_for_its_own_table_alone() -> None:
    found = tables.doors([*DOCKER, chain("ip6 filter FORWARD", policy="drop")])
    assert found == (("ip", "filter", "DOCKER-USER"), ("ip6", "filter", "FORWARD"))


def test_docker_s_chain_is_no_door_where_all_may_pass() -> None:
    assert tables.doors([chain("ip filter FORWARD"), *DOCKER[2:]]) == ()


def test_ufw_drops_by_policy_in_both_families() -> None:
    assert tables.doors(UFW) == (("ip", "filter", "FORWARD"), ("ip6", "filter", "FORWARD"))


def test_firewalld_rejects_in_its_last_rule() -> None:
    assert tables.doors(FIREWALLD) == (("inet", "firewalld", "filter_FORWARD"),)


@pytest.mark.parametrize("ruleset", OPEN.values(), ids=OPEN)
def test_no_door_is_needed_past(ruleset: list[Json]) -> None:
    assert tables.doors(ruleset) == ()


@pytest.mark.parametrize("ruleset", CLOSED.values(), ids=CLOSED)
def test_a_door_is_needed_past(ruleset: list[Json]) -> None:
    assert tables.doors(ruleset) == (("inet", "mine", "forward"),)


def test_a_door_in_a_table_with_an_owner() -> None:
    closed = CLOSED["a policy to drop"]
    owned: Json = {"table": {"family": "inet", "name": "mine", "flags": ["owner"]}}
    other: Json = {"table": {"family": "inet", "name": "other", "flags": "owner"}}
    asleep: Json = {"table": {"family": "inet", "name": "mine", "flags": "dormant"}}
    assert tables.has_owned_door([owned, *closed])
    assert not tables.has_owned_door([other, *closed])
    assert not tables.has_owned_door([asleep, table("inet", "mine"), *closed])
    assert not tables.has_owned_door([owned])


def ruleset_of(*labs: str) -> list[Json]:
    found: list[Json] = []
    for number, lab in enumerate(labs):
        way = replace(WAY, lab=lab)
        found += tables.host_table(way, {"net.ipv4.ip_forward": str(number)}).objects()
    return found


def test_labs_are_known_by_their_tables_or_by_their_rules_in_others() -> None:
    by_rule = rule("ip filter FORWARD", ACCEPT, comment="nslab:third")
    foreign = [table("inet", "nslab"), table("inet", "mine"), rule("ip a b", comment="nslab")]
    assert tables.labs([*ruleset_of("two", "one"), by_rule, *foreign]) == ["one", "third", "two"]


def test_a_lab_is_not_taken_for_one_whose_name_begins_so() -> None:
    found = ruleset_of("a", "a.b")
    own = [rule("ip f F", comment="nslab:a"), rule("ip f F", comment="nslab:a.b")]
    assert tables.remembered(found, "a") == {"net.ipv4.ip_forward": "0"}
    assert tables.remembered(found, "a.b") == {"net.ipv4.ip_forward": "1"}
    assert [one["comment"] for one in tables.admitted(own, "a")] == ["nslab:a"]
    assert len(tables.admitted(own)) == 2


def test_what_is_remembered_is_read_again() -> None:
    found = tables.host_table(WAY, MEMORY).objects()
    assert tables.remembered(found, "demo") == tables.remembered_beside(found, "dem") == MEMORY
    assert tables.remembered(found, "dem") == tables.remembered_beside(found, "demo") == {}


def test_what_a_script_s_lab_remembers_counts_and_it_is_no_lab_that_has_ended() -> None:
    scripted = table("inet", "nslab-script.demo")
    memory = rule("inet nslab-script.demo before", ACCEPT, comment="net.ipv4.ip_forward=0")
    found = [scripted, memory]
    assert tables.remembered_beside(found, "demo") == {"net.ipv4.ip_forward": "0"}
    assert tables.labs(found) == []


def test_comments_of_others_are_not_remembered() -> None:
    others = [
        rule("inet mine before", ACCEPT, comment="net.ipv4.ip_forward=0"),
        rule("inet nslab.demo postrouting", ACCEPT, comment="net.ipv4.ip_forward=0"),
    ]
    assert tables.remembered_beside(others, "other") == {}


FULL = replace(WAY, subnets=SUBNETS, plain=PLAIN, forwards=FORWARDS)


def plain_outside() -> rules.Table:
    return tables.outside_table(FULL)


TABLES = {
    "a plain way out": tables.outside_table(WAY),
    "all that outside can have": plain_outside(),
    "a plain way past the machine": tables.host_table(WAY, {}),
    "all that the machine can have": tables.host_table(FULL, MEMORY),
    "a direct way past the machine": tables.host_table(
        replace(WAY, subnets=SUBNETS, direct=True), {}
    ),
    "all that the machine can have for a direct way": tables.host_table(
        replace(FULL, direct=True), MEMORY
    ),
}


def guarded(way: Way) -> list[str]:
    """Give the words of the rules that guard a way."""
    chains = [one for one in tables.host_table(way, {}).chains if one.name == tables.GUARD]
    return [" ".join(map(rules.words, each.statements)) for one in chains for each in one.rules]


def test_the_machine_guards_each_subnet_of_a_direct_way_but_the_plain_ones() -> None:
    assert guarded(FULL) == []
    assert guarded(replace(FULL, direct=True)) == [
        'oifname "nslab.demo" ct state established,related accept',
        'oifname "nslab.demo" ct status dnat accept',
        'oifname "nslab.demo" ip daddr 10.0.0.0/24 drop',
        'oifname "nslab.demo" ip6 daddr fd00::/64 drop',
        'oifname "nslab.demo" ip daddr 100.127.0.2 meta l4proto tcp drop',
        'oifname "nslab.demo" ip daddr 100.127.0.2 meta l4proto udp drop',
        'oifname "nslab.demo" ip6 daddr fd6e:736c:6163::2 meta l4proto tcp drop',
        'oifname "nslab.demo" ip6 daddr fd6e:736c:6163::2 meta l4proto udp drop',
    ]


def test_a_published_port_leads_to_the_node_where_the_way_is_direct() -> None:
    near = WAY.near[0].ip
    assert tables.led_to(FULL, FORWARDS[0]) == (near, 8080)
    assert tables.led_to(replace(FULL, direct=True), FORWARDS[0]) == (FORWARDS[0].inside, 80)


@pytest.mark.parametrize("name", TABLES)
def test_nft_lists_what_it_was_given(name: str) -> None:
    @with_nft
    def load() -> None:
        made = TABLES[name]
        place = ["table", "inet", made.name]
        program.load(made.commands())
        assert rules.same(made, program.listed(place))
        nft(made.words())
        assert rules.same(made, program.listed(place))

    load()


@with_nft
def test_a_door_is_opened_alike_in_json_and_in_words() -> None:
    nft("add table inet mine")
    nft("add chain inet mine f { type filter hook forward priority 0; policy drop; }")
    (door,) = tables.doors(program.listed(["ruleset"]))
    program.load(tables.admission(WAY, door))
    first = tables.admitted(program.listed(["ruleset"]), "demo")
    nft("flush chain inet mine f")
    nft("; ".join(tables.admission_words(WAY, door)))
    second = tables.admitted(program.listed(["ruleset"]), "demo")
    assert [one["expr"] for one in first] == [one["expr"] for one in second]
    assert len(first) == 2


@with_nft
def test_what_opens_a_door_is_before_what_shuts_it() -> None:
    nft("add table inet mine; add chain inet mine f { type filter hook forward priority 0; }")
    nft("add rule inet mine f ct state established accept; add rule inet mine f drop")
    (door,) = tables.doors(program.listed(["ruleset"]))
    program.load(tables.admission(WAY, door))
    found = program.listed(["chain", "inet", "mine", "f"])
    comments = [
        one["comment"] for one in (rules.part(o, "rule") for o in found) if one and "comment" in one
    ]
    positions = [
        n for n, o in enumerate(found) if (one := rules.part(o, "rule")) and "comment" in one
    ]
    assert comments == ["nslab:demo"] * 2
    assert positions == [positions[0], positions[0] + 1]
    assert rules.part(found[positions[0] - 1], "rule") is None
