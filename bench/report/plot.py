"""Plots as SVG: bars, and lines on logarithmic axes; each on light and on dark ground."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Literal

from report.words import number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Look = Literal["ours", "floor", "other"]
Theme = Literal["light", "dark"]

SUFFIXES: dict[Theme, str] = {"light": "", "dark": ".dark"}
"""What the files of both grounds end in."""

WIDTH = 760
HEAD, ROW, BAR = 64, 30, 18
LABELS, VALUES = 220, 195
PLOT_LEFT, PLOT_RIGHT, PLOT_TOP, PLOT_BOTTOM, PLOT_HEIGHT = 70, 190, 86, 50, 450
MARGIN = 1.15
"""Times that an axis goes beyond its values."""

GAP = 15
"""Least distance of two labels."""

COLOURS: dict[Theme, dict[str, str]] = {
    "light": {
        "ground": "#ffffff",
        "text": "#1f2328",
        "faint": "#59636e",
        "grid": "#d8dee4",
        "ours": "#0969da",
        "floor": "#1a7f37",
        "other": "#afb8c1",
    },
    "dark": {
        "ground": "#0d1117",
        "text": "#e6edf3",
        "faint": "#9198a1",
        "grid": "#30363d",
        "ours": "#58a6ff",
        "floor": "#3fb950",
        "other": "#6e7681",
    },
}

FONT = "system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif"


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar; `words` stand behind it."""

    label: str
    value: float
    words: str
    look: Look


