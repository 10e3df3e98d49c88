"""The JSD of packs on the line, from packs drawn by chance; the page convolves the law of a sample's log-ratio instead."""

from __future__ import annotations

import math

import numpy as np

from gandash.audit.players import Array, Players
from gandash.audit.row import Known
from gandash.words import say

_CELLS = 1024  # in which log-ratios are read where no density is at hand
_PACKS = 1_000_000
_PLACES = 800_000  # latents between which G is taken for straight
_FARTHEST = 7.0  # of them: beyond lie 3e-12 of the normal law
_SURE = 80.0  # log-ratios beyond are as good as this one


def exact_ratios(players: Players, real: Array, made: Array) -> tuple[Array, Array]:
    """log p_r/p_g at real and at generated samples `(n,)`, both densities exact; the latent must have one dimension."""
    reach = _FARTHEST if players.game.latent.kind == "normal" else 1.0
    z = np.linspace(-reach, reach, _PLACES)
    x = np.concatenate([players.made(part[:, None])[:, 0] for part in np.array_split(z, 16)])

    def ratios(at: Array) -> Array:
        with np.errstate(divide="ignore"):
            found = np.log(players.density_of_real(at[:, None])) - np.log(_density(players, z, x, at))
        return np.asarray(np.clip(found, -_SURE, _SURE))

    of_made = ratios(made)
    # At a turn of G a sample may lie beyond all places known: there p_g is not 0, and such a one is left out
    return ratios(real), of_made[of_made < _SURE]


def _density(players: Players, z: Array, x: Array, at: Array) -> Array:
    """p_g: the sum over G's rising and falling stretches of p_z |dz/dx|. G maps places z to x, in the order of z."""
    found = np.zeros(len(at))
    turns = np.flatnonzero(np.diff(np.sign(np.diff(x)))) + 1
    for first, last in zip(np.append(0, turns), np.append(turns, len(x) - 1), strict=True):
        places, latents = x[first : last + 1], z[first : last + 1]
        if places[0] > places[-1]:
            places, latents = places[::-1], latents[::-1]
        inside = np.flatnonzero((at >= places[0]) & (at <= places[-1]))
        if len(places) < 2 or not len(inside):
            continue
        i = np.clip(np.searchsorted(places, at[inside]) - 1, 0, len(places) - 2)
        with np.errstate(divide="ignore", invalid="ignore"):
            rate = (latents[i + 1] - latents[i]) / (places[i + 1] - places[i])
            here = players.density_of_latent((latents[i] + rate * (at[inside] - places[i]))[:, None])
            found[inside] += np.nan_to_num(here * np.abs(rate), nan=0.0, posinf=0.0)
    return found


def counted_ratios(real: Array, made: Array) -> tuple[Array, Array]:
    """The same of histograms of one half of the samples, at the other: no sample is judged by itself."""
    low, high = np.quantile(np.concatenate([real, made]), [1e-5, 1 - 1e-5])
    edges = np.linspace(low, high, _CELLS + 1)[1:-1]
    half = len(real) // 2
    counts = [np.bincount(np.searchsorted(edges, x[:half]), minlength=_CELLS) + 0.5 for x in (real, made)]
    ratio = np.log(counts[0]) - np.log(counts[1])
    of_real, of_made = (ratio[np.searchsorted(edges, x[half:])] for x in (real, made))
    return of_real, of_made


def jsd_of_packs(of_real: Array, of_made: Array, pack: int) -> Known:
    """E log sigma(L) over packs, L the sum of the log-ratios of their samples."""
    total = variance = 0.0
    rng = np.random.default_rng(75)
    for sign, ratios in ((1, of_real), (-1, of_made)):
        many = min(_PACKS, len(ratios) // pack)
        sums = rng.permutation(ratios)[: many * pack].reshape(many, pack).sum(axis=1)
        terms = -np.logaddexp(0.0, -sign * sums)
        total += float(terms.mean())
        variance += float(terms.var()) / many
    return Known(math.log(2) + total / 2, math.sqrt(variance) / 2, say("{count} packs of each law", count=f"{_PACKS:,}"))
