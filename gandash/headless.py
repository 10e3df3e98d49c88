"""Plays a game without a page, to its end or until somebody interrupts: what `python -m gandash train` does.

torch is imported by `play` alone, once it is clear that there is something to play.
"""

from __future__ import annotations

import math
import signal
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from gandash.config import GameConfig
from gandash.config.data import PointMassConfig
from gandash.config.networks import LinearConfig, PointConfig
from gandash.config.setting import JsonValue
from gandash.leaving import SIGNALS, leaving_at_once
from gandash.store.format import MANIFEST, CannotRecord
from gandash.wire.messages import Recording

if TYPE_CHECKING:
    from click._termui_impl import ProgressBar

    from gandash.diagnostics.verdict import Verdict
    from gandash.wire.facts import Engine
    from gandash.worker.games import Games, GamesSnapshot
    from gandash.worker.observer import Observer, Rows
    from gandash.worker.recording import Recorder
    from gandash.worker.trajectory import Trajectory

PROGRESS_SECONDS = 0.1
DISTANCES = {"jsd": "JSD", "frechet": "Fréchet distance"}
"""How far from p_r, by what there is to measure."""


@dataclass(frozen=True)
class Outcome:
    """What a run came to, as JSON, and the signal that ended it early (0: none)."""

    report: dict[str, Any]
    signal: int


class Timed(NamedTuple):
    """A live setting that changes once `step` rounds are played."""

    step: int
    path: str
    value: JsonValue


class NotPlayedSo(ValueError):
    """The engine that was asked for cannot play this game here: says why."""


@dataclass(frozen=True)
class Keeping:
    """Where a run is recorded. `is_asked_for`: without its record it is not worth playing on."""

    place: Recording
    is_asked_for: bool

    def check(self, recorder: Recorder, step: int) -> None:
        """Say once that the disk has refused. Raises CannotRecord where the record was asked for."""
        if reason := recorder.news():
            if self.is_asked_for:
                raise CannotRecord(f"{self.place.directory}: {reason}")
            click.echo(f"Recording stopped at step {step}: {reason}. The run goes on.", err=True)


class _Broken(NamedTuple):
    """The state before the step that broke a game, and that step's rows."""

    before: GamesSnapshot
    rows: list[Rows]


def play(
    config: GameConfig,
    steps: int,
    keeping: Keeping | None = None,
    changes: Sequence[Timed] = (),
    engine: Engine | None = None,
) -> Outcome:
    """Play `steps` rounds, fewer when the game diverges or somebody interrupts.

    `changes` of live settings stand in the order of their steps. Without an `engine`: the best there is, and nobody waits for a
    better one.

    A diverged run keeps the state before the step that broke it. Raises NotPlayedSo, and CannotRecord where a record that was
    asked for cannot be written.
    """
    with ExitStack() as stack:
        with leaving_at_once():
            from gandash.diagnostics.verdict import Verdict
            from gandash.wire.browser import VerdictKind
            from gandash.worker.cause import cause_of
            from gandash.worker.games import Games
            from gandash.worker.recording import Recorder
            from gandash.worker.trajectory import Trajectory, be_reproducible
        stop = stack.enter_context(_first_signal())

        be_reproducible()
        trajectory = Trajectory(config, engine)
        make_ready(trajectory, engine)
        games = Games([trajectory])
        (observer,) = games.observers
        recorder = Recorder(keeping.place, games) if keeping else None
        if recorder:
            stack.callback(recorder.close)  # whatever happens, the rows so far are written
        began = time.perf_counter()
        metrics, broken = _play_rounds(games, steps, changes, recorder, keeping, stop)
        seconds = time.perf_counter() - began
        observer.renew_verdict()
        verdict = observer.verdict
        if broken:
            cause = cause_of(broken.before.members[0], trajectory.changes, trajectory.config, trajectory.step)
            verdict = Verdict(VerdictKind.DIVERGED, "Diverged", f"{cause.words} {cause.advice[0].upper()}{cause.advice[1:]}.")
        report = _report(trajectory, observer, seconds, metrics, verdict)
        if recorder and keeping:
            if broken:
                games.restore(broken.before)
                recorder.rewound(games)
            recorder.keyframe(games)
            if broken:
                recorder.rows(games, broken.rows)
                recorder.diverged({0: verdict.reason}, report["steps"])
            recorder.close(None)
            keeping.check(recorder, report["steps"])
        is_kept = keeping is not None and (Path(keeping.place.directory) / MANIFEST).exists()
        report["kept_in"] = keeping.place.directory if keeping and is_kept else None
    return Outcome(report, stop[0] if stop else 0)


