"""The trainer's loop: take commands, step, measure, publish. Channels and clock are handed to it: it runs anywhere."""

from __future__ import annotations

import logging
import queue
from collections.abc import Callable
from pathlib import Path

import numpy as np

from gandash.config.setting import SettingError
from gandash.diagnostics.verdict import Verdict
from gandash.examine.examination import FrozenGame
from gandash.game.round import Players
from gandash.wire import browser
from gandash.wire.browser import Status, VerdictKind
from gandash.wire.frame import pack
from gandash.wire.messages import (
    EVENT,
    FRAME,
    METRICS,
    Changed,
    Command,
    End,
    Estimate,
    Event,
    Examine,
    Pace,
    Pause,
    Play,
    Refused,
    Rewind,
    Saved,
    SendFrame,
    Set,
    SetMany,
    ShowCloseUp,
    Speed,
    Start,
    Started,
    StartedGame,
    StatusChanged,
    StepBy,
    Unsaved,
    VerdictChanged,
)
from gandash.worker.cause import LONGEST_SECONDS, Cause, cause_of
from gandash.worker.checkpoint import BrokenCheckpoint, load, save
from gandash.worker.examiner import Examiner
from gandash.worker.games import Games, GamesSnapshot
from gandash.worker.trajectory import PLAYERS, Trajectory

log = logging.getLogger("gandash.worker")

ROUNDS_SECONDS = 0.01  # about, between two looks at what else there is to do: so long a command may wait
METRICS_SECONDS = 0.05  # how often rows leave for the curves
FRAME_SECONDS = 1 / 60  # no more frames than a screen shows
FRAME_SHARE = 0.1  # of the time is for pictures, the rest for the game: a dear picture comes less often
JSD_SHARE = 0.02  # of the time is for the JSD of a game that is slowed down, beside what its curves take
CHECKPOINT_SECONDS = 1.0  # a small game takes a millisecond to save; a crash costs at most this
VERDICT_SECONDS = 1.0  # how often the numbers in a verdict are renewed; another verdict is told at once
SNAPSHOT_SECONDS = 1.0  # how far apart the states are that a diverged game can go back to
PACE_SECONDS = 0.5
MAX_BY_HAND = 100_000  # rounds that may be waiting to be played by hand

Inbox = queue.SimpleQueue[Command | None]  # None: the other side is gone
Outbox = Callable[[bytes, bytes], None]


