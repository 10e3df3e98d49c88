"""A game ready to be played: networks, laws, objective and per-member coefficients, made from configs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor

from gandash.config import GameConfig, picture_shapes
from gandash.config.population import structure
from gandash.config.setting import Settings, kind_of, settings
from gandash.game.device import CPU
from gandash.game.distributions import Distribution, Latent, distribution
from gandash.game.given import NOTHING, Given
from gandash.game.networks import Masks, Network, build_network
from gandash.game.objectives import Objective, objective
from gandash.game.optimisers import OPTIMISERS, Hyper, Optimiser
from gandash.game.regularisers import Penalties


@dataclass(frozen=True)
class Player:
    """One side of the game: its network, and how it moves."""

    network: Network
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
    other_objective: Objective | None
    penalties: Penalties
    averaging: Tensor
    batch: int
    pack: int  # samples that D judges at once
    given: Given = NOTHING  # what of it was not built from its settings

    @property
    def members(self) -> int:
        """How many games move together."""
        return len(self.configs)

    def to(self, device: torch.device) -> Game:
        """The same game with its coefficients on this device; data and latents are drawn on the processor all the same."""
        if all(column.device == device for column in self._columns):
            return self
        generator, discriminator = (
            replace(player, hyper={name: column.to(device) for name, column in player.hyper.items()})
            for player in (self.generator, self.discriminator)
        )
        return replace(
            self,
            generator=generator,
            discriminator=discriminator,
            penalties=self.penalties.to(device),
            averaging=self.averaging.to(device),
        )

    @property
    def _columns(self) -> Iterator[Tensor]:
        """Every coefficient."""
        yield self.averaging
        for player in (self.generator, self.discriminator):
            yield from player.hyper.values()
        yield from self.penalties.columns

    @property
    def config(self) -> GameConfig:
        """The first member's config: the whole of it for a live run."""
        return self.configs[0]

    def with_live_configs(self, *configs: GameConfig) -> Game:
        """The same game under other live settings: coefficients and objective are replaced, nothing else is made again.

        Laws, networks and the memory of their passes stay the same objects, and so do the coefficients of what has not changed.
        Structure may not differ: see `config.changes.restarts`.
        """

        def changed(name: str) -> list[Any]:
            """The members' settings of this group; [] where they are the same objects as before."""
            new = [getattr(c, name) for c in configs]
            return new if any(one is not getattr(c, name) for one, c in zip(new, self.configs, strict=True)) else []

        first = configs[0]
        played, shown_beside = _objectives(first, self.given)
        found: dict[str, Any] = {"objective": played, "other_objective": shown_beside}
        if optimisers := changed("generator_optimiser"):
            found["generator"] = _player(self.generator.network, optimisers)
        if optimisers := changed("discriminator_optimiser"):
            found["discriminator"] = _player(self.discriminator.network, optimisers)
        if regularisers := changed("regulariser"):
            found["penalties"] = Penalties.of(regularisers)
        if runs := changed("run"):
            found["averaging"] = _column([run.averaging for run in runs])
        return replace(self, configs=configs, batch=first.run.batch, **found).to(self.averaging.device)


def build_game(*configs: GameConfig, given: Given = NOTHING) -> Game:
    """The game of these configs, one member each, with players and objective as they were `given`, else as the settings say.

    Raises ValueError when they differ in anything but seeds, optimisers' numbers, penalties' weights or averaging: those alone
    may differ from member to member.
    """
    first = configs[0]
    common = structure(first)
    for other in configs[1:]:
        if structure(other) != common:
            raise ValueError("members of one population must share data, networks, objective, update rule and batch size")
    data = distribution(first.data)
    played, shown_beside = _objectives(first, given)
    pack = first.regulariser.packing
    shape, packed = picture_shapes(first)
    return Game(
        configs=configs,
        data=data,
        latent=given.latent or Latent(first.latent),
        generator=_player(
            given.generator or build_network(first.latent.dimension, data.dimension, first.generator, shape),
            [c.generator_optimiser for c in configs],
        ),
        discriminator=_player(
            given.discriminator or build_network(pack * data.dimension, 1, first.discriminator, packed),
            [c.discriminator_optimiser for c in configs],
        ),
        objective=played,
        other_objective=shown_beside,
        penalties=Penalties.of([c.regulariser for c in configs]),
        averaging=_column([c.run.averaging for c in configs]),
        batch=first.run.batch,
        pack=pack,
        given=given,
    )


