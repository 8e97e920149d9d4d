"""`nslab shell`: a shell in a node."""

from __future__ import annotations

import os
from pathlib import Path

from nslab.cli.choice import add_lab_option, lab_name, parser_of
from nslab.cli.exec import enter


def run(arguments: list[str]) -> int:
    """Start a shell whose prompt says lab and node."""
    parser = parser_of("shell")
    parser.add_argument("node")
    add_lab_option(parser)
    options = parser.parse_args(arguments)
    name = lab_name(options.lab)
    shell = os.environ.get("SHELL") or "/bin/sh"
    command = [shell]
    prompt = f"{name}/{options.node}$ "
    if Path(shell).name == "bash":
        # Startup files would set a prompt of their own; PROMPT_COMMAND has the last word.
        return enter(name, options.node, command, PROMPT_COMMAND="PS1=$NSLAB_PS1", NSLAB_PS1=prompt)
    return enter(name, options.node, command, PS1=prompt)
