"""One round of the game, by each of the update rules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from gandash.config.rules import (
    AlternatingConfig,
    ConsensusConfig,
    ExtragradientConfig,
    LookaheadConfig,
    OptimisticConfig,
    SimultaneousConfig,
    SymplecticAdjustmentConfig,
    UnrolledConfig,
)
from gandash.config.setting import Settings
from gandash.game.game import Game, Streams
from gandash.game.losses import discriminator_loss, field_vector, generate, generator_loss
from gandash.game.round import GameState, Players, Round


def train_step(game: Game, state: GameState, streams: Streams, players: Players = Players.BOTH) -> tuple[GameState, Tensor]:
    """One round by the game's update rule; returns the new state and the metrics `(members, len(METRICS))`.

    D's numbers are those its last update of the round saw, G's likewise; when G stood still, its loss is read from D's batch.
    """
    return play(Round(game, state, streams, players))


def play(this: Round) -> tuple[GameState, Tensor]:
    """The same, of a round that is about to begin: for those who watch it as it is made."""
    rule = this.game.config.update_rule
    UPDATE_RULES[type(rule)](this, rule)
    return this.end()


def _simultaneous(this: Round, rule: Settings) -> None:
    """Both gradients at (theta_t, phi_t), then both moves."""
    this.draw()
    of_d = this.gradient_d().gradient
    of_g = this.gradient_g().gradient if Players.G in this.players else None
    this.move_d(of_d)
    if of_g is not None:
        this.move_g(of_g)


def _alternating(this: Round, rule: AlternatingConfig) -> None:
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


def _d_moves(this: Round, n: int, drawn: bool) -> None:
    for i in range(max(n, 1)):
        if i > 0 or not drawn:
            this.draw()
        gradient = this.gradient_d().gradient  # D may stand still, but its losses are still shown
        if n:
            this.move_d(gradient)


def _g_moves(this: Round, n: int, drawn: bool) -> None:
    for i in range(n):
        if i > 0 or not drawn:
            this.draw(real=(not drawn and i == 0) or this.game.objective.pairs)
        this.move_g(this.gradient_g().gradient)


def _extragradient(this: Round, rule: Settings) -> None:
    """A move to look ahead, then from the old point along the field there. Moments are updated at both (extra-Adam)."""
    theta, phi, average = this.theta, this.phi, this.average
    this.is_ahead = True
    _simultaneous(this, rule)
    this.is_ahead = False
    this.draw()
    of_d = this.gradient_d().gradient
    of_g = this.gradient_g().gradient
    this.theta, this.average = theta, average
    this.put_phi(phi)
    this.move_d(of_d)
    this.move_g(of_g)


def _optimistic(this: Round, rule: Settings) -> None:
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


def _along_adjusted(this: Round, adjust: Callable[[Tensor, Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]) -> None:
    """Both move along a field made of v and its derivatives; `adjust(of_g, of_d, theta, phi)` gives what is added to v."""
    this.draw()
    d_part, g_part = this.gradient_d(), this.gradient_g()
    game, real, latents, step_noise = this.game, this.real.clone(), this.latents.clone(), this.step_noise
    with torch.enable_grad():
        theta, phi = this.theta.detach().clone().requires_grad_(), this.phi.detach().clone().requires_grad_()
        of_g, of_d = field_vector(game, theta, phi, real, latents, step_noise)
        more_g, more_d = adjust(of_g, of_d, theta, phi)
    this.d_part = replace(d_part, gradient=d_part.gradient + more_d.detach())
    gradients = torch.stack([g_part.gradient + more_g.detach(), g_part.other_gradient], dim=1)
    this.g_part = replace(g_part, gradients=gradients)
    this.move_d(this.d_part.gradient)
    this.move_g(this.g_part.gradient)


def _consensus(this: Round, rule: ConsensusConfig) -> None:
    """v + gamma grad |v|^2 / 2."""

    def descend_length(of_g: Tensor, of_d: Tensor, theta: Tensor, phi: Tensor) -> tuple[Tensor, Tensor]:
        half = 0.5 * (of_g.square().sum() + of_d.square().sum())
        more_g, more_d = torch.autograd.grad(half, (theta, phi), materialize_grads=True)
        return rule.gamma * more_g, rule.gamma * more_d

    _along_adjusted(this, descend_length)


def _symplectic(this: Round, rule: SymplecticAdjustmentConfig) -> None:
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


def _lookahead(this: Round, rule: LookaheadConfig) -> None:
    """After every k rounds both players go back to slow + alpha (fast - slow), which is then the slow point."""
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


def _unrolled(this: Round, rule: UnrolledConfig) -> None:
    """D's move as ever; G's gradient goes through k gradient steps of D on the batch at hand, which are then forgotten."""
    _d_moves(this, 1, drawn=False)
    if Players.G not in this.players:
        return
    g_part = this.gradient_g()
    game, real, latents, step_noise = this.game, this.real.clone(), this.latents.clone(), this.step_noise
    with torch.enable_grad():
        theta = this.theta.detach().clone().requires_grad_()
        phi = this.phi.detach().clone().requires_grad_()
        fake = generate(game, theta, latents, step_noise.generator_masks)
        for _ in range(rule.depth):
            loss = discriminator_loss(game, phi, real, fake, step_noise).sum()
            (of_d,) = torch.autograd.grad(loss, phi, create_graph=True)
            phi = phi - rule.inner_rate * of_d
        (gradient,) = torch.autograd.grad(generator_loss(game, theta, phi, real, latents, step_noise).sum(), theta)
    this.g_part = replace(g_part, gradients=torch.stack([gradient, g_part.other_gradient], dim=1))
    this.move_g(gradient)


UPDATE_RULES: dict[type[Settings], Callable[[Round, Any], None]] = {
    SimultaneousConfig: _simultaneous,
    AlternatingConfig: _alternating,
    ExtragradientConfig: _extragradient,
    OptimisticConfig: _optimistic,
    ConsensusConfig: _consensus,
    SymplecticAdjustmentConfig: _symplectic,
    LookaheadConfig: _lookahead,
    UnrolledConfig: _unrolled,
}
