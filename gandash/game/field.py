"""The joint gradient field that every update rule moves along.

v(theta, phi) = (grad_theta L_G, grad_phi L_D), the *descent* field: players move along -v, and an equilibrium is stable when
the Jacobian of v has eigenvalues with positive real part (papers that use the ascent field have the opposite sign).

Two ways to it. `discriminator_part` and `generator_part` give its numbers with no graph: for rules that only move along v; by
the passes of `passes.py` where both networks are plain, else by autograd. `discriminator_loss` and `generator_loss` are the
losses as autograd sees them, differentiable in both players as often as one likes: for rules and diagnostics that need v's
derivatives, and for the tests that compare the two.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from gandash.game import passes
from gandash.game.game import Game
from gandash.game.networks import Masks


@dataclass(frozen=True)
class DiscriminatorPart:
    """grad_phi L_D and what was seen on the way. `loss` is the objective's alone; the gradient includes the penalty."""

    gradient: Tensor  # (members, n_phi)
    loss: Tensor  # (members,)
    logits: Tensor  # (members, 2, batch): on real data, on generated

    @property
    def real_logits(self) -> Tensor:
        """On real data, `(members, batch)`."""
        return self.logits[:, 0]

    @property
    def fake_logits(self) -> Tensor:
        """On generated data, `(members, batch)`."""
        return self.logits[:, 1]


@dataclass(frozen=True)
class GeneratorPart:
    """grad_theta L_G, and the gradient of the other generator loss from the same state and batch."""

    gradients: Tensor  # (members, 2, n_theta): played, other
    loss: Tensor  # (members,)
    fake_logits: Tensor  # (members, batch)

    @property
    def gradient(self) -> Tensor:
        """Of the loss that is played, `(members, n_theta)`."""
        return self.gradients[:, 0]

    @property
    def other_gradient(self) -> Tensor:
        """Of the loss that is not played; NaN where the objective has no other, `(members, n_theta)`."""
        return self.gradients[:, 1]


@dataclass(frozen=True)
class Chance:
    """What one training pass draws beside its data and latents; None where the game asks for none of it."""

    mix: Tensor | None = None  # (members, packs, 1) uniform: where between real and generated the gradient penalty looks
    noise: Tensor | None = None  # (members, 2, batch, dim): onto real, onto generated
    masks: tuple[Masks | None, Masks | None] = (None, None)  # dropout in D, on real and on generated
    generator_masks: Masks | None = None


NO_CHANCE = Chance()
FLAT = 1e-12  # a slope shorter than this is none


def generate(game: Game, theta: Tensor, latents: Tensor, masks: Masks | None = None) -> Tensor:
    """G(z; theta), differentiable: `(members, batch, latent dim)` -> `(members, batch, dim)`."""
    return game.generator.network(theta, latents, masks)


def logits(game: Game, phi: Tensor, x: Tensor, masks: Masks | None = None) -> Tensor:
    """a(x; phi), D's output, differentiable: `(members, batch, D's inputs)` -> `(members, batch)`; a logit where D gives a
    probability."""
    return game.discriminator.network(phi, x, masks).squeeze(-1)


def seen(game: Game, x: Tensor, noise: Tensor | None = None) -> Tensor:
    """What D gets of samples `(members, batch, dim)`: with noise, in packs, `(members, batch / pack, pack dim)`."""
    x = x if noise is None else x + noise
    return x if game.pack == 1 else x.reshape(len(x), -1, game.pack * x.shape[-1])


def _noises(chance: Chance) -> tuple[Tensor | None, Tensor | None]:
    return (None, None) if chance.noise is None else (chance.noise[:, 0], chance.noise[:, 1])


def _slope(a: Tensor, x: Tensor) -> Tensor:
    (slope,) = torch.autograd.grad(a.sum(), x, create_graph=True)
    return slope


def lengths(v: Tensor) -> Tensor:
    """|v| along the last axis, differentiable as often as one likes.

    |v| has a kink at v = 0: there all its derivatives are taken as 0, as `_discriminator_by_hand` does. torch's own norm has
    a first derivative of 0 there and a second one of NaN. Where D is flat about a place, they *are* 0.
    """
    # Not v = 0: the squares of what is shorter are denormal, and flushed. The longest component, since it needs no squares
    flat = v.detach().abs().amax(-1, keepdim=True) < FLAT
    found: Tensor = torch.linalg.vector_norm(torch.where(flat, 1.0, v), dim=-1)
    return torch.where(flat.squeeze(-1), 0.0, found)


