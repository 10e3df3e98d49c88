"""The duality gap: what each player could still win if the other stood still."""

from __future__ import annotations

import math
from collections.abc import Iterator

from gandash.diagnostics.duality import duality_gap
from gandash.examine.descents import affordable_steps, value_notes
from gandash.examine.examination import CheckCancelled, Examination, GameCopy, Progress, timed, with_rests
from gandash.game.game import Game
from gandash.wire.findings import DualityGap, Examinable

INNER_STEPS, INNER_RATE = 100, 1e-3
INNER_BATCH, INNER_TEST = 512, 4096


def gap_at_equilibrium(game: Game) -> float:
    """The duality gap of V where p_g = p_r and D is c, its value at equilibrium, everywhere: -log 4 - log c - log(1 - c).

    D can still win what label smoothing forbids it: 0.041 for c = 0.4, 0 for c = 1/2. NaN where D is no probability.
    """
    reading = game.objective.reading
    if not reading.is_probability or reading.centre is None:
        return math.nan
    c = reading.centre
    return abs(-math.log(4) - math.log(c) - math.log(1 - c))


def _results(copy: GameCopy, check_cancelled: CheckCancelled) -> Iterator[Progress]:
    """What each player could still win if the other stood still."""
    game, notes = copy.game, value_notes(copy.game)
    steps = affordable_steps(game, INNER_BATCH, INNER_STEPS, notes)
    generators = copy.generators
    batch, test = copy.drawn(INNER_BATCH, generators), copy.drawn(INNER_TEST, generators)
    yield Progress(doing=f"each player takes {steps} steps against the other, which stands still")
    found = duality_gap(
        game,
        copy.theta,
        copy.phi_effective,
        *batch,
        steps=steps,
        learning_rate=INNER_RATE,
        test=test,
        check_cancelled=check_cancelled,
    )
    yield Progress(
        DualityGap(
            gap=float(found.gap),
            at_equilibrium=gap_at_equilibrium(game),
            value=float(found.value),
            worst_for_g=float(found.worst_for_g),
            worst_for_d=float(found.worst_for_d),
            steps=steps,
            learning_rate=INNER_RATE,
            samples=batch[0].shape[1],
            test=test[0].shape[1],
            notes=tuple(notes),
        )
    )


def _seconds(copy: GameCopy) -> float:
    batch = copy.drawn(INNER_BATCH, copy.generators)
    steps = affordable_steps(copy.game, INNER_BATCH, INNER_STEPS, [])

    def few() -> object:
        return duality_gap(copy.game, copy.theta, copy.phi_effective, *batch, steps=2, learning_rate=INNER_RATE)

    return with_rests(timed(few) / 4, 2 * steps)


DUALITY = Examination(Examinable.DUALITY, "the duality gap", _results, _seconds)
