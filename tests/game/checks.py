"""What several test files hold the game to, and `test_mutations.py` breaks on purpose: each `check_...` raises AssertionError.

The textbook formulas are written out again here, through probabilities and f-divergences, and share no code with the game.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gandash.config import GameConfig
from gandash.game import field, spectral, step
from gandash.game.game import Game, Player, Streams, build_game
from gandash.game.losses import generate
from gandash.game.networks import Masks, Network
from gandash.game.objectives import Objective
from gandash.game.parts import StepNoise
from gandash.game.round import GameState, start

# ------------------------------------------------------------------------------------------------------- the textbook


@dataclass(frozen=True)
class Textbook:
    """One sample's losses: D's on real and generated data, G's; those that pair have one of both outputs."""

    real: Callable[[Tensor], Tensor] | None
    fake: Callable[[Tensor], Tensor] | None
    generator: Callable[[Tensor, Tensor], Tensor]
    pair: Callable[[Tensor, Tensor], Tensor] | None = None

    def discriminator(self, r: Tensor, f: Tensor) -> Tensor:
        if self.pair is not None:
            return self.pair(r, f).mean(-1)
        assert self.real is not None and self.fake is not None
        return self.real(r).mean(-1) + self.fake(f).mean(-1)


@dataclass(frozen=True)
class Divergence:
    """f, its slope, and Nowozin's g and f*, of E_q f(p / q); `best` solves g(v) = f'(u)."""

    f: Callable[[Tensor], Tensor]
    slope: Callable[[Tensor], Tensor]
    g: Callable[[Tensor], Tensor]
    conjugate: Callable[[Tensor], Tensor]
    best: Callable[[Tensor], Tensor]


def d(a: Tensor) -> Tensor:
    return 1 / (1 + torch.exp(-a))


DIVERGENCES = {
    "f_kl": Divergence(
        lambda u: u * u.log(), lambda u: 1 + u.log(), lambda v: v, lambda t: torch.exp(t - 1), lambda u: 1 + u.log()
    ),
    "f_reverse_kl": Divergence(
        lambda u: -u.log(), lambda u: -1 / u, lambda v: -torch.exp(-v), lambda t: -1 - torch.log(-t), lambda u: u.log()
    ),
    "f_pearson": Divergence(
        lambda u: (u - 1) ** 2, lambda u: 2 * (u - 1), lambda v: v, lambda t: t**2 / 4 + t, lambda u: 2 * (u - 1)
    ),
    "f_squared_hellinger": Divergence(
        lambda u: (u.sqrt() - 1) ** 2,
        lambda u: 1 - u**-0.5,
        lambda v: 1 - torch.exp(-v),
        lambda t: t / (1 - t),
        lambda u: u.log() / 2,
    ),
    "f_jensen_shannon": Divergence(
        lambda u: u * u.log() - (u + 1) * ((u + 1) / 2).log(),
        lambda u: torch.log(2 * u / (u + 1)),
        lambda v: math.log(2) - torch.log(1 + torch.exp(-v)),
        lambda t: -torch.log(2 - torch.exp(t)),
        lambda u: u.log(),
    ),
}


def _of_divergence(one: Divergence) -> Textbook:
    return Textbook(lambda v: -one.g(v), lambda v: one.conjugate(one.g(v)), lambda _, v: -one.conjugate(one.g(v)))


TEXTBOOK = {
    "minimax": Textbook(lambda a: -d(a).log(), lambda a: -d(-a).log(), lambda _, a: d(-a).log()),
    "non_saturating": Textbook(lambda a: -d(a).log(), lambda a: -d(-a).log(), lambda _, a: -d(a).log()),
    "least_squares": Textbook(lambda a: (a - 1) ** 2, lambda a: a**2, lambda _, a: (a - 1) ** 2),
    "hinge": Textbook(lambda a: torch.relu(1 - a), lambda a: torch.relu(1 + a), lambda _, a: -a),
    "wasserstein": Textbook(lambda a: -a, lambda a: a, lambda _, a: -a),
    "relativistic": Textbook(None, None, lambda r, f: -d(f - r).log(), pair=lambda r, f: -d(r - f).log()),
    **{name: _of_divergence(one) for name, one in DIVERGENCES.items()},
}


