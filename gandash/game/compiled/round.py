"""One member's rounds for compiled code: what both players see in one look at the field, and a round as its plan says."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gandash.game.compiled.functions import NAN, ONE, TWO, ZERO, compiled, entrance, f32, norm
from gandash.game.compiled.moves import (
    ROUNDS,
    STARTED,
    PlayerReference,
    add_update,
    choose_update,
    clip,
    follow,
    normalise,
    pull_back,
)
from gandash.game.compiled.network import (
    Floats,
    Integers,
    NetReference,
    Tape,
    TapeReference,
    backward,
    forward,
    gradient,
    inputs,
    outputs,
    seeds,
    slope,
    tangent,
)
from gandash.game.compiled.objectives import discriminator_loss, generator_loss, read
from gandash.game.compiled.plans import (
    BACK,
    DRAW,
    DRAW_LATENTS,
    LOOK_D,
    LOOK_G,
    MARK,
    MOVE_D,
    MOVE_G,
    RETURN,
    TWICE_D,
    TWICE_G,
)
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


class Chance(NamedTuple):
    """What is drawn for some rounds, each `(rounds, draws, numbers of a batch)`."""

    real: Floats
    latents: Floats
    noise: Floats
    mix: Floats


MatchReference, MatchReferenceType = reference(Match, ("g", "d", *Match._fields))
MemoryReference, MemoryReferenceType = reference(Memory)
ChanceReference, ChanceReferenceType = reference(Chance)

ROUND, BATCH, REAL, HELD, D_LOOKED, G_LOOKED, D_MOVED, G_MOVED = range(8)
"""In `Memory.now`: the round, its present batch and that of the real data; whether G's tape is of this theta and these latents;
what has been done in this round."""

METRICS = 12


# ------------------------------------------------------------------------------------------------------------- batches


@compiled
def _generate(match: Any, memory: Any, g: Any, chance: Any) -> None:
    """G's tape of the latents at hand."""
    now = memory.now
    if now[HELD]:
        return
    z, x = chance.latents[now[ROUND], now[BATCH]], inputs(match.g, memory.g)
    for i in range(x.shape[0]):
        row = x[i]
        for k in range(row.size):
            row[k] = z[k * x.shape[0] + i]
    forward(match.g, g.at, memory.g)
    now[HELD] = 1


@compiled
def _put_real(match: Any, memory: Any, chance: Any, sigma: Any, x: Any, first: int, packs: int) -> None:
    """Real samples in packs into columns of x from `first` on."""
    now, features = memory.now, x.shape[0]
    flat = chance.real[now[ROUND], now[REAL]]
    for i in range(features):
        row = x[i]
        for k in range(packs):
            row[first + k] = flat[k * features + i]
    if sigma > ZERO:
        noise = chance.noise[now[ROUND], now[BATCH]]
        for i in range(features):
            row = x[i]
            for k in range(packs):
                row[first + k] += sigma * noise[k * features + i]


@compiled
def _put_fake(match: Any, memory: Any, chance: Any, sigma: Any, x: Any, first: int, packs: int) -> None:
    """Generated samples, as G's tape has them, in packs into columns of x from `first` on."""
    made, dimension, pack = outputs(match.g, memory.g), match.dimension, match.pack
    for s in range(pack):
        for i in range(dimension):
            row, samples = x[s * dimension + i], made[i]
            for k in range(packs):
                row[first + k] = samples[k * pack + s]
    if sigma > ZERO:
        now, features = memory.now, x.shape[0]
        noise = chance.noise[now[ROUND], now[BATCH]]
        half = noise.size // 2
        for i in range(features):
            row = x[i]
            for k in range(packs):
                row[first + k] += sigma * noise[half + k * features + i]


@compiled
def _put_between(memory: Any, chance: Any, x: Any, real: Any, fake: Any) -> None:
    """Uniformly between pairs of packs."""
    now = memory.now
    mix = chance.mix[now[ROUND], now[BATCH]]
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
def _logits(match: Any, memory: Any) -> Any:
    """a on real and on generated packs, as D last saw them."""
    packs = memory.judge.columns
    if _is_split(match):
        return outputs(match.d, memory.real)[0][:packs], outputs(match.d, memory.fake)[0][:packs]
    a = outputs(match.d, memory.both)[0]
    return a[:packs], a[packs:]


