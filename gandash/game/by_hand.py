"""Gradients of both losses by hand, through the passes of `passes.py`: for networks that are plain; no graph is made."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from gandash.game import passes
from gandash.game.game import Game
from gandash.game.losses import discriminator_input, noises_of, points_between
from gandash.game.parts import DiscriminatorPart, GeneratorPart, StepNoise, without_other
from gandash.game.regularisers import Where


@lru_cache
def _share(n: int, dtype: torch.dtype) -> Tensor:
    """1/n, a sample's share in a mean; kept, since making a tensor of a number costs as much as multiplying by it."""
    return torch.tensor(1 / n, dtype=dtype)


@torch.inference_mode()
def discriminator_by_hand(game: Game, phi: Tensor, real: Tensor, fake: Tensor, step_noise: StepNoise) -> DiscriminatorPart:
    """One pass over all batches; those under a penalty come first, since the tape's tangents run along its first batch.

    A penalty h(|grad_x a|) has the gradient in phi of u . grad_x a with u = h' grad_x a / |grad_x a| held still.
    """
    p = game.penalties
    noises = noises_of(step_noise)
    real, fake = discriminator_input(game, real, noises[0]), discriminator_input(game, fake, noises[1])
    n = real.shape[1]
    share = _share(n, real.dtype)
    batches: dict[Where, Tensor] = {"real": real, "fake": fake}
    if p.looks_between:
        batches = {"between": points_between(real, fake, step_noise), **batches}
    weighed = {name: p.at(name) for name in batches}
    penalised = [name for name in batches if weighed[name]]
    plain = [name for name in batches if not weighed[name]]
    at = {name: slice(i * n, (i + 1) * n) for i, name in enumerate([*penalised, *plain])}
    first = (
        [batches[penalised[0]] if len(penalised) == 1 else torch.cat([batches[x] for x in penalised], dim=1)]
        if penalised
        else []
    )
    tape = passes.run(game.discriminator.network, phi, *first, *(batches[x] for x in plain), weightings=1 if penalised else 0)
    outputs = tape.outputs.view(len(real), -1, n)  # (members, batches, n)
    weights = (tape.weights if penalised else tape.seeds).view(len(real), -1, n)
    if "between" in batches:
        weights[:, 0] = 0
    if at["real"].start < at["fake"].start:  # then they are the last two, side by side
        a = outputs[:, -2:].clone()
        torch.mul(game.objective.discriminator_slopes(a), share, out=weights[:, -2:])
    else:
        a = outputs[:, -2:].flip(1)
        weights[:, -2:] = (game.objective.discriminator_slopes(a) * share).flip(1)
    tape.backward()
    u = None
    if penalised:
        slope = tape.slope()[..., : len(penalised) * n] * share
        pulled = []
        for name in penalised:
            along = slope[..., at[name]]
            parts = [penalty.by_hand(weight[..., None], along, share) for penalty, weight in weighed[name]]
            pulled.append(sum(parts[1:], parts[0]))
        u = pulled[0] if len(pulled) == 1 else torch.cat(pulled, dim=-1)
    return DiscriminatorPart(tape.gradients(u)[:, 0], game.objective.discriminator(a[:, 0], a[:, 1]), a)


@torch.inference_mode()
def generator_by_hand(
    game: Game, theta: Tensor, phi: Tensor, real: Tensor, latents: Tensor, step_noise: StepNoise
) -> GeneratorPart:
    """Both generator losses act on G through the same slope grad_x a(G(z)), each sample weighted by dL_G/da; so D and G are
    passed back through once for both."""
    noises = noises_of(step_noise)
    made = passes.tape(game.generator.network, theta, latents, weightings=2)
    if not made.holds(theta, latents):
        made.forward(theta, latents)
    samples = made.outputs.mT
    judged = passes.run(game.discriminator.network, phi, discriminator_input(game, samples, noises[1]))
    judged.backward()
    slope = judged.slope()
    made.seeds.copy_(slope if game.pack == 1 else slope.mT.reshape(samples.shape).mT)
    made.backward()
    a = judged.outputs[:, 0].clone()
    a_r = outputs_of(game, phi, discriminator_input(game, real, noises[0])) if game.objective.pairs else a
    slopes = game.objective.generator_slope(a_r, a)
    both = torch.stack([slopes, slopes if game.other_objective is None else game.other_objective.generator_slope(a_r, a)], 1)
    weights = both if game.pack == 1 else both.repeat_interleave(game.pack, dim=-1)
    torch.mul(weights, _share(a.shape[1], a.dtype), out=made.weights)
    return GeneratorPart(without_other(game, made.gradients()), game.objective.generator(a_r, a), a)


def outputs_of(game: Game, phi: Tensor, x: Tensor) -> Tensor:
    """a without a graph on what D gets, `(members, packs, D's inputs)` -> `(members, packs)`, in memory of its own."""
    net = game.discriminator.network
    return passes.run(net, phi, x).outputs.squeeze(1).clone() if net.has_passes_by_hand else net(phi, x).squeeze(-1)
