"""A network and passes through it: forward, backward, tangent.

Samples are columns here, and a row of ones carries the biases: with H_0 = [x; 1] and V_l = [W_l; b_l], layer l of L is

    U_l = V_l^T H_{l-1},    H_l = [sigma(U_l); 1],    output o = U_L, or tanh(U_L) of a bounded one.

Backward from seeds Delta_L, with sigma'_l = sigma'(U_l) and products sample by sample:

    P_l = W_{l+1} Delta_{l+1},    Delta_l = sigma'_l P_l,    slope in x: P_0,    gradient in V_l: H_{l-1} Delta_l^T,

and V_l is one block of the flat vector, in its order. A straight line through 0 is one layer without the row of ones, a point
one layer without inputs. Along v held constant the derivative of o is

    T_0 = v,    T_l = sigma'_l R_l,    R_l = W_l^T T_{l-1},    o' = R_L,

and the gradient of sum o' in W_l is T_{l-1} Delta_l^T where sigma'' = 0; else U_l feels o' as well, by

    Lambda_l = sigma''_l R_l P_l + sigma'_l (W_{l+1} Lambda_{l+1}),    which adds H_{l-1} Lambda_l^T.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gandash.game.compiled.functions import (
    ACTIVATIONS,
    ONE,
    SILU,
    ZERO,
    activate,
    compiled,
    is_curved,
    tanh,
    times_first_derivative,
    times_second_derivative,
)
from gandash.game.compiled.products import add_times_transposed, times, transposed_times, zeros
from gandash.game.compiled.reference import reference
from gandash.game.networks import MLP, LinearNetwork, Network, PointNetwork

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]


class Layout(NamedTuple):
    """What a network looks like to compiled code."""

    widths: Integers  # (L + 1,), from inputs to outputs
    ones: int  # rows of them below a layer's units: 1, or 0 without biases
    rows: Integers  # (L + 1,): where layer l begins in a tape, in rows
    blocks: Integers  # (L,): where V_l begins in the flat vector, V_1 first
    activation: int
    bounded: bool

    @classmethod
    def of(cls, network: Network) -> Layout:
        """Of one that `plans.has_layout`."""
        match network:
            case PointNetwork():
                layers, activation, bounded, ones = [(0, network.size)], "relu", False, 1
            case LinearNetwork():
                layers, activation, bounded, ones = [(network.size, 1)], "relu", False, 0
            case MLP(is_plain=True):
                layers, activation, bounded, ones = network.layers, network.settings.activation, network.bounded, 1
            case _:
                raise TypeError("compiled passes are wrong for any other network")
        widths = np.array([layers[0][0], *(fan_out for _, fan_out in layers)])
        blocks = np.cumsum([0, *((fan_in + ones) * fan_out for fan_in, fan_out in layers[:-1])])
        rows = np.cumsum([0, *(widths[:-1] + 1)])
        return cls(widths, ones, rows, blocks, ACTIVATIONS[activation], bounded)


class Tape(NamedTuple):
    """Memory for passes over `columns` samples: each array, flat, has a block of rows for every layer (`units`, `extended`)."""

    columns: int
    h: Floats  # H
    u: Floats  # U, where the activation asks for it again
    delta: Floats
    p: Floats  # P of a curved layer, and of the inputs
    t: Floats
    r: Floats
    bent: Floats  # Lambda
    left: Floats  # of one layer: the left factor of a gradient's product

    @classmethod
    def of(cls, net: Layout, columns: int, tangents: bool = False) -> Tape:
        """Fresh memory; with `tangents` also for T, R and Lambda."""
        rows = int(net.rows[-1] + net.widths[-1])
        widest = int(net.widths[:-1].max()) + 1

        def memory(wanted: bool = True, rows: int = rows) -> Floats:
            return zeros(rows * columns if wanted else 0)

        curved = tangents and net.activation >= ACTIVATIONS["tanh"]
        h = memory()
        for first, width in zip(net.rows[:-1], net.widths[:-1], strict=True):
            h[(first + width) * columns : (first + width + 1) * columns] = 1
        return cls(
            columns,
            h,
            u=memory(net.activation == SILU),
            delta=memory(),
            p=memory(rows=rows if curved else int(net.widths[0])),
            t=memory(tangents),
            r=memory(curved),
            bent=memory(curved),
            left=memory(rows=widest),
        )


LayoutReference, LayoutReferenceType = reference(Layout)
TapeReference, TapeReferenceType = reference(Tape)

# --------------------------------------------------------------------------------------------------- views of flat memory


@compiled
def units(flat: Any, net: Any, layer: int, n: int) -> Any:
    """Layer l of something kept for every layer, `(its units, n)`."""
    first = net.rows[layer] * n
    return flat[first : first + net.widths[layer] * n].reshape(net.widths[layer], n)


@compiled
def extended(flat: Any, net: Any, layer: int, n: int) -> Any:
    """The same with the ones of H, a row more."""
    first, height = net.rows[layer] * n, net.widths[layer] + net.ones
    return flat[first : first + height * n].reshape(height, n)


@compiled
def flat_units(flat: Any, net: Any, layer: int, n: int) -> Any:
    """Layer l without its shape."""
    return flat[net.rows[layer] * n : (net.rows[layer] + net.widths[layer]) * n]


@compiled
def matrix(parameters: Any, net: Any, layer: int) -> Any:
    """V_l, `(fan_in + 1, fan_out)`; without biases W_l."""
    height, fan_out, first = net.widths[layer - 1] + net.ones, net.widths[layer], net.blocks[layer - 1]
    return parameters[first : first + height * fan_out].reshape(height, fan_out)


@compiled
def weights(parameters: Any, net: Any, layer: int) -> Any:
    """W_l, `(fan_in, fan_out)`."""
    fan_in, fan_out, first = net.widths[layer - 1], net.widths[layer], net.blocks[layer - 1]
    return parameters[first : first + fan_in * fan_out].reshape(fan_in, fan_out)


@compiled
def inputs(net: Any, tape: Any) -> Any:
    """Where x goes before `forward`, `(inputs, columns)`."""
    return units(tape.h, net, 0, tape.columns)


@compiled
def outputs(net: Any, tape: Any) -> Any:
    """o after `forward`, `(outputs, columns)`."""
    return units(tape.h, net, len(net.widths) - 1, tape.columns)


@compiled
def seeds(net: Any, tape: Any) -> Any:
    """What o is multiplied by before `backward`, `(outputs, columns)`."""
    return units(tape.delta, net, len(net.widths) - 1, tape.columns)


# ------------------------------------------------------------------------------------------------------------- passes


@compiled
def forward(net: Any, parameters: Any, tape: Any) -> None:
    """H_1 ... and o, from `inputs`."""
    n, last = tape.columns, len(net.widths) - 1
    for layer in range(1, last + 1):
        keeps = net.activation == SILU and layer < last
        u = units(tape.u if keeps else tape.h, net, layer, n)
        transposed_times(matrix(parameters, net, layer), extended(tape.h, net, layer - 1, n), u)
        if layer < last:
            activate(net.activation, flat_units(tape.u, net, layer, n), flat_units(tape.h, net, layer, n))
    if net.bounded:
        o = flat_units(tape.h, net, last, n)
        for i in range(o.size):
            o[i] = tanh(o[i])


@compiled
def backward(net: Any, parameters: Any, tape: Any, penalised: bool) -> None:
    """Delta_L ... Delta_1, from `seeds`; where it is `penalised` and curved, P is kept."""
    n, last = tape.columns, len(net.widths) - 1
    if net.bounded:
        o, delta = flat_units(tape.h, net, last, n), flat_units(tape.delta, net, last, n)
        for i in range(o.size):
            delta[i] *= ONE - o[i] * o[i]
    for layer in range(last - 1, 0, -1):
        times(weights(parameters, net, layer + 1), units(tape.delta, net, layer + 1, n), units(tape.delta, net, layer, n))
        delta = flat_units(tape.delta, net, layer, n)
        if penalised and is_curved(net.activation):
            flat_units(tape.p, net, layer, n)[:] = delta
        times_first_derivative(net.activation, flat_units(tape.u, net, layer, n), flat_units(tape.h, net, layer, n), delta)


@compiled
def slope(net: Any, parameters: Any, tape: Any) -> Any:
    """P_0 after `backward`: grad_x o times the seed, summed over outputs, `(inputs, columns)`."""
    found = tape.p[: net.widths[0] * tape.columns].reshape(net.widths[0], tape.columns)
    times(weights(parameters, net, 1), units(tape.delta, net, 1, tape.columns), found)
    return found


@compiled
def tangent(net: Any, parameters: Any, tape: Any) -> None:
    """T_1 ... T_{L-1} from T_0, which the caller writes; where the activation is curved also Lambda."""
    n, last = tape.columns, len(net.widths) - 1
    curved = is_curved(net.activation)
    for layer in range(1, last):
        transposed_times(weights(parameters, net, layer), units(tape.t, net, layer - 1, n), units(tape.t, net, layer, n))
        t = flat_units(tape.t, net, layer, n)
        if curved:
            flat_units(tape.r, net, layer, n)[:] = t
        times_first_derivative(net.activation, flat_units(tape.u, net, layer, n), flat_units(tape.h, net, layer, n), t)
    if not curved:
        return
    for layer in range(last - 1, 0, -1):
        u, h = flat_units(tape.u, net, layer, n), flat_units(tape.h, net, layer, n)
        own = flat_units(tape.bent, net, layer, n)
        if layer < last - 1:
            times(weights(parameters, net, layer + 1), units(tape.bent, net, layer + 1, n), units(tape.bent, net, layer, n))
            times_first_derivative(net.activation, u, h, own)
        else:
            own[:] = ZERO
        r, p = flat_units(tape.r, net, layer, n), flat_units(tape.p, net, layer, n)
        for i in range(own.size):
            r[i] *= p[i]
        times_second_derivative(net.activation, u, h, r)
        for i in range(own.size):
            own[i] += r[i]


@compiled
def _weighed(net: Any, tape: Any, layer: int, c: Any, penalised: bool) -> Any:
    """H_l under c, sample by sample, plus [T_l; 0] where it is penalised: a left factor, `(units + 1, columns)`."""
    n, width = tape.columns, net.widths[layer]
    h = extended(tape.h, net, layer, n)
    left = tape.left[: h.size].reshape(h.shape)
    for i in range(h.shape[0]):
        row, out = h[i], left[i]
        for k in range(n):
            out[k] = row[k] * c[k]
    if penalised:
        t, flat = flat_units(tape.t, net, layer, n), tape.left[: width * n]
        for i in range(t.size):
            flat[i] += t[i]
    return left


@compiled
def gradient(net: Any, tape: Any, c: Any, penalised: bool, into: Any) -> None:
    """Add to `into`, flat, the gradient of sum_i c_i o_i, o_i times its seed; an empty c is 1 everywhere.

    Where it is `penalised` also of sum_i o'_i, of which `tangent` has been along.
    """
    n, last = tape.columns, len(net.widths) - 1
    for layer in range(1, last + 1):
        left = _weighed(net, tape, layer - 1, c, penalised) if c.size else extended(tape.h, net, layer - 1, n)
        out = matrix(into, net, layer)
        add_times_transposed(left, units(tape.delta, net, layer, n), out)
        if penalised and layer < last and is_curved(net.activation):
            add_times_transposed(extended(tape.h, net, layer - 1, n), units(tape.bent, net, layer, n), out)
