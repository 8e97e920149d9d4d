"""The ways to a lab's holder: start one, or connect to one that runs."""

from __future__ import annotations

import errno
import os
import sys
import time
from _socket import SO_PEERCRED, SOL_SOCKET, socket, socketpair

from nslab.errors import LabBusyError, LabNotRunningError, NslabError
from nslab.kernel import interpreter, libc, wire
from nslab.kernel.privilege import refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_HOLDER = "nslab.kernel.holder"
_PATIENCE = 5.0
"""Seconds in which a holder, however busy, takes a connection."""

_GLANCE = 1.0
"""Seconds for those who have taken none at once when all labs are looked for."""

_MOMENT = 0.005
_NOBODY = (errno.ECONNREFUSED, errno.ENOENT, errno.ECONNRESET, None)  # None: too long a name


def start(lab: str, meanwhile: Callable[[], None]) -> tuple[socket, int]:
    """Start a holder; give the connection on which its life hangs, and its PID.

    Args:
        lab: the lab's name.
        meanwhile: is called while the holder starts.

    Raises:
        FileExistsError: a lab of that name is there (or just being started).
        LabBusyError: another user has taken the name.
        PrivilegeError: this machine does not let this user make namespaces; the hint helps.
        KernelError: this process may not open so many files, or start no other.
    """
    try:
        return _start(lab, meanwhile)
    except FileExistsError:
        raise
    except OSError as error:
        raise libc.of_oserror("start the holder", error) from None


def connect(lab: str) -> tuple[socket, int]:
    """Connect to a running lab's holder; give the connection and the holder's PID.

    Raises:
        LabNotRunningError: there is none of that name, or it is another user's.
        LabBusyError: somebody listens there and takes no connection.
        KernelError: this process may not open so many files.
    """
    channel, pid, uid = _dial(lab)
    if uid != os.getuid():
        channel.close()
        raise LabNotRunningError(_taken(lab, uid))
    return channel, pid


def is_in_use(lab: str) -> bool:
    """Tell whether somebody listens at a lab's address, be it an ending holder."""
    try:
        _dial(lab, 0)[0].close()
    except LabNotRunningError:
        return False
    except LabBusyError:
        pass
    return True


def ours(labs: Iterable[str]) -> list[str]:
    """Give those at whose address this user's own holder answers, in order.

    Anybody can listen there: in a user namespace, for one, other users take themselves for root.
    Whoever takes no connection is asked again, for a moment only: nobody shall hold others up.
    """
    found, asked = [], list(labs)
    deadline = time.monotonic() + _GLANCE
    while asked:
        mute = []
        for lab in asked:
            try:
                found += [lab] * _is_ours(lab)
            except LabBusyError:
                mute.append(lab)
        asked = mute if time.monotonic() < deadline else []
        time.sleep(_MOMENT if asked else 0)
    return sorted(found)


def _is_ours(lab: str) -> bool:
    try:
        channel, _, uid = _dial(lab, 0)
    except LabNotRunningError:
        return False
    channel.close()
    return uid == os.getuid()


def _start(lab: str, meanwhile: Callable[[], None]) -> tuple[socket, int]:
    ours, theirs = socketpair(wire.AF_UNIX, wire.SOCK_SEQPACKET | wire.SOCK_CLOEXEC)
    try:
        _await_holder(lab, ours, theirs, meanwhile)
        channel, pid = connect(lab)
        channel.close()
    except BaseException:
        ours.close()
        raise
    finally:
        theirs.close()
    return ours, pid


def _await_holder(lab: str, ours: socket, theirs: socket, meanwhile: Callable[[], None]) -> None:
    said = wire.memory_file(b"")  # most often nothing
    try:
        starting = interpreter.start(_HOLDER, lab, channel=theirs.fileno(), said=said, session=True)
        try:
            theirs.close()  # now the holder has the only one, and its death can be told
            meanwhile()
        finally:
            _await(starting)  # it is a daemon's first half
        words, _ = wire.receive(ours)
        if words != ["ok"]:
            raise _refused(lab, words, wire.read_file(said))
    finally:
        os.close(said)


def _await(child: int) -> None:
    try:
        os.waitpid(child, 0)
    except ChildProcessError:  # somebody else waits for all children
        pass


def _refused(lab: str, words: list[str], said: bytes) -> Exception:
    if not words:
        text = said.decode("utf-8", "replace").strip().rpartition("\n")[2]
        return NslabError(f'the holder of the lab "{lab}" died at its start: {text or "no reason"}')
    number, reason = int(words[1]), words[2]
    if number == errno.EADDRINUSE:
        return _name_in_use(lab)
    if number in (errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.ENOMEM):
        return libc.of_oserror("start the holder", OSError(number, reason))
    return refusal(number, reason)


def _name_in_use(lab: str) -> Exception:
    try:
        channel, _, uid = _dial(lab)
    except LabNotRunningError:
        return FileExistsError(lab)
    channel.close()
    return FileExistsError(lab) if uid == os.getuid() else LabBusyError(_taken(lab, uid))


def _taken(lab: str, uid: int) -> str:
    return f'the name of the lab "{lab}" is taken by the user with id {uid}'


def _dial(lab: str, patience: float = _PATIENCE) -> tuple[socket, int, int]:
    """Connect to whoever listens at the lab's address; give also the listener's PID and user."""
    try:
        channel = socket(wire.AF_UNIX, wire.SOCK_SEQPACKET | wire.SOCK_CLOEXEC)
    except OSError as error:
        raise libc.failure(f"connect to the lab {lab}", error.errno or 0) from None
    try:
        _connect(channel, wire.address_of(lab, os.getuid()), patience)
    except OSError as error:
        channel.close()
        if isinstance(error, BlockingIOError):
            raise _mute(lab) from None
        if error.errno not in _NOBODY:
            raise libc.failure(f"connect to the lab {lab}", error.errno or 0) from None
        raise LabNotRunningError(
            f'no lab named "{lab}" is running', hint="`nslab ls` lists the running labs"
        ) from None
    credentials = channel.getsockopt(SOL_SOCKET, SO_PEERCRED, 12)
    pid = int.from_bytes(credentials[:4], sys.byteorder)
    return channel, pid, int.from_bytes(credentials[4:8], sys.byteorder)


def _connect(channel: socket, address: str, patience: float) -> None:
    """Connect within so many seconds: anybody can listen at an address and take no connection.

    Raises:
        BlockingIOError: nobody has taken it.
    """
    deadline = time.monotonic() + patience
    channel.settimeout(0)
    while True:
        try:
            channel.connect(address)
            break
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise
            time.sleep(_MOMENT)
    channel.settimeout(None)


def _mute(lab: str) -> LabBusyError:
    return LabBusyError(
        f'somebody has the name of the lab "{lab}" and takes no connections',
        hint="`ss -xlp` shows to root who; or give the lab another name",
    )
