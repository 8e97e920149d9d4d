from __future__ import annotations

import pytest

from nslab.lab.words import NODE, Kind
from tests.lab.reading import good, wrong

LATER = """\
bridges:
  lan:
    vlan: 1
    ports: [{node: a, delay: 5ms, jitter: 1ms, vlan: 3}]
cables:
  - {ends: [a, b], rate: 1mbit, limit: 3, loss: 1%, duplicate: 1%, reorder: 1%, corrupt: 1%}
nodes:
  a:
    services: {}
"""


def test_what_is_not_supported_yet_is_refused_whatever_it_says() -> None:
    assert wrong(LATER) == [
        "x.yaml:3: bridges.lan.vlan: not supported yet",
        "x.yaml:4: bridges.lan.ports[0].delay: not supported yet",
        "x.yaml:4: bridges.lan.ports[0].jitter: not supported yet",
        "x.yaml:4: bridges.lan.ports[0].vlan: not supported yet",
        "x.yaml:6: cables[0].rate: not supported yet",
        "x.yaml:6: cables[0].limit: not supported yet",
        "x.yaml:6: cables[0].loss: not supported yet",
        "x.yaml:6: cables[0].duplicate: not supported yet",
        "x.yaml:6: cables[0].reorder: not supported yet",
        "x.yaml:6: cables[0].corrupt: not supported yet",
        "x.yaml:9: nodes.a.services: not supported yet",
    ]


MANY = """\
nmae: x
bridges:
  lan:
    subnet: 10.0.1.0/24
    ports:
      - pc1
      - {node: pc2, adresses: [10.0.1.7]}
      - {node: pc3, addresses: [10.0.9.1/24]}
      - pc4:a-name-too-long-for-a-link
nodes:
  pc1: {forwrad: true}
  far:
    routes: [{dst: 10.0.3.7/24, via: 10.0.1.1}]
"""


def test_all_problems_at_once_in_the_order_of_the_file() -> None:
    assert wrong(MANY, source="office.yaml") == [
        'office.yaml:1: nmae: unknown key (hint: did you mean "name"?)',
        (
            "office.yaml:7: bridges.lan.ports[1].adresses: unknown key"
            ' (hint: did you mean "addresses"?)'
        ),
        (
            'office.yaml:8: bridges.lan.ports[2].addresses[0]: "10.0.9.1/24" is in no subnet of'
            " bridge lan (10.0.1.0/24)"
        ),
        (
            'office.yaml:9: bridges.lan.ports[3]: "a-name-too-long-for-a-link" is longer than'
            " 15 bytes (26)"
        ),
        'office.yaml:11: nodes.pc1.forwrad: unknown key (hint: did you mean "forward"?)',
        (
            'office.yaml:13: nodes.far.routes[0].dst: "10.0.3.7/24" has host bits set'
            ' (hint: "10.0.3.0/24")'
        ),
    ]


def test_json_and_toml_say_the_same_with_their_own_lines() -> None:
    ready = [key for key, word in NODE.items() if word.kind is not Kind.LATER]
    text = '{\n "nodes": {\n  "a": {"x": 1},\n  "a": null,\n  "b": {"forward":\n   3}}}\n'
    assert wrong(text, "json", "o.json") == [
        f"o.json:3: nodes.a.x: unknown key (hint: the keys here are {', '.join(ready)})",
        'o.json:4: nodes.a: "a" is given twice, first in line 3',
        "o.json:5: nodes.b.forward: 3 is not true or false",
    ]
    text = (
        '[bridges.lan]\nports = [\n  "a",\n  "b:lo",\n]\n[nodes]\na.forwrd = true\nb = 1979-05-27\n'
    )
    assert wrong(text, "toml", "o.toml") == [
        'o.toml:4: bridges.lan.ports[1]: "lo" is a name that the kernel keeps for itself',
        'o.toml:7: nodes.a.forwrd: unknown key (hint: did you mean "forward"?)',
        f"o.toml:8: nodes.b: 1979-05-27 is not a mapping of {', '.join(ready)}",
    ]


