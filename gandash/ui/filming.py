"""Films of a recorded run for who looks at it: their browser draws the frames, as it draws pictures; here they become one file.

    GET  gandash/recorded/ID/films                      which kinds this server can make, and how large
    POST gandash/recorded/ID/films/FORM?per_second=10   frames, one behind the other, each a length in four bytes (little
                                                        endian) and so much PNG; the answer is the film

One is made at a time, the others wait. Frames are a stranger's files: they are PNGs of one size, bounded in number and in
pixels before any of them is unpacked.
"""

from __future__ import annotations

import asyncio
import logging
import struct
from typing import get_args

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from gandash.exporting.movies import FASTEST, MOST_FRAMES, PER_SECOND, Form, can_make, encoded
from gandash.exporting.pictures import MOST_PX
from gandash.exporting.registry import MOVIES
from gandash.store.format import BrokenRun
from gandash.store.reading import StoredRun
from gandash.ui.doors import is_own_page
from gandash.ui.recorded import ROOT, answered, open_for, refusal
from gandash.words import say

log = logging.getLogger("gandash.recorded")

MOST_PIXELS = MOST_FRAMES * 1280 * 720  # of all frames: a GIF holds so many bytes while it is made
MOST_BYTES = 200_000_000
PATIENCE_SECONDS = 60.0  # for all frames to come in

_HEAD = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"  # width and height follow

_one = asyncio.Semaphore(1)


class UnfitFrames(ValueError):
    """What was sent is no film: says why."""


def frames_in(body: bytes) -> list[bytes]:
    """Raises UnfitFrames."""
    found, at = list[bytes](), 0
    while at < len(body):
        length = int.from_bytes(body[at : at + 4], "little")
        frame = body[at + 4 : at + 4 + length]
        if not length or len(frame) < length:
            raise UnfitFrames(say("the frames are cut off"))
        if len(found) == MOST_FRAMES:
            raise UnfitFrames(say("a film has at most {most} frames", most=MOST_FRAMES))
        found.append(frame)
        at += 4 + length
    if len({_size(frame) for frame in found}) != 1:
        raise UnfitFrames(say("frames of one size are needed"))
    width, height = _size(found[0])
    if width * height * len(found) > MOST_PIXELS:
        raise UnfitFrames(
            say(
                "{count} frames of {width} × {height} are more than this server makes a film of",
                count=len(found),
                width=width,
                height=height,
            )
        )
    return found


def _size(png: bytes) -> tuple[int, int]:
    """By its head alone. Raises UnfitFrames."""
    if not png.startswith(_HEAD) or len(png) < len(_HEAD) + 8:
        raise UnfitFrames(say("a frame is no PNG"))
    width, height = struct.unpack_from(">II", png, len(_HEAD))
    if not (0 < width <= MOST_PX and 0 < height <= MOST_PX):
        raise UnfitFrames(
            say(
                "a frame is {width} × {height} pixels; at most {most} × {most} are taken",
                width=width,
                height=height,
                most=MOST_PX,
            )
        )
    return width, height


@answered
def films(request: Request, run: object) -> Response:
    """What is needed to know before any frame is drawn."""
    forms = [form for form in get_args(Form) if can_make(form)]
    return JSONResponse({"forms": forms, "frames": MOST_FRAMES, "pixels": MOST_PIXELS, "fastest": FASTEST})


async def film(request: Request) -> Response:
    if not is_own_page(request.headers.get("origin"), request.headers.get("host"), request.url.scheme == "https"):
        return JSONResponse(say("films are made for this server’s own page").on_wire(), 403)
    form, said = request.path_params["form"], request.query_params.get("per_second", str(PER_SECOND))
    if form not in MOVIES or not said.isdecimal() or not 1 <= int(said) <= FASTEST:
        return JSONResponse(say("there is no such film").on_wire(), 404)
    try:
        opened = await run_in_threadpool(open_for, request)
        if opened is None:
            raise BrokenRun(say("this run has no pictures yet"))
        async with _one:
            body = await asyncio.wait_for(_read(request), PATIENCE_SECONDS)
            made = await run_in_threadpool(_made, body, form, int(said), opened.run)
    except UnfitFrames as error:
        return refusal(error, 400)
    except BrokenRun as error:
        log.info("%s: %s", request.url.path, error)
        return refusal(error, 404)
    except (TimeoutError, ClientDisconnect):
        return JSONResponse(say("the frames did not come in").on_wire(), 408)
    return Response(made, media_type=MOVIES[form], headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"})


async def _read(request: Request) -> bytes:
    """Raises UnfitFrames for too much of it."""
    parts, length = list[bytes](), 0
    async for part in request.stream():
        length += len(part)
        if length > MOST_BYTES:
            raise UnfitFrames(say("a film is made of at most {most} bytes", most=f"{MOST_BYTES:,}"))
        parts.append(part)
    return b"".join(parts)


def _made(body: bytes, form: Form, per_second: int, run: StoredRun) -> bytes:
    frames = frames_in(body)
    try:
        return encoded(frames, form, per_second, run)
    except (OSError, SyntaxError, ValueError) as error:  # what PIL says of a PNG that is torn further on
        raise UnfitFrames(say("a frame is no whole PNG: {problem}", problem=f"{error}")) from None


routes: list[BaseRoute] = [
    Route(f"{ROOT}/{{run}}/films", films),
    Route(f"{ROOT}/{{run}}/films/{{form}}", film, methods=["POST"]),
]
