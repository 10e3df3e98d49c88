"""What stays true of a game while its settings do, as the browser is told: for axes, reference lines, noise floors and words.

Each stage of the live view has its own facts; `stage` says which.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from gandash.wire.model import Measured, Message
from gandash.words import Said

Point = tuple[float, ...]
Interval = tuple[float, float]
Box = tuple[float, float, float, float]  # lowest and highest x, lowest and highest y
Complex = tuple[float, float]  # real and imaginary part


Engine = Literal["torch", "compiled"]


class Stage(StrEnum):
    """What draws a game."""

    LINE = "line"
    PLANE = "plane"
    PHASE = "phase"
    PICTURES = "pictures"


class ReadingKind(StrEnum):
    """How the output of D is read: as a probability D(x), or as a critic's score a(x)."""

    PROBABILITY = "probability"
    CRITIC = "critic"


class Counted(StrEnum):
    """What generated samples are counted by, where p_r has parts that can be told apart."""

    MODES = "modes"
    DIGITS = "digits"
    CLASSES = "classes"
    CELLS = "cells"


class DiscriminatorReading(Message):
    """What D's output means under the objective that is played.

    `centre` is its value everywhere at equilibrium, None where its offset is free; `low` and `high` are its natural range, None
    where it has none; `optimal` says whether the best response is known. `since` is the step from which on it holds.
    """

    kind: ReadingKind
    label: str
    centre: float | None
    centre_label: str
    low: float | None
    high: float | None
    optimal: bool
    optimal_label: str
    since: int = 0


class Objective(Message):
    """The objective that is played, in the screen's words; `other` is the generator's loss that is not, if there is one."""

    name: str
    label: Said
    other: Said | None


class ReferenceLine(Message):
    """A value that theory gives a curve from step `since` on."""

    value: float
    label: str
    since: int


class NullReference(Message):
    """What an estimator reads on samples of p_r itself: on average, and what one reading in twenty is worse than."""

    mean: Measured
    worst_5pct: Measured


class Parameters(Message):
    """How many each player has."""

    generator: int
    discriminator: int


class GameFacts(Message):
    """Of every game. `columns` are the curves that there are; `references` and `floors` are by column; `averaging` is the
    weight of the past, 0 for none. A measurement rests on `samples` of each law.

    Where the JSD is dear, it is read every `jsd_every` steps, early on more often, and stays in the curves in between.
    `engine` plays it from its beginning to its end: torch's rounds, or compiled ones, which draw and round otherwise.
    """

    columns: tuple[str, ...]
    references: dict[str, ReferenceLine]
    floors: dict[str, NullReference]
    objective: Objective
    reading: DiscriminatorReading
    averaging: float
    samples: int
    jsd_every: int | None
    device: str
    engine: Engine
    parameters: Parameters


class PointFacts(GameFacts):
    """Of games on points: where the modes of p_r are, and the share of high quality that a perfect generator has, of which
    `mode_shares` lie at each mode.

    `wasserstein` is how the measured distance is called; `jsd_is_bound` says that the measured JSD is a lower bound of the true
    one; `mode_std` is None without modes.
    """

    wasserstein: str
    jsd_is_bound: bool
    modes: tuple[Point, ...]
    mode_std: float | None
    mode_shares: tuple[float, ...]
    perfect_quality: float


class LatentLine(Message):
    """The latents of the map on the line: their dimension, and where their first coordinate lies."""

    dimension: int
    window: Interval


class LineFacts(PointFacts):
    stage: Literal[Stage.LINE] = Stage.LINE
    window: Interval
    latent: LatentLine


class PlaneFacts(PointFacts):
    stage: Literal[Stage.PLANE] = Stage.PLANE
    window: Box


class Phase(Message):
    """A scalar game near its equilibrium (`gandash.diagnostics.phase.Phase`); its flow is read at `grid` x `grid` points."""

    grid: int
    eigenvalues: tuple[Complex, ...]
    multipliers: tuple[Complex, ...] | None
    modulus: Measured
    boundary: tuple[Complex, ...] | None
    words: Said


class PhaseFacts(PointFacts):
    """`equilibrium` is (theta, psi), None where there is no rest point."""

    stage: Literal[Stage.PHASE] = Stage.PHASE
    window: Box
    equilibrium: tuple[float, float] | None
    phase: Phase


class PictureFacts(GameFacts):
    """Of games on pictures of `shape` (channels, height, width).

    `pictures` generated ones in `grid_columns` columns and `real_pictures` real ones; `map_side` pictures along each side of
    the latent plane, 0 where there is none; `walk` pictures from one latent to another; `nearest` says whether the real ones
    are a finite set. `counted_by` says what is told apart in them, if anything is: `modes` are the classes' names or numbers.
    """

    stage: Literal[Stage.PICTURES] = Stage.PICTURES
    shape: tuple[int, int, int]
    pictures: int
    grid_columns: int
    real_pictures: int
    map_side: int
    walk: int
    nearest: bool
    counted_by: Counted | None
    modes: tuple[str | int, ...]
    mode_weights: tuple[float, ...]
    perfect_quality: float | None


Facts = Annotated[LineFacts | PlaneFacts | PhaseFacts | PictureFacts, Field(discriminator="stage")]
