"""What the lab would have measured of a game, and what it would say of it: the same readings at the same steps.

Of most games only the last word counts, and that rests on few of the readings, of most of them on a number or two. So of games
on points the states are kept, and what is asked of them is read then.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from gandash.diagnostics.measure import Measurement, Parts, numbers_of
from gandash.diagnostics.verdict import Observation, Verdict
from gandash.domains.registry import domain_of
from gandash.domains.verdict_evidence import outputs_of_d, share_off
from gandash.game.device import CPU
from gandash.wire.browser import VerdictKind
from gandash.worker.spacing import Spacing, spacing
from gandash.worker.trajectory import Trajectory

MOST_BYTES = 128 * 2**20  # of kept states


class Watch:
    """Of one game, from its beginning. `follow` is told of rounds, never of more than `free_rounds`."""

    def __init__(self, trajectory: Trajectory, steps: int) -> None:
        self._trajectory, self._game = trajectory, trajectory.game.to(CPU)
        self._domain = domain_of(self._game)
        self._spacing = spacing(self._domain, self._game) if trajectory.is_compiled else Spacing()
        self._evidence = self._domain.verdict_evidence(self._game)
        self._steps: list[int] = []
        self._observed: list[Any] = []
        self._verdicts: dict[int, Verdict] = {}  # after so many readings
        self._held: dict[str, float] = {}
        self._last: Reading | None = None
        size = sum(t.nbytes for t in trajectory.state.tensors.values())
        many = 2 + steps // (self._domain.measure_every * self._spacing.periods) + 30 * self._spacing.periods.bit_length()
        self._puts_off = self._evidence.observed is Observation and size * many < MOST_BYTES
        self._estimators = self._domain.estimators(self._game)
        self._read(with_jsd=True)

    @property
    def free_rounds(self) -> int:
        """Rounds until the next reading."""
        every = self._spacing.every(self._domain, self._trajectory.step + 1)
        return every - self._trajectory.step % every

    def follow(self) -> None:
        """Rounds were played."""
        step = self._trajectory.step
        if self._spacing.measures(self._domain, step):
            self._read(self._spacing.reads_jsd(self._domain, step))

    @property
    def verdict(self) -> Verdict:
        return self._after(len(self._steps))

    def has_converged(self, readings: int) -> bool:
        """Whether so many readings in a row, up to now, say *converged*."""
        last = range(len(self._steps), len(self._steps) - readings, -1)
        return all(n > 0 and self._after(n).kind is VerdictKind.CONVERGED for n in last)

    @property
    def converged_since(self) -> int | None:
        """The step of the first of the readings that have said *converged* ever since; None where the last does not."""
        n = len(self._steps)
        while n and self._after(n).kind is VerdictKind.CONVERGED:
            n -= 1
        return self._steps[n] if n < len(self._steps) else None

    def readings(self) -> dict[str, float]:
        """Of the present state, with its JSD."""
        state = self._trajectory.state.to(CPU)
        if self._last is not None and self._last.parts.state.step == state.step:
            return self._last.found.with_jsd().readings
        found: dict[str, float] = self._domain.measure(self._game, state, self._trajectory.streams).readings
        return found

    @property
    def floors(self) -> dict[str, float]:
        """What one reading in twenty of a perfect generator is worse than, by the readings' names."""
        return {name: floor.worst_5pct for name, floor in self._estimators.floors.items()}

    def _after(self, n: int) -> Verdict:
        """The verdict after the first n readings."""
        if n not in self._verdicts:
            self._evidence.rest_on(self._observed[:n])
            self._verdicts[n] = self._evidence.verdict(self._game)
        return self._verdicts[n]

    def _read(self, with_jsd: bool) -> None:
        state = self._trajectory.state.to(CPU)
        self._steps.append(state.step)
        if self._puts_off:
            parts = Parts(self._estimators, self._game, state, self._trajectory.streams, with_error=False)
            self._last = Reading(parts, None if with_jsd else self._last)
            self._observed.append(self._last)
            return
        found = self._domain.measure(self._game, state, self._trajectory.streams, with_jsd=with_jsd)
        self._held |= found.readings
        self._observed.append(self._evidence.observation(self._game, state, found, self._held))


@dataclass(frozen=True)
class Reading:
    """An observation for the verdict (`diagnostics.verdict.Observation`) of which each number is read once it is asked for.
    Where this reading leaves out the JSD, that of the one `before` it counts, as in the lab."""

    parts: Parts
    before: Reading | None

    @cached_property
    def found(self) -> Measurement:
        """All of it, but for the JSD where it takes samples of its own."""
        return self.parts.together()

    @cached_property
    def jsd(self) -> float:
        """Of G's average, where one is kept."""
        return self._source._jsd(self.is_averaged)

    @cached_property
    def jsd_live(self) -> float | None:
        return self._source._jsd(False) if self.is_averaged else None

    @property
    def is_averaged(self) -> bool:
        return self.parts.is_averaged

    @property
    def wasserstein(self) -> float:
        return self.parts.live.wasserstein

    @property
    def modes(self) -> float:
        return numbers_of(self.parts.live)["modes"]

    @property
    def modes_kept(self) -> float:
        return self._kept["modes"]

    @property
    def quality_kept(self) -> float:
        return self._kept["high_quality"]

    @property
    def gap_half(self) -> float:
        return self._said["gap_half"]

    @property
    def mean_d_real(self) -> float:
        return self._said["mean_d_real"]

    @property
    def mean_d_fake(self) -> float:
        return self._said["mean_d_fake"]

    @property
    def gap_star(self) -> float:
        return self.found.readings["gap_star"]

    @property
    def share_off(self) -> float:
        return share_off(self.parts.game, self.found)

    @cached_property
    def _said(self) -> dict[str, float]:
        return outputs_of_d(self.parts.game, self.parts, self.parts.gap_half)

    @cached_property
    def _kept(self) -> dict[str, float]:
        return numbers_of(self.parts.average or self.parts.live)

    @property
    def _source(self) -> Reading:
        return self if self.before is None else self.before._source

    def _jsd(self, averaged: bool) -> float:
        later = self.parts.later
        if later is not None:
            return (later.average if averaged else later.live).jsd
        read = self.parts.average if averaged else self.parts.live
        assert read is not None and read.jsd is not None  # of rows without a density it is read with everything else
        return read.jsd
