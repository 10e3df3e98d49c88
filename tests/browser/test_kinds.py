"""Every kind of data that the server can name is drawn and goes on; what one part cannot draw does not stop the others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browser.kinds import COUNTED, GAMES
from driving import App, Lab, running_app
from playwright.sync_api import Browser
from waiting import wait_until


@pytest.fixture(scope="module")
def kinds() -> Iterator[App]:
    with running_app("tests/browser/kinds_app.py", PYTHONPATH=".:tests") as app:
        yield app


@pytest.fixture(scope="module")
def lab(kinds: App, browser: Browser) -> Iterator[Lab]:
    lab = Lab(browser, kinds.url)
    yield lab
    lab.close()


def play(lab: Lab, name: str) -> None:
    """Have another game begun, and its first frames drawn."""
    lab.complaints.clear()
    lab.page.get_by_test_id("stSidebar").get_by_role("button", name=name, exact=True).click()
    view = lab.page.get_by_test_id("live-view")
    wait_until(lambda: view.get_attribute("aria-label") == name and lab.status == "running", f"{name} plays")
    painted = lab.painted
    wait_until(lambda: lab.painted > painted + 3, f"{name} is drawn")


def advances(lab: Lab, name: str) -> None:
    step, painted = lab.step, lab.painted
    wait_until(lambda: lab.step > step and lab.painted > painted + 2, f"{name} goes on")


@pytest.mark.parametrize("name", GAMES)
def test_every_kind_of_data_goes_on_before_ones_eyes(lab: Lab, name: str) -> None:
    play(lab, name)
    advances(lab, name)
    captured = lab.page.locator('[data-panel="coverage"]:not([hidden])')
    if name in COUNTED:
        wait_until(lambda: COUNTED[name] in captured.inner_text(), f"the curves say {COUNTED[name]}")
    says_bound = name == "samples_2d"  # rows have no density
    theory = lab.page.locator(".gd-theory")
    wait_until(lambda: ("JSD ≥" in theory.inner_text()) == says_bound, "the JSD is called what it is")
    assert not lab.complaints, lab.complaints


CURVE_THAT_FAILS = """() => {
    const react = Plotly.react;
    window.refused = 0;
    Plotly.react = (node, ...rest) => {
        if (node.closest?.('[data-panel="losses"]')) { window.refused++; throw new Error('no ink left'); }
        return react(node, ...rest);
    };
}"""


def test_a_curve_that_fails_is_said_once_and_stops_nothing_else(lab: Lab) -> None:
    play(lab, "gaussian")
    lab.page.evaluate(CURVE_THAT_FAILS)
    wait_until(lambda: lab.page.evaluate("window.refused") > 3, "the curve is tried again and again")
    advances(lab, "gaussian")
    at = lab.page.evaluate("document.querySelector('[data-panel=mean_d] .js-plotly-plot').data.at(-1).x.at(-1)")
    wait_until(
        lambda: lab.page.evaluate("document.querySelector('[data-panel=mean_d] .js-plotly-plot').data.at(-1).x.at(-1)") > at,
        "other curves go on",
        120,
    )
    assert len(lab.complaints) == 1 and "the curve losses failed" in lab.complaints[0], lab.complaints
    lab.page.reload()  # what was put in the page goes
