"""The socket of the live view: who gets in, who may steer, and that nobody's pace is another's.

Runs are real, their workers are small scripts that answer as ours would, without waiting for torch.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from telling import line_facts
from waiting import PATIENCE_SECONDS
from websockets.sync.client import connect as socket_connect

from gandash.config import GameConfig, RunConfig
from gandash.config.data import GaussianConfig
from gandash.config.networks import MLPConfig
from gandash.server.forkserver import Spawned
from gandash.server.health import Limits
from gandash.server.process import WorkerProcess
from gandash.server.run import Run
from gandash.server.supervisor import Supervisor, Unavailable
from gandash.ui import routes as routes_module
from gandash.ui.watching import watch
from gandash.wire.frame import unpack
from gandash.wire.messages import StepBy
from gandash.words import Said

with warnings.catch_warnings():  # starlette would rather have httpx2 under its test client; httpx does
    warnings.simplefilter("ignore", DeprecationWarning)
    warnings.simplefilter("ignore", UserWarning)
    from starlette.testclient import TestClient, WebSocketTestSession

NET = MLPConfig(width=4, depth=1)
TINY = GameConfig(data=GaussianConfig(), generator=NET, discriminator=NET, run=RunConfig(batch=8))

# A worker that has no game: it counts steps while it plays, and sends a frame whenever it is asked.
WORKER = (
    f"""
import json, struct, sys
FACTS = json.loads({line_facts("loss_d").model_dump_json()!r})
"""
    + """
def send(kind, body):
    sys.stdout.buffer.write(struct.pack('<cI', kind, len(body)) + body); sys.stdout.buffer.flush()
def event(**e): send(b'E', json.dumps(e).encode())
def frame(label, **arrays):
    header, data = {'__metadata__': {'label': json.dumps(label)}}, b''
    for name, (dtype, shape, raw) in arrays.items():
        header[name] = {'dtype': dtype, 'shape': shape, 'data_offsets': [len(data), len(data) + len(raw)]}
        data += raw
    header = json.dumps(header).encode()
    header += b' ' * (-len(header) % 8)
    return struct.pack('<Q', len(header)) + header + data
step = generation = revision = 0
event(type='ready', pid=1)
for line in sys.stdin:
    c = json.loads(line)
    if c['type'] == 'start':
        step, generation = 0, c['generation']
        games = [{'config': config, 'changes': [], 'facts': FACTS} for config in c['configs']]
        event(type='started', generation=generation, step=0, games=games)
        event(type='status', generation=generation, status='paused', step=0)
    elif c['type'] in ('play', 'pause'):
        event(type='status', generation=generation, status={'play': 'running', 'pause': 'paused'}[c['type']], step=step)
    elif c['type'] == 'step':
        for _ in range(c['n']):
            step += 1
            send(b'M', frame({'kind': 'metrics', 'generation': generation}, step=('I32', [1], struct.pack('<i', step)),
                             rows=('F32', [1, 1], struct.pack('<f', step / 2))))
    elif c['type'] == 'send_frame':
        revision += 1
        send(b'F', frame({'kind': 'frame', 'generation': generation, 'revision': revision, 'step': step}))
    elif c['type'] == 'tell_step':
        event(type='step_told', generation=generation, step=step, players=c['players'], rule='alternating',
              optimisers=['adam', 'adam'], batch=8, pack=1, noise=None, smoothing=0, ended_elsewhere=False, looks=[])
    elif c['type'] == 'set':
        event(type='refused', message='this worker refuses ' + c['path'])
    elif c['type'] == 'end': break