def slopes_between(game: Game, phi: Tensor, real: Tensor, fake: Tensor, chance: Chance) -> Tensor:
    """|grad_x a| where the gradient penalty looks: between packs of real and of generated samples, `(members, packs)`."""
    between = _between(real, fake, chance)
    between = between if between.requires_grad else between.requires_grad_()
    return lengths(_slope(logits(game, phi, between, chance.masks[0]), between))


def squared_slope(a: Tensor, x: Tensor) -> Tensor:
    """E |grad_x a(x)|^2 per member, differentiable; `a` `(members, batch)` must have been computed from `x`."""
    return _slope(a, x).square().sum(-1).mean(-1)


def discriminator_loss(game: Game, phi: Tensor, real: Tensor, fake: Tensor, chance: Chance = NO_CHANCE) -> Tensor:
    """L_D with its penalties per member, `(members,)`, differentiable."""
    return _discriminator_loss(game, phi, real, fake, chance)[0]


def _discriminator_loss(game: Game, phi: Tensor, real: Tensor, fake: Tensor, chance: Chance) -> tuple[Tensor, Tensor, Tensor]:
    """L_D with its penalties, and the outputs on real and on generated packs that it was made of.

    R1 and R2 (Mescheder, Geiger, Nowozin 2018, arXiv:1801.04406): (gamma/2) E |grad_x a|^2 on real and on generated data, with
    the 1/2 that a well-known implementation leaves out. Gradient penalty (Gulrajani et al. 2017, arXiv:1704.00028):
    lambda E (|grad_x a| - 1)^2, uniformly between pairs of a real and a generated sample.
    """
    p = game.penalties
    noises = _noises(chance)
    real, fake = seen(game, real, noises[0]), seen(game, fake, noises[1])
    real = real if p.r1 is None else real.detach().requires_grad_()
    if (
        p.r2 is not None
    ):  # a tensor of its own: unrolled, phi itself comes from these samples, and the slope in x holds phi still
        fake = fake.view_as(fake) if fake.requires_grad else fake.detach().requires_grad_()
    a_r, a_f = _judge_both(game, phi, real, fake, chance.masks)
    loss = game.objective.discriminator(a_r, a_f)
    if p.r1 is not None:
        loss = loss + 0.5 * p.r1[:, 0] * squared_slope(a_r, real)
    if p.r2 is not None:
        loss = loss + 0.5 * p.r2[:, 0] * squared_slope(a_f, fake)
    if p.gradient_penalty is not None:
        length = slopes_between(game, phi, real, fake, chance)
        loss = loss + p.gradient_penalty[:, 0] * (length - 1).square().mean(-1)
    return loss, a_r, a_f


def _judge_both(
    game: Game, phi: Tensor, real: Tensor, fake: Tensor, masks: tuple[Masks | None, Masks | None]
) -> tuple[Tensor, Tensor]:
    """a on real and on generated packs: in one pass, unless the batches would mix or a penalty asks for the slope in one."""
    p = game.penalties
    if game.discriminator.network.mixes or p.r1 is not None or p.r2 is not None:
        return logits(game, phi, real, masks[0]), logits(game, phi, fake, masks[1])
    of_real, of_fake = masks
    both = None
    if of_real is not None and of_fake is not None:
        both = tuple(torch.cat(pair, dim=1) for pair in zip(of_real, of_fake, strict=True))
    a_r, a_f = logits(game, phi, torch.cat([real, fake], dim=1), both).chunk(2, dim=1)
    return a_r, a_f


def _between(real: Tensor, fake: Tensor, chance: Chance) -> Tensor:
    assert chance.mix is not None, "the gradient penalty looks between real and generated samples: say where"
    return torch.lerp(real, fake, chance.mix)


def generator_loss(game: Game, theta: Tensor, phi: Tensor, real: Tensor, latents: Tensor, chance: Chance = NO_CHANCE) -> Tensor:
    """L_G per member, `(members,)`, differentiable; `real` matters to objectives that pair."""
    fake = generate(game, theta, latents, chance.generator_masks)
    return game.objective.generator(*_outputs_for_generator(game, phi, real, fake, chance))


