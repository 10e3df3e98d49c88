"""The whole path, as a person takes it: from the page's first picture to a worker that comes back."""

from __future__ import annotations

import json
import statistics

import pytest
from waiting import wait_until


def test_play_steer_and_survive(app, lab) -> None:
    # A ready preset, paused, its frame drawn
    assert (lab.status, lab.step) == ("paused", 0)
    before = {w.pid for w in app.workers()}

    # Step one player at a time by keyboard
    lab.press("d")
    wait_until(lambda: lab.step == 1, "D's step is drawn")
    lab.press("g")
    wait_until(lambda: lab.step == 2, "G's step is drawn")
    lab.press("s")
    wait_until(lambda: lab.step == 3, "the round of both is drawn")
    assert lab.status == "paused"

    # Play: steps and pictures advance together
    painted = lab.painted
    lab.press("Space")
    wait_until(lambda: lab.status == "running" and lab.step > 50 and lab.painted > painted + 10, "the run plays")

    # A learning rate typed into the page acts at once and leaves its mark on the curves
    box = lab.page.get_by_role("textbox", name="D Learning rate")
    box.fill("1e-3")
    box.press("Enter")
    wait_until(lambda: "2e−3 → 1e−3" in lab.page.text_content("body"), "the mark is drawn")
    assert lab.status == "running"

    # The worker is killed: the run comes back by itself, goes on and says so
    wait_until(lambda: lab.step > 400, "some way is made")
    at = lab.step
    # Other workers idle: the spare, and those of tests before this one. Ours is the one that works
    spent = {w: w.cpu_times().user for w in app.workers() if w.pid in before}
    wait_until(lambda: any(w.cpu_times().user > spent[w] + 0.5 for w in spent), "one worker is at work")
    victim = max(spent, key=lambda w: w.cpu_times().user - spent[w])
    victim.kill()
    wait_until(lambda: "trainer was lost" in lab.page.text_content("body"), "the page says that the worker was lost")
    wait_until(lambda: lab.status == "running" and lab.step > at + 100, "the run goes on")
    assert lab.page.get_by_role("textbox", name="D Learning rate").input_value() == "1e-3"

    # A reload finds the same run, at its step
    at = lab.step
    lab.page.reload()
    lab.await_picture()
    wait_until(lambda: lab.step >= at, "it is at its step, or beyond: a new run would stand at 0")
    lab.press("Space")
    wait_until(lambda: lab.status == "paused", "it pauses")
    assert not lab.complaints, lab.complaints


def test_space_in_a_text_field_does_not_play(lab) -> None:
    box = lab.page.get_by_role("textbox", name="D Learning rate")
    box.click()
    box.press("Space")
    box.press("d")
    lab.page.wait_for_timeout(300)  # nothing is to happen: there is no condition to wait for
    assert (lab.status, lab.step) == ("paused", 0)


def test_a_preset_changes_the_game_and_its_move_cures_it(lab) -> None:
    lab.choose("The minimax gradient vanishes")
    button = lab.page.get_by_role("button", name="Switch to the non-saturating loss")
    button.wait_for()
    wait_until(lambda: lab.status == "paused" and lab.step == 0, "the new game stands ready")
    lab.press("Space")
    wait_until(lambda: lab.step > 60, "it plays")
    button.click()
    wait_until(lambda: "minimax → non-saturating" in lab.page.text_content("body"), "the switch is marked")
    assert not lab.complaints, lab.complaints


def test_presets_may_change_while_it_plays(lab) -> None:
    rates = {"One Gaussian": "2e-3", "The minimax gradient vanishes": "3e-3", "Learning rate too high: lower it live": "0.02"}
    for title, rate in rates.items():
        lab.press("Space")
        wait_until(lambda: lab.status == "running" and lab.step > 30, "it plays")
        lab.pick(title)
        wait_until(lambda: lab.status == "paused" and lab.step == 0, f"{title} stands ready, and is drawn")
        box = lab.page.get_by_role("textbox", name="D Learning rate")
        wait_until(lambda box=box, rate=rate: box.input_value() == rate, "the controls are the new game's")
        lab.page.wait_for_timeout(1000)  # reruns that were on their way must not bring the old game back
        assert box.input_value() == rate
        assert "→" not in "".join(lab.page.locator(".gd-curve .annotation-text").all_text_contents())


