from __future__ import annotations

import errno
import os
import subprocess
import threading

import pytest

from nslab.errors import KernelError, NetnsNotFoundError
from nslab.kernel.netns import OWN, Netns
from nslab.netlink.message import NLM_F, Request
from nslab.netlink.rtnl.constants import RTM
from nslab.netlink.rtnl.link import IFF, Link, LinkInfo, VethInfo
from nslab.netlink.rtnl.netns import Nsid
from nslab.netlink.rtnl.nexthop import NexthopObject
from nslab.netlink.rtnl.route import Route
from nslab.netlink.rtnl.rule import Rule
from tests.kernel.sandboxed import rootless, sandboxed, unprivileged

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pathlib import Path

    from nslab.netlink.attrs import Message


def own() -> tuple[int, int]:
    with Netns.open(OWN) as netns:
        return netns.identity


@sandboxed
def test_a_new_netns_is_another_one_with_lo_alone() -> None:
    before = own()
    with Netns.create() as netns, netns.transport() as transport:
        links = transport.dump(Request(RTM.GETLINK, Link()), Link)
        assert netns.identity != before
    assert own() == before
    assert [(link.ifname, link.flags & IFF.UP) for link in links] == [("lo", 0)]


@rootless
def test_a_plain_user_in_a_user_namespace_can_do_the_same() -> None:
    with Netns.create() as netns, netns.transport() as transport:
        peer = VethInfo(peer=Link(ifname="b"))
        link = Link(ifname="a", linkinfo=LinkInfo(kind="veth", data=peer))
        transport.request(Request(RTM.NEWLINK, link, NLM_F.CREATE | NLM_F.EXCL))
        links = transport.dump(Request(RTM.GETLINK, Link()), Link)
    assert {link.ifname for link in links} == {"lo", "a", "b"}


@unprivileged
def test_without_privilege_there_is_an_error_and_no_descriptor() -> None:
    before = os.listdir("/proc/self/fd")  # noqa: PTH208 - as few descriptors as can be
    with pytest.raises(KernelError, match="create a network namespace: Operation not permitted"):
        Netns.create()
    assert os.listdir("/proc/self/fd") == before  # noqa: PTH208


@sandboxed
def test_call_runs_inside_and_leaves_the_caller_where_it_is() -> None:
    before = own()
    with Netns.create() as netns:
        assert netns.call(own) == netns.identity
        assert own() == before


@sandboxed
def test_call_raises_what_the_function_raises() -> None:
    def fail() -> None:
        raise ZeroDivisionError("inside")

    with Netns.create() as netns, pytest.raises(ZeroDivisionError, match="inside"):
        netns.call(fail)


@sandboxed
def test_a_closed_netns_cannot_be_entered() -> None:
    netns = Netns.create()
    netns.close()
    netns.close()
    assert repr(netns) == "Netns(fd=-1)"
    with pytest.raises(KernelError) as caught:
        netns.call(own)
    assert caught.value.errno == errno.EBADF


@sandboxed
def test_sockets_stay_where_they_were_opened() -> None:
    with Netns.create() as netns, netns.transport() as transport:
        pair = Link(ifname="a", linkinfo=LinkInfo(kind="veth"))
        transport.request(Request(RTM.NEWLINK, pair, NLM_F.CREATE | NLM_F.EXCL))
        with Netns.open(OWN) as here, here.transport() as outside:
            assert len(outside.dump(Request(RTM.GETLINK, Link()), Link)) == 1
        assert len(transport.dump(Request(RTM.GETLINK, Link()), Link)) == 3


@sandboxed
def test_descriptors_are_not_inherited() -> None:
    with Netns.create() as netns, netns.transport() as transport:
        assert not os.get_inheritable(netns.fd)
        assert not os.get_inheritable(transport.fileno())


@sandboxed
def test_the_netns_of_a_process() -> None:
    with Netns.create() as netns:
        program = netns.call(lambda: subprocess.Popen(["sleep", "60"]))
        try:
            with Netns.of_pid(program.pid) as same:
                assert same.identity == netns.identity
        finally:
            program.kill()
            program.wait()
        with pytest.raises(NetnsNotFoundError, match=f"there is no process {program.pid}"):
            Netns.of_pid(program.pid)


def test_opening_what_is_no_netns(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "fifo", tmp_path / "file", "/proc/self/ns/user"):
        with pytest.raises(NetnsNotFoundError, match="is not a network namespace"):
            Netns.open(str(path))
    with pytest.raises(NetnsNotFoundError, match="no network namespace at"):
        Netns.open(str(tmp_path / "nothing"))
    with pytest.raises(KernelError, match="Not a directory"):
        Netns.open(str(tmp_path / "file" / "inside"))


def test_a_forgotten_netns_warns_and_is_closed() -> None:
    with pytest.warns(ResourceWarning, match="unclosed netns") as warned:
        descriptor = Netns.open(OWN).fd
    assert len(warned) == 1
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


@sandboxed
def test_fifty_threads() -> None:
    before, found, errors = own(), list[tuple[int, int]](), list[BaseException]()

    def work() -> None:
        try:
            with Netns.create() as netns, netns.transport() as transport:
                links = transport.dump(Request(RTM.GETLINK, Link()), Link)
                assert [link.ifname for link in links] == ["lo"]
                assert netns.call(own) == netns.identity
                assert own() == before
                found.append(netns.identity)
                everyone.wait()  # all are alive at once, so no inode number is used twice
        except BaseException as error:  # noqa: BLE001 - told below
            errors.append(error)

    everyone = threading.Barrier(50, timeout=20)
    threads = [threading.Thread(target=work) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(set(found)) == 50


@sandboxed
def test_this_kernel_s_dumps_decode() -> None:
    dumps: list[tuple[int, type[Message]]] = [
        (RTM.GETLINK, Link),
        (RTM.GETROUTE, Route),
        (RTM.GETRULE, Rule),
        (RTM.GETNSID, Nsid),
        (RTM.GETNEXTHOP, NexthopObject),
    ]
    with Netns.create() as netns, netns.transport() as transport:
        transport.request(Request(RTM.NEWLINK, Link(index=1, flags=IFF.UP, change=IFF.UP)))
        for kind, message in dumps:
            transport.dump(Request(kind, message()), message)
        with Netns.create() as other:
            transport.request(Request(RTM.NEWNSID, Nsid(fd=other.fd, nsid=5)))
            assert transport.get(Request(RTM.GETNSID, Nsid(fd=other.fd)), Nsid).nsid == 5


@sandboxed
def test_the_kernel_s_extended_words_reach_the_error() -> None:
    with Netns.create() as netns, netns.transport() as transport:
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
