from __future__ import annotations

import errno
import select

import pytest

from nslab.errors import KernelError
from nslab.kernel.sockets import NETLINK_ROUTE
from nslab.kernel.transport import Transport
from nslab.netlink.message import NLM_F, NLMSG, Request, frame, split
from nslab.netlink.rtnl.constants import RTM, RTNLGRP
from nslab.netlink.rtnl.link import Link
from nslab.testing import FakeKernel

LINKS = [Link(index=1, ifname="lo"), Link(index=2, ifname="eth0"), Link(index=3, ifname="eth1")]


def test_it_records_requests_decoded() -> None:
    kernel = FakeKernel()
    with Transport(kernel.socket()) as transport:
        transport.request(Request(RTM.NEWLINK, LINKS[1], NLM_F.CREATE))
    (request,) = kernel.requests
    assert (request.type, request.body) == (RTM.NEWLINK, LINKS[1])
    assert request.flags == NLM_F.REQUEST | NLM_F.CREATE | NLM_F.ACK


def test_it_takes_dumps_apart() -> None:
    kernel = FakeKernel()
    kernel.answer(RTM.GETLINK, LINKS)
    sock = kernel.socket()
    sock.send(Request(RTM.GETLINK, Link()).encode(7, NLM_F.DUMP))
    datagrams = [list(split(sock.recv(65536))) for _ in range(4)]
    assert [[m.type for m in datagram] for datagram in datagrams] == [[16], [16], [16], [3]]
    assert all(m.flags & NLM_F.MULTI and m.sequence == 7 for d in datagrams for m in d)
    sock.close()


def test_it_can_pack_dumps_too() -> None:
    kernel = FakeKernel()
    kernel.per_datagram = 2
    kernel.answer(RTM.GETLINK, LINKS)
    sock = kernel.socket()
    sock.send(Request(RTM.GETLINK, Link()).encode(7, NLM_F.DUMP))
    assert [len(list(split(sock.recv(65536)))) for _ in range(3)] == [2, 1, 1]
    sock.close()


def test_it_keeps_state_where_a_function_does() -> None:
    kernel, links = FakeKernel(), dict[int, Link]()

    def new(request: Request) -> list[Link]:
        assert isinstance(request.body, Link)
        links[request.body.index] = request.body
        return []

    kernel.answer(RTM.NEWLINK, new)
    kernel.answer(RTM.GETLINK, lambda _: links.values())
    with Transport(kernel.socket()) as transport:
        transport.request(
            *[Request(RTM.NEWLINK, link, NLM_F.CREATE | NLM_F.EXCL) for link in LINKS]
        )
        assert transport.dump(Request(RTM.GETLINK, Link()), Link) == LINKS


def test_create_and_append_are_not_taken_for_a_dump() -> None:
    kernel = FakeKernel()
    with Transport(kernel.socket()) as transport:
        transport.request(Request(RTM.NEWLINK, Link(), NLM_F.EXCL | NLM_F.REPLACE))


def test_the_next_request_fails_and_the_one_after_does_not() -> None:
    kernel = FakeKernel()
    kernel.fail(errno.EPERM)
    with Transport(kernel.socket()) as transport:
        with pytest.raises(KernelError, match="link: Operation not permitted"):
            transport.request(Request(RTM.NEWLINK, Link()))
        transport.request(Request(RTM.NEWLINK, Link()))


def test_it_refuses_what_it_does_not_know() -> None:
    kernel = FakeKernel()
    with Transport(kernel.socket()) as transport:
        (error,) = transport.batch([Request(4000, Link())])
    assert error is not None
    assert error.errno == errno.EOPNOTSUPP
    assert kernel.requests == []


def test_it_refuses_what_makes_no_sense() -> None:
    sock = FakeKernel().socket()
    sock.send(frame(RTM.NEWLINK, b"\0\0", 1, NLM_F.REQUEST))
    (answer,) = split(sock.recv(65536))
    assert answer.type == NLMSG.ERROR
    assert b"Link: " in answer.data
    sock.close()


def test_its_sockets_can_be_selected_on() -> None:
    kernel = FakeKernel()
    with Transport(kernel.socket()) as transport:
        transport.subscribe(RTNLGRP.LINK)
        assert select.select([transport], [], [], 0)[0] == []
        kernel.notify(RTNLGRP.NEIGH, RTM.NEWNEIGH, LINKS[0])
        assert select.select([transport], [], [], 0)[0] == []
        kernel.notify(RTNLGRP.LINK, RTM.NEWLINK, LINKS[0])
        assert select.select([transport], [], [], 0)[0] == [transport]
        (event,) = transport.events()
    assert Link.decode(event.data) == LINKS[0]


def test_groups_can_be_left() -> None:
    sock = FakeKernel().socket()
    sock.setsockopt(270, 1, RTNLGRP.LINK)
    sock.setsockopt(270, 2, RTNLGRP.LINK)
    assert sock.groups == set()
    sock.close()


def test_recv_never_waits() -> None:
    sock = FakeKernel().socket()
    with pytest.raises(BlockingIOError):
        sock.recv(65536)
    sock.close()
    sock.close()


def test_options_are_recorded() -> None:
    sock = FakeKernel().socket()
    with Transport(sock):
        assert sock.options == {(270, option): 1 for option in (10, 11, 12)}
    assert NETLINK_ROUTE == 0
