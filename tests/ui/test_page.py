"""The page without a browser: what its widgets do to a real run."""

from __future__ import annotations

import ast
import base64
import gc
import io
import math
import re
import secrets
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest
from waiting import PATIENCE_SECONDS, wait_until

from gandash.config import parameters
from gandash.config.data import DataConfig
from gandash.config.data.pictures import PICTURE_LATENT
from gandash.config.setting import SettingError, kind_of, settings, variants
from gandash.packed import MAX_ROWS, SIDE
from gandash.presets import DEFAULT, PRESETS
from gandash.presets.line import TOO_FAST, VANISHING
from gandash.server import health
from gandash.server.health import Limits
from gandash.server.run import Run
from gandash.server.supervisor import Supervisor
from gandash.ui import choices, comparing, controls, routes
from gandash.ui.routes import VISITOR_COOKIE
from gandash.ui.tab import KEPT_EDITIONS, Tab
from gandash.ui.words import maths
from gandash.wire.facts import Parameters
from gandash.wire.messages import Status

PAGE = str(Path(__file__).parents[2] / "gandash" / "ui" / "pages.py")
LR_D = "discriminator_optimiser.learning_rate"


@pytest.fixture
def visitor(keeper: Supervisor, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A browser of its own for every test, whose runs end with it."""
    name = secrets.token_hex(8)
    monkeypatch.setattr(ContextProxy, "cookies", {VISITOR_COOKIE: name})
    yield name
    for run in keeper.runs:
        run.end("its test is over")


@pytest.fixture
def page(keeper: Supervisor, visitor: str) -> AppTest:
    page = AppTest.from_file(PAGE, default_timeout=PATIENCE_SECONDS).run()
    assert not page.exception
    return page


def the_run(page: AppTest) -> Run:
    run = page.session_state["tab"].run
    wait_until(lambda: bool(run.facts), "the game stands ready")
    return run


def widget(page: AppTest, kind: str, path: str, suffix: str = ""):
    tab: Tab = page.session_state["tab"]
    return getattr(page, kind)(key=tab.key(f"{tab.edition}/{path}{suffix}"))


def test_first_visit_shows_the_default_paused_at_step_0(page: AppTest) -> None:
    run = the_run(page)
    assert run.config == DEFAULT.config
    assert (run.status, run.step) == (Status.PAUSED, 0)
    assert page.selectbox(key="preset").value == DEFAULT.name


def test_every_setting_has_a_widget_that_says_what_it_does(page: AppTest) -> None:
    widgets = [w for kind in ("text_input", "number_input", "selectbox") for w in getattr(page, kind)]
    shown = {w.key.split("/", 1)[1]: w for w in widgets if "/" in str(w.key)}
    for setting in settings(the_run(page).config):
        found = shown[setting.path]
        assert found.label.startswith(controls.LIVE if setting.live else controls.RESTART)
        assert maths(setting.help) in found.help


def test_a_learning_rate_acts_live_and_slider_and_text_agree(page: AppTest) -> None:
    run = the_run(page)
    page = widget(page, "text_input", LR_D).set_value("7.3e-4").run()
    wait_until(lambda: len(run.changes) == 1, "the change is in the event log")
    assert run.config.discriminator_optimiser.learning_rate == 7.3e-4
    assert (run.changes[0].path, run.changes[0].new) == (LR_D, 7.3e-4)
    assert widget(page, "select_slider", LR_D, "/slider").value == 8e-4
    page = widget(page, "select_slider", LR_D, "/slider").set_value(1e-3).run()
    wait_until(lambda: len(run.changes) == 2, "the slider's change is in the event log")
    assert widget(page, "text_input", LR_D).value == "1e-3"


def test_nonsense_is_refused_in_words_and_nothing_is_lost(page: AppTest) -> None:
    run = the_run(page)
    before = run.config
    for given in ("zero", "", "-1", "0", "inf", "nan", "1e9"):
        page = widget(page, "text_input", LR_D).set_value(given).run()
        assert not page.exception
        assert page.error[0].value.startswith("**D Learning rate**")
        assert run.config == before
        assert widget(page, "text_input", LR_D).value == "2e-3"
    page = page.run()
    assert not page.error  # said once


def test_bad_input_is_refused_in_words_and_the_game_goes_on(page: AppTest) -> None:
    run = the_run(page)
    before = run.config
    for path, given, words in (
        ("run.batch", "0", "greater than or equal to 1"),
        ("run.batch", "1e9", "less than or equal to 65536"),
        ("run.batch", "2.5", "integer"),
        ("run.batch", "many", "a number is needed"),
        ("data.means", "0, nan", "finite"),
        ("data.means", "", "at least 1"),
    ):
        page = widget(page, "text_input", path).set_value(given).run()
        assert not page.exception
        assert words in page.error[0].value
        assert run.config == before and run.status is Status.PAUSED and not run.changes
    # A browser's field does not go so far; whoever forges its message has it put back
    page = widget(page, "text_input", "generator.width").set_value("1e9").run()
    assert not page.exception and run.config == before
    assert widget(page, "text_input", "generator.width").value == str(before.generator.width)


def test_a_game_nobody_can_afford_is_refused_with_the_estimate(page: AppTest) -> None:
    run = the_run(page)
    page = widget(page, "text_input", "run.batch").set_value("65536").run()
    page = widget(page, "number_input", "generator.depth").set_value(8).run()
    assert not page.error
    page = widget(page, "text_input", "generator.width").set_value("4096").run()
    assert re.search(r"about \S+ floating-point operations per step; at most 2e\+11 are allowed", page.error[0].value)
    assert "Try narrower" in page.error[0].value
    assert run.config.generator.width == DEFAULT.config.generator.width


def test_a_structural_change_restarts_the_run(page: AppTest) -> None:
    run = the_run(page)
    before = run.describe("steer").generation
    page = widget(page, "select_slider", "generator.width", "/slider").set_value(16).run()
    wait_until(lambda: run.facts.parameters.generator == 321, "the game began anew")  # 1-16-16-1
    assert run.describe("steer").generation == before + 1
    assert run.config.generator.width == 16
    assert not page.exception


def test_another_kind_of_data_brings_its_own_settings(page: AppTest) -> None:
    page = widget(page, "selectbox", "data").set_value("uniform").run()
    assert the_run(page).config.data.kind == "uniform"
    assert widget(page, "number_input", "data.low").value == -1.5
    page = widget(page, "number_input", "data.low").set_value(3.0).run()  # above high
    assert "**High**" in page.error[0].value
    assert the_run(page).config.data.low == -1.5


def test_means_and_weights_are_lists(page: AppTest) -> None:
    page = widget(page, "text_input", "data.means").set_value("-2, 0; 2").run()
    assert the_run(page).config.data.means == (-2.0, 0.0, 2.0)
    page = widget(page, "text_input", "data.weights").set_value("1, 2").run()
    assert "one weight per mode" in page.error[0].value


def test_points_of_the_plane_are_pairs(page: AppTest) -> None:
    page = widget(page, "selectbox", "data").set_value("mixture_2d").run()
    shown = widget(page, "text_input", "data.means")
    assert shown.value == "-1.5 -1, 1.5 -1, 0 1.6"
    page = shown.set_value("0 1; 2 −3.5").run()
    assert the_run(page).config.data.means == ((0.0, 1.0), (2.0, -3.5))
    page = widget(page, "text_input", "data.means").set_value("0 1, 2").run()
    assert "two numbers" in page.error[0].value and "0 1, 2 3" in page.error[0].value
    assert the_run(page).config.data.means == ((0.0, 1.0), (2.0, -3.5))


def test_data_of_another_dimension_brings_a_latent_that_can_be_drawn(page: AppTest) -> None:
    page = widget(page, "selectbox", "data").set_value("ring").run()
    assert the_run(page).config.latent.dimension == 2
    page = widget(page, "number_input", "latent.dimension").set_value(5).run()  # a choice of one's own stays
    page = widget(page, "selectbox", "data").set_value("uniform").run()
    assert the_run(page).config.latent.dimension == 5


def test_every_kind_of_data_can_be_chosen_and_begins(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "WORD_SECONDS", math.inf)  # a machine that takes longer than 10 s says so, and is right
    run = the_run(page)
    for model in variants(DataConfig):
        before = run.describe("steer").generation
        page = widget(page, "selectbox", "data").set_value(kind_of(model)).run()
        assert not page.exception and not page.error, model
        assert run.config.data == model()
        wait_until(lambda before=before: run.describe("steer").generation == before + 1, f"{kind_of(model)} begins")
        assert not run.has_ended and not run.notice


def test_a_choice_is_played_though_other_code_is_parsed_meanwhile(page: AppTest) -> None:
    """Where a garbage collection amid `ast.parse` leads to more parsing (a traceback, another thread), that of Python before
    3.11.8 fails: "AST constructor recursion depth mismatch". The page's script does without."""
    run, thresholds = the_run(page), gc.get_threshold()
    parses = threading.Lock()  # one within the other, once

    def parse(*_: object) -> None:
        if parses.acquire(blocking=False):
            ast.parse("a.b.c(d)[e]")
            parses.release()

    gc.callbacks.append(parse)
    gc.set_threshold(50)
    try:
        page = widget(page, "selectbox", "data").set_value("drawn").run()
    finally:
        gc.set_threshold(*thresholds)
        gc.callbacks.remove(parse)
    assert not page.exception and run.config.data.kind == "drawn"


def test_an_uploaded_file_is_played_and_a_bad_one_refused_in_words(page: AppTest) -> None:
    run = the_run(page)
    page = widget(page, "selectbox", "data").set_value("samples").run()
    page = page.file_uploader(key="upload").set_value(("pairs.csv", b",x,y\n0,1,2\n1,3,-4\n2,0,1", "text/csv")).run()
    assert not page.exception and not page.error
    said = " ".join(c.value for c in page.caption).replace("\\", "")
    assert "Read as two columns, the first column left out as an index" in said
    assert run.config.data.kind == "samples_2d" and run.config.latent.dimension == 2
    assert run.config.data.summary() == "uploaded, 3 points"
    page = widget(page, "selectbox", "data.scaling").set_value("as_given").run()
    assert run.config.data.points().tolist() == [[1, 2], [3, -4], [0, 1]]
    before = run.config
    for content, words in ((b"1,2,3\n4,5,6", "3 columns"), (b"1,5\n2,5\n3,5", "column 2 is the same number")):
        page = page.file_uploader(key="upload").set_value(("more.csv", content, "text/csv")).run()
        assert not page.exception and words in page.error[0].value
        assert run.config == before and not run.has_ended
    page = page.file_uploader(key="upload").set_value(("one.csv", b"1\n2\n4", "text/csv")).run()
    assert run.config.data.kind == "samples" and run.config.data.scaling == "as_given"
    assert run.config.latent.dimension == 1


def test_a_table_that_may_mean_two_things_is_asked_about_and_played_as_chosen(page: AppTest) -> None:
    run = the_run(page)
    page = widget(page, "selectbox", "data").set_value("samples").run()
    before = run.config
    page = page.file_uploader(key="upload").set_value(("pairs.csv", b"1,2\n3,4\n5,7\n", "text/csv")).run()
    assert not page.exception and "two columns: 1 | 2" in page.error[0].value and run.config == before
    asked = [b.label for b in page.button if b.label.startswith("Read as")]
    assert asked == ["Read as two columns: 1 | 2, 3 | 4, 5 | 7", "Read as one column, decimal commas: 1.2, 3.4, 5.7"]
    page = page.button(key="read-as/one").click().run()
    assert not page.exception and not page.error and not any(b.label.startswith("Read as") for b in page.button)
    page = widget(page, "selectbox", "data.scaling").set_value("as_given").run()
    assert [round(float(x), 6) for x in run.config.data.points()[:, 0]] == [1.2, 3.4, 5.7]
    page = page.file_uploader(key="upload").set_value(("pairs.csv", b"1,2\n3,4\n5,8\n", "text/csv")).run()
    page = page.file_uploader(key="upload").set_value(("sure.csv", b"x\n1,5\n2\n3\n", "text/csv")).run()
    assert not page.error and not any(b.label.startswith("Read as") for b in page.button)


def npy(array: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def test_uploaded_pictures_are_played_and_bad_files_refused_in_words(page: AppTest) -> None:
    run = the_run(page)
    page = widget(page, "selectbox", "data").set_value("uploaded_pictures").run()
    assert not page.exception and not page.error and run.config.latent.dimension == PICTURE_LATENT
    light = np.random.default_rng(0).integers(0, 256, size=(20, 12, 9), dtype=np.uint8)
    files = page.file_uploader(key="pictures/files")
    page = files.set_value([("few.npy", npy(light), "application/octet-stream")]).run()
    assert not page.exception and not page.error
    assert run.config.data.shape == (1, 16, 16) and len(run.config.data.chosen()[0]) == 20
    said = r"All 20 pictures kept\; 0 to 255 read as black to white."
    assert [c.value for c in page.caption if "kept" in c.value] == [said]
    page = page.selectbox(key="pictures/side").set_value(8).run()
    assert not page.error and run.config.data.shape == (1, 8, 8)
    assert any("20 pictures kept" in c.value for c in page.run().caption)  # as long as they are played with
    wait_until(lambda: getattr(run.facts, "shape", None) == (1, 8, 8), "its game stands ready")
    before = run.config
    for name, content in (("x.svg", b"<svg/>"), ("y.npy", npy(np.zeros((3, 4)))), ("z.zip", b"PK")):
        page = page.file_uploader(key="pictures/files").set_value([(name, content, "application/octet-stream")]).run()
        assert not page.exception and len(page.error) == 1 and name in page.error[0].value
        assert run.config == before and not run.has_ended


def test_from_points_to_pictures_with_other_players_and_back(page: AppTest) -> None:
    run = the_run(page)
    page = widget(page, "selectbox", "generator").set_value("convolutional").run()
    assert "pictures" in page.error[0].value and run.config == DEFAULT.config
    page = widget(page, "selectbox", "data").set_value("bars").run()
    page = widget(page, "selectbox", "generator").set_value("convolutional").run()
    page = widget(page, "selectbox", "discriminator").set_value("convolutional").run()
    assert not page.error and run.config.generator.kind == run.config.discriminator.kind == "convolutional"
    g, d = parameters(run.config)
    said = [c.value for c in page.caption]
    assert f"{g:,} parameters" in said and f"{d:,} parameters" in said and any("operations a round" in one for one in said)
    wait_until(lambda: run.facts.parameters == Parameters(generator=g, discriminator=d), "the worker counts as many")
    page = widget(page, "selectbox", "data").set_value("ring").run()
    assert not page.error and run.config.generator.kind == "mlp" and run.config.latent.dimension == 2


def test_the_largest_upload_reaches_its_worker(page: AppTest) -> None:
    """2.2 MB in one command, and back in one event."""
    run = the_run(page)
    page = widget(page, "selectbox", "data").set_value("samples_2d").run()
    rows = np.random.default_rng(0).standard_normal((MAX_ROWS, 2)).astype(np.float32)
    stream = io.BytesIO()
    np.save(stream, rows)
    page = page.file_uploader(key="upload").set_value(("large.npy", stream.getvalue(), "")).run(timeout=PATIENCE_SECONDS)
    assert not page.exception and not page.error
    wait_until(lambda: run.facts.stage == "plane" and run.facts.window[1] > 3.7, "its game stands ready")
    assert run.status is Status.PAUSED and run.config.data.summary() == "uploaded, 200000 points"


def followed(page: AppTest, act: Callable[..., str], *args: Any) -> list[str]:
    """Have the page's tab follow a choice as a script run does; what it has to say about it."""
    tab: Tab = page.session_state["tab"]
    tab.trouble.clear()
    tab.note(act, *args)
    tab.follow([])
    return tab.trouble


def told(page: AppTest, path: str, edition: int, raw: Any, suffix: str = "") -> list[str]:
    """The same where the browser has told what the widget of a setting holds that an edition of the page had."""
    tab: Tab = page.session_state["tab"]
    tab.trouble.clear()
    tab.note(choices.setting, path, edition, keys=(f"{edition}/{path}{suffix}",))
    tab.follow([raw])
    return tab.trouble


def test_a_widget_of_a_game_that_is_over_changes_nothing(page: AppTest) -> None:
    """A rerun that the browser asked for before it saw the new widgets carries the old ones' values."""
    run = the_run(page)
    old = page.session_state["tab"].edition
    page = page.selectbox(key="preset").set_value(TOO_FAST.name).run()
    assert page.session_state["tab"].edition != old
    assert not told(page, LR_D, old, "2e-3")  # as it stood: nobody touched it
    assert not told(page, LR_D, old, 2e-3, "/slider")
    said = told(page, LR_D, old, "1e-5")
    assert run.config == TOO_FAST.config and "Choose it again" in said[0]
    assert not told(page, LR_D, old, "1e-5")  # said once
    assert not told(page, "data.no_such", old + 1, 1)  # and no traceback either
    assert run.config == TOO_FAST.config


def test_a_widget_that_was_just_replaced_still_counts(page: AppTest) -> None:
    """Moved in the moment between another kind of data and its widgets: a choice as any other."""
    run = the_run(page)
    old = page.session_state["tab"].edition
    page = widget(page, "selectbox", "data").set_value("uniform").run()
    assert page.session_state["tab"].edition != old
    assert not told(page, "run.batch", old, "77")
    assert (run.config.run.batch, run.config.data.kind) == (77, "uniform")
    assert "Choose it again" in told(page, "data.means", old, "1, 2")[0]
    assert not told(page, "data", old, "uniform")  # what it held, sent once more
    assert run.config.data.kind == "uniform"
    assert not told(page, "data", old, "mixture")  # back to what it showed at first
    assert run.config.data.kind == "mixture"


def test_no_choice_goes_without_a_word(page: AppTest) -> None:
    """Whatever has become of the page by the time it is followed: it is played, or the page says why not."""
    run, old = the_run(page), page.session_state["tab"].edition
    for i in range(KEPT_EDITIONS):
        page = widget(page, "selectbox", "data").set_value(("uniform", "laplace")[i % 2]).run()
    played = run.configs
    assert "Choose it again" in told(page, "run.batch", old, "78")[0]  # nobody knows by now what that widget showed
    painted = base64.b64encode(bytes([9]) * SIDE**2).decode()
    for act, *args in (
        (choices.painting, painted),
        (choices.start_from, [0.5, 0.5]),
        (choices.table, io.BytesIO()),
        (choices.table_read_as, ("one",)),
        (choices.pictures, (), None, 16, "grey", 100),
        (choices.member, 3),
        (choices.alone, 3),
        (choices.end_comparison,),
    ):
        (said,) = followed(page, act, *args)
        assert "hoose" in said and run.configs == played, act


def test_a_setting_chosen_as_its_run_ends_is_said_not_to_be_played(page: AppTest) -> None:
    run = the_run(page)
    run.end("nobody looked")
    page = widget(page, "text_input", "run.batch").set_value("77").run()
    assert the_run(page) is not run and the_run(page).config == DEFAULT.config
    assert "Choose it again" in page.error[0].value


def test_a_painting_begins_a_game_and_nonsense_is_refused(page: AppTest) -> None:
    run = the_run(page)
    page = widget(page, "selectbox", "data").set_value("drawn").run()
    assert not page.exception
    cells = np.zeros((SIDE, SIDE), dtype=np.uint8)
    cells[3, 5] = 9
    assert not followed(page, choices.painting, base64.b64encode(cells.tobytes()).decode())
    np.testing.assert_array_equal(run.config.data.cells(), cells)
    assert page.session_state["tab"].is_stale
    for sent, words in ((base64.b64encode(bytes(SIDE**2)).decode(), "nothing is painted"), ("x", "one byte for each")):
        (said,) = followed(page, choices.painting, sent)
        assert words in said and said.startswith("**Painting**")
    np.testing.assert_array_equal(run.config.data.cells(), cells)


def test_a_place_of_the_phase_plane_begins_a_game_there_and_nonsense_is_refused(page: AppTest) -> None:
    run = the_run(page)
    sent_to_another_game = run.config
    assert "Choose it again" in followed(page, choices.start_from, [0.5, -0.25])[0]
    assert run.config == sent_to_another_game
    orbit = PRESETS["dirac-orbit"]
    run.begin_anew(orbit.config, orbit.title, orbit.speed)
    assert not followed(page, choices.start_from, [0.5, -0.25])
    expected = orbit.config.replace_all([("generator.start", 0.5), ("discriminator.start", -0.25)])
    assert run.config == expected and page.session_state["tab"].is_stale
    for sent, words in (
        ([0.5, 11.0], "less than or equal to 10"),
        ([float("nan"), 0.0], "finite"),
        ([0.5], "two numbers"),
        ("12", "two numbers"),
        ([True, None], "two numbers"),
        ({"theta": 1, "psi": 2}, "two numbers"),
    ):
        (said,) = followed(page, choices.start_from, sent)
        assert words in said and run.config == expected
    assert not followed(page, choices.start_from, None)  # an event that came without its place
    assert run.config == expected


@pytest.mark.parametrize("data", ["mixture", "uploaded_pictures"])
def test_what_a_widget_shows_is_its_default(page: AppTest, data: str) -> None:
    """A browser that is run again before it has a widget (a module of Streamlit's is still on its way, and the live view
    tells of a game) never hears of a value that the state alone was given."""
    page.selectbox(key="preset").select("d-tracks-d-star").run()
    page.selectbox(key=next(box.key for box in page.selectbox if str(box.key).endswith("/data"))).select(data).run()
    boxes = {box.key: (box.proto.default, box.index) for box in page.selectbox}
    texts = {field.key: (field.proto.default, field.value) for field in (*page.text_input, *page.number_input)}
    sliders = {
        slider.key: (list(slider.proto.options)[int(slider.proto.default[0])], slider.format_func(slider.value))
        for slider in page.select_slider
    }
    switches = {switch.key: (list(switch.proto.default), switch.indices) for switch in page.button_group}
    for kind in (boxes, texts, sliders, switches):
        assert kind and all(default == shown for default, shown in kind.values()), kind
    assert boxes["preset"] != (0, 0)


def test_a_preset_begins_its_game_and_offers_its_moves(page: AppTest) -> None:
    run = the_run(page)
    for preset in reversed(PRESETS.values()):
        page = page.selectbox(key="preset").set_value(preset.name).run()
        assert run.config == preset.config
        assert run.title == preset.title
        assert {b.label for b in page.button if b.key not in ("compare", "ready")} == {m.label for m in preset.moves}
        made = 0
        for i, move in enumerate(preset.moves):
            page = page.button[i].click().run()
            assert not page.error
            now = {s.path: s.value for s in settings(run.config)}
            for path, value in move.changes:
                assert getattr(now[path], "kind", now[path]) == (value["kind"] if isinstance(value, dict) else value)
            made += len(move.changes)
            wait_until(lambda made=made: len(run.changes) == made, "the move's changes are marks")


def test_a_reload_finds_its_run_and_nobody_elses(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    run = the_run(page)
    page.selectbox(key="preset").set_value(TOO_FAST.name).run()
    again = AppTest.from_file(PAGE, default_timeout=PATIENCE_SECONDS)
    again.query_params["run"] = run.id
    again.run()
    assert again.session_state["tab"].run is run
    assert again.selectbox(key="preset").value == TOO_FAST.name
    monkeypatch.setattr(ContextProxy, "cookies", {VISITOR_COOKIE: "somebody else"})
    other = AppTest.from_file(PAGE, default_timeout=PATIENCE_SECONDS)
    other.query_params["run"] = run.id
    other.run()
    assert other.session_state["tab"].run is not run


def test_a_link_in_the_address_is_opened_and_the_controls_show_what_it_changes(keeper: Supervisor, visitor: str) -> None:
    page = AppTest.from_file(PAGE, default_timeout=PATIENCE_SECONDS)
    page.query_params["game"] = f"1~{TOO_FAST.name}~run.seed-9~run.batch-16~<b>~0.objective-minimax~by-t~at-3"
    page.run()
    assert not page.exception
    run = the_run(page)
    assert page.selectbox(key="preset").value == TOO_FAST.name
    wait_until(lambda: "Here the run" in run.notice or run.step == 3, "it came to where the link stood")
    page.run()
    assert (run.config.run.seed, widget(page, "selectbox", "objective").value) == (9, "minimax")
    assert "“<b>”, which means nothing" in run.notice
    assert not page.error  # nothing of a link is Markdown: what it lacks, the live view says as plain text


def test_a_link_to_what_nobody_can_afford_gives_the_ready_game(keeper: Supervisor, visitor: str) -> None:
    page = AppTest.from_file(PAGE, default_timeout=PATIENCE_SECONDS)
    page.query_params["game"] = f"1~{TOO_FAST.name}~g.width-4096~d.width-4096~g.depth-8~d.depth-8~run.batch-65536"
    page.run()
    run = the_run(page)
    assert run.config == TOO_FAST.config and "floating-point operations per step" in run.notice


def test_an_ended_run_gives_way_to_a_new_one(page: AppTest) -> None:
    run = the_run(page)
    run.end("over")
    page = page.selectbox(key="preset").set_value(VANISHING.name).run()
    assert not page.exception
    assert the_run(page) is not run
    assert the_run(page).config == VANISHING.config


def test_too_many_runs_are_refused_in_words(keeper: Supervisor, visitor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run = keeper.create(DEFAULT.config, DEFAULT.title)
    viewer = run.attach("watch", lambda: None)
    for other in keeper.runs:
        if other is not run:
            other.end("the room is needed")
    monkeypatch.setattr(keeper, "limits", Limits(runs=1))
    page = AppTest.from_file(PAGE, default_timeout=PATIENCE_SECONDS).run()
    assert not page.exception
    assert "No room for another run" in page.warning[0].value
    run.detach(viewer)
    run.end("its tab was closed")
    page = page.button[0].click().run()  # "Try again"
    assert not page.warning


def test_a_bug_in_the_page_is_a_sentence_and_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr(routes.st, "error", lambda text, **_: shown.append(text))
    assert routes.apologise(ZeroDivisionError("division by zero"))
    assert "your run goes on" in shown[0] and "ZeroDivision" not in shown[0]


# ------------------------------------------------------------------------------------------------------- comparisons


def begin_comparison(page: AppTest, path: str, given: Any) -> AppTest:
    page = widget(page, "selectbox", "compare/path").set_value(path).run()
    kind = "text_input" if isinstance(given, str) else "multiselect"
    widget(page, kind, f"compare/{path}").set_value(given)
    return page.button(key="compare").click().run()


def test_games_are_compared_changed_and_left_again(page: AppTest) -> None:
    run = the_run(page)
    page = begin_comparison(page, LR_D, "1e-3, 2e-3; 4e-3")
    assert not page.exception and not page.error
    assert [c.discriminator_optimiser.learning_rate for c in run.configs] == [1e-3, 2e-3, 4e-3]
    wait_until(lambda: len(run.members) == 3, "three games stand ready")
    page = page.run()
    assert "compare" not in {b.key for b in page.button}  # one comparison at a time
    assert "1e-3, 2e-3, 4e-3" in widget(page, "text_input", LR_D).help and "≠" in widget(page, "text_input", LR_D).label

    page = widget(page, "number_input", "regulariser.r1").set_value(1.5).run()
    assert [c.regulariser.r1 for c in run.configs] == [1.5] * 3
    page = widget(page, "selectbox", "member").set_value(1).run()
    assert widget(page, "text_input", LR_D).value == "2e-3" and "≠" not in widget(page, "text_input", LR_D).label
    page = widget(page, "text_input", LR_D).set_value("7e-3").run()
    assert [c.discriminator_optimiser.learning_rate for c in run.configs] == [1e-3, 7e-3, 4e-3]
    wait_until(lambda: [len(member.changes) for member in run.members] == [1, 2, 1], "the changes are in the logs")

    page = page.button(key="alone").click().run()
    assert run.config.discriminator_optimiser.learning_rate == 7e-3 and len(run.configs) == 1
    assert page.session_state["tab"].member is None and page.button(key="compare")


@pytest.mark.parametrize(
    ("path", "given", "words"),
    [
        (LR_D, "1e-3", "2 to 8 values"),
        (LR_D, ",".join(f"{i}e-3" for i in range(1, 10)), "2 to 8 values"),
        (LR_D, "1e-3, fast", "a number is needed"),
        (LR_D, "1e-3, 0.001", "only once"),
        (LR_D, "1e-3, -1", "greater than 0"),
        ("objective", ["minimax"], "2 to 8 values"),
        ("presets", [], "at least 2"),
    ],
)
def test_a_comparison_that_cannot_be_is_refused_in_words(page: AppTest, path: str, given: Any, words: str) -> None:
    run = the_run(page)
    page = begin_comparison(page, path, given)
    assert not page.exception and len(page.error) == 1 and words in page.error[0].value
    assert run.configs == (DEFAULT.config,)


def test_what_is_offered_for_comparison_can_be_compared(page: AppTest) -> None:
    """Every setting that can vary comes with values that make games, for every preset's settings."""
    for config in {p.config.data.kind: p.config for p in PRESETS.values()}.values():
        for setting in comparing.varied(config):
            words = comparing.choices(setting)
            given = comparing.suggested_choices(setting) if words else comparing.suggested_numbers(setting)
            try:
                found = comparing.games(config, setting, given)
            except SettingError as refusal:  # a value that does not go with the rest: said, not crashed on
                assert refusal.problem
                continue
            assert 2 <= len(found) <= 4 and len(set(map(repr, found))) == len(found)
            assert set(comparing.differing(tuple(found))) >= {setting.path}


def test_presets_are_compared_under_their_titles(page: AppTest) -> None:
    run = the_run(page)
    page = begin_comparison(page, "presets", [DEFAULT.name, VANISHING.name])
    assert not page.error and run.configs == (DEFAULT.config, VANISHING.config)
    assert run.labels == (DEFAULT.title, VANISHING.title)
    page = page.selectbox(key="preset").set_value(TOO_FAST.name).run()
    assert run.configs == (TOO_FAST.config,)
    page = begin_comparison(page, "update_rule", ["simultaneous", "extragradient"])
    assert [c.update_rule.kind for c in run.configs] == ["simultaneous", "extragradient"]
    page = widget(page, "selectbox", "objective").set_value("minimax").run()
    assert not page.exception and not page.error
    assert [c.objective for c in run.configs] == ["minimax", "minimax"]