def smoothed(book: Textbook, smoothing: float) -> Textbook:
    """One-sided: real data is labelled 1 - smoothing, generated data 0."""
    s = 1 - smoothing
    return replace(book, real=lambda a: -s * d(a).log() - (1 - s) * d(-a).log())


AT_REST = {  # SCIENCE.md's table: the output at p_g = p_r, then L_D and L_G there; f-GANs: L_G = -f*(f'(1))
    "minimax": (0.0, 1.3862943611198906, -0.6931471805599453),
    "non_saturating": (0.0, 1.3862943611198906, 0.6931471805599453),
    "least_squares": (0.5, 0.5, 0.25),
    "hinge": (0.0, 2.0, 0.0),
    "wasserstein": (0.7, 0.0, None),
    "relativistic": (0.7, 0.6931471805599453, 0.6931471805599453),
    **{
        name: (
            float(one.best(torch.tensor(1.0))),
            0.0,
            -float(one.conjugate(one.slope(torch.tensor(1.0, dtype=torch.float64)))),
        )
        for name, one in DIVERGENCES.items()
    },
}


def draw(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def outputs(seed: int) -> Tensor:
    """Moderate outputs, `(3, 50)`, where the naive formulas are safe."""
    return 3 * draw(3, 50, seed=seed)


# -------------------------------------------------------------------------------------------------------- objectives


def check_losses(objective: Objective, smoothing: float = 0.0) -> None:
    book = TEXTBOOK[objective.name]
    book = smoothed(book, smoothing) if smoothing else book
    r, f = outputs(1), outputs(2)
    torch.testing.assert_close(objective.discriminator(r, f), book.discriminator(r, f), rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(objective.generator(r, f), book.generator(r, f).mean(-1), rtol=1e-10, atol=1e-12)


def slopes_of_d(objective: Objective, a: Tensor) -> Tensor:
    """dL_D/da times the batch size, for outputs `(members, 2, batch)` on real and generated data."""
    a = a.detach().clone().requires_grad_()
    (found,) = torch.autograd.grad(objective.discriminator(*a.unbind(1)).sum(), a)
    return found * a.shape[2]


def check_slopes(objective: Objective) -> None:
    r, f = outputs(1), outputs(2).requires_grad_()
    (expected,) = torch.autograd.grad(objective.generator(r, f).sum(), f)
    found = objective.generator_slope(r, f.detach())
    torch.testing.assert_close(found, expected * f.shape[1], rtol=1e-9, atol=1e-14)


def check_rest(objective: Objective) -> None:
    """The lines drawn are the losses of the constant output that is optimal at p_g = p_r."""
    output, loss_d, loss_g = AT_REST[objective.name]
    at = torch.full((1, 8), output, dtype=torch.float64)
    expected = {"loss_d": loss_d} if loss_g is None else {"loss_d": loss_d, "loss_g": loss_g}
    assert objective.equilibrium.keys() == expected.keys()
    np.testing.assert_allclose([objective.equilibrium[k] for k in expected], list(expected.values()), rtol=0, atol=1e-12)
    np.testing.assert_allclose(float(objective.discriminator(at, at)), loss_d, rtol=0, atol=1e-12)
    if loss_g is not None:
        np.testing.assert_allclose(float(objective.generator(at, at)), loss_g, rtol=0, atol=1e-12)
    if objective.reading.centre is not None:
        np.testing.assert_allclose(float(objective.reading.of(at)[0, 0]), objective.reading.centre, atol=1e-12)


DENSITIES = np.array([[0.5, 0.5], [0.9, 0.1], [0.2, 0.7], [0.05, 0.6], [1.3, 0.4]])


def best_outputs(objective: Objective, p_r: NDArray[np.float64], p_g: NDArray[np.float64]) -> Tensor:
    """argmin_a p_r l_r(a) + p_g l_f(a) by golden section, for objectives whose loss is a sum of both."""
    p_r, p_g = torch.from_numpy(p_r)[:, None], torch.from_numpy(p_g)[:, None]
    low, high = torch.full_like(p_r, -12.0), torch.full_like(p_r, 40.0)
    rest = torch.zeros_like(p_r)

    def loss(a: Tensor) -> Tensor:  # each place a member with a batch of one; a constant more than it should be
        return p_r * objective.discriminator(a, rest)[:, None] + p_g * objective.discriminator(rest, a)[:, None]

    for _ in range(120):
        a, b = low + 0.382 * (high - low), low + 0.618 * (high - low)
        left = loss(a) < loss(b)
        low, high = torch.where(left, low, a), torch.where(left, b, high)
    return (low + high) / 2


def check_best_response(objective: Objective, scale: float = 1.0) -> None:
    """What D reads at its optimum, found by search, is what `reading.optimal` says: `scale` p_r/(p_r + p_g) but for hinge."""
    assert objective.reading.optimal is not None
    unequal = DENSITIES[1:] if objective.name == "hinge" else DENSITIES  # where p_r = p_g every a in [-1, 1] is as good
    p_r, p_g = unequal.T
    found = objective.reading.of(best_outputs(objective, p_r, p_g))[:, 0].numpy()
    np.testing.assert_allclose(found, objective.reading.optimal(p_r, p_g), rtol=0, atol=3e-6)
    if objective.name != "hinge":
        np.testing.assert_allclose(found, scale * p_r / (p_r + p_g), rtol=0, atol=3e-6)


# -------------------------------------------------------------------------------------------------------------- field


def plain_loss(game: Game, member: int, phi: Tensor, real: Tensor, fake: Tensor, step_noise: StepNoise) -> Tensor:
    """One member's L_D with its penalties, from the textbook: `phi` (1, size), samples (batch, dim)."""
    config, net = game.configs[member], game.discriminator.network
    given = config.regulariser
    k = given.packing

    def a(x: Tensor, masks: Masks | None) -> Tensor:
        own = None if masks is None else tuple(m[member : member + 1] for m in masks)
        return net(phi, x[None], own)[0, :, 0]

    def packs(x: Tensor) -> Tensor:
        return torch.stack([torch.cat(list(x[i : i + k])) for i in range(0, len(x), k)])

    def slope(x: Tensor, masks: Masks | None) -> Tensor:
        x = x if x.requires_grad else x.detach().requires_grad_()  # a generated one may lead back to G
        (g,) = torch.autograd.grad(a(x, masks).sum(), x, create_graph=True)
        return g

    if step_noise.noise is not None:
        real, fake = real + step_noise.noise[member, 0], fake + step_noise.noise[member, 1]
    real, fake = packs(real), packs(fake)
    book = TEXTBOOK[config.objective]
    book = smoothed(book, given.smoothing) if given.smoothing else book
    of_real, of_fake = step_noise.masks
    loss = book.discriminator(a(real, of_real), a(fake, of_fake))
    if given.r1:
        loss = loss + given.r1 * (slope(real, of_real) ** 2).sum(1).mean() / 2
    if given.r2:
        loss = loss + given.r2 * (slope(fake, of_fake) ** 2).sum(1).mean() / 2
    if given.gradient_penalty:
        assert step_noise.mix is not None
        between = step_noise.mix[member] * fake + (1 - step_noise.mix[member]) * real
        loss = loss + given.gradient_penalty * ((slope(between, of_real).norm(dim=1) - 1) ** 2).mean()
    return loss


def plain_generator_loss(
    game: Game, member: int, theta: Tensor, phi: Tensor, real: Tensor, latents: Tensor, step_noise: StepNoise
) -> Tensor:
    """One member's L_G from the textbook: `theta`, `phi` (1, size), `real`, `latents` (batch, dim)."""
    k = game.configs[member].regulariser.packing
    masks = step_noise.generator_masks
    fake = game.generator.network(
        theta, latents[None], None if masks is None else tuple(m[member : member + 1] for m in masks)
    )[0]
    if step_noise.noise is not None:
        real, fake = real + step_noise.noise[member, 0], fake + step_noise.noise[member, 1]

    def a(x: Tensor, masks: Masks | None) -> Tensor:
        x = torch.stack([torch.cat(list(x[i : i + k])) for i in range(0, len(x), k)])
        own = None if masks is None else tuple(m[member : member + 1] for m in masks)
        return game.discriminator.network(phi, x[None], own)[0, :, 0]

    book = TEXTBOOK[game.configs[member].objective]
    return book.generator(a(real, step_noise.masks[0]), a(fake, step_noise.masks[1])).mean()


def place(game: Game) -> tuple[Tensor, Tensor, Tensor, Tensor, StepNoise]:
    """theta, phi, real, latents, step noise: in double precision, another for every member; D steep enough to matter."""
    m, batch, dimension = game.members, game.batch, game.data.dimension
    theta, phi = draw(m, game.generator.network.size, seed=1), 1.2 * draw(m, game.discriminator.network.size, seed=2)
    real, latents = draw(m, batch, dimension, seed=3) + 1, draw(m, batch, game.configs[0].latent.dimension, seed=4)
    packs = batch // game.pack
    generators = [torch.Generator().manual_seed(20 + i) for i in range(m)]
    masks, own = (
        game.discriminator.network.draw_masks(generators, 2 * packs),
        game.generator.network.draw_masks(generators, batch),
    )
    step_noise = StepNoise(
        mix=torch.rand(m, packs, 1, generator=torch.Generator().manual_seed(5), dtype=torch.float64),
        noise=None if game.penalties.noise is None else 0.5 * draw(m, 2, batch, dimension, seed=6),
        masks=(None, None) if masks is None else (_double(masks, slice(None, packs)), _double(masks, slice(packs, None))),
        generator_masks=None if own is None else _double(own, slice(None)),
    )
    return theta, phi, real, latents, step_noise


def _double(masks: Masks, own: slice) -> Masks:
    return tuple(m[:, own].double() for m in masks)


def check_field(game: Game) -> None:
    """Both players' parts are gradients of the textbook's losses, member by member."""
    theta, phi, real, latents, step_noise = place(game)
    fake = generate(game, theta, latents, step_noise.generator_masks).detach()
    d_part = field.discriminator_part(game, phi, real, fake, step_noise)
    g_part = field.generator_part(game, theta, phi, real, latents, step_noise)
    near = {"rtol": 1e-8, "atol": 1e-10}
    for m in range(game.members):
        own_theta, own_phi = theta[m : m + 1].clone().requires_grad_(), phi[m : m + 1].clone().requires_grad_()
        loss = plain_loss(game, m, own_phi, real[m], fake[m], step_noise)
        (expected,) = torch.autograd.grad(loss, own_phi)
        torch.testing.assert_close(d_part.gradient[m], expected[0], **near)
        loss = plain_generator_loss(game, m, own_theta, own_phi, real[m], latents[m], step_noise)
        (expected,) = torch.autograd.grad(loss, own_theta)
        torch.testing.assert_close(g_part.gradient[m], expected[0], **near)
        torch.testing.assert_close(g_part.loss[m], loss.detach(), **near)


# ----------------------------------------------------------------------------------------------------------- spectral


def check_spectral(net: Network) -> None:
    """W / sigma, and the gradient through it: against autograd with u and v held still."""
    phi = draw(2, net.size, seed=7)
    settled = spectral.normalised(net, phi, None)
    for _ in range(400):
        settled = spectral.normalised(net, phi, settled.kept)
    kept = settled.kept
    moved = phi + 0.05 * draw(2, net.size, seed=8)  # so that u and v are not quite its singular vectors
    found = spectral.normalised(net, moved, kept)
    gradient = draw(2, net.size, seed=9)

    leaf = moved.clone().requires_grad_()
    parts, at = list(torch.split(leaf, net.lengths, dim=1)), 0
    for i, (fan_in, fan_out) in zip(net.matrices, net.shapes, strict=True):
        w = parts[i].view(2, fan_in, fan_out)
        u = kept[:, at : at + fan_out, None]
        with torch.no_grad():
            v = w @ u / (w @ u).norm(dim=1, keepdim=True)
            u = w.mT @ v / (w.mT @ v).norm(dim=1, keepdim=True)
            v = w @ u / (w @ u).norm(dim=1, keepdim=True)
        sigma = (v.mT @ w @ u)[:, :, 0]
        parts[i] = parts[i] / sigma
        at += fan_out
    normal = torch.cat(parts, dim=1)
    torch.testing.assert_close(found.phi, normal.detach())
    (expected,) = torch.autograd.grad((normal * gradient).sum(), leaf)
    torch.testing.assert_close(found.pull_back(gradient), expected)


# ----------------------------------------------------------------------------------------- games in double precision


class DoubleStreams(Streams):
    """The same draws, in double precision."""

    def initial(self, network: Network) -> Tensor:
        return super().initial(network).double()

    def real(self, game: Game) -> Tensor:
        return super().real(game).double()

    def latents(self, game: Game) -> Tensor:
        return super().latents(game).double()

    def normal(self, *shape: int) -> Tensor:
        return super().normal(*shape).double()

    def uniform(self, *shape: int) -> Tensor:
        return super().uniform(*shape).double()

    def masks(self, net: Network, batch: int) -> Masks | None:
        drawn = super().masks(net, batch)
        return None if drawn is None else tuple(m.double() for m in drawn)


def in_double(*configs: GameConfig) -> tuple[Game, GameState, DoubleStreams]:
    """A game, its beginning and its draws, with all numbers as the configs say them rather than rounded to float32."""
    game = build_game(*configs)

    def column(values: Sequence[float]) -> Tensor:
        return torch.tensor(values, dtype=torch.float64)[:, None]

    def player(one: Player, chosen: Sequence[Any]) -> Player:
        return replace(one, hyper={name: column([getattr(c, name) for c in chosen]) for name in one.hyper})

    def penalty(name: str, given: Tensor | None) -> Tensor | None:
        if given is None or not bool(given.isfinite().all()):
            return given if given is None else given.double()
        return column([getattr(c.regulariser, name) for c in configs])

    p = game.penalties
    columns: dict[str, Any] = {name: penalty(name, getattr(p, name)) for name in ("clip", "noise", "noise_half_life")}
    game = replace(
        game,
        generator=player(game.generator, [c.generator_optimiser for c in configs]),
        discriminator=player(game.discriminator, [c.discriminator_optimiser for c in configs]),
        penalties=replace(p, slopes={name: penalty(name, weight) for name, weight in p.slopes.items()}, **columns),
        averaging=column([c.run.averaging for c in configs]),
    )
    streams = DoubleStreams([c.run.seed for c in configs])
    return game, start(game, streams), streams


# -------------------------------------------------------------------------------------------------------- update rules


class Hand:
    """One game in double precision, played from the textbook: losses of `plain_loss`, autograd, torch.optim's optimisers."""

    def __init__(self, game: Game, state: GameState, streams: Streams) -> None:
        self.game, self.streams = game, streams
        self.theta, self.phi = (p.clone().requires_grad_() for p in (state.theta, state.phi))
        chosen = game.config.generator_optimiser, game.config.discriminator_optimiser
        self.moves = [self._optimiser(p, c) for p, c in zip((self.theta, self.phi), chosen, strict=True)]
        self.round = 0
        self.kept: dict[str, Any] = {}

    @staticmethod
    def _optimiser(p: Tensor, chosen: Any) -> torch.optim.Optimizer:
        if chosen.kind == "gradient_descent":
            return torch.optim.SGD([p], lr=chosen.learning_rate)
        return torch.optim.Adam([p], lr=chosen.learning_rate, betas=(chosen.beta1, chosen.beta2), eps=chosen.epsilon)

    def draw(self, real: bool = True) -> None:
        """In the documented order: data, latents, noise, where the gradient penalty looks."""
        game, given = self.game, self.game.config.regulariser
        if real:
            self.real = self.streams.real(game)[0]
        self.latents = self.streams.latents(game)[0]
        noise = mix = None
        if given.noise:
            decay = 0.5 ** (self.round / given.noise_half_life) if given.noise_half_life else 1.0
            noise = given.noise * decay * self.streams.normal(2, game.batch, game.data.dimension)
        if given.gradient_penalty:
            mix = self.streams.uniform(game.batch // game.pack, 1)
        self.step_noise = StepNoise(mix=mix, noise=noise)

    def loss_d(self, theta: Tensor, phi: Tensor) -> Tensor:
        fake = self.game.generator.network(theta, self.latents[None])[0]
        return plain_loss(self.game, 0, phi, self.real, fake, self.step_noise)

    def loss_g(self, theta: Tensor, phi: Tensor) -> Tensor:
        return plain_generator_loss(self.game, 0, theta, phi, self.real, self.latents, self.step_noise)

    def v(self, theta: Tensor, phi: Tensor, graph: bool = False) -> list[Tensor]:
        """(grad_theta L_G, grad_phi L_D)."""
        (of_g,) = torch.autograd.grad(self.loss_g(theta, phi), theta, create_graph=graph)
        (of_d,) = torch.autograd.grad(self.loss_d(theta, phi), phi, create_graph=graph)
        return [of_g, of_d]

    def jacobian(self) -> tuple[Tensor, Tensor]:
        """H and v at (theta, phi), G's numbers first."""
        z = torch.cat([self.theta, self.phi], dim=1).detach()[0].requires_grad_()
        n = self.theta.shape[1]
        v = torch.cat(self.v(z[None, :n], z[None, n:], graph=True), dim=1)[0]
        rows = [torch.autograd.grad(v[i], z, retain_graph=True)[0] for i in range(len(v))]
        return torch.stack(rows), v.detach()

    def move(self, gradients: Sequence[Tensor | None]) -> None:
        for p, move, gradient in zip((self.theta, self.phi), self.moves, gradients, strict=True):
            if gradient is not None:
                p.grad = gradient.detach().reshape(p.shape).clone()
                move.step()

    def where(self) -> list[Tensor]:
        return [self.theta.detach().clone(), self.phi.detach().clone()]

    def put(self, place: Sequence[Tensor]) -> None:
        with torch.no_grad():
            self.theta.copy_(place[0])
            self.phi.copy_(place[1])

    def play(self, rule: Any) -> None:
        getattr(self, rule.kind)(rule)
        self.round += 1

    # one method per rule, by its name

    def simultaneous(self, rule: Any) -> None:
        self.draw()
        self.move(self.v(self.theta, self.phi))

    def alternating(self, rule: Any) -> None:
        turns = [("d", rule.discriminator_steps), ("g", rule.generator_steps)]
        drawn = False
        for player, n in turns if rule.first == "discriminator" else turns[::-1]:
            for i in range(n):
                if i or not drawn:
                    self.draw(real=player == "d" or not drawn or self.game.objective.pairs)
                drawn = True
                of_g, of_d = self.v(self.theta, self.phi)
                self.move([None, of_d] if player == "d" else [of_g, None])

    def extragradient(self, rule: Any) -> None:
        here = self.where()
        self.simultaneous(rule)
        self.draw()
        there = self.v(self.theta, self.phi)
        self.put(here)
        self.move(there)

    def optimistic(self, rule: Any) -> None:
        here = self.where()
        self.simultaneous(rule)
        updates = [b - a for a, b in zip(here, self.where(), strict=True)]
        before = self.kept.get("updates", updates)
        self.kept["updates"] = updates
        self.put([p + 2 * u - old for p, u, old in zip(here, updates, before, strict=True)])

    def consensus(self, rule: Any) -> None:
        self.draw()
        h, v = self.jacobian()
        self.move((v + rule.gamma * h.T @ v).split([self.theta.shape[1], self.phi.shape[1]]))

    def symplectic_adjustment(self, rule: Any) -> None:
        self.draw()
        h, v = self.jacobian()
        a = (h - h.T) / 2
        self.move((v + rule.weight * a.T @ v).split([self.theta.shape[1], self.phi.shape[1]]))

    def lookahead(self, rule: Any) -> None:
        slow = self.kept.setdefault("slow", self.where())
        self.simultaneous(rule)
        if (self.round + 1) % rule.rounds == 0:
            self.put([s + rule.share * (f - s) for s, f in zip(slow, self.where(), strict=True)])
            self.kept["slow"] = self.where()

    def unrolled(self, rule: Any) -> None:
        self.draw()
        self.move([None, self.v(self.theta, self.phi)[1]])

        def foreseen(theta: Tensor) -> Tensor:
            phi = self.phi.detach().clone().requires_grad_()
            for _ in range(rule.depth):
                (of_d,) = torch.autograd.grad(self.loss_d(theta, phi), phi)
                phi = (phi - rule.inner_rate * of_d).detach().requires_grad_()
            return self.loss_g(theta, phi).detach()

        here, h = self.theta.detach(), 1e-5
        steps = h * torch.eye(here.shape[1], dtype=here.dtype)
        self.move([torch.stack([(foreseen(here + e) - foreseen(here - e)) / (2 * h) for e in steps]), None])


def check_rule(config: GameConfig, rounds: int = 7) -> None:
    """The rule's rounds against the same by hand, from a place where both players and all penalties matter."""
    game, state, streams = in_double(config)
    state = replace(state, phi=1.5 * state.phi, phi_effective=1.5 * state.phi)
    hand = Hand(game, state, DoubleStreams([config.run.seed]))
    hand.streams.initial(game.generator.network)
    first = state
    near = {"rtol": 1e-6, "atol": 1e-8} if config.update_rule.kind == "unrolled" else {"rtol": 1e-9, "atol": 1e-11}
    for i in range(rounds):
        state, _ = step.train_step(game, state, streams)
        hand.play(config.update_rule)
        torch.testing.assert_close(state.theta, hand.theta.detach(), **near, msg=lambda m, i=i: f"G, round {i}: {m}")
        torch.testing.assert_close(state.phi, hand.phi.detach(), **near, msg=lambda m, i=i: f"D, round {i}: {m}")
    for a, b in ((state.theta, first.theta), (state.phi, first.phi)):
        assert float((a - b).norm()) > 1e-3, "the agreement is about nothing"


def check_noise(streams: Streams) -> None:
    """Standard normal and uniform draws: another for every sample, side and member, and never the same twice."""
    n = 20_000
    drawn = torch.cat([streams.normal(2, n, 1), streams.normal(2, n, 1)], dim=1).squeeze(-1).flatten(0, 1)
    spread = np.corrcoef(drawn.numpy())
    np.testing.assert_allclose(spread, np.eye(len(drawn)), atol=0.05)
    np.testing.assert_allclose(drawn.mean(dim=1), 0, atol=0.05)
    np.testing.assert_allclose(drawn.std(dim=1), 1, atol=0.05)
    mix = streams.uniform(n, 1)
    assert float(mix.min()) >= 0 and float(mix.max()) < 1
    np.testing.assert_allclose(
        torch.quantile(mix.squeeze(-1), torch.tensor([0.25, 0.5, 0.75]), dim=1).T[0], [0.25, 0.5, 0.75], atol=0.02
    )
