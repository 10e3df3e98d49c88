"""Where a scalar game is stable is known in closed form, for every step size, penalty and update rule: a sweep finds the same,
cell by cell, but for those at the boundary itself."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gandash.presets import PRESETS
from gandash.sweeps.axes import Axis
from gandash.sweeps.diagram import draw
from gandash.sweeps.known import boundary, comes_to_rest, modulus, value_at
from gandash.sweeps.playing import play
from gandash.sweeps.sweep import Sweep

STEP = "generator_optimiser.learning_rate+discriminator_optimiser.learning_rate"
START = 0.01  # of both players: so near the equilibrium the game is linear


def simultaneous(j: NDArray[Any], h: float) -> float:
    """The largest modulus of w' = (1 - h J) w."""
    return _modulus(np.eye(2) - h * j)


def alternating(j: NDArray[Any], h: float) -> float:
    """D first, w = (theta, psi): psi' = psi - h (J w)_psi, then theta' = theta - h (J (theta, psi'))_theta."""
    of_d, of_g = np.eye(2), np.eye(2)
    of_d[1] -= h * j[1]
    of_g[0] -= h * j[0]
    return _modulus(of_g @ of_d)


def extragradient(j: NDArray[Any], h: float) -> float:
    """w' = w - h J (w - h J w)."""
    return _modulus(np.eye(2) - h * j + h**2 * j @ j)


def optimistic(j: NDArray[Any], h: float) -> float:
    """w_(t+1) = w_t - 2 h J w_t + h J w_(t-1)."""
    return _modulus(np.block([[np.eye(2) - 2 * h * j, h * j], [np.eye(2), np.zeros((2, 2))]]))


def consensus(j: NDArray[Any], h: float) -> float:
    """H + gamma H^T H, gamma = 0.1."""
    return _modulus(np.eye(2) - h * (j + 0.1 * j.T @ j))


def symplectic_adjustment(j: NDArray[Any], h: float) -> float:
    """H + lambda A^T H, lambda = 1."""
    return _modulus(np.eye(2) - h * (j + (j - j.T).T @ j / 2))


def lookahead(j: NDArray[Any], h: float) -> float:
    """Half of the way of five rounds, counted by the round."""
    return float(_modulus(0.5 * np.eye(2) + 0.5 * np.linalg.matrix_power(np.eye(2) - h * j, 5)) ** 0.2)


def _modulus(m: NDArray[Any]) -> float:
    return float(np.abs(np.linalg.eigvals(m)).max())


def comes_nearer(sweep: Sweep) -> NDArray[np.bool_]:
    """By point: whether the game ended nearer to the equilibrium than it began. |theta| is W1, and |psi| D's slope."""
    rows = play({"sweep": sweep.model_dump(mode="json"), "cells": list(range(sweep.count))}).to_pylist()
    ends = np.array([np.hypot(row["wasserstein"], row["slope_real"]) for row in rows])
    return (ends < np.hypot(START, START)).reshape([len(axis.values) for axis in sweep.axes])


def swept(preset: str, rule: str, steps: int, *axes: str) -> Sweep:
    starts = [("generator.start", START), ("discriminator.start", START), ("update_rule", {"kind": rule})]
    if rule == "alternating":
        starts.append(("update_rule.discriminator_steps", 1))
    return Sweep(base=PRESETS[preset].config.replace_all(starts), axes=tuple(map(Axis.of, axes)), steps=steps)


def agrees_but_at_the_boundary(found: NDArray[np.bool_], known: NDArray[np.bool_]) -> bool:
    """In every cell whose neighbours are all known to do as it does."""
    wide = np.pad(known, 1, mode="edge")
    around = itertools.product(*([range(3)] * known.ndim))
    shifted = [wide[tuple(slice(o, o + n) for o, n in zip(offset, known.shape, strict=True))] for offset in around]
    inside = np.all([one == known for one in shifted], axis=0)
    assert inside.any() and {True, False} == set(known.flat), "the boundary is within the map, and there are cells off it"
    return bool((found == known)[inside].all())


RULES = [simultaneous, alternating, extragradient, optimistic, consensus, symplectic_adjustment, lookahead]
PLAYED_BY_TORCH = (consensus, symplectic_adjustment)


@pytest.mark.parametrize("rule", RULES)
def test_the_dirac_gan_is_stable_where_theory_says_so(rule: Callable[..., float]) -> None:
    """v-Jacobian at 0 under R1 (Mescheder, Geiger, Nowozin 2018): f'(0) = 1/2, so [[0, -1/2], [1/2, gamma]]."""
    wide, high, rounds = (5, 3, 50) if rule in PLAYED_BY_TORCH else (6, 5, 90)  # that takes a hundred times as long
    sweep = swept("dirac-orbit", rule.__name__, rounds, f"{STEP}=0.2:9.6:{wide}log", f"regulariser.r1=0.02:3:{high}log")
    steps, gammas = (axis.values for axis in sweep.axes)
    theory = [[rule(np.array([[0, -0.5], [0.5, g]]), float(h)) for g in gammas] for h in steps]  # type: ignore[arg-type]
    found = [[modulus(sweep.at((h, g))) for g in gammas] for h in steps]
    np.testing.assert_allclose(np.array(found, dtype=float), theory, rtol=1e-9)
    known = np.array([[comes_to_rest(sweep.at((h, g))) for g in gammas] for h in steps])
    assert agrees_but_at_the_boundary(comes_nearer(sweep), known)


