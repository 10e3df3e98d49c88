"""The worker's loop: take commands, advance, tell those who look. Channels and clock are handed to it: it runs anywhere."""

from __future__ import annotations

import logging
import queue
from collections.abc import Callable
from pathlib import Path

from gandash.config.setting import SettingError
from gandash.diagnostics.verdict import Verdict
from gandash.examine.examination import FrozenGame
from gandash.game.round import Players
from gandash.store.format import BrokenRun
from gandash.wire.browser import Status, VerdictKind
from gandash.wire.messages import (
    Changed,
    Command,
    Compiling,
    End,
    Estimate,
    Examine,
    Linked,
    Pause,
    Play,
    Refused,
    Rewind,
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
    TellStep,
    Unrecorded,
)
from gandash.words import Said, finished, joined, retold, say, words_of
from gandash.worker.branching import Branched, branched
from gandash.worker.checkpoint import BrokenCheckpoint, load
from gandash.worker.examiner import Examiner
from gandash.worker.games import Games
from gandash.worker.in_force import halvings
from gandash.worker.linking import Linker
from gandash.worker.plan import Planned
from gandash.worker.publisher import PACE_SECONDS, Outbox, Publisher
from gandash.worker.recording import Recorder
from gandash.worker.restore_points import RestorePoints
from gandash.worker.share import Clocks
from gandash.worker.trajectory import PLAYERS

log = logging.getLogger("gandash.worker")

ROUNDS_SECONDS = 0.01  # of CPU time, about, between two looks at what else there is to do: so long a command may wait
PATIENCE = 16  # times as long it may take on a machine that has other work: a game of thirty on two cores is not held up
MAX_BY_HAND = 100_000  # rounds that may be waiting to be played by hand

Inbox = queue.SimpleQueue[Command | None]  # None: the other side is gone


