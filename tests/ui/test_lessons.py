"""A lesson in the lab, without a browser: what is kept, what is begun, what it waits for; and the page that lists them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest
from waiting import PATIENCE_SECONDS, wait_until

from gandash.lessons.catalogue import FOLDER, catalogue
from gandash.server.run import Run
from gandash.server.supervisor import Supervisor, Unavailable
from gandash.ui import choices, learning, lesson_panel
from gandash.ui.place import Place
from gandash.ui.routes import VISITOR_COOKIE
from gandash.ui.tab import Tab, kept
from gandash.wire.messages import StepBy

PAGE = str(Path(__file__).parents[2] / "gandash" / "ui" / "pages.py")
FIRST = next(iter(catalogue().lessons.values()))
OWN = """
title = "Mine"
teaches = "What a lecturer wrote."
hide = ["examine", "regulariser"]

[[steps]]
title = "One"
text = "Words of mine, and $p_g$."
formula = 'a^2'
game = { preset = "dirac-orbit", set = { "generator.start" = 0.5 } }
controls = ["regulariser.r1", "update_rule"]
show = { layers = ["flow"], curves = ["losses"] }
moves = [{ label = "A penalty", set = { "regulariser.r1" = 0.3 } }]
until = { rounds = 20, moved = "regulariser.r1", verdict = "training", holds = "jsd < 0.7" }
after = "What one has seen."
predict = { question = "In or out?", options = ["In", "Out"], right = 1, why = "It is drawn in." }

[[steps]]
title = "Two"
text = "The same game."
prepare = { "regulariser.r1" = 0.1 }