class Loop:
    """Plays one game at a time, or several in lockstep, until told to end.

    Everything happens between rounds, on one thread: a command takes effect at the next step boundary, in order. Examinations
    alone run beside it, on copies.
    """

    def __init__(self, inbox: Inbox, send: Outbox, clock: Callable[[], float]) -> None:
        self._inbox, self._send, self._clock = inbox, send, clock
        self._games: Games | None = None
        self._begin: Start | None = None
        self._status = Status.PAUSED
        self._speed: float | None = None
        self._manual: tuple[Players, int] | None = None  # rounds still to play by hand
        self._frame_wanted = False
        self._frame_revision = -1
        self._frame_due = 0.0
        self._jsd_due = 0.0
        self._ended = False
        self._due = 0.0  # when the next round may begin
        self._at_once = 1.0  # rounds that fit into `ROUNDS_SECONDS`
        self._last = dict.fromkeys(("metrics", "checkpoint", "snapshot", "pace", "verdict"), clock())
        self._saved_step = -1
        self._cannot_save = False
        self._snapshots: list[GamesSnapshot] = []
        self._known: GamesSnapshot | None = None  # the newest finite state since which no setting was changed
        self._pace = (0.0, 0)  # (time, step) when it was last told
        self._steps_per_second = 0.0
        self._untold: set[int] = set()  # the games whose verdict has changed since it was told
        self._examiner = Examiner(self._event)

    # ------------------------------------------------------------------------------------------------------ the loop

    def run(self) -> None:
        """Until the parent says `End` or vanishes; then the last state is saved."""
        while not self._ended:
            self._take_commands()
            if self._games is None:
                self._beat_without_a_game()
            elif not self._ended:
                self._play_what_is_due(self._games)
                self._publish(self._games)
        self._examiner.drop()
        if self._games is not None and self._games.is_finite:
            self._save(self._games)

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
        if self._games is None:
            return PACE_SECONDS
        if self._manual is not None:
            return 0.0
        idle = max(0.0, self._last["pace"] + PACE_SECONDS - now)
        if self._frame_pending(self._games):
            idle = min(idle, max(0.0, self._frame_due - now))
        if self._status is Status.RUNNING:
            return min(idle, max(0.0, self._due - now))
        return idle

    def _play_what_is_due(self, games: Games) -> None:
        now = self._clock()
        if self._manual is not None:
            players, left = self._manual
            left -= self._advance(games, players, left)
            self._manual = (players, left) if left else None
        elif self._status is Status.RUNNING and now >= self._due:
            self._advance(games, Players.BOTH, 1 if self._speed else None)
            # A slow machine does not owe the rounds it missed; a fast one keeps the beat
            self._due = max(self._due + 1 / self._speed, now) if self._speed else now

    def _advance(self, games: Games, players: Players, most: int | None) -> int:
        """As many rounds as fit, and are wanted; how many. Their number changes nothing of what is played."""
        rounds = max(1, min(int(self._at_once), games.free_rounds, most or games.free_rounds))
        began = self._clock()
        games.advance(players, rounds)
        self._at_once = rounds * ROUNDS_SECONDS / max(self._clock() - began, 1e-6)
        return rounds

    # ---------------------------------------------------------------------------------------------------- commands

    def _follow(self, command: Command) -> None:
        if isinstance(command, Start):
            self._start(command)
            return
        games = self._games
        if games is None or self._begin is None:
            raise ValueError("no game has been started yet; choose a preset first")
        match command:
            case Play():
                self._refuse_if_diverged()
                self._manual = None
                if self._status is not Status.RUNNING:
                    self._set_status(Status.RUNNING)
            case Pause():
                self._manual = None
                self._pause(games)
            case StepBy(players=players, n=n):
                self._pause(games)
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
                self._set(games, command)
            case SetMany(changes=changes):
                for change in changes:
                    self._set(games, change)
            case Rewind(generation=generation):
                self._rewind(games, generation)
            case SendFrame():
                self._frame_wanted = True
            case ShowCloseUp():
                games.show_close_up(command)
            case Examine(what=what, action="stop"):
                self._examiner.stop(what)
            case Examine() | Estimate():
                if len(games.trajectories) > 1:
                    raise ValueError("several games are compared; open one of them alone to examine it")
                (trajectory,), (observer,) = games.trajectories, games.observers
                frozen = FrozenGame(self._begin.generation, trajectory.config, observer.state, observer.path_history)
                if isinstance(command, Estimate):
                    self._examiner.estimate(frozen)
                elif command.action == "begin" or not self._examiner.go_on(command.what):
                    self._examiner.ask(command.what, frozen)

    def _set(self, games: Games, command: Set) -> None:
        assert self._begin is not None
        self._publish_metrics(games, self._clock())  # what broke before this change is not its doing
        changed = games.set(command.path, command.value, command.member)
        self._at_once = 1.0  # rounds may be dearer now
        if self._status is not Status.DIVERGED:
            self._known = games.snapshot()
        for i, change in changed:
            facts = games.observers[i].facts()
            self._event(Changed(generation=self._begin.generation, member=i, change=change, facts=facts))

    def _refuse_if_diverged(self) -> None:
        if self._status is Status.DIVERGED:
            raise ValueError("the game has diverged; go back to the last finite state or restart first")

    def _pause(self, games: Games) -> None:
        """Stand still; the last rows go out first, and may show that the game has diverged."""
        self._publish_metrics(games, self._clock())
        if self._status is Status.RUNNING:
            self._set_status(Status.PAUSED)

    def _start(self, begin: Start) -> None:
        playing = self._status is Status.RUNNING if begin.playing is None else begin.playing
        self._adopt(self._games_for(begin), begin)
        self._set_status(Status.RUNNING if playing else Status.PAUSED)

    def _games_for(self, begin: Start) -> Games:
        if begin.checkpoint:
            try:
                return Games(load(Path(begin.checkpoint)))
            except BrokenCheckpoint as error:
                self._event(Refused(message=f"{error}. The game begins again from step 0."))
        return Games.of(begin.configs)

    def _adopt(self, games: Games, begin: Start) -> None:
        now = self._clock()
        self._games, self._begin, self._speed = games, begin, begin.speed
        self._manual, self._at_once = None, 1.0
        self._frame_revision = -1
        self._due = now
        self._last = dict.fromkeys(self._last, now)
        self._frame_due = now
        self._pace, self._steps_per_second = (now, games.step), 0.0
        self._snapshots = [games.snapshot()]
        self._known = self._snapshots[0]
        self._announce(games)

    def _announce(self, games: Games) -> None:
        """Another generation begins here: say so, and have a checkpoint of it before anything can happen to it."""
        assert self._begin is not None
        self._examiner.drop()
        self._event(
            Started(
                generation=self._begin.generation,
                step=games.step,
                games=tuple(
                    StartedGame(config=t.config, changes=t.changes, facts=o.facts())
                    for t, o in zip(games.trajectories, games.observers, strict=True)
                ),
            )
        )
        for i in games.stopped:
            self._tell_diverged(i, f"It had diverged, and was set back to step {games.trajectories[i].step}.")
        self._untold.clear()
        self._save(games)

    def _rewind(self, games: Games, generation: int) -> None:
        assert self._begin is not None
        self._publish_metrics(games, self._clock())
        # Not the newest finite state, which is on the brink, but one about a second or two before
        kept = self._snapshots[0]
        self._snapshots = [kept]
        self._known = kept
        games.restore(kept)
        self._begin = self._begin.model_copy(update={"generation": generation})
        self._frame_revision = -1
        self._manual = None
        self._announce(games)
        self._set_status(Status.PAUSED, reason=f"back at step {games.step}")

    # -------------------------------------------------------------------------------------------------- publishing

    def _publish(self, games: Games) -> None:
        now = self._clock()
        still = self._status is not Status.RUNNING and self._manual is None
        if still or games.free_rows == 0 or self._is_time("metrics", METRICS_SECONDS, now):
            self._publish_metrics(games, now)
        if self._frame_pending(games) and now >= self._frame_due:
            self._frame_wanted, self._frame_revision = False, games.revision
            assert self._begin is not None
            # A game that stands still, or goes one step at a time, is shown with numbers of that very step
            hurried = self._status is Status.RUNNING and self._speed is None
            self._send(FRAME, games.picture(self._begin.generation, self._steps_per_second, hurried, still))
            self._frame_due = now + max(FRAME_SECONDS, (self._clock() - now) / FRAME_SHARE)
            games.prepare()  # the first picture did not wait for it; the first round need not either
            if not (hurried or still) and now >= self._jsd_due:  # for the pictures to come: this one shall not wait for it
                began = self._clock()
                games.read_jsd()
                self._jsd_due = began + (self._clock() - began) / JSD_SHARE
        if self._is_time("checkpoint", CHECKPOINT_SECONDS, now) and games.step != self._saved_step:
            self._publish_metrics(games, now)  # finds out whether the state is worth keeping
            if self._status is not Status.DIVERGED:
                self._save(games)
        if self._is_time("pace", PACE_SECONDS, now):
            self._beat(games, now)

    def _is_time(self, duty: str, seconds: float, now: float) -> bool:
        return now >= self._last[duty] + seconds

    def _frame_pending(self, games: Games) -> bool:
        return self._frame_wanted and games.revision != self._frame_revision

    def _publish_metrics(self, games: Games, now: float) -> None:
        self._last["metrics"] = now
        rows = games.drain()
        steps = rows[0].steps
        if not len(steps):
            return
        assert self._begin is not None
        table = np.concatenate([own.values for own in rows], axis=1)
        self._send(METRICS, pack({"kind": "metrics", "generation": self._begin.generation}, {"step": steps, "rows": table}))
        broken = {}
        for i in games.playing:
            trajectory = games.trajectories[i]
            bad = steps[~np.isfinite(rows[i].values[:, :2]).all(axis=1)]  # both losses
            if len(bad) or not trajectory.is_finite():
                broken[i] = int(bad[0]) if len(bad) else trajectory.step
        if broken:
            self._diverge(games, broken)
        if self._status is not Status.DIVERGED:
            self._renew_verdicts(games, now)
            if self._is_time("snapshot", SNAPSHOT_SECONDS, now):
                self._last["snapshot"] = now
                self._known = games.snapshot()
                self._snapshots = [*self._snapshots[-1:], self._known]

    def _renew_verdicts(self, games: Games, now: float) -> None:
        """Renew the verdicts; another one is told at once, other numbers in the same when it is time."""
        told = self._is_time("verdict", VERDICT_SECONDS, now)
        for i in games.playing:
            observer = games.observers[i]
            kind = observer.verdict.kind
            if observer.renew_verdict():
                self._untold.add(i)
            if i in self._untold and (observer.verdict.kind != kind or told):
                self._last["verdict"] = now
                self._tell_verdict(i, observer.verdict)

    def _tell_verdict(self, i: int, verdict: Verdict) -> None:
        assert self._begin is not None and self._games is not None
        self._untold.discard(i)
        told = browser.Verdict(kind=verdict.kind, title=verdict.title, reason=verdict.reason, step=self._games.step)
        self._event(VerdictChanged(generation=self._begin.generation, member=i, verdict=told))

    def _diverge(self, games: Games, broken: dict[int, int]) -> None:
        """Games whose numbers are no longer finite, and from which step on: they stop, and with the last of them the run."""
        causes = {i: self._cause(games.trajectories[i], i, step) for i, step in broken.items()}
        if len(broken) < len(games.playing):
            for i in broken:
                games.stop(i, self._snapshots[0])
                self._tell_diverged(i, causes[i].words)
            return
        self._manual = None
        first = causes[min(broken, key=lambda i: broken[i])]
        back = self._step_of(self._snapshots[0])
        reason = f"{first.words} Go back to step {back} and {first.advice}, or restart."
        self._set_status(Status.DIVERGED, reason=reason)

    def _cause(self, trajectory: Trajectory, i: int, step: int) -> Cause:
        assert self._known is not None
        until = self._clock() + LONGEST_SECONDS
        return cause_of(self._known.members[i], trajectory.changes, trajectory.config, step, lambda: self._clock() > until)

    @staticmethod
    def _step_of(kept: GamesSnapshot) -> int:
        return max(snapshot.state.step for snapshot in kept.members)

    def _tell_diverged(self, i: int, words: str) -> None:
        self._tell_verdict(i, Verdict(VerdictKind.DIVERGED, "Diverged", f"{words} It stands still; the others go on."))

    def _beat_without_a_game(self) -> None:
        """To wait is not to be stuck: a spare worker may have nothing to do for hours."""
        now = self._clock()
        if self._is_time("pace", PACE_SECONDS, now):
            self._last["pace"] = now
            self._event(Pace())

    def _beat(self, games: Games, now: float) -> None:
        assert self._begin is not None
        since, step = self._pace
        if now > since:
            self._steps_per_second = (games.step - step) / (now - since)
        self._pace = (now, games.step)
        self._last["pace"] = now
        self._event(Pace(generation=self._begin.generation, step=games.step, steps_per_second=self._steps_per_second))

    def _save(self, games: Games) -> None:
        assert self._begin is not None
        path = Path(self._begin.directory) / "checkpoint.safetensors"
        self._last["checkpoint"] = self._clock()
        try:
            save(path, games.trajectories)
        except OSError as error:  # a full disk must not end the show; the checkpoint before stays
            if not self._cannot_save:  # once: the next attempt is a second away
                self._cannot_save = True
                log.warning("no checkpoint at step %d: %s", games.step, error)
                reason = error.strerror or str(error).split(": ")[-1]  # no path of the server's on a person's screen
                self._event(Unsaved(generation=self._begin.generation, step=games.step, reason=reason))
            return
        self._saved_step, self._cannot_save = games.step, False
        self._event(Saved(generation=self._begin.generation, step=games.step, path=str(path)))

    def _set_status(self, status: Status, reason: str = "") -> None:
        assert self._begin is not None and self._games is not None
        if status is Status.RUNNING:
            self._due = self._clock()
            self._pace = (self._due, self._games.step)
            for i in self._games.playing:
                self._tell_verdict(i, self._games.observers[i].verdict)  # "press play" is no longer the word
        elif self._status is Status.RUNNING:
            self._frame_revision = -1  # the last picture was hurried perhaps: one more, exact
        self._status = status
        self._event(StatusChanged(generation=self._begin.generation, status=status, step=self._games.step, reason=reason))

    def _event(self, event: Event) -> None:
        self._send(EVENT, event.model_dump_json().encode())
