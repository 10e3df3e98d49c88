"""One app and one browser for all tests of the page in use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from driving import App, Lab, running_app, running_browser
from playwright.sync_api import Browser, expect
from waiting import PATIENCE_SECONDS

expect.set_options(timeout=1000 * PATIENCE_SECONDS)  # as patient as `wait_until`; five seconds are few on a machine at work


@pytest.fixture(scope="session")
def app() -> Iterator[App]:
    with running_app() as app:
        yield app


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with running_browser() as browser:
        yield browser


@pytest.fixture
def lab(app: App, browser: Browser) -> Iterator[Lab]:
    lab = Lab(browser, app.url)
    yield lab
    lab.close()
