"""The worker's side of a run: what its process is asked to begin, what it says, and what is done where it is lost."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from gandash.config import GameConfig
from gandash.config.changes import LiveChange, live_differences_of_all, with_live_settings
from gandash.config.setting import SettingError
from gandash.links import Link
from gandash.server.admission import Refusal, check_affordable
from gandash.server.health import COMPILING, Limits, given_up, word_of_delay, word_of_trouble
from gandash.server.history import History
from gandash.server.members import begun, columns
from gandash.server.opening import LEFT, Opened, changed
from gandash.server.origin import BranchPoint, Origin
from gandash.server.process import TooManyCommands, WorkerProcess
from gandash.server.recording import NewRecording, no_recording
from gandash.server.recovery import Recovery
from gandash.server.state import RunState
from gandash.server.viewers import Viewer
from gandash.wire.browser import Status
from gandash.wire.frame import check, unpack
from gandash.wire.messages import (
    FRAME,
    Changed,
    Compiling,
    Event,
    Heartbeat,
    Linked,
    Pause,
    Ready,
    Recording,
    Refused,
    Saved,
    SendFrame,
    Set,
    SetMany,
    Start,
    Started,
    StatusChanged,
    Unrecorded,
    Unsaved,
)
from gandash.wire.told import StepTold
from gandash.words import Said, finished, joined, say, words_of

log = logging.getLogger("gandash.supervisor")


class PlayedRun(RunState):
    """A run and its worker. All methods may be called from any thread.

    It numbers its games by generation, and ignores what the worker says of any but the one that it asked for last. What a lost
    worker costs is in `Recovery`, how long to wait in `health`.
    """

    def __init__(
        self,
        config: GameConfig,
        title: str,
        speed: float | None,
        directory: Path,
        take_worker: Callable[[], WorkerProcess],
        new_recording: NewRecording = no_recording,
        branch: BranchPoint | None = None,
        opened: Opened | None = None,
    ) -> None:
        """`branch`: it goes on from there, and `config` is the one played there."""
        super().__init__(config, title, speed)
        self._new_recording = new_recording
        self._take_worker = take_worker
        self.directory = directory
        self._asked = 0  # of the game asked for last; until it begins, the worker speaks of the one before
        self._set_since: list[LiveChange] = []  # live changes ordered since that game was asked for
        self._recovering = False
        self._recovered = self._delayed = say(
            ""
        )  # what was said of the last recovery, and of a worker that has to be waited for
        self._opened: Opened | None = None  # the link that the run follows, until somebody shapes it in another way
        self._returning: History | None = None  # the curves of the game that the worker is to go back to
        self._history: History | None = None
        self._frame_asked = False
        self._recovery = Recovery()
        directory.mkdir(parents=True, exist_ok=True)
        self._worker = take_worker()
        if branch is None:
            link = opened.link if opened else Link(configs=(config,))
            self._begin(link.configs, bool(opened and opened.is_hasty), speed, labels=link.labels, opened=opened)
        else:
            self._begin(branch.configs, False, speed, labels=branch.labels, origin=branch.origin, branch=branch)
        self._worker.give_to(self)

    @property
    def generation(self) -> int:
        """The number of the game that was asked for last."""
        return self._asked

    @property
    def has_worker(self) -> bool:
        """Whether its process is alive; for a moment it is so after the end, while it saves."""
        return self._worker.is_alive

    def wait_for_worker(self) -> None:
        """Return when the process is gone. To be called after `end`, which makes sure that it goes."""
        self._worker.wait()

    def _send_changes(self, changes: Sequence[LiveChange]) -> None:
        sets = tuple(Set(member=member, path=path, value=value) for member, path, value in changes)
        if sets:
            self._worker.send(sets[0] if len(sets) == 1 else SetMany(changes=sets))

    def _check_alive(self) -> None:
        if self.has_ended:
            raise Refusal(say("this run has ended; reload the page to begin a new one"))

    def _begin(
        self,
        configs: Sequence[GameConfig],
        playing: bool | None,
        speed: float | None,
        checkpoint: str | None = None,
        labels: Sequence[str] | None = None,
        origin: Origin | None = None,
        record: Recording | None = None,
        branch: BranchPoint | None = None,
        opened: Opened | None = None,
    ) -> None:
        """Begin another game on the same worker. The run numbers its games itself: page, socket and recovery share one count.

        Without `labels` and `origin` they keep theirs. From step 0 they are recorded anew, from a checkpoint in `record`, or
        where they were. From a `branch` on they have its curves, and are recorded in a folder that says so. Raises Refusal or
        SettingError, in words, for more than this server can afford, and BrokenRun for a branch that cannot be read.
        """
        check_affordable(configs)
        begun = branch.origin.begun * (len(configs) // len(branch.configs)) if branch else tuple(configs)
        origin, history = replace(origin or self._origin, begun=begun), branch.curves(len(configs)) if branch else None
        record, unrecorded = (record or self._record, "") if checkpoint else self._new_recording(origin, labels or ())
        if record and branch:
            record = record.model_copy(update={"parent": (branch.run, branch.step), "title": branch.title})
        self._worker.send(
            Start(
                generation=self._asked + 1,
                configs=tuple(configs),
                directory=str(self.directory),
                checkpoint=checkpoint,
                branch=branch and branch.command,
                playing=playing,
                speed=speed,
                record=record,
                preset=origin.preset,
                engines=opened.link.engines if opened else (),
                plan=opened.plan if opened else None,
            )
        )
        self._record, self._opened, self.link = record, opened, None
        kept = self._labels if labels is None else tuple(labels)
        self._labels = kept if len(kept) == len(configs) > 1 else ()
        self.configs, self.speed = tuple(configs), speed
        self.notice = finished(unrecorded) if unrecorded else opened.on_the_way if opened else say("")
        self._origin = self._origin if checkpoint else origin
        self._recovery.checkpoint = checkpoint  # another game's checkpoint is of no use to this one
        self._branched = self._branched if checkpoint else branch
        self._expect_generation()
        self._returning = history

    def _expect_generation(self) -> None:
        """Ignore what the worker says from here on, until it begins the generation just asked for."""
        self._asked += 1
        self._set_since = []
        self._recovering, self._returning = False, None
        self._frame_asked = False
        self._ask_for_frame()

    # ------------------------------------------------------------------------------------------------------- viewers

    def next_picture(self, viewer: Viewer) -> list[bytes]:
        """What to send a viewer now: the curves it lacks and the newest frame, or nothing until there is one."""
        with self._lock:
            if not viewer.ready:
                return []
            packets = self._viewers.next_packets(viewer, self._history, self._generation, self.members)
            self._ask_for_frame()  # the next one is built while this one travels
            return packets

    def _ask_for_frame(self) -> None:
        if not self._frame_asked and not self.has_ended:
            self._frame_asked = True
            try:
                self._worker.send(SendFrame())
            except TooManyCommands:
                self._frame_asked = False

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
                    self._viewers.refuse(message)
                case Ready() | Heartbeat() | Started():
                    return
                case _ if self._is_outdated:
                    return
                case StepTold():
                    self._viewers.tell(event.model_dump_json())
                    self._viewers.wake()
                    return
                case Saved(path=path, step=step):
                    self._recovery.note_checkpoint(path, step)
                    return
                case Unsaved() | Unrecorded():
                    if isinstance(event, Unrecorded) and not event.is_kept:
                        self._record = None
                    self.notice = word_of_trouble(event)
                case Compiling(over=over):
                    on_the_way = self._opened.on_the_way if self._opened else say("")
                    self.notice = COMPILING if not over else on_the_way if self.notice == COMPILING else self.notice
                case _ if not self._take(event):
                    return
                case _ if self._opened:
                    self._follow_link(self._opened, event)
            self._touch()

    def _follow_link(self, opened: Opened, event: Event) -> None:
        """What this event says of the link that the run was opened by."""
        match event:
            case Changed(planned=True, member=i, change=change):
                configs = changed(self.configs, i, change)
                for ordered in self._set_since:  # it came after all that was planned, and ended that
                    with suppress(SettingError):
                        configs = with_live_settings(configs, [ordered])
                self.configs = configs
                self.followed += 1
            case StatusChanged(status=status, step=step) if status is not Status.RUNNING:
                if opened.is_hasty and self.notice == opened.on_the_way:
                    self.notice = opened.link.notice
                if step < opened.link.step:
                    opened.stop()
            case Linked(link=here):
                self.notice = opened.arrival(here, [m.facts.engine for m in self.members]) or self.notice

    def _leave_link(self) -> Said:
        """Somebody shapes the run in another way than its link: what to tell of that, "" where there is nothing."""
        opened, self._opened = self._opened, None
        return LEFT if opened and opened.comes_after(self.step) else say("")

    @property
    def _is_outdated(self) -> bool:
        """Whether what the worker says now is of a game that is no longer wanted."""
        return self._generation != self._asked

    def _on_started(self, event: Started) -> None:
        recovered, wanted = self._recovering, self.configs
        self._generation, self._recovering, self.step = event.generation, False, event.step
        configs = tuple(game.config for game in event.games)
        self.members = [begun(game, event.step) for game in event.games]
        if recovered:
            self.notice = self._recovered
        elif self.notice == self._delayed:
            self.notice = say("")
        self._examined, self._durations = {}, {}
        self._history, self._returning = self._returning or self._history, None
        if self._history is None or event.step == 0:
            self._history = History(len(columns(self.members)))
        else:
            self._history.cut(event.step)
        self._viewers.begin_game()
        self._frame_asked = False
        self._ask_for_frame()
        if recovered and not self._opened:  # set again what changed since the checkpoint: what the controls show is played
            with suppress(TooManyCommands, SettingError):
                self._send_changes(live_differences_of_all(configs, wanted))
                configs = wanted
        for change in self._set_since:  # the worker reads these next, right after its Start
            with suppress(SettingError):
                configs = with_live_settings(configs, [change])
        self.configs = configs  # all in one: the page reads them without the lock, and must not see a change undone

    def on_bytes(self, worker: WorkerProcess, kind: bytes, body: bytes) -> None:
        with self._lock:
            if worker is not self._worker or self.has_ended or self._is_outdated:
                return
            if kind == FRAME:
                check(body)  # browsers get none that they cannot read
                self._frame_asked = False
                self._viewers.show(body)
            elif self._history is not None:
                _, arrays = unpack(body)
                is_new = arrays["step"] > self._history.step  # of a branch, rows come that may be known from its folder
                self._history.append(arrays["step"][is_new], arrays["rows"][is_new])
                self.step = max(self.step, self._history.step)

    def on_exit(self, worker: WorkerProcess, reason: str) -> None:
        """The worker is gone without having been asked to go: continue from the last checkpoint with another."""
        with self._lock:
            if worker is not self._worker or self.has_ended:
                return
            log.warning("run %s: worker %d was lost at step %d: %s", self.id, worker.pid, self.step, reason)
            try:
                if failed := self._recovery.note_loss(self.step, reason):
                    raise Refusal(failed)
                self._recover(reason)
            except (Refusal, OSError) as failure:
                self.status = Status.FAILED
                self.reason = joined(
                    words_of(failure),
                    say("The log of the server has the details. Choose a preset or reload the page to begin again."),
                )
            self._touch()

    def _recover(self, reason: str) -> None:
        lost_at, playing = self.step, self.status is Status.RUNNING
        self._worker = self._take_worker()
        opened = self._opened
        configs = opened.link.configs if opened and not self._recovery.checkpoint else self.configs
        self._begin(configs, playing, self.speed, self._recovery.checkpoint, opened=opened)
        self._recovering = True
        self._recovered = self._recovery.notice(lost_at, reason)
        delay = self._worker.delay
        self.notice = joined(self._recovered, finished(delay)) if delay else self._recovered
        self._worker.give_to(self)

    # ------------------------------------------------------------------------------------------------------- the end

    def supervise(self, now: float, limits: Limits) -> None:
        """Replace a worker that is as good as lost, pause a run that nobody watches, and end it when nobody comes back.

        A worker given up is killed; its exit brings the run back from its checkpoint.
        """
        with self._lock:
            if self.has_ended:
                return
            away = self.unwatched_seconds(now)
            if away > limits.grace_seconds:
                self.end(say("Nobody looked at this run for a while, and it was ended."))
                return
            if away > limits.absence_seconds and self.status is Status.RUNNING:
                with suppress(TooManyCommands):
                    self._worker.send(Pause())
            if not self._worker.is_alive:
                return  # `on_exit` is about to be called
            if reason := given_up(self._worker, now, limits):
                log.warning("run %s: worker %d is given up: %s", self.id, self._worker.pid, reason)
                self._worker.kill(reason)
            elif not self.notice and (word := word_of_delay(self._worker, now)):
                self.notice = self._delayed = word
                self._touch()

    def end(self, reason: str) -> None:
        with self._lock:
            if self.status is Status.ENDED:
                return
            self.status, self.reason = Status.ENDED, finished(reason)
            self._worker.end()
            self._touch()
