"""What every network stands on: activations, how a layer starts, and a player as a pure function of a flat parameter vector."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from gandash.config.networks import ConvolutionConfig, MLPConfig

NORMALISATION_EPSILON = 1e-5  # keeps a unit that is the same everywhere finite; torch's default
LEAK = 0.2  # slope of leaky ReLU below zero, as in DCGAN (Radford et al. 2015, arXiv:1511.06434)


@dataclass(frozen=True)
class Activation:
    """sigma, as a function that autograd can differentiate, and in place where nobody will; its variance-preserving factor
    (He et al. 2015, arXiv:1502.01852)."""

    value: Callable[[Tensor], Tensor]
    in_place: Callable[[Tensor], Tensor]
    gain: float


ACTIVATIONS: dict[str, Activation] = {
    "relu": Activation(torch.relu, torch.relu_, gain=math.sqrt(2)),
    "leaky_relu": Activation(
        lambda u: F.leaky_relu(u, LEAK), lambda u: F.leaky_relu(u, LEAK, inplace=True), gain=math.sqrt(2 / (1 + LEAK**2))
    ),
    "tanh": Activation(torch.tanh, torch.tanh_, gain=5 / 3),
    "silu": Activation(F.silu, lambda u: F.silu(u, inplace=True), gain=math.sqrt(2)),
}

# 1 / sqrt(E max(e_1, ..., e_k)^2) for k independent standard normals e: `gain` of maxout, by pieces
MAXOUT_GAINS = {
    2: 1.0,
    3: 1 / math.sqrt(1 + math.sqrt(3) / (2 * math.pi)),
    4: 1 / math.sqrt(1 + math.sqrt(3) / math.pi),
    5: 1 / math.sqrt(1 + 5 * math.sqrt(3) / (4 * math.pi) * (1 + 2 / math.pi * math.asin(1 / 4))),
}

Masks = tuple[Tensor, ...]
"""Dropout's choice in one pass: per hidden layer `(members, batch, width)`, 0 or 1/(1 - p)."""


class Network(ABC):
    """A player as a pure function: its parameters are one row of `size` numbers per member.

    A row is the concatenation of parts with these `lengths`. The parts numbered `matrices` are weight matrices of these
    `shapes` (fan_in, fan_out); the others are biases, gains and shifts.

    `is_plain`: it is an MLP of linear layers and activations alone, `layers` their (fan_in, fan_out); D's two passes of a batch
    are made as one there. `couples_batch`: the outputs of one batch depend on each other, as under batch norm.
    """

    is_plain = False
    couples_batch = False
    lengths: list[int]
    shapes: list[tuple[int, int]]
    matrices: list[int]

    def __init__(self, size: int, layers: Sequence[tuple[int, int]] = ()) -> None:
        self.size = size
        self.layers = list(layers)

    @abstractmethod
    def initialise(self, generator: Generator) -> Tensor:
        """One fresh row of parameters, shape `(size,)`."""

    @abstractmethod
    def __call__(self, rows: Tensor, x: Tensor, masks: Masks | None = None) -> Tensor:
        """rows `(members, size)`, x `(members, batch, inputs)` -> `(members, batch, outputs)`, differentiable twice."""

    def draw_masks(self, generators: Sequence[Generator], batch: int) -> Masks | None:
        """Dropout's choice for one training pass, one generator per member; None where there is no dropout."""
        return None


def initial_layer(
    generator: Generator,
    settings: MLPConfig | ConvolutionConfig,
    fan_in: int,
    fan_out: int,
    gain: float,
    pieces: int = 1,
    window: int = 1,
) -> tuple[Tensor, Tensor]:
    """First weights, a flat matrix `(fan_in, pieces fan_out)`, and biases `(pieces fan_out,)`, drawn in this order.

    `gain` is the activation's, for He. "orthogonal" (Saxe et al. 2013, arXiv:1312.6120) has a gain of its own: W W^T or
    W^T W, whichever is smaller, is its square times 1. For Xavier (Glorot and Bengio 2010) each input of a convolution reaches
    the outputs of a whole `window`. "uniform" is torch.nn.Linear's own default.

    Biases are drawn under every scheme, though orthogonal and normal ones are published with zeros: with zero biases all
    kinks of a one-dimensional ReLU net sit at x = 0, and D can bend nowhere else. A kink sits at -b/w, so that these two
    schemes, whose weights have a scale of their own, give their biases the same: normal with the same spread, and
    uniform +-gain/sqrt(max(fan_in, fan_out)). The others have +-1/sqrt(fan_in).
    """
    scheme, lines = settings.initialisation, pieces * fan_out

    def uniform(limit: float, n: int) -> Tensor:
        return (2 * torch.rand(n, generator=generator) - 1) * limit

    def normal(std: float, n: int) -> Tensor:
        return torch.randn(n, generator=generator) * std

    if scheme == "orthogonal":
        blocks = [settings.gain * _orthogonal(generator, fan_in, fan_out) for _ in range(pieces)]
        return torch.cat(blocks, dim=1).flatten(), uniform(settings.gain / math.sqrt(max(fan_in, fan_out)), lines)
    if scheme == "normal":
        return normal(settings.spread, fan_in * lines), normal(settings.spread, lines)
    if scheme == "he":
        weights = normal(gain / math.sqrt(fan_in), fan_in * lines)
    else:
        limit = 1 / math.sqrt(fan_in) if scheme == "uniform" else math.sqrt(6 / (fan_in + window * fan_out))
        weights = uniform(limit, fan_in * lines)
    return weights, uniform(1 / math.sqrt(fan_in), lines)


def _orthogonal(generator: Generator, fan_in: int, fan_out: int) -> Tensor:
    """A matrix with orthonormal columns, or rows if these are fewer; uniform among them, which needs r's signs."""
    tall = torch.randn(max(fan_in, fan_out), min(fan_in, fan_out), generator=generator)
    q: Tensor
    q, r = torch.linalg.qr(tall)
    q = q * torch.where(r.diagonal() < 0, -1.0, 1.0)
    return q if fan_in >= fan_out else q.mT
