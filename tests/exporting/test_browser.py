"""Without a browser that can draw: one sentence, which names what is missing."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from click.testing import CliRunner
from store.writing_runs import manifest, rows, written

from gandash.cli import cli
from gandash.exporting import browser
from gandash.exporting.registry import NoSuchExport, export, find
from gandash.store.format import BrokenRun
from gandash.store.reading import StoredRun
from gandash.store.writing import RunWriter


@pytest.fixture
def run(tmp_path: Path) -> StoredRun:
    written(tmp_path / "run").close()
    return StoredRun(tmp_path / "run")


def test_no_browser_is_a_sentence(run: StoredRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv(browser.VARIABLE, raising=False)
    with pytest.raises(browser.NoBrowser, match=r"no Chromium or Chrome was found.*GANDASH_BROWSER.*replay\.html"):
        export(run, "stage.png")
    monkeypatch.setenv(browser.VARIABLE, "netscape")
    out = tmp_path / "stage.png"
    called = CliRunner().invoke(cli, ["export", str(run.directory), "--what", "stage.png", "--out", str(out)])
    assert called.exit_code == 2 and "GANDASH_BROWSER names 'netscape'" in called.output and not out.exists()


def test_what_is_no_browser_is_a_sentence(run: StoredRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "chromium"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv(browser.VARIABLE, str(program))
    with pytest.raises(browser.NoBrowser, match=r"the browser (has gone|ended before)"):
        export(run, "losses.svg")


def test_a_run_without_pictures_cannot_be_drawn(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path / "run", manifest())
    writer.rows(rows(1, 10))
    writer.close()
    with pytest.raises(BrokenRun, match="has no recorded pictures"):
        export(StoredRun(tmp_path / "run"), "stage.svg")


@pytest.mark.parametrize("what", ["stage.jpg", "../etc.png", "Losses.png", "stage.sgv"])
def test_what_cannot_be_drawn_is_refused_by_name(what: str) -> None:
    with pytest.raises(NoSuchExport, match="there is no export"):
        find(what)
