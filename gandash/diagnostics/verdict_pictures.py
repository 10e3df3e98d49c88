"""The verdict on a game of pictures, by rules in the spirit of those for points (`verdict`)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gandash.diagnostics.verdict import (
    CONVERGED_GAP,
    LESS_NOISE,
    SETTLED,
    STRENGTHEN,
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

if TYPE_CHECKING:
    from gandash.diagnostics.estimators import NullReference

CLOSE_FRECHET = 0.05
CLOSE_GAP = 0.15  # a mean; D goes on telling a few pictures of a finite set, which it knows by heart
BLIND_FRECHET = 0.25
CLOSE_SHARE = 0.8  # of what real pictures read against real ones
PRECISE_SHARE = 0.8
NARROW_SHARE = 0.4


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
    of_what = "Fréchet distance of the averaged G" if any(o.frechet_live is not None for o in recent) else "Fréchet distance"

    def median(name: str, last: int = SETTLED) -> float:
        return float(np.median([getattr(o, name) for o in recent[-last:]]))

    def facts_of(last: int) -> str:
        """What is said of so many last measurements: all numbers of one sentence are of the same."""
        real = levels["frechet"].mean
        said = [f"{of_what} {median('frechet', last):.3f} (real against real {real:.3f})"]
        for name in ("precision", "coverage"):
            if not math.isnan(levels[name].mean):
                said.append(f"{name} {median(name, last):.2f} ({levels[name].mean:.2f})")
        return ", ".join(said)

    gap, d_real, d_fake = (median(name) for name in ("gap_half", "mean_d_real", "mean_d_fake"))
    distance, playing = median("frechet"), float(np.median(live[-SETTLED:]))
    level = levels["frechet"].worst_5pct
    is_critic = math.isnan(gap)
    facts, of_late = facts_of(SETTLED), facts_of(len(np.array_split(kept, 3)[-1]))  # of_late: beside what is said of a third
    told = "" if is_critic else f"D is {gap:.2f} from {centre} on average; "

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
            "Close to real",
            f"By these numbers generated pictures come close to real ones: {told}{facts}.",
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
            f"D at {centre}, but blind",
            f"D hardly leaves {centre} and yet the pictures are not like real ones: {told}{facts}. D is too weak to see the "
            f"difference: {STRENGTHEN}{LESS_NOISE[asked.noisy]} or less R1.",
        )
    if falling:
        early, _ = ends_of(kept)
        return Verdict(
            VerdictKind.CONVERGING,
            "Learning",
            f"The pictures become more like real ones: {of_what} was {early:.3f} in the first third of what is recent; in the "
            f"last {of_late}.",
        )
    if is_close:
        return Verdict(
            VerdictKind.TRAINING, "Close to real, but told apart", f"D still tells what the numbers hardly do: {told}{facts}."
        )
    return Verdict(VerdictKind.TRAINING, "Training", f"No trend to name yet: {told}{facts}.")


def _collapse(
    recent: Sequence[PictureObservation], levels: Mapping[str, NullReference], modes: int, noun: str, of_late: str
) -> Verdict | None:
    """*Collapsed*, if a full window of observations says so."""
    cure = "R1, packing, a stronger D (learning rate, steps per round) or a slower G may win them back."
    if modes:
        first, last = ends_of(np.array([o.modes for o in recent]))
        if 1 <= last < min(modes, levels["modes"].worst_5pct) and last <= first:
            return Verdict(
                VerdictKind.COLLAPSED,
                f"Collapsed: {modes - round(last)} of {modes} {noun} lost",
                f"G makes {last:.0f} of {modes} {noun}, and no more of them over the last {len(recent)} measurements: "
                f"{of_late}. {cure}",
            )
    precision = ends_of(np.array([o.precision for o in recent]))[1]
    before, coverage = ends_of(np.array([o.coverage for o in recent]))
    is_precise = precision >= PRECISE_SHARE * levels["precision"].mean
    if is_precise and coverage <= NARROW_SHARE * levels["coverage"].mean and coverage <= before:
        return Verdict(
            VerdictKind.COLLAPSED,
            "Collapsed: few different pictures",
            f"Most pictures could be real, but they are like only {coverage:.0%} of the real ones, and no more over the last "
            f"{len(recent)} measurements: {of_late}. {cure}",
        )
    return None
