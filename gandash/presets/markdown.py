"""`PRESETS.md`: the ready games with what they promise, as a page to read. `tests/test_pages.py` holds it current."""

from __future__ import annotations

import re
from collections.abc import Mapping

from gandash.presets.base import GROUPS, STORIES, Preset

HEAD = """\
# What the ready games promise

Every promise is a test over several seeds (`tests/test_presets.py`). To see one kept in a shell:
`python -m gandash train --preset NAME` plays until the step that it names, `--cure` makes the move that mends what breaks.
On the page, a move is a button.

This page is made from the presets: `python -m gandash presets --markdown > gandash/presets/PRESETS.md`.
"""


def page(presets: Mapping[str, Preset]) -> str:
    """The presets in Markdown: a table for each group, a row for each game."""
    tables = []
    for group, heading in GROUPS.items():
        rows = [_row(preset) for preset in presets.values() if preset.group == group]
        head = ["| ready game | what it promises | what was measured |", "|---|---|---|"]
        tables.append("\n".join([f"## {heading}", "", *head, *rows]))
    return "\n\n".join([HEAD.rstrip("\n"), *tables]) + "\n"


def _row(preset: Preset) -> str:
    moves = [f"Move at step {move.at}, seen at step {move.until}: {_plain(move.label)}." for move in preset.moves]
    story = STORIES[preset.story][0].upper() + STORIES[preset.story][1:]
    game = f"**{_plain(preset.title)}** `{preset.name}`<br>{story}. `train` plays {preset.steps} steps."
    return f"| {'<br>'.join([game, *moves])} | {_plain(preset.promise)} | {_plain(preset.measured)} |"


def _plain(text: str) -> str:
    """`text` as it stands: signs that Markdown would take for its own are escaped."""
    return re.sub(r"([|*])", r"\\\1", text)
