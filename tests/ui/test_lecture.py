"""Who looks on at what is presented: what they see, that they steer nothing, and what a copy is.

Runs are real, their workers are small scripts: see `test_socket`.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocketDisconnect
from ui.test_socket import TINY, WORKER, TestClient, Viewer, WebSocketTestSession, until

from gandash.lessons.catalogue import catalogue
from gandash.server.forkserver import Spawned
from gandash.server.health import Limits
from gandash.server.presentation import Askable, Presentation
from gandash.server.process import WorkerProcess
from gandash.server.run import Run
from gandash.server.supervisor import Supervisor
from gandash.ui import recorded, service, watching
from gandash.ui import routes as routes_module
from gandash.ui.doors import VISITOR_COOKIE
from gandash.ui.lecture_text import block, formula
from gandash.wire.classroom import Lecturing
from gandash.wire.frame import unpack
from gandash.wire.messages import Command, Steering
from gandash.words import Said

ASKABLE = Askable("lesson/0", "What will D do?", ("rise", "fall"), 2, "So.")


@pytest.fixture
def keeper(monkeypatch: pytest.MonkeyPatch) -> Iterator[Supervisor]:
    keeper = Supervisor(Limits(runs=3), lambda: WorkerProcess(Spawned([sys.executable, "-S", "-c", WORKER])))
    for module in (routes_module, service, recorded):
        monkeypatch.setattr(module, "supervisor", lambda: keeper)
    yield keeper
    keeper.close()


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(Starlette(routes=routes_module.routes, middleware=routes_module.middleware)) as client:
        yield client


@pytest.fixture
def run(keeper: Supervisor) -> Run:
    return keeper.create(TINY, "Tiny", "me")


@pytest.fixture
def shown(keeper: Supervisor, run: Run) -> Presentation:
    shown = keeper.classroom.present(run, "", "here")
    shown.tell(None, ASKABLE)
    return shown


def until_settled(run: Run) -> None:
    """Until the worker has told all that it tells of a new game, its facts and then its status: each raises the version."""
    until(lambda: run.version >= 2)


class Onlooker(Viewer):
    """A browser on the page of those who look on."""

    def __init__(self, socket: WebSocketTestSession, **look: str) -> None:
        super().__init__(socket, "")
        self.heard: dict[str, Any] = {}

    def say(self, **message: Any) -> None:
        if message.get("type") != "hello":
            super().say(**message)

    def hear(self) -> str:
        message = self.socket.receive()
        if message["type"] == "websocket.close":
            raise WebSocketDisconnect(message["code"], message.get("reason"))
        if message.get("text") is None:
            self.pictures.append(unpack(message["bytes"]))
            return str(self.pictures[-1][0]["kind"])
        found = json.loads(message["text"])
        if found["type"] == "refused":
            self.refused.append(Said.read(found["message"]))
        self.heard[found["type"]] = found
        return str(found["type"])


def look(client: TestClient, **headers: str) -> WebSocketTestSession:
    return client.websocket_connect("/gandash/watch", headers=headers)


def closed(onlooker: Onlooker) -> WebSocketDisconnect:
    with pytest.raises(WebSocketDisconnect) as end:
        while True:
            onlooker.hear()
    return end.value


def test_who_has_the_code_sees_the_run(client: TestClient, run: Run, shown: Presentation) -> None:
    with look(client) as socket:
        one = Onlooker(socket)
        one.say(type="look", code=shown.code.lower())
        one.hear_frame()
        assert one.heard["run"]["role"] == "watch" and one.heard["presented"]["token"] == shown.token
        assert not any(secret in json.dumps(one.heard) for secret in run.tokens.values())
        one.say(type="ack")
        run.order(routes_module.steering_adapter.validate_python({"type": "step"}))
        one.hear_frame()
        assert any(label["kind"] == "history" for label, _ in one.pictures)
    with look(client) as socket:  # who comes back after a loss needs no code
        two = Onlooker(socket)
        two.say(type="look", token=shown.token)
        two.hear_frame()
    until(lambda: len(run._viewers) == 0)


@pytest.mark.parametrize(
    "first",
    ['{"type": "look", "code": "AAAA-AAAA"}', '{"type": "look"}', "{}", "[" * 900, '{"type": "look", "token": "no"}', "\x00"],
)
def test_without_a_code_nobody_sees_it(client: TestClient, run: Run, shown: Presentation, first: str) -> None:
    with look(client) as socket:
        socket.send_text(first)
        assert socket.receive()["code"] == watching.UNKNOWN_CODE
    with look(client, origin="http://evil.example") as socket:
        assert socket.receive()["code"] == watching.FORBIDDEN_ORIGIN
    assert len(run._viewers) == 0


def test_guessing_codes_is_slow(client: TestClient, shown: Presentation) -> None:
    ends = set()
    for _ in range(62):
        with look(client) as socket:
            socket.send_json({"type": "look", "code": "AAAA-AAAA"})
            ends.add(socket.receive()["code"])
    assert ends == {watching.UNKNOWN_CODE, watching.TOO_MANY_TRIES}


def commands(union: Any) -> list[type[BaseModel]]:
    return list(get_args(get_args(union)[0]))


def filled(command: type[BaseModel]) -> dict[str, Any]:
    """A command that would be followed, from who may give it."""
    needed = {
        "set": {"path": "run.batch", "value": 16},
        "set_many": {"changes": []},
        "examine": {"what": "spectrum"},
        "start": {"generation": 9, "configs": [], "directory": "/"},
    }
    kind = command.model_fields["type"].default
    return {"type": kind, **needed.get(kind, {})}


def test_who_looks_on_steers_nothing(
    client: TestClient, run: Run, shown: Presentation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every command that there is, by the socket that they have; and none of the other sockets takes what they have."""
    until_settled(run)
    monkeypatch.setattr(Run, "order", lambda *_: pytest.fail("a command of an onlooker's got through"))
    monkeypatch.setattr(Presentation, "end", lambda *_: pytest.fail("an onlooker ended it"))
    monkeypatch.setattr(Presentation, "reveal", lambda *_: pytest.fail("an onlooker revealed it"))
    before = run.version, run.configs, run.status
    every = {c.model_fields["type"].default: c for union in (Steering, Command, Lecturing) for c in commands(union)}
    assert {"play", "set", "start", "end", "present", "stop_presenting", "reveal", "pointing"} <= every.keys()
    with look(client) as socket:
        one = Onlooker(socket)
        one.say(type="look", code=shown.code)
        one.hear_frame()
        for kind, command in every.items():
            one.say(**filled(command))
            one.hear_until(lambda: one.refused)
            assert one.refused.pop() == watching.ONLY_LOOKS, kind
        for text in ("x" * 5000, "[]", "7", '{"type": ["play"]}', '{"type": "vote"}', "\x00"):
            socket.send_text(text)
            one.hear_until(lambda: one.refused)
            one.refused.clear()
    assert (run.version, run.configs, run.status) == before and not shown.over
    for token in (shown.token, shown.code):
        for hello in ({"type": "hello", "token": token}, {"type": "hello", "token": token, "arriving": "new-1"}):
            with client.websocket_connect("/gandash/live") as socket:
                socket.send_json(hello)
                assert socket.receive()["code"] == routes_module.UNKNOWN_TOKEN


