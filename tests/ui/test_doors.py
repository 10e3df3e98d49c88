"""Whose page may open a socket here, and what is said to others; paths and cookies under a base path."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from streamlit.web.server.starlette.starlette_websocket import _is_origin_allowed

from gandash.ui import doors
from gandash.ui.arrival import added, arrival_page
from gandash.ui.routes import routes

with warnings.catch_warnings():  # starlette would rather have httpx2 under its test client; httpx does
    warnings.simplefilter("ignore", DeprecationWarning)
    warnings.simplefilter("ignore", UserWarning)
    from starlette.testclient import TestClient


@pytest.fixture(autouse=True)
def forgetful(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The stated hosts are read once; here each test states its own."""
    monkeypatch.delenv(doors.HOSTS, raising=False)
    monkeypatch.setattr(doors, "refusals", doors.Refusals())
    doors.stated_hosts.cache_clear()
    yield
    doors.stated_hosts.cache_clear()


@pytest.mark.parametrize(
    ("origin", "host", "is_secure", "own"),
    [
        ("https://gan.example", "gan.example", True, True),
        ("https://gan.example", "gan.example:443", True, True),  # a proxy that names the usual port as well
        ("https://gan.example:8443", "gan.example:8443", True, True),
        ("http://gan.example", "gan.example:80", False, True),
        ("http://GAN.example", "gan.EXAMPLE", False, True),
        ("http://[::1]:8501", "[::1]:8501", False, True),
        ("https://gan.example", "gan.example", False, True),  # a proxy that keeps TLS to itself
        ("http://gan.example", "gan.example", True, False),  # the same name, but not by TLS: another origin
        ("https://gan.example", "gan.example:80", False, False),
        ("https://gan.example:8443", "gan.example", True, False),
        ("http://gan.example:8501", "gan.example:8502", False, False),
        ("http://user@gan.example", "gan.example", False, False),
        ("http://gan.example:99999", "gan.example:99999", False, False),
        ("ftp://gan.example", "gan.example", False, False),
        ("http://gan.example", "", False, False),
        ("http://gan.example", None, False, False),
        ("null", "null", False, False),
    ],
)
def test_origin_and_host_name_one_place(origin: str, host: str | None, is_secure: bool, own: bool) -> None:
    assert doors.is_own_page(origin, host, is_secure) is own


