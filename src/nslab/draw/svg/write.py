"""A scene as the text of an SVG file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nslab.draw.svg.style import style_sheet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nslab.draw.svg.scene import Line, Rect, Scene, Text
    from nslab.draw.svg.style import Theme


def write_svg(scene: Scene, title: str, told: list[str], theme: Theme) -> str:
    """Write a scene as an SVG file.

    Args:
        scene: what is seen.
        title: what the picture is called.
        told: what it shows, a sentence each, for readers who do not see it.
        theme: the colours.
    """
    width, height = _number(scene.width), _number(scene.height)
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="title desc">',
        f'<title id="title">{_escaped(title)}</title>',
        f'<desc id="desc">{_escaped(" ".join(told))}</desc>',
        f"<style>\n{style_sheet(theme)}</style>",
        f'<rect class="ground" width="{width}" height="{height}" rx="8"/>',
        *(_rect(each) for each in scene.rects if each.look.startswith("frame")),
        *map(_line, scene.lines),
        *(_rect(each) for each in scene.rects if not each.look.startswith("frame")),
        *map(_text, scene.texts),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _line(line: Line) -> str:
    path = "".join(_steps(line))
    return _element(f'path class="{line.look}" d="{path}"', "path", line.hint)


def _steps(line: Line) -> Iterator[str]:
    """Write points as moves, the shortest way."""
    before = (float("nan"), float("nan"))
    for i, (x, y) in enumerate(line.points):
        if i == 0:
            yield f"M{_number(x)} {_number(y)}"
        elif y == before[1]:
            yield f"H{_number(x)}"
        elif x == before[0]:
            yield f"V{_number(y)}"
        else:
            yield f"L{_number(x)} {_number(y)}"
        before = (x, y)


def _rect(rect: Rect) -> str:
    place = f'x="{_number(rect.x)}" y="{_number(rect.y)}"'
    size = f'width="{_number(rect.width)}" height="{_number(rect.height)}"'
    corner = f' rx="{_number(rect.radius)}"' if rect.radius else ""
    return _element(f'rect class="{rect.look}" {place} {size}{corner}', "rect", rect.hint)


def _element(opening: str, name: str, hint: str) -> str:
    return f"<{opening}><title>{_escaped(hint)}</title></{name}>" if hint else f"<{opening}/>"


def _text(text: Text) -> str:
    look = text.look if text.anchor == "start" else f"{text.look} {text.anchor}"
    place = f'x="{_number(text.x)}" y="{_number(text.y)}"'
    return f'<text class="{look}" {place}>{_escaped(text.words)}</text>'


def _number(value: float) -> str:
    return f"{round(value, 1):g}"


def _escaped(text: str) -> str:
    """Escape XML's own signs; leave out what XML cannot hold."""
    kept = "".join(
        c if c >= " " and not "\ud800" <= c <= "\udfff" and c < "\ufffe" else " " for c in text
    )
    return (
        kept.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    )
