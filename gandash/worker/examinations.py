"""What can be examined in a running game on request: each takes its state apart on its own networks, as JSON for the page.

An examination is a generator of results: each is the whole of what is known so far, the last one the answer. It calls
`breathe` between its small steps, which raises when nobody waits for the answer any more. Randomness comes from throw-away
generators that depend on (seed, step) alone: the same state examined twice reads the same, and the game is not disturbed.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import Generator, Tensor

from gandash import dynamics
from gandash.config import GameConfig
from gandash.diagnostics import landscape, samples, spectrum
from gandash.diagnostics.best_response import LOG4, Approach, approach
from gandash.diagnostics.coverage import Coverage, cover
from gandash.diagnostics.duality import duality_gap
from gandash.diagnostics.estimators import Array, Floor, Level
from gandash.diagnostics.measure import measure
from gandash.diagnostics.path import Footprint, PathAngle, mean_slope, path_angle
from gandash.diagnostics.pictures import picture_estimators_for
from gandash.game.distributions import PictureDistribution
from gandash.game.field import Chance, generate, seen, slopes_between
from gandash.game.game import Game, Streams, build_game
from gandash.game.round import GameState
from gandash.game.step import train_step
from gandash.pictures import FoundPictures, Pictures
from gandash.settings import JsonValue
from gandash.targets import Data
from gandash.wire.messages import Examinable

Result = dict[str, JsonValue]
Breathe = Callable[[], None]

PROBE = 256  # samples of each law on which the field is taken
LARGE, HUGE = 2e7, 3e5  # parameters times samples, and parameters: beyond, less is asked for
EIGENVALUES, RESTARTS = 8, 15
EDGE = 121  # points of a stability boundary
PLANE_GRID, SMALL_GRID = 17, 9  # places per side of a plane through parameter space
SHORTEST_PATH = 3  # points before the present one that make a path
ANGLES = 49  # places along the line of the path angle
REST, LONGEST_REST_SECONDS = 1.0, 0.25  # what an examiner sleeps of the time it works, so that the game has Python's lock
INNER_STEPS, INNER_RATE = 100, 1e-3
INNER_BATCH, INNER_TEST = 512, 4096
BEST_STEPS, BEST_RATE, BEST_BATCH, BEST_SECONDS = 3000, 1e-3, 512, 40.0
BEYOND = 0.01  # nats by which noise may carry D's estimate of JSD past the measured one
WORK = 4e10  # weights times samples times steps that a descent may cost
PAIRED = 3e8  # pairs of samples times numbers in a sample that one distance may cost


class Unfit(ValueError):
    """Why this game cannot be examined so, in words."""


@dataclass(frozen=True)
class Specimen:
    """A game at one moment: its settings and its state, which nobody writes to any more; and where it has been, as far as is
    known (`diagnostics.path.Trail`)."""

    generation: int
    config: GameConfig
    state: GameState
    path: tuple[Footprint, ...] = ()

    @property
    def step(self) -> int:
        return self.state.step


@dataclass(frozen=True)
class _Table:
    """A specimen laid out: networks and generators of its own, tensors that autograd takes."""

    game: Game
    streams: Streams
    state: GameState
    path: tuple[Footprint, ...] = ()

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
    yield from EXAMINATIONS[what](_Table(game, Streams([specimen.config.run.seed]), state, specimen.path), breathe)


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
    if mix is not None:
        notes += _note_flat(table, real, latents, Chance(mix=mix))
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
    found = spectrum.spectrum(field, at, count=count, which=kinds, restarts=RESTARTS, breathe=breathe)
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
        "eigenvalues": spectrum.pairs(found.eigenvalues[:64]),
        "negative": int((found.eigenvalues.real < -1e-9 * np.abs(found.eigenvalues).max(initial=0.0)).sum()),
        "found": len(found.eigenvalues),
        "size": found.size,
        "complete": found.complete,
        "speed": found.speed,
        "samples": real.shape[1],
        "rule": c.update_rule.summary(),
        "step_sizes": list(steps),
        "scaled": scaled,
        "boundary": None if edge is None else spectrum.pairs(edge),
        "growth": growth,
        "words": words,
        "notes": list(notes),
    }


def _note_flat(table: _Table, real: Tensor, latents: Tensor, chance: Chance) -> list[str]:
    """What must be said of the gradient penalty's kink; raises Unfit where there is nothing else."""
    game = table.game
    with torch.enable_grad():
        real, fake = seen(game, real), seen(game, generate(game, table.theta, latents))
        flat = float((slopes_between(game, table.critic, real, fake, chance) == 0).float().mean())
    if flat == 1:
        raise Unfit(
            "There is no spectrum where D is flat everywhere: the gradient penalty's |∇a| has a kink at 0. Try again some "
            "steps later."
        )
    share = f"{flat:.0%}" if flat >= 0.01 else "less than 1 %"
    return [f"D is flat at {share} of the places where the gradient penalty looks: there it adds nothing."] if flat else []


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
    """G stands still and D is trained to its best; what it reaches is known where the JSD is: 2 JSD - log 4.

    After BEST_SECONDS it yields what it has as `unfinished`; asked for more, it goes on for as long again.
    """
    game, notes = table.game, _value_notes(table.game)
    jsd, floor = _measured_jsd(table, notes)
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
            stopped = (
                f"Stopped after {BEST_SECONDS:g} s, at {now.steps} of at most {steps} steps: D may not be at its best yet."
            )
            yield _progress(way, jsd, floor, steps, [*notes, stopped]) | {"unfinished": BEST_SECONDS}
            until = time.monotonic() + BEST_SECONDS
        yield _progress(way, jsd, floor, steps, notes)
    found_jsd = (float(way[-1].value) + LOG4) / 2  # no D reaches more than 2 JSD - log 4
    if found_jsd > jsd + BEYOND:
        notes.append(
            "D finds more than the measured JSD allows: that is read on a partition, which hides what is finer than its cells. "
            f"The true JSD is at least {found_jsd:.3f} nats, but for noise of about 0.01."
        )
    yield _progress(way, jsd, floor, steps, notes)


