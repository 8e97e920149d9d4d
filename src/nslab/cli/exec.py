"""`nslab exec`: run a command in a node."""

from __future__ import annotations

import os

from nslab.errors import NslabError, UsageError
from nslab.kernel import spawn

_USAGE = "usage: nslab exec [-l LAB] NODE CMD…"


def run(arguments: list[str]) -> int:
    """Run a command in a node with this terminal; give its exit code, 128+N for signal N."""
    rest, lab = list(arguments), None
    while rest and rest[0].startswith("-"):
        word = rest.pop(0)
        if word in ("-h", "--help"):
            print(_USAGE)
            return 0
        if word in ("-l", "--lab") and rest:
            lab = rest.pop(0)
        elif word.startswith("--lab="):
            lab = word.partition("=")[2]
        elif word != "--":
            raise UsageError(f'unknown option "{word}"', hint=_USAGE)
    if rest[1:2] == ["--"]:
        del rest[1]
    if len(rest) < 2:
        raise UsageError("a node and a command are needed", hint=_USAGE)
    return enter(lab, rest[0], rest[1:])


def enter(lab: str | None, node: str, command: list[str], **environment: str) -> int:
    """Join a node and run a command there; failures of our own give 255."""
    from nslab.kernel.sandbox import Sandbox, running

    try:
        name = lab or os.environ.get("NSLAB_LAB")
        if not name:
            names = running()
            if len(names) == 1:
                name = names[0]
            else:
                from nslab.cli.choice import lab_name

                name = lab_name(None)
        with Sandbox.connect(name) as sandbox:
            pid = sandbox.pid
        spawn.join(name, pid, node)
    except NslabError as error:
        error.exit_code = spawn.EXIT_FAILED
        raise
    inside = {**os.environ, "NSLAB_LAB": name, "NSLAB_NODE": node, **environment}
    status = spawn.run_child(command, inside)
    if os.WIFSIGNALED(status):
        return 128 + os.WTERMSIG(status)
    return os.waitstatus_to_exitcode(status)
