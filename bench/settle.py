"""Wait until the kernel has cleaned up the netns of earlier runs, so that no run pays for another.

The kernel takes dead netns apart in the background, batch after batch in the order of their death.
So a netns of our own is let die, in a user namespace that may have one netns only: as soon as a
second one may be made there, the first is gone, and with it all that died before it. Neither
privilege nor patience has to be guessed. Where user namespaces are forbidden, the number of live
netns in /proc/slabinfo (root only, coarse) is watched until it stops falling.

Run as a script, because a user namespace wants a process of one thread; prints when it was done, by
the clock CLOCK_MONOTONIC, and how it waited.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

CLONE_NEWUSER, CLONE_NEWNET = 0x1000_0000, 0x4000_0000

POLL = 0.005
"""Seconds between two looks."""

PATIENCE = 600.0
"""Seconds after which waiting is given up."""

CALM = 1.0
"""Seconds without change after which a falling number counts as settled; also the last resort."""


def unshare(flags: int) -> None:
    """Leave namespaces for new ones; Python's own call for it came with 3.12."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(flags):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def one_dies() -> None:
    """Make a netns in a child, which ends and leaves it to the kernel."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            unshare(CLONE_NEWNET)
            status = 0
        finally:
            os._exit(status)
    if os.waitpid(child, 0)[1]:
        raise OSError("no netns can be made in a user namespace")


def wait_for_turn() -> None:
    """Wait until the kernel's clean-up has come to a netns that died just now."""
    unshare(CLONE_NEWUSER)
    Path("/proc/sys/user/max_net_namespaces").write_text("1")
    one_dies()
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            unshare(CLONE_NEWNET)
        except OSError:
            if time.monotonic() > deadline:
                raise TimeoutError(f"netns were not cleaned up in {PATIENCE:.0f} s") from None
            time.sleep(POLL)
        else:
            return


def live_netns() -> int:
    """Read the kernel's count of netns, rounded up to its unit of allocation."""
    for line in Path("/proc/slabinfo").read_text().splitlines():
        if line.startswith("net_namespace "):
            return int(line.split()[1])
    raise OSError("/proc/slabinfo does not list netns")


def wait_for_calm() -> None:
    """Wait until the count of netns has not changed for a while."""
    deadline, since, last = time.monotonic() + PATIENCE, time.monotonic(), live_netns()
    while time.monotonic() - since < CALM and time.monotonic() < deadline:
        time.sleep(POLL)
        if (now := live_netns()) != last:
            since, last = time.monotonic(), now


class Settled(NamedTuple):
    """When the kernel was done, by the clock CLOCK_MONOTONIC, and how that was seen."""

    at: float
    how: str


def settle() -> Settled:
    """Wait, from any process."""
    script = [sys.executable, str(Path(__file__).resolve())]
    done = subprocess.run(script, check=True, capture_output=True, text=True)
    at, _, how = done.stdout.strip().partition(" ")
    return Settled(float(at), how)


def main() -> None:
    try:
        wait_for_turn()
        how = "until a netns that died afterwards was gone"
    except OSError as refused:
        if isinstance(refused, TimeoutError):
            raise
        try:
            wait_for_calm()
            how = "until the number of netns in /proc/slabinfo was steady"
        except OSError:
            time.sleep(CALM)
            how = f"{CALM:.0f} s (nothing better is allowed here)"
    print(f"{time.monotonic():.6f} {how}")


if __name__ == "__main__":
    main()
