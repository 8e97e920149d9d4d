"""Pictures of a lab, one module a format: pure functions from `Desired` to text."""

from nslab.draw.change import Change, change
from nslab.draw.dot import draw_dot
from nslab.draw.formats import FORMATS, Format, draw_as, draw_svg, format_of
from nslab.draw.marks import Mark, Marks, Place
from nslab.draw.mermaid import draw_mermaid
from nslab.draw.text import draw_text

__all__ = [
    "FORMATS",
    "Change",
    "Format",
    "Mark",
    "Marks",
    "Place",
    "change",
    "draw_as",
    "draw_dot",
    "draw_mermaid",
    "draw_svg",
    "draw_text",
    "format_of",
]
