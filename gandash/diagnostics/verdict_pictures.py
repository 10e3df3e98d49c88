"""The verdict on a game of pictures, by rules in the spirit of those for points (`verdict`)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gandash.diagnostics.verdict import (
    CONVERGED_GAP,
    SETTLED,
    TOO_WEAK,
    TURNS,
    WAITING,
    WINDOW,
    DiscriminatorTargets,
    Verdict,
    discriminator_won,
    ends_of,
    is_falling,
    oscillating,
    turns_of,
)
from gandash.wire.browser import VerdictKind
from gandash.words import Said, joined, say

if TYPE_CHECKING:
    from gandash.diagnostics.estimators import NullReference

CLOSE_FRECHET = 0.05
CLOSE_GAP = 0.15  # a mean; D goes on telling a few pictures of a finite set, which it knows by heart
BLIND_FRECHET = 0.25
CLOSE_SHARE = 0.8  # of what real pictures read against real ones
PRECISE_SHARE = 0.8
NARROW_SHARE = 0.4


NOUNS = {"digits": say("digits"), "classes": say("classes"), "cells": say("cells")}


@dataclass(frozen=True)
class PictureObservation:
    """One measurement of a game of pictures; `frechet` of the generator one would keep, `frechet_live` of the one that plays.

    Precision, coverage and the captured `modes` (digits or cells; NaN where there are none) are those of the one that plays.
    `gap_half` is the mean of |D - 1/2| over as many real as generated pictures: among thousands of pictures D is sure of some
    even at the end, so that the largest would say nothing. It and the means of D are NaN for a critic.
    """

    frechet: float
    precision: float
    coverage: float
    gap_half: float
    mean_d_real: float
    mean_d_fake: float
    frechet_live: float | None = None
    modes: float = math.nan


def picture_verdict_rule(
    history: Sequence[PictureObservation],
    levels: Mapping[str, NullReference],
    modes: int = 0,
    noun: str = "digits",
    centre: str = "1/2",
    asked: DiscriminatorTargets | None = None,
) -> Verdict:
    """The verdict on the last WINDOW observations of a game of pictures.

    `levels` are what real pictures read against real ones (`PictureEstimators.floors`); `modes` how many digits or cells there
    are, as `noun` calls them, 0 where there are none. The rules, tried in this order, with the terms of `points_verdict_rule`:

    - *waiting*: fewer than SETTLED measurements.
    - *collapsed*: over a full WINDOW, either some digits or cells are captured but fewer than all but one in twenty samples of
      real pictures capture, and in the last third no more than in the first; or precision is at least PRECISE_SHARE of its
      level while coverage, no higher in the last third than in the first, is at most NARROW_SHARE of its: good pictures,
      but few different ones.
    - *discriminator won*: as for points.
    - *converged*: Frechet distance within CLOSE_FRECHET (in units of the real pictures' variance) of its level, precision and
      coverage at least CLOSE_SHARE of theirs, and the gap at most CLOSE_GAP.
    - *oscillating*: as for points, from the Frechet distance of the generator that plays.
    - *blind*: at least twice SETTLED measurements, the gap at most CONVERGED_GAP but both Frechet distances more than
      BLIND_FRECHET above the level and not falling.
    - *converging*: the Frechet distance is falling.
    - *training*: none of these; said to be close where all but the gap allows *converged*, for D may still tell what the
      features do not show.
    """
    asked = asked or DiscriminatorTargets.about(centre)
    recent = list(history[-WINDOW:])
    if len(recent) < SETTLED:
        return WAITING
    kept = np.array([o.frechet for o in recent])
    live = np.array([o.frechet if o.frechet_live is None else o.frechet_live for o in recent])
    of_what = say("Fréchet distance")
    if any(o.frechet_live is not None for o in recent):
        of_what = say("Fréchet distance of the averaged G")

    def median(name: str, last: int = SETTLED) -> float:
        return float(np.median([getattr(o, name) for o in recent[-last:]]))

    def facts_of(last: int) -> Said:
        """What is said of so many last measurements: all numbers of one sentence are of the same."""
        found, real = f"{median('frechet', last):.3f}", f"{levels['frechet'].mean:.3f}"
        said = say("{what} {found} (real against real {real})", what=of_what, found=found, real=real)
        for name, words in (("precision", say("precision")), ("coverage", say("coverage"))):
            if not math.isnan(levels[name].mean):
                found, real = f"{median(name, last):.2f}", f"{levels[name].mean:.2f}"
                said = say("{facts}, {what} {found} ({real})", facts=said, what=words, found=found, real=real)
        return said

    gap, d_real, d_fake = (median(name) for name in ("gap_half", "mean_d_real", "mean_d_fake"))
    distance, playing = median("frechet"), float(np.median(live[-SETTLED:]))
    level = levels["frechet"].worst_5pct
    is_critic = math.isnan(gap)
    facts, of_late = facts_of(SETTLED), facts_of(len(np.array_split(kept, 3)[-1]))  # of_late: beside what is said of a third
    away = say("D is {gap} from {centre} on average; {facts}", gap=f"{gap:.2f}", centre=centre, facts=facts)
    told = facts if is_critic else away

    if len(recent) == WINDOW:
        collapse = _collapse(recent, levels, modes, noun, of_late)
        if collapse:
            return collapse
    if asked.won(d_real, d_fake):
        return discriminator_won(d_real, d_fake, asked)
    is_close = (
        distance <= level + CLOSE_FRECHET
        and not median("precision") < CLOSE_SHARE * levels["precision"].mean  # NaN: a set too small to have neighbours
        and not median("coverage") < CLOSE_SHARE * levels["coverage"].mean
    )
    if is_close and (is_critic or gap <= asked.gap(CLOSE_GAP)):
        return Verdict(
            VerdictKind.CONVERGED,
            say("Close to real"),
            say("By these numbers generated pictures come close to real ones: {facts}.", facts=told),
        )
    gaps = np.array([o.gap_half for o in recent])
    swings = max(turns_of(live, 0.05), 0 if np.isnan(gaps).any() else turns_of(gaps, 0.05 * asked.span))
    if len(recent) == WINDOW and swings >= TURNS:
        return oscillating(swings)
    falling = is_falling(kept, level)
    still = gap <= CONVERGED_GAP * asked.span
    if len(recent) >= 2 * SETTLED and still and min(distance, playing) > level + BLIND_FRECHET and not falling:
        return Verdict(
            VerdictKind.BLIND,
            say("D at {centre}, but blind", centre=centre),
            joined(
                say(
                    "D hardly leaves {centre} and yet the pictures are not like real ones: {facts}.", centre=centre, facts=told
                ),
                TOO_WEAK[asked.noisy],
            ),
        )
    if falling:
        early, _ = ends_of(kept)
        return Verdict(
            VerdictKind.CONVERGING,
            say("Learning"),
            say(
                "The pictures become more like real ones: {what} was {early} in the first third of what is recent; in the last "
                "{facts}.",
                what=of_what,
                early=f"{early:.3f}",
                facts=of_late,
            ),
        )
    if is_close:
        apart = say("D still tells what the numbers hardly do: {facts}.", facts=told)
        return Verdict(VerdictKind.TRAINING, say("Close to real, but told apart"), apart)
    return Verdict(VerdictKind.TRAINING, say("Training"), say("No trend to name yet: {facts}.", facts=told))


def _collapse(
    recent: Sequence[PictureObservation], levels: Mapping[str, NullReference], modes: int, noun: str, of_late: Said
) -> Verdict | None:
    """*Collapsed*, if a full window of observations says so."""
    cure = say("R1, packing, a stronger D (learning rate, steps per round) or a slower G may win them back.")
    count, things = len(recent), NOUNS.get(noun, Said(noun))
    if modes:
        first, last = ends_of(np.array([o.modes for o in recent]))
        if 1 <= last < min(modes, levels["modes"].worst_5pct) and last <= first:
            return Verdict(
                VerdictKind.COLLAPSED,
                say("Collapsed: {lost} of {modes} {things} lost", lost=modes - round(last), modes=modes, things=things),
                say(
                    "G makes {some} of {modes} {things}, and no more of them over the last {count} measurements: "
                    "{facts}. {cure}",
                    some=f"{last:.0f}",
                    modes=modes,
                    things=things,
                    count=count,
                    facts=of_late,
                    cure=cure,
                ),
            )
    precision = ends_of(np.array([o.precision for o in recent]))[1]
    before, coverage = ends_of(np.array([o.coverage for o in recent]))
    is_precise = precision >= PRECISE_SHARE * levels["precision"].mean
    if is_precise and coverage <= NARROW_SHARE * levels["coverage"].mean and coverage <= before:
        return Verdict(
            VerdictKind.COLLAPSED,
            say("Collapsed: few different pictures"),
            say(
                "Most pictures could be real, but they are like only {share} of the real ones, and no more over the last "
                "{count} measurements: {facts}. {cure}",
                share=f"{coverage:.0%}",
                count=count,
                facts=of_late,
                cure=cure,
            ),
        )
    return None
