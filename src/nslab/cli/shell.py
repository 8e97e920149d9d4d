"""`nslab shell`: a shell in a node."""

from __future__ import annotations

import os
from pathlib import Path

from nslab.cli.candidates import nodes_and_fabrics
from nslab.cli.exec import join, run_inside
from nslab.cli.parser import Parser, add_argument, add_lab, parser_of

_PLACE = Path("/run/nslab/shell")
"""Where start-up files lie: in the lab's own /run, so that they go with it."""

_BASHRC = """\
[ -f ~/.bashrc ] && . ~/.bashrc
PROMPT_COMMAND="$PROMPT_COMMAND"$'\\nPS1=$NSLAB_PS1'
"""

_ZSHENV = f"""\
ZDOTDIR=$NSLAB_ZDOTDIR
[ -f "$ZDOTDIR/.zshenv" ] && . "$ZDOTDIR/.zshenv"
NSLAB_ZDOTDIR=$ZDOTDIR
ZDOTDIR={_PLACE}
"""

_ZSHRC = """\
ZDOTDIR=$NSLAB_ZDOTDIR
[ -f "$ZDOTDIR/.zshrc" ] && . "$ZDOTDIR/.zshrc"
nslab_prompt() { PROMPT=$NSLAB_PS1 RPROMPT= }
precmd_functions+=(nslab_prompt)
"""

_FISH = "function fish_prompt; echo -n $NSLAB_PS1; end; function fish_right_prompt; end"


def parser() -> Parser:
    """Make the verb's parser."""
    made = parser_of(
        "shell", "Start your shell ($SHELL) in a node; its prompt says lab and node, Ctrl-D leaves."
    )
    add_argument(made, "node", "NODE", "the node, or the bridge", candidates=nodes_and_fabrics)
    add_lab(made)
    return made


def run(arguments: list[str]) -> int:
    """Start a shell whose prompt says lab and node; give its exit code."""
    options = parser().parse_args(arguments)
    sandbox = join(options.option, options.node)
    lab = sandbox.lab
    shell = os.environ.get("SHELL") or "/bin/sh"
    prompt = {"PS1": f"{lab}/{options.node}# ", "NSLAB_PS1": f"{lab}/{options.node}# "}
    command = [shell, *_startup(Path(shell).name)]
    if Path(shell).name == "zsh":
        home = os.environ.get("ZDOTDIR") or os.environ.get("HOME", "")
        prompt |= {"ZDOTDIR": str(_PLACE), "NSLAB_ZDOTDIR": home}
    return run_inside(sandbox, options.node, command, leads=True, **prompt)


def _startup(shell: str) -> list[str]:
    """Write the files that give the prompt the last word over the user's own; give the options."""
    _PLACE.mkdir(parents=True, exist_ok=True)
    if shell == "bash":
        (_PLACE / "bashrc").write_text(_BASHRC)
        return ["--rcfile", str(_PLACE / "bashrc")]
    if shell == "zsh":
        (_PLACE / ".zshenv").write_text(_ZSHENV)
        (_PLACE / ".zshrc").write_text(_ZSHRC)
    return ["--init-command", _FISH] if shell == "fish" else []
