"""Draw the lab files of the tutorial for its readers: `make pictures`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nslab.draw import draw_as
from nslab.lab import loads
from tests.docs.blocks import ROOT, info_of, parse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from nslab.draw.svg import Theme

TUTORIAL = ROOT / "docs" / "tutorial.md"
PICTURES = ROOT / "docs" / "pictures"
SUBJECTS = ("cable", "bridge", "way-out")
SUFFIXES: dict[Theme, str] = {"light": ".svg", "dark": ".dark.svg"}


def pictures() -> Iterator[tuple[Path, str]]:
    """Give each picture's file, and what should be in it."""
    files = lab_files(TUTORIAL)
    for subject in SUBJECTS:
        lab = loads(files[f"{subject}.yaml"]).resolve()
        for theme, suffix in SUFFIXES.items():
            yield PICTURES / f"{subject}{suffix}", draw_as(lab, "svg", theme=theme)


def lab_files(document: Path) -> dict[str, str]:
    """Give the lab files that a document has its reader save, each as it is in the end."""
    titled = [(info_of(each.region)[1], str(each.parsed)) for each in parse(document).examples()]
    return {said["title"]: text for said, text in titled if "title" in said}


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    for path, picture in pictures():
        path.write_text(picture, encoding="utf-8")
