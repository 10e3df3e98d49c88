"""A game ready to be played: networks, laws, objective and per-member coefficients, made from configs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Generator, Tensor

from gandash.config import GameConfig
from gandash.game.distributions import Distribution, Latent, distribution
from gandash.game.networks import MLP
from gandash.game.objectives import OBJECTIVES, Objective
from gandash.game.optimisers import OPTIMISERS, Hyper, Optimiser
from gandash.settings import Settings, kind_of, settings


@dataclass(frozen=True)
class Player:
    """One side of the game: its network, and how it moves."""

    network: MLP
    optimiser: Optimiser
    hyper: Hyper


@dataclass(frozen=True)
class Game:
    """The rules of a population of games with the same structure; coefficients differ per member as `(members, 1)` tensors."""

    configs: tuple[GameConfig, ...]
    data: Distribution
    latent: Latent
    generator: Player
    discriminator: Player
    objective: Objective
    other_objective: Objective
    r1: Tensor | None
    averaging: Tensor
    batch: int

    @property
    def members(self) -> int:
        return len(self.configs)

    @property
    def config(self) -> GameConfig:
        """The first member's config: the whole of it for a live run."""
        return self.configs[0]


PER_MEMBER = ("generator_optimiser.", "discriminator_optimiser.", "regulariser.", "run.seed", "run.averaging")


def build_game(*configs: GameConfig) -> Game:
    """The game of these configs, one member each.

    Raises ValueError when they differ in anything but seeds, optimisers' numbers, R1 weight or averaging: those alone may
    differ from member to member.
    """
    first = configs[0]
    common = _structure(first)
    for other in configs[1:]:
        if _structure(other) != common:
            raise ValueError("members of one population must share data, networks, objective, update rule and batch size")
    data = distribution(first.data)
    r1 = _column([c.regulariser.r1 for c in configs])
    objective = OBJECTIVES[first.objective]
    return Game(
        configs=configs,
        data=data,
        latent=Latent(first.latent),
        generator=_player(
            MLP(first.latent.dimension, data.dimension, first.generator), [c.generator_optimiser for c in configs]
        ),
        discriminator=_player(MLP(data.dimension, 1, first.discriminator), [c.discriminator_optimiser for c in configs]),
        objective=objective,
        other_objective=OBJECTIVES[objective.other],
        r1=r1 if bool((r1 > 0).any()) else None,
        averaging=_column([c.run.averaging for c in configs]),
        batch=first.run.batch,
    )


def _structure(c: GameConfig) -> dict[str, object]:
    return {
        s.path: type(s.value) if s.is_variant else s.value
        for s in settings(c)
        if s.is_variant or not s.path.startswith(PER_MEMBER)
    }


def _column(values: Sequence[float]) -> Tensor:
    return torch.tensor(values, dtype=torch.float32)[:, None]


def _player(network: MLP, optimisers: Sequence[Settings]) -> Player:
    names = [s.path for s in settings(optimisers[0])]
    hyper = {name: _column([getattr(o, name) for o in optimisers]) for name in names}
    return Player(network, OPTIMISERS[kind_of(type(optimisers[0]))], hyper)


class Streams:
    """The random numbers of a run: one generator per member, so that a member draws the same alone or in a population.

    `measuring` gives throw-away generators that depend only on (seed, step): measuring never disturbs the game, and the
    same state measured twice reads the same.
    """

    _INITIAL, _TRAINING, _MEASURING, _FIXED = range(4)

    def __init__(self, seeds: Sequence[int]) -> None:
        self.seeds = tuple(seeds)
        self._initial = [_generator(seed, self._INITIAL) for seed in seeds]
        self._training = [_generator(seed, self._TRAINING) for seed in seeds]

    def initial(self, network: MLP) -> Tensor:
        return torch.stack([network.initialise(g) for g in self._initial])

    def real(self, game: Game) -> Tensor:
        """A batch of real data, `(members, batch, dim)`."""
        return game.data.sample_each(self._training, game.batch)

    def latents(self, game: Game) -> Tensor:
        """A batch of latents, `(members, batch, latent dim)`."""
        return game.latent.sample_each(self._training, game.batch)

    def measuring(self, step: int) -> list[Generator]:
        return [_generator(seed, self._MEASURING, step) for seed in self.seeds]

    def fixed(self) -> list[Generator]:
        """For what is drawn once and kept: the latents whose images glide across the stage."""
        return [_generator(seed, self._FIXED) for seed in self.seeds]

    def state(self) -> Tensor:
        """The training generators' state, uint8 `(members, bytes)`; with `restore` a run goes on bit for bit."""
        return torch.stack([g.get_state() for g in self._training])

    def restore(self, state: Tensor) -> None:
        for generator, row in zip(self._training, state, strict=True):
            generator.set_state(row)


def _generator(*entropy: int) -> Generator:
    seed = int(np.random.SeedSequence(entropy).generate_state(1, np.uint64)[0] >> np.uint64(1))
    return Generator().manual_seed(seed)
