"""Losses on outputs: against the textbook's formulas where those are safe, and finite where they are not."""

from __future__ import annotations

import math
from typing import get_args

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from game.checks import (
    AT_REST,
    DIVERGENCES,
    TEXTBOOK,
    check_best_response,
    check_losses,
    check_rest,
    check_slopes,
    outputs,
    slopes_of_d,
)
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from torch import Tensor

from gandash.config import GameConfig
from gandash.config.objectives import CROSS_ENTROPIES
from gandash.game.objectives import OBJECTIVES, Objective, objective

EVERY = pytest.mark.parametrize("played", OBJECTIVES.values(), ids=OBJECTIVES.keys())
PROBABILISTIC = pytest.mark.parametrize("name", CROSS_ENTROPIES)
F_GANS = pytest.mark.parametrize("name", DIVERGENCES)
SMOOTHINGS = (0.1, 0.3, 0.5)


def test_every_objective_offered_is_there_and_tested() -> None:
    offered = set(get_args(GameConfig.model_fields["objective"].annotation))
    assert set(OBJECTIVES) == offered == set(TEXTBOOK) == set(AT_REST)
    for name, played in OBJECTIVES.items():
        assert played.name == name and played is objective(name)
        assert played.other is None or (played.other in OBJECTIVES and played.other != name)
    assert {o.name for o in OBJECTIVES.values() if o.other} == set(CROSS_ENTROPIES)


@EVERY
def test_losses_by_the_textbook(played: Objective) -> None:
    check_losses(played)


@EVERY
def test_slopes_are_the_derivatives(played: Objective) -> None:
    check_slopes(played)


@EVERY
def test_slopes_come_in_the_outputs_precision(played: Objective) -> None:
    for dtype in (torch.float32, torch.float64):
        a = torch.stack([outputs(1), outputs(2)], dim=1).to(dtype)
        assert played.generator_slope(a[:, 0], a[:, 1]).dtype == dtype


@EVERY
def test_reference_lines_are_the_values_at_equilibrium(played: Objective) -> None:
    check_rest(played)


@EVERY
def test_equilibrium_is_where_no_output_pulls(played: Objective) -> None:
    """At p_g = p_r the pulls of a real and a generated sample at the same place cancel."""
    at = torch.full((1, 2, 4), AT_REST[played.name][0], dtype=torch.float64)
    assert float(slopes_of_d(played, at).sum(1).abs().max()) < 1e-12


@EVERY
def test_the_generator_wants_larger_outputs_and_the_discriminator_a_gap(played: Objective) -> None:
    a = outputs(0).clamp(-0.8, 0.8)  # least squares and Pearson turn beyond what they ask for
    assert bool((played.generator(a, a + 0.1) < played.generator(a, a)).all())
    assert bool((played.discriminator(a + 0.1, a - 0.1) < played.discriminator(a, a)).all()) or played.name.startswith("f_")
    at = torch.full((1, 4), AT_REST[played.name][0], dtype=torch.float64)
    assert float(played.discriminator(at + 0.1, at - 0.1)) < float(played.discriminator(at, at))


@EVERY
def test_pairs_says_whether_the_generator_looks_at_real_data(played: Objective) -> None:
    a, other, f = outputs(0), outputs(1), outputs(2)
    same = torch.equal(played.generator(a, f), played.generator(other, f))
    assert same == torch.equal(played.generator_slope(a, f), played.generator_slope(other, f)) == (not played.pairs)


@pytest.mark.parametrize("played", [o for o in OBJECTIVES.values() if o.reading.optimal], ids=lambda o: o.name)
def test_best_response_by_search(played: Objective) -> None:
    check_best_response(played)


def test_critics_with_a_free_offset_have_no_centre() -> None:
    free = {name for name, o in OBJECTIVES.items() if o.reading.centre is None}
    assert free == {"wasserstein", "relativistic"}
    r, f = outputs(1), outputs(2)
    for name in free:
        o = OBJECTIVES[name]
        torch.testing.assert_close(o.discriminator(r + 5, f + 5), o.discriminator(r, f))
        assert o.reading.optimal is None and o.reading.low is None and not o.reading.is_probability


@EVERY
def test_readings_lie_in_their_range(played: Objective) -> None:
    read = played.reading.of(outputs(3))
    if played.reading.is_probability:
        assert float(read.min()) >= 0 and float(read.max()) <= 1
        assert (played.reading.low, played.reading.high) == (0, 1)
    else:
        assert torch.equal(read, outputs(3))


@F_GANS
def test_a_reading_is_the_density_ratio_that_the_output_implies(name: str) -> None:
    u = torch.logspace(-3, 3, 50, dtype=torch.float64)
    torch.testing.assert_close(OBJECTIVES[name].reading.of(DIVERGENCES[name].best(u)), u / (1 + u), rtol=1e-9, atol=1e-12)