@compiled
def _look_d(match: Any, memory: Any, g: Any, d: Any, chance: Any, sigma: Any) -> Any:
    """grad_phi L_D with its penalties, on the batch at hand; returns L_D without them."""
    packs, net = memory.judge.columns, match.d
    _generate(match, memory, g, chance)
    if match.spectral:
        normalise(net, d, d.judged, 1)
    split = _is_split(match)
    real, fake, first = (memory.real, memory.fake, 0) if split else (memory.both, memory.both, packs)
    _put_real(match, memory, chance, sigma, inputs(net, real), 0, packs)
    _put_fake(match, memory, chance, sigma, inputs(net, fake), first, packs)
    forward(net, d.judged, real)
    if split:
        forward(net, d.judged, fake)
    r, f = _logits(match, memory)
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
            _put_between(memory, chance, inputs(net, memory.between), inputs(net, memory.real), inputs(net, memory.fake))
            forward(net, d.judged, memory.between)
            _add_gradient(match, memory, d, memory.between, memory.c_none, match.gradient_penalty, True)
    if match.spectral:
        pull_back(net, d)
    memory.now[D_LOOKED] = 1
    return loss


@compiled
def _look_g(match: Any, memory: Any, g: Any, d: Any, chance: Any, sigma: Any) -> Any:
    """grad_theta of both generator losses, on the batch at hand; returns the one that is played.

    Both act on G through the same slope grad_x a(G(z)), each sample weighted by dL_G/da: D and G are passed back through once.
    """
    packs, pack, dimension = memory.judge.columns, match.pack, match.dimension
    _generate(match, memory, g, chance)
    _put_fake(match, memory, chance, sigma, inputs(match.d, memory.judge), 0, packs)
    forward(match.d, d.acting, memory.judge)
    f = outputs(match.d, memory.judge)[0]
    r = f
    if match.pairs:
        _put_real(match, memory, chance, sigma, inputs(match.d, memory.pair), 0, packs)
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
    memory.now[G_LOOKED] = 1
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


# --------------------------------------------------------------------------------------------------------------- moves


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
def _one_round(match: Any, memory: Any, g: Any, d: Any, chance: Any, sigma: Any) -> Any:
    """What the plan says, in order; both losses as they were last seen."""
    now, of_d, of_g = memory.now, NAN, NAN
    for one in match.plan:
        if one in (DRAW, DRAW_LATENTS):
            now[BATCH] += 1
            now[HELD] = 0
            if one == DRAW:
                now[REAL] = now[BATCH]
        elif one == LOOK_D:
            of_d = _look_d(match, memory, g, d, chance, sigma)
        elif one == LOOK_G:
            of_g = _look_g(match, memory, g, d, chance, sigma)
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
    now, (r, f) = memory.now, _logits(match, memory)
    cost_r, level_r = read(match.reading, r, -ONE)
    cost_f, level_f = read(match.reading, f, ONE)
    out[:] = NAN
    out[0] = losses[0]
    out[1] = losses[1] if now[G_LOOKED] else generator_loss(match.objective, r, f, match.asked, memory.c_g)
    out[2], out[3], out[4] = -cost_r, -cost_f, -cost_r - cost_f
    out[5], out[6] = level_r, level_f
    if now[D_MOVED]:
        out[7], out[10] = norm(d.gradient), norm(d.update)
    if now[G_LOOKED]:
        out[8] = norm(g.gradient)
        out[9] = norm(g.other) if match.other >= 0 else NAN
    if now[G_MOVED]:
        out[11] = norm(g.update)


@entrance
def play(
    nets: Any, match: Any, memory: Any, players: Any, chance: Any, step: int, first: int, rounds: int, metrics: Any
) -> None:
    """`rounds` rounds from `step` on, chance's from number `first` on; a row of metrics each.

    `nets` and `players` are pairs, G's first.
    """
    game = MatchReference(NetReference(*nets[0]), NetReference(*nets[1]), *match)
    for_g = (TapeReference(*memory.g), TapeReference(*memory.judge), TapeReference(*memory.pair))
    for_d = (TapeReference(*memory.both), TapeReference(*memory.real), TapeReference(*memory.fake))
    own = MemoryReference(*for_g, *for_d, TapeReference(*memory.between), *memory[7:])
    g, d = PlayerReference(*players[0]), PlayerReference(*players[1])
    _rounds(game, own, g, d, ChanceReference(*chance), step, first, rounds, metrics)


@compiled
def _rounds(match: Any, memory: Any, g: Any, d: Any, chance: Any, step: int, first: int, rounds: int, metrics: Any) -> None:
    now = memory.now
    for i in range(rounds):
        now[:] = 0
        now[ROUND], now[BATCH], now[REAL] = first + i, -1, -1
        sigma = match.noise
        if match.half_life < np.inf:
            sigma = f32(sigma * 0.5 ** (float(step + i - match.noise_since) / float(match.half_life)))
        losses = _one_round(match, memory, g, d, chance, sigma)
        _report(match, memory, g, d, losses, metrics[i])
