"""What is measured of a game of pictures, as it is read on the page: curves, the line of theory, examinations, comparison."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

import pytest
from driving import App, Lab, running_app
from playwright.sync_api import Browser
from waiting import wait_until

SHOWN = """nodes => nodes.map(node => [node.dataset.panel, node.getBoundingClientRect()])
    .sort(([, a], [, b]) => a.x - b.x || a.y - b.y).map(([name]) => name)"""
OF_PICTURES = ["losses", "mean_d", "frechet", "coverage", "precision", "value", "gradients", "learning_rates"]
FOLDED = ["update_cosine", "slope"]


@pytest.fixture(scope="module")
def pictures() -> Iterator[App]:
    with running_app("tests/browser/pictures_app.py", PYTHONPATH=".") as app:
        yield app


@pytest.fixture
def lab(pictures: App, browser: Browser) -> Iterator[Lab]:
    lab = Lab(browser, pictures.url)
    yield lab
    assert not lab.complaints, lab.complaints
    lab.close()


def begin(lab: Lab, name: str) -> None:
    lab.begin(lab.page.get_by_role("button", name=name, exact=True).click, name)


def play(lab: Lab, steps: int) -> None:
    main = lab.page.locator(".gd-steering .gd-primary")
    main.click()
    wait_until(lambda: lab.step > steps, "it plays")
    main.click()
    wait_until(lambda: lab.status == "paused", "it pauses")


def panels(lab: Lab) -> list[str]:
    """Those on show, in the order in which they stand: down one column, then the next."""
    return lab.page.eval_on_selector_all(".gd-curve:not([hidden])", SHOWN)


def spoken(lab: Lab) -> str:
    """What assistive technology is told of the curves on show."""
    named = lab.page.locator(".gd-curve:not([hidden]) :is([aria-label], button)")
    return named.evaluate_all("nodes => nodes.map(node => node.getAttribute('aria-label') ?? node.textContent).join()")


def test_the_panels_are_those_of_pictures_and_say_nothing_of_points(lab: Lab) -> None:
    page = lab.page
    play(lab, 20)
    assert panels(lab) == OF_PICTURES + FOLDED  # one column
    captured = page.locator('[data-panel="coverage"]')
    wait_until(lambda: re.search(r"digits\s*\d+ of 10", captured.inner_text()), "digits are counted")
    value = page.locator('[data-panel="value"] .gd-toggle')
    page.locator('[data-panel="value"]').scroll_into_view_if_needed()
    wait_until(lambda: [one.is_visible() for one in value.all()] == [True, False], "there is no line of the JSD")
    page.locator('[data-panel="precision"]').scroll_into_view_if_needed()  # a panel is filled once it is in sight
    wait_until(lambda: "Naeem" in spoken(lab), "whose coverage it is is said")
    assert "standard deviations" not in spoken(lab) and "JSD" not in page.locator(".gd-theory").inner_text()
    begin(lab, "Critic")
    assert "value" not in panels(lab) and not page.locator('[data-panel="divergence"]').is_visible()
    begin(lab, "Bars")
    wait_until(lambda: re.search(r"cells\s*\d+ of 10", captured.inner_text()), "cells are counted")


@pytest.mark.parametrize("game", ["Digits", "Critic"])
def test_on_a_wide_page_all_but_the_folded_are_in_sight(lab: Lab, game: str) -> None:
    page = lab.page
    page.set_viewport_size({"width": 1920, "height": 1080})
    begin(lab, game)
    boxes = {
        name: page.locator(f'[data-panel="{name}"]').bounding_box()
        for name in OF_PICTURES
        if name != "value" or game != "Critic"
    }
    more = page.locator(".gd-more").bounding_box()
    assert more and all(boxes.values())
    columns: dict[float, list[str]] = {}
    for name, box in boxes.items():
        assert box and box["y"] + box["height"] <= more["y"] + 1, name
        columns.setdefault(box["x"], []).append(name)
    assert [len(names) for names in columns.values()] == [4, len(boxes) - 4]
    for names in columns.values():  # one beneath the other, without a hole
        stacked = [boxes[name] for name in names]
        for above, below in itertools.pairwise(stacked):
            assert above and below and 0 <= below["y"] - above["y"] - above["height"] < 10
    assert page.locator(".gd-more button:visible").all_inner_texts() == ["Update cosine", "Slope of D"]


def test_the_line_of_theory_reads_features_and_kinds(lab: Lab) -> None:
    page = lab.page
    play(lab, 5)
    theory = page.locator(".gd-theory")
    wait_until(
        lambda: re.search(
            r"Fréchet\s*\d\S*\s*\(real 0\.0\d+\)\s*digits\s*\d+ of 10\s*precision\s*[01]\.\d\d\s*recall\s*[01]\.\d\d",
            theory.inner_text(),
        ),
        "all four are read",
    )
    assert not re.search(r"JSD|W1|D\*", theory.inner_text())
    theory.get_by_text("Fréchet").hover()
    wait_until(lambda: "in 95 % of cases" in page.get_by_role("tooltip").inner_text(), "its level is told")


def test_examined_pictures_are_counted_and_bounded_from_below(lab: Lab) -> None:
    page = lab.page
    play(lab, 5)
    page.get_by_role("button", name="Examine", exact=True).click()
    drawer = page.get_by_test_id("examine")
    for what in ("best_response", "samples"):
        section = drawer.locator(f'[data-what="{what}"]')
        section.get_by_role("button", name=re.compile("Compute")).click()
        wait_until(lambda s=section: s.get_attribute("data-done") == "true", f"{what} is done")
    said = drawer.inner_text()
    assert re.search(r"JSD at least\s*0\.\d{4}", said) and "no bound from above" in said and "share reached" not in said
    assert drawer.locator(".gd-mode > span:first-child").all_inner_texts() == [*map(str, range(10)), "elsewhere"]


def test_pictures_side_by_side_share_an_axis_only_where_their_law_is_the_same(lab: Lab) -> None:
    page = lab.page
    painted = lab.painted
    page.get_by_role("button", name="Two", exact=True).click()
    wait_until(lambda: page.locator(".gd-cell").count() == 2 and lab.painted > painted, "two games")
    play(lab, 5)
    numbers = page.locator(".gd-cell-numbers")
    wait_until(lambda: all(said.startswith("Fréchet ") for said in numbers.all_inner_texts()), "each says its distance")
    shown = panels(lab)
    assert "compare.loss_d.0" in shown
    assert not {"compare.frechet.0", "compare.jsd.0", "compare.coverage.0", "compare.wasserstein.0"} & set(shown)
