"""What is recorded, by HTTP: to its owner alone, and while it is being written."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from starlette.applications import Starlette
from store.writing_runs import COLUMNS, manifest, rows, values, written

from gandash.server.recorded import Shelf
from gandash.store.format import EVENTS, MANIFEST, PICTURES
from gandash.store.places import owner_of
from gandash.store.writing import RunWriter
from gandash.ui import recorded
from gandash.ui.doors import VISITOR_COOKIE
from gandash.wire.frame import unpack
from gandash.words import Said

with warnings.catch_warnings():  # starlette would rather have httpx2 under its test client; httpx does
    warnings.simplefilter("ignore", DeprecationWarning)
    warnings.simplefilter("ignore", UserWarning)
    from starlette.testclient import TestClient

RUN = manifest().id
AT = f"/gandash/recorded/{RUN}"


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Tokens of live runs, and the records of these; "room" is that of a room to which one is presented."""
    found: dict[str, str] = {}

    def admit(token: str) -> tuple[SimpleNamespace, str] | None:
        return (SimpleNamespace(record=found[token]), "steer") if token in found and token != "room" else None

    def of_token(token: str) -> SimpleNamespace | None:
        return SimpleNamespace(run=SimpleNamespace(record=found[token])) if token in found and token == "room" else None

    keeper = SimpleNamespace(admit=admit, classroom=SimpleNamespace(of_token=of_token))
    monkeypatch.setattr(recorded, "supervisor", lambda: keeper)
    return found


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GANDASH_HOME", str(tmp_path))
    monkeypatch.setattr(recorded, "shelf", Shelf())
    return tmp_path / "runs" / RUN


@pytest.fixture
def client(live: dict[str, str], folder: Path) -> Iterator[TestClient]:
    with TestClient(Starlette(routes=recorded.routes), cookies={VISITOR_COOKIE: "me"}) as client:
        yield client


@pytest.fixture
def run(folder: Path) -> RunWriter:
    return written(folder, owner=owner_of("me"))


def picture(client: TestClient, step: int, query: str = "") -> tuple[Any, bytes]:
    """What was said beside it, and the frame."""
    answer = client.get(f"{AT}/pictures/{step}{query}")
    assert answer.status_code == 200, answer.text
    length = int.from_bytes(answer.content[:4], "little")
    return json.loads(answer.content[4 : 4 + length] or "null"), answer.content[4 + length :]


def test_a_run_is_shown_while_it_is_written(client: TestClient, run: RunWriter) -> None:
    about = client.get(AT).json()
    assert about["pictures"] == [100, 200, 300] and (about["step"], about["epoch"], about["run"]) == (300, 0, RUN)
    assert [Said.read(m["label"]) for m in about["games"][0]["marks"]] == ["lr_D 1e-3 → 0.5"]
    assert picture(client, 200) == (None, b"frame 200")
    run.picture(310, b"the newest", b'{"games": []}')
    assert client.get(AT).json()["pictures"] == [100, 200, 300, 310] and client.get(AT).json()["step"] == 310
    assert picture(client, 310) == ({"games": []}, b"the newest")


def test_of_pictures_that_are_not_there_the_nearest_is_shown(client: TestClient, run: RunWriter) -> None:
    wanted = {0: 100, 149: 100, 150: 100, 151: 200, 10**18: 300}
    assert {step: picture(client, step)[1] for step in wanted} == {s: b"frame %d" % at for s, at in wanted.items()}


def test_a_browser_may_keep_what_stays_the_same(client: TestClient, run: RunWriter) -> None:
    kept = [client.get(f"{AT}/pictures/{q}").headers["cache-control"] for q in ("200?epoch=0", "201?epoch=0", "200?epoch=1")]
    assert kept == ["private, max-age=3600", "no-store", "no-store"]
    assert client.get(AT).headers["cache-control"] == "no-store"


def test_what_a_run_was_set_back_from_is_void(client: TestClient, run: RunWriter) -> None:
    assert client.get(AT).json()["pictures"] == [100, 200, 300]
    run.rewind(250, [0])
    about = client.get(AT).json()
    assert (about["pictures"], about["epoch"], about["games"][0]["marks"]) == ([100, 200], 1, [])
    run.picture(300, b"another")
    assert client.get(AT).json()["pictures"] == [100, 200, 300] and picture(client, 300)[1] == b"another"


