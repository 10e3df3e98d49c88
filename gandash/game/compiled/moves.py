"""How a player moves: the optimisers of `gandash.game.optimisers`, spectral normalisation and clipping, for compiled code."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gandash.game.compiled.functions import ONE, ZERO, compiled, f32, norm
from gandash.game.compiled.network import Floats, weights
from gandash.game.compiled.reference import reference
from gandash.game.spectral import NOTHING

GRADIENT_DESCENT, MOMENTUM, RMSPROP, ADAM = range(4)
OPTIMISERS = {"gradient_descent": GRADIENT_DESCENT, "momentum": MOMENTUM, "rmsprop": RMSPROP, "adam": ADAM}
_TINY = f32(np.finfo(np.float32).tiny)


class Player(NamedTuple):
    """One player of one member: all flat, of its network's size unless said otherwise."""

    at: Floats  # theta or phi
    acting: Floats  # as it acts: under spectral normalisation of D every W over its sigma, else the very same memory
    judged: Floats  # the same after one more power iteration: what D's own gradient is taken at
    average: Floats  # of G; empty for D
    gradient: Floats
    other: Floats  # of G: the gradient of the loss that is not played; empty for D
    update: Floats  # what was last added
    first: Floats  # moments: the buffer or the mean of gradients, the mean of their squares
    second: Floats
    aside: Floats  # where a rule that goes back began, and its average
    aside_average: Floats
    before: Floats  # the update of the round before; the slow place of lookahead
    singular: Floats  # the vectors u that spectral normalisation keeps, one after the other
    sides: Floats  # v of each matrix, the same way
    norms: Floats  # sigma of each matrix, (L,)
    numbers: Floats  # (9,), by the names below
    kind: int  # of its optimiser


PlayerReference, PlayerReferenceType = reference(Player)

RATE, BETA_1, BETA_2, EPSILON, DECAY, CLIP, COUNT, STARTED, ROUNDS = range(9)
"""Settings: of the optimiser (BETA_1 is also momentum or decay), of the average, of clipping. Counters: of Adam's updates,
whether the rule has anything from an earlier round, and rounds since lookahead went back."""


@compiled
def _positive(epsilon: Any) -> Any:
    """An epsilon below what float32 holds would be 0, and a gradient of 0 divided by it NaN."""
    return _TINY if epsilon < _TINY else epsilon


@compiled
def _between(a: Any, b: Any, share: Any) -> Any:
    """(1 - share) a + share b, NaN where both are infinite.

    So a square that overflows is no number in the next round, and the game has diverged; as inf it would divide each later step
    down to 0, and the player would stand still without a word.
    """
    return a + share * (b - a)


@compiled
def choose_update(player: Any) -> None:
    """The step to add, from the gradient. Polyak 1964; Tieleman and Hinton 2012; Kingma and Ba 2014 (arXiv:1412.6980)."""
    g, update, numbers = player.gradient, player.update, player.numbers
    rate, epsilon = numbers[RATE], _positive(numbers[EPSILON])
    first, second = player.first, player.second
    if player.kind == GRADIENT_DESCENT:
        for i in range(g.size):
            update[i] = -rate * g[i]
    elif player.kind == MOMENTUM:  # b <- mu b + g, the learning rate outside the buffer
        mu = numbers[BETA_1]
        for i in range(g.size):
            first[i] = mu * first[i] + g[i]
            update[i] = -rate * first[i]
    elif player.kind == RMSPROP:
        decay = numbers[BETA_1]
        for i in range(g.size):
            second[i] = _between(g[i] * g[i], second[i], decay)
            update[i] = -rate * g[i] / (np.sqrt(second[i]) + epsilon)
    else:
        beta_1, beta_2 = numbers[BETA_1], numbers[BETA_2]
        numbers[COUNT] += ONE
        mean_share = rate / (ONE - f32(beta_1 ** numbers[COUNT]))
        square_share = ONE / (ONE - f32(beta_2 ** numbers[COUNT]))
        for i in range(g.size):
            first[i] = _between(g[i], first[i], beta_1)
            second[i] = _between(g[i] * g[i], second[i], beta_2)
            update[i] = -mean_share * first[i] / (np.sqrt(second[i] * square_share) + epsilon)


