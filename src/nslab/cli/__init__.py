"""The command: one verb a file, and this table of them, which is also the help."""

from __future__ import annotations

import os
import sys

from nslab.errors import LabInterruptedError, NslabError, UsageError

VERBS = {
    "up": ("[FILE]", "make it so (default ./lab.yaml); again: bring it to the file"),
    "plan": ("[FILE]", "the steps that `up` would take; --script: as a shell script"),
    "down": ("[LAB…] [--all]", "remove every trace"),
    "ls": ("", "running labs"),
    "show": ("[LAB]", "what the kernel has, in the file's schema; --drift: what differs"),
    "exec": ("NODE CMD…", "run in a node; exit code and signals pass through"),
    "shell": ("NODE", "a shell in a node, whose prompt says where it is"),
    "ping": ("[FROM [TO]]", "reachability: one pair, one row, or every pair"),
    "draw": ("[LAB|FILE]", "a picture of the lab"),
    "doctor": ("", "what this machine and user can do, and how to get the rest"),
}


def usage() -> str:
    """Give the help: every verb in a line."""
    lines = ["usage: nslab [-h] [--version] VERB …", ""]
    lines += [f"  {f'{verb} {words}':<24} {text}" for verb, (words, text) in VERBS.items()]
    return "\n".join([*lines, "", "`nslab VERB --help` says more of a verb."])


def main(arguments: list[str]) -> int:
    """Run one verb; give the exit code: 0 done, 1 it failed, 2 usage or a bad file."""
    try:
        return _run(arguments)
    except NslabError as error:
        _complain(error)
        return error.exit_code
    except KeyboardInterrupt:
        return LabInterruptedError.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1


def entry() -> None:
    """Run as the program `nslab`."""
    sys.exit(main(sys.argv[1:]))


def _run(arguments: list[str]) -> int:
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(usage())
        return 0 if arguments else 2
    if arguments[0] in ("--version", "-V"):
        from importlib.metadata import version

        print(f"nslab {version('nslab')}")
        return 0
    verb = arguments[0]
    if verb not in VERBS:
        raise UsageError(f'unknown verb "{verb}"', hint=_nearest(verb))
    import importlib

    run = importlib.import_module(f"nslab.cli.{verb}").run
    code = run(arguments[1:])
    sys.stdout.flush()
    return int(code)


def _nearest(verb: str) -> str:
    import difflib

    near = difflib.get_close_matches(verb, VERBS, 1)
    return f'did you mean "{near[0]}"?' if near else "`nslab --help` lists the verbs"


def _complain(error: NslabError) -> None:
    hint = f" (hint: {error.hint})" if error.hint else ""
    print(f"nslab: {error}{hint}".replace("\n", "\nnslab: "), file=sys.stderr)
