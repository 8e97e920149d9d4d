from __future__ import annotations

from ipaddress import ip_address

import pytest

from nslab.lab.model import Publish
from tests.lab.reading import good, wrong


def published(text: str) -> tuple[Publish, ...]:
    return good(f"nodes: {{web: {{publish: {text}}}}}").nodes[0].publish


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("8080:80", Publish(8080, 80)),
        ("8080:80/tcp", Publish(8080, 80)),
        ("53:5353/udp", Publish(53, 5353, "udp")),
        ("127.0.0.1:8080:80", Publish(8080, 80, "tcp", ip_address("127.0.0.1"))),
        ("'[::1]:8080:80/udp'", Publish(8080, 80, "udp", ip_address("::1"))),
    ],
)
def test_what_is_said(text: str, value: Publish) -> None:
    assert published(text) == (value,)
    assert published(f"[{text}]") == (value,)
    assert published(f"'{value}'") == (value,)


HINT = '(hint: say "8080:80", "127.0.0.1:8080:80", "[::1]:8080:80" or "5353:53/udp")'


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("'8080'", f'"8080" is not a port of the outside and one of the node {HINT}'),
        ("8080:80/sctp", f'"8080:80/sctp" is not a port of the outside and one of the node {HINT}'),
        ("'٨٠:80'", f'"٨٠:80" is not a port of the outside and one of the node {HINT}'),
        ("0:80", f'"0:80" has a port that is not from 1 to 65535 {HINT}'),
        ("80:65536", f'"80:65536" has a port that is not from 1 to 65535 {HINT}'),
        ("1.2.3.256:80:80", f'"1.2.3.256:80:80" begins with no address: 1.2.3.256 {HINT}'),
        ("'[::1::]:80:80'", f'"[::1::]:80:80" begins with no address: [::1::] {HINT}'),
        ("80", "80 is not a text or a list of texts (hint: [] for none)"),
    ],
)
def test_what_is_wrong(text: str, error: str) -> None:
    assert wrong(f"nodes: {{web: {{publish: {text}}}}}") == [
        f"x.yaml:1: nodes.web.publish: {error}"
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("8080:80", "8080:81"),
        ("8080:80", "127.0.0.1:8080:80"),
        ("0.0.0.0:8080:80", "127.0.0.1:8080:80"),
        ("127.0.0.1:8080:80", "8080:80/tcp"),
    ],
)
def test_a_port_leads_to_one_node(one: str, other: str) -> None:
    text = f"nodes:\n  a: {{publish: '{one}'}}\n  b: {{publish: ['{other}']}}\n"
    taken = f'"{other}" is taken by {published(one)[0]} of a'
    hint = "(hint: choose another port of the outside)"
    assert wrong(text) == [f"x.yaml:3: nodes.b.publish[0]: {taken} {hint}"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("8080:80", "8081:80"),
        ("8080:80", "8080:80/udp"),
        ("127.0.0.1:8080:80", "[::1]:8080:80"),
        ("0.0.0.0:8080:80", "[::]:8080:80"),
        ("127.0.0.1:8080:80", "127.0.0.2:8080:80"),
    ],
)
def test_ports_that_do_not_meet(one: str, other: str) -> None:
    lab = good(f"nodes:\n  a: {{publish: '{one}'}}\n  b: {{publish: ['{other}']}}\n")
    assert [len(node.publish) for node in lab.nodes] == [1, 1]
