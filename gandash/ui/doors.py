"""Who may come in: which pages may open a socket here, under which path the app is served, which cookie names a browser.

A page is our own when its Origin names the host that it asked for (Host). A proxy that puts another name into Host hides that;
then the name that browsers use has to be stated: `GANDASH_HOSTS`, or Streamlit's `server.corsAllowedOrigins` or
`browser.serverAddress`.
"""

from __future__ import annotations

import logging
import os
import re
import secrets
import time
from contextlib import suppress
from functools import cache
from urllib.parse import urlsplit

import streamlit as st
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect
from streamlit.config import is_manually_set

from gandash.ui.held import UploadsBounded

log = logging.getLogger("gandash.door")

LIVE = "/gandash/live"
WATCH = "/gandash/watch"  # of those who look on
VISITOR_COOKIE = "gandash_visitor"
NAME = re.compile(r"[0-9A-Za-z_-]{32}")  # as it is given
REMEMBERED_SECONDS = 100 * 24 * 3600
PAGES = ("/", "/runs", "/record", "/watch", "/sweep")
HOSTS = "GANDASH_HOSTS"
USUAL_PORTS = {"http": 80, "https": 443}
SECONDS_BETWEEN_WORDS = 60.0  # the same refusal is said once a minute: a browser tries again and again
REFUSALS_KNOWN = 100

Address = tuple[str, int | None]  # a host and a port; None: the scheme's usual one


# ----------------------------------------------------------------------------------------------------------------- hosts


def is_own_page(origin: str | None, host: str | None, is_secure: bool = False) -> bool:
    """Whether a browser's Origin is this server, as Host names it, or one of the stated hosts.

    `is_secure`: the request came by TLS, so a page that did not is another origin. Clients that are no browsers send no
    Origin: the token decides alone.
    """
    if origin is None:
        return True
    with suppress(ValueError):  # an Origin that is no address at all
        address = urlsplit(origin)
        if address.scheme not in USUAL_PORTS or (is_secure and address.scheme != "https"):
            return False
        page = _address(address.netloc, address.scheme)
        return page in stated_hosts() or (bool(host) and page == _address(str(host), address.scheme))
    return False


def _address(netloc: str, scheme: str) -> Address:
    """Host and port, the scheme's usual port as None: `host` and `host:443` are one address under https. Raises ValueError."""
    address = urlsplit(f"//{netloc}")
    if not address.hostname or address.netloc != netloc or "@" in netloc:
        raise ValueError(f"not a host: {netloc!r}")
    return address.hostname, None if address.port == USUAL_PORTS[scheme] else address.port


@cache
def stated_hosts() -> frozenset[Address]:
    """Other names under which browsers may know this app than the one in Host, as the environment and Streamlit state them."""
    found, complaints = read_hosts(os.environ.get(HOSTS, ""))
    for complaint in complaints:
        log.warning(complaint)
    for origin in st.get_option("server.corsAllowedOrigins") or ():
        with suppress(ValueError, KeyError):  # Streamlit has its own words for what is no address
            address = urlsplit(origin.strip())
            found.add(_address(address.netloc, address.scheme))
    if is_manually_set("browser.serverAddress"):
        host, port = st.get_option("browser.serverAddress"), int(st.get_option("browser.serverPort"))
        found.add((host.lower(), None if port in USUAL_PORTS.values() else port))
    return frozenset(found)


def read_hosts(text: str) -> tuple[set[Address], list[str]]:
    """The hosts of a list like `gan.uni.example, gan.uni.example:8443`, and a sentence on each entry that is no host."""
    found: set[Address] = set()
    complaints: list[str] = []
    for entry in filter(None, map(str.strip, text.split(","))):
        try:
            address = urlsplit(f"//{entry}")
            name = (address.hostname or "").encode("idna").decode()  # as browsers write it in Origin
            if address.netloc != entry or not re.fullmatch(r"[a-z0-9_-][a-z0-9._-]*|[0-9a-f:.]+:[0-9a-f:.]*", name):
                raise ValueError
            found.add((name, None if address.port in USUAL_PORTS.values() else address.port))
        except ValueError:  # no valid port, or an IPv6 address without its brackets
            complaints.append(
                f"{HOSTS}: given {entry[:100]!r}, which is left out; a host or host:port is needed, as the browser's address "
                "line shows it, without https:// and path: gan.uni.example or gan.uni.example:8443"
            )
    return found, complaints


class Refusals:
    """Logs which page was refused and what to set: the same one once a minute, so that nobody can fill the log."""

    def __init__(self) -> None:
        self._said: dict[tuple[str, str], float] = {}

    def say(self, origin: str | None, host: str | None, now: float) -> None:
        pair = (str(origin)[:200], str(host)[:200])
        self._said = {known: since for known, since in self._said.items() if now - since < SECONDS_BETWEEN_WORDS}
        if pair in self._said or len(self._said) >= REFUSALS_KNOWN:
            return
        self._said[pair] = now
        name = re.sub(r"^https?://", "", pair[0])
        log.warning(
            "A page of %r was refused a WebSocket: the request's Host is %r. If that page is this app behind a proxy, let the "
            "proxy pass Host on (nginx: proxy_set_header Host $http_host;) or start the app with %s=%s",
            *(pair[0], pair[1], HOSTS, name if read_hosts(name)[0] else "the host that the browser shows"),
        )


