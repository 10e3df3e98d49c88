"""A game written the plain way, with torch.nn and autograd: what the flat-vector code is compared with."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from gandash.game.networks import MLP

MODULES: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "leaky_relu": lambda: nn.LeakyReLU(0.2),
    "tanh": nn.Tanh,
    "silu": nn.SiLU,
}


class Reference:
    """torch.nn networks and the textbook losses."""

    @staticmethod
    def module(network: MLP, row: Tensor) -> nn.Sequential:
        """The nn.Sequential with the parameters of one row; a Linear stores W transposed."""
        layers: list[nn.Module] = []
        rest = row.detach().clone()
        for fan_in, fan_out in network.layers:
            linear = nn.Linear(fan_in, fan_out, dtype=row.dtype)
            weights, biases, rest = rest.split([fan_in * fan_out, fan_out, len(rest) - fan_in * fan_out - fan_out])
            with torch.no_grad():
                linear.weight.copy_(weights.view(fan_in, fan_out).T)
                linear.bias.copy_(biases)
            layers += [linear, MODULES[network.settings.activation]()]
        return nn.Sequential(*layers[:-1])

    @staticmethod
    def flat(tensors: list[Tensor] | tuple[Tensor, ...]) -> Tensor:
        """Parameters (or their gradients) of such a module as one row."""
        return torch.cat([(t.T if t.dim() == 2 else t).detach().reshape(-1) for t in tensors])

    @staticmethod
    def discriminator_loss(d: nn.Module, real: Tensor, fake: Tensor, gamma: float = 0.0) -> Tensor:
        """-V plus (gamma/2) E |grad_x a|^2 on real data, through probabilities: fit for moderate logits only."""
        real = real.detach().requires_grad_()
        real_logits = d(real)
        value = torch.log(torch.sigmoid(real_logits)).mean() + torch.log(1 - torch.sigmoid(d(fake))).mean()
        (slope,) = torch.autograd.grad(real_logits.sum(), real, create_graph=True)
        return -value + gamma / 2 * (slope**2).sum(1).mean()

    @staticmethod
    def generator_loss(d: nn.Module, fake: Tensor, objective: str) -> Tensor:
        probability = torch.sigmoid(d(fake))
        if objective == "minimax":
            return torch.log(1 - probability).mean()
        return -torch.log(probability).mean()


@pytest.fixture
def reference() -> Reference:
    return Reference()
