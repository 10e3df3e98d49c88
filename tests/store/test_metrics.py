"""Curves on disk: every number of the recent past, and an envelope that is true however often it was made coarser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from store.writing_runs import COLUMNS, rows, values

from gandash.store import metrics
from gandash.store.format import ENVELOPE, JOURNAL, LARGEST_STEP, SPAN, STEPS
from gandash.store.journal import Journal
from gandash.store.metrics import Envelope, MetricsWriter, Rows, read

ALL = [LARGEST_STEP]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of 64 rows: two full ones of steps, four of the envelope."""
    monkeypatch.setattr(metrics, "STEP_FILE_BYTES", 64 * 4 * len(COLUMNS) * 100)
    monkeypatch.setattr(metrics, "rows_in_a_file", lambda columns: 64)
    monkeypatch.setattr(metrics, "STEP_FILES", 2)
    monkeypatch.setattr(metrics, "ENVELOPE_FILES", 4)


def test_rows_are_read_back_bit_for_bit_and_by_anybody(tmp_path: Path) -> None:
    writer = MetricsWriter(tmp_path, COLUMNS)
    for first in (1, 6, 11):
        writer.append(rows(first, first + 4))
        writer.flush()
    found = read(tmp_path, COLUMNS, ALL)
    np.testing.assert_array_equal(found.recent.steps, np.arange(1, 16))
    np.testing.assert_array_equal(found.recent.values, values(np.arange(1, 16)))
    assert found.recent.values.dtype == np.float32 and not len(found.envelope.first)
    (file,) = (tmp_path / STEPS).iterdir()  # the newest file is written anew until it is full
    table = pq.read_table(file)
    assert table.column_names == ["step", *COLUMNS] and table.column("step").to_pylist()[-1] == 15


@pytest.mark.usefixtures("small")
def test_older_steps_become_an_envelope_of_what_was_measured(tmp_path: Path) -> None:
    writer = MetricsWriter(tmp_path, COLUMNS)
    writer.append(rows(1, 300))
    writer.flush()
    found = read(tmp_path, COLUMNS, ALL)
    assert found.recent.steps[0] == found.envelope.last[-1] + 1 and found.recent.steps[-1] == 300
    assert len(found.recent.steps) >= 2 * 64
    for i, (first, last) in enumerate(zip(found.envelope.first, found.envelope.last, strict=True)):
        assert last - first + 1 == SPAN
        own = values(np.arange(first, last + 1)).astype(np.float64)
        np.testing.assert_array_equal(found.envelope.low[i], np.nanmin(own, axis=0).astype(np.float32))
        np.testing.assert_array_equal(found.envelope.high[i], np.nanmax(own, axis=0).astype(np.float32))
        np.testing.assert_allclose(found.envelope.mean[i], np.nanmean(own, axis=0), rtol=1e-6)
        np.testing.assert_array_equal(found.envelope.count[i], (~np.isnan(own)).sum(axis=0))


@pytest.mark.usefixtures("small")
def test_a_run_of_any_length_stays_small_and_its_envelope_true(tmp_path: Path) -> None:
    writer = MetricsWriter(tmp_path, COLUMNS)
    for first in range(1, 12_001, 500):
        writer.append(rows(first, first + 499))
        writer.flush()
        assert len(list((tmp_path / STEPS).iterdir())) <= 4 and len(list((tmp_path / ENVELOPE).iterdir())) <= 5
    found = read(tmp_path, COLUMNS, ALL)
    old, last = found.envelope, int(found.envelope.last[-1])
    assert old.first[0] == 1 and (old.first[1:] == old.last[:-1] + 1).all() and found.recent.steps[0] == last + 1
    spans = old.last - old.first + 1
    assert (np.diff(spans) <= 0).all() and spans[0] > SPAN == spans[-1]
    everything = values(np.arange(1, last + 1)).astype(np.float64)
    np.testing.assert_array_equal(old.count.sum(axis=0), (~np.isnan(everything)).sum(axis=0))
    np.testing.assert_array_equal(old.low.min(axis=0), np.nanmin(everything, axis=0).astype(np.float32))
    np.testing.assert_array_equal(old.high.max(axis=0), np.nanmax(everything, axis=0).astype(np.float32))
    mean = np.nansum(old.mean.astype(np.float64) * old.count, axis=0) / old.count.sum(axis=0)
    np.testing.assert_allclose(mean, np.nanmean(everything, axis=0), rtol=1e-4, atol=1e-4)


NUMBERS = st.floats(-1e6, 1e6, width=32) | st.just(np.nan)


