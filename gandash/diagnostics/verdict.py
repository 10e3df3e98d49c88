"""A verdict on a run in words, from stated rules on its recent history.

The rules, tried in this order; "recent" is the last WINDOW measurements, medians are over the last SETTLED of them:

- *waiting*: fewer than SETTLED measurements.
- *collapsed*: p_r is a mixture and, over a full WINDOW, the generator that plays captures some of its modes but not all, and in
  the last third no more than in the first (medians). A G that is merely too wide would touch every mode.
- *discriminator won*: median mean D(real) > 0.9 and mean D(generated) < 0.1: D tells nearly every sample.
- *converged*: median max |D - 1/2| <= 0.10 over the central 98 % of p_r **and** median JSD <= its noise floor + 0.02 nats.
  Both are needed: a dead discriminator sits at 1/2 as well.
- *oscillating*: over a full WINDOW, W1 or max |D - 1/2| swings: at least TURNS turns, each larger than half the curve's median
  and than 0.05 (units of x, or of probability), and LINE or more of the variance about its linear trend lies in three
  neighbouring frequencies. Independent noise, however large, seldom has more than 0.3 there (cf. Fisher 1929 on one).
- *modes found*: p_r is a mixture, median max |D - 1/2| <= 0.10, and the generator that one would keep captures all modes,
  QUALITY or more of its samples of high quality (medians), and JSD does not fall: what JSD it has lies within the modes.
- *blind*: at least twice SETTLED measurements, median max |D - 1/2| <= 0.10 but median JSD > floor + 0.10 nats, of the
  live generator too (an average lags behind), and not falling: D is at 1/2 because it sees nothing. Where it sees through
  instance noise and is within 0.10 of the best response there, it is the noise that hides the difference.
- *converging*: JSD is falling: all of the last third of the recent history lies below all of the first third, and the
  median's distance from the floor shrank by a tenth or more between them.
- *training*: none of these yet.

*Diverged* (a number is no longer finite) is not a matter of history: the loop says it at once.
All numbers of D are meant for a D that is asked for 1 on real and 0 on generated data. Where it is asked for others (label
smoothing, least squares, hinge: see `DiscriminatorTargets`), they are shares of the way between the two, and 1/2 is the middle.
Where packs of m samples are judged, what D says of m copies of one has m times the log-odds, and so have the gaps allowed it. A
critic with a free offset has no scale: its gap and means are NaN here, rules that need them do not apply, and JSD alone says
*converged*; so is the hinge's gap, since D may rest anywhere in its range.
JSD here is the averaged generator's when averaging is on, else the live one's; W1 is the live one's, for an average would
calm the very orbit that is looked for.

Pictures have rules of their own, in the same spirit: `verdict_pictures`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
from numpy.typing import NDArray

from gandash.wire.browser import VerdictKind
from gandash.words import Said, joined, say

Curve = NDArray[np.float64]

WINDOW = 60
SETTLED = 8
WON = 0.9
CONVERGED_GAP = 0.10
FEW = 0.05  # a share of the samples that says little
CONVERGED_JSD = 0.02
BLIND_JSD = 0.10
TURNS = 4
LINE = 0.35
ARRIVED = 0.01
DRIFT = 0.03  # an orbit of finite steps is not quite round
QUALITY = 0.9


@dataclass(frozen=True)
class Verdict:
    """`title` and `reason` are its words."""

    kind: VerdictKind
    title: Said
    reason: Said


@dataclass(frozen=True)
class DiscriminatorTargets:
    """What D is asked for, on generated and on real data; how many samples it judges at once; whether it sees them in noise."""

    on_fake: float = 0.0
    on_real: float = 1.0
    pack: int = 1
    noisy: bool = False

    @classmethod
    def about(cls, centre: str) -> DiscriminatorTargets:
        """Of a probability whose value at equilibrium has this name: half of what it is asked for on real data."""
        return cls() if centre == "1/2" else cls(on_real=2 * float(centre))

    @property
    def span(self) -> float:
        """From what it is asked for on generated data to what on real data."""
        return self.on_real - self.on_fake

    def won(self, d_real: float, d_fake: float) -> bool:
        """Whether these means of D are those of one that tells nearly every sample."""
        return (d_real - self.on_fake) / self.span > WON and (d_fake - self.on_fake) / self.span < 1 - WON

    def gap(self, allowed: float) -> float:
        """The gap from the centre that `allowed` of a single sample's probability comes to here."""
        if self.pack == 1:
            return self.span * allowed
        odds = (0.5 + allowed) / (0.5 - allowed)
        return self.span * (1 / (1 + odds**-self.pack) - 0.5)


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
    modes_kept: float = math.nan  # by the one that one would keep
    quality_kept: float = math.nan  # its share of high-quality samples
    gap_star: float = math.nan  # max |D - D*|
    share_off: float = math.nan  # of the samples that lie where D is further from D* than CONVERGED_GAP

    @property
    def is_averaged(self) -> bool:
        """Whether an average of G is kept."""
        return self.jsd_live is not None