"""
)


@pytest.fixture
def keeper(monkeypatch: pytest.MonkeyPatch) -> Iterator[Supervisor]:
    keeper = Supervisor(Limits(), lambda: WorkerProcess(Spawned([sys.executable, "-S", "-c", WORKER])))
    monkeypatch.setattr(routes_module, "supervisor", lambda: keeper)
    yield keeper
    pids = [r._worker.pid for r in keeper.runs]
    keeper.close()
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(Starlette(routes=routes_module.routes)) as client:
        yield client


@pytest.fixture
def run(keeper: Supervisor) -> Run:
    return keeper.create(TINY, "Tiny", "me")


def until(condition: Callable[[], Any], seconds: float = PATIENCE_SECONDS) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)
    return found


def connect(client: TestClient, token: str, **headers: str) -> WebSocketTestSession:
    return client.websocket_connect("/gandash/live", headers=headers)


class Viewer:
    """A browser: says hello, and sorts what it receives."""

    def __init__(self, socket: WebSocketTestSession, token: str) -> None:
        self.socket = socket
        self.states: list[dict[str, Any]] = []
        self.refused: list[str] = []
        self.told: list[dict[str, Any]] = []
        self.pictures: list[tuple[dict[str, Any], dict[str, np.ndarray]]] = []
        self.say(type="hello", token=token)

    def say(self, **message: Any) -> None:
        self.socket.send_text(json.dumps(message))

    def hear(self) -> str:
        """One message; its kind."""
        message = self.socket.receive()
        if message["type"] == "websocket.close":
            raise WebSocketDisconnect(message["code"], message.get("reason"))
        if message.get("text") is not None:
            found = json.loads(message["text"])
            if found["type"] == "step_told":
                self.told.append(found)
                return "step_told"
            (self.states if found["type"] == "run" else self.refused).append(
                found if found["type"] == "run" else Said.read(found["message"])
            )
            return str(found["type"])
        self.pictures.append(unpack(message["bytes"]))
        return str(self.pictures[-1][0]["kind"])

    def hear_until(self, condition: Callable[[], Any]) -> None:
        while not condition():
            self.hear()

    def hear_frame(self) -> dict[str, Any]:
        while self.hear() != "frame":
            pass
        return self.pictures[-1][0]

    def acknowledge(self) -> None:
        self.say(type="ack", revision=self.pictures[-1][0]["revision"])

    def sync(self) -> None:
        """Hear all that was sent before now: a nonsense message comes back after it."""
        self.say(type="sync")
        before = len(self.refused)
        self.hear_until(lambda: any("sync" in r or "not a command" in r for r in self.refused[before:]))


# ------------------------------------------------------------------------------------------------------------ admission


@pytest.mark.parametrize(
    "hello",
    [
        json.dumps({"type": "hello", "token": "wrong"}),
        json.dumps({"type": "hello", "token": ""}),
        json.dumps({"type": "hello", "token": ["x"]}),
        json.dumps({"type": "hello", "token": "\ud800"}),
        json.dumps({"type": "play"}),
        "not json",
        "[" * 4000,
        "7",
        "x" * 100_000,
        b"bytes",
    ],
    ids=lambda h: repr(h[:40]),
)
def test_without_a_token_nobody_gets_in(client: TestClient, run: Run, hello: str | bytes) -> None:
    with connect(client, "") as socket:
        socket.send_bytes(hello) if isinstance(hello, bytes) else socket.send_text(hello)
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_text()
    assert closed.value.code == 4401 and len(run._viewers) == 0


def test_who_says_nothing_is_sent_away(client: TestClient, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes_module, "HELLO_SECONDS", 0.05)
    with connect(client, "") as socket, pytest.raises(WebSocketDisconnect) as closed:
        socket.receive_text()
    assert closed.value.code == 4401


def test_who_leaves_before_hello_leaves_nothing(client: TestClient, run: Run) -> None:
    with connect(client, ""):
        pass
    assert len(run._viewers) == 0


@pytest.mark.parametrize("host", ["testserver", "other.example"])
@pytest.mark.parametrize("open_socket", [routes_module.live, watch])
def test_who_has_gone_before_being_refused_is_no_fault(open_socket: Callable[[WebSocket], Any], host: str) -> None:
    """The server hears of it as it says why; that is nothing for the log."""
    said = []

    async def heard() -> dict[str, Any]:
        said.append("hello")
        return {"type": "websocket.connect"} if len(said) == 1 else {"type": "websocket.receive", "text": "{}"}

    async def told(message: Any) -> None:
        said.append(message["type"])
        if message["type"] == "websocket.close":
            raise OSError("gone")

    headers = [(b"host", host.encode()), (b"origin", b"http://testserver")]
    scope = {"type": "websocket", "path": "/", "headers": headers, "client": ("127.0.0.1", 1)}
    with ThreadPoolExecutor() as elsewhere:  # this thread may have Playwright's loop, when a browser's tests came before
        elsewhere.submit(lambda: asyncio.run(open_socket(WebSocket(scope, heard, told)))).result()
    assert said[-1] == "websocket.close"


@pytest.mark.parametrize("origin", ["https://evil.example", "http://testserver.evil.example", "null", "http://[", ""])
def test_other_pages_get_nothing(client: TestClient, run: Run, origin: str) -> None:
    with connect(client, "", origin=origin) as socket:
        socket.send_text(json.dumps({"type": "hello", "token": run.tokens["steer"]}))
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_text()
    assert closed.value.code == 4403 and len(run._viewers) == 0


def test_no_token_is_taken_from_an_address_or_left_in_a_log(
    client: TestClient, run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    with client.websocket_connect(f"/gandash/live?token={run.tokens['watch']}") as socket:
        socket.send_text(json.dumps({"type": "hello"}))
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_text()
    assert closed.value.code == 4401
    caplog.clear()  # the test's own client writes down its own address
    with connect(client, "") as socket:
        viewer = Viewer(socket, run.tokens["steer"])
        viewer.hear_frame()
        viewer.say(type="hello", token=run.tokens["steer"])  # no command
        viewer.say(type="set", path=run.tokens["steer"], value=run.tokens["watch"])
        viewer.sync()
    run.end("Enough.")
    assert not any(token in caplog.text for token in run.tokens.values())


FOREIGN = ["http://evil.example", "http://localhost:3000", "http://testserver:81", "null", "http://["]


@pytest.mark.parametrize("origin", FOREIGN)
def test_other_pages_do_not_get_to_streamlits_socket_either(origin: str) -> None:
    """A page of another program on this host would come with the visitor's cookie: cookies know no ports."""
    reached: list[str] = []

    async def stream(socket: WebSocket) -> None:
        reached.append("stream")
        await socket.accept()
        await socket.close()

    app = Starlette(routes=[WebSocketRoute("/_stcore/stream", stream)], middleware=routes_module.middleware)
    with TestClient(app) as client:
        with pytest.raises(WebSocketDisconnect), client.websocket_connect("/_stcore/stream", headers={"origin": origin}):
            pass
        assert not reached
        for headers in ({"origin": "http://testserver"}, {}):
            with client.websocket_connect("/_stcore/stream", headers=headers):
                pass
    assert len(reached) == 2


