"""A bound on all uploaded files: Streamlit keeps each in memory while its tab is open, and bounds only each by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit.runtime import get_instance

from gandash.store.importing import LARGEST_RUN

ENDPOINT = "/_stcore/upload_file/"
MEGABYTE = 2**20
MAX_OF_ONE = LARGEST_RUN + 40 * MEGABYTE  # bytes of one tab: a recorded run, or two lots of pictures: one replaces the other
MAX_OF_ALL = 1024 * MEGABYTE


def storage() -> Mapping[str, Mapping[str, Any]]:
    """What Streamlit keeps: for each session its files, each with its bytes under `data`."""
    files: Mapping[str, Mapping[str, Any]] = get_instance().uploaded_file_mgr.file_storage  # type: ignore[attr-defined]
    return files


class UploadsBounded:
    """Refuses a file (413), before it is read, that would be too much for one tab or for all of them together."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "PUT" and ENDPOINT in scope["path"]:
            session = scope["path"].split(ENDPOINT)[1].split("/")[0]
            length = Headers(scope=scope).get("content-length", "")
            coming = int(length) if length.isdecimal() else LARGEST_RUN
            held = {name: sum(len(file.data) for file in list(files.values())) for name, files in list(storage().items())}
            if held.get(session, 0) + coming > MAX_OF_ONE or sum(held.values()) + coming > MAX_OF_ALL:
                await PlainTextResponse("the server holds as many files as it may", 413)(scope, receive, send)
                return
        await self.app(scope, receive, send)
