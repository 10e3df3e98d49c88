"""The same gradients by autograd: for networks that the passes by hand do not know."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gandash.game.game import Game
from gandash.game.losses import discriminator_loss_and_outputs, generate, outputs_for_generator
from gandash.game.networks import Masks
from gandash.game.parts import NO_STEP_NOISE, DiscriminatorPart, GeneratorPart, StepNoise, without_other


@torch.enable_grad()
@torch.inference_mode(False)
def discriminator_by_autograd(
    game: Game, phi: Tensor, real: Tensor, fake: Tensor, step_noise: StepNoise = NO_STEP_NOISE
) -> DiscriminatorPart:
    """The same by autograd: for networks that the passes by hand do not know."""
    leaf, real, fake = _ordinary(phi).requires_grad_(), _ordinary(real), _ordinary(fake)
    loss, a_r, a_f = discriminator_loss_and_outputs(game, leaf, real, fake, step_noise)
    (gradient,) = torch.autograd.grad(loss.sum(), leaf)
    a = torch.stack([a_r.detach(), a_f.detach()], dim=1)
    return DiscriminatorPart(gradient, game.objective.discriminator(a[:, 0], a[:, 1]), a)


def _ordinary(x: Tensor) -> Tensor:
    """x without its graph, on the same memory unless it was made in inference mode: such a tensor autograd cannot keep."""
    return x.clone() if x.is_inference() else x.detach()


@dataclass(frozen=True)
class Made:
    """G(z) with the graph that leads back to `leaf`, which is theta, and what it was made of."""

    given: tuple[object, ...]
    leaf: Tensor
    samples: Tensor


_GRAPH = "graph"  # among a network's tapes: the last pass that a `generator_by_autograd` may go on from


@torch.enable_grad()
@torch.inference_mode(False)
def made_for(game: Game, theta: Tensor, latents: Tensor, masks: Masks | None) -> Made:
    """G(z) with its graph, which a `generator_by_autograd` at the same point goes on from."""
    leaf = _ordinary(theta).requires_grad_()
    made = Made((theta, latents, masks), leaf, generate(game, leaf, _ordinary(latents), masks))
    game.generator.network.tapes[_GRAPH] = made
    return made


@torch.enable_grad()
@torch.inference_mode(False)
def generator_by_autograd(
    game: Game, theta: Tensor, phi: Tensor, real: Tensor, latents: Tensor, step_noise: StepNoise = NO_STEP_NOISE
) -> GeneratorPart:
    """The same by autograd: for networks that the passes by hand do not know.

    As there, both losses share D's slopes, unless D couples the samples of a batch: then a sample's slope belongs to one loss
    alone.
    """
    tapes = game.generator.network.tapes
    made = tapes.get(_GRAPH)
    given = theta, latents, step_noise.generator_masks
    if made is None or any(a is not b for a, b in zip(made.given, given, strict=True)):
        made = made_for(game, theta, latents, step_noise.generator_masks)
    del tapes[_GRAPH]  # its graph is used up below
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
