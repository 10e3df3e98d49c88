"""A plane through the space of both players' parameters, and the field on it: the phase plane of any game.

A point of the plane is w = here + a e_1 + b e_2, with w = (theta, phi), `here` the present state and e_1, e_2 orthonormal:
distances in the picture are distances between parameters. Most of space is not on it, and most of v may stand across it.
Sources: Li et al. 2018 (arXiv:1712.09913), section 7, for principal directions of a path; Goodfellow, Vinyals, Saxe 2015
(arXiv:1412.6544) for cuts along the way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Generator, Tensor

from gandash.diagnostics.estimators import Array
from gandash.diagnostics.spectrum import Field
from gandash.game.field import discriminator_part, generator_part, sample
from gandash.game.game import Game
from gandash.game.parts import NO_STEP_NOISE, StepNoise
from gandash.game.spectral import normalised
from gandash.words import say

ROUNDS = 10  # to each side, where the plane lies along one round's update
MARGIN = 1.2  # times the path's extent
FLAT = 1e-4  # a second direction with less than this of the first one's spread is rounding
SETTLING = 10  # power iterations that make spectral normalisation a function of phi


@dataclass(frozen=True)
class Cut:
    """`here` `(n,)`, `axes` `(2, n)` orthonormal, the square shown by its `centre` and `half` its side, in units of w.

    `shares`: how much of the path's spread lies along each axis, None where the plane was not made of a path.
    """

    here: Tensor
    axes: Tensor
    centre: tuple[float, float]
    half: float
    shares: tuple[float, float] | None = None

    @property
    def window(self) -> tuple[float, float, float, float]:
        """(a_low, a_high, b_low, b_high), in units of w."""
        a, b = self.centre
        return a - self.half, a + self.half, b - self.half, b + self.half

    def project(self, points: Sequence[Tensor]) -> Array:
        """(a, b) of points w `(n,)`, `(len(points), 2)`."""
        return np.array([(self.axes @ (w - self.here)).tolist() for w in points]).reshape(-1, 2)

    def at(self, a: float, b: float) -> Tensor:
        """The parameters w `(n,)` at (a, b)."""
        return self.here + a * self.axes[0] + b * self.axes[1]


def along_update(here: Tensor, update: Tensor, generator: Generator) -> Cut:
    """The plane of one round's `update` `(n,)` and a random direction made orthonormal to it.

    The random one is normal in every parameter, not scaled by layers. Raises ValueError where nobody moves.
    """
    length = float(update.norm())
    if not length > 0:
        raise ValueError(say("Neither player moves in a round from here, so there is no direction to draw a plane along."))
    first = update / length
    return Cut(here, torch.stack([first, _square_to(first, generator)]), (0.0, 0.0), ROUNDS * length)


def of_path(path: Sequence[Tensor], here: Tensor, generator: Generator) -> Cut | None:
    """The plane through `here` `(n,)` along the two principal directions of w_t - here over the `path`'s points.

    The oldest point lies to the left and below. A path that is straight gets a random second direction; None for one that
    went nowhere.
    """
    if not path:
        return None
    away = torch.stack([w - here for w in path])
    exact = away.double()  # products in float32 leave a straight path a second direction, on some processors
    spread, vectors = torch.linalg.eigh(exact @ exact.mT)  # of few points: smaller than a covariance of parameters
    if not float(spread[-1]) > 0:
        return None
    axes = [_unit(vectors[:, -1].to(away) @ away)]
    straight = len(path) < 2 or float(spread[-2]) < FLAT**2 * float(spread[-1])
    axes.append(_square_to(axes[0], generator) if straight else _unit(vectors[:, -2].to(away) @ away))
    axes = [axis if float(axis @ away[0]) <= 0 else -axis for axis in axes]
    plane = torch.stack(axes)
    seen = np.concatenate([(away @ plane.mT).double().numpy(), np.zeros((1, 2))])
    low, high = seen.min(0), seen.max(0)
    centre = (low + high) / 2
    total = float(spread.sum())
    shares = (float(spread[-1]) / total, 0.0 if straight else float(spread[-2]) / total)
    return Cut(here, plane, (float(centre[0]), float(centre[1])), MARGIN * float((high - low).max()) / 2, shares)


def _unit(v: Tensor) -> Tensor:
    unit: Tensor = v / torch.linalg.vector_norm(v)
    return unit


def _square_to(first: Tensor, generator: Generator) -> Tensor:
    drawn = torch.randn(len(first), generator=generator, dtype=first.dtype)
    for _ in range(2):  # once leaves what rounding made of it
        drawn = _unit(drawn - (drawn @ first) * first)
    return drawn


@dataclass(frozen=True)
class Survey:
    """On a grid over a cut's window, rows from the lowest b: -v projected on the axes `(grid, grid, 2)`, |v| whole
    `(grid, grid)`."""

    flow: Array
    speed: Array


def survey(cut: Cut, field: Field, grid: int) -> Survey:
    """The field over the window."""
    low_a, high_a, low_b, high_b = cut.window
    flow, speed = np.empty((grid, grid, 2)), np.empty((grid, grid))
    for j, b in enumerate(np.linspace(low_b, high_b, grid).tolist()):
        for i, a in enumerate(np.linspace(low_a, high_a, grid).tolist()):
            flow[j, i], speed[j, i] = on_plane(cut, field(cut.at(a, b)))
    return Survey(flow, speed)


def on_plane(cut: Cut, v: Tensor) -> tuple[Array, float]:
    """-v along both axes, `(2,)`, and |v|."""
    return -(cut.axes @ v.to(cut.axes)).double().numpy(), float(v.norm())


def batch_field(
    game: Game,
    real: Tensor,
    latents: Tensor,
    step_noise: StepNoise = NO_STEP_NOISE,
    kept: Tensor | None = None,
    check_cancelled: Callable[[], None] = lambda: None,
) -> Field:
    """v(w) of a game of one member on this batch `(1, batch, dim)`, `(n,) -> (n,)` in float32 without a graph: what training
    computes, penalties and all. `kept`: what spectral normalisation remembers, from which it settles anew at every phi.
    """
    split, net = game.generator.network.size, game.discriminator.network

    def v(w: Tensor) -> Tensor:
        check_cancelled()
        w = w.detach().float()[None]
        theta, phi = w[:, :split], w[:, split:]
        judged = normalised(net, phi, kept, rounds=SETTLING) if game.penalties.spectral else None
        phi_effective = phi if judged is None else judged.phi
        of_d = discriminator_part(game, phi_effective, real, sample(game, theta, latents), step_noise).gradient
        of_g = generator_part(game, theta, phi_effective, real, latents, step_noise).gradient
        return torch.cat([of_g, of_d if judged is None else judged.pull_back(of_d)], dim=1)[0]

    return v
