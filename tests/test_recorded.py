"""`python -m gandash runs` and `replay`: what is recorded, and whether it comes about again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from gandash.cli import cli
from gandash.config import GameConfig
from gandash.config.data.uploaded import played_with
from gandash.config.setting import setting_at
from gandash.links import Writer, fingerprint, read
from gandash.links.format import digest, text_of
from gandash.links.writing import here
from gandash.runs.linked import at_the_beginning, play
from gandash.store.format import EVENTS
from gandash.store.keyframes import state_hash
from gandash.wire.messages import Recording
from gandash.worker.games import Games
from gandash.worker.keyframe import state_of
from gandash.worker.recording import Recorder, versions
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


# ------------------------------------------------------------------------------------------------------------ of a link

SMALL = "1~two-modes~g.width-4~g.depth-1~d.width-4~d.depth-1~run.batch-8~by-t"


def made(text: str) -> str:
    """The link of the run that this one tells of, as whoever stands there has it."""
    link = read(text)
    games = at_the_beginning(link)
    played = play(link, games, link.step)
    return text + here(played.step, played.state, fingerprint(versions(False)))[len(f"~at-{played.step}") :]


def test_a_link_is_played_and_its_state_compared(tmp_path: Path) -> None:
    link = made(f"{SMALL}~10.objective-minimax~20.D-2~at-30")
    result = call("replay", f"https://gan.uni.example/teach/?run=abcd&game={link}")
    assert result.exit_code == 0, result.output
    first, second = result.stdout.splitlines()
    assert first.startswith("Two modes: D goes to 1/2: 30 steps in ")
    assert second == "The state is the one that the link was made at, bit for bit."
    other = call("replay", link.replace("20.D-2", "20.D-1"))
    assert other.exit_code == 1 and "The state is another than where the link was made" in other.stdout
    assert "by compiled there, and by torch here" not in other.stdout


def test_a_link_is_played_to_another_step_where_there_is_nothing_to_compare_with() -> None:
    result = call("replay", made(f"{SMALL}~10.objective-minimax~at-30"), "--to", "20", "--json")
    report = json.loads(result.stdout)
    assert result.exit_code == 0 and (report["step"], report["agrees"], report["dropped"]) == (20, None, [])


def test_what_is_left_out_of_a_link_is_said_in_one_line() -> None:
    result = call("replay", f"{SMALL}~run.batch-0~\x1b[31m~at-3")
    assert result.exit_code == 0 and result.stderr.count("\n") == 1 and "\x1b" not in result.stderr
    assert "run.batch: given 0" in result.stderr and "nothing to compare with" in result.stdout


def test_who_played_the_run_of_a_link_is_said_where_it_was_somebody_else() -> None:
    played = play(replace(read(f"{SMALL}~at-3"), state="0" * 12, engines=("compiled",)), at_the_beginning(read(SMALL)), 3)
    assert played.agrees is False and played.other.startswith("played by compiled there, and by torch here")
    versioned = play(replace(read(f"{SMALL}~at-3"), state="0" * 12, versions="000000"), at_the_beginning(read(SMALL)), 3)
    assert "other versions of gandash" in versioned.other


def test_data_that_are_not_in_a_link_come_from_the_run_that_it_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANDASH_HOME", str(tmp_path))
    rows = np.random.default_rng(0).normal(size=(5000, 1))
    config = read(SMALL).configs[0].replace_all([("data", played_with(rows))])
    games = Games.of([config], "torch")
    directory = tmp_path / "runs" / "20260102-030405-abcdef"
    recorder = Recorder(Recording(directory=str(directory), id=directory.name), games)
    games.advance()
    recorder.rows(games, games.drain())
    recorder.close()
    written = Writer([config], ["torch"], record=directory.name).link([[]])
    assert written.missing == ("data.rows",)
    link = written.at(1, state_hash(state_of(games)))
    result = call("replay", link)
    assert result.exit_code == 0 and "bit for bit" in result.stdout, result.output
    lost = call("replay", link.replace("abcdef", "fedcba"))
    assert lost.exit_code == 2 and "data.rows: too large for a link" in lost.stderr and "fedcba" in lost.stderr
    another = call("replay", link.replace(digest(text_of(setting_at(config, "data.rows"))), "0" * 16))
    assert another.exit_code == 2  # the run is there, with other data
