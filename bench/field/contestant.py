"""What a contestant is: how it is started, and why it cannot run here."""

from __future__ import annotations

import ast
import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from field.environments import BUILD, PROGRAMS
from field.sandbox import sandboxed
from process import BENCH
from shapes.text import floor_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapes import Network

FLOOR = "floor"


@dataclass(frozen=True, slots=True)
class Contestant:
    """One way to make a network.

    Attributes:
        key: its name on the command line and in the results.
        title: its name in the tables.
        python: the interpreter that runs its script; None for the floor.
        obstacle: says why it cannot run here, or None; may install what is missing.
        version: says which version would run.
        sandboxed: whether it is put into a sandbox by us (nslab and the floor make their own).
        ms: about how long it takes for a link, in milliseconds; the slow run fewer rounds.
        dual: whether its script knows IPv6.
    """

    key: str
    title: str
    python: str | None
    obstacle: Callable[[], str | None]
    version: Callable[[], str]
    sandboxed: bool = True
    ms: float = 20
    dual: bool = False

    @property
    def module(self) -> str:
        """The name of its script among `contestants`."""
        return self.key.replace("-", "_")

    def command(self, network: Network, *, check: bool, also: str = "") -> list[str]:
        """Give the command that runs it once, in a sandbox if it needs one."""
        nodes = str(len(network.nodes))
        if self.python is None:
            return self._floor(network, check=check)
        flags = [*(["--check"] if check else []), *(["--also", also] if also else [])]
        words = [self.python, "-m", f"contestants.{self.module}", network.shape, nodes, *flags]
        return sandboxed(words) if self.sandboxed else words

    def description(self) -> str:
        """Give what the source says of itself: a module's docstring or a C file's head comment."""
        if self.python is not None:
            text = (BENCH / f"contestants/{self.module}.py").read_text()
            return ast.get_docstring(ast.parse(text)) or ""
        head = (PROGRAMS / f"{self.key}.c").read_text().partition("/*")[2].partition("*/")[0]
        return re.sub(r"^ \* ?", "", head, flags=re.MULTILINE).partition("\n\n")[0].strip()

    def _floor(self, network: Network, *, check: bool) -> list[str]:
        nodes = str(len(network.nodes))
        file = BUILD / f"{network.shape}-{nodes}.txt"
        file.write_text(floor_text(network))
        probe = [sys.executable, str(BENCH / "contestants/probe.py"), network.shape, nodes]
        ends = [network.hosts[0], network.hosts[-1], *probe]
        return [str(BUILD / self.key), str(file), *(ends if check else [])]
