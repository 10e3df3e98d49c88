"""Records a run beside its game: when what is kept, on the loop's thread, and on one of its own what the disk takes time for.

All that is handed over is a copy or never written again. When the disk refuses, recording is over, `problem` says why, and the
game never knows.
"""

from __future__ import annotations

import logging
import platform
import queue
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np

from gandash import __version__
from gandash.store.branching import branched
from gandash.store.format import MANIFEST, BrokenRun, Manifest, Parent
from gandash.store.metrics import Rows
from gandash.store.writing import RunWriter
from gandash.wire.browser import Beside, SaidOfGame, Verdict, VerdictKind
from gandash.wire.facts import Facts
from gandash.wire.messages import Change, Recording
from gandash.words import of_system, say, words_of
from gandash.worker.games import Games
from gandash.worker.keyframe import label_of, seen_of, state_of
from gandash.worker.observer import Observer
from gandash.worker.observer import Rows as OwnRows

log = logging.getLogger("gandash.worker")

ROWS_SECONDS = 0.25
KEYFRAME_SECONDS = 5.0
STILL_SECONDS = 1.0  # between keyframes of a game that is played by hand
PICTURE_SECONDS = 0.5
SHARE = 0.02  # of the time is for keyframes at most, and as much for pictures
BYTES_PER_SECOND = 1e6  # of keyframes: larger states are kept further apart
WAITING = 500  # things that may wait for the disk
END_SECONDS = 4.0  # what waits at the end may take so long
SETTLE_SECONDS = 0.1  # and what waits before a checkpoint

Job = Callable[[], None]


