"""What the app serves beside Streamlit's own pages: the live view's files, plotly.js, a socket for each live view, and what is
recorded (`recorded.py`).

The socket: the browser's page must be our own (`doors.py`), and its first message must carry a token of the run (192 random
bits). The token for steering may command, the one for watching only looks. Tokens travel in messages, never in an address,
so no log holds one. Who a run belongs to across reloads is known by a random cookie that scripts cannot read. A page that is
just opening has no token yet: by that cookie it is given its visitor's own run, the one that its script will show too.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import os
import resource
import socket as sockets
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import cache
from typing import Any

import streamlit as st
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket, WebSocketDisconnect

from gandash.config.refused import problem_of
from gandash.links.format import LONGEST_READ
from gandash.paths import ASSETS as ASSETS
from gandash.paths import plotly_file
from gandash.server.compiling import compiling
from gandash.server.run import Run
from gandash.server.supervisor import Unavailable
from gandash.server.viewers import Viewer
from gandash.store.serving import serving
from gandash.ui import filming, languages, own_sweeps, presenting, recorded, sharing, taking, watching
from gandash.ui.arrival import page
from gandash.ui.doors import LIVE, admits, own_address, send_away, stated_hosts
from gandash.ui.doors import VISITOR_COOKIE as VISITOR_COOKIE
from gandash.ui.doors import middleware as middleware
from gandash.ui.service import arrive, supervisor
from gandash.wire.browser import Hello, Notice, Role, Welcome
from gandash.wire.classroom import LECTURING, Presenting, kind_of
from gandash.wire.messages import steering_adapter
from gandash.words import say, t

log = logging.getLogger("gandash.socket")

HELLO_SECONDS = 5.0
MAX_MESSAGE = 4096
MAX_HELLO = MAX_MESSAGE + LONGEST_READ
COMMANDS_PER_SECOND = 200  # keys and a slider that is dragged stay far below; a flood is answered once and dropped

UNKNOWN_TOKEN, FORBIDDEN_ORIGIN, RUN_ENDED = 4401, 4403, 4410

PLOTLY = plotly_file()


# --------------------------------------------------------------------------------------------------------------- socket


async def live(socket: WebSocket) -> None:
    """One live view of one run: its state as text, curves and frames as bytes, at the viewer's own pace."""
    await socket.accept()
    if not admits(socket):
        await send_away(socket, FORBIDDEN_ORIGIN, f"{str(socket.headers.get('host'))!a}")
        return
    admitted = await _admit(socket)
    if admitted is None:
        await send_away(socket, UNKNOWN_TOKEN, "unknown token")
        return
    run, role = admitted
    news = asyncio.Event()
    loop = asyncio.get_running_loop()

    def wake() -> None:
        with suppress(RuntimeError):  # the server's loop is closing; nobody is left to wake
            loop.call_soon_threadsafe(news.set)

    viewer = run.attach(role, wake)
    try:
        async with asyncio.TaskGroup() as both:
            listening = both.create_task(_listen(socket, run, role, viewer, news))
            await _talk(socket, run, role, viewer, news)
            listening.cancel()
    except* (WebSocketDisconnect, RuntimeError):
        log.debug("run %s: a viewer went, perhaps in mid-sentence", run.id)
    except* Exception as failure:
        log.error("run %s: the socket failed", run.id, exc_info=failure)
    finally:
        run.detach(viewer)


async def _admit(socket: WebSocket) -> tuple[Run, Role] | None:
    try:
        text = await asyncio.wait_for(_receive(socket), HELLO_SECONDS)
        hello = Hello.model_validate_json(text[:MAX_HELLO])
        visitor = socket.cookies.get(VISITOR_COOKIE, "")
        if not hello.token and visitor and hello.arriving:
            run = await asyncio.to_thread(arrive, supervisor(), hello.arriving, hello.link, visitor)
            await socket.send_text(Welcome(token=run.tokens[Role.STEER]).model_dump_json())
            return run, Role.STEER
        return supervisor().admit(hello.token)
    except (TimeoutError, ValueError, WebSocketDisconnect, Unavailable):
        return None  # of Unavailable the page tells by itself


async def _receive(socket: WebSocket) -> str:
    """The next message; bytes are none of ours and read as ""."""
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1000))
    return message.get("text") or ""


async def _talk(socket: WebSocket, run: Run, role: Role, viewer: Viewer, news: asyncio.Event) -> None:
    version, lecture = -1, NOTHING_PRESENTED
    while True:
        news.clear()  # before looking: what comes while we send wakes us again
        if version != run.version:
            version, text = run.state(role)
            await socket.send_text(text)
        if role is Role.STEER and lecture is not (now := presented_in(run)):
            if now != lecture:
                await socket.send_text(now)
            lecture = now
        while viewer.refusals:
            await socket.send_text(Notice(message=viewer.refusals.popleft()).model_dump_json())
        while viewer.told:
            await socket.send_text(viewer.told.popleft())
        if run.has_ended:
            last, text = run.state(role)  # waits for whoever is just ending it
            if last != version:
                await socket.send_text(text)
            await socket.close(RUN_ENDED, "this run has ended")
            return
        for packet in run.next_picture(viewer):
            await socket.send_bytes(packet)
        await news.wait()


