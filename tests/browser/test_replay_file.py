"""A run that was played on the page, as a file that replays it: opened from the disk, with the network off."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from driving import Lab, running_app
from playwright.sync_api import Browser, Page
from waiting import PATIENCE_SECONDS, wait_until

from gandash.exporting.registry import export
from gandash.exporting.replay import MOST_BYTES
from gandash.store.reading import StoredRun

VIEW = '[data-testid="live-view"]'
SAID = (".gd-theory", ".gd-verdict", ".gd-curve[data-panel='losses'] .gd-layers")


def said(page: Page) -> list[str]:
    return [page.inner_text(f"{VIEW} {one}") for one in SAID]


def shown(page: Page) -> int:
    return int(page.get_attribute(VIEW, "data-shown") or 0)


@pytest.fixture(scope="module")
def live(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[int, list[str]], Path, Path]]:
    """What the page said of some pictures of a run, the run, and the file that the page gave."""
    home = tmp_path_factory.mktemp("home")
    with running_app(GANDASH_RECORD="1", GANDASH_HOME=str(home)) as app:
        lab = Lab(browser, app.url)
        lab.page.keyboard.press("Space")
        wait_until(lambda: _pictures(home) >= 6, "six pictures are recorded")
        lab.page.keyboard.press("Space")
        lab.await_rest()
        known: dict[int, list[str]] = {}
        for _ in range(3):
            before = shown(lab.page)
            lab.page.keyboard.press("ArrowLeft")
            wait_until(lambda before=before: shown(lab.page) not in (0, before), "an older picture is shown")
            lab.page.wait_for_timeout(300)  # the curves are painted in turn
            known[shown(lab.page)] = said(lab.page)
        saved = home / "replay.html"
        saved.write_bytes(_saved(lab.page, "replay.html"))
        lab.close()
        yield known, next(run.parent for run in home.glob("runs/*/manifest.json") if StoredRun(run.parent).pictures()), saved


def _saved(page: Page, button: str) -> bytes:
    """What is saved by a button of the dialog of what can be taken away."""
    page.get_by_role("button", name="Take away: pictures and files").click()
    with page.expect_download() as saving:
        page.get_by_role("button", name=button).click()
    page.keyboard.press("Escape")
    return saving.value.path().read_bytes()


def _pictures(home: Path) -> int:
    return sum(len(StoredRun(manifest.parent).pictures()) for manifest in home.glob("runs/*/manifest.json"))


@pytest.fixture
def opened(live: tuple[dict[int, list[str]], Path, Path], browser: Browser) -> Iterator[Page]:
    """The file, opened from the disk; nothing was asked for but itself, and nothing complained."""
    file = live[2]
    assert file.stat().st_size < MOST_BYTES
    context = browser.new_context(viewport={"width": 1280, "height": 720}, offline=True)
    context.set_default_timeout(1000 * PATIENCE_SECONDS)
    page = context.new_page()
    asked, complaints = [], []
    page.on("request", lambda request: asked.append(request.url) if not request.url.startswith(("data:", "blob:")) else None)
    page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(file.as_uri())
    page.wait_for_selector(f"{VIEW}[data-complete]")
    wait_until(lambda: shown(page) > 0, "the last picture is shown")
    yield page
    context.close()
    assert asked == [file.as_uri()] and complaints == []


def test_it_says_what_the_live_page_said(opened: Page, live: tuple[dict[int, list[str]], Path, Path]) -> None:
    for step, words in sorted(live[0].items(), reverse=True):
        for _ in range(100):
            if shown(opened) <= step:
                break
            before = shown(opened)
            opened.keyboard.press("ArrowLeft")
            wait_until(lambda before=before: shown(opened) < before, "an older picture is shown")
        assert shown(opened) == step
        wait_until(lambda words=words: said(opened) == words, f"{words}")


def test_slider_keys_and_theme(opened: Page) -> None:
    last = shown(opened)
    slider = opened.locator(".gd-time")
    slider.evaluate("node => { node.value = 0; node.dispatchEvent(new Event('input')); }")
    wait_until(lambda: shown(opened) < last, "the first picture is shown")
    first = shown(opened)
    opened.keyboard.press("ArrowRight")
    wait_until(lambda: first < shown(opened) < last, "one picture on")
    opened.keyboard.press("Shift+ArrowRight")
    wait_until(lambda: shown(opened) == last, "ten pictures on, or the last")
    was = opened.get_attribute(VIEW, "data-theme")
    opened.click("#theme")
    wait_until(lambda: opened.get_attribute(VIEW, "data-theme") not in (was, None), "the other theme")
    opened.click("#open-settings")
    assert '"config"' in opened.inner_text("#settings-text")
    opened.click("#close-settings")
    assert not opened.get_by_role("button", name="Branch here").is_visible()


def test_a_hostile_title_is_only_read(
    live: tuple[dict[int, list[str]], Path, Path], browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    title = "</script><img src=x onerror=document.body.remove()> {{run}}"
    run = StoredRun(live[1])
    monkeypatch.setattr(run, "manifest", run.manifest.model_copy(update={"title": title}))
    file = tmp_path / "replay.html"
    file.write_bytes(export(run, "replay.html"))
    page = browser.new_page(locale="zh-TW")
    page.goto(file.as_uri())
    page.wait_for_selector(f"{VIEW}[data-complete]")
    assert page.get_attribute("html", "lang") == "zh-Hant"
    assert page.inner_text("h1") == page.title() == title and page.locator("img[src=x]").count() == 0
    page.close()


def test_pictures_are_saved_from_it(opened: Page) -> None:
    opened.get_by_role("button", name="Take away: pictures and files").click()
    opened.get_by_label("What", exact=True).select_option("losses")
    opened.get_by_label("Format").select_option("svg")
    opened.get_by_label("Theme").select_option("dark")
    opened.get_by_label("Width in px").fill("640")
    opened.keyboard.press("Escape")
    svg = ElementTree.fromstring(_saved(opened, "Save picture"))
    words = {"".join(text.itertext()) for text in svg.iter("{http://www.w3.org/2000/svg}text")}
    assert svg.get("width") == "640" and "Losses" in words
    assert json.loads(svg.findtext("{http://www.w3.org/2000/svg}metadata") or "")["config"]["run"]
