"""A real app in its own process, and a real Chromium on it: for the browser tests and the load programs."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, TimeoutError, sync_playwright
from waiting import PATIENCE_SECONDS, wait_until

ROOT = Path(__file__).parents[1]
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # With Playwright's ignore_https_errors every request fails first and is begun again. Each connection that was begun before
    # the first of them was forgiven fails the one that is wanted most (the style sheet, 21 times on a quiet machine), and at 32
    # times Chromium gives up with ERR_TOO_MANY_RETRIES.
    "--ignore-certificate-errors",
]


class App:
    """A running `streamlit run app.py`."""

    def __init__(self, process: subprocess.Popen[bytes], url: str, log: Path) -> None:
        self.process, self.url, self.log = process, url, log

    def workers(self) -> list[psutil.Process]:
        """The trainer processes of this app, spare included."""
        found = []
        for child in psutil.Process(self.process.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):  # it ended while we looked; a zombie is one of these
                if child.name() == "gandash-worker":
                    found.append(child)
        return found


@contextmanager
def running_app(script: str = "app.py", options: Sequence[str] = (), root: Path = ROOT, **environment: str) -> Iterator[App]:
    """`streamlit run script` from the root of a project, on a free port, until the block ends."""
    port = _ports.pop() if _ports else _free_port()
    log = Path(tempfile.mkdtemp()) / "app.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", script, f"--server.port={port}", "--server.headless=true", *options],
            cwd=root,
            stdout=out,
            stderr=out,
            env={"GANDASH_RECORD": "0"} | os.environ | {"PYTHONUNBUFFERED": "1"} | environment,  # nothing into the user's home
        )
    base = next((o.split("=")[1].strip("/") + "/" for o in options if o.startswith("--server.baseUrlPath=")), "")
    app = App(process, f"http://127.0.0.1:{port}/{base}", log)
    try:
        wait_until(lambda: _answers(app.url), "the app answers")
        yield app
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        _ports.append(port)


_ports: list[int] = []  # of apps that have ended: what a browser keeps, it keeps by address


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url + "_stcore/health", timeout=1) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


@contextmanager
def running_browser() -> Iterator[Browser]:
    assert CHROMIUM, "no Chromium found; `bash tests/run` installs Debian's"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        if warm := _warm.pop(browser, None):
            warm.close()
        browser.close()


class Warm:
    """A second Chromium, for one page after the other. It keeps what it has compiled of Streamlit and Plotly, which is half of
    the work of opening a page; contexts of a browser that keeps nothing begin anew. What a page leaves is taken away.
    """

    def __init__(self, browser: Browser) -> None:
        self._profile = tempfile.TemporaryDirectory()
        self._context = browser.browser_type.launch_persistent_context(
            self._profile.name, executable_path=CHROMIUM, args=ARGUMENTS
        )
        (blank,) = self._context.pages  # it stays: without a page the browser would end
        self._blank, self._session = blank, self._context.new_cdp_session(blank)
        self.is_taken = False

    def take(self) -> BrowserContext:
        self.is_taken = True
        return self._context

    def give_back(self, origins: Iterable[str]) -> None:
        for page in self._context.pages:
            if page != self._blank:
                page.close()
        for origin in origins:
            self._session.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "local_storage,indexeddb"})
        self._context.clear_cookies()
        self._context.clear_permissions()
        self.is_taken = False

    def close(self) -> None:
        self._context.close()
        self._profile.cleanup()


_warm: dict[Browser, Warm] = {}


class Lab:
    """The page as a new visitor has it, with what its console said. To be ended with `close`."""

    def __init__(self, browser: Browser, url: str, **context: object) -> None:
        looks: dict[str, Any] = {"viewport": {"width": 1280, "height": 720}, "color_scheme": "light"} | context
        self._warm = None
        if looks.keys() == {"viewport", "color_scheme"} and isinstance(browser, Browser):
            warm = _warm.get(browser) or _warm.setdefault(browser, Warm(browser))
            self._warm = None if warm.is_taken else warm
        self.context = self._warm.take() if self._warm else browser.new_context(**looks)
        self.context.set_default_timeout(1000 * PATIENCE_SECONDS)
        self.page: Page = self.context.new_page()
        if self._warm:
            self.page.set_viewport_size(looks["viewport"])
            self.page.emulate_media(color_scheme=looks["color_scheme"])
        self.complaints: list[str] = []
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(f"page error: {error}"))
        self.page.goto(url)
        self.await_picture()

    def close(self) -> None:
        if self._warm:
            addresses = [urlsplit(page.url) for page in self.context.pages]
            self._warm.give_back({f"{address.scheme}://{address.netloc}" for address in addresses if address.netloc})
        else:
            self.context.close()

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text}")

    def attribute(self, name: str) -> str:
        return self.page.get_attribute('[data-testid="live-view"]', f"data-{name}") or ""

    @property
    def status(self) -> str:
        return self.attribute("status")

    @property
    def step(self) -> int:
        return int(self.attribute("step") or 0)

    @property
    def painted(self) -> int:
        return int(self.attribute("painted") or 0)

    def await_picture(self) -> None:
        """Until a first frame is drawn, and plotly.js is there for all that goes beyond it."""
        self.page.wait_for_selector('[data-testid="live-view"][data-complete]')
        wait_until(lambda: self.painted > 0 and self.status != "connecting", "a first frame is drawn")

    def await_rest(self) -> None:
        """Until a paused game's last step is painted, as measured there."""
        self.page.wait_for_selector('[data-testid="live-view"][data-settled]')

    def press(self, key: str) -> None:
        self.page.locator("body").press(key)

    def select(self, label: str, option: str) -> None:
        """Choose from a list as a person does. It is typed, since a list shows only what there is room for; a list that closes,
        because the page is run again or what it stands in still moves, is opened once more."""
        box = self.page.get_by_role("combobox", name=label).first
        offered = self.page.get_by_role("option", name=option, exact=True).first

        def taken() -> bool:
            if not offered.is_visible():
                box.fill("")
                box.fill(option)
            with suppress(TimeoutError):
                offered.click(timeout=5000)
                return True
            return False

        wait_until(taken, f"{option} is offered")

    def pick(self, title: str) -> None:
        """Pick a preset by its title."""
        self.select("Preset", title)

    def choose(self, title: str) -> None:
        """Choose a preset by its title, and wait until its first frame is drawn."""
        self.begin(lambda: self.pick(title), title)

    def begin(self, act: Callable[[], object], title: str) -> None:
        """Do what begins another game, paused, and wait until its first frame is drawn."""
        if self.status == "paused":  # else the last frame of the game before, late on a slow machine, would be taken for it
            self.await_rest()
        painted = self.painted
        act()
        wait_until(lambda: self.status == "paused" and self.step == 0 and self.painted > painted, f"{title} stands ready")
