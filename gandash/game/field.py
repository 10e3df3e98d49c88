"""The joint gradient field that every update rule moves along.

v(theta, phi) = (grad_theta L_G, grad_phi L_D), the *descent* field: players move along -v, and an equilibrium is stable when
the Jacobian of v has eigenvalues with positive real part (papers that use the ascent field have the opposite sign).

Two ways to it. `discriminator_part` and `generator_part` give its numbers by the passes of `passes.py`, with no graph: for
rules that only move along v. `discriminator_loss` and `generator_loss` are the losses as autograd sees them, differentiable in
both players as often as one likes: for rules and diagnostics that need v's derivatives, and for the tests that compare the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from gandash.game import passes
from gandash.game.game import Game


@dataclass(frozen=True)
class DiscriminatorPart:
    """grad_phi L_D and what was seen on the way. `loss` is the objective's alone; the gradient includes the penalty."""

    gradient: Tensor  # (members, n_phi)
    loss: Tensor  # (members,)
    logits: Tensor  # (members, 2, batch): on real data, on generated

    @property
    def real_logits(self) -> Tensor:
        return self.logits[:, 0]

    @property
    def fake_logits(self) -> Tensor:
        return self.logits[:, 1]


@dataclass(frozen=True)
class GeneratorPart:
    """grad_theta L_G, and the gradient of the other generator loss from the same state and batch."""

    gradients: Tensor  # (members, 2, n_theta): played, other
    loss: Tensor  # (members,)
    fake_logits: Tensor  # (members, batch)

    @property
    def gradient(self) -> Tensor:
        return self.gradients[:, 0]

    @property
    def other_gradient(self) -> Tensor:
        return self.gradients[:, 1]


def generate(game: Game, theta: Tensor, latents: Tensor) -> Tensor:
    """G(z; theta), differentiable: `(members, batch, latent dim)` -> `(members, batch, dim)`."""
    return game.generator.network(theta, latents)


def logits(game: Game, phi: Tensor, x: Tensor) -> Tensor:
    """a(x) = logit D(x; phi), differentiable: `(members, batch, dim)` -> `(members, batch)`."""
    return game.discriminator.network(phi, x).squeeze(-1)


def squared_slope(a: Tensor, x: Tensor) -> Tensor:
    """E |grad_x a(x)|^2 per member, differentiable; `a` `(members, batch)` must have been computed from `x`."""
    (slope,) = torch.autograd.grad(a.sum(), x, create_graph=True)
    return slope.square().sum(-1).mean(-1)


def discriminator_loss(game: Game, phi: Tensor, real: Tensor, fake: Tensor) -> Tensor:
    """L_D with its penalty per member, `(members,)`, differentiable.

    R1 (Mescheder, Geiger, Nowozin 2018, arXiv:1801.04406): (gamma/2) E |grad_x a|^2 on real data, with the 1/2 that a
    well-known implementation leaves out.
    """
    if game.r1 is None:
        return game.objective.discriminator(logits(game, phi, real), logits(game, phi, fake))
    real = real.detach().requires_grad_()
    a = logits(game, phi, real)
    return game.objective.discriminator(a, logits(game, phi, fake)) + 0.5 * game.r1[:, 0] * squared_slope(a, real)


def generator_loss(game: Game, theta: Tensor, phi: Tensor, latents: Tensor) -> Tensor:
    """L_G per member, `(members,)`, differentiable."""
    return game.objective.generator(logits(game, phi, generate(game, theta, latents)))


@lru_cache
def _share(n: int, dtype: torch.dtype) -> Tensor:
    """1/n, a sample's share in a mean; kept, since making a tensor of a number costs as much as multiplying by it."""
    return torch.tensor(1 / n, dtype=dtype)


@torch.inference_mode()
def sample(game: Game, theta: Tensor, latents: Tensor) -> Tensor:
    """`generate` without a graph, valid until the next pass of this size; a `generator_part` after it goes on from the same."""
    return passes.run(game.generator.network, theta, latents, weightings=2).outputs.mT


@torch.inference_mode()
def judge(game: Game, phi: Tensor, x: Tensor) -> Tensor:
    """`logits` without a graph."""
    return passes.run(game.discriminator.network, phi, x).outputs.squeeze(1).clone()


@torch.inference_mode()
def discriminator_part(game: Game, phi: Tensor, real: Tensor, fake: Tensor) -> DiscriminatorPart:
    """D's half of the field on a real and a generated batch, both `(members, batch, dim)`: one pass over [real, fake]."""
    members, n, _ = real.shape
    share = _share(n, real.dtype)
    tape = passes.run(game.discriminator.network, phi, real, fake, weightings=0 if game.r1 is None else 1)
    a = tape.outputs.view(members, 2, n).clone()
    slopes = game.objective.discriminator_slopes(a).view(members, 1, 2 * n)
    torch.mul(slopes, share, out=tape.seeds if game.r1 is None else tape.weights)
    tape.backward()
    # grad_phi of (gamma/2) |grad_x a|^2 is that of v . grad_x a with v = gamma grad_x a held still
    v = None if game.r1 is None else game.r1[..., None] * tape.slope()[..., :n] * share
    return DiscriminatorPart(tape.gradients(v)[:, 0], game.objective.discriminator(*a.unbind(1)), a)


@torch.inference_mode()
def pull(game: Game, phi: Tensor, x: Tensor) -> Tensor:
    """-grad_x L_G at each sample, `(members, n, dim)`: where this D draws it, per sample and not divided by n."""
    judged = passes.run(game.discriminator.network, phi, x)
    judged.backward()
    return (-game.objective.generator_slope(judged.outputs) * judged.slope()).mT


@torch.inference_mode()
def generator_part(game: Game, theta: Tensor, phi: Tensor, latents: Tensor) -> GeneratorPart:
    """G's half of the field.

    Both generator losses act on G through the same slope grad_x a(G(z)), each sample weighted by dL_G/da; so D and G are
    passed back through once for both. The second gradient is for comparison: the minimax one dies where D wins.
    """
    members, n, _ = latents.shape
    made = passes.tape(game.generator.network, theta, latents, weightings=2)
    if not made.holds(theta, latents):
        made.forward(theta, latents)
    judged = passes.run(game.discriminator.network, phi, made.outputs.mT)
    judged.backward()
    made.seeds.copy_(judged.slope())
    made.backward()
    a = judged.outputs.view(members, n).clone()
    weights = torch.stack([game.objective.generator_slope(a), game.other_objective.generator_slope(a)], dim=1)
    torch.mul(weights, _share(n, a.dtype), out=made.weights)
    return GeneratorPart(made.gradients(), game.objective.generator(a), a)