@pytest.mark.parametrize(
    ("origin", "own"),
    [
        ("https://gan.example", True),
        ("http://gan.example", True),
        ("https://GAN.example:8443", True),
        ("https://gan.example:8444", False),  # another program on that host
        ("https://gan.example.evil.example", False),
        ("https://evil.gan.example", False),
        ("https://xn--gn-via.example", True),  # gän.example, as browsers write it
        ("http://[2001:db8::1]:8501", True),
        ("http://127.0.0.1:3000", False),
    ],
)
def test_the_stated_hosts_are_taken_and_no_others(origin: str, own: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(doors.HOSTS, " gan.example, gan.example:8443,gän.example , [2001:db8::1]:8501,")
    assert doors.is_own_page(origin, "127.0.0.1:8501") is own


@pytest.mark.parametrize(
    "entry", ["https://gan.example", "gan.example/teach", "*", "*.example", "gan.example:port", ":8501", "a b"]
)
def test_what_is_no_host_is_said_and_left_out(
    entry: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv(doors.HOSTS, f"{entry},gan.example")
    assert doors.stated_hosts() == {("gan.example", None)}
    assert f"given {entry!r}" in caplog.text and "gan.uni.example:8443" in caplog.text


def test_streamlits_own_settings_count_too(monkeypatch: pytest.MonkeyPatch) -> None:
    options = {
        "server.corsAllowedOrigins": ["https://gan.example"],
        "browser.serverAddress": "lab.example",
        "browser.serverPort": 443,
    }
    monkeypatch.setattr(doors.st, "get_option", options.__getitem__)
    monkeypatch.setattr(doors, "is_manually_set", lambda name: name == "browser.serverAddress")
    assert doors.stated_hosts() == {("gan.example", None), ("lab.example", None)}


async def answer(socket: WebSocket) -> None:
    """As Streamlit's own socket: it compares Origin and Host once more, and then says what it sees."""
    origin, host = socket.headers.get("origin"), socket.headers.get("host")
    await socket.accept()
    await socket.send_text(f"{host} {_is_origin_allowed(origin, host)}")
    await socket.close()


def test_streamlit_sees_the_host_that_the_browser_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(doors.HOSTS, "gan.example:8443")
    app = Starlette(routes=[WebSocketRoute("/_stcore/stream", answer)], middleware=doors.middleware)
    headers = {"origin": "https://gan.example:8443"}
    with TestClient(app) as client, client.websocket_connect("/_stcore/stream", headers=headers) as socket:
        assert socket.receive_text() == "gan.example:8443 True"


def test_a_refusal_is_in_the_log_once_with_what_to_set(caplog: pytest.LogCaptureFixture) -> None:
    app = Starlette(routes=[WebSocketRoute("/_stcore/stream", answer)], middleware=doors.middleware)
    with TestClient(app) as client:
        for origin in ["https://gan.example:8443"] * 3 + ["null\n2026 all is well"]:
            with pytest.raises(WebSocketDisconnect), client.websocket_connect("/_stcore/stream", headers={"origin": origin}):
                pass
    said = [record.getMessage() for record in caplog.records if record.name == "gandash.door"]
    assert len(said) == 2 and "GANDASH_HOSTS=gan.example:8443" in said[0] and "'testserver'" in said[0]
    assert "\n" not in said[1]


def test_a_flood_of_refusals_does_not_fill_the_log(caplog: pytest.LogCaptureFixture) -> None:
    refusals = doors.Refusals()
    for i in range(1000):
        refusals.say(f"http://{i}.example", "here", now=0.001 * i)
    assert len(caplog.records) == doors.REFUSALS_KNOWN
    refusals.say("http://0.example", "here", now=doors.SECONDS_BETWEEN_WORDS + 10)
    assert len(caplog.records) == doors.REFUSALS_KNOWN + 1


@pytest.mark.parametrize("set_to", ["teach/gan", "/teach/gan", "/teach/gan/"])
def test_under_a_base_path_everything_of_ours_is_there(set_to: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def elsewhere(request: Request) -> Response:
        return Response("Streamlit’s")

    monkeypatch.setattr(doors.st, "get_option", {"server.baseUrlPath": set_to}.__getitem__)
    app = Starlette(routes=[*routes, Route("/{path:path}", elsewhere)], middleware=doors.middleware)
    with TestClient(app) as client:
        page = client.get("/teach/gan/")
        assert "gandash/assets/live/live.js" in page.text and "Path" not in page.headers["set-cookie"]
        assert "set-cookie" not in client.get("/teach/gan/_stcore/health", headers={"cookie": ""}).headers
        for path in ("/teach/gan/gandash/assets/live/live.js", "/teach/gan/gandash/assets/plotly.min.js"):
            assert "javascript" in client.get(path).headers["content-type"]
        assert client.get("/teach/ganymede/gandash/assets/live/live.js").text == "Streamlit’s"
        to_folder = client.get("/teach/gan?run=7", follow_redirects=False)
        assert (to_folder.status_code, to_folder.headers["location"]) == (307, "gan/?run=7")  # the browser knows its host


@pytest.mark.parametrize(
    ("scheme", "headers", "secure"), [("http", {}, False), ("https", {}, True), ("http", {"x-forwarded-proto": "https"}, True)]
)
def test_the_cookie_is_for_tls_alone_where_the_page_came_by_tls(scheme: str, headers: dict[str, str], secure: bool) -> None:
    with TestClient(Starlette(routes=routes, middleware=doors.middleware), f"{scheme}://testserver") as client:
        assert ("Secure" in client.get("/", headers=headers).headers["set-cookie"]) is secure


def test_the_first_page_is_streamlits_with_our_additions() -> None:
    page = arrival_page()
    assert page.index("/view.js") < page.index("</head>") < page.index("The picture is coming") < page.index("</body>")
    assert page.count('<div id="root">') == 1
    for other in ("", "<p>no head, no body</p>", "</head></body>"):
        assert added(other, "H", "B") == other.replace("</head>", "H</head>").replace("</body>", "B</body>")
