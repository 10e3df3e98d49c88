"""Laws of real data on the line. `gandash.game.distributions.line` has an implementation for each."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import model_validator

from gandash.config.data.base import WEIGHTS_HELP, PointsConfig, check_means, check_weights
from gandash.config.setting import Misfit, setting
from gandash.words import listed, modes_in_words, say


class GaussianConfig(PointsConfig):
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


class MixtureConfig(PointsConfig):
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
        help=WEIGHTS_HELP,
    )

    def check(self) -> None:
        check_weights(self.weights, len(self.means))
        check_means(self.means)

    def summary(self) -> str:
        return listed(say("mixture"), modes_in_words(len(self.means)))


class UniformConfig(PointsConfig):
    """Uniform on [low, high]."""

    kind: Literal["uniform"] = "uniform"
    low: float = setting(-1.5, label="Low", ge=-8, le=8, help="Left edge; G has to learn a cliff there.")
    high: float = setting(1.5, label="High", ge=-8, le=8, help="Right edge; p_g usually overshoots it a little.")

    def check(self) -> None:
        if not self.high - self.low >= 0.01:
            raise Misfit("high", say("must exceed low ({low}) by at least 0.01", low=f"{self.low:g}"))

    def summary(self) -> str:
        return say("uniform [{low}, {high}]", low=f"{self.low:g}", high=f"{self.high:g}")


class LaplaceConfig(PointsConfig):
    """p(x) = exp(-|x - mean| / scale) / (2 scale)."""

    kind: Literal["laplace"] = "laplace"
    mean: float = setting(0.0, label="Mean", ge=-8, le=8, help="Where the peak is: a cusp, which a smooth G rounds off.")
    scale: float = setting(
        0.6, label="Scale", ge=0.02, le=4, help="Mean distance from the peak; the tails reach further than a Gaussian's."
    )

    def summary(self) -> str:
        return f"Laplace({self.mean:g}, {self.scale:g})"


class StudentTConfig(PointsConfig):
    """mean + scale T, where T has Student's t distribution; `mean` is its centre also where no mean exists."""

    kind: Literal["student_t"] = "student_t"
    mean: float = setting(0.0, label="Mean", ge=-8, le=8, help="Where the real data is centred.")
    scale: float = setting(
        0.5, label="Scale", ge=0.02, le=4, help="From half (1 degree of freedom) to two thirds (many) of the data lie so near."
    )
    degrees: float = setting(
        3.0,
        label="Degrees of freedom",
        ge=1,
        le=100,
        help="Fewer: heavier tails, which no ReLU network makes from a Gaussian latent. At 1 (Cauchy) W1 is all tail.",
    )

    def summary(self) -> str:
        return say("Student t, {degrees} degrees", degrees=f"{self.degrees:g}")


class PointMassConfig(PointsConfig):
    """All of the mass at one point: no density, and a JSD of log 2 for every p_g that is not there."""

    kind: Literal["point_mass"] = "point_mass"
    location: float = setting(1.0, label="Location", ge=-8, le=8, help="Where all of the real data is. Dirac-GAN has it at 0.")

    @model_validator(mode="before")
    @classmethod
    def _by_its_old_name(cls, given: Any) -> Any:
        """Files from before say `place`."""
        return {"location" if name == "place" else name: v for name, v in given.items()} if isinstance(given, dict) else given

    def summary(self) -> str:
        return say("point mass at {location}", location=f"{self.location:g}")