def make_ready(trajectory: Trajectory, asked: Engine | None) -> None:
    """Who is to play this run, or the next one."""
    from gandash.game.compiled import disk_cache
    from gandash.game.compiled.plans import covers
    from gandash.server import compiling

    if asked == "compiled" and not trajectory.is_compiled:
        raise NotPlayedSo("compiled rounds are for plain MLPs on the processor and rules without second derivatives")
    missing = covers(trajectory.game) and not disk_cache.is_ready()
    if missing and asked is None and disk_cache.is_wanted() and disk_cache.can_keep():
        with suppress(OSError):
            compiling.start(outlives=True)
            told = "Faster rounds are being compiled for this machine meanwhile, once; this run is played by torch."
            click.echo(told, err=True)
    try:
        if trajectory.must_compile:
            say_that_rounds_are_compiled()
        trajectory.prepare()
    except ImportError as error:
        raise NotPlayedSo(f"compiled rounds need numba, and it cannot be imported: {error}") from None


def say_that_rounds_are_compiled() -> None:
    """To whoever waits for it."""
    click.echo("Rounds are compiled for this machine, once: half a minute.", err=True)


def _play_rounds(
    games: Games,
    steps: int,
    changes: Sequence[Timed],
    recorder: Recorder | None,
    keeping: Keeping | None,
    stop: Sequence[int],
) -> tuple[dict[str, float], _Broken | None]:
    """The last row of metrics, and if the game diverged, what it was before."""
    (observer,) = games.observers
    metrics = dict.fromkeys(observer.columns, math.nan)
    shown_distance = next(name for name in DISTANCES if name in metrics)
    coming = deque(changes)
    began = shown = time.monotonic()
    at_once = steps
    bar: ProgressBar[float] = click.progressbar(
        length=steps,
        label="training",
        file=sys.stderr,
        hidden=not sys.stderr.isatty(),
        show_pos=True,
        item_show_func=lambda distance: None if distance is None else f"{DISTANCES[shown_distance]} {distance:.4f}",
    )

    def picture() -> bytes:
        pace = games.step / max(time.monotonic() - began, PROGRESS_SECONDS)
        return games.picture(1, pace, hurried=True, with_jsd=False)

    with bar:
        while games.step < steps and not stop:
            while coming and coming[0].step <= games.step:
                _, path, value = coming.popleft()
                games.set(path, value, None)
            until = min(steps, coming[0].step) if coming else steps
            before = games.snapshot()  # costs nothing: states are never written in place
            games.advance(rounds=min(at_once, games.free_rounds, until - games.step))
            rows = games.drain()
            is_broken = bool(games.broken(rows))
            if is_broken and len(rows[0].steps) > 1:  # the same again, one round at a time up to the one that breaks it
                games.restore(before)
                if recorder:
                    recorder.rewound(games)
                at_once = 1
                continue
            metrics = dict(zip(observer.columns, rows[0].values[-1].tolist(), strict=True))
            if is_broken:
                return metrics, _Broken(before, rows)
            now = time.monotonic()
            if now - shown >= PROGRESS_SECONDS or games.step == steps:
                bar.update(games.step - bar.pos, metrics[shown_distance])
                observer.renew_verdict()
                shown = now
            if recorder and keeping:
                recorder.rows(games, rows)
                if recorder.wants_keyframe(games, still=False):
                    observer.renew_verdict()
                    recorder.keyframe(games)
                recorder.look(games, picture)
                keeping.check(recorder, games.step)
    return metrics, None


def _report(
    trajectory: Trajectory, observer: Observer, seconds: float, metrics: dict[str, float], verdict: Verdict
) -> dict[str, Any]:
    """The result as JSON. `metrics` are the last round's, on its batches; `measurement` is of the state it left."""
    from gandash.wire.frame import finite

    facts = observer.facts().model_dump(mode="json")
    floors = {name: asdict(floor) for name, floor in observer.floors.items()}
    report = {
        "steps": trajectory.step,
        "engine": trajectory.engine,
        "seconds": seconds,
        "steps_per_second": trajectory.step / seconds if seconds else None,
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


@contextmanager
def _first_signal() -> Iterator[list[int]]:
    """A list that the first Ctrl-C or request to terminate puts its number in; a second one acts at once, as ever."""
    caught: list[int] = []
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def catch(number: int, _: FrameType | None) -> None:
        caught.append(number)
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)

    for number in before:
        signal.signal(number, catch)
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
