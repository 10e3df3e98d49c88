"""The norms of D's matrices: known answers, dense singular values, and the slope that they bound."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from gandash.config.networks import ConvolutionConfig, MLPConfig
from gandash.diagnostics.norms import largest_singular_values
from gandash.diagnostics.path import mean_slope
from gandash.game.networks import Network, build_network
from gandash.game.spectral import normalised
from gandash.presets import PRESETS
from gandash.worker.trajectory import Trajectory


def test_one_power_iteration_leaves_a_norm_that_is_known() -> None:
    """W = diag(2, 1), from u = (c, s): u becomes (4 c, s) over its length, sigma = |W u|, and W / sigma has norm 2 / sigma."""
    net = build_network(2, 2, MLPConfig(width=2, depth=1))
    w = torch.tensor([[2.0, 0.0], [0.0, 1.0]])
    parts = [w.flatten(), torch.zeros(2), w.flatten(), torch.zeros(2)]
    for angle in (0.0, 0.7, 1.4, 1.57):
        c, s = math.cos(angle), math.sin(angle)
        found = normalised(net, torch.cat(parts)[None], torch.tensor([[c, s, c, s]]))
        sigma = math.sqrt((64 * c**2 + s**2) / (16 * c**2 + s**2))
        assert largest_singular_values(net, found.phi[0]) == pytest.approx([2 / sigma] * 2, rel=1e-6)
    assert 2 / sigma > 1.9, "the slowest case is far from 1, or the test says nothing"


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 16, 16), (1, 14, 14)])
def test_a_convolution_stretches_as_its_dense_matrix_does(shape: tuple[int, int, int]) -> None:
    net = build_network(math.prod(shape), 1, ConvolutionConfig(channels=4), shape)
    phi = net.initialise(torch.Generator().manual_seed(3))
    found = largest_singular_values(net, phi)
    first, *_, last = net.matrices
    parts = torch.split(phi, net.lengths)
    layer = net.plan[0]  # type: ignore[attr-defined]
    every_pixel = torch.eye(math.prod(shape)).view(-1, *shape)
    kernels = parts[first].view(*net.shapes[0]).T.reshape(layer.channels, layer.inputs, 4, 4)
    dense = torch.nn.functional.conv2d(every_pixel, kernels, stride=2, padding=1).flatten(1).double()
    assert found[0] == pytest.approx(math.sqrt(np.linalg.eigvalsh((dense @ dense.T).numpy())[-1]), rel=1e-3)
    assert found[-1] == pytest.approx(float(parts[last].norm()), rel=1e-6)
    assert found[0] <= 2.001 * np.linalg.norm(parts[first].view(*net.shapes[0]).numpy(), 2)


def test_nothing_stretches_nothing() -> None:
    for net in (build_network(2, 1, MLPConfig()), build_network(64, 1, ConvolutionConfig(channels=4), (1, 8, 8))):
        assert largest_singular_values(net, torch.zeros(net.size)) == (0.0,) * len(net.matrices)


def test_what_is_no_number_has_no_norm() -> None:
    net: Network = build_network(64, 1, ConvolutionConfig(channels=4), (1, 8, 8))
    assert all(math.isnan(one) for one in largest_singular_values(net, torch.full((net.size,), math.nan)))


@pytest.mark.parametrize("name", ["ring", "two-modes", "digits"])
def test_their_product_bounds_the_slope_of_d(name: str) -> None:
    config = PRESETS[name].config.replace_all([("regulariser.spectral", "on"), ("regulariser.r1", 0.0)])
    trajectory = Trajectory(config)
    for _ in range(20):
        trajectory.advance()
    game, phi = trajectory.game, trajectory.state.phi_effective
    norms = largest_singular_values(game.discriminator.network, phi[0])
    x = game.data.sample(torch.Generator().manual_seed(1), 64)[None]
    steepest = max(float(mean_slope(game, phi, x[:, i : i + 1])) for i in range(16))
    assert 0 < steepest <= math.prod(norms)