def test_no_route_gives_an_onlooker_more_than_pictures(client: TestClient, run: Run, shown: Presentation) -> None:
    """Every route of the app, with the token of those who look on: nothing of the run is changed, and no file is handed out."""
    until_settled(run)
    before = run.version, run.configs, run.status, run.generation
    tried = 0
    for route in routes_module.routes:
        if isinstance(route, WebSocketRoute) or not isinstance(route, Route):
            continue
        path = route.path.replace("{run}", run.record or "none").replace("{step:int}", "1").replace("{what}", "metrics.csv")
        for method in ("GET", "POST", "PUT", "DELETE", "PATCH"):
            answer = client.request(method, path.replace("{form}", "gif"), headers={"authorization": f"Bearer {shown.token}"})
            tried += 1
            if "/files" in path or "/films" in path or path.endswith(".zip"):
                assert answer.status_code >= 400, (method, path)
    assert tried > 30
    assert (run.version, run.configs, run.status, run.generation) == before and not shown.over


def test_the_presenter_steers_the_presentation_by_the_live_socket(client: TestClient, keeper: Supervisor, run: Run) -> None:
    with client.websocket_connect("/gandash/live") as socket, look(client, cookie=f"{VISITOR_COOKIE}=ada") as other:
        mine = Onlooker(socket)
        socket.send_json({"type": "hello", "token": run.tokens["steer"]})
        mine.say(type="present")
        mine.hear_until(lambda: mine.heard.get("presenting"))
        shown = keeper.classroom.of(run)
        assert shown is not None and mine.heard["presenting"]["code"] == shown.code
        shown.tell(None, ASKABLE)
        one = Onlooker(other)
        one.say(type="look", code=shown.code)
        mine.hear_until(lambda: mine.heard["presenting"]["viewers"] == 1)
        mine.hear_until(lambda: mine.heard["presenting"]["can_ask"])
        mine.say(type="pointing", part="stage", x=0.25, y=0.5)
        one.hear_until(lambda: one.heard.get("pointing"))
        assert (one.heard["pointing"]["part"], one.heard["pointing"]["x"]) == ("stage", 0.25)
        shown.ask()
        one.hear_until(lambda: one.heard.get("presented", {}).get("question"))
        one.say(type="vote", question=one.heard["presented"]["question"]["id"], option=1)
        one.hear_until(lambda: one.heard.get("voted"))
        mine.hear_until(lambda: (mine.heard["presenting"]["question"] or {}).get("votes") == [1, 0])
        mine.say(type="reveal")
        one.hear_until(lambda: one.heard["presented"]["question"]["right"] == 2)
        mine.say(type="stop_presenting")
        mine.hear_until(lambda: mine.heard["presenting"]["code"] == "")
        end = closed(one)
        assert (end.code, end.reason) == (watching.STOPPED, "The presenter has stopped presenting.")


