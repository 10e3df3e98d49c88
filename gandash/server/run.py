"""A run on the server as those who look at it use it: what they may ask of it, and which game it plays next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from gandash.config import GameConfig
from gandash.config.changes import LiveChange, live_differences_of_all, restarts, with_live_settings
from gandash.config.setting import SettingError
from gandash.server.admission import Refusal, check_affordable
from gandash.server.branching import beside_parent
from gandash.server.origin import Before, Origin
from gandash.server.played import PlayedRun
from gandash.server.process import TooManyCommands
from gandash.wire.messages import (
    Command,
    Pause,
    Restart,
    Rewind,
    Set,
    Speed,
    StepBy,
    TellStep,
)
from gandash.words import Said, say, words_of


class Run(PlayedRun):
    """One game, or several that are compared. All methods may be called from any thread.

    It is a `PlayedRun`, what its worker is asked and says, and that a `RunState`, what is known of it and who looks: all that
    changes together, under one lock.
    """

    # ----------------------------------------------------------------------------------------------------- commands

    def order(self, command: Command | Restart) -> Said:
        """Follow a command; returns "" or, in words, why that is not possible."""
        with self._lock:
            try:
                self._order(command)
            except (Refusal, SettingError, TooManyCommands) as refusal:
                return words_of(refusal)
            return say("")

    def _order(self, command: Command | Restart) -> None:
        self._check_alive()
        match command:
            case TellStep():  # it changes nothing
                self._worker.send(command)
                return
            case Restart(new_seed=new_seed):
                self._recovery.reset_crashes()
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
        is_own = isinstance(command, Set | Rewind) or (isinstance(command, StepBy) and command.players != "both")
        if not isinstance(command, Pause):  # whoever acts again has seen the notice
            self.notice = self._leave_link() if is_own else say("")
        self._touch()

    def _set(self, changes: Sequence[LiveChange]) -> None:
        """Make all of these changes at one step boundary, or none of them."""
        configs = with_live_settings(self.configs, changes)
        check_affordable(configs)
        self._send_changes(changes)
        self.configs = configs
        self._set_since += changes

    def reconfigure(self, *configs: GameConfig) -> Said:
        """Go on with other settings: live ones act at the next step, any other restarts the game. "" or why not, in words.

        Raises SettingError, which names the settings, for a game that is too large.
        """
        with self._lock:
            try:
                self._check_alive()
                if len(configs) != len(self.configs) or any(map(restarts, self.configs, configs)):
                    self._recovery.reset_crashes()
                    self._begin(configs, None, self.speed)
                else:
                    self._set(live_differences_of_all(self.configs, configs))
                    self.notice = self._leave_link()
            except (Refusal, TooManyCommands) as refusal:
                return words_of(refusal)
            self._touch()
            return say("")

    def change(self, changed: Callable[[tuple[GameConfig, ...]], Sequence[GameConfig]]) -> Said:
        """`reconfigure` to what `changed` makes of the present settings, so that nobody else's change of this moment is undone.

        Passes on what `changed` and `reconfigure` raise.
        """
        with self._lock:
            return self.reconfigure(*changed(self.configs))

    def compare(self, configs: Sequence[GameConfig], labels: Sequence[str] = ()) -> Said:
        """Play these games side by side, in lockstep, from step 0. "" or why not, in words.

        `labels` name them where to tell them by their settings would be long. The game before is kept: see `end_comparison`.
        Raises SettingError, which names the settings, where one of them is too large by itself.
        """
        with self._lock:
            before = self._origin.before if len(self.configs) > 1 else self._set_aside()
            refusal = self._begin_again(lambda: self._begin(configs, None, self.speed, labels=labels))
            self._origin.before = self._origin.before if refusal else before
            return refusal

    def compare_with_parent(self) -> Said:
        """This branch beside what it left: two games in lockstep from the step where it branched off, one under the settings
        that were played there, the other under the present ones. "" or why not, in words. Raises BrokenRun.
        """
        with self._lock:
            point = self._branched
            if point is None or len(self.configs) > 1:
                return say("this game has branched off none; compare it with others instead")
            both, before = (point.configs[0], self.config), self._set_aside()

            def begin() -> None:
                labels, changes = beside_parent(*both)
                self._begin(both[:1] * 2, None, self.speed, labels=labels, origin=point.origin, branch=point)
                self._set(changes)
                self._origin.before = before

            return self._begin_again(begin)

    def _set_aside(self) -> Before:
        checkpoint = self._recovery.set_aside(self.directory)
        return Before(self.configs, self._origin.begun, self._history, checkpoint, self._record, self._branched)

    def end_comparison(self) -> Said:
        """Back to the game that was there before the comparison, where it was, paused. "" or why not, in words."""
        with self._lock:
            before = self._origin.before
            if before is None:
                return say("no game is kept from before this comparison; choose a preset")

            def begin() -> None:
                self._begin(before.configs, False, self.speed, before.checkpoint, record=before.record)
                if before.checkpoint:
                    self._recovering, self._returning, self._origin.begun = True, before.history, before.begun
                    self._branched = before.branched
                self._origin.before = None

            return self._begin_again(begin)

    def play_alone(self, member: int, ready: tuple[str, GameConfig] | None = None) -> Said:
        """One of the compared games alone, from step 0. `ready`: the title and settings of the ready game it began as, if it
        is another than the run's. "" or why not, in words."""
        with self._lock:
            config = self.configs[member]
            origin = replace(self._origin, before=None)
            origin.title, origin.config = ready or (origin.title, origin.config)
            return self._begin_again(lambda: self._begin([config], None, self.speed, origin=origin))

    def begin_anew(self, config: GameConfig, title: str, speed: float | None, changed: GameConfig | None = None) -> Said:
        """Another game in this run, from step 0, paused: what choosing a preset does. "" or why not, in words.

        `title` and `config` are the ready game's; what is played is that, or what a lesson has `changed` it to. Raises
        SettingError, which names the settings, for a game that is too large.
        """
        with self._lock:
            played = changed or config
            return self._begin_again(lambda: self._begin([played], False, speed, origin=Origin(title, config, (played,))))

    def _begin_again(self, begin: Callable[[], None]) -> Said:
        try:
            self._check_alive()
            self._recovery.reset_crashes()
            begin()
        except (Refusal, TooManyCommands) as refusal:
            return words_of(refusal)
        self._touch()
        return say("")
