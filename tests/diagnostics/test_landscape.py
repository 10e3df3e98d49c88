"""A plane through parameter space: paths and fields whose picture is known, and the field that training moves along."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from gandash.config import GameConfig, RunConfig
from gandash.config.networks import LatentConfig, MLPConfig
from gandash.config.optimisers import GradientDescentConfig
from gandash.config.regularisers import RegulariserConfig
from gandash.config.rules import SimultaneousConfig
from gandash.diagnostics.landscape import Cut, along_update, batch_field, of_path, on_plane, survey
from gandash.game.game import Streams, build_game
from gandash.game.parts import StepNoise
from gandash.game.round import start
from gandash.game.step import train_step

N = 7


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def draw(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=generator(seed))


def plane_of(cut: Cut) -> np.ndarray:
    """The projector onto the cut's axes."""
    axes = cut.axes.double().numpy()
    return axes.T @ axes


def is_orthonormal(cut: Cut) -> bool:
    return bool(torch.allclose(cut.axes @ cut.axes.mT, torch.eye(2, dtype=cut.axes.dtype), atol=1e-6))


# --------------------------------------------------------------------------------------------------------------- planes


def test_a_spiral_in_a_plane_is_found_and_drawn_as_it_is() -> None:
    q, _ = torch.linalg.qr(draw(N, 2, seed=1))
    t = torch.linspace(0, 6, 40)
    spiral = torch.stack([t.cos(), 0.5 * t.sin()], dim=1) * torch.exp(-0.2 * t)[:, None]
    offset = draw(N, seed=2)
    path = list(offset + spiral @ q.mT)
    here = path.pop()
    cut = of_path(path, here, generator())
    assert cut is not None and cut.shares is not None and is_orthonormal(cut)
    np.testing.assert_allclose(plane_of(cut), (q @ q.mT).numpy(), atol=1e-5)
    assert sum(cut.shares) == pytest.approx(1, abs=1e-6) and cut.shares[0] > cut.shares[1] > 0.01
    seen = cut.project([*path, here])
    apart = np.linalg.norm(seen[:, None] - seen[None], axis=-1)
    truly = torch.cdist(spiral, spiral).numpy()
    np.testing.assert_allclose(apart, truly, atol=1e-3)  # distances in the picture are those between parameters
    assert (seen[0] <= 0).all() and seen[-1] == pytest.approx([0, 0], abs=1e-6)
    a_low, a_high, b_low, b_high = cut.window
    assert ((a_low < seen[:, 0]) & (seen[:, 0] < a_high) & (b_low < seen[:, 1]) & (seen[:, 1] < b_high)).all()
    assert a_high - a_low == pytest.approx(b_high - b_low)


def test_principal_directions_are_those_of_the_singular_value_decomposition() -> None:
    here, path = draw(N, seed=3), list(draw(12, N, seed=4) * torch.linspace(3, 0.1, N))
    cut = of_path(path, here, generator())
    assert cut is not None and cut.shares is not None
    _, s, rows = np.linalg.svd(np.stack([(w - here).numpy() for w in path]), full_matrices=False)
    np.testing.assert_allclose(np.abs(np.sum(cut.axes.numpy() * rows[:2], axis=1)), 1, atol=1e-4)
    assert cut.shares == pytest.approx((s[:2] ** 2 / (s**2).sum()).tolist(), rel=1e-4)


def test_a_straight_path_gets_a_random_second_direction_and_one_to_nowhere_none() -> None:
    here, along = draw(N, seed=5), draw(N, seed=6)
    cut = of_path([here - t * along for t in (3.0, 2.0, 1.0)], here, generator())
    assert cut is not None and cut.shares == pytest.approx((1, 0)) and is_orthonormal(cut)
    torch.testing.assert_close(cut.axes[0], along / along.norm(), rtol=0, atol=1e-5)
    assert of_path([], here, generator()) is None and of_path([here, here], here, generator()) is None


