"""Reads a link. Whatever the text is, the nearest valid game comes of it, and a sentence on each part that was left out."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import ClassVar, get_args
from urllib.parse import parse_qs, unquote, urlsplit

from gandash.config import GameConfig
from gandash.config.setting import JsonValue, SettingError, Settings, nearest, reshaped, setting_at
from gandash.links.format import (
    ENGINES,
    FIELD,
    ITEM,
    LONGEST_READ,
    MAX_BY_HAND,
    MAX_DROPPED,
    MAX_ITEMS,
    PARAMETER,
    VALUE,
    VERSION,
    long_path,
    read_value,
    variant,
)
from gandash.links.writing import FIRST
from gandash.presets import DEFAULT, PRESETS
from gandash.presets.base import Preset
from gandash.store.format import ID, LARGEST_STEP
from gandash.wire.facts import Engine
from gandash.wire.messages import MAX_MEMBERS, Change
from gandash.words import Said, finished, parted, say, words_of

_EVENT = re.compile(r"([0-9]{1,10})\.(?:([1-9])\.)?(.+)", re.ASCII)
_BY_HAND = re.compile(rf"([DG])(?:{VALUE}([0-9]{{1,6}}))?", re.ASCII)
_STATE = re.compile(rf"([0-9a-f]{{12}})(?:{re.escape(FIELD)}([0-9a-f]{{6}}))?", re.ASCII)
_DIGEST = re.compile(r"\.([0-9a-f]{16})", re.ASCII)
_GLUED = " \t\r\n.,;:!?)>]}'\"`*"  # what a sentence around a link leaves at its end
TOLD, SHOWN = 3, 40  # parts that are named, and characters of each


@dataclass(frozen=True)
class Missing:
    """What was too large for the link: of which game, the setting's path, and the `digest` of its value."""

    member: int
    path: str
    digest: str


