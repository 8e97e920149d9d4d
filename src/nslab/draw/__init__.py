"""Pictures of a lab, one module a format: pure functions from `Desired` to text."""

from nslab.draw.text import draw_text

__all__ = ["draw_text"]
