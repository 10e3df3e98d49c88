"""One round of the game: the state, the update rules, and what is measured at every step without leaving torch."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Flag, auto
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from gandash import dynamics
from gandash.game.field import (
    NO_CHANCE,
    Chance,
    DiscriminatorPart,
    GeneratorPart,
    discriminator_loss,
    discriminator_part,
    field_vector,
    generate,
    generator_loss,
    generator_part,
    sample,
)
from gandash.game.game import Game, Streams
from gandash.game.networks import Masks
from gandash.game.objectives import SIDES
from gandash.game.optimisers import Moments
from gandash.game.spectral import Normalised, normalised
from gandash.settings import Settings


class Players(Flag):
    """Who moves in a round."""

    D = auto()
    G = auto()
    BOTH = D | G


@dataclass(frozen=True)
class GameState:
    """All that a step reads and replaces. Tensors are never written in place, so a state kept is a state unchanged."""

    step: int
    theta: Tensor  # (members, n_theta)
    phi: Tensor  # (members, n_phi)
    average: Tensor  # (members, n_theta), exponential moving average of theta
    theta_moments: Moments
    phi_moments: Moments
    critic: Tensor  # (members, n_phi), what D is judged with: phi, or phi normalised
    memory: dict[str, Tensor] = field(default_factory=dict)  # what update rule and normalisation keep from round to round

    @property
    def tensors(self) -> dict[str, Tensor]:
        """All of it by name, each `(members, n)`: `theta`, ..., `theta_moments.mean`, ..., `memory.spectral`, ..."""
        plain = {name: getattr(self, name) for name in _PLAIN}
        return plain | {f"{group}.{name}": t for group in _GROUPS for name, t in getattr(self, group).items()}

    @classmethod
    def of(cls, step: int, tensors: Mapping[str, Tensor]) -> GameState:
        """The state whose `tensors` these are. Raises KeyError when one is missing."""
        parts: dict[str, Any] = {name: tensors[name] for name in _PLAIN} | {group: {} for group in _GROUPS}
        for name, tensor in tensors.items():
            group, _, rest = name.partition(".")
            if rest:
                parts[group][rest] = tensor
        return cls(step=step, **parts)

    def member(self, i: int) -> GameState:
        """Member i's own state, on the same memory."""
        return GameState.of(self.step, {name: tensor[i : i + 1] for name, tensor in self.tensors.items()})

    def to(self, device: torch.device) -> GameState:
        """The same state on this device; itself where it is there already."""
        if self.theta.device == device:
            return self
        return GameState.of(self.step, {name: tensor.to(device) for name, tensor in self.tensors.items()})

    @classmethod
    def together(cls, states: Sequence[GameState]) -> GameState:
        """States of one step and structure as one population."""
        apart = [state.tensors for state in states]
        return cls.of(states[0].step, {name: torch.cat([tensors[name] for tensors in apart]) for name in apart[0]})


_PLAIN, _GROUPS = ("theta", "phi", "average", "critic"), ("theta_moments", "phi_moments", "memory")


METRICS = (
    "loss_d",
    "loss_g",
    "log_d_real",  # E log D(x)
    "log_d_fake",  # E log(1 - D(G(z)))
    "value",  # V, the sum of the two above
    "mean_d_real",
    "mean_d_fake",
    "gradient_norm_d",
    "gradient_norm_g",
    "gradient_norm_g_other",  # of the generator loss that is *not* played, from the same state
    "update_norm_d",
    "update_norm_g",
)
"""What every step reports, in this order. A player that did not move in a round reports NaN for its gradient."""


def start(game: Game, streams: Streams) -> GameState:
    """Step 0: freshly initialised players."""
    theta = streams.initial(game.generator.network)
    phi = streams.initial(game.discriminator.network)
    memory: dict[str, Tensor] = {}
    critic = phi
    if game.penalties.spectral:
        first = normalised(game.discriminator.network, phi, None)
        critic, memory["spectral"] = first.phi, first.kept
    return GameState(
        step=0,
        theta=theta,
        phi=phi,
        average=theta,
        theta_moments=game.generator.optimiser.start(theta),
        phi_moments=game.discriminator.optimiser.start(phi),
        critic=critic,
        memory=memory,
    )


def train_step(game: Game, state: GameState, streams: Streams, players: Players = Players.BOTH) -> tuple[GameState, Tensor]:
    """One round by the game's update rule; returns the new state and the metrics `(members, len(METRICS))`.

    D's numbers are those its last update of the round saw, G's likewise; when G stood still, its loss is read from D's batch.
    """
    rule = game.config.update_rule
    this = _Round(game, state, streams, players)
    UPDATE_RULES[type(rule)](this, rule)
    return this.end()