def test_the_live_socket_tells_other_pages_why(run: Run) -> None:
    """Through the middleware too: refused before it is accepted, a browser would only say that it could not connect."""
    app = Starlette(routes=routes_module.routes, middleware=routes_module.middleware)
    with (
        TestClient(app) as client,
        connect(client, "", origin="http://evil.example") as socket,
        pytest.raises(WebSocketDisconnect) as closed,
    ):
        socket.receive_text()
    assert closed.value.code == 4403


@pytest.mark.parametrize(
    ("cookies", "known"),
    [
        ("", False),
        ("gandash_visitor=abc", True),
        ('theme={"dark": true}; gandash_visitor=abc', True),  # another program's on the same host
        ("a b=c d; =x; gandash_visitor=abc", True),
        ("gandash_visito=abc", False),
    ],
)
def test_a_visitor_has_one_name_whatever_other_cookies_there_are(cookies: str, known: bool) -> None:
    async def page(request: Request) -> Response:
        return Response(request.cookies.get("gandash_visitor", ""))

    app = Starlette(routes=[Route("/", page)], middleware=routes_module.middleware)
    with TestClient(app) as client:
        answer = client.get("/", headers={"cookie": cookies})
    assert ("set-cookie" not in answer.headers) is known and answer.text == ("abc" if known else "")
    assert answer.headers["content-security-policy"] == "frame-ancestors 'self'"
    if not known:
        given = answer.headers["set-cookie"]
        assert "HttpOnly" in given and "SameSite=Lax" in given
        assert len(given.split(";")[0].split("=")[1]) >= 32


