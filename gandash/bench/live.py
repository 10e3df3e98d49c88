"""A live worker as its owner sees it: how fast it plays, and what a change in mid-run costs."""

from __future__ import annotations

import itertools
import os
import queue
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from gandash.config import GameConfig
from gandash.domains.registry import domain_of
from gandash.game.game import build_game
from gandash.server.forkserver import Spawned
from gandash.server.process import WorkerProcess
from gandash.wire.browser import Status
from gandash.wire.frame import unpack
from gandash.wire.messages import (
    EVENT,
    FRAME,
    METRICS,
    End,
    Event,
    Pause,
    Play,
    Recording,
    Refused,
    SendFrame,
    Set,
    Start,
    Started,
    StatusChanged,
)
from gandash.words import Said, say
from gandash.worker.loop import Inbox, Loop
from gandash.worker.observer import COLUMNS, Observer
from gandash.worker.share import Clocks
from gandash.worker.spacing import spacing
from gandash.worker.trajectory import best_engine

PATIENCE_SECONDS = 60.0  # for a worker to answer
WARM_STEPS = 20
RECORDED_SECONDS = 6.0  # a keyframe comes every five
CHANGED = b'{"type":"changed"'

T = TypeVar("T")


class NothingToMeasure(RuntimeError):
    """A worker that ended, refused or fell silent."""


@dataclass(frozen=True)
class Arrival:
    """Metrics that reached the viewer: when, up to which step, and the generator's learning rates they were played with."""

    seconds: float
    step: int
    learning_rates: frozenset[float]


class Viewer:
    """A worker's owner without a page: takes what arrives, and while `watching` asks for a frame as soon as one came."""

    def __init__(self) -> None:
        self.watching = False
        self.frames = 0
        self._last_word = say("it said nothing")
        self._started: queue.SimpleQueue[bool | None] = queue.SimpleQueue()  # None in either: nothing more will come
        self._arrivals: queue.SimpleQueue[Arrival | None] = queue.SimpleQueue()

    def on_event(self, worker: WorkerProcess, event: Event) -> None:
        match event:
            case Started():
                self._started.put(True)
            case Refused(message=message):
                self._say_last(say("it refused: {why}", why=message))
            case StatusChanged(status=status, reason=reason):
                self._last_word = say("it is {status}. {reason}", status=say(str(status)), reason=reason)
                if status in (Status.DIVERGED, Status.FAILED):
                    self._say_last(self._last_word)

    def on_exit(self, worker: WorkerProcess, reason: str) -> None:
        self._say_last(say("it ended: {reason}", reason=reason))

    def _say_last(self, word: Said) -> None:
        self._last_word = word
        self._started.put(None)
        self._arrivals.put(None)

    def on_bytes(self, worker: WorkerProcess, kind: bytes, body: bytes) -> None:
        now = time.perf_counter()
        if kind == FRAME:
            self.frames += 1
            if self.watching:
                worker.send(SendFrame())
        elif kind == METRICS:
            _, arrays = unpack(body)
            rates = arrays["rows"][:, COLUMNS.index("learning_rate_g")].tolist()
            self._arrivals.put(Arrival(now, int(arrays["step"][-1]), frozenset(rates)))

    def wait_for_start(self) -> None:
        """Raises NothingToMeasure."""
        self._take(self._started)

    def arrival(self) -> Arrival:
        """The next metrics. Raises NothingToMeasure."""
        return self._take(self._arrivals)

    def forget_arrivals(self) -> None:
        while not self._arrivals.empty():
            if self._arrivals.get_nowait() is None:
                self._arrivals.put(None)
                return

    def _take(self, what: queue.SimpleQueue[T | None]) -> T:
        try:
            taken = what.get(timeout=PATIENCE_SECONDS)
        except queue.Empty:
            raise NothingToMeasure(
                say("the worker sent nothing for {seconds} s; {word}", seconds=f"{PATIENCE_SECONDS:g}", word=self._last_word)
            ) from None
        if taken is None:
            what.put(None)
            raise NothingToMeasure(say("the worker plays no more; {word}", word=self._last_word))
        return taken


@contextmanager
def playing(config: GameConfig, is_recorded: bool = False) -> Iterator[tuple[WorkerProcess, Viewer]]:
    """A worker process that plays this game at full speed. Raises NothingToMeasure."""
    with tempfile.TemporaryDirectory(prefix="gandash-bench-") as directory:
        worker, viewer = WorkerProcess(Spawned()), Viewer()
        try:
            worker.give_to(viewer)
            record = Recording(directory=f"{directory}/run", id="bench") if is_recorded else None
            worker.send(Start(generation=1, configs=(config,), directory=directory, playing=True, record=record))
            viewer.wait_for_start()
            yield worker, viewer
        finally:
            worker.end()
            worker.wait()


def pace(viewer: Viewer, seconds: float) -> float:
    """Steps per second, from one arrival of metrics to another at least `seconds` later."""
    viewer.forget_arrivals()
    first = last = viewer.arrival()
    while last is first or last.seconds < first.seconds + seconds:
        last = viewer.arrival()
    return (last.step - first.step) / (last.seconds - first.seconds)


