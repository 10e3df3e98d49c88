"""All runs at a glance: the list is true whatever became of the file it is remembered in."""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path

import pytest
from store.writing_runs import manifest, rows, written

from gandash.store import index, places, retention
from gandash.store.format import EVENTS, MANIFEST, BrokenRun, CannotRecord
from gandash.store.reading import StoredRun
from gandash.store.writing import RunWriter, rename
from gandash.wire.browser import Verdict, VerdictKind
from gandash.words import say, speak, t


def run(home: Path, n: int, owner: str = "", **given: object) -> Path:
    directory = home / "runs" / f"run-{n}"
    created = f"2026-01-{n:02d}T00:00:00+00:00"
    written(directory, id=f"run-{n}", created=created, owner=owner, **given).close()
    return directory


def test_runs_are_listed_the_newest_first(tmp_path: Path) -> None:
    run(tmp_path, 1)
    second = run(tmp_path, 2, title="Branch", parent={"run": "run-1", "step": 200})
    (tmp_path / "runs" / "notes").mkdir()
    (tmp_path / "runs" / "link").symlink_to(second)
    (tmp_path / "runs" / "broken").mkdir()
    (tmp_path / "runs" / "broken" / MANIFEST).write_text("{}", encoding="utf-8")
    newest, oldest, broken = index.runs(tmp_path)
    assert (newest.id, newest.title, newest.steps, newest.parent, newest.parent_step) == ("run-2", "Branch", 300, "run-1", 200)
    assert (oldest.id, oldest.preset, oldest.games, oldest.named, oldest.problem) == ("run-1", "two-modes", 1, False, "")
    assert oldest.verdict.id == broken.verdict.id == "" and broken.problem.id == "{file}: {problem}"
    assert oldest.size == StoredRun(tmp_path / "runs" / "run-1").size
    assert (oldest.jsd, oldest.wasserstein, oldest.frechet) == (300.0, None, None)  # step 300 is the last that was measured
    assert broken.id == "broken" and "manifest.json" in broken.problem
    with sqlite3.connect(tmp_path / index.FILE) as file:
        assert file.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    file.close()


def test_the_verdict_is_remembered_as_a_message(tmp_path: Path) -> None:
    """So the list speaks the language of whoever reads it; a record from before messages has a finished sentence."""
    title = say("{count} modes", count=8)
    for n in (1, 2):
        writer = RunWriter.going_on(run(tmp_path, n), 300, [1])
        writer.verdict(0, Verdict(kind=VerdictKind.MODES_FOUND, title=title, reason=say("They are there."), step=300))
        writer.close()
    log = tmp_path / "runs" / "run-2" / EVENTS
    log.write_text(log.read_text("utf-8").replace(json.dumps(title.on_wire()), json.dumps("Oscillating")), "utf-8")
    for _ in range(2):  # read from the folders, then from the file
        newest, oldest = index.runs(tmp_path)
        assert (oldest.verdict.id, oldest.verdict.params) == (title.id, title.params) and newest.verdict == "Oscillating"
    speak("zh_Hans")
    try:
        assert [t(entry.verdict) for entry in (newest, oldest)] == ["振荡", "8 个模式"]
    finally:
        speak("en")


