"""A lecture, as its presenter and three students have it: each in a browser of their own, one on a phone."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from driving import App, Lab, running_app
from playwright.sync_api import Browser, Page
from waiting import wait_until

from gandash.lessons.catalogue import catalogue

LESSON = catalogue().lessons["mode-collapse"]
SIZES = ((1280, 720), (1920, 1080), (390, 844))


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """Recorded, so that all can go through the past."""
    home: Path = tmp_path_factory.mktemp("home")
    with running_app(GANDASH_RECORD="1", GANDASH_HOME=str(home)) as app:
        yield app


def present(lab: Lab) -> str:
    lab.page.get_by_role("button", name="Present", exact=True).click()
    code = lab.page.locator(".gd-present-code")
    code.wait_for()
    lab.page.wait_for_function("document.querySelector('.gd-present .gd-code').naturalWidth > 0")
    found = code.inner_text()
    lab.page.keyboard.press("Escape")
    return found


def look_on(browser: Browser, address: str, complaints: list[str], size: tuple[int, int] = SIZES[0]) -> Page:
    page = browser.new_context(viewport={"width": size[0], "height": size[1]}).new_page()
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(address)
    return page


def at(page: Page, name: str = "step") -> str:
    return page.locator(".gd-live").get_attribute(f"data-{name}") or ""


def await_picture(page: Page) -> None:
    page.wait_for_selector('.gd-live[data-complete]:not([data-painted="0"])')


def test_a_lecture(app: App, browser: Browser) -> None:
    lab, complaints = Lab(browser, app.url), list[str]()
    code = present(lab)
    typed, led, phone = (
        look_on(browser, app.url + path, complaints, size)
        for path, size in zip(("watch", f"?watch={code}", f"watch?code={code}"), SIZES, strict=True)
    )
    typed.get_by_label("Code").fill("aaaa aaaa")
    typed.get_by_role("button", name="Look on").click()
    typed.get_by_text("Nothing is presented under this code").wait_for()
    typed.get_by_label("Code").fill(code.lower().replace("-", " "))
    typed.get_by_role("button", name="Look on").click()
    students = (typed, led, phone)
    for page in students:
        await_picture(page)
    assert len(app.workers()) <= 2  # the presenter's and the spare: nobody else has one
    lab.page.get_by_text("3 look on").wait_for()

    lab.press(" ")
    for page in students:
        wait_until(lambda page=page: int(at(page)) > 100, "all see it play")  # type: ignore[misc]
        page.keyboard.press(" ")
        page.keyboard.press("s")
    assert lab.status == "running"
    for selector in (".gd-stage", ".gd-verdict", ".gd-curve"):  # a phone: no scrolling sideways
        box = phone.locator(selector).first.bounding_box()
        assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= 390
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")

    # one switches layers, whose room is the densities' then, and goes into the past; that is nobody else's business
    densities = "(e => e.querySelector('.gd-plot').clientHeight / e.clientHeight)(document.querySelector('.gd-stage'))"
    for layer, share in (("map", 0.75), ("samples", 0.87)):
        assert typed.evaluate(densities) < share
        typed.locator(f".gd-stage [data-layer={layer}]").click()
        typed.wait_for_function(f"{densities} > {share}")
    typed.keyboard.press("ArrowLeft")
    typed.wait_for_selector(".gd-live[data-past]")
    assert not at(led, "past") and led.locator(".gd-stage [data-layer=samples]").get_attribute("aria-pressed") == "true"
    typed.get_by_role("button", name="Back to live").click()

    stage = lab.page.locator(".gd-stage-holder").bounding_box()
    assert stage is not None

    def is_pointed() -> bool:
        for share in (0.4, 0.6):
            lab.page.mouse.move(stage["x"] + share * stage["width"], stage["y"] + 0.3 * stage["height"])
        return all(page.locator(".gd-pointer").is_visible() for page in students)

    wait_until(is_pointed, "all see what the presenter points at")

    # the worker is lost while they watch
    before = min(int(at(page)) for page in students)
    for worker in app.workers():
        if worker.status() != psutil.STATUS_ZOMBIE:
            worker.send_signal(signal.SIGKILL)
    phone.get_by_text("The trainer was lost").first.wait_for()
    for page in students:
        wait_until(lambda page=page: int(at(page)) > before and at(page, "status") == "running", "it goes on")  # type: ignore[misc]

    # the code outlives a reload of the presenter's
    lab.page.reload()
    lab.await_picture()
    lab.page.get_by_text(code, exact=True).first.wait_for()

    lab.page.get_by_role("button", name="Stop presenting").click()
    for page in students:
        page.get_by_role("status").get_by_text("The presenter has stopped presenting.").first.wait_for()
        assert page.get_by_role("button", name="Take a copy").is_disabled()
        page.context.close()
    assert [said for said in complaints if "WebSocket" not in said] == [] and not lab.complaints
    lab.close()


def test_a_question_to_the_room(app: App, browser: Browser) -> None:
    lab, complaints = Lab(browser, app.url), list[str]()
    code = present(lab)
    ada, bob = (look_on(browser, f"{app.url}watch?code={code}", complaints, size) for size in (SIZES[0], SIZES[2]))
    lab.press("s")  # it has a run of its own by now, which a lesson leaves alone: another one is presented from here on
    wait_until(lambda: lab.step == 1, "a round is played")
    lab.page.get_by_role("link", name="Lessons").click()
    await_picture(bob)  # who looks on keeps looking while the presenter is on another page
    lab.page.get_by_role("link", name=LESSON.title).click()
    for page in (ada, bob):
        page.locator("#lesson h2", has_text=LESSON.steps[0].title).wait_for()
        await_picture(page)
    lab.page.get_by_role("button", name="Ask the room").click()
    ada.locator("#question .gd-option").nth(1).click()
    ada.wait_for_selector("#question .gd-option[data-own]")
    ada.reload()
    ada.wait_for_selector("#question .gd-option[data-own]")
    assert ada.locator("#question button").count() == 0  # once
    bob.locator("#question .gd-option").nth(0).click()
    lab.page.locator(".gd-asked").get_by_text("2 votes").wait_for()
    lab.page.reload()
    lab.await_picture()
    lab.page.locator(".gd-asked").get_by_text("2 votes").wait_for()
    assert bob.locator("#question .gd-votes").count() == 0
    lab.page.get_by_role("button", name="Reveal").click()
    for page in (ada, bob):
        page.locator("#question .gd-option[data-right]", has_text=str(LESSON.steps[0].predict.options[1])).wait_for()  # type: ignore[union-attr]
        page.locator("#question").get_by_text("2 votes").wait_for()

    # a run of one's own, from this very step
    lab.press(" ")
    wait_until(lambda: lab.step > 30, "it plays")
    lab.press(" ")
    lab.await_rest()
    wait_until(lambda: int(at(ada)) == lab.step, "all see where it stands")
    ada.get_by_role("button", name="Take a copy").click()
    ada.wait_for_selector('[data-testid="live-view"][data-role="steer"][data-settled]')
    assert int(at(ada)) == lab.step
    ada.keyboard.press("s")
    wait_until(lambda: int(at(ada)) == lab.step + 1, "it is hers to steer")
    assert int(at(bob)) == lab.step
    assert [said for said in complaints if "WebSocket" not in said] == [] and not lab.complaints
    for page in (ada, bob, lab.page):
        page.context.close()


def test_moving_between_pages_loses_no_run(app: App, browser: Browser) -> None:
    lab = Lab(browser, app.url)
    lab.press("s")
    wait_until(lambda: lab.step == 1, "a round is played")
    name = lab.page.evaluate("new URLSearchParams(location.search).get('run')")
    for page in ("Lessons", "Runs", "Lessons"):
        lab.page.get_by_role("link", name=page, exact=True).click()
        lab.page.wait_for_url(f"**/{page.lower()}*")
        lab.page.get_by_role("link", name="Lab", exact=True).click()
        lab.await_picture()
        assert lab.step == 1 and lab.page.evaluate("new URLSearchParams(location.search).get('run')") == name
    lab.press("s")
    wait_until(lambda: lab.step == 2, "it goes on where it was")
    lab.close()