def _outputs_for_generator(game: Game, phi: Tensor, real: Tensor, fake: Tensor, chance: Chance) -> tuple[Tensor, Tensor]:
    """a on real and on generated packs; those on real ones only where the objective pairs."""
    noises = _noises(chance)
    a_f = logits(game, phi, seen(game, fake, noises[1]), chance.masks[1])
    a_r = logits(game, phi, seen(game, real, noises[0]), chance.masks[0]) if game.objective.pairs else a_f
    return a_r, a_f


@lru_cache
def _share(n: int, dtype: torch.dtype) -> Tensor:
    """1/n, a sample's share in a mean; kept, since making a tensor of a number costs as much as multiplying by it."""
    return torch.tensor(1 / n, dtype=dtype)


# ---------------------------------------------------------------------------------------------- the numbers, without a graph


@torch.inference_mode()
def sample(game: Game, theta: Tensor, latents: Tensor, masks: Masks | None = None) -> Tensor:
    """`generate` without a graph, valid until the next pass of this size; a `generator_part` after it goes on from the same."""
    net = game.generator.network
    if latents.shape[1] == game.batch and not _is_by_hand(game):
        # A batch to train on. The many samples of a picture are given no graph: it would only fill the memory
        return _made(game, theta, latents, masks).samples.detach()
    return passes.run(net, theta, latents, weightings=2).outputs.mT if net.is_plain else net(theta, latents, masks)


def _is_by_hand(game: Game) -> bool:
    """Whether G's gradient is passed by hand, through both networks."""
    return game.generator.network.is_plain and game.discriminator.network.is_plain


@torch.inference_mode()
def judge(game: Game, phi: Tensor, x: Tensor) -> Tensor:
    """a(x) without a graph, `(members, n)`, at places `(members, n, dim)`; a D that judges packs sees each place repeated."""
    return _outputs(game, phi, x.repeat(1, 1, game.pack))


