"""What the lab would have measured of a game, and what it would say of it: the same readings at the same steps."""

from __future__ import annotations

from gandash.domains.domain import Measured
from gandash.domains.registry import domain_of
from gandash.game.device import CPU
from gandash.wire.browser import VerdictKind
from gandash.worker.spacing import Spacing, spacing
from gandash.worker.trajectory import Trajectory


class Watch:
    """Of one game, from its beginning. `follow` is told of rounds, never of more than `free_rounds`."""

    def __init__(self, trajectory: Trajectory) -> None:
        self._trajectory, self._game = trajectory, trajectory.game.to(CPU)
        self._domain = domain_of(self._game)
        self._spacing = spacing(self._domain, self._game) if trajectory.is_compiled else Spacing()
        self._evidence = self._domain.verdict_evidence(self._game)
        self._held: dict[str, float] = {}
        self._read(with_jsd=True)
        self.verdict = self._evidence.verdict(self._game)
        self.in_a_row = 0  # last readings that say *converged*
        self.converged_since: int | None = None  # the first of them

    @property
    def free_rounds(self) -> int:
        """Rounds until the next reading."""
        every = self._spacing.every(self._domain, self._trajectory.step + 1)
        return every - self._trajectory.step % every

    def follow(self) -> None:
        """Rounds were played."""
        step = self._trajectory.step
        if not self._spacing.measures(self._domain, step):
            return
        self._read(self._spacing.reads_jsd(self._domain, step))
        self.verdict = self._evidence.verdict(self._game)
        if self.verdict.kind is not VerdictKind.CONVERGED:
            self.in_a_row, self.converged_since = 0, None
            return
        self.in_a_row += 1
        if self.converged_since is None:
            self.converged_since = step

    def measured(self) -> Measured:
        """The present state, with its JSD."""
        found: Measured = self._domain.measure(self._game, self._trajectory.state.to(CPU), self._trajectory.streams)
        return found

    @property
    def floors(self) -> dict[str, float]:
        """What one reading in twenty of a perfect generator is worse than, by the readings' names."""
        return {name: floor.worst_5pct for name, floor in self._domain.estimators(self._game).floors.items()}

    def _read(self, with_jsd: bool) -> None:
        state = self._trajectory.state.to(CPU)
        found = self._domain.measure(self._game, state, self._trajectory.streams, with_jsd=with_jsd)
        self._held |= found.readings
        self._evidence.observe(self._game, state, found, self._held)
