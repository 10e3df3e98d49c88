"""Optimisers on flat vectors: pure functions of (gradient, moments, settings), with torch.optim's conventions.

Moments are a dict of tensors `(members, n)` and one counter `(members, 1)`; settings are tensors `(members, 1)`, so that every
member may have its own. A change of learning rate leaves the moments alone, and one of a beta what Adam makes of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

Moments = dict[str, Tensor]
Hyper = Mapping[str, Tensor]

ONE = torch.tensor(1.0)  # a Python number would be made a tensor again in every step, for the price of the operation itself


@dataclass(frozen=True)
class Optimiser:
    """`start(parameters)` gives the moments at rest; `update(gradient, moments, hyper)` the step to *add*, and new moments.

    Parameters, gradient and step are `(members, n)`. Momentum: Polyak 1964; RMSProp: Tieleman and Hinton 2012; Adam: Kingma and
    Ba 2014, arXiv:1412.6980.
    """

    name: str
    moments: tuple[str, ...]
    update: Callable[[Tensor, Moments, Hyper], tuple[Tensor, Moments]]
    corrected: Mapping[str, str] = field(default_factory=dict)  # by beta, its average: it began at 0, which is made up for

    def start(self, parameters: Tensor) -> Moments:
        """Zeros, each moment `(members, n)` and the counter of steps `(members, 1)`."""
        rest = {name: torch.zeros_like(parameters) for name in self.moments if name != "count"}
        if "count" in self.moments:
            rest["count"] = parameters.new_zeros(parameters.shape[0], 1)
        return rest

    def under(self, after: Hyper, before: Hyper, moments: Moments) -> Moments:
        """The moments to go on with where settings `before` give way to those `after`.

        After t updates a corrected average is m/(1 - beta^t), and under another beta the same m would stand for another:
        from 0.9 to 0.9999 after 600 updates the mean square would read 17 times as large, and steps be a quarter as long. So m
        is multiplied by (1 - beta_after^t)/(1 - beta_before^t): the average stays, and counts from then on as one of t updates.
        """
        if not self.corrected:
            return moments
        count = moments["count"].double()  # (members, 1)
        found = dict(moments)
        for beta, name in self.corrected.items():
            if not torch.equal(after[beta], before[beta]):
                ratio = (1 - after[beta].double() ** count) / (1 - before[beta].double() ** count)
                found[name] = moments[name] * torch.where(count > 0, ratio, 1.0).to(moments[name].dtype)
        return found


def _positive(epsilon: Tensor) -> Tensor:
    """An epsilon below what float32 holds would be 0, and a gradient of 0 divided by it NaN."""
    return epsilon.clamp_min(torch.finfo(epsilon.dtype).tiny)


def _gradient_descent(gradient: Tensor, moments: Moments, hyper: Hyper) -> tuple[Tensor, Moments]:
    return -hyper["learning_rate"] * gradient, moments


def _momentum(gradient: Tensor, moments: Moments, hyper: Hyper) -> tuple[Tensor, Moments]:
    # Polyak 1964. torch.optim.SGD multiplies by the learning rate outside the buffer; so do we.
    buffer = hyper["momentum"] * moments["buffer"] + gradient
    return -hyper["learning_rate"] * buffer, {"buffer": buffer}


def _rmsprop(gradient: Tensor, moments: Moments, hyper: Hyper) -> tuple[Tensor, Moments]:
    square = torch.lerp(gradient * gradient, moments["square"], hyper["decay"])
    return -hyper["learning_rate"] * gradient / (square.sqrt() + _positive(hyper["epsilon"])), {"square": square}


def _adam(gradient: Tensor, moments: Moments, hyper: Hyper) -> tuple[Tensor, Moments]:
    beta1, beta2 = hyper["beta1"], hyper["beta2"]
    count = moments["count"] + ONE
    mean = torch.lerp(gradient, moments["mean"], beta1)
    square = (gradient * gradient).lerp_(moments["square"], beta2)
    scale = (square / (ONE - beta2**count)).sqrt_().add_(_positive(hyper["epsilon"]))
    step = torch.div(mean, scale, out=scale).mul_(hyper["learning_rate"] / (beta1**count - ONE))
    return step, {"mean": mean, "square": square, "count": count}


OPTIMISERS: dict[str, Optimiser] = {
    o.name: o
    for o in (
        Optimiser("gradient_descent", (), _gradient_descent),
        Optimiser("momentum", ("buffer",), _momentum),
        Optimiser("rmsprop", ("square",), _rmsprop),
        Optimiser("adam", ("mean", "square", "count"), _adam, {"beta1": "mean", "beta2": "square"}),
    )
}
