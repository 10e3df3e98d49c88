"""Scalar games, of one parameter for each player on a point mass: the linearised field, from the losses written anew."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from gandash.audit.players import Array, Players
from gandash.audit.rounds import Complexes, Field, jacobian, largest_multiplier, multipliers_at
from gandash.audit.row import Known, Row, Unaudited
from gandash.config import GameConfig
from gandash.config.data import PointMassConfig
from gandash.wire.facts import PhaseFacts
from gandash.words import Said, say

_H = 1e-5

# D's loss by its outputs on the real and on the generated point, and G's by the latter
_LOSSES: dict[str, tuple[Callable[[float, float], float], Callable[[float], float]]] = {
    "minimax": (lambda r, f: _soft(-r) + _soft(f), lambda f: -_soft(f)),
    "non_saturating": (lambda r, f: _soft(-r) + _soft(f), lambda f: _soft(-f)),
    "wasserstein": (lambda r, f: f - r, lambda f: -f),
}


def _soft(t: float) -> float:
    return float(np.logaddexp(0.0, t))


def audit_scalar(players: Players, facts: PhaseFacts, gap_half: float) -> Iterator[Row | Unaudited]:
    """Eigenvalues of the descent field's Jacobian where both rest, what a round makes of a small distance there, and where D is
    on the data."""
    config = players.game.config
    shown, equilibrium = facts.phase, facts.equilibrium
    yield _gap(players, config, gap_half)
    field = field_of(config)
    names = ("eigenvalues", "multipliers", "modulus", "boundary")
    if field is None or equilibrium is None or not shown.eigenvalues:
        why = (
            say("the field of this game is not written out anew")
            if field is None
            else say("there is no rest point to linearise at")
        )
        yield from (Unaudited(name, why) for name in names)
        return
    at = np.array(equilibrium)
    force = Known(0.0, 0.0, say("there both players' slopes vanish"))
    yield Row(say("force at the equilibrium"), float(np.abs(field(at)).max()), force, 1e-5, say("differences, rounded"))
    eigenvalues = np.linalg.eigvals(jacobian(field, at)).astype(np.complex128)
    yield from _alike(
        say("eigenvalues"),
        (say("eigenvalue, real"), say("eigenvalue, imag")),
        shown.eigenvalues,
        eigenvalues,
        say("differences of the losses"),
    )
    found = multipliers_at(config, field, at)
    if found is None:
        yield from (Unaudited(name, say("a round of this rule and optimiser is not played anew here")) for name in names[1:])
        return
    multipliers, modulus = found
    yield Row(
        "modulus",
        math.nan if shown.modulus is None else shown.modulus,
        Known(modulus, 0.0, say("a round played near the rest point")),
        2e-4 * (1 + modulus),
        say("differences, rounded"),
    )
    if shown.multipliers is not None:
        near = np.array([z for z in multipliers if abs(z) > 1e-6])  # what a rule remembers may have eigenvalues of 0
        own = tuple(z for z in shown.multipliers if abs(complex(*z)) > 1e-6)
        yield from _alike(
            say("multipliers"),
            (say("multiplier, real"), say("multiplier, imag")),
            own,
            near,
            say("a round played near the rest point"),
        )
    if shown.boundary is not None:
        h = config.generator_optimiser.learning_rate
        around: Complexes = np.array([h * complex(*z) for z in shown.boundary], dtype=np.complex128)
        on_it = largest_multiplier(config.update_rule.kind, around)
        if on_it is not None:
            worst = float(on_it[np.abs(on_it - 1).argmax()])
            yield Row(
                say("modulus on the boundary"),
                worst,
                Known(1.0, 0.0, say("the rule's recurrence, solved")),
                1e-5,
                say("rounding"),
            )


def field_of(config: GameConfig) -> Field | None:
    """v at (theta, psi), by differences of the losses written anew; None for games whose losses are not."""
    data, r = config.data, config.regulariser
    if config.objective not in _LOSSES or not isinstance(data, PointMassConfig) or r.noise or r.spectral != "off" or r.clip:
        return None
    place, smoothing = float(data.location), float(r.smoothing)
    loss_d, loss_g = _LOSSES[config.objective]
    gamma = float(r.r1) + float(r.r2)

    def field(w: Array) -> Array:
        theta, psi = w

        def of_d(p: float) -> float:
            real, fake = p * place, p * theta
            asked = smoothing * (_soft(real) - _soft(-real)) if smoothing else 0.0
            one_sided = float(r.gradient_penalty) * (abs(p) - 1) ** 2
            return loss_d(real, fake) + asked + gamma / 2 * p**2 + one_sided

        def of_g(t: float) -> float:
            return loss_g(psi * t)

        return np.array([_slope(of_g, theta), _slope(of_d, psi)])

    return field


def _alike(
    names: Said, parts: tuple[Said, Said], shown: Sequence[tuple[float, float]], found: Complexes, how: str
) -> Iterator[Row]:
    """Two sets of complex numbers, each with the nearest of the other's."""
    yield Row(names, len(shown), Known(len(found), 0.0, how))
    left = [complex(z) for z in found]
    for pair in shown if len(shown) == len(found) else ():
        one = complex(*pair)
        other = left.pop(int(np.argmin([abs(one - z) for z in left])))
        for part, name in zip(("real", "imag"), parts, strict=True):
            known = Known(float(getattr(other, part)), 0.0, how)
            yield Row(
                name,
                float(getattr(one, part)),
                known,
                1e-3 * (1 + abs(other)),
                say("a thousandth: differences"),
            )


def _gap(players: Players, config: GameConfig, shown: float) -> Row:
    """|D - 1/2| on the data: a point."""
    data = config.data
    assert isinstance(data, PointMassConfig)
    place, reading = float(data.location), players.game.objective.reading
    (d,) = players.read(players.outputs_at(np.array([[place]])))
    off = abs(float(d) - reading.centre) if reading.centre is not None else 0.0
    return Row("gap_half", shown, Known(off, 0.0, say("D where the data are")), 1e-5 * (1 + off), say("single precision"))


def audit_distance(theta: float, config: GameConfig, wasserstein: float) -> Iterator[Row]:
    """W1 of two points is how far they are apart."""
    data = config.data
    assert isinstance(data, PointMassConfig)
    known = Known(abs(theta - float(data.location)), 0.0, say("two points"))
    yield Row("wasserstein", wasserstein, known, 1e-5 * (1 + abs(theta)), say("single precision"))


def _slope(f: Callable[[float], float], at: float) -> float:
    return (f(at + _H) - f(at - _H)) / (2 * _H)
