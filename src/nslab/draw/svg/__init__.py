"""A lab as an SVG picture."""

from nslab.draw.svg.picture import draw_svg
from nslab.draw.svg.style import Theme

__all__ = ["Theme", "draw_svg"]
