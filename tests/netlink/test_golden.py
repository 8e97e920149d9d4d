"""What iproute2 asked and the kernel answered, both ways; `capture.py` recorded it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nslab.netlink.attrs import NLA_F_NESTED, Message, attribute, attributes
from nslab.netlink.message import NLM_F, NLMSG, Answer, Request, decode_failure, frame, split
from nslab.netlink.rtnl.constants import RTM
from nslab.netlink.rtnl.kinds.bridge import BridgeInfo, BridgePortInfo
from nslab.netlink.rtnl.kinds.tun import TunInfo
from nslab.netlink.rtnl.link import IFLA, IFLA_INFO, Link
from nslab.testing.fake import RTNETLINK
from tests.netlink.golden_values import LISTED, REFUSED, REQUESTS

GOLDEN = Path(__file__).parent / "golden"
PATHS = sorted(GOLDEN.glob("*.json"))
RECORDS = [record for path in PATHS for record in json.loads(path.read_text())]


def _record(command: str) -> tuple[list[bytes], list[bytes]]:
    """Give the first recording of a command: some are there to prepare for others, too."""
    found = next(record for record in RECORDS if record["command"] == command)
    hexes = found["requests"], found["answers"]
    return [bytes.fromhex(text) for text in hexes[0]], [bytes.fromhex(text) for text in hexes[1]]


def _messages(command: str) -> list[Answer]:
    return [message for datagram in _record(command)[1] for message in split(datagram)]


def _decode(message: Answer) -> Message:
    return RTNETLINK[message.type].decode(message.data)


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
    requests = [message for datagram in _record(command)[0] for message in split(datagram)]
    captured = next(message for message in requests if message.type == kind)
    assert captured.flags == flags | NLM_F.REQUEST
    decoded = _decode(captured)
    assert decoded == body
    data = _terminated(captured.data) if isinstance(body, Link) else captured.data
    expected = frame(kind, data, captured.sequence, captured.flags)
    assert Request(kind, decoded, flags).encode(captured.sequence) == expected


@pytest.mark.parametrize("command", sorted({record["command"] for record in RECORDS}))
def test_every_answer_encodes_to_the_bytes_it_came_in(command: str) -> None:
    for message in _messages(command):
        if message.type >= NLMSG.MIN_TYPE:
            decoded = _decode(message)
            assert decoded.encode() == message.data
            assert not decoded.unknown


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
    links = [_decode(message) for message in _messages("ip -d link show") if message.type == 16]
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
