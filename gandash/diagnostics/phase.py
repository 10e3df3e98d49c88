"""The phase plane of a scalar game: where every point of (theta, psi) is driven, and what a round does near the equilibrium.

For the Dirac-GAN (Mescheder, Geiger, Nowozin 2018, arXiv:1801.04406) and the bilinear game, whose players have one parameter
each. H is the Jacobian of the *descent* field v at the equilibrium: stable when the real parts of its eigenvalues are positive.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from gandash import config, dynamics, players
from gandash.diagnostics import spectrum
from gandash.diagnostics.estimators import Array
from gandash.game.field import Chance, field_vector
from gandash.game.game import Game

GRID = 21  # arrows per side
NEUTRAL = 1e-6  # a modulus nearer to 1 than this is neither in nor out: beyond it a thousand rounds show it


@dataclass(frozen=True)
class Phase:
    """`multipliers` are the eigenvalues of one round of the rule at the equilibrium, None where no formula is at hand.

    `boundary` `(k,)` is the curve in the plane of H's eigenvalues on which a round's modulus is 1, None where the rule has none
    (alternating moves do not depend on the eigenvalue alone) or the players' steps differ.
    """

    eigenvalues: NDArray[np.complex128]
    multipliers: NDArray[np.complex128] | None
    boundary: NDArray[np.complex128] | None
    step_sizes: tuple[float, float]
    words: str

    @property
    def modulus(self) -> float | None:
        """What a round multiplies a small distance by in the long run."""
        return None if self.multipliers is None else float(np.abs(self.multipliers).max())


def is_scalar(game: Game) -> bool:
    """Whether both players have a single parameter, so that the game has a plane to be drawn in."""
    return game.generator.network.size == game.discriminator.network.size == 1


def window(game: Game) -> tuple[float, float, float, float]:
    """The square that is shown, the equilibrium in the middle. It grows in doublings, so that a new start seldom moves it."""
    theta, psi = equilibrium(game)
    c = game.config
    assert isinstance(c.generator, players.Point) and isinstance(c.discriminator, players.Linear)
    half, start = 3.0, math.hypot(c.generator.start - theta, c.discriminator.start - psi)
    while half < 2 * start:
        half *= 2
    return theta - half, theta + half, psi - half, psi + half


def equilibrium(game: Game) -> tuple[float, float]:
    """theta = the place of the data, psi = 0."""
    low, high = game.data.quantile_range(0.5)  # type: ignore[attr-defined]
    return (low + high) / 2, 0.0


@torch.inference_mode(False)
def flow(game: Game, places: torch.Tensor) -> NDArray[np.float32]:
    """-v at `places` `(n, 2)` of (theta, psi), without noise: the way both players would go, `(n, 2)`."""
    theta, psi = (places[:, i : i + 1].clone().float().requires_grad_() for i in (0, 1))
    real = torch.full((len(places), 1, 1), equilibrium(game)[0])
    mix = torch.full((len(places), 1, 1), 0.5)  # between real and generated this D has the same slope everywhere
    from_g, from_d = field_vector(game, theta, psi, real, torch.zeros(len(places), 1, game.latent.dimension), Chance(mix=mix))
    return -torch.cat([from_g, from_d], dim=1).detach().numpy().astype(np.float32)


def phase(game: Game) -> Phase:
    """What happens near the equilibrium under the game's present settings; `round_matrix` says for which rules."""
    theta, psi = equilibrium(game)
    at = torch.tensor([[theta]]), torch.tensor([[psi]])
    real = torch.full((1, 1, 1), theta)
    latents, chance = torch.zeros(1, 1, game.latent.dimension), Chance(mix=torch.full((1, 1, 1), 0.5))
    h = spectrum.game_jacobian(game, *at, real, latents, chance=chance)
    c = game.config
    steps = (c.generator_optimiser.learning_rate, c.discriminator_optimiser.learning_rate)
    if not np.isfinite(h).all():  # the gradient penalty's |psi| - 1 has a kink at psi = 0
        nothing = np.zeros(0, dtype=np.complex128)
        return Phase(nothing, None, None, steps, "The field has a kink at the equilibrium: it has no eigenvalues there.")
    matrix = round_matrix(c, h)
    multipliers = None if matrix is None else np.linalg.eigvals(matrix).astype(np.complex128)
    if multipliers is not None and isinstance(c.update_rule, dynamics.Lookahead):
        multipliers = np.abs(multipliers).astype(np.complex128) ** (1 / c.update_rule.rounds)
    rule = c.update_rule.kind
    drawn = rule in spectrum.RULES and steps[0] == steps[1] and matrix is not None
    eigenvalues = np.linalg.eigvals(h).astype(np.complex128)
    return Phase(
        eigenvalues=eigenvalues,
        multipliers=multipliers,
        boundary=spectrum.stability_boundary(rule, steps[0], 121) if drawn else None,
        step_sizes=steps,
        words=_words(eigenvalues, multipliers),
    )


def round_matrix(c: config.GameConfig, h: Array) -> Array | None:
    """The derivative of one round at the equilibrium, where v = 0, for plain gradient descent; None for what has no formula.

    Lookahead's is that of all its k rounds. At v = 0 consensus adds gamma H^T H to H, symplectic adjustment lambda A^T H.
    """
    plain = dynamics.GradientDescent
    if not (isinstance(c.generator_optimiser, plain) and isinstance(c.discriminator_optimiser, plain)) or c.regulariser.clip:
        return None
    steps = spectrum.step_sizes(1, 2, c.generator_optimiser.learning_rate, c.discriminator_optimiser.learning_rate)
    rule = c.update_rule
    match rule:
        case dynamics.Simultaneous():
            return spectrum.simultaneous(h, steps)
        case dynamics.Alternating():
            return spectrum.alternating(
                h,
                steps,
                1,
                first="D" if rule.first == "discriminator" else "G",
                discriminator_steps=rule.discriminator_steps,
                generator_steps=rule.generator_steps,
            )
        case dynamics.Extragradient():
            return spectrum.extragradient(h, steps)
        case dynamics.Optimistic():
            return spectrum.optimistic(h, steps)
        case dynamics.Consensus():
            return spectrum.simultaneous(h + rule.gamma * h.T @ h, steps)
        case dynamics.SymplecticAdjustment():
            return spectrum.simultaneous(h + rule.weight * (h - h.T).T @ h / 2, steps)
        case dynamics.Lookahead():
            ahead = np.linalg.matrix_power(spectrum.simultaneous(h, steps), rule.rounds)
            slow: Array = (1 - rule.share) * np.eye(2) + rule.share * ahead
            return slow
        case _:
            return None


def _words(eigenvalues: NDArray[np.complex128], multipliers: NDArray[np.complex128] | None) -> str:
    turns = bool(np.abs(eigenvalues.imag).max() > 1e-9)
    if multipliers is None:
        return "No closed form for a round of this rule or optimiser: watch the path."
    modulus = float(np.abs(multipliers).max())
    times = f"each round multiplies a small distance by {modulus:.5g}"
    if abs(modulus - 1) < NEUTRAL:
        return f"{'Circles' if turns else 'Stays'}: {times}."
    if modulus > 1:
        return f"{'Spirals out' if turns else 'Runs away'}: {times}."
    halved = math.log(0.5) / math.log(modulus) if modulus > 0 else 0.0
    return f"{'Spirals in' if turns else 'Falls in without turning'}: {times}; halved in {halved:.3g} rounds."
