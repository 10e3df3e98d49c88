"""Space plays and pauses wherever the mouse was last; who comes by keyboard presses with it, and who types types with it."""

from __future__ import annotations

from collections.abc import Callable

from driving import Lab
from playwright.sync_api import Page
from waiting import wait_until

FOCUSED = "() => document.activeElement.matches('body')"
OTHERWISE = {"paused": "running", "running": "paused"}


def group(page: Page, name: str):
    return page.locator('[data-testid="stSidebar"] summary', has_text=name)


def toggle(page: Page) -> None:
    page.locator(".gd-stage .gd-toggle").first.click()


def from_a_field(then: Callable[[Page], None]) -> Callable[[Page], None]:
    def act(page: Page) -> None:
        page.get_by_role("textbox", name="D Learning rate").click()
        then(page)

    return act


PLACES: dict[str, Callable[[Page], None]] = {
    "a group of settings": lambda page: group(page, "Latent").click(),
    "an explanation": lambda page: page.get_by_role("button", name="Help for Preset").click(),
    "a stepper": lambda page: page.get_by_role("button", name="Increment").first.click(),
    "a slider": lambda page: page.get_by_role("slider", name="D Learning rate").click(force=True),
    "a layer of the stage": toggle,
    "a layer, while a field had the keys": from_a_field(toggle),
    "a curve, while a field had the keys": from_a_field(lambda page: page.locator(".gd-curve .gd-plot").first.click()),
    "the stage, while a field had the keys": from_a_field(lambda page: page.locator(".gd-stage-map").first.click()),
    "the drawer": lambda page: page.get_by_role("button", name="Examine", exact=True).click(),
    "the page's ground": lambda page: page.mouse.click(page.viewport_size["width"] - 4, page.viewport_size["height"] - 3),
}


def test_space_plays_and_pauses_after_any_press_of_the_mouse(lab: Lab) -> None:
    page = lab.page
    for name, press in PLACES.items():
        press(page)
        wanted = OTHERWISE[lab.status]
        page.keyboard.press("Space")
        wait_until(lambda wanted=wanted, name=name: lab.status == wanted, f"{name}: {wanted} by Space")
    assert group(page, "Latent").locator("..").get_attribute("open") is not None  # it was pressed once
    assert page.get_by_role("button", name="Examine", exact=True).get_attribute("aria-expanded") == "true"
    assert page.evaluate(FOCUSED), "nothing is in a frame"
    assert not lab.complaints, lab.complaints


AT_ONCE = """button => {
  button.focus();
  button.dispatchEvent(new PointerEvent('click', { detail: 1, bubbles: true, composed: true, pointerType: 'mouse' }));
  button.dispatchEvent(new KeyboardEvent('keydown', { key: ' ', bubbles: true, composed: true, cancelable: true }));
}"""


def test_space_is_not_lost_that_comes_before_the_page_has_done_with_a_press(lab: Lab) -> None:
    page = lab.page
    page.get_by_role("button", name="Help for Preset").evaluate(AT_ONCE)
    wait_until(lambda: lab.status == "running", "it plays")
    assert page.evaluate(FOCUSED)


def test_space_plays_after_a_move_and_a_choice(lab: Lab) -> None:
    page = lab.page
    lab.choose("The minimax gradient vanishes")
    page.keyboard.press("Space")
    wait_until(lambda: lab.status == "running", "the preset is played")
    page.get_by_role("button", name="Switch to the non-saturating loss").click()
    wait_until(lambda: "minimax → non-saturating" in page.text_content("body"), "the switch is marked")
    page.keyboard.press("Space")
    wait_until(lambda: lab.status == "paused", "Space pauses, and does not press the move again")
    group(page, "Compare").click()
    page.get_by_role("button", name="Compare", exact=False).last.click()
    wait_until(lambda: page.locator(".gd-cell").count() > 1, "games are compared")
    page.keyboard.press("Space")
    wait_until(lambda: lab.status == "running", "Space plays them, and does not compare anew")
    assert page.locator(".gd-cell").count() > 1


def test_who_comes_by_keyboard_presses_with_space(lab: Lab) -> None:
    page = lab.page
    group(page, "Compare").wait_for()  # the last of the sidebar: until then what comes after the field may not stand there yet
    page.get_by_role("spinbutton", name="D steps per round").click()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.matches('summary:focus-visible')")
    details = group(page, "Data").locator("..")
    for is_open in (True, False):
        page.keyboard.press("Space")
        wait_until(lambda is_open=is_open: (details.get_attribute("open") is not None) == is_open, "the group follows")
    page.locator(".gd-bar button[aria-label='Help: keys and layers']").focus()
    page.keyboard.press("Space")
    wait_until(lambda: page.get_by_role("dialog", name="Keys and layers").is_visible(), "the help opens")
    page.get_by_role("dialog", name="Keys and layers").click(position={"x": 200, "y": 200})
    page.keyboard.press("Space")  # while it is open nothing plays behind it
    page.keyboard.press("Escape")
    wait_until(lambda: not page.get_by_role("dialog", name="Keys and layers").is_visible(), "the help closes")
    page.get_by_role("combobox", name="Preset").click()
    page.keyboard.press("Space")
    page.mouse.click(page.viewport_size["width"] - 4, page.viewport_size["height"] - 3)
    page.keyboard.press("d")
    wait_until(lambda: lab.step == 1, "D's step is drawn")
    assert lab.status == "paused", "none of these played"
