"""A close look at a game while it plays: numbers, pictures and words come, and the picture goes on."""

from __future__ import annotations

import re

import pytest
from waiting import wait_until

WHATS = ("duality", "best_response", "spectrum", "samples", "landscape")
COMPUTE = re.compile("Compute")
ALONE = 500  # rounds that D is offered to be trained alone


def beside(page, width: int, height: int) -> bool:
    """Whether stage, curves and drawer are in sight, none over another."""
    found = [page.locator(f".gd-main {name}").first.bounding_box() for name in (".gd-stage", ".gd-curves", ".gd-examine")]
    if not all(box and box["width"] > 200 and box["height"] > 200 for box in found):
        return False
    rights = [0.0, *(box["x"] + box["width"] for box in found)]
    in_sight = all(box["y"] + box["height"] <= height for box in found) and rights[-1] <= width
    return in_sight and all(box["x"] >= right for box, right in zip(found, rights, strict=False))


@pytest.mark.parametrize("title", [None, "Ring of 8"])
def test_each_is_computed_while_the_game_plays(lab, title: str | None) -> None:
    page = lab.page
    if title:
        lab.choose(title)
    wait_until(lambda: lab.status == "paused" and lab.step == 0, "a game stands ready")
    lab.press("Space")
    wait_until(lambda: lab.step > 30, "it plays")
    opener, drawer = page.get_by_role("button", name="Examine", exact=True), page.get_by_test_id("examine")
    opener.click()
    assert drawer.is_visible() and opener.get_attribute("aria-expanded") == "true"

    # It stands beside stage and curves, which stay in sight
    for width, height in ((1920, 1080), (1280, 720)):
        page.set_viewport_size({"width": width, "height": height})
        wait_until(lambda w=width, h=height: beside(page, w, h), "stage, curves and drawer side by side")
    answers = drawer.locator(".gd-examine-answers")
    wait_until(lambda: all("here." in text for text in answers.all_inner_texts()), "each says how long it takes here")
    assert answers.count() == len(WHATS) and all("?" in text for text in answers.all_inner_texts())

    for what in WHATS:
        section = drawer.locator(f'[data-what="{what}"]')
        painted, step = lab.painted, lab.step
        section.get_by_role("button", name=COMPUTE).click()
        wait_until(lambda s=section: s.get_attribute("data-done") == "true", f"{what} is done")
        assert lab.status == "running" and lab.painted > painted and lab.step > step, "pictures kept coming"
        assert section.locator("dl.gd-numbers dd").count() > 4
        assert not section.locator(".gd-examine-problem").is_visible()
        assert section.get_by_role("button", name=COMPUTE).text_content() == "again"
        assert "(–)" not in section.inner_text(), "a floor is both its numbers"
        drawn = section.locator("canvas")
        for canvas in drawn.all():
            if canvas.is_visible():
                pixels = "c => new Set(c.getContext('2d').getImageData(0, 0, c.width, c.height).data).size"
                assert canvas.evaluate(pixels) > 4, "something is drawn"
        if what == "best_response":
            section.locator(".js-line").first.wait_for(state="attached")
    modes = drawer.locator(".gd-mode:not(.gd-elsewhere)")
    assert modes.count() == (8 if title else 2)

    # Space still plays while the drawer is open; Escape closes it
    alone = drawer.get_by_role("button", name="Train D alone")
    assert alone.is_disabled() and drawer.get_by_text("pause the game first").is_visible()
    lab.press("Space")
    wait_until(lambda: lab.status == "paused", "it pauses")

    # What was done to a copy of D may be done to the game's own
    wait_until(alone.is_enabled, "D may be trained alone")
    lab.await_rest()
    step = lab.step
    alone.click()
    wait_until(lambda: lab.step == step + ALONE, "D alone was trained")
    assert lab.status == "paused"
    lab.press("Escape")
    assert not drawer.is_visible() and opener.get_attribute("aria-expanded") == "false"

    # Another game: nothing of this one is left
    opener.click()
    page.get_by_role("button", name="same seed").click()
    wait_until(lambda: lab.step == 0, "it begins again")
    wait_until(lambda: not drawer.locator('[data-done="true"]').count(), "what was found is gone")
    page.get_by_role("button", name="Close the examinations").click()
    assert not drawer.is_visible()
    assert not lab.complaints, lab.complaints
