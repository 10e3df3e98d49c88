"""Multilayer perceptrons."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
from torch import Generator, Tensor

from gandash.config.networks import MLPConfig
from gandash.game.networks.base import (
    ACTIVATIONS,
    MAXOUT_GAINS,
    NORMALISATION_EPSILON,
    Activation,
    Masks,
    Network,
    initial_layer,
)


class MLP(Network):
    """A multilayer perceptron whose parameters are one row of `size` numbers: W_1, b_1, [gain_1, shift_1,] W_2, b_2, ...

    A hidden layer is linear, normalisation (with its gain and shift), activation, dropout; the last layer is linear alone, or
    linear and tanh where the network is `bounded`: a generator of pictures.

    Maxout (Goodfellow et al. 2013, arXiv:1302.4389) has k lines per unit and takes their maximum: W_l is then
    `(fan_in, k fan_out)`, one block of columns per piece, and normalisation acts on all k fan_out lines.

    Batch norm (Ioffe and Szegedy 2015, arXiv:1502.03167) has no running averages: it takes mean and biased variance over the
    batch it is given, in training and pictures alike. So D, called on real and on generated data apart, judges each
    against its own statistics; a picture of G shows what its own latents make of each other, and a batch of one is lost.
    The slope of a sum of outputs in x then includes how each sample moves the others. Layer norm (Ba et al. 2016,
    arXiv:1607.06450) takes them over the units of one sample.

    >>> net = MLP(1, 1, MLPConfig(width=8))
    >>> rows = net.initialise(torch.Generator().manual_seed(0))[None]        # (members, size)
    >>> net(rows, torch.zeros(1, 5, 1)).shape                                # (members, batch, outputs)
    torch.Size([1, 5, 1])
    """

    def __init__(self, inputs: int, outputs: int, settings: MLPConfig, bounded: bool = False) -> None:
        self.settings, self.bounded = settings, bounded
        widths = [inputs, *[settings.width] * settings.depth, outputs]
        layers = list(itertools.pairwise(widths))
        self.shapes = [(fan_in, settings.lines * fan_out) for fan_in, fan_out in layers[:-1]] + layers[-1:]
        scales = 0 if settings.normalisation == "none" else 2
        self.lengths = [n for fan_in, fan_out in self.shapes for n in (fan_in * fan_out, fan_out, *[fan_out] * scales)]
        del self.lengths[len(self.lengths) - scales :]  # the last layer is not normalised
        self.matrices = [(2 + scales) * i for i in range(len(layers))]
        super().__init__(sum(self.lengths), layers)
        self._maxout = settings.activation == "maxout"
        self._dim = {"none": None, "batch": 1, "layer": 2}[settings.normalisation]
        self.couples_batch = settings.normalisation == "batch"
        self.is_plain = not (self._maxout or scales or settings.dropout)

    @property
    def activation(self) -> Activation:
        """The function of one number that hidden units apply; maxout is none."""
        return ACTIVATIONS[self.settings.activation]

    def initialise(self, generator: Generator) -> Tensor:
        """One fresh row of parameters, shape `(size,)`: each piece of maxout as a layer of its own, gains 1, shifts 0."""
        gain = MAXOUT_GAINS[self.settings.pieces] if self._maxout else self.activation.gain
        parts: list[Tensor] = []
        for (fan_in, fan_out), (_, lines) in zip(self.layers, self.shapes, strict=True):
            parts += initial_layer(generator, self.settings, fan_in, fan_out, gain, pieces=lines // fan_out)
            if self._dim is not None:
                parts += [torch.ones(lines), torch.zeros(lines)]
        return torch.cat(parts[: len(self.lengths)])

    def __call__(self, rows: Tensor, x: Tensor, masks: Masks | None = None) -> Tensor:
        """rows `(members, size)`, x `(members, batch, inputs)` -> `(members, batch, outputs)`.

        Without `masks` nothing is dropped: for pictures and measurements.
        """
        if self.is_plain and len(rows) == 1:
            return self._alone(rows[0], x[0])[None]
        members = rows.shape[0]
        parts = iter(torch.split(rows, self.lengths, dim=1))  # views; their backward is one cat
        last = len(self.shapes) - 1
        for i, (fan_in, fan_out) in enumerate(self.shapes):
            weights = next(parts).view(members, fan_in, fan_out)
            x = torch.baddbmm(next(parts).unsqueeze(1), x, weights)
            if i < last:
                if self._dim is not None:
                    gain, shift = next(parts).unsqueeze(1), next(parts).unsqueeze(1)
                    x = torch.addcmul(shift, _standardised(x, self._dim), gain)
                x = x.view(*x.shape[:2], self.settings.pieces, -1).amax(-2) if self._maxout else self.activation.value(x)
                if masks is not None:
                    x = x * masks[i]
        return torch.tanh(x) if self.bounded else x

    def _alone(self, row: Tensor, x: Tensor) -> Tensor:
        """The same for one member of a plain network: products of matrices take less time than batches of one."""
        parts = iter(torch.split(row, self.lengths))
        activate = self.activation.value if torch.is_grad_enabled() else self.activation.in_place
        last = len(self.shapes) - 1
        for i, shape in enumerate(self.shapes):
            weights = next(parts).view(shape)
            x = torch.addmm(next(parts), x, weights)
            if i < last:
                x = activate(x)
        return torch.tanh(x) if self.bounded else x

    def draw_masks(self, generators: Sequence[Generator], batch: int) -> Masks | None:
        p = self.settings.dropout
        if p == 0:
            return None
        shape = (self.settings.depth, batch, self.settings.width)
        drawn = torch.stack([torch.rand(shape, generator=g) for g in generators], dim=1)
        return ((drawn >= p) / (1 - p)).unbind()


def _standardised(x: Tensor, dim: int) -> Tensor:
    """x with mean 0 and variance 1 along `dim`; torch's own has no form for members with batches of their own."""
    centred = x - x.mean(dim, keepdim=True)
    return centred * torch.rsqrt(centred.square().mean(dim, keepdim=True) + NORMALISATION_EPSILON)
