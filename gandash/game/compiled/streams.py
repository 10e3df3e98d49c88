"""The draws of compiled rounds for those that torch plays."""

from __future__ import annotations

import torch

from gandash.game.game import Game, Streams


class CounterStreams(Streams):
    """The same draws for rounds that torch plays in a run of compiled code: of a game that this does not cover, or again to see
    what broke. Dropout alone, which compiled code has none of, is drawn from generators.
    """

    def begin(self, step: int) -> None:
        self._step, self._batch, self._drew_real = step, -1, False

    def real(self, game: Game) -> torch.Tensor:
        self._batch, self._drew_real = self._batch + 1, True
        return self._drawn(game, "real").view(len(self.seeds), game.batch, -1).to(self.device)

    def latents(self, game: Game) -> torch.Tensor:
        self._batch, self._drew_real = self._batch + (not self._drew_real), False
        return self._drawn(game, "latents").view(len(self.seeds), game.batch, -1).to(self.device)

    def normal(self, *shape: int) -> torch.Tensor:
        return self._drawn(self._game, "noise").view(-1, *shape).to(self.device)

    def uniform(self, *shape: int) -> torch.Tensor:
        return self._drawn(self._game, "mix").view(-1, *shape).to(self.device)

    def _drawn(self, game: Game, name: str) -> torch.Tensor:
        if getattr(self, "_game", None) is not game:
            from gandash.game.compiled.draws import DrawSource  # numba takes its time, and most runs draw nothing here

            self._game, self._draw_sources = game, [DrawSource(game, seed) for seed in self.seeds]
        found = []
        for one in self._draw_sources:
            draws, place, _ = one.at(self._step)
            found.append(torch.from_numpy(getattr(draws, name)[place, self._batch].copy()))
        return torch.stack(found)
