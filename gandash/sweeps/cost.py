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
from gandash.words import Said, say

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

    def words(self, processes: int) -> Said:
        """In one line, for who is to wait."""
        return say(
            "{games} games of {steps} steps: about {time} on {processes} ({each} ms a game), {size} MB of results",
            games=f"{self.games:,}",
            steps=f"{self.steps:,}",
            time=in_words(3600 * self.hours(processes)),
            processes=say("1 process") if processes == 1 else say("{count} processes", count=processes),
            each=f"{1000 * self.seconds / max(1, self.games):,.0f}",
            size=f"{size:,.1f}" if (size := self.bytes / 2**20) >= 0.1 else "< 0.1",
        )


class TooDear(ValueError):
    """A sweep that would take longer than anybody has allowed: says how long, and what to do about it; `to_shorten` without
    that more hours may be allowed."""

    def __init__(self, to_shorten: Said) -> None:
        self.to_shorten = to_shorten
        super().__init__(say("{problem}, or allow more hours", problem=to_shorten))


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
        say(
            "{cost}; at most {most} are allowed, and this is {times} times that. Give fewer steps (now {steps}), fewer seeds "
            "(now {seeds}) or fewer values ({axis} has {count})",
            cost=cost.words(processes),
            most=in_words(3600 * most_hours),
            times=f"{times:,.1f}",
            steps=f"{sweep.steps:,}",
            seeds=sweep.seeds,
            axis=longest.name,
            count=values,
        )
    )


def in_words(seconds: float) -> Said:
    """A length of time.

    >>> in_words(5), in_words(250), in_words(9000), in_words(1e6)
    ('5 s', '4 min 10 s', '2 h 30 min', '12 days')
    """
    if seconds < 60:
        return say("{seconds} s", seconds=f"{seconds:.0f}")
    if seconds < 3600:
        return say("{minutes} min {seconds} s", minutes=f"{seconds // 60:.0f}", seconds=f"{seconds % 60:.0f}")
    if seconds < 48 * 3600:
        return say("{hours} h {minutes} min", hours=f"{seconds // 3600:.0f}", minutes=f"{seconds % 3600 // 60:.0f}")
    return say("{days} days", days=f"{seconds / 86400:,.0f}")