@pytest.mark.parametrize(
    ("text", "errors"),
    [
        ("", [("x.yaml: nothing is in it (hint: a lab is a mapping of version, name, bridges,"
              " cables, nodes, expect)")]),
        ("[]",
         ["x.yaml: a list is not a mapping of version, name, bridges, cables, nodes, expect"]),
        ("7", ["x.yaml: 7 is not a mapping of version, name, bridges, cables, nodes, expect"]),
        ("version: 2", ["x.yaml:1: version: 2 is no version of this format (hint: 1)"]),
        ("version: true", ["x.yaml:1: version: true is no version of this format (hint: 1)"]),
        ("version: 1.0", ["x.yaml:1: version: 1.0 is no version of this format (hint: 1)"]),
        ("version: '1'", ['x.yaml:1: version: "1" is no version of this format (hint: 1)']),
        ("name: 7", ['x.yaml:1: name: 7 is not a text (hint: put it in quotes: "7")']),
        ("name: {}", ["x.yaml:1: name: a mapping is not a text"]),
        ("name: a b", [('x.yaml:1: name: "a b" may have only letters, digits,'
                        " '-', '_' and '.'"
                       " (hint: say name: a-b)")]),
        ("name: ''", ['x.yaml:1: name: "" is empty (hint: say name: lab)']),
        ("bridges: []\ncables: {}\nnodes: x",
         ["x.yaml:1: bridges: a list is not a mapping by name",
          "x.yaml:2: cables: a mapping is not a list (hint: begin each item with '-')",
          'x.yaml:3: nodes: "x" is not a mapping by name']),
        ("nodes: {a: {forward: yes, routes: {}, sysctl: []}}",
         ['x.yaml:1: nodes.a.forward: "yes" is not true or false (hint: say true)',
          "x.yaml:1: nodes.a.routes: a mapping is not a list (hint: begin each item with '-')",
          "x.yaml:1: nodes.a.sysctl: a list is not a mapping by name"]),
        ("bridges: {b: {uplink: No, mac: 020000000001}}",
         ['x.yaml:1: bridges.b.uplink: "No" is not true or false (hint: say false)',
          ("x.yaml:1: bridges.b.mac: 020000000001 is not a text"
           ' (hint: put it in quotes: "020000000001")')]),
        ("cables: [{ends: ['a:', ':eth0']}, {ends: [b, ':eth1']}]",
         ['x.yaml:1: cables[0].ends[0]: "" is empty',
          'x.yaml:1: cables[0].ends[1]: "" is empty',
          'x.yaml:1: cables[1].ends[1]: "" is empty']),
    ],
)  # fmt: skip
def test_what_is_not_what_its_key_takes(text: str, errors: list[str]) -> None:
    assert wrong(text) == errors


