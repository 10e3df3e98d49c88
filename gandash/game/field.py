"""The joint gradient field that every update rule moves along.

v(theta, phi) = (grad_theta L_G, grad_phi L_D), the *descent* field: players move along -v, and an equilibrium is stable when
the Jacobian of v has eigenvalues with positive real part (papers that use the ascent field have the opposite sign).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gandash.game.game import Game


@dataclass(frozen=True)
class DiscriminatorPart:
    """grad_phi L_D and what was seen on the way. `loss` is the objective's alone; the gradient includes the penalty."""

    gradient: Tensor  # (members, n_phi)
    loss: Tensor  # (members,)
    real_logits: Tensor  # (members, batch)
    fake_logits: Tensor  # (members, batch)


@dataclass(frozen=True)
class GeneratorPart:
    """grad_theta L_G, and the gradient of the other generator loss from the same state and batch."""

    gradient: Tensor  # (members, n_theta)
    other_gradient: Tensor  # (members, n_theta)
    loss: Tensor  # (members,)
    fake_logits: Tensor  # (members, batch)


def generate(game: Game, theta: Tensor, latents: Tensor) -> Tensor:
    """G(z; theta): `(members, batch, latent dim)` -> `(members, batch, dim)`."""
    return game.generator.network(theta, latents)


def logits(game: Game, phi: Tensor, x: Tensor) -> Tensor:
    """a(x) = logit D(x; phi): `(members, batch, dim)` -> `(members, batch)`."""
    return game.discriminator.network(phi, x).squeeze(-1)


def discriminator_part(game: Game, phi: Tensor, real: Tensor, fake: Tensor) -> DiscriminatorPart:
    """D's half of the field on a real and a generated batch, both `(members, batch, dim)`.

    One pass over [real, fake]. R1 (Mescheder, Geiger, Nowozin 2018, arXiv:1801.04406): (gamma/2) E |grad_x a|^2 on real data,
    with the 1/2 that a well-known implementation leaves out.
    """
    n = real.shape[1]
    with torch.enable_grad():
        phi = phi.detach().requires_grad_()
        real = real.detach()
        if game.r1 is not None:
            real.requires_grad_()
        both = logits(game, phi, torch.cat([real, fake.detach()], dim=1))
        real_logits, fake_logits = both[:, :n], both[:, n:]
        loss = game.objective.discriminator(real_logits, fake_logits)
        total = loss
        if game.r1 is not None:
            total = loss + 0.5 * game.r1[:, 0] * squared_slope(real_logits, real)
        (gradient,) = torch.autograd.grad(total.sum(), phi)
    return DiscriminatorPart(gradient, loss.detach(), real_logits.detach(), fake_logits.detach())


def squared_slope(a: Tensor, x: Tensor) -> Tensor:
    """E |grad_x a(x)|^2 per member, differentiable; `a` `(members, batch)` must have been computed from `x`."""
    (slope,) = torch.autograd.grad(a.sum(), x, create_graph=True)
    return slope.square().sum(-1).mean(-1)


def generator_part(game: Game, theta: Tensor, phi: Tensor, latents: Tensor) -> GeneratorPart:
    """G's half of the field.

    Both generator losses act on G through the same slope grad_x a(G(z)), each sample weighted by dL_G/da; so D is passed
    back through once, and only G twice. The second gradient is for comparison: the minimax one dies where D wins.
    """
    n = latents.shape[1]
    with torch.enable_grad():
        theta = theta.detach().requires_grad_()
        fake = generate(game, theta, latents)
        x = fake.detach().requires_grad_()
        a = logits(game, phi.detach(), x)
        (slope,) = torch.autograd.grad(a.sum(), x)
        a = a.detach()
        pull = game.objective.generator_slope(a)[..., None] * slope / n
        other = game.other_objective.generator_slope(a)[..., None] * slope / n
        (gradient,) = torch.autograd.grad(fake, theta, pull, retain_graph=True)
        (other_gradient,) = torch.autograd.grad(fake, theta, other)
    return GeneratorPart(gradient, other_gradient, game.objective.generator(a), a)
