"""What iproute2 asked and the kernel answered, both ways; `capture.py` recorded it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nslab.netlink.attrs import NLA_F_NESTED, TYPE_MASK, Message, attribute, attributes
from nslab.netlink.message import NLM_F, NLMSG, Answer, Request, decode_failure, frame, split
from nslab.netlink.rtnl.constants import RTM
from nslab.netlink.rtnl.kinds.bridge import BridgeInfo, BridgePortInfo
from nslab.netlink.rtnl.kinds.tun import TunInfo
from nslab.netlink.rtnl.link import IFLA, IFLA_INFO, Link
from nslab.netlink.rtnl.mdb import Mdb
from nslab.netlink.rtnl.neightbl import NeighTable
from nslab.netlink.rtnl.stats import Stats
from nslab.netlink.rtnl.vlan import Vlans
from nslab.netlink.table import PAD, NestRow, Row, RunRow
from nslab.testing.fake import RTNETLINK
from tests.netlink import golden_bridge, golden_kinds, golden_values
from tests.netlink.golden_kinds import KINDS

GOLDEN = Path(__file__).parent / "golden"
REQUESTS = golden_values.REQUESTS | golden_kinds.REQUESTS | golden_bridge.REQUESTS
LISTED = golden_values.LISTED | golden_bridge.LISTED
REFUSED = golden_values.REFUSED | golden_kinds.REFUSED
PATHS = sorted(GOLDEN.glob("*.json"))
RECORDS = [(path.stem, record) for path in PATHS for record in json.loads(path.read_text())]
SPOKEN = [f"{n} {session}/{record['command']}" for n, (session, record) in enumerate(RECORDS)]
ANSWERS: dict[int, type[Message]] = {
    **RTNETLINK,
    **dict.fromkeys((RTM.NEWNEIGHTBL, RTM.SETNEIGHTBL), NeighTable),
    **dict.fromkeys((RTM.NEWMDB, RTM.GETMDB), Mdb),  # dumps come as RTM_GETMDB
    RTM.NEWSTATS: Stats,
    RTM.NEWVLAN: Vlans,
}


def _record(command: str, side: str) -> list[Answer]:
    """Take apart the first recording of a command: some are there to prepare for others, too."""
    session, _, rest = command.partition("/ip ")
    found = next(
        record
        for name, record in RECORDS
        if record["command"] == command or (name, record["command"]) == (session, f"ip {rest}")
    )
    return [message for text in found[side] for message in split(bytes.fromhex(text))]


def _messages(command: str) -> list[Answer]:
    return _record(command, "answers")


def _decode(message: Answer) -> Message:
    return ANSWERS[message.type].decode(message.data)


def _plain(message: type[Message], data: bytes) -> bytes:
    """Leave out what only aligns, and set flags as our tables do: kernels differ in both."""
    start = message.header.size
    parts = [data[:start]]
    for kind, payload in attributes(data, start):
        row = message._kinds.get(kind) or message._kinds.get(kind & TYPE_MASK)
        if row is None:
            parts.append(attribute(kind, payload))
        elif row is not PAD or payload:
            parts.append(attribute(row.kind, _plain_inside(row, message.decode(data), payload)))
    return b"".join(parts)


def _plain_inside(row: Row, around: Message, payload: bytes) -> bytes:
    if isinstance(row, NestRow):
        inner = row.pick(around)
        return _plain(inner, payload) if inner else payload
    value = row.decode(payload) if isinstance(row, RunRow) else None
    return _plain(type(value), payload) if isinstance(value, Message) else payload


def _unknown(value: object) -> list[object]:
    """Give what no table in a message, nor in those inside it, knows."""
    if isinstance(value, tuple):
        return [found for item in value for found in _unknown(item)]
    if not isinstance(value, Message):
        return []
    inside = [found for item in value._values().values() for found in _unknown(item)]
    return [*value.unknown, *inside]


def _terminated(body: bytes) -> bytes:
    """Put the NUL back that iproute2 spares after a link's kind and its alias."""
    parts = [body[:16]]
    for kind, payload in attributes(body, 16):
        if kind == IFLA.LINKINFO:
            inner = attributes(payload)
            ended = [attribute(k, p + b"\0" * (k == IFLA_INFO.KIND)) for k, p in inner]
            parts.append(attribute(kind, b"".join(ended)))
        else:
            parts.append(attribute(kind, payload + b"\0" * (kind == IFLA.IFALIAS)))
    return b"".join(parts)


