"""A run that is removed can be had again for a day, and no writer loses its folder."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from store.writing_runs import written

from gandash.store import index, removing, retention
from gandash.store.format import BrokenRun, Busy
from gandash.store.reading import StoredRun
from gandash.store.writing import RunWriter


def run(home: Path, name: str = "run-1", **given: object) -> Path:
    directory = home / "runs" / name
    written(directory, id=name, **given).close()
    return directory


def test_what_is_removed_comes_back_as_it_was(tmp_path: Path) -> None:
    directory = run(tmp_path)
    before, files = index.runs(tmp_path), sorted(directory.rglob("*"))
    gone = removing.remove(directory)
    assert not directory.exists() and index.runs(tmp_path) == []
    assert removing.removed(tmp_path) == [gone]
    assert removing.undo(gone) == directory
    assert index.runs(tmp_path) == before and sorted(directory.rglob("*")) == files
    assert removing.removed(tmp_path) == []
    assert StoredRun(directory).metrics().recent.steps[-1] == 300


def test_a_run_that_is_being_recorded_stays(tmp_path: Path) -> None:
    directory = run(tmp_path)
    writer = RunWriter.going_on(directory, 300, [1])
    with pytest.raises(Busy, match="is being recorded"):
        removing.remove(directory)
    assert directory.is_dir() and removing.removed(tmp_path) == []
    writer.close()
    removing.remove(directory)
    assert not directory.exists()


def test_after_a_day_it_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = removing.remove(run(tmp_path, "old")), removing.remove(run(tmp_path, "new"))
    aged = old.folder.with_name(f"{int((old.when - removing.KEPT_SECONDS) * 1e3)}~old")
    old.folder.rename(aged)
    (tmp_path / removing.REMOVED / "notes").mkdir()
    removing.tidy(tmp_path)
    assert removing.removed(tmp_path) == [new] and not aged.exists()
    with pytest.raises(BrokenRun, match="gone for good"):
        removing.undo(old)


def test_another_run_in_its_place_is_not_touched(tmp_path: Path) -> None:
    gone = removing.remove(run(tmp_path, title="First"))
    other = run(tmp_path, title="Second")
    with pytest.raises(BrokenRun, match="again"):
        removing.undo(gone)
    assert StoredRun(other).manifest.title == "Second" and removing.removed(tmp_path) == [gone]


def test_a_folder_that_cannot_be_read_can_be_removed(tmp_path: Path) -> None:
    directory = tmp_path / "runs" / "broken"
    directory.mkdir(parents=True)
    (directory / "manifest.json").write_text("{}", encoding="utf-8")
    assert removing.undo(removing.remove(directory)) == directory


def test_what_was_removed_makes_room_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = (removing.remove(run(tmp_path, name)) for name in ("a", "b"))
    run(tmp_path, "c", owner="visitor")
    size = index.runs(tmp_path)[0].size
    monkeypatch.setenv("GANDASH_STORE_GB", str(size * 2.5 / 1e9))
    assert retention.make_room(tmp_path) == []
    assert [each.id for each in removing.removed(tmp_path)] == ["b"] and not first.folder.exists()
    monkeypatch.setenv("GANDASH_STORE_GB", str(size * 1.5 / 1e9))
    assert retention.make_room(tmp_path) == [] and removing.removed(tmp_path) == []
    assert not second.folder.exists() and [entry.id for entry in index.runs(tmp_path)] == ["c"]


def test_what_was_never_finished_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / removing.ARRIVING / "half").mkdir(parents=True)
    removing.tidy(tmp_path)
    assert (tmp_path / removing.ARRIVING / "half").is_dir()
    monkeypatch.setattr(removing, "UNFINISHED_SECONDS", -1.0)
    removing.tidy(tmp_path)
    assert not (tmp_path / removing.ARRIVING / "half").exists()
    shutil.rmtree(tmp_path / removing.ARRIVING)
    removing.tidy(tmp_path)
