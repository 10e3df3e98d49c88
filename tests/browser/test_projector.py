"""Projector mode: charts are drawn with larger letters and lines, nothing steers but the keys, and the address keeps it."""

from __future__ import annotations

import re

import pytest
from driving import App, Lab
from playwright.sync_api import Browser
from waiting import wait_until

DRAWN = """() => { const plot = document.querySelector('[data-panel=losses] .js-plotly-plot');
    const canvas = document.querySelector('.gd-stage-map');
    return { letters: plot.layout.font.size, line: plot.data.at(-1).line.width, times: Number(
        document.querySelector('.gd-live').dataset.magnified ?? 1), unit: canvas.getContext('2d').getTransform().a,
        width: canvas.width - canvas.clientWidth }; }"""
CONTROLS = ".gd-steering, .gd-rewind, [data-testid=stSidebar], .gd-share-button, .gd-more"
UNIT = "document.querySelector('.gd-phase').getContext('2d').getTransform().a"
LEFT_PX = 46  # of the canvas, left of the plane
BEYOND = "() => document.scrollingElement.scrollWidth - innerWidth + document.scrollingElement.scrollHeight - innerHeight"


def address(lab: Lab) -> str:
    """As the page has it: Playwright's `page.url` stays what it was until something else is asked of the page."""
    return lab.page.evaluate("location.search")


def is_on(lab: Lab) -> bool:
    return lab.page.evaluate("'gdProjector' in document.documentElement.dataset")


def seen(lab: Lab) -> list[str]:
    return [node.get_attribute("class") or "" for node in lab.page.locator(CONTROLS).all() if node.is_visible()]


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080)])
def test_letters_and_lines_are_drawn_larger_and_the_controls_are_away(
    app: App, browser: Browser, size: tuple[int, int]
) -> None:
    lab = Lab(browser, app.url, viewport={"width": size[0], "height": size[1]})
    page = lab.page
    lab.await_rest()
    before = page.evaluate(DRAWN)
    assert before["times"] == 1 and seen(lab)
    lab.press("p")
    wait_until(lambda: is_on(lab) and not seen(lab), "no control is seen")
    wait_until(lambda: page.evaluate(DRAWN)["letters"] > before["letters"], "the curves are drawn anew")
    now = page.evaluate(DRAWN)
    assert now["times"] >= 1.45
    for part in ("letters", "line", "unit"):
        assert now[part] == pytest.approx(now["times"] * before[part], rel=0.01), part
    assert now["width"] == 0, "the canvas has a pixel for each of the screen's: nothing is a picture that was blown up"
    assert page.evaluate(BEYOND) == 0
    lab.press("d")
    wait_until(lambda: lab.step == 1, "the keys still steer")
    assert "projector=1" in address(lab)
    lab.press("Escape")
    wait_until(lambda: not is_on(lab) and seen(lab), "Escape leaves it")
    wait_until(lambda: page.evaluate(DRAWN)["letters"] == before["letters"], "the curves are as they were")
    assert "projector" not in address(lab)
    assert not lab.complaints, lab.complaints
    lab.close()


def test_a_bookmark_opens_it_and_the_link_in_the_address_stays_as_it_is(app: App, browser: Browser) -> None:
    lab = Lab(browser, app.url + "?projector=1")
    wait_until(lambda: is_on(lab), "it is on")
    wait_until(lambda: re.search(r"run=(?!new-)", address(lab)), "Streamlit has written its own part of the address")
    lab.press("s")
    wait_until(lambda: "at-1" in address(lab), "the address tells of the run")
    link = re.search(r"game=[^&]*", address(lab))
    button = lab.page.get_by_role("button", name="Projector mode")
    assert button.get_attribute("aria-pressed") == "true"
    button.click()
    wait_until(lambda: not is_on(lab), "its button leaves it")
    assert link and link[0] in address(lab)
    assert not lab.complaints, lab.complaints
    lab.close()


def test_what_lies_under_the_pointer_is_read_where_it_is_drawn(lab: Lab) -> None:
    lab.choose("Dirac-GAN: the orbit")
    lab.await_rest()
    canvas = lab.page.locator(".gd-phase")

    def read_at_the_left_edge(times: float) -> float:
        box = canvas.bounding_box()
        lab.page.mouse.move(box["x"] + 5, box["y"] + 5)
        lab.page.mouse.move(box["x"] + (LEFT_PX + 3) * times, box["y"] + box["height"] / 2)
        wait_until(lambda: "θ" in (lab.page.locator(".gd-tip").text_content() or ""), "the point is read")
        words = (lab.page.locator(".gd-tip").text_content() or "").replace("−", "-")
        return float(re.findall(r"θ (-?[\d.]+)", words)[0])

    before = read_at_the_left_edge(1)
    lab.press("p")
    wait_until(lambda: lab.page.evaluate(UNIT) > 1.2, "it is drawn larger")
    assert read_at_the_left_edge(lab.page.evaluate(UNIT)) == pytest.approx(before, abs=0.06)
    assert not lab.complaints, lab.complaints
