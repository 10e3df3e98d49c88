"""What is kept of a run, by HTTP, for a browser that shows it: which pictures there are, one of them, the curves.

    gandash/recorded/ID                 `wire.browser.Recorded`, as JSON
    gandash/recorded/ID/pictures/STEP   the picture nearest to this step: a length in four bytes (little endian), so much JSON
                                        (`Beside`), the frame
    gandash/recorded/ID/curves          a packet of kind `history`, as the socket's
    gandash/recorded/ID/files           what the run can be taken away as; one of these by its name below that

All of it is read from the run's folder, also while that is being written: a picture is in its file as soon as it is made. A run
is shown to its owner, whom the browser's cookie names (`whose.py`), and to whoever has one of its tokens (`Authorization:
Bearer`) while it lives; its pictures and curves also to those who look on, while it is presented. To others there is no such
run.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from gandash.exporting.registry import Wanted, for_page
from gandash.server.recorded import OpenRun, Shelf
from gandash.store.format import ID, BrokenRun
from gandash.store.places import runs_home
from gandash.ui.own_runs import in_words
from gandash.ui.service import supervisor
from gandash.ui.whose import visitor_of
from gandash.wire.browser import Recorded
from gandash.words import say

log = logging.getLogger("gandash.recorded")

ROOT = "/gandash/recorded"
BEARER = "Bearer "
NONE = say("there is no such recorded run of yours")

shelf = Shelf()


# --------------------------------------------------------------------------------------------------------------- doors


def open_for(request: Request, may_look_on: bool = False) -> OpenRun | None:
    """The run that is asked for; None where it lives and has no folder yet. Raises BrokenRun for who may not see it, too.

    `may_look_on`: to be seen also by those to whom it is presented.
    """
    run = request.path_params["run"]
    if not ID.fullmatch(run):
        raise BrokenRun(NONE)
    directory = runs_home() / run
    token = request.headers.get("authorization", "")
    secret = token.removeprefix(BEARER) if token.startswith(BEARER) else ""
    admitted = supervisor().admit(secret) if secret else None
    is_admitted = admitted is not None and admitted[0].record == run
    if secret and not is_admitted and may_look_on:
        presented = supervisor().classroom.of_token(secret)
        is_admitted = presented is not None and presented.run.record == run
    if not directory.is_dir():
        if is_admitted:
            return None
        raise BrokenRun(NONE)
    found = shelf.opened(directory)
    if not (is_admitted or visitor_of(request.headers, request.cookies).may_see(found.run.manifest.owner)):
        raise BrokenRun(NONE)
    return found


def refusal(error: Exception, status: int) -> Response:
    """Why not, as a message that the browser puts in its own language; no path of the server's in it."""
    return JSONResponse(in_words(error).on_wire(), status)


def answered(answer: Callable[[Request, OpenRun | None], Response], may_look_on: bool = False) -> Callable[[Request], Response]:
    """Starlette calls what is no coroutine in a thread: nobody else waits for the disk."""

    def endpoint(request: Request) -> Response:
        try:
            response = answer(request, open_for(request, may_look_on))
        except (BrokenRun, OSError) as error:
            if str(error) != NONE:
                log.info("%s: %s", request.url.path, error)
            response = refusal(error, 404)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return endpoint


looked_at = partial(answered, may_look_on=True)


@looked_at
def about(request: Request, run: OpenRun | None) -> Response:
    if run is None:
        known = Recorded(run=request.path_params["run"], title="", epoch=0, step=0, pictures=(), games=())
    else:
        known = run.about()
    return JSONResponse(known.model_dump(mode="json"))


@looked_at
def picture(request: Request, run: OpenRun | None) -> Response:
    if run is None:
        raise BrokenRun(say("{file} has no pictures", file=request.path_params["run"]))
    wanted = request.path_params["step"]
    step, found = run.picture(wanted)
    body = len(found.beside).to_bytes(4, "little") + found.beside + found.frame
    # Under one epoch it stays the same picture: who scrubs to and fro is not sent it twice
    is_lasting = step == wanted and request.query_params.get("epoch") == str(run.run.epoch)
    headers = {"Cache-Control": "private, max-age=3600"} if is_lasting else {}
    return Response(body, media_type="application/octet-stream", headers=headers)


@looked_at
def curves(request: Request, run: OpenRun | None) -> Response:
    if run is None:
        raise BrokenRun(say("{file} has no curves", file=request.path_params["run"]))
    return Response(run.curves(), media_type="application/octet-stream")


@answered
def files(request: Request, run: OpenRun | None) -> Response:
    found = [] if run is None else [{"what": e.what, "words": e.words} for e in for_page()]
    return JSONResponse(found)


@answered
def file(request: Request, run: OpenRun | None) -> Response:
    if run is None:
        raise BrokenRun(say("{file} has no files yet", file=request.path_params["run"]))
    found = next((e for e in for_page() if e.what == request.path_params["what"]), None)
    if found is None:  # pictures are drawn where one looks at them
        raise BrokenRun(say("there is no such file of a run"))
    headers = {"Content-Disposition": f'attachment; filename="{found.what}"', "X-Content-Type-Options": "nosniff"}
    return Response(found.make(run.run, Wanted(), lambda done: None), media_type=found.media_type, headers=headers)


routes: list[BaseRoute] = [
    Route(f"{ROOT}/{{run}}", about),
    Route(f"{ROOT}/{{run}}/pictures/{{step:int}}", picture),
    Route(f"{ROOT}/{{run}}/curves", curves),
    Route(f"{ROOT}/{{run}}/files", files),
    Route(f"{ROOT}/{{run}}/files/{{what}}", file),
]
