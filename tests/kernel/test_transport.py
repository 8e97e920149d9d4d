from __future__ import annotations

import errno

import pytest

from nslab.errors import KernelError
from nslab.kernel import transport as module
from nslab.kernel.transport import Transport
from nslab.netlink.attrs import S32, U32, EncodeError, attribute
from nslab.netlink.message import NLM_F, NLMSG, NLMSGERR_ATTR, Request, frame
from nslab.netlink.rtnl.constants import RTM, RTNLGRP
from nslab.netlink.rtnl.link import IFF, Link, LinkInfo, VethInfo
from nslab.netlink.rtnl.linkinfo import BridgeInfo
from nslab.netlink.rtnl.netns import Nsid
from nslab.netlink.rtnl.nexthop import NexthopObject
from nslab.netlink.rtnl.route import Route
from nslab.netlink.rtnl.rule import Rule
from nslab.testing import FakeKernel, FakeSocket
from tests.kernel.netns import Netns
from tests.kernel.sandboxed import rootless, sandboxed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nslab.netlink.attrs import Message

LINKS = [Link(index=index, ifname=f"eth{index}") for index in range(5)]


@pytest.fixture
def kernel() -> FakeKernel:
    return FakeKernel()


@pytest.fixture
def sock(kernel: FakeKernel) -> FakeSocket:
    return kernel.socket()


@pytest.fixture
def transport(sock: FakeSocket) -> Iterator[Transport]:
    with Transport(sock) as opened:
        yield opened


def new(index: int) -> Request:
    return Request(RTM.NEWLINK, Link(index=index), NLM_F.CREATE)


def get_all() -> Request:
    return Request(RTM.GETLINK, Link())


def test_errors_stand_where_their_requests_do(kernel: FakeKernel, transport: Transport) -> None:
    kernel.fail(errno.EEXIST, at=1)
    kernel.fail(errno.ENODEV, at=3)
    errors = transport.batch([new(index) for index in range(5)])
    assert [error and error.errno for error in errors] == [
        None,
        errno.EEXIST,
        None,
        errno.ENODEV,
        None,
    ]


def test_the_last_one_may_fail(kernel: FakeKernel, transport: Transport) -> None:
    kernel.fail(errno.EBUSY, at=1)
    errors = transport.batch([new(0), new(1)])
    assert [error and error.errno for error in errors] == [None, errno.EBUSY]


def test_nothing_to_send(kernel: FakeKernel, transport: Transport) -> None:
    assert transport.batch([]) == []
    assert kernel.requests == []


def test_only_the_last_of_a_datagram_asks_for_an_acknowledgement(
    kernel: FakeKernel, transport: Transport
) -> None:
    transport.batch([new(index) for index in range(250)])
    asking = [n for n, request in enumerate(kernel.requests) if request.flags & NLM_F.ACK]
    assert asking == [99, 199, 249]


def test_large_requests_go_out_in_more_datagrams(kernel: FakeKernel, transport: Transport) -> None:
    transport.batch([Request(RTM.NEWLINK, Link(address=bytes(20000))) for _ in range(5)])
    asking = [n for n, request in enumerate(kernel.requests) if request.flags & NLM_F.ACK]
    assert asking == [1, 3, 4]


def test_errors_in_later_datagrams_stand_right_too(
    kernel: FakeKernel, transport: Transport
) -> None:
    kernel.fail(errno.EEXIST, at=150)
    errors = transport.batch([new(index) for index in range(250)])
    assert [n for n, error in enumerate(errors) if error] == [150]


def test_a_value_that_does_not_fit_stops_the_batch_before_it_begins(
    kernel: FakeKernel, transport: Transport
) -> None:
    with pytest.raises(EncodeError, match="mtu"):
        transport.batch([new(0), Request(RTM.NEWLINK, Link(mtu=1 << 32))])
    assert kernel.requests == []


def test_request_raises_the_first_error(kernel: FakeKernel, transport: Transport) -> None:
    kernel.fail(errno.EEXIST, "It is there", at=0)
    kernel.fail(errno.ENODEV, at=1)
    with pytest.raises(KernelError, match=r"^link: It is there \(File exists\)$"):
        transport.request(new(0), new(1))


def test_the_attribute_that_the_kernel_points_at_is_named(
    kernel: FakeKernel, transport: Transport
) -> None:
    body = Link(linkinfo=LinkInfo(kind="bridge", data=BridgeInfo(priority=1)))
    kernel.fail(errno.ERANGE, offset=16 + 16 + 4 + 12 + 4)
    with pytest.raises(KernelError) as caught:
        transport.request(Request(RTM.NEWLINK, body))
    assert caught.value.attribute == "linkinfo.data.priority"