@dataclass(frozen=True, slots=True)
class Line:
    """One line through its points, named at its end."""

    label: str
    points: tuple[tuple[float, float], ...]
    look: Look


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot without its colours.

    Attributes:
        title: what is asked.
        caption: what is shown, and which way is better.
        height: in pixels.
        shapes: the elements; their classes are the keys of COLOURS.
    """

    title: str
    caption: str
    height: int
    shapes: tuple[str, ...]

    def svg(self, theme: Theme) -> str:
        """Write it on light or dark ground."""
        told = f"<title>{escape(self.title)}</title><desc>{escape(self.caption)}</desc>"
        box = f'viewBox="0 0 {WIDTH} {self.height}" width="{WIDTH}" height="{self.height}"'
        lines = [
            f'<svg xmlns="http://www.w3.org/2000/svg" {box} role="img">{told}',
            f"<style>{_style(theme)}</style>",
            f'<rect class="ground" width="{WIDTH}" height="{self.height}" rx="8"/>',
            _text(16, 28, self.title, "text title"),
            _text(16, 48, self.caption, "faint"),
            *self.shapes,
            "</svg>",
        ]
        return "\n".join(lines) + "\n"


def bars(title: str, caption: str, rows: Sequence[Bar]) -> Plot:
    """Draw bars, each with its value, from zero."""
    room = WIDTH - LABELS - VALUES
    largest = max((bar.value for bar in rows), default=0) or 1
    shapes: list[str] = []
    for place, bar in enumerate(rows):
        y = HEAD + place * ROW
        width = max(2.0, room * bar.value / largest)
        middle = y + BAR / 2 + 5
        shapes += [
            _text(LABELS - 10, middle, bar.label, f"text end {bar.look}-label"),
            f'<rect class="{bar.look}" x="{LABELS}" y="{y}" width="{width:.1f}" height="{BAR}"/>',
            _text(LABELS + width + 8, middle, bar.words, "text"),
        ]
    return Plot(title, caption, HEAD + ROW * len(rows) + 10, tuple(shapes))


def lines(title: str, caption: str, x_words: str, y_words: str, rows: Sequence[Line]) -> Plot:
    """Draw lines on logarithmic axes."""
    points = [point for line in rows for point in line.points]
    across = _Axis([x for x, _ in points], PLOT_LEFT, WIDTH - PLOT_RIGHT)
    along = _Axis([y for _, y in points], PLOT_HEIGHT - PLOT_BOTTOM, PLOT_TOP)
    shapes = [*_grid(across, along), *_axis_words(x_words, y_words)]
    for line in sorted(rows, key=lambda one: one.look != "other"):
        path = "L".join(f"{across.at(x):.1f} {along.at(y):.1f}" for x, y in line.points)
        shapes.append(f'<path class="{line.look}-line" d="M{path}"/>')
        shapes += [
            f'<circle class="{line.look}" cx="{across.at(x):.1f}" cy="{along.at(y):.1f}" r="3.5"/>'
            for x, y in line.points
        ]
    shapes += _labels(rows, across, along)
    return Plot(title, caption, PLOT_HEIGHT, tuple(shapes))


class _Axis:
    """A logarithmic axis between two places on the picture."""

    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        self.low, self.high = min(values) / MARGIN, max(values) * MARGIN
        self.start, self.end = start, end

    def at(self, value: float) -> float:
        """Give the place of a value."""
        span = math.log(self.high / self.low) or 1
        return self.start + (self.end - self.start) * math.log(value / self.low) / span

    def ticks(self) -> Iterator[float]:
        """Give round values, as 1, 3, 10, 30."""
        for power in range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1):
            for factor in (1, 3):
                value = float(factor * 10**power) if power >= 0 else factor / 10**-power
                if self.low * 0.999 <= value <= self.high * 1.001:
                    yield value


def _grid(across: _Axis, along: _Axis) -> Iterator[str]:
    bottom, right = PLOT_HEIGHT - PLOT_BOTTOM, WIDTH - PLOT_RIGHT
    for value in along.ticks():
        y = along.at(value)
        yield f'<path class="grid-line" d="M{PLOT_LEFT} {y:.1f}H{right}"/>'
        yield _text(PLOT_LEFT - 8, y + 4, f"{value:,g}", "faint end")
    for value in across.ticks():
        x = across.at(value)
        yield f'<path class="grid-line" d="M{x:.1f} {PLOT_TOP}V{bottom}"/>'
        yield _text(x, bottom + 18, f"{value:,g}", "faint middle")


def _axis_words(x_words: str, y_words: str) -> Iterator[str]:
    middle = (PLOT_LEFT + WIDTH - PLOT_RIGHT) / 2
    yield _text(middle, PLOT_HEIGHT - 12, x_words, "faint middle")
    yield _text(16, PLOT_TOP - 10, y_words, "faint")


def _labels(rows: Sequence[Line], across: _Axis, along: _Axis) -> Iterator[str]:
    """Name each line at its end, without names on top of each other or of the axis."""
    ordered = sorted(rows, key=lambda one: along.at(one.points[-1][1]))
    for line, place in zip(
        ordered, _apart([along.at(one.points[-1][1]) for one in ordered]), strict=True
    ):
        x = across.at(line.points[-1][0]) + 9
        yield _text(x, place + 4, line.label, f"text {line.look}-label")


def _apart(places: list[float]) -> list[float]:
    """Move ascending places so that each is a gap from the next, and none is below the axis."""
    last, lowered = float(PLOT_TOP - GAP), []
    for place in places:
        last = max(last + GAP, place)
        lowered.append(last)
    limit, raised = float(PLOT_HEIGHT - PLOT_BOTTOM - 4), []
    for place in reversed(lowered):
        raised.append(min(place, limit))
        limit = raised[-1] - GAP
    return raised[::-1]


def _text(x: float, y: float, words: str, look: str) -> str:
    return f'<text class="{look}" x="{x:.1f}" y="{y:.1f}">{escape(words)}</text>'


def _style(theme: Theme) -> str:
    rules = [f"text{{font:13px {FONT}}}"]
    for name, colour in COLOURS[theme].items():
        rules.append(f".{name}{{fill:{colour}}}")
        width = 1 if name == "grid" else 2
        rules.append(f".{name}-line{{fill:none;stroke:{colour};stroke-width:{width}}}")
    rules += [
        f".ours-label{{font-weight:700;fill:{COLOURS[theme]['ours']}}}",
        f".floor-label{{fill:{COLOURS[theme]['floor']}}}",
        ".title{font-size:16px;font-weight:700}",
        ".end{text-anchor:end}.middle{text-anchor:middle}",
    ]
    return "".join(rules)


def plain(title: str) -> str:
    """Give a title without Markdown's marks."""
    return title.replace("`", "")


def times(value: float) -> str:
    """Write how many times something is."""
    return f"{number(value)} times"
