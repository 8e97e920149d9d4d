"""Sysctls of many namespaces, looked at through mounts that nobody else sees."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

import pytest

from nslab.errors import KernelError, SysctlError
from nslab.kernel import libc
from nslab.kernel.sysctls import Sysctls, refused
from tests.kernel.labs import descriptors, links, started
from tests.kernel.sandboxed import sandboxed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nslab.kernel.sandbox import Sandbox

pytestmark = pytest.mark.kernel

FORWARD, REDIRECTS = "net.ipv4.ip_forward", "net.ipv4.conf.default.send_redirects"


@pytest.fixture
def lab() -> Iterator[Sandbox]:
    with started("a") as sandbox:
        yield sandbox


@sandboxed
def test_each_netns_has_its_own_and_few_mounts_stay_open() -> None:
    sysctls = Sysctls()
    before = descriptors()
    for number in range(120):
        libc.unshare(libc.CLONE_NEWNET)
        value = str(number % 2)
        assert sysctls.exchange([f"{FORWARD}={value}", FORWARD]) == ["0", value]
    assert descriptors() <= before + 1


@sandboxed
def test_without_mounts_of_its_own_it_looks_into_proc() -> None:
    sysctls = Sysctls()
    refusal = libc.failure("fsopen(proc)", errno.EPERM)
    with mock.patch.object(libc, "mount_apart", side_effect=refusal) as mounted:
        assert sysctls.exchange([FORWARD, "net.nonsense"]) == ["0", f"!{errno.ENOENT}"]
    assert mounted.called


@sandboxed
def test_a_mount_apart_is_seen_nowhere() -> None:
    before = Path("/proc/self/mounts").read_text()
    root = libc.mount_apart("tmpfs")
    os.close(os.open("file", os.O_CREAT, dir_fd=root))
    assert os.stat("file", dir_fd=root).st_size == 0
    assert Path("/proc/self/mounts").read_text() == before
    assert not os.get_inheritable(root)
    os.close(root)
    with pytest.raises(KernelError, match="fsopen"):
        libc.mount_apart("nonsense")


def test_what_is_foreseen_is_set_as_a_netns_is_made(lab: Sandbox) -> None:
    words = [f"{FORWARD}=1", f"{REDIRECTS}=0"]
    lab.foresee({f"n{number}": words if number % 2 else [] for number in range(60)})
    assert lab.foresaw("n1", words[0])
    assert not lab.foresaw("n0", words[0])
    assert not lab.foresaw("n1", f"{FORWARD}=0")
    lab.create([f"n{number}" for number in range(60)])
    lab.settle()
    assert links(lab, "n59") == ["lo"]
    assert lab.sysctl("n59", [FORWARD, REDIRECTS]) == ["1", "0"]
    assert lab.sysctl("n58", [FORWARD, REDIRECTS]) == ["0", "1"]


def test_who_needs_a_netns_is_told_what_could_not_be_set_there(lab: Sandbox) -> None:
    lab.foresee({"b": [], "c": [f"{FORWARD}=1", "net.ipv4.nonsense=1"], "d": []})
    lab.create(["b", "c", "d"])
    with pytest.raises(SysctlError) as caught:
        lab.handle("c")
    error = caught.value
    assert (error.netns, error.key, error.value) == ("c", "net.ipv4.nonsense", "1")
    assert error.errno == errno.ENOENT
    assert error.hint == "this kernel has no such setting"
    assert links(lab, "d") == ["lo"]  # told once


def test_a_value_may_hold_what_parts_key_and_value() -> None:
    assert refused("a", "net.x=y=z", errno.EINVAL).value == "y=z"


@pytest.mark.parametrize(
    ("key", "number", "hint"),
    [
        ("net.core.rmem_max", errno.EACCES, "only the whole machine has it"),
        ("net.core.rmem_max", errno.ENOENT, "only the whole machine has it"),
        ("net.nonsense", errno.ENOENT, "this kernel has no such setting"),
        ("net.ipv4.conf.lo.x", errno.ENOENT, "no such setting, or the node no such link"),
        ("net.ipv4.ip_forward", errno.EINVAL, "the kernel does not take this value"),
        ("net.ipv4.conf.lo.forwarding", errno.EMFILE, "how many files a process may open"),
        ("net.ipv4.ip_forward", errno.EMFILE, "how many files a process may open"),
    ],
)
def test_the_remedy_is_told(key: str, number: int, hint: str) -> None:
    assert hint in (refused("a", f"{key}=1", number).hint or "")
