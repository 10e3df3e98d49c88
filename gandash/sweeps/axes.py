"""An axis of a sweep: settings that go through values together, and how that is written as text."""

from __future__ import annotations

import json
import math
from functools import cached_property
from typing import Any, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError, field_validator, model_validator

from gandash.config import GameConfig
from gandash.config.refused import problem_of
from gandash.config.setting import JsonValue, SettingError, setting_at, settings
from gandash.words import Said, finished, say, words_of

SEED = "run.seed"
TOGETHER = "+"  # between paths that have the same value
MOST = 10_000  # values of an axis

ALLOWED = say("PATH=LOW:HIGH:COUNT, evenly apart, PATH=LOW:HIGH:COUNTlog, by equal factors, or PATH=VALUE,VALUE,...")

Scale = Literal["linear", "log", "list"]


class Axis(BaseModel):
    """The settings `paths`, all of one value, from `low` to `high` in `count` values, or through those `given`.

    >>> Axis.of("regulariser.r1=0.1:10:3log").values
    (0.1, 1.0, 10.0)
    >>> Axis.of("update_rule=simultaneous,optimistic").values
    ('simultaneous', 'optimistic')
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    paths: tuple[str, ...]
    scale: Scale = "linear"
    low: float | None = None
    high: float | None = None
    count: int = 0
    given: tuple[Any, ...] = ()

    @field_validator("given")
    @classmethod
    def _of_one_kind(cls, given: tuple[Any, ...]) -> tuple[Any, ...]:
        """0 among 0.5 and 1.5 is 0.0: a column has one type, whichever games are in it."""
        numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in given)
        return tuple(map(float, given)) if numbers and any(isinstance(v, float) for v in given) else given

    @field_validator("paths")
    @classmethod
    def _as_settings(cls, paths: tuple[str, ...]) -> tuple[str, ...]:
        """A variant is chosen by its kind, whether that is said or not."""
        return tuple(path.removesuffix(".kind") for path in paths)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.scale == "list":
            if not self.given or self.low is not None or self.high is not None:
                raise ValueError(say("a list of values is needed, without ends"))
        elif self.low is None or self.high is None or not self.low < self.high or self.given:
            raise ValueError(say("its ends must be two numbers, the lower one first"))
        elif self.scale == "log" and self.low <= 0:
            raise ValueError(say("equal factors need ends above 0"))
        elif self.count < 2:
            raise ValueError(say("two values or more are needed"))
        if max(self.count, len(self.given)) > MOST:
            raise ValueError(say("at most {most} values can be gone through", most=f"{MOST:,}"))
        return self

    @classmethod
    def of(cls, text: str) -> Axis:
        """From PATH=LOW:HIGH:COUNT[log] or PATH=VALUE,VALUE; PATH may be several, with a + between. Raises SettingError."""
        names, equals, said = text.partition("=")
        paths = tuple(names.split(TOGETHER))
        if not equals or not said or not all(paths):
            raise SettingError("axis", text, say("expected {advice}", advice=ALLOWED))
        ends = said.removesuffix("log").removesuffix(":").split(":")  # `:log` is as good as `log`
        try:
            if len(ends) > 1 and "{" not in said:
                if len(ends) != 3:
                    raise ValueError(say("LOW:HIGH:COUNT has three parts"))
                low, high, count = _number(ends[0]), _number(ends[1]), _whole(ends[2])
                return cls(paths=paths, scale="log" if said.endswith("log") else "linear", low=low, high=high, count=count)
            return cls(paths=paths, scale="list", given=tuple(_values(said)))
        except ValueError as error:
            raise SettingError(names, said, _why(error), ALLOWED) from None

    @classmethod
    def through(cls, path: str, values: Any) -> Axis:
        """Of settings, by their dotted paths or with two underscores for each dot: text as for `of`, else a list of values
        (`numpy.geomspace` and `linspace` make such). Raises SettingError."""
        path = path.replace("__", ".")
        if isinstance(values, str):
            return cls.of(f"{path}={values}")
        listed = values.tolist() if isinstance(values, np.ndarray) else list(values)
        try:
            return cls(paths=tuple(path.split(TOGETHER)), scale="list", given=tuple(listed))
        except ValueError as error:
            raise SettingError(path, listed, _why(error), ALLOWED) from None

    @property
    def name(self) -> str:
        """What tells it from the others: its column."""
        return TOGETHER.join(self.paths)

    @cached_property
    def values(self) -> tuple[JsonValue, ...]:
        """Of a grid."""
        if self.scale == "list":
            return self.given
        return tuple(self.at(u) for u in np.linspace(0, 1, self.count).tolist())

    def at(self, u: float) -> JsonValue:
        """The value that so much of the axis, from 0 to 1, lies below; to 12 digits, so that equal ones look it."""
        if self.scale == "list":
            chosen: JsonValue = self.given[min(int(u * len(self.given)), len(self.given) - 1)]
            return chosen
        assert self.low is not None and self.high is not None
        if self.scale == "log":
            return float(f"{math.exp((1 - u) * math.log(self.low) + u * math.log(self.high)):.12g}")
        return float(f"{(1 - u) * self.low + u * self.high:.12g}")

    def changes(self, value: JsonValue, config: GameConfig) -> list[tuple[str, JsonValue]]:
        """What this value makes of the game: whole numbers where the setting is one. Raises SettingError of no setting."""
        found: list[tuple[str, JsonValue]] = []
        for path in self.paths:
            is_between = self.scale != "list" and isinstance(value, float) and _is_whole(config, path)
            found.append((path, round(value) if is_between and isinstance(value, float) else value))
        return found


def check(axes: tuple[Axis, ...], config: GameConfig) -> None:
    """Raises SettingError where two axes change one setting, or one changes none that there may be."""
    paths = [path for axis in axes for path in axis.paths]
    for path in paths:
        if paths.count(path) > 1:
            raise SettingError("axis", path, say("a setting can be changed by one axis only"))
    heads = {path for axis in axes for path in axis.paths if "." not in path}  # a chosen variant brings its own settings
    for path in paths:
        if path.split(".")[0] in heads:
            continue
        try:
            setting_at(config, path)
        except SettingError as error:
            known = ", ".join(s.path for s in settings(config))
            meant = error.allowed if error.allowed.startswith("did you") else say("see those that there are")
            problem = say("there is no such setting: {advice}", advice=finished(meant))
            raise SettingError("axis", path, problem, say("axes can be {names}", names=known)) from None


def _is_whole(config: GameConfig, path: str) -> bool:
    try:
        return setting_at(config, path).type is int
    except SettingError:
        return False


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(say("{given} is no number", given=repr(text))) from None


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(say("{given} is no whole number", given=repr(text))) from None


def _values(said: str) -> list[JsonValue]:
    """Values between commas, but for those within brackets; JSON, else words."""
    parts, depth = [""], 0
    for sign in said:
        depth += (sign in "[{") - (sign in "]}")
        if sign == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return [_value(part) for part in parts]


def _value(text: str) -> JsonValue:
    try:
        found: JsonValue = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return found


def _why(error: ValueError) -> Said:
    """What pydantic or Python says of it, in our words where there are any."""
    return why(error) if isinstance(error, ValidationError) else words_of(error)


def why(error: ValidationError) -> Said:
    """What the first says that refused it."""
    return problem_of(error.errors(include_url=False)[0])
