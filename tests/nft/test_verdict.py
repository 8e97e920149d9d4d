"""What a rule set does to a packet: judged, and done by the kernel.

a 10.0.0.1, fd00::1 ──── b 10.0.0.2, fd00::2: the rules are b's
"""

from __future__ import annotations

import json
import os
import shutil
from ipaddress import ip_address
from typing import TYPE_CHECKING

import pytest

from nslab import Lab, up
from nslab.errors import PrivilegeError
from nslab.nft.verdict import Drop, Packet, judge

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nslab import Running
    from nslab.nft.rules import Json

pytestmark = pytest.mark.kernel

A, B = ip_address("10.0.0.1"), ip_address("10.0.0.2")
CHAIN = "chain c { type filter hook input priority 0;"
ND = "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept;"
ECHO = "icmp type echo-request drop; icmpv6 type echo-request drop;"

CASES: list[tuple[str, list[str], str]] = [
    ("nothing", [], ""),
    ("an empty chain", [f"{CHAIN} }}"], ""),
    ("policy", [f"{CHAIN} policy drop; {ND} }}"], "policy"),
    ("a rule", [f"{CHAIN} {ND} meta l4proto {{ icmp, icmpv6 }} drop; }}"], "drop"),
    ("a reject", [f"{CHAIN} {ND} meta l4proto {{ icmp, icmpv6 }} reject; }}"], "reject"),
    ("others", [f"{CHAIN} meta l4proto tcp drop; udp dport 1-9 drop; }}"], ""),
    ("accepted", [f"{CHAIN} ip saddr 10.0.0.0/24 accept; ip6 daddr ::/0 accept; drop; }}"], ""),
    ("a prefix", [f"{CHAIN} {ND} ip saddr 10.0.0.0/24 drop; ip6 saddr fd00::/64 drop; }}"], "drop"),
    ("a set", [f"{CHAIN} {ND} ip saddr {{ 10.0.0.1, 10.0.0.9 }} drop; {ECHO} }}"], "drop"),
    ("another set", [f"{CHAIN} ip saddr {{ 10.0.0.8, 10.0.0.9 }} drop; }}"], ""),
    ("not", [f'{CHAIN} iifname != "eth0" drop; ip saddr != 10.0.0.1 drop; }}'], ""),
    ("a wildcard", [f'{CHAIN} {ND} iifname "et*" drop; }}'], "drop"),
    ("established", [f"{CHAIN} ct state established,related drop; }}"], ""),
    ("new", [f"{CHAIN} {ND} ct state new drop; }}"], "drop"),
    ("a jump", [f"chain d {{ {ECHO} }}", f"{CHAIN} jump d; accept; }}"], "drop"),
    ("a return", ["chain d { return; drop; }", f"{CHAIN} jump d; accept; }}"], ""),
    ("goto", [f"chain d {{ {ND} }}", f"{CHAIN} policy drop; goto d; accept; }}"], "policy"),
    (
        "two chains",
        [f"{CHAIN} accept; }}", f"chain e {{ type filter hook input priority 9; {ECHO} }}"],
        "drop",
    ),
    ("another hook", ["chain c { type filter hook forward priority 0; policy drop; }"], ""),
]


@pytest.fixture(scope="module")
def lab() -> Iterator[Running]:
    if shutil.which("nft") is None:
        pytest.skip("nft is not installed")
    made = Lab(f"verdict-{os.getpid()}")
    made.cable("a", "b", subnet=["10.0.0.0/30", "fd00::/126"])
    try:
        with up(made) as running:
            yield running
    except PrivilegeError as error:
        pytest.skip(str(error))


def listing(lab: Running, rules: list[str]) -> list[Json]:
    text = "\n".join(["flush ruleset", "table inet t {", *rules, "}", ""])
    lab["b"].run(["nft", "-f", "-"], input=text, text=True, check=True)
    out = lab["b"].run(["nft", "-j", "list", "ruleset"], capture_output=True, check=True).stdout
    found = json.loads(out)["nftables"]
    assert isinstance(found, list)
    return found


def judged(rules: list[Json], version: int) -> Drop | None:
    one, other = (A, B) if version == 4 else (ip_address("fd00::1"), ip_address("fd00::2"))
    packet = Packet(one, other, iifname="eth0")
    return judge(rules, ("inet", "ip" if version == 4 else "ip6"), "input", packet)


@pytest.mark.parametrize(("rules", "why"), [case[1:] for case in CASES], ids=[c[0] for c in CASES])
def test_the_kernel_does_what_is_judged(lab: Running, rules: list[str], why: str) -> None:
    known = listing(lab, rules)
    for version, address in ((4, "10.0.0.2"), (6, "fd00::2")):
        drop = judged(known, version)
        often = ["-c5", "-i0.3"] if why == "" else ["-c1", "-W0.1"]
        ping = ["ping", "-q", *often, address]
        reached = lab["a"].run(ping, capture_output=True).returncode == 0
        assert reached is (why == ""), address
        assert reached is (drop is None), address
        if drop is not None:
            assert drop.sure
            assert why in drop.why
            assert drop.chain.startswith("inet t ")


@pytest.mark.parametrize(
    "rule",
    ["ip ttl 64 drop", "limit rate over 1/second drop", "ip saddr @known drop", "meta mark 7 drop"],
)
def test_what_is_not_known_is_only_possible(lab: Running, rule: str) -> None:
    known = listing(lab, ["set known { type ipv4_addr; }", f"{CHAIN} {rule}; }}"])
    assert judged(known, 4) == Drop("inet t c", "a drop rule", sure=False)


def test_what_comes_after_the_unknown_is_possible_too(lab: Running) -> None:
    known = listing(lab, [f"{CHAIN} policy drop; ip ttl 64 accept; }}"])
    assert judged(known, 4) == Drop("inet t c", "policy drop", sure=False)


PACKETS = {
    "tcp/80": Packet(A, B, "tcp", 0, 80, "eth0"),
    "tcp/81": Packet(A, B, "tcp", 0, 81, "eth0"),
    "udp/80": Packet(A, B, "udp", 0, 80, "eth0"),
    "udp/53": Packet(A, B, "udp", 0, 53, "eth0"),
    "from udp/53": Packet(A, B, "udp", 53, 0, "eth0", state="established"),
}


@pytest.mark.parametrize(
    ("rule", "dropped"),
    [
        ("tcp dport 80 drop", ["tcp/80"]),
        ("tcp dport { 22, 80-90 } drop", ["tcp/80", "tcp/81"]),
        ("tcp dport != 80 drop", ["tcp/81"]),
        ("th dport 80 drop", ["tcp/80", "udp/80"]),
        ("udp sport 53 ct state established drop", ["from udp/53"]),
        ("ct state established drop", ["from udp/53"]),
        ("icmp type echo-request drop", []),
        ("ip protocol udp drop", ["udp/80", "udp/53", "from udp/53"]),
    ],
)
def test_ports(lab: Running, rule: str, dropped: list[str]) -> None:
    known = listing(lab, [f"{CHAIN} {rule}; }}"])
    drops = {name: judge(known, ("inet",), "input", one) for name, one in PACKETS.items()}
    assert [name for name, drop in drops.items() if drop is not None and drop.sure] == dropped


def test_chains_of_another_family_do_not_see_the_packet(lab: Running) -> None:
    known = listing(lab, [f"{CHAIN} drop; }}"])
    assert judge(known, ("ip", "bridge"), "input", Packet(A, B)) is None
