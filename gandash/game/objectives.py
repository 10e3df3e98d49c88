"""What the players want: minimised losses on D's outputs a(x), with the lines they reach at equilibrium.

All cross-entropies use softplus s(t) = log(1 + e^t), so that log D = -s(-a) and log(1 - D) = -s(a) stay finite at any logit.
A *loss* is minimised; the *value* V = E log D(x) + E log(1 - D(G(z))) is what a probabilistic D maximises.

What a(x) means depends on the objective, and so does what may be drawn of it: see `DiscriminatorReading`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from gandash.config.objectives import CROSS_ENTROPIES

Array = NDArray[np.float64]


@dataclass(frozen=True)
class DiscriminatorReading:
    """How D's output is read and drawn.

    A *probability*: D(x) = sigma(logit(a)), `logit` turning the output into the log-odds of "real". A *critic*: a(x) itself.
    `centre` is the reading everywhere at equilibrium, None where the output has a free offset; `optimal(p_r, p_g)` the best
    response to densities, in units of the reading, None where no formula is known; `low` and `high` its natural range.
    """

    centre: float | None
    logit: Callable[[Tensor], Tensor] | None = None
    optimal: Callable[[Array, Array], Array] | None = None
    low: float | None = None
    high: float | None = None
    rests_anywhere: bool = False  # at equilibrium every reading between low and high is as good as the centre

    @property
    def asked(self) -> tuple[float, float] | None:
        """What D is asked for on generated and on real data, with the centre in their middle; None where nothing is."""
        return None if self.low is None or self.centre is None else (self.low, 2 * self.centre - self.low)

    @property
    def is_probability(self) -> bool:
        """Whether the reading is D(x) in (0, 1); a critic's is a score."""
        return self.logit is not None

    def of(self, a: Tensor) -> Tensor:
        """The reading of outputs `a` of any shape, in the same shape."""
        return torch.sigmoid(self.logit(a)) if self.logit else a


@dataclass(frozen=True)
class Objective:
    """Both players' losses; each maps outputs on real and on generated data, `(members, batch)`, to one loss per member.

    `generator_slope` is dL_G/da_f times the batch size: what G's loss multiplies the gradient of each output by. Where `pairs`
    is False the generator's loss and slope do not look at the outputs on real data.
    `other` names the generator loss with the same fixed point and another gradient, shown for comparison. `halves` are the two
    terms of D's loss, each sample's part of the one on real and of the one on generated data: their means add up to it. None
    where the loss pairs both.
    """

    name: str
    discriminator: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[[Tensor, Tensor], Tensor]
    generator_slope: Callable[[Tensor, Tensor], Tensor]
    reading: DiscriminatorReading
    equilibrium: Mapping[str, float] = field(default_factory=dict)
    other: str | None = None
    pairs: bool = False
    halves: tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]] | None = None


# ------------------------------------------------------------------------------------------------------- cross-entropies


def _share_of_real(p_r: Array, p_g: Array) -> Array:
    """D* = p_r / (p_r + p_g) (Goodfellow et al. 2014, proposition 1)."""
    return p_r / (p_r + p_g)


