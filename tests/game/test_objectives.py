"""Losses on logits: against the naive formulas where those are safe, and finite where they are not."""

from __future__ import annotations

import math
from typing import get_args

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from gandash.config import GameConfig
from gandash.game.objectives import OBJECTIVES, Objective

NAIVE = {  # E log(1 - D(G(z))) and -E log D(G(z))
    "minimax": lambda a: torch.log(1 - torch.sigmoid(a)).mean(-1),
    "non_saturating": lambda a: -torch.log(torch.sigmoid(a)).mean(-1),
}
KNOWN = {  # SCIENCE.md's table of values at p_g = p_r, D = 1/2
    "minimax": (1.3862943611198906, -0.6931471805599453),
    "non_saturating": (1.3862943611198906, 0.6931471805599453),
}


@pytest.fixture(params=OBJECTIVES.values(), ids=lambda o: o.name)
def objective(request: pytest.FixtureRequest) -> Objective:
    return request.param


def moderate(seed: int = 0) -> Tensor:
    return 4 * torch.randn(3, 50, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_every_objective_offered_is_there_and_tested() -> None:
    offered = set(get_args(GameConfig.model_fields["objective"].annotation))
    assert set(OBJECTIVES) == offered == set(NAIVE) == set(KNOWN)
    for name, objective in OBJECTIVES.items():
        assert objective.name == name and objective.other in OBJECTIVES and objective.other != name


def test_reference_lines_are_the_values_at_equilibrium(objective: Objective) -> None:
    half = torch.zeros(1, 8, dtype=torch.float64)
    assert float(objective.discriminator(half, half)) == pytest.approx(objective.equilibrium["loss_d"], abs=1e-15)
    assert float(objective.generator(half)) == pytest.approx(objective.equilibrium["loss_g"], abs=1e-15)
    lines = (objective.equilibrium["loss_d"], objective.equilibrium["loss_g"])
    assert lines == pytest.approx(KNOWN[objective.name], abs=1e-15)


def test_discriminator_loss_is_minus_the_value(objective: Objective) -> None:
    real, fake = moderate(1), moderate(2)
    value = torch.log(torch.sigmoid(real)).mean(-1) + torch.log(1 - torch.sigmoid(fake)).mean(-1)
    torch.testing.assert_close(objective.discriminator(real, fake), -value, rtol=1e-10, atol=1e-12)


def test_discriminator_loss_is_the_sum_of_both_cross_entropies(objective: Objective) -> None:
    real, fake = moderate(1), moderate(2)
    for member in range(3):
        bce = F.binary_cross_entropy_with_logits
        both = bce(real[member], torch.ones(50).double()) + bce(fake[member], torch.zeros(50).double())
        torch.testing.assert_close(objective.discriminator(real, fake)[member], both)


def test_generator_loss_by_the_naive_formula(objective: Objective) -> None:
    a = moderate()
    torch.testing.assert_close(objective.generator(a), NAIVE[objective.name](a), rtol=1e-10, atol=1e-12)


def test_the_generator_wants_larger_logits_and_the_discriminator_a_gap(objective: Objective) -> None:
    a = moderate()
    assert bool((objective.generator(a + 0.1) < objective.generator(a)).all())
    assert bool((objective.discriminator(a + 0.1, a - 0.1) < objective.discriminator(a, a)).all())


def test_generator_slope_is_the_derivative(objective: Objective) -> None:
    a = torch.cat([moderate(), torch.tensor([[-1e4], [0.0], [1e4]]).double()], 1).requires_grad_()
    (slope,) = torch.autograd.grad(objective.generator(a).sum(), a)
    torch.testing.assert_close(objective.generator_slope(a.detach()), slope * a.shape[1], rtol=1e-9, atol=1e-15)


def test_discriminator_slopes_are_the_derivatives(objective: Objective) -> None:
    edges = torch.tensor([[-1e4], [0.0], [1e4]]).double()
    a = torch.stack([torch.cat([moderate(1), edges], 1), torch.cat([moderate(2), -edges], 1)], dim=1).requires_grad_()
    (slopes,) = torch.autograd.grad(objective.discriminator(*a.unbind(1)).sum(), a)
    torch.testing.assert_close(objective.discriminator_slopes(a.detach()), slopes * a.shape[2], rtol=1e-9, atol=1e-15)
    # where D is all but right the pull is tiny, not lost to rounding
    right = torch.tensor([[[30.0], [-30.0]]])
    assert objective.discriminator_slopes(right).abs().flatten().tolist() == pytest.approx([math.exp(-30)] * 2, rel=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("real_sign", [-1, 1])
@pytest.mark.parametrize("fake_sign", [-1, 1])
def test_finite_at_any_logit(objective: Objective, dtype: torch.dtype, real_sign: int, fake_sign: int) -> None:
    real = torch.full((1, 2), 1e4 * real_sign, dtype=dtype, requires_grad=True)
    fake = torch.full((1, 2), 1e4 * fake_sign, dtype=dtype, requires_grad=True)
    loss = objective.discriminator(real, fake)
    # s(-a_r) + s(a_f): nothing where D is right, the logit itself where it is wrong
    assert loss.item() == 1e4 * ((real_sign < 0) + (fake_sign > 0))
    generator = objective.generator(fake)
    expected = -1e4 * (fake_sign > 0) if objective.name == "minimax" else 1e4 * (fake_sign < 0)
    assert generator.item() == expected
    for gradient in torch.autograd.grad((loss + generator).sum(), (real, fake)):
        assert bool(gradient.isfinite().all())
    assert bool(objective.generator_slope(fake).isfinite().all())


@given(st.floats(-30, 30))
def test_saturation(logit: float) -> None:
    """On the logit the minimax generator feels D(G(z)), the non-saturating one 1 - D(G(z)); together they are 1."""
    a = torch.tensor([[logit]], dtype=torch.float64)
    d = 1 / (1 + math.exp(-logit))
    minimax, non_saturating = (float(OBJECTIVES[n].generator_slope(a)) for n in ("minimax", "non_saturating"))
    assert minimax == pytest.approx(-d, rel=1e-12)
    assert non_saturating == pytest.approx(-1 / (1 + math.exp(logit)), rel=1e-12)
    assert minimax + non_saturating == pytest.approx(-1)