@pytest.mark.parametrize(
    ("port", "error"),
    [
        ("1", " 1 is not an endpoint (hint: a text such as pc1 or pc1:eth0, or a mapping)"),
        ("", " null is not an endpoint (hint: a text such as pc1 or pc1:eth0, or a mapping)"),
        ("''", ' "" is empty'),
        ("a b", " \"a b\" may have only letters, digits, '-', '_' and '.'"),
        ("_a", ' "_a" does not begin with a letter or digit'),
        (
            "outside",
            ' "outside" is kept for the netns that the lab\'s own holder lives in',
        ),
        ("lan", (' "lan" is the name of a bridge (line 2)'
                " (hint: a node joins a bridge by standing among its ports)")),
        ("h" * 64, f' "{"h" * 64}" is longer than 63 bytes (64)'),
        ("{ifname: x}", ' has no "node" (hint: node: The node, or node:ifname.)'),
        ("{node: [a]}", "node: a list is not a text"),
        ("{node: é}", 'node: "é" does not begin with a letter or digit'),
        ("'a:'", ' "" is empty'),
        ("a:x:y", " \"x:y\" may have only printable ASCII without '/', ':' and '%'"),
        ("a:lo", ' "lo" is a name that the kernel keeps for itself'),
        ("a:default", ' "default" is a name that the kernel keeps for itself'),
        ("a:..", ' ".." is a name that the kernel keeps for itself'),
        ("a:-x", " \"-x\" begins with '-'"),
        ("a:x/y", " \"x/y\" may have only printable ASCII without '/', ':' and '%'"),
        ("a:x%d", " \"x%d\" may have only printable ASCII without '/', ':' and '%'"),
        ("a:sixteen-bytes-xx", ' "sixteen-bytes-xx" is longer than 15 bytes (16)'),
        ("{node: 'a:x', ifname: y}", 'ifname: "y" is not the "x" of node'),
        ("{node: a, ifname: 3}", 'ifname: 3 is not a text (hint: put it in quotes: "3")'),
        ("{node: a, mac: '01:00:00:00:00:01'}",
         'mac: "01:00:00:00:00:01" is a group\'s MAC: its first octet must be even'),
        ("{node: a, mac: '00:00:00:00:00:00'}",
         'mac: "00:00:00:00:00:00" is no MAC that a link can have'),
        ("{node: a, mac: aa-bb}", ('mac: "aa-bb" is not a MAC: six pairs of hexadecimal digits,'
                                  " as 02:00:00:00:00:01")),
        ("{node: a, mtu: 67}", "mtu: 67 is not a whole number from 68 to 65535"),
        ("{node: a, mtu: 65536}", "mtu: 65536 is not a whole number from 68 to 65535"),
        ("{node: a, mtu: true}", "mtu: true is not a whole number from 68 to 65535"),
        ("{node: a, mtu: '1500'}", 'mtu: "1500" is not a whole number from 68 to 65535'),
        ("{node: a, addresses: }",
         "addresses: null is not a text or a list of texts (hint: [] for none)"),
        ("{node: a, addresses: x}", 'addresses: "x" is not an address'),
        ("{node: a, addresses: [10.0.0.256]}", 'addresses[0]: "10.0.0.256" is not an address'),
        ("{node: a, addresses: ['fe80::1%eth0']}",
         'addresses[0]: "fe80::1%eth0" is not an address'),
        ("{node: a, addresses: 10.0.0.1/33}",
         'addresses: "10.0.0.1/33" has no prefix length from 0 to 32 after its /'),
        ("{node: a, addresses: 10.0.0.1/}",
         'addresses: "10.0.0.1/" has no prefix length from 0 to 32 after its /'),
        ("{node: a, addresses: 10.0.0.1/255.0.0.0}",
         'addresses: "10.0.0.1/255.0.0.0" has no prefix length from 0 to 32 after its /'),
        ("{node: a, addresses: 'fd00::1/129'}",
         'addresses: "fd00::1/129" has no prefix length from 0 to 128 after its /'),
    ],
)  # fmt: skip
def test_ports(port: str, error: str) -> None:
    path = "bridges.lan.ports[0]" + (":" if error[0] == " " else ".")
    assert wrong(f"bridges:\n  lan:\n    ports:\n      - {port}\n") == [f"x.yaml:4: {path}{error}"]


def test_names_of_bridges() -> None:
    assert wrong("bridges:\n  outside:\n  a/b:\n  ok:\nnodes: {ok: }\n") == [
        (
            'x.yaml:2: bridges.outside: "outside" is kept for the netns that the lab\'s own holder'
            " lives in"
        ),
        "x.yaml:3: bridges[\"a/b\"]: \"a/b\" may have only letters, digits, '-', '_' and '.'",
        (
            'x.yaml:5: nodes.ok: "ok" is the name of a bridge (line 4)'
            " (hint: a node joins a bridge by standing among its ports)"
        ),
    ]


def test_names_that_differ_by_case_are_two() -> None:
    assert [node.name for node in good("nodes: {pc: , PC: }\nbridges: {Pc: }").nodes] == [
        "pc",
        "PC",
    ]


def test_a_wrong_name_is_noted_wherever_it_stands() -> None:
    assert len(wrong("cables:\n- ends: [a b, c]\n- ends: [a b, c]\nnodes: {a b: }")) == 3


CABLES = """\
cables:
  - ends: [a]
  - ends: [a, a]
  - ends: [a, b, c]
  - {}
  - ends: a
  - [a, b]
  - ends: ['a:x', 'a:y']
  - ends:
  - ends: [a, {node: b, mtu: 3}]
    mtu: 3
"""