def _cross_entropy(name: str, smoothing: float) -> Objective:
    """Goodfellow et al. 2014 (arXiv:1406.2661): equation 1 is *minimax*, L_G = E log(1 - D(G(z))); section 3 *non-saturating*,
    L_G = -E log D(G(z)), with the same fixed point and another gradient. L_D is the sum (not the mean) of both cross-entropies.

    One-sided label smoothing (Salimans et al. 2016, arXiv:1606.03498) asks D for s = 1 - smoothing on real data, which moves
    D* to s p_r / (p_r + p_g) and every line with it.
    """
    s = 1 - smoothing
    c = s / 2

    def on_real(real: Tensor) -> Tensor:
        return F.softplus(-real) if smoothing == 0 else F.softplus(real) - s * real

    def loss(real: Tensor, fake: Tensor) -> Tensor:
        asked = on_real(real)
        return asked.mean(-1) + F.softplus(fake).mean(-1)

    saturates = name == "minimax"
    return Objective(
        name=name,
        discriminator=loss,
        generator=(lambda _, a: -F.softplus(a).mean(-1)) if saturates else (lambda _, a: F.softplus(-a).mean(-1)),
        generator_slope=(lambda _, a: torch.sigmoid(a).neg_()) if saturates else (lambda _, a: torch.sigmoid(-a).neg_()),
        reading=DiscriminatorReading(c, logit=lambda a: a, optimal=lambda p, q: s * _share_of_real(p, q), low=0, high=1),
        equilibrium={
            "loss_d": -s * math.log(c) - (2 - s) * math.log(1 - c),
            "loss_g": math.log(1 - c) if saturates else -math.log(c),
        },
        other="non_saturating" if saturates else "minimax",
        halves=(on_real, F.softplus),
    )


# ------------------------------------------------------------------------------------------------------------- critics

LEAST_SQUARES = Objective(
    name="least_squares",  # Mao et al. 2017 (arXiv:1611.04076) with targets 1 and 0, without their 1/2
    discriminator=lambda r, f: (r - 1).square().mean(-1) + f.square().mean(-1),
    generator=lambda _, f: (f - 1).square().mean(-1),
    generator_slope=lambda _, f: 2 * (f - 1),
    reading=DiscriminatorReading(0.5, optimal=_share_of_real, low=0, high=1),
    equilibrium={"loss_d": 0.5, "loss_g": 0.25},
    halves=(lambda r: (r - 1).square(), torch.square),
)

HINGE = Objective(
    name="hinge",  # Lim and Ye 2017 (arXiv:1705.02894); at p_g = p_r every a in [-1, 1] is optimal, 0 by symmetry
    discriminator=lambda r, f: F.relu(1 - r).mean(-1) + F.relu(1 + f).mean(-1),
    generator=lambda _, f: -f.mean(-1),
    generator_slope=lambda _, f: torch.full_like(f, -1.0),
    reading=DiscriminatorReading(0.0, optimal=lambda p, q: np.sign(p - q), low=-1, high=1, rests_anywhere=True),
    equilibrium={"loss_d": 2.0, "loss_g": 0.0},
    halves=(lambda r: F.relu(1 - r), lambda f: F.relu(1 + f)),
)

WASSERSTEIN = Objective(
    name="wasserstein",  # Arjovsky et al. 2017 (arXiv:1701.07875); -L_D estimates W1 where D is 1-Lipschitz
    discriminator=lambda r, f: f.mean(-1) - r.mean(-1),
    generator=lambda _, f: -f.mean(-1),
    generator_slope=lambda _, f: torch.full_like(f, -1.0),
    reading=DiscriminatorReading(None),
    equilibrium={"loss_d": 0.0},  # L_G is minus the critic's offset, which is free
    halves=(torch.neg, lambda f: f),
)


RELATIVISTIC = Objective(
    name="relativistic",  # Jolicoeur-Martineau 2018 (arXiv:1807.00734); R3GAN (2024, arXiv:2501.05441) adds R1 and R2
    discriminator=lambda r, f: F.softplus(f - r).mean(-1),
    generator=lambda r, f: F.softplus(r - f).mean(-1),
    generator_slope=lambda r, f: torch.sigmoid(r - f).neg_(),
    reading=DiscriminatorReading(None),  # optimal: log p_r / p_g + any constant
    equilibrium={"loss_d": math.log(2), "loss_g": math.log(2)},
    pairs=True,
)


# --------------------------------------------------------------------------------------------------------------- f-GAN

PEARSON_FLOOR = 1e-6  # a density ratio below this is read as this: the output may ask for negative ones


