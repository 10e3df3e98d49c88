"""D's best response to G as it is: how much of the value that the JSD allows it reaches."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict

from gandash.diagnostics.best_response import LOG4, Approach, approach
from gandash.domains.domain import KnownJsd
from gandash.domains.registry import domain_of
from gandash.examine.descents import affordable_steps, value_notes
from gandash.examine.examination import CheckCancelled, Examination, GameCopy, Progress, timed, with_rests
from gandash.game.round import noise_in_force
from gandash.wire.facts import NullReference
from gandash.wire.findings import BestResponse, Examinable
from gandash.words import Said, marked, say

BEST_STEPS, BEST_RATE, BEST_BATCH, BEST_SECONDS = 3000, 1e-3, 512, 40.0
BEYOND = 0.01  # nats by which noise may carry D's estimate of JSD past the measured one


def _results(copy: GameCopy, check_cancelled: CheckCancelled) -> Iterator[Progress]:
    """G stands still and D is trained to its best; what it reaches is known where the JSD is: 2 JSD - log 4.

    After BEST_SECONDS it yields what it has as `unfinished`; asked for more, it goes on for as long again.
    """
    game, notes = copy.game, value_notes(copy.game)
    known = domain_of(game).known_jsd(game, copy.state, copy.streams)
    jsd = known.value
    notes += known.notes
    noise = noise_in_force(game, copy.state)
    if noise is not None and float(noise) > 0:
        notes.append(say("Instance noise is left out: D's best on clean samples, beside the JSD of the clean laws."))
    steps = affordable_steps(game, BEST_BATCH, BEST_STEPS, notes)
    way: list[Approach] = []
    until = time.monotonic() + BEST_SECONDS
    for now in approach(
        game,
        copy.theta,
        copy.phi_effective,
        copy.generators,
        jsd=jsd,
        steps=steps,
        learning_rate=BEST_RATE,
        batch=BEST_BATCH,
        patience=5,
        check_cancelled=check_cancelled,
    ):
        way.append(now)
        if time.monotonic() > until:
            stopped = say(
                "Stopped after {seconds} s, at {steps} of at most {most} steps: D may not be at its best yet.",
                seconds=f"{BEST_SECONDS:g}",
                steps=now.steps,
                most=steps,
            )
            yield Progress(_found(way, known, steps, [*notes, stopped]), unfinished=BEST_SECONDS)
            until = time.monotonic() + BEST_SECONDS
        yield Progress(_found(way, known, steps, notes))
    found_jsd = (float(way[-1].value) + LOG4) / 2  # no D reaches more than 2 JSD - log 4
    if found_jsd > jsd + BEYOND and not known.is_bound:
        notes.append(
            say(
                "D finds more than the measured JSD allows, which is read on finitely many samples. "
                "The true JSD is at least {jsd} nats, but for noise of about 0.01.",
                jsd=f"{found_jsd:.3f}",
            )
        )
    yield Progress(_found(way, known, steps, notes))


def _found(way: list[Approach], known: KnownJsd, steps: int, notes: list[Said]) -> BestResponse:
    return BestResponse(
        steps=tuple(now.steps for now in way),
        values=tuple(float(now.value) for now in way),
        share=float(way[-1].share),
        gap=float(way[-1].gap),
        jsd=known.value,
        jsd_is_bound=known.is_bound,
        jsd_floor=None if known.floor is None else NullReference(**asdict(known.floor)),
        bound=2 * known.value - LOG4,
        idle=-LOG4,
        limit=steps,
        learning_rate=BEST_RATE,
        notes=tuple(notes),
    )


def _seconds(copy: GameCopy) -> float:
    steps = affordable_steps(copy.game, BEST_BATCH, BEST_STEPS, [])

    def few() -> None:
        way = approach(copy.game, copy.theta, copy.phi_effective, copy.generators, steps=5, batch=BEST_BATCH, samples=64)
        for _ in way:
            pass

    return min(BEST_SECONDS, with_rests(timed(few) / 5, steps))


BEST_RESPONSE = Examination(Examinable.BEST_RESPONSE, marked("D's best response"), _results, _seconds)
