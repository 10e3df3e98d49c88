"""Players as pure functions of a flat parameter vector."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from gandash import config

LEAK = 0.2  # slope of leaky ReLU below zero, as in DCGAN (Radford et al. 2015, arXiv:1511.06434)

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": torch.relu,
    "leaky_relu": lambda x: F.leaky_relu(x, LEAK),
    "tanh": torch.tanh,
    "silu": F.silu,
}

# Variance-preserving factor of each activation for He's initialisation (He et al. 2015, arXiv:1502.01852)
_GAIN = {"relu": math.sqrt(2), "leaky_relu": math.sqrt(2 / (1 + LEAK**2)), "tanh": 5 / 3, "silu": math.sqrt(2)}


class MLP:
    """A multilayer perceptron whose parameters are one row of `size` numbers: W_1, b_1, W_2, b_2, ...

    >>> net = MLP(1, 1, config.Network(width=8))
    >>> rows = net.initialise(torch.Generator().manual_seed(0))[None]        # (members, size)
    >>> net(rows, torch.zeros(1, 5, 1)).shape                                # (members, batch, outputs)
    torch.Size([1, 5, 1])
    """

    def __init__(self, inputs: int, outputs: int, settings: config.Network) -> None:
        widths = [inputs, *[settings.width] * settings.depth, outputs]
        self.layers = list(itertools.pairwise(widths))
        self.settings = settings
        self.activation = ACTIVATIONS[settings.activation]
        self._lengths = [n for fan_in, fan_out in self.layers for n in (fan_in * fan_out, fan_out)]
        self.size = sum(self._lengths)

    def initialise(self, generator: Generator) -> Tensor:
        """One fresh row of parameters, shape `(size,)`.

        Biases are drawn uniform +-1/sqrt(fan_in) under every scheme: with zero biases all kinks of a one-dimensional ReLU
        net sit at x = 0, and D can bend nowhere else.
        """
        parts: list[Tensor] = []
        scheme, gain = self.settings.initialisation, _GAIN[self.settings.activation]
        for fan_in, fan_out in self.layers:
            bound = 1 / math.sqrt(fan_in)
            if scheme == "he":
                weights = torch.randn(fan_in * fan_out, generator=generator) * (gain / math.sqrt(fan_in))
            else:
                # "uniform" is torch.nn.Linear's own default; Xavier: Glorot and Bengio 2010
                limit = bound if scheme == "uniform" else math.sqrt(6 / (fan_in + fan_out))
                weights = (2 * torch.rand(fan_in * fan_out, generator=generator) - 1) * limit
            biases = (2 * torch.rand(fan_out, generator=generator) - 1) * bound
            parts += [weights, biases]
        return torch.cat(parts)

    def __call__(self, rows: Tensor, x: Tensor) -> Tensor:
        """rows `(members, size)`, x `(members, batch, inputs)` -> `(members, batch, outputs)`, last layer linear."""
        members = rows.shape[0]
        parts = torch.split(rows, self._lengths, dim=1)  # views; their backward is one cat
        last = len(self.layers) - 1
        for i, (fan_in, fan_out) in enumerate(self.layers):
            weights = parts[2 * i].view(members, fan_in, fan_out)
            biases = parts[2 * i + 1].view(members, 1, fan_out)
            x = torch.baddbmm(biases, x, weights)
            if i < last:
                x = self.activation(x)
        return x
