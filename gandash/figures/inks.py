"""The page's colours and dashes, read from the file that the live view has them from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from gandash.paths import ASSETS

FILE = ASSETS / "live" / "inks.js"

_BACKGROUND = {False: (255, 255, 255), True: (14, 17, 23)}
_TEXT = {False: (31, 41, 55), True: (230, 233, 240)}


@cache
def declared() -> dict[str, Any]:
    """What the file says: JSON from its first brace to its last."""
    text = FILE.read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text[text.index("= {") + 2 : text.rindex("}") + 1])
    return found


def curve_dash(name: str) -> str:
    """A dash of the curves as Plotly has it."""
    found: str = declared()["curveDashes"].get(name) or declared()["dashes"][name]
    return found


def stage_dash(name: str) -> str:
    found: str = declared()["stageDashes"][name]
    return found


@dataclass(frozen=True)
class Theme:
    """The colours of a light or a dark page, `theme["real"]`; greys are mixed of ground and text, as in `palette.js`."""

    is_dark: bool = False

    def __getitem__(self, ink: str) -> str:
        shares = {"text": 1.0, "muted": 0.66, "line": 0.22, "grid": 0.09, "background": 0.0}
        if ink in shares:
            pairs = zip(_BACKGROUND[self.is_dark], _TEXT[self.is_dark], strict=True)
            return f"rgb({','.join(str(round(ground + shares[ink] * (text - ground))) for ground, text in pairs)})"
        found: str = declared()["dark" if self.is_dark else "light"][ink]
        return found

    def translucent(self, ink: str, alpha: float) -> str:
        colour = self[ink]
        if colour.startswith("#"):
            parts = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
        else:
            parts = [int(part) for part in colour[4:-1].split(",")]
        return f"rgba({','.join(map(str, parts))},{alpha})"


def maths(text: str) -> str:
    """`p_r` with a subscript, as Plotly writes it."""
    head, *rest = text.split("_")
    return head + "".join(f"<sub>{part[:1]}</sub>{part[1:]}" for part in rest)


def layout(theme: Theme, **more: Any) -> dict[str, Any]:
    """What all figures share."""
    return {
        "paper_bgcolor": theme["background"],
        "plot_bgcolor": theme["background"],
        "font": {"size": 12, "color": theme["muted"]},
        "title": {"font": {"size": 14, "color": theme["text"]}},
        "hovermode": "x unified",
        "hoverlabel": {"bgcolor": theme["background"], "bordercolor": theme["line"], "font": {"color": theme["text"]}},
        "margin": {"l": 56, "r": 24, "t": 48, "b": 44},
        "legend": {"orientation": "h", "x": 1, "xanchor": "right", "y": 1.02, "yanchor": "bottom"},
    } | more


def axis(theme: Theme, **more: Any) -> dict[str, Any]:
    return {"gridcolor": theme["grid"], "linecolor": theme["line"], "zeroline": False, "ticks": "", "automargin": True} | more
