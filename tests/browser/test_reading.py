"""The live view follows what the discriminator says: a probability whose middle is 1/2, another one, or a critic's score.

The app plays the non-saturating game; on its way to the page its socket is rewritten as if another objective were in play, with
arrays and numbers in that reading's units. So the page is tried with every kind of reading, whatever objectives there are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from driving import Lab
from playwright.sync_api import Browser, BrowserContext, WebSocketRoute
from waiting import wait_until

from gandash.wire.frame import pack, unpack

SMOOTHED = {
    "kind": "probability",
    "label": "D(x)",
    "centre": 0.45,
    "centre_label": "0.45",
    "low": 0,
    "high": 1,
    "optimal": True,
    "optimal_label": "D*",
    "since": 0,
}
CRITIC = SMOOTHED | {"kind": "critic", "label": "a(x)", "centre": 0, "centre_label": "0", "low": None, "high": None}
CRITIC |= {"optimal_label": "a*"}
FREE = CRITIC | {"centre": None, "centre_label": "", "optimal": False}

Map = Callable[[Any], Any]
UNITS: dict[str, Map] = {"probability": lambda d: 0.9 * d, "critic": lambda d: 8 * (d - 0.5)}


class Disguise:
    """Between server and page: `reading` is what the page is told, None what the server says."""

    def __init__(self) -> None:
        self.reading: dict[str, Any] | None = None
        self.notice: str | None = None
        self.broken = 0  # packets still to be made unreadable
        self._page: WebSocketRoute | None = None
        self._state = "{}"

    def route(self, page: WebSocketRoute) -> None:
        page.connect_to_server().on_message(lambda message: self._pass(page, message))

    def tell(self) -> None:
        """Say the run's state again, as the server does when a live setting changed."""
        assert self._page
        self._page.send(self._said())

    def _pass(self, page: WebSocketRoute, message: str | bytes) -> None:
        if isinstance(message, bytes):
            if self.broken:
                self.broken -= 1
                message = message[: len(message) // 2]
            page.send(self._translated(message))
        else:
            if json.loads(message).get("type") == "run":
                self._page, self._state = page, message  # a late page also knocks, by a socket that is told nothing
                message = self._said()
            page.send(message)

    def _said(self) -> str:
        state = json.loads(self._state)
        if self.reading:
            for game in state["games"]:
                game["facts"] |= {"reading": self.reading, "references": {}}
                game["facts"]["objective"] = {"name": "x", "label": "least squares", "other": None}
        if self.notice is not None:
            state["notice"] = self.notice
        return json.dumps(state)

    def _translated(self, message: bytes) -> bytes:
        if not self.reading:
            return message
        label, arrays = unpack(message)
        if label["kind"] != "frame":
            return message
        to = UNITS[self.reading["kind"]]
        numbers = label["members"][0]["numbers"]
        numbers |= {name: to(numbers[name]) for name in ("mean_d_real", "mean_d_fake")}
        if self.reading["kind"] == "critic":
            numbers |= dict.fromkeys(("value", "log_d_real", "log_d_fake"))
        arrays["d"] = to(arrays["d"]).astype(np.float32)
        arrays["d_star"] = to(arrays["d_star"]).astype(np.float32)
        if not self.reading["optimal"]:
            arrays["d_star"][:] = np.nan
            numbers["gap_star"] = None
        return pack(label, arrays)


class Between:
    """A browser whose pages speak to the server through a disguise."""

    def __init__(self, browser: Browser, disguise: Disguise) -> None:
        self._browser, self._disguise = browser, disguise

    def new_context(self, **options: Any) -> BrowserContext:
        context = self._browser.new_context(**options)
        context.route_web_socket("**/gandash/**", self._disguise.route)
        return context


@pytest.fixture
def disguise() -> Disguise:
    return Disguise()


@pytest.fixture
def disguised(app, browser: Browser, disguise: Disguise) -> Iterator[Lab]:
    """The lab behind the disguise, on a page whose console must stay silent but for what a test expects."""
    lab = Lab(Between(browser, disguise), app.url)
    yield lab
    lab.close()


def wear(lab: Lab, disguise: Disguise, reading: dict[str, Any] | None) -> None:
    """Change the objective under the running page: the state first, then a picture in the new units."""
    disguise.reading = reading
    disguise.tell()
    step = lab.step
    lab.press("s")
    wait_until(lambda: lab.step == step + 1, "a picture of the new reading is drawn")


def words(lab: Lab) -> str:
    """All that can be read now on the live view and in its help, or is spoken there."""
    lab.page.locator("body").press("?")
    help = lab.page.get_by_role("dialog", name="Keys and layers")
    help.wait_for()
    said = help.inner_text()
    lab.page.keyboard.press("Escape")
    help.wait_for(state="hidden")
    view = lab.page.locator('[data-testid="live-view"]')
    labels = view.evaluate(
        "node => [...node.querySelectorAll('[aria-label]')].filter(n => n.checkVisibility())"
        ".map(n => n.getAttribute('aria-label')).join('; ')"
    )
    return "\n".join((said, view.inner_text(), labels))


def panel_range(lab: Lab, key: str) -> list[float]:
    return lab.page.evaluate(
        f"document.querySelector('[data-panel={key}] .js-plotly-plot')._fullLayout.yaxis.range.map(Number)"
    )


def test_the_line_follows_the_reading_live(disguised, disguise) -> None:
    lab, page = disguised, disguised.page
    axis = "document.querySelector('.gd-stage-plot')._fullLayout.yaxis2"
    said = words(lab)
    assert "½" in said and "−log 4" in said and "D*" in said and "not played: minimax" in said

    wear(lab, disguise, FREE)
    panel = page.locator('[data-panel="mean_d"]')
    wait_until(lambda: "Mean a" in panel.inner_text(), "the panel has its name")
    said = words(lab)
    for foreign in ("½", "log 4", "D*", "a*", "Mean D", "Value"):
        assert foreign not in said, foreign
    assert "a − its median" in said and "least squares" in said and "minimax" not in said
    low, high = page.evaluate(f"{axis}.range.map(Number)")
    drawn = page.evaluate("document.querySelector('.gd-stage-plot').data.find(trace => trace.yaxis === 'y2').y")
    drawn = [value for value in (drawn if isinstance(drawn, list) else drawn.values()) if value is not None]
    assert low <= min(drawn) and max(drawn) <= high and high - low < 2 * (max(drawn) - min(drawn))
    assert not page.locator("button[data-layer=d_star]").is_visible()
    assert not page.locator('[data-panel="value"]').is_visible()
    wait_until(lambda: panel_range(lab, "mean_d") != [-0.03, 1.03], "the panel's range is the data's")

    wear(lab, disguise, CRITIC)
    assert page.locator("button[data-layer=d_star]").text_content() == "a*"
    wait_until(lambda: "0" in page.evaluate(f"{axis}.ticktext"), "its value at equilibrium is named")
    ranges = set()
    for _ in range(12):
        step = lab.step
        lab.press("s")
        wait_until(lambda step=step: lab.step > step, "another picture is drawn")
        ranges.add(tuple(page.evaluate(f"{axis}.range.map(Number)")))
    assert len(ranges) < 4  # it widens in steps and does not tremble with the data

    wear(lab, disguise, CRITIC | {"since": 10})
    first = "document.querySelector('[data-panel=mean_d] .js-plotly-plot').data.at(-1).x[0]"
    wait_until(lambda: page.evaluate(first) == 10, "what was measured in other units is not drawn")

    wear(lab, disguise, SMOOTHED)
    wait_until(lambda: "0.45" in page.evaluate(f"{axis}.ticktext"), "the middle is named")
    said = words(lab)
    assert "½" not in said and "log 4" not in said and "0.9 p" in said and "D = 0.45 everywhere" in said
    wait_until(lambda: panel_range(lab, "mean_d") == [-0.03, 1.03], "the panel shows 0 to 1")

    wear(lab, disguise, None)
    wait_until(lambda: page.locator('[data-panel="value"]').is_visible(), "V is back")
    said = words(lab)
    assert "½" in said and "−log 4" in said and "not played: minimax" in said
    assert not lab.complaints, lab.complaints


def test_the_plane_follows_the_reading_live(disguised, disguise) -> None:
    lab, page = disguised, disguised.page
    lab.choose("Ring of 8")
    page.locator(".gd-plane").wait_for()
    choices = page.get_by_role("group", name="What the field shows").get_by_role("button")
    ends = page.locator(".gd-scale")
    choices.get_by_text("log-odds").click()

    wear(lab, disguise, FREE)
    assert [text for text in choices.all_inner_texts() if text] == ["a"]
    assert "mean" in ends.inner_text() and "½" not in ends.inner_text()
    assert choices.first.get_attribute("aria-pressed") == "true"  # what was chosen has no meaning here
    said = words(lab)
    for foreign in ("½", "log 4", "D*", "a*", "log-odds"):
        assert foreign not in said, foreign
    box = page.locator(".gd-plane").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    tip = page.get_by_role("tooltip")
    wait_until(lambda: "a " in tip.inner_text(), "the point is read")
    assert "D" not in tip.inner_text() and "a*" not in tip.inner_text()

    wear(lab, disguise, CRITIC)
    assert [text for text in choices.all_inner_texts() if text] == ["a", "a*", "a − a*"]
    low, middle, high = ends.inner_text().split()
    assert middle == "0" and float(low.replace("−", "-")) == -float(high)
    wear(lab, disguise, SMOOTHED)
    assert choices.get_by_text("log-odds").get_attribute("aria-pressed") == "true"  # it was only put off
    choices.first.click()
    wait_until(lambda: ends.inner_text().split() == ["0", "0.45", "1"], "the scale has another middle")
    assert not lab.complaints, lab.complaints


def test_what_cannot_be_read_is_skipped_and_the_picture_goes_on(disguised, disguise) -> None:
    lab = disguised
    lab.press("Space")
    wait_until(lambda: lab.step > 30, "it plays")
    disguise.broken = 3
    wait_until(lambda: lab.painted and not disguise.broken, "three packets are cut short")
    painted = lab.painted
    wait_until(lambda: lab.painted > painted + 10, "it goes on painting")
    assert len(lab.complaints) == 3 and all("a packet could not be read" in c for c in lab.complaints)


def test_a_notice_leaves_when_it_is_withdrawn(disguised, disguise) -> None:
    lab = disguised
    disguise.notice = "The disk is full."
    disguise.tell()
    notice = lab.page.get_by_text("The disk is full.")
    notice.wait_for()
    disguise.notice = "The disk is nearly full."
    disguise.tell()
    lab.page.get_by_text("The disk is nearly full.").wait_for()
    assert notice.count() == 0
    disguise.notice = ""
    disguise.tell()
    wait_until(lambda: lab.page.locator(".gd-toast").count() == 0, "it is gone")
