"""What a setting comes to at this step stands beside the setting."""

from __future__ import annotations

import re

from driving import Lab
from waiting import wait_until


def beside(lab: Lab, path: str) -> str:
    """What stands beside this setting; "" where nothing does, or the setting is folded away."""
    found = lab.page.evaluate(
        "path => { const place = document.querySelector(`.gd-in-force[data-setting='${path}']`);"
        " return place ? getComputedStyle(place, '::after').content : ''; }",
        path,
    )
    return str(found).strip('"').removeprefix("none").removeprefix("normal")


def test_the_norms_of_d_stand_beside_spectral_normalisation(lab: Lab) -> None:
    lab.page.locator('[data-testid="stSidebar"] summary', has_text="Regulariser").click()
    lab.begin(lambda: lab.select("Spectral normalisation", "on"), "another game")
    for _ in range(2):
        step = lab.step
        lab.press("Space")
        wait_until(lambda step=step: lab.step > step + 30, "it plays")
        lab.press("Space")
        wait_until(lambda: lab.status == "paused", "it pauses")
        lab.await_rest()
        wait_until(lambda: f"(step {lab.step})" in beside(lab, "regulariser.spectral"), "the norms of the last step are there")
        said = re.fullmatch(r"now norms up to ([\d.]+); product ([\d.]+) \(step \d+\)", beside(lab, "regulariser.spectral"))
        assert said, beside(lab, "regulariser.spectral")
        assert 0.999 <= float(said[1]) <= float(said[2]) * 1.001
    assert not lab.complaints, lab.complaints
