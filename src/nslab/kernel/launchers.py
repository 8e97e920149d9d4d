"""This process's launchers: one in each lab, which it starts and asks.

With whom a lab ends when its block does has one from the beginning, so that not even the first of
its programs waits for it.
"""

from __future__ import annotations

import _thread
import atexit
import contextlib
import os
import resource
from _signal import SIGKILL, pidfd_send_signal  # type: ignore[import-not-found]
from _socket import socketpair

from nslab.errors import LabNotRunningError, NslabError
from nslab.kernel import interpreter, libc, wire
from nslab.kernel.sandbox import at_end
from nslab.kernel.spawn import connect_again

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_PATIENCE = 30.0
"""Seconds in which a launcher answers, however busy the machine is."""

_HASTE = 1.0
"""Seconds in which it does where somebody who was interrupted waits to go on."""

_LIMITS = {getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_")}


class Client:
    """A launcher, as the process has it that asks.

    Attributes:
        of: its lab, by name and its holder's PID.
        channel: where it is asked.
        pid: its PID.
    """

    def __init__(self, lab: str, holder: int) -> None:
        self.of = lab, holder
        self._lock = _thread.allocate_lock()  # for one question and its answer
        self._asked = 0
        self._is_ready = False
        self._refusal: NslabError | None = None
        self.channel, theirs = socketpair(wire.AF_UNIX, wire.SOCK_SEQPACKET | wire.SOCK_CLOEXEC)
        try:
            self.pid = _start(lab, holder, theirs.fileno())
            self._pidfd = _pidfd_of(self.pid)
        except BaseException:
            self.channel.close()
            raise
        finally:
            theirs.close()

    def be_ready(self) -> None:
        """Wait until it has joined the lab.

        Raises:
            NslabError: it cannot.
        """
        if not self._is_ready:
            self._await_ready()

    def _await_ready(self) -> None:
        with self._lock:
            if not self._is_ready and self._refusal is None:
                is_left = self.channel.fileno() < 0  # by another thread, which was interrupted
                reply = [] if is_left else self._receive([])[0]
                self._is_ready = reply == ["ready"]
                if not self._is_ready:
                    self._refusal = refusal(reply) if reply else why_gone(*self.of)
        if self._refusal is not None:
            raise self._refusal

    def ask(self, words: list[str], fds: list[int]) -> tuple[list[str], list[int]]:
        """Ask for a program; give the answer, which is no words where there is none.

        Whoever waits for it may be interrupted. Then nobody would ever hear of the program that was
        asked for: it is killed.

        Raises:
            OSError: no descriptors are left for the answer's; nothing was asked.
        """
        with self._lock:
            self._asked += 1
            number, spare, is_sent = str(self._asked), [], False
            try:
                spare.append(os.dup(self.channel.fileno()))
                spare.append(os.dup(self.channel.fileno()))
                wire.send(self.channel, [number, *words], fds)
                is_sent = True
                return self._answer(number, spare)
            except ConnectionError:
                return [], []
            except NslabError:  # an answer has come that could not be taken
                raise
            except BaseException:
                if is_sent:
                    _disown(self._answer(number, spare, _HASTE)[1])
                raise
            finally:
                wire.close(spare)

    def _answer(
        self, number: str, spare: list[int], patience: float | None = None
    ) -> tuple[list[str], list[int]]:
        """Wait for the answer to one question; those to older ones nobody waits for any more."""
        while True:
            reply, given = self._receive(spare, patience)
            if not reply or reply[0] == number:
                return reply[1:], given
            _disown(given)

    def _receive(
        self, spare: list[int], patience: float | None = None
    ) -> tuple[list[str], list[int]]:
        """Wait for its next words, but not for ever: it may have been stopped. None is no words."""
        if not wire.is_ready(self.channel.fileno(), patience or _PATIENCE):
            return [], []
        while spare:
            os.close(spare.pop())
        return wire.receive(self.channel)

    def is_over(self) -> bool:
        """Tell whether it has ended; what it has answered to others does not count."""
        return wire.is_ready(self.channel.fileno(), events=0)

    def end(self) -> None:
        """End it at once."""
        _kill(self._pidfd)
        self.channel.close()
        _reap(self._pidfd, os.WEXITED)

    def leave(self) -> None:
        """Ask no more; it ends once its programs have, or at once with the lab."""
        self.channel.close()
        _left.append(self._pidfd)

    def forget(self) -> None:
        """Leave it to the process that this one was forked from."""
        self.channel.close()
        os.close(self._pidfd)


clients: dict[object, Client] = {}
"""This process's. Each belongs to all that its programs inherit of it, and could not be told."""

_turn = _thread.allocate_lock()

_left: list[int] = []
"""The pidfds of those that nobody asks any more, until they have ended."""


def client_of(lab: str, holder: int) -> Client:
    """Give this process's launcher in a lab; a new one where what it belongs to has changed.

    Raises:
        NslabError: it cannot be started, or cannot join the lab.
    """
    key = _key(lab, holder)
    with _turn:
        if key not in clients or clients[key].is_over():
            _leave_ended()
        client = clients.get(key)
        if client is None:
            client = clients[key] = Client(lab, holder)
    try:
        client.be_ready()
    except BaseException:
        drop(client)
        raise
    return client


def start_ahead(lab: str, holder: int) -> None:
    """Start a launcher before it is asked for; if that fails, whoever asks is told."""
    with contextlib.suppress(NslabError, OSError), _turn:
        _leave_ended()
        clients[_key(lab, holder)] = Client(lab, holder)


def drop(client: Client) -> None:
    """Leave a launcher that gives no answer."""
    with _turn:
        for one in _take(lambda each: each is client):
            one.leave()


def leave_ended() -> None:
    """Close what is left of labs that others have ended; else the next launcher does it."""
    with _turn:
        _leave_ended()


def why_gone(lab: str, holder: int) -> NslabError:
    """Tell why a launcher does not answer: it ended with its lab, or was killed or stopped."""
    try:
        connect_again(lab, holder).close()
    except LabNotRunningError as error:
        return error
    hint = "nobody knows whether the program began; the next one gets a new launcher"
    return NslabError(f'the launcher of the lab "{lab}" does not answer', hint=hint)


def refusal(reply: list[str]) -> NslabError:
    """Make the error that a launcher has told."""
    _, number, what, hint = reply
    if int(number):
        return libc.failure(what, int(number), hint=hint or None)
    return NslabError(what, hint=hint or None)


def _key(lab: str, holder: int) -> object:
    return (
        (lab, holder, os.getpgrp(), os.getsid(0), os.getuid(), os.geteuid()),
        (os.getgid(), os.getegid(), *os.getgroups()),
        (os.getpriority(os.PRIO_PROCESS, 0), *os.sched_getaffinity(0)),
        *map(resource.getrlimit, _LIMITS),
    )


def _start(lab: str, holder: int, channel: int) -> int:
    try:
        return interpreter.start("nslab.kernel.launcher", lab, str(holder), channel=channel)
    except OSError as error:
        raise libc.of_oserror("start a launcher", error) from None


def _pidfd_of(child: int) -> int:
    try:
        return os.pidfd_open(child)
    except BaseException:
        os.kill(child, SIGKILL)
        os.waitpid(child, 0)
        raise


def _disown(given: list[int]) -> None:
    """Kill the program whose start has just been told, if one has begun."""
    for pidfd in given[1:]:
        _kill(pidfd)
    wire.close(given)


def _kill(pidfd: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        pidfd_send_signal(pidfd, SIGKILL)


def _leave_ended() -> None:
    for client in _take(Client.is_over):
        client.leave()
    _left[:] = [pidfd for pidfd in _left if not _reap(pidfd, os.WEXITED | os.WNOHANG)]


def _reap(pidfd: int, options: int) -> bool:
    """Wait for a launcher's end; tell whether that has come, and forget it then."""
    with contextlib.suppress(ChildProcessError):  # somebody else has waited for all children
        if os.waitid(os.P_PIDFD, pidfd, options) is None:
            return False
    os.close(pidfd)
    return True


def _take(which: Callable[[Client], bool]) -> list[Client]:
    return [clients.pop(key) for key, client in list(clients.items()) if which(client)]


def _forget() -> None:
    global _turn  # noqa: PLW0603 - a thread that this process does not have may hold the old one
    _turn = _thread.allocate_lock()
    for client in clients.values():
        client.forget()
    clients.clear()
    wire.close(_left)
    _left.clear()


def _leave_all() -> None:
    for client in clients.values():
        client.leave()
    clients.clear()


def _end(lab: str, holder: int) -> None:
    """Take a lab's launchers down, which has just ended, with all programs."""
    with _turn:
        for client in _take(lambda each: each.of == (lab, holder)):
            client.end()


os.register_at_fork(after_in_child=_forget)
atexit.register(_leave_all)
at_end.append(_end)