@pytest.mark.parametrize(
    "path",
    [
        "../../app.py",
        "..%2f..%2fapp.py",
        "%2e%2e/%2e%2e/app.py",
        "..%5c..%5capp.py",
        "/etc/passwd",
        "%2fetc%2fpasswd",
        "live.js%00",
        "live.js/../../../app.py",
        "x" * 5000,
        ".",
        "",
    ],
)
def test_assets_do_not_lead_out_of_their_folder(client: TestClient, path: str) -> None:
    answer = client.get(f"/gandash/assets/live/{path}")
    assert answer.status_code in (400, 404)
    assert "root:" not in answer.text and "st.App" not in answer.text
    assert client.get("/gandash/assets/live/live.js").status_code == 200
    assert client.post("/gandash/assets/live/live.js").status_code == 405


def test_our_own_page_gets_in(client: TestClient, run: Run) -> None:
    with connect(client, "", origin="http://testserver") as socket:
        viewer = Viewer(socket, run.tokens["steer"])
        assert viewer.hear() == "run"
        state = viewer.states[0]
        assert state["role"] == "steer" and len(run._viewers) == 1
        assert run.tokens["steer"] not in json.dumps(state) and run.tokens["watch"] not in json.dumps(state)
    until(lambda: len(run._viewers) == 0)


def test_a_page_that_just_opens_gets_its_visitors_own_run(client: TestClient, keeper: Supervisor) -> None:
    """Without a token: by the cookie, the run that its script will show too, and with it the token to come back with."""
    with connect(client, "", cookie=f"{routes_module.VISITOR_COOKIE}=me") as socket:
        socket.send_text(json.dumps({"type": "hello", "token": "", "arriving": "new-1"}))
        welcome = socket.receive_json()
        (run,) = keeper.runs
        assert welcome == {"type": "welcome", "token": run.tokens["steer"]}
        state = socket.receive_json()
        assert state["role"] == "steer" and len(run._viewers) == 1
        assert keeper.arrive("new-1", "me", lambda: pytest.fail("another run was made")) is run


@pytest.mark.parametrize(("cookie", "name"), [("", "new-1"), ("me", ""), ("me", 1), ("me", None)])
def test_a_page_without_cookie_or_name_gets_none(client: TestClient, keeper: Supervisor, cookie: str, name: object) -> None:
    with connect(client, "", cookie=f"{routes_module.VISITOR_COOKIE}={cookie}") as socket:
        socket.send_text(json.dumps({"type": "hello", "token": "", "arriving": name}))
        assert socket.receive()["code"] == routes_module.UNKNOWN_TOKEN
    assert keeper.runs == ()


