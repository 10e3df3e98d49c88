"""A change in mid-run as the curves label it."""

from __future__ import annotations

from gandash.config import GameConfig
from gandash.config.setting import settings, word
from gandash.wire.browser import Mark
from gandash.wire.messages import Change
from gandash.words import finished, say


def mark(change: Change, config: GameConfig) -> Mark:
    """A change of setting in the screen's words, where it has them: `lr_D 3e-3 → 1e-3`."""
    words = next((s.choices for s in settings(config) if s.path == change.path), {})
    label = say(
        "{symbol} {before} → {after}",
        symbol=finished(change.label),
        before=finished(word(change.old, words)),
        after=finished(word(change.new, words)),
    )
    return Mark(step=change.step, label=label)
