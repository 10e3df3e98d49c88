"""A run on disk: lossless, readable after a crash, and played again bit for bit."""

from __future__ import annotations

import csv
import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from playing import Played

from gandash.config import GameConfig, RunConfig
from gandash.config.networks import MLPConfig
from gandash.config.optimisers import AdamConfig
from gandash.config.regularisers import RegulariserConfig
from gandash.config.rules import AlternatingConfig
from gandash.game.round import Players
from gandash.runs.record import (
    CHECKPOINT,
    CONFIG,
    EVENTS,
    METRICS,
    BrokenRecord,
    CannotWrite,
    Record,
    UnfitDirectory,
    claim,
    config_hash,
    load,
    replay,
)
from gandash.wire.facts import Engine
from gandash.worker.checkpoint import load as load_checkpoint
from gandash.worker.observer import COLUMNS, Rows
from gandash.worker.trajectory import StateSnapshot

TINY = GameConfig(
    generator=MLPConfig(width=3, depth=1),
    discriminator=MLPConfig(width=3, depth=1),
    regulariser=RegulariserConfig(r1=1.0),
    update_rule=AlternatingConfig(discriminator_steps=1, generator_steps=1),
    discriminator_optimiser=AdamConfig(learning_rate=3e-3),
    run=RunConfig(seed=7, batch=4),
)


def assert_same(one: StateSnapshot, other: StateSnapshot) -> None:
    """Bit for bit, the random state and what the optimisers remember included; NaN equals NaN."""
    a, b = one.state, other.state
    assert a.step == b.step
    tensors = [(a.theta, b.theta), (a.phi, b.phi), (a.average, b.average), (one.randomness, other.randomness)]
    tensors.append((a.phi_effective, b.phi_effective))
    for mine, theirs in ((a.theta_moments, b.theta_moments), (a.phi_moments, b.phi_moments), (a.memory, b.memory)):
        assert mine.keys() == theirs.keys()
        tensors += [(mine[k], theirs[k]) for k in mine]
    for x, y in tensors:
        assert torch.equal(torch.nan_to_num(x.double(), nan=7e77), torch.nan_to_num(y.double(), nan=7e77))


@dataclass
class Kept:
    """A run, its state at every step and its rows."""

    session: Played
    states: list[StateSnapshot]
    rows: list[Rows]

    def go(self, record: Record, rounds: int, players: Players = Players.BOTH) -> None:
        for _ in range(rounds):
            self.session.advance(players)
            self.states.append(self.session.snapshot())
        self.rows.append(self.session.drain())
        record.append(self.rows[-1], self.session.changes)


def begin(engine: Engine | None = None) -> Kept:
    session = Played(TINY, engine)
    return Kept(session, [session.snapshot()], [])


def eventful(directory: Path, end: bool = True, engine: Engine | None = None) -> Kept:
    """A run with everything in it that an event log knows."""
    run = begin(engine)
    with Record(directory, run.session, run.session.columns) as record:
        run.go(record, 5)
        run.session.set("discriminator_optimiser.learning_rate", 0.02)
        run.go(record, 3, Players.D)
        run.session.set("regulariser.r1", 0.1)
        run.session.set("update_rule", {"kind": "alternating", "discriminator_steps": 2, "generator_steps": 1})
        run.go(record, 2, Players.G)
        run.go(record, 14)
        record.checkpoint(run.session)
        if end:
            record.end(run.session.verdict)
    return run


def append(path: Path, text: bytes) -> None:
    path.write_bytes(path.read_bytes() + text)