def test_where_there_is_no_room_the_page_tells_it(
    client: TestClient, keeper: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    with connect(client, "", cookie=f"{routes_module.VISITOR_COOKIE}=me") as socket:
        monkeypatch.setattr(keeper, "create", lambda *_: (_ for _ in ()).throw(Unavailable("full")))
        socket.send_text(json.dumps({"type": "hello", "token": "", "arriving": "new-1"}))
        assert socket.receive()["code"] == routes_module.UNKNOWN_TOKEN


# -------------------------------------------------------------------------------------------------------------- steering


def test_the_owner_steers(client: TestClient, run: Run) -> None:
    with connect(client, "") as socket:
        viewer = Viewer(socket, run.tokens["steer"])
        viewer.say(type="play")
        viewer.hear_until(lambda: viewer.states and viewer.states[-1]["status"] == "running")
        viewer.say(type="speed", steps_per_second=5)
        viewer.hear_until(lambda: viewer.states[-1]["speed"] == 5)
        generation = viewer.states[-1]["generation"]
        viewer.say(type="restart", new_seed=True)
        viewer.hear_until(lambda: viewer.states[-1]["generation"] == generation + 1)
        assert run.config.run.seed == 1 and not viewer.refused


def test_a_step_is_told_to_all_and_changes_nothing(client: TestClient, run: Run) -> None:
    with connect(client, "") as one, connect(client, "") as other:
        owner, watcher = Viewer(one, run.tokens["steer"]), Viewer(other, run.tokens["watch"])
        owner.hear_frame()
        watcher.hear_frame()
        run.notice, version = "a notice", run.version
        watcher.say(type="tell_step", players="G")
        watcher.hear_until(lambda: watcher.refused)
        owner.say(type="tell_step", players="D")
        owner.hear_until(lambda: owner.told)
        watcher.hear_until(lambda: watcher.told)
        assert owner.told == watcher.told and owner.told[0]["players"] == "D"
        assert (run.notice, run.version, run.step) == ("a notice", version, 0)


def test_a_watcher_sees_and_cannot_steer(client: TestClient, run: Run) -> None:
    with connect(client, "") as socket:
        viewer = Viewer(socket, run.tokens["watch"])
        viewer.hear_frame()
        assert viewer.states[-1]["role"] == "watch"
        for message in (
            {"type": "play"},
            {"type": "set", "path": "run.batch", "value": 1},
            {"type": "restart"},
            {"type": "examine", "what": "spectrum"},
            {"type": "end"},
        ):
            viewer.say(**message)
            viewer.hear_until(lambda: viewer.refused)
            assert "only its owner can steer" in viewer.refused.pop()
    assert run.config == TINY and run.describe("watch").status == "paused"


@pytest.mark.parametrize(
    "message",
    [
        "not json",
        "null",
        "[]",
        '{"type":"end"}',
        '{"type":"start"}',
        '{"type":"send_frame"}',
        '{"type":"step","n":0}',
        '{"type":"speed","steps_per_second":NaN}',
        '{"type":"set","path":"\\ud800","value":1}',
        '{"type":"set","path":"x","value":' + "[" * 2000 + "]" * 2000 + "}",
        '{"type":"play","pad":"' + "x" * 10_000 + '"}',
        "[" * 4000,
        b"bytes",
    ],
    ids=lambda m: repr(m[:40]),
)
def test_what_is_no_command_is_answered_and_harms_nobody(client: TestClient, run: Run, message: str | bytes) -> None:
    with connect(client, "") as socket:
        viewer = Viewer(socket, run.tokens["steer"])
        socket.send_bytes(message) if isinstance(message, bytes) else socket.send_text(message)
        viewer.hear_until(lambda: viewer.refused)
        assert "not a command" in viewer.refused[-1]
        viewer.say(type="play")
        viewer.hear_until(lambda: viewer.states[-1]["status"] == "running")


def test_a_setting_that_cannot_be_and_one_the_worker_refuses_are_both_told(client: TestClient, run: Run) -> None:
    with connect(client, "") as socket:
        viewer = Viewer(socket, run.tokens["steer"])
        viewer.say(type="set", path="generator.width", value=8)
        viewer.hear_until(lambda: viewer.refused)
        assert "restarts the game" in viewer.refused.pop()
        viewer.say(type="set", path="run.batch", value=16)
        viewer.hear_until(lambda: viewer.refused)
        assert viewer.refused == ["this worker refuses run.batch"]


def test_a_flood_is_answered_once_a_second_and_the_rest_dropped(client: TestClient, run: Run) -> None:
    with connect(client, "") as socket:
        viewer = Viewer(socket, run.tokens["steer"])
        begun = time.monotonic()
        for i in range(10_000):
            viewer.say(type="speed", steps_per_second=1 + i)
        viewer.say(type="ack", revision=0)  # heard in spite of it all
        windows = time.monotonic() - begun + 1
        until(lambda: run.speed is not None)
        socket.send_bytes(b"")
        time_of_peace = time.monotonic() + 1.1
        until(lambda: time.monotonic() > time_of_peace)
        viewer.say(type="speed", steps_per_second=77_777)
        viewer.hear_until(lambda: viewer.states and viewer.states[-1]["speed"] == 77_777)
        assert 1 <= len(viewer.refused) <= windows + 2
        assert "too many commands" in viewer.refused[0]
        assert len({s["speed"] for s in viewer.states}) <= (windows + 2) * routes_module.COMMANDS_PER_SECOND
        assert len(run._viewers) == 1


# -------------------------------------------------------------------------------------------------------------- pictures


def test_no_frame_without_an_acknowledgement_and_then_the_newest(client: TestClient, run: Run) -> None:
    with connect(client, "") as socket:
        viewer = Viewer(socket, run.tokens["steer"])
        first = viewer.hear_frame()
        for _ in range(3):
            viewer.say(type="step", n=2)
            viewer.sync()
        until(lambda: run.step == 6)
        viewer.sync()
        assert [label["kind"] for label, _ in viewer.pictures].count("frame") == 1
        viewer.acknowledge()
        second = viewer.hear_frame()
        viewer.acknowledge()
        third = viewer.hear_frame()
        assert first["revision"] < second["revision"] < third["revision"] and third["step"] == 6


def test_a_slow_viewer_delays_nobody_and_has_no_queue(client: TestClient, run: Run) -> None:
    with connect(client, "") as one, connect(client, "") as other:
        slow, quick = Viewer(one, run.tokens["watch"]), Viewer(other, run.tokens["steer"])
        slow.hear_frame()
        for _ in range(30):
            quick.say(type="step", n=1)
            quick.hear_frame()
            quick.acknowledge()
        assert len(run._viewers) == 2
        until(lambda: run.step == 30)
        latest = quick.hear_frame()
        slow.acknowledge()
        assert slow.hear_frame()["revision"] >= latest["revision"]
        frames = [label for label, _ in slow.pictures if label["kind"] == "frame"]
        assert len(frames) == 2
        steps = np.concatenate([a["recent_step"] for label, a in slow.pictures if label["kind"] == "history"])
        assert steps.tolist() == list(range(1, len(steps) + 1))  # frames are skipped, rows are not


def test_who_never_reads_delays_nobody_and_is_sent_little(run: Run) -> None:
    """Over real TCP: what a client does not read piles up in the server unless somebody waits for it."""
    app = Starlette(routes=routes_module.routes)
    server = uvicorn.Server(uvicorn.Config(app, port=0, ws="websockets-sansio", log_level=50))  # as Streamlit runs it
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        until(lambda: server.started)
        listening = server.servers[0].sockets[0]
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)  # the kernel, too, would keep megabytes for it
        port = listening.getsockname()[1]
        address = f"ws://127.0.0.1:{port}/gandash/live"
        with (
            socket_connect(address, max_size=None) as quick,
            deaf_socket(port) as deaf,
        ):
            quick.send(json.dumps({"type": "hello", "token": run.tokens["steer"]}))
            deaf(json.dumps({"type": "hello", "token": run.tokens["watch"]}))
            until(lambda: len(run._viewers) == 2)
            run.order(StepBy(n=3000))
            until(lambda: run.step == 3000)
            frames = 0
            while frames < 300:
                deaf(json.dumps({"type": "ack"}))  # it says that it has painted, and reads nothing
                message = quick.recv(timeout=PATIENCE_SECONDS)
                if isinstance(message, bytes) and unpack(message)[0]["kind"] == "frame":
                    frames += 1
                    quick.send(json.dumps({"type": "ack"}))
                    run.order(StepBy(n=1))
            slow = next(v for v in run._viewers if v.role == "watch")
            waiting = [c.transport.get_write_buffer_size() for c in server.server_state.connections]
            assert 0 < max(waiting) < 2**18 and slow.frame_seen < run._viewers.frame_number - 100
        until(lambda: len(run._viewers) == 0)
    finally:
        server.should_exit = True
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()


