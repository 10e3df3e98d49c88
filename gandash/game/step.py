"""One round of the game: the state, the update rules, and what is measured at every step without leaving torch."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Flag, auto

import torch
import torch.nn.functional as F
from torch import Tensor

from gandash import config
from gandash.game.field import DiscriminatorPart, GeneratorPart, discriminator_part, generator_part, sample
from gandash.game.game import Game, Player, Streams
from gandash.game.objectives import SIDES
from gandash.game.optimisers import Moments
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
    return GameState(
        step=0,
        theta=theta,
        phi=phi,
        average=theta,
        theta_moments=game.generator.optimiser.start(theta),
        phi_moments=game.discriminator.optimiser.start(phi),
    )


def train_step(game: Game, state: GameState, streams: Streams, players: Players = Players.BOTH) -> tuple[GameState, Tensor]:
    """One round by the game's update rule; returns the new state and the metrics `(members, len(METRICS))`.

    D's numbers are those its last update of the round saw, G's likewise; when G stood still, its loss is read from D's batch.
    """
    rule = game.config.update_rule
    return UPDATE_RULES[type(rule)](game, state, streams, players)


def _moved(player: Player, parameters: Tensor, moments: Moments, gradient: Tensor) -> tuple[Tensor, Moments, Tensor]:
    update, moments = player.optimiser.update(gradient, moments, player.hyper)
    return parameters + update, moments, update


def _simultaneous(game: Game, state: GameState, streams: Streams, players: Players) -> tuple[GameState, Tensor]:
    """Both gradients at (theta_t, phi_t), then both moves."""
    theta, average, phi = state.theta, state.average, state.phi
    theta_moments, phi_moments = state.theta_moments, state.phi_moments
    real, latents = streams.real(game), streams.latents(game)
    d_part = discriminator_part(game, phi, real, sample(game, theta, latents))
    g_part = generator_part(game, theta, phi, latents) if Players.G in players else None
    d_update = g_update = None
    if Players.D in players:
        phi, phi_moments, d_update = _moved(game.discriminator, phi, phi_moments, d_part.gradient)
    if g_part is not None:
        theta, theta_moments, g_update = _moved(game.generator, theta, theta_moments, g_part.gradient)
        average = torch.lerp(theta, average, game.averaging)
    state = GameState(state.step + 1, theta, phi, average, theta_moments, phi_moments)
    return state, _metrics(game, d_part, g_part, d_update, g_update)


def _alternating(game: Game, state: GameState, streams: Streams, players: Players) -> tuple[GameState, Tensor]:
    """k_D moves of D on fresh batches, then k_G moves of G against the new D.

    G's first move uses the latents of D's last one, as common practice does. A manual step of one player makes that
    player's k moves (one, if its k is 0), so that a frozen player can still be moved by hand.
    """
    rule = game.config.update_rule
    d_moves = rule.discriminator_steps if Players.D in players else 0
    g_moves = rule.generator_steps if Players.G in players else 0
    if players is not Players.BOTH and d_moves + g_moves == 0:
        d_moves, g_moves = int(Players.D in players), int(Players.G in players)

    theta, average, phi = state.theta, state.average, state.phi
    theta_moments, phi_moments = state.theta_moments, state.phi_moments
    g_part = d_update = g_update = None
    for _ in range(d_moves):
        real, latents = streams.real(game), streams.latents(game)
        d_part = discriminator_part(game, phi, real, sample(game, theta, latents))
        phi, phi_moments, d_update = _moved(game.discriminator, phi, phi_moments, d_part.gradient)
    if d_update is None:  # D stands still but its losses are still shown
        real, latents = streams.real(game), streams.latents(game)
        d_part = discriminator_part(game, phi, real, sample(game, theta, latents))
    for i in range(g_moves):
        if i > 0:
            latents = streams.latents(game)
        g_part = generator_part(game, theta, phi, latents)
        theta, theta_moments, g_update = _moved(game.generator, theta, theta_moments, g_part.gradient)
        average = torch.lerp(theta, average, game.averaging)
    state = GameState(state.step + 1, theta, phi, average, theta_moments, phi_moments)
    return state, _metrics(game, d_part, g_part, d_update, g_update)


UpdateRule = Callable[[Game, GameState, Streams, Players], tuple[GameState, Tensor]]

UPDATE_RULES: dict[type[Settings], UpdateRule] = {
    config.Simultaneous: _simultaneous,
    config.Alternating: _alternating,
}


@torch.inference_mode()
def _metrics(
    game: Game,
    d_part: DiscriminatorPart,
    g_part: GeneratorPart | None,
    d_update: Tensor | None,
    g_update: Tensor | None,
) -> Tensor:
    logits = d_part.logits
    loss_g = g_part.loss if g_part else game.objective.generator(d_part.fake_logits)
    # E log D(x), E log(1 - D(G(z))) with a minus; E D(x), E D(G(z))
    means = torch.cat([F.softplus(SIDES * logits), torch.sigmoid(logits)], dim=1).mean(-1)
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