@contextmanager
def small_disk(size: int) -> Iterator[None]:
    """No file may grow beyond `size` bytes: the kernel refuses writes as a full disk would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("engine", get_args(Engine))
def test_a_replay_is_the_run_bit_for_bit(tmp_path: Path, engine: Engine) -> None:
    run = eventful(tmp_path, engine=engine)
    again, kept = replay(tmp_path), load_checkpoint(tmp_path / CHECKPOINT)[0]
    assert again.step == 24
    assert_same(again.snapshot(), run.states[24])
    assert_same(again.snapshot(), kept.snapshot())
    assert again.changes == run.session.changes and again.config == run.session.config


@pytest.mark.parametrize(
    "changes",
    [
        {"update_rule": {"kind": "optimistic"}},
        {"update_rule": {"kind": "lookahead", "rounds": 5}, "regulariser.spectral": "on"},
        {"objective": "relativistic", "regulariser.packing": 2, "regulariser.noise": 0.1, "discriminator.dropout": 0.2},
        {"generator": {"kind": "point"}, "discriminator": {"kind": "linear"}, "objective": "wasserstein"},
    ],
    ids=["optimistic", "lookahead", "chance", "dirac"],
)
def test_games_of_every_make_are_kept_and_replayed_bit_for_bit(tmp_path: Path, changes: dict[str, Any]) -> None:
    session = Played(TINY.replace_all(list(changes.items())))
    run = Kept(session, [session.snapshot()], [])
    with Record(tmp_path, session, session.columns) as record:
        run.go(record, 7)
        session.set("regulariser.clip", 0.5)
        run.go(record, 2, Players.D)
        session.set("objective", "hinge")
        run.go(record, 4)
        record.checkpoint(session)
        record.end(session.verdict)
    again = replay(tmp_path)
    assert_same(again.snapshot(), run.states[-1])
    assert_same(again.snapshot(), load_checkpoint(tmp_path / CHECKPOINT)[0].snapshot())
    assert again.config == session.config


def test_the_comparison_can_tell_states_apart(tmp_path: Path) -> None:
    run = eventful(tmp_path, engine="torch")  # whose random streams are a state: compiled rounds draw by a counter
    plain = Played(TINY, "torch")
    for _ in range(24):
        plain.advance()
    for other in (plain.snapshot(), run.states[23], replace(run.states[24], randomness=run.states[23].randomness)):
        with pytest.raises(AssertionError):
            assert_same(run.states[24], other)


@pytest.mark.parametrize("engine", get_args(Engine))
def test_what_is_loaded_is_what_was_played(tmp_path: Path, engine: Engine) -> None:
    run = eventful(tmp_path, engine=engine)
    config, changes, steps, by = load(tmp_path)
    assert (config, changes, steps, by) == (TINY, run.session.changes, 24, engine)
    assert [c.kind for c in changes] == ["set", "step", "step", "step", "set", "set", "step", "step"]


def test_events_begin_and_end_as_promised(tmp_path: Path) -> None:
    eventful(tmp_path)
    entries = [json.loads(line) for line in (tmp_path / EVENTS).read_text(encoding="utf-8").splitlines()]
    assert entries[0]["kind"] == "start" and entries[0]["seed"] == 7 and entries[0]["version"]
    assert entries[0]["config"] == config_hash(TINY.model_dump(mode="json"))
    assert entries[-1]["kind"] == "end" and entries[-1]["step"] == 24 and entries[-1]["verdict"]["kind"] == "waiting"
    assert GameConfig.model_validate_json((tmp_path / CONFIG).read_bytes()) == TINY


def test_metrics_are_lossless(tmp_path: Path) -> None:
    values = np.concatenate([rows.values for rows in eventful(tmp_path).rows])
    with (tmp_path / METRICS).open(encoding="utf-8", newline="") as file:
        header, *rows = list(csv.reader(file))
    assert header == ["step", *COLUMNS]
    assert [int(row[0]) for row in rows] == list(range(1, 25))
    read = np.array([[np.float32(x) if x else np.nan for x in row[1:]] for row in rows], dtype=np.float32)
    np.testing.assert_array_equal(read, values)
    assert np.isnan(values).any() and "nan" not in (tmp_path / METRICS).read_text(encoding="utf-8").lower()


@given(st.lists(st.floats(width=32), min_size=len(COLUMNS), max_size=len(COLUMNS)))
def test_any_float32_reads_back_the_same(tmp_path_factory: pytest.TempPathFactory, values: list[float]) -> None:
    directory = tmp_path_factory.mktemp("run")
    row = np.array([values], dtype=np.float32)
    with Record(directory, FRESH, FRESH.columns) as record:
        record.append(Rows(np.array([1], dtype=np.int32), row), ())
    text = (directory / METRICS).read_text(encoding="utf-8").splitlines()[1]
    read = np.array([[np.float32(x) if x else np.nan for x in text.split(",")[1:]]], dtype=np.float32)
    np.testing.assert_array_equal(read, row)
    np.testing.assert_array_equal(np.signbit(read)[~np.isnan(row)], np.signbit(row)[~np.isnan(row)])


FRESH = Played(TINY)


# --------------------------------------------------------------------------------------------------------------- crashes


@pytest.mark.parametrize("share", [0.0, 0.1, 0.45, 0.7, 0.99, 1.0])
def test_a_crash_leaves_a_shorter_run(tmp_path: Path, share: float) -> None:
    """Whatever part of the metrics reached the disk: the run up to its last whole row can be played again."""
    run = eventful(tmp_path, end=False)
    whole = (tmp_path / METRICS).read_bytes()
    cut = whole[: int(share * len(whole))]
    (tmp_path / METRICS).write_bytes(cut)
    append(tmp_path / EVENTS, b'{"kind": "se')
    played = max(0, cut.count(b"\n") - 1)
    assert load(tmp_path).steps == played
    assert_same(replay(tmp_path).snapshot(), run.states[played])


def test_changes_are_on_disk_before_the_rows_they_shaped(tmp_path: Path) -> None:
    session = Played(TINY)
    record = Record(tmp_path, session, session.columns)
    session.set("regulariser.r1", 0.5)
    session.advance()
    record._metrics.close()  # as if the process had died between the two files
    with pytest.raises(ValueError, match="closed"):
        record.append(session.drain(), session.changes)
    assert '"new": 0.5' in (tmp_path / EVENTS).read_text(encoding="utf-8")
    assert load(tmp_path).steps == 0
    record.close()


def test_a_long_file_is_read_from_behind(tmp_path: Path) -> None:
    with Record(tmp_path, FRESH, FRESH.columns) as record:
        steps = np.arange(1, 2001, dtype=np.int32)
        record.append(Rows(steps, np.full((2000, len(COLUMNS)), 0.1, dtype=np.float32)), ())
    assert (tmp_path / METRICS).stat().st_size > 2 * 2**16
    assert load(tmp_path).steps == 2000


@pytest.mark.parametrize(
    ("file", "content", "told"),
    [
        (CONFIG, b'{"run": {"seed": 8}}', "is not the config this run began with"),
        (CONFIG, b'{"run": {"se', "config.json"),
        (CONFIG, b'{"run": {"seed": -1}}', "run.seed: given -1"),
        (CONFIG, None, "holds no run: config.json: No such file"),
        (EVENTS, None, "holds no run: events.jsonl: No such file"),
        (METRICS, None, "holds no run: metrics.csv: No such file"),
        (EVENTS, b"", "does not begin with a start entry"),
        (EVENTS, b'{"kind": "end"}\n', "does not begin with a start entry"),
        (EVENTS, b'{"kind": "start"}\nnonsense\n', "line 2 is no JSON object"),
        (EVENTS, b"[1]\n", "line 1 is no JSON object"),
    ],
)
def test_a_broken_record_says_what_is_wrong(tmp_path: Path, file: str, content: bytes | None, told: str) -> None:
    eventful(tmp_path)
    (tmp_path / file).unlink() if content is None else (tmp_path / file).write_bytes(content)
    with pytest.raises(BrokenRecord) as caught:
        load(tmp_path)
    assert told in str(caught.value)


def test_a_strange_change_is_refused(tmp_path: Path) -> None:
    eventful(tmp_path, end=False)
    append(tmp_path / EVENTS, b'{"kind": "melt", "step": 3}\n')
    with pytest.raises(BrokenRecord, match="events"):
        load(tmp_path)


# ----------------------------------------------------------------------------------------------------------- directories


def test_only_a_new_or_empty_directory_is_taken(tmp_path: Path) -> None:
    claim(tmp_path / "a" / "b")
    claim(tmp_path / "a" / "b")  # empty still
    (tmp_path / "a" / "b" / "thesis.tex").write_text("years of work", encoding="utf-8")
    with pytest.raises(UnfitDirectory, match=r"not empty \(it holds thesis.tex\); name a new directory"):
        Record(tmp_path / "a" / "b", FRESH, FRESH.columns)
    assert [p.name for p in (tmp_path / "a" / "b").iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize("name", ["file", "file/below", "x" * 300])
def test_a_directory_that_cannot_be(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(UnfitDirectory, match="cannot be used"):
        claim(tmp_path / name)


def test_a_full_disk_stops_the_record_and_leaves_it_readable(tmp_path: Path) -> None:
    run = begin()
    with Record(tmp_path, run.session, run.session.columns) as record:
        run.go(record, 5)
        room = (tmp_path / METRICS).stat().st_size + 700
        with small_disk(room), pytest.raises(CannotWrite, match="too large"):
            for _ in range(10):
                run.go(record, 1)
        with small_disk(100), pytest.raises(CannotWrite):
            record.checkpoint(run.session)
    steps = load(tmp_path).steps
    assert 5 <= steps < 15
    assert_same(replay(tmp_path).snapshot(), run.states[steps])


def test_a_disk_that_is_full_from_the_start(tmp_path: Path) -> None:
    with small_disk(100), pytest.raises(CannotWrite):
        Record(tmp_path, FRESH, FRESH.columns)


def test_a_record_begins_at_the_beginning(tmp_path: Path) -> None:
    session = Played(TINY)
    session.advance()
    with pytest.raises(ValueError, match="begins at step 0"):
        Record(tmp_path / "run", session, session.columns)
    assert not (tmp_path / "run").exists()


@given(st.dictionaries(st.text("abµ", max_size=3), st.integers() | st.floats(allow_nan=False, allow_infinity=False)))
def test_the_hash_knows_values_and_not_their_order(config: dict[str, float]) -> None:
    assert config_hash(dict(reversed(config.items()))) == config_hash(config)  # type: ignore[arg-type]
    assert config_hash({**config, "more": 1}) != config_hash(config) or config.get("more") == 1
