"""A lab in Graphviz's language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nslab.draw.graph import summary, whole
from nslab.draw.marks import NO_MARKS, SIGNS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nslab.draw.graph import Box, End, Segment
    from nslab.draw.marks import Mark, Marks, Word
    from nslab.lab.model import Desired, Network

LINES: dict[Word, str] = {
    "deleted": 'style="dashed" color="#b42318" fontcolor="#b42318"',
    "added": 'style="bold" color="#067647" fontcolor="#067647"',
    "changed": 'style="bold" color="#93370d" fontcolor="#93370d"',
    "down": 'style="dashed" color="#667085" fontcolor="#667085"',
    "impaired": 'style="dotted" penwidth="2" color="#93370d" fontcolor="#93370d"',
}
"""How the lines of what is marked look; the words stand in the labels."""


def draw_dot(desired: Desired, *, marks: Marks = NO_MARKS) -> str:
    """Write a lab as an undirected graph for `dot`, `neato` and their like.

    A node is a box, a router a rounded one, a bridge a long bar; each cable and each port is
    an edge with ifname and addresses at its ends.

    Args:
        desired: the lab.
        marks: what to say of its parts.

    Returns:
        Lines, each ended by a newline.
    """
    lab = whole(desired, marks)
    lines = [
        f"graph {_quoted(desired.name)} {{",
        f"  graph [label={_quoted(summary(desired))} labelloc=t rankdir=LR",
        '         fontname="sans-serif" ranksep=0.6 nodesep=0.5]',
        '  node [shape=box fontname="sans-serif"]',
        '  edge [fontname="monospace" fontsize=10 labeldistance=5.5 labelangle=-22]',
        *(f"  {line}" for box in lab.boxes for line in _box(box)),
        *(f"  {line}" for segment in lab.segments for line in _segment(segment)),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _box(box: Box) -> Iterator[str]:
    look = [] if box.mark is None else [LINES[box.mark.word]]
    if box.router:
        look = _merged("rounded", look)
    words = [box.title, *box.lines, *_mark_words(box.mark)]
    yield f"{_quoted(box.key)} [{' '.join([f'label={_quoted(*words)}', *look])}]"


def _merged(style: str, look: list[str]) -> list[str]:
    """Add a style to those of a mark: Graphviz takes one list of them."""
    if look and look[0].startswith('style="'):
        return [f'style="{style},{look[0][7:]}']
    return [f'style="{style}"', *look]


def _segment(segment: Segment) -> Iterator[str]:
    if segment.name is None:
        yield _cable(segment)
        return
    look = ["shape=box", "height=0.2", 'style="filled"', 'fillcolor="#d0d5dd"']
    if segment.mark is not None:
        look = ["shape=box", "height=0.2", LINES[segment.mark.word]]
    words = [f"bridge {segment.name}", *map(str, segment.subnets), *_mark_words(segment.mark)]
    yield f"{_quoted(segment.name)} [{' '.join([f'label={_quoted(*words)}', *look])}]"
    for end in segment.ends:
        label = f"label={_end(end, segment.subnets)}"
        look = ["penwidth=2"] if end.mark is None else [LINES[end.mark.word]]
        yield f"{_edge(end.box.key, segment.name)} [{' '.join([label, *look])}]"


def _cable(segment: Segment) -> str:
    one, other = segment.ends
    labels = [f"taillabel={_end(one, ())}", f"headlabel={_end(other, ())}"]
    # Graphviz keeps room for the middle label alone: blanks there keep it for those at the ends
    labels.append(f"label={_quoted(*(map(str, segment.untold())), 24 * ' ')}")
    look = [] if segment.mark is None else [LINES[segment.mark.word]]
    return f"{_edge(one.box.key, other.box.key)} [{' '.join([*labels, *look])}]"


def _edge(tail: str, head: str) -> str:
    return f"{_quoted(tail)} -- {_quoted(head)}"


def _end(end: End, subnets: tuple[Network, ...]) -> str:
    return _quoted(end.first.ifname, *end.addresses(subnets), *_mark_words(end.own_mark))


def _mark_words(mark: Mark | None) -> list[str]:
    return [] if mark is None else [f"{SIGNS[mark.word]} {mark}"]


def _quoted(*lines: str) -> str:
    r"""Quote lines of text; a backslash would begin an escape such as `\N`."""
    escaped = (line.replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return '"' + "\\n".join(escaped) + '"'