class _Round:
    """One round in the making: where both players are, the batch at hand, and what their last moves saw."""

    def __init__(self, game: Game, state: GameState, streams: Streams, players: Players) -> None:
        self.game, self.streams, self.players = game, streams, players
        self.step = state.step
        self.theta, self.phi, self.average, self.critic = state.theta, state.phi, state.average, state.critic
        self.theta_moments, self.phi_moments = state.theta_moments, state.phi_moments
        self.memory = dict(state.memory)
        self.d_part: DiscriminatorPart | None = None
        self.g_part: GeneratorPart | None = None
        self.d_update: Tensor | None = None
        self.g_update: Tensor | None = None
        self._normalised: Normalised | None = None
        self._noise = game.penalties.noise_at(self.step)

    # ------------------------------------------------------------------------------------------------- batches, fields

    def draw(self, real: bool = True) -> None:
        """A fresh batch; without `real`, of latents alone."""
        game, streams = self.game, self.streams
        if real:
            self.real = streams.real(game)
        self.latents = streams.latents(game)
        self.chance = self._chance()

    def _chance(self) -> Chance:
        game, streams, penalties = self.game, self.streams, self.game.penalties
        packs = game.batch // game.pack
        masks = streams.masks(game.discriminator.network, 2 * packs)
        generator_masks = streams.masks(game.generator.network, game.batch)
        if masks is None and generator_masks is None and self._noise is None and penalties.gradient_penalty is None:
            return NO_CHANCE
        noise = None
        if self._noise is not None:
            noise = self._noise[..., None, None] * streams.normal(2, game.batch, game.data.dimension)
        return Chance(
            mix=None if penalties.gradient_penalty is None else streams.uniform(packs, 1),
            noise=noise,
            masks=(None, None) if masks is None else _halves(masks, packs),
            generator_masks=generator_masks,
        )

    def judged(self, phi: Tensor) -> Tensor:
        """The parameters that D is judged with at `phi`."""
        if not self.game.penalties.spectral:
            return phi
        self._normalised = normalised(self.game.discriminator.network, phi, self.memory.get("spectral"))
        self.memory["spectral"] = self._normalised.kept
        return self._normalised.phi

    def look_d(self) -> DiscriminatorPart:
        """D's field at this point on the batch at hand; the gradient is that of the parameters that move."""
        part = discriminator_part(self.game, self.judged(self.phi), self.real, self._fake(), self.chance)
        self.d_part = replace(part, gradient=self._normalised.pull_back(part.gradient)) if self._normalised else part
        return self.d_part

    def _fake(self) -> Tensor:
        return sample(self.game, self.theta, self.latents, self.chance.generator_masks)

    def look_g(self) -> GeneratorPart:
        self.g_part = generator_part(self.game, self.theta, self.critic, self.real, self.latents, self.chance)
        return self.g_part

    # ---------------------------------------------------------------------------------------------------------- moves

    def move_d(self, gradient: Tensor) -> None:
        """D moves, if it plays."""
        if Players.D not in self.players:
            return
        player = self.game.discriminator
        self.d_update, self.phi_moments = player.optimiser.update(gradient, self.phi_moments, player.hyper)
        self.put_phi(self.phi + self.d_update)

    def move_g(self, gradient: Tensor) -> None:
        """G moves, if it plays, and its average follows."""
        if Players.G not in self.players:
            return
        player = self.game.generator
        self.g_update, self.theta_moments = player.optimiser.update(gradient, self.theta_moments, player.hyper)
        self.theta = self.theta + self.g_update
        self.average = torch.lerp(self.theta, self.average, self.game.averaging)

    def put_phi(self, phi: Tensor) -> None:
        clip = self.game.penalties.clip
        self.phi = phi if clip is None else torch.minimum(torch.maximum(phi, -clip), clip)
        if not self.game.penalties.spectral:
            self.critic = self.phi
        else:
            self.critic = normalised(self.game.discriminator.network, self.phi, self.memory.get("spectral"), rounds=0).phi

    def end(self) -> tuple[GameState, Tensor]:
        assert self.d_part is not None
        state = GameState(
            step=self.step + 1,
            theta=self.theta,
            phi=self.phi,
            average=self.average,
            theta_moments=self.theta_moments,
            phi_moments=self.phi_moments,
            critic=self.critic,
            memory=self.memory,
        )
        g_part = self.g_part if Players.G in self.players else None
        return state, _metrics(self.game, self.d_part, g_part, self.d_update, self.g_update)


def _halves(masks: Masks, n: int) -> tuple[Masks, Masks]:
    return tuple(m[:, :n] for m in masks), tuple(m[:, n:] for m in masks)


# -------------------------------------------------------------------------------------------------------- update rules


