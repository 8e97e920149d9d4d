"""Machines that refuse namespaces: what they say of it, and what would help."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from nslab.errors import PrivilegeError
from nslab.kernel import libc, privilege
from nslab.kernel.sandbox import Sandbox, running
from tests.kernel.labs import fresh_name
from tests.kernel.sandboxed import as_user, nested

SWITCHES = [
    (0, "1", "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"),
    (1, "0", "sudo sysctl -w kernel.unprivileged_userns_clone=1"),
    (2, "0", "sudo sysctl -w user.max_user_namespaces=10000"),
    (3, "0", "sudo sysctl -w user.max_net_namespaces=10000"),
    (4, "0", "sudo sysctl -w user.max_pid_namespaces=10000"),
    (5, "0", "sudo sysctl -w user.max_mnt_namespaces=10000"),
    (6, "0", "sudo sysctl -w user.max_uts_namespaces=10000"),
    (7, "0", "sudo sysctl -w user.max_ipc_namespaces=10000"),
]
LAB = "name: refused\ncables: [{ends: [a, b], subnet: 10.0.0.0/30}]\n"
CONTAINER = "a container needs `--privileged`, or a seccomp profile that allows unshare(2)"
UNSHARE = {"x86_64": (0xC000003E, 272), "aarch64": (0xC00000B7, 97)}


@pytest.fixture
def switches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Put files of the test's own in the place of /proc's; none is there yet."""
    files = [tmp_path / str(number) for number in range(len(privilege._SWITCHES))]
    rows = zip(privilege._SWITCHES, files, strict=True)
    table = tuple((str(file), bad, text) for (_, bad, text), file in rows)
    monkeypatch.setattr(privilege, "_SWITCHES", table)
    return files


def test_every_switch_is_tried_here() -> None:
    assert [number for number, _, _ in SWITCHES] == list(range(len(privilege._SWITCHES)))
    assert all(path.startswith("/proc/sys/") for path, _, _ in privilege._SWITCHES)


@pytest.mark.parametrize(("number", "bad", "remedy"), SWITCHES)
def test_a_switch_that_forbids_is_told_with_its_remedy(
    switches: list[Path], number: int, bad: str, remedy: str
) -> None:
    assert privilege.remedies() == []
    switches[number].write_text(f"{bad}\n")
    (told,) = privilege.remedies()
    assert f"`{remedy}` allows" in told
    error = privilege.refusal(errno.EPERM, "isolate: unshare(0x10000000)")
    assert error.hint == told
    switches[number].write_text("1\n" if bad == "0" else "0\n")
    assert privilege.remedies() == []


def test_all_that_forbids_is_told(switches: list[Path]) -> None:
    for number, bad, _ in SWITCHES:
        switches[number].write_text(bad)
    hint = privilege.refusal(errno.ENOSPC, "").hint
    assert hint is not None
    assert len(hint.split("; ")) == len(SWITCHES)


@pytest.mark.parametrize(
    ("user", "number", "who", "hint"),
    [
        (0, errno.EPERM, "root", CONTAINER),
        (1000, errno.EPERM, "user 1000", f"{CONTAINER}; or run nslab as root"),
        (
            1000,
            errno.ENOSPC,
            "user 1000",
            "a limit in /proc/sys/user/max_*_namespaces is reached, most often of user ones",
        ),
    ],
)
def test_a_refusal_that_no_switch_explains(
    switches: list[Path],
    monkeypatch: pytest.MonkeyPatch,
    user: int,
    number: int,
    who: str,
    hint: str,
) -> None:
    assert not any(file.exists() for file in switches)
    monkeypatch.setattr(os, "geteuid", lambda: user)
    error = privilege.refusal(number, "isolate: reason")
    assert isinstance(error, PrivilegeError)
    assert (
        str(error)
        == f"this machine does not let {who} make a sandbox of namespaces: isolate: reason"
    )
    assert error.hint == hint


def test_a_switch_that_cannot_be_read(tmp_path: Path) -> None:
    assert privilege.read_switch(str(tmp_path / "nothing")) is None
    assert privilege.read_switch(str(tmp_path)) is None


def nslab_up(folder: Path) -> subprocess.CompletedProcess[str]:
    (folder / "lab.yaml").write_text(LAB)
    command = [sys.executable, "-m", "nslab", "up", str(folder / "lab.yaml")]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)


@as_user(1000)
def test_user_namespaces_forbidden(tmp_path: Path) -> None:
    Path("/proc/sys/user/max_user_namespaces").write_text("0")
    done = nslab_up(tmp_path)
    assert done.stderr == (
        "nslab: this machine does not let user 1000 make a sandbox of namespaces: "
        "isolate: unshare(0x10000000): No space left on device "
        "(hint: `sudo sysctl -w user.max_user_namespaces=10000` allows user namespaces)\n"
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert running() == []


@as_user(1000)
def test_network_namespaces_forbidden(tmp_path: Path) -> None:
    Path("/proc/sys/user/max_net_namespaces").write_text("0")
    done = nslab_up(tmp_path)
    assert done.stderr == (
        "nslab: this machine does not let user 1000 make a sandbox of namespaces: "
        "isolate: unshare(0x68020000): No space left on device "
        "(hint: `sudo sysctl -w user.max_net_namespaces=10000` allows network namespaces)\n"
    )
    assert (done.returncode, done.stdout) == (1, "")


@as_user(1000)
def test_unshare_forbidden_as_in_a_container(tmp_path: Path) -> None:
    forbid_unshare()
    done = nslab_up(tmp_path)
    assert done.stderr.count("\n") == 1
    assert "isolate: unshare(0x10000000): Operation not permitted" in done.stderr
    assert f"(hint: {CONTAINER}; or run nslab as root)" in done.stderr
    assert (done.returncode, done.stdout) == (1, "")


@nested
def test_unshare_forbidden_to_root() -> None:
    forbid_unshare()
    with pytest.raises(PrivilegeError, match="does not let root make a sandbox") as caught:
        Sandbox.start(fresh_name())
    assert caught.value.hint == CONTAINER
    assert running() == []


def forbid_unshare() -> None:
    """Have unshare(2) refused from now on, as the seccomp profiles of containers do."""
    if platform.machine() not in UNSHARE:
        pytest.skip(f"the number of unshare(2) on {platform.machine()} is not known to this test")
    arch, number = UNSHARE[platform.machine()]
    load, equal, give = 0x20, 0x15, 0x06  # BPF: load a word, jump if equal, return
    allow, refuse = 0x7FFF0000, 0x00050000 | errno.EPERM  # SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO
    code = b"".join(
        struct.pack("=HBBI", *instruction)
        for instruction in (
            (load, 0, 0, 4),  # the architecture
            (equal, 0, 2, arch),
            (load, 0, 0, 0),  # the system call
            (equal, 1, 0, number),
            (give, 0, 0, allow),
            (give, 0, 0, refuse),
        )
    )
    instructions = ctypes.create_string_buffer(code)
    program = struct.pack("@HP", len(code) // 8, ctypes.addressof(instructions))
    libc.prctl(38, 1)  # PR_SET_NO_NEW_PRIVS
    filtering = ctypes.create_string_buffer(program)
    result = ctypes.CDLL(None).prctl(22, 2, ctypes.c_void_p(ctypes.addressof(filtering)), 0, 0)
    if result != 0:
        pytest.skip("this kernel has no seccomp filters")
