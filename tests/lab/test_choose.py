from __future__ import annotations

import pytest

from tests.lab.reading import addresses, ends, good, wrong


def test_ifnames_count_up_in_the_order_of_the_file() -> None:
    text = "bridges: {x: {ports: [a, b, a]}, y: {ports: [a]}}\ncables: [{ends: [b, a]}]"
    assert list(ends(text)) == ["a:eth0", "a:eth1", "a:eth2", "a:eth3", "b:eth0", "b:eth1"]
    assert [str(end) for end in good(text).cables[0].ends] == ["b:eth1", "a:eth3"]


def test_the_sections_stand_in_the_order_of_the_file() -> None:
    found = good("cables: [{ends: [b, a]}]\nnodes: {c: , a: }\nbridges: {x: {ports: [a]}}")
    assert str(found.bridges[0].ports[0]) == "a:eth1"
    assert [node.name for node in found.nodes] == ["b", "a", "c"]


def test_an_ifname_that_is_claimed_anywhere_is_skipped() -> None:
    text = "bridges: {x: {ports: [a, a]}}\ncables: [{ends: ['a:eth0', b]}, {ends: ['a:eth2', b]}]"
    assert [str(port) for port in good(text).bridges[0].ports] == ["a:eth1", "a:eth3"]


def test_the_ifname_may_stand_with_the_node_or_beside_it() -> None:
    ports = "'a:w', {node: 'b:w'}, {node: c, ifname: w}, {node: 'd:w', ifname: w}"
    text = f"bridges: {{x: {{ports: [{ports}]}}}}"
    assert list(ends(text)) == ["a:w", "b:w", "c:w", "d:w"]


def lan(ports: str, subnet: str = "10.0.0.0/29") -> str:
    return f"bridges:\n  lan:\n    subnet: {subnet}\n    ports: {ports}\n"


def test_addresses_follow_the_file_after_those_given_by_hand() -> None:
    text = lan("[a, b, {node: c, addresses: 10.0.0.1}, {node: d, addresses: [10.0.0.3/29]}, e]")
    assert addresses(text) == {
        "a:eth0": ["10.0.0.2/29"],
        "b:eth0": ["10.0.0.4/29"],
        "c:eth0": ["10.0.0.1/29"],
        "d:eth0": ["10.0.0.3/29"],
        "e:eth0": ["10.0.0.5/29"],
    }


@pytest.mark.parametrize(
    ("subnet", "first", "second"),
    [
        ("10.0.0.0/30", "10.0.0.1/30", "10.0.0.2/30"),
        ("10.0.0.0/31", "10.0.0.0/31", "10.0.0.1/31"),
        ("10.0.0.0/8", "10.0.0.1/8", "10.0.0.2/8"),
        ("fd00::/64", "fd00::1/64", "fd00::2/64"),
        ("fd00::/8", "fd00::1/8", "fd00::2/8"),
        ("fd00::4/126", "fd00::5/126", "fd00::6/126"),
        ("fd00::4/127", "fd00::4/127", "fd00::5/127"),
        ("::/16", "", ""),
    ],
)
def test_the_first_usable_addresses(subnet: str, first: str, second: str) -> None:
    text = f"cables: [{{ends: [a, b], subnet: '{subnet}'}}]"
    if not first:
        assert "overlaps" in wrong(text)[0]
        return
    assert addresses(text) == {"a:eth0": [first], "b:eth0": [second]}


def test_one_address_from_each_subnet_in_its_order() -> None:
    text = lan("[a, {node: b, addresses: []}, {node: c, addresses: 10.0.0.9}]",
               "['fd00::/64', 10.0.0.0/24]")  # fmt: skip
    assert addresses(text) == {
        "a:eth0": ["fd00::1/64", "10.0.0.1/24"],
        "b:eth0": [],
        "c:eth0": ["10.0.0.9/24"],
    }


def test_without_a_subnet_there_are_only_addresses_by_hand() -> None:
    text = "cables: [{ends: [{node: a, addresses: [10.0.0.1/24, 'fd00::1/64', 'fe80::1']}, b]}]"
    assert addresses(text) == {
        "a:eth0": ["10.0.0.1/24", "fd00::1/64", "fe80::1/64"],
        "b:eth0": [],
    }


