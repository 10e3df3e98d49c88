"""Several games side by side: a small stage for each, their curves over one another, and one transport for all."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator

import numpy as np
import pytest
from driving import App, Lab, running_app
from playwright.sync_api import Browser
from waiting import wait_until

from gandash.figures.inks import declared

LINES = """panel => document.querySelector(`[data-panel="${panel}"] .js-plotly-plot`)
    ?.data.filter(line => line.visible).length ?? 0"""
INK = """() => [...document.querySelectorAll('.gd-cell canvas')].filter(canvas => canvas.offsetWidth).map(canvas => {
    const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
    return new Set(new Uint32Array(pixels.buffer)).size;
})"""
READINGS = """() => [...document.querySelectorAll('[data-panel="compare.jsd.0"] .gd-readouts span:not([hidden])')]
    .map(span => span.getBoundingClientRect().top)"""
LISTEN = """() => {
    const { fillText, clearRect } = CanvasRenderingContext2D.prototype;
    CanvasRenderingContext2D.prototype.clearRect = function (...box) {
        this.canvas.said = [];
        return clearRect.apply(this, box); };
    CanvasRenderingContext2D.prototype.fillText = function (words, x, y) {
        (this.canvas.said ??= []).push([words, Math.round(x), Math.round(y)]);
        return fillText.call(this, words, x, y); };
}"""
SAID = """() => ['.gd-small-chart', '.gd-stage-map'].map(kind =>
    [...document.querySelectorAll(`.gd-cell ${kind}`)].map(canvas => JSON.stringify(canvas.said ?? [])))"""
CUT_OFF = """() => [...document.querySelectorAll('.gd-cell, .gd-cell-title, .gd-cell .gd-verdict, .gd-members button')]
    .filter(node => { const { left, right, top, bottom } = node.getBoundingClientRect();
        return left < 0 || top < 0 || right > innerWidth || bottom > innerHeight || right - left < 40; })
    .map(node => node.textContent)"""


@pytest.fixture(scope="module")
def compared() -> Iterator[App]:
    with running_app("tests/browser/compared_app.py", PYTHONPATH=".") as app:
        yield app


@pytest.fixture
def lab(compared: App, browser: Browser) -> Iterator[Lab]:
    lab = Lab(browser, compared.url)
    yield lab
    lab.close()


def compare(lab: Lab, name: str, members: int) -> None:
    painted = lab.painted
    lab.page.get_by_role("button", name=name, exact=True).click()
    wait_until(lambda: lab.page.locator(".gd-cell").count() == members and lab.painted > painted, f"{name}: {members} cells")


def press_play(lab: Lab) -> None:
    """Play, or pause: by the button, for the page's own button was pressed last, and Space would press it again."""
    lab.page.locator(".gd-steering .gd-primary").click()


def panels(lab: Lab) -> list[str]:
    return lab.page.eval_on_selector_all(".gd-curve:not([hidden])", "nodes => nodes.map(node => node.dataset.panel)")


def test_members_stand_side_by_side_on_one_clock(lab) -> None:
    page = lab.page
    compare(lab, "Rates", 3)
    titles = page.locator(".gd-cell-title").all_text_contents()
    assert titles == ["lrD 1e−3", "lrD 3e−3", "lrD 0.01"]
    assert page.locator(".gd-members .gd-toggle-label").all_text_contents() == titles
    assert not page.get_by_role("button", name="Examine", exact=True).is_visible()
    assert not page.locator(".gd-theory").is_visible()
    assert not page.get_by_test_id("verdict").is_visible()  # each has its own

    painted = lab.painted
    press_play(lab)
    wait_until(lambda: lab.status == "running" and lab.step > 60 and lab.painted > painted + 5, "all play")
    press_play(lab)
    wait_until(lambda: lab.status == "paused", "all pause")
    wait_until(lambda: min(page.evaluate(INK)) > 5, "every cell is painted")
    verdicts = page.get_by_test_id("member-verdict")
    wait_until(lambda: all(verdicts.all_text_contents()), "each has a verdict")
    numbers = page.locator(".gd-cell-numbers")
    wait_until(lambda: all("JSD" in said for said in numbers.all_text_contents()), "each says its distance")
    assert page.get_by_role("region", name=re.compile("^lr_D 3e−3: ")).count() == 1

    page.locator(".gd-cell-title").nth(1).click()
    wait_until(lambda: "member 1" in page.text_content("body"), "the page is told whose title was clicked")
    assert not lab.complaints, lab.complaints


