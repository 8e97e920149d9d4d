"""One node of a running lab: programs run in it as by `subprocess`, sockets open in it."""

from __future__ import annotations

import subprocess
from socket import AF_INET, SOCK_STREAM, socket
from typing import TYPE_CHECKING, Any, Literal, overload

from msgspec import Struct

from nslab.kernel import programs
from nslab.kernel.spawn import connect_again

if TYPE_CHECKING:
    from typing import Unpack


class Node(Struct, frozen=True):
    """One node of a running lab.

    Attributes:
        lab: the lab's name.
        pid: the PID of the lab's holder, which is in the netns `outside`, and in no node's.
        name: the node's name.
    """

    lab: str
    pid: int
    name: str

    @overload
    def popen(
        self, args: programs.Args, *, text: Literal[True], **options: Unpack[programs.Options]
    ) -> subprocess.Popen[str]: ...

    @overload
    def popen(
        self,
        args: programs.Args,
        *,
        text: bool | None = None,
        encoding: str,
        **options: Unpack[programs.PlainOptions],
    ) -> subprocess.Popen[str]: ...

    @overload
    def popen(
        self,
        args: programs.Args,
        *,
        text: Literal[False] | None = None,
        **options: Unpack[programs.PlainOptions],
    ) -> subprocess.Popen[bytes]: ...

    @overload
    def popen(
        self, args: programs.Args, *, text: bool | None, **options: Unpack[programs.Options]
    ) -> subprocess.Popen[Any]: ...

    def popen(
        self, args: programs.Args, *, text: bool | None = None, **options: Unpack[programs.Options]
    ) -> subprocess.Popen[str] | subprocess.Popen[bytes]:
        """Start a program in the node; the parameters are those of `subprocess.Popen`.

        Raises:
            FileNotFoundError: there is no such program.
            PermissionError: it is not executable.
        """
        return programs.popen((self.lab, self.pid, self.name), args, text=text, **options)

    @overload
    def run(
        self,
        args: programs.Args,
        *,
        text: Literal[True],
        input: str | None = None,
        capture_output: bool = False,
        timeout: float | None = None,
        check: bool = False,
        **options: Unpack[programs.Options],
    ) -> subprocess.CompletedProcess[str]: ...

    @overload
    def run(
        self,
        args: programs.Args,
        *,
        text: bool | None = None,
        encoding: str,
        input: str | None = None,
        capture_output: bool = False,
        timeout: float | None = None,
        check: bool = False,
        **options: Unpack[programs.PlainOptions],
    ) -> subprocess.CompletedProcess[str]: ...

    @overload
    def run(
        self,
        args: programs.Args,
        *,
        text: Literal[False] | None = None,
        input: bytes | None = None,
        capture_output: bool = False,
        timeout: float | None = None,
        check: bool = False,
        **options: Unpack[programs.PlainOptions],
    ) -> subprocess.CompletedProcess[bytes]: ...

    @overload
    def run(
        self,
        args: programs.Args,
        *,
        text: bool | None,
        input: str | bytes | None = None,
        capture_output: bool = False,
        timeout: float | None = None,
        check: bool = False,
        **options: Unpack[programs.Options],
    ) -> subprocess.CompletedProcess[Any]: ...

    def run(
        self,
        args: programs.Args,
        *,
        text: bool | None = None,
        input: str | bytes | None = None,  # noqa: A002 - subprocess's own name
        capture_output: bool = False,
        timeout: float | None = None,
        check: bool = False,
        **options: Unpack[programs.Options],
    ) -> subprocess.CompletedProcess[str] | subprocess.CompletedProcess[bytes]:
        """Run a program in the node to its end; the parameters are those of `subprocess.run`.

        Args:
            args: the program and its arguments; what `shell` is to run, as a string.
            text: whether input and output are `str` instead of `bytes`.
            input: what the program reads from its standard input.
            capture_output: whether to give what it writes as `stdout` and `stderr`.
            timeout: seconds after which it is killed.
            check: whether an exit code other than 0 is an error.
            options: those of `subprocess.Popen`.

        Raises:
            FileNotFoundError: there is no such program.
            PermissionError: it is not executable.
            ValueError: options contradict each other.
            subprocess.CalledProcessError: it failed, and `check` was set.
            subprocess.TimeoutExpired: it was killed after `timeout` seconds.
        """
        if input is not None:
            if options.get("stdin") is not None:
                raise ValueError("`input` and `stdin` are two sources of one stream")
            options["stdin"] = subprocess.PIPE
        if capture_output:
            if options.get("stdout") is not None or options.get("stderr") is not None:
                raise ValueError("`capture_output` takes what `stdout` or `stderr` lead elsewhere")
            options["stdout"] = options["stderr"] = subprocess.PIPE
        with programs.popen((self.lab, self.pid, self.name), args, text=text, **options) as process:
            out, err = _communicate(process, input, timeout)
        done = subprocess.CompletedProcess[Any](args, process.returncode, out, err)
        if check and done.returncode:
            failure = subprocess.CalledProcessError(done.returncode, args, out, err)
            failure.add_note(f"in the node {self.name} of the lab {self.lab}")
            raise failure
        return done

    def socket(self, family: int = AF_INET, kind: int = SOCK_STREAM, protocol: int = 0) -> socket:
        """Open a socket that lives in the node, while the caller stays where it is.

        Raises:
            KernelError: the kernel knows no such socket.
            LabNotRunningError: the lab ended.
        """
        with connect_again(self.lab, self.pid) as sandbox:
            (opened,) = sandbox.sockets(family, kind, protocol, [self.name])
        return socket(family, kind, protocol, opened.detach())


def _communicate(
    process: subprocess.Popen[Any], given: str | bytes | None, timeout: float | None
) -> tuple[Any, Any]:
    """Give a program its input and take what it writes; it is killed where that fails."""
    try:
        return process.communicate(given, timeout)
    except BaseException:
        process.kill()
        raise
