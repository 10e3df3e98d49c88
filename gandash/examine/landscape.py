"""The field on a plane through the present point, along the path or along the last update; and the path angle."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Generator, Tensor

from gandash.diagnostics import landscape
from gandash.diagnostics.estimators import Array
from gandash.diagnostics.path import path_angle
from gandash.examine.examination import (
    PROBE,
    CheckCancelled,
    Examination,
    GameCopy,
    Progress,
    has_dropout,
    probe_size,
    sampling_noise,
    timed,
    with_rests,
)
from gandash.game.game import Game, Streams
from gandash.game.parts import StepNoise
from gandash.game.round import GameState, noise_in_force
from gandash.game.step import train_step
from gandash.wire.findings import Examinable, Landscape, PathAngle
from gandash.words import Said, marked, say

LARGE = 5e6  # parameters times samples: beyond, less is asked for
PLANE_GRID, SMALL_GRID = 17, 9  # points per side of a plane through parameter space
SHORTEST_PATH = 3  # points before the present one that make a path
ANGLES = 49  # points along the line of the path angle


def _results(copy: GameCopy, check_cancelled: CheckCancelled) -> Iterator[Progress]:
    """The field on a plane through the present point, along the path or along the last update; and the path angle."""
    game, state = copy.game, copy.state
    notes: list[Said] = []
    size = copy.parameters
    probe = probe_size(size, LARGE, notes)
    grid = SMALL_GRID if size * probe > 4 * LARGE else PLANE_GRID
    generators = copy.generators
    real, latents = copy.drawn(probe, generators)
    step_noise = _step_noise(game, state, real, generators[0])
    if has_dropout(game.config):
        notes.append(say("Dropout is left out."))
    here = torch.cat([state.theta[0], state.phi[0]])
    past = [point for point in copy.path if point.step < state.step]
    cut = landscape.of_path([point.w for point in past], here, generators[0]) if len(past) >= SHORTEST_PATH else None
    if cut is None:
        notes.append(
            say("There is not enough of a path yet for its principal directions, nor for a path angle: ask again later.")
        )
        cut = landscape.along_update(here, _update(copy), generators[0])
    yield Progress(doing=say("the field at {grid} × {grid} points", grid=grid))
    field = landscape.batch_field(game, real, latents, step_noise, state.memory.get("spectral"), check_cancelled)
    seen = landscape.survey(cut, field, grid)
    flow_here, speed = landscape.on_plane(cut, field(here))
    angle = path_angle(field, past[0].w, here, points=ANGLES) if cut.shares else None

    def on_others(real: Tensor, latents: Tensor) -> Tensor:
        another = _step_noise(game, state, real, generators[0])
        return landscape.batch_field(game, real, latents, another, state.memory.get("spectral"), check_cancelled)(here)

    yield Progress(
        Landscape(
            grid=grid,
            window=cut.window,
            flow=_brief(seen.flow),
            speeds=_brief(np.log10(np.maximum(seen.speed, 1e-12))),
            path=_brief(cut.project([*(point.w for point in past), here])) if cut.shares else (0.0, 0.0),
            since=past[0].step if cut.shares else state.step,
            shares=cut.shares,
            speed=speed,
            sampling_noise=sampling_noise(on_others, copy, probe, generators),
            in_plane=float(np.linalg.norm(flow_here)) / speed if speed > 0 else None,
            samples=real.shape[1],
            parameters=size,
            angle=None
            if angle is None
            else PathAngle(alphas=_brief(angle.alphas), cosines=_brief(angle.cosines), words=angle.words),
            notes=tuple(notes),
        )
    )


def _brief(values: Array) -> tuple[float, ...]:
    """Row by row, in as many digits as a small picture shows: every viewer is sent them."""
    return tuple(float(f"{value:.4g}") for value in values.flat)


def _step_noise(game: Game, state: GameState, real: Tensor, generator: Generator) -> StepNoise:
    """What a training pass would draw beside its data, once for all points; no dropout."""
    sigma = noise_in_force(game, state)
    mix = torch.rand(1, real.shape[1] // game.pack, 1, generator=generator)
    noise = None if sigma is None else sigma[..., None, None] * torch.randn(1, 2, *real.shape[1:], generator=generator)
    return StepNoise(mix=mix if game.penalties.looks_between else None, noise=noise)


def _update(copy: GameCopy) -> Tensor:
    """The joint displacement of one more round, played on a copy with random numbers of its own, `(n,)`."""
    streams = Streams(copy.streams.seeds)
    streams.restore(torch.stack([generator.get_state() for generator in copy.generators]))
    after, _ = train_step(copy.game, copy.state, streams)
    return torch.cat([after.theta[0] - copy.state.theta[0], after.phi[0] - copy.state.phi[0]])


def _seconds(copy: GameCopy) -> float:
    game, state = copy.game, copy.state
    real, latents = copy.drawn(PROBE, copy.generators)
    step_noise = _step_noise(game, state, real, copy.generators[0])
    field = landscape.batch_field(game, real, latents, step_noise, state.memory.get("spectral"))
    here = torch.cat([state.theta[0], state.phi[0]])
    points = PLANE_GRID**2 + (ANGLES if len(copy.path) >= SHORTEST_PATH else 0)
    return with_rests(timed(lambda: field(here)), points)


LANDSCAPE = Examination(Examinable.LANDSCAPE, marked("the landscape"), _results, _seconds)