def test_pearson_reads_an_impossible_ratio_as_none() -> None:
    read = OBJECTIVES["f_pearson"].reading.of(torch.tensor([[-2.0, -5.0, -1e4]]))
    assert bool(read.isfinite().all()) and float(read.max()) < 1e-5


# --------------------------------------------------------------------------------------------------------------- f-GAN


@F_GANS
def test_conjugates_by_definition(name: str) -> None:
    """f*(t) = sup_u (u t - f(u)), by search over u: the test's own textbook is right, too."""
    one = DIVERGENCES[name]
    u = torch.logspace(-6, 4, 200_001, dtype=torch.float64)
    for ratio in (0.2, 0.7, 1.0, 2.5):
        t = one.slope(torch.tensor(ratio, dtype=torch.float64))
        assert float((u * t - one.f(u)).max()) == pytest.approx(float(one.conjugate(t)), abs=1e-7)
        assert float(one.g(one.best(torch.tensor(ratio, dtype=torch.float64)))) == pytest.approx(float(t), abs=1e-12)


def gaussians() -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    x = np.linspace(-14, 14, 40_001)
    p = np.exp(-((x - 0.4) ** 2) / (2 * 0.8**2)) / (0.8 * math.sqrt(2 * math.pi))
    q = np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)
    return x, p, q


KNOWN_DIVERGENCES = {  # of p = N(0.4, 0.8^2) from q = N(0, 1); closed forms, or None for quadrature alone
    "f_kl": math.log(1 / 0.8) + (0.8**2 + 0.4**2) / 2 - 0.5,
    "f_reverse_kl": math.log(0.8) + (1 + 0.4**2) / (2 * 0.8**2) - 0.5,
    "f_pearson": 1 / (0.8 * math.sqrt(2 - 0.8**2)) * math.exp(0.4**2 / (2 - 0.8**2)) - 1,
    "f_squared_hellinger": 2 - 2 * math.sqrt(2 * 0.8 / (0.8**2 + 1)) * math.exp(-(0.4**2) / (4 * (0.8**2 + 1))),
    "f_jensen_shannon": None,
}


@F_GANS
def test_an_optimal_critic_reports_the_divergence(name: str) -> None:
    x, p, q = gaussians()
    if name == "f_jensen_shannon":
        mean = (p + q) / 2
        divergence = np.trapezoid(p * np.log(p / mean) + q * np.log(q / mean), x)  # KL(p|m) + KL(q|m) = 2 JSD
    else:
        ratio = {
            "f_kl": p * np.log(p / q),
            "f_reverse_kl": q * np.log(q / p),
            "f_pearson": (p - q) ** 2 / q,
            "f_squared_hellinger": (np.sqrt(p) - np.sqrt(q)) ** 2,
        }[name]
        divergence = np.trapezoid(ratio, x)
        assert divergence == pytest.approx(KNOWN_DIVERGENCES[name], rel=1e-6)
    v = DIVERGENCES[name].best(torch.from_numpy(p / q))[:, None]  # every place a member with a batch of one
    at = torch.full_like(v, AT_REST[name][0])
    rest = OBJECTIVES[name].discriminator(at, at).numpy()
    of_real = OBJECTIVES[name].discriminator(v, at).numpy() - rest
    of_fake = OBJECTIVES[name].discriminator(at, v).numpy() - rest
    value = -np.trapezoid(p * of_real + q * of_fake, x)
    assert value == pytest.approx(divergence, rel=1e-6)


def test_an_optimal_discriminator_reports_two_jsd_less_log_four() -> None:
    x, p, q = gaussians()
    a = torch.from_numpy(np.log(p / q))[:, None]
    zero = torch.zeros_like(a)
    o = OBJECTIVES["minimax"]
    mean = (p + q) / 2
    two_jsd = np.trapezoid(p * np.log(p / mean) + q * np.log(q / mean), x)
    half = math.log(2)
    of_real, of_fake = o.discriminator(a, zero).numpy() - half, o.discriminator(zero, a).numpy() - half
    assert -np.trapezoid(p * of_real + q * of_fake, x) == pytest.approx(two_jsd - math.log(4), abs=1e-8)


# ----------------------------------------------------------------------------------------------------- cross-entropies


@PROBABILISTIC
def test_discriminator_loss_is_the_sum_of_both_cross_entropies(name: str) -> None:
    real, fake = outputs(1), outputs(2)
    for member in range(3):
        bce = F.binary_cross_entropy_with_logits
        both = bce(real[member], torch.ones(50).double()) + bce(fake[member], torch.zeros(50).double())
        torch.testing.assert_close(OBJECTIVES[name].discriminator(real, fake)[member], both)