@pytest.mark.parametrize(("rule", "bound"), [(extragradient, 1.0), (optimistic, 3**-0.5)])
def test_the_bilinear_game_is_stable_up_to_a_step_size(rule: Callable[..., float], bound: float) -> None:
    """min_x max_y xy: h < 1 for extragradient, h < 1/sqrt(3) for optimistic steps."""
    sweep = swept("bilinear-race", rule.__name__, 250, f"{STEP}=0.1:1.3:13")
    known = np.array([comes_to_rest(sweep.at((h,))) for h in sweep.axes[0].values])
    assert known.tolist() == [float(h) < bound for h in sweep.axes[0].values]  # type: ignore[arg-type]
    [(x, low, x2, high)] = boundary(sweep)
    assert x == x2 == pytest.approx((bound - 0.1) / 0.1, abs=0.01) and (low, high) == (-0.5, 0.5)
    j = np.array([[0.0, -1.0], [1.0, 0.0]])
    assert [rule(j, float(h)) < 1 for h in sweep.axes[0].values][1:] == known[1:].tolist()  # type: ignore[arg-type]
    assert agrees_but_at_the_boundary(comes_nearer(sweep), known)


@pytest.mark.parametrize("rule", [simultaneous, extragradient])
def test_the_boundary_stands_between_what_comes_to_rest_and_what_does_not(rule: Callable[..., float]) -> None:
    """A third of a cell to the one side of each of its pieces it is stable, to the other it is not."""
    sweep = swept("dirac-orbit", rule.__name__, 90, f"{STEP}=0.2:9.6:6log", "regulariser.r1=0.02:3:5log")
    pieces = boundary(sweep)
    assert len(pieces) > 5
    for x, y, x2, y2 in pieces:
        middle, across = np.array([(x + x2) / 2, (y + y2) / 2]), np.array([y - y2, x2 - x])
        across = 0.3 * across / np.hypot(*across)
        values = [[value_at(axis, float(p)) for axis, p in zip(sweep.axes, middle + s * across, strict=True)] for s in (1, -1)]
        beside = {rule(np.array([[0, -0.5], [0.5, gamma]]), h) < 1 for h, gamma in values}
        assert beside == {True, False}


@pytest.mark.parametrize("gammas", ["0.02:30:9log", "0.02,0.05,0.2,0.5,2,5,20"])
def test_the_boundary_is_where_the_closed_form_has_it(gammas: str) -> None:
    """Of simultaneous steps gamma lies between h/4 and 2/h + h/8: what the modulus does beside the line, next to 1 on the one
    side and steep on the other, does not draw it away."""
    sweep = swept("dirac-orbit", "simultaneous", 1, f"{STEP}=0.2:9.6:6log", f"regulariser.r1={gammas}")
    pieces = np.array(boundary(sweep)).reshape(-1, 2)
    assert len(pieces) > 20
    for place in pieces.tolist():
        h, gamma = (value_at(axis, at) for axis, at in zip(sweep.axes, place, strict=True))
        assert isinstance(h, float) and gamma in (pytest.approx(h / 4, rel=5e-3), pytest.approx(2 / h + h / 8, rel=5e-3))


@pytest.mark.parametrize("preset", ["two-modes", "ring"])
def test_what_has_no_closed_form_has_no_boundary(preset: str) -> None:
    config = PRESETS[preset].config
    assert modulus(config) is None and comes_to_rest(config) is None
    sweep = Sweep(base=config, axes=(Axis.of("regulariser.r1=0.1:10:3log"),), steps=1)
    assert boundary(sweep) == []


def test_the_map_has_the_boundary_over_its_cells() -> None:
    """Of each update rule its own, in its row: 1/sqrt(3) and 1 on the axis of step sizes."""
    sweep = swept("bilinear-race", "simultaneous", 20, f"{STEP}=0.1:1.3:13", "update_rule=optimistic,extragradient")
    rows = play({"sweep": sweep.model_dump(mode="json"), "cells": list(range(sweep.count))}).to_pandas()
    [shape] = draw(rows, sweep).layout.shapes
    numbers = np.array(re.findall(r"[\d.-]+", shape.path), dtype=float).reshape(-1, 2)
    np.testing.assert_allclose(numbers[:, 0], [3**-0.5, 3**-0.5, 1, 1], atol=1e-3)
    assert numbers[:, 1].tolist() == [-0.5, 0.5, 0.5, 1.5]