def test_who_may_only_watch_a_run_cannot_present_it(client: TestClient, keeper: Supervisor, run: Run) -> None:
    with client.websocket_connect("/gandash/live") as socket:
        viewer = Viewer(socket, run.tokens["watch"])
        viewer.hear_frame()
        for kind in ("present", "stop_presenting", "ask", "reveal", "pointing"):
            viewer.say(type=kind)
            viewer.hear_until(lambda: viewer.refused)
            assert "only its owner can steer" in viewer.refused.pop()
    assert keeper.classroom.of(run) is None


def test_a_word_may_be_asked_for(
    client: TestClient, keeper: Supervisor, run: Run, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("GANDASH_PRESENT_WORD", "open sesame")
    with client.websocket_connect("/gandash/live") as socket:
        mine = Onlooker(socket)
        socket.send_json({"type": "hello", "token": run.tokens["steer"]})
        for word, trouble in (("", ""), ("please", "That is not the word which this server asks of those who present.")):
            mine.heard.clear()
            mine.say(type="present", word=word)
            mine.hear_until(lambda: mine.heard.get("presenting"))
            said = mine.heard["presenting"]
            assert (said["code"], said["word_wanted"], Said.read(said["trouble"])) == ("", True, trouble)
        mine.say(type="present", word="open sesame")
        mine.hear_until(lambda: mine.heard["presenting"]["code"])
    assert keeper.classroom.of(run) is not None and "sesame" not in caplog.text and "please" not in caplog.text


def test_another_run_is_begun_anew_by_who_looks_on(client: TestClient, keeper: Supervisor, shown: Presentation) -> None:
    with look(client) as socket:
        one = Onlooker(socket)
        one.say(type="look", code=shown.code)
        one.hear_frame()
        shown.move(keeper.create(TINY, "Tiny", "me"))
        assert closed(one).code == watching.MOVED


def test_all_are_handed_the_same_bytes_and_a_slow_one_delays_nobody(
    client: TestClient, run: Run, shown: Presentation, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed: dict[int, list[bytes]] = {}
    original = Run.next_picture

    def counted(self: Run, viewer: Any) -> list[bytes]:
        packets = original(self, viewer)
        handed.setdefault(id(viewer), []).extend(packets)
        return packets

    monkeypatch.setattr(Run, "next_picture", counted)
    with look(client) as slow, look(client) as a, look(client) as b:
        waits, one, two = Onlooker(slow), Onlooker(a), Onlooker(b)
        for each in (waits, one, two):
            each.say(type="look", code=shown.code)
            each.hear_frame()
        shared = 0
        while shared < 3:  # `waits` never says that it has painted anything
            for each in (one, two):
                each.say(type="ack")
            for each in (one, two):
                each.hear_frame()
            frames = [packet for packets in handed.values() for packet in packets if unpack(packet)[0]["kind"] == "frame"]
            shared = len(frames) - len({id(frame) for frame in frames})
        assert len({id(frame) for frame in frames}) == len(set(frames))  # the same objects, not equal ones
        assert min(map(len, handed.values())) <= 2  # all that it was sent: curves and one picture


def test_a_server_takes_as_many_sockets_as_the_system_allows() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, hard - 1), hard))
    try:
        routes_module.allow_many_sockets()
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (hard, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


# ----------------------------------------------------------------------------------------------------------------- copy


def test_where_nothing_is_kept_there_is_no_copy(client: TestClient, keeper: Supervisor, run: Run, shown: Presentation) -> None:
    assert run.link is None  # these workers tell of no link, and nothing is recorded: there is nothing to copy from
    answer = client.post("/gandash/copy", json={"token": shown.token, "step": 3}, headers={"cookie": f"{VISITOR_COOKIE}=ada"})
    assert answer.status_code == 503 and "not recorded" in answer.text and len(keeper.runs) == 1


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"origin": "http://evil.example"}, "{}", 403),
        ({}, "{}", 403),
        ({"cookie": f"{VISITOR_COOKIE}=ada"}, "{}", 400),
        ({"cookie": f"{VISITOR_COOKIE}=ada"}, "x" * 9000, 400),
        ({"cookie": f"{VISITOR_COOKIE}=ada"}, '{"token": "no", "step": 1}', 404),
        ({"cookie": f"{VISITOR_COOKIE}=ada"}, '{"token": "no", "step": -1}', 400),
    ],
)
def test_what_is_no_wish_for_a_copy_is_refused(
    client: TestClient, shown: Presentation, headers: dict[str, str], body: str, status: int
) -> None:
    assert client.post("/gandash/copy", content=body, headers=headers).status_code == status


