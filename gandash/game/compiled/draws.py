"""What a game draws for its rounds, counter-based (`philox.py`) and pushed through its laws a block of rounds at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from gandash.game.compiled.functions import entrance
from gandash.game.compiled.gradients import Draws
from gandash.game.compiled.network import Floats
from gandash.game.compiled.philox import DATA, LATENT, MIX, NOISE, fill_normal, fill_uniform
from gandash.game.compiled.plans import most_draws
from gandash.game.compiled.shelf import Shelf
from gandash.game.distributions.base import Noise, Sampler
from gandash.game.game import Game

LONGEST = 64  # rounds in a block
NUMBERS = 2**16  # in a block, about: what a processor keeps near


@entrance
def fill(out: Any, normal: bool, seed: int, stream: int, step: int) -> None:
    """`(rounds, draws, numbers)` for the rounds from `step` on."""
    for i in range(out.shape[0]):
        for draw in range(out.shape[1]):
            if normal:
                fill_normal(out[i, draw], seed, stream, step + i, draw)
            else:
                fill_uniform(out[i, draw], seed, stream, step + i, draw)


class DrawSource:
    """One member's: blocks that begin at multiples of their length, so that how many rounds are asked for changes no number.

    Where a `shelf` is given they come from there, if it has them.
    """

    def __init__(self, game: Game, seed: int, shelf: Shelf | None = None) -> None:
        self._game, self._seed = game, seed
        self.draws = most_draws(game.config.update_rule)
        each = (
            self.draws
            * game.batch
            * (game.data.dimension * (3 if game.penalties.noise is not None else 1) + game.latent.dimension)
        )
        self._rounds = LONGEST
        while self._rounds > 1 and self._rounds * each > NUMBERS:
            self._rounds //= 2
        self._kept: tuple[int, Draws] | None = None
        self._shelved = None if shelf is None else shelf.of(self._all_that_counts())

    def at(self, step: int) -> tuple[Draws, int, int]:
        """A block, the place of this step in it, and how many rounds there are from there on."""
        block, place = divmod(step, self._rounds)
        if self._kept is None or self._kept[0] != block:
            self._kept = block, self._block(block)
        return self._kept[1], place, self._rounds - place

    def _all_that_counts(self) -> tuple[Any, ...]:
        """What blocks are a function of, beside their number."""
        game, noisy = self._game, self._game.penalties.noise is not None
        shape = self._rounds, self.draws, game.batch, game.pack, noisy, game.penalties.looks_between
        return game.config.data, game.config.latent, shape, self._seed

    def _block(self, number: int) -> Draws:
        def make() -> Draws:
            return self._drawn(number * self._rounds)

        return make() if self._shelved is None else self._shelved.block(number, make)

    def _drawn(self, step: int) -> Draws:
        game, penalties = self._game, self._game.penalties
        n, packs = game.batch, game.batch // game.pack
        noisy = penalties.noise is not None
        return Draws(
            real=self._pushed(game.data, DATA, step),
            latents=self._pushed(game.latent, LATENT, step),
            noise=self._fresh("normal", 2 * n * game.data.dimension if noisy else 0, NOISE, step),
            mix=self._fresh("uniform", packs if penalties.looks_between else 0, MIX, step),
        )

    def _fresh(self, kind: str, numbers: int, stream: int, step: int) -> Floats:
        out = np.empty((self._rounds, self.draws, numbers), dtype=np.float32)
        fill(out, kind == "normal", self._seed, stream, step)
        return out

    def _pushed(self, law: Sampler, stream: int, step: int) -> Floats:
        def part(i: int, noise: Noise) -> torch.Tensor:
            drawn = self._fresh(noise.kind, self._game.batch * noise.size, stream + i, step)
            return torch.from_numpy(drawn).view(self._rounds, self.draws, self._game.batch, noise.size)

        samples = law.push(*(part(i, noise) for i, noise in enumerate(law.noise)))
        return np.ascontiguousarray(samples.reshape(self._rounds, self.draws, -1).numpy())
