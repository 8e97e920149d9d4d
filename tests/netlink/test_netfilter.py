"""What conntrack-tools asked and the kernel answered, both ways; `capture.py` recorded it."""

from __future__ import annotations

import errno
import json
from ipaddress import ip_address
from pathlib import Path

import pytest

from nslab.netlink.message import NLM_F, NLMSG, Answer, Request, decode_failure, split
from nslab.netlink.netfilter.conntrack import (
    IPCTNL_MSG_CT,
    IPS,
    Addresses,
    Connection,
    Protocol,
    Tuple,
)
from nslab.netlink.rtnl.constants import AF

RECORDS = json.loads((Path(__file__).parent / "golden/netfilter/conntrack.json").read_text())
DELETED6, DELETED4 = "conntrack -D -f ipv6 -p udp", "conntrack -D -p tcp --reply-src 10.0.1.2"
_PROTOINFO, _SYNPROXY = 4, 24  # CTA_…: what no table of ours reads
_CONFIRMED, _ASSURED, _DST_NAT_DONE = 1 << 3, 1 << 2, 1 << 8


def ends(src: str, dst: str, protocol: Protocol) -> Tuple:
    source, target = ip_address(src).packed, ip_address(dst).packed
    if ":" in src:
        return Tuple(addresses=Addresses(v6_src=source, v6_dst=target), protocol=protocol)
    return Tuple(addresses=Addresses(v4_src=source, v4_dst=target), protocol=protocol)


def ports(number: int, source: int, target: int) -> Protocol:
    return Protocol(number=number, src_port=source, dst_port=target)


def pinging(kind: int) -> Protocol:
    return Protocol(number=1, icmp_id=9, icmp_type=kind, icmp_code=0)


LED = ends("10.0.0.1", "10.0.0.2", ports(6, 1000, 8080))
LED_BACK = ends("10.0.1.2", "10.0.0.1", ports(6, 80, 1000))
NAMED = ends("fd00::1", "fd00::2", ports(17, 53, 1053))
NAMED_BACK = ends("fd00::2", "fd00::1", ports(17, 1053, 53))
ZONED = ends("10.0.0.1", "10.0.0.2", ports(6, 1001, 8080))
ZONED_BACK = ends("10.0.0.2", "10.0.0.1", ports(6, 8080, 1001))
PING, PONG = (
    ends("10.0.0.1", "10.0.0.2", pinging(8)),
    ends("10.0.0.2", "10.0.0.1", pinging(0)),
)


def messages(command: str, side: str) -> list[Answer]:
    record = next(record for record in RECORDS if record["command"].startswith(command))
    return [message for text in record[side] for message in split(bytes.fromhex(text))]


def listed(command: str) -> list[Connection]:
    answers = messages(command, "answers")
    return [Connection.decode(one.data) for one in answers if one.type == IPCTNL_MSG_CT.NEW]


def found(orig: Tuple) -> Connection:
    return next(one for one in listed("conntrack -L") if one.orig == orig)


@pytest.mark.parametrize(
    ("command", "family"), [("conntrack -L", AF.UNSPEC), ("conntrack -L -f ipv6", AF.INET6)]
)
def test_what_asks_for_all_is_what_conntrack_asks(command: str, family: int) -> None:
    (captured,) = next(one["requests"] for one in RECORDS if one["command"] == command)
    (message,) = split(bytes.fromhex(captured))
    request = Request(IPCTNL_MSG_CT.GET, Connection(family=family), NLM_F.DUMP)
    assert request.encode(message.sequence).hex() == captured


@pytest.mark.parametrize(("command", "orig"), [(DELETED6, NAMED), (DELETED4, LED)])
def test_what_deletes_is_what_conntrack_asks(command: str, orig: Tuple) -> None:
    captured = messages(command, "requests")[-1]
    assert (captured.type, captured.flags) == (IPCTNL_MSG_CT.DELETE, NLM_F.REQUEST | NLM_F.ACK)
    decoded = Connection.decode(captured.data)
    assert decoded.orig == orig
    assert decoded.encode() == captured.data


@pytest.mark.parametrize("command", ["conntrack -L", "conntrack -L -f ipv6", DELETED6, DELETED4])
def test_every_answer_encodes_to_the_bytes_it_came_in(command: str) -> None:
    answers = [one for one in messages(command, "answers") if one.type >= NLMSG.MIN_TYPE]
    assert answers
    for answer in answers:
        decoded = Connection.decode(answer.data)
        assert decoded.encode() == answer.data
        assert {kind & 0x3FFF for kind, _ in decoded.unknown} <= {_PROTOINFO, _SYNPROXY}


def test_both_families_are_listed_at_once() -> None:
    pairs = [(one.family, one.orig, one.reply) for one in listed("conntrack -L")]
    assert sorted(pairs, key=repr) == sorted(
        [
            (AF.INET, LED, LED_BACK),
            (AF.INET, PING, PONG),
            (AF.INET, ZONED, ZONED_BACK),
            (AF.INET6, NAMED, NAMED_BACK),
        ],
        key=repr,
    )


def test_a_connection_that_was_led_elsewhere() -> None:
    led = found(LED)
    assert led.reply is not None
    assert led.reply.src == ip_address("10.0.1.2").packed
    seen = IPS.SEEN_REPLY | _ASSURED | _CONFIRMED | IPS.DST_NAT
    assert led.status is not None
    assert led.status & ~(1 << 7) == seen | _DST_NAT_DONE  # bit 7: source NAT was looked at
    assert (led.mark, led.zone, led.timeout, led.use) == (7, None, 299, 1)


def test_a_connection_of_a_zone() -> None:
    assert (found(ZONED).zone, found(LED).zone) == (5, None)


def test_one_that_is_there_already() -> None:
    record = RECORDS[-1]
    (answer,) = split(bytes.fromhex(record["answers"][0]))
    assert decode_failure(answer).errno == errno.EEXIST
