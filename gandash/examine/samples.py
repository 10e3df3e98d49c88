"""Statistics of real against generated samples, and how often each mode or class is met."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict

import torch
from torch import Generator, Tensor

from gandash.config.data import DataConfig
from gandash.diagnostics import samples
from gandash.diagnostics.coverage import Coverage
from gandash.diagnostics.estimators import NullReference
from gandash.diagnostics.path import mean_slope
from gandash.domains.registry import domain_of
from gandash.examine.examination import CheckCancelled, Examination, GameCopy, Progress, with_rests
from gandash.game.game import Game
from gandash.game.losses import generate
from gandash.wire import facts
from gandash.wire.findings import Examinable, Samples
from gandash.words import marked, say

PAIRED = 3e8  # pairs of samples times numbers in a sample that one distance may cost

_floors: dict[tuple[DataConfig, int], dict[str, NullReference]] = {}  # facts about a law and a sample size
_FLOORS_KEPT, _REPEATS = 16, 12

Cover = Callable[[Tensor], Coverage]


def _results(copy: GameCopy, check_cancelled: CheckCancelled) -> Iterator[Progress]:
    """Statistics of real against generated samples, at the largest size for which an exact W can be had."""
    game = copy.game
    domain = domain_of(game)
    notes = list(domain.distance_notes)
    n = points_compared(game)
    if n < samples.EXACT:
        notes.append(say("Large pictures: {count} of each law instead of {most}.", count=n, most=samples.EXACT))
    (generator,) = copy.generators
    covering = domain.cover(game)
    real = game.data.sample(generator, n)
    with torch.no_grad():
        fake = generate(game, copy.theta, game.latent.sample(generator, n)[None])[0]
    result = Samples(
        points=n,
        values=_statistics(real, fake, covering),
        floors=None,
        slope=float(mean_slope(game, copy.phi_effective, real[None, : n - n % game.pack])),
        modes=domain.mode_table(game, fake),
        notes=tuple(notes),
    )
    check_cancelled()
    key = game.config.data, n
    if key not in _floors:
        yield Progress(result, doing=say("reading the noise floors: {count} pairs of samples of p_r itself", count=_REPEATS))

        def draw(generator: Generator, n: int) -> Tensor:
            check_cancelled()
            return game.data.sample(generator, n)

        floors = samples.floors(lambda x, y: _statistics(x, y, covering), draw, n, _REPEATS)
        while len(_floors) >= _FLOORS_KEPT:
            del _floors[next(iter(_floors))]
        _floors[key] = floors
    told = {name: facts.NullReference(**asdict(floor)) for name, floor in _floors[key].items()}
    yield Progress(result.model_copy(update={"floors": told}))


def points_compared(game: Game) -> int:
    """Samples of each law between which every pair can be looked at."""
    return min(samples.EXACT, int(math.sqrt(PAIRED / game.data.dimension)))


def _statistics(x: Tensor, y: Tensor, covering: Cover | None) -> dict[str, float]:
    near = samples.manifold(x, y)
    found = {
        "w1": samples.wasserstein(x, y, 1).value,
        "w2": samples.wasserstein(x, y, 2).value,
        "mmd": samples.mmd_squared(x, y),
        "precision": near.precision,
        "recall": near.recall,
        "density": near.density,
        "coverage": near.coverage,
    }
    if covering is not None:
        covered = covering(y)
        found |= {"high_quality": covered.high_quality, "reverse_kl": covered.reverse_kl}
    return found


def _seconds(copy: GameCopy) -> float:
    game, (generator,) = copy.game, copy.generators
    n = points_compared(game)
    real = game.data.sample(generator, n)
    fake = generate(game, copy.theta, game.latent.sample(generator, n)[None])[0].detach()
    began = time.perf_counter()
    _statistics(real, fake, domain_of(game).cover(game))
    known = (game.config.data, n) in _floors
    return with_rests(time.perf_counter() - began, 1 if known else 1 + _REPEATS)


SAMPLES = Examination(Examinable.SAMPLES, marked("the comparison of samples"), _results, _seconds)
