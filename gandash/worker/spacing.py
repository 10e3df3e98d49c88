"""How far apart a game is measured that compiled code plays.

Its rounds are three times as fast as torch's or more, and a measurement is as dear as ever: at the steps that suit torch a live
run would measure half its time. Measurements are spread over time instead: to about 14 a second, hardly fewer than there are
packets of rows for the curves. But a replay must measure at the same steps, on whatever machine and however busy that is:
so how long a round takes is not measured but reckoned from the game.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from gandash.diagnostics.verdict import WINDOW
from gandash.domains.domain import Domain
from gandash.game.compiled.plans import GRADIENT_D, GRADIENT_G, plan
from gandash.game.game import Game
from gandash.game.round import Players

MEASURED_SECONDS = 0.07
JSD_SECONDS = 1.0  # where it is dear, as much as several measurements
EARLY = WINDOW // 2  # twice as many are a period apart, so that the first verdict comes when it does by torch
_SAMPLE_SECONDS, _WEIGHT_SECONDS = 25e-9, 2e-11  # of a pass, on a slow core: for each sample, and for each weight it meets


@dataclass(frozen=True)
class Spacing:
    """Measured every `periods` of the domain in the long run; the JSD, where it is dear, every `jsd` of its own."""

    periods: int = 1
    jsd: int = 1

    def measures(self, domain: Domain, step: int) -> bool:
        """Whether this step is one of them."""
        return step % self.every(domain, step) == 0

    def every(self, domain: Domain, step: int) -> int:
        """Steps from one to the next, about this step."""
        return domain.measure_every * min(self.periods, self._early(domain, step))

    @staticmethod
    def _early(domain: Domain, step: int) -> int:
        """The most periods that may lie between two measurements: 1 at first, and twice as many whenever the number of steps so
        far has doubled.

        It doubles at a multiple of what it was, so that who plays from one measurement to the next misses none.
        """
        return 1 << max(0, (step // (EARLY * domain.measure_every)).bit_length() - 1)

    def settled(self, domain: Domain) -> int:
        """The step from which on they come no further apart."""
        return EARLY * domain.measure_every << (self.periods - 1).bit_length()

    def reads_jsd(self, domain: Domain, step: int) -> bool:
        """Whether this measurement reads the JSD."""
        if domain.jsd_every is None or self.periods == 1:
            return domain.reads_jsd(step)
        nth, apart = step // self.every(domain, step), domain.jsd_every // domain.measure_every
        most = apart * self.jsd // self.periods
        while apart < most and 8 * apart <= nth:  # never further apart than a quarter of the way so far
            apart *= 2
        return nth % apart == 0 or domain.is_early(step)


class OnlyWhenAsked(Spacing):
    """Of a training loop of somebody's own: its rounds come in lots, and what is there to be measured is the last state."""

    def measures(self, domain: Domain, step: int) -> bool:
        return False


def round_seconds(game: Game) -> float:
    """About how long a compiled round takes, from the samples that pass through each network: forward, backward, into the
    gradient, and with each penalty twice more."""
    done = plan(game.config.update_rule, Players.BOTH, game.objective.pairs)
    looks_d, looks_g = done.count(GRADIENT_D), done.count(GRADIENT_G)
    penalties = len(list(game.penalties.at("real", "fake", "between")))
    through_d, through_g = looks_d * (6 + 2 * penalties) + 2 * looks_g, looks_d + 2 * looks_g
    passes = (through_d, game.discriminator.network), (through_g, game.generator.network)
    return game.batch * sum(n * (_SAMPLE_SECONDS + _WEIGHT_SECONDS * network.size) for n, network in passes)


def spacing(domain: Domain, game: Game) -> Spacing:
    """Of a game that compiled code covers."""
    seconds = round_seconds(game)
    periods = math.ceil(MEASURED_SECONDS / (seconds * domain.measure_every))
    if domain.jsd_every is None:
        return Spacing(periods)
    doublings = max(0, math.ceil(math.log2(JSD_SECONDS / (seconds * domain.jsd_every * periods))))
    return Spacing(periods, periods * 2**doublings)
