"""The regularisers of D in play: penalties on its slope, one entry each, and every coefficient per member.

Their settings, words and costs are in `gandash.config.regularisers`; their gradients for compiled code in
`gandash.game.compiled.gradients`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

import torch
from torch import Tensor

from gandash.config.regularisers import RegulariserConfig

Where = Literal["between", "real", "fake"]
"""Where the slope is taken: at real samples, at generated ones, or uniformly between pairs of both."""

FLAT = 1e-12  # a slope shorter than this is none


def lengths(v: Tensor) -> Tensor:
    """|v| along the last axis, differentiable as often as one likes.

    |v| has a kink at v = 0: there all its derivatives are taken as 0, as in compiled code. torch's own norm has
    a first derivative of 0 there and a second one of NaN. Where D is flat about a point, they *are* 0.
    """
    # Not v = 0: the squares of what is shorter are denormal, and flushed. The longest component, since it needs no squares
    flat = v.detach().abs().amax(-1, keepdim=True) < FLAT
    found: Tensor = torch.linalg.vector_norm(torch.where(flat, 1.0, v), dim=-1)
    return torch.where(flat.squeeze(-1), 0.0, found)


@dataclass(frozen=True)
class SlopePenalty:
    """E h(|v|), where v = grad_x a(x) is D's slope at each pack.

    `loss(weight, v)`: its mean per member, `(members,)`, differentiable; weight `(members,)`, v `(members, packs, dim)`.
    """

    name: str  # of its weight among the settings
    where: Where
    loss: Callable[[Tensor, Tensor], Tensor]


def squared_slope(v: Tensor) -> Tensor:
    """E |v|^2 per member, `(members, packs, dim)` -> `(members,)`."""
    found: Tensor = v.square().sum(-1).mean(-1)
    return found


def _half_squared(weight: Tensor, v: Tensor) -> Tensor:
    """(gamma/2) E |v|^2, with the 1/2 that a well-known implementation leaves out."""
    return 0.5 * weight * squared_slope(v)


def _from_one(weight: Tensor, v: Tensor) -> Tensor:
    """lambda E (|v| - 1)^2."""
    found: Tensor = weight * (lengths(v) - 1).square().mean(-1)
    return found


SLOPE_PENALTIES = (
    SlopePenalty("r1", "real", _half_squared),  # Mescheder et al. 2018 (arXiv:1801.04406)
    SlopePenalty("r2", "fake", _half_squared),  # the same
    SlopePenalty("gradient_penalty", "between", _from_one),  # Gulrajani et al. 2017 (arXiv:1704.00028)
)


@dataclass(frozen=True)
class Penalties:
    """What calms D, each None (a slope penalty: left out) where no member has it, else `(members, 1)`."""

    slopes: Mapping[str, Tensor] = field(default_factory=dict)  # weights of slope penalties, by name
    clip: Tensor | None = None  # infinite for members without
    noise: Tensor | None = None
    noise_half_life: Tensor | None = None
    spectral: bool = False  # of all members

    @classmethod
    def of(cls, given: Sequence[RegulariserConfig]) -> Penalties:
        """Those of these members."""

        def column(name: str, off: float = 0.0) -> Tensor | None:
            values = [getattr(one, name) for one in given]
            return torch.tensor([value or off for value in values], dtype=torch.float32)[:, None] if any(values) else None

        weights = {penalty.name: column(penalty.name) for penalty in SLOPE_PENALTIES}
        return cls(
            slopes={name: weight for name, weight in weights.items() if weight is not None},
            clip=column("clip", math.inf),
            noise=column("noise"),
            noise_half_life=column("noise_half_life", math.inf),
            spectral=given[0].spectral == "on",
        )

    def at(self, *where: Where) -> list[tuple[SlopePenalty, Tensor]]:
        """The penalties on D's slope there, and their weights `(members, 1)`, in the registry's order."""
        return [(one, self.slopes[one.name]) for one in SLOPE_PENALTIES if one.where in where and one.name in self.slopes]

    @property
    def looks_between(self) -> bool:
        """Whether any of them takes the slope between real and generated samples."""
        return bool(self.at("between"))

    def without_slopes(self) -> Penalties:
        """The same without the penalties on D's slope."""
        return replace(self, slopes={})

    def noise_after(self, rounds: int | Tensor) -> Tensor | None:
        """The standard deviation of instance noise so many rounds after it was set, an int or `(members, 1)`."""
        if self.noise is None or self.noise_half_life is None:
            return self.noise
        # A half-life below what float32 holds would be 0, and 0 / 0 at the first step NaN
        return self.noise * 0.5 ** (rounds / self.noise_half_life.clamp_min(torch.finfo(torch.float32).tiny))

    @property
    def columns(self) -> Iterator[Tensor]:
        """Every coefficient."""
        yield from self.slopes.values()
        yield from (value for one in fields(self) if isinstance(value := getattr(self, one.name), Tensor))

    def to(self, device: torch.device) -> Penalties:
        """The same on this device."""
        found = {one.name: getattr(self, one.name) for one in fields(self)}
        moved: dict[str, Any] = {name: value.to(device) for name, value in found.items() if isinstance(value, Tensor)}
        return replace(self, slopes={name: weight.to(device) for name, weight in self.slopes.items()}, **moved)
