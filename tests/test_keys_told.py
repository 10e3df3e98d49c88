"""The help lists every key that does something, and no key that does nothing: read from the modules themselves."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

LIVE = Path(__file__).parents[1] / "assets" / "live"
MODULES = {path.name: path.read_text(encoding="utf-8") for path in LIVE.glob("*.js")}
TABLE = re.compile(r"\{ keys: \[([^\]]*)\], written: \(\) => \[([^\]]*)\],\s*does: \(\) => t\('[^']+'\) \}")
QUOTED = re.compile(r"'([^']+)'")
WRITTEN = {"ArrowLeft": "←", "ArrowRight": "→", "ArrowUp": "↑", "ArrowDown": "↓", " ": "Space", "Escape": "Esc", "-": "−"}


def told() -> list[str]:
    table = MODULES["keys.js"][MODULES["keys.js"].index("export const KEYS") :]
    rows = TABLE.findall(table[: table.index("]);")])
    assert len(rows) == table[: table.index("]);")].count("{ keys:"), "every row is read"
    for keys, written in rows:
        assert [WRITTEN.get(key, key) for key in QUOTED.findall(keys)] == QUOTED.findall(written)
    return [key for keys, _ in rows for key in QUOTED.findall(keys)]


def heard() -> set[str]:
    """Of every `listenToKeys({ ... })`, and of everyone who asks for Escape on the whole page."""
    found: set[str] = set()
    for text in MODULES.values():
        for call in re.findall(r"(?<!function )listenToKeys\(\s*\{(.*?)\},\s*signal", text, flags=re.S):
            found |= {one or other for one, other in re.findall(r"(?:^|,\s*|^\s*)(?:'([^']+)'|(\w+)):", call.strip())}
        if re.search(r"(?:document|window)\.addEventListener\('keydown'.{0,120}'Escape'", text, flags=re.S):
            found.add("Escape")
    return found


def test_every_key_that_is_heard_is_told_and_the_other_way_round() -> None:
    keys = told()
    assert len(keys) == len(set(keys)) and {"d", "g", "s", "p", "?", " "} <= set(keys)
    assert set(keys) == heard()


@pytest.mark.parametrize("stage", ["stage-plane.js", "stage-phase.js"])
def test_a_plane_s_own_keys_are_told_with_it(stage: str) -> None:
    moving = MODULES["gestures.js"][MODULES["gestures.js"].index("const keys = {") :]
    own = re.findall(r"(?:'([+=-])'|\b(0|Arrow\w+)): ", moving[: moving.index("};")])
    keys = {WRITTEN.get(one or other, one or other) for one, other in own} - {"="}  # the same key as +, without Shift
    assert len(keys) == 7
    listed = MODULES[stage][MODULES[stage].index("const gestures") :]
    assert keys <= set(" ".join(QUOTED.findall(listed[: listed.index("];")])).split())


def test_keys_among_pictures_are_told_with_them() -> None:
    reached = MODULES["pictures-grid.js"][MODULES["pictures-grid.js"].index("function reached") :]
    keys = {WRITTEN.get(key, key) for key in re.findall(r"(?:'|\{ |, )(Arrow\w+|Escape|Home|End)\b", reached)}
    assert len(keys) == 7
    listed = MODULES["pictures-layers.js"][MODULES["pictures-layers.js"].index("const gestures") :]
    assert keys <= set(re.findall(r"[←→↑↓]|Esc|Home|End", listed[: listed.index("];")]))
