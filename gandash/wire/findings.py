"""What can be examined on request, and what each examination finds: one model each, which says by `what` whose it is.

How it is found stands in `gandash.examine`; `assets/live/examine-sections.js` shows it. `notes` are sentences for the reader.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from gandash.wire.facts import Box, Complex, Counted, NullReference, Point
from gandash.wire.model import Measured, Message
from gandash.words import Said


class Examinable(StrEnum):
    """What can be examined on request: see `gandash.examine`."""

    SPECTRUM = "spectrum"
    DUALITY = "duality"
    SAMPLES = "samples"
    BEST_RESPONSE = "best_response"
    LANDSCAPE = "landscape"


class Spectrum(Message):
    """Eigenvalues of the Jacobian H of the field, of `scaled` ones diag(h) H; `negative` of the `found` ones have Re < 0.

    H is `size` x `size`; `complete`: all its eigenvalues are known. On `boundary` a round of the rule neither contracts nor
    expands, and `growth` is by how much it multiplies the worst direction found; None where one eigenvalue does not settle it.
    `speed` is |v|, and `sampling_noise` what it reads at rest: the length of what so many samples add to v by chance.
    """

    what: Literal["spectrum"] = "spectrum"
    eigenvalues: tuple[Complex, ...]
    negative: int
    found: int
    size: int
    complete: bool
    speed: Measured
    step_sizes: tuple[float, float]
    scaled: bool
    boundary: tuple[Complex, ...] | None
    growth: Measured
    sampling_noise: Measured
    words: Said
    samples: int
    notes: tuple[Said, ...]


class PathAngle(Message):
    """The cosine between the field and the line from the oldest point of the path (alpha = 0) to the present one (1)."""

    alphas: tuple[float, ...]
    cosines: tuple[Measured, ...]
    words: Said


class Landscape(Message):
    """The field at `grid` x `grid` points of a plane through the present point; `flow` in pairs, `speeds` log10 of its length.

    `path` in pairs, from step `since` on; `shares` of its squared distance lie along each axis, None where the plane is that of
    an update. `in_plane` is the share of the field's length here that the plane shows; `sampling_noise` as in `Spectrum`.
    """

    what: Literal["landscape"] = "landscape"
    grid: int
    window: Box
    flow: tuple[Measured, ...]
    speeds: tuple[Measured, ...]
    path: tuple[float, ...]
    since: int
    shares: tuple[float, float] | None
    speed: Measured
    in_plane: Measured
    sampling_noise: Measured
    samples: int
    parameters: int
    angle: PathAngle | None
    notes: tuple[Said, ...]


class BestResponse(Message):
    """V in nats after each of `steps` steps of D alone, at most `limit`; `bound` is 2 JSD - log 4, `idle` V of D = 1/2.

    `share` of the way from idle to the bound is reached, `gap` is left; None where the JSD is not measured.
    """

    what: Literal["best_response"] = "best_response"
    steps: tuple[int, ...]
    values: tuple[Measured, ...]
    share: Measured
    gap: Measured
    jsd: Measured
    jsd_is_bound: bool
    jsd_floor: NullReference | None
    bound: Measured
    idle: float
    limit: int
    learning_rate: float
    notes: tuple[Said, ...]


class Attribute(Message):
    """What a picture's law draws, with its unit."""

    name: str
    unit: str


class ModeRow(Message):
    """One mode or class: the share of generated samples there, what a perfect generator would have, and that one's noise."""

    name: str | None = None
    point: Point
    share: float
    expected: float
    noise: float


class ModeTable(Message):
    """The share of generated samples at each of what they are `counted` by, and elsewhere; cells are named by `attributes`."""

    counted: Counted
    attributes: tuple[Attribute, ...] = ()
    rows: tuple[ModeRow, ...]
    elsewhere: float
    expected_elsewhere: float
    noise_elsewhere: float


class Samples(Message):
    """Statistics by name of `points` real against as many generated samples; `floors` is None while they are being read."""

    what: Literal["samples"] = "samples"
    points: int
    values: dict[str, Measured]
    floors: dict[str, NullReference] | None
    slope: Measured
    modes: ModeTable | None
    notes: tuple[Said, ...]


class DualityGap(Message):
    """V in nats: now, after `steps` steps of D (`worst_for_g`), of G (`worst_for_d`), and the difference of these two.

    `at_equilibrium` and `spread` are mean and standard deviation of what the gap reads where p_g = p_r and D is at rest, None
    where that is not known yet, or never.
    """

    what: Literal["duality"] = "duality"
    gap: Measured
    at_equilibrium: Measured = None
    spread: Measured = None
    value: Measured
    worst_for_g: Measured
    worst_for_d: Measured
    steps: int
    learning_rate: float
    samples: int
    test: int
    notes: tuple[Said, ...]


Result = Annotated[Spectrum | Landscape | BestResponse | Samples | DualityGap, Field(discriminator="what")]


class Finding(Message):
    """What an examination of the state at `step` has found: so far, or (`done`) in the end; or `problem` says why nothing.

    `doing` says what it is at; `unfinished`: it stopped at its time limit, and may go on for so many seconds more.
    """

    step: int
    done: bool
    result: Result | None = None
    doing: Said = Said("")
    unfinished: float | None = None
    problem: Said = Said("")