def _measured_jsd(table: _Table, notes: list[str]) -> tuple[float, Floor | None]:
    """The JSD in nats with what sampling noise reads, NaN where nobody measures it; the `notes` say why."""
    game, data = table.game, table.game.config.data
    if isinstance(data, Pictures):
        notes.append(
            "The JSD of pictures is not measured, so no bound from above is known. What D reaches bounds it from below: "
            "JSD ≥ (V + log 4) / 2, but for noise of about 0.01."
        )
        if isinstance(data, FoundPictures):
            notes.append("Real pictures are a finite set here. D may learn it by heart, and that is a difference as any other.")
        if game.pack > 1:
            notes.append("D judges packs of pictures: the JSD is that of packs.")
        return math.nan, None
    found = measure(game, table.state, table.streams)
    floor = found.estimators.floors["jsd"]
    if game.pack > 1:
        notes.append("D judges packs of samples, and the JSD of packs is not measured: there is no bound to compare with.")
        return math.nan, floor
    jsd = found.readings["jsd"]
    if jsd < 2 * floor.high:
        notes.append("The measured JSD is close to what sampling noise alone reads: the share says little here.")
    return jsd, floor


def _progress(way: list[Approach], jsd: float, floor: Floor | None, steps: int, notes: list[str]) -> Result:
    return {
        "steps": [now.steps for now in way],
        "values": [float(now.value) for now in way],
        "share": float(way[-1].share),
        "gap": float(way[-1].gap),
        "jsd": jsd,
        "jsd_floor": None if floor is None else asdict(floor),
        "bound": 2 * jsd - LOG4,
        "idle": -LOG4,
        "limit": steps,
        "learning_rate": BEST_RATE,
        "notes": list(notes),
    }


# -------------------------------------------------------------------------------------------------------------- samples

_floors: dict[tuple[Data, int], dict[str, Level]] = {}  # facts about a law and a sample size
_FLOORS_KEPT, _REPEATS = 16, 12


Cover = Callable[[Tensor], Coverage]


