"""The process that starts programs in a lab's nodes, for one other process.

Whoever wants a program in a node cannot join the lab itself: a user namespace takes no process with
threads, and a PID namespace none but children. So a launcher joins once. For each program it then
goes into the node, starts it there as its child, and comes back, in a small part of the time that
an interpreter of its own would take. What a program needs of its own is made before it is asked
for, and taken down when nobody waits.

It is the programs' parent, and reaps them at once: one that waits for somebody who never asks would
keep the lab's PID namespace from ending. How a program ended it writes into a pipe. It ends with
the lab, or when nobody can ask it any more and its programs are done.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal` itself loads enum
import os
import select
import sys
from _socket import socket

from nslab.errors import KernelError, LabNotRunningError, NodeNotFoundError, NslabError
from nslab.kernel import interpreter, libc, wire
from nslab.kernel.launch import IGNORED, Launch
from nslab.kernel.namespaces import follow
from nslab.kernel.spawn import connect_again, ended, enter_lab, enter_node, open_holder, own_view

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nslab.kernel.sandbox import Sandbox

NAME = "nslab-launcher"
"""The name of a launcher's process."""

_REST = 1
"""Milliseconds without a question or an end: then there is time to clear up."""

_HELD = 128
"""How many programs' mounts may wait for that; fewer where few descriptors may be open."""