TOO_WEAK = {
    True: say(
        "D is too weak to see the difference: give it a higher learning rate, more steps, more width, less instance noise or "
        "less R1."
    ),
    False: say("D is too weak to see the difference: give it a higher learning rate, more steps, more width or less R1."),
}
WAITING = Verdict(VerdictKind.WAITING, say("Too early to say"), say("Too few measurements yet to name a trend."))


def points_verdict_rule(
    history: Sequence[Observation],
    jsd_floor: float,
    modes: int = 0,
    centre: str = "1/2",
    asked: DiscriminatorTargets | None = None,
    jsd_is_bound: bool = False,
) -> Verdict:
    """The verdict on the last WINDOW observations of `history`, each of which is asked for no more than the verdict needs: a
    JSD may be dear.

    `jsd_floor` is the reading of a perfect generator, in nats; `modes` how many modes p_r has, 0 where it is no mixture;
    `centre` names D's value at equilibrium; `asked` is what D is asked for, by default twice that on real data; where
    `jsd_is_bound`, the JSD that was read is at most the true one, and is called so.
    """
    asked = asked or DiscriminatorTargets.about(centre)
    recent = list(history[-WINDOW:])
    if len(recent) < SETTLED:
        return WAITING
    settled = recent[-SETTLED:]
    gap, d_real, d_fake = (median(getattr(o, name) for o in settled) for name in ("gap_half", "mean_d_real", "mean_d_fake"))
    of_what = say("JSD of the averaged G") if any(o.is_averaged for o in recent) else say("JSD")
    of_what = say("lower bound of the {what}", what=of_what) if jsd_is_bound else of_what
    is_critic = math.isnan(gap)

    def said(gap: float, jsd: float) -> Said:
        distance = say("{what} = {jsd} nats (floor {floor})", what=of_what, jsd=f"{jsd:.3f}", floor=f"{jsd_floor:.4f}")
        if is_critic:
            return distance
        return say("max |D − {centre}| = {gap}, {distance}", centre=centre, gap=f"{gap:.2f}", distance=distance)

    def of_late() -> Said:
        """Of the last third: beside what else is said of that."""
        gap, distance = (median(getattr(o, name) for o in _thirds(recent)[-1]) for name in ("gap_half", "jsd"))
        return said(gap, distance)

    if modes and len(recent) == WINDOW:
        first, last = ends_of(np.array([o.modes for o in recent]))
        if 1 <= last < modes and last <= first:
            lost = modes - round(last)
            return Verdict(
                VerdictKind.COLLAPSED,
                say("Collapsed: {lost} modes lost", lost=lost) if lost > 1 else say("Collapsed: 1 mode lost"),
                say(
                    "G's samples reach {some} of {modes} modes, and no more of them over the last {count} measurements: "
                    "{facts}. R1, a stronger D (learning rate, steps per round) or a slower G may win them back.",
                    some=f"{last:.0f}",
                    modes=modes,
                    count=len(recent),
                    facts=of_late(),
                ),
            )
    if asked.won(d_real, d_fake):
        return discriminator_won(d_real, d_fake, asked)
    near = gap <= asked.gap(CONVERGED_GAP)
    jsd = median(o.jsd for o in settled)
    facts = said(gap, jsd)
    if (is_critic or near) and jsd <= jsd_floor + CONVERGED_JSD:
        told = say(
            "D is near {centre} and p_g is near p_r: {facts}. Both together make an equilibrium; D alone would not.",
            centre=centre,
            facts=facts,
        )
        told = say("p_g is near p_r: {facts}.", facts=facts) if is_critic else told
        return Verdict(VerdictKind.CONVERGED, say("Converged"), joined(told, *_of_packs(asked), *_off_star(recent, asked)))
    least = 0.05 * asked.span
    if len(recent) == WINDOW:
        distances, gaps = (np.array([getattr(o, name) for o in recent]) for name in ("wasserstein", "gap_half"))
        swings = max(turns_of(distances, 0.05), 0 if np.isnan(gaps).any() else turns_of(gaps, least))
        if swings >= TURNS:
            return oscillating(swings)
    kept, quality = (median(getattr(o, n) for o in settled) for n in ("modes_kept", "quality_kept"))
    falling = _falls(recent, jsd_floor)
    if modes and near and kept == modes and quality >= QUALITY and not falling:
        return Verdict(
            VerdictKind.MODES_FOUND,
            say("All modes found"),
            say(
                "{modes} of {modes} modes, {quality} of the samples within 3 standard deviations of one: {facts}. What is "
                "left of the distance is p_g's shape within the modes, which it often makes too narrow.",
                modes=modes,
                quality=f"{quality:.0%}",
                facts=facts,
            ),
        )
    still = gap <= CONVERGED_GAP * asked.span
    if len(recent) >= 2 * SETTLED and still and not falling and min(jsd, _live(settled)) > jsd_floor + BLIND_JSD:
        too_weak = TOO_WEAK[asked.noisy]
        off = median(o.gap_star for o in settled)
        if asked.noisy and off <= CONVERGED_GAP * asked.span:
            too_weak = say(
                "D sees both through instance noise, and there it is within {off} of the best there is: the noise hides "
                "the difference. Less noise shows it.",
                off=f"{off:.2f}",
            )
        told = say("D is at {centre} and yet p_g is not p_r: {facts}.", centre=centre, facts=facts)
        return Verdict(VerdictKind.BLIND, say("D at {centre}, but blind", centre=centre), joined(told, too_weak))
    if falling:
        early = median(o.jsd for o in _thirds(recent)[0])
        told = say(
            "p_g is moving onto p_r: {what} was {early} in the first third of what is recent; in the last {facts}.",
            what=of_what,
            early=f"{early:.3f}",
            facts=of_late(),
        )
        return Verdict(VerdictKind.CONVERGING, say("Converging"), told)
    return Verdict(VerdictKind.TRAINING, say("Training"), say("No trend to name yet: {facts}.", facts=facts))


