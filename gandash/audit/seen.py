"""What D plays against: both laws in noise, and in packs. The best D there is, and how far D is from it.

On the plane the densities are histograms of many samples, to which the noise itself is added; the page convolves.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np
import torch
from numpy.typing import NDArray

from gandash.audit.distances import jensen_shannon
from gandash.audit.packs import counted_ratios, exact_ratios, jsd_of_packs
from gandash.audit.players import Array, Players
from gandash.audit.row import Known, Row, Unaudited
from gandash.wire.facts import LineFacts, PlaneFacts
from gandash.words import say

_SAMPLES = 4_000_000
_LATENTS = 500_000  # behind the densities on the line
_ON_LINE, _ON_PLANE = 257, 56  # places of the picture on the line, and cells on a side of the plane's
_CENTRAL = 0.98
_THIN = 2e-3  # of p_r's largest density, which both must have together: else D* is undetermined there


def audit_seen(players: Players, numbers: Mapping[str, float], facts: LineFacts | PlaneFacts) -> Iterator[Row | Unaudited]:
    """max |D - D*|, and the JSD of the laws as D sees them, of which the best D's value is made."""
    noise, pack = numbers["noise"], players.game.pack
    real, made = players.real(_SAMPLES, 71), players.generated(_SAMPLES, 72)
    rng = np.random.default_rng(73)
    if isinstance(facts, LineFacts):
        yield _gap_on_line(players, numbers, made, facts.window)
    else:
        cell = (facts.window[1] - facts.window[0]) / _ON_PLANE
        width = max(noise, cell)
        central = _heaviest(_field(real, facts.window), _CENTRAL)
        yield _gap_on_plane(players, numbers, _noised(real, width, rng), _noised(made, width, rng), central, facts.window)
    shown = numbers.get("jsd_seen", math.nan)
    if noise == 0 and pack == 1:
        yield Row("jsd_seen", shown, Known(numbers["jsd"], 0.0, say("the JSD itself: D sees the laws as they are")))
    elif math.isnan(shown):
        yield Unaudited(
            "jsd_seen", say("it is not shown: nobody knows it on the plane, for packs or in noise finer than its cells")
        )
    elif isinstance(facts, LineFacts):
        if noise == 0 and players.game.latent.dimension == 1:
            known = jsd_of_packs(*exact_ratios(players, real[:, 0], made[:, 0]), pack)
        else:
            known = jsd_of_packs(*counted_ratios(_noised(real, noise, rng)[:, 0], _noised(made, noise, rng)[:, 0]), pack)
        yield Row("jsd_seen", shown, known, 0.01 * known.value + 2e-3, say("cells, and counting: 1 %, and 0.002 nats"))
    else:
        cell, more = (facts.window[1] - facts.window[0]) / _ON_PLANE, math.ceil(5 * noise / cell)  # noise leaves the window
        wide = tuple(edge + sign * more * cell for edge, sign in zip(facts.window, (-1, 1, -1, 1), strict=True))
        inside = (_field(_noised(x, noise, rng), wide, _ON_PLANE + 2 * more) for x in (real, made))
        fields = (np.append(masses, 1 - masses.sum()) for masses in inside)  # what lies around the field is a cell too
        known = Known(
            jensen_shannon(*fields),
            0.0,
            say("{count} samples on cells like the field's, as far as noise goes", count=f"{_SAMPLES:,}"),
        )
        yield Row("jsd_seen", shown, known, 0.03 * known.value + 2e-3, say("cells: 3 %, and 0.002 nats"))


def _noised(x: Array, sigma: float, rng: np.random.Generator) -> Array:
    return x if sigma == 0 else x + sigma * rng.standard_normal(x.shape)


