"""From the page's address to its first picture: nothing that takes long stands in between."""

from __future__ import annotations

from driving import App, Lab
from playwright.sync_api import Browser, Route, expect
from waiting import PATIENCE_SECONDS

VIEW = '[data-testid="live-view"]'
PAINTED = f"Number(document.querySelector('{VIEW}')?.dataset.painted) > 0"


def test_the_first_picture_waits_neither_for_streamlit_nor_for_plotly(browser: Browser, app: App) -> None:
    """Both held back, the game's own numbers stand there, can be played, and stay as they are when the rest comes."""
    page = browser.new_context(viewport={"width": 1280, "height": 720}).new_page()
    page.set_default_timeout(1000 * PATIENCE_SECONDS)
    sockets: list[str] = []
    page.on("websocket", lambda socket: sockets.append(socket.url) if socket.url.endswith("/gandash/live") else None)
    held: list[Route] = []
    is_held = True
    for late in ("**/static/js/index.*", "**/plotly.min.js"):
        page.route(late, lambda route: held.append(route) if is_held else route.continue_())
    page.goto(app.url, wait_until="commit")
    page.wait_for_function(PAINTED)
    sockets.clear()
    assert page.evaluate("!window.Plotly && !document.querySelector('[data-testid=stApp]')")
    expect(page.locator(".gd-theory")).to_contain_text("log 4")
    assert page.evaluate(INK) > 1000
    place = page.locator(VIEW).bounding_box()
    page.locator("body").press("s")
    page.wait_for_function(f"document.querySelector('{VIEW}').dataset.step === '1'")
    page.evaluate(f"document.querySelector('{VIEW}').dataset.mark = 'the same'")
    is_held = False
    for route in held:
        route.continue_()
    page.wait_for_selector(f"{VIEW}[data-complete][data-mark='the same']")
    expect(page.get_by_role("combobox", name="Preset")).to_be_visible()
    assert page.get_attribute(VIEW, "data-step") == "1"  # the run that the page shows is the one that was played
    assert not sockets  # the view did not have to come back
    expect(page.locator(".gd-early")).to_have_count(0)
    assert page.locator(VIEW).bounding_box() == place
    page.context.close()


# How many pixels of the stage's canvas have something on them
INK = """
(() => {
  const canvas = document.querySelector('.gd-stage-plot canvas');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  return data.filter((byte, i) => i % 4 === 3 && byte).length;
})()
"""


def test_a_reload_finds_the_run_and_shows_it_once(browser: Browser, app: App) -> None:
    lab = Lab(browser, app.url)
    try:
        lab.page.wait_for_url("**/?run=*")
        lab.press("s")
        lab.page.wait_for_function(f"document.querySelector('{VIEW}').dataset.step === '1'")
        lab.page.reload()
        lab.await_picture()
        assert lab.step == 1 and lab.page.locator(VIEW).count() == 1
    finally:
        lab.close()