def test_cables() -> None:
    assert wrong(CABLES) == [
        "x.yaml:2: cables[0].ends: a cable has two ends, not 1",
        'x.yaml:3: cables[1].ends: joins "a" to itself (hint: name two nodes)',
        "x.yaml:4: cables[2].ends: a cable has two ends, not 3",
        'x.yaml:5: cables[3]: has no "ends" (hint: ends: The two endpoints that it joins.)',
        "x.yaml:6: cables[4].ends: \"a\" is not a list (hint: begin each item with '-')",
        (
            "x.yaml:7: cables[5]: a list is not a mapping of ends, subnet, mtu (hint: as "
            "`{ends: [a, b]}`)"
        ),
        'x.yaml:8: cables[6].ends: joins "a" to itself (hint: name two nodes)',
        "x.yaml:9: cables[7].ends: a cable has two ends, not 0",
        "x.yaml:10: cables[8].ends[1].mtu: 3 is not a whole number from 68 to 65535",
        "x.yaml:11: cables[8].mtu: 3 is not a whole number from 68 to 65535",
    ]


SUBNETS = """\
bridges:
  lan:
    subnet:
      - 10.0.0.0/24
      - 10.0.0.0/24
      - 10.0.0.0/25
      - 10.0.1.1/24
      - 224.0.0.0/8
      - 127.0.0.0/24
      - 0.0.0.0/0
      - 'fe80::1%eth0/64'
      - x
      - 3
      - 10.0.0.0/255.255.0.0
      - 10.2.0.0
    ports: [a]
nodes: {a: {routes: [{dst: default, via: 10.0.0.9}]}}
"""


def test_subnets() -> None:
    assert wrong(SUBNETS) == [
        'x.yaml:5: bridges.lan.subnet[1]: "10.0.0.0/24" is given twice',
        'x.yaml:6: bridges.lan.subnet[2]: "10.0.0.0/25" overlaps 10.0.0.0/24',
        'x.yaml:7: bridges.lan.subnet[3]: "10.0.1.1/24" has host bits set (hint: "10.0.1.0/24")',
        (
            'x.yaml:8: bridges.lan.subnet[4]: "224.0.0.0/8" overlaps 224.0.0.0/4,'
            " which no link of a node can have"
        ),
        (
            'x.yaml:9: bridges.lan.subnet[5]: "127.0.0.0/24" overlaps 127.0.0.0/8,'
            " which no link of a node can have"
        ),
        'x.yaml:10: bridges.lan.subnet[6]: "0.0.0.0/0" overlaps 10.0.0.0/24',
        'x.yaml:11: bridges.lan.subnet[7]: "fe80::1%eth0/64" is not a network',
        'x.yaml:12: bridges.lan.subnet[8]: "x" is not a network',
        'x.yaml:13: bridges.lan.subnet[9]: 3 is not a text (hint: put it in quotes: "3")',
        (
            'x.yaml:14: bridges.lan.subnet[10]: "10.0.0.0/255.255.0.0" has no prefix length from'
            " 0 to 32 after its /"
        ),
    ]


SYSCTL = """\
nodes:
  a:
    sysctl:
      kernel.x: 1
      net.ipv4.x: 1.5
      net/ipv4/x: 1
      net.ipv4..x: 1
      net.ipv4/../x: 1
      net.ipv4.a b: 1
      net.ipv4.y: "a\\nb"
      net.z: [1]
      net.ipv4.é: 1
      net.ipv4.w:
"""


