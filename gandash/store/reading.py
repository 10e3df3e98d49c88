"""Reads a recorded run without torch, also one that is being written, or was cut short. Trusts nothing that stands in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from numpy.typing import NDArray
from pydantic import ValidationError

from gandash.config import GameConfig, parse_config
from gandash.config.setting import JsonValue, SettingError
from gandash.store import keyframes, metrics, pictures
from gandash.store.files import read_whole, size_of
from gandash.store.format import (
    EVENT_BYTES,
    EVENTS,
    FORMAT,
    LARGEST_STEP,
    MANIFEST,
    MANIFEST_BYTES,
    MAX_CHANGES,
    PICTURES,
    BrokenRun,
    KeyframeEvent,
    Manifest,
    Named,
    RewoundEvent,
    RunEvent,
    StoppedEvent,
    VerdictEvent,
    event_adapter,
    first_fault,
)
from gandash.store.metrics import Metrics
from gandash.store.pictures import Picture, PictureIndex, Place
from gandash.wire.browser import Verdict
from gandash.wire.messages import Change
from gandash.words import say, words_of


class Known(NamedTuple):
    """Of a state: its SHA-256, and how many changes of each game had gone into it."""

    state: str
    changes: tuple[int, ...]


class StoredRun:
    """A run's folder, as it is at this moment. Raises BrokenRun, in one sentence, also from what is read later.

    `changes`: of each game what shaped it, as far as it was not taken back; `states`: by step, what is known of the state
    there; `stopped`: of several games those that had diverged.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        if not directory.is_dir() or directory.is_symlink():
            raise BrokenRun(say("{file} is no folder", file=f"{directory}"))
        self.manifest = read_manifest(directory)
        members = len(self.manifest.configs)
        self.changes: list[list[Change]] = [[] for _ in range(members)]
        self.states: dict[int, Known] = {}
        self.stopped: list[StoppedEvent] = []
        self._told: list[VerdictEvent] = []
        self._until = [LARGEST_STEP]
        for event in read_events(directory):
            self._follow(event)

    def _follow(self, event: RunEvent) -> None:
        if isinstance(event, RewoundEvent):
            if len(event.kept) != len(self.changes):
                raise BrokenRun(say("{file}: it was set back with another number of games", file=f"{self.directory / EVENTS}"))
            self._until = [*(min(last, event.step) for last in self._until), LARGEST_STEP]
            self.changes = [of[: max(0, n)] for of, n in zip(self.changes, event.kept, strict=True)]
            self.states = {step: known for step, known in self.states.items() if step < event.step}
            self.stopped = [s for s in self.stopped if s.step <= event.step]
            self._told = [t for t in self._told if t.step <= event.step]
        elif isinstance(event, KeyframeEvent):
            self.states[event.step] = Known(event.state, tuple(map(len, self.changes)))
        elif event.member >= len(self.changes):
            raise BrokenRun(
                say(
                    "{file} speaks of game {number}; there are {count}",
                    file=f"{self.directory / EVENTS}",
                    number=event.member,
                    count=len(self.changes),
                )
            )
        elif isinstance(event, StoppedEvent):
            self.stopped.append(event)
            self.changes[event.member] = self.changes[event.member][: event.kept]
        elif isinstance(event, VerdictEvent):
            self._told.append(event)
        else:
            if len(self.changes[event.member]) + getattr(event, "rounds", 1) > MAX_CHANGES:
                raise BrokenRun(
                    say("{file} has more than {most} changes", file=f"{self.directory / EVENTS}", most=f"{MAX_CHANGES:,}")
                )
            self.changes[event.member] += event.changes()

    @property
    def epoch(self) -> int:
        """How often it was set back."""
        return len(self._until) - 1

    @cached_property
    def configs(self) -> tuple[GameConfig, ...]:
        """The settings that its games began with."""
        try:
            return tuple(parse_config(config) for config in self.manifest.configs)
        except (SettingError, ValueError, RecursionError) as error:
            raise BrokenRun(say("{file}: {problem}", file=f"{self.directory / MANIFEST}", problem=words_of(error))) from None

    @property
    def seeds(self) -> tuple[int, ...]:
        return tuple(config.run.seed for config in self.configs)

    @property
    def last_row(self) -> int:
        """The step of the newest row of its curves; 0 where there is none."""
        return metrics.last_step(self.directory, self.manifest.columns, self._until)

    @cached_property
    def steps(self) -> int:
        """The last step that is known of: a row, a keyframe or a change says so."""
        newest = [c.step + (c.kind == "step") for of in self.changes for c in of[-1:]]
        shown = [name.first for name in self.keyframes[-1:]]
        return max([self.last_row, *newest, *shown, *self.states], default=0)

    @property
    def verdicts(self) -> list[Verdict | None]:
        """The last word on each game."""
        last = {told.member: told for told in self._told}
        return [_verdict(last[i]) if i in last else None for i in range(len(self.changes))]

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return size_of(self.directory)

    def metrics(self, only: Sequence[str] | None = None, step: int = LARGEST_STEP) -> Metrics:
        """The curves, or only those, up to a step."""
        return metrics.read(self.directory, self.manifest.columns, [min(last, step) for last in self._until], only)

    def latest(self, *columns: str) -> dict[str, float]:
        """The newest values of these curves, of those that it has."""
        return metrics.latest(self.directory, self.manifest.columns, self._until, columns)

    @property
    def keyframes(self) -> list[Named]:
        """Whole states, by step."""
        return keyframes.found(self.directory, self._until)

    def keyframes_before(self, step: int) -> list[Named]:
        """Those that one can play on from to `step`, the newest first; none: it is to be played from the beginning."""
        apart = [(s.at, s.step) for s in self.stopped]  # between these a game is not where it was left
        return [n for n in reversed(self.keyframes) if n.first <= step and not any(a < n.first < b for a, b in apart)]

    def keyframe(self, name: Named) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        return keyframes.read(self.directory, name)

    def pictures(self, index: PictureIndex | None = None) -> list[Place]:
        """Where recorded pictures lie, by step. `index`: one of this run, for who asks again and again."""
        return (index or PictureIndex(self.directory)).read(self._until)

    def picture(self, place: Place) -> bytes:
        """The frame, as it was sent."""
        return self.picture_and_words(place).frame

    def picture_and_words(self, place: Place) -> Picture:
        """The same with what was said beside it."""
        return pictures.read_picture(self.directory / PICTURES, place)


