"""The phase plane of a scalar game: where every point of (theta, psi) is driven, and what a round does near its rest point.

For the Dirac-GAN (Mescheder, Geiger, Nowozin 2018, arXiv:1801.04406) and the bilinear game, whose players have one parameter
each: G(z) = theta, a(x) = psi x, p_r a point mass at c. H is the Jacobian of the *descent* field v at the rest point: stable
when the real parts of its eigenvalues are positive. Instance noise is averaged over, exactly: v is the field of a large batch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gandash import config
from gandash.config.data import PointMassConfig
from gandash.config.networks import LinearConfig, PointConfig
from gandash.config.optimisers import GradientDescentConfig
from gandash.config.rules import LookaheadConfig
from gandash.config.setting import Settings
from gandash.diagnostics import spectrum
from gandash.diagnostics.estimators import Array
from gandash.game.game import Game
from gandash.game.losses import field_vector
from gandash.game.parts import StepNoise
from gandash.words import Said, joined, say

GRID = 21  # arrows per side
NEUTRAL = 1e-6  # a modulus nearer to 1 than this is neither in nor out: beyond it a thousand rounds show it
ALONE, PAIRED = (8.0, 321), (6.0, 25)  # how far in sigmas, and nodes, over the noise; of each side where both are paired


@dataclass(frozen=True)
class Phase:
    """`multipliers` are the eigenvalues of one round of the rule at the rest point, None where a round has none of its own or
    no formula is at hand; `modulus` is what a round multiplies a small distance by in the long run, None where unknown.

    `boundary` `(k,)` is the curve in the plane of H's eigenvalues on which a round's modulus is 1, None where the rule has none
    (alternating moves do not depend on the eigenvalue alone) or the players' steps differ.
    """

    eigenvalues: NDArray[np.complex128]
    multipliers: NDArray[np.complex128] | None
    modulus: float | None
    boundary: NDArray[np.complex128] | None
    step_sizes: tuple[float, float]
    words: Said


def is_scalar(game: Game) -> bool:
    """Whether the game has a plane to be drawn in: one parameter for each player, and a field that these two decide.

    Data must be a point mass, else the flow would need its moments. Under spectral normalisation D's slope is 1 or -1 whatever
    psi, and its field no function of the parameters alone.
    """
    sizes = game.generator.network.size, game.discriminator.network.size
    return sizes == (1, 1) and isinstance(game.config.data, PointMassConfig) and not game.penalties.spectral


def window(game: Game) -> tuple[float, float, float, float]:
    """The square that is shown, the equilibrium in the middle. It grows in doublings, so that a new start seldom moves it."""
    theta, psi = equilibrium(game)
    c = game.config
    assert isinstance(c.generator, PointConfig) and isinstance(c.discriminator, LinearConfig)
    farthest = max(math.hypot(c.generator.start - theta, c.discriminator.start - psi), abs(_location(game) - theta))
    half = 3.0
    while half < 2 * farthest:
        half *= 2
    return theta - half, theta + half, psi - half, psi + half


def rest_point(game: Game) -> tuple[float, float] | None:
    """Where neither player wants to move, in closed form; None where there is no such point.

    At psi = 0 every output is 0 and G's pull, proportional to psi, is nothing; D's is r'(0) c + f'(0) theta, with r' and f'
    what its loss multiplies the outputs' gradients by on real and on generated data. So theta = -c r'(0)/f'(0): the data's
    point c where both sides pull alike, (1 - 2 smoothing) c under label smoothing, e c for the f-GAN of KL, whose D cannot say
    1 without a bias. Penalties are 0 or have a kink there, and noise, multiplied by psi, moves nothing.

    Least squares have f'(0) = 0: every theta rests for c = 0, none for another c. G would rest as well where a(theta) = 1, but
    there D asks for a real root of A psi^2 - c psi + 1 with A >= c^2, which has none; unless a gradient penalty helps.
    """
    c = _location(game)
    with torch.inference_mode(False), torch.enable_grad():
        outputs = torch.zeros(1, requires_grad=True), torch.zeros(1, requires_grad=True)
        on_real, on_fake = (float(one) for one in torch.autograd.grad(game.objective.discriminator(*outputs), outputs))
    if on_fake == 0:
        return (c, 0.0) if on_real * c == 0 else None
    return -on_real / on_fake * c, 0.0


def equilibrium(game: Game) -> tuple[float, float]:
    """The point that the plane is drawn around: the rest point, or without one G on the data and D flat."""
    return rest_point(game) or (_location(game), 0.0)


def _location(game: Game) -> float:
    data = game.config.data
    assert isinstance(data, PointMassConfig)
    return data.location


@torch.inference_mode(False)
def flow(game: Game, points: Tensor, sigma: float = 0.0) -> NDArray[np.float32]:
    """-v at `points` `(n, 2)` of (theta, psi), averaged over instance noise of this `sigma`: the way both players would go,
    `(n, 2)`."""
    with torch.enable_grad():
        return (-_field(game, points.clone().double(), sigma).detach()).numpy().astype(np.float32)


def _field(game: Game, points: Tensor, sigma: float) -> Tensor:
    """v at `points` `(n, 2)`, differentiable, `(n, 2)`: E over N(0, sigma^2) on real and generated samples.

    By the trapezoidal rule, which a Gaussian makes exact for smooth integrands and which takes hinges as they come; each node
    is a batch of one sample of each law. Both laws share their nodes, which is right for sums
    of an expectation over one and one over the other; an objective that pairs samples gets every pair of nodes.
    """
    real_noise, fake_noise, weights = _nodes(game, sigma)
    k = len(weights)
    rows = [points[:, i : i + 1].repeat_interleave(k, dim=0) for i in (0, 1)]
    noise = torch.stack([real_noise, fake_noise], dim=1).repeat(len(points), 1)[..., None, None]
    n = len(noise)
    real = torch.full((n, 1, 1), _location(game), dtype=points.dtype)
    mix = torch.full((n, 1, 1), 0.5, dtype=points.dtype)  # between real and generated this D has the same slope everywhere
    theta, psi = (row if row.requires_grad else row.requires_grad_() for row in rows)
    v = field_vector(game, theta, psi, real, real.new_zeros(n, 1, game.latent.dimension), StepNoise(mix=mix, noise=noise))
    return (torch.cat(v, dim=1).view(len(points), k, 2) * weights[:, None]).sum(1)


def _nodes(game: Game, sigma: float) -> tuple[Tensor, Tensor, Tensor]:
    """Noise on a real and on a generated sample, and the weight of both together, `(k,)` each; weights sum to 1."""
    if sigma == 0:
        return torch.zeros(1).double(), torch.zeros(1).double(), torch.ones(1).double()
    reach, count = PAIRED if game.objective.pairs else ALONE
    x = torch.linspace(-reach, reach, count, dtype=torch.float64)
    nodes, weights = sigma * x, torch.softmax(-x.square() / 2, dim=0)
    if not game.objective.pairs:
        return nodes, nodes, weights
    k = len(nodes)
    return nodes.repeat_interleave(k), nodes.repeat(k), torch.outer(weights, weights).flatten()


def noise_after(game: Game, rounds: int) -> float:
    """Instance noise's sigma so many rounds after it was set, 0 without."""
    sigma = game.penalties.noise_after(rounds)
    return 0.0 if sigma is None else float(sigma[0])


