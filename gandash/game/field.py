"""The joint gradient field that every update rule moves along.

v(theta, phi) = (grad_theta L_G, grad_phi L_D), the *descent* field: players move along -v, and an equilibrium is stable when
the Jacobian of v has eigenvalues with positive real part (papers that use the ascent field have the opposite sign).

`discriminator_part` and `generator_part` give its numbers with no graph, for rules that only move along v: by hand
(`by_hand.py`) where both networks are plain, else by autograd (`by_autograd.py`). The losses themselves, differentiable
as often as one likes, are in `losses.py`.
"""

from __future__ import annotations

import torch
from torch import Tensor

from gandash.game import passes
from gandash.game.by_autograd import discriminator_by_autograd, generator_by_autograd, made_for
from gandash.game.by_hand import discriminator_by_hand, generator_by_hand, outputs_of
from gandash.game.game import Game
from gandash.game.losses import discriminator_input, logits
from gandash.game.networks import Masks
from gandash.game.parts import NO_STEP_NOISE, DiscriminatorPart, GeneratorPart, StepNoise


@torch.inference_mode()
def sample(game: Game, theta: Tensor, latents: Tensor, masks: Masks | None = None) -> Tensor:
    """`generate` without a graph, valid until the next pass of this size; a `generator_part` after it goes on from the same."""
    net = game.generator.network
    if latents.shape[1] == game.batch and not _is_by_hand(game):
        # A batch to train on. The many samples of a picture are given no graph: it would only fill the memory
        return made_for(game, theta, latents, masks).samples.detach()
    return passes.run(net, theta, latents, weightings=2).outputs.mT if net.has_passes_by_hand else net(theta, latents, masks)


def _is_by_hand(game: Game) -> bool:
    """Whether G's gradient is passed by hand, through both networks."""
    return game.generator.network.has_passes_by_hand and game.discriminator.network.has_passes_by_hand


@torch.inference_mode()
def evaluate_discriminator(game: Game, phi: Tensor, x: Tensor) -> Tensor:
    """a(x) without a graph, `(members, n)`, at points `(members, n, dim)`; a D that judges packs sees each point repeated."""
    return outputs_of(game, phi, x.repeat(1, 1, game.pack))


@torch.inference_mode()
def evaluate_discriminator_on_samples(game: Game, phi: Tensor, x: Tensor) -> Tensor:
    """a without a graph on samples in packs, as D meets them: `(members, n, dim)` -> `(members, n // pack)`."""
    return outputs_of(game, phi, discriminator_input(game, x[:, : x.shape[1] // game.pack * game.pack]))


def discriminator_part(
    game: Game, phi: Tensor, real: Tensor, fake: Tensor, step_noise: StepNoise = NO_STEP_NOISE
) -> DiscriminatorPart:
    """D's half of the field on a real and a generated batch, both `(members, batch, dim)`."""
    if game.discriminator.network.has_passes_by_hand:
        return discriminator_by_hand(game, phi, real, fake, step_noise)
    return discriminator_by_autograd(game, phi, real, fake, step_noise)


@torch.inference_mode()
def sample_gradient(game: Game, phi: Tensor, x: Tensor) -> Tensor:
    """-grad_x L_G at each sample, `(members, n, dim)`: where this D draws it, per sample and not divided by n.

    Objectives that pair are read against the samples' own median output. In packs each sample comes with those after it.
    """
    packed = torch.cat([x.roll(-i, dims=1) for i in range(game.pack)], dim=-1)
    net = game.discriminator.network
    if net.has_passes_by_hand:
        judged = passes.run(net, phi, packed)
        judged.backward()
        a, slope = judged.outputs[:, 0], judged.slope().mT
    else:
        with torch.inference_mode(False), torch.enable_grad():
            leaf = packed.clone().requires_grad_()
            outputs = logits(game, phi.clone(), leaf)
            (slope,) = torch.autograd.grad(outputs.sum(), leaf)
            a = outputs.detach()
    against = a.median(dim=1, keepdim=True).values.expand_as(a)
    return -game.objective.generator_slope(against, a).unsqueeze(-1) * slope[..., : x.shape[-1]]


def generator_part(
    game: Game, theta: Tensor, phi: Tensor, real: Tensor, latents: Tensor, step_noise: StepNoise = NO_STEP_NOISE
) -> GeneratorPart:
    """G's half of the field, and the gradient of the other generator loss: the minimax one dies where D wins."""
    if _is_by_hand(game):
        return generator_by_hand(game, theta, phi, real, latents, step_noise)
    return generator_by_autograd(game, theta, phi, real, latents, step_noise)