NOTHING_PRESENTED = Presenting().model_dump_json()


def presented_in(run: Run) -> str:
    """What its presenter is told, as JSON."""
    presented = supervisor().classroom.of(run)
    return NOTHING_PRESENTED if presented is None else presented.presenters_text


async def _listen(socket: WebSocket, run: Run, role: Role, viewer: Viewer, news: asyncio.Event) -> None:
    window, count = 0.0, 0
    while True:
        text = await _receive(socket)
        answer = ""
        try:
            message: Any = json.loads(text) if len(text) <= MAX_MESSAGE else None
            if isinstance(message, dict) and message.get("type") == "ack":
                viewer.ready = True
            else:
                now = asyncio.get_running_loop().time()
                window, count = (window, count + 1) if now - window < 1 else (now, 1)
                if count > COMMANDS_PER_SECOND:
                    is_first = count == COMMANDS_PER_SECOND + 1
                    answer = say("too many commands at once; the rest of them were dropped") if is_first else ""
                elif role is not Role.STEER:
                    answer = say("you are watching this run; only its owner can steer it")
                elif kind_of(message) in LECTURING:
                    answer = presenting.order(supervisor().classroom, run, viewer, message, watching.client_of(socket))
                else:
                    answer = run.order(steering_adapter.validate_python(message))
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"]))
            answer = say("not a command: {where} {problem}", where=where, problem=problem_of(first))
        except (ValueError, RecursionError):
            answer = say("not a command: expected one JSON object")
        if answer:
            viewer.refusals.append(answer)
        news.set()


# ---------------------------------------------------------------------------------------------------------------- files


async def plotly_js(request: Request) -> Response:
    """plotly.js as the plotly package ships it: offline rooms have no CDN. Packed once, not for every browser anew."""
    headers = {"Cache-Control": "public, max-age=86400", "Vary": "Accept-Encoding"}
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return FileResponse(PLOTLY, media_type="text/javascript", headers=headers)
    packed = await asyncio.to_thread(_packed_plotly)
    return Response(packed, media_type="text/javascript", headers=headers | {"Content-Encoding": "gzip"})


@cache
def _packed_plotly() -> bytes:
    return gzip.compress(PLOTLY.read_bytes(), 6)


class _Fresh(StaticFiles):
    """Our own modules: the browser asks each time whether they changed, so an update never meets an old half."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers["Cache-Control"] = "no-cache"
        return response


routes: list[BaseRoute] = [
    Route("/", page),
    WebSocketRoute(LIVE, live),
    *recorded.routes,
    *own_sweeps.routes,
    *filming.routes,
    *sharing.routes,
    *languages.routes,
    Route("/gandash/assets/plotly.min.js", plotly_js),
    Mount("/gandash/assets/live", _Fresh(directory=ASSETS / "live")),
    *taking.routes,
    *watching.routes,
]


# -------------------------------------------------------------------------------------------------------------- lifespan


def apologise(error: Exception) -> bool:
    """What a visitor sees of a bug in the page: a sentence; the log has the traceback. True: nothing more is to be shown."""
    log.error("the page failed", exc_info=error)
    st.error(
        t("Something went wrong in the page itself; your run goes on. Reload the page to find it again."),
        icon=":material/error:",
    )
    return True


def disable_nagle() -> None:
    """Turn Nagle's algorithm off on the listening socket; the connections it accepts inherit that.

    asyncio does so for sockets that name their protocol; the one Streamlit binds does not. A frame right behind its curves
    then waited for the browser's delayed acknowledgement: 40 ms, as long as all the rest of a frame's way together.
    """
    with suppress(OSError):  # a system that lists no open files only loses the speed
        for number in map(int, os.listdir("/dev/fd")):
            with suppress(OSError):
                if not stat.S_ISSOCK(os.fstat(number).st_mode):
                    continue
                with sockets.socket(fileno=os.dup(number)) as found:
                    if found.family in (sockets.AF_INET, sockets.AF_INET6) and found.type == sockets.SOCK_STREAM:
                        found.setsockopt(sockets.IPPROTO_TCP, sockets.TCP_NODELAY, 1)


def allow_many_sockets() -> None:
    """As many open files as the system lets this process have: each who looks on is one, and 1024 are usual."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@asynccontextmanager
async def lifespan(_app: object) -> AsyncIterator[None]:
    """The supervisor comes up with the app, so that a worker is warm before the first visitor; and goes down with it."""
    logging.getLogger("uvicorn.access").setLevel(logging.WARNING)  # a class of 30 would bury what matters
    disable_nagle()
    allow_many_sockets()
    stated_hosts()  # what is wrong with them is said at the start
    keeper = await asyncio.to_thread(supervisor)
    try:
        with compiling(), serving(own_address()):
            yield
    finally:
        await asyncio.to_thread(own_sweeps.close)
        await asyncio.to_thread(keeper.close)
