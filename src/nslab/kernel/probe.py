"""Probes by ICMP, TCP and UDP, all at once, in one loop of one process."""

from __future__ import annotations

from _socket import socket

from nslab.kernel import dial, echo, libc, rounds

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def ask(
    probes: Sequence[echo.Probe],
    opener: dial.Opener,
    *,
    timeout: float = 1.0,
    tries: int = 3,
    progress: Callable[[int], None] | None = None,
    pace: echo.Pace | None = None,
) -> list[echo.Echo]:
    """Send all probes and gather their answers, in the order of the probes.

    Args:
        probes: who asks whom, and how.
        opener: opens sockets in the sources' netns.
        timeout: seconds to wait for the answer to one try.
        tries: how often to ask before giving up.
        progress: called now and then with the number of probes that are done.
        pace: what keeps the pings from being too many.

    Raises:
        KernelError: a socket could not be opened.
    """
    by_echo = [number for number, probe in enumerate(probes) if probe.protocol == "icmp"]
    by_call = [number for number, probe in enumerate(probes) if probe.protocol != "icmp"]
    pinged = [probes[number] for number in by_echo]
    sockets = _sockets(pinged, opener)
    pings = echo.Round(pinged, sockets, timeout, tries)
    pings.pace = pace
    calls = dial.Round([probes[number] for number in by_call], opener, timeout, tries)

    def tell(left: int) -> None:
        if progress is not None:
            progress(len(probes) - left)

    try:
        rounds.run([pings, calls], tell)
    finally:
        pings.epoll.close()
        calls.close()
        for sock in sockets.values():
            sock.close()
    answers = dict(zip([*by_echo, *by_call], [*pings.found(), *calls.found()], strict=True))
    return [answers[number] for number in range(len(probes))]


def _sockets(probes: Sequence[echo.Probe], opener: dial.Opener) -> dict[tuple[str, int], socket]:
    """Open an ICMP socket for each source and IP version."""
    opened: dict[tuple[str, int], socket] = {}
    try:
        for version in sorted({probe.address.version for probe in probes}):
            sources = list(dict.fromkeys(p.source for p in probes if p.address.version == version))
            found = opener(*echo.protocol_of(version), sources)
            opened.update({(n, version): s for n, s in zip(sources, found, strict=True)})
    except BaseException:
        for sock in opened.values():
            sock.close()
        raise
    return opened


def own_sockets(family: int, kind: int, protocol: int, count: int) -> list[socket]:
    """Open sockets in the caller's own netns; for ICMP such as a plain user may have.

    Raises:
        KernelError: it may not.
    """
    opened: list[socket] = []
    try:
        while len(opened) < count:
            opened.append(_own_socket(family, kind, protocol))
    except OSError as error:
        for sock in opened:
            sock.close()
        raise libc.failure("open a socket of the machine", error.errno or 0) from None
    return opened


def may_ping(version: int) -> bool:
    """Tell whether the caller may ping in its own netns by an IP version."""
    try:
        _own_socket(*echo.protocol_of(version)).close()
    except OSError:
        return False
    return True


def _own_socket(family: int, kind: int, protocol: int) -> socket:
    try:
        return socket(family, kind, protocol)
    except PermissionError:
        return socket(family, dial.SOCK_DGRAM, protocol)