def test_zoom_and_layers_survive_updates_and_a_new_seed_reaches_the_page(lab) -> None:
    page = lab.page
    lab.press("Space")
    wait_until(lambda: lab.step > 30, "it plays")
    page.get_by_role("button", name="p_g generated").or_(page.get_by_role("button", name="generated")).first.click()
    stage = page.locator(".js-plotly-plot").first
    box = stage.bounding_box()
    page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 0.4 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.6 * box["height"], steps=5)
    page.mouse.up()
    x_range = "() => document.querySelector('.js-plotly-plot')._fullLayout.xaxis.range.map(Number)"
    wait_until(lambda: (r := page.evaluate(x_range))[1] - r[0] < 4, "the stage is zoomed")
    zoomed, painted = page.evaluate(x_range), lab.painted
    wait_until(lambda: lab.painted > painted + 20, "it goes on painting")
    assert page.evaluate(x_range) == zoomed
    page.mouse.dblclick(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)  # it is redrawn between the clicks
    wait_until(lambda: (r := page.evaluate(x_range))[1] - r[0] > 4, "a double click shows all of it")
    layer = page.locator('.gd-stage button[aria-pressed="false"]').first
    assert "generated" in layer.text_content()
    page.get_by_role("button", name="new seed").click()
    wait_until(lambda: "seed 1, batch 256" in page.text_content("body"), "the page shows the new seed")
    assert not lab.complaints, lab.complaints


def test_two_tabs_are_two_runs(app, browser, lab) -> None:
    from driving import Lab

    other = Lab(browser, app.url)
    lab.press("Space")
    wait_until(lambda: lab.step > 20, "one plays")
    assert (other.status, other.step) == ("paused", 0)
    other.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080)], ids=lambda s: f"{s[0]}x{s[1]}")
def test_nothing_is_cut_off(app, browser, scheme, size) -> None:
    from driving import Lab

    lab = Lab(browser, app.url, color_scheme=scheme)
    lab.page.set_viewport_size({"width": size[0], "height": size[1]})
    lab.press("Space")
    wait_until(lambda: lab.step > 20, "it plays")
    page = lab.page
    assert page.evaluate("document.scrollingElement.scrollHeight <= innerHeight")  # the page itself does not scroll
    for text in ("Losses", "Mean D"):
        box = page.get_by_text(text, exact=True).first.bounding_box()
        assert box and box["y"] >= 0 and box["y"] + box["height"] <= size[1], text
    for label in ("G Learning rate", "D Learning rate"):
        box = page.get_by_role("textbox", name=label).bounding_box()
        assert box and box["y"] + box["height"] <= size[1], label
    root = page.locator('[data-testid="live-view"]').bounding_box()
    assert root and root["y"] + root["height"] <= size[1] + 1
    assert not lab.complaints, lab.complaints
    lab.close()


def test_a_frame_without_room_for_its_stage_is_not_counted_as_painted(lab) -> None:
    lab.press("Space")
    wait_until(lambda: lab.step > 30, "it plays")
    lab.page.add_style_tag(content=".gd-stage-holder { display: none !important }")
    step = lab.step
    wait_until(lambda: lab.step > step + 20, "frames come all the same")
    painted, step = lab.painted, lab.step
    wait_until(lambda: lab.step > step + 100, "more of them")
    assert lab.painted == painted
    lab.page.evaluate("document.head.lastElementChild.remove()")
    wait_until(lambda: lab.painted > painted + 3, "there is room again")
    assert not lab.complaints, lab.complaints


def test_a_picture_leaves_the_style_of_the_page_alone(lab, browser) -> None:
    """Nothing asks of an element around the plots what is inside it, or each picture would style the whole page anew."""
    lab.press("Space")
    wait_until(lambda: lab.status == "running" and lab.painted > 5, "the run plays")
    browser.start_tracing(page=lab.page, categories=["devtools.timeline"])
    painted = lab.painted
    wait_until(lambda: lab.painted > painted + 10, "it is drawn again and again")
    events = json.loads(browser.stop_tracing())["traceEvents"]
    styled = [e["args"]["elementCount"] for e in events if e["name"] == "UpdateLayoutTree" and "elementCount" in e["args"]]
    assert len(styled) >= 10, "it was listened to"
    half = lab.page.evaluate("document.querySelectorAll('.gd-live *').length") / 2
    assert statistics.mean(count > half for count in styled) < 0.2, styled
