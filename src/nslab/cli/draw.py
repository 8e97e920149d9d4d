"""`nslab draw`: a picture."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from nslab.cli.choice import DEFAULT_FILE, load_file, looks_like_file, parser_of
from nslab.kernel.sandbox import running


def run(arguments: list[str]) -> int:
    """Draw a lab file, or a running lab as the kernel has it."""
    parser = parser_of("draw")
    parser.add_argument("what", nargs="?", metavar="LAB|FILE")
    parser.add_argument("--format", choices=("text",), default="text")
    parser.add_argument("-o", "--output", metavar="FILE")
    options = parser.parse_args(arguments)
    from nslab.draw import draw_text
    from nslab.plan.session import connect

    what = options.what or (running()[0] if len(running()) == 1 else DEFAULT_FILE)
    lab = load_file(what).resolve() if looks_like_file(what) else connect(what).observed()
    plain = "utf" not in (sys.stdout.encoding or "").lower()
    width = shutil.get_terminal_size().columns
    picture = draw_text(lab, width=width, ascii_only=plain and not options.output)
    if options.output:
        Path(options.output).write_text(picture, encoding="utf-8")
    else:
        print(picture, end="")
    return 0
