"""Takes the pictures of README and LAB.md anew: assets/pictures/lab.png, ring.png, digits.png, compare.png.

    python tests/assets/make_pictures.py [NAME ...]

Needs Chromium, and a minute or two. Look at them before you keep them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from driving import ROOT, Lab, running_app, running_browser
from waiting import wait_until


def play_until(lab: Lab, step: int) -> None:
    """Play to this step or a few further, and pause there."""
    play = lab.page.locator(".gd-steering .gd-primary")
    play.click()
    wait_until(lambda: lab.step >= step, f"step {step}", 600)
    play.click()
    lab.await_rest()


def line(lab: Lab) -> None:
    """The game that the page opens on, with D's learning rate lowered at about half time."""
    lab.page.locator(".gd-steering .gd-primary").click()
    wait_until(lambda: lab.step >= 1000, "half of the way is made")
    rate = lab.page.get_by_role("textbox", name="D Learning rate")
    rate.fill("1e-3")
    rate.press("Enter")
    wait_until(lambda: "2e−3 → 1e−3" in (lab.page.text_content("body") or ""), "the mark is drawn")
    wait_until(lambda: lab.step >= 2200, "the rest of it too")


def ring(lab: Lab) -> None:
    lab.choose("Ring of 8")
    play_until(lab, 2000)


def digits(lab: Lab) -> None:
    lab.choose("Digits")
    play_until(lab, 6000)
    lab.page.locator(".gd-image-grid[role=grid]").click(position={"x": 120, "y": 70})
    lab.page.get_by_text("nearest real: ").wait_for()


def compare(lab: Lab) -> None:
    lab.page.get_by_text("several games side by side").click()
    values = lab.page.get_by_role("textbox", name="Values, one for each game")
    values.fill("5e-4, 2e-3, 8e-3, 3e-2")
    values.press("Enter")
    lab.page.get_by_role("button", name="↻ Compare").click()
    wait_until(lambda: lab.page.locator(".gd-cell").count() == 4 and lab.status == "paused", "four games")
    play_until(lab, 1800)


PICTURES: dict[str, Callable[[Lab], None]] = {"lab": line, "ring": ring, "digits": digits, "compare": compare}


def main(names: list[str]) -> None:
    with running_app() as app, running_browser() as browser:
        for name in names or PICTURES:
            lab = Lab(browser, app.url)
            PICTURES[name](lab)
            lab.page.mouse.move(288, 4)  # away from all that has a tip
            lab.page.wait_for_timeout(1000)  # Streamlit's and plotly's last strokes
            lab.page.screenshot(path=ROOT / "assets" / "pictures" / f"{name}.png")
            lab.close()


if __name__ == "__main__":
    main(sys.argv[1:])
