"""`python -m gandash runs` and `replay`: what is recorded, and whether it comes about again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gandash.cli import cli
from gandash.config import GameConfig
from gandash.store.format import EVENTS
from gandash.wire.messages import Recording
from gandash.worker.games import Games
from gandash.worker.recording import Recorder
from gandash.worker.trajectory import be_reproducible

pytestmark = pytest.mark.usefixtures("torch_as_before")


@pytest.fixture
def run(tmp_path: Path, tiny: GameConfig, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Thirty rounds below home, with a change and keyframes at 10, 20 and 30."""
    monkeypatch.setenv("GANDASH_HOME", str(tmp_path))
    be_reproducible()
    directory = tmp_path / "runs" / "20260102-030405-abcdef"
    games = Games.of([tiny], "torch")
    recorder = Recorder(Recording(directory=str(directory), id=directory.name, title="A β-test", preset="two-modes"), games)
    for _ in range(30):
        games.advance()
        recorder.rows(games, games.drain())
        if games.step % 10 == 0:
            recorder.keyframe(games)
        if games.step == 15:
            games.set("run.batch", 16, None)
    recorder.close()
    return directory


def call(*args: str) -> Result:
    return CliRunner().invoke(cli, list(args))


def test_runs_are_listed_for_a_reader_and_as_json(run: Path) -> None:
    (run.parent / "broken").mkdir()
    (run.parent / "broken" / "manifest.json").write_text("{}", encoding="utf-8")
    result = call("runs")
    head, first, second = result.stdout.splitlines()
    assert result.exit_code == 0 and head.split()[:5] == ["id", "title", "preset", "steps", "verdict"]
    assert first.startswith(f"{run.name}  A β-test  two-modes  30") and "kB" in first
    assert second.startswith("broken") and "cannot be read" in second
    entry = json.loads(call("runs", "--json").stdout)[0]
    assert (entry["id"], entry["steps"], entry["preset"], entry["parent"], entry["problem"]) == (
        run.name,
        30,
        "two-modes",
        None,
        "",
    )
    assert entry["size"] > 1000 and entry["created"]


def test_where_there_is_none_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANDASH_HOME", str(tmp_path / "none"))
    assert call("runs").stdout == f"There are no runs in {tmp_path / 'none' / 'runs'}.\n"
    assert call("runs", "--json").stdout == "[]\n" and not (tmp_path / "none").exists()


@pytest.mark.parametrize("by", ["id", "folder"])
def test_a_replay_says_that_all_states_came_about_again(run: Path, by: str) -> None:
    result = call("replay", run.name if by == "id" else str(run))
    assert result.exit_code == 0, result.output
    assert (
        "30 steps" in result.stdout
        and "All 3 states that the record knows are the same; the last is of step 30" in result.stdout
    )
    report = json.loads(call("replay", run.name, "--to", "20", "--json").stdout)
    assert report["agrees"] is True and (report["step"], report["compared"], report["differing"]) == (20, [10, 20], [])
    assert json.loads(call("replay", run.name, "--to", "5", "--json").stdout)["agrees"] is None
    assert "nothing to compare with" in call("replay", run.name, "--to", "5").stdout


def test_a_replay_that_comes_to_another_state_says_where(run: Path) -> None:
    log = (run / EVENTS).read_text(encoding="utf-8")
    (run / EVENTS).write_text(log.replace('"new": 16', '"new": 17'), encoding="utf-8")
    result = call("replay", run.name)
    assert result.exit_code == 1
    assert "2 of 3 states that the record knows are others, the first that of step 20" in result.stdout
    assert json.loads(call("replay", run.name, "--json").stdout)["differing"] == [20, 30]


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["nothing"], "neither a folder nor a run"),
        (["{run}", "--to", "31"], "this run has 30 steps"),
        (["{run}", "--to", "-1"], "--to"),
        (["{tmp}"], "manifest.json"),
    ],
)
def test_a_wrong_call_is_refused_in_one_line(run: Path, args: list[str], told: str) -> None:
    result = call("replay", *(a.format(run=run, tmp=run.parent) for a in args))
    assert result.exit_code == 2 and told in result.stderr and result.stderr.count("\n") == 1


def test_a_log_that_does_not_fit_is_said_in_one_line(run: Path) -> None:
    log = (run / EVENTS).read_text(encoding="utf-8")
    (run / EVENTS).write_text(log.replace('"new": 16', '"new": "many"'), encoding="utf-8")
    result = call("replay", run.name)
    assert result.exit_code == 1 and "does not fit" in result.stderr and result.stderr.count("\n") == 1
