"""Convolutional players: D halves a picture until it is small enough to judge, G doubles a small map until it is a picture."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from gandash.config.networks import ConvolutionConfig, Layer, Shape
from gandash.game.networks.base import ACTIVATIONS, NORMALISATION_EPSILON, Masks, Network, initial_layer


def _spreading() -> Tensor:
    """S (9, 16): a 3 x 3 kernel, flat, times S is the 4 x 4 kernel that does to a map what it does to the doubled map.

    Output o of the convolution sees numbers o - 1, o, o + 1 of the doubled map, its tap t number o + t - 1, which is input
    i = floor((o + t - 1) / 2). Transposed with stride 2 and padding 1, input i reaches outputs o = 2 i - 1 + k with tap k.
    """
    one = torch.zeros(3, 4)
    for t in range(3):
        one[t, [2 - t, 3 - t]] = 1
    return torch.kron(one, one)


SPREADING = _spreading()
FEW = 3  # maps up to which doubling is faster by one product and torch's `fold`


class Convolution(Network):
    """A convolutional D or G (see `ConvolutionConfig`) whose parameters are one row: W_1, b_1, [gain_1, shift_1,] W_2, ...

    A kernel (out, in, k, k) lies in the row, and goes through spectral normalisation, as its matrix `(in k k, out)` (Miyato et
    al. 2018, arXiv:1802.05957, section 2.1, transposed). Gains and shifts are one number per map, after G's first layer too.

    Batch norm takes mean and biased variance of each map over batch, height and width, with no running averages (see `MLP`);
    layer norm those of each sample over all its maps, height and width (torch's group norm of one group).

    Inside, maps are `(batch, members channels, height, width)`: a member's maps are a group of the convolution and of layer
    norm, and batch norm keeps all maps apart as it is.
    """

    def __init__(self, inputs: int, outputs: int, settings: ConvolutionConfig, shape: Shape) -> None:
        self.settings = settings
        self.plan, self._side = settings.layers(inputs, outputs, shape), shape[1]
        self.shapes = [(layer.fan_in, layer.fan_out) for layer in self.plan]
        scales = 0 if settings.normalisation == "none" else 2
        own = [(layer.fan_in * layer.fan_out, layer.fan_out, *[layer.channels] * scales) for layer in self.plan]
        self.lengths = [n for lengths in own for n in lengths]
        del self.lengths[len(self.lengths) - scales :]  # the last layer is not normalised
        self.matrices = [(2 + scales) * i for i in range(len(self.plan))]
        self.couples_batch = settings.normalisation == "batch"
        super().__init__(sum(self.lengths))

    def initialise(self, generator: Generator) -> Tensor:
        """One fresh row of parameters, shape `(size,)`: gains 1, shifts 0."""
        gain = ACTIVATIONS[self.settings.activation].gain
        parts: list[Tensor] = []
        for layer in self.plan:
            window = layer.kernel**2
            parts += initial_layer(generator, self.settings, layer.fan_in, layer.fan_out, gain, window=window)
            if self.settings.normalisation != "none":
                parts += [torch.ones(layer.channels), torch.zeros(layer.channels)]
        return torch.cat(parts[: len(self.lengths)])

    def __call__(self, rows: Tensor, x: Tensor, masks: Masks | None = None) -> Tensor:
        """rows `(members, size)`, x `(members, batch, inputs)` -> `(members, batch, outputs)`; pictures channel by channel."""
        members = len(x)
        parts = iter(torch.split(rows, self.lengths, dim=1))  # views; their backward is one cat
        activate = ACTIVATIONS[self.settings.activation].value
        side = self._side
        for layer in self.plan:
            weights, biases = next(parts).view(members, layer.fan_in, layer.fan_out), next(parts)
            if layer.kernel == 1:
                x = torch.baddbmm(biases.unsqueeze(1), _rows(x, members), weights)
            else:
                x = _convolved(_maps(x, side), weights, biases, layer)
            side = layer.side
            if layer is self.plan[-1]:
                break
            x = _maps(x, side)
            if self.settings.normalisation != "none":
                x = self._normalised(x, members, next(parts).flatten(), next(parts).flatten())
            x = activate(x)
        return x if layer.kernel == 1 else _rows(torch.tanh(x), members)

    def _normalised(self, x: Tensor, members: int, gains: Tensor, shifts: Tensor) -> Tensor:
        if self.couples_batch:
            return F.batch_norm(x, None, None, gains, shifts, training=True, eps=NORMALISATION_EPSILON)
        return F.group_norm(x, members, gains, shifts, NORMALISATION_EPSILON)


def _maps(x: Tensor, side: int) -> Tensor:
    """Rows `(members, batch, channels side side)` as maps `(batch, members channels, side, side)`."""
    return x if x.dim() == 4 else x.transpose(0, 1).reshape(x.shape[1], -1, side, side)


def _rows(x: Tensor, members: int) -> Tensor:
    """Maps as rows."""
    return x if x.dim() == 3 else x.reshape(len(x), members, -1).transpose(0, 1)


def _convolved(x: Tensor, weights: Tensor, biases: Tensor, layer: Layer) -> Tensor:
    """Maps `(batch, members inputs, side, side)` through kernels `(members, inputs k k, channels)`, halved or doubled."""
    members = len(weights)
    kernels = weights.view(members, layer.inputs, layer.kernel**2, layer.channels)
    if layer.kernel == 3:
        kernels = torch.matmul(kernels.mT, SPREADING.to(kernels)).view(-1, layer.channels, 4, 4)
        y = _doubled(x, kernels, members)
    else:
        y = _halved(x, kernels.permute(0, 3, 1, 2).reshape(-1, layer.inputs, 4, 4), members)
    return y + biases.reshape(-1, 1, 1)


# ------------------------------------------------------------------------------------------------------- one trilinear form
#
# <y, H(x, K)>, H the convolution by 4 x 4 kernels K (members out, in, 4, 4) with stride 2 and padding 1 of maps x to maps y of
# half the side. Its gradients are H(x, K) in y, in x H's adjoint H'(y, K), which doubles, and in K the correlations C(x, y);
# the gradient of each is made of the other two, so that derivatives of every order are these three. Measured on one slow core,
# a penalty on D's slope takes two thirds of the time that torch's own second derivative needs, and doubling to the one map of
# a grey picture by a product and `fold` a fifth of the time of torch's transposed convolution.


def _halved(x: Tensor, kernels: Tensor, members: int) -> Tensor:
    return _Halved.apply(x, kernels, members)  # type: ignore[no-any-return,no-untyped-call]


def _doubled(y: Tensor, kernels: Tensor, members: int) -> Tensor:
    return _Doubled.apply(y, kernels, members)  # type: ignore[no-any-return,no-untyped-call]


def _correlated(x: Tensor, y: Tensor, members: int) -> Tensor:
    return _Correlated.apply(x, y, members)  # type: ignore[no-any-return,no-untyped-call]


Gradients = tuple[Tensor | None, Tensor | None, None]


class _Halved(torch.autograd.Function):
    """H(x, K)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, kernels: Tensor, members: int) -> Tensor:
        ctx.save_for_backward(x, kernels)
        ctx.members = members
        return F.conv2d(x, kernels, stride=2, padding=1, groups=members)

    @staticmethod
    def backward(ctx: Any, y: Tensor) -> Gradients:
        x, kernels = ctx.saved_tensors
        of_x, of_kernels, _ = ctx.needs_input_grad
        return (
            _doubled(y, kernels, ctx.members) if of_x else None,
            _correlated(x, y, ctx.members) if of_kernels else None,
            None,
        )


