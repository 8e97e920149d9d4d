"""Messages between a holder and its clients, over a pair of sockets."""

from __future__ import annotations

import errno
import os
import resource
import sys
from _socket import MSG_DONTWAIT, SCM_RIGHTS, SOL_SOCKET, socket, socketpair

import pytest

from nslab.errors import KernelError
from nslab.kernel import wire
from tests.kernel.labs import descriptors

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    Pair = tuple[socket, socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    one, other = socketpair(wire.AF_UNIX, wire.SOCK_SEQPACKET)
    yield one, other
    one.close()
    other.close()


@pytest.mark.parametrize(
    "words", [["end"], ["put", ""], ["a", "", "b"], ["caf\udce9", "Größe"], ["x" * 200_000, "y"]]
)
def test_words_arrive_as_they_were(pair: Pair, words: list[str]) -> None:
    wire.send(pair[0], words)
    assert wire.receive(pair[1]) == (words, [])


@pytest.mark.parametrize("length", [1, 200_000])
def test_descriptors_go_with_them(pair: Pair, length: int) -> None:
    before = descriptors()
    wire.send(pair[0], ["x" * length], [0] * wire.MAX_FDS)
    words, fds = wire.receive(pair[1])
    assert words == ["x" * length]
    assert len(fds) == wire.MAX_FDS
    assert not any(os.get_inheritable(fd) for fd in fds)
    assert {os.fstat(fd).st_ino for fd in fds} == {os.fstat(0).st_ino}
    wire.close(fds)
    assert descriptors() == before


def test_the_other_side_is_gone(pair: Pair) -> None:
    wire.send(pair[1], ["unread"])
    pair[1].close()
    assert wire.receive(pair[0]) == (["unread"], [])
    assert wire.receive(pair[0]) == ([], [])
    with pytest.raises(BrokenPipeError):
        wire.send(pair[0], ["list"])


def test_the_other_side_went_without_reading(pair: Pair) -> None:
    wire.send(pair[0], ["unread"])
    pair[1].close()
    assert wire.receive(pair[0]) == ([], [])


def test_one_that_is_not_read_need_not_be_waited_for(pair: Pair) -> None:
    def send_for_ever() -> None:
        while True:
            wire.send(pair[0], ["list"], flags=MSG_DONTWAIT)

    with pytest.raises(BlockingIOError):
        send_for_ever()


def test_an_empty_message_is_an_end_and_leaves_no_descriptor(pair: Pair) -> None:
    before = descriptors()
    hand_over(pair[0], b"", [0, 1])
    assert wire.receive(pair[1]) == ([], [])
    assert descriptors() == before


def test_what_is_no_message_leaves_no_descriptor(pair: Pair) -> None:
    before = descriptors()
    reader, writer = os.pipe()
    huge = os.memfd_create("huge")
    os.truncate(huge, 1 << 40)
    for payload, fds, number in (
        (b"\0", [], errno.EBADMSG),
        (b"\0", [reader], errno.EBADMSG),
        (b"\0", [huge, reader], errno.EBADMSG),
        (b"x" * (wire.MAX_BYTES + 1), [reader], errno.EMSGSIZE),
    ):
        hand_over(pair[0], payload, fds)
        with pytest.raises(KernelError) as caught:
            wire.receive(pair[1])
        assert caught.value.errno == number
    wire.close([reader, writer, huge])
    assert descriptors() == before


def test_more_descriptors_than_may_be_open(pair: Pair) -> None:
    before = descriptors()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wire.send(pair[0], ["ok"], [0] * 100)
    wire.send(pair[0], ["next"])
    resource.setrlimit(resource.RLIMIT_NOFILE, (before + 20, hard))
    try:
        with pytest.raises(KernelError, match="receive descriptors: Too many open files") as caught:
            wire.receive(pair[1])
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert caught.value.hint is not None
    assert "ulimit -n" in caught.value.hint
    assert descriptors() == before
    assert wire.receive(pair[1]) == (["next"], [])


def hand_over(channel: socket, payload: bytes, fds: list[int]) -> None:
    packed = b"".join(fd.to_bytes(4, sys.byteorder) for fd in fds)
    channel.sendmsg([payload], [(SOL_SOCKET, SCM_RIGHTS, packed)] if fds else [])
