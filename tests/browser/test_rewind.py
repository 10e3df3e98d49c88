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


def pictures(lab: Lab) -> list[int]:
    """The steps of the recorded pictures, as the page itself asks for them."""
    found: list[int] = lab.page.evaluate(
        """async () => {
          const asked = performance.getEntriesByType('resource').map(({name}) => name);
          const url = asked.find(name => /recorded\\/[^/]+$/.test(name));
          return (await (await fetch(url)).json()).pictures;
        }"""
    )
    return found


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
    page.get_by_role("button", name="Back to live").click()
    assert shown(lab) is None and not page.locator(".gd-cursor:visible").count()
    lab.await_rest()
    assert "live at" not in (page.locator(".gd-count").text_content() or "")
    assert not lab.complaints, lab.complaints


def test_arrows_go_by_picture_and_with_shift_by_ten(lab: Lab) -> None:
    lab.page.get_by_label("Speed in steps per second").select_option("max")
    lab.page.locator("body").click(position={"x": 2, "y": 2})
    lab.press("Space")
    go_back(lab)  # so the page asks which pictures there are
    wait_until(lambda: len(pictures(lab)) > 14, "there are more than ten pictures")
    lab.press("Space")
    wait_until(lambda: lab.status == "paused", "it stands still")
    lab.page.get_by_role("button", name="Back to live").click()
    wait_until(lambda: lab.attribute("settled") == "", "its last step is there")
    lab.page.wait_for_timeout(1100)  # so old is a list of pictures at most
    steps = [step for step in pictures(lab) if step < lab.step]

    def at(place: int) -> None:
        wait_until(lambda: shown(lab) == steps[place], f"picture {place} is shown, not {shown(lab)} of {steps[-14:]}")

    go_back(lab)
    at(-1)
    lab.press("ArrowLeft")
    at(-2)
    lab.press("Shift+ArrowLeft")
    at(-12)
    lab.press("ArrowRight")
    at(-11)
    lab.press("Shift+ArrowRight")
    at(-1)
    for _ in range(2):  # one picture more may be that of the last step itself
        lab.press("ArrowRight")
    wait_until(lambda: shown(lab) is None, "beyond the last is live")
    for _ in range(3):
        lab.press("Shift+ArrowLeft")
    wait_until(lambda: shown(lab) is not None, "the past again")
    lab.page.keyboard.press("?")
    assert "one recorded picture back" in (lab.page.locator("dialog.gd-help").text_content() or "")
    lab.press("ArrowLeft")  # the help has the keys
    lab.page.keyboard.press("Escape")
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


def test_setting_the_run_back_ends_the_look_at_what_is_void(lab: Lab) -> None:
    play_some(lab)
    go_back(lab)
    lab.begin(lambda: lab.page.get_by_role("button", name="Restart with the same seed").click(), "step 0")
    assert shown(lab) is None and lab.page.locator(".gd-time").is_disabled()


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


def test_a_finger_on_a_narrow_page(recorded_app: App, browser: Browser) -> None:
    lab = Lab(browser, recorded_app.url, viewport={"width": 390, "height": 844}, has_touch=True, color_scheme="dark")
    page = lab.page
    page.get_by_role("button", name="Play", exact=True).tap()
    wait_until(lambda: lab.step > 300, "there is a past")
    slider = page.locator(".gd-time")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box is not None and box["height"] >= 36 and box["width"] > 300
    page.touchscreen.tap(box["x"] + box["width"] / 3, box["y"] + box["height"] / 2)
    wait_until(lambda: shown(lab) is not None, "the past is on show")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="Back to live").tap()
    wait_until(lambda: shown(lab) is None, "live again")
    assert not lab.complaints, lab.complaints
    lab.context.close()


def test_a_run_that_is_not_recorded_has_no_slider(app: App, browser: Browser) -> None:
    lab = Lab(browser, app.url)
    play_some(lab, 50)
    assert not lab.page.locator(".gd-rewind").is_visible()
    lab.press("ArrowLeft")
    assert shown(lab) is None and not lab.complaints
    lab.context.close()


MOUNT = """async (embedded) => {
  const asked = performance.getEntriesByType('resource').map(({name}) => name);
  const url = asked.find(name => /recorded\\/[^/]+$/.test(name));
  const data = { token: '', socket: 'gandash/live', title: 'A record', record: url.split('/').pop() };
  if (embedded) {  // all of it in the page, as a file would have it
    delete data.record;
    const about = await (await fetch(url)).json(), pictures = {};
    for (const step of about.pictures) pictures[step] = await (await fetch(`${url}/pictures/${step}`)).arrayBuffer();
    const curves = await (await fetch(`${url}/curves`)).arrayBuffer();
    data.recording = { about: async () => about, picture: async step => pictures[step], curves: async () => curves };
    window.fetch = () => { throw new Error('nothing is to be asked for'); };
  }
  const place = document.createElement('div');
  place.id = 'record';
  document.body.replaceChildren(place);
  const base = new URL('./gandash/assets/live/', document.baseURI);
  const entry = document.querySelector('link[rel="modulepreload"][href*="/live.js?"]');
  const live = await import(entry.href);
  live.update({ parentElement: place, data, setTriggerValue: (name, value) => (window.sent = { name, value }) }, base);
}"""


@pytest.mark.parametrize("embedded", [False, True], ids=["by HTTP", "embedded"])
def test_a_run_that_nobody_plays_is_shown_from_its_record(lab: Lab, embedded: bool) -> None:
    page = lab.page
    play_some(lab, 500)
    lab.press("Space")
    wait_until(lambda: lab.status == "paused", "it stands still")
    go_back(lab)
    wait_until(lambda: pictures(lab)[-1] == lab.step, "its last picture is there")
    steps = pictures(lab)
    page.wait_for_timeout(1200)  # and its last rows
    page.evaluate(MOUNT, embedded)
    record = page.locator("#record .gd-live")
    wait_until(lambda: record.get_attribute("data-shown") == str(steps[-1]), "the record stands at its end")
    assert record.get_attribute("data-status") == "recorded"
    assert page.locator("#record .gd-watching").text_content() == "recorded"
    assert not page.locator("#record .gd-steering").is_visible() and not page.locator("#record .gd-back").is_visible()
    assert page.locator("#record .gd-theory").text_content() and page.locator("#record .gd-curve:visible").count() > 2
    wait_until(lambda: page.locator("#record [data-panel='losses'] .gd-cursor").is_visible(), "the curves are drawn")
    page.keyboard.press("ArrowLeft")
    wait_until(lambda: record.get_attribute("data-shown") == str(steps[-2]), "one picture back")
    page.get_by_role("button", name="Branch here").click()
    assert page.evaluate("window.sent")["value"]["step"] == steps[-2]
