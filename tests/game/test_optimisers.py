"""Every optimiser against torch.optim, with per-member settings and a change of learning rate on the way."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from gandash.config.optimisers import OptimiserConfig as OptimiserSettings
from gandash.config.setting import kind_of, settings, variants
from gandash.game.optimisers import OPTIMISERS

MEMBERS = 3
NUMBERS: dict[str, dict[str, list[float]]] = {
    "gradient_descent": {"learning_rate": [0.1, 0.01, 0.3]},
    "momentum": {"learning_rate": [0.1, 0.01, 0.03], "momentum": [0.9, 0.0, 0.5]},
    "rmsprop": {"learning_rate": [0.01, 0.1, 0.003], "decay": [0.99, 0.5, 0.0], "epsilon": [1e-8, 1e-2, 1e-4]},
    "adam": {
        "learning_rate": [0.01, 0.1, 0.003],
        "beta1": [0.9, 0.0, 0.5],
        "beta2": [0.999, 0.9, 0.0],
        "epsilon": [1e-8, 1e-2, 1e-4],
    },
}


def torch_optimiser(kind: str, parameter: Tensor, h: dict[str, float]) -> torch.optim.Optimizer:
    if kind in ("gradient_descent", "momentum"):
        return torch.optim.SGD([parameter], lr=h["learning_rate"], momentum=h.get("momentum", 0))
    if kind == "rmsprop":
        return torch.optim.RMSprop([parameter], lr=h["learning_rate"], alpha=h["decay"], eps=h["epsilon"])
    assert kind == "adam"
    return torch.optim.Adam([parameter], lr=h["learning_rate"], betas=(h["beta1"], h["beta2"]), eps=h["epsilon"])


def hyper(kind: str) -> dict[str, Tensor]:
    return {name: torch.tensor(values, dtype=torch.float64)[:, None] for name, values in NUMBERS[kind].items()}


def slope(p: Tensor) -> Tensor:
    """The gradient of a curved and tilted bowl: directions of very different scale, as players have."""
    return p * torch.tensor([1.0, 10.0, 0.01, 1e-4], dtype=p.dtype) + 0.3 * torch.sin(5 * p)


def test_every_optimiser_offered_is_there_and_tested() -> None:
    models = {kind_of(m): m for m in variants(OptimiserSettings)}
    assert set(OPTIMISERS) == set(models) == set(NUMBERS)
    for kind, model in models.items():
        assert {s.path for s in settings(model())} == set(NUMBERS[kind])


@pytest.mark.parametrize("kind", OPTIMISERS)
def test_agrees_with_torch_optim(kind: str) -> None:
    optimiser, h = OPTIMISERS[kind], hyper(kind)
    ours = torch.randn(MEMBERS, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    theirs = [ours[m].clone().requires_grad_() for m in range(MEMBERS)]
    numbers = [{name: values[m] for name, values in NUMBERS[kind].items()} for m in range(MEMBERS)]
    torch_side = [torch_optimiser(kind, theirs[m], numbers[m]) for m in range(MEMBERS)]
    moments = optimiser.start(ours)
    assert set(moments) == set(optimiser.moments)
    for step in range(30):
        if step == 15:  # a live change: the moments stay
            h = h | {"learning_rate": h["learning_rate"] / 4}
            for side in torch_side:
                side.param_groups[0]["lr"] /= 4
        update, moments = optimiser.update(slope(ours), moments, h)
        ours = ours + update
        for m in range(MEMBERS):
            theirs[m].grad = slope(theirs[m].detach())
            torch_side[m].step()
        expected = torch.stack([p.detach() for p in theirs])
        torch.testing.assert_close(ours, expected, rtol=1e-9, atol=1e-12, msg=lambda m, step=step: f"step {step}: {m}")


@pytest.mark.parametrize("kind", OPTIMISERS)
def test_float32_rounding_stays_small(kind: str) -> None:
    def run(dtype: torch.dtype) -> Tensor:
        optimiser, h = OPTIMISERS[kind], {name: v.to(dtype) for name, v in hyper(kind).items()}
        p = torch.randn(MEMBERS, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).to(dtype)
        moments = optimiser.start(p)
        for _ in range(30):
            update, moments = optimiser.update(slope(p), moments, h)
            p = p + update
        assert all(m.dtype == dtype for m in moments.values())
        return p

    torch.testing.assert_close(run(torch.float32).double(), run(torch.float64), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("kind", OPTIMISERS)
def test_update_writes_nothing_in_place(kind: str) -> None:
    optimiser, h = OPTIMISERS[kind], hyper(kind)
    p = torch.ones(MEMBERS, 4, dtype=torch.float64)
    _, moments = optimiser.update(slope(p), optimiser.start(p), h)
    copies: dict[str, Any] = {name: t.clone() for name, t in moments.items()}
    gradient = slope(2 * p)
    kept = gradient.clone()
    optimiser.update(gradient, moments, h)
    assert torch.equal(gradient, kept)
    for name, copy in copies.items():
        assert torch.equal(moments[name], copy)


@pytest.mark.parametrize("kind", OPTIMISERS)
def test_a_first_step_goes_downhill(kind: str) -> None:
    optimiser, h = OPTIMISERS[kind], hyper(kind)
    gradient = torch.tensor([[1.0, -1.0]]).repeat(MEMBERS, 1).double()
    update, _ = optimiser.update(gradient, optimiser.start(gradient), h)
    assert bool((update * gradient < 0).all())


def test_negative_momentum_remembers_with_the_other_sign() -> None:
    """Two unit gradients under momentum -1/2: steps of 1 and 1/2 (torch.optim refuses negative momentum)."""
    h = {"learning_rate": torch.ones(1, 1), "momentum": torch.full((1, 1), -0.5)}
    one = torch.ones(1, 1)
    first, moments = OPTIMISERS["momentum"].update(one, OPTIMISERS["momentum"].start(one), h)
    second, _ = OPTIMISERS["momentum"].update(one, moments, h)
    assert (float(first), float(second)) == (-1, -0.5)


def test_adams_first_step_is_the_learning_rate() -> None:
    """Bias correction makes the first step lr sign(g) whatever the betas, also with a negative beta1."""
    h = {
        "learning_rate": torch.full((1, 1), 0.01),
        "beta1": torch.full((1, 1), -0.5),
        "beta2": torch.full((1, 1), 0.99),
        "epsilon": torch.full((1, 1), 1e-12),
    }
    gradient = torch.tensor([[3.0, -0.002]])
    update, _ = OPTIMISERS["adam"].update(gradient, OPTIMISERS["adam"].start(gradient), h)
    torch.testing.assert_close(update, torch.tensor([[-0.01, 0.01]]), rtol=1e-5, atol=0)


def adam_from(gradients: list[float], beta1: float, beta2: float) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    h = {"learning_rate": 0.01, "beta1": beta1, "beta2": beta2, "epsilon": 1e-12}
    hyper = {name: torch.full((1, 1), value, dtype=torch.float64) for name, value in h.items()}
    moments = OPTIMISERS["adam"].start(torch.zeros(1, 1, dtype=torch.float64))
    for g in gradients:
        _, moments = OPTIMISERS["adam"].update(torch.full((1, 1), g, dtype=torch.float64), moments, hyper)
    return moments, hyper


def test_another_beta_leaves_the_corrected_averages() -> None:
    """After 600 gradients of +-2 the mean square is 4, and the next step lr g/2, whatever beta is set then.

    Without care it would be lr g/2 sqrt(1 - 0.9999^600) = 0.24 of that.
    """
    adam = OPTIMISERS["adam"]
    moments, before = adam_from([2.0, -2.0] * 300, 0.0, 0.9)
    after = before | {"beta2": torch.full_like(before["beta2"], 0.9999)}
    step, _ = adam.update(torch.full((1, 1), 2.0, dtype=torch.float64), adam.under(after, before, moments), after)
    assert float(step) == pytest.approx(-0.01, rel=1e-9)
    careless, _ = adam.update(torch.full((1, 1), 2.0, dtype=torch.float64), moments, after)
    assert float(careless) == pytest.approx(-0.01 * 0.2415, rel=1e-3)


@pytest.mark.parametrize("betas", [(0.9, 0.5), (-0.5, 0.9), (0.0, 0.999)])
def test_averages_go_on_as_those_of_so_many_updates(betas: tuple[float, float]) -> None:
    """Of gradients that are all the same up to the change, as if the later betas had been there from the start."""
    adam, (beta1, beta2) = OPTIMISERS["adam"], betas
    moments, before = adam_from([3.0] * 7, 0.3, 0.99)
    always, after = adam_from([3.0] * 7, beta1, beta2)
    found = adam.under(after, before, moments)
    for g in (3.0, -1.0, 0.5):
        for name in ("mean", "square", "count"):
            torch.testing.assert_close(found[name], always[name], rtol=1e-12, atol=0)
        gradient = torch.full((1, 1), g, dtype=torch.float64)
        (_, found), (_, always) = adam.update(gradient, found, after), adam.update(gradient, always, after)


def test_moments_of_nothing_and_under_the_same_settings_stay_what_they_are() -> None:
    moments, hyper = adam_from([], 0.9, 0.99)
    after = {name: value / 2 for name, value in hyper.items()}
    assert all(torch.equal(a, moments[n]) for n, a in OPTIMISERS["adam"].under(after, hyper, moments).items())
    moments, hyper = adam_from([1.0, 2.0], 0.9, 0.99)
    same = OPTIMISERS["adam"].under(hyper | {"learning_rate": hyper["learning_rate"] / 2}, hyper, moments)
    assert all(same[name] is moments[name] for name in moments)
