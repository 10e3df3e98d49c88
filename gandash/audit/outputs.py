"""What D says of real and of generated samples, in any kind of game: losses, V, means, slopes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from gandash.audit.players import Array, Players
from gandash.audit.row import Known, Row, Unaudited
from gandash.words import say

_SLOPE = 1e-4  # half the distance of two places between which D's slope is taken


def _softplus(a: Array) -> Array:
    return np.logaddexp(0.0, a)


Loss = Callable[[Array, Array, float], tuple[Array, Array]]

# By objective: D's loss as a term of each real output plus one of each generated output, s being what labels ask on real data
_LOSS_D: Mapping[str, Loss] = {
    **dict.fromkeys(
        ("minimax", "non_saturating"),
        lambda r, f, s: (s * _softplus(-r) + (1 - s) * _softplus(r), _softplus(f)),
    ),
    "least_squares": lambda r, f, s: ((r - 1) ** 2, f**2),
    "hinge": lambda r, f, s: (np.maximum(1 - r, 0), np.maximum(1 + f, 0)),
    "wasserstein": lambda r, f, s: (-r, f),
    "f_kl": lambda r, f, s: (-r, np.exp(f - 1)),
    "f_reverse_kl": lambda r, f, s: (np.exp(-r), f - 1),
    "f_pearson": lambda r, f, s: (-r, f**2 / 4 + f),
    "f_squared_hellinger": lambda r, f, s: (np.exp(-r) - 1, np.exp(f) - 1),
    "f_jensen_shannon": lambda r, f, s: (_softplus(-r) - math.log(2), _softplus(f) - math.log(2)),
}
# G's loss as a term of each generated output; f-GAN's is minus D's second term
_LOSS_G: Mapping[str, Callable[[Array], Array]] = {
    "minimax": lambda f: -_softplus(f),
    "non_saturating": lambda f: _softplus(-f),
    "least_squares": lambda f: (f - 1) ** 2,
    "hinge": lambda f: -f,
    "wasserstein": lambda f: -f,
}


def loss_of_d(objective: str, a: float, smoothing: float) -> float:
    """D's loss where its output is `a` everywhere."""
    if objective not in _LOSS_D:  # relativistic: only differences of outputs count
        return float(_softplus(np.zeros(())))
    of_r, of_f = _LOSS_D[objective](np.array(a), np.array(a), 1 - smoothing)
    return float(of_r + of_f)


def loss_of_g(objective: str, a: float) -> float:
    """G's loss against that D."""
    if objective in _LOSS_G:
        return float(_LOSS_G[objective](np.array(a)))
    return (
        loss_of_d(objective, a, 0) if objective not in _LOSS_D else -float(_LOSS_D[objective](np.array(a), np.array(a), 1)[1])
    )


def audit_outputs(
    players: Players, shown: Mapping[str, float], real: Array, made: Array, samples: int, slopes: int
) -> Iterator[Row | Unaudited]:
    """Losses, V and its terms, mean D and D's slopes on real and generated samples `(n, dimension)`.

    `samples` of each law are behind the shown expectations, and `slopes` behind the slopes.
    """
    game = players.game
    samples, slopes = samples // game.pack, slopes // game.pack
    r, f = players.outputs(real), players.outputs(made)
    name, s = game.objective.name, 1 - float(game.config.regulariser.smoothing)
    if name in _LOSS_D:
        of_r, of_f = _LOSS_D[name](r, f, s)
        yield _mean("loss_d", shown, samples, of_r, of_f)
        yield _mean("loss_g", shown, samples, _LOSS_G[name](f) if name in _LOSS_G else -of_f)
    else:
        n = min(len(r), len(f))
        yield _mean("loss_d", shown, samples, _softplus(f[:n] - r[:n]))
        yield _mean("loss_g", shown, samples, _softplus(r[:n] - f[:n]))
    if game.objective.reading.is_probability:
        d_r, d_f = (np.clip(players.read(a), 1e-300, 1.0) for a in (r, f))
        log_d = np.log(d_r) if name not in ("minimax", "non_saturating") else -_softplus(-r)
        log_not = np.log1p(-np.minimum(d_f, 1 - 1e-16)) if name not in ("minimax", "non_saturating") else -_softplus(f)
        yield _mean("log_d_real", shown, samples, log_d)
        yield _mean("log_d_fake", shown, samples, log_not)
        yield _mean("value", shown, samples, log_d, log_not)
    else:
        for which in ("log_d_real", "log_d_fake", "value"):
            yield Row(which, _shown(shown, which), Known(math.nan, 0.0, say("D is no probability under this objective")))
    yield _mean("mean_d_real", shown, samples, players.read(r))
    yield _mean("mean_d_fake", shown, samples, players.read(f))
    for which, x in (("slope_real", real), ("slope_fake", made)):
        norms = slope_norms(players, x[: 4000 // game.pack * game.pack])
        yield _mean(which, shown, slopes, norms)


def slope_norms(players: Players, x: Array) -> Array:
    """|grad_x a| of every pack of samples, along the whole pack, by central differences."""
    pack, dimension = players.game.pack, x.shape[1]
    packs = x[: len(x) // pack * pack].reshape(-1, pack * dimension)
    if packs.shape[1] > 16:
        packs = packs[:48]  # two passes for each pixel
    squares = np.zeros(len(packs))
    for u in np.eye(packs.shape[1]):
        ends = [players.outputs((packs + sign * _SLOPE * u).reshape(-1, dimension)) for sign in (1, -1)]
        squares += ((ends[0] - ends[1]) / (2 * _SLOPE)) ** 2
    return np.asarray(np.sqrt(squares))


def _shown(shown: Mapping[str, float], name: str) -> float:
    value = shown.get(name)
    return math.nan if value is None else float(value)


def _mean(name: str, shown: Mapping[str, float], samples: int, *terms: Array) -> Row:
    value = sum(float(t.mean()) for t in terms)
    error, sampling = (math.sqrt(sum(float(t.var()) / n for t in terms)) for n in (min(map(len, terms)), max(1, samples)))
    return Row(
        name,
        _shown(shown, name),
        Known(value, error, say("{count} fresh samples", count=f"{len(terms[0]):,}")),
        sampling=sampling,
    )
