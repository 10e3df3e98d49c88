"""Painting the data with a real mouse and a real finger."""

from __future__ import annotations

import base64

import numpy as np
import pytest
from driving import App, Lab
from playwright.sync_api import Browser, Page
from waiting import wait_until

SIDE = 64


def choose_drawing(lab: Lab) -> None:
    lab.page.locator("summary", has_text="Data").first.click()
    lab.select("Data", "drawn by hand")
    lab.page.wait_for_selector('[data-testid="draw-canvas"]')
    wait_until(lambda: covered(lab.page).any(), "the first painting is shown")


def covered(page: Page) -> np.ndarray:
    """How much of each cell is painted on the canvas, row 0 the highest."""
    pixels = page.locator('[data-testid="draw-canvas"]').evaluate(
        """canvas => {
          const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
          return btoa(String.fromCharCode(...data.filter((_, i) => i % 4 === 3)));
        }"""
    )
    found = np.frombuffer(base64.b64decode(pixels), dtype=np.uint8)
    return found.reshape(SIDE, SIDE) if len(found) == SIDE**2 else np.zeros((SIDE, SIDE), np.uint8)


def stroke(page: Page, start: tuple[float, float], end: tuple[float, float], steps: int) -> None:
    """A line on the canvas, in shares of its side, in so many moves."""
    box = page.locator('[data-testid="draw-canvas"]').bounding_box()
    assert box
    page.mouse.move(box["x"] + start[0] * box["width"], box["y"] + start[1] * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + end[0] * box["width"], box["y"] + end[1] * box["height"], steps=steps)
    page.mouse.up()


def test_density_follows_the_area_and_not_the_hand(lab: Lab) -> None:
    choose_drawing(lab)
    page = lab.page
    before = lab.painted
    page.get_by_role("button", name="Clear").click()
    assert not covered(page).any() and page.get_by_text("Nothing is painted").is_visible()

    stroke(page, (0.2, 0.25), (0.8, 0.25), steps=1)  # as fast as can be
    stroke(page, (0.2, 0.75), (0.8, 0.75), steps=60)
    stroke(page, (0.8, 0.75), (0.2, 0.75), steps=60)  # and once more over the same
    shown = covered(page).astype(float)
    upper, lower = shown[:32], shown[32:]
    assert upper.sum() > 0 and abs(upper.sum() - lower.sum()) < 0.02 * upper.sum()
    assert shown.max() == 255
    assert upper.sum() / 255 == pytest.approx(0.6 * 64 * 6 + np.pi * 9, rel=0.05)  # a line 6 wide with round ends

    # Strokes in quick succession may be one new run or several
    wait_until(lambda: lab.painted > before and lab.status == "paused" and lab.step == 0, "the run began anew")
    page.get_by_role("button", name="Eraser").click()
    stroke(page, (0.1, 0.25), (0.9, 0.25), steps=3)
    wait_until(lambda: not covered(page)[:32].any(), "the upper line is wiped out")
    assert covered(page)[32:].any()
    page.wait_for_timeout(1500)  # the page's answer must not bring an older painting back
    kept = covered(page)
    assert not kept[:32].any() and kept[32:].any()
    assert not lab.complaints

    page.reload()  # the run has the painting
    lab.await_picture()
    page.locator("summary", has_text="Data").first.click()
    page.wait_for_selector('[data-testid="draw-canvas"]')
    wait_until(lambda: np.array_equal(covered(page), kept), "the canvas shows what was painted")


def test_a_finger_paints_and_does_not_scroll(app: App, browser: Browser) -> None:
    lab = Lab(browser, app.url, has_touch=True, viewport={"width": 1280, "height": 900})
    try:
        choose_drawing(lab)
        page = lab.page
        page.get_by_role("button", name="Clear").click()
        box = page.locator('[data-testid="draw-canvas"]').bounding_box()
        assert box
        client = lab.context.new_cdp_session(page)
        x, y = box["x"] + box["width"] / 2, box["y"] + 0.2 * box["height"]
        client.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
        for i in range(1, 6):
            moved = [{"x": x, "y": y + i * 0.1 * box["height"]}]
            client.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": moved})
        client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        shown = covered(page)
        assert shown[14:44, 32].all() and not shown[:, :20].any()
        assert page.locator('[data-testid="draw-canvas"]').bounding_box() == box
    finally:
        lab.close()
