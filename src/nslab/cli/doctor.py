"""`nslab doctor`: what this machine and user can do, and how to get the rest."""

from __future__ import annotations

import json
import os
import shutil
import sys
import textwrap
from typing import TYPE_CHECKING

from nslab.cli.checks import lab, machine
from nslab.cli.parser import Parser, add_json, parser_of
from nslab.cli.text import BOLD, GREEN, YELLOW, paint
from nslab.errors import NslabError
from nslab.kernel.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nslab.cli.checks import Check

    Groups = dict[str, list[Check]]


def parser() -> Parser:
    """Make the verb's parser."""
    made = parser_of(
        "doctor",
        "Say what this machine lets this user do, and how to get the rest;"
        " exit 1 if no lab is possible.",
    )
    add_json(made, "print it as a JSON object")
    return made


def run(arguments: list[str]) -> int:
    """Try what a lab needs; exit 1 if this user cannot have one at all."""
    options = parser().parse_args(arguments)
    groups = _examine()
    possible = all(check.ok for check in groups["labs"] if check.name in ("kernel", "sandbox"))
    if options.json:
        print(json.dumps({"possible": possible, **_as_json(groups)}, indent=2))
    else:
        print("\n".join(_lines(groups, possible=possible)))
    return 0 if possible else 1


def _examine() -> Groups:
    groups: Groups = {"labs": list(lab.versions())}
    try:
        sandbox = Sandbox.start(f"doctor.{os.getpid()}")
    except NslabError as error:
        groups["labs"].append(lab.refused(error))
    else:
        try:
            _try_in(sandbox, groups)
        finally:
            sandbox.end()
    groups["programs"] = [*machine.programs(), machine.tun()]
    groups["limits"] = list(machine.limits())
    left = list(machine.left_behind())
    return {**groups, "left by ended labs": left} if left else groups


def _try_in(sandbox: Sandbox, groups: Groups) -> None:
    from nslab.cli.checks import kinds

    sandbox.create([kinds.PROBE])
    groups["labs"] += [*lab.sandbox(sandbox), machine.ipv6(sandbox)]
    groups["links"] = list(kinds.links(sandbox))
    groups["queues and rules"] = [*kinds.queues(sandbox), kinds.rules(sandbox)]


def _as_json(groups: Groups) -> dict[str, list[dict[str, str | bool]]]:
    return {
        name: [
            {"name": one.name, "ok": one.ok, "detail": one.detail, "remedy": one.remedy}
            for one in checks
        ]
        for name, checks in groups.items()
    }


def _lines(groups: Groups, *, possible: bool) -> Iterator[str]:
    width = max(len(check.name) for checks in groups.values() for check in checks)
    for name, checks in groups.items():
        yield paint(name, BOLD)
        plain = [check.name for check in checks if check.ok and not check.detail]
        if plain:
            yield from _hang(_mark(ok=True), ", ".join(plain), 6)
        for check in checks:
            if check.name not in plain:
                yield from _check(check, width)
        yield ""
    yield (
        "Labs are possible here: whatever is marked `no` is needed by few of them."
        if possible
        else "No lab is possible here until the sandbox is."
    )


def _check(check: Check, width: int) -> Iterator[str]:
    text = ": ".join(part for part in (check.detail, check.remedy) if part)
    yield from _hang(f"{_mark(ok=check.ok)}{check.name.ljust(width)}  ", text, width + 8)


def _mark(*, ok: bool) -> str:
    return f"  {paint('yes', GREEN)} " if ok else f"  {paint('no', YELLOW)}  "


def _hang(head: str, text: str, indent: int) -> list[str]:
    """Write a text beside its head, on further lines below itself if the terminal is narrow."""
    room = shutil.get_terminal_size().columns - indent if sys.stdout.isatty() else 1000
    first, *rest = textwrap.wrap(text, max(24, room), break_on_hyphens=False) or [""]
    return [f"{head}{first}".rstrip(), *(" " * indent + line for line in rest)]