@torch.inference_mode(False)
def jacobian(game: Game, point: tuple[float, float], sigma: float = 0.0) -> tuple[Array, Array]:
    """v and H there, `(2,)` and `(2, 2)`, with theta first."""
    found = spectrum.Jacobian(lambda w: _field(game, w[None], sigma)[0], torch.tensor(point).double())
    return found.field, found.dense()


@dataclass(frozen=True)
class _FieldSettings:
    """The field of a scalar game, which learning rates and update rules leave as it is: equal where these `settings` are."""

    settings: tuple[Settings | str, ...]
    game: Game = field(compare=False)

    @classmethod
    def of(cls, game: Game) -> _FieldSettings:
        return cls((game.config.data, game.config.objective, game.config.regulariser), game)


@lru_cache(maxsize=64)
def _jacobian(of: _FieldSettings, point: tuple[float, float], sigma: float) -> tuple[Array, Array]:
    return jacobian(of.game, point, sigma)


def phase(game: Game, step: int = 0, noise_age: int | None = None) -> Phase:
    """What happens near the rest point under the game's present settings.

    `step` matters where instance noise fades: the noise is that of this step, `noise_age` rounds after it was set.
    """
    c, at, sigma = game.config, rest_point(game), noise_after(game, step if noise_age is None else noise_age)
    steps = (c.generator_optimiser.learning_rate, c.discriminator_optimiser.learning_rate)
    nothing = Phase(np.zeros(0, dtype=np.complex128), None, None, None, steps, say(""))
    if at is None:
        if c.regulariser.gradient_penalty:
            flat = say("No rest point where D is flat; of others, by the gradient penalty, no formula is at hand.")
            return _saying(nothing, flat)
        said = say(
            "No rest point anywhere: D has no bias, so that it cannot answer as asked, and one of the players always moves on."
        )
        return _saying(nothing, said)
    where = _where(game, at), _noise_in_words(game, sigma, step)
    v, h = _jacobian(_FieldSettings.of(game), at, sigma)
    # The gradient penalty's |psi| - 1 has a kink at psi = 0; the derivatives that the field takes as 0 there tell nothing
    if (c.regulariser.gradient_penalty and at[1] == 0) or not np.isfinite(h).all():
        kink = say("The field has a kink at the rest point: it has no eigenvalues there.")
        return _saying(nothing, _put_together(*where, kink))
    assert np.abs(v).max() < 1e-6 * max(1.0, abs(at[0])), "rest_point's formula and the field disagree"
    eigenvalues = np.linalg.eigvals(h).astype(np.complex128)
    matrix = _round_matrix(c, h)
    multipliers = None if matrix is None else np.linalg.eigvals(matrix).astype(np.complex128)
    modulus = None if multipliers is None else float(np.abs(multipliers).max())
    if modulus is not None and isinstance(c.update_rule, LookaheadConfig):
        modulus, multipliers = modulus ** (1 / c.update_rule.rounds), None  # of k rounds: one of them has no eigenvalues
    rule = c.update_rule.kind
    drawn = rule in spectrum.RULES and steps[0] == steps[1] and matrix is not None
    return Phase(
        eigenvalues=eigenvalues,
        multipliers=multipliers,
        modulus=modulus,
        boundary=spectrum.stability_boundary(rule, steps[0], 121) if drawn else None,
        step_sizes=steps,
        words=_put_together(*where, _fate(h, eigenvalues, modulus)),
    )


