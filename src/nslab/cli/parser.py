"""The verbs' parsers: one look for their help, one name for each option that several have."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING, NoReturn

from nslab.cli import VERBS
from nslab.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from _typeshed import SupportsWrite

    from nslab.cli.candidates import Candidates


class Parser(argparse.ArgumentParser):
    """A parser whose errors are UsageErrors."""

    def error(self, message: str) -> NoReturn:
        """Refuse the call."""
        raise UsageError(message, hint=f"`{self.prog} --help` says how")

    def print_help(self, file: SupportsWrite[str] | None = None) -> None:
        """Print the help; unlike argparse's own, say so where it cannot be written."""
        print(self.format_help(), end="", file=file)
        if sys.stdout is not None:
            sys.stdout.flush()


def parser_of(verb: str, sentence: str) -> Parser:
    """Make the parser of a verb.

    Args:
        verb: its name in the table, which also has the words that follow it.
        sentence: what the verb does, for its help.
    """
    words = VERBS[verb][0]
    return Parser(
        prog=f"nslab {verb}",
        usage=f"nslab {verb} [OPTION…] {words}".rstrip(),
        description=sentence,
        allow_abbrev=False,
        formatter_class=_Help,
    )


def add_argument(
    parser: argparse.ArgumentParser,
    name: str,
    shown: str,
    text: str,
    *,
    many: str | None = None,
    candidates: Candidates | None = None,
) -> None:
    """Add a positional argument.

    Args:
        parser: whose it is.
        name: its attribute in what is parsed.
        shown: its name in the help.
        text: what it means.
        many: argparse's `nargs`; None for exactly one.
        candidates: what the shell's completion offers.
    """
    action = parser.add_argument(name, metavar=shown, nargs=many, help=text)
    if candidates is not None:
        _offer(action, candidates)


def add_lab(parser: argparse.ArgumentParser, text: str = "the running lab") -> None:
    """Add `-l LAB`."""
    from nslab.cli.candidates import labs

    text = f"{text} (default: $NSLAB_LAB, else the only one, else that of ./lab.yaml)"
    action = parser.add_argument("-l", "--lab", metavar="LAB", dest="option", help=text)
    _offer(action, labs)


def add_json(parser: argparse._ActionsContainer, text: str) -> None:
    """Add `-j`."""
    parser.add_argument("-j", "--json", action="store_true", help=text)


def add_uplink(parser: argparse.ArgumentParser) -> None:
    """Add `--uplink KIND`."""
    parser.add_argument(
        "--uplink",
        metavar="KIND",
        choices=("auto", "kernel", "pasta", "none"),
        default="auto",
        help="how an uplink leads out: kernel (root), pasta, none, auto (default)",
    )


def add_loudness(parser: argparse.ArgumentParser, text: str) -> None:
    """Add `-v` and `-q`, of which one may be given."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument("-v", "--verbose", action="store_true", help=text)
    group.add_argument("-q", "--quiet", action="store_true", help="say nothing but errors")


def add_host(parser: argparse.ArgumentParser) -> None:
    """Add `--host`, `--host-names` and `--no-host`, of which one may be given: None for none."""
    group = parser.add_mutually_exclusive_group()
    usual = "name the nodes LAB-NODE in the machine's /run/netns, for `ip netns exec` (root)"
    group.add_argument("--host", action="store_true", default=None, help=usual)
    others = "the same under other names, as '{lab}.{node}'"
    group.add_argument("--host-names", metavar="NAMES", dest="host", help=others)
    group.add_argument("--no-host", action="store_false", dest="host", help="take the names back")


def seconds(text: str) -> float:
    """Read a duration for argparse: seconds above 0, at most a day."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 86400:
        raise argparse.ArgumentTypeError(
            f'"{text}" is not a number of seconds above 0, at most 86400'
        )
    return value


def address(text: str) -> str:
    """Read an address for argparse."""
    from ipaddress import ip_address

    try:
        return str(ip_address(text))
    except ValueError:
        raise argparse.ArgumentTypeError(f'"{text}" is not an address') from None


def count(least: int, most: int) -> Callable[[str], int]:
    """Make the reader of a whole number in that range, for argparse."""

    def read(text: str) -> int:
        if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(f'"{text}" is not a number from {least} to {most}')
        return int(text)

    return read


def _offer(action: argparse.Action, candidates: Candidates) -> None:
    """Tell argcomplete what to offer; it looks for it in the action, and passes these by name."""

    def offered(
        prefix: str,
        action: argparse.Action,  # noqa: ARG001
        parser: argparse.ArgumentParser,  # noqa: ARG001
        parsed_args: argparse.Namespace,
    ) -> Iterable[str]:
        return candidates(prefix, parsed_args)

    action.completer = offered  # type: ignore[attr-defined]


class _Help(argparse.HelpFormatter):
    """Leaves room for the longest option, so that each has its text beside it."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=30, width=_width())

    def _format_action_invocation(self, action: argparse.Action) -> str:
        """Name an option's value once, as Python 3.13 does: `-l, --lab LAB`."""
        if not action.option_strings or action.nargs == 0:
            return super()._format_action_invocation(action)
        return f"{', '.join(action.option_strings)} {action.metavar}"


def _width() -> int:
    """Give the columns of a help, as argparse does; but it would load `shutil` for each parser."""
    try:
        said = int(os.environ.get("COLUMNS", "0"))
        return (said if said > 0 else os.get_terminal_size(1).columns or 80) - 2
    except (OSError, ValueError):
        return 78