def median(values: Iterable[float]) -> float:
    """NaN where one of them is. Of so few numbers that takes numpy ten times as long."""
    ordered = sorted(values)
    half = len(ordered) // 2
    if any(map(math.isnan, ordered)):
        return math.nan
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def _thirds(recent: Sequence[Observation]) -> list[list[Observation]]:
    return [[recent[i] for i in part] for part in np.array_split(np.arange(len(recent)), 3)]


def _falls(recent: Sequence[Observation], floor: float) -> bool:
    """`is_falling` of their JSD, from the end of both thirds: where one is no lower than one before, no more need be read."""
    first, _, last = _thirds(recent)
    highest, lowest = -math.inf, math.inf
    for ours, theirs in zip_longest(reversed(last), reversed(first)):
        highest, lowest = max(highest, ours.jsd if ours else highest), min(lowest, theirs.jsd if theirs else lowest)
        if not highest < lowest:
            return False
    early, late = (median(o.jsd for o in third) for third in (first, last))
    return late - floor <= 0.9 * (early - floor)


def _live(settled: Sequence[Observation]) -> float:
    """The median JSD of the generator that plays."""
    return median(o.jsd if o.jsd_live is None else o.jsd_live for o in settled)


judge = points_verdict_rule
"""The name that scripts outside the house know."""