def _put_together(*sentences: Said | None) -> Said:
    return joined(*(one for one in sentences if one is not None))


def _saying(found: Phase, words: Said) -> Phase:
    return Phase(found.eigenvalues, found.multipliers, found.modulus, found.boundary, found.step_sizes, words)


def _where(game: Game, at: tuple[float, float]) -> Said | None:
    point = _location(game)
    if math.isclose(at[0], point, abs_tol=1e-9):
        return None
    return say("No rest point on the data at {data}: it lies at θ = {theta}, ψ = 0.", data=f"{point:g}", theta=f"{at[0]:.4g}")


def _noise_in_words(game: Game, sigma: float, step: int) -> Said | None:
    if not sigma:
        return None
    half_life = game.config.regulariser.noise_half_life
    if half_life:
        return say(
            "On average over noise of σ = {sigma} as at step {step}, halved every {half_life} steps:",
            sigma=f"{sigma:.3g}",
            step=step,
            half_life=f"{half_life:g}",
        )
    return say("On average over noise of σ = {sigma}:", sigma=f"{sigma:.3g}")


def _round_matrix(c: config.GameConfig, h: Array) -> Array | None:
    """What the update rule makes of H at the rest point, where v = 0; None for a rule, or an optimiser, without a formula."""
    plain = GradientDescentConfig
    if not (isinstance(c.generator_optimiser, plain) and isinstance(c.discriminator_optimiser, plain)) or c.regulariser.clip:
        return None
    steps = spectrum.step_sizes(1, 2, c.generator_optimiser.learning_rate, c.discriminator_optimiser.learning_rate)
    return c.update_rule.round_matrix(h, steps, 1)


def _fate(h: Array, eigenvalues: NDArray[np.complex128], modulus: float | None) -> Said:
    if np.abs(eigenvalues).max() < 1e-9 * np.abs(h).max():  # H^2 = 0: distances grow like the number of rounds, if at all
        return say("Both eigenvalues of H are 0, though H is not: they do not tell. Watch the path.")
    if modulus is None:
        return say("No closed form for a round of this rule or optimiser: watch the path.")
    turns = bool(np.abs(eigenvalues.imag).max() > 1e-9)
    factor = f"{modulus:.5g}"
    if abs(modulus - 1) < NEUTRAL:
        fate = say("Circles") if turns else say("Stays")
        return say("{fate}: each round multiplies a small distance by {factor}.", fate=fate, factor=factor)
    if modulus > 1:
        fate = say("Spirals out") if turns else say("Runs away")
        return say("{fate}: each round multiplies a small distance by {factor}.", fate=fate, factor=factor)
    halved = math.log(0.5) / math.log(modulus) if modulus > 0 else 0.0
    return say(
        "{fate}: each round multiplies a small distance by {factor}; halved in {rounds} rounds.",
        fate=say("Spirals in") if turns else say("Falls in without turning"),
        factor=factor,
        rounds=f"{halved:.3g}",
    )
