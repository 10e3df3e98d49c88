"""The address always holds a link; opened elsewhere it plays the same run; buttons copy it, and show it as a QR code."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import zxingcpp
from driving import App, Lab
from PIL import Image
from playwright.sync_api import Browser, expect
from waiting import wait_until

from gandash.links import read

SMALL = "1~two-modes~g.width-16~d.width-16~run.batch-32~by-t"


@contextmanager
def another(app: App, browser: Browser, address: str, **context: Any) -> Iterator[Lab]:
    """Another visitor, at this address."""
    lab = Lab(browser, address if address.startswith("http") else f"{app.url}?game={address}", **context)
    try:
        yield lab
    finally:
        lab.close()


def query(lab: Lab) -> dict[str, str]:
    # asked of the page: what Playwright knows as its url is renewed by other calls alone
    return {name: values[0] for name, values in parse_qs(urlsplit(lab.page.evaluate("location.href")).query).items()}


def settled_link(lab: Lab) -> str:
    """The link in the address, once it says where the run stands, with the mark of its state."""
    lab.await_rest()

    def is_there() -> bool:
        found = read(query(lab).get("game", ""))
        return found.step == lab.step and found.state != ""

    wait_until(is_there, "the address says where the run stands")
    return query(lab)["game"]


def numbers(lab: Lab) -> str:
    """All that the curves' legends read, and what is spoken of the curves. Not their axes: a range widens in steps while it is
    played, so who opens the link sees the same curves on fresh ones."""
    return str(
        lab.page.locator(".gd-curves").evaluate(
            """node => {
                const copy = node.cloneNode(true);
                for (const axes of copy.querySelectorAll('svg')) axes.remove();
                return copy.textContent;
            }"""
        )
    )


def test_the_address_follows_a_run_and_opens_the_same_one_elsewhere(app: App, browser: Browser) -> None:
    with another(app, browser, f"{SMALL}~run.seed-11") as lab:
        page = lab.page
        before = page.evaluate("[history.length, performance.timeOrigin]")
        lab.press("Space")
        wait_until(lambda: lab.step > 50, "it plays")
        box = page.get_by_role("textbox", name="G Learning rate")
        box.fill("3e-3")
        box.press("Enter")
        wait_until(lambda: read(query(lab).get("game", "")).changes[0], "the change is in the address")
        lab.press("Space")
        lab.press("d")
        link = settled_link(lab)
        assert page.evaluate("[history.length, performance.timeOrigin]") == before  # no entry more, nor loaded anew
        told = read(link)
        assert [(c.kind, c.path) for c in told.changes[0]] == [("set", "generator_optimiser.learning_rate"), ("step", "")]
        assert told.configs[0].run.seed == 11 and told.step == lab.step and not told.dropped
        with another(app, browser, page.url) as other:  # with the name of a run that is another visitor's
            expect(other.page.get_by_text("Its state is the same, bit for bit.")).to_be_visible()
            other.await_rest()
            assert other.step == lab.step
            wait_until(
                lambda: numbers(other) == numbers(lab), "the same numbers, also in what is spoken, up to two seconds later"
            )
            assert settled_link(other) == link
            assert query(other)["run"] != query(lab)["run"]
            expect(other.page.get_by_role("textbox", name="G Learning rate")).to_have_value("3e-3")  # the controls follow
            assert not other.complaints
        assert not lab.complaints


def test_a_reload_finds_the_run_and_a_server_that_lost_it_plays_it_again(app: App, browser: Browser) -> None:
    with another(app, browser, f"{SMALL}~20.objective-minimax~at-40") as lab:
        expect(lab.page.get_by_text("Here the run of this link stood")).to_be_visible()
        link, run = settled_link(lab), query(lab)["run"]
        lab.page.reload()
        lab.await_picture()
        lab.await_rest()
        assert (lab.step, query(lab)["run"]) == (40, run)
        with another(app, browser, f"{app.url}?run={run}gone&game={link}") as other:
            expect(other.page.get_by_text("Its state is the same, bit for bit.")).to_be_visible()


def test_changes_that_are_still_to_come_are_made_at_their_steps(app: App, browser: Browser) -> None:
    with another(app, browser, f"{SMALL}~30.objective-minimax") as lab:
        assert lab.step == 0 and lab.status == "paused"
        lab.press("Space")
        wait_until(lambda: lab.step > 60, "it plays")
        lab.press("Space")
        assert [(c.step, c.new) for c in read(settled_link(lab)).changes[0]] == [(30, "minimax")]


def test_a_mangled_link_gives_the_nearest_game_and_a_word_and_no_markup(app: App, browser: Browser) -> None:
    evil = "%3Cimg%20src%3Dx%20onerror%3D%22window.hit%3D1%22%3E"
    with another(app, browser, f"1~rng~run.seed-7~od.learning_rate-99~{evil}~**bold**") as lab:
        toast = lab.page.locator(".gd-toast")
        expect(toast).to_contain_text("Not all of this link could be read")
        expect(toast).to_contain_text("“rng”, which is no ready game: “Ring of 8” is played")
        expect(toast).to_contain_text("<img src=x onerror=")
        assert lab.page.locator(".gd-toast img").count() == 0 and lab.page.evaluate("window.hit") is None
        assert read(query(lab)["game"]).configs[0].run.seed == 7
        expect(lab.page.get_by_text("Ring of 8").first).to_be_visible()


# ----------------------------------------------------------------------------------------------------------- the buttons


def decoded(shot: bytes) -> list[str]:
    return [found.text for found in zxingcpp.read_barcodes(Image.open(io.BytesIO(shot)))]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 720), (390, 844)])
def test_the_code_is_read_by_a_camera(app: App, browser: Browser, scheme: str, size: tuple[int, int]) -> None:
    viewport = {"width": size[0], "height": size[1]}
    with another(app, browser, f"{SMALL}~20.objective-minimax~at-40", viewport=viewport, color_scheme=scheme) as lab:
        settled_link(lab)
        lab.page.get_by_role("button", name="QR code").click()
        dialog = lab.page.get_by_role("dialog", name="Link")
        expect(dialog).to_be_visible()
        box = dialog.locator(".gd-code").bounding_box()
        assert box is not None and box["width"] >= min(size[0] * 0.8, size[1] * 0.55)  # large enough for a projector
        told = dialog.get_by_label("The link").input_value()
        wait_until(lambda: decoded(lab.page.screenshot()) == [told], "the code is read")
        assert read(parse_qs(urlsplit(told).query)["game"][0]) == read(query(lab)["game"])
        assert "run=" not in told
        expect(dialog).to_contain_text("which a phone would look for in itself")  # 127.0.0.1
        assert not lab.complaints


def test_copy_gives_a_link_without_what_is_ones_own(app: App, browser: Browser) -> None:
    with another(app, browser, f"{SMALL}~20.objective-minimax~at-40") as lab:
        lab.context.grant_permissions(["clipboard-read", "clipboard-write"])
        link = settled_link(lab)
        lab.page.get_by_role("button", name="Copy link").click()
        expect(lab.page.locator(".gd-toast").last).to_contain_text("Link copied")
        assert lab.page.evaluate("navigator.clipboard.readText()") == f"{app.url}?game={link}"


def test_without_a_clipboard_the_link_is_shown_selected(app: App, browser: Browser) -> None:
    """As over plain http; and in a browser that refuses the old way too."""
    with another(app, browser, f"{SMALL}~at-5") as lab:
        link = settled_link(lab)
        lab.page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
        lab.page.evaluate("document.execCommand = () => false")
        lab.page.get_by_role("button", name="Copy link").click()
        expect(lab.page.get_by_role("dialog", name="Link")).to_contain_text("plain http")
        assert (
            lab.page.evaluate(
                "document.activeElement.value.slice(...['selectionStart', 'selectionEnd'].map(n => document.activeElement[n]))"
            )
            == f"{app.url}?game={link}"
        )


def test_a_click_on_copy_leaves_the_keys_to_the_lab(lab: Lab) -> None:
    lab.page.get_by_role("button", name="Copy link").click()
    lab.press("Space")
    wait_until(lambda: lab.step > 0, "it plays")
