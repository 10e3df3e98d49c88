"""What a sweep is: a game, what of it is varied and how, how long each is played, what ends it, what is kept of it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from scipy.stats import qmc

from gandash.config import GameConfig
from gandash.config.setting import NOT_GIVEN, JsonValue, SettingError
from gandash.headless.settings import configure
from gandash.sweeps.axes import SEED, Axis, check, why
from gandash.wire.facts import Engine
from gandash.words import finished, say

MOST_CELLS = 1_000_000

Design = Literal["grid", "latin_hypercube", "random"]


class Stopping(BaseModel):
    """What ends a game before its last step, beside its divergence, and what ends the sweep.

    `converged`: so many readings in a row say *converged*; 0: it is played on. `budget_seconds`: no part is begun once so much
    time is spent; the rest can be played later.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    converged: int = Field(0, ge=0, le=10_000)
    budget_seconds: float | None = Field(None, gt=0)


class Keep(BaseModel):
    """What is kept of a game beside its last metrics, their floors and the verdict: its metrics `at` steps, its last state."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: tuple[int, ...] = ()
    states: bool = False


class Sweep(BaseModel):
    """Games that differ from `base` along the axes, each `seeds` times, with consecutive seeds, for `steps` rounds.

    On a grid there is one for each combination of the axes' values; `samples` of them in the designs that spread points over
    the whole ranges (McKay, Beckman, Conover 1979 on the Latin hypercube), by `design_seed`. `preset`: the ready game that
    `base` was, for links. `engine`: by default compiled code for each game that it covers, and torch for the others.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    base: GameConfig
    axes: tuple[Axis, ...] = Field(min_length=1)
    design: Design = "grid"
    samples: int = Field(0, ge=0)
    design_seed: int = Field(0, ge=0)
    seeds: int = Field(1, ge=1, le=10_000)
    steps: int = Field(ge=1, le=10_000_000)
    stopping: Stopping = Stopping()
    keep: Keep = Keep()
    engine: Engine | None = None
    preset: str = ""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.design == "grid") != (self.samples == 0):
            raise ValueError(say("a grid has as many games as its axes say; any other design needs a number of samples"))
        if self.seeds > 1 and any(SEED in axis.paths for axis in self.axes):
            raise ValueError(
                say("{setting} is an axis, and so no game is repeated with other seeds: leave seeds out", setting=SEED)
            )
        if self.seeds + self.base.run.seed > 2**32:
            raise ValueError(say("seeds go up to 2^32 - 1"))
        if self.count > MOST_CELLS:
            raise ValueError(
                say(
                    "these are {count} games; at most {most} can be kept together",
                    count=f"{self.count:,}",
                    most=f"{MOST_CELLS:,}",
                )
            )
        if any(not 0 < step <= self.steps for step in self.keep.at):
            raise ValueError(say("metrics can be kept at steps from 1 to {steps}, the last one", steps=self.steps))
        check(self.axes, self.base)
        return self

    @property
    def points(self) -> int:
        """Combinations of the axes' values."""
        found = self.samples
        if self.design == "grid":
            found = 1
            for axis in self.axes:
                found *= axis.count or len(axis.given)
        return found

    @property
    def count(self) -> int:
        """Games."""
        return self.points * self.seeds

    def values(self) -> Iterator[tuple[JsonValue, ...]]:
        """The axes' values at each point, in order."""
        if self.design == "grid":
            return itertools.product(*(axis.values for axis in self.axes))
        if self.design == "random":
            spread = np.random.default_rng(self.design_seed).random((self.samples, len(self.axes)))
        else:
            spread = qmc.LatinHypercube(len(self.axes), rng=self.design_seed).random(self.samples)
        return (tuple(axis.at(u) for axis, u in zip(self.axes, row, strict=True)) for row in spread.tolist())

    def cell(self, number: int) -> Cell:
        """The game of this number: the seeds of a point have consecutive ones. Raises SettingError where it cannot be."""
        point, repeat = divmod(number, self.seeds)
        values = self._points[point]
        config = self.at(values)
        if self.seeds > 1:
            config = config.replace(SEED, self.base.run.seed + repeat)
        return Cell(number, point, config.run.seed, values, config)

    @cached_property
    def _points(self) -> list[tuple[JsonValue, ...]]:
        return [*self.values()]

    def at(self, values: tuple[JsonValue, ...]) -> GameConfig:
        """The game at this point. Raises SettingError."""
        changes = [c for axis, v in zip(self.axes, values, strict=True) for c in axis.changes(v, self.base)]
        try:
            return configure(self.base, changes)
        except SettingError as error:
            where = ", ".join(f"{axis.name} = {v}" for axis, v in zip(self.axes, values, strict=True))
            problem = say("{setting}: {problem}", setting=error.path, problem=finished(error.problem))
            raise SettingError(say("at {where}", where=where), error.given, problem, error.allowed) from None


def read_sweep(given: Mapping[str, Any]) -> Sweep:
    """From JSON, or from fields. Raises SettingError, in words."""
    try:
        return Sweep.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "sweep"
        raise SettingError(where, NOT_GIVEN, why(error)) from None


@dataclass(frozen=True)
class Cell:
    """One game of a sweep: its number, its point's number and values there, its seed, its settings."""

    number: int
    point: int
    seed: int
    values: tuple[JsonValue, ...]
    config: GameConfig
