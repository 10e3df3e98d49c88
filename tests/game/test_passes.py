"""The passes by hand, against autograd through the same network, in double precision."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from gandash.config.networks import MLPConfig
from gandash.game import passes
from gandash.game.networks import ACTIVATIONS, MLP

SHAPES = [(1, 1, 1), (2, 1, 2), (3, 2, 2), (1, 2, 4)]  # inputs, outputs, depth


def draw(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.fixture(params=[1, 3], ids=["alone", "population"])
def members(request: pytest.FixtureRequest) -> int:
    return request.param


@pytest.fixture(params=SHAPES, ids=str)
def shape(request: pytest.FixtureRequest) -> tuple[int, int, int]:
    return request.param


@pytest.fixture(params=ACTIVATIONS)
def network(request: pytest.FixtureRequest, shape: tuple[int, int, int]) -> MLP:
    inputs, outputs, depth = shape
    activation: Any = request.param
    return MLP(inputs, outputs, MLPConfig(width=5, depth=depth, activation=activation))


def place(network: MLP, members: int) -> tuple[Tensor, Tensor, Tensor]:
    """Parameters and two batches, of 4 and of 3."""
    inputs = network.layers[0][0]
    return draw(members, network.size, seed=1), draw(members, 4, inputs, seed=2), draw(members, 3, inputs, seed=3)


def test_forward_and_slope(network: MLP, members: int) -> None:
    rows, first, second = place(network, members)
    x = torch.cat([first, second], dim=1).requires_grad_()
    seeds = draw(members, network.layers[-1][1], 7, seed=4)
    tape = passes.run(network, rows, first, second)
    torch.testing.assert_close(tape.outputs.mT, network(rows, x).detach())
    tape.seeds.copy_(seeds)
    tape.backward()
    (expected,) = torch.autograd.grad((network(rows, x) * seeds.mT).sum(), x)
    torch.testing.assert_close(tape.slope().mT, expected)


def test_seeds_are_ones_until_written(network: MLP, members: int) -> None:
    rows, first, second = place(network, members)
    tape = passes.run(network, rows, first, second)
    tape.backward()
    x = first.clone().requires_grad_()
    (expected,) = torch.autograd.grad(network(rows, x).sum(), x)
    torch.testing.assert_close(tape.slope()[..., :4].mT, expected)


@pytest.mark.parametrize("weightings", [0, 1, 2])
def test_gradients_of_weighted_outputs(network: MLP, members: int, weightings: int) -> None:
    rows, first, second = place(network, members)
    seeds, weights = draw(members, network.layers[-1][1], 7, seed=4), draw(members, weightings, 7, seed=5)
    tape = passes.run(network, rows, first, second, weightings=weightings)
    tape.seeds.copy_(seeds)
    tape.weights.copy_(weights)
    tape.backward()
    found = tape.gradients()
    assert found.shape == (members, max(weightings, 1), network.size)
    rows.requires_grad_()
    o = (network(rows, torch.cat([first, second], dim=1)) * seeds.mT).sum(-1)
    for k, c in enumerate(weights.unbind(1) if weightings else [torch.ones(members, 7)]):
        (expected,) = torch.autograd.grad((c * o).sum(), rows, retain_graph=True)
        torch.testing.assert_close(found[:, k], expected)


def test_gradient_of_the_derivative_along_v(network: MLP, members: int) -> None:
    rows, first, second = place(network, members)
    seeds, c = draw(members, network.layers[-1][1], 7, seed=4), draw(members, 1, 7, seed=5)
    v = draw(members, network.layers[0][0], 4, seed=6)
    tape = passes.run(network, rows, first, second, weightings=1)
    tape.seeds.copy_(seeds)
    tape.weights.copy_(c)
    tape.backward()
    found = tape.gradients(v)[:, 0]
    rows.requires_grad_()
    x = first.clone().requires_grad_()
    o = (network(rows, torch.cat([x, second], dim=1)) * seeds.mT).sum(-1)
    (slope,) = torch.autograd.grad(o.sum(), x, create_graph=True)
    (expected,) = torch.autograd.grad((c[:, 0] * o).sum() + (v.mT * slope).sum(), rows)
    torch.testing.assert_close(found, expected)


def test_gradients_are_fresh_and_a_pass_leaves_no_trace(members: int) -> None:
    network = MLP(2, 1, MLPConfig(width=4, activation="silu"))
    rows, first, second = place(network, members)
    v = draw(members, 2, 4, seed=6)

    def gradient(rows: Tensor) -> Tensor:
        tape = passes.run(network, rows, first, second, weightings=1)
        tape.weights.fill_(0.5)
        tape.backward()
        return tape.gradients(v)

    before = gradient(rows)
    kept = before.clone()
    assert not torch.equal(gradient(2 * rows), kept)
    assert torch.equal(before, kept)
    assert torch.equal(gradient(rows), kept)


def test_a_tape_knows_what_it_holds() -> None:
    network = MLP(2, 1, MLPConfig(width=4))
    rows, first, _ = place(network, 1)
    tape = passes.run(network, rows, first)
    assert tape is passes.tape(network, rows, first) and tape.holds(rows, first)
    assert not tape.holds(rows.clone(), first) and not tape.holds(rows, first.clone()) and not tape.holds(rows)
    passes.run(network, rows, first.clone())
    assert not tape.holds(rows, first)
    assert passes.tape(network, rows, first, first) is not tape


def test_a_graph_is_refused() -> None:
    """Nothing here is differentiable: parameters that ask for a graph fail aloud instead of losing it."""
    network = MLP(2, 1, MLPConfig(width=4))
    rows, first, _ = place(network, 1)
    with pytest.raises(RuntimeError, match="automatic differentiation"):
        passes.run(network, rows.requires_grad_(), first)
