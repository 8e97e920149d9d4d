"""The command: one verb a file, and this table of them, which is also the help."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal` itself loads enum
import gc
import os
import sys

from nslab.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import NoReturn

VERBS = {
    "up": ("[FILE]", "make it so (default ./lab.yaml); again: bring it to the file"),
    "plan": ("[FILE]", "the steps that `up` would take; --script: as a shell script"),
    "down": ("[LAB…] [--all]", "remove every trace"),
    "ls": ("", "running labs"),
    "show": ("[LAB]", "what the kernel has, in the file's schema; --drift: what differs"),
    "exec": ("NODE CMD…", "run in a node; exit code and signals pass through"),
    "shell": ("NODE", "a shell in a node, whose prompt says where it is"),
    "ping": ("[FROM [TO]]", "test what the lab expects; reachability: one pair, one row, all"),
    "draw": ("[LAB|FILE]", "a picture of the lab"),
    "ip": ("…", "iproute2's grammar: `nslab ip help`"),
    "netns": ("…", "short for `nslab ip netns`"),
    "bridge": ("…", "iproute2's grammar: `nslab bridge help`"),
    "doctor": ("", "what this machine and user can do, and how to get the rest"),
    "completion": ("SHELL", "a script that completes this command in bash, zsh or fish"),
}

STRUCK: list[int] = []
"""The signal by which this process was told to end, once it was; without one it was Ctrl-C."""

PROGRAMS = ("ip", "bridge")
"""Verbs that are programs, too: what runs under such a name is that program."""


def usage() -> str:
    """Give the help: every verb in a line."""
    lines = ["usage: nslab [-h] [--version] VERB …", ""]
    lines += [f"  {f'{verb} {words}':<24} {text}" for verb, (words, text) in VERBS.items()]
    return "\n".join([*lines, "", "`nslab help VERB` says more of a verb."])


def main(arguments: list[str]) -> int:
    """Run one verb; give the exit code: 0 done, 1 it failed, 2 usage or a bad file."""
    try:
        code = _run(arguments)
        if sys.stdout is not None:
            sys.stdout.flush()
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - no traceback reaches a user
        from nslab.cli.failure import report

        return report(error)
    return code


def interrupted() -> int:
    """Give the exit code of what a signal ended, as the shell has it: 130 after Ctrl-C."""
    return 128 + (STRUCK[0] if STRUCK else _signal.SIGINT)


def entry() -> NoReturn:
    """Run as the program `nslab`, and end the process with its exit code."""
    try:
        gc.disable()  # a process of one verb ends before its garbage could matter
        _open_streams()
        if "_ARGCOMPLETE" in os.environ:
            from nslab.cli.completion import answer

            answer()
        name = sys.argv[0].rpartition("/")[2]
        code = main([*([name] if name in PROGRAMS else []), *sys.argv[1:]])
        os._exit(code)  # Python's own end takes time, in which a signal would kill what is done
    except KeyboardInterrupt:  # before anything is begun, or while a first one was being told
        os._exit(interrupted())


def _run(arguments: list[str]) -> int:
    verb, *rest = arguments or ["-h"]
    if verb == "help" and rest:
        verb, *rest = rest[0], "--help"
    if verb in ("-h", "--help", "help"):
        print(usage())
        return 0 if arguments else 2
    if verb in ("--version", "-V"):
        print(f"nslab {version()}")
        return 0
    if verb not in VERBS:
        raise UsageError(f'unknown verb "{verb}"', hint=_nearest(verb))
    return int(_verb(verb).run(rest))


def _verb(name: str) -> ModuleType:
    """Import a verb. Ctrl-C waits for that: some of what imports run tells it and goes on."""
    before = _signal.pthread_sigmask(_signal.SIG_BLOCK, (_signal.SIGINT,))
    try:
        return __import__(f"nslab.cli.{name}", fromlist=("run",))
    finally:
        _signal.pthread_sigmask(_signal.SIG_SETMASK, before)


def version() -> str:
    """Give the version that is installed."""
    from importlib import metadata

    try:
        return metadata.version("nslab")
    except metadata.PackageNotFoundError:
        return "(not installed)"


def _nearest(verb: str) -> str:
    import difflib

    if verb.startswith("-"):
        return "options come after the verb"
    near = difflib.get_close_matches(verb, VERBS, 1)
    return f'did you mean "{near[0]}"?' if near else "`nslab --help` lists the verbs"


def _open_streams() -> None:
    """Let nobody miss a standard stream that is closed; print any character.

    A socket would get its number, and `print` would take stdout for a stderr that is None.
    """
    while (fd := os.open(os.devnull, os.O_RDWR)) < 3:
        os.set_inheritable(fd, True)  # noqa: FBT003 - the only way to say it
    os.close(fd)
    sys.stdout = sys.stdout or os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", closefd=False)
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
