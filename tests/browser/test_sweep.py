"""The page of sweeps in a browser: a map that fills in by itself, is read by hand and by key, and opens its very games."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from driving import App, running_app
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from sweeps.writing_sweeps import with_a_sweep
from waiting import PATIENCE_SECONDS, wait_until

MAP = '[data-testid="sweep-map"]'
ENGLISH = re.compile(r"[A-Za-z]{2,},? [a-z]{2,} [a-z(]{2,}")
SAID = """() => ['[data-testid="stSidebarUserContent"]', '.st-key-sweep'].flatMap(name => {
  const part = document.querySelector(name);
  return [...part.innerText.split('\\n'), ...[...part.querySelectorAll('[aria-label]')].map(n => n.getAttribute('aria-label'))];
})"""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    home = tmp_path_factory.mktemp("home")
    with_a_sweep(home)
    with running_app(GANDASH_HOME=str(home)) as app:
        yield app


@pytest.fixture(scope="module")
def visitor(app: App, browser: Browser) -> Iterator[Page]:
    """Who sits at the machine: two axes of the Dirac-GAN, eight games."""
    context = browser.new_context(viewport={"width": 1280, "height": 720})
    context.set_default_timeout(1000 * PATIENCE_SECONDS)
    page = context.new_page()
    page.goto(app.url + "sweep")
    wait_until(lambda: told(page, "state") == "done", "it is there")
    yield page
    context.close()


def told(page: Page, name: str) -> str:
    return page.get_attribute(MAP, f"data-{name}") or "" if page.locator(MAP).count() else ""


def test_the_map_is_there_and_survives_a_reload(visitor: Page) -> None:
    expect(visitor.locator(MAP)).to_have_attribute("data-count", "8")
    expect(visitor.get_by_text("8 of 8 games · all played")).to_be_visible()
    wait_until(lambda: int(told(visitor, "edges") or 0) > 0, "the boundary of stability is drawn")
    visitor.reload()
    wait_until(lambda: told(visitor, "count") == "8" and int(told(visitor, "painted") or 0) > 0, "it is there again")


def test_a_cell_is_read_by_pointer_and_by_key(visitor: Page) -> None:
    holder = visitor.get_by_label("The map")
    box = holder.bounding_box()
    assert box is not None
    visitor.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(visitor.locator(".gd-sweep-tip")).to_contain_text("Learning rate 0.")
    spoken = visitor.locator(".gd-sweep-read")
    holder.press("ArrowRight")
    expect(spoken).to_contain_text("G Learning rate 0.1, R1 weight γ 0")
    holder.press("ArrowRight")
    holder.press("ArrowUp")
    expect(spoken).to_contain_text("G Learning rate 0.2, R1 weight γ 1")
    for _ in range(9):  # no key leads out of the map
        holder.press("ArrowRight")
    expect(spoken).to_contain_text("G Learning rate 0.4, R1 weight γ 1")
    visitor.get_by_label("Colour").select_option("wasserstein")
    expect(visitor.locator(".gd-sweep-legend")).to_contain_text("W1")
    visitor.get_by_label("Colour").select_option("verdict")


def test_the_map_is_taken_away(visitor: Page, tmp_path: Path) -> None:
    def taken(role: Any, name: str) -> bytes:
        with visitor.expect_download() as download:
            visitor.locator(".gd-sweep-files").get_by_role(role, name=name, exact=True).click()
        path = tmp_path / download.value.suggested_filename
        download.value.save_as(path)
        return path.read_bytes()

    picture = Image.open(io.BytesIO(taken("button", "PNG")))
    width = visitor.locator(f"{MAP} canvas").evaluate("canvas => canvas.clientWidth")
    assert picture.width == 2 * width and len(picture.getcolors(10**7) or ()) > 10
    svg = taken("button", "SVG").decode()
    assert svg.startswith("<svg ") and svg.count("<rect") >= 8 and "G Learning rate" in svg
    assert len(taken("link", "CSV").decode().splitlines()) == 9
    assert taken("link", "Parquet").startswith(b"PAR1") and b"plotly" in taken("link", "HTML")


def english(page: Page) -> list[str]:
    """What is still said in English, of the page and of what it says to a screen reader."""
    return [text for text in page.evaluate(SAID) if ENGLISH.search(text or "")]


def test_the_page_speaks_chinese_and_keeps_its_map(visitor: Page) -> None:
    """Switched live: the same map, its colour, the cell that was chosen; what is taken away has its words."""
    visitor.locator(MAP).evaluate("map => { map.marked = true; }")
    visitor.get_by_label("Colour").select_option("wasserstein")
    for key in ("ArrowRight",) * 4 + ("ArrowUp",):  # to the corner, wherever one was
        visitor.get_by_label("The map").press(key)
    for language, count, where, colour in (
        ("繁體中文", "8/8 場博弈 · 全部完成", "G 學習率 0.4，R1 權重 γ 1：", "顏色"),
        ("简体中文", "8/8 场博弈 · 全部完成", "G 学习率 0.4，R1 权重 γ 1：", "颜色"),
    ):
        visitor.get_by_text(language, exact=True).click()
        expect(visitor.get_by_text(count)).to_be_visible()
        expect(visitor.locator(".gd-sweep-read")).to_contain_text(where)
        expect(visitor.get_by_label(colour)).to_have_value("wasserstein")
        wait_until(lambda: english(visitor) == [], "nothing is left in English")
        with visitor.expect_download() as download:
            visitor.locator(".gd-sweep-files").get_by_role("button", name="SVG").click()
        assert where.split(" 0.4")[0] in download.value.path().read_text(encoding="utf-8")
        assert visitor.locator(MAP).evaluate("map => map.marked") and told(visitor, "count") == "8"
    visitor.get_by_text("English", exact=True).click()
    expect(visitor.get_by_text("8 of 8 games · all played")).to_be_visible()
    visitor.get_by_label("Colour").select_option("verdict")


def test_a_click_on_a_cell_opens_that_very_game(visitor: Page) -> None:
    """The lab plays it from its settings and its seed, and comes to the state that the sweep came to, bit for bit."""
    page = visitor.context.new_page()
    page.goto(visitor.url)
    wait_until(lambda: told(page, "count") == "8", "it is there")
    holder = page.get_by_label("The map")
    wanted = "G Learning rate 0.2, R1 weight γ 1"
    box = holder.bounding_box()
    assert box
    places = [{"x": box["width"] * i / 20, "y": box["height"] / 3} for i in range(1, 20)]
    tip = page.locator(".gd-sweep-tip")
    found = next(at for at in places if [holder.hover(position=at)] and wanted in str(tip.text_content()))
    holder.click(position=found)
    expect(page.get_by_text("Its state is the same, bit for bit.")).to_be_visible()
    expect(page.get_by_test_id("live-view")).to_have_attribute("data-step", "40")
    expect(page.get_by_role("textbox", name="G Learning rate")).to_have_value("0.2")

    page.goto(visitor.url)  # by keys, and a button
    wait_until(lambda: told(page, "count") == "8", "it is there again")
    for key in ("ArrowRight", "ArrowRight", "ArrowUp"):
        holder.press(key)
    expect(page.locator(".gd-sweep-read")).to_contain_text(wanted)
    page.get_by_role("button", name="Open in the lab").click()
    page.wait_for_url(re.compile(r"[?&]game=1~dirac-r1~.*og\.learning_rate-0\.2~"))
    page.close()


def test_a_sweep_begins_goes_on_while_nobody_looks_and_is_stopped(app: App, visitor: Page) -> None:
    """The first of the ready ones: a hundred games, of which none need come."""
    visitor.get_by_role("button", name="Start").click()
    wait_until(lambda: told(visitor, "state") == "playing", "it is played")
    expect(visitor.locator(MAP).get_by_role("heading")).to_have_text("Both learning rates on the ring")
    begun = visitor.url
    assert "sweep=" in begun and "abcdef" not in begun
    visitor.goto(app.url + "runs")
    visitor.get_by_role("heading", name="recorded").or_(visitor.get_by_role("heading", name="Recording")).first.wait_for()
    visitor.goto(begun)
    wait_until(lambda: told(visitor, "state") == "playing", "it has gone on")
    visitor.locator(MAP).get_by_role("button", name="Stop").click()
    expect(visitor.locator(MAP).get_by_role("button", name="Go on")).to_be_enabled()
    assert told(visitor, "state") == "stopped"


def test_before_any_is_played_the_map_shows_where_games_will_stand(app: App, visitor: Page) -> None:
    """With the colours that may come, and theory's line to hold them against."""
    visitor.goto(app.url + "sweep")
    visitor.get_by_text("Your sweeps").click()
    gone = visitor.locator('[class*="st-key-sweep-delete-"] button')
    while count := gone.count():
        gone.first.click()
        wait_until(lambda count=count: gone.count() < count, "one is gone")  # type: ignore[misc]
    wait_until(lambda: told(visitor, "state") == "foreseen" and int(told(visitor, "painted") or 0) > 0, "it is drawn")
    expect(visitor.get_by_role("heading", name="Where does it converge")).to_be_visible()
    legend = visitor.locator(".gd-sweep-legend")
    expect(legend).to_contain_text("converged")
    expect(legend).not_to_contain_text("theory")
    visitor.get_by_role("combobox", name="What is varied").click()
    visitor.get_by_role("option", name="Update rules against the step size, on the Dirac-GAN").click()
    expect(legend).to_contain_text("where theory draws the line")
    visitor.get_by_label("The map").press("ArrowRight")
    expect(visitor.locator(".gd-sweep-read")).to_contain_text("simultaneous")
    expect(visitor.get_by_role("button", name="Open in the lab")).to_be_hidden()
    assert app.log.read_text().count("Traceback") == 0