def test_pictures_that_are_thinned_under_a_reader_are_found(
    client: TestClient, run: RunWriter, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where they lay is known from before; by now they lie elsewhere."""
    assert picture(client, 200)[1] == b"frame 200"
    (path,) = (folder / PICTURES).iterdir()
    places = recorded.shelf.opened(folder).places()
    body = path.read_bytes()[places[0].offset + places[0].length :]
    monkeypatch.setattr(recorded.OpenRun, "places", stale_once(places, recorded.OpenRun.places))
    path.write_bytes(body)
    assert picture(client, 200)[1] == b"frame 200"


def stale_once(places: Any, fresh: Any) -> Any:
    waiting = [places]
    return lambda self: waiting.pop() if waiting else fresh(self)


def test_the_curves_are_as_the_socket_sends_them(client: TestClient, run: RunWriter) -> None:
    run.rows(rows(301, 5000))
    run.flush()
    run.keyframe(5000, {}, {"0/theta": np.zeros(1)}, {})
    label, arrays = unpack(client.get(f"{AT}/curves").content)
    assert (label["kind"], label["columns"], label["stride"]) == ("history", list(COLUMNS), 8)
    assert len(arrays["step"]) == 625 and arrays["step"][-1] == 5000
    every = values(np.arange(1, 5001)).reshape(625, 8, 3).astype(np.float64)
    np.testing.assert_allclose(arrays["mean"], np.nanmean(every, axis=1), rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(arrays["high"], np.nanmax(every, axis=1).astype(np.float32))
    np.testing.assert_array_equal(arrays["recent"], values(arrays["recent_step"]))
    assert list(arrays["recent_step"]) == list(range(5000 - 1023, 5001))


def test_a_run_is_its_owners_alone(client: TestClient, run: RunWriter, live: dict[str, str]) -> None:
    client.cookies.clear()
    paths = [AT, f"{AT}/pictures/100", f"{AT}/curves"]
    for cookie in ("", "you", owner_of("me"), "é" * 9):
        answers = [client.get(path, headers={"Cookie": f"{VISITOR_COOKIE}={cookie}".encode()}) for path in paths]
        assert {(a.status_code, a.text) for a in answers} == {
            (404, json.dumps({"id": str(recorded.NONE), "params": {}}, separators=(",", ":")))
        }
    live["right"], live["other"] = RUN, "20260101-000000-aaaaaa"
    told = {
        token: client.get(AT, headers={"Authorization": token}).status_code
        for token in ("Bearer right", "Bearer other", "Bearer ", "right", "Basic right")
    }
    assert told == {"Bearer right": 200, "Bearer other": 404, "Bearer ": 404, "right": 404, "Basic right": 404}


def test_a_room_that_looks_on_gets_pictures_and_curves_and_no_files(
    client: TestClient, run: RunWriter, live: dict[str, str]
) -> None:
    client.cookies.clear()
    live["room"] = RUN
    got = {
        path: client.get(f"{AT}{path}", headers={"Authorization": "Bearer room"}).status_code
        for path in ("", "/pictures/100", "/curves", "/files", "/files/metrics.csv", "/films")
    }
    assert got == {"": 200, "/pictures/100": 200, "/curves": 200, "/files": 404, "/files/metrics.csv": 404, "/films": 404}
    live["room"] = "20260101-000000-aaaaaa"
    assert client.get(AT, headers={"Authorization": "Bearer room"}).status_code == 404


def test_the_machines_own_runs_are_no_visitors(client: TestClient, folder: Path) -> None:
    written(folder).close()
    assert client.get(AT).status_code == 404
    client.cookies.clear()
    assert client.get(AT).status_code == 404


def test_a_run_that_has_not_begun_has_no_pictures(client: TestClient, live: dict[str, str]) -> None:
    assert client.get(AT).status_code == 404
    live["right"] = RUN
    bearer = {"Authorization": "Bearer right"}
    assert client.get(AT, headers=bearer).json()["pictures"] == []
    assert client.get(f"{AT}/pictures/1", headers=bearer).status_code == 404


@pytest.mark.parametrize("name", ["%2e%2e", "..%2f..", "a%2fb", ".hidden", "x" * 101, "a%00b", "a\\b", "-a"])
def test_no_name_leads_out_of_the_folder(client: TestClient, run: RunWriter, folder: Path, name: str) -> None:
    outside = folder.parent.parent
    (outside / MANIFEST).write_bytes((folder / MANIFEST).read_bytes())
    for path in (f"/gandash/recorded/{name}", f"/gandash/recorded/{name}/curves", f"{AT}/pictures/{name}"):
        answer = client.get(path)
        assert answer.status_code in (404, 400) and b'pictures"' not in answer.content


def test_a_folder_that_is_a_link_or_torn_is_refused_without_the_servers_paths(
    client: TestClient, folder: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    written(elsewhere, owner=owner_of("me")).close()
    folder.parent.mkdir()
    folder.symlink_to(elsewhere)
    assert client.get(AT).status_code == 404
    folder.unlink()
    elsewhere.rename(folder)
    log = folder / EVENTS
    log.write_bytes(log.read_bytes() + b'{"kind": "set"')  # a torn end
    assert client.get(AT).status_code == 200
    log.write_bytes(b"[]\n")
    answer = client.get(AT)
    assert answer.status_code == 404 and RUN in answer.text and str(tmp_path) not in answer.text
    assert answer.json()["id"] == "{file}: line {number}: {problem}"  # a message, for the browser to say in its language


def test_it_is_taken_away_as_files(client: TestClient, run: RunWriter) -> None:
    found = {one["what"]: one["words"] for one in client.get(f"{AT}/files").json()}
    assert {"replay.html", "metrics.csv", "config.json"} <= set(found) and not any(what.endswith(".png") for what in found)
    page = client.get(f"{AT}/files/replay.html")
    assert page.status_code == 200 and page.text.startswith("<!doctype html>")
    # It is never shown as a page of ours, whose scripts it has
    assert page.headers["content-disposition"] == 'attachment; filename="replay.html"'
    assert page.headers["x-content-type-options"] == "nosniff"
    assert client.get(f"{AT}/files/config.json").json()["config"]["run"]["seed"] == 0
    assert client.get(f"{AT}/files/stage.png").status_code == client.get(f"{AT}/files/etc").status_code == 404
    client.cookies.set(VISITOR_COOKIE, "another")
    assert client.get(f"{AT}/files").status_code == client.get(f"{AT}/files/replay.html").status_code == 404
