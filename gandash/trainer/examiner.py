"""Examines games on request in a thread beside the loop: one at a time, on copies, and the game goes on.

Asked for another thing meanwhile, it does that afterwards; asked again for what it is at or has waiting, it does it once, on
the newer state. `drop` forgets all of it: the game is another.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from gandash.settings import JsonValue
from gandash.trainer.examinations import Result, Specimen, examine
from gandash.trainer.frame import finite
from gandash.trainer.messages import Examinable, Examined

log = logging.getLogger("gandash.worker")

SAY_SECONDS = 0.25  # how far apart the news of one examination are
LONGEST_SECONDS = 180.0  # then it is given up: some networks are too large
REST = 1.0  # times as long as it works it sleeps: at least half of the time the game has Python's lock to itself
LONGEST_REST_SECONDS = 0.25
NAMES: dict[Examinable, str] = {
    "spectrum": "the spectrum",
    "duality": "the duality gap",
    "samples": "the comparison of samples",
    "best_response": "D's best response",
    "landscape": "the landscape",
}


class _Dropped(Exception):
    """Nobody waits for the answer any more."""


@dataclass(eq=False)
class _Task:
    what: Examinable
    specimen: Specimen
    dropped: bool = False
    said: float = field(default=-SAY_SECONDS)


class Examiner:
    """`ask` and `drop` return at once; `tell` is called from any thread."""

    def __init__(self, tell: Callable[[Examined], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._tell, self._clock = tell, clock
        self._lock = threading.Lock()  # of all below, and held while something is told: what is dropped is not heard of again
        self._waiting: dict[Examinable, _Task] = {}
        self._running: _Task | None = None
        self._thread: threading.Thread | None = None

    def ask(self, what: Examinable, specimen: Specimen) -> None:
        """Examine `specimen`, or in its turn after what is being examined."""
        task = _Task(what, specimen)
        with self._lock:
            running = self._running
            if running is not None and running.what == what:
                running.dropped = True
            self._waiting[what] = task
            if running is not None and not running.dropped:
                self._say(task, False, {"words": f"waits its turn behind {NAMES[running.what]}"})
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="examiner", daemon=True)
                self._thread.start()

    def drop(self) -> None:
        """Forget all that was asked for; nothing more is told of it."""
        with self._lock:
            self._waiting.clear()
            if self._running is not None:
                self._running.dropped = True

    @property
    def is_idle(self) -> bool:
        with self._lock:
            return self._thread is None

    def _work(self) -> None:
        """Until nothing waits."""
        while True:
            with self._lock:
                self._running = task = self._waiting.pop(next(iter(self._waiting)), None) if self._waiting else None
                if task is None:
                    self._thread = None
                    return
            try:
                self._examine(task)
            except _Dropped:
                continue
            except Exception as error:
                with self._lock:
                    self._say(task, True, problem=_in_words(error))

    def _examine(self, task: _Task) -> None:
        begun = worked_since = self._clock()

        def breathe() -> None:
            # Not a lower priority: on a busy machine that would hold Python's lock while it waits for a core
            nonlocal worked_since
            time.sleep(min(REST * (self._clock() - worked_since), LONGEST_REST_SECONDS))
            worked_since = self._clock()
            if task.dropped:
                raise _Dropped
            if self._clock() > begun + LONGEST_SECONDS:
                raise ValueError(f"Given up after {LONGEST_SECONDS:g} s: these networks are too large for it.")

        result: Result = {}
        with self._lock:
            self._say(task, False, {"words": "at it"})
        for result in examine(task.what, task.specimen, breathe):
            breathe()
            now = self._clock()
            if now >= task.said + SAY_SECONDS:
                task.said = now
                with self._lock:
                    self._say(task, False, result)
        with self._lock:
            self._say(task, True, result)

    def _say(self, task: _Task, done: bool, result: Result | None = None, problem: str = "") -> None:
        if task.dropped:
            return
        specimen = task.specimen
        self._tell(
            Examined(
                generation=specimen.generation,
                step=specimen.step,
                what=task.what,
                done=done,
                result=None if result is None else _short(finite(result)),
                problem=problem,
            )
        )


def _short(value: JsonValue) -> JsonValue:
    """Six digits of every number: it goes to every viewer, with every word about the run."""
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {name: _short(one) for name, one in value.items()}
    return [_short(one) for one in value] if isinstance(value, list) else value


def _in_words(error: Exception) -> str:
    if isinstance(error, MemoryError) or "allocate memory" in str(error):
        return "There is not enough memory for this examination; the game goes on. Try it with narrower networks."
    if isinstance(error, ValueError) and str(error):
        said = str(error)
        return said[0].upper() + said[1:] + ("" if said.endswith(".") else ".")
    log.error("an examination failed", exc_info=error)
    return f"The examination failed ({type(error).__name__}); the game goes on. The log of the server has the details."