def test_an_address_by_hand_keeps_its_own_prefix_length() -> None:
    text = lan("[{node: a, addresses: [10.0.0.4/32, 'fe80::1/10']}]")
    assert addresses(text) == {"a:eth0": ["10.0.0.4/32", "fe80::1/10"]}


def test_the_last_address_is_given_and_no_more() -> None:
    assert addresses(lan("[a, b, c, d, e, f]"))["f:eth0"] == ["10.0.0.6/29"]
    assert wrong(lan("[a, b, c, d, e, f, g, h]")) == [
        (
            "x.yaml:4: bridges.lan.ports[6]: no address left in 10.0.0.0/29 (it has 6 for links)"
            " (hint: take a larger subnet)"
        )
    ]


def test_a_huge_subnet_with_many_claimed_is_no_slower() -> None:
    ports = [f"{{node: m{n}, addresses: 'fd00::{n:x}'}}" for n in range(1, 512)]
    ports += [f"n{n}" for n in range(512)]
    found = addresses(lan(f"[{', '.join(ports)}]", "'fd00::/8'"))
    assert found["n0:eth0"] == ["fd00::200/8"]
    assert found["n511:eth0"] == ["fd00::3ff/8"]


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ("10.0.9.1", '"10.0.9.1" is in no subnet of bridge lan (10.0.0.0/29)'),
        ("10.0.9.1/24", '"10.0.9.1/24" is in no subnet of bridge lan (10.0.0.0/29)'),
        ("fd00::1", '"fd00::1" is in no subnet of bridge lan (10.0.0.0/29)'),
        ("10.0.0.7", '"10.0.0.7" is the broadcast address of 10.0.0.0/29'),
        ("10.0.0.0", '"10.0.0.0" is the network\'s own address in 10.0.0.0/29'),
        ("10.0.0.4/30", '"10.0.0.4/30" is the network\'s own address in 10.0.0.4/30'),
        ("10.0.0.1, 10.0.0.1", '"10.0.0.1" is taken by a:eth0'),
    ],
)
def test_addresses_that_cannot_be(given: str, error: str) -> None:
    index = given.count(",")
    assert wrong(lan(f"[{{node: a, addresses: [{given}]}}]")) == [
        f"x.yaml:4: bridges.lan.ports[0].addresses[{index}]: {error}"
    ]


def test_addresses_that_cannot_be_without_a_subnet() -> None:
    text = "cables:\n- ends:\n  - b\n  - node: a\n    addresses:\n" + "".join(
        f"    - {text}\n"
        for text in ("10.0.0.1", "fd00::1", "fd00::/64", "224.0.0.1/24", "'::/8'", "127.0.0.1/8")
    )
    path = "cables[0].ends[1].addresses"
    kept = "is no address that a link of a node can have"
    assert wrong(text) == [
        (
            f'x.yaml:6: {path}[0]: "10.0.0.1" has no prefix length, and this cable has no subnet'
            ' (hint: "10.0.0.1/24")'
        ),
        (
            f'x.yaml:7: {path}[1]: "fd00::1" has no prefix length, and this cable has no subnet'
            ' (hint: "fd00::1/64")'
        ),
        f'x.yaml:8: {path}[2]: "fd00::/64" is the network\'s own address in fd00::/64',
        f'x.yaml:9: {path}[3]: "224.0.0.1/24" {kept}',
        f'x.yaml:10: {path}[4]: "::/8" {kept}',
        f'x.yaml:11: {path}[5]: "127.0.0.1/8" {kept}',
    ]


DUPLICATES = """\
bridges:
  lan:
    subnet: 10.0.0.0/24
    mac: 02:00:00:00:00:0A
    ports:
      - {node: a, ifname: eth0, addresses: 10.0.0.1, mac: "02:00:00:00:00:01"}
      - {node: a, ifname: eth0, addresses: 10.0.0.1/16}
      - b:x
      - b:x
      - {node: c, mac: "02:00:00:00:00:01"}
      - {node: c, mac: "02:00:00:00:00:0a"}
cables:
  - {ends: [{node: a, mac: "02:00:00:00:00:01"}, "b:x"]}
"""


