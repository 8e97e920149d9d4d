"""`nslab exec`: run a command in a node."""

from __future__ import annotations

import os
from _signal import SIGKILL, SIGTERM  # type: ignore[import-not-found]  # `signal` itself loads enum

from nslab.errors import NslabError, UsageError
from nslab.kernel import spawn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nslab.cli.parser import Parser
    from nslab.kernel.sandbox import Sandbox

_LABS_END = (SIGTERM, SIGKILL)
"""What ends programs as their lab ends: the first if they heed it."""


def parser() -> Parser:
    """Make the parser for help and completion; `run` does without, since argparse takes 10 ms."""
    from nslab.cli.candidates import nodes_and_fabrics, programs
    from nslab.cli.parser import add_argument, add_lab, parser_of

    made = parser_of(
        "exec",
        "Run a command in a node, with this terminal; its signals and its exit code pass through"
        " (128+N for signal N, 127 where there is no such program, 255 where nslab itself fails).",
    )
    add_argument(made, "node", "NODE", "the node, or the bridge", candidates=nodes_and_fabrics)
    add_argument(
        made, "command", "CMD…", "the command and its words", many="...", candidates=programs
    )
    add_lab(made)
    return made


def run(arguments: list[str]) -> int:
    """Run a command in a node with this terminal; give its exit code, 128+N for signal N."""
    lab, words = _options(arguments)
    if words[1:2] == ["--"]:
        del words[1]
    if len(words) < 2:
        raise UsageError("a node and a command are needed", hint="nslab exec [-l LAB] NODE CMD…")
    with join(lab, words[0]) as sandbox:
        return run_inside(sandbox, words[0], words[1:])


def join(lab: str | None, node: str) -> Sandbox:
    """Move this process into a node; give its connection. Failures of our own give 255."""
    from nslab.kernel.sandbox import Sandbox

    try:
        sandbox = Sandbox.connect(lab or os.environ.get("NSLAB_LAB") or _the_lab())
        spawn.join(sandbox, node)
    except NslabError as error:
        error.exit_code = spawn.EXIT_FAILED
        raise
    return sandbox


def run_inside(
    sandbox: Sandbox, node: str, command: list[str], *, leads: bool = False, **environment: str
) -> int:
    """Run a command where this process is by now; give its exit code, 128+N for signal N."""
    inside = {**os.environ, "NSLAB_LAB": sandbox.lab, "NSLAB_NODE": node, **environment}
    try:
        status = spawn.run_child(sandbox.lab, command, inside, leads=leads)
    except NslabError as error:
        error.exit_code = spawn.EXIT_FAILED
        raise
    if os.WIFSIGNALED(status):
        if os.WTERMSIG(status) in _LABS_END and sandbox.is_over():
            from nslab.cli.failure import report

            report(spawn.ended(sandbox.lab))
        return 128 + os.WTERMSIG(status)
    return os.waitstatus_to_exitcode(status)


def _options(arguments: list[str]) -> tuple[str | None, list[str]]:
    """Split what stands before the node, which may be a lab's name only, from the rest."""
    rest, lab = list(arguments), None
    while rest and rest[0].startswith("-"):
        word = rest.pop(0)
        if word == "--":
            break
        if word in ("-h", "--help"):
            parser().parse_args(["--help"])
        if word in ("-l", "--lab") and rest:
            lab = rest.pop(0)
        elif word.startswith("--lab="):
            lab = word[6:]
        elif word.startswith("-l") and word != "-l":
            lab = word[2:]
        else:
            missing = word in ("-l", "--lab")
            what = f'"{word}" needs a lab' if missing else f'unknown option "{word}"'
            raise UsageError(what, hint="nslab exec [-l LAB] NODE CMD…")
    return lab, rest


def _the_lab() -> str:
    from nslab.kernel.sandbox import running

    names = running()
    if len(names) == 1:
        return names[0]
    from nslab.cli.choice import lab_name

    return lab_name(None)
