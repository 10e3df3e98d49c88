"""Both losses as autograd sees them, differentiable in both players as often as one likes.

For both players' gradients (`field.py`), and for rules and diagnostics that need derivatives of the field itself.
"""

from __future__ import annotations

import torch
from torch import Tensor

from gandash.game.game import Game
from gandash.game.networks import Masks
from gandash.game.parts import NO_STEP_NOISE, StepNoise
from gandash.game.regularisers import Where, lengths


def generate(game: Game, theta: Tensor, latents: Tensor, masks: Masks | None = None) -> Tensor:
    """G(z; theta), differentiable: `(members, batch, latent dim)` -> `(members, batch, dim)`."""
    return game.generator.network(theta, latents, masks)


def logits(game: Game, phi: Tensor, x: Tensor, masks: Masks | None = None) -> Tensor:
    """a(x; phi), D's output, differentiable: `(members, batch, D's inputs)` -> `(members, batch)`; a logit where D gives a
    probability."""
    return game.discriminator.network(phi, x, masks).squeeze(-1)


def discriminator_input(game: Game, x: Tensor, noise: Tensor | None = None) -> Tensor:
    """What D gets of samples `(members, batch, dim)`: with noise, in packs, `(members, batch / pack, pack dim)`."""
    x = x if noise is None else x + noise
    return x if game.pack == 1 else x.reshape(len(x), -1, game.pack * x.shape[-1])


def noises_of(step_noise: StepNoise) -> tuple[Tensor | None, Tensor | None]:
    """Onto real and onto generated samples, `(members, batch, dim)` each."""
    return (None, None) if step_noise.noise is None else (step_noise.noise[:, 0], step_noise.noise[:, 1])


def slope(a: Tensor, x: Tensor) -> Tensor:
    """grad_x a(x) at each pack, differentiable, of the shape of `x`; `a` `(members, packs)` must have been made from `x`."""
    (found,) = torch.autograd.grad(a.sum(), x, create_graph=True)
    return found


def slopes_between(game: Game, phi: Tensor, real: Tensor, fake: Tensor, step_noise: StepNoise) -> Tensor:
    """|grad_x a| where the gradient penalty looks: between packs of real and of generated samples, `(members, packs)`."""
    return lengths(_slope_between(game, phi, real, fake, step_noise))


def _slope_between(game: Game, phi: Tensor, real: Tensor, fake: Tensor, step_noise: StepNoise) -> Tensor:
    between = points_between(real, fake, step_noise)
    between = between if between.requires_grad else between.requires_grad_()
    return slope(logits(game, phi, between, step_noise.masks[0]), between)


def discriminator_loss(game: Game, phi: Tensor, real: Tensor, fake: Tensor, step_noise: StepNoise = NO_STEP_NOISE) -> Tensor:
    """L_D with its penalties per member, `(members,)`, differentiable."""
    return discriminator_loss_and_outputs(game, phi, real, fake, step_noise)[0]


def discriminator_loss_and_outputs(
    game: Game, phi: Tensor, real: Tensor, fake: Tensor, step_noise: StepNoise
) -> tuple[Tensor, Tensor, Tensor]:
    """L_D with its penalties, and the outputs on real and on generated packs that it was made of."""
    loss, penalties, a_r, a_f = discriminator_terms(game, phi, real, fake, step_noise)
    for penalty in penalties.values():
        loss = loss + penalty
    return loss, a_r, a_f


def discriminator_terms(
    game: Game, phi: Tensor, real: Tensor, fake: Tensor, step_noise: StepNoise
) -> tuple[Tensor, dict[str, Tensor], Tensor, Tensor]:
    """L_D in parts: the objective's own loss and each penalty by its name, `(members,)`; and the outputs, as above."""
    p = game.penalties
    noises = noises_of(step_noise)
    real, fake = discriminator_input(game, real, noises[0]), discriminator_input(game, fake, noises[1])
    if p.at("real"):
        real = real.detach().requires_grad_()
    if p.at("fake"):
        # A tensor of its own: unrolled, phi itself comes from these samples, and the slope in x holds phi still
        fake = fake.view_as(fake) if fake.requires_grad else fake.detach().requires_grad_()
    a_r, a_f = _judge_both(game, phi, real, fake, step_noise.masks)
    loss = game.objective.discriminator(a_r, a_f)

    def slope_at(where: Where) -> Tensor:
        if where == "between":
            return _slope_between(game, phi, real, fake, step_noise)
        return slope(a_r, real) if where == "real" else slope(a_f, fake)

    found = p.at("real", "fake", "between")
    return loss, {one.name: one.loss(weight[:, 0], slope_at(one.where)) for one, weight in found}, a_r, a_f


def _judge_both(
    game: Game, phi: Tensor, real: Tensor, fake: Tensor, masks: tuple[Masks | None, Masks | None]
) -> tuple[Tensor, Tensor]:
    """a on real and on generated packs: in one pass, unless the batches would mix or a penalty asks for the slope in one."""
    p = game.penalties
    if game.discriminator.network.couples_batch or p.at("real", "fake"):
        return logits(game, phi, real, masks[0]), logits(game, phi, fake, masks[1])
    of_real, of_fake = masks
    both = None
    if of_real is not None and of_fake is not None:
        both = tuple(torch.cat(pair, dim=1) for pair in zip(of_real, of_fake, strict=True))
    a_r, a_f = logits(game, phi, torch.cat([real, fake], dim=1), both).chunk(2, dim=1)
    return a_r, a_f


def points_between(real: Tensor, fake: Tensor, step_noise: StepNoise) -> Tensor:
    """x, uniformly between pairs of a real and a generated pack, `(members, packs, dim)`."""
    assert step_noise.mix is not None, "the gradient penalty looks between real and generated samples: say where"
    return torch.lerp(real, fake, step_noise.mix)


def generator_loss(
    game: Game, theta: Tensor, phi: Tensor, real: Tensor, latents: Tensor, step_noise: StepNoise = NO_STEP_NOISE
) -> Tensor:
    """L_G per member, `(members,)`, differentiable; `real` matters to objectives that pair."""
    fake = generate(game, theta, latents, step_noise.generator_masks)
    return game.objective.generator(*outputs_for_generator(game, phi, real, fake, step_noise))


def outputs_for_generator(game: Game, phi: Tensor, real: Tensor, fake: Tensor, step_noise: StepNoise) -> tuple[Tensor, Tensor]:
    """a on real and on generated packs; those on real ones only where the objective pairs."""
    noises = noises_of(step_noise)
    a_f = logits(game, phi, discriminator_input(game, fake, noises[1]), step_noise.masks[1])
    a_r = logits(game, phi, discriminator_input(game, real, noises[0]), step_noise.masks[0]) if game.objective.pairs else a_f
    return a_r, a_f


def field_vector(
    game: Game, theta: Tensor, phi: Tensor, real: Tensor, latents: Tensor, step_noise: StepNoise = NO_STEP_NOISE
) -> tuple[Tensor, Tensor]:
    """v = (grad_theta L_G, grad_phi L_D) per member, differentiable in both players; `theta` and `phi` must require grad."""
    fake = generate(game, theta, latents, step_noise.generator_masks)
    loss = game.objective.generator(*outputs_for_generator(game, phi, real, fake, step_noise)).sum()
    (of_g,) = torch.autograd.grad(loss, theta, create_graph=True, materialize_grads=True)
    loss = discriminator_loss(game, phi, real, fake, step_noise).sum()
    (of_d,) = torch.autograd.grad(loss, phi, create_graph=True, materialize_grads=True)
    return of_g, of_d
