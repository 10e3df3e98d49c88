"""The trainer's loop: take commands, step, measure, publish. Channels and clock are handed to it: it runs anywhere."""

from __future__ import annotations

import logging
import queue
from collections.abc import Callable
from pathlib import Path

import numpy as np

from gandash.game.step import Players
from gandash.settings import SettingError
from gandash.trainer.examinations import Specimen
from gandash.trainer.examiner import Examiner
from gandash.trainer.frame import pack
from gandash.trainer.messages import (
    EVENT,
    FRAME,
    METRICS,
    Beat,
    Changed,
    Command,
    End,
    Event,
    Examine,
    Pause,
    Play,
    Refused,
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
    StepBy,
    Unsaved,
    VerdictChanged,
)
from gandash.trainer.session import PLAYERS, BrokenCheckpoint, Session, Snapshot, picture

log = logging.getLogger("gandash.worker")

METRICS_SECONDS = 0.05  # how often rows leave for the curves
FRAME_SECONDS = 1 / 60  # no more frames than a screen shows
FRAME_SHARE = 0.1  # of the time is for pictures, the rest for the game: a dear picture comes less often
CHECKPOINT_SECONDS = 1.0  # a small game takes a millisecond to save; a crash costs at most this
VERDICT_SECONDS = 1.0  # how often the numbers in a verdict are renewed; another verdict is told at once
SNAPSHOT_SECONDS = 1.0  # how far apart the states are that a diverged game can go back to
BEAT_SECONDS = 0.5
MAX_BY_HAND = 100_000  # rounds that may be waiting to be played by hand

Inbox = queue.SimpleQueue[Command | None]  # None: the other side is gone
Outbox = Callable[[bytes, bytes], None]


