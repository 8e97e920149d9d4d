"""Every exception of nslab, on one page.

All but `LabInterrupted` derive from `NslabError`, whose `str()` is one line for a person: what
failed, the value quoted, the kernel's own reason last. `hint` says the way out, where there is one,
and `exit_code` is what the command ends with. This module imports nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Protocol

    class Act(Protocol):
        """A step of a plan, as far as an error speaks of it."""

        def words(self) -> str:
            """Say it to a person."""

        def command(self) -> str:
            """Give the command that does the same."""


def printable(text: str) -> str:
    """Write what would act on a terminal, or not be seen, as escapes are written."""
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in text
    )


class NslabError(Exception):
    """The root of all errors that nslab raises on purpose."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self._hint: str | None = None
        self.hint = hint

    @property
    def hint(self) -> str | None:
        """The remedy, or None. Tracebacks show it as a note."""
        return self._hint

    @hint.setter
    def hint(self, hint: str | None) -> None:
        notes: list[str] = getattr(self, "__notes__", [])
        if self._hint is not None and _note(self._hint) in notes:
            notes.remove(_note(self._hint))
        if hint is not None:
            self.add_note(_note(hint))
        self._hint = hint

    def __reduce__(self) -> tuple[object, ...]:
        """Let it be pickled, as it is on its way from one process to another."""
        return _revived, (type(self), self.args), self.__dict__


def _note(hint: str) -> str:
    return f"hint: {hint}"


def _revived(kind: type[NslabError], args: tuple[object, ...]) -> NslabError:
    return kind.__new__(kind, *args)


class UsageError(NslabError):
    """The call itself is wrong: an unknown verb, option or value."""

    exit_code = 2


class Problem:
    """One thing wrong in a lab file: where it stands, and what would mend it.

    Attributes:
        path: the place inside the lab, as `nodes.far.routes[0].via`.
        message: what is wrong there, the offending value quoted.
        source: the file's name, or None for a lab built by Python calls without a known caller.
        line: the line in `source`, from 1, or None.
        hint: the remedy, or None.
    """

    __slots__ = ("hint", "line", "message", "path", "source")

    def __init__(
        self,
        path: str,
        message: str,
        *,
        source: str | None = None,
        line: int | None = None,
        hint: str | None = None,
    ) -> None:
        self.path = path
        self.message = message
        self.source = source
        self.line = line
        self.hint = hint

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.source, self.line) if part is not None)
        words = [part for part in (place, self.path, self.message) if part]
        return ": ".join(words) + (f" (hint: {self.hint})" if self.hint else "")

    def __repr__(self) -> str:
        return f"Problem({str(self)!r})"


class LabFileError(NslabError):
    """A lab that cannot be: every problem that was found in it, in the order of the file.

    Attributes:
        problems: the `Problem`s, at least one.
    """

    exit_code = 2

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class KernelError(NslabError):
    """The kernel said no.

    Attributes:
        operation: what was asked, in a word or as a command.
        errno: the kernel's error number, positive (`errno.EEXIST`).
        extack: the kernel's extended message, or "" (linux/netlink.h, NLMSGERR_ATTR_MSG).
        attribute: the name of the attribute that the kernel pointed at, or "".
    """

    def __init__(
        self,
        operation: str,
        errno: int,
        reason: str,
        *,
        extack: str = "",
        attribute: str = "",
        hint: str | None = None,
    ) -> None:
        kernel = f"{extack.rstrip('.')} ({reason})" if extack else reason
        place = f" (at {attribute})" if attribute else ""
        super().__init__(f"{operation}: {kernel}{place}", hint=hint)
        self.operation = operation
        self.errno = errno
        self.reason = reason
        self.extack = extack
        self.attribute = attribute


class NetnsCreationError(KernelError):
    """One of several network namespaces could not be made.

    Attributes:
        netns: its name.
    """

    def __init__(self, netns: str, errno: int, reason: str, *, hint: str | None = None) -> None:
        super().__init__("create a network namespace", errno, reason, hint=hint)
        self.netns = netns


class SysctlError(KernelError):
    """A sysctl could not be set.

    Attributes:
        netns: the name of the network namespace that it belongs to.
        key: its name.
        value: what it was to be.
    """

    def __init__(
        self, netns: str, key: str, value: str, errno: int, reason: str, *, hint: str | None = None
    ) -> None:
        super().__init__(f"sysctl {key}={value}", errno, reason, hint=hint)
        self.netns = netns
        self.key = key
        self.value = value


class StepError(NslabError):
    """A step of a plan failed; what was done before it has been undone.

    Attributes:
        failed: the step itself.
        step: in words.
        command: the step as the `ip` command that does the same.
        cause: the error that stopped it.
        undo_errors: what went wrong while undoing, most often nothing.
    """

    def __init__(
        self, failed: Act, cause: NslabError, undo_errors: Sequence[NslabError] = ()
    ) -> None:
        self.failed = failed
        self.step = failed.words()
        self.command = failed.command()
        left = "".join(f"; undoing failed too: {error}" for error in undo_errors)
        super().__init__(f"cannot {self.step} [{self.command}]: {cause}{left}", hint=cause.hint)
        self.cause = cause
        self.undo_errors = tuple(undo_errors)


class OvertakenError(NslabError):
    """Another lab took the same addresses in the same moment; what was done has been undone."""


class PrivilegeError(NslabError):
    """This user may not do that on this machine; the hint says what would allow it."""


class FeatureError(NslabError):
    """This kernel or machine lacks something that is needed; the hint says how to get it."""


class NetnsExistsError(NslabError):
    """A network namespace of that name is there already."""


class LabNotRunningError(NslabError):
    """No such lab is up, or none at all."""


class LabBusyError(NslabError):
    """The lab's name is taken by a running lab from another file."""


class NodeNotFoundError(NslabError):
    """The lab has no such node; the hint names the nearest."""


class LabInterrupted(KeyboardInterrupt):
    """Ctrl-C came half-way; everything begun was undone.

    No `NslabError`, so that `except Exception` does not swallow it.
    """


class IpError(NslabError):
    """What ends a command of `ip` or `bridge`: the message in iproute2's words, and the exit code.

    Attributes:
        exit_code: 1 what was found wrong here, 2 what the kernel refused, 255 a wrong command line.
        ends_batch: whether the lines of a batch that follow are not even read.
    """

    def __init__(self, message: str, exit_code: int = 1, *, ends_batch: bool = False) -> None:
        super().__init__(message)
        self.exit_code = exit_code
        self.ends_batch = ends_batch
