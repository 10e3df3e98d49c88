"""The time slider: the past is looked at while training goes on, and another run branches off there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from driving import App, Lab, running_app
from playwright.sync_api import Browser, expect
from waiting import wait_until

from gandash.store.reading import StoredRun

ON_SHOW = """async () => {  // others beside it are fetched too
  const { shown } = document.querySelector('.gd-live').dataset;
  const url = performance.getEntriesByType('resource').map(({name}) => name)
    .findLast(name => name.includes(`/pictures/${shown}?`));
  const bytes = new DataView(await (await fetch(url)).arrayBuffer());
  const text = (from, length) => new TextDecoder().decode(new Uint8Array(bytes.buffer, from, length));
  const length = bytes.getUint32(0, true), header = bytes.getUint32(4 + length, true);
  return { label: JSON.parse(JSON.parse(text(12 + length, header)).__metadata__.label),
    beside: JSON.parse(text(4, length)) };
}"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def recorded_app(home: Path) -> Iterator[App]:
    with running_app(GANDASH_RECORD="1", GANDASH_HOME=str(home)) as app:
        yield app


@pytest.fixture
def lab(recorded_app: App, browser: Browser) -> Iterator[Lab]:
    lab = Lab(browser, recorded_app.url)
    yield lab
    lab.close()


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
    assert page.locator(".gd-rewind-words").text_content() == f"past: step {first:,}"
    count = page.locator(".gd-count").text_content() or ""
    assert count.startswith(f"step {first:,} ") and "live at" in count
    wait_until(lambda: lab.step > live + 50, "what is played goes on")
    assert shown(lab) == first, "and the past stays"
    painted = lab.painted
    wait_until(lambda: lab.step > live + 150, "what is played goes on")
    assert lab.painted == painted, "frames of now are not painted over it"
    for panel in ("losses", "mean_d"):
        expect(page.locator(f'[data-panel="{panel}"] .gd-cursor')).to_be_visible()
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

    # to the beginning and, before its picture has come, further than there are pictures: live again, and the handle says so
    page.locator(".gd-time").evaluate("""slider => {
        slider.value = slider.min;
        slider.dispatchEvent(new Event('input', { bubbles: true }));
        const press = () => document.body.dispatchEvent(
          new KeyboardEvent('keydown', { key: 'ArrowRight', shiftKey: true, bubbles: true, cancelable: true }));
        for (let i = 0; i < 1000; i++) press();
    }""")
    wait_until(lambda: page.locator(".gd-time").evaluate("node => node.value === node.max"), "the handle is at live")
    assert shown(lab) is None and page.locator(".gd-rewind-words").text_content() == "live"
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
    ends = page.locator('[data-panel="losses"] .gd-ends')
    wait_until(lambda: (ends.text_content() or "").endswith(str(lab.step)), "the curves have come to the last step as well")
    now = read()
    drag(lab, 0.05)
    wait_until(lambda: shown(lab) is not None and (shown(lab) or 0) < 200, "an early step is on show")

    def agrees() -> bool:
        """A slider that is dragged brings one picture after the other, and the words follow with the next animation frame."""
        frame, early = page.evaluate(ON_SHOW), read()
        numbers = frame["label"]["members"][0]["numbers"]
        return (
            frame["label"]["step"] == shown(lab)
            and f"{numbers['value']:.3f}".replace("-", "\u2212") in (early[0] or "")
            and early[2] == frame["beside"]["games"][0]["verdict"]["title"]["id"]  # whose words are no more than its id
        )

    wait_until(agrees, "the line of theory and the verdict are those of the picture that is shown")
    wait_until(lambda: all(a != b for a, b in zip(read()[:2], now[:2], strict=True)), "no number is that of now")
    early = read()
    page.get_by_role("button", name="Back to live").click()
    # what is told of the verdict may have been renewed since it stands still, the numbers not
    wait_until(lambda: read()[:2] == now[:2] and read()[2] != early[2], "all is of now again")
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
    assert page.locator('[data-panel="losses"] .gd-ends').text_content().endswith(f"{step:,}")
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


