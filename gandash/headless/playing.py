"""Plays a game without a page, to its end or until somebody interrupts, and says where it stands: for the command line and
Python alike.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from gandash.config import GameConfig
from gandash.config.data import PointMassConfig
from gandash.config.networks import LinearConfig, PointConfig
from gandash.diagnostics.verdict import Verdict
from gandash.game.given import NOTHING, Given
from gandash.headless.bars import place
from gandash.headless.engine import make_ready
from gandash.headless.keeping import Keeping
from gandash.headless.timeline import NO_CHANGES, Timeline
from gandash.leaving import first_signal
from gandash.store.format import CannotRecord
from gandash.wire.browser import VerdictKind
from gandash.wire.facts import Engine
from gandash.wire.frame import finite
from gandash.words import say
from gandash.worker.cause import cause_of
from gandash.worker.games import Games, GamesSnapshot
from gandash.worker.observer import Observer, Rows
from gandash.worker.recording import Recorder
from gandash.worker.trajectory import PLAYERS, Trajectory, reproducibly

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

PROGRESS_SECONDS = 0.1
DISTANCES = {"jsd": "JSD", "frechet": "Fréchet distance"}
"""How far from p_r, by what there is to measure."""


@dataclass(frozen=True)
class Outcome:
    """What a run came to, as JSON; the signal that ended it early (0: none); the games as its record has them last."""

    report: dict[str, Any]
    signal: int
    games: Games


class Trunk(NamedTuple):
    """What games have branched off: a run's folder, and their newest rows up to there, which it may not have."""

    directory: Path
    rows: Sequence[Sequence[Rows]]


OnRows = Callable[[Rows], None]


class _Broken(NamedTuple):
    """The state before the step that broke a game, and that step's rows."""

    before: GamesSnapshot
    rows: list[Rows]


def play(
    config: GameConfig,
    steps: int,
    keeping: Keeping | None = None,
    timeline: Timeline = NO_CHANGES,
    engine: Engine | None = None,
    is_shown: bool | None = None,
    given: Given = NOTHING,
    on_rows: OnRows = lambda rows: None,
) -> Outcome:
    """Play `steps` rounds from the beginning, fewer when the game diverges or somebody interrupts.

    Without an `engine`: the best there is, and nobody waits for a better one. `is_shown`: whether there is a progress bar, by
    default where somebody can see it. `on_rows` is given the curves' rows as they come.

    A diverged run keeps the state before the step that broke it. Raises NotPlayedSo, and CannotRecord where a record that was
    asked for cannot be written.
    """
    with first_signal() as stop, reproducibly():
        trajectory = Trajectory(config, engine, given)
        make_ready(trajectory, engine)
        return _play(Games([trajectory]), steps, keeping, timeline, is_shown, stop, on_rows=on_rows)


def play_on(
    games: Games,
    steps: int,
    keeping: Keeping | None,
    timeline: Timeline = NO_CHANGES,
    is_shown: bool | None = None,
    trunk: Trunk | None = None,
) -> Outcome:
    """The same of a game that has been played: on to step `steps`. Its record begins with that of its `trunk`."""
    with first_signal() as stop, reproducibly():
        games.prepare()
        return _play(games, steps, keeping, timeline, is_shown, stop, trunk)


def _play(
    games: Games,
    steps: int,
    keeping: Keeping | None,
    timeline: Timeline,
    is_shown: bool | None,
    stop: Sequence[int],
    trunk: Trunk | None = None,
    on_rows: OnRows = lambda rows: None,
) -> Outcome:
    (trajectory,), (observer,) = games.trajectories, games.observers
    with ExitStack() as stack:
        parent, rows = trunk or (None, ())
        recorder = Recorder(keeping.place, games, parent=parent, rows=rows) if keeping else None
        if recorder:
            stack.callback(recorder.close)  # whatever happens, the rows so far are written
        first, began = trajectory.step, time.perf_counter()
        metrics, broken = _play_rounds(games, steps, timeline, recorder, keeping, is_shown, stop, on_rows)
        seconds = time.perf_counter() - began
        observer.renew_verdict()
        verdict = observer.verdict
        if broken:
            cause = cause_of(broken.before.members[0], trajectory.changes, trajectory.config, trajectory.step)
            verdict = Verdict(VerdictKind.DIVERGED, say("Diverged"), cause.reason)
        report = _report(trajectory, observer, seconds, metrics, verdict)
        report["steps_per_second"] = (trajectory.step - first) / seconds if seconds else None
        if recorder and keeping:
            if broken:
                games.restore(broken.before)
                recorder.rewound(games)
            recorder.keyframe(games)
            if broken:
                recorder.rows(games, broken.rows)
                recorder.diverged({0: verdict.reason}, report["steps"])
            recorder.close(None)
            _check(keeping, recorder, report["steps"])
        report["kept_in"] = keeping.place.directory if keeping and keeping.has_begun else None
    return Outcome(report, stop[0] if stop else 0, games)


