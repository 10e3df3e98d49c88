"""What is kept of a run, by HTTP, for a browser that shows it: which pictures there are, one of them, the curves.

    gandash/recorded/ID                 `wire.browser.Recorded`, as JSON
    gandash/recorded/ID/pictures/STEP   the picture nearest to this step: a length in four bytes (little endian), so much JSON
                                        (`Beside`), the frame
    gandash/recorded/ID/curves          a packet of kind `history`, as the socket's

All of it is read from the run's folder, also while that is being written: a picture is in its file as soon as it is made. A run
is shown to its owner, whom the browser's cookie names, and to whoever has one of its tokens (`Authorization: Bearer`) while it
lives; to others there is no such run.
"""

from __future__ import annotations

import logging
import os
import threading
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from gandash.config.changes import distinctions
from gandash.config.setting import SettingError
from gandash.server.history import Cursor, History
from gandash.server.members import MARKS
from gandash.store.format import EVENTS, ID, MANIFEST, BrokenRun
from gandash.store.pictures import Picture, PictureIndex, Place
from gandash.store.places import is_owner, runs_home
from gandash.store.reading import StoredRun, config_after
from gandash.ui.doors import VISITOR_COOKIE
from gandash.ui.service import supervisor
from gandash.wire.browser import HistoryLabel, Recorded, RecordedGame
from gandash.wire.changes import mark
from gandash.wire.frame import pack

log = logging.getLogger("gandash.recorded")

ROOT = "/gandash/recorded"
OPEN = 64  # runs of which it is remembered where their pictures lie
BEARER = "Bearer "
NONE = "there is no such recorded run of yours"


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
        raise BrokenRun(f"{self.run.directory} has no pictures")

    def about(self) -> Recorded:
        run, last = self.run, self.run.manifest
        places = self.places()
        try:
            now = [config_after(config, changes) for config, changes in zip(run.configs, run.changes, strict=True)]
            labels = last.labels if len(last.labels) == len(now) else distinctions(now)
        except SettingError as error:
            raise BrokenRun(f"{run.directory}: a change in its log does not fit: {error}") from None
        games = []
        for label, config, changes in zip(labels, now, run.changes, strict=True):
            marks = [mark(c, config) for c in changes if c.kind == "set"][-MARKS:]
            games.append(RecordedGame(label=label, marks=tuple(marks)))
        steps = tuple(place.step for place in places)
        known = max(run.steps, *steps[-1:], 0)
        return Recorded(run=last.id, title=last.title, epoch=run.epoch, step=known, pictures=steps, games=tuple(games))

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


shelf = Shelf()


# --------------------------------------------------------------------------------------------------------------- doors


def open_for(request: Request) -> OpenRun | None:
    """The run that is asked for; None where it lives and has no folder yet. Raises BrokenRun for who may not see it, too."""
    run = request.path_params["run"]
    if not ID.fullmatch(run):
        raise BrokenRun(NONE)
    directory = runs_home() / run
    token = request.headers.get("authorization", "")
    admitted = supervisor().admit(token.removeprefix(BEARER)) if token.startswith(BEARER) else None
    is_admitted = admitted is not None and admitted[0].record == run
    if not directory.is_dir():
        if is_admitted:
            return None
        raise BrokenRun(NONE)
    found = shelf.opened(directory)
    if not (is_admitted or is_owner(found.run.manifest.owner, request.cookies.get(VISITOR_COOKIE, ""))):
        raise BrokenRun(NONE)
    return found


def _answered(answer: Callable[[Request, OpenRun | None], Response]) -> Callable[[Request], Response]:
    """Starlette calls what is no coroutine in a thread: nobody else waits for the disk."""

    def endpoint(request: Request) -> Response:
        try:
            response = answer(request, open_for(request))
        except (BrokenRun, OSError) as error:
            said = str(error)
            if said != NONE:
                log.info("%s: %s", request.url.path, error)
                said = said.replace(f"{runs_home()}{os.sep}", "")  # no path of the server's on a person's screen
            response = Response(said, 404, media_type="text/plain")
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return endpoint


@_answered
def about(request: Request, run: OpenRun | None) -> Response:
    if run is None:
        known = Recorded(run=request.path_params["run"], title="", epoch=0, step=0, pictures=(), games=())
    else:
        known = run.about()
    return JSONResponse(known.model_dump(mode="json"))


@_answered
def picture(request: Request, run: OpenRun | None) -> Response:
    if run is None:
        raise BrokenRun(f"{request.path_params['run']} has no pictures")
    wanted = request.path_params["step"]
    step, found = run.picture(wanted)
    body = len(found.beside).to_bytes(4, "little") + found.beside + found.frame
    # Under one epoch it stays the same picture: who scrubs to and fro is not sent it twice
    is_lasting = step == wanted and request.query_params.get("epoch") == str(run.run.epoch)
    headers = {"Cache-Control": "private, max-age=3600"} if is_lasting else {}
    return Response(body, media_type="application/octet-stream", headers=headers)


@_answered
def curves(request: Request, run: OpenRun | None) -> Response:
    if run is None:
        raise BrokenRun(f"{request.path_params['run']} has no curves")
    return Response(run.curves(), media_type="application/octet-stream")


routes: list[BaseRoute] = [
    Route(f"{ROOT}/{{run}}", about),
    Route(f"{ROOT}/{{run}}/pictures/{{step:int}}", picture),
    Route(f"{ROOT}/{{run}}/curves", curves),
]
