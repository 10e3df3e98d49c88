"""The stage in the plane, as a person uses it: layers, what the field shows, zoom and pan, reading off a point, help."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator
from waiting import wait_until


@pytest.fixture
def ring(lab) -> Iterator:
    """The ring of modes, on a page whose console must stay silent."""
    lab.choose("Ring of 8")
    lab.page.locator(".gd-plane").wait_for()
    wait_until(lambda: lab.status == "paused" and lab.page.locator("button[data-layer=map]").is_visible(), "the ring is drawn")
    yield lab
    assert not lab.complaints, lab.complaints


def play_to(lab, step: int) -> None:
    lab.press("Space")
    wait_until(lambda: lab.step >= step, f"it plays to step {step}")
    lab.press("Space")
    wait_until(lambda: lab.status == "paused", "it pauses")
    lab.await_rest()
    wait_until(lambda: picture(lab) == picture(lab), "its dots have come to rest")


def picture(lab) -> str:
    return lab.page.evaluate("document.querySelector('.gd-plane').toDataURL()")


def middle(canvas: Locator) -> tuple[float, float]:
    """Of the square in which the plane is drawn: the axes' numbers stand to its left and beneath it."""
    box = canvas.bounding_box()
    assert box
    return box["x"] + 13 + box["width"] / 2, box["y"] - 8 + box["height"] / 2


def reading(lab) -> dict[str, float]:
    """What the tip says about the point under the pointer."""
    tip = lab.page.get_by_role("tooltip")
    tip.wait_for()
    found = re.findall(r"(\w\*?) (\d*\.?\d+)", tip.inner_text().replace("−", ""))
    return {name: float(value) for name, value in found}


def test_layers_and_the_fields_choices_change_the_picture(ring) -> None:
    play_to(ring, 40)
    page = ring.page
    for key in ("real", "generated", "sample_gradient", "map", "contour", "shares", "field"):
        switch = page.locator(f"button[data-layer={key}]")
        before = picture(ring)
        switch.click()
        wait_until(lambda before=before: picture(ring) != before, f"{key} leaves the picture")
        assert switch.get_attribute("aria-pressed") == "false"
        switch.click()
        wait_until(lambda before=before: picture(ring) == before, f"{key} comes back as it was")
    choices = page.get_by_role("group", name="What the field shows").get_by_role("button")
    seen = {picture(ring)}
    for i in range(1, choices.count()):
        choices.nth(i).click()
        wait_until(lambda seen=seen: picture(ring) not in seen, f"the field shows {choices.nth(i).text_content()}")
        seen.add(picture(ring))
    page.reload()
    ring.await_picture()
    assert choices.last.get_attribute("aria-pressed") == "true"  # what was chosen is remembered


def test_a_point_is_read_and_the_zoom_survives_frames(ring) -> None:
    page, canvas = ring.page, ring.page.locator(".gd-plane")
    page.mouse.move(*middle(canvas))
    assert reading(ring).keys() >= {"x", "y", "D"}
    assert reading(ring)["x"] < 0.05 > reading(ring)["y"]  # the ring's window has its middle at 0

    page.mouse.move(*(c + 80 for c in middle(canvas)))
    at = reading(ring)
    for _ in range(4):
        page.mouse.wheel(0, -300)
    wait_until(lambda: canvas.get_attribute("data-zoomed") is not None, "it is zoomed")
    assert reading(ring)["x"] == pytest.approx(at["x"], abs=0.01)  # about the pointer
    painted = ring.painted
    ring.press("Space")
    wait_until(lambda: ring.painted > painted + 10, "it plays on")
    assert reading(ring)["x"] == pytest.approx(at["x"], abs=0.01)
    ring.press("Space")
    wait_until(lambda: ring.status == "paused", "it pauses")

    # A drag takes the plane along: the point that was under the pointer still is
    page.mouse.down()
    page.mouse.move(*(c + 30 for c in middle(canvas)), steps=4)
    page.mouse.up()
    wait_until(lambda: reading(ring)["x"] == pytest.approx(at["x"], abs=0.01), "the plane followed the pointer")

    page.mouse.dblclick(*middle(canvas))
    wait_until(lambda: canvas.get_attribute("data-zoomed") is None, "a double click shows all of it")
    canvas.press("+")
    canvas.press("ArrowLeft")
    wait_until(lambda: canvas.get_attribute("data-zoomed") is not None, "the keys zoom")
    canvas.press("0")
    wait_until(lambda: canvas.get_attribute("data-zoomed") is None, "and reset")


def test_coverage_is_shown_in_words_and_as_a_curve(ring) -> None:
    play_to(ring, 60)
    page = ring.page
    theory = page.locator(".gd-theory")
    read = r"modes\s*\d of 8\s*high quality\s*\d+ %\s*JSD\s*0\.\d+"
    wait_until(lambda: re.search(read, theory.inner_text()), "all three are read")
    panel = page.locator('[data-panel="coverage"]')
    wait_until(lambda: re.search(r"modes\s*\d of 8", panel.inner_text()), "the panel reads the modes")
    wait_until(lambda: "98.9 %" in panel.text_content(), "and what a perfect generator would score")
    page.get_by_role("navigation", name="More curves").get_by_role("button", name="Distance").click()
    wait_until(lambda: "sliced" in page.locator('[data-panel="divergence"]').inner_text(), "the distance is named")


def test_help_takes_the_keys_until_it_is_closed(ring) -> None:
    ring.page.locator("body").press("?")
    help = ring.page.get_by_role("dialog", name="Keys and layers")
    help.wait_for()
    assert "Generated samples" in help.inner_text()
    ring.page.keyboard.press("d")
    ring.page.keyboard.press("Escape")
    help.wait_for(state="hidden")
    assert (ring.status, ring.step) == ("paused", 0)
    ring.press("d")
    wait_until(lambda: ring.step == 1, "the keys are the game's again")


def test_the_stage_follows_the_data(ring) -> None:
    ring.choose("One Gaussian")
    ring.page.locator(".gd-stage-map").wait_for()
    assert ring.page.locator(".gd-plane").count() == 0
    assert not ring.page.locator('[data-panel="coverage"]').is_visible()
    ring.press("s")
    wait_until(lambda: ring.step == 1, "the line plays")


def test_fingers_read_a_point_pinch_and_come_home(app, browser) -> None:
    from driving import Lab

    lab = Lab(browser, app.url, has_touch=True)
    lab.choose("Ring of 8")
    page, canvas = lab.page, lab.page.locator(".gd-plane")
    canvas.wait_for()
    x, y = middle(canvas)
    page.touchscreen.tap(x, y)
    assert reading(lab)["x"] < 0.05
    page.wait_for_timeout(600)  # sooner it would be a double tap
    page.touchscreen.tap(x, y)
    page.get_by_role("tooltip").wait_for(state="hidden")

    fingers = lab.context.new_cdp_session(page)

    def touch(kind: str, *reach: float) -> None:
        points = [{"x": x + dx, "y": y, "id": i} for i, dx in enumerate(reach)]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", -40)
    touch("touchStart", -40, 40)
    for apart in range(50, 121, 10):
        touch("touchMove", -apart, apart)
    touch("touchEnd")
    wait_until(lambda: canvas.get_attribute("data-zoomed") is not None, "a pinch zooms")
    assert canvas.get_attribute("data-held") is None
    page.get_by_role("button", name="whole window").tap()
    wait_until(lambda: canvas.get_attribute("data-zoomed") is None, "the button shows all of it")
    assert not lab.complaints, lab.complaints
    lab.close()
