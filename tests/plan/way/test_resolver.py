"""What becomes of the machine's resolv.conf, in all its forms."""

from __future__ import annotations

from ipaddress import ip_interface

import pytest

from nslab.plan.way import resolver
from nslab.plan.way.choose import Way

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

NEAR4, NEAR6 = "100.127.0.2", "fd6e:736c:6163::2"
WAY = Way(
    "demo",
    "kernel",
    (ip_interface(f"{NEAR4}/30"), ip_interface(f"{NEAR6}/64")),
    (ip_interface("100.127.0.1/30"), ip_interface("fd6e:736c:6163::1/64")),
)


def asked(text: str) -> list[str]:
    return resolver.servers(resolver.of_lab(text, WAY))


@pytest.mark.parametrize(
    "server",
    ["127.0.0.53", "127.0.0.1", "::1", "0.0.0.0", "::", "fe80::1%eth0", "169.254.169.253"],  # noqa: S104
)
def test_what_means_another_machine_in_a_node_is_relayed_to(server: str) -> None:
    text = f"nameserver {server}\n"
    assert resolver.relayed(text) == server
    assert asked(text) == [NEAR4, NEAR6]
    assert server not in resolver.of_lab(text, WAY).split()


@pytest.mark.parametrize("text", ["", "\n", "# nothing here\n", "search example\n"])
def test_where_none_is_named_the_c_library_asks_the_machine_itself(text: str) -> None:
    assert resolver.relayed(text) == "127.0.0.1"
    assert asked(text) == [NEAR4, NEAR6]


@pytest.mark.parametrize(
    "text",
    [
        "nameserver 192.0.2.53\n",
        "nameserver 2001:db8::53\noptions edns0\n",
        "nameserver 10.0.0.1\nnameserver 10.0.0.2\nnameserver 10.0.0.3\nsearch a b\n",
        "nameserver fd00::53",
        "nameserver not-an-address\n",
    ],
)
def test_what_nodes_can_reach_stays_as_it_is(text: str) -> None:
    assert resolver.relayed(text) is None
    assert resolver.of_lab(text, WAY) == text


def test_of_more_servers_the_relay_is_first_and_three_are_asked() -> None:
    text = "nameserver 192.0.2.1\nnameserver 127.0.0.53\nnameserver 192.0.2.2\n"
    assert resolver.relayed(text) == "127.0.0.53"
    assert asked(text) == [NEAR4, NEAR6, "192.0.2.1"]


def test_the_first_of_two_near_servers_is_relayed_to() -> None:
    assert resolver.relayed("nameserver ::1\nnameserver 127.0.0.1\n") == "::1"


def test_all_other_words_are_kept_in_their_order() -> None:
    text = (
        "# made by hand\n"
        "nameserver 127.0.0.53 # local\n"
        "options edns0 trust-ad\n"
        "search example corp.example\n"
        "  nameserver ::1\n"
        "sortlist 10.0.0.0/8"
    )
    assert resolver.of_lab(text, WAY) == (
        f"nameserver {NEAR4}\n"
        f"nameserver {NEAR6}\n"
        "# made by hand\n"
        "options edns0 trust-ad\n"
        "search example corp.example\n"
        "sortlist 10.0.0.0/8\n"
    )


def test_a_comment_names_no_server() -> None:
    assert resolver.servers("#nameserver 127.0.0.1\n; nameserver ::1\nnameserver 10.0.0.1") == [
        "10.0.0.1"
    ]


def test_the_relay_s_name_says_all_that_it_depends_on() -> None:
    plain = resolver.lodged("127.0.0.53", WAY)
    assert plain.startswith(resolver.MARK)
    other = Way("demo", "kernel", WAY.far, WAY.near)
    assert len({plain, resolver.lodged("::1", WAY), resolver.lodged("127.0.0.53", other)}) == 3


def test_a_machine_without_the_file_has_an_empty_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "resolv.conf"
    monkeypatch.setattr(resolver, "_FILE", path)
    assert resolver.of_machine() == ""
    path.write_bytes(b"nameserver 127.0.0.1 # caf\xe9\n")
    assert resolver.relayed(resolver.of_machine()) == "127.0.0.1"
