"""The phase plane of the Dirac-GAN, as a person uses it: layers, reading off a place, another start by a click."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import pytest
from driving import Lab
from waiting import wait_until

from gandash.presets import PRESETS

ORBIT, CYCLE = PRESETS["dirac-orbit"], PRESETS["dirac-cycle"]


@pytest.fixture
def orbit(lab: Lab) -> Iterator[Lab]:
    """The Dirac-GAN without a regulariser, on a page whose console must stay silent."""
    lab.choose(ORBIT.title)
    lab.page.locator(".gd-phase").wait_for()
    yield lab
    assert not lab.complaints, lab.complaints


def pause(lab: Lab) -> None:
    lab.press("Space")
    wait_until(lambda: lab.status == "paused", "it pauses")
    lab.await_rest()
    wait_until(lambda: picture(lab) == picture(lab), "its dots have come to rest")


def play_to(lab: Lab, step: int) -> None:
    lab.press("Space")
    wait_until(lambda: lab.step >= step, f"it plays to step {step}")


def picture(lab: Lab) -> str:
    return lab.page.evaluate("document.querySelector('.gd-phase').toDataURL()")


def place(lab: Lab, right: float = 0.4, up: float = 0.3) -> tuple[float, float]:
    """Of the canvas, in shares of its width and height: a place to the left of the middle and below it."""
    box = lab.page.locator(".gd-phase").bounding_box()
    assert box
    return box["x"] + right * box["width"], box["y"] + (1 - up) * box["height"]


def reading(lab: Lab) -> tuple[float, float, float, float]:
    """theta, psi and -v there, as the tip under the pointer says."""
    tip = lab.page.get_by_role("tooltip")
    tip.wait_for()
    text = tip.inner_text().replace("−", "-").replace("-v", "")
    theta, psi, right, up = (float(number) for number in re.findall(r"-?\d+\.?\d*(?:e-?\d+)?", text))
    return theta, psi, right, up


def test_layers_change_the_picture(orbit: Lab) -> None:
    play_to(orbit, 40)
    pause(orbit)
    page = orbit.page
    for key in ("flow", "path", "equilibrium"):
        switch = page.locator(f"button[data-layer={key}]")
        before = picture(orbit)
        switch.click()
        wait_until(lambda before=before: picture(orbit) != before, f"{key} leaves the picture")
        switch.click()
        wait_until(lambda before=before: picture(orbit) == before, f"{key} comes back as it was")
    spectrum = page.get_by_role("img", name=re.compile("Eigenvalues of the game at its equilibrium"))
    assert "0.500 i" in (spectrum.get_attribute("aria-label") or "")  # Dirac-GAN: +-f'(0) i = +-i/2
    page.locator("button[data-layer=spectrum]").click()
    spectrum.wait_for(state="hidden")
    page.locator("button[data-layer=spectrum]").click()
    spectrum.wait_for()
    page.get_by_role("button", name="one round").click()
    page.get_by_role("img", name=re.compile("What one round multiplies")).wait_for()


def test_a_place_reads_the_flow_of_the_dirac_gan(orbit: Lab) -> None:
    orbit.page.mouse.move(*place(orbit))
    theta, psi, right, up = reading(orbit)
    assert theta < 0 > psi
    pull = 1 / (1 + math.exp(-theta * psi))  # D's belief that the generated sample is real
    assert right == pytest.approx((pull if ORBIT.config.objective == "minimax" else 1 - pull) * psi, abs=0.02)
    assert up == pytest.approx(-pull * theta, abs=0.02)


def test_a_click_begins_anew_from_there_and_goes_on_playing(orbit: Lab) -> None:
    page = orbit.page
    play_to(orbit, 100)
    page.mouse.move(*place(orbit))
    theta, psi, *_ = reading(orbit)
    step = orbit.step
    assert step > 20
    page.mouse.click(*place(orbit))
    wait_until(lambda: orbit.step < step, "the game began anew")
    assert orbit.status == "running"
    wait_until(lambda: orbit.step > 10, "it plays on")
    sidebar = page.locator('[data-testid="stSidebar"]')
    shown = lambda: sidebar.inner_text().replace("−", "-")  # noqa: E731
    wait_until(lambda: f"point θ, from {theta:g}" in shown() and f"from {psi:g}" in shown(), "the controls show that start")
    pause(orbit)
    told = re.search(r"([\d.]+) at the beginning", page.locator(".gd-stage-phase .gd-unseen").text_content() or "")
    assert told and float(told[1]) == pytest.approx(math.hypot(theta, psi), abs=0.01)  # the tip is rounded


def test_a_drag_and_a_double_click_move_the_plane_and_nothing_else(orbit: Lab) -> None:
    page, canvas = orbit.page, orbit.page.locator(".gd-phase")
    play_to(orbit, 40)
    pause(orbit)
    step, before = orbit.step, picture(orbit)
    x, y = place(orbit)
    page.mouse.move(x, y)
    at = reading(orbit)
    page.mouse.down()
    page.mouse.move(x + 60, y - 40, steps=5)
    page.mouse.up()
    wait_until(lambda: canvas.get_attribute("data-zoomed") is not None, "the plane has moved")
    wait_until(lambda: reading(orbit)[:2] == pytest.approx(at[:2], abs=0.02), "it followed the pointer")
    page.mouse.dblclick(x, y)
    wait_until(lambda: canvas.get_attribute("data-zoomed") is None, "the whole window is back")
    wait_until(lambda: picture(orbit) == before, "with the same picture")
    page.wait_for_timeout(1000)  # as long as a click takes to begin a game
    assert (orbit.step, orbit.status, picture(orbit)) == (step, "paused", before)


def test_the_words_follow_the_learning_rates_live(orbit: Lab) -> None:
    page = orbit.page
    orbit.choose(CYCLE.title)
    words = page.locator(".gd-phase-says")
    wait_until(lambda: "1.0012" in words.inner_text(), "sqrt(1 + (0.1 / 2)^2)")
    page.get_by_role("button", name=CYCLE.moves[0].label).wait_for()  # the page's own widgets come after the picture
    page.wait_for_timeout(1000)  # and what is typed into one that is being replaced is lost
    spectrum = page.locator(".gd-spectrum-plane")
    shown = spectrum.evaluate("canvas => canvas.toDataURL()")
    for player, said in (("G", "1.0087"), ("D", "1.0595")):  # sqrt(1 + h_G h_D / 4)
        field = page.get_by_role("textbox", name=re.compile(rf"{player} Learning rate"))
        field.fill("0.7")
        field.press("Enter")
        wait_until(lambda said=said: said in words.inner_text(), f"a round multiplies by {said}")
    wait_until(lambda: spectrum.evaluate("canvas => canvas.toDataURL()") != shown, "and another boundary")
    assert orbit.step == 0


def test_help_and_the_page_say_what_a_click_does(orbit: Lab) -> None:
    assert orbit.page.get_by_text("click: begin anew from here").is_visible()
    orbit.press("?")
    help = orbit.page.get_by_role("dialog", name="Keys and layers")
    help.wait_for()
    assert "begin anew from here" in help.inner_text() and "equilibrium" in help.inner_text()
    orbit.page.keyboard.press("Escape")
