"""What an examination is: it takes a game's state apart on its own networks, and its results are models of the wire.

They come from a generator, as `Progress`: each is the whole of what is known so far, the last one the answer. It calls
`check_cancelled` between its small steps, which raises when nobody waits for the answer any more. Randomness comes from
throw-away generators that depend on (seed, step) alone: the same state examined twice reads the same, and the game is not
disturbed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from gandash.config import GameConfig
from gandash.diagnostics.path import PathPoint
from gandash.game.game import Game, Streams, build_game
from gandash.game.round import GameState
from gandash.wire.findings import Examinable, Result
from gandash.words import Said, say

CheckCancelled = Callable[[], None]

PROBE = 256  # samples of each law on which the field is taken
NOTHING = say("")
OTHERS = 8  # batches that tell how much of the field is sampling noise
REST, LONGEST_REST_SECONDS = 1.0, 0.25  # what an examiner sleeps of the time it works, so that the game has Python's lock
TRIALS = 3  # of a small step, after one that warms up


@dataclass(frozen=True)
class Progress:
    """How far an examination is: `result` is None until there is one; `doing`, `unfinished` as in `wire.findings.Finding`."""

    result: Result | None = None
    doing: Said = NOTHING
    unfinished: float | None = None


class Unfit(ValueError):
    """Why this game cannot be examined so, in words."""


@dataclass(frozen=True)
class FrozenGame:
    """A game at one moment: its settings and its state, which nobody writes to any more; and where it has been, as far as is
    known (`diagnostics.path.PathHistory`)."""

    generation: int
    config: GameConfig
    state: GameState
    path: tuple[PathPoint, ...] = ()

    @property
    def step(self) -> int:
        return self.state.step


@dataclass(frozen=True)
class GameCopy:
    """A frozen game on generators of its own, its parameters as tensors that autograd takes."""

    game: Game
    streams: Streams
    state: GameState
    path: tuple[PathPoint, ...] = ()

    @classmethod
    def of(cls, frozen: FrozenGame) -> GameCopy:
        """With networks that are built anew."""
        return cls(build_game(frozen.config), Streams([frozen.config.run.seed]), frozen.state, frozen.path)

    @property
    def theta(self) -> Tensor:
        """G's parameters `(1, n_theta)`, a tensor of their own."""
        return self.state.theta.clone()

    @property
    def phi_effective(self) -> Tensor:
        """D's effective parameters: phi, or phi after spectral normalisation."""
        return self.state.phi_effective.clone()

    @property
    def generators(self) -> list[Generator]:
        """Throw-away generators, the same at every call."""
        return self.streams.measuring(self.state.step)

    @property
    def parameters(self) -> int:
        """Of both players together."""
        return self.game.generator.network.size + self.game.discriminator.network.size

    def drawn(self, n: int, generators: list[Generator]) -> tuple[Tensor, Tensor]:
        """n real samples and latents, a whole number of packs, `(1, n, dim)`."""
        n -= n % self.game.pack
        return self.game.data.sample_each(generators, n), self.game.latent.sample_each(generators, n)


def _none(config: GameConfig) -> Said:
    del config
    return NOTHING


@dataclass(frozen=True)
class Examination:
    """One entry of the registry. `name` is what it is called within a sentence; `results` is how it is computed.

    `refusal` says in words what a game lacks for it, "" where it lacks nothing. `seconds` is about how long it takes here: one
    of its small steps, timed on the game itself, times their number. Both it and `results` raise ValueError in words where
    the game has no such thing.
    """

    what: Examinable
    name: str
    results: Callable[[GameCopy, CheckCancelled], Iterator[Progress]]
    seconds: Callable[[GameCopy], float]
    refusal: Callable[[GameConfig], Said] = _none


def probe_size(parameters: int, products: float, notes: list[Said]) -> int:
    """Samples on which the field is taken: fewer where parameters times samples exceed `products`, and then it is noted."""
    probe = PROBE
    while parameters * probe > products and probe > 32:
        probe //= 2
    if probe < PROBE:
        notes.append(
            say("Large networks: the field is taken on {probe} samples of each law instead of {most}.", probe=probe, most=PROBE)
        )
    return probe


def sampling_noise(v: Callable[[Tensor, Tensor], Tensor], copy: GameCopy, probe: int, generators: list[Generator]) -> float:
    """The length of what sampling noise adds to a field v(real, latents) on `probe` samples of each law: the root of its
    variance over OTHERS batches, summed over all parameters. Where the game is at rest, |v| reads about that.
    """
    found = torch.stack([v(*copy.drawn(probe, generators)).detach().double() for _ in range(OTHERS)])
    return float((found - found.mean(dim=0)).square().sum().div(OTHERS - 1).sqrt())


def has_dropout(config: GameConfig) -> bool:
    """Whether either player drops units in training."""
    return bool(getattr(config.generator, "dropout", 0) or getattr(config.discriminator, "dropout", 0))


def with_rests(seconds: float, times: int) -> float:
    """What `times` small steps of `seconds` take together with the rests between them."""
    return times * (seconds + min(REST * seconds, LONGEST_REST_SECONDS))


def timed(step: Callable[[], object]) -> float:
    """Seconds that one `step` takes."""
    step()
    began = time.perf_counter()
    for _ in range(TRIALS):
        step()
    return (time.perf_counter() - began) / TRIALS
