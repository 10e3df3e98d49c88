"""Everybody in the room: axe-core finds nothing on any page that would keep somebody from using it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from driving import App, Lab, running_app
from playwright.sync_api import Browser, Page, expect
from store.writing_runs import with_a_frame
from sweeps.writing_sweeps import with_a_sweep
from waiting import wait_until

AXE = Path(sys.prefix) / "node_modules" / "axe-core" / "axe.min.js"  # `tests/run` puts it there
FIND = """async () => (await axe.run(document, { resultTypes: ['violations'] })).violations.flatMap(({ impact, id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${impact}: ${id} at ${target.join(' ')}: ${failureSummary}`))"""
GRAVE = ("serious", "critical")
SIZES = {"laptop": (1280, 720), "phone": (390, 844)}


def grave(page: Page) -> list[str]:
    """What axe-core calls serious or critical, each with where it is. Streamlit pales what a rerun has not reached yet: of that
    nothing is left a moment later."""
    if not page.evaluate("'axe' in window"):
        page.add_script_tag(path=AXE)
    found: list[str] = []

    def is_clean() -> bool:
        found[:] = [said for said in page.evaluate(FIND) if said.startswith(GRAVE)]
        return not found

    with suppress(AssertionError):
        wait_until(is_clean, "nothing is found", seconds=10)
    return found


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    home = tmp_path_factory.mktemp("home")
    with_a_sweep(home)
    with_a_frame(home, "run-1", title="Lecture", created="2026-01-01T00:00:00+00:00")
    with running_app(GANDASH_RECORD="1", GANDASH_HOME=str(home)) as app:
        yield app


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_all_can_use_every_page(app: App, browser: Browser, scheme: str, size: str) -> None:
    width, height = SIZES[size]
    lab = Lab(browser, app.url, color_scheme=scheme, viewport={"width": width, "height": height})
    page = lab.page
    lab.press("Space")
    wait_until(lambda: lab.step > 100, "it plays")
    lab.press("Space")
    wait_until(lambda: lab.status == "paused", "it stands still")
    lab.await_rest()
    assert grave(page) == []
    page.get_by_role("button", name="Help: keys and layers").click()
    page.get_by_role("dialog").wait_for()
    assert grave(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Examine").click()
    assert grave(page) == []
    page.goto(app.url + "runs")
    page.wait_for_selector('[data-testid="stDataFrame"] canvas')
    assert grave(page) == []
    page.goto(app.url + "record?record=run-1")
    page.wait_for_selector('[data-testid="live-view"][data-status="recorded"]')
    assert grave(page) == []
    page.goto(app.url + "sweep")
    page.wait_for_selector('[data-testid="sweep-map"][data-state="done"][data-painted]')
    assert grave(page) == []
    lab.close()


def test_all_can_use_it_in_chinese_and_every_page_says_which(app: App, browser: Browser) -> None:
    """A screen reader chooses its voice by `lang`."""
    lab = Lab(browser, app.url, locale="zh-CN")
    page, root = lab.page, lab.page.locator("html")
    lab.await_rest()
    expect(root).to_have_attribute("lang", "zh-Hans")
    assert grave(page) == []
    page.locator("summary", has_text="比较").click()
    page.get_by_role("button", name="↻ 比较").click()
    page.locator(".gd-cell").first.wait_for()
    page.locator(".gd-curve h3").filter(has_text="D 的损失").wait_for()
    for path, selector, title in (
        ("lessons", "a[href*='lesson=']", "课程 · gandash"),
        ("runs", '[data-testid="stDataFrame"] canvas', "运行记录 · gandash"),
    ):
        page.goto(app.url + path)
        page.locator(selector).first.wait_for()
        expect(root).to_have_attribute("lang", "zh-Hans")
        expect(page).to_have_title(title)
    for path, selector in (
        ("record?record=run-1&", '[data-testid="live-view"][data-status="recorded"]'),
        ("sweep?", '[data-testid="sweep-map"][data-state="done"]'),
        ("watch?", "input"),
    ):
        page.goto(f"{app.url}{path}lang=zh-Hant")
        page.locator(selector).first.wait_for()
        expect(root).to_have_attribute("lang", "zh-Hant")
    lab.close()


@pytest.mark.parametrize(("scheme", "size"), [("light", "laptop"), ("dark", "phone")])
def test_all_can_use_what_opens_over_the_page(app: App, browser: Browser, scheme: str, size: str) -> None:
    width, height = SIZES[size]
    lab = Lab(browser, app.url, color_scheme=scheme, viewport={"width": width, "height": height})
    page = lab.page
    lab.await_rest()
    for name in ("QR code", "Take away: pictures and files"):
        page.get_by_role("button", name=name).first.click()
        page.locator("dialog[open]").wait_for()
        assert grave(page) == [], name
        page.keyboard.press("Escape")
    lab.press("p")
    page.wait_for_selector("html[data-gd-projector]", state="attached")
    assert grave(page) == [], "projector mode"
    lab.press("Escape")
    if size == "phone":
        page.get_by_test_id("stExpandSidebarButton").click()
    page.get_by_role("button", name="Browse").click()
    page.get_by_role("textbox", name="Find by word").wait_for()
    assert grave(page) == [], "the ready games"
    page.keyboard.press("Escape")
    page.get_by_role("textbox", name="Find by word").wait_for(state="detached")
    page.locator("summary", has_text="Compare").click()
    page.get_by_role("button", name="Compare").last.wait_for()
    assert grave(page) == [], "what is to be compared"
    page.locator("summary", has_text="Compare").click()
    page.locator("summary", has_text="Data").first.click()
    lab.select("Data", "drawn by hand")
    page.wait_for_selector('[data-testid="draw-canvas"]')
    assert grave(page) == [], "drawing"
    lab.select("Data", "uploaded, one column")
    page.get_by_test_id("stFileUploader").wait_for()
    assert grave(page) == [], "an upload"
    page.goto(app.url + "lessons")
    page.get_by_role("link", name="Two players and their losses").wait_for()
    assert grave(page) == [], "the lessons"
    page.goto(app.url + "?lesson=two-players&part=2")
    page.wait_for_selector(".st-key-lesson")
    page.wait_for_selector('[data-testid="live-view"][data-complete]')
    assert grave(page) == [], "a lesson"
    lab.close()


@pytest.mark.parametrize("preset", ["Ring of 8", "Digits", "Dirac-GAN"])
def test_all_can_use_every_stage(app: App, browser: Browser, preset: str) -> None:
    lab = Lab(browser, app.url)
    lab.page.get_by_role("combobox", name="Preset").first.fill(preset)
    lab.begin(lambda: lab.page.get_by_role("option", name=preset).first.click(), preset)
    lab.await_rest()
    assert grave(lab.page) == []
    lab.page.locator("[data-layer=graph]").click()
    for sub_step in ("draw", "generate", "judge"):
        lab.press("n")
        lab.page.get_by_text(f", {sub_step}: ").wait_for()
    assert grave(lab.page) == []
    lab.close()


@pytest.mark.parametrize(("size", "scheme"), [("laptop", "light"), ("phone", "dark")])
def test_all_can_look_on(app: App, browser: Browser, size: str, scheme: str) -> None:
    """The presenter's dialog and strip, and the page of those who look on, with a lesson, a question and its answer."""
    width, height = SIZES[size]
    lab = Lab(browser, app.url + "?lesson=mode-collapse", color_scheme=scheme, viewport={"width": width, "height": height})
    lab.page.get_by_role("button", name="Present", exact=True).click()
    code = lab.page.locator(".gd-present-code")
    code.wait_for()
    assert grave(lab.page) == []
    said = code.inner_text()
    lab.page.keyboard.press("Escape")
    page = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": height}, bypass_csp=True).new_page()
    page.goto(app.url + "watch")
    assert grave(page) == []
    page.get_by_label("Code").fill(said)
    page.get_by_role("button", name="Look on").click()
    page.wait_for_selector(".gd-live[data-complete]")
    page.wait_for_selector("#lesson math")
    lab.page.get_by_role("button", name="Ask the room").click()
    page.locator("#question button").first.click()
    page.wait_for_selector("#question [data-own]")
    assert grave(page) == [] and grave(lab.page) == []
    lab.page.get_by_role("button", name="Reveal").click()
    page.wait_for_selector("#question [data-right]")
    assert grave(page) == [] and grave(lab.page) == []
    for one in (page, lab.page):
        one.context.close()


def test_axe_sees_what_is_wrong(app: App, browser: Browser) -> None:
    """Else an empty list would say nothing."""
    lab = Lab(browser, app.url)
    lab.page.evaluate("document.querySelector('.gd-plot').removeAttribute('aria-label')")
    assert any("role-img-alt" in found for found in grave(lab.page))
    expect(lab.page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    lab.close()
