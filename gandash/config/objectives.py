"""What both players minimise, by name."""

from __future__ import annotations

from typing import Literal

OBJECTIVES = {
    "minimax": "minimax",
    "non_saturating": "non-saturating",
    "least_squares": "least squares",
    "hinge": "hinge",
    "wasserstein": "Wasserstein",
    "relativistic": "relativistic pairing",
    "f_kl": "f-GAN: KL",
    "f_reverse_kl": "f-GAN: reverse KL",
    "f_pearson": "f-GAN: Pearson χ²",
    "f_squared_hellinger": "f-GAN: squared Hellinger",
    "f_jensen_shannon": "f-GAN: Jensen–Shannon",
}
Objective = Literal[
    "minimax",
    "non_saturating",
    "least_squares",
    "hinge",
    "wasserstein",
    "relativistic",
    "f_kl",
    "f_reverse_kl",
    "f_pearson",
    "f_squared_hellinger",
    "f_jensen_shannon",
]