def _samples(table: _Table, breathe: Breathe) -> Iterator[Result]:
    """Statistics of real against generated samples, at the largest size for which an exact W can be had."""
    game, notes = table.game, list[str]()
    n = points_compared(game)
    if isinstance(game.data, PictureDistribution):
        notes.append(
            "Distances and neighbourhoods are those of pixels, from −1 (black) to 1 (white), all alike: not of features."
        )
    if n < samples.EXACT:
        notes.append(f"Large pictures: {n} of each law instead of {samples.EXACT}.")
    (generator,) = table.generators
    covering = _cover_of(game)
    real = game.data.sample(generator, n)
    with torch.no_grad():
        fake = generate(game, table.theta, game.latent.sample(generator, n)[None])[0]
    result: Result = {
        "points": n,
        "neighbours": samples.NEIGHBOURS,
        "values": dict(_statistics(real, fake, covering)),
        "floors": None,
        "slope": float(mean_slope(game, table.critic, real[None, : n - n % game.pack])),
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
    if isinstance(game.config.data, Pictures):
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
    if isinstance(data, Pictures):
        return _kind_table(data, fake)
    if modes is None:
        return {"modes": None}
    found = samples.mode_table(fake, modes)
    return {"modes": [asdict(row) | {"place": list(row.place)} for row in found.rows], "elsewhere": found.elsewhere}


def _kind_table(data: Pictures, fake: Tensor) -> Result:
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


# ------------------------------------------------------------------------------------------------------------ landscape


def _landscape(table: _Table, breathe: Breathe) -> Iterator[Result]:
    """The field on a plane through the present point, along the path or along the last update; and the path angle."""
    game, state = table.game, table.state
    notes: list[str] = []
    size = game.generator.network.size + game.discriminator.network.size
    probe, grid = PROBE, PLANE_GRID
    while size * probe > LARGE / 4 and probe > 32:
        probe //= 2
    if size * probe > LARGE:
        grid = SMALL_GRID
    if probe < PROBE:
        notes.append(f"Large networks: the field is taken on {probe} samples of each law instead of {PROBE}.")
    generators = table.generators
    real, latents = table.drawn(probe, generators)
    chance = _chance(game, state.step, real, generators[0])
    if getattr(game.config.generator, "dropout", 0) or getattr(game.config.discriminator, "dropout", 0):
        notes.append("Dropout is left out.")
    here = torch.cat([state.theta[0], state.phi[0]])
    past = [point for point in table.path if point.step < state.step]
    cut = landscape.of_path([point.w for point in past], here, generators[0]) if len(past) >= SHORTEST_PATH else None
    if cut is None:
        notes.append("There is not enough of a path yet for its principal directions, nor for a path angle: ask again later.")
        cut = landscape.along_update(here, _update(table), generators[0])
    yield {"words": f"the field at {grid} × {grid} places"}
    field = landscape.batch_field(game, real, latents, chance, state.memory.get("spectral"), breathe)
    seen = landscape.survey(cut, field, grid)
    flow_here, speed = landscape.on_plane(cut, field(here))
    angle = path_angle(field, past[0].w, here, points=ANGLES) if cut.shares else None
    yield {
        "grid": grid,
        "window": list(cut.window),
        "flow": _brief(seen.flow),
        "speeds": _brief(np.log10(np.maximum(seen.speed, 1e-12))),
        "path": _brief(cut.project([*(point.w for point in past), here])) if cut.shares else [0.0, 0.0],
        "from": past[0].step if cut.shares else state.step,
        "shares": None if cut.shares is None else list(cut.shares),
        "speed": speed,
        "in_plane": float(np.linalg.norm(flow_here)) / speed if speed > 0 else None,
        "samples": real.shape[1],
        "parameters": size,
        "angle": None if angle is None else _angle(angle),
        "notes": list(notes),
    }


def _angle(found: PathAngle) -> Result:
    return {"alphas": _brief(found.alphas), "cosines": _brief(found.cosines), "words": found.words}


def _brief(values: Array) -> list[JsonValue]:
    """Row by row, in as many digits as a small picture shows: every viewer is sent them."""
    return [float(f"{value:.4g}") for value in values.flat]


def _chance(game: Game, step: int, real: Tensor, generator: Generator) -> Chance:
    """What a training pass would draw beside its data, once for all places; no dropout."""
    sigma = game.penalties.noise_at(step)
    mix = torch.rand(1, real.shape[1] // game.pack, 1, generator=generator)
    noise = None if sigma is None else sigma[..., None, None] * torch.randn(1, 2, *real.shape[1:], generator=generator)
    return Chance(mix=None if game.penalties.gradient_penalty is None else mix, noise=noise)


def _update(table: _Table) -> Tensor:
    """The joint displacement of one more round, played on a copy with random numbers of its own, `(n,)`."""
    streams = Streams(table.streams.seeds)
    streams.restore(torch.stack([generator.get_state() for generator in table.generators]))
    after, _ = train_step(table.game, table.state, streams)
    return torch.cat([after.theta[0] - table.state.theta[0], after.phi[0] - table.state.phi[0]])


EXAMINATIONS: dict[Examinable, Callable[[_Table, Breathe], Iterator[Result]]] = {
    "spectrum": _spectrum,
    "duality": _duality,
    "samples": _samples,
    "best_response": _best_response,
    "landscape": _landscape,
}
