"""How far p_g is from p_r, from many samples and p_r's exact density; by other means than the page's."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy.spatial import cKDTree
from scipy.stats import qmc

from gandash.audit.players import SEED, Array, Players
from gandash.audit.row import Known
from gandash.words import say

_TABLE = 200_000  # latents whose images are known
_QUERIES, _REPEATS = 4096, 8  # latents at which the densities are compared: so many spread evenly, again and again
_NEIGHBOURS, _NEWTON = 8, 5
_CELLS, _ON_CELLS = (4000, 1000), 2_000_000
_DIRECTIONS = 96


def jsd_of_ratios(ratio: Array) -> Known:
    """JSD in nats from r = p_r/p_g at samples of p_g.

    2 JSD = E_r log(2 p_r/(p_r + p_g)) + E_g log(2 p_g/(p_r + p_g)). Where p_g has mass the first integral is
    E_g r log(r/(1 + r)), between -1 and 0, and elsewhere its logarithm is 0: so both are expectations over p_g.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(ratio > 0, ratio * (np.log(ratio) - np.log1p(ratio)), 0.0) - np.log1p(ratio)
    error = float(terms.std() / math.sqrt(len(terms)))
    return Known(math.log(2) + float(terms.mean()) / 2, error / 2, say("the ratio of densities"))


def generated_density(players: Players, z: Array, *, averaged: bool = False) -> tuple[Array, Array]:
    """G(z) and p_g there, where z has as many dimensions as x: the sum of p_z/|det dG/dz| over all latents that G sends there.

    Others than z itself are sought by Newton's method from those of many known ones whose images lie nearest.
    """
    known = players.latents(_TABLE, 1)
    tree = cKDTree(players.made(known, averaged=averaged))
    x, jacobian = players.made_with_jacobian(z, averaged=averaged)
    _, near = tree.query(x, _NEIGHBOURS)
    target = np.repeat(x, _NEIGHBOURS, axis=0)
    found = known[near.reshape(-1)]
    size = np.abs(x).max()
    for _ in range(_NEWTON):
        made, slope = players.made_with_jacobian(found, averaged=averaged)
        found = found + np.clip(_solved(slope, target - made), -1, 1)
    made, slope = players.made_with_jacobian(found, averaged=averaged)
    hit = np.abs(made - target).max(axis=1) < 1e-6 * (1 + size)
    mass = players.density_of_latent(found) / np.maximum(np.abs(np.linalg.det(slope)), 1e-300)
    density = players.density_of_latent(z) / np.maximum(np.abs(np.linalg.det(jacobian)), 1e-300)
    found, hit, mass = (a.reshape(len(z), _NEIGHBOURS, *a.shape[1:]) for a in (found, hit, mass))
    seen = [z]
    for i in range(_NEIGHBOURS):  # each latent counts once
        new = hit[:, i] & (np.min([np.abs(found[:, i] - other).max(axis=1) for other in seen], axis=0) > 1e-4)
        density = density + np.where(new, mass[:, i], 0.0)
        seen.append(np.where(new[:, None], found[:, i], np.inf))
    return x, density


def _solved(slope: Array, gap: Array) -> Array:
    """Newton's step, 0 where G is flat."""
    (a, b), (c, d) = slope[:, 0].T, slope[:, 1].T
    det = a * d - b * c
    with np.errstate(divide="ignore", invalid="ignore"):
        step = np.stack([d * gap[:, 0] - b * gap[:, 1], a * gap[:, 1] - c * gap[:, 0]], axis=1) / det[:, None]
    return np.where(np.isfinite(step), step, 0.0)


def jsd_on_plane(players: Players, *, averaged: bool = False) -> Known:
    """By exact densities; the latent must have two dimensions.

    Latents are scrambled Sobol points (Owen 1998): their mean is 4 to 7 times less noisy here than that of as many random ones,
    and repeats tell how noisy it is.
    """
    found = []
    for seed in range(_REPEATS):
        u = qmc.Sobol(2, scramble=True, seed=SEED + seed).random(_QUERIES)
        x, p_g = generated_density(players, players.latents_at(u), averaged=averaged)
        found.append(jsd_of_ratios(players.density_of_real(x) / p_g).value)
    error = float(np.std(found, ddof=1)) / math.sqrt(_REPEATS)
    return Known(
        float(np.mean(found)),
        error,
        say("densities through G's Jacobian, at {count} latents", count=f"{_REPEATS * _QUERIES:,}"),
    )


def jsd_on_cells(x: Array, real: Array, cell: float) -> float:
    """JSD of two samples of equal size on square cells of this width: a lower bound, plus what the noise of counting adds."""
    corner = np.minimum(x.min(axis=0), real.min(axis=0))
    keys = [np.floor((s - corner) / cell).astype(np.int64) @ np.array([1, 1 << 31]) for s in (x, real)]
    _, where = np.unique(np.concatenate(keys), return_inverse=True)
    p, q = (np.bincount(part, minlength=where.max() + 1) / len(x) for part in np.split(where, 2))
    return jensen_shannon(p, q)


def jensen_shannon(p: Array, q: Array) -> float:
    """JSD in nats of masses of the same cells: the entropy of their mean less the mean of their entropies."""
    m = (p + q) / 2

    def entropy(w: Array) -> float:
        w = w[w > 0]
        return float(-(w * np.log(w)).sum())

    return entropy(m) - (entropy(p) + entropy(q)) / 2


def jsd_on_line(x: Array, cdf: Callable[[Array], Array], edges: Array) -> float:
    """p_r's exact masses of cells against counts of samples x."""
    masses = np.diff(np.concatenate([[0.0], cdf(edges), [1.0]]))
    counts = np.bincount(np.searchsorted(edges, x), minlength=len(edges) + 1) / len(x)
    return jensen_shannon(masses, counts)


def jsd_of_line(players: Players, cdf: Callable[[Array], Array], *, averaged: bool = False) -> Known:
    """Many samples on fine cells; what counting adds falls as 1/samples, so half of them read twice as much of it."""
    x = players.generated(_ON_CELLS, 3, averaged=averaged)[:, 0]
    real = players.real(_ON_CELLS // 8, 4)[:, 0]
    found = []
    for cells in _CELLS:
        both = np.sort(np.concatenate([x[::8], real]))
        edges = np.unique(both[np.linspace(0, len(both) - 1, cells + 1).astype(np.intp)])
        whole, halves = jsd_on_line(x, cdf, edges), [jsd_on_line(half, cdf, edges) for half in np.split(x, 2)]
        found.append(2 * whole - float(np.mean(halves)))
    return Known(
        found[0],
        abs(found[0] - found[1]) / 4 + 1e-5,
        say("{cells} cells, {count} samples", cells=_CELLS[0], count=f"{_ON_CELLS:,}"),
    )


def wasserstein(x: Array, y: Array) -> float:
    """W1 between two samples of equal size on the line."""
    return float(np.abs(np.sort(x) - np.sort(y)).mean())


def sliced_wasserstein(x: Array, y: Array) -> float:
    """The mean of W1 over projections on evenly spread directions."""
    angles = np.arange(_DIRECTIONS) * math.pi / _DIRECTIONS
    return float(np.mean([wasserstein(x @ d, y @ d) for d in np.stack([np.cos(angles), np.sin(angles)], axis=1)]))
