#!/usr/bin/env bash
# torch 2.13.0, CPython 3.11 on Linux, CPU.
#
# PyTorch takes a subgradient where a norm has no derivative: the gradient of torch.linalg.vector_norm (and of Tensor.norm) at
# the zero vector is 0, not NaN, and the autograd notes name the convention. So most of us hold such a norm to be safe at zero,
# and its square, which is smooth (it is v . v), to be as good as the sum of squares. That is so for ONE derivative only. The
# zero is put in by a mask over a quotient by the norm, and that quotient is differentiated again: the second derivative is NaN,
# of the norm, of its square, and of (norm - 1) ** 2. One row of zeros in a batch then makes the second derivative by
# a parameter that all rows share NaN, while the loss and its gradient are right. A gradient penalty that trains well
# under Adam gives NaN in the first Hessian-vector product, from one sample at which the critic is flat.
#
# Seen on 2026-11-28 (y is the sum over the rows of |w x| ** 2, at w = 1; both of its derivatives are 50):
#   rows (3, 4): norm squared 50.0 50.0, sum of squares 50.0 50.0
#   rows (3, 4) and (0, 0): norm squared 50.0 nan, sum of squares 50.0 50.0
#   (|v| - 1) ** 2 at v = (0, 0): gradient [0.0, 0.0], derivative of its sum [nan, nan]
#
# By hand only. Exits 0 while this is so, 1 when it has changed.
# Where pip would bring a build for CUDA, add the index of PyTorch's CPU builds to the line below: nothing here needs a GPU.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check torch==2.13.0

cat > check.py <<'END'
import math
import warnings

warnings.filterwarnings("ignore")  # of NumPy, which is not needed here

import torch


def derivatives(function, at):
    """The gradient, and the gradient of its sum."""
    first = torch.autograd.grad(function(at), at, create_graph=True)[0]
    return first.detach(), torch.autograd.grad(first.sum(), at)[0]


def both(rows):
    x = torch.tensor(rows)
    w = torch.tensor(1.0, requires_grad=True)
    normed = [d.item() for d in derivatives(lambda w: torch.linalg.vector_norm(w * x, dim=1).square().sum(), w)]
    plain = [d.item() for d in derivatives(lambda w: (w * x).square().sum(), w)]
    print("norm squared", f"{normed[0]} {normed[1]}, sum of squares {plain[0]} {plain[1]}")
    return normed, plain


print("rows (3, 4):", end=" ")
without = both([[3.0, 4.0]])
print("rows (3, 4) and (0, 0):", end=" ")
normed, plain = both([[3.0, 4.0], [0.0, 0.0]])

v = torch.zeros(2, requires_grad=True)
first, second = derivatives(lambda v: (torch.linalg.vector_norm(v) - 1) ** 2, v)
first = first.abs()  # -0.0 is 0.0
print(f"(|v| - 1) ** 2 at v = (0, 0): gradient {first.tolist()}, derivative of its sum {second.tolist()}")

holds = (
    without == ([50.0, 50.0], [50.0, 50.0])
    and plain == [50.0, 50.0]
    and normed[0] == 50.0
    and math.isnan(normed[1])
    and not first.any()
    and second.isnan().all()
)
raise SystemExit(0 if holds else 1)
END
env/bin/python check.py
