"""What the players want: minimised losses on D's logits a(x) = logit D(x), with the lines they reach at equilibrium.

All forms use softplus s(t) = log(1 + e^t), so that log D = -s(-a) and log(1 - D) = -s(a) stay finite at any logit.
A *loss* is minimised; the *value* V = E log D(x) + E log(1 - D(G(z))) is what D maximises.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

Loss = Callable[[Tensor], Tensor]

SIDES = torch.tensor([[-1.0], [1.0]])  # times logits `(members, 2, batch)`: how far D leans to the wrong side, real and fake


@dataclass(frozen=True)
class Objective:
    """Both players' losses; each maps logits `(members, batch)` to one loss per member `(members,)`.

    A slope is what a loss multiplies the gradient of each logit by, times the batch size: `discriminator_slopes` is dL_D/da
    for logits `(members, 2, batch)` on real and generated data, `generator_slope` dL_G/da_f.
    `other` names the generator loss with the same fixed point and another gradient, shown for comparison.
    """

    name: str
    discriminator: Callable[[Tensor, Tensor], Tensor]
    discriminator_slopes: Callable[[Tensor], Tensor]
    generator: Loss
    generator_slope: Callable[[Tensor], Tensor]
    equilibrium: dict[str, float]
    other: str


def cross_entropy(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """L_D = E s(-a_r) + E s(a_f) = -V, the sum (not the mean) of both cross-entropies; 2 log 2 at D = 1/2."""
    return F.softplus(-real_logits).mean(-1) + F.softplus(fake_logits).mean(-1)


def cross_entropy_slopes(logits: Tensor) -> Tensor:
    """D(x) - 1 = -sigma(-a_r) and D(G(z)) = sigma(a_f)."""
    return SIDES * torch.sigmoid(SIDES * logits)


MINIMAX = Objective(
    name="minimax",  # Goodfellow et al. 2014 (arXiv:1406.2661), equation 1: L_G = E log(1 - D(G(z)))
    discriminator=cross_entropy,
    discriminator_slopes=cross_entropy_slopes,
    generator=lambda a: -F.softplus(a).mean(-1),
    generator_slope=lambda a: torch.sigmoid(a).neg_(),
    equilibrium={"loss_d": 2 * math.log(2), "loss_g": -math.log(2)},
    other="non_saturating",
)

NON_SATURATING = Objective(
    name="non_saturating",  # same paper, section 3: L_G = -E log D(G(z)); same fixed point, another gradient
    discriminator=cross_entropy,
    discriminator_slopes=cross_entropy_slopes,
    generator=lambda a: F.softplus(-a).mean(-1),
    generator_slope=lambda a: torch.sigmoid(-a).neg_(),
    equilibrium={"loss_d": 2 * math.log(2), "loss_g": math.log(2)},
    other="minimax",
)

OBJECTIVES: dict[str, Objective] = {o.name: o for o in (MINIMAX, NON_SATURATING)}

# Reference lines are labelled by their meaning, not by a number
REFERENCE_LABELS = {2 * math.log(2): "2 log 2", math.log(2): "log 2", -math.log(2): "−log 2"}
