"""The duality gap: what each player could still win if the other stood still."""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import mean, stdev

from torch import Generator, Tensor

from gandash.diagnostics.duality import duality_gap, gap_of_equals
from gandash.examine.descents import affordable_steps, is_logit, value_notes
from gandash.examine.examination import CheckCancelled, Examination, GameCopy, Progress, timed, with_rests
from gandash.game.game import Game
from gandash.wire.findings import DualityGap, Examinable
from gandash.words import marked, say

INNER_STEPS, INNER_RATE = 100, 1e-3
INNER_BATCH, INNER_TEST = 512, 4096
EQUALS = 4  # readings of a perfect generator


def logit_at_rest(game: Game) -> float | None:
    """D's output where p_g = p_r and D is at rest; None where that is not known, or D's output is no logit."""
    reading = game.objective.reading
    if not (is_logit(game) and reading.is_probability and reading.centre is not None):
        return None
    return math.log(reading.centre) - math.log1p(-reading.centre)


def at_equilibrium(copy: GameCopy, steps: int, generators: list[Generator], check_cancelled: CheckCancelled) -> list[float]:
    """What the gap reads of a perfect generator and a D at rest, EQUALS times; nothing where there is no such thing."""
    game, output = copy.game, logit_at_rest(copy.game)
    if output is None:
        return []

    def drawn(n: int) -> tuple[Tensor, Tensor]:
        n -= n % game.pack
        return game.data.sample_each(generators, n), game.data.sample_each(generators, n)

    try:
        return [
            float(
                gap_of_equals(
                    game,
                    copy.phi_effective,
                    *drawn(INNER_BATCH),
                    output,
                    steps=steps,
                    learning_rate=INNER_RATE,
                    test=drawn(INNER_TEST),
                    check_cancelled=check_cancelled,
                )
            )
            for _ in range(EQUALS)
        ]
    except ValueError:  # a line through 0 cannot say half of a smoothed label
        return []


def _results(copy: GameCopy, check_cancelled: CheckCancelled) -> Iterator[Progress]:
    """What each player could still win if the other stood still."""
    game, notes = copy.game, value_notes(copy.game)
    steps = affordable_steps(game, INNER_BATCH, INNER_STEPS, notes)
    generators = copy.generators
    batch, test = copy.drawn(INNER_BATCH, generators), copy.drawn(INNER_TEST, generators)
    yield Progress(doing=say("each player takes {steps} steps against the other, which stands still", steps=steps))
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
    result = DualityGap(
        gap=float(found.gap),
        value=float(found.value),
        worst_for_g=float(found.worst_for_g),
        worst_for_d=float(found.worst_for_d),
        steps=steps,
        learning_rate=INNER_RATE,
        samples=batch[0].shape[1],
        test=test[0].shape[1],
        notes=tuple(notes),
    )
    yield Progress(result, doing=say("what a perfect generator reads"))
    equals = at_equilibrium(copy, steps, generators, check_cancelled)
    told = {"at_equilibrium": mean(equals), "spread": stdev(equals)} if equals else {}
    yield Progress(result.model_copy(update=told))


def _seconds(copy: GameCopy) -> float:
    batch = copy.drawn(INNER_BATCH, copy.generators)
    steps = affordable_steps(copy.game, INNER_BATCH, INNER_STEPS, [])

    def few() -> object:
        return duality_gap(copy.game, copy.theta, copy.phi_effective, *batch, steps=2, learning_rate=INNER_RATE)

    return with_rests(timed(few) / 4, (2 + EQUALS) * steps)


DUALITY = Examination(Examinable.DUALITY, marked("the duality gap"), _results, _seconds)