@PROBABILISTIC
@pytest.mark.parametrize("smoothing", SMOOTHINGS)
def test_label_smoothing_moves_the_best_response_and_the_lines(name: str, smoothing: float) -> None:
    smooth = objective(name, smoothing)
    s = 1 - smoothing
    check_losses(smooth, smoothing)
    check_slopes(smooth)
    check_best_response(smooth, scale=s)
    at = torch.full((1, 3), math.log(s / 2 / (1 - s / 2)), dtype=torch.float64)  # D = s/2
    assert smooth.reading.centre == s / 2 == pytest.approx(float(smooth.reading.of(at)[0, 0]), abs=1e-12)
    assert smooth.equilibrium["loss_d"] == pytest.approx(float(smooth.discriminator(at, at)), abs=1e-12)
    assert smooth.equilibrium["loss_g"] == pytest.approx(float(smooth.generator(at, at)), abs=1e-12)
    a = outputs(0)
    torch.testing.assert_close(smooth.generator(a, a), OBJECTIVES[name].generator(a, a))  # one-sided: G's loss is as it was


def test_smoothing_by_torchs_cross_entropy() -> None:
    real, fake = outputs(1)[0], outputs(2)[0]
    bce = F.binary_cross_entropy_with_logits
    expected = bce(real, torch.full_like(real, 0.8)) + bce(fake, torch.zeros_like(fake))
    torch.testing.assert_close(objective("non_saturating", 0.2).discriminator(real[None], fake[None])[0], expected)


@PROBABILISTIC
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_slopes_are_not_lost_to_rounding(name: str, smoothing: float) -> None:
    """Where D is all but right the pull is tiny, not zero."""
    right = torch.tensor([[[30.0], [-30.0]]])
    of_real, of_fake = slopes_of_d(objective(name, smoothing), right).flatten().tolist()
    assert of_fake == pytest.approx(math.exp(-30), rel=1e-5)
    assert of_real == pytest.approx(-math.exp(-30) if smoothing == 0 else smoothing, rel=1e-5)


@PROBABILISTIC
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("real_sign", [-1, 1])
@pytest.mark.parametrize("fake_sign", [-1, 1])
def test_exact_at_any_logit(name: str, dtype: torch.dtype, real_sign: int, fake_sign: int) -> None:
    played = OBJECTIVES[name]
    real = torch.full((1, 2), 1e4 * real_sign, dtype=dtype)
    fake = torch.full((1, 2), 1e4 * fake_sign, dtype=dtype)
    # s(-a_r) + s(a_f): nothing where D is right, the logit itself where it is wrong
    assert played.discriminator(real, fake).item() == 1e4 * ((real_sign < 0) + (fake_sign > 0))
    expected = -1e4 * (fake_sign > 0) if name == "minimax" else 1e4 * (fake_sign < 0)
    assert played.generator(real, fake).item() == expected


BOUNDED = (
    "minimax",
    "non_saturating",
    "least_squares",
    "hinge",
    "wasserstein",
    "relativistic",
    "f_pearson",
    "f_jensen_shannon",
)


@pytest.mark.parametrize("name", BOUNDED)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_finite_at_any_output(name: str, dtype: torch.dtype) -> None:
    """All but the three f-GANs with an exponential, which may diverge: that is a result."""
    played = OBJECTIVES[name]
    ends = torch.tensor([-1e4, -50.0, 0.0, 50.0, 1e4], dtype=dtype)
    real, fake = (t.reshape(1, -1).clone().requires_grad_() for t in torch.meshgrid(ends, ends, indexing="ij"))
    loss, of_g = played.discriminator(real, fake), played.generator(real, fake)
    assert bool(loss.isfinite().all()) and bool(of_g.isfinite().all())
    for gradient in torch.autograd.grad((loss + of_g).sum(), (real, fake)):
        assert bool(gradient.isfinite().all())
    a = torch.stack([real, fake], dim=1).detach()
    assert bool(played.generator_slope(a[:, 0], a[:, 1]).isfinite().all())
    assert bool(played.reading.of(a).isfinite().all())


@given(st.floats(-30, 30))
def test_saturation(logit: float) -> None:
    """On the logit the minimax generator feels D(G(z)), the non-saturating one 1 - D(G(z)); together they are 1."""
    a = torch.tensor([[logit]], dtype=torch.float64)
    d = 1 / (1 + math.exp(-logit))
    minimax, non_saturating = (float(OBJECTIVES[n].generator_slope(a, a)) for n in ("minimax", "non_saturating"))
    assert minimax == pytest.approx(-d, rel=1e-12)
    assert non_saturating == pytest.approx(-1 / (1 + math.exp(logit)), rel=1e-12)
    assert minimax + non_saturating == pytest.approx(-1)


def test_smoothing_is_for_cross_entropies_alone() -> None:
    for name in set(OBJECTIVES) - set(CROSS_ENTROPIES):
        with pytest.raises(AssertionError):
            objective(name, 0.1)


def test_hinge_leaves_what_is_beyond_its_margin() -> None:
    a = torch.tensor([[[2.0, 0.5, -2.0], [2.0, 0.5, -2.0]]])
    expected: Tensor = torch.tensor([[[0.0, -1.0, -1.0], [1.0, 1.0, 0.0]]])
    torch.testing.assert_close(slopes_of_d(OBJECTIVES["hinge"], a), expected)
