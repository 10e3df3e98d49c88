"""Players as functions of a flat vector, against torch.nn."""

from __future__ import annotations

import math
from typing import Any, get_args

import pytest
import torch
from torch import Generator, nn

from gandash import config
from gandash.config import Network
from gandash.game.networks import ACTIVATIONS, LEAK, MLP

SCHEMES = get_args(Network.model_fields["initialisation"].annotation)


def test_every_activation_offered_is_there() -> None:
    offered = set(get_args(Network.model_fields["activation"].annotation))
    assert set(ACTIVATIONS) == offered == set(config.ACTIVATIONS)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize(("inputs", "outputs", "depth"), [(1, 1, 1), (3, 2, 2), (2, 1, 4)])
def test_agrees_with_torch_nn(reference: Any, activation: Any, inputs: int, outputs: int, depth: int) -> None:
    net = MLP(inputs, outputs, Network(width=5, depth=depth, activation=activation))
    rows = torch.stack([net.initialise(Generator().manual_seed(s)) for s in range(3)])
    x = torch.randn(3, 7, inputs, generator=Generator().manual_seed(9))
    assert rows.shape == (3, net.size)
    y = net(rows, x)
    assert y.shape == (3, 7, outputs)
    for member in range(3):
        module = reference.module(net, rows[member])
        assert sum(p.numel() for p in module.parameters()) == net.size
        torch.testing.assert_close(y[member], module(x[member]), rtol=1e-5, atol=1e-6)
        assert torch.equal(reference.flat(list(module.parameters())), rows[member])


def test_members_do_not_mix() -> None:
    net = MLP(2, 1, Network(width=4))
    rows = torch.stack([net.initialise(Generator().manual_seed(s)) for s in range(3)])
    x = torch.randn(3, 6, 2, generator=Generator().manual_seed(9))
    clean = net(rows, x)
    spoilt = rows.clone()
    spoilt[1] = math.nan
    y = net(spoilt, x)
    assert torch.equal(y[[0, 2]], clean[[0, 2]]) and bool(y[1].isnan().all())
    spoilt_x = x.clone()
    spoilt_x[2] = math.nan
    assert torch.equal(net(rows, spoilt_x)[:2], clean[:2])


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradients_by_finite_differences(activation: Any) -> None:
    net = MLP(2, 2, Network(width=3, activation=activation))
    rows = torch.stack([net.initialise(Generator().manual_seed(s)) for s in (1, 2)]).double()
    x = torch.randn(2, 4, 2, generator=Generator().manual_seed(3)).double()
    h = 1e-6
    assert torch.autograd.gradcheck(net, (rows.requires_grad_(), x.requires_grad_()), eps=h, atol=1e-7, rtol=1e-6)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_by_formula(name: str) -> None:
    """`write`, `pull` and `curvature` against autograd through `value`."""
    activation = ACTIVATIONS[name]
    u = (3 * torch.randn(2, 50, generator=Generator().manual_seed(0), dtype=torch.float64)).requires_grad_()
    p = torch.randn(2, 50, generator=Generator().manual_seed(1), dtype=torch.float64)
    value = activation.value(u)
    (first,) = torch.autograd.grad(value.sum(), u, create_graph=True)
    h, out = torch.empty_like(p), torch.empty_like(p)
    activation.write(u.detach(), h)
    torch.testing.assert_close(h, value.detach())
    activation.pull(p, u.detach(), h, out)
    torch.testing.assert_close(out, p * first.detach())
    activation.pull(p, u.detach(), h, p)  # into the same memory
    assert torch.equal(p, out)
    if activation.curvature is None:
        assert set(first.detach().flatten().tolist()) == {0.0 if name == "relu" else LEAK, 1.0}
    else:
        (second,) = torch.autograd.grad(first.sum(), u)
        torch.testing.assert_close(activation.curvature(u.detach(), h), second)


# ----------------------------------------------------------------------------------------------------- initialisation


def first_layer(scheme: Any, activation: Any, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Weights and biases of a wide first layer with fan-in 64 and fan-out 512."""
    net = MLP(64, 1, Network(width=512, depth=1, activation=activation, initialisation=scheme))
    row = net.initialise(Generator().manual_seed(seed))
    assert row.shape == (net.size,) and row.dtype == torch.float32
    return row[: 64 * 512], row[64 * 512 : 64 * 512 + 512]


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_initial_weights_have_the_published_scale(scheme: str, activation: str) -> None:
    weights, biases = first_layer(scheme, activation)
    if scheme == "he":
        param = LEAK if activation == "leaky_relu" else None
        # torch gives no gain for SiLU; ReLU's is used
        gain = math.sqrt(2) if activation == "silu" else nn.init.calculate_gain(activation, param)
        std = gain / 8
    else:  # uniform on +-limit has standard deviation limit/sqrt(3)
        limit = 1 / 8 if scheme == "uniform" else math.sqrt(6 / (64 + 512))
        assert 0.99 * limit < float(weights.abs().max()) <= limit
        std = limit / math.sqrt(3)
    assert float(weights.std()) == pytest.approx(std, rel=0.02)
    assert float(weights.mean()) == pytest.approx(0, abs=0.02 * std)
    assert 0.97 / 8 < float(biases.abs().max()) <= 1 / 8
    assert float(biases.mean()) == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_initialisation_draws_from_its_generator_alone(scheme: str) -> None:
    torch.manual_seed(0)
    before = torch.get_rng_state()
    weights, biases = first_layer(scheme, "relu")
    again, biases_again = first_layer(scheme, "relu")
    assert torch.equal(weights, again) and torch.equal(biases, biases_again)
    assert not torch.equal(weights, first_layer(scheme, "relu", seed=1)[0])
    assert torch.equal(before, torch.get_rng_state())


def test_he_keeps_the_mean_square_through_relu_layers() -> None:
    net = MLP(256, 256, Network(width=256, depth=6, activation="relu", initialisation="he"))
    row = net.initialise(Generator().manual_seed(0))[None]
    x = torch.randn(1, 256, 256, generator=Generator().manual_seed(1))
    # 7 layers each keep E a^2 / gain^2; without the gain the output would shrink by 2^6
    assert float(net(row, x).square().mean()) == pytest.approx(2, rel=0.35)
