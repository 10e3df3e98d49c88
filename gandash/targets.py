"""The laws that real data may follow: one settings class each, and `Data`, any one of them.

`gandash.game.distributions` has an implementation for each; a newcomer needs both.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from gandash.settings import Settings, setting

_weights_help = "Relative weights of the modes, one per mode; none means equal. A light mode is the first one lost."


def _check_weights(weights: tuple[float, ...], modes: int) -> None:
    if weights and len(weights) != modes:
        raise ValueError(f"weights: {len(weights)} given for {modes} modes; give one weight per mode, or none for equal")
    if any(not 0 < w <= 1e6 for w in weights):
        raise ValueError("weights: every weight must be greater than 0 and at most 1e6")


def _check_places(coordinates: Iterable[float]) -> None:
    if any(not -50 <= m <= 50 for m in coordinates):
        raise ValueError("means: every coordinate must lie between -50 and 50")


class Target(Settings):
    """Base of the real data's laws; `dimension` is that of a sample, and chooses the stage."""

    dimension: ClassVar[int] = 1


class Gaussian(Target):
    """N(mean, std^2)."""

    kind: Literal["gaussian"] = "gaussian"
    mean: float = setting(
        1.0, label="Mean", ge=-8, le=8, help="Where the real data sits; p_g has to travel there before it can match."
    )
    std: float = setting(
        0.6, label="Standard deviation", ge=0.02, le=4, help="A narrower target is harder: D's gradient dies sooner."
    )

    def summary(self) -> str:
        return f"N({self.mean:g}, {self.std:g}²)"


