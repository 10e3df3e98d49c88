"""What a browser is told of a recorded run: which pictures there are, one of them, the curves. Read from its folder."""

from __future__ import annotations

import os
import threading
from bisect import bisect_left
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path

from gandash.config.changes import distinctions
from gandash.config.setting import SettingError
from gandash.server.history import Cursor, History
from gandash.server.members import MARKS
from gandash.store.format import EVENTS, MANIFEST, BrokenRun
from gandash.store.pictures import Picture, PictureIndex, Place
from gandash.store.reading import StoredRun, config_after
from gandash.store.writing import is_being_recorded
from gandash.wire.browser import HistoryLabel, Recorded, RecordedGame
from gandash.wire.changes import mark
from gandash.wire.frame import pack
from gandash.words import say, words_of

OPEN = 64  # runs of which it is remembered where their pictures lie


class OpenRun:
    """A recorded run as it was when its log was last read, and where its pictures lie."""

    def __init__(self, directory: Path) -> None:
        self.seen = _seen(directory)
        self.run = StoredRun(directory)
        self._index = PictureIndex(directory)
        self._lock = threading.Lock()

    def places(self) -> list[Place]:
        with self._lock:
            return self.run.pictures(self._index)

    def picture(self, step: int) -> tuple[int, Picture]:
        """The nearest to a step, with its own. Raises BrokenRun."""
        for is_last_try in (False, True):
            found = nearest(self.places(), step)
            if found is None:
                break
            try:
                return found.step, self.run.picture_and_words(found)
            except BrokenRun:  # its file has just been thinned
                if is_last_try:
                    raise
        raise BrokenRun(say("{file} has no pictures", file=f"{self.run.directory}"))

    def about(self) -> Recorded:
        run, last = self.run, self.run.manifest
        places = self.places()
        try:
            now = [config_after(config, changes) for config, changes in zip(run.configs, run.changes, strict=True)]
            labels = last.labels if len(last.labels) == len(now) else distinctions(now)
        except SettingError as error:
            raise BrokenRun(
                say("{file}: a change in its log does not fit: {problem}", file=f"{run.directory}", problem=words_of(error))
            ) from None
        games = []
        for label, config, changes in zip(labels, now, run.changes, strict=True):
            marks = [mark(c, config) for c in changes if c.kind == "set"][-MARKS:]
            games.append(RecordedGame(label=label, marks=tuple(marks)))
        steps = tuple(place.step for place in places)
        known = max(run.steps, *steps[-1:], 0)
        return Recorded(
            run=last.id,
            title=last.title,
            epoch=run.epoch,
            step=known,
            pictures=steps,
            games=tuple(games),
            growing=is_being_recorded(run.directory),
            playable=not last.given,
        )

    def curves(self) -> bytes:
        patch = History.of(self.run.metrics()).patch(Cursor())
        columns = self.run.manifest.columns
        label = HistoryLabel(generation=0, columns=columns, stride=patch.stride, first=patch.first, recent_reset=True)
        return pack(label, patch.arrays)


def nearest(places: list[Place], step: int) -> Place | None:
    """The picture that is nearest to a step, of two as near the earlier; None without any."""
    at = bisect_left(places, step, key=lambda place: place.step)
    return min(places[max(0, at - 1) : at + 1], key=lambda place: abs(place.step - step), default=None)


class Shelf:
    """The runs that were asked for last, opened."""

    def __init__(self) -> None:
        self._open: OrderedDict[Path, OpenRun] = OrderedDict()
        self._lock = threading.Lock()

    def opened(self, directory: Path) -> OpenRun:
        """Raises BrokenRun."""
        with self._lock:
            found = self._open.pop(directory, None)
        if found is None or found.seen != _seen(directory):
            found = OpenRun(directory)
        with self._lock:
            self._open[directory] = found
            while len(self._open) > OPEN:
                self._open.popitem(last=False)
        return found


def _seen(directory: Path) -> tuple[tuple[int, int], ...]:
    """What changes when something is said of a run, or it is made anew."""
    found = []
    for name in (MANIFEST, EVENTS):
        with suppress(OSError):
            about = os.lstat(directory / name)
            found.append((about.st_mtime_ns, about.st_size))
    return tuple(found)
