"""The menu of ready games, driven with keys alone, on a desk and on a phone."""

from __future__ import annotations

from waiting import wait_until

from gandash.presets import PRESETS
from gandash.presets.base import GROUPS
from gandash.presets.line import RAMP


def test_a_ready_game_is_found_and_chosen_with_keys_alone(lab) -> None:
    page = lab.page
    page.get_by_role("button", name="Browse").focus()
    page.keyboard.press("Enter")
    menu = page.get_by_role("dialog")
    wait_until(lambda: menu.get_by_role("heading").count() == 1 + len(GROUPS), "all groups are listed")
    for preset in PRESETS.values():  # all of it can be seen or scrolled to, and what each teaches stands beside its title
        assert menu.locator(f".st-key-lesson-{preset.name}").count() == 1
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")

    menu.get_by_role("textbox", name="Find by word").focus()
    page.keyboard.type("straight slope gap")  # letters that are keys of the lab elsewhere
    page.keyboard.press("Enter")
    wait_until(lambda: menu.locator("[class*=st-key-lesson-]").count() == 1, "one game is left")
    assert lab.step == 0
    for _ in range(8):
        page.keyboard.press("Tab")
        if RAMP.title in page.evaluate("document.activeElement.innerText"):
            break
    page.keyboard.press("Enter")
    wait_until(lambda: menu.count() == 0, "the menu is closed")
    combobox = page.get_by_role("combobox", name="Preset")
    wait_until(
        lambda: RAMP.title in combobox.evaluate("e => e.closest('[data-testid=stSelectbox]').innerText + e.value"),
        "it is chosen",
        30,
    )
    wait_until(lambda: (lab.status, lab.step) == ("paused", 0), "it stands ready")
    assert page.get_by_role("button", name=RAMP.moves[0].label).is_visible()
