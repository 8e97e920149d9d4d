"""A lab as text with box-drawing characters."""

from nslab.draw.text.picture import draw_text

__all__ = ["draw_text"]