def _verdict(told: VerdictEvent) -> Verdict:
    return Verdict(kind=told.verdict, title=told.title, reason=told.reason, step=told.step)


def read_manifest(directory: Path) -> Manifest:
    path = directory / MANIFEST
    text = read_whole(path, MANIFEST_BYTES)
    try:
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        if any(e["loc"] == ("format",) for e in error.errors()):
            raise BrokenRun(
                say("{file} is of another format than {format}; a newer gandash may read it", file=f"{path}", format=FORMAT)
            ) from None
        raise BrokenRun(say("{file}: {problem}", file=f"{path}", problem=first_fault(error))) from None


def read_events(directory: Path) -> Iterator[RunEvent]:
    """The events of the log in their order; after the last line end comes a line that was cut short, or nothing."""
    path = directory / EVENTS
    if not path.exists() and not path.is_symlink():  # killed between manifest and log
        return
    for number, line in enumerate(read_whole(path, EVENT_BYTES + 2**20).split(b"\n")[:-1], 1):
        try:
            yield event_adapter.validate_json(line)
        except ValidationError as error:
            raise BrokenRun(
                say("{file}: line {number}: {problem}", file=f"{path}", number=number, problem=first_fault(error))
            ) from None


def config_after(config: JsonValue | GameConfig, changes: Sequence[Change]) -> GameConfig:
    """The settings after these changes. Raises SettingError."""
    now = config if isinstance(config, GameConfig) else parse_config(config)
    for change in changes:
        if change.kind == "set":
            now = now.with_live(change.path, change.new)
    return now