def test_one_legend_hides_and_lights_lines_in_all_curves(lab) -> None:
    page = lab.page
    compare(lab, "Rates", 3)
    press_play(lab)
    wait_until(lambda: lab.step > 60 and page.evaluate(LINES, "compare.jsd.0") == 3, "three lines are drawn")
    second = page.get_by_role("button", name="Lines of lr_D 3e−3")
    assert second.get_attribute("aria-pressed") == "true"
    second.click()
    assert second.get_attribute("aria-pressed") == "false"
    for panel in ("compare.jsd.0", "compare.loss_d.0"):
        wait_until(lambda panel=panel: page.evaluate(LINES, panel) == 2, f"{panel} is without it")
    page.get_by_role("button", name="Lines of lr_D 0.01").hover()
    wait_until(lambda: page.locator(".gd-cell[data-highlighted]").get_attribute("data-member") == "2", "its cell is marked")
    faded = "() => document.querySelector('[data-panel=\"compare.jsd.0\"] .js-plotly-plot').data.map(line => line.opacity < 1)"
    wait_until(lambda: page.evaluate(faded)[:3] == [True, True, False], "the others fade")
    second.click()
    wait_until(lambda: page.evaluate(LINES, "compare.jsd.0") == 3, "it is back")
    wait_until(lambda: "compare.learning_rate_d.0" in panels(lab), "what differs has a panel")
    assert "compare.learning_rate_g.0" not in panels(lab)
    assert not lab.complaints, lab.complaints


def test_layers_are_chosen_once_for_all(lab) -> None:
    page = lab.page
    compare(lab, "Rates", 3)
    picture = "() => [...document.querySelectorAll('.gd-small-chart')].map(canvas => canvas.toDataURL())"
    wait_until(lambda: min(page.evaluate(INK)) > 5, "every cell is painted")
    before = page.evaluate(picture)
    layer = page.locator('.gd-comparison-layers [data-layer="p_r"]')
    assert layer.count() == 1
    layer.click()
    wait_until(lambda: all(a != b for a, b in zip(page.evaluate(picture), before, strict=True)), "gone from every cell")
    layer.click()
    wait_until(lambda: page.evaluate(picture) == before, "back in every cell")


def test_who_diverges_stands_still_and_the_others_go_on(lab) -> None:
    page = lab.page
    compare(lab, "Runaway", 2)
    press_play(lab)
    wait_until(lambda: page.get_by_test_id("member-verdict").all_text_contents()[1] == "Diverged", "one diverges")
    at = lab.step
    wait_until(lambda: lab.step > at + 30, "the other goes on")
    assert lab.status == "running"
    first, second = page.locator(".gd-cell-numbers").all_text_contents()
    assert "step" not in first
    assert re.match(r"step \d", second)
    assert not lab.complaints, lab.complaints


def test_no_axis_is_shared_by_different_units(lab) -> None:
    page = lab.page
    compare(lab, "Objectives", 4)
    press_play(lab)
    wait_until(lambda: lab.step > 60 and page.evaluate(LINES, "compare.jsd.0") == 4, "the JSD of all is drawn")
    shown = panels(lab)
    assert not any("loss" in panel for panel in shown)  # four losses in four units
    wait_until(lambda: page.evaluate(LINES, "compare.mean_d.0") == 2, "D of those two in which it is a probability")
    assert "compare.mean_d.1" not in shown
    aside = page.locator('[data-panel="compare.mean_d.0"] .gd-aside')
    assert aside.text_content() == "D = ½ at equilibrium (2 of 4)"
    assert not lab.complaints, lab.complaints


def test_unlike_games_and_back_to_one_in_the_same_view(lab) -> None:
    page = lab.page
    compare(lab, "Line and plane", 3)
    press_play(lab)
    wait_until(lambda: lab.step > 40, "they play")
    wait_until(lambda: min(page.evaluate(INK)) > 5, "line, plane and phase plane are painted")
    assert page.locator(".gd-comparison-row").count() == 3
    painted = lab.painted
    page.get_by_role("button", name="One", exact=True).click()
    wait_until(lambda: page.locator(".gd-cell").count() == 0 and lab.painted > painted, "one game again")
    assert page.get_by_role("button", name="Examine", exact=True).is_visible()
    assert page.locator(".gd-theory").is_visible()
    assert not page.locator(".gd-members").is_visible()
    assert not any(panel.startswith("compare.") for panel in panels(lab))
    compare(lab, "Rates", 3)
    assert all(panel.startswith("compare.") for panel in panels(lab))
    assert not lab.complaints, lab.complaints


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080)], ids=lambda s: f"{s[0]}x{s[1]}")
def test_eight_fit_without_scrolling(lab, size) -> None:
    page = lab.page
    page.set_viewport_size({"width": size[0], "height": size[1]})
    compare(lab, "Eight", 8)
    press_play(lab)
    wait_until(lambda: lab.step > 40, "they play")
    wait_until(lambda: min(page.evaluate(INK)) > 5, "every cell is painted")
    wait_until(lambda: page.evaluate(CUT_OFF) == [], "nothing is cut off")
    wait_until(lambda: len(page.evaluate(READINGS)) == 8, "eight readings")
    tops = sorted(page.evaluate(READINGS))
    assert min(b - a for a, b in itertools.pairwise(tops)) >= 10  # px: no two lie on each other
    assert not lab.complaints, lab.complaints