def test_duplicates() -> None:
    assert wrong(DUPLICATES) == [
        'x.yaml:7: bridges.lan.ports[1].ifname: a has another link "eth0" (line 6)',
        'x.yaml:7: bridges.lan.ports[1].addresses: "10.0.0.1/16" is taken by a:eth0',
        'x.yaml:9: bridges.lan.ports[3]: b has another link "x" (line 8)',
        'x.yaml:10: bridges.lan.ports[4].mac: "02:00:00:00:00:01" is taken by a:eth0',
        'x.yaml:11: bridges.lan.ports[5].mac: "02:00:00:00:00:0a" is taken by bridge lan',
        'x.yaml:13: cables[0].ends[1]: b has another link "x" (line 8)',
    ]


TWICE = """\
bridges:
  x: {subnet: 10.0.0.0/24, ports: [a]}
  y: {subnet: 10.0.0.0/24, ports: [b, {node: a, addresses: 10.0.0.9}]}
  z: {subnet: 10.0.0.0/24, ports: [a]}
"""


def test_one_subnet_on_two_bridges_is_fine_but_not_one_address_in_a_node() -> None:
    assert wrong(TWICE) == [
        (
            'x.yaml:4: bridges.z.ports[0]: "10.0.0.1" is taken by a:eth0, in the same node'
            " (hint: give one of them by hand)"
        )
    ]
    assert "a:eth1" in addresses(TWICE.rpartition("  z")[0])


def test_a_link_local_address_may_be_on_every_link() -> None:
    end = "{node: a, addresses: 'fe80::1'}"
    assert addresses(f"cables: [{{ends: [{end}, b]}}, {{ends: [{end}, c]}}]")["a:eth1"] == [
        "fe80::1/64"
    ]


MTU = """\
cables:
  - ends: [a, {node: b, mtu: 1279}]
    mtu: 1000
    subnet: [10.0.0.0/24, "fd00::/64"]
  - ends: [{node: a, addresses: []}, {node: b, addresses: 10.0.1.1}]
    mtu: 1000
    subnet: [10.0.1.0/24, "fd01::/64"]
bridges:
  lan: {mtu: 68, subnet: "fd02::/64", ports: [a, b, c]}
"""


def test_ipv6_needs_its_mtu() -> None:
    assert wrong(MTU) == [
        (
            "x.yaml:2: cables[0].ends[1].mtu: 1279 is less than the 1280 that IPv6 needs"
            " (b:eth0 has fd00::2/64)"
        ),
        (
            "x.yaml:3: cables[0].mtu: 1000 is less than the 1280 that IPv6 needs"
            " (a:eth0 has fd00::1/64)"
        ),
        (
            "x.yaml:9: bridges.lan.mtu: 68 is less than the 1280 that IPv6 needs"
            " (a:eth2 has fd02::1/64)"
        ),
    ]


def test_an_mtu_of_the_segment_is_for_ends_that_say_none() -> None:
    found = ends("cables: [{mtu: 9000, ends: [a, {node: b, mtu: 68}]}, {ends: [a, b]}]")
    assert [found[name].mtu for name in found] == [9000, None, 68, None]


def test_macs_depend_on_their_place_alone() -> None:
    found = ends("cables: [{ends: [a, b]}, {ends: [c, a]}]")
    alone = ends("cables: [{ends: ['a:eth1', c]}]")
    assert found["a:eth1"].mac == alone["a:eth1"].mac
    macs = {end.mac for end in found.values()}
    assert len(macs) == 4
    assert all(mac.startswith("02:") and len(mac) == 17 for mac in macs)


def test_a_mac_that_is_taken_by_hand_is_not_chosen() -> None:
    chosen = ends("cables: [{ends: [a, b]}]")["a:eth0"].mac
    found = ends(f"cables: [{{ends: [a, b]}}, {{ends: [c, {{node: d, mac: '{chosen.upper()}'}}]}}]")
    assert found["d:eth0"].mac == chosen
    assert found["a:eth0"].mac != chosen
    assert found["a:eth0"].mac.startswith("02:")