def test_arrows_go_by_picture_and_by_ten(lab: Lab, home: Path) -> None:
    play_some(lab)
    newest = max((home / "runs").iterdir(), key=lambda folder: folder.stat().st_ctime)
    wait_until(lambda: len(StoredRun(newest).pictures()) > 14, "there are pictures for more than ten steps back")
    lab.press("Space")
    wait_until(lambda: lab.status == "paused", "it stands still")
    lab.await_rest()
    seen = [go_back(lab)]

    def press(key: str) -> int:
        lab.press(key)
        wait_until(lambda: shown(lab) not in (None, seen[-1]), f"{key} goes elsewhere")
        seen.append(shown(lab) or 0)
        return seen[-1]

    for _ in range(10):
        press("ArrowLeft")
    assert seen == sorted(seen, reverse=True)
    far = press("Shift+ArrowRight")
    assert far == seen[0], "ten pictures on are where ten single ones began"
    assert press("Shift+ArrowLeft") == seen[10]
    lab.press("Shift+ArrowRight")
    lab.press("Shift+ArrowRight")
    wait_until(lambda: shown(lab) is None, "beyond the last one is live")
    assert not lab.complaints, lab.complaints


def test_of_many_moves_the_newest_is_shown(lab: Lab) -> None:
    """A slider tells of each place that it passes; while a picture is on its way those in between are forgotten."""
    play_some(lab, 800)
    last = go_back(lab)
    first, seen = lab.page.evaluate(
        """async last => {
          const { name } = performance.getEntriesByType('resource').findLast(({ name }) => /recorded\\/[^/]+$/.test(name));
          const [first] = (await (await fetch(name)).json()).pictures;
          const view = document.querySelector('.gd-live'), slider = view.querySelector('.gd-time'), seen = [];
          const watch = new MutationObserver(() => seen.push(Number(view.dataset.shown)));
          watch.observe(view, { attributeFilter: ['data-shown'] });
          for (const share of [0.6, 0.5, 0.4, 0.3, 0]) {
            slider.value = Math.floor(share * last);
            slider.dispatchEvent(new Event('input'));
          }
          const until = performance.now() + 60_000;
          while (seen.at(-1) !== first && performance.now() < until) await new Promise(resolve => setTimeout(resolve, 10));
          watch.disconnect();
          return [first, seen];
        }""",
        last,
    )
    assert seen[-1] == first and len(seen) <= 2, (first, seen)
    assert not lab.complaints, lab.complaints


def test_a_restart_leaves_no_past_behind(lab: Lab) -> None:
    page = lab.page
    play_some(lab)
    lab.press("Space")
    wait_until(lambda: lab.status == "paused", "it stands still")
    go_back(lab)
    page.get_by_role("button", name="Restart with the same seed").click()
    wait_until(lambda: lab.step == 0 and lab.status == "paused", "it stands at the beginning")
    assert shown(lab) is None and page.locator(".gd-cursor:visible").count() == 0
    lab.press("Space")
    wait_until(lambda: lab.step > 200, "another game has a past")
    assert go_back(lab) <= lab.step
    assert "live at" in (page.locator(".gd-count").text_content() or "")
    assert not lab.complaints, lab.complaints


def test_a_finger_goes_through_time(recorded_app: App, browser: Browser) -> None:
    lab = Lab(browser, recorded_app.url, viewport={"width": 390, "height": 844}, has_touch=True)
    page = lab.page
    page.get_by_role("button", name="Play", exact=True).tap()
    wait_until(lambda: lab.step > 300, "there is a past")
    slider = page.locator(".gd-time")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= 390
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    wait_until(lambda: shown(lab) is not None, "the past is on show")
    page.get_by_role("button", name="Back to live").tap()
    wait_until(lambda: shown(lab) is None, "live again")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert not lab.complaints, lab.complaints
    lab.close()


def test_without_a_recording_there_is_no_slider(app: App, browser: Browser) -> None:
    lab = Lab(browser, app.url)
    play_some(lab, 100)
    assert not lab.page.locator(".gd-rewind").is_visible()
    lab.press("ArrowLeft")
    wait_until(lambda: lab.step > 150, "an arrow stops nothing")
    assert shown(lab) is None and not lab.complaints, lab.complaints
    lab.close()


def test_the_past_of_pictures_has_no_new_close_ups(lab: Lab) -> None:
    page = lab.page
    lab.choose("Digits")
    play_some(lab, 30)
    go_back(lab)
    page.locator(".gd-image-grid[role=grid] canvas").first.click(position={"x": 20, "y": 20})
    page.locator(".gd-toast", has_text="The past is shown as it was").wait_for()
    assert page.locator(".gd-closeup h3:visible").count() == 0
    page.get_by_role("button", name="Back to live").click()
    page.locator(".gd-image-grid[role=grid] canvas").first.click(position={"x": 20, "y": 20})
    page.get_by_role("heading", name="Picture 1", exact=True).wait_for()
    assert not lab.complaints, lab.complaints