def paces(config: GameConfig, seconds: float) -> tuple[float, float, float]:
    """Steps per second unwatched and watched, and frames per second watched: medians over slices that take turns."""
    length = min(1.0, seconds / 4)
    unwatched, watched, frames = [], [], []
    with playing(config) as (worker, viewer):
        pace(viewer, length)  # the first second warms up
        for _ in range(max(1, round(seconds / (2 * length)))):
            viewer.watching = False
            unwatched.append(pace(viewer, length))
            viewer.watching = True
            worker.send(SendFrame())
            began, before = time.perf_counter(), viewer.frames
            watched.append(pace(viewer, length))
            frames.append((viewer.frames - before) / (time.perf_counter() - began))
    return statistics.median(unwatched), statistics.median(watched), statistics.median(frames)


def recorded_paces(config: GameConfig, seconds: float) -> tuple[float, float]:
    """Steps per second of CPU time, that of all its threads, of a run that is not recorded and of one that is.

    They take turns, each long enough for a keyframe.
    """
    length, played = max(RECORDED_SECONDS, seconds), [[0, 0.0], [0, 0.0]]
    with playing(config) as plain, playing(config, is_recorded=True) as recorded:
        both = (plain, recorded)
        for worker, viewer in both:
            pace(viewer, 1.0)  # the first second warms up
            worker.send(Pause())
        for which in (0, 1, 1, 0):
            worker, viewer = both[which]
            worker.send(Play())
            viewer.forget_arrivals()
            first = last = viewer.arrival()
            began = _cpu_seconds(worker.pid)
            while last.seconds < first.seconds + length:
                last = viewer.arrival()
            played[which][1] += _cpu_seconds(worker.pid) - began
            played[which][0] += last.step - first.step
            worker.send(Pause())
    (unrecorded_steps, unrecorded_seconds), (steps, taken) = played
    tick = 1 / os.sysconf("SC_CLK_TCK")  # of the system's own clock for this
    return unrecorded_steps / max(unrecorded_seconds, tick), steps / max(taken, tick)


def _cpu_seconds(pid: int) -> float:
    """What a process has spent so far, as Linux tells."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def reactions(config: GameConfig, changes: int) -> list[float]:
    """Seconds from sending a change of G's learning rate until metrics of a step that used it have arrived; with a viewer.

    The changes come at random moments of the worker's rhythm.
    """
    rate, moments, found = config.generator_optimiser.learning_rate, random.Random(0), []
    with playing(config) as (worker, viewer):
        viewer.watching = True
        worker.send(SendFrame())
        viewer.arrival()
        for i in range(changes):
            time.sleep(moments.uniform(0.02, 0.08))
            new = rate * (0.9 if i % 2 == 0 else 1.0)
            viewer.forget_arrivals()
            began = time.perf_counter()
            worker.send(Set(path="generator_optimiser.learning_rate", value=new))
            while float(np.float32(new)) not in (arrival := viewer.arrival()).learning_rates:
                pass
            found.append(arrival.seconds - began)
    return found


def change_seconds(config: GameConfig, changes: int) -> list[float]:
    """Seconds of CPU that the worker's loop spends on each of these changes of D's learning rate, while the game stands still.

    The loop runs here, between queues, and answers each change with an event.
    """
    rate, path = config.discriminator_optimiser.learning_rate, "discriminator_optimiser.learning_rate"
    answered: list[float] = []

    def note(kind: bytes, body: bytes) -> None:
        if kind == EVENT and body.startswith(CHANGED):  # to read it would take time too
            answered.append(time.thread_time())

    with tempfile.TemporaryDirectory(prefix="gandash-bench-") as directory:
        inbox: Inbox = queue.SimpleQueue()
        inbox.put(Start(generation=1, configs=(config,), directory=directory, playing=False))
        for i in range(changes + 1):
            inbox.put(Set(path=path, value=rate * (1 + (i + 1) / (2 * changes))))
        inbox.put(End())
        Loop(inbox, note, Clocks(time.monotonic, time.thread_time)).run()
    return [after - before for before, after in itertools.pairwise(answered)]


def measuring_share(config: GameConfig, seconds: float) -> tuple[float, float]:
    """Which share of its CPU time a worker with a viewer at full rate spends on measuring for the curves; and steps per second
    of CPU time. The loop runs here, between queues."""
    measure, spent, step = Observer._measure_for_curves, 0.0, 0
    began: tuple[float, float, float, int] | None = None
    inbox: Inbox = queue.SimpleQueue()
    game = build_game(config)
    warm = max(WARM_STEPS, spacing(domain_of(game), game).settled(domain_of(game)) if best_engine(game) == "compiled" else 0)

    def timed(observer: Observer, with_jsd: bool) -> None:
        nonlocal spent
        start = time.thread_time()
        measure(observer, with_jsd)
        spent += time.thread_time() - start

    def note(kind: bytes, body: bytes) -> None:
        nonlocal step, began
        if kind == FRAME:
            inbox.put(SendFrame())
        if kind != METRICS:
            return
        step = int(unpack(body)[1]["step"][-1])
        if began is None:
            began = (spent, time.thread_time(), time.monotonic(), step) if step > warm else None
        elif time.monotonic() > began[2] + seconds:
            inbox.put(End())

    Observer._measure_for_curves = timed  # type: ignore[method-assign, assignment]
    try:
        with tempfile.TemporaryDirectory(prefix="gandash-bench-") as directory:
            inbox.put(Start(generation=1, configs=(config,), directory=directory, playing=True))
            inbox.put(SendFrame())
            Loop(inbox, note, Clocks(time.monotonic, time.thread_time)).run()
    finally:
        Observer._measure_for_curves = measure  # type: ignore[method-assign]
    assert began is not None
    in_all = time.thread_time() - began[1]
    return (spent - began[0]) / in_all, (step - began[3]) / in_all