def test_sysctl() -> None:
    assert wrong(SYSCTL) == [
        'x.yaml:4: nodes.a.sysctl["kernel.x"]: "kernel.x" does not begin with net.',
        'x.yaml:5: nodes.a.sysctl["net.ipv4.x"]: 1.5 is not a text, a whole number, true or false',
        'x.yaml:6: nodes.a.sysctl["net/ipv4/x"]: is the same as "net.ipv4.x"',
        'x.yaml:7: nodes.a.sysctl["net.ipv4..x"]: "net.ipv4..x" is not a sysctl key',
        'x.yaml:8: nodes.a.sysctl["net.ipv4/../x"]: "net.ipv4/../x" is not a sysctl key',
        (
            'x.yaml:9: nodes.a.sysctl["net.ipv4.a b"]: "net.ipv4.a b" may have only printable'
            " ASCII, and at most 200 characters"
        ),
        (
            'x.yaml:10: nodes.a.sysctl["net.ipv4.y"]: "a\\nb" may have only printable ASCII,'
            " at most 4000 characters"
        ),
        'x.yaml:11: nodes.a.sysctl["net.z"]: "net.z" is not a sysctl key',
        'x.yaml:11: nodes.a.sysctl["net.z"]: a list is not a text, a whole number, true or false',
        (
            'x.yaml:12: nodes.a.sysctl["net.ipv4.é"]: "net.ipv4.é" may have only'
            " printable ASCII, and at most 200 characters"
        ),
        (
            'x.yaml:13: nodes.a.sysctl["net.ipv4.w"]: null is not a text, a whole number,'
            " true or false"
        ),
    ]


def test_sysctl_is_sorted_and_kept_as_it_is_given() -> None:
    (node,) = good(
        "nodes: {a: {sysctl: {net/ipv4/conf/eth0.1/rp_filter: 2, net.ipv4.x: on,"
        " net.core.y: true, net.ipv4.conf.eth0/1.mtu: -1}}}"
    ).nodes
    assert node.sysctl == (
        ("net.core.y", "1"),
        ("net.ipv4.conf.eth0/1.mtu", "-1"),
        ("net.ipv4.x", "on"),
        ("net/ipv4/conf/eth0.1/rp_filter", "2"),
    )


def test_sections_and_objects_may_be_empty() -> None:
    assert good("bridges:\ncables:\nnodes:\n").nodes == ()
    found = good("bridges: {lan: , wan: {ports: }}\nnodes: {a: , b: {routes: , sysctl: }}")
    assert [bridge.name for bridge in found.bridges] == ["lan", "wan"]
    assert [node.name for node in found.nodes] == ["a", "b"]


def test_control_characters_never_reach_the_terminal() -> None:
    text = '{"nodes": {"a\\nb\\u001b": {"routes": [{"dst": "default", "dev": "x"}]}}, "\\ud800": 1}'
    for line in wrong(text, "json"):
        assert "\\ud800" in line or "\\u001b" in line
        assert line.isprintable()


CONTRARY = """\
nodes:
  a: {forward: true, sysctl: {net.ipv4.ip_forward: 0}}
  b: {forward: false, sysctl: {net/ipv6/conf/all/forwarding: 1}}
  c: {forward: true, sysctl: {net.ipv4.ip_forward: 1}}
  d: {sysctl: {net.ipv4.ip_forward: 1}}
  e: {forward: true, sysctl: {net.ipv4.conf.all.forwarding: 0}}
  f: {sysctl: {net.ipv4.ip_forward: 1, net.ipv4.conf.all.forwarding: 1}}
"""


def test_forward_and_its_sysctls_must_agree() -> None:
    remedy = "(hint: leave one of them out)"
    assert wrong(CONTRARY) == [
        f'x.yaml:2: nodes.a.sysctl["net.ipv4.ip_forward"]: "0" contradicts forward: true {remedy}',
        (
            'x.yaml:3: nodes.b.sysctl["net/ipv6/conf/all/forwarding"]: "1" contradicts'
            f" forward: false {remedy}"
        ),
        (
            'x.yaml:6: nodes.e.sysctl["net.ipv4.conf.all.forwarding"]: "0" contradicts'
            f" forward: true {remedy}"
        ),
        (
            'x.yaml:7: nodes.f.sysctl["net.ipv4.conf.all.forwarding"]:'
            ' is the same as "net.ipv4.ip_forward"'
        ),
    ]


def test_a_bridge_may_have_more_ports_than_one_of_the_kernel_s() -> None:
    ports = "\n".join(f"      - n{number}" for number in range(1030))
    lab = f"name: x\nbridges:\n  lan:\n    subnet: 10.0.0.0/16\n    ports:\n{ports}\n"
    assert len(good(lab).bridges[0].ports) == 1030
