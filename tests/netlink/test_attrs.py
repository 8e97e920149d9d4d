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
    Codec,
    DecodeError,
    EncodeError,
    Message,
    array,
    attr,
    attribute,
    body,
    each,
    fixed,
    flag,
    nested,
    octets,
    repeated,
    rows,
    structure,
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


class Point(Message, header="HH"):
    """A struct."""

    x: int = fixed()
    y: int = fixed()


class Nest(Message, header="4s", pad=9):
    """A message with all that a sample has not."""

    place: bytes = octets(4)
    run: tuple[int, ...] = each(1, U16)
    samples: tuple[Sample, ...] | None = attr(2, repeated(0x8000, body(Sample)))
    counts: tuple[int, ...] | None = attr(3, array("H"))
    pairs: tuple[tuple[int, ...], ...] | None = attr(4, rows("=BB"))
    point: Point | None = attr(5, structure(Point))
    told: int | None = attr(6, U32)
    asked: Sample | None = nested(0x8000 | 6, Sample)


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


def test_what_was_received_is_decoded_when_it_is_read() -> None:
    reads = []

    def decode(data: bytes) -> int:
        reads.append(data)
        return 7

    class Slow(Message):
        """One attribute that tells when it is decoded."""

        value: int | None = attr(1, Codec(U32.encode, decode, 4))

    slow = Slow.decode(attribute(1, bytes(4)))
    assert reads == []
    assert (slow.value, slow.value, len(reads)) == (7, 7, 1)


def test_reading_some_first_changes_nothing() -> None:
    data = Sample(other=1, large=2, small=3, loud=True).encode() + attribute(99, b"x")
    read, unread = Sample.decode(data), Sample.decode(data)
    assert (read.loud, read.wide, read.small) == (True, None, 3)
    assert read == unread
    assert hash(read) == hash(unread)
    assert repr(Sample.decode(data)) == repr(read)
    assert Sample.decode(data).encode() == read.encode() == data
    assert pickle.loads(pickle.dumps(Sample.decode(data))) == read  # noqa: S301 - our own bytes
    assert copy.copy(Sample.decode(data)) == read


def test_messages_of_one_length_and_of_different_layouts() -> None:
    samples = [Sample(small=1, marked=True), Sample(marked=True, small=1), Sample(large=5, loud=0)]  # type: ignore[arg-type]
    encoded = [sample.encode() for sample in samples]
    for _ in range(3):
        assert [Sample.decode(data) for data in encoded] == samples
        assert [Sample.decode(data).encode() for data in encoded] == encoded


def test_a_known_layout_does_not_hide_damage() -> None:
    data = Sample(large=5).encode()
    assert Sample.decode(data).large == 5
    damaged = data[:4] + b"\x07\x00" + data[6:]
    with pytest.raises(DecodeError, match="large is 3 bytes long, not 4"):
        Sample.decode(damaged)


def test_more_layouts_than_are_remembered() -> None:
    many = [attribute(77, bytes(4 * n)) for n in range(200)]
    assert [len(Sample.decode(bytes(4) + one).unknown[0][1]) for one in many] == [
        4 * n for n in range(200)
    ]


def test_runs() -> None:
    nest = Nest(place=b"abcd", run=(1, 2, 3), told=4)
    assert nest.encode() == b"abcd" + b"".join(
        [attribute(1, U16.encode(n)) for n in (1, 2, 3)] + [attribute(6, U32.encode(4))]
    )
    assert Nest.decode(nest.encode()) == nest
    assert Nest(run=()) == Nest()
    interrupted = Nest.decode(nest.encode() + attribute(1, b"\5\0"))
    assert (interrupted.run, interrupted.unknown) == ((1, 2, 3), ((1, b"\5\0"),))
    assert nest.path_at(12) == "run"
    assert nest.path_at(28) == "told"
    with pytest.raises(DecodeError):
        Nest.decode(bytes(4) + attribute(1, b"\1"))


def test_payloads_of_several_values() -> None:
    nest = Nest(samples=(Sample(small=1), Sample()), counts=(1, 2, 3), pairs=((1, 2), (3, 4)))
    assert Nest.decode(nest.encode()) == nest
    odd = Nest.decode(bytes(4) + attribute(3, b"\1\0\2") + attribute(4, b"\1\2\3"))
    assert (odd.counts, odd.pairs) == ((1,), ((1, 2),))


def test_structs_of_older_and_newer_kernels() -> None:
    assert Nest.decode(bytes(4) + attribute(5, b"\1\0")).point == Point(x=1)
    assert Nest.decode(bytes(4) + attribute(5, b"\1\0\2\0\3")).point == Point(x=1, y=2)


def test_one_type_with_and_without_a_flag() -> None:
    assert Nest.decode(bytes(4) + attribute(6, b"\1\0\0\0")).told == 1
    nest = Nest(asked=Sample(small=1))
    assert Nest.decode(nest.encode()) == nest


def test_alignment_is_passed_over() -> None:
    nest = Nest.decode(bytes(4) + attribute(9, b"") + attribute(6, b"\1\0\0\0") + attribute(9, b""))
    assert nest == Nest(told=1)
    assert Nest.decode(bytes(4) + attribute(9, b"no")).unknown == ((9, b"no"),)
    assert Nest.attribute_name(9) == "pad"


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
    assert set(loaded) <= {"nslab", "struct", "_struct", "_functools", "__future__"}