class _Doubled(torch.autograd.Function):
    """H'(y, K)."""

    @staticmethod
    def forward(ctx: Any, y: Tensor, kernels: Tensor, members: int) -> Tensor:
        ctx.save_for_backward(y, kernels)
        ctx.members = members
        if kernels.shape[1] > FEW:
            return F.conv_transpose2d(y, kernels, stride=2, padding=1, groups=members)
        side = y.shape[-1]
        windows = kernels.view(members, -1, kernels.shape[1] * 16).mT @ y.view(len(y), members, -1, side * side)
        return F.fold(windows.view(len(y), -1, side * side), 2 * side, 4, padding=1, stride=2)

    @staticmethod
    def backward(ctx: Any, x: Tensor) -> Gradients:
        y, kernels = ctx.saved_tensors
        of_y, of_kernels, _ = ctx.needs_input_grad
        return (
            _halved(x, kernels, ctx.members) if of_y else None,
            _correlated(x, y, ctx.members) if of_kernels else None,
            None,
        )


class _Correlated(torch.autograd.Function):
    """C(x, y)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, y: Tensor, members: int) -> Tensor:
        ctx.save_for_backward(x, y)
        ctx.members = members
        like = x.new_empty(y.shape[1], x.shape[1] // members, 4, 4)
        geometry = (2, 2), (1, 1), (1, 1), False, (0, 0), members
        found: Tensor = torch.ops.aten.convolution_backward(y, x, like, None, *geometry, (False, True, False))[1]
        return found

    @staticmethod
    def backward(ctx: Any, kernels: Tensor) -> Gradients:
        x, y = ctx.saved_tensors
        of_x, of_y, _ = ctx.needs_input_grad
        return (
            _doubled(y, kernels, ctx.members) if of_x else None,
            _halved(x, kernels, ctx.members) if of_y else None,
            None,
        )
