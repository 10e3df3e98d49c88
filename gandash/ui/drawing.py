"""The canvas on which real data is painted: a component that sends a painting when the hand is lifted."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any

import numpy as np
import streamlit as st

from gandash.config.data import DrawnConfig
from gandash.config.setting import SettingError
from gandash.packed import SIDE, pack_painting
from gandash.paths import ASSETS
from gandash.words import say, t

_HTML, _CSS, _JS = ((ASSETS / "draw" / f"draw.{kind}").read_text(encoding="utf-8") for kind in ("html", "css", "js"))
_component = st.components.v2.component("gandash_draw", html=_HTML, css=_CSS, js=_JS)


def mount(data: DrawnConfig, key: str, on_painted: Callable[[], None]) -> None:
    """The canvas, showing what is painted. `on_painted` runs when `painted`, in the state under `key`, is a new painting."""
    cells = base64.b64encode(data.cells().tobytes()).decode("ascii")
    words = {
        "canvas": t("Canvas: paint the real data with mouse or touch"),
        "width": t("Width of the brush"),
        "brush": t("Brush"),
        "eraser": t("Eraser"),
        "clear": t("Clear"),
        "said": t("↻ Restarts the run when you lift the hand."),
        "blank": t("Nothing is painted: the run keeps what it has."),
    }
    _component(key=key, data={"cells": cells, "side": SIDE, "words": words}, on_painted_change=on_painted)


def read(sent: Any) -> str:
    """The painting that a browser sent, as the setting keeps it; raises SettingError, in words, if it is none."""
    try:
        if not isinstance(sent, str) or len(sent) > 2 * SIDE**2:
            raise ValueError
        cells = np.frombuffer(base64.b64decode(sent, validate=True), dtype=np.uint8).reshape(SIDE, SIDE)
    except (binascii.Error, ValueError):
        raise SettingError(
            "data.painting", str(sent), say("the canvas sends one byte for each of {side} × {side} cells", side=SIDE)
        ) from None
    return pack_painting(cells)
