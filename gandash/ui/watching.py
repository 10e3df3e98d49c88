"""What those see who look on at a presented run: a page of its own, without Streamlit, a socket, and a way to a copy.

    GET  watch?code=CODE   the page; `/?watch=CODE` leads to it
    WS   gandash/watch     first a `Look`, then as the live socket, but that all a browser may say is `ack` and `Vote`
    POST gandash/copy      a `Copy`; the answer names a run of the visitor's own, from that step

Nobody here steers anything: no message of theirs is ever handed to a run.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pydantic import Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket, WebSocketDisconnect

from gandash import __version__
from gandash.config.setting import SettingError
from gandash.links import filled, read
from gandash.paths import ASSETS
from gandash.server.admission import Refusal
from gandash.server.audience import Audience, Seat, audience_of
from gandash.server.origin import BranchPoint
from gandash.server.presentation import Presentation
from gandash.server.run import Run
from gandash.server.supervisor import Unavailable
from gandash.store.format import BrokenRun
from gandash.store.places import runs_home
from gandash.store.reading import StoredRun
from gandash.ui import service
from gandash.ui.doors import VISITOR_COOKIE, WATCH, admits, is_own_page, send_away
from gandash.ui.own_runs import in_words
from gandash.wire.browser import Notice, Role
from gandash.wire.classroom import Look, Vote, kind_of
from gandash.wire.model import Message
from gandash.words import say, speak, t
from gandash.words.languages import asked_for

log = logging.getLogger("gandash.socket")

HELLO_SECONDS = 5.0
MAX_MESSAGE = 1024
MESSAGES_PER_SECOND = 100
RECORD_SECONDS = 5.0  # the longest that a copy waits for the record to come to its step

UNKNOWN_CODE, TOO_MANY_TRIES, FORBIDDEN_ORIGIN, STOPPED, MOVED = 4404, 4429, 4403, 4411, 4412
ONLY_LOOKS = say("you are looking on; only the presenter can steer this run. Take a copy, and it is yours to steer")


# --------------------------------------------------------------------------------------------------------------- socket


async def watch(socket: WebSocket) -> None:
    """One browser of the audience: state, lesson and question as text, curves and pictures as bytes, at its own pace."""
    await socket.accept()
    if not admits(socket):
        await send_away(socket, FORBIDDEN_ORIGIN, f"{str(socket.headers.get('host'))!a}")
        return
    try:
        presentation = await _admit(socket)
    except Refusal as refusal:
        await send_away(socket, TOO_MANY_TRIES, str(refusal))
        return
    if presentation is None:
        await send_away(socket, UNKNOWN_CODE, "no such code")
        return
    voter = socket.cookies.get(VISITOR_COOKIE, "")
    audience = audience_of(presentation)
    seat = audience.enter()
    try:
        async with asyncio.TaskGroup() as both:
            listening = both.create_task(_listen(socket, presentation, seat, voter))
            await _talk(socket, audience, seat, voter)
            listening.cancel()
    except* (WebSocketDisconnect, RuntimeError):
        log.debug("a viewer of what is presented went, perhaps in mid-sentence")
    except* Exception as failure:
        log.error("a viewer's socket failed", exc_info=failure)
    finally:
        audience.leave(seat)


async def _admit(socket: WebSocket) -> Presentation | None:
    """Raises Refusal where too many wrong codes came from there."""
    try:
        text = await asyncio.wait_for(_receive(socket), HELLO_SECONDS)
        look = Look.model_validate_json(text[:MAX_MESSAGE])
    except (TimeoutError, ValueError, WebSocketDisconnect):
        return None
    classroom = service.supervisor().classroom
    found = classroom.of_token(look.token) if look.token else None
    return found or (classroom.find(look.code, client_of(socket)) if look.code else None)


def client_of(connection: WebSocket | Request) -> str:
    return connection.client.host if connection.client else ""


async def _receive(socket: WebSocket) -> str:
    """The next message; bytes are none of ours and read as ""."""
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1000))
    return message.get("text") or ""


async def _talk(socket: WebSocket, audience: Audience, seat: Seat, voter: str) -> None:
    presentation, viewer = audience.presentation, seat.viewer
    run = presentation.run
    version, said, pointing, voted = -1, "", presentation.pointing, ""
    while True:
        await seat.news.wait()
        seat.news.clear()
        if presentation.over:
            await socket.close(STOPPED, presentation.over[:120])
            return
        if run is not presentation.run:  # whose games count from one again: the browser begins anew
            await socket.close(MOVED, "another run is presented now")
            return
        if version != run.version:
            version, text = run.state(Role.WATCH)
            await socket.send_text(text)
        if said is not presentation.text:
            said = presentation.text
            await socket.send_text(said)
        if voted != (own := presentation.vote_of(voter)):
            voted = own
            if own:
                await socket.send_text(own)
        if pointing is not presentation.pointing:
            pointing = presentation.pointing
            await socket.send_text(pointing)
        if seat.told is not audience.told:
            seat.told = audience.told
            await socket.send_text(seat.told)
        while viewer.refusals:
            await socket.send_text(Notice(message=viewer.refusals.popleft()).model_dump_json())
        if viewer.ready and seat.pulse != audience.pulse:
            seat.pulse = audience.pulse
            for packet in run.next_picture(viewer):
                await socket.send_bytes(packet)


async def _listen(socket: WebSocket, presentation: Presentation, seat: Seat, voter: str) -> None:
    window, count = 0.0, 0
    while True:
        text = await _receive(socket)
        now = asyncio.get_running_loop().time()
        window, count = (window, count + 1) if now - window < 1 else (now, 1)
        if count > MESSAGES_PER_SECOND:
            continue
        answer = ""
        try:
            message: Any = json.loads(text) if len(text) <= MAX_MESSAGE else None
            match kind_of(message):
                case "ack":
                    seat.viewer.ready = True
                case "vote":
                    vote = Vote.model_validate(message)
                    answer = presentation.vote(voter, vote.question, vote.option)
                case _:
                    answer = ONLY_LOOKS
        except (ValueError, RecursionError):  # pydantic's is one of these
            answer = say("that could not be read; nothing was done")
        if answer:
            seat.viewer.refusals.append(answer)
        seat.news.set()


# ----------------------------------------------------------------------------------------------------------------- copy


class Copy(Message):
    """Which step a viewer wants a run of their own from; `token` as the socket gave it."""

    token: str = Field(max_length=100)
    step: int = Field(ge=0, le=2**53)


async def copy(request: Request) -> Response:
    """A run of the visitor's own; its id, or in words why there is none."""
    speak(asked_for(request.headers.get("accept-language")))
    if not is_own_page(request.headers.get("origin"), request.headers.get("host"), request.url.scheme == "https"):
        return PlainTextResponse(t("Copies are made for this server's own page."), 403)
    visitor = request.cookies.get(VISITOR_COOKIE, "")
    if not visitor:
        return PlainTextResponse(
            t("This browser keeps no cookie, by which a run is known as yours. Allow it, and try again."), 403
        )
    try:
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > MAX_MESSAGE:
                raise ValueError("too long")
        wanted = Copy.model_validate_json(body)
    except (ValidationError, ValueError):
        return PlainTextResponse(t("That is no wish for a copy."), 400)
    presentation = service.supervisor().classroom.of_token(wanted.token)
    if presentation is None:
        return PlainTextResponse(t("Nothing is presented here any more, so there is nothing to copy."), 404)
    try:
        made = await run_in_threadpool(copied, presentation.run, wanted.step, visitor)
    except (Unavailable, Refusal, SettingError, BrokenRun) as error:
        return PlainTextResponse(t("No copy was made: {problem}", problem=in_words(error)), 503)
    made.expect_viewer()
    return PlainTextResponse(made.id, headers={"Cache-Control": "no-store"})


