"""A run to take away: its zip, by HTTP, for whoever may see it."""

from __future__ import annotations

import logging
import os
import re
import tempfile
from collections.abc import Iterator
from typing import IO
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from gandash.store.copying import pack
from gandash.store.format import BrokenRun
from gandash.store.places import home
from gandash.store.reading import read_manifest
from gandash.ui.own_runs import RunRefused, folder_of, in_words
from gandash.ui.whose import visitor_of
from gandash.words import speak, t
from gandash.words.languages import asked_for

log = logging.getLogger("gandash.runs")

CHUNK = 2**18
PATH = "gandash/runs/{run}.zip"


def address(run: str) -> str:
    """Relative to the page."""
    return PATH.format(run=run)


def take(request: Request) -> Response:
    """The zip, as a file with the run's name. Not a coroutine, so that Starlette calls it in a thread."""
    who = visitor_of(request.headers, request.cookies)
    try:
        folder = folder_of(who, request.path_params["run"])
        title = read_manifest(folder).title
        file = tempfile.TemporaryFile(dir=home())  # noqa: SIM115  # it has no name, and goes when it is closed, however
        pack(folder, file)
    except (RunRefused, BrokenRun, OSError) as error:
        log.info("%s: %s", request.url.path, error)
        speak(asked_for(request.headers.get("accept-language")))
        return PlainTextResponse(t("{problem}.", problem=in_words(error)), 404 if isinstance(error, RunRefused) else 503)
    plain = re.sub(r"[^\w-]+", "-", title).strip("-")[:60]
    called = f"{plain}-{folder.name}.zip" if plain else f"{folder.name}.zip"
    headers = {
        "Content-Disposition": f"attachment; filename*=utf-8''{quote(called)}",
        "Content-Length": str(file.seek(0, os.SEEK_END)),
        "Cache-Control": "no-store",
    }
    return StreamingResponse(_chunks(file), media_type="application/zip", headers=headers)


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while chunk := file.read(CHUNK):
            yield chunk


routes: list[BaseRoute] = [Route(f"/{PATH}", take)]