@dataclass(frozen=True)
class Link:
    """A run to be played again. It is valid: its configs, and every change at its step.

    `presets`: the ready games that its games are told by; `engines`: who played each of them, None where that is not said. It
    stands at `step`; changes may come after it.
    `state`: the beginning of the SHA-256 of its state at `step`, and `versions` of what it was played with, "" where not known.
    `record`: the id of a recorded run that has what is `missing`. `dropped`: what was left out, in words.
    """

    presets: tuple[Preset, ...] = (DEFAULT,)
    configs: tuple[GameConfig, ...] = (DEFAULT.config,)
    changes: tuple[tuple[Change, ...], ...] = ((),)
    step: int = 0
    engines: tuple[Engine | None, ...] = (None,)
    state: str = ""
    versions: str = ""
    record: str = ""
    missing: tuple[Missing, ...] = ()
    dropped: tuple[Said, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """Titles of compared games, where they are ready games as they are."""
        is_ready = all(config == preset.config for config, preset in zip(self.configs, self.presets, strict=True))
        return tuple(preset.title for preset in self.presets) if len(self.configs) > 1 and is_ready else ()

    @property
    def notice(self) -> Said:
        """What was left out, in a sentence or two of plain text; "" where nothing was."""
        if not self.dropped:
            return say("")
        more = len(self.dropped) - TOLD
        rest = [say("and {count} more", count=more)] if more > 0 else []
        return say(
            "Not all of this link could be read; the nearest game is here. Left out: {parts}.",
            parts=parted(*self.dropped[:TOLD], *rest),
        )


def of_address(text: str) -> str | None:
    """The link in an address, or the text itself where it looks like one; None where there is none."""
    text = html.unescape(text[:LONGEST_READ]).strip()
    with suppress(ValueError):
        if found := parse_qs(urlsplit(text).query).get(PARAMETER):
            return found[0]
    return text if text.startswith(f"{VERSION}{ITEM}") else None


def read(text: str) -> Link:
    """The run that a link tells of. It never raises."""
    return _Reading(text).link()


@dataclass
class _Game:
    preset: Preset
    items: list[tuple[str, str]] = field(default_factory=list)  # path and text
    is_as_first: bool = False


class _Reading:
    def __init__(self, text: str) -> None:
        self._dropped: list[Said] = []
        self._games: list[_Game] = []
        self._events: list[tuple[int, int | None, str]] = []  # step, which game, what
        self._step, self._letters, self._state, self._versions, self._record = 0, "", "", "", ""
        self._missing: list[Missing] = []
        text = text[:LONGEST_READ]
        items = (unquote(text) if "%" in text else text).rstrip(_GLUED).split(ITEM)
        if len(items) > MAX_ITEMS:
            self._drop("", say("what comes after the first {count} parts", count=f"{MAX_ITEMS:,}"))
        for item in self._without_version(items[:MAX_ITEMS]):
            if len(self._dropped) <= MAX_DROPPED:  # else it is noise
                self._take(item)
        if not self._games:
            self._games.append(_Game(DEFAULT))

    def _drop(self, item: str, why: Said) -> None:
        shown = _harmless(item, SHOWN)
        self._dropped.append(say("“{part}”, {reason}", part=shown, reason=why) if shown else why)

    def _without_version(self, items: list[str]) -> list[str]:
        first, *rest = items
        if not first.isascii() or not first.isdigit():
            return items if first else rest  # typed by hand perhaps: a ready game's name is enough
        if first != str(VERSION):
            self._drop(
                "",
                say("what only a newer gandash understands (the link is of version {version})", version=first[:10])
                if len(first) > 3 or int(first) > VERSION
                else say("what only an older gandash understands (the link is of version {version})", version=first[:10]),
            )
        return rest

    # ------------------------------------------------------------------------------------------------------ its parts

    def _take(self, item: str) -> None:
        if not self._games:
            self._games.append(_Game(self._preset(item)))
            if "." not in item and item.split(VALUE)[0] not in self._parts:
                return
        name, _, text = item.partition(VALUE)
        if found := _EVENT.fullmatch(item):
            step, member, what = found.groups()
            self._events.append((int(step), int(member) - 1 if member else None, what))
        elif name in self._parts:
            self._parts[name](self, item, text)
        elif VALUE in item:
            self._games[-1].items.append((long_path(name), text))
        elif item:
            self._drop(item, say("which means nothing"))

    def _preset(self, name: str) -> Preset:
        if name in PRESETS:
            return PRESETS[name]
        near = nearest(name, PRESETS) if len(name) <= SHOWN else ""
        found = PRESETS[near] if near else DEFAULT
        self._drop(name, say("which is no ready game: “{title}” is played", title=finished(found.title)))
        return found

    def _versus(self, item: str, text: str) -> None:
        if len(self._games) == MAX_MEMBERS:
            self._drop(item, say("since at most {most} games are compared", most=MAX_MEMBERS))
        elif text == FIRST:
            self._games.append(_Game(self._games[0].preset, is_as_first=True))
        else:
            self._games.append(_Game(self._preset(text)))

    def _at(self, item: str, text: str) -> None:
        if text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= LARGEST_STEP:
            self._step = int(text)
        else:
            self._drop(item, say("which is no step"))

    def _is(self, item: str, text: str) -> None:
        if found := _STATE.fullmatch(text):
            self._state, self._versions = found.group(1), found.group(2) or ""
        else:
            self._drop(item, say("which is no mark of a state"))

    def _by(self, item: str, text: str) -> None:
        if text and set(text) <= set(ENGINES.values()):
            self._letters = text
        else:
            self._drop(item, say("which names no engine"))

    def _file(self, item: str, text: str) -> None:
        if ID.fullmatch(text):
            self._record = text
        else:
            self._drop(item, say("which is no run's name"))

    _parts: ClassVar[Mapping[str, Callable[[_Reading, str, str], None]]] = {
        "vs": _versus,
        "at": _at,
        "is": _is,
        "by": _by,
        "file": _file,
    }

    # ------------------------------------------------------------------------------------------------------- its games

    def link(self) -> Link:
        configs: list[GameConfig] = []
        for i, game in enumerate(self._games):
            configs.append(self._config(i, configs[0] if game.is_as_first else game.preset.config, game.items))
        changes = self._changes(configs)
        by_letter: dict[str, Engine] = {letter: engine for engine, letter in ENGINES.items()}
        letters = self._letters * len(configs) if len(self._letters) == 1 else self._letters
        engines = [by_letter.get(letter) for letter in letters[: len(configs)]]
        return Link(
            presets=tuple(game.preset for game in self._games),
            configs=tuple(configs),
            changes=changes,
            step=self._step,
            engines=tuple(engines + [None] * (len(configs) - len(engines))),
            state="" if self._dropped else self._state,
            versions=self._versions,
            record=self._record,
            missing=tuple(self._missing),
            dropped=tuple(self._dropped),
        )

    def _config(self, member: int, base: GameConfig, items: Sequence[tuple[str, str]]) -> GameConfig:
        given: list[tuple[str, JsonValue]] = []
        shape = base  # has the variants that were chosen on the way, and so the paths
        for path, text in items:
            try:
                known = setting_at(shape, path)
                if known.is_variant:
                    given.append((path, {"kind": variant(path, text) and text}))
                    shape = reshaped(shape, path, {"kind": text})
                elif found := _DIGEST.fullmatch(text):
                    self._missing.append(Missing(member, path, found.group(1)))
                else:
                    given.append((path, read_value(text, known)))
            except SettingError as error:
                self._drop("", _said(error))
        try:
            return base.replace_all(given)
        except SettingError:
            return self._one_by_one(base, dict(given))

    def _one_by_one(self, config: GameConfig, given: Mapping[str, JsonValue]) -> GameConfig:
        """As many of these as fit; tried twice, since some fit only once others are there."""
        left, refused = dict(given), dict[str, SettingError]()
        for _ in range(2):
            refused = {}
            for path, value in left.items():
                try:
                    config = config.replace(path, value)
                except SettingError as error:
                    refused[path] = error
            left = {path: left[path] for path in refused}
        for refusal in refused.values():
            self._drop("", _said(refusal))
        return config

    # ------------------------------------------------------------------------------------------------------ its changes

    def _changes(self, configs: Sequence[GameConfig]) -> tuple[tuple[Change, ...], ...]:
        now, found, by_hand = list(configs), [list[Change]() for _ in configs], 0
        until = 0  # rounds before this step have been given to one player
        for step, member, what in sorted(self._events, key=lambda event: event[0]):
            item = f"{step}.{what}"
            if len(self._dropped) > MAX_DROPPED:
                break
            if step > LARGEST_STEP or (member is not None and member >= len(now)):
                self._drop(item, say("which is of no step or no game"))
            elif hand := _BY_HAND.fullmatch(what):
                rounds = int(hand.group(2) or 1)
                by_hand += rounds
                if step < until or by_hand > MAX_BY_HAND or step + rounds > LARGEST_STEP:
                    self._drop(item, say("which does not fit beside the other rounds by hand"))
                    continue
                until = step + rounds
                entry = {"kind": "step", "players": hand.group(1)}
                alone = [Change.model_validate(entry | {"step": step + i}) for i in range(rounds)]
                for of in found:
                    of += alone
            else:
                self._set(now, found, range(len(now)) if member is None else [member], step, what)
        return tuple(tuple(sorted(of, key=lambda change: (change.step, change.kind == "step"))) for of in found)

    def _set(self, now: list[GameConfig], found: list[list[Change]], concerned: Sequence[int], step: int, what: str) -> None:
        """A setting changed at a step, in those of the games that have it."""
        refusal: SettingError | None = None
        is_done = False
        for i in concerned:
            try:
                path, value = _change(now[i], what)
                now[i] = now[i].with_live(path, value)
                now_kept = {"restarts_half_life": True, "keeps_averages": True}  # as of every change made today
                found[i].append(Change(kind="set", step=step, path=path, new=value, **now_kept))
                is_done = True
            except SettingError as error:
                refusal = error
        if refusal and not is_done:
            self._drop("", say("at step {step} {problem}", step=f"{step:,}", problem=_said(refusal)))


def _change(config: GameConfig, what: str) -> tuple[str, JsonValue]:
    """Path and value of `od.learning_rate-3e-4` or `rule-lookahead..rounds-7`. Raises SettingError."""
    head, *fields = what.split(FIELD)
    name, _, text = head.partition(VALUE)
    known = setting_at(config, path := long_path(name))
    if not known.is_variant:
        return path, read_value(text + "".join(FIELD + field for field in fields), known)
    value = _variant(variant(path, text), fields)
    return path, value


def _variant(model: type[Settings], fields: Sequence[str]) -> JsonValue:
    default = model()
    value: dict[str, JsonValue] = dict(default.model_dump(mode="json"))
    for field_text in fields:
        name, _, text = field_text.partition(VALUE)
        value[name] = read_value(text, setting_at(default, name))
    return value


def _said(error: SettingError) -> Said:
    """A refusal in one line of harmless text: what a stranger wrote is among its parameters."""
    return _tamed(words_of(error))


def _tamed(words: Said) -> Said:
    tamed = {
        name: _tamed(value) if isinstance(value, Said) else _harmless(value, 100) if isinstance(value, str) else value
        for name, value in words.params.items()
    }
    return Said(words.id, tamed)


def _harmless(text: str, longest: int) -> str:
    shown = "".join(c if c.isprintable() else "?" for c in text)
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


assert set(ENGINES) == set(get_args(Engine))