def _check(keeping: Keeping, recorder: Recorder, step: int) -> None:
    """Say once that the disk has refused. Raises CannotRecord where the record was asked for."""
    if reason := recorder.news():
        if keeping.is_asked_for:
            raise CannotRecord(f"{keeping.place.directory}: {reason}")
        click.echo(f"Recording stopped at step {step}: {reason}. The run goes on.", err=True)


def _progress(steps: int, is_shown: bool | None, distance: str) -> ProgressBar[float]:
    seen, file = place(is_shown)
    return click.progressbar(
        length=steps,
        label="training",
        file=file,
        hidden=not seen,
        show_pos=True,
        item_show_func=lambda value: None if value is None else f"{DISTANCES[distance]} {value:.4f}",
    )


def _play_rounds(
    games: Games,
    steps: int,
    timeline: Timeline,
    recorder: Recorder | None,
    keeping: Keeping | None,
    is_shown: bool | None,
    stop: Sequence[int],
    on_rows: OnRows,
) -> tuple[dict[str, float], _Broken | None]:
    """The last row of metrics, and if the game diverged, what it was before."""
    (observer,) = games.observers
    metrics = dict.fromkeys(observer.columns, math.nan)
    shown_distance = next(name for name in DISTANCES if name in metrics)
    coming = deque(timeline.changes)
    stops = sorted({step + after for step in timeline.alone for after in (0, 1)})  # where others move than before
    began = shown = time.monotonic()
    first, at_once = games.step, steps

    def picture() -> bytes:
        pace = (games.step - first) / max(time.monotonic() - began, PROGRESS_SECONDS)
        return games.picture(1, pace, hurried=True, with_jsd=False)

    with _progress(steps - first, is_shown, shown_distance) as bar:
        while games.step < steps and not stop:
            while coming and coming[0].step <= games.step:
                _, path, value = coming.popleft()
                games.set(path, value, None)
            players = PLAYERS[timeline.alone.get(games.step, "both")]
            until = min([steps, *(c.step for c in list(coming)[:1]), *(s for s in stops if s > games.step)])
            before = games.snapshot()  # costs nothing: states are never written in place
            games.advance(players, min(at_once, games.free_rounds, until - games.step))
            rows = games.drain()
            is_broken = bool(games.broken(rows))
            if is_broken and len(rows[0].steps) > 1:  # the same again, one round at a time up to the one that breaks it
                games.restore(before)
                if recorder:
                    recorder.rewound(games)
                at_once = 1
                continue
            on_rows(rows[0])
            metrics = dict(zip(observer.columns, rows[0].values[-1].tolist(), strict=True))
            if is_broken:
                return metrics, _Broken(before, rows)
            now = time.monotonic()
            if now - shown >= PROGRESS_SECONDS or games.step == steps:
                bar.update(games.step - first - bar.pos, metrics[shown_distance])
                observer.renew_verdict()
                shown = now
            if recorder and keeping:
                recorder.rows(games, rows)
                if recorder.wants_keyframe(games, still=False):
                    observer.renew_verdict()
                    recorder.keyframe(games)
                recorder.look(games, picture)
                _check(keeping, recorder, games.step)
    return metrics, None


def _report(
    trajectory: Trajectory, observer: Observer, seconds: float, metrics: dict[str, float], verdict: Verdict
) -> dict[str, Any]:
    """The result as JSON. `metrics` are the last round's, on its batches; `measurement` is of the state it left."""
    facts = observer.facts().model_dump(mode="json")
    floors = {name: asdict(floor) for name, floor in observer.floors.items()}
    report = {
        "steps": trajectory.step,
        "engine": trajectory.engine,
        "seconds": seconds,
        "diverged": verdict.kind == "diverged",
        "verdict": asdict(verdict),
        "metrics": metrics,
        "measurement": observer.measurement().readings | {"floors": floors},
        "wasserstein": facts.get("wasserstein", "").replace("_", ""),
        "jsd_is_bound": facts.get("jsd_is_bound", False),
        "modes": len(facts["modes"]),
        "counted_by": facts.get("counted_by") or "modes",
        "perfect_quality": facts["perfect_quality"],
        "reading": facts["reading"],
        "changes": [change.model_dump(mode="json") for change in trajectory.changes],
        "distance": _distance(trajectory),
        "distance_at_start": _distance_at_start(trajectory.initial_config),
        "config": trajectory.config.model_dump(mode="json"),
    }
    found: dict[str, Any] = finite(report)
    return found


def _distance_at_start(config: GameConfig) -> float | None:
    """The distance of a scalar game's start from the point where G is on the data and D is flat; None for any other game."""
    if not (isinstance(config.generator, PointConfig) and isinstance(config.discriminator, LinearConfig)):
        return None
    if not isinstance(config.data, PointMassConfig):
        return None
    return math.hypot(config.generator.start - config.data.location, config.discriminator.start)


def _distance(trajectory: Trajectory) -> float | None:
    """The same distance, of the game's present state."""
    if _distance_at_start(trajectory.config) is None or not isinstance(trajectory.config.data, PointMassConfig):
        return None
    return math.hypot(float(trajectory.state.theta) - trajectory.config.data.location, float(trajectory.state.phi))