# Of one who lacks the long, middle or short cones, on linear RGB: Machado, Oliveira and Fernandes 2009, severity 1
LACKING = {
    "none": np.eye(3),
    "long": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "middle": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "short": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
LEAST = {"none": 0.15, "long": 0.12, "middle": 0.12, "short": 0.07}  # Oklab; the step from #000 to #fff is 1


@pytest.mark.parametrize("scheme, page", [("light", "#FFFFFF"), ("dark", "#0F141B")])
def test_members_are_told_apart_by_colour(scheme: str, page: str) -> None:
    members = declared()["members"][scheme]
    inks = [declared()[scheme][ink] for ink in ("real", "generated", "discriminator")]
    assert (len(members), len(inks)) == (8, 3)
    light = np.array([0.2126, 0.7152, 0.0722])
    for member in members:
        a, b = sorted([light @ linear(member), light @ linear(page)])
        assert (b + 0.05) / (a + 0.05) >= 3, f"{member} is too faint"  # WCAG 2.2, 1.4.11
    for one, other in [*itertools.combinations(members, 2), *itertools.product(members, inks)]:
        who = LACKING if {one, other} <= set(members) else {"none"}
        for lacks in who:
            distance = np.linalg.norm(oklab(LACKING[lacks] @ linear(one)) - oklab(LACKING[lacks] @ linear(other)))
            assert distance >= LEAST[lacks], f"{one} and {other} look alike without {lacks} cones: {distance:.3f}"


def linear(colour: str) -> np.ndarray:
    """Linear RGB, 0 to 1, of #rrggbb (IEC 61966-2-1)."""
    c = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def oklab(rgb: np.ndarray) -> np.ndarray:
    """Ottosson 2020, https://bottosson.github.io/posts/oklab."""
    to_cones = [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
    to_lab = [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
    return np.array(to_lab) @ np.cbrt(np.array(to_cones) @ np.clip(rgb, 0, 1))


def test_the_page_begins_a_comparison_follows_a_click_and_ends_it(app: App, browser: Browser) -> None:
    lab = Lab(browser, app.url)
    page = lab.page
    page.get_by_text("several games side by side").click()
    page.get_by_role("textbox", name="Values, one for each game").fill("1e-3, 4e-3, 1.6e-2")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="↻ Compare").click()
    wait_until(lambda: page.locator(".gd-cell").count() == 3 and lab.status == "paused", "three games")
    press_play(lab)
    wait_until(lambda: lab.step > 60, "they play")
    assert {cell.get_attribute("aria-label") for cell in page.locator(".gd-cell").all()} and "NaN" not in page.inner_text(
        "body"
    )
    page.locator(".gd-cell-title").nth(1).click()
    alone = page.get_by_role("button", name=re.compile("Play .* alone"))
    alone.wait_for()
    assert "0.004" in alone.inner_text() or "4e-3" in alone.inner_text()
    alone.click()
    wait_until(lambda: page.locator(".gd-cell").count() == 0 and lab.painted > 0, "one game again")
    assert not lab.complaints
    lab.close()


def test_compared_stages_share_one_scale_and_show_it(lab) -> None:
    page = lab.page
    page.evaluate(LISTEN)
    compare(lab, "Widths", 3)
    press_play(lab)
    wait_until(lambda: lab.step > 60, "they play")
    press_play(lab)
    wait_until(lambda: lab.status == "paused", "they pause")

    def agree() -> bool:
        axes, windows = page.evaluate(SAID)
        return len(axes) == 3 and axes[0] != "[]" != windows[0] and len({*axes}) == len({*windows}) == 1

    wait_until(agree, "the numbers at all axes, and their places, are the same")
    numbers = [(float(words.replace("\u2212", "-")), x) for words, x, _ in json.loads(page.evaluate(SAID)[0][0])]
    left = [value for value, x in numbers if x < 40]
    assert max(left) > 0 and len(left) > 1, "the density has its numbers"
    assert len(numbers) - len(left) > 1, "so has the critic"


def test_an_axis_has_two_numbers_at_least(lab) -> None:
    ticks = """async ranges => {
      const { niceTicks } = await import(new URL("gandash/assets/live/axes.js", location.href));
      return ranges.map(([low, high, count]) => niceTicks([low, high], count));
    }"""
    ranges = [(-0.9, 0.8, 2), (0.1, 3.1, 1), (-4.9, 4.9, 1), (0, 1, 3), (11.1, 11.9, 0.7), (-1e-7, 1.3e-7, 1.5)]
    for (low, high, _), found in zip(ranges, lab.page.evaluate(ticks, ranges), strict=True):
        assert 2 <= len(found) <= 5 and all(low <= value <= high for value in found), (low, high, found)


def test_planes_side_by_side_zoom_together(lab) -> None:
    page = lab.page
    compare(lab, "Planes", 2)
    planes = page.locator(".gd-cell .gd-plane")
    wait_until(lambda: planes.count() == 2, "two planes")
    box = planes.nth(1).bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.wheel(0, -300)
    wait_until(lambda: all(planes.nth(i).get_attribute("data-zoomed") is not None for i in (0, 1)), "both are zoomed")
    planes.nth(1).dblclick()
    wait_until(lambda: all(planes.nth(i).get_attribute("data-zoomed") is None for i in (0, 1)), "both are whole again")
    assert not lab.complaints, lab.complaints
