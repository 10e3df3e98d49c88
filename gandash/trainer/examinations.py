"""What can be examined in a running game on request: each takes its state apart on its own networks, as JSON for the page.

An examination is a generator of results: each is the whole of what is known so far, the last one the answer. It calls
`breathe` between its small steps, which raises when nobody waits for the answer any more. Randomness comes from throw-away
generators that depend on (seed, step) alone: the same state examined twice reads the same, and the game is not disturbed.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from gandash import dynamics
from gandash.config import GameConfig
from gandash.diagnostics import samples, spectrum
from gandash.diagnostics.best_response import LOG4, Approach, approach
from gandash.diagnostics.coverage import cover
from gandash.diagnostics.duality import duality_gap
from gandash.diagnostics.estimators import Floor
from gandash.diagnostics.measure import measure
from gandash.diagnostics.path import mean_slope
from gandash.game.distributions import Modes
from gandash.game.field import Chance, generate
from gandash.game.game import Game, Streams, build_game
from gandash.game.step import GameState
from gandash.settings import JsonValue
from gandash.targets import Data
from gandash.trainer.messages import Examinable

Result = dict[str, JsonValue]
Breathe = Callable[[], None]

PROBE = 256  # samples of each law on which the field is taken
LARGE, HUGE = 2e7, 3e5  # parameters times samples, and parameters: beyond, less is asked for
EIGENVALUES, RESTARTS = 8, 15
EDGE = 121  # points of a stability boundary
INNER_STEPS, INNER_RATE = 100, 1e-3
INNER_BATCH, INNER_TEST = 512, 4096
BEST_STEPS, BEST_RATE, BEST_BATCH, BEST_SECONDS = 3000, 1e-3, 512, 40.0
BEYOND = 0.01  # nats by which noise may carry D's estimate of JSD past the measured one
WORK = 4e10  # weights times samples times steps that a descent may cost


class Unfit(ValueError):
    """Why this game cannot be examined so, in words."""


@dataclass(frozen=True)
class Specimen:
    """A game at one moment: its settings and its state, which nobody writes to any more."""

    generation: int
    config: GameConfig
    state: GameState

    @property
    def step(self) -> int:
        return self.state.step


@dataclass(frozen=True)
class _Table:
    """A specimen laid out: networks and generators of its own, tensors that autograd takes."""

    game: Game
    streams: Streams
    state: GameState

    @property
    def theta(self) -> Tensor:
        return self.state.theta.clone()

    @property
    def critic(self) -> Tensor:
        """What D is judged with; phi itself but for spectral normalisation."""
        return self.state.critic.clone()

    @property
    def generators(self) -> list[Generator]:
        return self.streams.measuring(self.state.step)

    def drawn(self, n: int, generators: list[Generator]) -> tuple[Tensor, Tensor]:
        """n real samples and latents, a whole number of packs, `(1, n, dim)`."""
        n -= n % self.game.pack
        return self.game.data.sample_each(generators, n), self.game.latent.sample_each(generators, n)


def examine(what: Examinable, specimen: Specimen, breathe: Breathe) -> Iterator[Result]:
    """The results of one examination, as they come. Raises ValueError in words where there can be none."""
    state = specimen.state
    if not all(bool(torch.isfinite(t).all()) for t in (state.theta, state.phi, state.critic)):
        raise Unfit("The game has diverged: its parameters are no longer finite numbers. Go back to a finite state first.")
    game = build_game(specimen.config)  # networks keep memory in their tapes: never share them with the thread that plays
    yield from EXAMINATIONS[what](_Table(game, Streams([specimen.config.run.seed]), state), breathe)


# ------------------------------------------------------------------------------------------------------------- spectrum


def _spectrum(table: _Table, breathe: Breathe) -> Iterator[Result]:
    """Leading eigenvalues of the Jacobian of the field both players follow, and the rule's stability boundary."""
    game, c = table.game, table.game.config
    size = game.generator.network.size + game.discriminator.network.size
    notes: list[str] = []
    if game.penalties.spectral:
        raise Unfit(
            "Under spectral normalisation there is no spectrum: D remembers its last power iterations, so that the field is no "
            "function of the parameters alone. Restart without it to see one."
        )
    if "batch" in (getattr(c.generator, "normalisation", ""), getattr(c.discriminator, "normalisation", "")):
        raise Unfit(
            "Under batch normalisation there is no spectrum worth the name: what a player does to one sample depends on all "
            "others of its batch, and another batch has other eigenvalues. Restart without it, or with layer norm."
        )
    probe = PROBE
    while size * probe > LARGE and probe > 32:
        probe //= 2
    if probe < PROBE:
        notes.append(f"Large networks: the field is taken on {probe} samples of each law instead of {PROBE}.")
    kinds: Sequence[spectrum.Which] = ("LM", "SR") if size <= HUGE else ("LM",)
    count = EIGENVALUES if size <= HUGE else EIGENVALUES // 2
    if size > HUGE:
        notes.append(f"Large networks: only the {count} eigenvalues of largest magnitude are looked for.")
    generators = table.generators
    real, latents = table.drawn(probe, generators)
    mix = None
    if game.penalties.gradient_penalty is not None:
        mix = torch.rand(1, real.shape[1] // game.pack, 1, generator=generators[0])
    if game.penalties.noise is not None:
        notes.append("Instance noise is left out.")
    if getattr(c.generator, "dropout", 0) or getattr(c.discriminator, "dropout", 0):
        notes.append("Dropout is left out.")
    field = spectrum.joint_field(game, real, latents, 0, Chance(mix=mix))
    rule, words = stability(c)
    steps = (c.generator_optimiser.learning_rate, c.discriminator_optimiser.learning_rate)
    scaled = rule is not None and steps[0] != steps[1]
    if scaled:
        h = torch.from_numpy(spectrum.step_sizes(game.generator.network.size, size, *steps))
        bare = field
        notes.append("The players' steps differ: shown are the eigenvalues of diag(h) H, against the boundary for h = 1.")

        def field(w: Tensor) -> Tensor:
            return h * bare(w)

    yield {"words": f"looking for the leading eigenvalues of a {size} × {size} matrix"}
    at = spectrum.joint(table.theta, table.critic)
    try:
        found = spectrum.spectrum(field, at, count=count, which=kinds, restarts=RESTARTS, breathe=breathe)
    except ValueError as error:
        if "finite" not in str(error):
            raise
        raise Unfit(
            "The Jacobian is not finite at this point, though the game is: a penalty on D's slope has no second derivative "
            "where D is flat. Try again some steps later."
        ) from None
    if not found.converged:
        notes.append(
            f"Not all of them were found within {RESTARTS} restarts of ARPACK; those shown are eigenvalues nevertheless."
        )
    edge = growth = None
    if rule is not None:
        step = 1.0 if scaled else steps[0]
        edge = spectrum.stability_boundary(rule, step, EDGE)
        growth = float(spectrum.growth(rule, found.eigenvalues, step).max()) if len(found.eigenvalues) else None
    yield {
        "eigenvalues": _pairs(found.eigenvalues[:64]),
        "negative": int((found.eigenvalues.real < -1e-9 * np.abs(found.eigenvalues).max(initial=0.0)).sum()),
        "found": len(found.eigenvalues),
        "size": found.size,
        "complete": found.complete,
        "speed": found.speed,
        "samples": real.shape[1],
        "rule": c.update_rule.summary(),
        "step_sizes": list(steps),
        "scaled": scaled,
        "boundary": None if edge is None else _pairs(edge),
        "growth": growth,
        "words": words,
        "notes": list(notes),
    }


def stability(c: GameConfig) -> tuple[spectrum.Rule | None, str]:
    """The rule that a round applies to one eigenvalue at a time, and in words what the boundary means or why there is none."""
    one, other = c.generator_optimiser, c.discriminator_optimiser
    kinds = {one.kind, other.kind}
    rule = spectrum.RULES.get(c.update_rule.kind)
    bare = "The eigenvalues are those of the bare field, and no boundary is drawn: "
    if kinds & {"adam", "rmsprop"}:
        name = "Adam" if "adam" in kinds else "RMSProp"
        return None, f"{bare}{name} gives every parameter a step size of its own, out of its history."
    if rule is None:
        said = c.update_rule.kind.replace("_", " ")
        return None, f"{bare}what a round of the {said} rule does is not settled by one eigenvalue at a time."
    if c.regulariser.clip:
        return None, f"{bare}clipping bends every step."
    if isinstance(one, dynamics.Momentum) and isinstance(other, dynamics.Momentum):
        if one.momentum == other.momentum and c.update_rule.kind == "simultaneous":
            return spectrum.heavy_ball_rule(
                one.momentum
            ), "Inside the boundary a round of the heavy ball contracts, outside it expands."
        return None, f"{bare}there is one for momentum only where both have the same and move simultaneously."
    if kinds != {"gradient_descent"}:
        return None, f"{bare}the players' optimisers differ."
    return rule, "Inside the boundary a round of this rule contracts, outside it expands."


# -------------------------------------------------------------------------------------------------------------- duality


def _duality(table: _Table, breathe: Breathe) -> Iterator[Result]:
    """What each player could still win if the other stood still."""
    game, notes = table.game, _value_notes(table.game)
    steps = _affordable(game, INNER_BATCH, INNER_STEPS, notes)
    generators = table.generators
    batch, test = table.drawn(INNER_BATCH, generators), table.drawn(INNER_TEST, generators)
    yield {"words": f"each player takes {steps} steps against the other, which stands still"}
    found = duality_gap(
        game, table.theta, table.critic, *batch, steps=steps, learning_rate=INNER_RATE, test=test, breathe=breathe
    )
    yield {
        "gap": float(found.gap),
        "value": float(found.value),
        "worst_for_g": float(found.worst_for_g),
        "worst_for_d": float(found.worst_for_d),
        "steps": steps,
        "learning_rate": INNER_RATE,
        "samples": batch[0].shape[1],
        "test": test[0].shape[1],
        "notes": list(notes),
    }


def _value_notes(game: Game) -> list[str]:
    """What V leaves out of the game as it is played."""
    notes = []
    logit, outputs = game.objective.reading.logit, torch.tensor([-2.0, 0.5, 3.0])
    if logit is None or not torch.equal(logit(outputs), outputs):
        notes.append(
            "Here D's output is read as a logit, which it is not under this objective: V of the present D tells little of it."
        )
    if game.penalties.spectral:
        notes.append("D starts from its normalised weights and moves without normalisation.")
    return notes


def _affordable(game: Game, batch: int, steps: int, notes: list[str]) -> int:
    cost = batch * (game.generator.network.size + game.discriminator.network.size)
    fewer = max(10, min(steps, int(WORK / cost)))
    if fewer < steps:
        notes.append(f"Large networks: {fewer} inner steps instead of {steps}.")
    return fewer


# -------------------------------------------------------------------------------------------------------- best response


def _best_response(table: _Table, breathe: Breathe) -> Iterator[Result]:
    """G stands still and D is trained to its best; what it reaches is known: 2 JSD - log 4."""
    game, state, notes = table.game, table.state, _value_notes(table.game)
    found = measure(game, state, table.streams)
    floor = found.estimators.floors["jsd"]
    jsd = math.nan
    if game.pack > 1:
        notes.append("D judges packs of samples, and the JSD of packs is not measured: there is no bound to compare with.")
    else:
        jsd = found.readings["jsd"]
        if jsd < 2 * floor.high:
            notes.append("The measured JSD is close to what sampling noise alone reads: the share says little here.")
    steps = _affordable(game, BEST_BATCH, BEST_STEPS, notes)
    way: list[Approach] = []
    until = time.monotonic() + BEST_SECONDS
    for now in approach(
        game,
        table.theta,
        table.critic,
        table.generators,
        jsd=jsd,
        steps=steps,
        learning_rate=BEST_RATE,
        batch=BEST_BATCH,
        patience=5,
        breathe=breathe,
    ):
        way.append(now)
        if time.monotonic() > until:
            notes.append(f"Stopped after {BEST_SECONDS:g} s; D may not be at its best yet.")
            break
        yield _progress(way, jsd, floor, steps, notes)
    found_jsd = (float(way[-1].value) + LOG4) / 2  # no D reaches more than 2 JSD - log 4
    if found_jsd > jsd + BEYOND:
        notes.append(
            "D finds more than the measured JSD allows: that is read on a partition, which hides what is finer than its cells. "
            f"The true JSD is at least {found_jsd:.3f} nats, but for noise of about 0.01."
        )
    yield _progress(way, jsd, floor, steps, notes)


def _progress(way: list[Approach], jsd: float, floor: Floor, steps: int, notes: list[str]) -> Result:
    return {
        "steps": [now.steps for now in way],
        "values": [float(now.value) for now in way],
        "share": float(way[-1].share),
        "gap": float(way[-1].gap),
        "jsd": jsd,
        "jsd_floor": asdict(floor),
        "bound": 2 * jsd - LOG4,
        "idle": -LOG4,
        "limit": steps,
        "learning_rate": BEST_RATE,
        "notes": list(notes),
    }


# -------------------------------------------------------------------------------------------------------------- samples

_floors: dict[tuple[Data, int], dict[str, Floor]] = {}  # facts about a law and a sample size
_FLOORS_KEPT, _REPEATS = 16, 12


def _samples(table: _Table, breathe: Breathe) -> Iterator[Result]:
    """Statistics of real against generated samples, at the largest size for which an exact W can be had."""
    game, n = table.game, samples.EXACT
    (generator,) = table.generators
    modes = game.data.modes()
    real = game.data.sample(generator, n)
    with torch.no_grad():
        fake = generate(game, table.theta, game.latent.sample(generator, n)[None])[0]
    result: Result = {
        "points": n,
        "neighbours": samples.NEIGHBOURS,
        "values": dict(_statistics(real, fake, modes)),
        "floors": None,
        "slope": float(mean_slope(game, table.critic, real[None, : n - n % game.pack])),
        "modes": None,
        "notes": [],
    }
    if modes is not None:
        found = samples.mode_table(fake, modes)
        result |= {"modes": [asdict(row) | {"place": list(row.place)} for row in found.rows], "elsewhere": found.elsewhere}
    breathe()
    key = game.config.data, n
    if key not in _floors:
        yield result | {"words": f"reading the noise floors: {_REPEATS} pairs of samples of p_r itself"}

        def draw(generator: Generator, n: int) -> Tensor:
            breathe()
            return game.data.sample(generator, n)

        floors = samples.floors(lambda x, y: _statistics(x, y, modes), draw, n, _REPEATS)
        while len(_floors) >= _FLOORS_KEPT:
            del _floors[next(iter(_floors))]
        _floors[key] = floors
    yield result | {"floors": {name: asdict(floor) for name, floor in _floors[key].items()}}


def _statistics(x: Tensor, y: Tensor, modes: Modes | None) -> dict[str, float]:
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
    if modes is not None:
        covered = cover(y, modes)
        found |= {"high_quality": covered.high_quality, "reverse_kl": covered.reverse_kl}
    return found


def _pairs(values: NDArray[np.complex128]) -> list[JsonValue]:
    return [[float(z.real), float(z.imag)] for z in values]


EXAMINATIONS: dict[Examinable, Callable[[_Table, Breathe], Iterator[Result]]] = {
    "spectrum": _spectrum,
    "duality": _duality,
    "samples": _samples,
    "best_response": _best_response,
}
