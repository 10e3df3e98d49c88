"""What all kinds of points have in common: measured by `diagnostics.measure`, counted by the modes of a mixture."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import asdict
from functools import lru_cache
from typing import Any

from torch import Tensor

from gandash.config.data import DataConfig
from gandash.diagnostics import samples
from gandash.diagnostics.coverage import Coverage, cover, perfect_quality, perfect_shares
from gandash.diagnostics.estimators import Estimators
from gandash.diagnostics.measure import Measurement, measure
from gandash.diagnostics.verdict import Observation, Verdict, points_verdict_rule
from gandash.domains.domain import Domain, KnownJsd
from gandash.domains.verdict_evidence import VerdictEvidence, centre_named, outputs_of_d, share_off, targets_of_d
from gandash.game.distributions import distribution
from gandash.game.game import Game, Streams
from gandash.game.round import GameState
from gandash.wire.facts import Counted, GameFacts
from gandash.wire.findings import ModeRow, ModeTable
from gandash.words import say


class PointEvidence(VerdictEvidence):
    """On a game on points: by divergences, D's distance from 1/2 and modes."""

    observed = Observation

    def __init__(self, known: Estimators) -> None:
        super().__init__()
        self._known = known

    def observation(self, game: Game, state: GameState, found: Any, readings: dict[str, float]) -> Observation:
        return Observation(
            jsd=readings["jsd_average"],
            wasserstein=readings["wasserstein"],
            jsd_live=readings["jsd"] if found.average is not None else None,
            modes=readings["modes"],
            modes_kept=readings["modes_average"],
            quality_kept=readings["high_quality_average"],
            **outputs_of_d(game, found, readings["gap_half"]),
            gap_star=readings["gap_star"],
            share_off=share_off(game, found),
        )

    def verdict(self, game: Game) -> Verdict:
        modes = game.data.modes()
        count = len(modes.weights) if modes else 0
        floor, is_bound = self._known.floors["jsd"].worst_5pct, self._known.jsd_is_bound
        return points_verdict_rule(self._recent, floor, count, centre_named(game), targets_of_d(game), is_bound)


def point_facts(game: Game, known: Estimators, shared: GameFacts, wasserstein: str = "W_1") -> dict[str, Any]:
    """The fields of `PointFacts`: where p_r's modes are, if it is a mixture, and what a perfect generator scores there."""
    modes = game.data.modes()
    return dict(shared) | {
        "wasserstein": wasserstein,
        "jsd_is_bound": known.jsd_is_bound,
        "modes": () if modes is None else modes.points.tolist(),
        "mode_std": None if modes is None else modes.std,
        "mode_shares": shares_of_p_r(game.config.data),
        "perfect_quality": perfect_quality(game.data.dimension) if modes is None else sum(shares_of_p_r(game.config.data)),
    }


@lru_cache(maxsize=32)
def shares_of_p_r(data: DataConfig) -> tuple[float, ...]:
    """A perfect generator's share of high quality at each mode, found once for each law: it takes up to 20 ms."""
    modes = distribution(data).modes()
    return () if modes is None else tuple(perfect_shares(modes).tolist())


class Points(Domain):
    """A kind of points: a newcomer brings its estimators and what draws it."""

    @abstractmethod
    def estimators(self, game: Game) -> Estimators: ...

    def measure(self, game: Game, state: GameState, streams: Streams, member: int = 0, *, with_jsd: bool = True) -> Measurement:
        return measure(self.estimators(game), game, state, streams, member, with_jsd=with_jsd)

    def verdict_evidence(self, game: Game) -> VerdictEvidence:
        return PointEvidence(self.estimators(game))

    def cover(self, game: Game) -> Callable[[Tensor], Coverage] | None:
        modes = game.data.modes()
        return None if modes is None else lambda x: cover(x, modes)

    def mode_table(self, game: Game, fake: Tensor) -> ModeTable | None:
        modes = game.data.modes()
        if modes is None:
            return None
        found = samples.mode_table(fake, modes)
        rows = tuple(ModeRow(**asdict(row)) for row in found.rows)
        rest = {name: value for name, value in vars(found).items() if name != "rows"}
        return ModeTable(counted=Counted.MODES, rows=rows, **rest)

    def known_jsd(self, game: Game, state: GameState, streams: Streams) -> KnownJsd:
        found = self.measure(game, state, streams)
        floor = found.estimators.floors["jsd"]
        if found.jsd_seen is not None:
            note = say("D's best response is that to packs, and to samples without noise: their JSD is not measured.")
            if found.noise == 0 and not math.isnan(found.jsd_seen):
                return KnownJsd(
                    found.jsd_seen, found.seen_floors.jsd_seen, (say("The JSD is that of packs of {pack}.", pack=game.pack),)
                )
            if game.pack > 1:
                return KnownJsd(math.nan, floor, (note,))
        jsd = found.readings["jsd"]
        if found.estimators.jsd_is_bound:
            note = say("The JSD is that of cells, since rows have no density: a lower bound, which D may pass.")
            return KnownJsd(jsd, floor, (note,), is_bound=True)
        close = say("The measured JSD is close to what sampling noise alone reads: the share says little here.")
        return KnownJsd(jsd, floor, (close,) if jsd < 2 * floor.worst_5pct else ())