def _simultaneous(this: _Round, rule: Settings) -> None:
    """Both gradients at (theta_t, phi_t), then both moves."""
    this.draw()
    of_d = this.look_d().gradient
    of_g = this.look_g().gradient if Players.G in this.players else None
    this.move_d(of_d)
    if of_g is not None:
        this.move_g(of_g)


def _alternating(this: _Round, rule: dynamics.Alternating) -> None:
    """k_D moves of D on fresh batches, then k_G moves of G against the new D; or G first.

    The second player's first move uses the first one's last batch, as common practice does. A manual step of one player makes
    that player's k moves (one, if its k is 0), so that a frozen player can still be moved by hand.
    """
    d_moves = rule.discriminator_steps if Players.D in this.players else 0
    g_moves = rule.generator_steps if Players.G in this.players else 0
    if this.players is not Players.BOTH and d_moves + g_moves == 0:
        d_moves, g_moves = int(Players.D in this.players), int(Players.G in this.players)

    if rule.first == "generator":
        _g_moves(this, g_moves, drawn=False)
        _d_moves(this, d_moves, drawn=g_moves > 0)
    else:
        _d_moves(this, d_moves, drawn=False)
        _g_moves(this, g_moves, drawn=True)


def _d_moves(this: _Round, n: int, drawn: bool) -> None:
    for i in range(max(n, 1)):
        if i > 0 or not drawn:
            this.draw()
        gradient = this.look_d().gradient  # D may stand still, but its losses are still shown
        if n:
            this.move_d(gradient)


def _g_moves(this: _Round, n: int, drawn: bool) -> None:
    for i in range(n):
        if i > 0 or not drawn:
            this.draw(real=(not drawn and i == 0) or this.game.objective.pairs)
        this.move_g(this.look_g().gradient)


def _extragradient(this: _Round, rule: Settings) -> None:
    """A move to look ahead, then from the old place along the field there. Moments are updated at both (extra-Adam)."""
    theta, phi, average = this.theta, this.phi, this.average
    _simultaneous(this, rule)
    this.draw()
    of_d = this.look_d().gradient
    of_g = this.look_g().gradient
    this.theta, this.average = theta, average
    this.put_phi(phi)
    this.move_d(of_d)
    this.move_g(of_g)


def _optimistic(this: _Round, rule: Settings) -> None:
    """p <- p + 2 u_t - u_(t-1), u the optimiser's update: p - 2 h g_t + h g_(t-1) by gradient descent, else optimistic Adam."""
    theta, phi, average = this.theta, this.phi, this.average
    _simultaneous(this, rule)
    if this.d_update is not None:
        before = this.memory.get("d_update", this.d_update)
        this.memory["d_update"] = this.d_update
        this.d_update = 2 * this.d_update - before
        this.put_phi(phi + this.d_update)
    if this.g_update is not None:
        before = this.memory.get("g_update", this.g_update)
        this.memory["g_update"] = this.g_update
        this.g_update = 2 * this.g_update - before
        this.theta = theta + this.g_update
        this.average = torch.lerp(this.theta, average, this.game.averaging)


