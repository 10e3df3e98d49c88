"""Players as pure functions of a flat parameter vector."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from gandash import config

LEAK = 0.2  # slope of leaky ReLU below zero, as in DCGAN (Radford et al. 2015, arXiv:1511.06434)


@dataclass(frozen=True)
class Activation:
    """sigma: as a function that autograd can differentiate, and by formula for the passes by hand (`passes.py`).

    With h = sigma(u): `write(u, h)` puts it into `h`, `pull(p, u, h, out)` puts sigma'(u) p into `out`, which may be `p`;
    `curvature(u, h)` is sigma''(u), None where sigma is made of straight pieces: then `pull` looks at h alone.
    `gain` is the variance-preserving factor (He et al. 2015, arXiv:1502.01852).
    """

    value: Callable[[Tensor], Tensor]
    write: Callable[[Tensor, Tensor], object]
    pull: Callable[[Tensor, Tensor, Tensor, Tensor], object]
    gain: float
    curvature: Callable[[Tensor, Tensor], Tensor] | None = None


_aten = torch.ops.aten


def _tanh_curvature(u: Tensor, h: Tensor) -> Tensor:
    return -2 * h * (1 - h * h)


def _silu_curvature(u: Tensor, h: Tensor) -> Tensor:
    s = torch.sigmoid(u)
    return s * (1 - s) * (2 + u * (1 - 2 * s))


ACTIVATIONS: dict[str, Activation] = {
    "relu": Activation(
        torch.relu,
        write=lambda u, h: torch.clamp_min(u, 0, out=h),
        pull=lambda p, u, h, out: _aten.threshold_backward.grad_input(p, h, 0, grad_input=out),
        gain=math.sqrt(2),
    ),
    "leaky_relu": Activation(
        lambda u: F.leaky_relu(u, LEAK),
        write=lambda u, h: _aten.leaky_relu.out(u, LEAK, out=h),
        pull=lambda p, u, h, out: _aten.leaky_relu_backward.grad_input(p, h, LEAK, True, grad_input=out),
        gain=math.sqrt(2 / (1 + LEAK**2)),
    ),
    "tanh": Activation(
        torch.tanh,
        write=lambda u, h: torch.tanh(u, out=h),
        pull=lambda p, u, h, out: _aten.tanh_backward.grad_input(p, h, grad_input=out),
        gain=5 / 3,
        curvature=_tanh_curvature,
    ),
    "silu": Activation(
        F.silu,
        write=lambda u, h: _aten.silu.out(u, out=h),
        pull=lambda p, u, h, out: _aten.silu_backward.grad_input(p, u, grad_input=out),
        gain=math.sqrt(2),
        curvature=_silu_curvature,
    ),
}


class MLP:
    """A multilayer perceptron whose parameters are one row of `size` numbers: W_1, b_1, W_2, b_2, ...

    Calling it is the differentiable way through; training takes the passes by hand in `passes.py`, which are faster.

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
        self.tapes: dict[object, Any] = {}  # memory of the passes by hand: see `passes.tape`

    def initialise(self, generator: Generator) -> Tensor:
        """One fresh row of parameters, shape `(size,)`.

        Biases are drawn uniform +-1/sqrt(fan_in) under every scheme: with zero biases all kinks of a one-dimensional ReLU
        net sit at x = 0, and D can bend nowhere else.
        """
        parts: list[Tensor] = []
        scheme, gain = self.settings.initialisation, self.activation.gain
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
                x = self.activation.value(x)
        return x
