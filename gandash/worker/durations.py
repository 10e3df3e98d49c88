"""About how long each examination takes here: one of its small steps, timed on the game itself, times their number."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch

from gandash.diagnostics import landscape, spectrum
from gandash.diagnostics.best_response import approach
from gandash.diagnostics.duality import duality_gap
from gandash.game.field import Chance, generate
from gandash.game.game import Streams, build_game
from gandash.worker import examinations as one
from gandash.worker.examinations import LONGEST_REST_SECONDS, REST, Specimen, _Table

PRODUCTS = 150  # of a large Jacobian with a vector, for each end of the spectrum that ARPACK looks for
TRIALS = 3  # of a small step, after one that warms up


def estimates(specimen: Specimen) -> dict[str, float]:
    """Seconds by examination; without those that this game does not admit, or of which nobody knows a small step."""
    table = _Table(build_game(specimen.config), Streams([specimen.config.run.seed]), specimen.state, specimen.path)
    found = {}
    for what, estimate in _ESTIMATES.items():
        try:
            found[what] = float(f"{estimate(table):.2g}")
        except ValueError:  # an examination that this game does not admit says so itself, when it is asked for
            continue
    return found


def _with_rests(seconds: float, times: int) -> float:
    return times * (seconds + min(REST * seconds, LONGEST_REST_SECONDS))


def _timed(step: Callable[[], object]) -> float:
    step()
    began = time.perf_counter()
    for _ in range(TRIALS):
        step()
    return (time.perf_counter() - began) / TRIALS


def _size(table: _Table) -> int:
    return table.game.generator.network.size + table.game.discriminator.network.size


def _chance(table: _Table, n: int) -> Chance:
    return Chance(mix=torch.full((1, n // table.game.pack, 1), 0.5))


def _spectrum(table: _Table) -> float:
    real, latents = table.drawn(one.PROBE, table.generators)
    field = spectrum.joint_field(table.game, real, latents, 0, _chance(table, real.shape[1]))
    jacobian = spectrum.Jacobian(field, spectrum.joint(table.theta, table.critic))
    product = _timed(lambda: jacobian.times(np.ones(jacobian.size)))
    return _with_rests(product, jacobian.size if jacobian.size <= spectrum.DENSE else 2 * PRODUCTS)


def _landscape(table: _Table) -> float:
    game, state = table.game, table.state
    real, latents = table.drawn(one.PROBE, table.generators)
    chance = one._chance(game, state.step, real, table.generators[0])
    field = landscape.batch_field(game, real, latents, chance, state.memory.get("spectral"), lambda: None)
    here = torch.cat([state.theta[0], state.phi[0]])
    places = one.PLANE_GRID**2 + (one.ANGLES if len(table.path) >= one.SHORTEST_PATH else 0)
    return _with_rests(_timed(lambda: field(here)), places)


def _best_response(table: _Table) -> float:
    steps = one._affordable(table.game, one.BEST_BATCH, one.BEST_STEPS, [])

    def few() -> None:
        way = approach(table.game, table.theta, table.critic, table.generators, steps=5, batch=one.BEST_BATCH, samples=64)
        for _ in way:
            pass

    return min(one.BEST_SECONDS, _with_rests(_timed(few) / 5, steps))


def _duality(table: _Table) -> float:
    batch = table.drawn(one.INNER_BATCH, table.generators)
    steps = one._affordable(table.game, one.INNER_BATCH, one.INNER_STEPS, [])

    def few() -> object:
        return duality_gap(table.game, table.theta, table.critic, *batch, steps=2, learning_rate=one.INNER_RATE)

    return _with_rests(_timed(few) / 4, 2 * steps)


def _samples(table: _Table) -> float:
    game, (generator,) = table.game, table.generators
    n = one.points_compared(game)
    real = game.data.sample(generator, n)
    fake = generate(game, table.theta, game.latent.sample(generator, n)[None])[0].detach()
    began = time.perf_counter()
    one._statistics(real, fake, one._cover_of(game))
    known = (game.config.data, n) in one._floors
    return _with_rests(time.perf_counter() - began, 1 if known else 1 + one._REPEATS)


_ESTIMATES: dict[str, Callable[[_Table], float]] = {
    "spectrum": _spectrum,
    "landscape": _landscape,
    "best_response": _best_response,
    "duality": _duality,
    "samples": _samples,
}
