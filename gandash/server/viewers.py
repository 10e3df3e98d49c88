"""The people who look at a run: since when nobody does, and what each of them has yet to be sent."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence

from gandash.server.history import Cursor, History
from gandash.server.members import Member, columns
from gandash.wire.browser import HistoryLabel, Role
from gandash.wire.frame import pack
from gandash.words import Said

EXPECTED_SECONDS = 30.0  # how long a run waits for the page that it was promised to


class Viewer:
    """One live view of a run. `wake` is called, from any thread, when there may be something new for it."""

    def __init__(self, role: Role, wake: Callable[[], None]) -> None:
        self.role, self.wake = role, wake
        self.ready = True  # it has painted what it was sent
        self.frame_seen = -1
        self.cursor = Cursor()
        self.generation_seen = -1
        self.refusals: deque[str] = deque(maxlen=5)  # words still to be said; the newest matter
        self.told: deque[str] = deque(maxlen=2)  # steps still to be told, as JSON


class Viewers:
    """All viewers of one run, and the newest frame for them. Not safe by itself: the run's lock is held around every call."""

    def __init__(self) -> None:
        self._open: set[Viewer] = set()
        self.absent_since: float | None = time.monotonic()  # None while somebody looks
        self.expected_until = time.monotonic() + EXPECTED_SECONDS
        self.frame = b""
        self.frame_number = 0
        self._patches: dict[tuple[int, Cursor], tuple[Cursor, bytes]] = {}  # made since the newest frame, by what was lacking

    def __iter__(self) -> Iterator[Viewer]:
        return iter(self._open)

    def __len__(self) -> int:
        return len(self._open)

    def attach(self, role: Role, wake: Callable[[], None]) -> Viewer:
        viewer = Viewer(role, wake)
        self._open.add(viewer)
        self.absent_since, self.expected_until = None, 0.0
        return viewer

    def detach(self, viewer: Viewer) -> None:
        self._open.discard(viewer)
        if not self._open:
            self.absent_since = time.monotonic()

    def expect_another(self) -> None:
        """A page is about to show this run: the time of absence begins again."""
        if self.absent_since is not None:
            self.absent_since = time.monotonic()
            self.expected_until = self.absent_since + EXPECTED_SECONDS

    def wake(self) -> None:
        for viewer in self._open:
            viewer.wake()

    def refuse(self, message: Said) -> None:
        """Words for all of them: a command that the worker could not follow."""
        for viewer in self._open:
            viewer.refusals.append(message)

    def tell(self, step: str) -> None:
        """A step, as JSON, for all of them: whoever asked, who watches sees it too."""
        for viewer in self._open:
            viewer.told.append(step)

    def begin_game(self) -> None:
        """The frame is of a game that is over, and so is whatever was still to be painted."""
        self.frame = b""
        self._patches.clear()
        for viewer in self._open:
            viewer.ready = True

    def show(self, frame: bytes) -> None:
        """A new frame, which wakes those who have painted the one before."""
        self.frame = frame
        self.frame_number += 1
        self._patches.clear()
        for viewer in self._open:
            if viewer.ready:
                viewer.wake()

    def next_packets(self, viewer: Viewer, history: History | None, generation: int, members: Sequence[Member]) -> list[bytes]:
        """The curves that this viewer lacks and the newest frame; nothing where it has that one, or there is none."""
        if viewer.frame_seen == self.frame_number or not self.frame:
            return []
        packets = []
        if history is not None:
            if viewer.generation_seen != generation:
                viewer.generation_seen, viewer.cursor = generation, Cursor()
            viewer.cursor, packet = self._patch(viewer.cursor, history, generation, members)
            packets.append(packet)
        packets.append(self.frame)
        viewer.frame_seen, viewer.ready = self.frame_number, False
        return packets

    def _patch(self, lacking: Cursor, history: History, generation: int, members: Sequence[Member]) -> tuple[Cursor, bytes]:
        """The curves from `lacking` on, packed once for all who lack the same of them, and how far they go."""
        known = self._patches.get((generation, lacking))
        if known is None:
            patch = history.patch(lacking)
            label = HistoryLabel(
                generation=generation,
                columns=columns(members),
                stride=patch.stride,
                first=patch.first,
                recent_reset=patch.fresh,
            )
            known = self._patches[generation, lacking] = patch.cursor, pack(label, patch.arrays)
        return known