@pytest.mark.parametrize("command", REQUESTS)
def test_request(command: str) -> None:
    kind, flags, body = REQUESTS[command]
    captured = next(message for message in _record(command, "requests") if message.type == kind)
    assert captured.flags == flags | NLM_F.REQUEST
    decoded = type(body).decode(captured.data)
    assert decoded == body
    data = _terminated(captured.data) if isinstance(body, Link) else captured.data
    expected = frame(kind, data, captured.sequence, captured.flags)
    assert Request(kind, decoded, flags).encode(captured.sequence) == expected


@pytest.mark.parametrize("spoken", SPOKEN)
def test_every_answer_encodes_to_the_bytes_it_came_in(spoken: str) -> None:
    _, record = RECORDS[int(spoken.partition(" ")[0])]
    for text in record["answers"]:
        for message in split(bytes.fromhex(text)):
            if message.type < NLMSG.MIN_TYPE:
                continue
            decoded = _decode(message)
            assert decoded.encode() == _plain(type(decoded), message.data)
            assert not _unknown(decoded)


@pytest.mark.parametrize("command", KINDS)
def test_a_kind_as_the_kernel_lists_it(command: str) -> None:
    ifname, expected = KINDS[command]
    links = [_decode(message) for message in _messages(command) if message.type == RTM.NEWLINK]
    found = next(link for link in links if isinstance(link, Link) and link.ifname == ifname)
    assert found.linkinfo == expected


@pytest.mark.parametrize("command", LISTED)
def test_listed(command: str) -> None:
    found = [_decode(message) for message in _messages(command) if message.type != NLMSG.DONE]
    for expected in LISTED[command]:
        assert expected in found


@pytest.mark.parametrize("command", REFUSED)
def test_refused(command: str) -> None:
    failure = decode_failure(_messages(command)[-1])
    assert (failure.errno, failure.message, failure.offset) == REFUSED[command]


def test_the_kernel_lists_each_kind_with_its_settings() -> None:
    links = [
        _decode(message) for message in _messages("link_add/ip -d link show") if message.type == 16
    ]
    infos = {link.ifname: link.linkinfo for link in links if isinstance(link, Link)}
    kinds = {name: info.kind for name, info in infos.items() if info is not None}
    assert kinds == {
        "br0": "bridge",
        "v0": "veth",
        "v1": "veth",
        "v2": "veth",
        "vx4": "vxlan",
        "vx6": "vxlan",
        "mv0": "macvlan",
        "mt0": "macvtap",
        "ifb0": "ifb",
        "tap0": "tun",
    }
    tap, bridge = infos["tap0"], infos["br0"]
    assert tap is not None
    assert tap.data == TunInfo(type=2, pi=0, vnet_hdr=0, persist=1, multi_queue=0)
    assert bridge is not None
    assert isinstance(bridge.data, BridgeInfo)
    assert (bridge.data.forward_delay, bridge.data.priority) == (200, 100)
    assert bridge.data.mcast_hash_max == 4096


def test_the_kernel_lists_a_port_with_its_altnames() -> None:
    link = _decode(_messages("ip -d link show v1")[0])
    assert isinstance(link, Link)
    assert link.altnames == ("demo-one", "demo-two")
    assert link.linkinfo is not None
    port = link.linkinfo.port_data
    assert isinstance(port, BridgePortInfo)
    assert (link.linkinfo.port_kind, port.isolated, port.cost) == ("bridge", 1, 5)


def test_a_bridge_port_in_a_link_of_its_own_family() -> None:
    ports = [m for m in _messages("bridge link show") if m.type == RTM.NEWLINK and m.data[0] == 7]
    link = _decode(ports[-1])
    assert isinstance(link, Link)
    assert isinstance(link.protinfo, BridgePortInfo)
    assert link.protinfo.guard == 1
    kinds = [kind for kind, _ in attributes(ports[-1].data, 16)]
    assert IFLA.PROTINFO | NLA_F_NESTED in kinds
