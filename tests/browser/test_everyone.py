"""What a screen reader is told, and what is left when colours are forced, motion is unwanted, or the page is twice as large."""

from __future__ import annotations

import re

from driving import App, Lab
from playwright.sync_api import Browser, Page
from waiting import wait_until

HIDE = "is => Object.defineProperty(document, 'hidden', { configurable: true, get: () => is })"
TOLD = re.compile(r"Step [\d\s]+\. D is \d\.\d\d on average on real and \d\.\d\d on generated samples\. [^.]+\.")
DESCRIBED = """() => [...document.querySelectorAll('.gd-stage [role=img], .gd-curve:not([hidden]) [role=img]')]
    .filter(node => node.checkVisibility()).map(node => [node.getAttribute('aria-label') ?? '',
        document.getElementById(node.getAttribute('aria-describedby'))?.textContent ?? ''])"""
OUTSIDE = """() => [...document.querySelectorAll('button, select, input, a')].filter(node => node.checkVisibility()
    && !node.closest('.gd-unseen, [data-testid=stSidebar]')).filter(node => {
        node.scrollIntoView({ block: 'center', inline: 'nearest' });
        const { left, right, top, bottom, width } = node.getBoundingClientRect();
        return width > 0 && (left < -1 || right > innerWidth + 1 || top < -1 || bottom > innerHeight + 1); })
    .map(node => node.outerHTML.slice(0, 120))"""


def announced(page: Page) -> str:
    return page.get_by_test_id("announced").text_content() or ""


def test_how_it_goes_is_told_while_it_plays_and_while_somebody_looks(lab: Lab) -> None:
    page = lab.page
    assert announced(page) == "" and page.get_by_test_id("announced").get_attribute("aria-live") == "polite"
    page.evaluate(HIDE, True)
    lab.press("Space")
    wait_until(lambda: lab.step > 20, "it plays")
    assert announced(page) == "", "nothing is told to nobody"
    page.evaluate(HIDE, False)
    wait_until(lambda: TOLD.fullmatch(announced(page)), "it is told")
    first = announced(page)
    wait_until(lambda: announced(page) != first, "and again, some seconds later")
    lab.press("Space")
    wait_until(lambda: lab.status == "paused", "it stands still")
    lab.await_rest()
    last, step = announced(page), lab.step
    lab.press("s")
    wait_until(lambda: lab.step > step, "a single round is seen")
    lab.await_rest()
    assert announced(page) == last, "who steps by hand asks for himself"
    assert not lab.complaints, lab.complaints


def test_every_chart_says_what_it_shows_now(lab: Lab) -> None:
    page = lab.page
    lab.press("s")
    wait_until(lambda: lab.step == 1, "one round")
    lab.await_rest()
    panels = page.locator(".gd-curve:not([hidden])").count()
    assert panels >= 6

    def said() -> dict[str, str]:
        return dict(page.evaluate(DESCRIBED))

    wait_until(lambda: said().get("Losses over training steps", "").startswith("Steps 0 to 100; now: D "), "the losses")
    legend = page.locator("[data-panel=losses] .gd-value").first

    def is_told() -> bool:
        return f"now: D {(legend.text_content() or '').strip()}, G " in said()["Losses over training steps"]

    wait_until(is_told, "the number is that of the legend")
    stage = next(words for name, words in said().items() if name.startswith("Densities"))
    assert re.search(r"D is \d\.\d\d on average on real and \d\.\d\d on generated samples\. JSD \d\.\d+ nats", stage)
    page.locator("[data-panel=losses] .gd-toggle").first.click()
    wait_until(lambda: "now: G " in said()["Losses over training steps"], "what is not shown is not told")
    assert not lab.complaints, lab.complaints


def test_forced_colours_are_those_that_charts_are_drawn_in(app: App, browser: Browser) -> None:
    """Chromium forces white on black, as Windows does in its darkest scheme, or black on white."""
    lab = Lab(browser, app.url, forced_colors="active", color_scheme="dark", reduced_motion="reduce")
    page = lab.page
    style = "getComputedStyle(document.querySelector('.gd-live'))"
    ground, text = (page.evaluate(f"{style}.getPropertyValue('--gd-{name}')") for name in ("background", "text"))
    assert ground != text, "letters are seen"
    assert page.evaluate("getComputedStyle(document.querySelector('.gd-verdict'), null).borderTopStyle") == "solid"
    lab.press("Space")
    wait_until(lambda: lab.step > 50, "it plays")
    toggle = page.locator(".gd-curve .gd-toggle").first
    toggle.click()
    assert "line-through" in toggle.evaluate("node => getComputedStyle(node).textDecorationLine"), "said by more than a colour"
    moving = page.evaluate(
        "[...document.querySelectorAll('.gd-live *')].filter(n => parseFloat(getComputedStyle(n).transitionDuration)"
        " > 0.001).length"
    )
    assert moving == 0, "nothing glides"
    assert not lab.complaints, lab.complaints
    lab.close()


def test_twice_as_large_everything_is_reached(app: App, browser: Browser) -> None:
    """At 200 % a window of 1280 by 720 has 640 by 360 px."""
    lab = Lab(browser, app.url, viewport={"width": 640, "height": 360})
    page = lab.page
    lab.await_rest()
    assert page.evaluate("document.scrollingElement.scrollWidth - innerWidth") <= 0
    assert page.evaluate(OUTSIDE) == []
    page.get_by_role("button", name="Help: keys and layers").click()
    page.get_by_role("dialog").wait_for()
    page.get_by_role("dialog").evaluate("node => node.scrollTo(0, node.scrollHeight)")
    assert page.get_by_role("dialog").bounding_box()["height"] <= 360
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    assert not lab.complaints, lab.complaints
    lab.close()


def test_on_a_phone_stage_verdict_and_a_curve_are_seen_without_scrolling_sideways(app: App, browser: Browser) -> None:
    lab = Lab(browser, app.url, viewport={"width": 390, "height": 844})
    lab.press("Space")
    wait_until(lambda: lab.step > 20, "it plays")
    for part in (".gd-stage-plot", ".gd-verdict", "[data-panel=losses] .gd-plot"):
        box = lab.page.locator(part).first.bounding_box()
        assert box and box["x"] >= 0 and box["x"] + box["width"] <= 390 and box["y"] + box["height"] <= 844, part
    assert lab.page.evaluate("document.scrollingElement.scrollWidth") <= 390
    lab.close()


def test_the_keyboard_alone_comes_everywhere_and_is_seen_there(lab: Lab) -> None:
    """Tab, from the first control of the live view to the last; each has a frame."""
    page = lab.page
    lab.await_rest()
    wanted = page.evaluate("""() => [...document.querySelectorAll('.gd-live :is(button, select, input, [tabindex="0"])')]
        .filter(node => node.checkVisibility() && !node.disabled && node.tabIndex >= 0).length""")
    page.locator(".gd-steering > .gd-primary").focus()
    reached, unseen = 1, []
    for _ in range(wanted + 5):
        page.keyboard.press("Tab")
        inside, frame, name = page.evaluate("""() => { const node = document.activeElement, style = getComputedStyle(node);
            return [Boolean(node.closest('.gd-live')), parseFloat(style.outlineWidth) || 0, node.outerHTML.slice(0, 80)]; }""")
        if not inside:
            break
        reached += 1
        if frame < 2:
            unseen.append(name)
    assert reached == wanted
    assert not unseen
