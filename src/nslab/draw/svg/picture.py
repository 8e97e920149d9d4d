"""A lab as one scene, and the words that tell it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nslab.draw.graph import UNBROKEN, parts, summary
from nslab.draw.marks import NO_MARKS
from nslab.draw.svg.circle import draw_circle, is_mesh
from nslab.draw.svg.columns import arrangements
from nslab.draw.svg.crowd import title_of
from nslab.draw.svg.net import Net
from nslab.draw.svg.scene import Scene, Text
from nslab.draw.svg.table import draw_table
from nslab.draw.svg.write import write_svg

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nslab.draw.graph import End, Part, Segment
    from nslab.draw.marks import Marks
    from nslab.draw.svg.style import Theme
    from nslab.lab.model import Desired

SHORTEN_ABOVE = 120
"""A lab of more nodes than this has its runs of alike nodes drawn as one box each."""

SCREEN = (1400, 900)
"""The pixels in which a picture is best to be seen whole."""

MUCH = 1.15
"""How much larger a less clear arrangement must be to be seen to be taken."""

MARGIN = 24
APART = 40


def draw_svg(desired: Desired, *, theme: Theme = "auto", marks: Marks = NO_MARKS) -> str:
    """Draw a lab as an SVG picture.

    Args:
        desired: the lab.
        theme: the colours; `auto` follows the reader's own choice of light or dark.
        marks: what to say of its parts.

    Returns:
        The text of the file.
    """
    found = parts(desired, marks, shorten_above=SHORTEN_ABOVE)
    scene = Scene()
    scene.paste(_pack([_draw_part(part) for part in found]), MARGIN, MARGIN + 24)
    scene.texts.append(Text(MARGIN, MARGIN + 8, summary(desired), "heading"))
    scene.width = max(scene.width, 260) + MARGIN
    scene.height += MARGIN
    return write_svg(scene, summary(desired), list(_told(found)), theme)


def _draw_part(part: Part) -> Scene:
    net = Net(part)
    if len(net.things) == 1:
        title = title_of(net, 0)
        scene = title.paint(0, 0, title.width, title.height)
        scene.width, scene.height = title.width, title.height
        return scene
    return _clearest(_drawings(net))


def _drawings(net: Net) -> Iterator[Scene]:
    if is_mesh(net) and (circle := draw_circle(net)):
        yield circle
    yield from (draw_table(net, columns) for columns in arrangements(net))


def _clearest(scenes: Iterable[Scene]) -> Scene:
    """Choose the first, unless a later one can be seen much larger."""
    best: Scene | None = None
    for scene in scenes:
        if best is None or _fit(scene) > MUCH * _fit(best):
            best = scene
    return best or Scene()


def _fit(scene: Scene) -> float:
    """Give how small a scene must be made to be seen whole: 1 is its own size."""
    return min(1.0, SCREEN[0] / scene.width, SCREEN[1] / scene.height)


def _pack(scenes: list[Scene]) -> Scene:
    """Put scenes side by side, in rows no wider than the screen or the widest."""
    whole = Scene()
    width = max([SCREEN[0], *(scene.width for scene in scenes)])
    x = y = 0.0
    for scene in scenes:
        if x and x + scene.width > width:
            x, y = 0.0, whole.height + APART
        whole.paste(scene, x, y)
        x += scene.width + APART
    return whole


def _told(found: list[Part]) -> Iterator[str]:
    for part in found:
        for segment in part.segments:
            yield _told_segment(segment)
        if not part.segments:
            yield f"{part.boxes[0]} has no link."


def _told_segment(segment: Segment) -> str:
    ends = [_told_end(end, segment) for end in segment.ends]
    if segment.name is None:
        return f"{ends[0]} is cabled to {ends[1]}."
    words = ", ".join(segment.words()).replace(UNBROKEN, " ")
    return f"{words} joins {', '.join(ends) or 'nothing'}."


def _told_end(end: End, segment: Segment) -> str:
    subnets = segment.subnets if segment.name is not None else ()
    return " ".join([end.box.title, *end.words(subnets)]).replace(UNBROKEN, " ")