def path_verdict_rule(distances: Sequence[float]) -> Verdict:
    """The verdict on a scalar game, from the distances of recent rounds to its equilibrium, oldest first.

    Divergences say nothing of point masses, and D at the data's one point is 1/2 whatever its slope. The largest distance of
    the last third is held against that of the first; below ARRIVED the game has arrived.
    """
    recent = np.array(distances[-WINDOW:])
    if len(recent) < 3 * SETTLED:
        return WAITING
    thirds = np.array_split(recent, 3)
    early, late = float(thirds[0].max()), float(thirds[-1].max())
    facts = say(
        "the largest distance to the equilibrium went from {early} to {late} in {count} measurements",
        early=f"{early:.3g}",
        late=f"{late:.3g}",
        count=len(recent),
    )
    if late < ARRIVED:
        told = say("Both players rest at the equilibrium: {facts}.", facts=facts)
        return Verdict(VerdictKind.CONVERGED, say("Arrived"), told)
    if late < (1 - DRIFT) * early:
        return Verdict(
            VerdictKind.CONVERGING, say("Coming in"), say("The path leads to the equilibrium: {facts}.", facts=facts)
        )
    if late > (1 + DRIFT) * early:
        told = say("The path leads away: {facts}. A penalty, a smaller step or another rule may help.", facts=facts)
        return Verdict(VerdictKind.OSCILLATING, say("Going out"), told)
    told = say("The players chase each other and come no nearer: {facts}.", facts=facts)
    return Verdict(VerdictKind.OSCILLATING, say("Circling"), told)


def discriminator_won(d_real: float, d_fake: float, asked: DiscriminatorTargets) -> Verdict:
    """*Discriminator won*, by these means of D."""
    what = say("sample") if asked.pack == 1 else say("pack of {count} samples", count=asked.pack)
    wish = say(", of {real} and {fake} that it is asked for", real=f"{asked.on_real:.3g}", fake=f"{asked.on_fake:.3g}")
    return Verdict(
        VerdictKind.DISCRIMINATOR_WON,
        say("Discriminator won"),
        say(
            "D tells nearly every {what}: on average it says {real} of real and {fake} of generated data{wish}. "
            "Under minimax G has almost no gradient then, under the non-saturating objective it has. A lower learning rate "
            "for D or a stronger R1 holds D back.",
            what=what,
            real=f"{d_real:.2f}",
            fake=f"{d_fake:.2f}",
            wish="" if asked.span == 1 else wish,
        ),
    )


def _of_packs(asked: DiscriminatorTargets) -> Iterator[Said]:
    if asked.pack > 1:
        yield say(
            "D judges packs of {count}: on copies of one sample it may be up to {gap} away.",
            count=asked.pack,
            gap=f"{asked.gap(CONVERGED_GAP):.2f}",
        )


def _off_star(recent: Sequence[Observation], asked: DiscriminatorTargets) -> Iterator[Said]:
    """Why *converged* stands beside a large max |D - D*|, where it does."""
    gap, share = (median(getattr(o, n) for o in recent[-SETTLED:]) for n in ("gap_star", "share_off"))
    if not gap > CONVERGED_GAP * asked.span:
        return
    if share < FEW:
        yield say(
            "max |D − D*| = {gap} does not count here: such gaps lie where only {few} of the samples are, and D* itself is "
            "read off those few.",
            gap=f"{gap:.2f}",
            few=f"{share:.1%}" if share >= 0.001 else say("less than 0.1 %"),
        )
        return
    yield say(
        "max |D − D*| = {gap} does not count here: D* is read off finitely many samples. On {share} of them D is off by {off} "
        "or more.",
        gap=f"{gap:.2f}",
        share=f"{share:.0%}",
        off=f"{CONVERGED_GAP * asked.span:.2g}",
    )


def oscillating(swings: int) -> Verdict:
    """*Oscillating*, by so many large turns."""
    return Verdict(
        VerdictKind.OSCILLATING,
        say("Oscillating"),
        say(
            "The players chase each other: {swings} large turns in the last {count} measurements. Lower the learning rates, "
            "raise R1, or let G's average calm the picture.",
            swings=swings,
            count=WINDOW,
        ),
    )


def ends_of(curve: Curve) -> tuple[float, float]:
    """The medians of the first and of the last third."""
    thirds = np.array_split(curve, 3)
    return float(np.median(thirds[0])), float(np.median(thirds[-1]))


def is_falling(curve: Curve, floor: float) -> bool:
    """Whether all of the last third lies below all of the first, and a tenth or more of the way to the floor was made."""
    early, late = ends_of(curve)
    thirds = np.array_split(curve, 3)
    return bool(late - floor <= 0.9 * (early - floor) and thirds[-1].max() < thirds[0].min())


def turns_of(curve: Curve, least: float) -> int:
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