@pytest.mark.parametrize(
    ("nest", "expected"),
    [(None, "missing ifname"), (16 + 16, "attribute 3 missing in linkinfo")],
)
def test_the_attribute_that_the_kernel_misses_is_named(
    sock: FakeSocket, transport: Transport, nest: int | None, expected: str
) -> None:
    body = S32.encode(-errno.EINVAL) + frame(RTM.NEWLINK, b"", 1, 0)
    body += attribute(NLMSGERR_ATTR.MISS_TYPE, U32.encode(3))
    if nest is not None:
        body += attribute(NLMSGERR_ATTR.MISS_NEST, U32.encode(nest))
    sock.deliver(frame(NLMSG.ERROR, body, 1, NLM_F.CAPPED | NLM_F.ACK_TLVS))
    (error,) = transport.batch([Request(RTM.NEWLINK, Link(linkinfo=LinkInfo(kind="bridge")))])
    assert error is not None
    assert error.attribute == expected


def test_get_gives_one_object(kernel: FakeKernel, transport: Transport) -> None:
    kernel.answer(RTM.GETLINK, [LINKS[3]])
    assert transport.get(Request(RTM.GETLINK, Link(index=3)), Link) == LINKS[3]
    assert transport.get(Request(RTM.GETLINK, Link(index=3)), Link) == LINKS[3]


def test_get_of_nothing(kernel: FakeKernel, transport: Transport) -> None:
    with pytest.raises(KernelError, match="link: No data available"):
        transport.get(get_all(), Link)
    kernel.fail(errno.ENODEV)
    with pytest.raises(KernelError, match="link: No such device"):
        transport.get(get_all(), Link)


def test_a_dump_comes_in_parts(kernel: FakeKernel, transport: Transport) -> None:
    kernel.answer(RTM.GETLINK, LINKS)
    assert transport.dump(get_all(), Link) == LINKS


def test_an_interrupted_dump_is_begun_anew(kernel: FakeKernel, transport: Transport) -> None:
    kernel.answer(RTM.GETLINK, LINKS)
    kernel.interrupt(dumps=3)
    assert transport.dump(get_all(), Link) == LINKS
    assert len(kernel.requests) == 4


def test_a_dump_without_end_of_interruptions(kernel: FakeKernel, transport: Transport) -> None:
    kernel.interrupt(dumps=1000)
    with pytest.raises(KernelError, match="the objects kept changing") as caught:
        transport.dump(get_all(), Link)
    assert caught.value.errno == errno.EINTR
    assert len(kernel.requests) == module._DUMP_TRIES


@pytest.mark.parametrize("late", [False, True])
def test_a_dump_that_fails(kernel: FakeKernel, transport: Transport, late: bool) -> None:  # noqa: FBT001
    kernel.answer(RTM.GETLINK, LINKS)
    kernel.fail(errno.EINVAL, "Invalid filter", late=late)
    with pytest.raises(KernelError, match=r"link: Invalid filter \(Invalid argument\)"):
        transport.dump(get_all(), Link)
    assert transport.dump(get_all(), Link) == LINKS


def test_a_dump_that_is_merely_acknowledged_is_empty(
    sock: FakeSocket, transport: Transport
) -> None:
    acknowledgement = S32.encode(0) + frame(RTM.GETLINK, b"", 1, 0)
    sock.deliver(frame(NLMSG.ERROR, acknowledgement, 1, NLM_F.CAPPED))
    assert transport.dump(get_all(), Link) == []


def test_the_end_of_a_dump_may_lack_its_number(sock: FakeSocket, transport: Transport) -> None:
    sock.deliver(frame(RTM.NEWLINK, LINKS[1].encode(), 1, NLM_F.MULTI))
    sock.deliver(frame(NLMSG.DONE, b"", 1, NLM_F.MULTI))
    assert transport.dump(get_all(), Link) == [LINKS[1]]


def test_stale_answers_are_passed_over(
    kernel: FakeKernel, sock: FakeSocket, transport: Transport
) -> None:
    sock.deliver(frame(RTM.NEWLINK, LINKS[4].encode(), 4711, NLM_F.MULTI))
    kernel.answer(RTM.GETLINK, LINKS[:1])
    assert transport.dump(get_all(), Link) == LINKS[:1]


@pytest.mark.parametrize("size", [7, 20, 33])
def test_a_cut_datagram(
    kernel: FakeKernel, sock: FakeSocket, transport: Transport, size: int
) -> None:
    kernel.answer(RTM.GETLINK, LINKS)
    sock.cut(size)
    with pytest.raises(KernelError, match="the kernel's answer makes no sense") as caught:
        transport.dump(get_all(), Link)
    assert caught.value.errno == errno.EBADMSG
    assert transport.dump(get_all(), Link) == LINKS


def test_an_answer_of_another_shape(sock: FakeSocket, transport: Transport) -> None:
    sock.deliver(frame(RTM.NEWLINK, b"\0\0", 1, NLM_F.MULTI))
    with pytest.raises(KernelError, match="makes no sense: Link: "):
        transport.dump(get_all(), Link)


@pytest.mark.parametrize("number", [errno.ENOBUFS, errno.EINTR])
def test_the_socket_fails(sock: FakeSocket, transport: Transport, number: int) -> None:
    sock.disturb(number)
    with pytest.raises(KernelError, match="netlink receive: ") as caught:
        transport.request(new(1))
    assert caught.value.errno == number
    transport.request(new(2))


