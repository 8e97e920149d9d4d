"""`nslab completion`: the shell's TAB key."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os

from nslab.cli import VERBS
from nslab.cli.parser import Parser, parser_of
from nslab.errors import NslabError

_SHELLS = ("bash", "zsh", "fish")
_LINES = {
    "bash": 'eval "$(nslab completion bash)"   # in ~/.bashrc',
    "zsh": 'eval "$(nslab completion zsh)"    # in ~/.zshrc, after compinit',
    "fish": "nslab completion fish | source    # in ~/.config/fish/config.fish",
}


def parser() -> Parser:
    """Make the verb's parser."""
    made = parser_of(
        "completion", "Print a script that completes verbs, options, labs, nodes and lab files."
    )
    made.formatter_class = argparse.RawDescriptionHelpFormatter
    made.epilog = "\n".join(["to use it:", *(f"  {line}" for line in _LINES.values())])
    made.add_argument("shell", metavar="SHELL", choices=_SHELLS, help="bash, zsh or fish")
    return made


def run(arguments: list[str]) -> int:
    """Print the script for a shell."""
    options = parser().parse_args(arguments)
    from argcomplete.shell_integration import shellcode

    print(shellcode(["nslab"], shell=options.shell))
    return 0


def answer() -> None:
    """Tell the shell what may follow the line that it passes, and end."""
    import argcomplete

    with contextlib.suppress(NslabError):
        argcomplete.autocomplete(
            _whole(os.environ.get("COMP_LINE", "")), always_complete_options=False
        )
    os._exit(1)


def _whole(line: str) -> argparse.ArgumentParser:
    """Make the parser of the whole command; of a verb's words only if the line names that verb."""
    whole = argparse.ArgumentParser(prog="nslab", allow_abbrev=False)
    whole.add_argument("--version", action="store_true", help="print the version")
    verbs = whole.add_subparsers()
    verbs.add_parser("help", help="the help of a verb").add_argument("verb", choices=list(VERBS))
    for verb, (_, text) in VERBS.items():
        own = (
            getattr(importlib.import_module(f"nslab.cli.{verb}"), "parser", None)
            if verb in line
            else None
        )
        verbs.add_parser(verb, help=text, add_help=False, parents=[own()] if own else [])
    return whole
