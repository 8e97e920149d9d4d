"""A lab in Mermaid's language, as Markdown pages show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nslab.draw.graph import summary, whole
from nslab.draw.marks import NO_MARKS, SIGNS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nslab.draw.graph import Box, End, Part, Segment
    from nslab.draw.marks import Mark, Marks, Word
    from nslab.lab.model import Desired, Network

STYLES: dict[Word, str] = {
    "deleted": "stroke:#b42318,stroke-width:2px,stroke-dasharray:6 4",
    "added": "stroke:#067647,stroke-width:3px",
    "changed": "stroke:#b54708,stroke-width:3px",
    "down": "stroke:#667085,stroke-width:2px,stroke-dasharray:6 4",
    "impaired": "stroke:#b54708,stroke-width:2px,stroke-dasharray:2 3",
}
"""How the lines of what is marked look; the words stand in the labels."""


def draw_mermaid(desired: Desired, *, marks: Marks = NO_MARKS) -> str:
    """Write a lab as a Mermaid flowchart without arrows.

    Args:
        desired: the lab.
        marks: what to say of its parts.

    Returns:
        Lines, each ended by a newline; in Markdown they go between ```` ```mermaid ```` and
        ```` ``` ````.
    """
    return "\n".join(_Chart(desired, whole(desired, marks)).lines()) + "\n"


class _Chart:
    def __init__(self, desired: Desired, lab: Part) -> None:
        self.title = summary(desired)
        self.lab = lab
        # names may be what Mermaid takes for its own words, as `end`
        self.boxes = {box.key: f"n{i}" for i, box in enumerate(lab.boxes)}
        self.used: dict[Word, list[str]] = {}
        self.edges: dict[Word, list[int]] = {}
        self.count = 0

    def lines(self) -> Iterator[str]:
        yield "---"
        yield f'title: "{self.title}"'
        yield "---"
        yield "flowchart LR"
        yield from (f"  {line}" for box in self.lab.boxes for line in self.box(box))
        yield from (
            f"  {line}"
            for i, each in enumerate(self.lab.segments)
            for line in self.segment(i, each)
        )
        yield from self.styles()

    def box(self, box: Box) -> Iterator[str]:
        opening, closing = ("([", "])") if box.router else ("[", "]")
        words = [box.title, *box.lines, *_mark_words(box.mark)]
        yield f"{self.boxes[box.key]}{opening}{_quoted('<br/>', words)}{closing}"
        self.note(self.boxes[box.key], box.mark)

    def segment(self, index: int, segment: Segment) -> Iterator[str]:
        if segment.name is None:
            one, other = segment.ends
            between = [
                *_end(one, ()),
                "--",
                *map(str, segment.untold()),
                *reversed(_end(other, ())),
            ]
            yield self.edge(self.boxes[one.box.key], self.boxes[other.box.key], between)
            self.note_edge(segment.mark)
            return
        words = [f"bridge {segment.name}", *map(str, segment.subnets), *_mark_words(segment.mark)]
        yield f"s{index}[[{_quoted('<br/>', words)}]]"
        self.note(f"s{index}", segment.mark)
        for end in segment.ends:
            yield self.edge(self.boxes[end.box.key], f"s{index}", _end(end, segment.subnets))
            self.note_edge(end.mark)

    def edge(self, one: str, other: str, words: list[str]) -> str:
        return f"{one} ---|{_quoted('<br/>', words)}| {other}"

    def note(self, key: str, mark: Mark | None) -> None:
        if mark is not None:
            self.used.setdefault(mark.word, []).append(key)

    def note_edge(self, mark: Mark | None) -> None:
        if mark is not None:
            self.edges.setdefault(mark.word, []).append(self.count)
        self.count += 1

    def styles(self) -> Iterator[str]:
        for word, keys in self.used.items():
            yield f"  classDef {word} {STYLES[word]}"
            yield f"  class {','.join(keys)} {word}"
        for word, numbers in self.edges.items():
            yield f"  linkStyle {','.join(map(str, numbers))} {STYLES[word]}"


def _end(end: End, subnets: tuple[Network, ...]) -> list[str]:
    return [end.first.ifname, *end.addresses(subnets), *_mark_words(end.own_mark)]


def _mark_words(mark: Mark | None) -> list[str]:
    return [] if mark is None else [f"{SIGNS[mark.word]} {mark}"]


def _quoted(gap: str, lines: list[str]) -> str:
    return '"' + gap.join(map(_escaped, lines)) + '"'


def _escaped(text: str) -> str:
    """Write what Mermaid, Markdown or HTML would take for their own signs as entities."""
    return "".join(c if c.isalnum() or c in _PLAIN else f"#{ord(c)};" for c in text)


_PLAIN = frozenset(" .,:/-+()")