def test_a_batch_never_spans_the_last_sequence_number(
    kernel: FakeKernel, transport: Transport
) -> None:
    transport._sequence = module._LAST_SEQUENCE - 3
    kernel.fail(errno.EEXIST, at=4)
    errors = transport.batch([new(index) for index in range(6)])
    assert [n for n, error in enumerate(errors) if error] == [4]


def test_events_come_by_datagram(
    kernel: FakeKernel, sock: FakeSocket, transport: Transport
) -> None:
    transport.subscribe(RTNLGRP.LINK, RTNLGRP.NEIGH)
    kernel.notify(RTNLGRP.LINK, RTM.NEWLINK, LINKS[1])
    kernel.notify(RTNLGRP.LINK, RTM.DELLINK, LINKS[1])
    found = [(m.type, Link.decode(m.data)) for _ in range(2) for m in transport.events()]
    assert found == [(RTM.NEWLINK, LINKS[1]), (RTM.DELLINK, LINKS[1])]
    sock.disturb(errno.ENOBUFS)
    with pytest.raises(KernelError, match="No buffer space"):
        next(transport.events())


def test_messages_are_shown_where_asked(
    kernel: FakeKernel,
    transport: Transport,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(module, "_trace", True)
    kernel.fail(errno.EPERM)
    kernel.answer(RTM.GETLINK, [LINKS[2]])
    transport.batch([new(1), new(2)])
    transport.dump(get_all(), Link)
    assert capfd.readouterr().err.splitlines() == [
        "netlink: -> RTM_NEWLINK CREATE Link(index=1): link: Operation not permitted",
        "netlink: -> RTM_NEWLINK CREATE Link(index=2)",
        "netlink: -> RTM_GETLINK Link()",
        "netlink: <- Link(index=2, ifname='eth2')",
    ]


@sandboxed
def test_a_subscriber_that_has_sent_nothing_hears_of_new_nsids() -> None:
    with Netns() as netns, Netns() as other, netns.transport() as listener:
        listener.subscribe(RTNLGRP.NSID)
        with netns.transport() as transport:
            transport.request(Request(RTM.NEWNSID, Nsid(fd=other.fd, nsid=7)))
        (event,) = listener.events()
        assert (event.type, Nsid.decode(event.data).nsid) == (RTM.NEWNSID, 7)


@sandboxed
def test_a_link_is_running_once_it_is_up() -> None:
    with Netns() as netns, netns.transport() as transport:
        assert not transport.is_running("lo")
        up = Link(index=1, flags=IFF.UP, change=IFF.UP)
        transport.request(Request(RTM.NEWLINK, up))
        assert transport.is_running("lo")
        with pytest.raises(KernelError, match="look at gone: No such device"):
            transport.is_running("gone")


@rootless
def test_a_plain_user_in_a_user_namespace_makes_links() -> None:
    with Netns() as netns, netns.transport() as transport:
        peer = VethInfo(peer=Link(ifname="b"))
        link = Link(ifname="a", linkinfo=LinkInfo(kind="veth", data=peer))
        transport.request(Request(RTM.NEWLINK, link, NLM_F.CREATE | NLM_F.EXCL))
        links = transport.dump(get_all(), Link)
    assert {link.ifname for link in links} == {"lo", "a", "b"}


@sandboxed
def test_this_kernel_s_dumps_decode() -> None:
    dumps: list[tuple[int, type[Message]]] = [
        (RTM.GETLINK, Link),
        (RTM.GETROUTE, Route),
        (RTM.GETRULE, Rule),
        (RTM.GETNSID, Nsid),
        (RTM.GETNEXTHOP, NexthopObject),
    ]
    with Netns() as netns, netns.transport() as transport:
        transport.request(Request(RTM.NEWLINK, Link(index=1, flags=IFF.UP, change=IFF.UP)))
        for kind, message in dumps:
            transport.dump(Request(kind, message()), message)
        with Netns() as other:
            transport.request(Request(RTM.NEWNSID, Nsid(fd=other.fd, nsid=5)))
            assert transport.get(Request(RTM.GETNSID, Nsid(fd=other.fd)), Nsid).nsid == 5


@sandboxed
def test_the_kernel_s_extended_words_reach_the_error() -> None:
    with Netns() as netns, netns.transport() as transport:
        requests = [
            Request(RTM.NEWLINK, Link(index=1, mtu=9000)),
            Request(RTM.NEWLINK, Link(ifname="x", linkinfo=LinkInfo(kind="nosuch")), NLM_F.CREATE),
            Request(RTM.NEWLINK, Link(index=1, flags=IFF.UP, change=IFF.UP)),
            Request(RTM.DELLINK, Link(index=99)),
        ]
        errors = [error and (error.errno, error.extack) for error in transport.batch(requests)]
    assert errors == [
        None,
        (errno.EOPNOTSUPP, "Unknown device type"),
        None,
        (errno.ENODEV, ""),
    ]
