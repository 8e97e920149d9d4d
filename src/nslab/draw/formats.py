"""The formats of a picture, and how they are told."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Final, Literal, get_args

from nslab.draw.dot import draw_dot
from nslab.draw.marks import NO_MARKS
from nslab.draw.mermaid import draw_mermaid
from nslab.draw.text import draw_text
from nslab.errors import FeatureError

if TYPE_CHECKING:
    from nslab.draw.marks import Marks
    from nslab.draw.svg import Theme
    from nslab.lab.model import Desired

Format = Literal["text", "svg", "dot", "mermaid"]
"""The words for the formats of a picture."""

FORMATS: Final[tuple[Format, ...]] = get_args(Format)

SUFFIXES: Final[dict[str, Format]] = {
    ".txt": "text",
    ".svg": "svg",
    ".dot": "dot",
    ".gv": "dot",
    ".mmd": "mermaid",
    ".mermaid": "mermaid",
}
"""The format of a file, by the end of its name."""


def format_of(path: str) -> Format | None:
    """Give the format that a file's name asks for, or None if its end is none of SUFFIXES."""
    return SUFFIXES.get(PurePath(path).suffix.lower())


def draw_as(
    desired: Desired,
    kind: Format,
    *,
    marks: Marks = NO_MARKS,
    width: int | None = None,
    ascii_only: bool = False,
    theme: Theme = "auto",
) -> str:
    """Draw a lab in one of the formats.

    Args:
        desired: the lab.
        kind: the format.
        marks: what to say of the lab's parts.
        width: the columns of a text; it means nothing to the others.
        ascii_only: whether a text has no box-drawing characters.
        theme: the colours of an SVG picture.

    Raises:
        FeatureError: the format needs a package that is not installed.
    """
    if kind == "dot":
        return draw_dot(desired, marks=marks)
    if kind == "mermaid":
        return draw_mermaid(desired, marks=marks)
    if kind == "svg":
        return draw_svg(desired, theme=theme, marks=marks)
    return draw_text(desired, width=width, ascii_only=ascii_only, marks=marks)


def draw_svg(desired: Desired, *, theme: Theme = "auto", marks: Marks = NO_MARKS) -> str:
    """Draw a lab as an SVG picture.

    Args:
        desired: the lab.
        theme: the colours; `auto` follows the reader's own choice of light or dark.
        marks: what to say of the lab's parts.

    Raises:
        FeatureError: networkx is not installed.
    """
    try:
        from nslab.draw.svg import draw_svg as draw  # networkx takes a tenth of a second to load
    except ModuleNotFoundError as error:
        raise FeatureError(
            f"an SVG picture needs the Python package {error.name}, which is not installed",
            hint="pip install 'nslab[draw]'",
        ) from error
    return draw(desired, theme=theme, marks=marks)
