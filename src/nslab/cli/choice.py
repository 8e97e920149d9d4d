"""What several verbs share: their parsers, and which lab is meant."""

from __future__ import annotations

import argparse
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from nslab.cli import VERBS
from nslab.errors import LabNotRunningError, UsageError
from nslab.kernel.sandbox import raise_descriptor_limit, running

if TYPE_CHECKING:
    from nslab.lab import Lab

DEFAULT_FILE = "lab.yaml"
SUFFIXES = (".yaml", ".yml", ".toml", ".json")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(message, hint=f"`{self.prog} --help`")


def parser_of(verb: str) -> argparse.ArgumentParser:
    """Make the parser of a verb; its errors are UsageErrors."""
    return _Parser(prog=f"nslab {verb}", description=VERBS[verb][1], allow_abbrev=False)


def add_lab_option(parser: argparse.ArgumentParser) -> None:
    """Add `-l LAB`."""
    parser.add_argument("-l", "--lab", help="which running lab (default: the only one)")


def prepare_to_build() -> None:
    """Let SIGTERM undo as Ctrl-C does, and allow as many descriptors as may be."""

    def interrupt(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    raise_descriptor_limit()


def load_file(path: str | None) -> Lab:
    """Load a lab file, by default ./lab.yaml."""
    from nslab.lab import load

    return load(path or DEFAULT_FILE)


def lab_name(given: str | None) -> str:
    """Find the lab that is meant: as given, by $NSLAB_LAB, the only one, or ./lab.yaml's.

    Raises:
        LabNotRunningError: none is running.
        UsageError: several are, and nothing says which.
    """
    name = given or os.environ.get("NSLAB_LAB")
    if name:
        return name
    names = running()
    if len(names) == 1:
        return names[0]
    if not names:
        raise LabNotRunningError("no lab is running", hint="`nslab up FILE` brings one up")
    if Path(DEFAULT_FILE).exists():
        own = load_file(None).name
        if own in names:
            return own
    raise UsageError(f"several labs are running: {', '.join(names)}", hint="say which with -l LAB")


def looks_like_file(word: str) -> bool:
    """Tell a file's name from a lab's."""
    return word.endswith(SUFFIXES) or os.sep in word
