"""Laws of real data in the plane. `gandash.game.distributions.plane` has an implementation for each."""

from __future__ import annotations

from itertools import chain
from typing import Any, Literal

from gandash.config.data.base import WEIGHTS_HELP, PointsConfig, check_means, check_weights
from gandash.config.setting import Misfit, setting
from gandash.words import listed, modes_in_words, say


def _std(default: float) -> Any:
    return setting(
        default, label="Standard deviation", ge=0.005, le=4, help="Common to all modes; narrower modes are harder to fill."
    )


class Gaussian2DConfig(PointsConfig):
    """N(mean, std^2 I) in the plane."""

    dimension = 2
    kind: Literal["gaussian_2d"] = "gaussian_2d"
    mean: tuple[float, float] = setting(
        (1.0, 1.0), label="Mean", help="Where the real data sits; p_g has to travel there before it can match."
    )
    std: float = _std(0.5)

    def check(self) -> None:
        if any(not -8 <= m <= 8 for m in self.mean):
            raise Misfit("mean", say("both coordinates must lie between -8 and 8"))

    def summary(self) -> str:
        return listed(say("2D Gaussian"), say("std {std}", std=f"{self.std:g}"))


class Mixture2DConfig(PointsConfig):
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
    weights: tuple[float, ...] = setting((), label="Weights", max_length=100, help=WEIGHTS_HELP)

    def check(self) -> None:
        check_weights(self.weights, len(self.means))
        check_means(chain.from_iterable(self.means))

    def summary(self) -> str:
        return listed(say("2D mixture"), modes_in_words(len(self.means)))


class RingConfig(PointsConfig):
    """k round Gaussians at equal angles on a circle, the first one at the right; published runs have radius/std = 100."""

    dimension = 2
    kind: Literal["ring"] = "ring"
    modes: int = setting(8, label="Modes", ge=1, le=64, help="How many Gaussians stand on the circle.")
    radius: float = setting(2.0, label="Radius", ge=0.1, le=8, help="A wider ring leaves more empty land between the modes.")
    std: float = _std(0.2)
    weights: tuple[float, ...] = setting((), label="Weights", max_length=64, help=WEIGHTS_HELP)

    def check(self) -> None:
        check_weights(self.weights, self.modes)

    def summary(self) -> str:
        return listed(say("ring"), modes_in_words(self.modes), say("std {std}", std=f"{self.std:g}"))


class GridConfig(PointsConfig):
    """side x side round Gaussians on a square grid centred at 0; published runs have 5 x 5 and spacing/std = 40."""

    dimension = 2
    kind: Literal["grid"] = "grid"
    side: int = setting(5, label="Modes per side", ge=1, le=10, help="5 makes the 25 modes of the literature.")
    spacing: float = setting(2.0, label="Spacing", ge=0.1, le=4, help="Distance between neighbouring modes.")
    std: float = _std(0.2)
    weights: tuple[float, ...] = setting(
        (), label="Weights", max_length=100, help=WEIGHTS_HELP + " Row by row, from the lower left."
    )

    def check(self) -> None:
        check_weights(self.weights, self.side**2)

    def summary(self) -> str:
        return listed(say("grid {side} × {side}", side=self.side), say("std {std}", std=f"{self.std:g}"))


def _noise(default: float) -> Any:
    return setting(default, label="Noise", ge=0.02, le=1, help="Standard deviation of the Gaussian noise around the curve.")


class TwoMoonsConfig(PointsConfig):
    """Two interlocking half circles of radius 1.5 under Gaussian noise (scikit-learn's `make_moons`, centred and scaled)."""

    dimension = 2
    kind: Literal["two_moons"] = "two_moons"
    noise: float = _noise(0.15)

    def summary(self) -> str:
        return listed(say("two moons"), say("noise {noise}", noise=f"{self.noise:g}"))


class SwissRollConfig(PointsConfig):
    """A spiral r = t, t uniform on [1.5 pi, 4.5 pi], scaled to radius 2, under Gaussian noise (`make_swiss_roll`, flat)."""

    dimension = 2
    kind: Literal["swiss_roll"] = "swiss_roll"
    noise: float = _noise(0.08)

    def summary(self) -> str:
        return listed(say("swiss roll"), say("noise {noise}", noise=f"{self.noise:g}"))


class CheckerboardConfig(PointsConfig):
    """Uniform on every second square of a side x side board over [-2, 2]^2; the lower left square is filled."""

    dimension = 2
    kind: Literal["checkerboard"] = "checkerboard"
    side: int = setting(4, label="Squares per side", ge=2, le=10, help="More squares: more cliffs for G to learn.")

    def summary(self) -> str:
        return say("checkerboard {side} × {side}", side=self.side)


class AnnulusConfig(PointsConfig):
    """Uniform on the disc's part between two radii."""

    dimension = 2
    kind: Literal["annulus"] = "annulus"
    inner: float = setting(
        1.2, label="Inner radius", ge=0, le=8, help="The hole, which p_g has to leave empty. 0 makes a disc."
    )
    outer: float = setting(2.0, label="Outer radius", ge=0.1, le=8, help="Where the data ends, with a cliff.")

    def check(self) -> None:
        if not self.outer - self.inner >= 0.01:
            raise Misfit("outer", say("must exceed the inner radius ({inner}) by at least 0.01", inner=f"{self.inner:g}"))

    def summary(self) -> str:
        return say("annulus, {inner} to {outer}", inner=f"{self.inner:g}", outer=f"{self.outer:g}")


class SegmentConfig(PointsConfig):
    """A straight segment through 0 under Gaussian noise: nearly one dimension in two."""

    dimension = 2
    kind: Literal["segment"] = "segment"
    length: float = setting(4.0, label="Length", ge=0.1, le=16, help="From one end to the other; its middle is at 0.")
    angle: float = setting(30.0, label="Angle", ge=-180, le=180, help="In degrees, counted from the x axis to the left.")
    noise: float = _noise(0.1)

    def summary(self) -> str:
        return listed(say("line"), say("noise {noise}", noise=f"{self.noise:g}"))


class SpiralsConfig(PointsConfig):
    """Arms of an Archimedean spiral of radius 2 around 0, at equal angles, evenly filled, under Gaussian noise."""

    dimension = 2
    kind: Literal["spirals"] = "spirals"
    arms: int = setting(2, label="Arms", ge=1, le=4, help="How many spirals are wound into one another.")
    turns: float = setting(
        1.0, label="Turns", ge=0.25, le=3, help="How often each winds round; more turns lie closer together."
    )
    noise: float = _noise(0.08)

    def summary(self) -> str:
        arms = say("{count} spirals", count=self.arms) if self.arms > 1 else say("1 spiral")
        return listed(arms, say("noise {noise}", noise=f"{self.noise:g}"))


class TwoClustersConfig(PointsConfig):
    """Two round Gaussians far apart on the x axis, with 0 halfway between them."""

    dimension = 2
    kind: Literal["two_clusters"] = "two_clusters"
    distance: float = setting(6.0, label="Distance", ge=0.1, le=16, help="Between the centres; G has to tear its image apart.")
    std: float = _std(0.3)
    share: float = setting(0.5, label="Share of the left one", ge=0.01, le=0.99, help="The lighter cluster is the first lost.")

    def summary(self) -> str:
        return say("two clusters, {distance} apart", distance=f"{self.distance:g}")
