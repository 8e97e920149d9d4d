"""Netlink: a byte for the message's class (the first two are whole datagrams), then its bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nslab.netlink.attrs import DecodeError, Message
from nslab.netlink.message import NLMSG, decode_failure, split
from tests.netlink.messages import ALL
from tests.netlink.test_golden import ANSWERS, RECORDS
from tests.torture.targets.corpus import kept

if TYPE_CHECKING:
    from pathlib import Path

WORDS: list[bytes] = [bytes((low, high)) for low in range(1, 9) for high in (0, 0x40, 0x80)]
WORDS += [b"veth\0", b"bridge\0", b"vlan\0", b"vxlan\0", b"bond\0", b"tun\0", b"eth0\0"]


def seeds() -> list[bytes]:
    """Give every datagram and message that was ever recorded, each kind once, and what is kept."""
    found = kept("netlink")
    for _, record in RECORDS:
        for text in (*record["requests"], *record["answers"]):
            datagram = bytes.fromhex(text)
            found.append(b"\0" + datagram)
            for answer in split(datagram):
                if answer.type in ANSWERS:
                    number = ALL.index(ANSWERS[answer.type]) + 2
                    found.append(bytes([number]) + answer.data)
    found.append(b"\1" + bytes(40))
    return sorted({data: None for data in found if len(data) <= 2048})


def prepare(_: Path) -> None:
    """Nothing is to be prepared."""


def take(data: bytes) -> None:
    """Decode; what can be decoded is read, and is the same when it is encoded and decoded."""
    if not data:
        return
    if data[0] < 2:
        datagram(data[1:])
    else:
        message(ALL[(data[0] - 2) % len(ALL)], data[1:])


def datagram(data: bytes) -> None:
    """Take a datagram apart and all that is in it."""
    try:
        answers = list(split(data))
    except DecodeError:
        return
    for answer in answers:
        if answer.type in (NLMSG.ERROR, NLMSG.DONE):
            try:
                failure = decode_failure(answer)
            except DecodeError:
                continue
            assert isinstance(failure.message, str)
        elif answer.type in ANSWERS:
            message(ANSWERS[answer.type], answer.data)


def message(kind: type[Message], data: bytes) -> None:
    """Decode a message of that kind."""
    try:
        value = kind.decode(data)
    except DecodeError:
        return
    encoded = value.encode()
    again = kind.decode(encoded)
    assert again == value
    assert hash(again) == hash(value)
    assert repr(value)
    assert again.encode() == encoded
    value.path_at(len(data) // 2)
