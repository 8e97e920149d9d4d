"""One run of `ip` or `bridge`: read the options, find the object and the command, run it."""

from __future__ import annotations

import gc
import os

from nslab.errors import IpError, KernelError
from nslab.ip import options as global_options
from nslab.ip.complain import complain
from nslab.ip.output import Output
from nslab.ip.words import Elsewhere, Words, find, line_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import ModuleType
    from typing import TypeVar

    from nslab.ip.links import Links
    from nslab.ip.options import Options
    from nslab.ip.words import Command
    from nslab.kernel.transport import Transport
    from nslab.netlink.attrs import Message
    from nslab.netlink.message import Request

    M = TypeVar("M", bound=Message)

PROGRAMS = ("ip", "bridge")


class Program:
    """What the commands of one run share: the options, the kernel's ear, the output.

    Attributes:
        name: "ip" or "bridge".
        options: the global options.
        out: where output goes.
        in_batch: whether the command is a line of a batch, so that the program goes on after it.
    """

    def __init__(self, name: str, tool: ModuleType, options: Options) -> None:
        self.name = name
        self.options = options
        self.out = _output(options)
        self.in_batch = False
        self._tool = tool
        self._transport: Transport | None = None
        self._links: Links | None = None

    @property
    def transport(self) -> Transport:
        """The netlink socket, opened at its first use in the netns that this process is in."""
        if self._transport is None:
            from nslab.kernel.sockets import open_socket
            from nslab.kernel.transport import Transport

            self._transport = Transport(open_socket())
        return self._transport

    @property
    def links(self) -> Links:
        """What is known of the links: names and ifindexes."""
        if self._links is None:
            from nslab.ip.links import Links

            self._links = Links(self)
        return self._links

    def talk(self, request: Request, code: int | None = None) -> None:
        """Have the kernel do one thing.

        Raises:
            IpError: it refused; the exit code is `code`, or 2 (1 for `bridge`).
        """
        try:
            self.transport.request(request)
        except KernelError as error:
            raise self.refusal(error, code) from None

    def get(self, request: Request, message: type[M], code: int | None = None) -> M:
        """Ask the kernel for one object.

        Raises:
            IpError: there is none, or it may not be had.
        """
        try:
            return self.transport.get(request, message)
        except KernelError as error:
            raise self.refusal(error, code) from None

    def dump(self, request: Request, message: type[M], code: int = 1) -> list[M]:
        """Ask the kernel for all objects of a kind.

        Raises:
            IpError: it refused.
        """
        try:
            return self.transport.dump(request, message)
        except KernelError as error:
            told = self.refusal(error)
            ends = self.name == "bridge"  # which ends with itself, not with its command
            raise IpError(f"{told}\nDump terminated", code, ends_batch=ends) from None

    def refusal(self, error: KernelError, code: int | None = None) -> IpError:
        """Make the error of a request that the kernel refused."""
        number = self._tool.KERNEL_CODE if code is None else code
        return IpError(refusal_of(error), number)

    def run(self, words: Sequence[str]) -> None:
        """Run one command line, without the program's name and options.

        Raises:
            IpError: it failed.
            Elsewhere: it is not implemented here.
        """
        if not words:
            raise line_error(self._tool.USAGE)
        place = find(words[0], self._tool.OBJECTS)
        if place is None:
            raise IpError(f'Object "{words[0]}" is unknown, try "{self.name} help".')
        if place == "help":
            raise line_error(self._tool.USAGE)
        if not place:
            raise Elsewhere
        if self._links is not None:
            self._links.forget()
        self._run_object(_module(place), words[1:])
        self.out.flush()

    def _run_object(self, module: ModuleType, rest: Sequence[str]) -> None:
        commands: Mapping[str, Command | str] = module.COMMANDS
        check = getattr(module, "check", None)
        if check is not None:
            check(self, rest)
        command = find(rest[0], commands) if rest else commands[module.BARE]
        if command is None:
            words = f"{self.name} {module.NAME} help"
            raise line_error(f'Command "{rest[0]}" is unknown, try "{words}".')
        if isinstance(command, str):
            place, _, function = command.partition(":")
            command = getattr(_module(place), function)
        command(self, Words(rest[1:]))


def run(name: str, arguments: Sequence[str], object_: str | None = None) -> int:
    """Run `ip` or `bridge` with these arguments; give the exit code.

    Args:
        name: which of the two.
        arguments: as they would follow the program's name.
        object_: the object's name, where it is not among the arguments.
    """
    collects = gc.isenabled()
    gc.disable()  # most runs end before looking for garbage would pay
    try:
        return _run(name, arguments, object_)
    finally:
        (gc.enable if collects else gc.disable)()


def _run(name: str, arguments: Sequence[str], object_: str | None) -> int:
    tool = _module(f"nslab.ip.tool_{name}")
    words = Words(arguments)
    try:
        options = global_options.read(name, tool.USAGE, tool.OPTIONS, words)
    except IpError as error:
        complain(str(error))
        return error.exit_code
    program = Program(name, tool, options)
    if options.version:
        program.out.raw(tool.VERSION)
        program.out.flush()
        return 0
    line = [*([object_] if object_ else []), *words.rest()]
    if options.batch is not None:
        from nslab.ip.batch import run_batch

        gc.enable()
        return run_batch(program, options.batch)
    return _end(program, line, arguments if object_ is None else None)


def exit_code_of(program: Program, error: IpError) -> int:
    """Give the exit code of a command that failed: `bridge` has them negative."""
    if program.name == "bridge" and not error.ends_batch:
        return 256 - error.exit_code
    return error.exit_code


def tell(program: Program, message: str) -> None:
    """Write a line to the standard error, on a terminal after the output that came before it."""
    if os.isatty(1):
        program.out.flush()
    complain(message)


def refusal_of(error: KernelError) -> str:
    """Say in iproute2's words why the kernel refused."""
    if not error.extack:
        return f"RTNETLINK answers: {error.reason}"
    return f"Error: {error.extack}{'' if error.extack.endswith('.') else '.'}"


def _end(program: Program, line: Sequence[str], arguments: Sequence[str] | None) -> int:
    try:
        program.run(line)
    except IpError as error:
        tell(program, str(error))
        program.out.flush()
        return exit_code_of(program, error)
    except Elsewhere:
        from nslab.ip.handover import hand_over

        return hand_over(program.name, line if arguments is None else arguments)
    return 0


def _output(options: Options) -> Output:
    out = Output(
        json=bool(options.json), pretty=bool(options.pretty), oneline=bool(options.oneline)
    )
    if options.color == "always" or (options.color == "auto" and os.isatty(1)):
        out.set_colours()
    return out


def _module(name: str) -> ModuleType:
    return __import__(name, fromlist=("*",))