[[steps]]
title = "Three"
text = "Another game."
game = { preset = "two-modes" }
"""


@pytest.fixture
def visitor(keeper: Supervisor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    name = secrets.token_hex(8)
    monkeypatch.setattr(ContextProxy, "cookies", {VISITOR_COOKIE: name})
    monkeypatch.setattr(learning, "supervisor", lambda: keeper)
    monkeypatch.setattr(choices, "supervisor", lambda: keeper)
    monkeypatch.setenv(FOLDER, str(tmp_path))
    (tmp_path / "mine.toml").write_text(OWN)
    yield name
    for run in keeper.runs:
        run.end("its test is over")


@pytest.fixture
def page(keeper: Supervisor, visitor: str) -> AppTest:
    return AppTest.from_file(PAGE, default_timeout=PATIENCE_SECONDS)


def opened(page: AppTest, name: str = "mine", **address: str) -> AppTest:
    page.query_params.update({"lesson": name, **address})
    page.run()
    assert not page.exception
    return page


def the_tab(page: AppTest) -> Tab:
    tab: Tab = page.session_state["tab"]
    assert tab.run is not None
    wait_until(lambda: bool(tab.run.facts), "the game stands ready")
    return tab


def the_place(page: AppTest) -> Place:
    tab = the_tab(page)
    assert tab.run is not None
    place = learning.place_of(tab.run)
    assert place is not None
    return place


def press(page: AppTest, label: str) -> None:
    next(button for button in page.button if button.label == label).click().run()
    assert not page.exception


def said(page: AppTest) -> str:
    return "\n".join(str(one.value) for one in (*page.markdown, *page.caption))


def test_an_address_opens_a_lesson_with_its_game_ready(page: AppTest) -> None:
    tab = the_tab(opened(page))
    assert tab.run is not None and tab.run.config.generator.start == 0.5 and tab.run.step == 0
    assert "Words of mine" in said(page) and page.latex[0].value.strip("$\n ") == "a^2"
    assert not page.expander and "preset" not in [one.key for one in page.selectbox]  # nothing but what the step shows
    assert [one.label for one in page.selectbox] == ["● Update rule", "● Who moves first"]
    assert not any("R1" in one.label for one in page.number_input)  # the lesson itself hides it
    assert page.query_params["lesson"] == "mine" and page.query_params["part"] == "1"


def test_opening_one_leaves_a_played_run_as_it_is_and_leaving_goes_back(page: AppTest, keeper: Supervisor) -> None:
    page.run()
    before = the_tab(page).run
    assert before is not None and not before.order(StepBy(players="both", n=3))
    wait_until(lambda: before.step == 3, "it has played")
    config = before.config
    tab = the_tab(opened(page))
    assert tab.run is not before and the_place(page).left == before.id
    assert (before.config, before.step) == (config, 3) and not before.has_ended
    press(page, "Leave")
    assert the_tab(page).run is before and "lesson" not in page.query_params
    assert page.expander  # the lab's own controls


def test_a_message_that_knew_no_newer_address_does_not_bring_back_what_was_left(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    tab = the_tab(opened(page))
    press(page, "Leave")
    opened(page)  # the live view's word of a game, say, on its way while the page was left
    assert learning.place_of(tab.run) is None and page.expander and "lesson" not in page.query_params
    page.run()
    the_place(opened(page))  # from an address without it to one with it: somebody wants it
    press(page, "Leave")
    page.switch_page("lessons_page.py").run()
    the_place(opened(page.switch_page("page.py")))  # as from the list there
    press(page, "Leave")
    monkeypatch.setattr("gandash.ui.tab.CROSSING_SECONDS", 0)
    the_place(opened(page))  # the browser's way back, where nothing came between


def test_without_room_the_run_stays_and_the_page_says_why(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    page.run()
    before = the_tab(page).run
    assert before is not None and not before.order(StepBy(players="both", n=1))
    wait_until(lambda: before.step == 1, "it has played")

    def full(*_: object) -> Run:
        raise Unavailable("8 runs are alive.")

    monkeypatch.setattr(learning, "begin", full)
    opened(page)
    assert the_tab(page).run is before and "8 runs are alive." in page.error[0].value
    page.run()
    assert "lesson" not in page.query_params and not page.error  # it is not tried again and again


def test_next_comes_when_all_was_seen_and_a_prediction_is_answered(page: AppTest) -> None:
    place = the_place(opened(page))
    assert not place.met and place.since is None and "To go on: change R1 weight γ, then play 20 rounds more" in said(page)
    assert [b.label for b in page.button] == ["A penalty", "Back", "Skip", "Leave"]
    tab = the_tab(page)
    assert learning.for_browser(place, ())["lesson"]["watch"] is None  # nothing is watched before it was moved
    learning.seen(tab, place.key)
    assert not place.met
    press(page, "A penalty")
    place = the_place(page)
    assert place.since == 0 and tab.run is not None and tab.run.config.regulariser.r1 == 0.3
    watch = learning.for_browser(place, ())["lesson"]["watch"]
    assert watch["rounds"] == 20 and watch["verdict"] == ["training"]
    assert watch["holds"] == [{"column": "jsd", "is_below": True, "limit": 0.7}]
    learning.seen(tab, "another/0/0/0")
    assert not place.met
    learning.seen(tab, watch["key"])
    page.run()
    assert place.met and not place.is_revealed and "Choose, and see why" in said(page)
    page.radio[0].set_value(1).run()
    assert page.info[0].value.startswith("**Not so.** It is: In.") and "What one has seen." in said(page)
    assert page.radio[0].disabled
    assert [b.label for b in page.button][1:] == ["Back", "Next", "Leave"]


def test_a_right_prediction_is_told_so(page: AppTest) -> None:
    place = the_place(opened(page))
    page.radio[0].set_value(0).run()
    assert "Now play, and see" in said(page)
    place.met = True
    page.run()
    assert page.success[0].value == "**Right.** It is drawn in."


def test_the_way_through_keeps_the_run_until_a_step_has_another_game(page: AppTest) -> None:
    opened(page)
    run = the_tab(page).run
    assert run is not None
    began = run.generation
    press(page, "Skip")
    place = the_place(page)
    assert (place.step, place.met, run.generation) == (1, True, began) and run.config.regulariser.r1 == 0.1
    press(page, "Next ↻")  # it says that it begins another game
    assert the_tab(page).run is run and run.title == "Two modes: D goes to 1/2" and run.generation == began + 1
    press(page, "Back")
    assert run.config.generator.kind == "point" and the_place(page).step == 1


def test_a_reload_finds_the_place(page: AppTest, keeper: Supervisor) -> None:
    opened(page)
    page.radio[0].set_value(1).run()
    run = the_tab(page).run
    assert run is not None
    press(page, "Skip")
    again = AppTest.from_file(PAGE, default_timeout=PATIENCE_SECONDS)
    again.query_params.update({"run": run.id, "lesson": "mine"})
    again.run()
    assert the_tab(again).run is run and (the_place(again).step, the_place(again).answers) == (1, {0: 2})


def test_an_address_names_a_step_and_a_lesson_that_there_is_not_is_said(page: AppTest) -> None:
    assert the_place(opened(page, part="3")).step == 2
    other = AppTest.from_file(PAGE, default_timeout=PATIENCE_SECONDS)
    opened(other, "nowhere", part="9" * 9)
    assert learning.place_of(the_tab(other).run) is None and "There is no lesson **nowhere**" in other.error[0].value  # type: ignore[arg-type]
    stranger = AppTest.from_file(PAGE, default_timeout=PATIENCE_SECONDS)
    opened(stranger, "[free](https://example.org)")
    assert "[free](" not in stranger.error[0].value  # what stands in an address is no Markdown


def test_controls_are_hidden_as_the_address_asks(page: AppTest) -> None:
    page.query_params["hide"] = "compare,presets,update_rule,generator_optimiser.learning_rate,examine"
    page.run()
    folded = [one.label.split(" ")[0] for one in page.expander]
    assert "Compare" not in folded and "Update" not in folded and "Data" in folded
    assert not any(one.key == "preset" for one in page.selectbox)
    shown = [one.label for one in page.text_input]
    assert "● D Learning rate" in shown and "● G Learning rate" not in shown
    assert "examine" in learning.for_browser(None, learning.hidden(None, the_tab(page).hidden))["hide"]
    assert page.query_params["hide"].startswith("compare")


def test_the_page_lists_the_path_and_how_far_one_has_come(page: AppTest, tmp_path: Path, visitor: str) -> None:
    (tmp_path / "broken.toml").write_text("title = 3")
    opened(page)
    press(page, "Skip")
    page.switch_page("lessons_page.py").run()
    assert not page.exception
    words = said(page)
    assert all(lesson.teaches.split("*")[0][:20].split("_")[0] in words for lesson in catalogue().lessons.values())
    assert "open, step 2 of 3" in words
    assert learning.done(visitor)["mine"] == {0, 1}


def test_what_was_done_outlasts_the_server_and_a_disk_that_takes_nothing_stops_no_lesson(
    page: AppTest, tmp_path: Path, visitor: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("GANDASH_RECORD", "1")
    monkeypatch.setenv("GANDASH_HOME", str(tmp_path / "home"))
    opened(page)
    press(page, "Skip")
    learning._done.clear()  # as in a server that has just been started
    assert learning.done(visitor) == {"mine": {0, 1}}
    (tmp_path / "a file").write_text("")
    monkeypatch.setenv("GANDASH_HOME", str(tmp_path / "a file" / "home"))
    press(page, "Next ↻")
    assert learning.done(visitor) == {"mine": {0, 1, 2}} and "cannot be kept" in caplog.text


@pytest.mark.parametrize("lesson", catalogue().lessons.values(), ids=lambda lesson: lesson.name)
def test_every_step_of_ours_can_be_shown(page: AppTest, lesson) -> None:
    for number in range(len(lesson.steps)):
        (
            opened(page, lesson.name)
            if number == 0
            else press(page, next(b.label for b in page.button if b.label.startswith(("Next", "Skip"))))
        )
        place = the_place(page)
        assert place.step == number and not page.error
        if place.now.until and not place.met:
            assert lesson_panel.waits_for(place.now, place.now.until, the_tab(page).run)  # type: ignore[arg-type]
    assert kept(the_tab(page).run).lesson is not None  # type: ignore[arg-type]
