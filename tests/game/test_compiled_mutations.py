"""The tests of compiled rounds can fail: slips put into their source are caught by the checks that these tests use.

As in `test_mutations.py`, but the rounds are played as plain Python, with the slip and without (`uncompiled.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from game import test_compiled as rounds
from game import test_compiled_numbers as numbers
from game.test_compiled import CALM, OPTIMISERS, PICTURES, check, config
from game.uncompiled import DRAWS, ROUNDS, uncompiled

from gandash.config import RunConfig
from gandash.config.networks import MLPConfig
from gandash.config.regularisers import RegulariserConfig
from gandash.config.rules import (
    AlternatingConfig,
    ExtragradientConfig,
    LookaheadConfig,
    OptimisticConfig,
    SimultaneousConfig,
)

Check = Callable[[], object]
Slip = tuple[str, str, str]  # module, old, new


SMALL: dict[str, Any] = {
    "generator": MLPConfig(width=4, depth=2, activation="tanh"),
    "discriminator": MLPConfig(width=4, depth=2, activation="silu"),
    "run": RunConfig(batch=6, seed=5, averaging=0.5),
}


def game(**changes: Any) -> Check:
    return lambda: check(config(**(SMALL | changes)))


def calm(name: str, **changes: Any) -> Check:
    return game(regulariser=CALM[name], **changes)


def net(activation: Any) -> dict[str, MLPConfig]:
    return dict.fromkeys(("generator", "discriminator"), MLPConfig(width=4, depth=2, activation=activation))


def both(optimiser: str) -> Check:
    return game(generator_optimiser=OPTIMISERS[optimiser], discriminator_optimiser=OPTIMISERS[optimiser])


def rule(played: Any, **changes: Any) -> Check:
    return game(update_rule=played, **changes)


G_FIRST = AlternatingConfig(discriminator_steps=1, generator_steps=2, first="generator")
LOOKAHEAD = LookaheadConfig(rounds=3, share=0.4)

SLIPS: dict[str, tuple[Slip, Check]] = {
    # ------------------------------------------------------------------------------------------------------ objectives
    "the sign of the minimax generator's slope": (
        ("objectives", "        lambda r, f, s: -softplus(f),\n        lambda r, f, s: -sigmoid(f),\n",
         "        lambda r, f, s: -softplus(f),\n        lambda r, f, s: sigmoid(f),\n"),
        game(objective="minimax"),
    ),
    "slopes on generated data that are not divided by their number": (
        ("objectives", "slope_f(r[i], f[i], s) * share", "slope_f(r[i], f[i], s)"),
        game(),
    ),
    "G's slopes that are not divided by their number": (
        ("objectives", "slope_g(r[i], f[i], s) * share", "slope_g(r[i], f[i], s)"),
        game(),
    ),
    "half of least squares": (
        ("objectives", "lambda r, f, s: TWO * f,", "lambda r, f, s: f,"),
        game(objective="least_squares"),
    ),
    "a hinge with its margin on the wrong side": (
        ("objectives", "-ONE if ONE - r > ZERO else ZERO", "-ONE if -ONE - r > ZERO else ZERO"),
        game(objective="hinge"),
    ),
    "smooth labels that D's slope forgets": (
        ("objectives", "return (ONE - s) - sigmoid(-r)", "return -sigmoid(-r)"),
        game(regulariser=RegulariserConfig(r1=0, smoothing=0.2)),
    ),
    "relativistic slopes the wrong way round": (
        ("objectives", "lambda r, f, s: -sigmoid(r - f),", "lambda r, f, s: -sigmoid(f - r),"),
        game(objective="relativistic"),
    ),
    "the log-odds of KL one too high": (
        ("objectives", "        return a - ONE\n", "        return a\n"),
        game(objective="f_kl"),
    ),
    # -------------------------------------------------------------------------------------------------------- penalties
    "R1 without its half": (
        ("gradients", "scale = weight / f32(v.shape[1])\n    for i", "scale = TWO * weight / f32(v.shape[1])\n    for i"),
        calm("R1"),
    ),
    "R1 that is not divided by the number of samples": (
        ("gradients", "scale = weight / f32(v.shape[1])\n    for i", "scale = weight\n    for i"),
        calm("R1"),
    ),
    "R2 that weighs as R1": (
        ("gradients", "c_fake, match.r2, False)", "c_fake, match.r1, False)"),
        game(regulariser=RegulariserConfig(r1=0.6, r2=0.2)),
    ),
    "R2 alone, forgotten": (
        ("gradients", "match.r2 > ZERO or ", ""),
        calm("R2"),
    ),
    "the gradient penalty, forgotten": (
        ("gradients", "        if match.gradient_penalty > ZERO:\n            _put", "        if False:\n            _put"),
        calm("GP"),
    ),
    "half of the gradient penalty": (
        ("gradients", "scale, flat = TWO * weight", "scale, flat = weight"),
        calm("GP"),
    ),
    "the gradient penalty of the squared length": (
        ("gradients", "(ONE - ONE / length)", "(square - ONE)"),
        calm("GP"),
    ),
    "the gradient penalty between the wrong ends": (
        (
            "gradients",
            "from_real[k] + mix[k] * (to_fake[k] - from_real[k])",
            "to_fake[k] + mix[k] * (from_real[k] - to_fake[k])",
        ),
        calm("GP"),
    ),
    # ---------------------------------------------------------------------------------------------------- what D looks at
    "the same noise on real and generated data": (
        ("gradients", "noise[half + k * features + i]", "noise[k * features + i]"),
        calm("noise"),
    ),
    "noise that G does not see": (
        ("gradients", "draws, sigma, inputs(match.d, memory.judge)", "draws, ZERO, inputs(match.d, memory.judge)"),
        calm("noise"),
    ),
    "noise that has faded by a round too many": (
        ("round", "float(step + i - match", "float(step + i + 1 - match"),
        calm("noise"),
    ),
    "packs of samples far apart": (
        ("gradients", "row[first + k] = samples[k * pack + s]", "row[first + k] = samples[s * packs + k]"),
        calm("packs"),
    ),
    "slopes that go back to other samples of a pack": (
        ("gradients", "out[k * pack + s] = row[k]", "out[s * packs + k] = row[k]"),
        calm("packs"),
    ),
    "generated data of the G before": (
        ("round", "            follow(g)\n            now[HELD] = 0\n", "            follow(g)\n"),
        rule(G_FIRST, generator_optimiser=OPTIMISERS["Adam"]),
    ),
    # --------------------------------------------------------------------------------------------------- passes
    "a slope of SiLU without its second part": (
        ("functions", "p[i] *= s * (ONE + u[i] * (ONE - s))", "p[i] *= s"),
        game(**net("silu")),
    ),
    "a leaky ReLU that does not leak on the way back": (
        ("functions", "p[i] = p[i] if h[i] > ZERO else p[i] * _LEAK", "p[i] = p[i] if h[i] > ZERO else ZERO"),
        game(**net("leaky_relu")),
    ),
    "a curvature forgotten": (
        ("network", "curved = is_curved(net.activation)", "curved = False"),
        calm("R1", **net("tanh")),
    ),
    "the sign of a curvature": (
        ("functions", "p[i] *= -TWO * h[i]", "p[i] *= TWO * h[i]"),
        calm("R1", **net("tanh")),
    ),
    "a bounded generator's tanh forgotten on the way back": (
        ("network", "delta[i] *= ONE - o[i] * o[i]", "pass"),
        game(**PICTURES),
    ),
    "gradients of one batch in place of another's": (
        ("products", "b.ctypes.data, np.int32(k), a.ctypes.data, np.int32(k), _ADDED,",
         "b.ctypes.data, np.int32(k), a.ctypes.data, np.int32(k), _NEW,"),
        calm("R1"),
    ),
    # --------------------------------------------------------------------------------------------- optimisers, averages
    "Adam's square by the mean's beta": (
        ("moves", "f32(beta_2 ** numbers[COUNT])", "f32(beta_1 ** numbers[COUNT])"),
        both("Adam"),
    ),
    "Adam that is always at its first step": (
        ("moves", "numbers[COUNT] += ONE", "numbers[COUNT] = ONE"),
        both("Adam"),
    ),
    "Adam's epsilon before the correction": (
        ("moves", "(np.sqrt(second[i] * square_share) + epsilon)", "((np.sqrt(second[i]) + epsilon) * np.sqrt(square_share))"),
        both("Adam"),
    ),
    "momentum that is damped": (
        ("moves", "mu * first[i] + g[i]", "mu * first[i] + (ONE - mu) * g[i]"),
        both("momentum"),
    ),
    "RMSProp's epsilon under the root": (
        ("moves", "(np.sqrt(second[i]) + epsilon)\n    else", "np.sqrt(second[i] + epsilon)\n    else"),
        both("RMSProp"),
    ),
    "an average whose decay is its share of the new": (
        ("moves", "_between(at[i], average[i], decay)", "_between(average[i], at[i], decay)"),
        game(run=RunConfig(batch=6, seed=5, averaging=0.9)),
    ),
    "a D that is not clipped": (
        ("moves", "        at[i] += update[i]\n    clip(player)\n", "        at[i] += update[i]\n"),
        calm("clipping"),
    ),
    # --------------------------------------------------------------------------------------------------------- spectral
    "a pull-back that only divides": (
        ("moves", " - along * v[i] * u[j]", ""),
        calm("spectral"),
    ),
    "spectral normalisation without an iteration": (
        ("moves", "for _ in range(rounds):", "for _ in range(0):"),
        calm("spectral"),
    ),
    "G against a D that is not normalised": (
        ("gradients", "forward(match.d, d.acting, memory.judge)", "forward(match.d, d.at, memory.judge)"),
        calm("spectral"),
    ),
    # ------------------------------------------------------------------------------------------------------ update rules
    "simultaneous play one after the other": (
        ("plans", "(DRAW, GRADIENT_D, GRADIENT_G, MOVE_D, MOVE_G)", "(DRAW, GRADIENT_D, MOVE_D, GRADIENT_G, MOVE_G)"),
        rule(SimultaneousConfig()),
    ),
    "a pairing G against the real data before": (
        ("plans", "DRAW if pairs else DRAW_LATENTS", "DRAW_LATENTS"),
        rule(AlternatingConfig(discriminator_steps=1, generator_steps=2), objective="relativistic"),
    ),
    "extragradient applied from the half point": (
        ("round", "g.at[:], g.average[:], d.at[:] = g.aside, g.aside_average, d.aside", "g.average[:] = g.aside_average"),
        rule(ExtragradientConfig()),
    ),
    "extragradient along the field of where it began": (
        ("plans", "MOVE_D, MOVE_G, DRAW, GRADIENT_D, GRADIENT_G, BACK,", "MOVE_D, MOVE_G, DRAW, BACK, GRADIENT_D, GRADIENT_G,"),
        rule(ExtragradientConfig()),
    ),
    "optimistic with the wrong sign": (
        ("round", "TWO * own - player.before[i]", "TWO * own + player.before[i]"),
        rule(OptimisticConfig()),
    ),
    "optimistic that remembers what it did rather than its update": (
        ("round", "player.before[i] = own", "player.before[i] = player.update[i]"),
        rule(OptimisticConfig()),
    ),
    "an optimistic G whose average follows twice": (
        ("round", "                g.average[:] = g.aside_average\n", "                pass\n"),
        rule(OptimisticConfig(), generator_optimiser=OPTIMISERS["Adam"]),
    ),
    "lookahead a round too late": (
        ("round", "if g.numbers[ROUNDS] < f32(match.lookahead):", "if g.numbers[ROUNDS] <= f32(match.lookahead):"),
        rule(LOOKAHEAD),
    ),
    "lookahead with the share the wrong way round": (
        ("round", "slow[i] + match.share * (at[i] - slow[i])", "at[i] + match.share * (slow[i] - at[i])"),
        rule(LOOKAHEAD),
    ),
    "lookahead that goes back one player alone": (
        ("round", "for player in (g, d):", "for player in (g,):"),
        rule(LOOKAHEAD),
    ),
    # ---------------------------------------------------------------------------------------------------- what is told
    "the gradient's length told as the update's": (
        ("round", "out[7], out[10] = norm(d.gradient), norm(d.update)", "out[7], out[10] = norm(d.update), norm(d.gradient)"),
        game(),
    ),
    "the gradient of the other loss told as the played one's": (
        ("round", "out[9] = norm(g.other) if match.other >= 0 else NAN", "out[9] = norm(g.gradient)"),
        game(),
    ),
    "another member's coefficient": (
        ("engine", "f32(weight[i, 0])", "f32(weight[0, 0])"),
        lambda: check(*(config(**SMALL, regulariser=RegulariserConfig(r1=r1)) for r1 in (0.6, 0.1))),
    ),
}  # fmt: skip

OF_CHANCE: dict[str, tuple[Slip, Check]] = {
    "steps that repeat after 2^32": (
        ("philox", "(p0 >> _32) ^ c3 ^ k1", "(p0 >> _32) ^ k1"),
        partial(numbers.test_every_number_has_its_place, True, 5),
    ),
    "streams that share their numbers": (
        ("philox", "(p0 >> _32) ^ c3 ^ k1", "(p0 >> _32) ^ c3"),
        partial(numbers.test_every_number_has_its_place, False, 5),
    ),
    "draws that share their numbers": (
        (
            "draws",
            "fill_normal(out[i, draw], seed, stream, step + i, draw)",
            "fill_normal(out[i, draw], seed, stream, step + i, 0)",
        ),
        partial(numbers.test_every_number_has_its_place, True, 4),
    ),
}


@pytest.mark.parametrize(("slip", "check"), SLIPS.values(), ids=SLIPS)
def test_a_slip_in_a_round_is_caught(slip: Slip, check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "Compiled", uncompiled(ROUNDS)["engine"].Compiled)
    with np.errstate(all="ignore"):  # numpy tells of an overflow, compiled code does not
        check()
        monkeypatch.setattr(rounds, "Compiled", uncompiled(ROUNDS, slip)["engine"].Compiled)
        with pytest.raises(AssertionError):
            check()


@pytest.mark.parametrize(("slip", "check"), OF_CHANCE.values(), ids=OF_CHANCE)
def test_a_slip_in_what_is_drawn_is_caught(slip: Slip, check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numbers, "fill", uncompiled(DRAWS)["draws"].fill)
    with np.errstate(all="ignore"):
        check()
        monkeypatch.setattr(numbers, "fill", uncompiled(DRAWS, slip)["draws"].fill)
        with pytest.raises(AssertionError):
            check()