class Recorder:
    """Of one run: told of its games by whoever plays them. Nothing is on disk before the first round.

    All methods return at once but `settle` and `close`.
    """

    def __init__(
        self,
        wanted: Recording,
        games: Games,
        clock: Callable[[], float] = time.monotonic,
        parent: Path | None = None,
        rows: Sequence[Sequence[OwnRows]] = (),
        picture_seconds: float = PICTURE_SECONDS,
        picture_share: float = SHARE,
    ) -> None:
        """`parent`: the folder of the run that these games have just branched off, `rows` their newest up to there."""
        self._wanted, self._clock = wanted, clock
        self._picture_seconds, self._picture_share = picture_seconds, picture_share
        self.problem = ""  # why it is no longer recorded, in words
        self._said = False
        self._writer: RunWriter | None = None  # the thread's
        self._jobs: queue.Queue[Job | None] = queue.Queue(WAITING)
        self._thread: threading.Thread | None = None
        self._verdicts: dict[int, Verdict] = {}  # the last that was heard of each game
        self._facts: dict[int, tuple[tuple[Change, ...], Facts]] = {}  # of each game, under these changes
        self._noted: dict[int, tuple[Change, ...]] = {}  # the newest log of each game that was handed over
        self._rows: list[Rows] = []
        self._rows_due = now = clock()
        self._keyframe_due, self._keyframe_step = now + KEYFRAME_SECONDS, games.step
        self._still_due, self._picture_due, self._picture_step = now, now, -1
        if (Path(wanted.directory) / MANIFEST).exists():  # a worker was lost, and this one goes on
            self._go_on(games)
        elif parent is not None:
            self._branch_off(games, parent, rows)

    # -------------------------------------------------------------------------------------------------- what it is told

    def rows(self, games: Games, drained: list[OwnRows]) -> None:
        """Rows that were just drained. What shaped them goes down before them."""
        steps = drained[0].steps
        if not len(steps):
            return
        self.begin(games)
        self._changes(games)
        self._rows.append(_side_by_side(drained))
        if self._clock() >= self._rows_due:
            self.renew_verdicts(games)
            self._hand_over()

    def renew_verdicts(self, games: Games) -> None:
        """Note what is said of the games now."""
        for i in games.playing:
            self._verdict(i, _told(games.observers[i], games.step))

    def _hand_over(self) -> None:
        """The rows that wait: where every round is drained, there are many of few."""
        self._rows_due = self._clock() + ROWS_SECONDS
        if rows := self._rows:
            self._rows = []
            whole = Rows.together(rows, rows[0].values.shape[1])
            self._do(lambda writer: writer.rows(whole))

    def _verdict(self, member: int, verdict: Verdict) -> None:
        """Kept where it is another one."""
        if self._is_on:
            before = self._verdicts.get(member)
            self._verdicts[member] = verdict
            if before is None or before.kind != verdict.kind:
                self._do(lambda writer: writer.verdict(member, verdict))

    def diverged(self, causes: dict[int, str], step: int) -> None:
        """The run stands still since these games have diverged."""
        for i, cause in causes.items():
            self._verdict(i, Verdict(kind=VerdictKind.DIVERGED, title=say("Diverged"), reason=cause, step=step))

    def stopped(self, games: Games, member: int, step: int, cause: str) -> None:
        """Of several games one had diverged by `step`, and was set aside where it is now."""
        at, kept = games.trajectories[member].step, len(games.trajectories[member].changes)
        if self._is_on:
            self._hand_over()
            self._do(lambda writer: writer.stopped(member, step, at, kept))
            self.diverged({member: cause}, step)

    def rewound(self, games: Games) -> None:
        """The games went back to where they are now."""
        if self._is_on:
            step, kept = games.step, [len(t.changes) for t in games.trajectories]
            self._hand_over()
            self._verdicts.clear()
            self._do(lambda writer: writer.rewind(step, kept))
            self._keyframe_due, self._keyframe_step, self._picture_step = self._clock(), -1, -1

    def wants_keyframe(self, games: Games, still: bool) -> bool:
        """Whether it is time for one; rows are to be drained before."""
        due = min(self._keyframe_due, self._still_due) if still else self._keyframe_due
        return self._is_on and games.step != self._keyframe_step and self._clock() >= due

    def keyframe(self, games: Games, is_sound: bool = True) -> None:
        """Keep the games as they are, if they are sound. They are measured for it."""
        if not self._is_on:
            return
        began = self._clock()
        self._keyframe_due = self._still_due = began + KEYFRAME_SECONDS
        if not is_sound or games.step == self._keyframe_step:
            return
        self.renew_verdicts(games)
        self._hand_over()
        self._changes(games)
        step, label, state, seen = games.step, label_of(games), state_of(games), seen_of(games)
        self._do(lambda writer: writer.keyframe(step, label, state, seen))
        now, size = self._clock(), sum(a.nbytes for arrays in (state, seen) for a in arrays.values())
        apart = max((now - began) / SHARE, size / BYTES_PER_SECOND)
        self._keyframe_step = step
        self._keyframe_due, self._still_due = now + max(KEYFRAME_SECONDS, apart), now + max(STILL_SECONDS, apart)

    def look(self, games: Games, picture: Callable[[], bytes], *, is_last: bool = False) -> bool:
        """Keep a picture, if it is time for one or `is_last`: a frame that was just sent, or that is made for this alone.
        Whether it was."""
        began, step = self._clock(), games.step
        if not self._is_on or step == self._picture_step or (began < self._picture_due and not is_last):
            return False
        frame, beside = picture(), self._beside(games).model_dump_json().encode()
        now = self._clock()
        apart = max(self._picture_seconds, (now - began) / self._picture_share, len(frame) / BYTES_PER_SECOND)
        self._picture_step, self._picture_due = step, now + apart
        self._do(lambda writer: writer.picture(step, frame, beside))
        return True

    def _beside(self, games: Games) -> Beside:
        """What is true of the games and said of them now, without which a frame cannot be shown as it was."""
        said = []
        for i, (trajectory, observer) in enumerate(zip(games.trajectories, games.observers, strict=True)):
            known = self._facts.get(i)
            if known is None or known[0] is not trajectory.changes:
                known = self._facts[i] = trajectory.changes, observer.facts()
            verdict = self._verdicts.get(i)
            if verdict is None or verdict.kind is not VerdictKind.DIVERGED:
                verdict = _told(observer, games.step)
            said.append(SaidOfGame(facts=known[1], verdict=verdict))
        return Beside(games=tuple(said))

    def changed(self, games: Games) -> None:
        """Note changes that these games have had since, also where no row has been played under them yet."""
        if self._is_on:
            self._changes(games)

    def settle(self) -> None:
        """Have all rows so far where no crash can take them, if that takes no longer than `SETTLE_SECONDS`: those up to a
        checkpoint are not played again by who goes on from it."""
        if self._is_on:
            self._hand_over()
            settled = threading.Event()
            self._do(lambda _: settled.set())
            settled.wait(SETTLE_SECONDS)

    def flush(self) -> None:
        """Have all rows so far in whole files, where no keyframe will do it."""
        if self._is_on:
            self._hand_over()
            self._do(RunWriter.flush)

    def close(self, seconds: float | None = END_SECONDS) -> None:
        """Write what waits, within so many seconds; recording is over."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._hand_over()
            with suppress(queue.Full):
                self._jobs.put(None, timeout=seconds)
            thread.join(seconds)

    def news(self) -> str:
        """Why it is no longer recorded, once; else ""."""
        if self._said or not self.problem:
            return ""
        self._said = True
        return self.problem

    # --------------------------------------------------------------------------------------------------- the beginning

    @property
    def has_begun(self) -> bool:
        """Whether the run has a folder."""
        return self._writer is not None

    @property
    def _is_on(self) -> bool:
        return self._thread is not None and not self.problem

    def begin(self, games: Games) -> None:
        """The run gets its folder: with its first rows, where nobody has asked for it before."""
        if self._thread is None and not self.problem:
            directory, manifest = Path(self._wanted.directory), manifest_of(self._wanted, games)
            self._start(lambda: RunWriter(directory, manifest))

    def _go_on(self, games: Games) -> None:
        directory, step = Path(self._wanted.directory), games.step
        kept = [len(t.changes) for t in games.trajectories]
        self._start(lambda: RunWriter.going_on(directory, step, kept))
        self._keyframe_due, self._keyframe_step = self._clock(), -1

    def _branch_off(self, games: Games, parent: Path, rows: Sequence[Sequence[OwnRows]]) -> None:
        directory, manifest, step = Path(self._wanted.directory), manifest_of(self._wanted, games), games.step
        kept = [len(t.changes) for t in games.trajectories]
        newest = Rows.together([_side_by_side(part) for part in rows], len(manifest.columns))
        self._start(lambda: branched(directory, manifest, parent, step, kept, newest))
        self._keyframe_due, self._keyframe_step = self._clock(), -1

    def _start(self, opened: Callable[[], RunWriter]) -> None:
        def open_it() -> None:
            self._writer = opened()

        self._jobs.put(open_it)
        self._thread = threading.Thread(target=self._work, name="recording", daemon=True)
        self._thread.start()

    def _changes(self, games: Games) -> None:
        for i, changes in enumerate(t.changes for t in games.trajectories):
            if self._noted.get(i) is not changes:
                self._noted[i] = changes
                self._do(partial(RunWriter.changes, member=i, changes=changes))

    # ------------------------------------------------------------------------------------------------------ the thread

    def _do(self, job: Callable[[RunWriter], None]) -> None:
        def do() -> None:
            assert self._writer is not None
            job(self._writer)

        if not self.problem:
            try:
                self._jobs.put_nowait(do)
            except queue.Full:
                self._fail(say("the disk does not keep up"))

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            if self.problem:
                continue
            try:
                job()
            except (OSError, BrokenRun) as error:
                self._fail(of_system(error) if isinstance(error, OSError) and error.strerror else words_of(error))
            except Exception as error:  # a bug here must not end the show
                log.exception("recording")
                self._fail(f"{type(error).__name__}: {error}")
        if self._writer is not None:
            with suppress(OSError):
                self._writer.let_go() if self.problem else self._writer.close()

    def _fail(self, reason: str) -> None:
        self.problem = reason


def _side_by_side(rows: Sequence[OwnRows]) -> Rows:
    """The games' rows of the same steps as one table."""
    return Rows(rows[0].steps, np.concatenate([own.values for own in rows], axis=1))


