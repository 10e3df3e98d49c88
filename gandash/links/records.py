"""What was too large for a link, from the recorded run that the link names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gandash.config import GameConfig
from gandash.config.setting import SettingError, setting_at
from gandash.links.format import digest, text_of
from gandash.links.reading import Link
from gandash.store.format import BrokenRun
from gandash.store.reading import StoredRun
from gandash.words import say


def filled(link: Link, home: Path) -> Link:
    """The link with what it misses, where a run is recorded below `home` under the id that it names and has just that; else as
    it is. Nobody needs to own that run: who has the link knows the mark of its data, and was given it.
    """
    if not link.missing or not link.record:
        return link
    try:
        recorded = StoredRun(home / link.record).configs
        configs = list(link.configs)
        for one in link.missing:
            configs[one.member] = _taken(configs[one.member], recorded[one.member], one.path, one.digest)
    except (BrokenRun, SettingError, OSError, IndexError):
        return link
    return replace(link, configs=tuple(configs), missing=())


def _taken(config: GameConfig, recorded: GameConfig, path: str, mark: str) -> GameConfig:
    """Raises SettingError where the recorded value is another."""
    known = setting_at(recorded, path)
    if digest(text_of(known)) != mark:
        raise SettingError(path, mark, say("the recorded run has another value"))
    return config.replace(path, known.value)
