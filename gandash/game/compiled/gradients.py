"""What both players see in one look at the field: each one's gradient on the batch at hand, for compiled code."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gandash.game.compiled.functions import ONE, TWO, ZERO, compiled, f32
from gandash.game.compiled.moves import normalise, pull_back
from gandash.game.compiled.network import (
    Floats,
    Integers,
    Tape,
    backward,
    forward,
    gradient,
    inputs,
    outputs,
    seeds,
    slope,
    tangent,
)
from gandash.game.compiled.objectives import discriminator_loss, generator_loss
from gandash.game.compiled.reference import reference
from gandash.game.regularisers import FLAT


class Match(NamedTuple):
    """What is played: structure, and the coefficients of one member that are not a player's."""

    dimension: int
    pack: int
    objective: int
    other: int  # the objective shown beside it, -1: none
    reading: int
    pairs: bool
    asked: np.float32  # of D on real data: 1 less label smoothing
    r1: np.float32
    r2: np.float32
    gradient_penalty: np.float32
    noise: np.float32
    half_life: np.float32  # inf: it stays
    noise_since: int  # the step from which it counts
    spectral: bool
    plan: Integers
    lookahead: int  # rounds
    share: np.float32


class Memory(NamedTuple):
    """What a round writes before it reads it; nothing in it outlives a round, so members may share it one after the other."""

    g: Tape
    judge: Tape  # of D on generated packs, for G
    pair: Tape  # and on real ones, where the objective pairs
    both: Tape  # of D on real and generated packs side by side; under a penalty instead
    real: Tape
    fake: Tape
    between: Tape
    c_real: Floats
    c_fake: Floats
    c_none: Floats  # zeros
    empty: Floats
    c_g: Floats  # per pack
    c_each: Floats  # per sample
    now: Integers  # by the names below


class Draws(NamedTuple):
    """What is drawn for some rounds, each `(rounds, draws, numbers of a batch)`."""

    real: Floats
    latents: Floats
    noise: Floats
    mix: Floats


MatchReference, MatchReferenceType = reference(Match, ("g", "d", *Match._fields))
MemoryReference, MemoryReferenceType = reference(Memory)
DrawsReference, DrawsReferenceType = reference(Draws)

ROUND, BATCH, REAL, HELD, D_HAS_GRADIENT, G_HAS_GRADIENT, D_MOVED, G_MOVED = range(8)
"""In `Memory.now`: the round, its present batch and that of the real data; whether G's tape is of this theta and these latents;
what has been done in this round."""


# ------------------------------------------------------------------------------------------------------------- batches


@compiled
def _generate(match: Any, memory: Any, g: Any, draws: Any) -> None:
    """G's tape of the latents at hand."""
    now = memory.now
    if now[HELD]:
        return
    z, x = draws.latents[now[ROUND], now[BATCH]], inputs(match.g, memory.g)
    for i in range(x.shape[0]):
        row = x[i]
        for k in range(row.size):
            row[k] = z[k * x.shape[0] + i]
    forward(match.g, g.at, memory.g)
    now[HELD] = 1


@compiled
def _put_real(match: Any, memory: Any, draws: Any, sigma: Any, x: Any, first: int, packs: int) -> None:
    """Real samples in packs into columns of x from `first` on."""
    now, features = memory.now, x.shape[0]
    flat = draws.real[now[ROUND], now[REAL]]
    for i in range(features):
        row = x[i]
        for k in range(packs):
            row[first + k] = flat[k * features + i]
    if sigma > ZERO:
        noise = draws.noise[now[ROUND], now[BATCH]]
        for i in range(features):
            row = x[i]
            for k in range(packs):
                row[first + k] += sigma * noise[k * features + i]


@compiled
def _put_fake(match: Any, memory: Any, draws: Any, sigma: Any, x: Any, first: int, packs: int) -> None:
    """Generated samples, as G's tape has them, in packs into columns of x from `first` on."""
    made, dimension, pack = outputs(match.g, memory.g), match.dimension, match.pack
    for s in range(pack):
        for i in range(dimension):
            row, samples = x[s * dimension + i], made[i]
            for k in range(packs):
                row[first + k] = samples[k * pack + s]
    if sigma > ZERO:
        now, features = memory.now, x.shape[0]
        noise = draws.noise[now[ROUND], now[BATCH]]
        half = noise.size // 2
        for i in range(features):
            row = x[i]
            for k in range(packs):
                row[first + k] += sigma * noise[half + k * features + i]


@compiled
def _put_between(memory: Any, draws: Any, x: Any, real: Any, fake: Any) -> None:
    """Uniformly between pairs of packs."""
    now = memory.now
    mix = draws.mix[now[ROUND], now[BATCH]]
    for i in range(x.shape[0]):
        out, from_real, to_fake = x[i], real[i], fake[i]
        for k in range(out.size):
            out[k] = from_real[k] + mix[k] * (to_fake[k] - from_real[k])


# -------------------------------------------------------------------------------------------------------------- fields


@compiled
def _half_squared(weight: Any, v: Any, u: Any) -> None:
    """(gamma/2) E |v|^2: u = gamma v / n (Mescheder et al. 2018, arXiv:1801.04406)."""
    scale = weight / f32(v.shape[1])
    for i in range(v.shape[0]):
        row, out = v[i], u[i]
        for k in range(row.size):
            out[k] = scale * row[k]


@compiled
def _from_one(weight: Any, v: Any, u: Any) -> None:
    """lambda E (|v| - 1)^2: u = 2 lambda (1 - 1/|v|) v / n, 0 where D is flat (Gulrajani et al. 2017, arXiv:1704.00028)."""
    scale, flat = TWO * weight / f32(v.shape[1]), f32(FLAT)
    for k in range(v.shape[1]):
        square = ZERO
        for i in range(v.shape[0]):
            square += v[i, k] * v[i, k]
        length = np.sqrt(square)
        length = flat if length < flat else length
        for i in range(v.shape[0]):
            u[i, k] = scale * (ONE - ONE / length) * v[i, k]


