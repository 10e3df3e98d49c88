"""Passes through an MLP by hand: forward, backward, tangent. Training uses these; autograd is what they are tested against.

Samples are columns here, and a row of ones carries the biases: with H_0 = [x; 1] and V_l = [W_l; b_l], layer l of L is

    U_l = V_l^T H_{l-1},    H_l = [sigma(U_l); 1],    output o = U_L, or tanh(U_L) of a bounded one.

Backward from seeds Delta_L, with sigma'_l = sigma'(U_l) and products sample by sample:

    P_l = W_{l+1} Delta_{l+1},    Delta_l = sigma'_l P_l,    slope in x: P_0,    gradient in V_l: H_{l-1} Delta_l^T,

and V_l is one block of the flat vector, in its order. Nothing here is differentiable; for that, call the MLP.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import torch
from torch import Tensor

from gandash.game.networks import MLP, Network


class _Layer:
    """What a pass leaves at layer l, in the letters of this file; `_first` marks the columns of the first batch."""

    def __init__(self, v: Tensor, batch: int, first: int, weightings: int, zeros: Callable[..., Tensor]) -> None:
        fan_in, fan_out = v.shape[-2] - 1, v.shape[-1]
        self.v_transposed, self.w, self.b = v.mT, v[..., :-1, :], v[..., -1:, :].mT
        self.w_transposed = self.w.mT
        # An outer product: for many members at once elementwise arithmetic takes a third of the time of batched BLAS
        self.outer_forward, self.outer_backward = v.dim() == 3 and fan_in == 1, v.dim() == 3 and fan_out == 1
        self.h = zeros(fan_in + 1, batch)  # H_{l-1}
        self.h[..., -1, :] = 1
        self.h_first = self.h[..., :first]
        self.x = self.h[..., :-1, :]  # the same without its ones
        self.x_first = self.x[..., :first]
        self.u = zeros(fan_out, batch)
        self.u_first = self.u[..., :first]
        self.grad_h = zeros(fan_out, batch)  # P_l
        self.grad_h_first = self.grad_h[..., :first]
        self.delta = zeros(fan_out, batch)
        self.delta_transposed = self.delta.mT
        # The left factor of the gradient's product: H_{l-1} under each weighting, one below the other
        self.each = self.h.unsqueeze(-3)
        self.weighted = zeros(weightings, fan_in + 1, batch) if weightings else self.each
        self.left = self.weighted.flatten(-3, -2)
        self.left_first = self.weighted[..., 0, :-1, :first]
        self.gradient = zeros(self.left.shape[-2], fan_out)
        self.tangent = zeros(fan_out, first)  # W_l^T T_{l-1}
        self.t = zeros(fan_out, first)  # T_l


class Tape:
    """One network's memory for passes over batches of fixed sizes, side by side: what a pass left, until the next one.

    For its callers tensors are `(members, features, batch)`. Inside, one member goes without the first axis: a matrix product
    costs less than a batch of one. All memory is written again by the next pass, except what a method returns as fresh.

    Between `forward` and `backward` the caller may write `seeds` `(members, outputs, batch)`, which are ones until then;
    with `weightings` > 0 he writes `weights` `(members, weightings, batch)` before `gradients`.
    """

    def __init__(self, network: Network, rows: Tensor, sizes: tuple[int, ...], weightings: int) -> None:
        assert isinstance(network, MLP) and network.has_passes_by_hand, (
            "these passes are wrong for any other network: call it instead"
        )
        members = len(rows)
        lead = () if members == 1 else (members,)
        batch = sum(sizes)

        def zeros(*shape: int) -> Tensor:
            return rows.new_zeros(*lead, *shape)

        def with_members(matrix: Tensor) -> Tensor:
            return matrix if lead else matrix[None]

        self._multiply = torch.mm if members == 1 else torch.bmm
        self._activation = network.activation
        self._given: tuple[Tensor, ...] = ()
        self._rows = torch.zeros_like(rows)
        blocks = torch.split(self._rows, [(fan_in + 1) * fan_out for fan_in, fan_out in network.layers], dim=1)
        self._layers = [
            _Layer(block.view(*lead, fan_in + 1, fan_out), batch, sizes[0], weightings, zeros)
            for block, (fan_in, fan_out) in zip(blocks, network.layers, strict=True)
        ]
        self._hidden, last = list(itertools.pairwise(self._layers)), self._layers[-1]
        if self._activation.curvature is None:  # U_l and P_l are not asked for again: sigma acts in place
            for layer, above in self._hidden:
                layer.u, layer.grad_h = above.x, layer.delta
        self._weightings, weights = weightings, zeros(weightings, batch)
        self._each = weights.unsqueeze(-2)
        self._gradients = [layer.gradient.view(members, weightings or 1, -1) for layer in self._layers]
        self._slope = zeros(network.layers[0][0], batch)

        # A bounded network's output is tanh(U_L); seeds are its own, Delta_L what they are before it
        self._last, self._bounded = last, network.bounded
        self._seeds = torch.empty_like(last.delta) if network.bounded else last.delta
        self._seeds.fill_(1)
        self._x = [x.mT for x in torch.split(with_members(self._layers[0].x), list(sizes), dim=-1)]
        self.outputs, self.seeds, self.weights = with_members(last.u), with_members(self._seeds), with_members(weights)
        self.slopes = with_members(self._slope)

    def forward(self, rows: Tensor, *batches: Tensor) -> None:
        """U_L into `outputs`, for parameters `(members, size)` and batches `(members, its size, inputs)`."""
        self._given = (rows, *batches)
        self._rows.copy_(rows)
        for x, batch in zip(self._x, batches, strict=True):
            x.copy_(batch)
        for layer, above in self._hidden:
            if layer.outer_forward:
                torch.addcmul(layer.b, layer.w_transposed, layer.x, out=layer.u)
            else:
                self._multiply(layer.v_transposed, layer.h, out=layer.u)
            self._activation.write(layer.u, above.x)
        self._multiply(self._last.v_transposed, self._last.h, out=self._last.u)
        if self._bounded:
            torch.tanh(self._last.u, out=self._last.u)

    def holds(self, *given: Tensor) -> bool:
        """Whether these very tensors were given to the last `forward`."""
        return all(a is b for a, b in itertools.zip_longest(given, self._given))

    def backward(self) -> None:
        """Delta_L ... Delta_1 from `seeds`."""
        if self._bounded:
            torch.ops.aten.tanh_backward.grad_input(self._seeds, self._last.u, grad_input=self._last.delta)
        for layer, above in reversed(self._hidden):
            (torch.mul if above.outer_backward else self._multiply)(above.w, above.delta, out=layer.grad_h)
            self._activation.backward(layer.grad_h, layer.u, above.x, layer.delta)

    def slope(self) -> Tensor:
        """P_0: the gradient of o in x times the seed, summed over outputs, `(members, inputs, batch)`."""
        self._multiply(self._layers[0].w, self._layers[0].delta, out=self._slope)
        return self.slopes

    def gradients(self, v: Tensor | None = None) -> Tensor:
        """Gradients in the parameters of sum_i c_i o_i, fresh `(members, weightings, size)`.

        o_i is the output at sample i times its seed, summed over outputs; c_i its weight under each weighting, 1 without any.

        Given v `(members, inputs, size of the first batch)`, also of sum_j v_j . grad_x o_j over the first batch, v held
        constant. That is the derivative of o along v: T_0 = v, T_l = sigma'_l (W_l^T T_{l-1}), o' = W_L^T T_{L-1}. Where
        sigma'' = 0, its gradient in W_l is T_{l-1} Delta_l^T: one product serves both sums. Else U_l feels o' as well, by
        Lambda_l = sigma''_l (W_l^T T_{l-1}) P_l + sigma'_l (W_{l+1} Lambda_{l+1}), which adds H_{l-1} Lambda_l^T.
        """
        if self._weightings:
            for layer in self._layers:
                torch.mul(layer.each, self._each, out=layer.weighted)
        if v is not None:
            self._add_tangents(v)
        for layer in self._layers:
            self._multiply(layer.left, layer.delta_transposed, out=layer.gradient)
        if v is not None and self._activation.curvature:
            self._add_bends(self._activation.curvature)
        return torch.cat(self._gradients, dim=-1)

    def _add_tangents(self, v: Tensor) -> None:
        """T_{l-1} onto the left factors."""
        assert not self._bounded, "only D is penalised, and only G is bounded"
        t = v if self._multiply is torch.bmm else v[0]
        for layer, above in self._hidden:
            layer.left_first.add_(t)
            self._multiply(layer.w_transposed, t, out=layer.tangent)
            self._activation.backward(layer.tangent, layer.u_first, above.x_first, layer.t)
            t = layer.t
        self._last.left_first.add_(t)

    def _add_bends(self, curvature: Callable[[Tensor, Tensor], Tensor]) -> None:
        """H_{l-1} Lambda_l^T onto the gradients."""
        bend: Tensor | None = None
        for layer, above in reversed(self._hidden):
            u, h = layer.u_first, above.x_first
            own = curvature(u, h) * layer.tangent * layer.grad_h_first
            if bend is not None:
                from_above = self._multiply(above.w, bend)
                self._activation.backward(from_above, u, h, from_above)
                own += from_above
            bend = own
            layer.gradient += self._multiply(layer.h_first, bend.mT)


def run(network: Network, rows: Tensor, *batches: Tensor, weightings: int = 0) -> Tape:
    """A forward pass on the network's own tape for these sizes."""
    found = tape(network, rows, *batches, weightings=weightings)
    found.forward(rows, *batches)
    return found


def tape(network: Network, rows: Tensor, *batches: Tensor, weightings: int = 0) -> Tape:
    """The network's own tape for tensors of these sizes, as it was left."""
    key = (rows.shape, *[b.shape for b in batches], weightings, rows.dtype, rows.device)
    found = network.tapes.get(key)
    if found is None:
        sizes = tuple(b.shape[1] for b in batches)
        found = network.tapes[key] = Tape(network, rows, sizes, weightings)
    return found