@compiled
def add_update(player: Any) -> None:
    """From where it is along its update, and for D into its clipped box."""
    at, update = player.at, player.update
    for i in range(at.size):
        at[i] += update[i]
    clip(player)


@compiled
def clip(player: Any) -> None:
    """D into its box."""
    at, bound = player.at, player.numbers[CLIP]
    if bound < np.inf:
        for i in range(at.size):
            at[i] = -bound if at[i] < -bound else (bound if at[i] > bound else at[i])


@compiled
def follow(player: Any) -> None:
    """G's average follows it (Yazici et al. 2019, arXiv:1806.04498)."""
    at, average, decay = player.at, player.average, player.numbers[DECAY]
    for i in range(average.size):
        average[i] = _between(at[i], average[i], decay)


# ------------------------------------------------------------------------------------------------ spectral normalisation


@compiled
def _times(w: Any, u: Any, v: Any) -> None:
    """v = W u."""
    for i in range(w.shape[0]):
        total = ZERO
        for j in range(w.shape[1]):
            total += w[i, j] * u[j]
        v[i] = total


@compiled
def _to_unit(x: Any) -> Any:
    """x / |x|, |x| at least 1e-12; |x|."""
    length = norm(x)
    below = f32(NOTHING) if length < f32(NOTHING) else length
    for i in range(x.size):
        x[i] /= below
    return length


@compiled
def _restart(w: Any, u: Any, v: Any) -> None:
    """u = the longest row of W where W u = 0: no power iteration leaves such a u."""
    _times(w, u, v)
    if norm(v) >= f32(NOTHING):
        return
    longest, length = 0, -ONE
    for i in range(w.shape[0]):
        own = norm(w[i])
        if own > length:
            longest, length = i, own
    u[:] = w[longest]
    _to_unit(u)


@compiled
def normalise(net: Any, player: Any, into: Any, rounds: int) -> None:
    """into = phi with every W over sigma = |W u|, after `rounds` of power iteration (Miyato et al. 2018, arXiv:1802.05957)."""
    into[:] = player.at
    u_at, v_at = 0, 0
    for layer in range(1, len(net.widths)):
        w = weights(player.at, net, layer)
        u = player.singular[u_at : u_at + net.widths[layer]]
        v = player.sides[v_at : v_at + net.widths[layer - 1]]
        u_at, v_at = u_at + net.widths[layer], v_at + net.widths[layer - 1]
        _to_unit(u)
        _restart(w, u, v)
        for _ in range(rounds):
            _times(w, u, v)
            _to_unit(v)
            for j in range(w.shape[1]):
                total = ZERO
                for i in range(w.shape[0]):
                    total += v[i] * w[i, j]
                u[j] = total
            _to_unit(u)
        _times(w, u, v)
        sigma = norm(v)
        sigma = ONE if sigma < f32(NOTHING) else sigma
        for i in range(v.size):
            v[i] /= sigma
        normalised = weights(into, net, layer)
        for i in range(w.shape[0]):
            for j in range(w.shape[1]):
                normalised[i, j] /= sigma
        player.norms[layer - 1] = sigma


@compiled
def pull_back(net: Any, player: Any) -> None:
    """The gradient in W / sigma as one in W: (g - <g, W / sigma> v u^T) / sigma."""
    u_at, v_at = 0, 0
    for layer in range(1, len(net.widths)):
        g, w = weights(player.gradient, net, layer), weights(player.judged, net, layer)
        u, v = player.singular[u_at : u_at + net.widths[layer]], player.sides[v_at : v_at + net.widths[layer - 1]]
        u_at, v_at = u_at + net.widths[layer], v_at + net.widths[layer - 1]
        along = ZERO
        for i in range(g.shape[0]):
            for j in range(g.shape[1]):
                along += g[i, j] * w[i, j]
        for i in range(g.shape[0]):
            for j in range(g.shape[1]):
                g[i, j] = (g[i, j] - along * v[i] * u[j]) / player.norms[layer - 1]
