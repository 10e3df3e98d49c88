"""Update rules as plans: what is done in a round, in order, for `round.play`. Who moves when can be read here at a glance.

They are the rules of `gandash.game.step`, where the papers are named, but for those that need derivatives of the field.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gandash.config.rules import (
    AlternatingConfig,
    ExtragradientConfig,
    LookaheadConfig,
    OptimisticConfig,
    SimultaneousConfig,
)
from gandash.config.setting import Settings
from gandash.game.game import Game
from gandash.game.networks import MLP, LinearNetwork, Network, PointNetwork
from gandash.game.round import Players

(
    DRAW,  # a fresh batch
    DRAW_LATENTS,  # the same, but real data stay
    GRADIENT_D,  # grad_phi L_D at this point
    GRADIENT_G,  # grad_theta L_G
    MOVE_D,  # phi along its optimiser's update u
    MOVE_G,  # theta, and its average follows
    MARK,  # remember this place
    BACK,  # both players back to it
    TWICE_D,  # D instead from there along 2 u_t - u_(t-1), u_0 = u_1
    TWICE_G,
    SLOW,  # lookahead's first slow place is this one
    RETURN,  # in every k-th round slow + alpha (fast - slow), which is then the slow place
) = range(12)

Plan = tuple[int, ...]


def _simultaneous(rule: Settings, players: Players, pairs: bool) -> Plan:
    """Both gradients at (theta_t, phi_t), then both moves."""
    return (DRAW, GRADIENT_D, GRADIENT_G, MOVE_D, MOVE_G)


def _alternating(rule: AlternatingConfig, players: Players, pairs: bool) -> Plan:
    """k_D moves of D on fresh batches, then k_G moves of G against the new D; or G first.

    The second player's first move uses the first one's last batch. Played by hand, one player makes its k moves, one if k is 0;
    D's losses are shown also where it stands still.
    """
    d = rule.discriminator_steps if Players.D in players else 0
    g = rule.generator_steps if Players.G in players else 0
    if d + g == 0:
        d, g = int(Players.D in players), int(Players.G in players)
    of_d = (DRAW, GRADIENT_D, MOVE_D) * d or (DRAW, GRADIENT_D)
    of_g = (DRAW if pairs else DRAW_LATENTS, GRADIENT_G, MOVE_G) * g
    if rule.first == "discriminator":
        return (*of_d, *of_g[1:])
    return (DRAW, *of_g[1:], *of_d[1:]) if g else of_d


def _extragradient(rule: Settings, players: Players, pairs: bool) -> Plan:
    """A move to look ahead, then from the old place along the field there. Moments are updated at both (extra-Adam)."""
    return (MARK, DRAW, GRADIENT_D, GRADIENT_G, MOVE_D, MOVE_G, DRAW, GRADIENT_D, GRADIENT_G, BACK, MOVE_D, MOVE_G)


def _optimistic(rule: Settings, players: Players, pairs: bool) -> Plan:
    """p <- p + 2 u_t - u_(t-1): p - 2 h g_t + h g_(t-1) by gradient descent, else optimistic Adam."""
    return (MARK, DRAW, GRADIENT_D, GRADIENT_G, MOVE_D, MOVE_G, TWICE_D, TWICE_G)


def _lookahead(rule: Settings, players: Players, pairs: bool) -> Plan:
    """k simultaneous rounds, then back part of the way."""
    return (SLOW, DRAW, GRADIENT_D, GRADIENT_G, MOVE_D, MOVE_G, RETURN)


PLANS: dict[type[Settings], Callable[[Any, Players, bool], Plan]] = {
    SimultaneousConfig: _simultaneous,
    AlternatingConfig: _alternating,
    ExtragradientConfig: _extragradient,
    OptimisticConfig: _optimistic,
    LookaheadConfig: _lookahead,
}


def plan(rule: Settings, players: Players, pairs: bool) -> Plan:
    """A round of this rule; who does not play does not move, nor has G a gradient. `pairs`: G's loss takes real data too."""
    still = set() if Players.D in players else {MOVE_D, TWICE_D}
    still |= set() if Players.G in players else {GRADIENT_G, MOVE_G, TWICE_G}
    return tuple(one for one in PLANS[type(rule)](rule, players, pairs) if one not in still)


def covers(game: Game) -> bool:
    """Whether compiled code can play this game: plain MLPs, points and straight lines on the processor under an objective that
    was not given from outside, by a rule that only moves along the field."""
    laid_out = has_layout(game.generator.network) and has_layout(game.discriminator.network)
    by_a_plan = type(game.config.update_rule) in PLANS and game.averaging.device.type == "cpu"
    return laid_out and by_a_plan and game.given.objective is None


def has_layout(network: Network) -> bool:
    """Whether compiled code passes through it."""
    return isinstance(network, PointNetwork | LinearNetwork) or (isinstance(network, MLP) and network.is_plain)


def count_draws(planned: Plan) -> int:
    """Batches that a round of this plan draws."""
    return sum(one in (DRAW, DRAW_LATENTS) for one in planned)


def most_draws(rule: Settings) -> int:
    """Batches in a round of this rule, whoever plays; of one that has no plan: those of `gandash.game.step`."""
    if type(rule) not in PLANS:
        return 1
    return max(count_draws(plan(rule, players, False)) for players in (Players.D, Players.G, Players.BOTH))
