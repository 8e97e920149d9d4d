"""`nslab draw`: a picture."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from nslab.cli.candidates import labs_or_files
from nslab.cli.choice import DEFAULT_FILE, lab_name, load_file, looks_like_file
from nslab.cli.parser import Parser, add_argument, add_lab, parser_of
from nslab.errors import LabNotRunningError, NslabError, UsageError
from nslab.kernel.sandbox import running

if TYPE_CHECKING:
    import argparse

    from nslab.draw import Format
    from nslab.draw.marks import Marks
    from nslab.lab import Desired

FORMATS = ("text", "svg", "dot", "mermaid")
THEMES = ("auto", "light", "dark")


def parser() -> Parser:
    """Make the verb's parser."""
    made = parser_of("draw", "Draw a lab file, or a running lab as the kernel has it.")
    add_argument(
        made,
        "lab",
        "LAB|FILE",
        "what to draw (default: as for -l; ./lab.yaml where no lab is running)",
        many="?",
        candidates=labs_or_files,
    )
    made.add_argument(
        "--format", metavar="FORMAT", choices=FORMATS, help="text (the default), svg, dot, mermaid"
    )
    made.add_argument(
        "--theme",
        metavar="THEME",
        choices=THEMES,
        default="auto",
        help="the colours of an svg: light, dark, or the reader's own choice (auto, the default)",
    )
    made.add_argument(
        "--diff", action="store_true", help="of a file: what `up` would add, change and delete"
    )
    made.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        help="write the picture to this file; .svg, .dot, .mmd, .txt tell its format",
    )
    add_lab(made, "the running lab to draw")
    return made


def run(arguments: list[str]) -> int:
    """Draw a lab file, or a running lab as the kernel has it."""
    options = parser().parse_args(arguments)
    kind = options.format or _format_of(options.output or "")
    lab, marks = _changes(options.lab) if options.diff else _subject(options)
    picture = _picture(lab, marks, kind, options)
    if options.output:
        _write(options.output, picture)
    else:
        print(picture, end="")
    return 0


def _subject(options: argparse.Namespace) -> tuple[Desired, Marks]:
    what = options.lab
    if what is None and options.option is None and not running():
        what = DEFAULT_FILE
        if not Path(what).exists():
            raise LabNotRunningError(
                f"no lab is running, and there is no {what} here",
                hint="`nslab draw FILE` draws a file",
            )
    if what is not None and looks_like_file(what):
        return load_file(what).resolve(), {}
    from nslab.cli.live import down_marks, look
    from nslab.plan.running import connect

    lab, state = look(connect(lab_name(what or options.option)))
    return lab, down_marks(lab, state)


def _changes(path: str | None) -> tuple[Desired, Marks]:
    """Lay a file over the running lab of its name, which may be none."""
    if path is not None and not looks_like_file(path):
        raise UsageError(f'--diff draws what a file would change, and "{path}" is no file')
    from nslab.draw.change import change
    from nslab.lab import Desired
    from nslab.plan.running import connect

    wanted = load_file(path).resolve()
    there = wanted.name in running()
    found = change(connect(wanted.name).observed() if there else Desired(wanted.name), wanted)
    return found.lab, found.marks


def _format_of(path: str) -> Format:
    """Tell the format by the end of a file's name; without one it is a text."""
    from nslab.draw import format_of
    from nslab.draw.formats import SUFFIXES

    suffix = Path(path).suffix
    found = format_of(path) if suffix else "text"
    if found is None:
        raise UsageError(
            f'no format is known by "{suffix}"', hint=f"{', '.join(SUFFIXES)} are; or say --format"
        )
    return found


def _picture(lab: Desired, marks: Marks, kind: Format, options: argparse.Namespace) -> str:
    from nslab.draw import draw_as

    output = options.output
    encoding = "utf-8" if output else getattr(sys.stdout, "encoding", None) or ""
    return draw_as(
        lab,
        kind,
        marks=marks,
        width=shutil.get_terminal_size().columns,
        ascii_only="utf" not in encoding.lower(),
        theme=options.theme,
    )


def _write(path: str, picture: str) -> None:
    try:
        Path(path).write_text(picture, encoding="utf-8")
    except OSError as error:
        raise NslabError(f'cannot write "{path}": {error.strerror}') from None
