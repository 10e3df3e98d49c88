"""What a sweep costs, reckoned before it starts: about, on a slow core; who plays it says how fast it really is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gandash.config import GameConfig
from gandash.config.data import PicturesConfig
from gandash.config.game import flop_per_step
from gandash.config.networks import LinearConfig, MLPConfig, PointConfig
from gandash.sweeps.sweep import Sweep
from gandash.wire.facts import Engine

MOST_HOURS = 24.0  # that a sweep may take unless somebody wants it longer

_COMPILED_RULES = ("simultaneous", "alternating", "extragradient", "optimistic", "lookahead")
_ROUND = {"compiled": 15e-6, "torch": 1.2e-3}  # seconds of a round, whatever its size
_FLOPS = {"compiled": 55e9, "torch": 12e9}  # a second
_READING, _PICTURES_READING = 0.01, 0.08  # seconds
_READINGS, _SHARE = 40, 0.15  # of a game at first, and of its time in the long run
_BYTES = 600  # of a game's row on disk, and of each step at which its metrics are kept


@dataclass(frozen=True)
class Part:
    """Games that are played one after another by one process, by their numbers; about how long one takes."""

    number: int
    cells: tuple[int, ...]
    cell_seconds: float


@dataclass(frozen=True)
class Cost:
    """`seconds` of one core for all games, `bytes` of their results."""

    games: int
    steps: int
    seconds: float
    bytes: float

    def hours(self, processes: int) -> float:
        return self.seconds / processes / 3600

    def words(self, processes: int) -> str:
        """In one line, for who is to wait."""
        each = 1000 * self.seconds / max(1, self.games)
        return (
            f"{self.games:,} games of {self.steps:,} steps: about {in_words(3600 * self.hours(processes))} on {processes} "
            f"process{'es' if processes > 1 else ''} ({each:,.0f} ms a game), {self.bytes / 2**20:,.1f} MB of results"
        )


class TooDear(ValueError):
    """A sweep that would take longer than anybody has allowed: says how long, and what to do about it."""


def covered(config: GameConfig) -> Engine:
    """Who plays this game where nobody is asked for: compiled code if it can (`gandash.game.compiled.plans.covers`)."""
    laid_out = all(
        isinstance(n, PointConfig | LinearConfig)
        or (isinstance(n, MLPConfig) and (n.normalisation, n.dropout, n.activation == "maxout") == ("none", 0, False))
        for n in (config.generator, config.discriminator)
    )
    return "compiled" if laid_out and config.run.device != "cuda" and config.update_rule.kind in _COMPILED_RULES else "torch"


def seconds_of(config: GameConfig, steps: int, engine: Engine | None = None) -> float:
    """Of one core, to play this game and to judge it."""
    who = covered(config) if engine is None else engine
    rule = config.update_rule.flop(1, 1) if who == "torch" else 1.0  # passes of a round
    play = steps * (_ROUND[who] * max(1.0, rule / 2) + flop_per_step(config) / _FLOPS[who])
    reading = _PICTURES_READING if isinstance(config.data, PicturesConfig) else _READING
    return play * (1 + _SHARE) + reading * min(_READINGS, steps / 20)


def cost_of(sweep: Sweep, parts: Sequence[Part]) -> Cost:
    """Of these parts of it."""
    games = sum(len(part.cells) for part in parts)
    seconds = sum(len(part.cells) * part.cell_seconds for part in parts)
    return Cost(games, sweep.steps, seconds, games * _BYTES * (1 + len(sweep.keep.at)))


def check_cost(sweep: Sweep, cost: Cost, processes: int, most_hours: float = MOST_HOURS) -> None:
    """Raises TooDear."""
    if cost.hours(processes) <= most_hours:
        return
    longest = max(sweep.axes, key=lambda axis: axis.count or len(axis.given))
    values = longest.count or len(longest.given)
    times = cost.hours(processes) / most_hours
    raise TooDear(
        f"{cost.words(processes)}; at most {in_words(3600 * most_hours)} are allowed, and this is {times:,.1f} times "
        f"that. Give fewer steps (now {sweep.steps:,}), fewer seeds (now {sweep.seeds}) or fewer values ({longest.name} has "
        f"{values}), or allow more hours"
    )


def in_words(seconds: float) -> str:
    """A length of time.

    >>> in_words(5), in_words(250), in_words(9000), in_words(1e6)
    ('5 s', '4 min 10 s', '2 h 30 min', '12 days')
    """
    if seconds < 60:
        return f"{seconds:.0f} s"
    if seconds < 3600:
        return f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
    if seconds < 48 * 3600:
        return f"{seconds // 3600:.0f} h {seconds % 3600 // 60:.0f} min"
    return f"{seconds / 86400:,.0f} days"
