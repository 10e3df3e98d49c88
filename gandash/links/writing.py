"""Writes a run as a link."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gandash.config import GameConfig
from gandash.config.setting import setting_at
from gandash.links.format import (
    DIGEST,
    ENGINES,
    FIELD,
    ITEM,
    LONGEST,
    LONGEST_VALUE,
    MAX_BY_HAND,
    SHORT,
    VALUE,
    VERSION,
    differences,
    digest,
    short_path,
    text_of,
    value_text,
    variant,
)
from gandash.presets import PRESETS
from gandash.wire.facts import Engine
from gandash.wire.messages import Change

FIRST = "first"  # instead of a ready game's name: the first of the compared games
Games = Sequence[Sequence[Change]]  # the changes of each game


@dataclass(frozen=True)
class Written:
    """A link but for where it stands. `until`: where it ends, if it had no room for all that was changed; `missing`: the paths
    of what is too large for it, data above all."""

    text: str
    until: int | None = None
    missing: tuple[str, ...] = ()

    def at(self, step: int, state: str = "", versions: str = "") -> str:
        """The whole link of a run that stands at this step; `state` is `store.keyframes.state_hash` of it."""
        if self.until is not None and step > self.until:
            step, state = self.until, ""
        return self.text + here(step, state, versions)


def here(step: int, state: str = "", versions: str = "") -> str:
    """The end of a link that says where the run stands."""
    if not step:
        return ""
    if not state:
        return f"{ITEM}at{VALUE}{step}"
    by = FIELD + versions if versions else ""
    return f"{ITEM}at{VALUE}{step}{ITEM}is{VALUE}{state.removeprefix('sha256:')[:12]}{by}"


def fingerprint(versions: Mapping[str, str]) -> str:
    """Of what a run was played with (`worker.recording.versions`)."""
    return hashlib.sha256(json.dumps(versions, sort_keys=True).encode()).hexdigest()[:6]


@dataclass
class _Item:
    """A setting and its value, as text."""

    path: str
    value: str

    @property
    def text(self) -> str:
        return f"{short_path(self.path)}{VALUE}{self.value}"


def _game(config: GameConfig, preset: str, first: GameConfig | None) -> tuple[str, list[_Item]]:
    """The name of what it is nearest to, and where it differs from that."""
    known = {FIRST: first} if first else {}
    known |= {preset: PRESETS[preset].config} if preset in PRESETS else {n: p.config for n, p in PRESETS.items()}
    found = {name: list(differences(base, config)) for name, base in known.items()}
    name = min(found, key=lambda n: sum(len(short_path(path)) + len(str(value)) for path, value in found[n]))
    return name, [_item(config, path, value) for path, value in found[name]]


def _item(config: GameConfig, path: str, value: Any) -> _Item:
    known = setting_at(config, path)
    return _Item(path, str(value) if known.is_variant else text_of(known))


class Writer:
    """Of a run of these games, which began so. `preset`: the name of the ready game that it was begun as, if any; `record`: the
    id under which the run is recorded, which is where data are that are too large for a link."""

    def __init__(self, configs: Sequence[GameConfig], engines: Sequence[Engine], preset: str = "", record: str = "") -> None:
        games = [_game(c, preset if i == 0 else "", configs[0] if i else None) for i, c in enumerate(configs)]
        letters = "".join(ENGINES[engine] for engine in engines)
        self._missing: list[str] = []
        for item in sorted((item for _, items in games for item in items), key=lambda item: -len(item.text)):
            is_too_long = sum(len(i.text) + 1 for _, items in games for i in items) > LONGEST
            if len(item.value) > LONGEST_VALUE or (is_too_long and len(item.value) > DIGEST):
                self._missing.append(item.path)
                item.value = "." + digest(item.value)
        self._head = [str(VERSION)]
        for i, (name, items) in enumerate(games):
            self._head += [f"vs{VALUE}{name}" if i else name, *(item.text for item in items)]
        self._head.append(f"by{VALUE}{letters if len(set(letters)) > 1 else letters[:1]}")
        if self._missing and record:
            self._head.append(f"file{VALUE}{record}")

    def link(self, changes: Games) -> Written:
        """The link of the run as these changes, of each game, have shaped it."""
        items, room = list(self._head), LONGEST - 60  # for where it stands
        room -= sum(len(item) + 1 for item in items)
        by_hand, until = 0, None
        for step, item, rounds in _events(changes):
            room, by_hand = room - len(item) - 1, by_hand + rounds
            if room < 0 or by_hand > MAX_BY_HAND:
                until = step
                break
            items.append(item)
        return Written(ITEM.join(items), until, tuple(self._missing))


def _events(changes: Games) -> Iterator[tuple[int, str, int]]:
    """(step, item, rounds by hand in it), in their order."""
    alone: tuple[int, str, int] | None = None  # step, player and number of rounds not yet told
    for step, own in _by_step(changes):
        sets = [[change for change in of if change.kind == "set"] for of in own]
        players = next((change.players for of in own for change in of if change.kind == "step"), "")
        if alone and (any(sets) or step != alone[0] + alone[2] or players != alone[1]):
            yield _by_hand(*alone)
            alone = None
        if all(_values(of) == _values(sets[0]) for of in sets[1:]):
            sets = sets[:1]
        for i, of in enumerate(sets):
            whose = f"{i + 1}." if len(sets) > 1 else ""
            for change in of:
                yield step, f"{step}.{whose}{_set(change)}", 0
        if players:
            alone = (alone[0], players, alone[2] + 1) if alone else (step, players, 1)
    if alone:
        yield _by_hand(*alone)


def _by_step(changes: Games) -> Iterator[tuple[int, list[list[Change]]]]:
    """Each step at which something was changed, and each game's changes there."""
    grouped = [{s: list(of) for s, of in itertools.groupby(own, lambda change: change.step)} for own in changes]
    for step in sorted({step for own in grouped for step in own}):
        yield step, [own.get(step, []) for own in grouped]


def _values(changes: Sequence[Change]) -> list[tuple[str, object]]:
    return [(change.path, change.new) for change in changes]


def _by_hand(step: int, players: str, rounds: int) -> tuple[int, str, int]:
    return step, f"{step}.{players}" + (f"{VALUE}{rounds}" if rounds > 1 else ""), rounds


def _set(change: Change) -> str:
    """`od.learning_rate-3e-4`; a variant's kind with what differs from its defaults: `rule-lookahead..rounds-7`."""
    if not isinstance(change.new, dict):
        return f"{short_path(change.path)}{VALUE}{value_text(change.new)}"
    model = variant(change.path, str(change.new.get("kind")))
    fields = [f"{name}{VALUE}{value_text(value)}" for name, value in differences(model(), model.model_validate(change.new))]
    return FIELD.join([f"{SHORT.get(change.path, change.path)}{VALUE}{change.new['kind']}", *fields])
