"""What a kind of data brings: how it is measured, judged and drawn, and what is told of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from numpy.typing import NDArray
from torch import Generator, Tensor

from gandash.diagnostics.coverage import Coverage
from gandash.diagnostics.estimators import NullReference
from gandash.domains.verdict_evidence import VerdictEvidence
from gandash.game.game import Game, Streams
from gandash.game.round import GameState
from gandash.wire.browser import ImageGridLabel
from gandash.wire.facts import Facts, GameFacts
from gandash.wire.findings import ModeTable
from gandash.wire.frame import Arrays
from gandash.wire.messages import ShowCloseUp
from gandash.words import Said


class Measured(Protocol):
    """What every measurement of a state has: its readings by column, and expectations of D's outputs by name."""

    expectations: dict[str, float]

    @property
    def readings(self) -> dict[str, float]: ...

    @property
    def beside(self) -> dict[str, float]: ...

    @property
    def jsd_error(self) -> float | None: ...


class FrameBuilder(ABC):
    """Makes the frames of one game: the arrays of each, and the facts that its axes are drawn from.

    Samples and latents are drawn once, from a generator of their own: dots glide because their latents stay. Arrays that it
    hands out are copies or never written again.
    """

    @abstractmethod
    def __init__(self, game: Game, generator: Generator) -> None: ...

    @abstractmethod
    def facts(self, game: Game, known: Any, shared: GameFacts) -> Facts:
        """What stays true while the settings do: what is `shared` by all kinds of data, and what these frames need beside it;
        `known` are the domain's estimators. Their `stage` names the module of the live view that draws them."""

    follows_rounds: ClassVar[bool] = False

    def follow(self, state: GameState) -> None:
        """Called after every round where `follows_rounds`: for frames that show where the game has been."""
        return

    def show_close_up(self, wanted: ShowCloseUp) -> None:
        """A person wants to see something more closely: for frames that can show it."""
        return

    @abstractmethod
    def arrays(self, game: Game, state: GameState, found: Any) -> Arrays:
        """What a frame of this state shows. `found` is a measurement of this kind of data, which may be of an earlier state
        where the domain does not measure each frame, or what `Domain.drawn` gave."""

    def kept(self) -> dict[str, NDArray[Any]]:
        """What of the past a frame shows, as arrays: `restore` goes on from them, after `follow` of their state."""
        return {}

    def restore(self, kept: dict[str, NDArray[Any]]) -> None:
        """Go on from what `kept` gave. Raises KeyError or ValueError where it does not fit."""
        return

    @property
    def image_grid(self) -> ImageGridLabel | None:
        """What goes with the arrays handed out last, where they are a grid of pictures."""
        return None


@dataclass(frozen=True)
class KnownJsd:
    """The JSD in nats, or a lower bound of it, with what sampling noise reads; NaN and None where nobody measures it."""

    value: float
    floor: NullReference | None
    notes: tuple[Said, ...] = ()
    is_bound: bool = False


class Domain(ABC):
    """One kind of data.

    `measure_every` is how many steps lie between measurements for the curves, at the cost of one to three steps each by torch
    (compiled steps are cheaper, and it is the shortest that lie between: `gandash.worker.spacing`). Where
    `measures_each_frame` is False, a frame of a game at full speed may show the divergences and D* of the latest such
    measurement: one of its own would cost several steps. Where `jsd_every` is given, a multiple of `measure_every`, JSD
    is dear and `reads_jsd` says which measurements read it. `distance_notes` say what distances between two samples mean.
    """

    measure_every: ClassVar[int]
    measures_each_frame: ClassVar[bool]
    jsd_every: ClassVar[int | None] = None
    distance_notes: ClassVar[tuple[Said, ...]] = ()

    def reads_jsd(self, step: int) -> bool:
        """Whether the measurement at this step reads the JSD: a period apart, and early on, where much happens, after twice the
        steps each time."""
        return self.jsd_every is None or step % self.jsd_every == 0 or self.is_early(step)

    def is_early(self, step: int) -> bool:
        """Whether this is the 1st, 2nd, 4th, 8th ... period."""
        nth = step // self.measure_every
        return nth & (nth - 1) == 0

    @abstractmethod
    def includes(self, game: Game) -> bool:
        """Whether this game is played on this kind of data."""

    @abstractmethod
    def estimators(self, game: Game) -> Any:
        """What measures this game's generator against p_r, made once for each law; it has `samples` and `floors`."""

    @abstractmethod
    def measure(self, game: Game, state: GameState, streams: Streams, member: int = 0, *, with_jsd: bool = True) -> Any:
        """A `Measured` state of one member, on fresh samples that depend only on (seed, step); the game is not disturbed.

        Unless `with_jsd`, the JSD may be left out, where it is dear.
        """

    def drawn(self, game: Game, state: GameState, streams: Streams, found: Any) -> Any:
        """What a frame of this state is drawn from where it is not measured, though the domain measures each frame: what that
        takes of this very state, or `found`, a measurement of an earlier one, whose numbers go with the frame anyhow."""
        del game, state, streams
        return found

    @abstractmethod
    def frame_builder(self, game: Game, generator: Generator) -> FrameBuilder:
        """What makes this game's frames; what it keeps from frame to frame is drawn from `generator`."""

    @abstractmethod
    def verdict_evidence(self, game: Game) -> VerdictEvidence:
        """What the verdict on this game will rest on; nothing yet."""

    @abstractmethod
    def cover(self, game: Game) -> Callable[[Tensor], Coverage] | None:
        """How samples `(n, dimension)` cover what they are counted by; None where there is nothing."""

    @abstractmethod
    def mode_table(self, game: Game, fake: Tensor) -> ModeTable | None:
        """The share of generated samples `(n, dimension)` at each of what they are counted by; None where there is nothing."""

    @abstractmethod
    def known_jsd(self, game: Game, state: GameState, streams: Streams) -> KnownJsd:
        """The divergence that D's best response is held against."""