class Mixture(Target):
    """Sum of Gaussians with any weights (normalised to 1) and a common standard deviation."""

    kind: Literal["mixture"] = "mixture"
    means: tuple[float, ...] = setting(
        (-1.5, 1.5),
        label="Means",
        min_length=1,
        max_length=32,
        help="One mode per number. Modes further apart ask a steeper map of G and are dropped more easily.",
    )
    std: float = setting(
        0.4, label="Standard deviation", ge=0.02, le=4, help="Common to all modes; narrower modes are harder to fill."
    )
    weights: tuple[float, ...] = setting(
        (),
        label="Weights",
        max_length=32,
        help=_weights_help,
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        _check_weights(self.weights, len(self.means))
        _check_places(self.means)
        return self

    def summary(self) -> str:
        return f"mixture, {len(self.means)} mode{'s' if len(self.means) > 1 else ''}"


class Uniform(Target):
    """Uniform on [low, high]."""

    kind: Literal["uniform"] = "uniform"
    low: float = setting(-1.5, label="Low", ge=-8, le=8, help="Left edge; G has to learn a cliff there.")
    high: float = setting(1.5, label="High", ge=-8, le=8, help="Right edge; p_g usually overshoots it a little.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.high - self.low >= 0.01:
            raise ValueError(f"high: must exceed low ({self.low:g}) by at least 0.01")
        return self

    def summary(self) -> str:
        return f"uniform [{self.low:g}, {self.high:g}]"


def _std(default: float) -> Any:
    return setting(
        default, label="Standard deviation", ge=0.005, le=4, help="Common to all modes; narrower modes are harder to fill."
    )


class Gaussian2D(Target):
    """N(mean, std^2 I) in the plane."""

    dimension = 2
    kind: Literal["gaussian_2d"] = "gaussian_2d"
    mean: tuple[float, float] = setting(
        (1.0, 1.0), label="Mean", help="Where the real data sits; p_g has to travel there before it can match."
    )
    std: float = _std(0.5)

    @model_validator(mode="after")
    def _near(self) -> Self:
        if any(not -8 <= m <= 8 for m in self.mean):
            raise ValueError("mean: both coordinates must lie between -8 and 8")
        return self

    def summary(self) -> str:
        return f"2D Gaussian, std {self.std:g}"


class Mixture2D(Target):
    """Sum of round Gaussians in the plane, with any means and weights (normalised to 1) and a common standard deviation."""

    dimension = 2
    kind: Literal["mixture_2d"] = "mixture_2d"
    means: tuple[tuple[float, float], ...] = setting(
        ((-1.5, -1.0), (1.5, -1.0), (0.0, 1.6)),
        label="Means",
        min_length=1,
        max_length=100,
        help="One mode per pair x y. Modes further apart ask a steeper map of G and are dropped more easily.",
    )
    std: float = _std(0.25)
    weights: tuple[float, ...] = setting((), label="Weights", max_length=100, help=_weights_help)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        _check_weights(self.weights, len(self.means))
        _check_places(chain.from_iterable(self.means))
        return self

    def summary(self) -> str:
        return f"2D mixture, {len(self.means)} mode{'s' if len(self.means) > 1 else ''}"


class Ring(Target):
    """k round Gaussians at equal angles on a circle, the first one at the right; published runs have radius/std = 100."""

    dimension = 2
    kind: Literal["ring"] = "ring"
    modes: int = setting(8, label="Modes", ge=1, le=64, help="How many Gaussians stand on the circle.")
    radius: float = setting(2.0, label="Radius", ge=0.1, le=8, help="A wider ring leaves more empty land between the modes.")
    std: float = _std(0.2)
    weights: tuple[float, ...] = setting((), label="Weights", max_length=64, help=_weights_help)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        _check_weights(self.weights, self.modes)
        return self

    def summary(self) -> str:
        return f"ring, {self.modes} mode{'s' if self.modes > 1 else ''}, std {self.std:g}"


class Grid(Target):
    """side x side round Gaussians on a square grid centred at 0; published runs have 5 x 5 and spacing/std = 40."""

    dimension = 2
    kind: Literal["grid"] = "grid"
    side: int = setting(5, label="Modes per side", ge=1, le=10, help="5 makes the 25 modes of the literature.")
    spacing: float = setting(2.0, label="Spacing", ge=0.1, le=4, help="Distance between neighbouring modes.")
    std: float = _std(0.2)
    weights: tuple[float, ...] = setting(
        (), label="Weights", max_length=100, help=_weights_help + " Row by row, from the lower left."
    )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        _check_weights(self.weights, self.side**2)
        return self

    def summary(self) -> str:
        return f"grid {self.side} × {self.side}, std {self.std:g}"


def _noise(default: float) -> Any:
    return setting(default, label="Noise", ge=0.02, le=1, help="Standard deviation of the Gaussian noise around the curve.")


class TwoMoons(Target):
    """Two interlocking half circles of radius 1.5 under Gaussian noise (scikit-learn's `make_moons`, centred and scaled)."""

    dimension = 2
    kind: Literal["two_moons"] = "two_moons"
    noise: float = _noise(0.15)

    def summary(self) -> str:
        return f"two moons, noise {self.noise:g}"


class SwissRoll(Target):
    """A spiral r = t, t uniform on [1.5 pi, 4.5 pi], scaled to radius 2, under Gaussian noise (`make_swiss_roll`, flat)."""

    dimension = 2
    kind: Literal["swiss_roll"] = "swiss_roll"
    noise: float = _noise(0.08)

    def summary(self) -> str:
        return f"swiss roll, noise {self.noise:g}"


class Checkerboard(Target):
    """Uniform on every second square of a side x side board over [-2, 2]^2; the lower left square is filled."""

    dimension = 2
    kind: Literal["checkerboard"] = "checkerboard"
    side: int = setting(4, label="Squares per side", ge=2, le=10, help="More squares: more cliffs for G to learn.")

    def summary(self) -> str:
        return f"checkerboard {self.side} × {self.side}"


Data = Annotated[
    Gaussian | Mixture | Uniform | Gaussian2D | Mixture2D | Ring | Grid | TwoMoons | SwissRoll | Checkerboard,
    Field(discriminator="kind"),
]
