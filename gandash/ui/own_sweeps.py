"""The one host of sweeps of this server process, and what a visitor may do with theirs; their games and files by HTTP.

    gandash/sweeps/ID               what the map is drawn by, as JSON (`gandash.sweeps.hosting.described`)
    gandash/sweeps/ID/cells/N       the games that have come, from the N-th on: a packet (`Hosted.packet`)
    gandash/sweeps/ID/edges/PANE    the boundary of stability, where theory knows it, as JSON
    gandash/sweeps/ID/games/CELL    the link by which the lab plays this very game
    gandash/sweeps/ID/files/NAME    sweep.csv, sweep.parquet, sweep.html
    gandash/sweeps/ID/stop, go-on   what is done to it, by POST

A browser asks for what has come since, some times a second while it looks; no script is run for that. A sweep is shown to
whoever has begun it, by the cookie, and at the machine itself all are; to others there is no such sweep. That another page
cannot press our buttons is by the cookie, too, which browsers keep from it, and by its Origin (`whose.is_at_home`).
A refusal is a message, as JSON.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from functools import partial
from html import escape

import pyarrow.csv
import pyarrow.parquet
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from gandash.config.setting import SettingError
from gandash.server.supervisor import Unavailable
from gandash.sweeps.cells import Cells
from gandash.sweeps.diagram import draw
from gandash.sweeps.hosting import Host, Hosted, SweepRefused, called, described
from gandash.sweeps.sweeping import cores
from gandash.ui.service import supervisor
from gandash.ui.whose import Visitor, visitor_of
from gandash.words import Said, best, say, speak, speaking, tag, words_of
from gandash.words.languages import asked_for

ROOT = "/gandash/sweeps"
NONE = say("There is no such sweep of yours.")

_all: list[Host] = []
_making = threading.Lock()


def host() -> Host:
    """Made when it is first asked for. It leaves a core to the runs that somebody looks at, where there are several."""
    with _making:
        if not _all:
            _all.append(Host(max(1, cores() - 1), lambda: supervisor().seat()))
        return _all[0]


def close() -> None:
    """End what is played; what is on disk is kept."""
    with _making:
        while _all:
            _all.pop().close()


def of(who: Visitor, name: str) -> Hosted:
    """Raises SweepRefused where there is none, or it is not this visitor's."""
    found = host().find(name)
    if found is None or not who.may_see(found.about.owner):
        raise SweepRefused(NONE)
    return found


def own(who: Visitor) -> list[Hosted]:
    """The newest first."""
    return host().listed(who.may_see)


def refused(act: Callable[[], object]) -> Said | None:
    """Does it; None or, in words, why not."""
    try:
        act()
    except (SweepRefused, SettingError, Unavailable) as error:
        return words_of(error)
    return None


# ------------------------------------------------------------------------------------------------------------------ HTTP


def answered(answer: Callable[[Request, Hosted], Response]) -> Callable[[Request], Response]:
    """Starlette calls what is no coroutine in a thread: nobody else waits for the disk."""

    def endpoint(request: Request) -> Response:
        try:
            response = answer(request, of(visitor_of(request.headers, request.cookies), request.path_params["sweep"]))
        except (SweepRefused, Unavailable) as error:
            response = JSONResponse(words_of(error).on_wire(), 409 if request.method == "POST" else 404)
        except (KeyError, OSError):
            response = JSONResponse(NONE.on_wire(), 404)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return endpoint


@answered
def about(request: Request, sweep: Hosted) -> Response:
    return JSONResponse(described(sweep.sweep, sweep.about, sweep.id))


@answered
def cells(request: Request, sweep: Hosted) -> Response:
    return Response(sweep.packet(request.path_params["start"]), media_type="application/octet-stream")


@answered
def edges(request: Request, sweep: Hosted) -> Response:
    return JSONResponse(sweep.edges(request.path_params["pane"]))


@answered
def game(request: Request, sweep: Hosted) -> Response:
    return JSONResponse({"link": Cells.of(sweep.results).link(request.path_params["cell"])})


@answered
def file(request: Request, sweep: Hosted) -> Response:
    """What has been played so far."""
    name = request.path_params["name"]
    if name not in FILES:
        raise KeyError(name)
    make, media_type = FILES[name]
    speak(best(request.query_params.get("lang"), asked_for(request.headers.get("accept-language"))))
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return Response(make(sweep, request.query_params.get("colour", "verdict")), media_type=media_type, headers=headers)


@answered
def stop(request: Request, sweep: Hosted) -> Response:
    host().stop(sweep)
    return Response()


@answered
def go_on(request: Request, sweep: Hosted) -> Response:
    host().go_on(sweep)
    return Response()


def _csv(sweep: Hosted, colour: str) -> bytes:
    body = io.BytesIO()
    table = sweep.results.table()
    pyarrow.csv.write_csv(table.drop_columns([name for name in ("state",) if name in table.column_names]), body)
    return body.getvalue()


def _parquet(sweep: Hosted, colour: str) -> bytes:
    body = io.BytesIO()
    pyarrow.parquet.write_table(sweep.results.table(), body, compression="zstd")
    return body.getvalue()


def _html(sweep: Hosted, colour: str) -> bytes:
    """One page with the map in it, with plotly.js, in the visitor's language: it needs no server and no network."""
    found = Cells.of(sweep.results)
    figure = draw(
        found, sweep.sweep, colour if colour in found and len(found) else "verdict", called=partial(called, sweep.sweep)
    )
    figure.update_layout(title=sweep.about.title)
    body = figure.to_html(include_plotlyjs=True, full_html=False)
    head = f'<meta charset="utf-8"><title>{escape(sweep.about.title)} · gandash</title>'
    return f'<!doctype html>\n<html lang="{tag(speaking())}"><head>{head}</head><body>{body}</body></html>\n'.encode()


FILES: dict[str, tuple[Callable[[Hosted, str], bytes], str]] = {
    "sweep.csv": (_csv, "text/csv"),
    "sweep.parquet": (_parquet, "application/vnd.apache.parquet"),
    "sweep.html": (_html, "text/html"),
}

routes: list[BaseRoute] = [
    Route(f"{ROOT}/{{sweep}}", about),
    Route(f"{ROOT}/{{sweep}}/cells/{{start:int}}", cells),
    Route(f"{ROOT}/{{sweep}}/edges/{{pane:int}}", edges),
    Route(f"{ROOT}/{{sweep}}/games/{{cell:int}}", game),
    Route(f"{ROOT}/{{sweep}}/files/{{name}}", file),
    Route(f"{ROOT}/{{sweep}}/stop", stop, methods=["POST"]),
    Route(f"{ROOT}/{{sweep}}/go-on", go_on, methods=["POST"]),
]
