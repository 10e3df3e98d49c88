"""A verdict on a run in words, from stated rules on its recent history.

The rules, tried in this order; "recent" is the last WINDOW measurements, medians are over the last SETTLED of them:

- *waiting*: fewer than SETTLED measurements.
- *collapsed*: p_r is a mixture and, over a full WINDOW, the generator that plays captures some of its modes but not all, and in
  the last third no more than in the first (medians). A G that is merely too wide would touch every mode.
- *discriminator won*: median mean D(real) > 0.9 and mean D(generated) < 0.1: D tells nearly every sample.
- *converged*: median sup |D - 1/2| <= 0.10 over the central 98 % of p_r **and** median JSD <= its noise floor + 0.02 nats.
  Both are needed: a dead discriminator sits at 1/2 as well.
- *oscillating*: over a full WINDOW, W1 or sup |D - 1/2| swings: at least TURNS turns, each larger than half the curve's median
  and than 0.05 (units of x, or of probability), and LINE or more of the variance about its linear trend lies in three
  neighbouring frequencies. Independent noise, however large, seldom has more than 0.3 there (cf. Fisher 1929 on one).
- *blind*: at least twice SETTLED measurements, median sup |D - 1/2| <= 0.10 but median JSD > floor + 0.10 nats, of the
  live generator too (an average lags behind), and not falling: D is at 1/2 because it sees nothing.
- *converging*: JSD is falling: all of the last third of the recent history lies below all of the first third, and the
  median's distance from the floor shrank by a tenth or more between them.
- *training*: none of these yet.

*Diverged* (a number is no longer finite) is not a matter of history: the loop says it at once.
1/2 stands for the reading of D at equilibrium, which label smoothing moves. A critic has no scale of its own: its gap and means
are NaN here, rules that need them do not apply, and JSD alone says *converged*.
JSD here is the averaged generator's when averaging is on, else the live one's; W1 is the live one's, for an average would
calm the very orbit that is looked for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Curve = NDArray[np.float64]

WINDOW = 60
SETTLED = 8
CONVERGED_GAP = 0.10
CONVERGED_JSD = 0.02
BLIND_JSD = 0.10
TURNS = 4
LINE = 0.35
ARRIVED = 0.01
DRIFT = 0.03  # an orbit of finite steps is not quite round


@dataclass(frozen=True)
class Verdict:
    kind: str
    title: str
    reason: str


@dataclass(frozen=True)
class Observation:
    """One measurement, as the verdict sees it: `jsd` of the generator one would keep, `wasserstein` of the one that plays."""

    jsd: float
    wasserstein: float
    gap_half: float
    mean_d_real: float
    mean_d_fake: float
    jsd_live: float | None = None  # of the generator that plays, where an average is kept beside it
    modes: float = math.nan  # captured by the generator that plays; NaN where p_r is no mixture


WAITING = Verdict("waiting", "Too early to say", "Too few measurements yet to name a trend.")


def judge(history: Sequence[Observation], jsd_floor: float, modes: int = 0, centre: str = "1/2") -> Verdict:
    """The verdict on the last WINDOW observations of `history`.

    `jsd_floor` is the reading of a perfect generator, in nats; `modes` how many modes p_r has, 0 where it is no mixture;
    `centre` names D's value at equilibrium.
    """
    recent = list(history[-WINDOW:])
    if len(recent) < SETTLED:
        return WAITING
    table = np.array([[o.jsd, o.wasserstein, o.gap_half, o.mean_d_real, o.mean_d_fake] for o in recent])
    jsd, _w1, gap, d_real, d_fake = np.median(table[-SETTLED:], axis=0)
    thirds = np.array_split(table[:, 0], 3)
    early, late = float(np.median(thirds[0])), float(np.median(thirds[-1]))
    falling = late - jsd_floor <= 0.9 * (early - jsd_floor) and thirds[-1].max() < thirds[0].min()
    live = float(np.median([o.jsd if o.jsd_live is None else o.jsd_live for o in recent[-SETTLED:]]))
    of_what = "JSD of the averaged G" if any(o.jsd_live is not None for o in recent) else "JSD"
    is_critic = math.isnan(gap)
    facts = ("" if is_critic else f"sup |D − {centre}| = {gap:.2f}, ") + f"{of_what} = {jsd:.3f} nats (floor {jsd_floor:.4f})"

    captured = np.array([o.modes for o in recent])
    if modes and len(recent) == WINDOW:
        first, last = (float(np.median(third)) for third in (captured[: WINDOW // 3], captured[-WINDOW // 3 :]))
        if 1 <= last < modes and last <= first:
            lost = modes - round(last)
            return Verdict(
                "collapsed",
                f"Collapsed: {lost} mode{'s' if lost > 1 else ''} lost",
                f"G's samples reach {last:.0f} of {modes} modes, and no more of them over the last {len(recent)} measurements: "
                f"{facts}. R1, a stronger D (learning rate, steps per round) or a slower G may win them back.",
            )
    if d_real > 0.9 and d_fake < 0.1:
        return Verdict(
            "discriminator_won",
            "Discriminator won",
            f"D tells nearly every sample: mean D is {d_real:.2f} on real and {d_fake:.2f} on generated data. "
            "Minimax leaves G almost no gradient here; try the non-saturating objective, a lower learning rate for D or R1.",
        )
    if (is_critic or gap <= CONVERGED_GAP) and jsd <= jsd_floor + CONVERGED_JSD:
        told = f"D is near {centre} and p_g is near p_r: {facts}. Both together make an equilibrium; D alone would not."
        return Verdict("converged", "Converged", f"p_g is near p_r: {facts}." if is_critic else told)
    swings = max(_swings(table[:, 1], 0.05), 0 if np.isnan(table[:, 2]).any() else _swings(table[:, 2], 0.05))
    if len(recent) == WINDOW and swings >= TURNS:
        return Verdict(
            "oscillating",
            "Oscillating",
            f"The players chase each other: {swings} large turns in the last {len(recent)} measurements. "
            "Lower the learning rates, raise R1, or let G's average calm the picture.",
        )
    if len(recent) >= 2 * SETTLED and gap <= CONVERGED_GAP and min(jsd, live) > jsd_floor + BLIND_JSD and not falling:
        return Verdict(
            "blind",
            f"D at {centre}, but blind",
            f"D is at {centre} and yet p_g is far from p_r: {facts}. D is too weak to see the difference: "
            "give it a higher learning rate, more steps, more width or less R1.",
        )
    if falling:
        told = f"p_g is moving onto p_r: {of_what} fell from {early:.3f} to {late:.3f}; {facts}."
        return Verdict("converging", "Converging", told)
    return Verdict("training", "Training", f"No trend to name yet: {facts}.")


def judge_path(distances: Sequence[float]) -> Verdict:
    """The verdict on a scalar game, from the distances of recent rounds to its equilibrium, oldest first.

    Divergences say nothing of point masses, and D at the data's one place is 1/2 whatever its slope. The largest distance of
    the last third is held against that of the first; below ARRIVED the game has arrived.
    """
    recent = np.array(distances[-WINDOW:])
    if len(recent) < 3 * SETTLED:
        return WAITING
    thirds = np.array_split(recent, 3)
    early, late = float(thirds[0].max()), float(thirds[-1].max())
    facts = f"the largest distance to the equilibrium went from {early:.3g} to {late:.3g} in {len(recent)} measurements"
    if late < ARRIVED:
        return Verdict("converged", "Arrived", f"Both players rest at the equilibrium: {facts}.")
    if late < (1 - DRIFT) * early:
        return Verdict("converging", "Coming in", f"The path leads to the equilibrium: {facts}.")
    if late > (1 + DRIFT) * early:
        return Verdict(
            "oscillating", "Going out", f"The path leads away: {facts}. A penalty, a smaller step or another rule may help."
        )
    return Verdict("oscillating", "Circling", f"The players chase each other and come no nearer: {facts}.")


def _swings(curve: Curve, least: float) -> int:
    """How many turns of `curve` exceed `least` and half the curve's median: a zigzag count, 0 where the curve is mere noise."""
    t = np.arange(len(curve)) - (len(curve) - 1) / 2
    power = np.abs(np.fft.rfft(curve - curve.mean() - t * (t @ curve) / (t @ t)))[1:] ** 2  # a trend is no frequency
    if not np.convolve(power, np.ones(3), mode="same").max() >= LINE * power.sum():
        return 0
    size = max(least, 0.5 * float(np.median(np.abs(curve))))
    turns, direction = 0, 0
    pivot = curve[0]
    for value in curve[1:]:
        if (direction >= 0 and value > pivot) or (direction <= 0 and value < pivot):
            moved = value - pivot
            if direction == 0 and abs(moved) >= size:
                direction, pivot = (1 if moved > 0 else -1), value
            elif direction != 0:
                pivot = value
        elif direction != 0 and abs(value - pivot) >= size:
            turns, direction, pivot = turns + 1, -direction, value
    return turns
