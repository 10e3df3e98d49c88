"""What is said of one number in several places is one number: in the legends, in the line of theory, in the spoken sentence."""

from __future__ import annotations

import math
import random
import re

import pytest
from driving import Lab, wait_until

ENDS = """panel => {
    const node = document.querySelector(`[data-panel="${panel}"]`);
    const said = [...node.querySelectorAll('.gd-toggle .gd-value')].filter(value => value.offsetWidth);
    return node.querySelector('.js-plotly-plot').data.filter(line => line.visible && line.hoverinfo !== 'skip')
        .map((line, i) => [line.x.at(-1), line.y.at(-1), said[i].textContent]);
}"""
DEFAULT = "Two modes: D goes to 1/2"


def in_plain(text: str | None) -> str:
    return (text or "").replace("−", "-").replace(",", "")


def number(text: str) -> float:
    return float(in_plain(text))


def legend(lab: Lab, panel: str) -> list[float]:
    """The numbers in a panel's legend."""
    lab.page.locator(f'[data-panel="{panel}"]').scroll_into_view_if_needed()
    values = lab.page.locator(f'[data-panel="{panel}"] .gd-toggle:visible .gd-value')
    wait_until(lambda: all(text.strip() for text in values.all_inner_texts()), f"the numbers of {panel} are there")
    return [number(text) for text in values.all_inner_texts()]


def lines_end_at_the_legend(lab: Lab, panel: str, least: int) -> bool:
    """Whether the lines of a panel end at this step, at the numbers of the legend. What is not known, as a KL is where no
    sample lies near any mode, has neither."""
    known = [end for end in lab.page.evaluate(ENDS, panel) if end[2] != "–"]
    return len(known) >= least and all(
        step == lab.step and number(said) == pytest.approx(value, rel=5e-3 if value >= 0.1 else 0.05)  # of two digits
        for step, value, said in known
    )


@pytest.mark.parametrize("title", [DEFAULT, "Ring of 8"])
def test_numbers_agree_wherever_one_pauses(lab: Lab, title: str) -> None:
    if title != DEFAULT:
        lab.choose(title)
    for stop in sorted(random.sample(range(5, 400), 2)):
        before = lab.step  # perhaps beyond this stop already: then a pause would be seen that is still the last one
        lab.press("Space")
        wait_until(lambda stop=stop, before=before: lab.step >= max(stop, before + 1), f"{stop} steps are played")
        lab.press("Space")
        wait_until(lambda: lab.status == "paused", "it pauses")
        lab.await_rest()
        theory = lab.page.locator(".gd-theory").inner_text()
        value = number(lab.page.locator(".gd-theory .gd-formula:visible b").inner_text())
        terms = re.search(r"= ([−\d.]+) ([−+]) ([\d.]+) =", theory)
        assert terms, theory
        assert number(terms[1]) + (1 if terms[2] == "+" else -1) * number(terms[3]) == pytest.approx(value, abs=2e-3)
        jsd = number((re.search(r"JSD ([\d.e−]+)", theory) or [])[1])
        # Panels are drawn anew a few times a second, one after the other
        wait_until(lambda value=value: legend(lab, "value")[0] == value, f"V of the legend is that of {theory}")
        wait_until(
            lambda value=value: legend(lab, "losses")[0] == -value, "D's loss is minus that, for labels are not smoothed"
        )
        # The picture before may have been of this very step too, with V as it is and the JSD as it was read last
        best = pytest.approx(2 * jsd - math.log(4), abs=1.1e-3)
        wait_until(lambda best=best: legend(lab, "value")[1] == best, f"the best V of the legend is that of {theory}")
        real, fake = legend(lab, "mean_d")
        assert math.log(real) >= number(terms[1]) - 2e-3, "the logarithm of a mean is no less than the mean of logarithms"
        assert 0 < fake < 1
        sliced = ["sliced W"] if title == "Ring of 8" else []
        panel = lab.page.locator('[data-panel="divergence"]')
        panel.scroll_into_view_if_needed()  # it is named once it is in sight
        wait_until(lambda panel=panel: "KL of modes" in (panel.text_content() or ""), "what KL it is is said")
        names = panel.text_content() or ""
        assert [name for name in ("JSD", "KL of modes", "sliced W") if name in names] == ["JSD", "KL of modes", *sliced], names
        for curves, least in (("divergence", 2), ("slope", 2)):
            legend(lab, curves)  # it is in sight
            wait_until(
                lambda curves=curves, least=least: lines_end_at_the_legend(lab, curves, least),
                f"the lines of {curves} end there",
            )
        assert ("sliced" in (lab.page.locator(".gd-theory").text_content() or "")) == bool(sliced)
        if title == "Ring of 8":
            said = lab.page.locator(".gd-stage-plane .gd-unseen")
            wait_until(lambda said=said: f"tep {lab.step}" in in_plain(said.text_content()), "the last step is spoken")
            spoken = re.search(r"JSD\D*([\d.]+)", in_plain(said.text_content()))
            assert spoken, said.text_content()
            assert number(spoken[1]) == pytest.approx(jsd, abs=6e-4), said.text_content()
    assert not lab.complaints, lab.complaints
