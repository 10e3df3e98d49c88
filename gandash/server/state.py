"""What is known of a run: its settings, what its worker last told, who looks, and how it is told to them."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable

from gandash.config import GameConfig
from gandash.config.changes import distinctions
from gandash.server.members import Member, described
from gandash.server.origin import BranchPoint, Origin
from gandash.server.viewers import Viewer, Viewers
from gandash.wire import browser
from gandash.wire.browser import LinkParts, Role, Status, Verdict, VerdictKind
from gandash.wire.changes import mark
from gandash.wire.facts import Facts
from gandash.wire.findings import Examinable, Finding
from gandash.wire.messages import (
    Change,
    Changed,
    Estimated,
    Event,
    Examined,
    Linked,
    Pace,
    Recording,
    StatusChanged,
    VerdictChanged,
)
from gandash.words import say


class RunState:
    """`configs` are the settings that the page shows: the worker follows at its next step. `config`, `changes`, `facts` and
    `verdict` are those of the first game.
    """

    def __init__(self, config: GameConfig, title: str, speed: float | None) -> None:
        self.id = secrets.token_hex(4)
        self.tokens = {role: secrets.token_urlsafe(24) for role in Role}
        self._origin = Origin(title, config, (config,))
        self.configs: tuple[GameConfig, ...] = (config,)
        self.members: list[Member] = []  # from when the first games have begun
        self._labels: tuple[str, ...] = ()  # names given to compared games, where to tell them by their settings would be long
        self.status = Status.PAUSED
        self.reason = self.notice = say("")
        self.step = 0
        self.speed = speed
        self.steps_per_second = 0.0
        self.version = 0  # grows with every change of what `describe` says
        self._lock = threading.RLock()
        self._generation = 0  # of the game that viewers see
        self._durations: dict[Examinable, float] = {}  # about how many seconds each examination takes here
        self._examined: dict[Examinable, Finding] = {}  # the newest of this game, by what was examined
        self.link: LinkParts | None = None
        self.followed = 0
        self._told: dict[Role, tuple[tuple[int, int], str]] = {}  # for each role, the text made at (version, step)
        self._viewers = Viewers()
        self._record: Recording | None = None  # of the game that is played
        self._branched: BranchPoint | None = None

    @property
    def record(self) -> str:
        """The id under which the game that is played is recorded; "" where it is not, and before it has played."""
        return self._record.id if self._record is not None else ""

    @property
    def branched(self) -> BranchPoint | None:
        """Where the game that is played branched off another run; None where it began at step 0."""
        return self._branched

    @property
    def config(self) -> GameConfig:
        return self.configs[0]

    @property
    def changes(self) -> tuple[Change, ...]:
        return self.members[0].changes if self.members else ()

    @property
    def facts(self) -> Facts | None:
        return self.members[0].facts if self.members else None

    @property
    def verdict(self) -> Verdict | None:
        return self.members[0].verdict if self.members else None

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
        """Whether the game began with other settings than the ready game of its title; another seed does not count."""
        return self._origin.is_left

    @property
    def title(self) -> str:
        """The name of the ready game, and in brackets whether it is changed or compared."""
        return self._origin.present_title

    @property
    def returns_to(self) -> str:
        """The title of the game that `end_comparison` gives back, "" where there is none."""
        return self._origin.title_before

    def describe(self, role: Role) -> browser.RunState:
        """The whole state of the run, without pictures and curves."""
        with self._lock:
            return browser.RunState(
                role=role,
                generation=self._generation,
                status=self.status,
                reason=self.reason,
                notice=self.notice,
                step=self.step,
                speed=self.speed,
                examined=self._examined,
                durations=self._durations,
                games=described(self.members, self.labels),
                record=self.record,
                link=self.link,
                followed=self.followed,
            )

    def state(self, role: Role) -> tuple[int, str]:
        """The version, and `describe` as JSON: made once, however many look."""
        with self._lock:
            now = self.version, self.step
            made_at, text = self._told.get(role, (None, ""))
            if made_at != now:
                text = self.describe(role).model_dump_json()
                self._told[role] = now, text
            return self.version, text

    # ------------------------------------------------------------------------------------------------------ who looks

    def attach(self, role: Role, wake: Callable[[], None]) -> Viewer:
        with self._lock:
            return self._viewers.attach(role, wake)

    def detach(self, viewer: Viewer) -> None:
        with self._lock:
            self._viewers.detach(viewer)

    @property
    def is_steered(self) -> bool:
        """Whether somebody looks who may steer."""
        with self._lock:
            return any(viewer.role is Role.STEER for viewer in self._viewers)

    def wake(self) -> None:
        """There is news for who looks, beside the run itself."""
        with self._lock:
            self._viewers.wake()

    def expect_viewer(self) -> None:
        """Begin the grace time anew: a page is about to show this run, which must not end while the page loads."""
        with self._lock:
            self._viewers.expect_another()

    def is_expected(self, now: float) -> bool:
        """Whether it was promised to a page that may still be loading."""
        with self._lock:
            return now < self._viewers.expected_until

    def unwatched_seconds(self, now: float) -> float:
        """How long nobody has been looking; 0 while somebody is."""
        with self._lock:
            since = self._viewers.absent_since
            return 0.0 if since is None else now - since

    # ------------------------------------------------------------------------------------------------- what has changed

    def _touch(self) -> None:
        self.version += 1
        self._viewers.wake()

    def _take(self, event: Event) -> bool:
        """What the worker tells of the present game. Whether it is news to those who look."""
        match event:
            case Pace():
                self.step, self.steps_per_second = event.step, event.steps_per_second
                return False  # it comes twice a second and is no news: viewers see the step on every frame
            case StatusChanged(status=status, step=step, reason=reason):
                self.status, self.step, self.reason = status, step, reason
                if status is Status.DIVERGED:
                    for member in self.members:
                        if member.verdict.kind is not VerdictKind.DIVERGED:
                            member.verdict = Verdict(kind=VerdictKind.DIVERGED, title=say("Diverged"), reason=reason, step=step)
            case Changed(change=change, member=i):
                member = self.members[i]
                member.changes += (change,)
                member.marks.append(mark(change, self.configs[i]))
                member.facts, member.noise_halvings = event.facts, event.noise_halvings
            case Linked(link=link):
                self.link = link
            case VerdictChanged(member=i, verdict=verdict):
                self.members[i].verdict = verdict
            case Estimated(seconds=seconds, generation=generation) if generation == self._generation:
                self._durations = seconds
            case Examined(what=what, generation=generation) if generation == self._generation:
                self._examined[what] = event.finding
        return True
