"""Films by HTTP: of frames that a visitor's browser drew, which may be anything."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from starlette.applications import Starlette
from store.writing_runs import manifest, written

from gandash.server.recorded import Shelf
from gandash.store.places import owner_of
from gandash.ui import filming, recorded
from gandash.ui.doors import VISITOR_COOKIE
from gandash.words import Said

with warnings.catch_warnings():  # starlette would rather have httpx2 under its test client; httpx does
    warnings.simplefilter("ignore", DeprecationWarning)
    warnings.simplefilter("ignore", UserWarning)
    from starlette.testclient import TestClient

AT = f"/gandash/recorded/{manifest().id}/films"


@pytest.fixture
def client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setenv("GANDASH_HOME", str(tmp_path))
    monkeypatch.setattr(recorded, "shelf", Shelf())
    written(tmp_path / "runs" / manifest().id, owner=owner_of("me")).close()
    with TestClient(Starlette(routes=filming.routes), cookies={VISITOR_COOKIE: "me"}) as client:
        yield client


def png(grey: int, size: tuple[int, int] = (120, 80)) -> bytes:
    body = io.BytesIO()
    Image.new("RGB", size, (grey, grey, grey)).save(body, "PNG")
    return body.getvalue()


def sent(*frames: bytes) -> bytes:
    return b"".join(len(frame).to_bytes(4, "little") + frame for frame in frames)


def test_frames_come_back_as_a_film(client: TestClient) -> None:
    known = client.get(AT).json()
    assert {"gif", "webp"} <= set(known["forms"])
    for form in known["forms"]:
        answer = client.post(f"{AT}/{form}?per_second=5", content=sent(png(0), png(90), png(180)))
        assert answer.status_code == 200 and answer.headers["content-type"] in (f"image/{form}", f"video/{form}")
        if form != "mp4":
            film = Image.open(io.BytesIO(answer.content))
            film.load()  # before, a WebP does not say how long a frame stays
            assert film.n_frames == 3 and film.info["duration"] == 200  # type: ignore[attr-defined]


def bomb(width: int, height: int) -> bytes:
    """A PNG that says it is so large, and holds next to nothing."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "frames of one size are needed"),
        (sent(png(0))[:-1], "cut off"),
        (bytes(4), "cut off"),
        (sent(png(0), png(0, (121, 80))), "one size"),
        (sent(b"GIF89a" + bytes(100)), "no PNG"),
        (sent(png(0), *[png(0)] * filming.MOST_FRAMES), "at most 300 frames"),
        (sent(bomb(60_000, 60_000)), "60000 × 60000 pixels"),
        (sent(bomb(0, 10)), "0 × 10 pixels"),
        (sent(*[bomb(4000, 4000)] * 30), "30 frames of 4000 × 4000"),
        (sent(bomb(400, 400)), "no whole PNG"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_film_is_refused_in_words(client: TestClient, body: bytes, said: str) -> None:
    answer = client.post(f"{AT}/gif", content=body)
    assert answer.status_code == 400 and said in Said.read(answer.json())


def test_too_much_is_not_even_read(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filming, "MOST_BYTES", 1000)
    answer = client.post(f"{AT}/gif", content=sent(*[png(0)] * 20))
    assert answer.status_code == 400 and "at most 1,000 bytes" in Said.read(answer.json())


def test_films_are_made_for_the_runs_owner_on_our_own_page(client: TestClient) -> None:
    body = sent(png(0), png(90))
    foreign = {"Origin": "https://elsewhere.example"}
    assert client.post(f"{AT}/gif", content=body, headers=foreign).status_code == 403
    client.cookies.clear()
    assert client.post(f"{AT}/gif", content=body).status_code == 404 and client.get(AT).status_code == 404
    assert client.post(f"{AT}/avi", content=body).status_code == 404
    assert client.post(f"{AT}/gif?per_second=0", content=body).status_code == 404
