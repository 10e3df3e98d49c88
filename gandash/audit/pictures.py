"""Games on pictures: Fréchet distance, neighbourhoods and kinds, in the page's own feature spaces but by other formulas.

Those numbers depend on how many pictures they are made of, and a finite set of real ones is no law to draw from at will: so the
page's number of pictures is kept, and the whole is drawn again a few times. What is granted is how far these draws are apart.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from gandash.audit.players import Array, Players
from gandash.audit.row import Known, Row, Unaudited
from gandash.config.data import DigitsConfig
from gandash.diagnostics.features import DigitFeatures, FeatureSpace, RandomFeatures
from gandash.game.distributions import PictureDistribution
from gandash.words import say

_DRAWS = 6
_NEIGHBOURS = 5
_LEAST = 0.1  # of a digit's share among real pictures: then it is captured
_MOST_REAL = 4096
_CENTRAL = 0.98


def audit_pictures(players: Players, shown: Mapping[str, float], samples: int) -> Iterator[Row | Unaudited]:
    """Every number of a game on pictures but those of D's outputs; `samples` generated pictures are behind each."""
    law = players.game.data
    assert isinstance(law, PictureDistribution)
    finite = law.pictures()
    real = players.real(_MOST_REAL, 31) if finite is None else finite[:_MOST_REAL].double().numpy()
    features = _features(players, law)
    of_real = _of(features, real)
    for whose in ("", "_average"):
        found: dict[str, list[float]] = {}
        for i in range(_DRAWS):
            made = players.generated(samples, 40 + i, averaged=bool(whose))
            numbers = {"frechet": frechet(_of(features, made), of_real)}
            half = min(samples, len(real) // 2)
            some = np.random.default_rng(i).permutation(len(real))[:half]
            numbers |= neighbourhoods(of_real[some], _of(features, made)[:half])
            kinds, weights, least = _kinds(features, law, made)
            if kinds is not None:
                numbers |= counted(kinds, weights, least)
            for name, value in numbers.items():
                found.setdefault(name, []).append(value)
        for name in ("frechet", "precision", "recall", "density", "coverage", "modes", "high_quality", "reverse_kl", "mass"):
            value = shown.get(name + whose, math.nan)
            if name not in found and not math.isnan(value):
                yield Unaudited(
                    name + whose, say("classes of uploaded pictures are told by their neighbours, which the page alone defines")
                )
            elif name not in found:
                yield Row(name + whose, value, Known(math.nan, 0.0, say("these pictures have no kinds")))
            else:
                draws = np.array(found[name])
                spread = float(draws.std(ddof=1))
                known = Known(
                    float(draws.mean()),
                    spread / math.sqrt(_DRAWS),
                    say("{draws} draws of {count} pictures", draws=_DRAWS, count=samples),
                )
                step = 0.5 if name in ("modes", "mass") and spread else 0.0  # counts: a mode at its threshold comes and goes
                least_spread = 0.02 * abs(known.value) + 0.002
                granted = least_spread + step * (1.0 if name == "modes" else float(weights.max()) if kinds is not None else 0.0)
                yield Row(name + whose, value, known, granted, say("2 %: six draws tell their spread roughly"), spread)
    yield _gap(players, shown, samples)


def _features(players: Players, law: PictureDistribution) -> FeatureSpace:
    digits = isinstance(players.game.config.data, DigitsConfig)
    return DigitFeatures() if digits else RandomFeatures(law.shape)


def _of(features: FeatureSpace, x: Array) -> Array:
    return features.of(torch.from_numpy(x))


def _kinds(features: FeatureSpace, law: PictureDistribution, made: Array) -> tuple[NDArray[np.intp] | None, Array, Array]:
    """What each picture shows, -1 for nothing; the weights of what there is, and the least share that counts as captured."""
    if isinstance(features, DigitFeatures):
        labels = law.labels()
        assert labels is not None
        names, counts = np.unique(labels, return_counts=True)
        weights = counts / len(labels)
        place = {int(name): i for i, name in enumerate(names)}
        told = features.digits(_of(features, made))
        return np.array([place.get(int(d), -1) for d in told]), weights, _LEAST * weights
    if law.attributes:
        weights = law.cell_masses()
        return law.cells(torch.from_numpy(made).float()), weights, np.zeros_like(weights)
    return None, np.zeros(0), np.zeros(0)


def counted(kinds: NDArray[np.intp], weights: Array, least: Array) -> dict[str, float]:
    """How pictures of these kinds (-1 for none) cover them."""
    many = np.array([(kinds == k).sum() for k in range(len(weights))])
    captured = (many > 0) & (many >= least * len(kinds))
    q = many / max(many.sum(), 1)
    kl = sum(float(a * math.log(a / w)) for a, w in zip(q, weights, strict=True) if a > 0)
    return {
        "modes": float(captured.sum()),
        "high_quality": float(many.sum() / len(kinds)),
        "reverse_kl": kl if many.sum() else math.nan,
        "mass": float(weights[captured].sum()),
    }


def frechet(made: Array, real: Array) -> float:
    """Heusel et al. 2017 (arXiv:1706.08500) as they write it, in units of the real features' variance.

    The roots of the eigenvalues of A B sum to the trace of its root.
    """
    a, b = np.cov(made, rowvar=False), np.cov(real, rowvar=False)
    apart = made.mean(axis=0) - real.mean(axis=0)
    root = np.sqrt(np.maximum(np.linalg.eigvals(a @ b).real, 0.0)).sum()
    return float((apart @ apart + np.trace(a) + np.trace(b) - 2 * root) / np.trace(b))


def neighbourhoods(real: Array, made: Array) -> dict[str, float]:
    """Precision and recall (Kynkäänniemi et al. 2019, arXiv:1904.06991), density and coverage (Naeem et al. 2020,
    arXiv:2002.09797), from whole tables of distances."""
    within_real, within_made, across = cdist(real, real), cdist(made, made), cdist(real, made)
    reach_real = np.sort(within_real, axis=1)[:, _NEIGHBOURS]  # the nearest is the point itself
    reach_made = np.sort(within_made, axis=1)[:, _NEIGHBOURS]
    inside = across <= reach_real[:, None]
    return {
        "precision": float(inside.any(axis=0).mean()),
        "recall": float((across <= reach_made[None]).any(axis=1).mean()),
        "density": float(inside.sum(axis=0).mean() / _NEIGHBOURS),
        "coverage": float(inside.any(axis=1).mean()),
    }


def _gap(players: Players, shown: Mapping[str, float], samples: int) -> Row:
    """The 98th percentile of |D - 1/2| over real pictures, as D sees them."""
    real = players.real(4096, 33)
    real = real + shown["noise"] * np.random.default_rng(34).standard_normal(real.shape)  # D judges what it sees
    d = players.read(players.outputs(real))
    centre = players.game.objective.reading.centre
    gaps = np.abs(d - (np.median(d) if centre is None else centre))
    rng = np.random.default_rng(0)
    n = max(1, samples // players.game.pack)
    spread = float(np.std([np.quantile(rng.choice(gaps, n), _CENTRAL) for _ in range(200)]))
    known = Known(float(np.quantile(gaps, _CENTRAL)), 0.0, say("{count} real pictures", count=f"{len(gaps):,}"))
    return Row("gap_half", shown["gap_half"], known, 0.002, say("rounding of a percentile"), spread)
