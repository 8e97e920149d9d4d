"""Links of the machine that join a segment, as a file says them."""

from __future__ import annotations

import pytest

from nslab.lab.model import HostPort
from tests.lab.reading import good, wrong

HOSTS = """\
bridges:
  a: {host: br0}
  b: {host: br0, ports: [pc]}
  c: {host: {link: eth1}}
"""


def test_links_of_the_machine_that_join_a_segment() -> None:
    a, b, c = good(HOSTS).bridges
    assert a.host == HostPort("br0", bridge=True, port_ifname="host.br0")
    assert b.host == a.host
    assert c.host == HostPort("eth1", bridge=False, port_ifname="host.eth1")


def test_a_port_of_a_node_called_host_keeps_its_name() -> None:
    (bridge,) = good("bridges: {lan: {host: br0, ports: ['host:br0']}}").bridges
    assert bridge.port_ifnames == ("host.br0",)
    assert bridge.host is not None
    assert bridge.host.port_ifname.startswith("host.br0-")


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ("lo", 'host: "lo" is a name that the kernel keeps for itself'),
        ("a-name-of-16-byt", 'host: "a-name-of-16-byt" is longer than 15 bytes (16)'),
        ("3", 'host: 3 is not a text (hint: put it in quotes: "3")'),
        ("[br0]", "host: a list is not a text"),
        (
            "{link: a:b}",
            "host.link: \"a:b\" may have only printable ASCII without '/', ':' and '%'",
        ),
        ("{}", 'host: has no "link" (hint: link: The machine\'s link, by its ifname there.)'),
        ("{links: eth1}", 'host.links: unknown key (hint: did you mean "link"?)'),
    ],
)
def test_what_is_no_link_of_a_machine(said: str, complaint: str) -> None:
    found = wrong(f"bridges: {{lan: {{host: {said}}}}}")
    assert f"x.yaml:1: bridges.lan.{complaint}" in found


def test_one_link_joins_one_bridge() -> None:
    text = "bridges: {a: {host: {link: eth1}}, b: {host: {link: eth1}}}"
    (line,) = wrong(text)
    assert line == 'x.yaml:1: bridges.b.host: "eth1" has joined another bridge of this lab'