refusals = Refusals()


async def send_away(socket: WebSocket, code: int, why: str) -> None:
    """Close a socket that may not stay, and say why, unless who opened it has gone meanwhile."""
    with suppress(WebSocketDisconnect, RuntimeError):
        await socket.close(code, why[:120])  # what a close frame holds


def admits(socket: WebSocket) -> bool:
    """Whether the page that opens this socket is our own; if not, the log says so."""
    origin, host = socket.headers.get("origin"), socket.headers.get("host")
    if is_own_page(origin, host, is_secure=socket.scope.get("scheme") == "wss"):
        return True
    refusals.say(origin, host, time.monotonic())
    return False


# ------------------------------------------------------------------------------------------------------------------ path


def base_path() -> str:
    """`server.baseUrlPath` as "/teach/gan"; "" where the app is served at the root."""
    path = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{path}" if path else ""


def own_address() -> str:
    """Where who sits at this machine finds the app."""
    where, port = str(st.get_option("server.address") or "127.0.0.1"), st.get_option("server.port")
    scheme = "https" if st.get_option("server.sslCertFile") else "http"
    return f"{scheme}://{f'[{where}]' if ':' in where else where}:{port}{base_path()}"


def own_path(scope: Scope) -> str:
    """The path of a request within the app: without the prefix it is mounted under, and without the base path."""
    path = str(scope["path"])
    for prefix in (scope.get("root_path", ""), base_path()):
        if prefix and path.startswith(f"{prefix}/"):
            path = path.removeprefix(prefix)
    return path


# ------------------------------------------------------------------------------------------------------------ middleware


class UnderBasePath:
    """Serves our own routes under the base path, where Streamlit serves its own."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and (base := base_path()):
            root = scope.get("root_path", "")
            path = own_path(scope)
            if scope["type"] == "http" and scope["path"] == root + base:
                # Relative, since a proxy may hide which scheme and host the browser sees
                query = scope["query_string"].decode("latin-1")
                answer = RedirectResponse(base.rsplit("/", 1)[-1] + "/" + (f"?{query}" if query else ""))
                await answer(scope, receive, send)
                return
            if path in ("/", "/watch") or path.startswith("/gandash/"):
                scope = {**scope, "path": root + path, "raw_path": (root + path).encode()}
        await self.app(scope, receive, send)


class OwnPagesOnly:
    """Refuses every socket, Streamlit's own included, to pages of another origin, and lets no other page show us in a frame.

    Cookies know no ports: without this, a page of another program on the same host could open Streamlit's socket as the
    visitor, and would then be given that visitor's run. (Streamlit itself takes any page of localhost for its own, and asks a
    server on the internet about all others, while everybody waits.)
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and own_path(scope) not in (LIVE, WATCH):  # these tell the browser why, in words
            socket = WebSocket(scope, receive, send)
            if not admits(socket):
                await send({"type": "websocket.close"})  # before it was accepted: the browser gets a 403
                return
            if (origin := socket.headers.get("origin")) is not None:
                # As if the proxy had passed it on: Streamlit compares the two as well
                host = urlsplit(origin).netloc.encode("latin-1")
                scope = {**scope, "headers": [(k, host if k == b"host" else v) for k, v in scope["headers"]]}

        async def send_unframed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), (b"content-security-policy", b"frame-ancestors 'self'")]
            await send(message)

        await self.app(scope, receive, send_unframed)


class VisitorCookie:
    """Gives every browser a random name of its own, so that a reload finds its run and nobody else's, and its recorded runs.

    It lasts for some months after the last visit. Only the pages themselves set it, and without a Path: the browser then takes
    the folder of the address that it sees, whatever a proxy has made of that. So neighbours on the same host (JupyterHub) do
    not get each other's.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or own_path(scope) not in PAGES:
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        known = request.cookies.get(VISITOR_COOKIE)  # read as the page reads them, whatever else is among them
        name = secrets.token_urlsafe(24) if known is None else known if NAME.fullmatch(known) else ""
        is_secure = "https" in (scope.get("scheme"), request.headers.get("x-forwarded-proto"))

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start" and name:
                cookie = f"{VISITOR_COOKIE}={name}; HttpOnly; SameSite=Lax; Max-Age={REMEMBERED_SECONDS}"
                cookie += "; Secure" if is_secure else ""
                message["headers"] = [*message.get("headers", []), (b"set-cookie", cookie.encode())]
            await send(message)

        await self.app(scope, receive, send_with_cookie)


middleware = [Middleware(UnderBasePath), Middleware(OwnPagesOnly), Middleware(UploadsBounded), Middleware(VisitorCookie)]