@contextmanager
def deaf_socket(port: int) -> Iterator[Callable[[str], None]]:
    """A WebSocket client that can speak and reads nothing, with hardly any room in between; gives what to speak with."""
    with socket.socket() as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        raw.connect(("127.0.0.1", port))
        lines = (
            "GET /gandash/live HTTP/1.1",
            f"Host: 127.0.0.1:{port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version: 13",
        )
        raw.sendall("".join(line + "\r\n" for line in (*lines, "")).encode())
        assert raw.recv(12) == b"HTTP/1.1 101"  # the last that it reads

        def speak(text: str) -> None:
            body = text.encode()
            raw.sendall(bytes((0x81, 0x80 | len(body))) + bytes(4) + body)  # masked with zeros

        yield speak


def test_who_comes_back_gets_the_whole_history(client: TestClient, run: Run) -> None:
    with connect(client, "") as socket:
        viewer = Viewer(socket, run.tokens["steer"])
        viewer.say(type="step", n=1500)
        until(lambda: run.step == 1500)
    with connect(client, "") as socket:
        viewer = Viewer(socket, run.tokens["watch"])
        viewer.hear_frame()
        label, arrays = next(p for p in viewer.pictures if p[0]["kind"] == "history")
        assert (label["first"], label["recent_reset"], label["stride"], label["columns"]) == (0, True, 2, ["loss_d"])
        assert arrays["step"][-1] == 1500 and len(arrays["recent"]) == 1024
        np.testing.assert_allclose(arrays["mean"][:, 0], (arrays["step"] - 0.5) / 2)


