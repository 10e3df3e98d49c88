"""What both players minimise, by name."""

from __future__ import annotations

from typing import Literal, get_args

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

OBJECTIVES: dict[str, str] = dict(
    zip(
        get_args(Objective),
        (
            "minimax",
            "non-saturating",
            "least squares",
            "hinge",
            "Wasserstein",
            "relativistic pairing",
            "f-GAN: KL",
            "f-GAN: reverse KL",
            "f-GAN: Pearson χ²",
            "f-GAN: squared Hellinger",
            "f-GAN: Jensen–Shannon",
        ),
        strict=True,
    )
)
"""The screen's words for each, in the same order."""

CROSS_ENTROPIES: tuple[Objective, ...] = ("minimax", "non_saturating")
"""Those that ask D for a probability, which labels can be smoothed for."""
