"""`nslab show`: what the kernel has."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from nslab.cli.candidates import labs
from nslab.cli.choice import lab_name
from nslab.cli.parser import Parser, add_argument, add_json, add_lab, parser_of
from nslab.cli.text import columns
from nslab.errors import UsageError, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nslab.lab import Desired
    from nslab.plan.running import Running
    from nslab.plan.state import State


def parser() -> Parser:
    """Make the verb's parser."""
    made = parser_of(
        "show", "Print a running lab as the kernel has it: what `up` reads; or what differs."
    )
    add_argument(
        made, "lab", "LAB", "the running lab (default: as for -l)", many="?", candidates=labs
    )
    made.add_argument(
        "--drift",
        action="store_true",
        help="only what differs from what was last brought up; exit 1 if anything",
    )
    made.add_argument(
        "-o",
        "--output",
        metavar="FORMAT",
        choices=("yaml", "json", "table"),
        help="yaml (the default), json or table",
    )
    add_json(made, "the same as -o json")
    add_lab(made, "the same as LAB")
    return made


def run(arguments: list[str]) -> int:
    """Print a running lab as the kernel has it; with --drift, exit 1 where it differs."""
    options = parser().parse_args(arguments)
    if options.json and options.output not in (None, "json"):
        raise UsageError(f'"--json" and "-o {options.output}" are two formats: choose one')
    style = "json" if options.json else options.output or "yaml"
    from nslab.cli.live import look
    from nslab.plan.running import connect

    lab = connect(lab_name(options.lab or options.option))
    if options.drift:
        return _drift(lab, style)
    if style == "table":
        print("\n".join(columns(_rows(*look(lab)))))
        return 0
    from nslab.lab import dumps

    found, state = look(lab, lasting=True)
    print(dumps(found, format="json" if style == "json" else "yaml"), end="")
    for line in _dynamic(found, state) if style == "yaml" else ():
        print(line)
    return 0


def _dynamic(lab: Desired, state: State) -> Iterator[str]:
    """Tell in comments of the addresses that a file cannot have."""
    for node, ends in lab.endpoints().items():
        for end in ends:
            found = " ".join(map(str, state[node].links[end.ifname].dynamic))
            if found:
                yield f"# for a time only: {end} {found}"


def _drift(lab: Running, style: str) -> int:
    found = lab.drift()
    if style == "json":
        rows = [{"message": one.message, "command": one.command} for one in found]
        print(json.dumps(rows, indent=2))
    elif style == "table" and found:
        rows_ = [("DIFFERENCE", "WHAT WOULD MEND IT")]
        print("\n".join(columns([*rows_, *((one.message, one.command or "-") for one in found)])))
    else:
        print(
            "\n".join(printable(str(one)) for one in found) or f"{lab.name} is as it was brought up"
        )
    return 1 if found else 0


def _rows(lab: Desired, state: State) -> Iterator[tuple[str, ...]]:
    from nslab.cli.live import link_word
    from nslab.lab.surroundings import MACHINE, with_surroundings

    published = {node.name: " ".join(map(str, node.publish)) for node in lab.nodes}
    told = any(published.values())
    whole = with_surroundings(lab)
    joins = _joins(whole)
    yield "NODE", "LINK", "STATE", "JOINS", "MAC", "ADDRESSES", *["PUBLISHES"] * told
    for node, ends in whole.endpoints().items():
        last = [published.get(node) or "-"] * told
        for end in ends:
            addresses = " ".join(map(str, end.addresses)) or "-"
            word = link_word(state[node].links[end.ifname]) if node != MACHINE else "-"
            joined = joins[node, end.ifname]
            yield node, end.ifname, word, joined, end.mac or "-", addresses, *last
        if not ends:
            yield node, *["-"] * 5, *last


def _joins(lab: Desired) -> dict[tuple[str, str], str]:
    """Say what each endpoint is joined to: a bridge, or the other end of its cable."""
    found = {(end.node, end.ifname): b.name for b in lab.bridges for end in b.ports}
    for cable in lab.cables:
        for end, far in (cable.ends, cable.ends[::-1]):
            found[end.node, end.ifname] = str(far)
    return found
