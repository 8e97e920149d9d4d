"""pasta: a way out of a lab for a user who may not touch the machine's own network.

It gives the netns `outside` a tap link and speaks for what comes through it by ordinary sockets in
the caller's netns (https://passt.top). It ends with the lab, or when it is told to.
"""

from __future__ import annotations

import os
import time

from nslab.errors import NslabError
from nslab.kernel import beside

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nslab.kernel.sandbox import Sandbox

LODGED = "pasta"
"""The name under which the holder keeps pasta's pidfd."""

QUEUE = 10_000
"""How many packets may wait for pasta, more than are under way on a connection at any time.

Where the queue overflows, as one of 500 does, bulk data stalls for good: pasta keeps nothing that
comes after a gap, and has neither SACK nor time stamps to mend one soon. It makes such gaps itself
towards servers that answer within 10 µs, which only this machine's own do: those it acknowledges
for at once, whatever its socket still takes (LOW_RTT_THRESHOLD in its tcp.c, 2023-03 to 2024-12).
"""

_PATIENCE = 5.0
_GIVEN = "/proc/self/fd/0"
"""Where pasta finds the netns: from 2024-08 on it closes all else that it inherits."""
_NOISE = ("Failed to send",)


def start(sandbox: Sandbox, arguments: Sequence[str], ifname: str) -> None:
    """Start pasta for a lab, and wait until it has made its link.

    Args:
        sandbox: the lab.
        arguments: pasta's, without those that name the netns.
        ifname: the link that they name.

    Raises:
        NslabError: it did not start; says what pasta says.
    """
    from nslab.kernel.sandbox import OUTSIDE

    netns = os.dup(sandbox.handle(OUTSIDE).fd)
    said = os.memfd_create("pasta", os.MFD_CLOEXEC)
    try:
        own = [
            "--foreground",
            "--netns-only",
            "--no-netns-quit",
            "--netns",
            _GIVEN,
        ]
        command = ["pasta", *own, *arguments]
        pid = beside.start(sandbox, LODGED, command, stdio=(netns, said))
        try:
            _await_link(sandbox, pid, said)
            _let_wait(sandbox, ifname)
        except BaseException:
            stop(sandbox)
            raise
    finally:
        os.close(netns)
        os.close(said)


def stop(sandbox: Sandbox) -> None:
    """End the lab's pasta, if it has one, and wait until its link is gone."""
    beside.stop(sandbox, LODGED)


def _await_link(sandbox: Sandbox, pid: int, said: int) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not _is_connected(sandbox):
        if not os.path.exists(f"/proc/{pid}") or time.monotonic() > deadline:
            raise _refusal(said)
        time.sleep(0.005)


def _is_connected(sandbox: Sandbox) -> bool:
    """Tell whether `outside` has a default route: the last that pasta sets."""
    from nslab.kernel.sandbox import OUTSIDE
    from nslab.netlink.message import Request
    from nslab.netlink.rtnl.constants import RTM
    from nslab.netlink.rtnl.route import Route

    routes = sandbox.handle(OUTSIDE).transport.dump(Request(RTM.GETROUTE, Route()), Route)
    return any(route.dst_len == 0 and route.gateway is not None for route in routes)


def _let_wait(sandbox: Sandbox, ifname: str) -> None:
    """Lengthen the queue of pasta's link, which is 500 or 1000 packets by itself."""
    from nslab.kernel.sandbox import OUTSIDE
    from nslab.netlink.message import Request
    from nslab.netlink.rtnl.constants import RTM
    from nslab.netlink.rtnl.link import Link

    body = Link(ifname=ifname, txqlen=QUEUE)
    sandbox.handle(OUTSIDE).transport.request(Request(RTM.NEWLINK, body))


def _refusal(said: int) -> NslabError:
    text = os.pread(said, 65536, 0).decode("utf-8", "replace")
    lines = [line for line in text.splitlines() if line and not line.startswith(_NOISE)]
    reason = lines[-1] if lines else "it gives no reason"
    hint = None
    if "tun" in text:
        hint = "pasta needs /dev/net/tun open to this user: `sudo chmod 666 /dev/net/tun`"
    elif "No such file" in text:
        hint = "install it (Debian's package passt), or run as root"
    return NslabError(f"pasta could not lead the lab out: {reason}", hint=hint)