@torch.inference_mode()
def judge_samples(game: Game, phi: Tensor, x: Tensor) -> Tensor:
    """a without a graph on samples in packs, as D meets them: `(members, n, dim)` -> `(members, n // pack)`."""
    return _outputs(game, phi, seen(game, x[:, : x.shape[1] // game.pack * game.pack]))


def _outputs(game: Game, phi: Tensor, x: Tensor) -> Tensor:
    net = game.discriminator.network
    return passes.run(net, phi, x).outputs.squeeze(1).clone() if net.is_plain else net(phi, x).squeeze(-1)


def discriminator_part(game: Game, phi: Tensor, real: Tensor, fake: Tensor, chance: Chance = NO_CHANCE) -> DiscriminatorPart:
    """D's half of the field on a real and a generated batch, both `(members, batch, dim)`."""
    if game.discriminator.network.is_plain:
        return _discriminator_by_hand(game, phi, real, fake, chance)
    return discriminator_by_autograd(game, phi, real, fake, chance)


@torch.inference_mode()
def _discriminator_by_hand(game: Game, phi: Tensor, real: Tensor, fake: Tensor, chance: Chance) -> DiscriminatorPart:
    """One pass over all batches; those under a penalty come first, since the tape's tangents run along its first batch.

    A penalty h(|grad_x a|^2) has the gradient in phi of v . grad_x a with v = 2 h' grad_x a held still: gamma grad_x a for R1
    and R2, 2 lambda (1 - 1/|grad_x a|) grad_x a for the gradient penalty, 0 where D is flat.
    """
    p = game.penalties
    noises = _noises(chance)
    real, fake = seen(game, real, noises[0]), seen(game, fake, noises[1])
    n = real.shape[1]
    share = _share(n, real.dtype)
    penalised: list[tuple[str, Tensor]] = []
    if p.gradient_penalty is not None:
        penalised.append(("between", _between(real, fake, chance)))
    plain: list[tuple[str, Tensor]] = []
    for name, x, weight in (("real", real, p.r1), ("fake", fake, p.r2)):
        (plain if weight is None else penalised).append((name, x))
    batches = [*penalised, *plain]
    at = {name: slice(i * n, (i + 1) * n) for i, (name, _) in enumerate(batches)}
    first = [penalised[0][1] if len(penalised) == 1 else torch.cat([x for _, x in penalised], dim=1)] if penalised else []
    tape = passes.run(game.discriminator.network, phi, *first, *(x for _, x in plain), weightings=1 if penalised else 0)
    outputs = tape.outputs.view(len(real), -1, n)  # (members, batches, n)
    weights = (tape.weights if penalised else tape.seeds).view(len(real), -1, n)
    if p.gradient_penalty is not None:
        weights[:, 0] = 0
    if at["real"].start < at["fake"].start:  # then they are the last two, side by side
        a = outputs[:, -2:].clone()
        torch.mul(game.objective.discriminator_slopes(a), share, out=weights[:, -2:])
    else:
        a = outputs[:, -2:].flip(1)
        weights[:, -2:] = (game.objective.discriminator_slopes(a) * share).flip(1)
    tape.backward()
    v = None
    if penalised:
        slope = tape.slope()[..., : len(penalised) * n] * share
        strength = {"real": p.r1, "fake": p.r2}
        pulled = []
        for name, _ in penalised:
            along = slope[..., at[name]]
            if name == "between":
                assert p.gradient_penalty is not None
                length = torch.linalg.vector_norm(along, dim=1, keepdim=True).clamp_min(1e-12)
                factor = 2 * p.gradient_penalty[..., None] * (1 - share / length)
            else:
                weight = strength[name]
                assert weight is not None
                factor = weight[..., None]
            pulled.append(factor * along)
        v = pulled[0] if len(pulled) == 1 else torch.cat(pulled, dim=-1)
    return DiscriminatorPart(tape.gradients(v)[:, 0], game.objective.discriminator(a[:, 0], a[:, 1]), a)


@torch.enable_grad()
@torch.inference_mode(False)
def discriminator_by_autograd(
    game: Game, phi: Tensor, real: Tensor, fake: Tensor, chance: Chance = NO_CHANCE
) -> DiscriminatorPart:
    """The same by autograd: for networks that the passes by hand do not know."""
    leaf, real, fake = _ordinary(phi).requires_grad_(), _ordinary(real), _ordinary(fake)
    loss, a_r, a_f = _discriminator_loss(game, leaf, real, fake, chance)
    (gradient,) = torch.autograd.grad(loss.sum(), leaf)
    a = torch.stack([a_r.detach(), a_f.detach()], dim=1)
    return DiscriminatorPart(gradient, game.objective.discriminator(a[:, 0], a[:, 1]), a)


def _ordinary(x: Tensor) -> Tensor:
    """x without its graph, on the same memory unless it was made in inference mode: such a tensor autograd cannot keep."""
    return x.clone() if x.is_inference() else x.detach()


@torch.inference_mode()
def pull(game: Game, phi: Tensor, x: Tensor) -> Tensor:
    """-grad_x L_G at each sample, `(members, n, dim)`: where this D draws it, per sample and not divided by n.

    Objectives that pair are read against the samples' own median output. In packs each sample comes with those after it.
    """
    packed = torch.cat([x.roll(-i, dims=1) for i in range(game.pack)], dim=-1)
    net = game.discriminator.network
    if net.is_plain:
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
    game: Game, theta: Tensor, phi: Tensor, real: Tensor, latents: Tensor, chance: Chance = NO_CHANCE
) -> GeneratorPart:
    """G's half of the field, and the gradient of the other generator loss: the minimax one dies where D wins."""
    if _is_by_hand(game):
        return _generator_by_hand(game, theta, phi, real, latents, chance)
    return generator_by_autograd(game, theta, phi, real, latents, chance)


@torch.inference_mode()
def _generator_by_hand(game: Game, theta: Tensor, phi: Tensor, real: Tensor, latents: Tensor, chance: Chance) -> GeneratorPart:
    """Both generator losses act on G through the same slope grad_x a(G(z)), each sample weighted by dL_G/da; so D and G are
    passed back through once for both."""
    noises = _noises(chance)
    made = passes.tape(game.generator.network, theta, latents, weightings=2)
    if not made.holds(theta, latents):
        made.forward(theta, latents)
    samples = made.outputs.mT
    judged = passes.run(game.discriminator.network, phi, seen(game, samples, noises[1]))
    judged.backward()
    slope = judged.slope()
    made.seeds.copy_(slope if game.pack == 1 else slope.mT.reshape(samples.shape).mT)
    made.backward()
    a = judged.outputs[:, 0].clone()
    a_r = _outputs(game, phi, seen(game, real, noises[0])) if game.objective.pairs else a
    slopes = game.objective.generator_slope(a_r, a)
    both = torch.stack([slopes, slopes if game.other_objective is None else game.other_objective.generator_slope(a_r, a)], 1)
    weights = both if game.pack == 1 else both.repeat_interleave(game.pack, dim=-1)
    torch.mul(weights, _share(a.shape[1], a.dtype), out=made.weights)
    return GeneratorPart(_without_other(game, made.gradients()), game.objective.generator(a_r, a), a)


@dataclass(frozen=True)
class _Made:
    """G(z) with the graph that leads back to `leaf`, which is theta, and what it was made of."""

    given: tuple[object, ...]
    leaf: Tensor
    samples: Tensor


_GRAPH = "graph"  # among a network's tapes: the last pass that a `generator_by_autograd` may go on from


@torch.enable_grad()
@torch.inference_mode(False)
def _made(game: Game, theta: Tensor, latents: Tensor, masks: Masks | None) -> _Made:
    leaf = _ordinary(theta).requires_grad_()
    made = _Made((theta, latents, masks), leaf, generate(game, leaf, _ordinary(latents), masks))
    game.generator.network.tapes[_GRAPH] = made
    return made


@torch.enable_grad()
@torch.inference_mode(False)
def generator_by_autograd(
    game: Game, theta: Tensor, phi: Tensor, real: Tensor, latents: Tensor, chance: Chance = NO_CHANCE
) -> GeneratorPart:
    """The same by autograd: for networks that the passes by hand do not know.

    As there, both losses share D's slopes, unless D mixes its batch: then a sample's slope belongs to one loss alone.
    """
    tapes = game.generator.network.tapes
    made = tapes.get(_GRAPH)
    given = theta, latents, chance.generator_masks
    if made is None or any(a is not b for a, b in zip(made.given, given, strict=True)):
        made = _made(game, theta, latents, chance.generator_masks)
    del tapes[_GRAPH]  # its graph is used up below
    samples = made.samples.detach().requires_grad_()
    a_r, a = _outputs_for_generator(game, _ordinary(phi), _ordinary(real), samples, chance)
    asked = [game.objective] if game.other_objective is None else [game.objective, game.other_objective]
    weights = [one.generator_slope(a_r.detach(), a.detach()) / a.shape[1] for one in asked]
    if game.discriminator.network.mixes:
        slopes = [torch.autograd.grad(a, samples, weight, retain_graph=True)[0] for weight in weights]
    else:
        (slope,) = torch.autograd.grad(a.sum(), samples)
        slopes = [slope * weight.repeat_interleave(game.pack, dim=1).unsqueeze(-1) for weight in weights]
    gradients = [torch.autograd.grad(made.samples, made.leaf, one, retain_graph=one is not slopes[-1])[0] for one in slopes]
    loss = game.objective.generator(a_r.detach(), a.detach())
    return GeneratorPart(_without_other(game, torch.stack([gradients[0], gradients[-1]], dim=1)), loss, a.detach())


def _without_other(game: Game, gradients: Tensor) -> Tensor:
    """NaN for the other loss where there is none."""
    if game.other_objective is None:
        gradients[:, 1] = math.nan
    return gradients


def field_vector(
    game: Game, theta: Tensor, phi: Tensor, real: Tensor, latents: Tensor, chance: Chance = NO_CHANCE
) -> tuple[Tensor, Tensor]:
    """v = (grad_theta L_G, grad_phi L_D) per member, differentiable in both players; `theta` and `phi` must require grad."""
    fake = generate(game, theta, latents, chance.generator_masks)
    loss = game.objective.generator(*_outputs_for_generator(game, phi, real, fake, chance)).sum()
    (of_g,) = torch.autograd.grad(loss, theta, create_graph=True, materialize_grads=True)
    loss = discriminator_loss(game, phi, real, fake, chance).sum()
    (of_d,) = torch.autograd.grad(loss, phi, create_graph=True, materialize_grads=True)
    return of_g, of_d
