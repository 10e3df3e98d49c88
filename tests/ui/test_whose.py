"""Whose recorded runs somebody sees: their own; whoever sits at the machine, all."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gandash.store.places import owner_of
from gandash.ui import doors, whose
from gandash.ui.whose import Visitor, is_at_home, visitor_of

with warnings.catch_warnings():  # as in test_socket
    warnings.simplefilter("ignore", DeprecationWarning)
    warnings.simplefilter("ignore", UserWarning)
    from starlette.testclient import TestClient

HERE = {"host": "localhost:8501"}


@pytest.fixture(autouse=True)
def listening(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, object]]:
    """What the app is started with: as it comes, on this machine alone."""
    options: dict[str, object] = {"server.address": "127.0.0.1"}
    monkeypatch.setattr(whose.st, "get_option", lambda name: options.get(name))
    monkeypatch.setattr(whose, "stated_hosts", lambda: options.get("hosts", ()))
    monkeypatch.delenv(whose.SHARED, raising=False)
    whose.is_shared.cache_clear()
    yield options
    whose.is_shared.cache_clear()


def test_visitors_see_their_own_alone() -> None:
    ada, bob = Visitor("ada's cookie"), Visitor("bob's cookie")
    assert ada.may_see(owner_of("ada's cookie")) and not bob.may_see(owner_of("ada's cookie"))
    assert not ada.may_see("")  # the machine's own user's
    assert not Visitor("").may_see("") and not Visitor("").may_see(owner_of(""))
    home = Visitor("ada's cookie", is_at_home=True)
    assert home.may_see("") and home.may_see(owner_of("bob's cookie")) and home.owner == ""


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (HERE, True),
        ({"host": "127.0.0.1:8501", "origin": "http://127.0.0.1:8501"}, True),
        ({"host": "[::1]:8501", "origin": "http://[::1]:8501"}, True),
        ({"host": "gan.uni.example"}, False),
        ({"host": "localhost.uni.example"}, False),
        ({"host": "192.168.1.7:8501"}, False),
        ({"host": ""}, False),
        ({}, False),
        ({"host": "[oops"}, False),
        (HERE | {"origin": "https://gan.uni.example"}, False),
        (HERE | {"origin": "null"}, False),
        *((HERE | {name: "1"}, False) for name in whose.PROXIES_ADD),
    ],
)
def test_who_sits_at_the_machine(headers: dict[str, str], expected: bool) -> None:
    assert is_at_home(headers) is expected


def test_an_app_that_listens_to_others_or_names_them_has_nobody_at_home(listening: dict[str, object]) -> None:
    for address in ("0.0.0.0", "192.168.1.7", None, ""):
        listening["server.address"] = address
        assert not is_at_home(HERE)
    listening["server.address"] = "localhost"
    assert is_at_home(HERE)
    listening["hosts"] = [("gan.uni.example", None)]  # there is a proxy, however it hides
    assert not is_at_home(HERE)


@pytest.mark.parametrize(("given", "at_home"), [("1", False), ("yes", False), ("perhaps", False), ("0", True), ("off", True)])
def test_it_can_be_said(monkeypatch: pytest.MonkeyPatch, given: str, at_home: bool) -> None:
    monkeypatch.setenv(whose.SHARED, given)
    assert is_at_home(HERE) is at_home
    assert is_at_home({"host": "gan.uni.example", "x-forwarded-for": "10.0.0.1"}) is at_home


def test_a_visitor_is_known_for_some_months_by_any_page() -> None:
    async def page(request: Request) -> Response:
        return Response(visitor_of(request.headers, request.cookies).name)

    app = Starlette(routes=[Route("/{path:path}", page)], middleware=doors.middleware)
    with TestClient(app) as client:
        given = client.get("/runs").headers["set-cookie"]
        name = given.split(";")[0].split("=")[1]
        assert doors.NAME.fullmatch(name) and f"Max-Age={doors.REMEMBERED_SECONDS}" in given
        again = client.get("/", headers={"cookie": f"gandash_visitor={name}"})
        assert again.text == name and again.headers["set-cookie"] == given  # from now on it lasts as long again
        assert "set-cookie" not in client.get("/static/main.js").headers