class Loop:
    """Plays one game at a time until told to end.

    Everything happens between rounds, on one thread: a command takes effect at the next step boundary, in order. Examinations
    alone run beside it, on copies.
    """

    def __init__(self, inbox: Inbox, send: Outbox, clock: Callable[[], float]) -> None:
        self._inbox, self._send, self._clock = inbox, send, clock
        self._session: Session | None = None
        self._begin: Start | None = None
        self._status = Status.PAUSED
        self._speed: float | None = None
        self._manual: tuple[Players, int] | None = None  # rounds still to play by hand
        self._frame_wanted = False
        self._frame_revision = -1
        self._frame_due = 0.0
        self._ended = False
        self._due = 0.0  # when the next round may begin
        self._last = dict.fromkeys(("metrics", "checkpoint", "snapshot", "beat", "verdict"), 0.0)
        self._saved_step = -1
        self._cannot_save = False
        self._snapshots: list[Snapshot] = []
        self._pace = (0.0, 0)  # (time, step) of the last beat
        self._steps_per_second = 0.0
        self._verdict_told = True
        self._examiner = Examiner(self._event)

    # ------------------------------------------------------------------------------------------------------ the loop

    def run(self) -> None:
        """Until the parent says `End` or vanishes; then the last state is saved."""
        while not self._ended:
            self._take_commands()
            if self._session is not None and not self._ended:
                self._play_what_is_due(self._session)
                self._publish(self._session)
        self._examiner.drop()
        if self._session is not None and self._session.is_finite():
            self._save(self._session)

    def _take_commands(self) -> None:
        """All waiting commands; sleeps until there is one, a round is due, or a periodic duty is."""
        wait = self._idle_seconds()
        while True:
            try:
                command = self._inbox.get(timeout=wait) if wait > 0 else self._inbox.get_nowait()
            except queue.Empty:
                return
            wait = 0.0
            if command is None or isinstance(command, End):
                self._ended = True
                return
            try:
                self._follow(command)
            except (SettingError, BrokenCheckpoint, ValueError) as error:
                self._event(Refused(message=str(error)))

    def _idle_seconds(self) -> float:
        now = self._clock()
        if self._session is None:
            return BEAT_SECONDS
        if self._manual is not None:
            return 0.0
        beat = max(0.0, self._last["beat"] + BEAT_SECONDS - now)
        if self._frame_pending(self._session):
            beat = min(beat, max(0.0, self._frame_due - now))
        if self._status is Status.RUNNING:
            return min(beat, max(0.0, self._due - now))
        return beat

    def _play_what_is_due(self, session: Session) -> None:
        now = self._clock()
        if self._manual is not None:
            players, left = self._manual
            session.advance(players)
            self._manual = (players, left - 1) if left > 1 else None
        elif self._status is Status.RUNNING and now >= self._due:
            session.advance()
            # A slow machine does not owe the rounds it missed; a fast one keeps the beat
            self._due = max(self._due + 1 / self._speed, now) if self._speed else now

    # ---------------------------------------------------------------------------------------------------- commands

    def _follow(self, command: Command) -> None:
        if isinstance(command, Start):
            self._start(command)
            return
        session = self._session
        if session is None or self._begin is None:
            raise ValueError("no game has been started yet; choose a preset first")
        match command:
            case Play():
                self._refuse_if_diverged()
                self._manual = None
                if self._status is not Status.RUNNING:
                    self._set_status(Status.RUNNING)
            case Pause():
                self._manual = None
                self._pause(session)
            case StepBy(players=players, n=n):
                self._pause(session)
                self._refuse_if_diverged()
                # Two quick presses are two steps
                already = self._manual[1] if self._manual and self._manual[0] is PLAYERS[players] else 0
                if already + n > MAX_BY_HAND:
                    raise ValueError(f"{already:,} steps by hand are waiting, and {MAX_BY_HAND:,} may; press play instead")
                self._manual = (PLAYERS[players], already + n)
            case Speed(steps_per_second=speed):
                self._speed = speed
                self._due = self._clock()
            case Set():
                self._set(session, command)
            case SetMany(changes=changes):
                for change in changes:
                    self._set(session, change)
            case Rewind(generation=generation):
                self._rewind(session, generation)
            case SendFrame():
                self._frame_wanted = True
            case Examine(what=what):
                self._examiner.ask(what, Specimen(self._begin.generation, session.config, session.state))

    def _set(self, session: Session, command: Set) -> None:
        assert self._begin is not None
        change = session.set(command.path, command.value)
        if change is not None:
            self._event(Changed(generation=self._begin.generation, change=change, facts=session.facts()))

    def _refuse_if_diverged(self) -> None:
        if self._status is Status.DIVERGED:
            raise ValueError("the game has diverged; go back to the last finite state or restart first")

    def _pause(self, session: Session) -> None:
        """Stand still; the last rows go out first, and may show that the game has diverged."""
        self._publish_metrics(session, self._clock())
        if self._status is Status.RUNNING:
            self._set_status(Status.PAUSED)

    def _start(self, begin: Start) -> None:
        playing = self._status is Status.RUNNING if begin.playing is None else begin.playing
        self._adopt(self._session_for(begin), begin)
        self._set_status(Status.RUNNING if playing else Status.PAUSED)

    def _session_for(self, begin: Start) -> Session:
        if begin.checkpoint:
            try:
                return Session.load(Path(begin.checkpoint))
            except BrokenCheckpoint as error:
                self._event(Refused(message=f"{error}. The game begins again from step 0."))
        return Session(begin.config)

    def _adopt(self, session: Session, begin: Start) -> None:
        now = self._clock()
        self._session, self._begin, self._speed = session, begin, begin.speed
        self._manual = None
        self._frame_revision = -1
        self._due = now
        self._last = dict.fromkeys(self._last, now)
        self._frame_due = now
        self._pace, self._steps_per_second = (now, session.step), 0.0
        self._snapshots = [session.snapshot()]
        self._announce(session)

    def _announce(self, session: Session) -> None:
        """Another generation begins here: say so, and have a checkpoint of it before anything can happen to it."""
        assert self._begin is not None
        self._examiner.drop()
        self._event(
            Started(
                generation=self._begin.generation,
                step=session.step,
                config=session.config,
                changes=session.changes,
                facts=session.facts(),
            )
        )
        self._save(session)

    def _rewind(self, session: Session, generation: int) -> None:
        assert self._begin is not None
        self._publish_metrics(session, self._clock())
        # Not the newest finite state, which is on the brink, but one about a second or two before
        snapshot = self._snapshots[0]
        self._snapshots = [snapshot]
        session.restore(snapshot)
        self._begin = self._begin.model_copy(update={"generation": generation})
        self._frame_revision = -1
        self._manual = None
        self._announce(session)
        self._set_status(Status.PAUSED, reason=f"back at step {session.step}")

    # -------------------------------------------------------------------------------------------------- publishing

    def _publish(self, session: Session) -> None:
        now = self._clock()
        still = self._status is not Status.RUNNING and self._manual is None
        if still or session.room == 0 or self._is_time("metrics", METRICS_SECONDS, now):
            self._publish_metrics(session, now)
        if self._frame_pending(session) and now >= self._frame_due:
            self._frame_wanted, self._frame_revision = False, session.revision
            assert self._begin is not None
            # A game that stands still, or goes one step at a time, is shown with numbers of that very step
            hurried = self._status is Status.RUNNING and self._speed is None
            self._send(FRAME, picture(session, self._begin.generation, self._steps_per_second, hurried))
            self._frame_due = now + max(FRAME_SECONDS, (self._clock() - now) / FRAME_SHARE)
        if self._is_time("checkpoint", CHECKPOINT_SECONDS, now) and session.step != self._saved_step:
            self._publish_metrics(session, now)  # finds out whether the state is worth keeping
            if self._status is not Status.DIVERGED:
                self._save(session)
        if self._is_time("beat", BEAT_SECONDS, now):
            self._beat(session, now)

    def _is_time(self, duty: str, seconds: float, now: float) -> bool:
        return now >= self._last[duty] + seconds

    def _frame_pending(self, session: Session) -> bool:
        return self._frame_wanted and session.revision != self._frame_revision

    def _publish_metrics(self, session: Session, now: float) -> None:
        self._last["metrics"] = now
        rows = session.drain()
        if not len(rows.steps):
            return
        assert self._begin is not None
        generation = self._begin.generation
        self._send(METRICS, pack({"kind": "metrics", "generation": generation}, {"step": rows.steps, "rows": rows.values}))
        losses = rows.values[:, :2]
        if not (np.isfinite(losses).all() and session.is_finite()):
            self._diverge(session, rows.steps[~np.isfinite(losses).all(axis=1)])
            return
        kind = session.verdict.kind
        if session.judge():
            self._verdict_told = False
        verdict = session.verdict
        if not self._verdict_told and (verdict.kind != kind or self._is_time("verdict", VERDICT_SECONDS, now)):
            self._last["verdict"] = now
            self._tell_verdict(session)
        if self._is_time("snapshot", SNAPSHOT_SECONDS, now):
            self._last["snapshot"] = now
            self._snapshots = [*self._snapshots[-1:], session.snapshot()]

    def _tell_verdict(self, session: Session) -> None:
        assert self._begin is not None
        verdict, self._verdict_told = session.verdict, True
        self._event(
            VerdictChanged(
                generation=self._begin.generation,
                step=session.step,
                kind=verdict.kind,
                title=verdict.title,
                reason=verdict.reason,
            )
        )

    def _diverge(self, session: Session, at: np.ndarray) -> None:
        step = int(at[0]) if len(at) else session.step
        self._manual = None
        self._set_status(
            Status.DIVERGED,
            reason=f"At step {step} a loss or a parameter was no longer a finite number: the steps were too large for this "
            f"game. Go back to step {self._snapshots[0].state.step} and lower a learning rate, or restart.",
        )

    def _beat(self, session: Session, now: float) -> None:
        assert self._begin is not None
        since, step = self._pace
        if now > since:
            self._steps_per_second = (session.step - step) / (now - since)
        self._pace = (now, session.step)
        self._last["beat"] = now
        self._event(Beat(generation=self._begin.generation, step=session.step, steps_per_second=self._steps_per_second))

    def _save(self, session: Session) -> None:
        assert self._begin is not None
        path = Path(self._begin.directory) / "checkpoint.safetensors"
        self._last["checkpoint"] = self._clock()
        try:
            session.save(path)
        except OSError as error:  # a full disk must not end the show; the checkpoint before stays
            if not self._cannot_save:  # once: the next attempt is a second away
                self._cannot_save = True
                log.warning("no checkpoint at step %d: %s", session.step, error)
                reason = error.strerror or str(error).split(": ")[-1]  # no path of the server's on a person's screen
                self._event(Unsaved(generation=self._begin.generation, step=session.step, reason=reason))
            return
        self._saved_step, self._cannot_save = session.step, False
        self._event(Saved(generation=self._begin.generation, step=session.step, path=str(path)))

    def _set_status(self, status: Status, reason: str = "") -> None:
        assert self._begin is not None and self._session is not None
        if status is Status.RUNNING:
            self._due = self._clock()
            self._pace = (self._due, self._session.step)
            self._tell_verdict(self._session)  # "press play" is no longer the word
        elif self._status is Status.RUNNING:
            self._frame_revision = -1  # the last picture was hurried perhaps: one more, exact
        self._status = status
        self._event(StatusChanged(generation=self._begin.generation, status=status, step=self._session.step, reason=reason))

    def _event(self, event: Event) -> None:
        self._send(EVENT, event.model_dump_json().encode())
