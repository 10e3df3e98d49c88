"""Statistics of real against generated samples, and how often each mode or kind is met."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict

import torch
from torch import Generator, Tensor

from gandash.config.data import DataConfig, PicturesConfig
from gandash.config.setting import JsonValue
from gandash.diagnostics import samples
from gandash.diagnostics.coverage import Coverage, cover
from gandash.diagnostics.estimators import Level
from gandash.diagnostics.path import mean_slope
from gandash.diagnostics.pictures import picture_estimators_for
from gandash.examine.examination import Breathe, Examination, GameCopy, Result, with_rests
from gandash.game.distributions import PictureDistribution
from gandash.game.field import generate
from gandash.game.game import Game

PAIRED = 3e8  # pairs of samples times numbers in a sample that one distance may cost

_floors: dict[tuple[DataConfig, int], dict[str, Level]] = {}  # facts about a law and a sample size
_FLOORS_KEPT, _REPEATS = 16, 12

Cover = Callable[[Tensor], Coverage]


def _results(copy: GameCopy, breathe: Breathe) -> Iterator[Result]:
    """Statistics of real against generated samples, at the largest size for which an exact W can be had."""
    game, notes = copy.game, list[str]()
    n = points_compared(game)
    if isinstance(game.data, PictureDistribution):
        notes.append(
            "Distances and neighbourhoods are those of pixels, from −1 (black) to 1 (white), all alike: not of features."
        )
    if n < samples.EXACT:
        notes.append(f"Large pictures: {n} of each law instead of {samples.EXACT}.")
    (generator,) = copy.generators
    covering = _cover_of(game)
    real = game.data.sample(generator, n)
    with torch.no_grad():
        fake = generate(game, copy.theta, game.latent.sample(generator, n)[None])[0]
    result: Result = {
        "points": n,
        "neighbours": samples.NEIGHBOURS,
        "values": dict(_statistics(real, fake, covering)),
        "floors": None,
        "slope": float(mean_slope(game, copy.critic, real[None, : n - n % game.pack])),
        **_mode_table(game, fake),
        "notes": list(notes),
    }
    breathe()
    key = game.config.data, n
    if key not in _floors:
        yield result | {"words": f"reading the noise floors: {_REPEATS} pairs of samples of p_r itself"}

        def draw(generator: Generator, n: int) -> Tensor:
            breathe()
            return game.data.sample(generator, n)

        floors = samples.floors(lambda x, y: _statistics(x, y, covering), draw, n, _REPEATS)
        while len(_floors) >= _FLOORS_KEPT:
            del _floors[next(iter(_floors))]
        _floors[key] = floors
    yield result | {"floors": {name: asdict(floor) for name, floor in _floors[key].items()}}


def points_compared(game: Game) -> int:
    """Samples of each law between which every pair can be looked at."""
    return min(samples.EXACT, int(math.sqrt(PAIRED / game.data.dimension)))


def _cover_of(game: Game) -> Cover | None:
    """How samples cover the modes of a mixture or the kinds of pictures; None where there are neither."""
    if isinstance(game.config.data, PicturesConfig):
        known = picture_estimators_for(game.config.data)
        kinds = known.kinds
        if kinds is None:
            return None
        return lambda x: kinds.count(kinds.of(x, known.features.of(x)))[0]
    modes = game.data.modes()
    return None if modes is None else lambda x: cover(x, modes)


def _mode_table(game: Game, fake: Tensor) -> Result:
    """Each mode's or kind's share of generated samples `(n, dimension)` beside its weight; `modes` is None without any."""
    data, modes = game.config.data, game.data.modes()
    if isinstance(data, PicturesConfig):
        return _kind_table(data, fake)
    if modes is None:
        return {"modes": None}
    found = samples.mode_table(fake, modes)
    return {"modes": [asdict(row) | {"place": list(row.place)} for row in found.rows], "elsewhere": found.elsewhere}


def _kind_table(data: PicturesConfig, fake: Tensor) -> Result:
    """As for modes: digits by name, cells by the middles of their attributes."""
    known = picture_estimators_for(data)
    kinds = known.kinds
    if kinds is None:
        return {"modes": None}
    found, _ = kinds.count(kinds.of(fake, known.features.of(fake)))
    perfect, n = known.floors["high_quality"].mean, len(fake)
    attributes = known.law.attributes
    middles = [[a.low + (i + 0.5) * (a.high - a.low) / a.cells for i in range(a.cells)] for a in attributes]
    names: list[Result] = [{"name": name, "place": []} for name in kinds.names]
    names = names or [{"name": None, "place": [*place]} for place in itertools.product(*middles)]
    rows: list[JsonValue] = []
    for named, weight, share in zip(names, kinds.weights.tolist(), found.shares.tolist(), strict=True):
        expected = weight * perfect
        noise = math.sqrt(expected * (1 - expected) / n)
        rows.append({**named, "weight": weight, "share": share, "expected": expected, "noise": noise})
    return {
        "kinds": kinds.noun,
        "attributes": [{"name": a.name, "unit": a.unit} for a in attributes],
        "modes": rows,
        "elsewhere": 1 - found.high_quality,
    }


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
    _statistics(real, fake, _cover_of(game))
    known = (game.config.data, n) in _floors
    return with_rests(time.perf_counter() - began, 1 if known else 1 + _REPEATS)


SAMPLES = Examination("samples", "the comparison of samples", _results, _seconds)
