"""The joint gradient field that every update rule moves along.

v(theta, phi) = (grad_theta L_G, grad_phi L_D), the *descent* field: players move along -v, and an equilibrium is stable when
the Jacobian of v has eigenvalues with positive real part (papers that use the ascent field have the opposite sign).

`discriminator_part` and `generator_part` give its numbers with no graph, by autograd, for rules that only move along v. The
losses themselves, differentiable as often as one likes, are in `losses.py`; whole rounds in compiled code in `compiled/`.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gandash.game.game import Game
from gandash.game.losses import discriminator_input, discriminator_loss_and_outputs, generate, logits, outputs_for_generator
from gandash.game.networks import Masks
from gandash.game.parts import NO_STEP_NOISE, DiscriminatorPart, GeneratorPart, StepNoise, without_other

# --------------------------------------------------------------------------------------------------------- outputs alone


@torch.inference_mode()
def sample(game: Game, theta: Tensor, latents: Tensor, masks: Masks | None = None) -> Tensor:
    """`generate` without a graph."""
    return generate(game, theta, latents, masks)


@torch.inference_mode()
def evaluate_discriminator(game: Game, phi: Tensor, x: Tensor) -> Tensor:
    """a(x) without a graph, `(members, n)`, at points `(members, n, dim)`; a D that judges packs sees each point repeated."""
    return logits(game, phi, x.repeat(1, 1, game.pack))


@torch.inference_mode()
def evaluate_discriminator_on_samples(game: Game, phi: Tensor, x: Tensor) -> Tensor:
    """a without a graph on samples in packs, as D meets them: `(members, n, dim)` -> `(members, n // pack)`."""
    return logits(game, phi, discriminator_input(game, x[:, : x.shape[1] // game.pack * game.pack]))


@torch.enable_grad()
@torch.inference_mode(False)
def outputs_and_slopes(game: Game, phi: Tensor, packs: Tensor) -> tuple[Tensor, Tensor]:
    """a `(members, n)` and grad_x a `(members, n, D's inputs)` on what D gets, without a graph.

    Where D couples its batch a slope says how the outputs of all of it move.
    """
    leaf = packs.detach().clone().requires_grad_()
    a = logits(game, _ordinary(phi), leaf)
    (slope,) = torch.autograd.grad(a.sum(), leaf)
    return a.detach(), slope


@torch.inference_mode()
def sample_gradient(game: Game, phi: Tensor, x: Tensor) -> Tensor:
    """-grad_x L_G at each sample, `(members, n, dim)`: where this D draws it, per sample and not divided by n.

    Objectives that pair are read against the samples' own median output. In packs each sample comes with those after it.
    """
    a, slope = outputs_and_slopes(game, phi, torch.cat([x.roll(-i, dims=1) for i in range(game.pack)], dim=-1))
    against = a.median(dim=1, keepdim=True).values.expand_as(a)
    return -game.objective.generator_slope(against, a).unsqueeze(-1) * slope[..., : x.shape[-1]]


def _ordinary(x: Tensor) -> Tensor:
    """x without its graph, on the same memory unless it was made in inference mode: such a tensor autograd cannot keep."""
    return x.clone() if x.is_inference() else x.detach()


# ------------------------------------------------------------------------------------------------------------ both parts


@torch.enable_grad()
@torch.inference_mode(False)
def discriminator_part(
    game: Game, phi: Tensor, real: Tensor, fake: Tensor, step_noise: StepNoise = NO_STEP_NOISE
) -> DiscriminatorPart:
    """D's half of the field on a real and a generated batch, both `(members, batch, dim)`."""
    leaf, real, fake = _ordinary(phi).requires_grad_(), _ordinary(real), _ordinary(fake)
    loss, a_r, a_f = discriminator_loss_and_outputs(game, leaf, real, fake, step_noise)
    (gradient,) = torch.autograd.grad(loss.sum(), leaf)
    a = torch.stack([a_r.detach(), a_f.detach()], dim=1)
    return DiscriminatorPart(gradient, game.objective.discriminator(a[:, 0], a[:, 1]), a)


@dataclass(frozen=True)
class Made:
    """A batch G(z) with the graph that leads back to `leaf`, which is theta, and what it was made of."""

    given: tuple[Tensor, Tensor, Masks | None]
    leaf: Tensor
    samples: Tensor

    def is_of(self, *given: object) -> bool:
        """Whether it was made of these very tensors."""
        return all(a is b for a, b in zip(self.given, given, strict=True))


@torch.enable_grad()
@torch.inference_mode(False)
def make(game: Game, theta: Tensor, latents: Tensor, masks: Masks | None = None) -> Made:
    """Samples to train on: D judges them, and then G's gradient goes on from here."""
    leaf = _ordinary(theta).requires_grad_()
    return Made((theta, latents, masks), leaf, generate(game, leaf, _ordinary(latents), masks))


@torch.enable_grad()
@torch.inference_mode(False)
def generator_part(
    game: Game,
    theta: Tensor,
    phi: Tensor,
    real: Tensor,
    latents: Tensor,
    step_noise: StepNoise = NO_STEP_NOISE,
    made: Made | None = None,
) -> GeneratorPart:
    """G's half of the field, and the gradient of the other generator loss: the minimax one dies where D wins.

    Both losses act on G through the same slope grad_x a(G(z)), each sample weighted by dL_G/da, so D is passed back through
    once for both; unless D couples its batch: then a sample's slope belongs to one loss alone. Goes on from what was `made`
    where that is of these tensors; its graph is used up then.
    """
    if made is None or not made.is_of(theta, latents, step_noise.generator_masks):
        made = make(game, theta, latents, step_noise.generator_masks)
    samples = made.samples.detach().requires_grad_()
    a_r, a = outputs_for_generator(game, _ordinary(phi), _ordinary(real), samples, step_noise)
    asked = [game.objective] if game.other_objective is None else [game.objective, game.other_objective]
    weights = [one.generator_slope(a_r.detach(), a.detach()) / a.shape[1] for one in asked]
    if game.discriminator.network.couples_batch:
        slopes = [torch.autograd.grad(a, samples, weight, retain_graph=True)[0] for weight in weights]
    else:
        (slope,) = torch.autograd.grad(a.sum(), samples)
        slopes = [slope * weight.repeat_interleave(game.pack, dim=1).unsqueeze(-1) for weight in weights]
    gradients = [torch.autograd.grad(made.samples, made.leaf, one, retain_graph=one is not slopes[-1])[0] for one in slopes]
    loss = game.objective.generator(a_r.detach(), a.detach())
    return GeneratorPart(without_other(game, torch.stack([gradients[0], gradients[-1]], dim=1)), loss, a.detach())