@pytest.mark.usefixtures("small")
def test_rows_are_in_the_journal_until_they_fill_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer, folder = MetricsWriter(tmp_path, COLUMNS), tmp_path / JOURNAL
    for first in range(1, 121, 10):
        writer.append(rows(first, first + 9))
        found = read(tmp_path, COLUMNS, ALL).recent
        np.testing.assert_array_equal(found.values, values(np.arange(1, first + 10)))
        assert sum(file.stat().st_size for file in folder.iterdir()) < 64 * 16 + 7 * 8
    assert len(list(folder.iterdir())) == 1 and metrics.last_step(tmp_path, COLUMNS, ALL) == 120
    monkeypatch.setattr(Journal, "clear", lambda self: None)
    writer.flush()  # and killed before the journal was cleared
    np.testing.assert_array_equal(read(tmp_path, COLUMNS, ALL).recent.values, values(np.arange(1, 121)))
    monkeypatch.undo()
    assert list(folder.iterdir())
    MetricsWriter(tmp_path, COLUMNS).flush()
    assert not list(folder.iterdir()) and len(read(tmp_path, COLUMNS, ALL).recent.steps) == 120


def test_a_record_of_before_there_was_a_journal(tmp_path: Path) -> None:
    writer = MetricsWriter(tmp_path, COLUMNS)
    writer.append(rows(1, 50))
    writer.flush()
    (tmp_path / JOURNAL).rmdir()
    assert len(read(tmp_path, COLUMNS, ALL).recent.steps) == 50 == metrics.last_step(tmp_path, COLUMNS, ALL)
    writer = MetricsWriter(tmp_path, COLUMNS)
    writer.append(rows(51, 60))
    assert len(read(tmp_path, COLUMNS, ALL).recent.steps) == 60


@given(
    arrays.arrays(np.float32, st.tuples(st.integers(1, 40), st.just(2)), elements=NUMBERS),
    st.lists(st.integers(1, 7), min_size=1, max_size=3),
)
def test_coarser_in_any_steps_is_an_envelope_of_the_same_numbers(given_values: Any, spans: list[int]) -> None:
    envelope = Envelope.of(Rows(np.arange(len(given_values), dtype=np.int32), given_values))
    for span in spans:
        envelope = envelope.coarser(span)
    for i, (first, last) in enumerate(zip(envelope.first, envelope.last, strict=True)):
        own = given_values[first : last + 1].astype(np.float64)
        for j in range(2):
            measured = own[~np.isnan(own[:, j]), j]
            assert envelope.count[i, j] == len(measured)
            if len(measured):
                assert (envelope.low[i, j], envelope.high[i, j]) == (measured.min(), measured.max())
                assert envelope.mean[i, j] == pytest.approx(measured.mean(), rel=1e-5, abs=1e-5 * np.abs(measured).max())
            else:
                assert np.isnan([envelope.low[i, j], envelope.high[i, j], envelope.mean[i, j]]).all()


def test_numbers_that_broke_are_kept_as_they_are(tmp_path: Path) -> None:
    broken = np.array([[np.inf, -np.inf, np.nan], [3e38, -0.0, 1e-45]], dtype=np.float32)
    writer = MetricsWriter(tmp_path, COLUMNS)
    writer.append(Rows(np.array([1, 2], dtype=np.int32), broken))
    writer.flush()
    found = read(tmp_path, COLUMNS, ALL).recent.values
    np.testing.assert_array_equal(found, broken)
    np.testing.assert_array_equal(np.signbit(found)[1], np.signbit(broken)[1])


@pytest.mark.usefixtures("small")
def test_a_crash_between_writing_and_removing_counts_nothing_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MetricsWriter, "_remove", lambda self, files, folder, name: files.remove(name))
    writer = MetricsWriter(tmp_path, COLUMNS)
    for first in range(1, 3001, 50):
        writer.append(rows(first, first + 49))
        writer.flush()
    found = read(tmp_path, COLUMNS, ALL)
    np.testing.assert_array_equal(found.recent.steps, np.arange(found.recent.steps[0], 3001))
    covered = np.concatenate([np.arange(a, b + 1) for a, b in zip(found.envelope.first, found.envelope.last, strict=True)])
    assert len(covered) == len(set(covered.tolist()))
    np.testing.assert_array_equal(found.recent.values, values(found.recent.steps))


def test_what_came_after_the_step_a_run_was_set_back_to_is_void(tmp_path: Path) -> None:
    writer = MetricsWriter(tmp_path, COLUMNS)
    writer.append(rows(1, 50))
    writer.flush()
    writer.begin_epoch(1)
    again = Rows(np.arange(31, 41, dtype=np.int32), np.full((10, 3), 5, dtype=np.float32))
    writer.append(again)
    writer.flush()
    found = read(tmp_path, COLUMNS, [30, LARGEST_STEP]).recent
    np.testing.assert_array_equal(found.steps, np.arange(1, 41))
    np.testing.assert_array_equal(found.values, np.concatenate([values(np.arange(1, 31)), again.values]))
    assert metrics.last_step(tmp_path, COLUMNS, [30, LARGEST_STEP]) == 40 and metrics.last_step(tmp_path, COLUMNS, [30]) == 30
