"""Make the report out of the figures: every number in it is computed here."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from field import BATCH, FLOOR, LIBRARY, MININET, PYROUTE2, contestants
from parts import PARTS
from report import sections, sections_use
from report.data import LARGE, Data
from report.pictures import largest, pictures
from report.plot import SUFFIXES
from report.targets import ping_rate, ping_sizes, target_table, targets
from report.words import folded, number, ratio, table

if TYPE_CHECKING:
    from report.plot import Plot
    from results import Measured

BEGIN, END = "<!-- written by make bench -->", "<!-- end -->"

PLOTS = "plots"

SECTIONS = [
    ("How fast is a network up?", "up", sections.up),
    ("What does a node cost in a large network?", "growth", sections.growth),
    ("Does the shape matter?", "shapes", sections.shapes),
    ("How fast is it gone?", "down", sections.down),
    ("What does a second `up` cost?", "", sections.change),
    ("What does it cost to run a program in a node?", "", sections.programs),
    ("How fast are all pairs pinged?", "", sections.pings),
    ("How much memory does it take?", "", sections.memory),
    ("What does a command cost?", "", sections_use.commands),
    ("What does an import cost?", "", sections_use.imports),
    ("How fast is traffic between two nodes?", "", sections_use.data_path),
    ("How fast is the way out?", "", sections_use.uplink),
]


def write(measured: dict[str, Measured], folder: Path | None) -> str:
    """Write the report's files; give the targets, for the terminal.

    Args:
        measured: the parts, by their keys.
        folder: what has or gets docs/benchmarks.md, its pictures, and the README; None for none.
    """
    data = Data(measured)
    if folder is not None:
        docs = folder / "docs"
        (docs / PLOTS).mkdir(parents=True, exist_ok=True)
        plots = pictures(data)
        for name, (_, plot) in plots.items():
            for theme, suffix in SUFFIXES.items():
                (docs / PLOTS / f"{name}{suffix}.svg").write_text(plot.svg(theme))
        (docs / "benchmarks.md").write_text(document(data, plots))
        readme = folder / "README.md"
        if readme.exists() and data.up(LIBRARY, largest(data)):
            readme.write_text(with_summary(readme.read_text(), data))
    return "\n\n".join([target_table(data), *data.absent()])


def document(data: Data, plots: dict[str, tuple[str, Plot]]) -> str:
    """Write the whole document."""
    parts = list(data.parts.values())
    newest = max(parts, key=lambda part: part.started)
    values = {
        "glance": glance(data, plots),
        "targets": target_table(data),
        "sections": "\n\n".join(_section(data, plots, *one) for one in SECTIONS).strip(),
        "settled": newest.settled,
        "machine": table(["", ""], [[key, value] for key, value in newest.machine.items()]),
        "parts": _parts(data),
        "versions": _versions(data),
        "absent": "\n".join(f"- {line}." for line in data.absent()),
        "written": _written(),
    }
    text = Path(__file__).with_name("text.md.in").read_text()
    for key, value in values.items():
        text = text.replace(f"@{key}@", value)
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    return text.rstrip() + "\n"


def glance(data: Data, plots: dict[str, tuple[str, Plot]]) -> str:
    """Write what one sees first: a picture, and how nslab does against others."""
    lines = [line for line in (_ups(data), _huge(data), _gone(data), _pings(data)) if line]
    promises = targets(data)
    met = sum(one.verdict == "met" for one in promises)
    known = sum(one.measured is not None for one in promises)
    own = sum(one.verdict != "met" and one.is_the_kernels for one in promises)
    more = f"; of {own} the floor misses more" if own else ""
    lines.append(f"{met} of the {known} targets that were measured are met{more}.")
    told = "\n".join(f"- {line}" for line in lines)
    return "\n\n".join([_picture("up", plots), told]).strip()


def _ups(data: Data) -> str:
    size = largest(data)
    ours = data.up(LIBRARY, size)
    if ours is None:
        return ""
    faster = [
        f"{number(found)} times as fast as {words}"
        for who, words in ((BATCH, "`ip -batch`"), (MININET, "Mininet"), (PYROUTE2, "pyroute2"))
        if (found := ratio(data.up(who, size), ours)) is not None
    ]
    floor = ratio(ours, data.up(FLOOR, size))
    near = [f"{number(floor)} times what raw netlink in C takes"] if floor else []
    return f"**{size:,} nodes are up in {number(ours)} s**: {', '.join([*near, *faster])}."


def _huge(data: Data) -> str:
    sizes = [size for size in data.sizes("star") if size > LARGE and data.up(LIBRARY, size)]
    told = [f"{size:,} nodes in {number(data.up(LIBRARY, size))} s" for size in sizes]
    return f"{', '.join(told)}." if told else ""


def _gone(data: Data) -> str:
    size = largest(data)
    returned, gone = (data.figure(key, LIBRARY, size) for key in ("down", "gone"))
    if returned is None:
        return ""
    mininet = data.figure("gone", MININET, size)
    than = f"; Mininet takes {number(mininet)} s" if mininet else ""
    return f"`down` returns after {number(returned)} s, all is gone after {number(gone)} s{than}."


def _pings(data: Data) -> str:
    size = max((n for n in ping_sizes(data) if ping_rate(data, LIBRARY, n)), default=0)
    rate, lost = ping_rate(data, LIBRARY, size), data.also("ping", "lost", LIBRARY, size)
    return f"{rate:,.0f} pings a second between {size} nodes, {lost:.0f} lost." if rate else ""


def summary(data: Data) -> str:
    """Write the README's table: everybody against nslab's library."""
    size = largest(data)
    rows = [
        [title, number(up), number(ratio(up, data.up(LIBRARY, size)))]
        for who, title in data.titles.items()
        if (up := data.up(who, size)) is not None
    ]
    return table([f"{size:,} nodes on one bridge", "up, s", "nslab's library = 1"], rows)


def with_summary(readme: str, data: Data) -> str:
    """Put the table into the README, between its two marks."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"the README has no {BEGIN} … {END}")
    return f"{before}{begin}\n{summary(data)}\n{end}{after}"


def _section(
    data: Data, plots: dict[str, tuple[str, Plot]], title: str, plot: str, text: object
) -> str:
    told = text(data) if callable(text) else ""
    if not told:
        return ""
    picture = _picture(plot, plots) if plot != "up" else ""
    return "\n\n".join(part for part in (f"## {title}", picture, told) if part)


def _picture(name: str, plots: dict[str, tuple[str, Plot]]) -> str:
    if name not in plots:
        return ""
    told, _ = plots[name]
    file = f"{PLOTS}/{name}"
    return (
        "<picture>\n"
        f'  <source media="(prefers-color-scheme: dark)" srcset="{file}.dark.svg">\n'
        f'  <img alt="{told}" src="{file}.svg">\n'
        "</picture>"
    )


def _parts(data: Data) -> str:
    rows = [
        [
            f"{PARTS[key].title if key in PARTS else key} (`--only {key}`)",
            part.started,
            part.machine.get("nslab's commit", ""),
            number(part.seconds / 60),
        ]
        for key, part in data.parts.items()
    ]
    return table(["part", "when", "nslab's commit", "minutes"], rows)


def _versions(data: Data) -> str:
    known: dict[str, str] = {}
    for part in data.parts.values():
        known |= {key: version for key, version in part.versions.items() if version}
    return "\n".join(
        f"- {data.titles[key]}: {words}" for key, words in known.items() if key in data.titles
    )


def _written() -> str:
    return "\n\n".join(
        folded(one.title.replace("`", ""), one.description()) for one in contestants("")
    )
