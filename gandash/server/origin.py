"""Which ready game a run was begun as, whether it still is that game, what gave way to a comparison, what it branched off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gandash.config import GameConfig
from gandash.config.changes import differences
from gandash.config.setting import SettingError
from gandash.presets import PRESETS
from gandash.server.history import History
from gandash.store.format import BrokenRun
from gandash.store.reading import StoredRun, config_after
from gandash.wire.messages import Branch, Recording
from gandash.words import say, words_of


@dataclass(frozen=True)
class Before:
    """A game as it was when it gave way to a comparison; `checkpoint` is its last one, under a name of its own.
    It goes on being recorded in `record`.
    """

    configs: tuple[GameConfig, ...]
    begun: tuple[GameConfig, ...]
    history: History | None
    checkpoint: str | None
    record: Recording | None = None
    branched: BranchPoint | None = None


@dataclass
class Origin:
    """`title`, `config`: of the ready game. `begun`: the settings that the present game, or games, began with."""

    title: str
    config: GameConfig
    begun: tuple[GameConfig, ...]
    before: Before | None = None

    @property
    def preset(self) -> str:
        """The ready game's name."""
        return next((p.name for p in PRESETS.values() if p.title == self.title), "")

    @property
    def is_left(self) -> bool:
        """Whether another game than the ready one is played: begun with other settings, whatever the seed, or compared."""
        return len(self.begun) > 1 or is_other(self.config, self.begun)

    @property
    def present_title(self) -> str:
        """The ready game's title; it says so where that has become another game."""
        word = "compared" if len(self.begun) > 1 else "changed"
        return f"{self.title} ({word})" if self.is_left else self.title

    @property
    def title_before(self) -> str:
        """The title of the game that gave way to a comparison; "" if none did."""
        if self.before is None:
            return ""
        return f"{self.title} (changed)" if is_other(self.config, self.before.begun) else self.title


@dataclass(frozen=True)
class BranchPoint:
    """A step of a recorded run: `configs` are its games' settings there, `origin` says which ready game it was begun as."""

    directory: Path
    step: int
    run: str
    configs: tuple[GameConfig, ...]
    labels: tuple[str, ...]
    origin: Origin

    @classmethod
    def of(cls, directory: Path, step: int) -> BranchPoint:
        """Raises BrokenRun, also where the run has not come so far."""
        run = StoredRun(directory)
        about, begun = run.manifest, run.configs
        newest = max([run.steps, *(place.step for place in run.pictures()[-1:])])
        if not 0 <= step <= newest:
            raise BrokenRun(
                say("the run has not come to step {step}; its last is {last}", step=f"{step:,}", last=f"{newest:,}")
            )
        try:
            there = [[c for c in changes if c.step <= step] for changes in run.changes]
            configs = tuple(config_after(config, changes) for config, changes in zip(begun, there, strict=True))
        except SettingError as error:
            raise BrokenRun(say("a change in its log does not fit: {problem}", problem=words_of(error))) from None
        ready = PRESETS.get(about.preset)
        origin = Origin(ready.title, ready.config, begun) if ready else Origin(about.title or about.id, begun[0], begun)
        return cls(directory, step, about.id, configs, about.labels, origin)

    @property
    def command(self) -> Branch:
        return Branch(directory=str(self.directory), step=self.step)

    @property
    def title(self) -> str:
        """Of a run that goes on from here."""
        return f"{self.origin.present_title}, from step {self.step:,}"[:200]

    def curves(self, games: int) -> History:
        """Those of the run up to here, for so many games; the newest rows may not be on disk yet. Raises BrokenRun."""
        metrics = StoredRun(self.directory).metrics(step=self.step)
        return History.of(metrics, games if len(self.configs) == 1 else 1)


def is_other(ready: GameConfig, begun: Sequence[GameConfig]) -> bool:
    """Whether any of these games began with other settings, whatever its seed."""
    return any(differences(ready, c).keys() - {"run.seed"} for c in begun)