def test_when_the_run_ends_it_says_so_and_then_closes_for_good(client: TestClient, run: Run) -> None:
    for _ in range(2):  # those who look, and those who come after
        with connect(client, "") as socket:
            viewer = Viewer(socket, run.tokens["steer"])
            viewer.hear()
            run.end("It was time.")
            with pytest.raises(WebSocketDisconnect) as closed:
                viewer.hear_until(lambda: False)
            assert closed.value.code == 4410
            assert (viewer.states[-1]["status"], Said.read(viewer.states[-1]["reason"])) == ("ended", "It was time.")


def test_fifty_visits_leave_no_viewer_and_no_worker_behind(client: TestClient, run: Run, keeper: Supervisor) -> None:
    worker = run._worker.pid
    for i in range(50):
        with connect(client, "") as socket:
            viewer = Viewer(socket, run.tokens["steer" if i % 2 else "watch"])
            viewer.hear_frame()
            if i % 3 == 0:
                viewer.acknowledge()
    until(lambda: len(run._viewers) == 0)
    assert run._viewers.absent_since is not None and run._worker.pid == worker and len(keeper.runs) == 1


def test_a_wake_after_the_servers_loop_has_closed_is_harmless(run: Run) -> None:
    app = Starlette(routes=routes_module.routes)
    with TestClient(app) as client, connect(client, "") as socket:
        viewer = Viewer(socket, run.tokens["steer"])
        viewer.hear()
        (attached,) = run._viewers
    attached.wake()
    run.end("Bye.")
    assert len(run._viewers) == 0


def test_connections_send_small_packets_at_once() -> None:
    """A listening socket as Streamlit binds it: one that does not name its protocol, which asyncio leaves to Nagle."""
    with socket.socket(socket.AF_INET) as listener:
        listener.bind(("127.0.0.1", 0))
        routes_module.disable_nagle()
        listener.listen()
        with socket.create_connection(listener.getsockname()), listener.accept()[0] as accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
