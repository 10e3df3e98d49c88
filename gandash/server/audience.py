"""Those who look on at what is presented: one viewer of the run, however many sockets.

The audience is woken as one, at a pace that many sockets can bear: a picture is encoded once by the worker, the curves once for
all who lack the same of them, and each socket is handed the same bytes. A socket that has not painted its picture is passed
over, and delays nobody.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from gandash.server.presentation import Presentation
from gandash.server.run import Run
from gandash.server.viewers import Viewer
from gandash.wire.browser import Role

FASTEST_SECONDS = 0.1  # from one picture to the next; the presenter's own view is not bound to it
SECONDS_A_SEAT = 0.0005  # the more look on, the slower: sockets may take a third of the server's one thread, no more


class Seat:
    """One socket: `viewer` says what it has of pictures and curves, `news` is set when there is something to look for."""

    def __init__(self) -> None:
        self.viewer = Viewer(Role.WATCH, lambda: None)
        self.news = asyncio.Event()
        self.pulse = 0  # the last one that it was served with
        self.told = ""  # the last step that it was told


class Audience:
    """All sockets of one presentation, in the server's one event loop."""

    def __init__(self, presentation: Presentation) -> None:
        self.presentation = presentation
        self.pulse = 0
        self.told = ""  # the step that was told last, as JSON
        self._seats: set[Seat] = set()
        self._news = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._keeping: asyncio.Task[None] | None = None

    def enter(self) -> Seat:
        seat = Seat()
        self._seats.add(seat)
        if self._keeping is None:
            self._keeping = asyncio.create_task(self._keep_pace())
        self.presentation.count(len(self._seats))
        return seat

    def leave(self, seat: Seat) -> None:
        self._seats.discard(seat)
        self.presentation.count(len(self._seats))
        if not self._seats and self._keeping is not None:
            self._keeping.cancel()
            self._keeping = None

    @property
    def is_empty(self) -> bool:
        return not self._seats

    def _wake(self) -> None:
        with suppress(RuntimeError):  # the server's loop is closing; nobody is left to wake
            self._loop.call_soon_threadsafe(self._news.set)

    async def _keep_pace(self) -> None:
        self.presentation.on_news(self._wake, True)
        run: Run | None = None
        viewer: Viewer | None = None
        try:
            while True:
                if run is not self.presentation.run:
                    if run is not None and viewer is not None:
                        run.detach(viewer)
                    run = self.presentation.run
                    viewer = run.attach(Role.WATCH, self._wake)
                self.told = viewer.told[-1] if viewer and viewer.told else self.told
                self.pulse += 1
                for seat in self._seats:
                    seat.news.set()
                await asyncio.sleep(max(FASTEST_SECONDS, SECONDS_A_SEAT * len(self._seats)))
                await self._news.wait()
                self._news.clear()
        finally:
            self.presentation.on_news(self._wake, False)
            if run is not None and viewer is not None:
                run.detach(viewer)


_audiences: dict[Presentation, Audience] = {}


def audience_of(presentation: Presentation) -> Audience:
    """The one audience of a presentation; made for the first who comes."""
    for gone in [one for one, its in _audiences.items() if its.is_empty]:
        del _audiences[gone]
    if presentation not in _audiences:
        _audiences[presentation] = Audience(presentation)
    return _audiences[presentation]
