"""What is chosen is what is played, in the browser: soon after an upload, and after a reload."""

from __future__ import annotations

import io

import numpy as np
from driving import Lab
from waiting import wait_until


def chosen(lab: Lab, label: str) -> str:
    return lab.page.get_by_role("combobox", name=label).first.input_value()


def test_a_side_chosen_right_after_an_upload_is_played_and_still_shown_and_changed_after_a_reload(lab: Lab) -> None:
    page = lab.page
    data = page.locator("summary", has_text="Data").first
    data.click()
    lab.select("Data", "uploaded pictures")
    wait_until(lambda: "32 pictures 16 × 16" in data.inner_text(), "the made-up pictures are played")

    stream = io.BytesIO()
    np.save(stream, np.random.default_rng(0).integers(0, 256, (600, 28, 28), dtype=np.uint8))
    light = {"name": "light.npy", "mimeType": "application/octet-stream", "buffer": stream.getvalue()}
    page.locator("input[type=file]").first.set_input_files([light])  # type: ignore[list-item]
    lab.select("Side", "28 × 28 pixels")  # while the files are read: their game's first frame runs the page again
    wait_until(lambda: "600 pictures 28 × 28" in data.inner_text(), "the side is played")
    assert chosen(lab, "Side") == "28 × 28 pixels"

    page.reload()
    lab.await_picture()
    data.click()
    wait_until(lambda: "600 pictures 28 × 28" in data.inner_text(), "the reload finds the run")
    assert chosen(lab, "Side") == "28 × 28 pixels" and chosen(lab, "Colour") == "grey"
    lab.select("Side", "32 × 32 pixels")  # the browser no longer has the file
    wait_until(lambda: "600 pictures 32 × 32" in data.inner_text(), "another side is played")
    assert page.get_by_test_id("stAlert").count() == 0