def _divergence(
    name: str,
    g: Callable[[Tensor], Tensor],
    fake: tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]],
    logit: Callable[[Tensor], Tensor],
    generator_at_rest: float,
) -> Objective:
    """V = E_r g(v) - E_g f*(g(v)) (Nowozin et al. 2016, arXiv:1606.00709), L_D = -V, L_G = -E_g f*(g(v)).

    `fake` is f*(g) and its derivative. The optimal output satisfies g(v) = f'(p_r / p_g), so every output
    implies a density ratio, and with it a probability r / (1 + r) of "real": its `logit` is log r. V is the divergence itself
    when D is optimal, 0 at p_g = p_r.
    """
    conjugate, d_conjugate = fake
    return Objective(
        name=name,
        discriminator=lambda r, f: conjugate(f).mean(-1) - g(r).mean(-1),
        generator=lambda _, f: -conjugate(f).mean(-1),
        generator_slope=lambda _, f: -d_conjugate(f),
        reading=DiscriminatorReading(0.5, logit=logit, optimal=_share_of_real, low=0, high=1),
        equilibrium={"loss_d": 0.0, "loss_g": generator_at_rest},
        halves=(lambda r: -g(r), conjugate),
    )


# f(u) = u log u: g = v, f*(t) = e^(t - 1); v* = 1 + log r
KL = _divergence("f_kl", lambda v: v, (lambda v: (v - 1).exp(), lambda v: (v - 1).exp()), lambda v: v - 1, -1.0)
# f(u) = -log u: g = -e^-v, f*(t) = -1 - log(-t); v* = log r
REVERSE_KL = _divergence("f_reverse_kl", lambda v: -(-v).exp(), (lambda v: v - 1, torch.ones_like), lambda v: v, 1.0)
# f(u) = (u - 1)^2: g = v, f*(t) = t^2 / 4 + t; v* = 2 (r - 1)
PEARSON = _divergence(
    "f_pearson",
    lambda v: v,
    (lambda v: v * v / 4 + v, lambda v: v / 2 + 1),
    lambda v: (1 + v / 2).clamp_min(PEARSON_FLOOR).log(),
    0.0,
)
# f(u) = (sqrt u - 1)^2: g = 1 - e^-v, f*(t) = t / (1 - t); v* = log(r) / 2
SQUARED_HELLINGER = _divergence(
    "f_squared_hellinger",
    lambda v: 1 - (-v).exp(),
    (lambda v: v.exp() - 1, torch.exp),
    lambda v: 2 * v,
    0.0,
)
# f(u) = u log u - (u + 1) log((u + 1)/2), twice the JSD: g = log 2 - s(-v), f*(t) = -log(2 - e^t); v* = log r
JENSEN_SHANNON = _divergence(
    "f_jensen_shannon",
    lambda v: math.log(2) - F.softplus(-v),
    (lambda v: F.softplus(v) - math.log(2), torch.sigmoid),
    lambda v: v,
    0.0,
)


OBJECTIVES: dict[str, Objective] = {
    o.name: o
    for o in (
        *(_cross_entropy(name, 0.0) for name in CROSS_ENTROPIES),
        LEAST_SQUARES,
        HINGE,
        WASSERSTEIN,
        RELATIVISTIC,
        KL,
        REVERSE_KL,
        PEARSON,
        SQUARED_HELLINGER,
        JENSEN_SHANNON,
    )
}


@lru_cache
def objective(name: str, smoothing: float = 0.0) -> Objective:
    """The objective of this name; label smoothing is for cross-entropies alone, which ask for a probability.

    Raises KeyError for another name.
    """
    if smoothing == 0:
        return OBJECTIVES[name]
    assert name in CROSS_ENTROPIES
    return _cross_entropy(name, smoothing)


def reference_label(value: float) -> str:
    """A line's name by its meaning where it has one, not by a number."""
    known = {2 * math.log(2): "2 log 2", math.log(2): "log 2", -math.log(2): "−log 2"}
    near = next((label for exact, label in known.items() if math.isclose(exact, value, rel_tol=1e-12)), None)
    return near or f"{value:.4g}".replace("-", "−")
