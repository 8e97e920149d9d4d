"""Draw the kept pictures anew: `python -m tests.draw.goldens`. Look at what changed."""

from __future__ import annotations

from pathlib import Path

from nslab.draw import draw_dot, draw_mermaid, draw_svg
from tests.draw.corpus import LABS, MARKS, SMALL

GOLDEN = Path(__file__).parent / "golden"


def main() -> None:
    GOLDEN.mkdir(exist_ok=True)
    for name in SMALL:
        _write(name, draw_svg(LABS[name]), draw_dot(LABS[name]), draw_mermaid(LABS[name]))
    lab = LABS["tutorial"]
    drawn = (draw(lab, marks=MARKS) for draw in (draw_svg, draw_dot, draw_mermaid))
    _write("tutorial_with_marks", *drawn)


def _write(name: str, svg: str, dot: str, mermaid: str) -> None:
    for suffix, text in (("svg", svg), ("dot", dot), ("mmd", mermaid)):
        (GOLDEN / f"{name}.{suffix}").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
