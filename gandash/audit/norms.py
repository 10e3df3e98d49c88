"""How much D's matrices stretch where they are meant not to: by numpy's singular values, and by many rounds of a convolution
written out as sums."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np
from scipy.signal import convolve2d, correlate2d

from gandash.audit.players import Array, Players
from gandash.audit.row import Known, Row
from gandash.game.networks import Convolution
from gandash.words import say

_ROUNDS = 400


def audit_norms(players: Players, numbers: Mapping[str, float]) -> Iterator[Row]:
    """The largest norm of D's matrices and the product of all, where they are shown."""
    if "largest_norm" not in numbers:
        return
    net, row = players.game.discriminator.network, players.state.phi_effective[0].double().numpy()
    ends = np.cumsum([0, *net.lengths])
    side = 2 * net.plan[0].side if isinstance(net, Convolution) else 0
    norms = []
    for i, shape in zip(net.matrices, net.shapes, strict=True):
        w = row[ends[i] : ends[i + 1]].reshape(shape)
        if side and i != net.matrices[-1]:  # all layers of such a D but the last halve their maps
            norms.append(_of_halving(w.T.reshape(shape[1], -1, 4, 4), side))
            side //= 2
        else:
            norms.append(float(np.linalg.svd(w, compute_uv=False)[0]))
    how = say("singular values of the matrices")
    yield Row("largest_norm", numbers["largest_norm"], Known(max(norms), 0.0, how), 0.01, say("a hundredth"))
    product = math.prod(norms)
    yield Row(
        "product_of_norms", numbers["product_of_norms"], Known(product, 0.0, how), 0.02 * product, say("a hundredth each")
    )


def _of_halving(kernels: Array, side: int) -> float:
    """The norm of a convolution of stride 2 and padding 1 with kernels `(out, in, 4, 4)`, on maps of this side."""
    x = np.random.default_rng(0).standard_normal((kernels.shape[1], side, side))
    length = 0.0
    for _ in range(_ROUNDS):
        x /= np.linalg.norm(x)
        padded = np.pad(x, ((0, 0), (1, 1), (1, 1)))
        y = [sum(correlate2d(m, k, "valid")[::2, ::2] for m, k in zip(padded, of, strict=True)) for of in kernels]
        length = float(np.linalg.norm(np.stack(y)))
        spread = np.zeros((len(kernels), side - 1, side - 1))
        spread[:, ::2, ::2] = y
        back = [sum(convolve2d(m, k) for m, k in zip(spread, kernels[:, i], strict=True)) for i in range(len(x))]
        x = np.stack(back)[:, 1:-1, 1:-1]
    return length
