"""The app behind proxies: where it works, and what the page says where it cannot."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest
from driving import App, Lab, running_app
from playwright.sync_api import Page, expect
from proxies import PASS_HOST, UPGRADE, free_port, running_nginx
from waiting import PATIENCE_SECONDS, wait_until

PREFIX = "/user/ada/proxy/8501/"


class Addresses(NamedTuple):
    """Of one nginx: `based` and `stripped` speak TLS and pass Host on, `renaming` and `stated` put another Host, `mute` passes
    no WebSockets."""

    based: str
    stripped: str
    renaming: str
    stated: str
    mute: str
    under: App  # the app under a base path


@pytest.fixture(scope="module")
def addresses(app: App, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Addresses]:
    secure, renaming, stated, mute = (free_port() for _ in range(4))
    recorded = {"GANDASH_RECORD": "1", "GANDASH_HOME": str(tmp_path_factory.mktemp("home"))}
    options = ["--server.baseUrlPath=/teach/gan"]
    with running_app(options=options, GANDASH_HOSTS=f"127.0.0.1:{stated}, :", **recorded) as under:
        root, inner = app.url.rstrip("/"), under.url.removesuffix("/teach/gan/")
        nginx = running_nginx(
            f"listen 127.0.0.1:{secure} ssl; TLS {UPGRADE} {PASS_HOST}"
            f"location /teach/gan/ {{ proxy_pass {inner}; }} location {PREFIX} {{ proxy_pass {root}/; }}",
            f"listen 127.0.0.1:{renaming}; location / {{ proxy_pass {root}; {UPGRADE} }}",
            f"listen 127.0.0.1:{stated}; location / {{ proxy_pass {inner}; {UPGRADE} }}",
            f"listen 127.0.0.1:{mute}; location / {{ proxy_pass {root}; proxy_set_header Host $http_host; }}",
        )
        with nginx:
            yield Addresses(
                f"https://127.0.0.1:{secure}/teach/gan/",
                f"https://127.0.0.1:{secure}{PREFIX}",
                f"http://127.0.0.1:{renaming}/",
                f"http://127.0.0.1:{stated}/teach/gan/",
                f"http://127.0.0.1:{mute}/",
                under,
            )


@pytest.mark.parametrize("way", ["under", "based", "stripped", "stated"])
def test_the_app_works_under_a_path_and_behind_tls(browser, addresses: Addresses, way: str) -> None:
    url = addresses.under.url if way == "under" else getattr(addresses, way)
    lab = Lab(browser, url)
    try:
        lab.press("Space")
        wait_until(lambda: lab.step > 10, "it plays")
        assert not lab.complaints
        # One name for this browser here, which no neighbour on the same host gets
        (visitor,) = [c for c in lab.context.cookies() if c["name"] == "gandash_visitor"]
        assert visitor["path"].rstrip("/") + "/" == url[url.index("/", 8) :]
        assert visitor["secure"] == url.startswith("https") and visitor["httpOnly"]
        assert lab.page.url.startswith(url) and "run=" in lab.page.url
        lab.page.reload()  # the run is found again: the cookie came along
        lab.await_picture()
        assert lab.step > 10
        if way != "stripped":  # that app records nothing
            lab.press("ArrowLeft")
            wait_until(lambda: lab.attribute("shown"), "a recorded picture comes")
        assert not lab.complaints, lab.complaints
    finally:
        lab.close()


def opened(browser, url: str, blocked: str = "") -> Page:
    page = browser.new_context(viewport={"width": 1280, "height": 720}).new_page()
    if blocked:
        page.route(blocked, lambda route: route.abort())
    page.goto(url)
    return page


def test_a_proxy_that_changes_host_is_named_on_the_page_and_in_the_log(browser, app: App, addresses: Addresses) -> None:
    page = opened(browser, addresses.renaming)
    shown = addresses.renaming.removeprefix("http://").rstrip("/")
    card = page.get_by_role("alert")
    expect(card).to_contain_text(f"GANDASH_HOSTS={shown}", timeout=1000 * PATIENCE_SECONDS)
    expect(card).to_contain_text("proxy_set_header Host")
    expect(card).to_contain_text(app.url.removeprefix("http://").rstrip("/"))  # the Host that was put instead
    said = app.log.read_text()
    assert f"GANDASH_HOSTS={shown}" in said and said.count(f"GANDASH_HOSTS={shown}") < 3
    page.context.close()


def test_a_host_that_is_none_is_said_at_the_start(addresses: Addresses) -> None:
    assert "GANDASH_HOSTS: given ':', which is left out" in addresses.under.log.read_text()


def test_a_proxy_that_passes_no_websockets_is_named_on_the_page(browser, addresses: Addresses) -> None:
    page = opened(browser, addresses.mute)
    expect(page.get_by_role("alert")).to_contain_text("does not reach the server", timeout=1000 * PATIENCE_SECONDS)
    expect(page.get_by_role("alert")).to_contain_text("proxy_set_header Upgrade")
    page.context.close()


@pytest.mark.parametrize("blocked", ["**/gandash/assets/live/live.js*", "**/gandash/assets/live/view.js"])
def test_modules_that_do_not_load_are_said(browser, app: App, blocked: str) -> None:
    page = opened(browser, app.url, blocked)
    expect(page.get_by_role("alert")).to_contain_text("The live view cannot start", timeout=1000 * PATIENCE_SECONDS)
    expect(page.get_by_role("alert")).to_contain_text("Reload the page")
    expect(page.get_by_test_id("arrival")).to_have_count(0)
    page.context.close()


def test_a_live_socket_that_does_not_get_through_is_said(browser, app: App) -> None:
    page = browser.new_context(viewport={"width": 1280, "height": 720}).new_page()
    page.route_web_socket("**/gandash/live", lambda socket: socket.close(code=1011))
    page.goto(app.url)
    card = page.get_by_role("alertdialog")
    expect(card).to_contain_text("Nothing has come from the server yet", timeout=1000 * PATIENCE_SECONDS)
    expect(card).to_contain_text("proxy_set_header Upgrade")
    page.context.close()


def test_until_the_picture_is_there_its_place_says_so(browser, app: App) -> None:
    """From the very first page on, before any module has come; then it makes room."""
    page = opened(browser, app.url, "**/static/js/*")
    expect(page.get_by_test_id("arrival")).to_have_text("The picture is coming…")
    page.goto(f"{app.url}?lang=zh-Hant")  # its words are in the page itself
    expect(page.get_by_test_id("arrival")).to_have_text("畫面即將出現…")
    page.goto(app.url)
    page.unroute("**/static/js/*")
    page.reload()
    expect(page.get_by_test_id("arrival")).to_have_count(0, timeout=1000 * PATIENCE_SECONDS)
    expect(page.get_by_test_id("live-view")).to_be_visible()
    page.context.close()
