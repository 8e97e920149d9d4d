"""What wireguard-tools asked and the kernel answered, both ways.

Recorded with strace as `capture.py` does, by Debian 12's `wg` and kernel 6.1 in qemu: neither test
machines nor User Mode Linux have WireGuard.
"""

from __future__ import annotations

import json
from ipaddress import ip_address
from pathlib import Path

import pytest

from nslab.netlink.genl.control import CTRL_CMD, GENL_ID_CTRL, Family
from nslab.netlink.genl.wireguard import (
    WG_CMD,
    WG_GENL_NAME,
    WGPEER_F,
    WgAllowedIp,
    WgDevice,
    WgPeer,
)
from nslab.netlink.message import NLM_F, NLMSG, Answer, Request, split
from nslab.netlink.rtnl.constants import AF

RECORDS = json.loads((Path(__file__).parent / "golden/genl/wireguard.json").read_text())
FAMILY_ID = 32  # what the recorded kernel called wireguard

_FIRST, _SECOND = b"\xaa" * 31 + b"\1", b"\xbb" * 31 + b"\2"
_PRIVATE, _PRESHARED = bytes(range(1, 33)), bytes(range(65, 97))
_IPV4 = b"\2\0\xca\x6d\x0a\0\0\2" + bytes(8)  # struct sockaddr_in: 10.0.0.2, port 51821
_IPV6 = b"\x0a\0\0\1" + bytes(4) + b"\xfd" + bytes(14) + b"\2" + bytes(4)


def _prefix(text: str) -> WgAllowedIp:
    address, _, length = text.partition("/")
    family = AF.INET6 if ":" in address else AF.INET
    return WgAllowedIp(family=family, ipaddr=ip_address(address).packed, cidr_mask=int(length))


def _messages(number: int, side: str) -> list[Answer]:
    return [message for text in RECORDS[number][side] for message in split(bytes.fromhex(text))]


def _decode(message: Answer) -> Family | WgDevice:
    return (Family if message.type == GENL_ID_CTRL else WgDevice).decode(message.data)


SET = {
    0: WgDevice(
        cmd=WG_CMD.SET_DEVICE,
        ifname="wg0",
        private_key=_PRIVATE,
        listen_port=51820,
        fwmark=7,
        peers=(
            WgPeer(
                public_key=_FIRST,
                preshared_key=_PRESHARED,
                endpoint=_IPV4,
                persistent_keepalive_interval=25,
                flags=WGPEER_F.REPLACE_ALLOWEDIPS,
                allowedips=(_prefix("10.1.0.0/16"), _prefix("fd00::/64")),
            ),
        ),
    ),
    1: WgDevice(
        cmd=WG_CMD.SET_DEVICE,
        ifname="wg0",
        peers=(
            WgPeer(
                public_key=_SECOND,
                endpoint=_IPV6,
                flags=WGPEER_F.REPLACE_ALLOWEDIPS,
                allowedips=(_prefix("10.2.0.0/24"),),
            ),
        ),
    ),
    3: WgDevice(
        cmd=WG_CMD.SET_DEVICE,
        ifname="wg0",
        peers=(WgPeer(public_key=_SECOND, flags=WGPEER_F.REMOVE_ME),),
    ),
}


@pytest.mark.parametrize("number", SET)
def test_what_wg_sets(number: int) -> None:
    captured = _messages(number, "requests")[-1]
    assert captured.type == FAMILY_ID
    decoded = _decode(captured)
    assert decoded == SET[number]
    framed = Request(FAMILY_ID, decoded, NLM_F.ACK).encode(captured.sequence)
    assert next(iter(split(framed))).data == captured.data


def test_the_family_is_asked_for_by_name() -> None:
    assert _decode(_messages(0, "requests")[0]) == Family(family_name=WG_GENL_NAME)
    answer = _decode(_messages(0, "answers")[0])
    assert isinstance(answer, Family)
    assert (answer.cmd, answer.family_id, answer.family_version) == (CTRL_CMD.NEWFAMILY, 32, 1)
    assert answer.ops is not None
    assert [operation.id for operation in answer.ops] == [WG_CMD.GET_DEVICE, WG_CMD.SET_DEVICE]


def test_the_device_as_the_kernel_lists_it() -> None:
    asked = _decode(_messages(2, "requests")[-1])
    assert asked == WgDevice(cmd=WG_CMD.GET_DEVICE, ifname="wg0")
    device = next(_decode(m) for m in _messages(2, "answers") if m.type == FAMILY_ID)
    assert isinstance(device, WgDevice)
    assert (device.ifname, device.listen_port, device.fwmark) == ("wg0", 51820, 7)
    assert device.peers is not None
    first, second = device.peers
    assert (first.public_key, first.preshared_key, first.endpoint) == (_FIRST, _PRESHARED, _IPV4)
    assert (first.persistent_keepalive_interval, first.last_handshake_time) == (25, (0, 0))
    assert first.allowedips == (_prefix("10.1.0.0/16"), _prefix("fd00::/64"))
    assert (second.endpoint, second.allowedips) == (_IPV6, (_prefix("10.2.0.0/24"),))


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: str(record["command"])[:20])
def test_every_message_encodes_to_the_bytes_it_came_in(record: dict[str, list[str]]) -> None:
    for text in [*record["requests"], *record["answers"]]:
        for message in split(bytes.fromhex(text)):
            if message.type >= NLMSG.MIN_TYPE:
                assert _decode(message).encode() == message.data
                assert not _decode(message).unknown
