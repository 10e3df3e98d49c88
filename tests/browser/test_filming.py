"""A film of what the page recorded, from its own dialog: chosen, watched while it is made, given up, saved."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from driving import Lab, running_app
from PIL import Image
from playwright.sync_api import Browser, Page
from waiting import wait_until

from gandash.store.reading import StoredRun


@pytest.fixture(scope="module")
def lab(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Lab, Path]]:
    home = tmp_path_factory.mktemp("home")
    with running_app(GANDASH_RECORD="1", GANDASH_HOME=str(home)) as app:
        lab = Lab(browser, app.url, color_scheme="dark")
        lab.page.keyboard.press("Space")
        wait_until(lambda: len(steps(home)) >= 6, "six pictures are recorded")
        lab.page.keyboard.press("Space")
        lab.await_rest()
        yield lab, home
        assert lab.complaints == []
        lab.close()


def steps(home: Path) -> list[int]:
    return [place.step for manifest in home.glob("runs/*/manifest.json") for place in StoredRun(manifest.parent).pictures()]


def chosen(page: Page) -> None:
    """By keys, as somebody does who sees nothing."""
    page.get_by_role("button", name="Take away: pictures and files").press("Enter")
    page.locator("option[value=gif]").wait_for(state="attached")
    page.get_by_label("What", exact=True).select_option("view")
    page.get_by_label("Format").select_option("gif")
    page.get_by_label("Width in px").fill("640")
    page.get_by_label("Height in px").fill("400")


def test_a_film_of_some_steps_is_saved(lab: tuple[Lab, Path]) -> None:
    page, known = lab[0].page, steps(lab[1])
    chosen(page)
    assert page.get_by_label("Theme").input_value() == "dark"  # as the page is
    page.get_by_label("First step").fill(str(known[1]))
    page.get_by_label("Last step").fill(str(known[4]))
    page.get_by_label("Pictures a second").fill("5")
    with page.expect_download() as saving:
        page.get_by_role("button", name="Save film").press("Enter")
    film = Image.open(io.BytesIO(saving.value.path().read_bytes()))
    assert saving.value.suggested_filename == "view.gif"
    assert (film.size, film.n_frames, film.info["duration"]) == ((640, 400), 4, 200)  # type: ignore[attr-defined]
    assert b'"config"' in film.info["comment"]
    assert film.convert("RGB").getpixel((1, 1)) == (14, 17, 23)
    page.keyboard.press("Escape")


def test_a_film_is_given_up_and_the_keyboard_stays_where_it_was(lab: tuple[Lab, Path]) -> None:
    page = lab[0].page
    chosen(page)
    page.get_by_label("First step").fill("0")
    save, cancel = page.get_by_role("button", name="Save film"), page.get_by_role("button", name="Cancel")
    save.press("Enter")
    cancel.press("Enter")
    cancel.wait_for(state="hidden")
    wait_until(lambda: page.locator(".gd-apart").count() == 0, "nothing is drawn any more")
    assert save.evaluate("node => node === document.activeElement")
    page.get_by_label("First step").fill("7")
    page.get_by_label("Last step").fill("3")
    save.press("Enter")
    wait_until(lambda: "No picture was recorded from step 7 to 3." in page.inner_text(".gd-taking"), "it says why")
    page.keyboard.press("Escape")
