"""What is known of a run: its settings, what its worker last told, and how that is told to those who look."""

from __future__ import annotations

import json
import secrets
import threading
from typing import Any

from gandash.config import GameConfig
from gandash.config.changes import distinctions
from gandash.server.members import Member, describe
from gandash.server.origin import Origin
from gandash.server.viewers import Role, Viewers
from gandash.wire.changes import mark
from gandash.wire.frame import finite
from gandash.wire.messages import (
    Change,
    Changed,
    Estimated,
    Event,
    Examined,
    Pace,
    Status,
    StatusChanged,
    VerdictChanged,
)


class RunState:
    """`configs` are the settings that the page shows: the worker follows at its next step. `config`, `changes`, `facts` and
    `verdict` are those of the first game.
    """

    def __init__(self, config: GameConfig, title: str, speed: float | None) -> None:
        self.id = secrets.token_hex(4)
        self.tokens: dict[Role, str] = {"steer": secrets.token_urlsafe(24), "watch": secrets.token_urlsafe(24)}
        self._origin = Origin(title, config, (config,))
        self.configs: tuple[GameConfig, ...] = (config,)
        self.members = [Member()]
        self._labels: tuple[str, ...] = ()  # of compared games, where their settings do not say enough
        self.status, self.reason, self.notice = Status.PAUSED, "", ""
        self.step = 0
        self.speed = speed
        self.steps_per_second = 0.0
        self.version = 0  # of everything in `describe`
        self._lock = threading.RLock()
        self._generation = 0  # of the game that viewers see
        self._durations: dict[str, float] = {}  # about how many seconds each examination takes here
        self._examined: dict[str, dict[str, Any]] = {}  # the newest of this game, by what was examined
        self._told: dict[Role, tuple[tuple[int, int], str]] = {}  # for each role: what is said at (version, step)
        self._viewers = Viewers()

    @property
    def config(self) -> GameConfig:
        return self.configs[0]

    @property
    def changes(self) -> tuple[Change, ...]:
        return self.members[0].changes

    @property
    def facts(self) -> dict[str, Any]:
        return self.members[0].facts

    @property
    def verdict(self) -> dict[str, Any]:
        return self.members[0].verdict

    @property
    def labels(self) -> tuple[str, ...]:
        """What tells compared games apart."""
        return self._labels or distinctions(self.configs)

    @property
    def has_gone(self) -> bool:
        """Ended for good: nothing is left to look at. A failed run still shows its last picture."""
        return self.status is Status.ENDED

    @property
    def has_ended(self) -> bool:
        return self.status in (Status.ENDED, Status.FAILED)

    @property
    def origin(self) -> str:
        """The title of the ready game that this run was begun as."""
        return self._origin.title

    @property
    def is_changed(self) -> bool:
        """Whether it is another game than the ready one of its title: begun with other settings, whatever the seed."""
        return self._origin.is_left

    @property
    def title(self) -> str:
        """The name of the ready game that is played; it says so where that has become another."""
        return self._origin.present_title

    @property
    def returns_to(self) -> str:
        """What `end_comparison` gives back, in a few words."""
        return self._origin.title_before

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
                **describe(self.members, self.labels, self.title),
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

    def _touch(self) -> None:
        self.version += 1
        self._viewers.wake()

    def _take(self, event: Event) -> bool:
        """What the worker tells of the present game. Whether it is news to those who look."""
        match event:
            case Pace():
                self.step, self.steps_per_second = event.step, event.steps_per_second
                return False  # twice a second, and no news: viewers see the step on every frame
            case StatusChanged(status=status, step=step, reason=reason):
                self.status, self.step, self.reason = status, step, reason
                if status is Status.DIVERGED:
                    for member in self.members:
                        if member.verdict.get("kind") != "diverged":
                            member.verdict = {"kind": "diverged", "title": "Diverged", "reason": reason, "step": step}
            case Changed(change=change, facts=facts, member=i):
                member = self.members[i]
                member.changes += (change,)
                member.marks.append(mark(change, self.configs[i]))
                member.facts = finite(facts)
            case VerdictChanged(member=i):
                self.members[i].verdict = event.model_dump(include={"kind", "title", "reason", "step"})
            case Estimated(seconds=seconds, generation=generation) if generation == self._generation:
                self._durations = seconds
            case Examined(what=what, generation=generation) if generation == self._generation:
                self._examined[what] = event.model_dump(include={"step", "done", "result", "problem"})
        return True
