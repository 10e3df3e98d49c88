"""Where a scalar game is stable is known in closed form, for every step size, penalty and update rule: a sweep finds the same,
cell by cell, but for those at the boundary itself."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gandash.presets import PRESETS
from gandash.sweeps.axes import Axis
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


@pytest.mark.parametrize("rule", [simultaneous, alternating, extragradient, optimistic])
def test_the_dirac_gan_is_stable_where_theory_says_so(rule: Callable[..., float]) -> None:
    """v-Jacobian at 0 under R1 (Mescheder, Geiger, Nowozin 2018): f'(0) = 1/2, so [[0, -1/2], [1/2, gamma]]."""
    sweep = swept("dirac-orbit", rule.__name__, 90, f"{STEP}=0.2:9.6:6log", "regulariser.r1=0.02:3:5log")
    steps, gammas = (axis.values for axis in sweep.axes)
    known = np.array([[rule(np.array([[0, -0.5], [0.5, g]]), float(h)) < 1 for g in gammas] for h in steps])  # type: ignore[arg-type]
    assert agrees_but_at_the_boundary(comes_nearer(sweep), known)


@pytest.mark.parametrize(("rule", "bound"), [(extragradient, 1.0), (optimistic, 3**-0.5)])
def test_the_bilinear_game_is_stable_up_to_a_step_size(rule: Callable[..., float], bound: float) -> None:
    """min_x max_y xy: h < 1 for extragradient, h < 1/sqrt(3) for optimistic steps."""
    sweep = swept("bilinear-race", rule.__name__, 250, f"{STEP}=0.1:1.3:13")
    known = np.array([float(h) < bound for h in sweep.axes[0].values])  # type: ignore[arg-type]
    j = np.array([[0.0, -1.0], [1.0, 0.0]])
    assert [rule(j, float(h)) < 1 for h in sweep.axes[0].values][1:] == known[1:].tolist()  # type: ignore[arg-type]
    assert agrees_but_at_the_boundary(comes_nearer(sweep), known)
