"""Three languages: the browser's own at first, switched live without losing the run, kept over a reload, nothing cut off."""

from __future__ import annotations

import re

import pytest
from driving import App, Lab
from playwright.sync_api import Browser, Page
from waiting import wait_until

ENGLISH = re.compile(r"[A-Za-z]{2,},? [a-z]{2,} [a-z(]{2,}")
# What is said of the controls, and what is said or spoken of the live view; Streamlit's own words are Streamlit's
SAID = """() => [
  ...document.querySelector('[data-testid="stSidebarUserContent"]').innerText.split('\\n'),
  ...document.querySelector('[data-testid="live-view"]').innerText.split('\\n'),
  ...[...document.querySelectorAll('[data-testid="live-view"] [aria-label]')].map(node => node.getAttribute('aria-label'))]"""
WORDS = {
    "zh-CN": ("zh-Hans", "播放", "G 学习率"),
    "zh-TW": ("zh-Hant", "播放", "G 學習率"),
    "en-GB": ("en", "Play", "G Learning rate"),
}


def english(page: Page) -> list[str]:
    return [text for text in page.evaluate(SAID) if ENGLISH.search(text or "")]


def speak(page: Page, name: str) -> None:
    page.get_by_text(name, exact=True).click()


@pytest.mark.parametrize("locale", WORDS)
@pytest.mark.parametrize("size", [(1280, 720), (390, 844)], ids=["laptop", "phone"])
def test_the_page_speaks_as_the_browser_does_and_cuts_nothing_off(
    app: App, browser: Browser, locale: str, size: tuple[int, int]
) -> None:
    tag, play, rate = WORDS[locale]
    lab = Lab(browser, app.url, locale=locale, viewport={"width": size[0], "height": size[1]})
    page = lab.page
    assert page.get_by_role("button", name=play, exact=True).is_visible()
    assert page.get_attribute("html", "lang") == tag
    assert "lang" not in page.url  # nobody has chosen
    page.get_by_label(rate).first.wait_for(state="attached")
    if tag != "en":
        assert english(page) == []
    lab.press("s")
    wait_until(lambda: lab.step == 1, "one round")
    lab.await_rest()
    over = page.evaluate(
        """() => [...document.querySelectorAll('.gd-bar button, .gd-toggle, .gd-reading, .gd-switch button, .gd-verdict')]
        .filter(node => node.offsetParent && node.scrollWidth > node.clientWidth + 1 && node.clientWidth > 0
          && getComputedStyle(node).display !== 'inline').map(node => node.innerText)"""
    )
    assert over == []
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    assert not lab.complaints, lab.complaints
    lab.close()


def test_the_language_is_switched_live_and_kept(app: App, browser: Browser) -> None:
    lab = Lab(browser, app.url, locale="en-US")
    page = lab.page
    page.evaluate("document.querySelector('[data-testid=\"live-view\"]').marked = true")
    lab.press("Space")
    wait_until(lambda: lab.step > 100, "it plays")
    run, step, painted = re.findall(r"run=(\w+)", page.url), lab.step, lab.painted
    assert run
    speak(page, "繁體中文")
    page.get_by_role("button", name="暫停", exact=True).wait_for()
    page.get_by_text("損失", exact=True).first.wait_for()
    wait_until(lambda: lab.step > step + 100 and lab.painted > painted + 2, "it plays on")
    assert lab.status == "running" and re.findall(r"run=(\w+)", page.url) == run
    assert page.evaluate("document.querySelector('[data-testid=\"live-view\"]').marked")  # never mounted anew
    wait_until(lambda: "學習率" in page.locator('[data-testid="stSidebar"]').inner_text(), "the settings follow")
    wait_until(lambda: english(page) == [], "nothing is left in English")
    lab.press("Space")
    lab.await_rest()
    speak(page, "简体中文")
    page.get_by_text("损失", exact=True).first.wait_for()
    step = lab.step
    page.reload()
    lab.await_picture()
    page.get_by_role("button", name="播放", exact=True).wait_for()
    assert page.get_attribute("html", "lang") == "zh-Hans" and "lang=zh-Hans" in page.url
    wait_until(lambda: lab.step == step, "the same run")
    speak(page, "English")
    page.get_by_role("button", name="Play", exact=True).wait_for()
    page.get_by_text("Losses", exact=True).first.wait_for()
    wait_until(lambda: lab.step == step, "and still")
    assert not lab.complaints, lab.complaints
    lab.close()


def test_a_copied_link_speaks_no_language(app: App, browser: Browser) -> None:
    lab = Lab(browser, f"{app.url}?lang=zh-Hant", permissions=["clipboard-read", "clipboard-write"])
    lab.page.get_by_role("button", name="複製連結").click()
    wait_until(lambda: "game=" in lab.page.evaluate("navigator.clipboard.readText()"), "it is copied")
    assert "lang=" in lab.page.url and "lang=" not in lab.page.evaluate("navigator.clipboard.readText()")
    lab.close()
