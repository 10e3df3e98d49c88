"""Games on points: distances, coverage, and what D says."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch

from gandash.audit.distances import (
    jsd_of_line,
    jsd_on_cells,
    jsd_on_plane,
    sliced_wasserstein,
    wasserstein,
)
from gandash.audit.outputs import slope_norms
from gandash.audit.players import Array, Players
from gandash.audit.row import Known, Row, Unaudited
from gandash.words import say

_MANY = 400_000
_RADIUS = 3.0  # standard deviations around a mode within which a sample is of high quality
_CENTRAL = 0.98  # of p_r's mass, over which D's distance from 1/2 is taken
_JSD_OFF, _JSD_OFF_NATS = 0.03, 0.004  # of the JSD on the plane: 2 %, or 0.003 nats, is what its readings are off on average
_JSD_SPREAD = 0.003  # standard deviation of one reading, at most; the error that is shown beside it is wider


@dataclass(frozen=True)
class Shown:
    """What a page shows of one state: numbers by name, their floors, from how many samples they are made, and the facts."""

    numbers: Mapping[str, float]
    floors: Mapping[str, tuple[float, float]]  # mean, and what one reading in twenty is worse than
    samples: int
    perfect_quality: float
    mode_shares: tuple[float, ...]
    jsd_is_bound: bool


def audit_points(players: Players, shown: Shown) -> Iterator[Row | Unaudited]:
    """Every number of a game on the line or the plane."""
    real = players.real(_MANY, 11)
    for whose in ("", "_average"):
        made = players.generated(_MANY, 12, averaged=bool(whose))
        yield _jsd(players, shown, whose)
        yield _distance(shown, whose, made, real)
        yield from _coverage(players, shown, whose, made)
    yield from _quality_of_p_r(players, shown, real)
    yield from _gap(players, shown, real)


def _jsd(players: Players, shown: Shown, whose: str) -> Row | Unaudited:
    name = f"jsd{whose}"
    value, floor = shown.numbers[name], shown.floors["jsd"]
    law = players.game.data
    averaged = bool(whose)
    if shown.jsd_is_bound:
        return Unaudited(name, say("rows of an upload have no density to find a JSD from; it is shown as a lower bound"))
    if law.dimension == 1:

        def cdf(x: Array) -> Array:
            return np.asarray(law.cdf(torch.from_numpy(x)).numpy(), dtype=np.float64)  # type: ignore[attr-defined]

        known = jsd_of_line(players, cdf, averaged=averaged)
        why = say("its cells are coarser, and it counts few samples: its noise floor, and 2 %")
        return Row(name, value, known, floor[1] + 0.02 * known.value, why)
    if players.game.latent.dimension == 2:
        known = jsd_on_plane(players, averaged=averaged)
    else:
        known = _jsd_by_cells(players, averaged=averaged)
    error = shown.numbers.get("jsd_error") or 0.0
    granted = max(_JSD_OFF * known.value, _JSD_OFF_NATS)
    why = say("{share} %, or {nats} nats where that is more", share=f"{100 * _JSD_OFF:g}", nats=_JSD_OFF_NATS)
    return Row(name, value, known, granted, why, sampling=min(error / 2, _JSD_SPREAD))


def _jsd_by_cells(players: Players, *, averaged: bool) -> Known:
    """Cells of three widths, each half as wide as the one before; what finer ones would add is taken for a geometric series.

    Counting adds about as many as are occupied / (4 samples) for two samples, which half of the samples show twice.
    """
    n = 3_000_000
    x, real = players.generated(n, 21, averaged=averaged), players.real(n, 22)
    detail = float(players.game.data.detail)  # type: ignore[attr-defined]
    found = []
    for cell in (detail, detail / 2, detail / 4):
        whole = jsd_on_cells(x, real, cell)
        halves = np.mean([jsd_on_cells(a, b, cell) for a, b in zip(np.split(x, 2), np.split(real, 2), strict=True)])
        found.append(2 * whole - float(halves))
    first, last = found[1] - found[0], found[2] - found[1]
    rate = min(max(last / first, 0.0), 0.7) if first > 1e-4 else 0.0
    more = max(last, 0.0) * rate / (1 - rate)
    return Known(found[2] + more, more / 2 + 5e-4, say("cells of three widths, continued"))


def _distance(shown: Shown, whose: str, made: Array, real: Array) -> Row:
    name = f"wasserstein{whose}"
    floor = shown.floors["wasserstein"]
    if made.shape[1] == 1:
        halves = [wasserstein(a[:, 0], b[:, 0]) for a, b in zip(np.split(made, 2), np.split(real, 2), strict=True)]
        known = Known(wasserstein(made[:, 0], real[:, 0]), abs(halves[0] - halves[1]) / 2, say("many sorted samples"))
    else:
        halves = [sliced_wasserstein(a, b) for a, b in zip(np.split(made, 2), np.split(real, 2), strict=True)]
        known = Known(sliced_wasserstein(made, real), abs(halves[0] - halves[1]) / 2, say("many samples, 96 directions"))
    return Row(
        name, shown.numbers[name], known, floor[1] + 0.03 * known.value, say("few samples, few directions: its floor, and 3 %")
    )


def _coverage(players: Players, shown: Shown, whose: str, made: Array) -> Iterator[Row | Unaudited]:
    n = shown.numbers
    modes = players.game.data.modes()
    if modes is None:
        for name in ("modes", "high_quality", "reverse_kl"):
            yield Row(name + whose, n[name + whose], Known(math.nan, 0.0, say("p_r has no modes")))
        return
    places, weights = modes.points.double().numpy(), modes.weights.double().numpy()
    counts = at_modes(made, places, modes.std)
    share = counts / len(made)
    expected = share * shown.samples
    certain, possible = int((expected > 7).sum()), int((counts > 0).sum())  # e^-7 is one in a thousand
    middle = Known((certain + possible) / 2, 0.0, say("{count} samples counted", count=f"{len(made):,}"))
    yield Row(
        f"modes{whose}",
        n[f"modes{whose}"],
        middle,
        (possible - certain) / 2,
        say("a mode that few samples reach may be missed"),
    )
    quality = float(share.sum())
    error = math.sqrt(max(quality * (1 - quality), 1e-9))
    found = Known(quality, error / math.sqrt(len(made)), say("{count} samples counted", count=f"{len(made):,}"))
    yield Row(f"high_quality{whose}", n[f"high_quality{whose}"], found, sampling=error / math.sqrt(shown.samples))
    if quality == 0:
        yield Row(f"reverse_kl{whose}", n[f"reverse_kl{whose}"], Known(math.nan, 0.0, say("no sample near a mode")))
        return
    q = share / quality
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(q > 0, np.log(q / weights), 0.0)
    kl = float((q * logs).sum())
    few = shown.samples * quality
    counting = (len(weights) - 1) / (2 * few)  # the mean of a plug-in entropy's bias (Miller 1955)
    spread = math.sqrt(max(float((q * logs**2).sum()) - kl**2, 0.0) / few)
    found = Known(kl, 0.0, say("shares of the modes among many samples"))
    yield Row(f"reverse_kl{whose}", n[f"reverse_kl{whose}"], found, 4 * counting, say("what counting few samples adds"), spread)


def at_modes(x: Array, places: Array, std: float) -> Array:
    """How many of samples x lie within three standard deviations of each mode, and nearer to it than to any other."""
    counts = np.zeros(len(places))
    for part in np.array_split(x, max(1, len(x) // 50_000)):
        squares = ((part[:, None] - places) ** 2).sum(axis=2)
        nearest = squares.argmin(axis=1)
        good = squares[np.arange(len(part)), nearest] <= (_RADIUS * std) ** 2
        counts += np.bincount(nearest[good], minlength=len(places))
    return counts


def _quality_of_p_r(players: Players, shown: Shown, real: Array) -> Iterator[Row]:
    """The line of a perfect generator in the curve of high quality."""
    modes = players.game.data.modes()
    if modes is not None and modes.std > 0:
        shares = at_modes(real, modes.points.double().numpy(), modes.std) / len(real)
        whole, errors = shares.sum(), np.sqrt(np.maximum(shares * (1 - shares), 1e-9) / len(real))
        error = math.sqrt(max(whole * (1 - whole), 1e-9) / len(real))
        yield Row(
            "perfect_quality",
            shown.perfect_quality,
            Known(float(whole), error, say("{count} real samples", count=f"{len(real):,}")),
        )
        k = int(np.argmax(np.abs(shares - shown.mode_shares) / errors))
        known = Known(
            float(shares[k]),
            float(errors[k]),
            say("{count} real samples; of {all} the one furthest off", count=f"{len(real):,}", all=len(shares)),
        )
        yield Row("mode_shares", shown.mode_shares[k], known, 1e-3, say("points stand for a mode's law"))


def _gap(players: Players, shown: Shown, real: Array) -> Iterator[Row | Unaudited]:
    """max |D - 1/2| over the central 98 % of p_r."""
    centre = players.game.objective.reading.centre
    if real.shape[1] == 1:
        low, high = np.quantile(real[:, 0], [(1 - _CENTRAL) / 2, (1 + _CENTRAL) / 2])
        places = np.linspace(low, high, 8001)[:, None]
    else:
        density = players.density_of_real(real)
        places = real[density >= np.quantile(density, 1 - _CENTRAL)][:60_000]
    d = players.read(players.outputs_at(places))
    middle = float(np.median(d)) if centre is None else centre
    gap = float(np.abs(d - middle).max())
    some = places[:: max(1, len(places) // 2000)]
    steep = float(np.quantile(slope_norms(players, np.repeat(some, players.game.pack, axis=0)), 0.99))
    cell = _cell(real)
    why = say("it is read on the cells of the picture: D's slope there times a cell")
    if players.game.objective.reading.is_probability:
        steep *= 0.25  # the logistic function's own slope, at most
    off = 0.0 if centre is not None else 0.1 * float(d.std())  # the median is of cells there, of places here
    yield Row(
        "gap_half",
        shown.numbers["gap_half"],
        Known(gap, 0.0, say("{count} places", count=f"{len(places):,}")),
        steep * cell + off + 0.002,
        why,
    )


def _cell(real: Array) -> float:
    """About how wide a cell of the picture is."""
    extent = float(np.ptp(real[:, 0])) * 1.6
    return extent / (56 if real.shape[1] == 2 else 257) * (math.sqrt(2) if real.shape[1] == 2 else 1)