def copied(run: Run, step: int, visitor: str) -> Run:
    """A run of this visitor's, paused at this step of `run`: from its record, else by its link, which plays it again.

    Raises Unavailable, Refusal, SettingError, BrokenRun.
    """
    keeper = service.supervisor()
    if run.record and (runs_home() / run.record).is_dir():
        folder = runs_home() / run.record
        return keeper.branch(BranchPoint.of(folder, _reached(folder, step)), visitor, run.speed)
    if run.link is None or run.link.missing:
        raise Refusal(say("this run is not recorded, and its data are too large for a link. Ask the presenter for them."))
    link = run.link
    here = link.here if step == link.step and link.here else f"~at-{min(step, link.until if link.until is not None else step)}"
    return service.open_link(keeper, filled(read(link.text + here), runs_home()), visitor)


def _reached(folder: Path, step: int) -> int:
    """The step, once the record has come to it; the newest that it has where that takes too long."""
    patience = time.monotonic() + RECORD_SECONDS
    while True:
        run = StoredRun(folder)
        newest = max([run.steps, *(place.step for place in run.pictures()[-1:])])
        if newest >= step or time.monotonic() > patience:
            return min(step, newest)
        time.sleep(0.1)


# ----------------------------------------------------------------------------------------------------------------- page


async def page(request: Request) -> Response:
    return HTMLResponse(_page(), headers={"Cache-Control": "no-cache"})


@cache
def _page() -> str:
    return (ASSETS / "watch" / "watch.html").read_text("utf-8").replace("VERSION", __version__)


def led_there(request: Request) -> Response | None:
    """From the lab's address with a code in it to the page for those who look on."""
    code = request.query_params.get("watch")
    return None if code is None else RedirectResponse(f"watch?code={quote(code[:40])}")


routes: list[BaseRoute] = [
    Route("/watch", page),
    WebSocketRoute(WATCH, watch),
    Route("/gandash/copy", copy, methods=["POST"]),
    Mount("/gandash/assets/watch", StaticFiles(directory=ASSETS / "watch")),
]
