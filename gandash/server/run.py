"""A run on the server: its worker, its curves, its newest frame, and the people who look at it."""

from __future__ import annotations

import json
import logging
import os
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

from gandash.config import MAX_FLOP_PER_STEP, GameConfig, flop_per_step
from gandash.config.changes import LiveChange, distinctions, live_differences_of_all, restarts, with_live_settings
from gandash.config.setting import SettingError
from gandash.server.history import Cursor, History
from gandash.server.origin import Before, is_other
from gandash.server.patience import STARTING, Limits, given_up, word_of_delay
from gandash.server.process import TooManyCommands, WorkerProcess
from gandash.server.seats import Seat, columns, describe, seated
from gandash.wire.changes import mark
from gandash.wire.frame import check, finite, pack, unpack
from gandash.wire.messages import (
    FRAME,
    MAX_MEMBERS,
    Alive,
    Beat,
    Change,
    Changed,
    Command,
    Estimated,
    Event,
    Examined,
    Pause,
    Ready,
    Refused,
    Restart,
    Rewind,
    Saved,
    SendFrame,
    Set,
    SetMany,
    Speed,
    Start,
    Started,
    Status,
    StatusChanged,
    Unsaved,
    VerdictChanged,
)

log = logging.getLogger("gandash.supervisor")

Role = Literal["steer", "watch"]

CRASHES = 3  # in a row without a new checkpoint: then the run has failed
LOSSES, LOSSES_SECONDS = 10, 600.0  # so many workers lost within this time: then too, whatever was reached in between
EXPECTED_SECONDS = 30.0  # how long a run waits for the page that it was promised to


class Refusal(RuntimeError):
    """Why a run cannot do what it is asked, in words."""


class Viewer:
    """One open picture of a run. `wake` is called, from any thread, when there may be something new for it."""

    def __init__(self, run: Run, role: Role, wake: Callable[[], None]) -> None:
        self.run, self.role, self.wake = run, role, wake
        self.ready = True  # it has painted what it was sent
        self.frame_seen = -1
        self.cursor = Cursor()
        self.generation_seen = -1
        self.refusals: deque[str] = deque(maxlen=5)  # words still to be said; the newest matter