def test_along_the_update_and_a_random_direction_by_the_generator_alone() -> None:
    here, update = draw(N, seed=7), draw(N, seed=8)
    one, same, other = (along_update(here, update, generator(seed)) for seed in (1, 1, 2))
    assert is_orthonormal(one) and torch.equal(one.axes, same.axes) and not torch.allclose(one.axes, other.axes)
    torch.testing.assert_close(one.axes[0], update / update.norm())
    assert one.shares is None and one.half == pytest.approx(10 * float(update.norm()))
    with pytest.raises(ValueError, match="Neither player moves"):
        along_update(here, torch.zeros(N), generator())


def test_a_linear_field_on_the_plane_is_its_matrix_there() -> None:
    matrix, here = draw(N, N, seed=9), draw(N, seed=10)
    cut = replace(along_update(here, draw(N, seed=11), generator()), centre=(0.5, -1.0), half=2.0)
    found = survey(cut, lambda w: matrix @ w, 5)
    small = -cut.axes @ matrix
    for j, b in enumerate((-3, -2, -1, 0, 1)):
        for i, a in enumerate((-1.5, -0.5, 0.5, 1.5, 2.5)):
            w = here + a * cut.axes[0] + b * cut.axes[1]
            np.testing.assert_allclose(found.flow[j, i], (small @ w).numpy(), atol=1e-4)
            assert found.speed[j, i] == pytest.approx(float((matrix @ w).norm()), rel=1e-4)
            assert np.linalg.norm(found.flow[j, i]) <= found.speed[j, i]


# ---------------------------------------------------------------------------------------------------------------- field


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"objective": "relativistic", "regulariser.r1": 0.5},
        {"regulariser.gradient_penalty": 2.0},
        {"regulariser.packing": 2},
        {"regulariser.spectral": "on"},
        {"discriminator.activation": "maxout"},
        {"generator": {"kind": "point"}, "discriminator": {"kind": "linear"}},
    ],
    ids=str,
)
def test_it_is_the_field_that_training_moves_along(changes: dict[str, Any]) -> None:
    """One simultaneous step of gradient descent of size 1 on the same batch goes to w - v(w)."""
    rate = 1.0
    config = GameConfig(
        latent=LatentConfig(dimension=2),
        generator=MLPConfig(width=5, depth=1, activation="tanh"),
        discriminator=MLPConfig(width=6, depth=2, activation="silu"),
        regulariser=RegulariserConfig(r1=0.0),
        update_rule=SimultaneousConfig(),
        generator_optimiser=GradientDescentConfig(learning_rate=rate),
        discriminator_optimiser=GradientDescentConfig(learning_rate=rate),
        run=RunConfig(batch=16),
    ).replace_all(list(changes.items()))
    game, streams = build_game(config), Streams([3])
    state = start(game, streams)
    before = streams.state()
    real, latents = streams.real(game), streams.latents(game)
    mix = streams.uniform(16 // game.pack, 1) if game.penalties.looks_between else None
    streams.restore(before)
    after, _ = train_step(game, state, streams)
    w = torch.cat([state.theta[0], state.phi[0]])
    v = batch_field(game, real, latents, StepNoise(mix=mix), state.memory.get("spectral"))(w.double())
    moved = torch.cat([after.theta[0], after.phi[0]]) - w
    assert float(moved.norm()) > 0.01
    tolerance = 1e-2 if game.penalties.spectral else 1e-5  # there the power iteration has only begun
    torch.testing.assert_close(-v, moved, rtol=0, atol=tolerance * float(moved.norm()))


def test_everything_is_on_the_plane_of_a_game_of_two_parameters() -> None:
    cut = along_update(draw(2, seed=1), draw(2, seed=2), generator())
    v = draw(2, seed=3)
    along, speed = on_plane(cut, v)
    assert math.hypot(*along) == pytest.approx(speed) and speed == pytest.approx(float(v.norm()))
