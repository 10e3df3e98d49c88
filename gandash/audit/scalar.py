"""Scalar games, of one parameter for each player on a point mass: the linearised field, from the losses written anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from gandash.audit.row import Known, Row, Unaudited
from gandash.config import GameConfig
from gandash.config.data import PointMassConfig

_H = 1e-5

# D's loss by its outputs on the real and on the generated point, and G's by the latter
_LOSSES: dict[str, tuple[Callable[[float, float], float], Callable[[float], float]]] = {
    "minimax": (lambda r, f: _soft(-r) + _soft(f), lambda f: -_soft(f)),
    "non_saturating": (lambda r, f: _soft(-r) + _soft(f), lambda f: _soft(-f)),
    "wasserstein": (lambda r, f: f - r, lambda f: -f),
}


def _soft(t: float) -> float:
    return float(np.logaddexp(0.0, t))


def audit_scalar(
    config: GameConfig, eigenvalues: Sequence[tuple[float, float]], equilibrium: tuple[float, float] | None
) -> Iterator[Row | Unaudited]:
    """Both eigenvalues of the descent field's Jacobian where G is on the data and D is flat."""
    names = ("eigenvalue, real part", "eigenvalue, imaginary part")
    data, r = config.data, config.regulariser
    if config.objective not in _LOSSES or not isinstance(data, PointMassConfig) or r.noise or r.spectral != "off" or r.clip:
        yield from (Unaudited(name, "the field of this game is not written out anew") for name in names)
        return
    if equilibrium is None or not eigenvalues:
        yield from (Unaudited(name, "there is no rest point to linearise at") for name in names)
        return
    place, smoothing = float(data.place), float(r.smoothing)
    loss_d, loss_g = _LOSSES[config.objective]
    gamma = float(r.r1) + float(r.r2)

    def field(theta: float, psi: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        def of_d(p: float) -> float:
            real, fake = p * place, p * theta
            asked = smoothing * (_soft(real) - _soft(-real)) if smoothing else 0.0
            one_sided = float(r.gradient_penalty) * (abs(p) - 1) ** 2
            return loss_d(real, fake) + asked + gamma / 2 * p**2 + one_sided

        def of_g(t: float) -> float:
            return loss_g(psi * t)

        return np.array([_slope(of_g, theta), _slope(of_d, psi)])

    at = np.array(equilibrium)
    force = Known(0.0, 0.0, "there both players' slopes vanish")
    yield Row("force at the equilibrium", float(np.abs(field(*at)).max()), force, 1e-5, "differences, rounded")
    columns = [(field(*(at + h)) - field(*(at - h))) / (2e-3) for h in 1e-3 * np.eye(2)]
    known = sorted(np.linalg.eigvals(np.stack(columns, axis=1)), key=lambda v: (v.real, v.imag))
    shown = sorted((complex(*pair) for pair in eigenvalues), key=lambda v: (v.real, v.imag))
    for name, part in zip(names, ("real", "imag"), strict=True):
        for one, other in zip(shown, known, strict=True):
            how = Known(float(getattr(other, part)), 0.0, "differences of the losses")
            yield Row(name, float(getattr(one, part)), how, 1e-3 * (1 + abs(other)), "a thousandth: differences, rounded")


def audit_distance(theta: float, config: GameConfig, wasserstein: float) -> Iterator[Row]:
    """W1 of two points is how far they are apart."""
    data = config.data
    assert isinstance(data, PointMassConfig)
    known = Known(abs(theta - float(data.place)), 0.0, "two points")
    yield Row("wasserstein", wasserstein, known, 1e-5 * (1 + abs(theta)), "single precision")


def _slope(f: Callable[[float], float], at: float) -> float:
    return (f(at + _H) - f(at - _H)) / (2 * _H)