# ----------------------------------------------------------------------------------------------------------------- page


def test_the_page_needs_no_seat_and_gives_a_name_to_vote_under(client: TestClient, keeper: Supervisor) -> None:
    answer = client.get("/watch?code=AAAA-AAAA")
    assert answer.status_code == 200 and VISITOR_COOKIE in answer.headers["set-cookie"] and keeper.runs == ()
    assert "streamlit" not in answer.text.lower()
    led = client.get("/?watch=ab cd", follow_redirects=False)
    assert led.status_code == 307 and led.headers["location"] == "watch?code=ab%20cd"
    for name in ("watch.js", "watch.css"):
        assert client.get(f"/gandash/assets/watch/{name}").status_code == 200


def test_every_formula_of_the_lessons_is_drawn() -> None:
    for lesson in catalogue().lessons.values():
        for step in lesson.steps:
            drawn = (
                block(step.text) + (formula(step.formula, is_display=True) if step.formula else "") + block(step.after or "")
            )
            assert "$" not in drawn and "<code>\\" not in drawn and "\\begin" not in drawn and "[1ex]" not in drawn


def test_markup_in_a_lesson_is_only_ever_text() -> None:
    assert "<script" not in block("<script>x</script> **<img>** $<b>$ `<i>`") + formula("\\text{<script>}")