def _along_adjusted(this: _Round, adjust: Callable[[Tensor, Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]) -> None:
    """Both move along a field made of v and its derivatives; `adjust(of_g, of_d, theta, phi)` gives what is added to v."""
    this.draw()
    d_part, g_part = this.look_d(), this.look_g()
    game, real, latents, chance = this.game, this.real.clone(), this.latents.clone(), this.chance
    with torch.enable_grad():
        theta, phi = this.theta.detach().clone().requires_grad_(), this.phi.detach().clone().requires_grad_()
        of_g, of_d = field_vector(game, theta, phi, real, latents, chance)
        more_g, more_d = adjust(of_g, of_d, theta, phi)
    this.d_part = replace(d_part, gradient=d_part.gradient + more_d.detach())
    gradients = torch.stack([g_part.gradient + more_g.detach(), g_part.other_gradient], dim=1)
    this.g_part = replace(g_part, gradients=gradients)
    this.move_d(this.d_part.gradient)
    this.move_g(this.g_part.gradient)


def _consensus(this: _Round, rule: dynamics.Consensus) -> None:
    """v + gamma grad |v|^2 / 2."""

    def pull(of_g: Tensor, of_d: Tensor, theta: Tensor, phi: Tensor) -> tuple[Tensor, Tensor]:
        half = 0.5 * (of_g.square().sum() + of_d.square().sum())
        more_g, more_d = torch.autograd.grad(half, (theta, phi), materialize_grads=True)
        return rule.gamma * more_g, rule.gamma * more_d

    _along_adjusted(this, pull)


def _symplectic(this: _Round, rule: dynamics.SymplecticAdjustment) -> None:
    """v + lambda A^T v, A = (H - H^T)/2, so A^T v = (H^T v - H v)/2."""

    def turn(of_g: Tensor, of_d: Tensor, theta: Tensor, phi: Tensor) -> tuple[Tensor, Tensor]:
        players, v = (theta, phi), (of_g, of_d)
        still = tuple(part.detach() for part in v)
        dummies = tuple(torch.zeros_like(part, requires_grad=True) for part in v)
        transposed = torch.autograd.grad(v, players, dummies, create_graph=True, materialize_grads=True)  # H^T w, linear in w
        forward = torch.autograd.grad(transposed, dummies, still, retain_graph=True, materialize_grads=True)  # H v
        backward = torch.autograd.grad(v, players, still, materialize_grads=True)  # H^T v
        more = [rule.weight * (b - f) / 2 for b, f in zip(backward, forward, strict=True)]
        return more[0], more[1]

    _along_adjusted(this, turn)


def _lookahead(this: _Round, rule: dynamics.Lookahead) -> None:
    """After every k rounds both players go back to slow + alpha (fast - slow), which is then the slow place."""
    memory = this.memory
    if "slow_theta" not in memory:
        memory |= {"slow_theta": this.theta, "slow_phi": this.phi, "rounds": this.theta.new_zeros(len(this.theta), 1)}
    _simultaneous(this, rule)
    rounds = memory["rounds"] + 1
    if float(rounds[0]) >= rule.rounds:  # the same for all members: a population moves in lockstep
        rounds = torch.zeros_like(rounds)
        this.theta = torch.lerp(memory["slow_theta"], this.theta, rule.share)
        this.put_phi(torch.lerp(memory["slow_phi"], this.phi, rule.share))
        memory |= {"slow_theta": this.theta, "slow_phi": this.phi}
    memory["rounds"] = rounds


def _unrolled(this: _Round, rule: dynamics.Unrolled) -> None:
    """D's move as ever; G's gradient goes through k gradient steps of D on the batch at hand, which are then forgotten."""
    _d_moves(this, 1, drawn=False)
    if Players.G not in this.players:
        return
    g_part = this.look_g()
    game, real, latents, chance = this.game, this.real.clone(), this.latents.clone(), this.chance
    with torch.enable_grad():
        theta = this.theta.detach().clone().requires_grad_()
        phi = this.phi.detach().clone().requires_grad_()
        fake = generate(game, theta, latents, chance.generator_masks)
        for _ in range(rule.depth):
            loss = discriminator_loss(game, phi, real, fake, chance).sum()
            (of_d,) = torch.autograd.grad(loss, phi, create_graph=True)
            phi = phi - rule.inner_rate * of_d
        (gradient,) = torch.autograd.grad(generator_loss(game, theta, phi, real, latents, chance).sum(), theta)
    this.g_part = replace(g_part, gradients=torch.stack([gradient, g_part.other_gradient], dim=1))
    this.move_g(gradient)


UPDATE_RULES: dict[type[Settings], Callable[[_Round, Any], None]] = {
    dynamics.Simultaneous: _simultaneous,
    dynamics.Alternating: _alternating,
    dynamics.Extragradient: _extragradient,
    dynamics.Optimistic: _optimistic,
    dynamics.Consensus: _consensus,
    dynamics.SymplecticAdjustment: _symplectic,
    dynamics.Lookahead: _lookahead,
    dynamics.Unrolled: _unrolled,
}


@torch.inference_mode()
def _metrics(
    game: Game,
    d_part: DiscriminatorPart,
    g_part: GeneratorPart | None,
    d_update: Tensor | None,
    g_update: Tensor | None,
) -> Tensor:
    logits, reading = d_part.logits, game.objective.reading
    loss_g = g_part.loss if g_part else game.objective.generator(d_part.real_logits, d_part.fake_logits)
    # E log D(x), E log(1 - D(G(z))) with a minus; E D(x), E D(G(z)). A critic has no D: its own means
    if reading.logit is not None:
        odds = reading.logit(logits)
        means = torch.cat([F.softplus(SIDES.to(odds) * odds), torch.sigmoid(odds)], dim=1).mean(-1)
    else:
        means = logits.mean(-1)
        means = torch.cat([torch.full_like(means, math.nan), means], dim=1)
    log_d = means[:, :2].neg()

    def norms(vectors: Tensor | None, count: int = 1) -> Tensor:
        if vectors is None:
            return logits.new_full((len(logits), count), math.nan)
        found: Tensor = torch.linalg.vector_norm(vectors, dim=-1)
        return found.view(-1, count)

    in_order = (
        d_part.loss.unsqueeze(1),
        loss_g.unsqueeze(1),
        log_d,
        log_d.sum(-1, keepdim=True),
        means[:, 2:],
        norms(d_part.gradient if d_update is not None else None),
        norms(g_part.gradients if g_part else None, 2),
        norms(d_update),
        norms(g_update),
    )
    return torch.cat(in_order, dim=-1)