class Launcher:
    """The served state: who asks, whose lab it is, and which programs run.

    Attributes:
        programs: for each pidfd the PID, the pipe for its end, and its mounts.
        held: mounts of the last programs, the oldest first.
        prepared: whether this process has mounts and a host name that no program has had.
        is_due: whether they are to be made once there is time.
    """

    def __init__(self, asker: socket, sandbox: Sandbox) -> None:
        self.asker = asker
        self.sandbox = sandbox
        self.holder = open_holder(sandbox)
        self.own = os.open("/proc/self", os.O_PATH | os.O_CLOEXEC)  # there is none in the lab
        enter_lab(sandbox)
        self.mounts = Mounts(self.own)
        self.programs: dict[int, tuple[int, int, Mounts]] = {}
        self.held: list[Mounts] = []
        self.room = min(_HELD, os.sysconf("SC_OPEN_MAX") // 8)
        self.prepared = False
        self.is_due = True
        self.words: Sequence[str] = []
        self.environment: dict[bytes, bytes] = {}
        self.poll = select.poll()
        self.poll.register(self.mounts.fd, 0)  # tells of changes; before a question asked after one
        self.poll.register(asker, select.POLLIN)
        self.poll.register(sandbox, 0)  # tells of the end alone

    def serve(self) -> None:
        """Start what is asked for and reap what has ended."""
        asked = True
        self.get_ready()
        while asked or self.programs:
            ready = self.poll.poll(_REST if self.held or self.is_due else None)
            if not ready:
                self.rest()
            for fd, _ in ready:
                if fd in self.programs:
                    self.reap(fd)
                    self.get_ready()
                elif fd == self.mounts.fd:
                    self.prepared, self.is_due = False, True
                elif fd == self.sandbox.fileno():  # the kernel is killing all programs
                    for pidfd in list(self.programs):
                        self.reap(pidfd)
                    return
                elif not self.answer():
                    self.poll.unregister(fd)
                    asked = False

    def answer(self) -> bool:
        """Answer one question; tell whether there was one."""
        fds: list[int] = []
        given: list[int] = []
        number = ""
        try:
            message, fds = wire.receive(self.asker)
            if not message:
                return False
            number, *asked = message
            words, given = self.launch(Launch.unpack(asked), fds)
        except LabNotRunningError:
            return False
        except NodeNotFoundError:
            words = ["node", *self.sandbox.names()]
        except OSError as error:
            words = ["program", str(error.errno)]
        except Exception as error:  # noqa: BLE001 - other programs shall not end for this one
            words = _told(error)
        finally:
            wire.close(fds)
        try:
            wire.send(self.asker, [number, *words], given)
        except ConnectionError:
            return False
        finally:
            wire.close(given[:1])
        if given:
            self.let_go()
        else:  # no program runs that needs the CPUs
            self.get_ready()
        return True

    def launch(self, launch: Launch, fds: list[int]) -> tuple[list[str], list[int]]:
        """Start a program; give its PID, the pipe that tells how it ended, and its pidfd.

        A short one has often ended before this process goes on. Then its status is all.

        Raises:
            OSError: it cannot be run.
        """
        child, mounts = self.spawn(launch, fds)
        opened: list[int] = []
        try:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                self.bury(mounts)
                return ["ended", str(child), str(status)], []
            opened += os.pipe()
            opened.append(os.pidfd_open(child))
        except BaseException:
            wire.close(opened)
            os.kill(child, _signal.SIGKILL)
            os.waitpid(child, 0)
            raise
        told, ending, pidfd = opened
        self.programs[pidfd] = child, ending, mounts
        self.poll.register(pidfd, select.POLLIN)
        return ["pid", str(child)], [told, pidfd]

    def spawn(self, launch: Launch, fds: list[int]) -> tuple[int, Mounts]:
        """Go where the program shall be, start it there, and come back; give its PID and mounts."""
        ignored = set(launch.ignored).difference(IGNORED)
        try:
            self.enter(launch.node)
            self.held.append(Mounts(self.own))
            try:
                os.chdir(launch.cwd)
            except OSError:  # hidden in the lab: then `/` it is
                pass
            os.umask(launch.umask)
            for number in ignored:
                _signal.signal(number, _signal.SIG_IGN)
            self.take_environment(launch.environment)
            return launch.start(self.environment, fds), self.held[-1]
        finally:
            for number in ignored:
                _signal.signal(number, _signal.SIG_DFL)
            self.return_to(libc.CLONE_NEWNET)  # to hold no node's

    def get_ready(self) -> None:
        """Make what the next program needs: when one has ended, whose user has to do with that.

        It is not made as soon as a program runs: that, and whoever started it, need the CPUs then.
        """
        try:
            self.prepare()
        except NslabError:  # it is tried again, and told, when it is needed
            pass
        self.is_due = False
        self.let_go(coming=1)

    def rest(self) -> None:
        """Do a part of what there is to do once nobody asks."""
        if self.is_due:
            self.get_ready()
        elif self.held:
            self.held.pop(0).close()

    def let_go(self, coming: int = 0) -> None:
        """Hold no more mounts than there are descriptors for: those of programs come first."""
        while self.held and len(self.held) + coming > self.room - 2 * len(self.programs):
            self.held.pop(0).close()

    def prepare(self) -> None:
        """Have mounts and a host name for the next program: the lab's own, which nobody has had."""
        if self.prepared:
            return
        self.return_to(libc.CLONE_NEWNS)
        try:
            own_view()
        except KernelError:  # the user may be allowed no more mount namespaces
            while self.held:
                self.held.pop().close()
            own_view()
        self.prepared = True

    def enter(self, node: str) -> None:
        """Move into a node's netns, with what is prepared."""
        self.prepare()
        netns = self.open_netns(node)
        self.prepared, self.is_due = False, True
        try:
            enter_node(netns, node)
        finally:
            os.close(netns)

    def open_netns(self, node: str) -> int:
        """Open a node's netns by the holder's link to it; else the holder is asked."""
        netns = follow(node)
        return self.sandbox.netns(node) if netns is None else netns

    def take_environment(self, words: Sequence[str]) -> None:
        """Take the environment of the next program; most have the last one's."""
        if words == self.words:
            return
        pairs = (os.fsencode(word).partition(b"=") for word in words)
        self.words, self.environment = words, {key: value for key, _, value in pairs if key}
        path = self.environment.get(b"PATH")  # posix_spawnp(3) looks at this process's own
        os.unsetenv("PATH") if path is None else os.putenv("PATH", path)

    def return_to(self, kind: int) -> None:
        """Go back to the lab's own mounts, or its netns `outside`."""
        try:
            libc.setns(self.holder, kind)
        except KernelError:
            raise ended(self.sandbox.lab) from None

    def reap(self, pidfd: int) -> None:
        """Take a program's end, and tell of it whoever waits for that."""
        child, ending, mounts = self.programs.pop(pidfd)
        _, status = os.waitpid(child, 0)
        self.bury(mounts)
        try:
            os.write(ending, str(status).encode())
        except BrokenPipeError:  # nobody wants to know
            pass
        self.poll.unregister(pidfd)
        wire.close([pidfd, ending])

    def bury(self, mounts: Mounts) -> None:
        """Take down what a program that has ended has mounted, before anybody hears of its end."""
        if mounts.have_changed():
            self.held.remove(mounts)
            mounts.close()


class Mounts:
    """The mounts that this process sees now, held and watched; proc_pid_mountinfo(5).

    The last process that leaves a mount namespace waits until the kernel has taken it down, before
    anybody hears that it has ended. While it is held here nobody waits.
    """

    __slots__ = ("fd",)

    def __init__(self, own: int) -> None:
        """Take `own`, an open descriptor of this process's directory in /proc."""
        self.fd = os.open("mountinfo", os.O_RDONLY | os.O_CLOEXEC, dir_fd=own)

    def have_changed(self) -> bool:
        """Tell whether something was mounted or unmounted; of no interest once they are closed."""
        return self.fd >= 0 and wire.is_ready(self.fd, events=0)

    def close(self) -> None:
        """Hold them no more, and wait if nobody else does."""
        os.close(self.fd)
        self.fd = -1


def main() -> None:
    """Run as `launcher LAB PID CHANNEL`: PID is the holder's, CHANNEL the asker's socket."""
    lab, pid, channel = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    asker = socket(wire.AF_UNIX, wire.SOCK_SEQPACKET, 0, channel)
    try:
        interpreter.keep_only(channel)
        for number in IGNORED:
            _signal.signal(number, _signal.SIG_IGN)
        libc.name_process(NAME)
        launcher = Launcher(asker, connect_again(lab, pid))
        wire.send(asker, ["ready"])
        launcher.serve()
    except LabNotRunningError:
        pass
    except Exception as error:  # noqa: BLE001 - nobody else would ever hear of it
        try:
            wire.send(asker, _told(error))
        except OSError:
            pass
    finally:
        os._exit(0)


def _told(error: Exception) -> list[str]:
    """Give an error as words of a message."""
    if isinstance(error, KernelError):
        return ["error", str(error.errno), error.operation, error.hint or ""]
    if isinstance(error, NslabError):
        return ["error", "0", str(error), error.hint or ""]
    return ["error", "0", f"{type(error).__name__}: {error}", ""]
