"""Interpreters of our own get one channel and nothing else of the process that starts them."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from nslab.kernel import interpreter

if TYPE_CHECKING:
    from pathlib import Path

_INNER = """
import os, signal, socket, sys
from nslab.kernel import interpreter

def main():
    word, channel = sys.argv[1], int(sys.argv[2])
    interpreter.keep_only(channel)
    listed = [fd for fd in os.listdir("/proc/self/fd") if os.path.exists("/proc/self/fd/" + fd)]
    others = {*map(int, listed)} - {0, 1, 2, channel}
    ignored = signal.getsignal(signal.SIGTERM) == signal.SIG_IGN
    said = f"{word} {others or 'alone'} {ignored} {os.getsid(0) == os.getpid()}"
    print("complaint", file=sys.stderr)
    socket.socket(fileno=channel).send(said.encode())
"""
_OUTER = """
import os, signal, socket, sys
from nslab.kernel import interpreter

ours, theirs = socket.socketpair()
os.set_inheritable(ours.fileno(), True)  # as careless programs do
signal.signal(signal.SIGTERM, signal.SIG_IGN)
said = os.memfd_create("said")
more = {"said": said, "session": True} if sys.argv[1] == "all" else {}
child = interpreter.start("inner", "word", channel=theirs.fileno(), **more)
theirs.close()
answer = ours.recv(100).decode()
os.waitpid(child, 0)
os.lseek(said, 0, 0)
with open(sys.argv[2], "w") as file:
    file.write(f"{answer}: {os.read(said, 100).decode().strip()}")
"""


@pytest.mark.parametrize("closed", ["", "0<&-", "0<&- 1>&- 2>&-"])
@pytest.mark.parametrize(
    ("given", "answer"),
    [("all", "word alone False True: complaint"), ("least", "word alone False False: ")],
)
def test_it_has_the_channel_alone(tmp_path: Path, closed: str, given: str, answer: str) -> None:
    (tmp_path / "inner.py").write_text(_INNER)
    (tmp_path / "outer.py").write_text(_OUTER.replace("child =", f"{_with(tmp_path)}\nchild ="))
    command = f'exec "$@" {closed}'
    outer = [sys.executable, "-c", f"import sys; sys.path = {sys.path!r}; import runpy;"]
    outer[-1] += f" runpy.run_path({str(tmp_path / 'outer.py')!r})"
    report = tmp_path / "report"
    subprocess.run(["sh", "-c", command, "sh", *outer, given, str(report)], check=True)
    assert report.read_text() == answer


def _with(folder: Path) -> str:
    """Give the line by which an interpreter of ours finds modules of that folder, too."""
    start = interpreter._START.replace("; from", f"; sys.path.append({str(folder)!r}); from", 1)
    return f"interpreter._START = {start!r}"
