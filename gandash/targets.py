"""The laws that real data may follow: one settings class each, and `Data`, any one of them.

`gandash.game.distributions` has an implementation for each; a newcomer needs both.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import chain
from statistics import NormalDist
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from gandash.packed import MAX_TEXT, SIDE, pack_painting, pack_samples, unpack_painting, unpack_samples
from gandash.pictures import Bars, Blobs, Digits, DiscsAndSquares, Pictures, UploadedPictures
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


class Points(Settings):
    """Base of the laws of points; `dimension` is that of a sample, and chooses the stage."""

    dimension: ClassVar[int] = 1


Target = Points | Pictures


class Gaussian(Points):
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


class Mixture(Points):
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


class Uniform(Points):
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


class Laplace(Points):
    """p(x) = exp(-|x - mean| / scale) / (2 scale)."""

    kind: Literal["laplace"] = "laplace"
    mean: float = setting(0.0, label="Mean", ge=-8, le=8, help="Where the peak is: a cusp, which a smooth G rounds off.")
    scale: float = setting(
        0.6, label="Scale", ge=0.02, le=4, help="Mean distance from the peak; the tails reach further than a Gaussian's."
    )

    def summary(self) -> str:
        return f"Laplace({self.mean:g}, {self.scale:g})"


class StudentT(Points):
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
        return f"Student t, {self.degrees:g} degrees"


class PointMass(Points):
    """All of the mass at one place: no density, and a JSD of log 2 for every p_g that is not there."""

    kind: Literal["point_mass"] = "point_mass"
    place: float = setting(1.0, label="Place", ge=-8, le=8, help="Where all of the real data is. Dirac-GAN has it at 0.")

    def summary(self) -> str:
        return f"point mass at {self.place:g}"


def _std(default: float) -> Any:
    return setting(
        default, label="Standard deviation", ge=0.005, le=4, help="Common to all modes; narrower modes are harder to fill."
    )


class Gaussian2D(Points):
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


class Mixture2D(Points):
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


class Ring(Points):
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


class Grid(Points):
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


class TwoMoons(Points):
    """Two interlocking half circles of radius 1.5 under Gaussian noise (scikit-learn's `make_moons`, centred and scaled)."""

    dimension = 2
    kind: Literal["two_moons"] = "two_moons"
    noise: float = _noise(0.15)

    def summary(self) -> str:
        return f"two moons, noise {self.noise:g}"


class SwissRoll(Points):
    """A spiral r = t, t uniform on [1.5 pi, 4.5 pi], scaled to radius 2, under Gaussian noise (`make_swiss_roll`, flat)."""

    dimension = 2
    kind: Literal["swiss_roll"] = "swiss_roll"
    noise: float = _noise(0.08)

    def summary(self) -> str:
        return f"swiss roll, noise {self.noise:g}"


class Checkerboard(Points):
    """Uniform on every second square of a side x side board over [-2, 2]^2; the lower left square is filled."""

    dimension = 2
    kind: Literal["checkerboard"] = "checkerboard"
    side: int = setting(4, label="Squares per side", ge=2, le=10, help="More squares: more cliffs for G to learn.")

    def summary(self) -> str:
        return f"checkerboard {self.side} × {self.side}"


class Annulus(Points):
    """Uniform on the disc's part between two radii."""

    dimension = 2
    kind: Literal["annulus"] = "annulus"
    inner: float = setting(
        1.2, label="Inner radius", ge=0, le=8, help="The hole, which p_g has to leave empty. 0 makes a disc."
    )
    outer: float = setting(2.0, label="Outer radius", ge=0.1, le=8, help="Where the data ends, with a cliff.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.outer - self.inner >= 0.01:
            raise ValueError(f"outer: must exceed the inner radius ({self.inner:g}) by at least 0.01")
        return self

    def summary(self) -> str:
        return f"annulus, {self.inner:g} to {self.outer:g}"


class Segment(Points):
    """A straight segment through 0 under Gaussian noise: nearly one dimension in two."""

    dimension = 2
    kind: Literal["segment"] = "segment"
    length: float = setting(4.0, label="Length", ge=0.1, le=16, help="From one end to the other; its middle is at 0.")
    angle: float = setting(30.0, label="Angle", ge=-180, le=180, help="In degrees, counted from the x axis to the left.")
    noise: float = _noise(0.1)

    def summary(self) -> str:
        return f"line, noise {self.noise:g}"


class Spirals(Points):
    """Arms of an Archimedean spiral of radius 2 around 0, at equal angles, evenly filled, under Gaussian noise."""

    dimension = 2
    kind: Literal["spirals"] = "spirals"
    arms: int = setting(2, label="Arms", ge=1, le=4, help="How many spirals are wound into one another.")
    turns: float = setting(
        1.0, label="Turns", ge=0.25, le=3, help="How often each winds round; more turns lie closer together."
    )
    noise: float = _noise(0.08)

    def summary(self) -> str:
        return f"{self.arms} spiral{'s' if self.arms > 1 else ''}, noise {self.noise:g}"


class TwoClusters(Points):
    """Two round Gaussians far apart on the x axis, with 0 halfway between them."""

    dimension = 2
    kind: Literal["two_clusters"] = "two_clusters"
    distance: float = setting(6.0, label="Distance", ge=0.1, le=16, help="Between the centres; G has to tear its image apart.")
    std: float = _std(0.3)
    share: float = setting(0.5, label="Share of the left one", ge=0.01, le=0.99, help="The lighter cluster is the first lost.")

    def summary(self) -> str:
        return f"two clusters, {self.distance:g} apart"


def _heart() -> NDArray[np.uint8]:
    """What is painted before anybody paints: (x^2 + y^2 - 1)^3 <= x^2 y^3, with the share of each cell that lies inside."""
    fine = 4
    axis = ((np.arange(SIDE * fine) + 0.5) / (SIDE * fine) - 0.5) * 2.8
    x, y = np.meshgrid(axis, axis + 0.1)
    inside = (x**2 + y**2 - 1) ** 3 <= x**2 * y**3
    share = inside.reshape(SIDE, fine, SIDE, fine).mean(axis=(1, 3))
    return np.asarray(np.round(255 * share), dtype=np.uint8)


class Drawn(Points):
    """A painting: the density of a cell is in proportion to how much of it is painted, and constant within it."""

    dimension = 2
    kind: Literal["drawn"] = "drawn"
    painting: str = setting(
        pack_painting(_heart()),
        label="Painting",
        max_length=20_000,
        repr=False,
        help=f"How much of each of {SIDE} × {SIDE} cells is painted; base64 of zlib of one byte each, row 0 the lowest.",
    )
    half_width: float = setting(
        2.5, label="Half width", ge=0.5, le=8, help="The canvas reaches so far from 0 to each side, in units of x."
    )

    @model_validator(mode="after")
    def _readable(self) -> Self:
        try:
            unpack_painting(self.painting)
        except ValueError as error:
            raise ValueError(f"painting: {error}") from None
        return self

    def cells(self) -> NDArray[np.uint8]:
        """How much of each cell is painted, `(SIDE, SIDE)` from 0 to 255, row 0 the lowest."""
        return unpack_painting(self.painting)

    def summary(self) -> str:
        return "drawn by hand"


_FURTHEST = 1e6


def _rows(default: NDArray[np.float64]) -> Any:
    return setting(
        pack_samples(default.astype(np.float32)),
        label="Rows",
        max_length=MAX_TEXT,
        repr=False,
        help="The uploaded numbers themselves; base64 of zlib of float32, little endian, row by row; after from: as distances "
        "from one row in float64.",
    )


def _scaling() -> Any:
    return setting(
        "standardised",
        label="Scale",
        choices={"standardised": "standardised", "as_given": "as given"},
        help="Standardised: every column is moved to mean 0 and scaled to standard deviation 1, where networks learn best.",
    )


def _played(rows: str, scaling: str, columns: int) -> NDArray[np.float32]:
    """The points that the game is played with, `(n, columns)`; raises ValueError, in words, naming the field."""
    try:
        given = unpack_samples(rows, columns)
    except ValueError as error:
        raise ValueError(f"rows: {error}") from None
    if len(given) < 2:
        raise ValueError("rows: one row given; at least 2 are needed, and a few hundred to learn from")
    wide = given.astype(np.float64)
    constant = wide.min(axis=0) == wide.max(axis=0)
    if constant.any():
        which = f"column {int(constant.argmax()) + 1} is" if columns > 1 else "it is"
        instead = "upload the other column alone" if columns > 1 else "choose a point mass instead"
        raise ValueError(f"rows: {which} the same number in every row; {instead}")
    if scaling == "standardised":
        return np.asarray((wide - wide.mean(axis=0)) / wide.std(axis=0), dtype=np.float32)
    far = float(np.abs(wide).max())
    if far > _FURTHEST:
        raise ValueError(f"scaling: as given, the largest number is {far:.3g}; at most 1e6 is allowed; try standardised")
    single = wide.astype(np.float32)
    for i in range(columns):
        apart, there = len(np.unique(single[:, i])), len(np.unique(wide[:, i]))
        if apart < 0.99 * there or np.abs(single - wide)[:, i].max() > 1e-3 * wide[:, i].std():
            raise ValueError(
                f"scaling: as given, the numbers lie too far from 0 for how near they are to one another: in single precision, "
                f"which the game is played in, {apart:,} of {there:,} stay apart; try standardised"
            )
    return single


def _even(n: int) -> NDArray[np.float64]:
    """n numbers spread evenly over (0, 1), in an order that has nothing to do with their size: the golden ratio's multiples."""
    return np.asarray((np.arange(n) * ((math.sqrt(5) - 1) / 2) + 0.5 / n) % 1)


def _normal(p: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array([NormalDist().inv_cdf(v) for v in p], dtype=np.float64)


def _humps() -> NDArray[np.float64]:
    """What stands for an uploaded column before there is one: a narrow hump with 3/8 of 256 rows beside a wide one."""
    p = (np.arange(256) + 0.5) / 256
    low = p < 0.375
    narrow = -1.2 + 0.25 * _normal(np.where(low, p / 0.375, 0.5))
    wide = 0.9 + 0.5 * _normal(np.where(low, 0.5, (p - 0.375) / 0.625))
    return np.asarray(np.where(low, narrow, wide)[:, None], dtype=np.float64)


def _arc() -> NDArray[np.float64]:
    """What stands for two uploaded columns before there are any: 256 rows along an arc."""
    angle = math.pi * (1.2 * (np.arange(256) + 0.5) / 256 - 0.1)
    radius = 1.5 + 0.15 * _normal(_even(256))
    return np.asarray(np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1), dtype=np.float64)


class Samples(Points):
    """One uploaded column: p_r is the empirical law, each row as likely as any other."""

    kind: Literal["samples"] = "samples"
    rows: str = _rows(_humps())
    scaling: Literal["standardised", "as_given"] = _scaling()

    @model_validator(mode="after")
    def _readable(self) -> Self:
        self.points()
        return self

    def points(self) -> NDArray[np.float32]:
        """The points as the game is played with them, `(n, 1)`."""
        return _played(self.rows, self.scaling, 1)

    def summary(self) -> str:
        return f"uploaded, {len(unpack_samples(self.rows, 1))} numbers"


class Samples2D(Points):
    """Two uploaded columns: p_r is the empirical law, each row as likely as any other."""

    dimension = 2
    kind: Literal["samples_2d"] = "samples_2d"
    rows: str = _rows(_arc())
    scaling: Literal["standardised", "as_given"] = _scaling()

    @model_validator(mode="after")
    def _readable(self) -> Self:
        self.points()
        return self

    def points(self) -> NDArray[np.float32]:
        """The points as the game is played with them, `(n, 2)`."""
        return _played(self.rows, self.scaling, 2)

    def summary(self) -> str:
        return f"uploaded, {len(unpack_samples(self.rows, 2))} points"


Data = Annotated[
    Gaussian
    | Mixture
    | Uniform
    | Laplace
    | StudentT
    | PointMass
    | Samples
    | Gaussian2D
    | Mixture2D
    | Ring
    | Grid
    | TwoClusters
    | TwoMoons
    | SwissRoll
    | Spirals
    | Segment
    | Annulus
    | Checkerboard
    | Drawn
    | Samples2D
    | Digits
    | Bars
    | DiscsAndSquares
    | Blobs
    | UploadedPictures,
    Field(discriminator="kind"),
]
