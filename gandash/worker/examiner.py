"""Examines games on request in a thread beside the loop: one at a time, on copies, and the game goes on.

Asked for another thing meanwhile, it does that afterwards; asked again for what it is at or has waiting, it does it once, on
the newer state. `drop` forgets all of it: the game is another. Nothing is given up for taking long: whoever asks is told about
how long it takes here and may stop it, and a run that nobody looks at ends with all that it does.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from gandash.examine.examination import LONGEST_REST_SECONDS, REST, FrozenGame, Progress
from gandash.examine.registry import EXAMINATIONS, estimates, examine
from gandash.game.device import is_out_of_memory
from gandash.wire.findings import Examinable, Finding, Result
from gandash.wire.messages import Estimated, Examined
from gandash.words import Said, finished, say, words_of

log = logging.getLogger("gandash.worker")

SAY_SECONDS = 0.25  # how far apart the news of one examination are
NOTHING_YET = Progress()
NOTHING = say("")


class _Dropped(Exception):
    """Nobody waits for the answer any more."""


@dataclass(eq=False)
class _Task:
    what: Examinable
    frozen: FrozenGame
    dropped: bool = False
    said: float = field(default=-SAY_SECONDS)
    begun: float = 0.0
    worked_since: float = 0.0
    results: Iterator[Progress] | None = None  # what it goes on from, once begun
    newest: Progress = NOTHING_YET


class Examiner:
    """`ask` and `drop` return at once; `tell` is called from any thread."""

    def __init__(self, tell: Callable[[Examined | Estimated], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._tell, self._clock = tell, clock
        self._lock = threading.Lock()  # of all below, and held while something is told: what is dropped is not heard of again
        self._waiting: dict[Examinable, _Task] = {}
        self._unfinished: dict[Examinable, _Task] = {}  # that stopped at their time limit and may go on
        self._estimate_of: FrozenGame | None = None  # waits
        self._seconds: dict[Examinable, float] | None = None  # that each takes here, once somebody asked
        self._running: _Task | None = None
        self._thread: threading.Thread | None = None

    def ask(self, what: Examinable, frozen: FrozenGame) -> None:
        """Examine `frozen`, or in its turn after what is being examined."""
        with self._lock:
            self._unfinished.pop(what, None)
            self._put(_Task(what, frozen))

    def go_on(self, what: Examinable) -> bool:
        """Go on with what stopped at its time limit, from where it stopped; False where there is nothing of it."""
        with self._lock:
            task = self._unfinished.pop(what, None)
            if task is not None:
                self._put(task)
            return task is not None

    def stop(self, what: Examinable) -> None:
        """End what is being examined, or waits to be; what it has found so far stands."""
        with self._lock:
            running, waiting = self._running, self._waiting.pop(what, None)
            for task in (running if running is not None and running.what == what else None, waiting):
                if task is not None and not task.dropped:
                    found, stopped = task.newest.result, say("Stopped by hand.")
                    if found is not None:
                        found = found.model_copy(update={"notes": (*found.notes, stopped)})
                    self._say(task, True, Progress(found), NOTHING if found is not None else stopped)
                    task.dropped = True

    def estimate(self, frozen: FrozenGame) -> None:
        """Tell how long each examination takes here, by trying a small step of each."""
        with self._lock:
            self._estimate_of = frozen
            self._start()

    def _put(self, task: _Task) -> None:
        running = self._running
        if running is not None and running.what == task.what:
            running.dropped = True
        self._waiting[task.what] = task
        if running is not None and not running.dropped:
            doing = say("waits its turn behind {examination}", examination=Said(EXAMINATIONS[running.what].name))
            self._say(task, False, replace(task.newest, doing=doing))
        self._start()

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="examiner", daemon=True)
            self._thread.start()

    def drop(self) -> None:
        """Forget all that was asked for; nothing more is told of it."""
        with self._lock:
            self._waiting.clear()
            self._unfinished.clear()
            self._estimate_of = self._seconds = None
            if self._running is not None:
                self._running.dropped = True

    def _work(self) -> None:
        """Until nothing waits."""
        while True:
            with self._lock:
                self._running, frozen, self._estimate_of = None, self._estimate_of, None
                task = None if frozen or not self._waiting else self._waiting.pop(next(iter(self._waiting)))
                self._running = task
                if task is None and frozen is None:
                    self._thread = None
                    return
            if task is None:
                assert frozen is not None
                self._try_small_steps(frozen)
                continue
            try:
                self._examine(task)
            except _Dropped:
                continue
            except Exception as error:
                with self._lock:
                    self._say(task, True, problem=_in_words(error))

    def _try_small_steps(self, frozen: FrozenGame) -> None:
        try:
            found = estimates(frozen)
        except Exception as error:
            log.warning("no estimate of how long examinations take: %r", error)
            return
        with self._lock:
            if self._seconds is None:
                self._seconds = {}
            self._seconds = found | self._seconds
            self._tell(Estimated(generation=frozen.generation, seconds=self._seconds))

    def _examine(self, task: _Task) -> None:
        task.begun = task.worked_since = self._clock()

        def check_cancelled() -> None:
            # Not a lower priority: on a busy machine that would hold Python's lock while it waits for a core
            time.sleep(min(REST * (self._clock() - task.worked_since), LONGEST_REST_SECONDS))
            task.worked_since = self._clock()
            if task.dropped:
                raise _Dropped

        with self._lock:
            self._say(task, False, replace(task.newest, doing=say("at it")))
        if task.results is None:
            task.results = examine(task.what, task.frozen, check_cancelled)
        for progress in task.results:
            task.newest = progress
            if progress.unfinished is not None:
                with self._lock:
                    if not task.dropped:
                        self._say(task, True, progress)
                        self._unfinished[task.what] = task
                        self._running = None
                return
            check_cancelled()
            now = self._clock()
            if now >= task.said + SAY_SECONDS:
                task.said = now
                with self._lock:
                    self._say(task, False, progress)
        with self._lock:
            self._say(task, True, task.newest)
            if self._seconds is not None and not task.dropped:
                self._seconds = self._seconds | {task.what: round(self._clock() - task.begun, 2)}
                self._tell(Estimated(generation=task.frozen.generation, seconds=self._seconds))

    def _say(self, task: _Task, done: bool, progress: Progress = NOTHING_YET, problem: Said = NOTHING) -> None:
        if task.dropped:
            return
        finding = Finding(
            step=task.frozen.step,
            done=done,
            result=None if progress.result is None else _short(progress.result),
            doing=progress.doing,
            unfinished=progress.unfinished,
            problem=problem,
        )
        self._tell(Examined(generation=task.frozen.generation, what=task.what, finding=finding))


def _short(result: Result) -> Result:
    """The same in six digits of every number: it goes to every viewer, with every word about the run."""
    return type(result).model_validate(_in_six_digits(result.model_dump()))


def _in_six_digits(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {name: _in_six_digits(one) for name, one in value.items()}
    return [_in_six_digits(one) for one in value] if isinstance(value, list | tuple) else value


def _in_words(error: Exception) -> Said:
    if is_out_of_memory(error):
        return say("There is not enough memory for this examination; the game goes on. Try it with narrower networks.")
    if isinstance(error, ValueError) and str(error):
        if error.args and isinstance(error.args[0], Said):
            return words_of(error)
        said = str(error)
        return finished(said[0].upper() + said[1:] + ("" if said.endswith(".") else "."))
    log.error("an examination failed", exc_info=error)
    return say(
        "The examination failed ({error}); the game goes on. The log of the server has the details.", error=type(error).__name__
    )
