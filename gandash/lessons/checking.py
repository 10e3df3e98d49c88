"""Whether what a lesson claims is true: its games are played without a page, with several seeds each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gandash.config import GameConfig
from gandash.config.setting import JsonValue
from gandash.diagnostics import phase
from gandash.examine.examination import FrozenGame
from gandash.examine.registry import examine
from gandash.game.game import Game
from gandash.headless.playing import Outcome, play
from gandash.headless.settings import configure
from gandash.headless.timeline import Timeline, planned
from gandash.lessons.formula import NEGATIVE, Played
from gandash.lessons.model import Claim, Lesson
from gandash.wire.findings import Examinable, Spectrum
from gandash.worker.observer import Rows


@dataclass(frozen=True)
class Comparison:
    """A comparison of a claim as it came out, with both sides' values."""

    text: str
    held: bool
    left: Any
    right: Any


@dataclass(frozen=True)
class Tried:
    """A claim tried once: with a seed, or from a start."""

    said: str
    comparisons: tuple[Comparison, ...]

    @property
    def held(self) -> bool:
        return all(one.held for one in self.comparisons)


@dataclass(frozen=True)
class Checked:
    """A claim of a lesson's step, counted from 1."""

    lesson: str
    step: int
    claim: Claim
    tried: tuple[Tried, ...]

    @property
    def held(self) -> bool:
        return all(one.held for one in self.tried)


def claims(lesson: Lesson) -> Iterator[tuple[int, Claim]]:
    """All claims of a lesson, with the number of their step, from 0."""
    for number, step in enumerate(lesson.steps):
        for claim in step.claims:
            yield number, claim


def check(lesson: Lesson, step: int, claim: Claim) -> Checked:
    """Play a claim of this step, counted from 0. Raises SettingError for a start that the game has not got."""
    begun = configure(lesson.game(step).config, list(claim.set.items()))
    at = [(turn.step, path, value) for turn in claim.at for path, value in lesson.turn(step, turn)]
    tried = []
    for seed in claim.seeds:
        tried.append(_try(f"seed {seed}", begun.replace("run.seed", seed), at, claim))
    for theta, psi in claim.starts:
        config = begun.replace_all([("generator.start", theta), ("discriminator.start", psi)])
        tried.append(_try(f"from ({theta:g}, {psi:g})", config, at, claim))
    return Checked(lesson.name, step + 1, claim, tuple(tried))


def _try(said: str, config: GameConfig, at: Sequence[tuple[int, str, JsonValue]], claim: Claim) -> Tried:
    found: list[Rows] = []
    timeline = Timeline(planned(config, claim.steps, at))
    outcome = play(config, claim.steps, timeline=timeline, is_shown=False, on_rows=found.append)
    played = played_of(outcome, found)
    if any(NEGATIVE in text for text in claim.holds):  # it takes seconds
        played = replace(played, scalars={**played.scalars, NEGATIVE: _negative_eigenvalues(outcome)})
    return Tried(said, tuple(Comparison(one.text, *one.holds(played)) for one in claim.comparisons))


def played_of(outcome: Outcome, rows: Sequence[Rows]) -> Played:
    """What formulas can be asked about a run, from its curves' rows."""
    report, (observer,), (trajectory,) = outcome.report, outcome.games.observers, outcome.games.trajectories
    values = np.concatenate([one.values for one in rows]).astype(np.float64)
    curves = dict(zip(observer.columns, values.T, strict=True))
    floors, captured, modes = report["measurement"]["floors"], report["measurement"].get("modes"), report["modes"]
    scalars = {
        "steps": report["steps"],
        "distance": report["distance"],
        "distance_at_start": report["distance_at_start"],
        "all_modes": modes,
        "d_star_captured": captured / (captured + modes) if captured is not None and modes else None,
        "jsd_floor": floors["jsd"]["mean"] if "jsd" in floors else None,
        **_of_phase(trajectory.game),
    }
    known = {name: float(value) for name, value in scalars.items() if value is not None}
    return Played(curves, known, report["verdict"]["kind"])


def _negative_eigenvalues(outcome: Outcome) -> float:
    (trajectory,) = outcome.games.trajectories
    frozen = FrozenGame(0, trajectory.config, trajectory.state)
    *_, last = examine(Examinable.SPECTRUM, frozen, lambda: None)
    assert isinstance(last.result, Spectrum)
    return float(last.result.negative)


def _of_phase(game: Game) -> dict[str, float | None]:
    if not phase.is_scalar(game):
        return {}
    found = phase.phase(game)
    if not len(found.eigenvalues):
        return {"modulus": found.modulus}
    return {"modulus": found.modulus, "re": found.eigenvalues.real.min(), "im": abs(found.eigenvalues.imag).max()}