def _gap_on_line(players: Players, numbers: Mapping[str, float], made: Array, window: tuple[float, float]) -> Row:
    """Under the kernel by a sum over the law: p_r's from its distribution function, p_g's over latents, evenly spread and far
    into both tails where they are of one dimension."""
    law, places = players.game.data, np.linspace(*window, _ON_LINE)
    width = max(numbers["noise"], 0.15 * float(law.detail))  # type: ignore[attr-defined]
    reach = 6 * width
    edges = np.linspace(window[0] - reach, window[1] + reach, 20_001)
    below = law.cdf(torch.from_numpy(edges)).numpy()  # type: ignore[attr-defined]
    p = _blurred(places, (edges[1:] + edges[:-1]) / 2, np.diff(below), width)
    if players.game.latent.dimension == 1:
        tail = np.geomspace(1e-10, 0.5 / _LATENTS, 200, endpoint=False)
        u = np.concatenate([tail, (np.arange(_LATENTS) + 0.5) / _LATENTS, 1 - tail[::-1]])
        weights = np.diff(np.concatenate([[0.0], (u[1:] + u[:-1]) / 2, [1.0]]))
        q = _blurred(places, players.made(players.latents_at(u[:, None]))[:, 0], weights, width)
        how = say("{count} latents evenly spread, each under the picture's kernel", count=f"{_LATENTS:,}")
    else:
        x = made[:_LATENTS, 0]
        q = _blurred(places, x, np.full(len(x), 1 / len(x)), width)
        how = say("{count} samples under the picture's kernel", count=f"{_LATENTS:,}")
    low, high = np.quantile(players.real(400_000, 74)[:, 0], [(1 - _CENTRAL) / 2, (1 + _CENTRAL) / 2])
    return _gap(players, numbers, places[:, None], p, q, (places >= low) & (places <= high), how)


def _blurred(places: Array, points: Array, weights: Array, width: float) -> Array:
    """The density at the places of weighted points, each of which is N(point, width^2)."""
    order = np.argsort(points)
    points, weights = points[order], weights[order]
    found = np.empty(len(places))
    for i, at in enumerate(places):
        near = slice(*np.searchsorted(points, [at - 8 * width, at + 8 * width]))
        found[i] = weights[near] @ np.exp(-0.5 * ((points[near] - at) / width) ** 2)
    return found / (width * math.sqrt(math.tau))


def _gap_on_plane(
    players: Players,
    numbers: Mapping[str, float],
    real: Array,
    made: Array,
    central: NDArray[np.bool_],
    window: tuple[float, float, float, float],
) -> Row:
    cell = (window[1] - window[0]) / _ON_PLANE
    middles = (np.arange(_ON_PLANE) + 0.5) * cell
    y, x = np.meshgrid(window[2] + middles, window[0] + middles, indexing="ij")
    places = np.stack([x.ravel(), y.ravel()], axis=1)
    how = say("{count} samples of each law, under the picture's kernel", count=f"{_SAMPLES:,}")
    return _gap(players, numbers, places, _field(real, window), _field(made, window), central, how)


def _gap(
    players: Players, numbers: Mapping[str, float], places: Array, p: Array, q: Array, central: NDArray[np.bool_], how: str
) -> Row:
    optimal, name = players.game.objective.reading.optimal, "gap_star"
    if optimal is None:
        return Row(name, numbers[name], Known(math.nan, 0.0, say("no best response is known under this objective")))
    top = p.max()
    with np.errstate(divide="ignore", invalid="ignore"):
        best = optimal((p / top) ** players.game.pack, (q / top) ** players.game.pack)
    gap = np.abs(players.read(players.outputs_at(places)) - best)
    # A place just about too thin may be read or not
    most, least = (float(np.nanmax(gap[central & (p + q > thin * top)])) for thin in (0.95 * _THIN, 1.05 * _THIN))
    off = numbers.get("gap_star_floor", math.nan)  # what few samples of p_g do to it
    granted = 0.02 + (0.0 if math.isnan(off) else off) + (most - least) / 2
    why = say("p_g is known by few samples: what a perfect G reads, and 0.02")
    return Row(name, numbers[name], Known((most + least) / 2, 0.0, how), granted, why)


def _field(x: Array, window: tuple[float, ...], cells: int = _ON_PLANE) -> Array:
    """The share of samples in each cell of the field, row by row from below."""
    found = np.histogram2d(x[:, 1], x[:, 0], cells, [[window[2], window[3]], [window[0], window[1]]])[0]
    return np.asarray(found.ravel() / len(x))


def _heaviest(masses: Array, share: float) -> NDArray[np.bool_]:
    """The fewest cells that hold this share of the mass."""
    order = np.argsort(masses)[::-1]
    held = np.cumsum(masses[order]) - masses[order]
    kept = np.zeros(len(masses), dtype=bool)
    kept[order[held < share * masses.sum()]] = True
    return kept
