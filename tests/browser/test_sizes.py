"""The stage comes first on every screen, nothing lies beyond its right edge, and curves are in sight where there is room."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from driving import App, Lab, running_app
from playwright.sync_api import Browser
from waiting import wait_until

PHONE, TABLET, SMALL, LAPTOP = (390, 844), (768, 1024), (1024, 768), (1280, 720)
BEYOND = """() => [...document.querySelectorAll('.gd-live *')].filter(node => !node.closest('.gd-unseen, svg, [hidden]')
        && !node.parentElement.closest('.gd-plot'))
    .filter(node => { const { width, right } = node.getBoundingClientRect(); return width > 0 && right > innerWidth + 1; })
    .filter(node => !node.closest('.gd-layers') || getComputedStyle(node.closest('.gd-layers')).overflow !== 'hidden')
    .map(node => node.className || node.tagName)"""
SIDEWAYS = """() => [document.scrollingElement, document.querySelector('[data-testid=stMain]')]
    .map(node => node.scrollWidth - node.clientWidth)"""
IN_SIGHT = """() => [...document.querySelectorAll('.gd-curve:not([hidden])')].filter(node => {
    const { top, bottom, width } = node.getBoundingClientRect();
    return width > 0 && top >= 0 && bottom <= innerHeight + 1; }).length"""
ON_TOP = """() => { const { left, width, top } = document.querySelector('.gd-stage').getBoundingClientRect();
    const places = [0.02, 0.5, 0.98].map(share => document.elementFromPoint(left + share * width, top + 150));
    return places.every(node => node?.closest('.gd-stage')); }"""
CUT = """() => {
    const { fillText } = CanvasRenderingContext2D.prototype;
    window.cut = {};
    window.written = new Set();
    CanvasRenderingContext2D.prototype.fillText = function (words, x, y) {
        const size = this.measureText(words), { a, b, c, d, e, f } = this.getTransform();
        const { width, height, offsetWidth, className } = this.canvas;
        const corners = [x - size.actualBoundingBoxLeft, x + size.actualBoundingBoxRight].flatMap(x =>
            [y - size.actualBoundingBoxAscent, y + size.actualBoundingBoxDescent].map(y =>
                [a * x + c * y + e, b * x + d * y + f]));
        const beyond = Math.max(...corners.flatMap(([x, y]) => [-x, -y, x - width, y - height])) / Math.hypot(a, b);
        if (offsetWidth) window.written.add(words);
        if (offsetWidth && beyond > 0.75) window.cut[`${className}: ${words}`] = beyond;
        return fillText.call(this, words, x, y);
    };
}"""
NEGATIVE = "() => [...window.written].some(words => words.startsWith('−'))"
TALLEST = "() => document.querySelector('[data-testid=stMain]').scrollHeight"


@pytest.fixture(scope="module")
def kinds() -> Iterator[App]:
    with running_app("tests/browser/kinds_app.py", PYTHONPATH=".:tests") as app:
        yield app


def fits(lab: Lab, layout: str) -> None:
    wait_until(lambda: lab.attribute("layout") == layout, f"{layout} layout")
    wait_until(lambda: not lab.page.evaluate(BEYOND), "nothing lies beyond the right edge")
    assert lab.page.evaluate(SIDEWAYS) == [0, 0]


@pytest.mark.parametrize(
    ("size", "layout", "curves"),
    [(PHONE, "narrow", 1), (TABLET, "narrow", 2), (SMALL, "snug", 4), (LAPTOP, "medium", 3)],
    ids=["phone", "tablet", "small", "laptop"],
)
def test_the_stage_is_seen_first_and_what_there_is_room_for(app: App, browser: Browser, size, layout: str, curves: int) -> None:
    lab = Lab(browser, app.url, viewport={"width": size[0], "height": size[1]})
    lab.press("Space")
    wait_until(lambda: lab.step > 50, "it plays")
    fits(lab, layout)
    assert lab.page.evaluate(ON_TOP), "the sidebar does not lie over the stage"
    wait_until(lambda: lab.page.evaluate(IN_SIGHT) >= curves, f"{curves} curves are in sight without scrolling")
    if layout != "narrow":
        assert lab.page.evaluate(TALLEST) <= size[1]
    play = lab.page.get_by_role("button", name="Pause").bounding_box()
    opener = lab.page.get_by_test_id("stExpandSidebarButton")
    if opener.count():
        box = opener.bounding_box()
        assert box["x"] + box["width"] <= play["x"], "what opens the sidebar is not hidden under the first button"
    assert not lab.complaints, lab.complaints
    lab.close()


def test_every_stage_fits_every_screen(kinds: App, browser: Browser) -> None:
    lab = Lab(browser, kinds.url)
    for name in ("ring", "digits", "a scalar game"):
        lab.page.get_by_test_id("stSidebar").get_by_role("button", name=name, exact=True).click()
        wait_until(lambda name=name: lab.page.get_by_test_id("live-view").get_attribute("aria-label") == name, name, 60)
        for size, layout in ((PHONE, "narrow"), (TABLET, "narrow"), (SMALL, "snug"), (LAPTOP, "medium")):
            lab.page.set_viewport_size({"width": size[0], "height": size[1]})
            fits(lab, layout)
            wait_until(lambda: lab.page.evaluate(IN_SIGHT) > 0 or layout == "narrow", "curves are in sight", 60)  # noqa: B023
    assert not lab.complaints, lab.complaints
    lab.close()


def test_a_comparison_fits_every_screen(lab: Lab) -> None:
    page = lab.page
    page.locator('[data-testid="stSidebar"] summary', has_text="Compare").click()
    values = page.get_by_role("textbox", name="Values, one for each game")
    offered = values.input_value()
    values.fill("1e-4, 3e-4, 1e-3, 2e-3, 3e-3, 5e-3, 1e-2, 3e-2")
    assert values.evaluate("field => field.scrollWidth <= field.clientWidth"), "eight values are seen whole"
    values.fill(offered)
    page.get_by_role("button", name="Compare").last.click()
    wait_until(lambda: page.locator(".gd-cell").count() == 4, "four games are compared")
    for size, layout in ((SMALL, "snug"), (TABLET, "narrow"), (PHONE, "narrow")):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        fits(lab, layout)
    assert not lab.complaints, lab.complaints


@pytest.mark.parametrize("games", ["Planes", "Line and plane"])
def test_no_number_beside_a_stage_loses_its_sign(browser: Browser, games: str) -> None:
    """What is drawn on a canvas is cut at its edge, and of a number on the left its sign is what goes first."""
    with running_app("tests/browser/compared_app.py", PYTHONPATH=".") as app:
        lab = Lab(browser, app.url)
        page = lab.page
        page.evaluate(CUT)
        page.get_by_role("button", name=games, exact=True).click()
        wait_until(lambda: page.evaluate(NEGATIVE), "the axes are drawn")
        for size in ((1920, 1080), LAPTOP, PHONE):
            page.set_viewport_size({"width": size[0], "height": size[1]})
            for _ in range(2):
                page.evaluate("window.written.clear()")
                lab.press("p")  # projector mode, and back
                wait_until(lambda: page.evaluate(NEGATIVE), "they are drawn in another size")
                assert page.evaluate("window.cut") == {}, size
        lab.close()
