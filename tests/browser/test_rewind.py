"""The time slider: the past is looked at while training goes on, and another run branches off there."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from driving import App, Lab, running_app
from playwright.sync_api import Browser
from waiting import wait_until

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def recorded_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with running_app(GANDASH_RECORD="1", GANDASH_HOME=str(tmp_path_factory.mktemp("home"))) as app:
        yield app


@pytest.fixture
def lab(recorded_app: App, browser: Browser) -> Iterator[Lab]:
    lab = Lab(browser, recorded_app.url)
    yield lab
    lab.context.close()


def shown(lab: Lab) -> int | None:
    """The step of the past that is on show; None: what is played is."""
    step = lab.attribute("shown")
    return int(step) if step else None


def play_some(lab: Lab, steps: int = 400) -> None:
    lab.press("Space")
    wait_until(lambda: lab.step > steps, "there is a past")


def go_back(lab: Lab) -> int:
    """One picture back from live."""
    lab.press("ArrowLeft")
    wait_until(lambda: shown(lab) is not None, "the past is on show")
    return shown(lab) or 0


def drag(lab: Lab, share: float) -> None:
    """The slider to a share of its way, by mouse."""
    box = lab.page.locator(".gd-time").bounding_box()
    assert box is not None
    y, at = box["y"] + box["height"] / 2, lambda share: box["x"] + 8 + share * (box["width"] - 16)
    value = lab.page.locator(".gd-time").evaluate("node => node.value / node.max")
    lab.page.mouse.move(at(value), y)
    lab.page.mouse.down()
    lab.page.mouse.move(at((value + share) / 2), y)
    lab.page.mouse.move(at(share), y)
    lab.page.mouse.up()


def test_the_past_is_looked_at_while_training_goes_on(lab: Lab) -> None:
    page = lab.page
    play_some(lab)
    first = go_back(lab)
    live = lab.step
    assert first <= live and lab.status == "running"
    assert page.locator(".gd-rewind-words").text_content() == f"past: step {first:,}".replace(",", "\u202f")
    count = page.locator(".gd-count").text_content() or ""
    assert count.startswith(f"step {first:,} ".replace(",", "\u202f")) and "live at" in count
    wait_until(lambda: lab.step > live + 50, "what is played goes on")
    assert shown(lab) == first, "and the past stays"
    painted = lab.painted
    wait_until(lambda: lab.step > live + 150, "what is played goes on")
    assert lab.painted == painted, "frames of now are not painted over it"
    for panel in ("losses", "mean_d"):
        assert page.locator(f'[data-panel="{panel}"] .gd-cursor').is_visible()
    page.keyboard.press("Space")
    wait_until(lambda: lab.status == "paused", "Space pauses what is played")
    assert shown(lab) == first
    page.keyboard.press("ArrowLeft")
    wait_until(lambda: (shown(lab) or first) < first, "a picture before")
    page.keyboard.press("ArrowRight")
    wait_until(lambda: shown(lab) == first, "and on again")
    page.get_by_role("button", name="Back to live").click()
    assert shown(lab) is None
    wait_until(lambda: not page.locator(".gd-cursor:visible").count(), "no curve says where the past was")
    lab.await_rest()
    assert "live at" not in (page.locator(".gd-count").text_content() or "")
    assert not lab.complaints, lab.complaints


def test_what_is_shown_is_of_that_step(lab: Lab) -> None:
    """The line of theory, the numbers in the legends, the verdict: those of the picture, and of no other."""
    page = lab.page
    play_some(lab, 600)
    lab.press("Space")
    wait_until(lambda: lab.status == "paused", "it stands still")
    lab.await_rest()
    read = lambda: (  # noqa: E731
        page.locator(".gd-theory").text_content(),
        page.locator('[data-panel="losses"] .gd-value').all_text_contents(),
        page.locator('[data-testid="verdict"]').text_content(),
    )
    now = read()
    drag(lab, 0.05)
    wait_until(lambda: (shown(lab) or 10**9) < 200, "an early step is on show")
    early = read()
    assert early[0] != now[0] and early[1] != now[1]
    frame = page.evaluate(
        """async () => {
          const url = performance.getEntriesByType('resource').map(({name}) => name)
            .findLast(name => /pictures/.test(name));
          const bytes = new DataView(await (await fetch(url)).arrayBuffer());
          const text = (from, length) => new TextDecoder().decode(new Uint8Array(bytes.buffer, from, length));
          const length = bytes.getUint32(0, true), header = bytes.getUint32(4 + length, true);
          return { label: JSON.parse(JSON.parse(text(12 + length, header)).__metadata__.label),
            beside: JSON.parse(text(4, length)) };
        }"""
    )
    numbers = frame["label"]["members"][0]["numbers"]
    assert frame["label"]["step"] == shown(lab)
    assert f"{numbers['value']:.3f}".replace("-", "\u2212") in (early[0] or "")
    assert early[2] == frame["beside"]["games"][0]["verdict"]["title"]
    page.get_by_role("button", name="Back to live").click()
    wait_until(lambda: read() == now, "all is of now again")
    assert not lab.complaints, lab.complaints


def test_a_run_branches_off_where_one_looks(lab: Lab, recorded_app: App) -> None:
    page = lab.page
    play_some(lab, 700)
    step = go_back(lab)
    run = re.search("run=([^&]*)", page.url)
    page.get_by_role("button", name="Branch here").click()
    wait_until(lambda: lab.status == "paused" and lab.step == step and shown(lab) is None, "the branch stands there")
    lab.await_rest()
    page.get_by_text("A branch from step").wait_for()
    wait_until(lambda: page.url != run and len(recorded_app.workers()) >= 2, "both have a trainer")
    assert page.locator('[data-panel="losses"] .gd-ends').text_content().endswith(f"{step:,}".replace(",", "\u202f"))
    lab.press("ArrowLeft")
    wait_until(lambda: (shown(lab) or step) < step, "what was before is its past, too")
    page.get_by_role("button", name="Back to live").click()
    field = page.get_by_role("textbox", name="G Learning rate")
    field.fill("0.003")
    field.press("Enter")
    wait_until(lambda: "→" in (page.locator(".gd-curves").text_content() or ""), "the change is marked")
    page.get_by_role("button", name="Compare with what it left").click()
    wait_until(lambda: page.locator(".gd-cell").count() == 2 and lab.step == step, "both go on from there")
    titles = page.locator(".gd-cell-label").all_text_contents()
    assert titles[0].startswith("parent: ") and titles[1].startswith("branch: ") and "3e\u22123" in titles[1]
    lab.press("Space")
    wait_until(lambda: lab.step > step + 50, "both play")
    page.get_by_role("button", name="End the comparison").click()
    wait_until(lambda: page.locator(".gd-cell").count() == 0 and lab.status == "paused", "the branch again")
    page.get_by_role("button", name="Back to what it left").click()
    wait_until(lambda: lab.step >= 700, "what was left")
    assert not lab.complaints, lab.complaints
