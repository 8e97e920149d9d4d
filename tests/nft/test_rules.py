"""Rule sets as values: the same to nft in JSON and in its own words, and compared exactly."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from msgspec.structs import replace

from nslab.nft import program, rules
from nslab.nft.rules import ACCEPT, DROP, MASQUERADE, Chain, Rule, Table, same
from tests.nft.loading import nft, with_nft

FILTER = Chain(
    "forward",
    (
        Rule((rules.link("iifname", "eth0"), rules.answers(), ACCEPT)),
        Rule((rules.link("oifname", "eth1", equal=False), rules.redirected(), ACCEPT)),
        Rule((rules.address("saddr", ip_network("10.0.0.0/8")), ACCEPT), "ten; drop"),
        Rule((rules.address("daddr", ip_network("10.0.0.1/32")), ACCEPT)),
        Rule((rules.address("saddr", ip_network("fd00::/64")), ACCEPT)),
        Rule((rules.address("daddr", ip_network("fd00::1/128")), ACCEPT)),
        Rule((rules.link("iifname", "eth0"), DROP)),
    ),
    "filter",
    "forward",
    -5,
)
PREROUTING = Chain(
    "prerouting",
    (
        Rule(
            (
                rules.own(),
                rules.version(4),
                rules.port("tcp", 8080),
                rules.lead_to(ip_address("10.0.0.2"), 80),
            )
        ),
        Rule(
            (
                rules.version(6),
                rules.port("udp", 53),
                rules.lead_to(ip_address("fd00::2"), 5353),
            )
        ),
    ),
    "nat",
    "prerouting",
    -100,
)
POSTROUTING = Chain("postrouting", (Rule((MASQUERADE,)),), "nat", "postrouting", 100)
MEMORY = Chain("memory", (Rule((ACCEPT,), "net.ipv4.ip_forward=0"),))
TABLE = Table("nslab.demo", (FILTER, PREROUTING, POSTROUTING, MEMORY))

first, second, *rest = FILTER.rules
CHANGED = {
    "a rule is missing": replace(FILTER, rules=FILTER.rules[:-1]),
    "a rule is new": replace(FILTER, rules=(*FILTER.rules, first)),
    "the order is another": replace(FILTER, rules=(second, first, *rest)),
    "a comment is another": replace(FILTER, rules=(replace(first, comment="x"), second, *rest)),
    "a verdict is another": replace(
        FILTER, rules=(Rule((*first.statements[:-1], DROP)), second, *rest)
    ),
    "a match is missing": replace(FILTER, rules=(Rule(first.statements[1:]), second, *rest)),
    "a link is another": replace(
        FILTER,
        rules=(
            Rule((rules.link("iifname", "eth9"), *first.statements[1:])),
            second,
            *rest,
        ),
    ),
    "the priority is another": replace(FILTER, priority=-4),
    "the hook is another": replace(FILTER, hook="input"),
    "the name is another": replace(FILTER, name="forwards"),
    "it hooks nowhere": replace(FILTER, type="", hook="", priority=0),
}


def listed(table: Table) -> list[rules.Json]:
    return program.listed(["table", "inet", table.name])


@with_nft
def test_nft_prints_what_it_was_given_as_json() -> None:
    program.load(TABLE.commands())
    assert same(TABLE, listed(TABLE))


@with_nft
def test_nft_s_own_words_say_the_same() -> None:
    nft(TABLE.words())
    assert same(TABLE, listed(TABLE))


@with_nft
def test_a_table_comes_in_the_place_of_the_one_before() -> None:
    program.load(replace(TABLE, chains=(POSTROUTING, Chain("old"))).commands())
    program.load(TABLE.commands())
    assert same(TABLE, listed(TABLE))


@with_nft
def test_the_words_come_in_the_place_of_the_rules_before() -> None:
    nft(TABLE.words())
    nft(TABLE.words())
    assert same(TABLE, listed(TABLE))


@with_nft
def test_a_table_is_dropped_also_where_there_is_none() -> None:
    program.load(rules.drop_command(TABLE.name))
    program.load(TABLE.commands())
    program.load(rules.drop_command(TABLE.name))
    assert listed(TABLE) == []
    nft(TABLE.words())
    nft(rules.drop_words(TABLE.name))
    assert listed(TABLE) == []


@pytest.mark.parametrize("changed", CHANGED.values(), ids=CHANGED)
def test_a_changed_chain_is_not_the_same(changed: Chain) -> None:
    differs = replace(TABLE, chains=(changed, *TABLE.chains[1:]))
    assert same(TABLE, TABLE.objects())
    assert same(differs, differs.objects())
    assert not same(TABLE, differs.objects())
    assert not same(differs, TABLE.objects())


def test_other_chains_are_not_the_same() -> None:
    for chains in (
        TABLE.chains[:-1],
        TABLE.chains[1:],
        (*TABLE.chains, Chain("more")),
        TABLE.chains[::-1],
    ):
        assert not same(TABLE, replace(TABLE, chains=chains).objects())
    assert not same(TABLE, replace(TABLE, name="other").objects())
    assert not same(TABLE, [])


@with_nft
def test_what_was_changed_by_hand_is_seen() -> None:
    for words in (
        f"add rule inet {TABLE.name} forward counter accept",
        f"insert rule inet {TABLE.name} postrouting ip saddr 10.0.0.1 return",
        f"flush chain inet {TABLE.name} memory",
        f"add chain inet {TABLE.name} more",
        f"add set inet {TABLE.name} some {{ type ipv4_addr; }}",
        f"add chain inet {TABLE.name} forward {{ policy drop; }}",
        f"add table inet {TABLE.name} {{ flags dormant; }}",
    ):
        program.load(TABLE.commands())
        assert same(TABLE, listed(TABLE))
        nft(words)
        assert not same(TABLE, listed(TABLE)), words


def test_what_the_kernel_numbers_does_not_matter() -> None:
    numbered: list[rules.Json] = [{"metainfo": {"version": "1.0.6"}}]
    for number, one in enumerate(TABLE.objects()):
        assert isinstance(one, dict)
        ((kind, value),) = one.items()
        assert isinstance(value, dict)
        numbered.append({kind: {"handle": number, "index": number, **value}})
    assert same(TABLE, numbered)


@pytest.mark.parametrize("lab", ["0", "a.b-c_d", "1.2.3.4", "table", "x" * 63])
def test_every_lab_s_name_can_be_a_table_s(lab: str) -> None:
    @with_nft
    def load() -> None:
        table = replace(TABLE, name=f"nslab.{lab}")
        nft(table.words())
        assert same(table, listed(table))
        program.load(table.commands())
        assert same(table, listed(table))

    load()


@with_nft
def test_odd_characters_stay_within_their_strings() -> None:
    """The machine's own links may be called almost anything, and the memory names them."""
    odd = 'a"; flush ruleset; #\\'
    memory = Chain("memory", (Rule((rules.link("iifname", odd[:15]), ACCEPT), f"{odd}=1"),))
    table = Table("nslab.odd", (memory,))
    program.load(TABLE.commands())
    program.load(table.commands())
    assert same(table, listed(table))
    assert same(TABLE, listed(TABLE))
    plain = Rule((rules.link("iifname", "a;b{$(x)`"), ACCEPT), "c; flush ruleset; # $(x) {")
    worded = Table("nslab.odd", (Chain("memory", (plain,)),))
    nft(worded.words())
    assert same(worded, listed(worded))
    assert same(TABLE, listed(TABLE))


@pytest.mark.parametrize(
    "rule",
    [
        Rule((ACCEPT,), 'a"; flush ruleset; "'),
        Rule((rules.link("oifname", 'a" accept; "'), ACCEPT)),
    ],
)
def test_what_nft_cannot_quote_is_never_said(rule: Rule) -> None:
    with pytest.raises(ValueError, match="no words for"):
        Table("nslab.odd", (Chain("memory", (rule,)),)).words()


def test_what_is_no_statement_is_refused() -> None:
    with pytest.raises(TypeError, match="no statement"):
        rules.words("accept")
    with pytest.raises(TypeError, match="nothing to match"):
        rules.words({"match": {"op": "==", "left": "iifname", "right": "x"}})


def test_part_gives_one_kind_of_object() -> None:
    assert rules.part({"table": {"name": "x"}}, "table") == {"name": "x"}
    assert rules.part({"table": {"name": "x"}}, "chain") is None
    assert rules.part("table", "table") is None
