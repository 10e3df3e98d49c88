"""One member's rounds for compiled code: what is done in a round, as its plan says, and what is told of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from gandash.game.compiled.functions import NAN, ONE, TWO, ZERO, compiled, entrance, f32, norm
from gandash.game.compiled.gradients import (
    BATCH,
    D_MOVED,
    G_HAS_GRADIENT,
    G_MOVED,
    HELD,
    REAL,
    ROUND,
    DrawsReference,
    MatchReference,
    MemoryReference,
    gradient_d,
    gradient_g,
    logits,
)
from gandash.game.compiled.moves import (
    ROUNDS,
    STARTED,
    PlayerReference,
    add_update,
    choose_update,
    clip,
    follow,
    normalise,
)
from gandash.game.compiled.network import LayoutReference, TapeReference
from gandash.game.compiled.objectives import generator_loss, read
from gandash.game.compiled.plans import (
    BACK,
    DRAW,
    DRAW_LATENTS,
    GRADIENT_D,
    GRADIENT_G,
    MARK,
    MOVE_D,
    MOVE_G,
    RETURN,
    TWICE_D,
    TWICE_G,
)

METRICS = 12


@compiled
def _put_d(match: Any, d: Any) -> None:
    """D acts as it is now."""
    if match.spectral:
        normalise(match.d, d, d.acting, 0)


@compiled
def _back(match: Any, memory: Any, g: Any, d: Any) -> None:
    g.at[:], g.average[:], d.at[:] = g.aside, g.aside_average, d.aside
    clip(d)
    _put_d(match, d)
    memory.now[HELD] = 0


@compiled
def _twice_less_before(player: Any) -> None:
    """From where it began along 2 u_t - u_(t-1), u the optimiser's update; the first time along u."""
    player.at[:] = player.aside
    if player.numbers[STARTED] == ZERO:
        player.before[:] = player.update
        player.numbers[STARTED] = ONE
    for i in range(player.update.size):
        own = player.update[i]
        player.update[i] = TWO * own - player.before[i]
        player.before[i] = own
    add_update(player)


@compiled
def _return(match: Any, memory: Any, g: Any, d: Any) -> None:
    """After every k rounds both players go back to slow + alpha (fast - slow), which is then the slow place."""
    g.numbers[ROUNDS] += ONE
    if g.numbers[ROUNDS] < f32(match.lookahead):
        return
    g.numbers[ROUNDS] = ZERO
    for player in (g, d):
        at, slow = player.at, player.before
        for i in range(at.size):
            at[i] = slow[i] + match.share * (at[i] - slow[i])
        clip(player)
        slow[:] = at
    _put_d(match, d)
    memory.now[HELD] = 0


@compiled
def _one_round(match: Any, memory: Any, g: Any, d: Any, draws: Any, sigma: Any) -> Any:
    """What the plan says, in order; both losses as they were last seen."""
    now, of_d, of_g = memory.now, NAN, NAN
    for one in match.plan:
        if one in (DRAW, DRAW_LATENTS):
            now[BATCH] += 1
            now[HELD] = 0
            if one == DRAW:
                now[REAL] = now[BATCH]
        elif one == GRADIENT_D:
            of_d = gradient_d(match, memory, g, d, draws, sigma)
        elif one == GRADIENT_G:
            of_g = gradient_g(match, memory, g, d, draws, sigma)
        elif one in (MOVE_D, MOVE_G):
            player = d if one == MOVE_D else g
            choose_update(player)
            add_update(player)
            now[D_MOVED if one == MOVE_D else G_MOVED] = 1
        elif one in (TWICE_D, TWICE_G):
            _twice_less_before(d if one == TWICE_D else g)
        elif one == MARK:
            g.aside[:], g.aside_average[:], d.aside[:] = g.at, g.average, d.at
        elif one == BACK:
            _back(match, memory, g, d)
        elif one == RETURN:
            _return(match, memory, g, d)
        elif g.numbers[STARTED] == ZERO:  # SLOW
            g.before[:], d.before[:] = g.at, d.at
            g.numbers[STARTED], g.numbers[ROUNDS] = ONE, ZERO
        if one in (MOVE_D, TWICE_D):
            _put_d(match, d)
        elif one in (MOVE_G, TWICE_G):
            if one == TWICE_G:
                g.average[:] = g.aside_average
            follow(g)
            now[HELD] = 0
    return of_d, of_g


@compiled
def _report(match: Any, memory: Any, g: Any, d: Any, losses: Any, out: Any) -> None:
    """One row of `gandash.game.round.METRICS`."""
    now, (r, f) = memory.now, logits(match, memory)
    cost_r, level_r = read(match.reading, r, -ONE)
    cost_f, level_f = read(match.reading, f, ONE)
    out[:] = NAN
    out[0] = losses[0]
    out[1] = losses[1] if now[G_HAS_GRADIENT] else generator_loss(match.objective, r, f, match.asked, memory.c_g)
    out[2], out[3], out[4] = -cost_r, -cost_f, -cost_r - cost_f
    out[5], out[6] = level_r, level_f
    if now[D_MOVED]:
        out[7], out[10] = norm(d.gradient), norm(d.update)
    if now[G_HAS_GRADIENT]:
        out[8] = norm(g.gradient)
        out[9] = norm(g.other) if match.other >= 0 else NAN
    if now[G_MOVED]:
        out[11] = norm(g.update)


@entrance
def play(
    nets: Any, match: Any, memory: Any, players: Any, draws: Any, step: int, first: int, rounds: int, metrics: Any
) -> None:
    """`rounds` rounds from `step` on, draws's from number `first` on; a row of metrics each.

    `nets` and `players` are pairs, G's first.
    """
    game = MatchReference(LayoutReference(*nets[0]), LayoutReference(*nets[1]), *match)
    for_g = (TapeReference(*memory.g), TapeReference(*memory.judge), TapeReference(*memory.pair))
    for_d = (TapeReference(*memory.both), TapeReference(*memory.real), TapeReference(*memory.fake))
    own = MemoryReference(*for_g, *for_d, TapeReference(*memory.between), *memory[7:])
    g, d = PlayerReference(*players[0]), PlayerReference(*players[1])
    _rounds(game, own, g, d, DrawsReference(*draws), step, first, rounds, metrics)


@compiled
def _rounds(match: Any, memory: Any, g: Any, d: Any, draws: Any, step: int, first: int, rounds: int, metrics: Any) -> None:
    now = memory.now
    for i in range(rounds):
        now[:] = 0
        now[ROUND], now[BATCH], now[REAL] = first + i, -1, -1
        sigma = match.noise
        if match.half_life < np.inf:
            sigma = f32(sigma * 0.5 ** (float(step + i - match.noise_since) / float(match.half_life)))
        losses = _one_round(match, memory, g, d, draws, sigma)
        _report(match, memory, g, d, losses, metrics[i])