class Loop:
    """Plays one game at a time, or several in lockstep, until told to end.

    Everything happens between rounds, on one thread: a command takes effect at the next step boundary, in order. Examinations
    alone run beside it, on copies. What goes out and when is the publisher's, what can be gone back to the restore points'.
    `before_playing` is called before rounds are played, once or more.
    """

    def __init__(self, inbox: Inbox, send: Outbox, clocks: Clocks, before_playing: Callable[[], None] = lambda: None) -> None:
        self._inbox, self._clock, self._cpu_clock = inbox, clocks.passed, clocks.cpu
        self._before_playing = before_playing
        self._publisher = Publisher(send, clocks)
        self._examiner = Examiner(self._publisher.tell)
        self._games: Games | None = None
        self._restore_points: RestorePoints  # of these games
        self._recorder: Recorder | None = None  # of these, too
        self._linker: Linker  # as well
        self._plan: Planned | None = None
        self._generation = 0
        self._status = Status.PAUSED
        self._speed: float | None = None
        self._manual: tuple[Players, int] | None = None  # rounds still to play by hand
        self._ended = False
        self._due = 0.0  # when the next round may begin
        self._at_once = 1.0  # rounds that fit into `ROUNDS_SECONDS`
        self._is_prepared = False  # for the next round of the present games

    # ------------------------------------------------------------------------------------------------------ the loop

    def run(self) -> None:
        """Play until the server says `End` or is gone; then save the last state."""
        while not self._ended:
            self._take_commands()
            if not self._ended:
                if self._games is not None:
                    self._play_what_is_due(self._games)
                self._tell_what_is_due(self._games)
        self._examiner.drop()
        if self._games is not None:
            self._send_rows(self._games, self._clock())
        self._end_recording()
        if self._games is not None and self._games.is_finite:
            self._restore_points.save(self._games, self._generation)

    def _take_commands(self) -> None:
        """Follow all waiting commands. Sleeps until there is one, a round is due, or something is to be told."""
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
                self._publisher.tell(Refused(message=words_of(error)))

    def _idle_seconds(self) -> float:
        now = self._clock()
        if self._games is None:
            return PACE_SECONDS
        if self._manual is not None:
            return 0.0
        idle = min(self._publisher.seconds_until_pace(now), self._publisher.seconds_until_frame(self._games, now))
        return min(idle, max(0.0, self._due - now)) if self._status is Status.RUNNING else idle

    def _play_what_is_due(self, games: Games) -> None:
        now = self._clock()
        if self._manual is not None:
            players, left = self._manual
            left -= self._advance(games, players, left)
            self._manual = (players, left) if left else None
        elif self._status is Status.RUNNING and now >= self._due:
            speed = self._speed_of(games)
            self._advance(games, Players.BOTH, 1 if speed else None)
            # A slow machine does not owe the rounds it missed; a fast one keeps the beat
            self._due = max(self._due + 1 / speed, now) if speed else now

    def _speed_of(self, games: Games) -> float | None:
        """Rounds a second, None for as fast as possible."""
        return None if self._plan and self._plan.is_hasty(games.step) else self._speed

    def _advance(self, games: Games, players: Players, most: int | None) -> int:
        """Play as many rounds as fit into `ROUNDS_SECONDS` and are wanted; returns how many. How rounds are divided into calls
        changes nothing of what is played.
        """
        if self._plan and players is Players.BOTH:
            players, most = self._plan.next(games, most)
        rounds = max(1, min(int(self._at_once), games.free_rounds, most or games.free_rounds))
        self._prepare(games)
        began, began_by_cpu = self._clock(), self._cpu_clock()
        games.advance(players, rounds)
        # Where the processor is shared with many, rounds one by one would leave little of this one's time for playing
        took = max(self._cpu_clock() - began_by_cpu, (self._clock() - began) / PATIENCE)
        self._at_once = rounds * ROUNDS_SECONDS / max(took, 1e-6)
        self._follow_plan(games)
        return rounds

    def _follow_plan(self, games: Games) -> None:
        """Make the changes that are planned for this step, and pause where they were to go on to."""
        if self._plan is None:
            return
        for i, change in self._plan.due(games):
            self._set(games, Set(path=change.path, value=change.new, member=i), planned=True)
        if self._status is Status.RUNNING and games.step == self._plan.until:
            self._pause(games)

    def _prepare(self, games: Games) -> None:
        """Do what the first round would wait for; where that takes half a minute, say so."""
        if self._is_prepared:
            return
        must_compile = games.must_compile
        if must_compile:
            self._publisher.tell(Compiling(generation=self._generation))
        games.prepare()
        self._is_prepared = True
        if must_compile:
            self._publisher.tell(Compiling(generation=self._generation, over=True))

    # ---------------------------------------------------------------------------------------------------- commands

    def _follow(self, command: Command) -> None:
        if isinstance(command, Start):
            self._start(command)
            return
        games = self._games
        if games is None:
            raise ValueError(say("no game has been started yet; choose a preset first"))
        match command:
            case Play():
                self._refuse_if_diverged()
                self._manual = None
                if self._status is not Status.RUNNING:
                    self._set_status(games, Status.RUNNING)
            case Pause():
                self._manual = None
                self._pause(games)
            case StepBy(players=players, n=n):
                self._pause(games)
                self._refuse_if_diverged()
                if PLAYERS[players] is not Players.BOTH:
                    self._plan = None
                # Two quick presses are two steps
                already = self._manual[1] if self._manual and self._manual[0] is PLAYERS[players] else 0
                if already + n > MAX_BY_HAND:
                    raise ValueError(
                        say(
                            "{waiting} steps by hand are waiting, and {most} may; press play instead",
                            waiting=f"{already:,}",
                            most=f"{MAX_BY_HAND:,}",
                        )
                    )
                self._manual = (PLAYERS[players], already + n)
                self._before_playing()
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
                self._publisher.want_frame()
            case ShowCloseUp():
                games.show_close_up(command)
            case TellStep(players=players, ask=ask):
                if len(games.tellers) > 1:
                    raise ValueError(say("several games are compared; open one of them alone to see its steps told"))
                self._publisher.tell(games.tellers[0].tell(self._generation, players, ask))
            case Examine(what=what, action="stop"):
                self._examiner.stop(what)
            case Examine() | Estimate():
                if len(games.trajectories) > 1:
                    raise ValueError(say("several games are compared; open one of them alone to examine it"))
                (trajectory,), (observer,) = games.trajectories, games.observers
                frozen = FrozenGame(self._generation, trajectory.config, observer.state, observer.path_history)
                if isinstance(command, Estimate):
                    self._examiner.estimate(frozen)
                elif command.action == "begin" or not self._examiner.go_on(command.what):
                    self._examiner.ask(command.what, frozen)

    def _set(self, games: Games, command: Set, planned: bool = False) -> None:
        if not planned:
            self._plan = None  # from here on it is another run
        self._send_rows(games, self._clock())  # what broke before this change is not its doing
        changed = games.set(command.path, command.value, command.member)
        self._at_once = 1.0  # rounds may be dearer now
        if self._status is not Status.DIVERGED:
            self._restore_points.settings_changed(games)
        for i, change in changed:
            facts, halved = games.observers[i].facts(), halvings(games.trajectories[i])
            told = Changed(
                generation=self._generation, member=i, change=change, facts=facts, noise_halvings=halved, planned=planned
            )
            self._publisher.tell(told)

    def _refuse_if_diverged(self) -> None:
        if self._status is Status.DIVERGED:
            raise ValueError(say("the game has diverged; go back to the last finite state or restart first"))

    def _pause(self, games: Games) -> None:
        """Pause, after sending the last rows, which may show that the game has diverged."""
        self._send_rows(games, self._clock())
        if self._plan:
            self._plan.until = 0
        if self._status is Status.RUNNING:
            self._set_status(games, Status.PAUSED)

    def _start(self, begin: Start) -> None:
        playing = self._status is Status.RUNNING if begin.playing is None else begin.playing
        begun = self._games_for(begin)
        games = begun.games
        self._end_recording()
        self._recorder = begun.recorder
        if self._recorder is None and begin.record:
            self._recorder = Recorder(begin.record.model_copy(update={"parent": None}), games, self._clock)
        self._games, self._speed = games, begin.speed
        self._linker = Linker(games, begin.preset, begin.record.id if begin.record else "")
        self._plan = Planned(begin.plan, games) if begin.plan else None
        self._restore_points = RestorePoints(games, Path(begin.directory), self._publisher.tell, self._clock)
        self._begin_generation(games, begin.generation)
        for rows in begun.rows:
            self._publisher.send_rows(rows)
        self._follow_plan(games)
        self._set_status(games, Status.RUNNING if playing else Status.PAUSED)
        if begin.branch:
            for i in games.playing:
                self._publisher.tell_verdict(games, i, games.observers[i].verdict)

    def _games_for(self, begin: Start) -> Branched:
        try:
            if begin.branch:
                self._before_playing()
                return branched(begin.branch, len(begin.configs), begin.record, self._clock)
            if begin.checkpoint:
                return Branched(Games(load(Path(begin.checkpoint))))
        except (BrokenCheckpoint, BrokenRun) as error:
            place = f"{Path(begin.branch.directory).parent}/" if begin.branch else ""
            said = retold(words_of(error), lambda text: text.replace(place, "") if place else text)
            self._publisher.tell(Refused(message=say("{problem}. The game begins again from step 0.", problem=said)))
        return Branched(Games.at_the_beginning(begin.configs, begin.engines or [None] * len(begin.configs)))

    def _rewind(self, games: Games, generation: int) -> None:
        self._send_rows(games, self._clock())
        self._restore_points.go_back(games)
        self._plan = None
        if self._recorder:
            self._recorder.rewound(games)
        self._begin_generation(games, generation)
        self._set_status(games, Status.PAUSED, reason=say("back at step {step}", step=games.step))

    def _begin_generation(self, games: Games, generation: int) -> None:
        """Say that the games begin or go on here, and have a checkpoint of it before anything can happen to it."""
        now = self._clock()
        self._generation, self._manual, self._at_once, self._due = generation, None, 1.0, now
        self._is_prepared = False
        self._examiner.drop()
        self._publisher.begin(games, generation, now)
        self._publisher.tell(
            Started(
                generation=generation,
                step=games.step,
                games=tuple(
                    StartedGame(config=t.config, changes=t.changes, facts=o.facts(), noise_halvings=halvings(t))
                    for t, o in zip(games.trajectories, games.observers, strict=True)
                ),
            )
        )
        for i in games.stopped:
            step = games.trajectories[i].step
            self._tell_diverged(games, i, say("It had diverged, and was set back to step {step}.", step=step))
        self._restore_points.save(games, generation)

    def _set_status(self, games: Games, status: Status, reason: str = "") -> None:
        if status is Status.RUNNING:
            self._before_playing()
            self._due = self._clock()
            self._publisher.plays_from(games, self._due)
            for i in games.playing:
                self._publisher.tell_verdict(games, i, games.observers[i].verdict)  # "press play" is no longer the word
        elif self._status is Status.RUNNING:
            self._publisher.show_again()  # the last picture was hurried perhaps: one more, exact
        self._status = status
        self._publisher.tell(
            StatusChanged(generation=self._generation, status=status, step=games.step, reason=finished(reason))
        )

    # ------------------------------------------------------------------------------------------------------- telling

    def _tell_what_is_due(self, games: Games | None) -> None:
        now = self._clock()
        if games is not None:
            still = self._status is not Status.RUNNING and self._manual is None
            if still or games.free_rows == 0 or self._publisher.rows.seconds_left(now) == 0:
                self._send_rows(games, now)
            if link := self._linker.news(games, still):
                self._publisher.tell(Linked(generation=self._generation, link=link))
            if self._publisher.seconds_until_frame(games, now) == 0:
                # A game that stands still, or goes one step at a time, is shown with numbers of that very step
                hurried = self._status is Status.RUNNING and self._speed_of(games) is None
                frame = self._publisher.send_frame(games, now, hurried=hurried, still=still)
                if self._recorder:
                    self._recorder.look(games, lambda: frame or self._publisher.frame(games, hurried=hurried, still=still))
                self._prepare(games)  # the first picture did not wait for it; the first round need not either
            if self._restore_points.is_due(games, now):
                self._send_rows(games, now)  # finds out whether the state is worth keeping
                if self._status is not Status.DIVERGED:
                    if self._recorder:
                        self._recorder.settle()
                    self._restore_points.save(games, self._generation)
            if self._recorder:
                self._record(self._recorder, games, still)
        if self._publisher.seconds_until_pace(now) == 0:
            self._publisher.tell_pace(games, now)

    def _record(self, recorder: Recorder, games: Games, still: bool) -> None:
        """What is recorded beside rows."""
        recorder.changed(games)
        if recorder.wants_keyframe(games, still):
            self._send_rows(games, self._clock())  # finds out whether the state is worth keeping
            recorder.keyframe(games, self._status is not Status.DIVERGED)
        recorder.look(games, lambda: self._publisher.frame(games, hurried=not still, still=still))
        self._say_recording_stopped(recorder, games)

    def _end_recording(self) -> None:
        """The run is over, or another begins."""
        if self._recorder is not None and self._games is not None:
            self._send_rows(self._games, self._clock())
            self._recorder.keyframe(self._games, self._status is not Status.DIVERGED)
            self._recorder.close()
            self._say_recording_stopped(self._recorder, self._games)
            self._recorder = None

    def _say_recording_stopped(self, recorder: Recorder, games: Games) -> None:
        if reason := recorder.news():
            log.warning("generation %d is no longer recorded: %s", self._generation, reason)
            kept = recorder.has_begun
            self._publisher.tell(
                Unrecorded(generation=self._generation, step=games.step, reason=finished(reason), is_kept=kept)
            )

    def _send_rows(self, games: Games, now: float) -> None:
        """Rows since the last time go out. They show whether the games are still finite; what rests on that follows."""
        with self._publisher.rows.doing():
            rows = games.drain()
            if self._recorder:
                self._recorder.rows(games, rows)
            self._publisher.send_rows(rows)
            if not len(rows[0].steps):
                return
            if broken := games.broken(rows):
                self._diverge(games, broken)
            if self._status is not Status.DIVERGED:
                self._publisher.renew_verdicts(games, now)
                self._restore_points.keep(games, now)

    def _diverge(self, games: Games, broken: dict[int, int]) -> None:
        """Stop the games that are no longer finite from these steps on, and with the last of them the run."""
        causes = {i: self._restore_points.cause(games, i, step) for i, step in broken.items()}
        kept = self._restore_points.to_go_back_to
        if len(broken) < len(games.playing):
            for i in broken:
                step = games.step
                games.stop(i, kept)
                if self._recorder:
                    self._recorder.stopped(games, i, step, causes[i].words)
                self._tell_diverged(games, i, causes[i].words)
            return
        self._manual = None
        first = causes[min(broken, key=lambda i: broken[i])]
        back = max(snapshot.state.step for snapshot in kept.members)
        reason = joined(first.words, say("Go back to step {step} and {advice}, or restart.", step=back, advice=first.advice))
        self._set_status(games, Status.DIVERGED, reason=reason)
        if self._recorder:
            self._recorder.diverged({i: cause.words for i, cause in causes.items()}, games.step)

    def _tell_diverged(self, games: Games, i: int, words: Said) -> None:
        still = say("It stands still; the others go on.")
        verdict = Verdict(VerdictKind.DIVERGED, say("Diverged"), joined(words, still))
        self._publisher.tell_verdict(games, i, verdict)
