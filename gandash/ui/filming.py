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
from gandash.ui.recorded import ROOT, answered, open_for

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
            raise UnfitFrames("the frames are cut off")
        if len(found) == MOST_FRAMES:
            raise UnfitFrames(f"a film has at most {MOST_FRAMES} frames")
        found.append(frame)
        at += 4 + length
    if len({_size(frame) for frame in found}) != 1:
        raise UnfitFrames("frames of one size are needed")
    width, height = _size(found[0])
    if width * height * len(found) > MOST_PIXELS:
        raise UnfitFrames(f"{len(found)} frames of {width} × {height} are more than this server makes a film of")
    return found


def _size(png: bytes) -> tuple[int, int]:
    """By its head alone. Raises UnfitFrames."""
    if not png.startswith(_HEAD) or len(png) < len(_HEAD) + 8:
        raise UnfitFrames("a frame is no PNG")
    width, height = struct.unpack_from(">II", png, len(_HEAD))
    if not (0 < width <= MOST_PX and 0 < height <= MOST_PX):
        raise UnfitFrames(f"a frame is {width} × {height} pixels; at most {MOST_PX} × {MOST_PX} are taken")
    return width, height


@answered
def films(request: Request, run: object) -> Response:
    """What is needed to know before any frame is drawn."""
    forms = [form for form in get_args(Form) if can_make(form)]
    return JSONResponse({"forms": forms, "frames": MOST_FRAMES, "pixels": MOST_PIXELS, "fastest": FASTEST})


async def film(request: Request) -> Response:
    if not is_own_page(request.headers.get("origin"), request.headers.get("host"), request.url.scheme == "https"):
        return Response("films are made for this server's own page", 403, media_type="text/plain")
    form, said = request.path_params["form"], request.query_params.get("per_second", str(PER_SECOND))
    if form not in MOVIES or not said.isdecimal() or not 1 <= int(said) <= FASTEST:
        return Response("there is no such film", 404, media_type="text/plain")
    try:
        opened = await run_in_threadpool(open_for, request)
        if opened is None:
            raise BrokenRun("this run has no pictures yet")
        async with _one:
            body = await asyncio.wait_for(_read(request), PATIENCE_SECONDS)
            made = await run_in_threadpool(_made, body, form, int(said), opened.run)
    except UnfitFrames as error:
        return Response(str(error), 400, media_type="text/plain")
    except BrokenRun as error:
        log.info("%s: %s", request.url.path, error)
        return Response(str(error), 404, media_type="text/plain")
    except (TimeoutError, ClientDisconnect):
        return Response("the frames did not come in", 408, media_type="text/plain")
    return Response(made, media_type=MOVIES[form], headers={"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"})


async def _read(request: Request) -> bytes:
    """Raises UnfitFrames for too much of it."""
    parts, length = list[bytes](), 0
    async for part in request.stream():
        length += len(part)
        if length > MOST_BYTES:
            raise UnfitFrames(f"a film is made of at most {MOST_BYTES:,} bytes")
        parts.append(part)
    return b"".join(parts)


def _made(body: bytes, form: Form, per_second: int, run: StoredRun) -> bytes:
    frames = frames_in(body)
    try:
        return encoded(frames, form, per_second, run)
    except (OSError, SyntaxError, ValueError) as error:  # what PIL says of a PNG that is torn further on
        raise UnfitFrames(f"a frame is no whole PNG: {error}") from None


routes: list[BaseRoute] = [
    Route(f"{ROOT}/{{run}}/films", films),
    Route(f"{ROOT}/{{run}}/films/{{form}}", film, methods=["POST"]),
]
