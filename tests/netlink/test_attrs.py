from __future__ import annotations

import copy
import pickle
import subprocess
import sys

import pytest

from nslab.netlink.attrs import (
    BOOL8,
    U8,
    U16,
    U32,
    UINT,
    DecodeError,
    EncodeError,
    Message,
    attr,
    attribute,
    fixed,
    flag,
)
from nslab.netlink.rtnl.link import Link, LinkInfo, VethInfo
from nslab.netlink.rtnl.linkinfo import BridgeInfo
from nslab.netlink.rtnl.netns import Nsid


class Sample(Message, header="BB2x"):
    """A message of this test's own."""

    family: int = fixed(2)
    other: int = fixed()
    small: int | None = attr(1, U8)
    large: int | None = attr(2, U32)
    marked: bool = flag(3)
    loud: bool | None = attr(4, BOOL8)
    wide: int | None = attr(5, UINT)


def test_what_was_not_given_reads_as_its_default() -> None:
    sample = Sample()
    assert (sample.family, sample.small, sample.marked, sample.unknown) == (2, None, False, ())


def test_a_default_that_is_given_is_as_if_not_given() -> None:
    assert Sample(family=2, small=None, marked=False) == Sample()
    assert hash(Sample(family=2)) == hash(Sample())
    assert repr(Sample(family=2, small=0)) == "Sample(small=0)"
    assert Sample(small=0) != Sample()


def test_order_counts_for_the_bytes_only() -> None:
    one, other = Sample(small=1, large=2), Sample(large=2, small=1)
    assert one == other
    assert one.encode() != other.encode()
    assert Sample.decode(other.encode()).encode() == other.encode()


def test_false_flags_are_left_out() -> None:
    assert Sample(marked=True).encode() == bytes.fromhex("02000000 04000300")
    assert Sample(marked=False, loud=False).encode() == bytes.fromhex("02000000 0500040000000000")


def test_numbers_take_the_room_that_they_need() -> None:
    assert len(Sample(wide=1).encode()) == 4 + 8
    assert len(Sample(wide=1 << 40).encode()) == 4 + 12
    assert Sample.decode(Sample(wide=1 << 40).encode()).wide == 1 << 40


def test_unknown_attributes_keep_their_flags_and_bytes() -> None:
    data = Sample(small=1).encode() + attribute(0x8000 | 99, b"abc") + attribute(1, b"\2")
    sample = Sample.decode(data)
    assert sample.small == 1
    assert sample.unknown == ((0x8000 | 99, b"abc"), (1, b"\2"))
    assert sample.encode() == data


def test_messages_are_immutable() -> None:
    sample = Sample(small=1)
    with pytest.raises(AttributeError, match="Sample is immutable"):
        sample.small = 2  # type: ignore[misc]
    with pytest.raises(AttributeError, match="Sample is immutable"):
        del sample.small


def test_messages_copy_and_pickle() -> None:
    link = Link(ifname="a", linkinfo=LinkInfo(kind="bridge", data=BridgeInfo(stp_state=0)))
    assert copy.deepcopy(link) == link
    assert pickle.loads(pickle.dumps(link)) == link  # noqa: S301 - our own bytes


@pytest.mark.parametrize("name", ["nosuch", "encode", "header"])
def test_members_that_are_not_there_are_refused(name: str) -> None:
    with pytest.raises(TypeError, match=f"Sample has no member '{name}'"):
        Sample(**{name: 1})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "sample", [Sample(small=256), Sample(other=-1), Link(address=bytes(65532))]
)
def test_values_that_do_not_fit_are_refused(sample: Message) -> None:
    with pytest.raises(EncodeError, match=r"(small|header|address): "):
        sample.encode()


@pytest.mark.parametrize(
    "data",
    [
        "",
        "0200",
        "02000000 0300 0100",  # shorter than its own header
        "02000000 0900 0100 00000000",  # longer than what is left
        "02000000 0400 0100",  # no room for a byte
        "02000000 0600 0200 0000",  # no room for 32 bits
        "02000000 0400 0400",  # no room for a boolean
    ],
)
def test_impossible_bytes(data: str) -> None:
    with pytest.raises(DecodeError):
        Sample.decode(bytes.fromhex(data))


def test_strings_survive_any_bytes() -> None:
    data = Link().encode() + attribute(3, b"\xff\xfe\0rest")
    assert Link.decode(data).encode() == Link().encode() + attribute(3, b"\xff\xfe\0")


def _nested(depth: int) -> bytes:
    link = Link(ifname="x")
    for _ in range(depth):
        link = Link(linkinfo=LinkInfo(kind="veth", data=VethInfo(peer=link)))
    return link.encode()


def test_nesting_has_an_end() -> None:
    assert Link.decode(_nested(5)).encode() == _nested(5)
    with pytest.raises(DecodeError, match="nested too deep"):
        Link.decode(_nested(6))
    with pytest.raises(DecodeError, match="nested too deep"):
        Link.decode(_nested(150))


def test_data_of_an_unknown_kind_stays_bytes() -> None:
    info = LinkInfo(kind="nosuch", data=b"\1\2\3\4")
    assert LinkInfo.decode(info.encode()) == info


def test_the_path_to_an_offset() -> None:
    link = Link(
        ifname="v1", linkinfo=LinkInfo(kind="veth", data=VethInfo(peer=Link(ifname="v2", mtu=7)))
    )
    position = link.encode().index(U16.encode(8) + U16.encode(4))
    assert link.path_at(position) == "linkinfo.data.peer.mtu"
    assert link.path_at(16) == "ifname"
    assert link.path_at(24) == "linkinfo"
    assert link.path_at(0) == ""
    assert link.path_at(4711) == ""


def test_attribute_names() -> None:
    assert Link.attribute_name(18) == "linkinfo"
    assert Nsid.attribute_name(99) == "attribute 99"


def test_the_codec_loads_nothing_that_takes_long() -> None:
    script = (
        "import sys; before = set(sys.modules); import nslab.netlink.message;"
        "import nslab.netlink.rtnl.route, nslab.netlink.rtnl.link;"
        "print(*sorted({name.partition('.')[0] for name in set(sys.modules) - before}))"
    )
    command = [sys.executable, "-S", "-c", f"import sys; sys.path = {sys.path!r}; {script}"]
    loaded = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    assert set(loaded) <= {"nslab", "struct", "_struct", "__future__"}
