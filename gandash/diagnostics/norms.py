"""How much each layer of D stretches: the largest singular values of its matrices, found from the matrices themselves.

Spectral normalisation divides by an estimate, one power iteration a step, which lags behind a matrix that turns; what it comes
to is read here.
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from scipy.sparse.linalg import LinearOperator, eigsh
from torch import Tensor

from gandash.config.networks import Layer
from gandash.diagnostics.estimators import Array
from gandash.game.networks import Convolution, Network

PRECISION = 1e-3  # relative, of a convolution's squared norm


@torch.inference_mode()
def largest_singular_values(net: Network, parameters: Tensor) -> tuple[float, ...]:
    """Of every weight matrix of one member's D, `parameters` `(n,)` as they act, in the order of its layers.

    Those of matrices are exact. A convolution's is that of the linear map from pictures of its size to pictures, which is what
    bounds D's slope: up to 2 times that of the kernel's matrix, since a pixel lies under four entries of a 4 x 4 kernel of
    stride 2. It is found by Lanczos' method to within a thousandth.

    The product of all bounds D's slope in x where no activation is steeper than 1 and nothing is normalised by its batch or
    layer.
    """
    parts = torch.split(parameters.double(), net.lengths)
    plan: list[Layer | None] = list(net.plan) if isinstance(net, Convolution) else [None] * len(net.matrices)
    found = []
    for i, shape, layer in zip(net.matrices, net.shapes, plan, strict=True):
        w = parts[i].view(shape)
        if not torch.isfinite(w).all():
            found.append(math.nan)
        elif layer is None or layer.kernel == 1:
            found.append(float(torch.linalg.matrix_norm(w, 2)))
        else:
            found.append(_of_convolution(w, layer))
    return tuple(found)


def _of_convolution(w: Tensor, layer: Layer) -> float:
    """The root of the largest eigenvalue of H' H, H the convolution that halves maps, its kernels w `(inputs 16, channels)`."""
    kernels = w.T.reshape(layer.channels, layer.inputs, 4, 4)
    shape = 1, layer.inputs, 2 * layer.side, 2 * layer.side

    def there_and_back(x: Array) -> Array:
        halved = F.conv2d(torch.from_numpy(x).view(shape), kernels, stride=2, padding=1)
        back: Array = F.conv_transpose2d(halved, kernels, stride=2, padding=1).flatten().numpy()
        return back

    start = np.random.default_rng(0).standard_normal(math.prod(shape))
    if not there_and_back(start).any():
        return 0.0
    operator = LinearOperator((len(start), len(start)), matvec=there_and_back, dtype=np.float64)
    (largest,) = eigsh(operator, k=1, which="LA", tol=PRECISION, v0=start, return_eigenvectors=False)
    return math.sqrt(largest)