class Run:
    """One game, or several that are compared. All methods may be called from any thread.

    `configs` are the settings that the page shows: the worker follows at its next step. `config`, `changes`, `facts` and
    `verdict` are those of the first game.
    """

    def __init__(
        self,
        config: GameConfig,
        title: str,
        speed: float | None,
        directory: Path,
        take_worker: Callable[[], WorkerProcess],
    ) -> None:
        self.id = secrets.token_hex(4)
        self.tokens: dict[Role, str] = {"steer": secrets.token_urlsafe(24), "watch": secrets.token_urlsafe(24)}
        self.origin = title  # the ready game it was begun as
        self._original = config  # that game's settings
        self._begun: tuple[GameConfig, ...] = (config,)  # and those that the present one began with
        self._before: Before | None = None
        self.configs: tuple[GameConfig, ...] = (config,)
        self.seats = [Seat()]
        self._labels: tuple[str, ...] = ()  # of compared games, where their settings do not say enough
        self.status, self.reason, self.notice = Status.PAUSED, "", ""
        self.step = 0
        self.speed = speed
        self.steps_per_second = 0.0
        self.absent_since: float | None = time.monotonic()
        self._expected_until = time.monotonic() + EXPECTED_SECONDS
        self.version = 0  # of everything in `describe`
        self._lock = threading.RLock()
        self._take_worker = take_worker
        self.directory = directory
        self._generation = 0  # of the game that viewers see
        self._asked = 0  # of the game that was last asked for; until it begins, the worker speaks of the past
        self._durations: dict[str, float] = {}  # about how many seconds each examination takes here
        self._examined: dict[str, dict[str, Any]] = {}  # the newest of this game, by what was examined
        self._told: dict[Role, tuple[tuple[int, int], str]] = {}  # for each role: what is said at (version, step)
        self._set_since: list[LiveChange] = []  # ordered since then
        self._recovering = False
        self._returning: History | None = None  # the curves of the game that the worker is to go back to
        self._history: History | None = None
        self._frame: bytes = b""
        self._frame_number = 0
        self._frame_asked = False
        self._saved: str | None = None
        self._crashes, self._crash_step = 0, -1
        self._losses: deque[float] = deque(maxlen=LOSSES)  # when
        self._viewers: set[Viewer] = set()
        directory.mkdir(parents=True, exist_ok=True)
        self._worker = take_worker()
        self._begin([config], False, speed)
        self._worker.give_to(self)

    # -------------------------------------------------------------------------------------------------------- asking

    @property
    def config(self) -> GameConfig:
        return self.configs[0]

    @property
    def changes(self) -> tuple[Change, ...]:
        return self.seats[0].changes

    @property
    def facts(self) -> dict[str, Any]:
        return self.seats[0].facts

    @property
    def verdict(self) -> dict[str, Any]:
        return self.seats[0].verdict

    @property
    def labels(self) -> tuple[str, ...]:
        """What tells compared games apart."""
        return self._labels or distinctions(self.configs)

    @property
    def worker_pid(self) -> int:
        return self._worker.pid

    @property
    def has_worker(self) -> bool:
        """Whether its process still lives: also for a moment after the end, while it saves."""
        return self._worker.is_alive

    def wait_for_worker(self) -> None:
        """After the end: until the process is gone, which `end` makes sure of."""
        self._worker.wait()

    @property
    def has_gone(self) -> bool:
        """Ended for good: nothing is left to look at. A failed run still shows its last picture."""
        return self.status is Status.ENDED

    @property
    def has_ended(self) -> bool:
        return self.status in (Status.ENDED, Status.FAILED)

    def order(self, command: Command | Restart) -> str:
        """Have a command followed; returns "" or, in words, why it cannot be."""
        with self._lock:
            try:
                self._order(command)
            except (Refusal, SettingError, TooManyCommands) as refusal:
                return str(refusal)
            return ""

    def _order(self, command: Command | Restart) -> None:
        self._check_alive()
        match command:
            case Restart(new_seed=new_seed):
                self._forgive()
                seeds = [(c.run.seed + int(new_seed)) % 2**32 for c in self.configs]
                configs = [c.replace("run.seed", seed) for c, seed in zip(self.configs, seeds, strict=True)]
                self._begin(configs, None, self.speed)
            case Rewind():
                self._worker.send(Rewind(generation=self._asked + 1))
                self._expect_generation()
            case Set(path=path, value=value, member=member):
                self._set([(member, path, value)])
            case Speed(steps_per_second=speed):
                self._worker.send(command)
                self.speed = speed
            case _:
                self._worker.send(command)
        if not isinstance(command, Pause):  # a person acts again, and has seen what there was to tell
            self.notice = ""
        self._touch()

    def _set(self, changes: Sequence[LiveChange]) -> None:
        """All of these at one step boundary, or none."""
        configs = with_live_settings(self.configs, changes)
        self._send_changes(changes)
        self.configs = configs
        self._set_since += changes

    def _send_changes(self, changes: Sequence[LiveChange]) -> None:
        sets = tuple(Set(member=member, path=path, value=value) for member, path, value in changes)
        if sets:
            self._worker.send(sets[0] if len(sets) == 1 else SetMany(changes=sets))

    def _check_alive(self) -> None:
        if self.has_ended:
            raise Refusal("this run has ended; reload the page to begin a new one")

    def reconfigure(self, *configs: GameConfig) -> str:
        """Go on under other settings: live ones at the next step, any other with a restart. "" or why not, in words."""
        with self._lock:
            try:
                self._check_alive()
                if len(configs) != len(self.configs) or any(map(restarts, self.configs, configs)):
                    self._forgive()
                    self._begin(configs, None, self.speed)
                else:
                    self._set(live_differences_of_all(self.configs, configs))
                    self.notice = ""
            except (Refusal, SettingError, TooManyCommands) as refusal:
                return str(refusal)
            self._touch()
            return ""

    def change(self, changed: Callable[[tuple[GameConfig, ...]], Sequence[GameConfig]]) -> str:
        """The same, from the settings as they are by now: what somebody else changes in the same moment is not undone.

        What `changed` raises is passed on.
        """
        with self._lock:
            return self.reconfigure(*changed(self.configs))

    def compare(self, configs: Sequence[GameConfig], labels: Sequence[str] = ()) -> str:
        """Play these games side by side, in lockstep, from step 0. "" or why not, in words.

        `labels` name them where their settings alone would be too long a story. The game before is kept: see `end_comparison`.
        """
        with self._lock:
            before = self._before if len(self.configs) > 1 else self._kept_aside()
            refusal = self._begin_again(lambda: self._begin(configs, None, self.speed, labels=labels))
            self._before = self._before if refusal else before
            return refusal

    def _kept_aside(self) -> Before:
        aside = self.directory / "before.safetensors"
        checkpoint = None
        with suppress(OSError):
            aside.unlink(missing_ok=True)
            if self._saved is not None:
                os.link(self._saved, aside)  # a checkpoint is renamed into place, never written to: this one stays as it is
                checkpoint = str(aside)
        return Before(self.configs, self._begun, self._history, checkpoint)

    @property
    def returns_to(self) -> str:
        """What `end_comparison` gives back, in a few words."""
        before = self._before
        if before is None:
            return ""
        return f"{self.origin} (changed)" if is_other(self._original, before.begun) else self.origin

    def end_comparison(self) -> str:
        """Back to the game that was there before the comparison, where it was, paused. "" or why not, in words."""
        with self._lock:
            before = self._before
            if before is None:
                return "no game is kept from before this comparison; choose a preset"

            def begin() -> None:
                self._begin(before.configs, False, self.speed, before.checkpoint)
                if before.checkpoint:
                    self._recovering, self._returning, self._begun = True, before.history, before.begun
                self._before = None

            return self._begin_again(begin)

    def play_alone(self, member: int, ready: tuple[str, GameConfig] | None = None) -> str:
        """One of the compared games alone, from step 0. `ready`: the title and settings of the ready game it began as, if it
        is another than the run's. "" or why not, in words."""
        with self._lock:
            config = self.configs[member]
            refusal = self._begin_again(lambda: self._begin([config], None, self.speed))
            if not refusal:
                self._before = None
                self.origin, self._original = ready or (self.origin, self._original)
            return refusal

    def begin_anew(self, config: GameConfig, title: str, speed: float | None) -> str:
        """Another game in this run, from step 0, paused: what choosing a preset does."""
        with self._lock:
            refusal = self._begin_again(lambda: self._begin([config], False, speed))
            if not refusal:
                self.origin, self._original, self._before = title, config, None
            return refusal

    def _begin_again(self, begin: Callable[[], None]) -> str:
        try:
            self._check_alive()
            self._forgive()
            begin()
        except (Refusal, TooManyCommands) as refusal:
            return str(refusal)
        self._touch()
        return ""

    @property
    def is_changed(self) -> bool:
        """Whether it is another game than the ready one of its title: begun with other settings, whatever the seed."""
        return len(self.configs) > 1 or is_other(self._original, self._begun)

    @property
    def title(self) -> str:
        """The name of the ready game that is played; it says so where that has become another."""
        word = "compared" if len(self.configs) > 1 else "changed"
        return f"{self.origin} ({word})" if self.is_changed else self.origin

    def _forgive(self) -> None:
        """A person asks for another game: what befell the one before says nothing about it."""
        self._crashes, self._crash_step = 0, -1
        self._losses.clear()

    def _begin(
        self,
        configs: Sequence[GameConfig],
        playing: bool | None,
        speed: float | None,
        checkpoint: str | None = None,
        labels: Sequence[str] | None = None,
    ) -> None:
        """Another game on the same worker. The run numbers its games itself: page, socket and recovery share one count.

        `labels` None: those that the games had. Raises Refusal, in words, for more games than can be played together.
        """
        _check_room(configs)
        self._worker.send(
            Start(
                generation=self._asked + 1,
                configs=tuple(configs),
                directory=str(self.directory),
                checkpoint=checkpoint,
                playing=playing,
                speed=speed,
            )
        )
        kept = self._labels if labels is None else tuple(labels)
        self._labels = kept if len(kept) == len(configs) > 1 else ()
        self.configs, self.speed, self.notice = tuple(configs), speed, ""
        self._begun = self._begun if checkpoint else self.configs
        self._saved = checkpoint  # that of another game is of no use to this one
        self._expect_generation()

    def _expect_generation(self) -> None:
        """From here on what the worker says is of no interest until it begins the generation just asked for."""
        self._asked += 1
        self._set_since = []
        self._recovering, self._returning = False, None
        self._frame_asked = False
        self._ask_for_frame()

    # ------------------------------------------------------------------------------------------------------- viewers

    def attach(self, role: Role, wake: Callable[[], None]) -> Viewer:
        with self._lock:
            viewer = Viewer(self, role, wake)
            self._viewers.add(viewer)
            self.absent_since, self._expected_until = None, 0.0
            return viewer

    def detach(self, viewer: Viewer) -> None:
        with self._lock:
            self._viewers.discard(viewer)
            if not self._viewers:
                self.absent_since = time.monotonic()

    @property
    def viewers(self) -> int:
        return len(self._viewers)

    def describe(self, role: Role) -> dict[str, Any]:
        """The whole state of the run but for pictures and curves."""
        with self._lock:
            return {
                "type": "run",
                "run": self.id,
                "role": role,
                "generation": self._generation,
                "status": self.status.value,
                "reason": self.reason,
                "notice": self.notice,
                "step": self.step,
                "speed": self.speed,
                "examined": dict(self._examined),
                "durations": dict(self._durations),
                **describe(self.seats, self.labels, self.title),
            }

    def state(self, role: Role) -> tuple[int, str]:
        """The version, and `describe` as JSON: made once, however many look."""
        with self._lock:
            now = self.version, self.step
            made_at, text = self._told.get(role, (None, ""))
            if made_at != now:
                text = json.dumps(self.describe(role), allow_nan=False)
                self._told[role] = now, text
            return self.version, text

    def next_picture(self, viewer: Viewer) -> list[bytes]:
        """What to send a viewer now: the curves it lacks and the newest frame, or nothing until there is one."""
        with self._lock:
            if not viewer.ready:
                return []
            if viewer.frame_seen == self._frame_number or not self._frame:
                self._ask_for_frame()
                return []
            packets = []
            if self._history is not None:
                if viewer.generation_seen != self._generation:
                    viewer.generation_seen, viewer.cursor = self._generation, Cursor()
                label, arrays, viewer.cursor = self._history.patch(viewer.cursor)
                label |= {"kind": "history", "generation": self._generation, "columns": columns(self.seats)}
                packets.append(pack(label, arrays))
            packets.append(self._frame)
            viewer.frame_seen, viewer.ready = self._frame_number, False
            self._ask_for_frame()  # the next one is built while this one travels
            return packets

    def _ask_for_frame(self) -> None:
        if not self._frame_asked and not self.has_ended:
            self._frame_asked = True
            try:
                self._worker.send(SendFrame())
            except TooManyCommands:
                self._frame_asked = False

    def _touch(self) -> None:
        self.version += 1
        self._wake()

    def _wake(self) -> None:
        for viewer in self._viewers:
            viewer.wake()

    # ---------------------------------------------------------------------------------------- what the worker says

    def on_event(self, worker: WorkerProcess, event: Event) -> None:
        with self._lock:
            if worker is not self._worker or self.has_ended:
                return
            match event:
                case Started(generation=generation) if generation == self._asked:
                    self._on_started(event)
                case Refused(message=message):
                    log.info("run %s: refused: %s", self.id, message)
                    for viewer in self._viewers:
                        viewer.refusals.append(message)
                case Ready() | Alive() | Started():
                    return
                case _ if self._is_outdated:
                    return
                case Beat():
                    self.step, self.steps_per_second = event.step, event.steps_per_second
                    return  # twice a second, and no news: viewers see the step on every frame
                case StatusChanged(status=status, step=step, reason=reason):
                    self.status, self.step, self.reason = status, step, reason
                    if status is Status.DIVERGED:
                        for seat in self.seats:
                            if seat.verdict.get("kind") != "diverged":
                                seat.verdict = {"kind": "diverged", "title": "Diverged", "reason": reason, "step": step}
                case Changed(change=change, facts=facts, member=i):
                    seat = self.seats[i]
                    seat.changes += (change,)
                    seat.marks.append(mark(change, self.configs[i]))
                    seat.facts = finite(facts)
                case VerdictChanged(member=i):
                    self.seats[i].verdict = event.model_dump(include={"kind", "title", "reason", "step"})
                case Estimated(seconds=seconds, generation=generation) if generation == self._generation:
                    self._durations = seconds
                case Examined(what=what, generation=generation) if generation == self._generation:
                    self._examined[what] = event.model_dump(include={"step", "done", "result", "problem"})
                case Saved(path=path, step=step):
                    if step > self._crash_step:
                        self._crashes = 0
                    self._saved = path
                    return
                case Unsaved(reason=reason):
                    self.notice = (
                        f"No checkpoint can be written: {reason}. The run goes on, but if its trainer were lost it would go "
                        "back a long way. Free some room on the server's disk."
                    )
            self._touch()

    @property
    def _is_outdated(self) -> bool:
        """Whether what the worker says now is of a game that is no longer wanted."""
        return self._generation != self._asked

    def _on_started(self, event: Started) -> None:
        recovered, wanted = self._recovering, self.configs
        self._generation, self._recovering, self.step = event.generation, False, event.step
        configs = tuple(game.config for game in event.games)
        self.seats = [seated(game, event.step) for game in event.games]
        if self.notice == STARTING:
            self.notice = ""
        self._examined, self._durations = {}, {}
        self._history, self._returning = self._returning or self._history, None
        if self._history is None or event.step == 0:
            self._history = History(len(columns(self.seats)))
        else:
            self._history.cut(event.step)
        self._frame = b""
        for viewer in self._viewers:
            viewer.ready = True  # whatever it was still to paint is of a game that is over
        self._frame_asked = False
        self._ask_for_frame()
        if recovered:  # what changed since the checkpoint is set again: what the controls show is what is played
            with suppress(TooManyCommands, SettingError):
                self._send_changes(live_differences_of_all(configs, wanted))
                configs = wanted
        for change in self._set_since:  # the worker has these before it, right behind the start
            with suppress(SettingError):
                configs = with_live_settings(configs, [change])
        self.configs = configs  # all in one: the page reads them without the lock, and must not see a change undone

    def on_bytes(self, worker: WorkerProcess, kind: bytes, body: bytes) -> None:
        with self._lock:
            if worker is not self._worker or self.has_ended or self._is_outdated:
                return
            if kind == FRAME:
                check(body)  # browsers get none that they cannot read
                self._frame, self._frame_asked = body, False
                self._frame_number += 1
                for viewer in self._viewers:
                    if viewer.ready:
                        viewer.wake()
            elif self._history is not None:
                _, arrays = unpack(body)
                self._history.append(arrays["step"], arrays["rows"])
                self.step = max(self.step, self._history.step)

    def on_exit(self, worker: WorkerProcess, reason: str) -> None:
        """The worker is gone without having been asked: go on from the last checkpoint with another."""
        with self._lock:
            if worker is not self._worker or self.has_ended:
                return
            self._crashes += 1
            self._crash_step = self.step
            self._losses.append(time.monotonic())
            log.warning("run %s: worker %d was lost at step %d: %s", self.id, worker.pid, self.step, reason)
            try:
                if self._crashes > CRASHES:
                    raise Refusal(f"The trainer was lost {self._crashes} times in a row ({reason}).")
                if len(self._losses) == LOSSES and self._losses[-1] - self._losses[0] < LOSSES_SECONDS:
                    raise Refusal(f"The trainer was lost {LOSSES} times within {LOSSES_SECONDS / 60:g} minutes ({reason}).")
                self._recover(reason)
            except (Refusal, OSError) as failure:
                self.status = Status.FAILED
                self.reason = (
                    f"{failure} The log of the server has the details. Choose a preset or reload the page to begin again."
                )
            self._touch()

    def _recover(self, reason: str) -> None:
        lost_at, playing = self.step, self.status is Status.RUNNING
        self._worker = self._take_worker()
        self._begin(self.configs, playing, self.speed, self._saved)
        self._recovering = True
        self.notice = f"The trainer was lost at step {lost_at:,} ({reason}). " + (
            "The run continues from its last checkpoint." if self._saved else "The run begins again."
        )
        self._worker.give_to(self)

    # ------------------------------------------------------------------------------------------------------- the end

    def look_after(self, now: float, limits: Limits) -> None:
        """Replace a worker that is as good as lost, pause a run that nobody watches, and end it when nobody comes back.

        A worker given up is killed; its exit brings the run back from its checkpoint.
        """
        with self._lock:
            if self.has_ended:
                return
            away = self.unwatched_seconds(now)
            if away > limits.grace_seconds:
                self.end("Nobody looked at this run for a while, and it was ended.")
                return
            if away > limits.absence_seconds and self.status is Status.RUNNING:
                self.order(Pause())
            if not self._worker.is_alive:
                return  # its exit is on its way
            if reason := given_up(self._worker, now, limits):
                log.warning("run %s: worker %d is given up: %s", self.id, self._worker.pid, reason)
                self._worker.kill(reason)
            elif not self.notice and (word := word_of_delay(self._worker, now)):
                self.notice = word
                self._touch()

    def expect_viewer(self) -> None:
        """A page is about to show this run: the grace time begins again, or it might end while the page loads."""
        with self._lock:
            if self.absent_since is not None:
                self.absent_since = time.monotonic()
                self._expected_until = self.absent_since + EXPECTED_SECONDS

    def is_expected(self, now: float) -> bool:
        """Whether it was promised to a page that may still be loading."""
        with self._lock:
            return now < self._expected_until

    def unwatched_seconds(self, now: float) -> float:
        """How long nobody has been looking; 0 while somebody is."""
        with self._lock:
            return 0.0 if self.absent_since is None else now - self.absent_since

    def end(self, reason: str) -> None:
        with self._lock:
            if self.status is Status.ENDED:
                return
            self.status, self.reason = Status.ENDED, reason
            self._worker.end()
            self._touch()


def _check_room(configs: Sequence[GameConfig]) -> None:
    """Raises Refusal where so many games, or such large ones, cannot be played together."""
    if not 1 <= len(configs) <= MAX_MEMBERS:
        raise Refusal(f"{len(configs)} games were asked for; one run plays 1 to {MAX_MEMBERS} side by side. Take some out.")
    flop = sum(map(flop_per_step, configs))
    if flop > MAX_FLOP_PER_STEP:
        raise Refusal(
            f"Together these {len(configs)} games need about {flop:.1e} floating-point operations per step; at most "
            f"{MAX_FLOP_PER_STEP:.0e} are allowed. Compare fewer of them, or smaller networks."
        )
