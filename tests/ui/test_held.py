"""Files that visitors upload are held in memory by Streamlit: not more of them than the server can bear."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.responses import Response
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from gandash.ui import held
from gandash.ui.routes import middleware


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> MemoryUploadedFileManager:
    found = MemoryUploadedFileManager("/upload")
    monkeypatch.setattr(held, "storage", lambda: found.file_storage)
    monkeypatch.setattr(held, "MAX_OF_ONE", 1000)
    monkeypatch.setattr(held, "MAX_OF_ALL", 2500)
    return found


def put(session: str, length: int | None, base: str = "") -> int:
    """The status that a file of this length gets."""
    headers = [] if length is None else [(b"content-length", str(length).encode())]
    path = f"{base}/_stcore/upload_file/{session}/f"
    scope = {"type": "http", "method": "PUT", "path": path, "headers": headers}
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        raise AssertionError("not a byte is read here")

    async def send(message: Any) -> None:
        sent.append(message)

    # In a thread of its own: after tests with a browser a loop is running in this one
    asking = held.UploadsBounded(Response(status_code=204))(scope, receive, send)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, asking).result()
    return int(sent[0]["status"])


def hold(manager: MemoryUploadedFileManager, session: str, size: int) -> None:
    manager.add_file(session, UploadedFileRec(f"{session}-{size}", "a", "", bytes(size)))


@pytest.mark.parametrize("base", ["", "/teach/gan"])
def test_one_tab_may_hold_so_much(manager: MemoryUploadedFileManager, base: str) -> None:
    hold(manager, "mine", 600)
    hold(manager, "another's", 900)
    assert (put("mine", 400, base), put("mine", 401, base)) == (204, 413)
    manager.remove_session_files("mine")
    assert put("mine", 1000, base) == 204


def test_all_together_may_hold_so_much(manager: MemoryUploadedFileManager) -> None:
    for session in ("a", "b"):
        hold(manager, session, 1000)
    assert (put("c", 500), put("c", 501)) == (204, 413)


def test_a_file_of_unsaid_length_counts_as_the_largest(manager: MemoryUploadedFileManager) -> None:
    assert put("a", None) == 413


def test_the_app_bounds_them() -> None:
    assert held.UploadsBounded in [one.cls for one in middleware]
    assert held.MAX_OF_ONE >= 50 * 2**20