def _objectives(c: GameConfig, given: Given) -> tuple[Objective, Objective | None]:
    """The objective that is played, and the one shown beside it."""
    if given.objective is not None:
        return given.objective, None
    played = objective(c.objective, c.regulariser.smoothing)
    return played, objective(played.other, c.regulariser.smoothing) if played.other else None


def _column(values: Sequence[float]) -> Tensor:
    return torch.tensor(values, dtype=torch.float32)[:, None]


def _player(net: Network, optimisers: Sequence[Settings]) -> Player:
    names = [s.path for s in settings(optimisers[0])]
    hyper = {name: _column([getattr(o, name) for o in optimisers]) for name in names}
    return Player(net, OPTIMISERS[kind_of(type(optimisers[0]))], hyper)


class Streams:
    """The random numbers of a run: one generator per member, so that a member draws the same alone or in a population. All are
    drawn on the processor; those of training then go to `device`.

    `measuring` gives throw-away generators that depend only on (seed, step): measuring never disturbs the game, and the
    same state measured twice reads the same.
    """

    _INITIAL, _TRAINING, _MEASURING, _FIXED = range(4)

    def __init__(self, seeds: Sequence[int], device: torch.device = CPU) -> None:
        self.seeds, self.device = tuple(seeds), device
        self._initial = [_generator(seed, self._INITIAL) for seed in seeds]
        self._training = [_generator(seed, self._TRAINING) for seed in seeds]

    @classmethod
    def together(cls, streams: Sequence[Streams]) -> Streams:
        """Those of several populations for one of all their members. The generators are the same ones, not copies."""
        joined = cls((), streams[0].device)
        joined.seeds = tuple(seed for one in streams for seed in one.seeds)
        joined._initial = [g for one in streams for g in one._initial]
        joined._training = [g for one in streams for g in one._training]
        return joined

    def begin(self, step: int) -> None:
        """A round begins at this step: of note to who draws by step."""

    def initial(self, network: Network) -> Tensor:
        """Fresh parameters, `(members, size)`."""
        return torch.stack([network.initialise(g) for g in self._initial]).to(self.device)

    def real(self, game: Game) -> Tensor:
        """A batch of real data, `(members, batch, dim)`."""
        return game.data.sample_each(self._training, game.batch).to(self.device)

    def latents(self, game: Game) -> Tensor:
        """A batch of latents, `(members, batch, latent dim)`."""
        return game.latent.sample_each(self._training, game.batch).to(self.device)

    def normal(self, *shape: int) -> Tensor:
        """N(0, 1), `(members, *shape)`."""
        return torch.stack([torch.randn(shape, generator=g) for g in self._training]).to(self.device)

    def uniform(self, *shape: int) -> Tensor:
        """Uniform on [0, 1), `(members, *shape)`."""
        return torch.stack([torch.rand(shape, generator=g) for g in self._training]).to(self.device)

    def masks(self, net: Network, batch: int) -> Masks | None:
        """Dropout masks for one pass, None where there is no dropout."""
        masks = net.draw_masks(self._training, batch)
        return None if masks is None else tuple(mask.to(self.device) for mask in masks)

    def measuring(self, step: int) -> list[Generator]:
        """Throw-away generators for a measurement at this step, one for each member."""
        return [_generator(seed, self._MEASURING, step) for seed in self.seeds]

    def fixed(self) -> list[Generator]:
        """For what is drawn once and kept: the latents whose images glide across the stage."""
        return [_generator(seed, self._FIXED) for seed in self.seeds]

    def state(self) -> Tensor:
        """The training generators' state, uint8 `(members, bytes)`; with `restore` a run goes on bit for bit."""
        return torch.stack([g.get_state() for g in self._training])

    def restore(self, state: Tensor) -> None:
        """Go on from what `state` gave. Raises ValueError for another number of members."""
        for generator, row in zip(self._training, state, strict=True):
            generator.set_state(row)


def _generator(*entropy: int) -> Generator:
    seed = int(np.random.SeedSequence(entropy).generate_state(1, np.uint64)[0] >> np.uint64(1))
    return Generator().manual_seed(seed)
