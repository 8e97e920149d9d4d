"""How an SVG picture looks, on light and on dark ground."""

from __future__ import annotations

from typing import Final, Literal

Theme = Literal["auto", "light", "dark"]
"""`auto` follows the reader's own choice."""

_FONTS: Final = """\
text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",\
"Liberation Mono",monospace;fill:#344054}
.name{font:bold 14px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",\
Arial,sans-serif}
.heading{font:bold 15px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",\
Arial,sans-serif}
.ifname{font-weight:bold}
.end{text-anchor:end}
.middle{text-anchor:middle}
path{fill:none;stroke-width:1.5}
path.bus{stroke-width:6}
.added{stroke-width:3}
path.added,path.changed{stroke-width:3}
.deleted,path.down{stroke-dasharray:7 4}
.impaired{stroke-dasharray:2 3}
text.added,text.deleted,text.changed,text.down,text.impaired{font-weight:bold;stroke:none}
.name.deleted{text-decoration:line-through}
"""

_COLOURS: Final[dict[str, dict[str, str]]] = {
    "light": {
        ".ground": "fill:#ffffff",
        "text": "fill:#475467",
        ".name,.ifname,.heading": "fill:#101828",
        "path": "stroke:#667085",
        ".node": "fill:#f9fafb;stroke:#667085",
        ".router": "fill:#eff8ff;stroke:#175cd3",
        ".bridge": "fill:#e4e7ec;stroke:#344054",
        ".frame": "fill:#f2f4f7;stroke:#344054",
        "path.bus": "stroke:#98a2b3",
        "path.added,rect.added": "stroke:#067647",
        "text.added": "fill:#067647",
        "path.deleted,rect.deleted": "stroke:#b42318",
        "text.deleted": "fill:#b42318",
        "path.changed,rect.changed,path.impaired,rect.impaired": "stroke:#b54708",
        "text.changed,text.impaired": "fill:#93370d",
        "path.down,rect.down": "stroke:#98a2b3",
        "text.down": "fill:#b42318",
    },
    "dark": {
        ".ground": "fill:#0d1117",
        "text": "fill:#b4bcc8",
        ".name,.ifname,.heading": "fill:#f0f3f6",
        "path": "stroke:#8b949e",
        ".node": "fill:#161b22;stroke:#8b949e",
        ".router": "fill:#0c2d4f;stroke:#6cb6ff",
        ".bridge": "fill:#30363d;stroke:#b4bcc8",
        ".frame": "fill:#1c2128;stroke:#b4bcc8",
        "path.bus": "stroke:#6e7681",
        "path.added,rect.added": "stroke:#57d28d",
        "text.added": "fill:#57d28d",
        "path.deleted,rect.deleted": "stroke:#ff8f85",
        "text.deleted": "fill:#ff8f85",
        "path.changed,rect.changed,path.impaired,rect.impaired": "stroke:#f0a54a",
        "text.changed,text.impaired": "fill:#f0a54a",
        "path.down,rect.down": "stroke:#6e7681",
        "text.down": "fill:#ff8f85",
    },
}


def style_sheet(theme: Theme) -> str:
    """Give the style sheet of a picture."""
    if theme != "auto":
        return _FONTS + _rules(theme)
    return f"{_FONTS}{_rules('light')}@media (prefers-color-scheme:dark){{\n{_rules('dark')}}}\n"


def _rules(theme: str) -> str:
    return "".join(f"{names}{{{rules}}}\n" for names, rules in _COLOURS[theme].items())