def test_only_what_has_changed_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, read = run(tmp_path, 1), []
    run(tmp_path, 2)
    entry_of = index.entry_of
    monkeypatch.setattr(index, "entry_of", lambda directory: read.append(directory.name) or entry_of(directory))
    index.runs(tmp_path)
    assert sorted(read) == ["run-1", "run-2"]
    rename(first, "Lecture")
    assert [entry.title for entry in index.runs(tmp_path)] == ["Two modes", "Lecture"] and read[2:] == ["run-1"]
    for path in sorted(first.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    first.rmdir()
    assert [entry.id for entry in index.runs(tmp_path)] == ["run-2"] and len(read) == 3


def test_what_a_killed_run_left_in_its_journal_is_news(tmp_path: Path) -> None:
    writer = RunWriter.going_on(run(tmp_path, 1), 300, [1])
    writer.rows(rows(301, 310))
    assert index.runs(tmp_path)[0].steps == 310
    writer.rows(rows(311, 330))
    assert index.runs(tmp_path)[0].steps == 310, "while it is recorded it is looked into with each keyframe"
    writer.let_go()
    (entry,) = index.runs(tmp_path)
    assert (entry.steps, entry.jsd) == (330, 330.0)


@pytest.mark.parametrize("spoilt", ["nonsense", "cut", "gone", "other", "text", "older", "folder", "nothing"])
def test_a_torn_or_missing_index_is_made_anew(tmp_path: Path, spoilt: str) -> None:
    run(tmp_path, 1)
    before, file = index.runs(tmp_path), tmp_path / index.FILE
    match spoilt:
        case "nonsense":
            file.write_bytes(b"nonsense" * 1000)
        case "cut":
            os.truncate(file, file.stat().st_size // 2 - 7)
        case "gone":
            file.unlink()
        case "other":
            file.unlink()
            with sqlite3.connect(file) as other:
                other.execute("CREATE TABLE runs (id, what)")
            other.close()
        case "text":  # where a message should be
            with sqlite3.connect(file) as other:
                other.execute("UPDATE runs SET verdict = 'Converged'")
            other.close()
        case "older":  # it kept titles of verdicts in English
            with sqlite3.connect(file) as other:
                other.execute("UPDATE runs SET verdict = 'Converged'")
                other.execute("PRAGMA user_version = 2")
            other.close()
        case "folder":
            file.unlink()
            file.mkdir()
        case "nothing":
            file.write_bytes(b"")
    assert index.runs(tmp_path) == before == index.runs(tmp_path)


def test_runs_are_found_by_id_and_by_folder(tmp_path: Path) -> None:
    directory = run(tmp_path, 1)
    assert index.find("run-1", tmp_path) == directory == index.find(str(directory), tmp_path)
    for name in ("run-2", "../run-1", "", "a\nb"):
        with pytest.raises(BrokenRun, match="neither a folder nor a run"):
            index.find(name, tmp_path)
    assert index.runs(tmp_path / "nowhere") == []


def test_where_runs_lie(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GANDASH_HOME", str(tmp_path / "own"))
    assert places.runs_home() == tmp_path / "own" / "runs"
    monkeypatch.delenv("GANDASH_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert places.home() == tmp_path / "data" / "gandash"
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert places.home() == tmp_path / ".local" / "share" / "gandash"
    for value, wanted in (("0", False), ("no", False), ("1", True)):
        monkeypatch.setenv("GANDASH_RECORD", value)
        assert places.is_wanted() is wanted
    monkeypatch.delenv("GANDASH_RECORD")
    assert places.is_wanted()


def test_no_manifest_holds_a_visitors_cookie() -> None:
    owner = places.owner_of("secret cookie")
    assert owner and "secret" not in owner and owner == places.owner_of("secret cookie") != places.owner_of("other")
    assert places.owner_of("") == ""


def test_the_oldest_unnamed_runs_of_visitors_make_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(1, 7):
        run(tmp_path, n, owner="" if n == 1 else "visitor")
    rename(tmp_path / "runs" / "run-2", "Mine")
    live = RunWriter.going_on(tmp_path / "runs" / "run-3", 300, [1])
    size = max(entry.size for entry in index.runs(tmp_path))
    monkeypatch.setenv("GANDASH_STORE_GB", str(size * 6.5 / 1e9))
    assert retention.make_room(tmp_path) == []
    monkeypatch.setenv("GANDASH_STORE_GB", str(size * 4.5 / 1e9))
    assert retention.make_room(tmp_path) == ["run-4", "run-5"]
    assert [entry.id for entry in index.runs(tmp_path)] == ["run-6", "run-3", "run-2", "run-1"]
    monkeypatch.setenv("GANDASH_STORE_GB", str(size * 1.5 / 1e9))
    with pytest.raises(CannotRecord, match="GANDASH_STORE_GB"):
        retention.make_room(tmp_path)
    live.close()
    assert {entry.id for entry in index.runs(tmp_path)} == {"run-3", "run-2", "run-1"}


@pytest.mark.parametrize("given", ["0", "-3", "nan", "much"])
def test_a_limit_that_is_none_is_the_default(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("GANDASH_STORE_GB", given)
    assert retention.limit() == retention.GIGABYTES * 1e9
    assert manifest().format == 1