def _told(observer: Observer, step: int) -> Verdict:
    told = observer.verdict
    return Verdict(kind=told.kind, title=told.title, reason=told.reason, step=step)


def manifest_of(wanted: Recording, games: Games) -> Manifest:
    """What a new run's folder says of it."""
    names = [o.columns for o in games.observers]
    columns = names[0] if len(names) == 1 else tuple(f"{i}/{name}" for i, own in enumerate(names) for name in own)
    engines = tuple(t.engine for t in games.trajectories)
    return Manifest(
        id=wanted.id,
        title=wanted.title,
        preset=wanted.preset,
        owner=wanted.owner,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        configs=tuple(t.initial_config.model_dump(mode="json") for t in games.trajectories),
        labels=wanted.labels,
        engines=engines,
        columns=columns,
        versions=versions("compiled" in engines),
        given=games.trajectories[0].given.words,
        parent=Parent(run=wanted.parent[0], step=wanted.parent[1]) if wanted.parent else None,
    )


def versions(is_compiled: bool) -> dict[str, str]:
    """What the same numbers may depend on: other editions may round differently, and then a replay drifts away."""
    found = {"gandash": __version__, "python": platform.python_version(), "machine": platform.machine()}
    found["torch"] = version("torch")
    if is_compiled:
        from gandash.game.compiled.products import BLAS

        found |= {"numba": version("numba"), "blas": BLAS}
    return found
