"""Labs where the machine's limits are reached: namespaces, descriptors."""

from __future__ import annotations

import errno
import os
import resource
from pathlib import Path

import pytest

from nslab.errors import KernelError, NetnsCreationError, PrivilegeError
from nslab.kernel.limits import raise_descriptor_limit
from nslab.kernel.sandbox import OUTSIDE, Sandbox, running
from tests.kernel.labs import descriptors, eventually, fresh_name, links, open_in, started
from tests.kernel.sandboxed import nested

MOST_NAMESPACES = Path("/proc/sys/user/max_net_namespaces")


@nested
def test_the_limit_of_namespaces_is_reached_half_way() -> None:
    with started() as sandbox:
        MOST_NAMESPACES.write_text("7")  # this child's own, the lab's outside, and five more
        sandbox.create([f"n{number}" for number in range(20)])
        with pytest.raises(NetnsCreationError) as caught:
            sandbox.settle()
        assert (caught.value.netns, caught.value.errno) == ("n5", errno.ENOSPC)
        assert str(caught.value) == "create a network namespace: No space left on device"
        assert caught.value.hint == "the limit is in /proc/sys/user/max_net_namespaces"
        names = [f"n{number}" for number in range(5)]
        assert sandbox.names() == [OUTSIDE, *names]
        sandbox.delete(names)
        assert eventually(lambda: creates(sandbox, "again"))  # the kernel takes its time to let go
        assert links(sandbox, "again") == ["lo"]


def creates(sandbox: Sandbox, name: str) -> bool:
    try:
        sandbox.create([name])
        sandbox.settle()
    except NetnsCreationError:
        return False
    return True


@nested
def test_a_lab_of_which_not_even_the_outside_can_be() -> None:
    MOST_NAMESPACES.write_text("0")
    name = fresh_name()
    with pytest.raises(PrivilegeError, match=r"isolate: unshare.*No space left") as caught:
        Sandbox.start(name)
    assert caught.value.hint is not None
    assert "sysctl -w user.max_net_namespaces=10000" in caught.value.hint
    assert running() == []


@nested
def test_a_lab_with_few_descriptors_in_all() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    with started("a") as sandbox:
        before = open_in(sandbox)
        names = [f"n{number}" for number in range(100)]
        sandbox.create(names)
        sandbox.settle()
        assert sandbox.names() == [OUTSIDE, "a", *names]
        for name in names:
            assert links(sandbox, name) == ["lo"]
        with Sandbox.connect(sandbox.lab) as other:
            assert other.names() == sandbox.names()
        sandbox.delete(names)
        assert sandbox.names() == [OUTSIDE, "a"]
        assert open_in(sandbox) <= before


@nested
def test_a_client_with_few_descriptors() -> None:
    names = [f"n{number}" for number in range(60)]
    with started(*names) as sandbox:
        sandbox.close_handles()
        before = descriptors()
        resource.setrlimit(resource.RLIMIT_NOFILE, (before + 30, 4096))
        with pytest.raises(KernelError, match="receive descriptors: Too many open files"):
            sandbox.sockets(2, 2, 0, names)
        with pytest.raises(KernelError, match="receive descriptors: Too many open files"):
            sandbox.open(names)
        assert descriptors() == before
        with Sandbox.connect(sandbox.lab) as careful:  # it knows the limit from the beginning
            careful.open(names)
            assert links(careful, "n59") == ["lo"]
        raise_descriptor_limit()
        sandbox.open(names)
        assert links(sandbox, "n0") == ["lo"]


@nested
def test_no_descriptor_left_to_start_or_connect_with() -> None:
    with started() as sandbox:
        before, name = descriptors(), fresh_name()
        free = os.dup(0)
        os.close(free)
        for spare in range(3):
            resource.setrlimit(resource.RLIMIT_NOFILE, (free + spare, 4096))
            with pytest.raises(KernelError, match="start the holder: Too many open files"):
                Sandbox.start(name)
        resource.setrlimit(resource.RLIMIT_NOFILE, (free, 4096))
        with pytest.raises(KernelError, match=r"connect to the lab .*: Too many open files"):
            Sandbox.connect(sandbox.lab)
        raise_descriptor_limit()
        assert descriptors() == before
        assert running() == [sandbox.lab]