@compiled
def _add_gradient(match: Any, memory: Any, d: Any, tape: Any, c: Any, weight: Any, from_one: bool) -> None:
    """Of one batch that has passed forward: sum_i c_i a_i, and under a penalty h of this weight sum_i h(|grad_x a_i|) / n.

    A penalty has the gradient in phi of u . grad_x a with u = h' grad_x a / |grad_x a| held still.
    """
    given = seeds(match.d, tape)[0]
    if weight == ZERO:
        given[:] = c
        backward(match.d, d.judged, tape, False)
        gradient(match.d, tape, memory.empty, False, d.gradient)
        return
    given[:] = ONE
    backward(match.d, d.judged, tape, True)
    v = slope(match.d, d.judged, tape)
    u = tape.t[: v.size].reshape(v.shape)
    if from_one:
        _from_one(weight, v, u)
    else:
        _half_squared(weight, v, u)
    tangent(match.d, d.judged, tape)
    gradient(match.d, tape, c, True, d.gradient)


@compiled
def _is_split(match: Any) -> bool:
    """Whether real and generated packs pass through D apart: a penalty's tangents run along one batch."""
    return bool(match.r1 > ZERO or match.r2 > ZERO or match.gradient_penalty > ZERO)


@compiled
def logits(match: Any, memory: Any) -> Any:
    """a on real and on generated packs, as D last saw them."""
    packs = memory.judge.columns
    if _is_split(match):
        return outputs(match.d, memory.real)[0][:packs], outputs(match.d, memory.fake)[0][:packs]
    a = outputs(match.d, memory.both)[0]
    return a[:packs], a[packs:]


@compiled
def gradient_d(match: Any, memory: Any, g: Any, d: Any, draws: Any, sigma: Any) -> Any:
    """grad_phi L_D with its penalties, on the batch at hand; returns L_D without them."""
    packs, net = memory.judge.columns, match.d
    _generate(match, memory, g, draws)
    if match.spectral:
        normalise(net, d, d.judged, 1)
    split = _is_split(match)
    real, fake, first = (memory.real, memory.fake, 0) if split else (memory.both, memory.both, packs)
    _put_real(match, memory, draws, sigma, inputs(net, real), 0, packs)
    _put_fake(match, memory, draws, sigma, inputs(net, fake), first, packs)
    forward(net, d.judged, real)
    if split:
        forward(net, d.judged, fake)
    r, f = logits(match, memory)
    c_real, c_fake = memory.c_real[:packs], memory.c_real[packs:]
    if split:
        c_fake = memory.c_fake
    loss = discriminator_loss(match.objective, r, f, match.asked, c_real, c_fake)
    d.gradient[:] = ZERO
    if not split:
        _add_gradient(match, memory, d, memory.both, memory.c_real, ZERO, False)
    else:
        _add_gradient(match, memory, d, memory.real, c_real, match.r1, False)
        _add_gradient(match, memory, d, memory.fake, c_fake, match.r2, False)
        if match.gradient_penalty > ZERO:
            _put_between(memory, draws, inputs(net, memory.between), inputs(net, memory.real), inputs(net, memory.fake))
            forward(net, d.judged, memory.between)
            _add_gradient(match, memory, d, memory.between, memory.c_none, match.gradient_penalty, True)
    if match.spectral:
        pull_back(net, d)
    memory.now[D_HAS_GRADIENT] = 1
    return loss


@compiled
def gradient_g(match: Any, memory: Any, g: Any, d: Any, draws: Any, sigma: Any) -> Any:
    """grad_theta of both generator losses, on the batch at hand; returns the one that is played.

    Both act on G through the same slope grad_x a(G(z)), each sample weighted by dL_G/da: D and G are passed back through once.
    """
    packs, pack, dimension = memory.judge.columns, match.pack, match.dimension
    _generate(match, memory, g, draws)
    _put_fake(match, memory, draws, sigma, inputs(match.d, memory.judge), 0, packs)
    forward(match.d, d.acting, memory.judge)
    f = outputs(match.d, memory.judge)[0]
    r = f
    if match.pairs:
        _put_real(match, memory, draws, sigma, inputs(match.d, memory.pair), 0, packs)
        forward(match.d, d.acting, memory.pair)
        r = outputs(match.d, memory.pair)[0]
    seeds(match.d, memory.judge)[0][:] = ONE
    backward(match.d, d.acting, memory.judge, False)
    v, given = slope(match.d, d.acting, memory.judge), seeds(match.g, memory.g)
    for s in range(pack):
        for i in range(dimension):
            row, out = v[s * dimension + i], given[i]
            for k in range(packs):
                out[k * pack + s] = row[k]
    backward(match.g, g.at, memory.g, False)
    loss = _add_generator_gradient(match, memory, match.objective, r, f, g.gradient)
    if match.other >= 0:
        _add_generator_gradient(match, memory, match.other, r, f, g.other)
    memory.now[G_HAS_GRADIENT] = 1
    return loss


@compiled
def _add_generator_gradient(match: Any, memory: Any, objective: int, r: Any, f: Any, into: Any) -> Any:
    loss = generator_loss(objective, r, f, match.asked, memory.c_g)
    c = memory.c_g
    if match.pack > 1:
        c = memory.c_each
        for k in range(c.size):
            c[k] = memory.c_g[k // match.pack]
    into[:] = ZERO
    gradient(match.g, memory.g, c, False, into)
    return loss
