"""The page of recorded runs in a browser, beside a lab whose run goes on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from driving import App, Lab, running_app
from playwright.sync_api import Browser, Page, expect
from store.writing_runs import with_a_frame
from waiting import wait_until

ROW_PX = 35  # of the table, which is a canvas
NAME = "<b>Evening</b> *1* $x$ :red[!] 模式"


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[App, Path]]:
    """An app that records, with two runs of `train` that are there already."""
    home = tmp_path_factory.mktemp("home")
    for n, title in enumerate(("Lecture", "Evening"), 1):
        with_a_frame(home, f"run-{n}", title=title, created=f"2026-01-0{n}T00:00:00+00:00")
    with running_app(GANDASH_RECORD="1", GANDASH_HOME=str(home)) as app:
        yield app, home


@pytest.fixture
def runs(recording: tuple[App, Path], browser: Browser) -> Iterator[Lab]:
    lab = Lab(browser, recording[0].url)
    yield lab
    # A page with a name is looked for by Streamlit (1.67) below its own address first
    assert [said for said in lab.complaints if "404 (Not Found)" not in said] == []
    lab.close()


def to_runs(page: Page) -> None:
    page.get_by_role("link", name="Runs", exact=True).click()
    page.wait_for_selector('[data-testid="stDataFrame"] canvas')


def names(page: Page) -> list[str]:
    """What the table says, which it keeps as a plain one beside its canvas for who cannot see that."""
    cells = page.locator('[data-testid="stDataFrame"] [role="gridcell"][aria-colindex="1"]')
    return [text or "" for text in cells.all_text_contents()]


def choose(page: Page, name: str) -> None:
    """The box in the row of this run."""
    wait_until(lambda: name in names(page), f"{name} is in the table")
    row = names(page).index(name)
    place = page.locator('[data-testid="stDataFrame"]').bounding_box()
    assert place is not None
    page.mouse.click(place["x"] + 17, place["y"] + ROW_PX * (row + 1) + ROW_PX / 2)
    expect(page.get_by_role("button", name="Delete")).to_be_enabled()


def test_to_the_runs_and_back_the_run_plays_on(runs: Lab, recording: tuple[App, Path]) -> None:
    page = runs.page
    runs.press(" ")
    wait_until(lambda: runs.step > 20, "it plays")
    to_runs(page)
    line = page.get_by_test_id("elsewhere")
    expect(line).to_have_attribute("data-status", "running")
    left = int(line.get_attribute("data-step") or 0)
    # Longer than a run goes on that nobody looks at (5 s); at 300 steps a second
    wait_until(lambda: int(line.get_attribute("data-step") or 0) > left + 2000, "it goes on")
    page.reload()
    expect(line).to_have_attribute("data-status", "running")
    page.get_by_role("link", name="Lab", exact=True).click()
    runs.await_picture()
    assert runs.status == "running" and runs.step > left + 2000
    page.go_back()
    page.wait_for_selector('[data-testid="stDataFrame"] canvas')
    page.go_forward()
    runs.await_picture()
    assert runs.status == "running"
    assert len(recording[0].workers()) <= 2  # its own and the spare


def test_a_run_is_found_renamed_removed_and_had_again(runs: Lab, recording: tuple[App, Path]) -> None:
    page, folder = runs.page, recording[1] / "runs"
    to_runs(page)
    page.get_by_label("Find").fill("even")
    page.get_by_label("Find").press("Enter")
    wait_until(lambda: names(page) == ["Evening"], "one is found")
    choose(page, "Evening")
    page.get_by_role("button", name="Rename").click()
    page.get_by_role("dialog").get_by_label("Name").fill(NAME)
    page.get_by_role("dialog").get_by_role("button", name="Rename").click()
    wait_until(lambda: names(page) == [NAME], "it has its new name")
    assert page.get_attribute('[data-testid="stMain"] a.gd-link', "href") == "gandash/runs/run-2.zip"
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert os.path.getsize(download.value.path()) > 1000
    expect(page.locator(".js-plotly-plot .legendtext")).to_have_text(NAME)
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text(f"Removed: {NAME}")).to_be_visible()
    assert not (folder / "run-2").exists()
    page.get_by_role("button", name="Undo").first.click()
    wait_until(lambda: names(page) == [NAME], "it is there again")
    assert (folder / "run-2").is_dir()


def test_a_run_is_opened_as_it_was_and_the_lab_plays_on(runs: Lab) -> None:
    page = runs.page
    runs.press(" ")
    wait_until(lambda: runs.step > 300, "it plays, and pictures of it are kept")
    to_runs(page)
    wait_until(
        lambda: "● recording" in page.locator('[data-testid="stDataFrame"] [role="gridcell"]').all_text_contents(),
        "it is there",
    )
    choose(page, names(page)[0])
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("it is being recorded at this moment")).to_be_visible()
    page.get_by_role("link", name="Open", exact=True).click()
    page.wait_for_selector('[data-testid="live-view"][data-status="growing"]')
    wait_until(lambda: runs.painted > 0, "its last picture is drawn")
    opened = runs.step
    assert opened > 0 and page.get_by_role("button", name="Play", exact=True).count() == 0
    expect(page.get_by_test_id("elsewhere")).to_have_attribute("data-status", "running")
    page.get_by_role("slider", name="Time").press("Home")
    wait_until(lambda: int(runs.attribute("shown") or opened) < opened, "an earlier picture is drawn")
    page.get_by_role("link", name="Lab", exact=True).click()
    wait_until(lambda: runs.status == "running" and runs.step > opened, "the lab plays on")


def test_a_run_of_the_list_branches_where_one_looks(runs: Lab) -> None:
    page = runs.page
    runs.press(" ")
    wait_until(lambda: runs.step > 300, "it plays, and pictures of it are kept")
    runs.press(" ")
    to_runs(page)
    wait_until(lambda: len(names(page)) > 2, "it is there, beside those of train")
    choose(page, names(page)[0])
    page.get_by_role("link", name="Open", exact=True).click()
    page.wait_for_selector('[data-testid="live-view"][data-status="growing"]')
    wait_until(lambda: runs.painted > 0, "its last picture is drawn")
    page.get_by_role("slider", name="Time").press("Home")
    wait_until(lambda: int(runs.attribute("shown") or runs.step) < runs.step, "an earlier picture is drawn")
    step = int(runs.attribute("shown"))
    page.get_by_role("button", name="Branch here").click()
    wait_until(lambda: runs.status == "paused" and runs.step == step, "the branch stands there, in the lab")
    page.get_by_text("A branch from step").wait_for()
    runs.press(" ")
    wait_until(lambda: runs.step > step + 20, "and plays")


def test_a_run_comes_in_as_it_went_out(runs: Lab, recording: tuple[App, Path], tmp_path: Path) -> None:
    page = runs.page
    to_runs(page)
    page.locator(".st-key-group-import summary").click()
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"PK no zip")
    page.locator('.st-key-group-import input[type="file"]').first.set_input_files(broken)
    expect(page.get_by_text("broken.zip is not taken in: it is no zip")).to_be_visible()
    choose(page, "Lecture")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    download.value.save_as(tmp_path / "lecture.zip")
    before = len(list((recording[1] / "runs").iterdir()))
    page.locator('.st-key-group-import input[type="file"]').first.set_input_files(tmp_path / "lecture.zip")
    expect(page.get_by_text("The run is among yours now.")).to_be_visible()
    assert len(list((recording[1] / "runs").iterdir())) == before + 1
