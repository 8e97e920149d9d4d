"""The arguments of `ip` and `bridge`, with NUL between them, before a kernel that is not there.

The first byte says which program, and whether what follows is a batch, each line a command. The
process is a plain user's, in namespaces of its own, with an empty root: nothing can happen.
"""

from __future__ import annotations

import os
import pkgutil
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import nslab.ip
from nslab.errors import KernelError
from nslab.ip import execute, handover, program
from nslab.ip.netns import execute as netns_execute
from nslab.kernel import inotify, libc, sockets
from nslab.netlink.message import split
from nslab.testing.fake import FakeKernel
from tests.ip.twins import read_cases
from tests.kernel.sandboxed import _become_nobody, _enter
from tests.netlink.test_golden import ANSWERS, RECORDS
from tests.torture.targets.corpus import kept

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.netlink.attrs import Message
    from nslab.netlink.message import Request

for _module in pkgutil.walk_packages(nslab.ip.__path__, "nslab.ip."):
    import_module(_module.name)
for _name in (
    "nslab.kernel.transport",
    "grp",
    "pwd",
    "socket",
    "json",
    "ipaddress",
    "nslab.kernel.trace",
):
    import_module(_name)  # later there is no file to import them from

CASES = Path(__file__).parents[2] / "ip" / "cases"
GRAMMARS = Path(__file__).parents[2] / "ip" / "grammars.txt"
WORDS = [word.encode() for word in dict.fromkeys(GRAMMARS.read_text().split())]
WORDS += [b"\0" + word + b"\0" for word in WORDS]
WORDS += [b"9" * 4400, b"1" + b"0" * 5000, b"x" * 300, b"0x" + b"f" * 40]
_FIRST, _LAST = 100, 164
"""Descriptors from and up to these are closed after each input: a real process would end."""


def seeds() -> list[bytes]:
    """Give the command lines of the cases, and what is kept."""
    found = kept("ip")
    for path in sorted(CASES.glob("*.txt")):
        for case in read_cases(path):
            for line in case.lines:
                words = line.split()
                if words[0] in ("ip", "bridge"):
                    which = b"\0" if words[0] == "ip" else b"\1"
                    found.append(which + "\0".join(words[1:]).encode())
            found.append(b"\2" + "\n".join(case.lines).replace("ip ", "").encode())
    return list(dict.fromkeys(data for data in found if len(data) <= 2048))


def prepare(corpus: Path) -> None:
    """Leave everything but the corpus, and take away what acts on anything but a file."""
    _become_nobody()
    _enter(nested=True)
    for name in ("netns", "root"):
        Path(f"/run/{name}").mkdir()
    libc.mount("tmpfs", "/run/root", "tmpfs", libc.MS_NOSUID | libc.MS_NODEV)
    place = Path(f"/run/root{corpus.resolve()}")
    place.mkdir(parents=True)
    libc.mount(str(corpus), str(place), "none", libc.MS_BIND)
    os.chroot("/run/root")
    os.chdir("/")
    for folder in ("run/netns", "etc/iproute2", "proc", "tmp"):
        Path(f"/{folder}").mkdir(parents=True, exist_ok=True)
    Path("/run/netns/red").touch()
    os.environ["PATH"] = "/none"
    for name in ("unshare", "setns", "mount", "umount"):
        setattr(libc, name, _refuse)
    inotify.Watch = _refuse  # type: ignore[assignment, misc]
    os.execve = _no_program  # type: ignore[assignment]
    for module in (execute, handover, netns_execute):
        module.in_child = lambda _: 1  # type: ignore[attr-defined]
    sockets.open_socket = lambda *_: _kernel().socket()  # type: ignore[assignment]


def _refuse(*_: object) -> NoReturn:
    raise KernelError("try", 1, "Operation not permitted")


def _no_program(path: str, *_: object) -> NoReturn:
    raise OSError(2, "No such file or directory", path)


def _recorded() -> dict[int, list[Message]]:
    found: dict[int, dict[bytes, Message]] = {}
    for _, record in RECORDS:
        for text in record["answers"]:
            for answer in split(bytes.fromhex(text)):
                if answer.type in ANSWERS:
                    body = ANSWERS[answer.type].decode(answer.data)
                    found.setdefault(answer.type // 4 * 4, {})[answer.data] = body
    return {kind: list(bodies.values())[:12] for kind, bodies in found.items()}


_RECORDED = _recorded()


class _Tiring:
    """Answers with what was recorded, but only so often: what is flushed must become less."""

    def __init__(self, bodies: list[Message]) -> None:
        self.bodies = bodies
        self.left = 8

    def __call__(self, _: Request) -> list[Message]:
        self.left -= 1
        return self.bodies if self.left >= 0 else []


def _kernel() -> FakeKernel:
    kernel = FakeKernel()
    for kind, bodies in _RECORDED.items():
        kernel.answer(kind + 2, _Tiring(bodies))  # types come in fours: new, delete, get, set
    return kernel


def take(data: bytes) -> None:
    """Run a command, or a batch of them."""
    which = data[0] if data else 0
    name = program.PROGRAMS[which & 1]
    try:
        if which & 2:
            batch(name, data[1:])
        else:
            text = data[1:].decode("utf-8", "surrogateescape")
            program.run(name, text.split("\0") if text else [])
    finally:
        os.closerange(_FIRST, _LAST)


def batch(name: str, lines: bytes) -> None:
    """Run lines as the standard input of a batch."""
    fd = os.memfd_create("batch")
    os.write(fd, lines)
    os.lseek(fd, 0, os.SEEK_SET)
    os.dup2(fd, 0)
    os.close(fd)
    program.run(name, ["-force", "-batch", "-"])
