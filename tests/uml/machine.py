"""A whole kernel as a program: User Mode Linux, with the machine's own files as its root.

Debian's package `user-mode-linux` has as modules what the kernel of a test machine may lack: VLANs,
bonds, VRFs, ipvlan, tunnels, netem. It boots in two seconds and needs no privilege.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

_BOOT = Path(__file__).with_name("boot.sh")
_KERNEL = "linux.uml"
_WORDS = (
    "mem=1024M",
    "root=/dev/root",
    "rootfstype=hostfs",
    "rootflags=/",
    "rw",
    "quiet",
    "con=null",
    "con0=null,fd:1",
    f"init={_BOOT}",
)


class UmlError(Exception):
    """The kernel did not boot, or did not end in time."""


def found() -> bool:
    """Tell whether User Mode Linux is installed."""
    return shutil.which(_KERNEL) is not None


def run(command: str, limit: float = 120, *words: str) -> tuple[int, str]:
    """Boot, run a shell command as root in there, and give its exit status and its output.

    The files it sees and writes are the machine's, with the rights of the calling user; only
    /dev, /proc, /run and /sys are its own.

    Args:
        command: what to run.
        limit: seconds after which it is ended.
        words: more for the kernel's command line; `NSLAB_NO_IPV6=1` turns IPv6 off.

    Raises:
        UmlError: the command did not end within `limit` seconds, or the kernel did not boot.
    """
    with tempfile.TemporaryDirectory(prefix="nslab-uml-") as name:
        folder = Path(name)
        (folder / "command").write_text(command)
        log = _boot(folder, limit, words)
        if not (folder / "status").exists():
            raise UmlError(f"User Mode Linux ended without a result:\n{log}")
        return int((folder / "status").read_text()), (folder / "output").read_text()


def _boot(folder: Path, limit: float, extra: tuple[str, ...]) -> str:
    """Run the kernel to its end and give what it printed; past the limit, end all of it."""
    words = [_KERNEL, *_WORDS, f"NSLAB_UML={folder}", f"NSLAB_LIMIT={limit:g}"]
    words += [f"uml_dir={folder}", *extra]
    with subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as kernel:
        try:
            return kernel.communicate(timeout=limit)[0].decode("utf-8", "replace")
        except subprocess.TimeoutExpired:
            os.killpg(kernel.pid, signal.SIGKILL)  # its processes are processes of ours
            raise UmlError(f"User Mode Linux was not done after {limit:g} s") from None
