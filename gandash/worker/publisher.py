"""What leaves the worker for those who look: rows for the curves, frames, verdicts and the pace, each when it is time."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from gandash.diagnostics.verdict import Verdict
from gandash.wire import browser
from gandash.wire.frame import pack
from gandash.wire.messages import EVENT, FRAME, METRICS, Event, Pace, VerdictChanged
from gandash.worker.games import Games
from gandash.worker.observer import Rows
from gandash.worker.share import Clocks, Share

METRICS_SECONDS = 0.05  # how often rows leave for the curves
METRICS_SHARE = 0.03  # of the time goes into that at most
MOST_METRICS_SECONDS = 1.0  # whatever it takes
FRAME_SECONDS = 1 / 60  # no more frames than a screen shows
FRAME_SHARE = 0.1  # of the time is for pictures, the rest for the game: a dear picture comes less often
CROWDED = 0.5  # of a processor, or less: so little the worker gets where thirty share two
CROWDED_SECONDS, CROWDED_SHARE = 0.4, 1 / 3  # so often a run shall be seen to move there, if that takes a third of it at most
JSD_SHARE = 0.02  # of the time is for the JSD of a game that is slowed down, beside what its curves take
VERDICT_SECONDS = 1.0  # how often the numbers in a verdict are renewed; another verdict is told at once
PACE_SECONDS = 0.5

Outbox = Callable[[bytes, bytes], None]


class Publisher:
    """Tells of one generation of games at a time. It changes nothing of what is played; all but `tell` on the loop's thread."""

    def __init__(self, send: Outbox, clocks: Clocks) -> None:
        self._send, self._clocks = send, clocks
        self._generation = 0
        self._verdict_told = self._pace_told = clocks.passed()
        self._pace_step = 0  # at which the pace was told last
        self._steps_per_second = 0.0
        self._frame_wanted = False
        self._shown_revision = -1
        self._shown, self._shown_by_cpu = clocks.passed(), clocks.cpu()  # when a frame went out last
        self._share_for_all()
        self._untold: set[int] = set()  # the games whose verdict has changed since it was told

    def begin(self, games: Games, generation: int, now: float) -> None:
        """Tell of these games from here on. A frame that was wanted of the ones before is wanted of these."""
        self._generation = generation
        self._share_for_all()
        self._verdict_told = now
        self._steps_per_second = 0.0
        self._untold.clear()
        self.plays_from(games, now)
        self._pace_told = now
        self.show_again()

    def _share_for_all(self) -> None:
        self.rows = Share(METRICS_SHARE, METRICS_SECONDS, self._clocks, longest=MOST_METRICS_SECONDS)
        self._frame = Share(FRAME_SHARE, FRAME_SECONDS, self._clocks)
        self._crowded = Share(CROWDED_SHARE, CROWDED_SECONDS, self._clocks)
        self._crowded_but_measured = Share(CROWDED_SHARE, CROWDED_SECONDS / 2, self._clocks)
        self._jsd = Share(JSD_SHARE, 0.0, self._clocks)

    def tell(self, event: Event) -> None:
        """From any thread."""
        self._send(EVENT, event.model_dump_json().encode())

    # ---------------------------------------------------------------------------------------------------------- rows

    def send_rows(self, rows: Sequence[Rows]) -> None:
        """The games' rows of the same steps, as one table with the games side by side."""
        steps = rows[0].steps
        if len(steps):
            table = np.concatenate([own.values for own in rows], axis=1)
            self._send(METRICS, pack({"kind": "metrics", "generation": self._generation}, {"step": steps, "rows": table}))

    # -------------------------------------------------------------------------------------------------------- frames

    def want_frame(self) -> None:
        """Somebody waits for a frame: it goes out as soon as there is something new to show, and it is time."""
        self._frame_wanted = True

    def show_again(self) -> None:
        """The next frame that is wanted goes out even if nothing has moved since the last one."""
        self._shown_revision = -1

    def seconds_until_frame(self, games: Games, now: float) -> float:
        """Until a frame must go out; inf where none is wanted, or there is nothing new to show."""
        pending = self._frame_wanted and games.revision != self._shown_revision
        if not pending:
            return math.inf
        left = self._frame.seconds_left(now)
        if left == 0 or not self._is_crowded(now):
            return left
        # A step that the curves have just measured is shown almost for nothing: the last picture need not be as old
        crowded = self._crowded_but_measured if games.is_measured else self._crowded
        return min(left, crowded.seconds_left(now))

    def _is_crowded(self, now: float) -> bool:
        """Whether this thread has got so little of a processor since the last frame that others must share it."""
        return self._clocks.cpu() - self._shown_by_cpu <= CROWDED * (now - self._shown)

    def frame(self, games: Games, *, hurried: bool, still: bool, crowded: bool = False) -> bytes:
        """A frame, with numbers of a few steps before where the game is `hurried`, and more kinds of game if `crowded` as well;
        `still`: it stands at this step."""
        return games.picture(self._generation, self._steps_per_second, hurried, still, crowded)

    def send_frame(self, games: Games, now: float, *, hurried: bool, still: bool) -> bytes | None:
        """A frame goes out; the same bytes, where they are what `frame` gives anybody."""
        crowded = hurried and self._is_crowded(now) and not games.is_measured
        self._frame_wanted, self._shown_revision = False, games.revision
        self._shown, self._shown_by_cpu = now, self._clocks.cpu()
        with self._frame.doing(), self._crowded.doing(), self._crowded_but_measured.doing():
            frame = self.frame(games, hurried=hurried, still=still, crowded=crowded)
            self._send(FRAME, frame)
        if not (hurried or still) and self._jsd.seconds_left(now) == 0:
            with self._jsd.doing():  # for the pictures to come: this one shall not wait for it
                games.read_jsd()
        return None if crowded else frame

    # ------------------------------------------------------------------------------------------------------ verdicts

    def renew_verdicts(self, games: Games, now: float) -> None:
        """Renew the verdicts; another one is told at once, other numbers in the same when it is time."""
        is_time = now >= self._verdict_told + VERDICT_SECONDS
        for i in games.playing:
            observer = games.observers[i]
            kind = observer.verdict.kind
            if observer.renew_verdict():
                self._untold.add(i)
            if i in self._untold and (observer.verdict.kind != kind or is_time):
                self._verdict_told = now
                self.tell_verdict(games, i, observer.verdict)

    def tell_verdict(self, games: Games, i: int, verdict: Verdict) -> None:
        self._untold.discard(i)
        told = browser.Verdict(kind=verdict.kind, title=verdict.title, reason=verdict.reason, step=games.step)
        self.tell(VerdictChanged(generation=self._generation, member=i, verdict=told))

    # ---------------------------------------------------------------------------------------------------------- pace

    def seconds_until_pace(self, now: float) -> float:
        return max(0.0, self._pace_told + PACE_SECONDS - now)

    def plays_from(self, games: Games, now: float) -> None:
        """Before, the games stood still: neither steps nor time count."""
        self._measure_pace_from(games, now)
        self._shown, self._shown_by_cpu = now, self._clocks.cpu()

    def _measure_pace_from(self, games: Games, now: float) -> None:
        self._pace_began, self._pace_step = now, games.step

    def tell_pace(self, games: Games | None, now: float) -> None:
        """How fast the games go. Without games it says only that the worker waits: a spare may do so for hours."""
        self._pace_told = now
        if games is None:
            self.tell(Pace())
            return
        if now > self._pace_began:
            self._steps_per_second = (games.step - self._pace_step) / (now - self._pace_began)
        self._measure_pace_from(games, now)
        self.tell(Pace(generation=self._generation, step=games.step, steps_per_second=self._steps_per_second))
