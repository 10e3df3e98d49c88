"""A lesson as a student goes through it: chosen from the page, predicted, played, seen, taken up again after a reload."""

from __future__ import annotations

import pytest
from waiting import wait_until

from gandash.lessons.catalogue import catalogue

LESSON = catalogue().lessons["two-players"]


def heading(page) -> str:
    return str(page.locator(".st-key-lesson h2").inner_text())


def searched(page) -> str:
    """The address's query as the page has it: `page.url` stays what it was until something else is asked of the page."""
    return str(page.evaluate("location.search"))


def await_step(page, number: int) -> None:
    page.wait_for_selector(f'.st-key-lesson h2:has-text("{LESSON.steps[number].title}")')


def layers_on(page) -> set[str]:
    shown = page.locator(".gd-stage .gd-layers [data-layer][aria-pressed=true]:visible")
    return {str(one.get_attribute("data-layer")) for one in shown.all()}


def test_a_lesson_is_gone_through(lab) -> None:
    page = lab.page
    page.get_by_role("link", name="Lessons").click()
    page.get_by_role("link", name=LESSON.title).click()
    await_step(page, 0)
    wait_until(lambda: layers_on(page) == {"p_r", "p_g", "d"}, "the stage shows what the step is about")
    panels = page.locator(".gd-curve:visible")
    wait_until(lambda: panels.count() == 1, "one panel of curves is left")
    forward = page.locator(".st-key-step-on button[kind=primary]")
    assert forward.count() == 0 and page.get_by_role("button", name="Skip").is_visible()
    page.get_by_role("button", name="Skip").click()  # with another game: the step after it begins one

    await_step(page, 1)
    predict = LESSON.steps[1].predict
    assert predict is not None
    wait_until(lambda: (lab.status, lab.step) == ("paused", 0), "its game stands ready")
    page.get_by_text(predict.options[predict.right - 1]).click()
    page.get_by_text("Now play, and see").wait_for()
    lab.press(" ")  # the radio does not keep the key
    wait_until(lambda: lab.status == "running", "it plays")
    forward.wait_for()
    assert "Right." in page.locator(".st-key-lesson [data-testid=stAlert]").inner_text()
    played = lab.step
    assert played >= 300
    forward.click()
    await_step(page, 2)
    wait_until(lambda: lab.step >= played, "the same game goes on")

    page.reload()
    lab.await_picture()
    await_step(page, 2)
    assert lab.step >= played
    graph = page.get_by_test_id("graph")
    assert not graph.is_visible()
    page.get_by_role("button", name="Skip").click()
    await_step(page, 3)
    assert LESSON.steps[3].show and "graph" in LESSON.steps[3].show.layers
    graph.wait_for()
    page.get_by_role("button", name="Leave").click()
    graph.wait_for(state="hidden")
    page.get_by_role("button", name="Browse").wait_for()  # the lab's own controls are back
    wait_until(lambda: panels.count() > 1, "and all curves")
    wait_until(lambda: "lesson=" not in searched(page) and "game=" in searched(page), "the address has the game, and no lesson")
    assert not lab.complaints


def test_choosing_one_leaves_what_was_played(lab) -> None:
    page = lab.page
    lab.press("s")
    wait_until(lambda: lab.step == 1, "a round is played")
    page.get_by_role("link", name="Lessons").click()
    page.get_by_role("link", name=LESSON.title).click()
    await_step(page, 0)
    wait_until(lambda: lab.step == 0, "the lesson has a run of its own")
    page.get_by_role("button", name="Leave").click()
    wait_until(lambda: lab.step == 1, "the run from before is back")


@pytest.mark.parametrize("size", [(390, 844), (1280, 720), (1920, 1080)], ids=str)
def test_nothing_is_wider_than_the_page_and_formulas_fit(lab, size: tuple[int, int]) -> None:
    page = lab.page
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(page.url.split("?")[0] + "?lesson=putting-right&hide=examine,share")
    page.wait_for_selector(".st-key-lesson .katex-display")
    lab.await_picture()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    wider = "[...document.querySelectorAll('.st-key-lesson .katex-display')].some(e => e.scrollWidth > e.clientWidth + 8)"
    assert not page.evaluate(wider)
    assert not page.get_by_role("button", name="Examine").is_visible()
    beside = page.locator(".st-key-lesson").bounding_box(), page.get_by_test_id("live-view").bounding_box()
    assert beside[0] and beside[1]
    if size[0] > 900:
        assert beside[0]["x"] + beside[0]["width"] <= beside[1]["x"]
    else:
        assert beside[0]["y"] + beside[0]["height"] <= beside[1]["y"] + 1
