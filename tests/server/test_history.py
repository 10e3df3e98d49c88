"""The whole run in bounded memory, against the naive way: keep everything, and compute."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gandash.server.history import CAPACITY, RECENT, Cursor, History
from gandash.store.metrics import Envelope, Metrics, Rows

COLUMNS = 3


def rows(begin: int, end: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Steps begin + 1 .. end and their values; a third of the middle column was not measured, the last never was."""
    steps = np.arange(begin + 1, end + 1, dtype=np.int32)
    generator = np.random.default_rng([seed, 7])
    values = generator.normal(size=(end, COLUMNS)).astype(np.float32)[begin:]
    values[steps % 3 == 0, 1] = np.nan
    values[:, 2] = np.nan
    return steps, values


def fill(history: History, end: int, chunk: int = 97, begin: int = 0, seed: int = 0) -> np.ndarray:
    steps, values = rows(begin, end, seed)
    for i in range(0, len(steps), chunk):
        history.append(steps[i : i + chunk], values[i : i + chunk])
    return values


def quietly(function: Any, values: np.ndarray) -> np.ndarray:
    """A nan-function along the steps, with NaN where nothing was measured."""
    return np.array([function(v[~np.isnan(v)]) if (~np.isnan(v)).any() else np.nan for v in values.T])


@dataclass
class Client:
    """A viewer that does what LIVE.md says with every patch."""

    cursor: Cursor = field(default_factory=Cursor)
    stride: int = 1
    whole: dict[str, list[Any]] = field(default_factory=lambda: {"step": [], "mean": [], "low": [], "high": []})
    recent: dict[int, np.ndarray] = field(default_factory=dict)

    def update(self, history: History) -> None:
        patch = history.patch(self.cursor)
        arrays, self.cursor, self.stride = patch.arrays, patch.cursor, patch.stride
        assert patch.first <= len(self.whole["step"]), "a patch must not leave a hole"
        for name, held in self.whole.items():
            held[patch.first :] = list(arrays[name])
        if patch.fresh:
            self.recent.clear()
        for step, value in zip(arrays["recent_step"], arrays["recent"], strict=True):
            assert int(step) not in self.recent, "a raw row comes once"
            self.recent[int(step)] = value
        self.recent = dict(sorted(self.recent.items())[-RECENT:])

    def table(self) -> tuple[Any, ...]:
        return (
            self.stride,
            *(np.array(self.whole[name]).tolist() for name in ("step",)),
            *(np.array(self.whole[name]).tobytes() for name in ("mean", "low", "high")),
            tuple(self.recent),
            np.array(list(self.recent.values())).tobytes(),
        )


@pytest.mark.parametrize("end", [1, 5, CAPACITY - 1, CAPACITY, CAPACITY + 1, 2 * CAPACITY + 1, 5000, 12345])
def test_rows_are_the_means_minima_and_maxima_of_their_strides(end: int) -> None:
    history = History(COLUMNS)
    values = fill(history, end)
    patch = history.patch(Cursor())
    arrays = patch.arrays
    stride = patch.stride
    n = -(-end // stride)
    assert stride & (stride - 1) == 0 and n <= CAPACITY and (stride == 1 or n > CAPACITY // 2)
    assert arrays["step"].tolist() == [min((i + 1) * stride, end) for i in range(n)]
    for name, function, close in (("mean", np.mean, 1e-5), ("low", np.min, 0), ("high", np.max, 0)):
        naive = [quietly(function, values[i * stride : (i + 1) * stride]) for i in range(n)]
        np.testing.assert_allclose(arrays[name], naive, rtol=close, atol=close)
    assert history.step == end


def test_the_newest_raw_rows_are_lossless() -> None:
    history = History(COLUMNS)
    values = fill(history, 3000)
    arrays = history.patch(Cursor()).arrays
    assert arrays["recent_step"].tolist() == list(range(3000 - RECENT + 1, 3001))
    np.testing.assert_array_equal(arrays["recent"], values[-RECENT:])


def test_a_long_run_stays_bounded() -> None:
    history = History(COLUMNS)
    fill(history, 100_000, chunk=4096)
    patch = history.patch(Cursor())
    arrays = patch.arrays
    assert patch.stride == 128 and len(arrays["step"]) == -(-100_000 // 128)
    assert sum(a.nbytes for a in arrays.values()) < 200_000
    assert arrays["step"][-1] == 100_000


def test_infinities_of_a_diverging_game_are_kept_and_warn_nobody() -> None:
    history = History(1)
    history.append(np.array([1, 2, 3], dtype=np.int32), np.array([[1.0], [np.inf], [-np.inf]], dtype=np.float32))
    arrays = history.patch(Cursor()).arrays
    assert arrays["recent"].ravel().tolist() == [1.0, np.inf, -np.inf]
    fill_up = np.arange(4, 2 * CAPACITY + 2, dtype=np.int32)
    history.append(fill_up, np.zeros((len(fill_up), 1), dtype=np.float32))
    assert history.patch(Cursor()).arrays["high"][0, 0] == np.inf


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("append"), st.integers(1, 1500)),
        st.tuples(st.just("look"), st.integers(0, 2)),
        st.tuples(st.just("cut"), st.integers(0, 1500)),
    ),
    max_size=12,
)


@settings(max_examples=60)
@given(ACTIONS)
def test_patches_lead_every_viewer_to_the_same_table(actions: list[tuple[str, int]]) -> None:
    history, clients, end = History(COLUMNS), [Client() for _ in range(3)], 0
    for i, (what, n) in enumerate(actions):
        if what == "append":
            fill(history, end + n, chunk=311, begin=end, seed=i)
            end += n
        elif what == "cut":
            end = max(0, end - n)
            history.cut(end)
        else:
            clients[n].update(history)
    fresh = Client()
    fresh.update(history)
    for client in clients:
        client.update(history)
        assert client.table() == fresh.table()
        client.update(history)
        assert client.table() == fresh.table()
    assert all(step <= end for step in fresh.recent)
    assert all(step <= end for step in fresh.whole["step"])


def test_after_a_cut_the_new_past_replaces_the_old() -> None:
    history = History(COLUMNS)
    fill(history, 5000)
    history.cut(3333)
    patch = history.patch(Cursor())
    arrays = patch.arrays
    stride = patch.stride
    assert 3333 - stride < arrays["step"][-1] <= 3333
    assert not len(arrays["recent_step"])  # all that was recent lay beyond the cut
    values = fill(history, 6000, begin=3333, seed=9)
    arrays = history.patch(Cursor()).arrays
    assert arrays["step"][-1] == 6000 and (np.diff(arrays["step"]) > 0).all()
    np.testing.assert_array_equal(arrays["recent"], values[-RECENT:])


def test_a_cut_to_before_everything_starts_again() -> None:
    history = History(COLUMNS)
    fill(history, 3000)
    history.cut(0)
    values = fill(history, 10, seed=5)
    patch = history.patch(Cursor())
    arrays = patch.arrays
    assert patch.stride == 1 and history.step == 10
    np.testing.assert_array_equal(arrays["recent"], values)
    np.testing.assert_allclose(arrays["mean"], values, rtol=1e-6)


def test_what_a_patch_holds_is_a_copy() -> None:
    history = History(COLUMNS)
    fill(history, 10)
    arrays = history.patch(Cursor()).arrays
    for array in arrays.values():
        array[:] = 99
    again = history.patch(Cursor()).arrays
    assert not any((a == 99).any() for a in again.values())


@pytest.mark.parametrize(
    ("kept", "old", "end"), [(0, 0, 300), (1, 0, 1), (700, 0, 2500), (3000, 0, 9000), (100_000, 64_000, 130_000)]
)
def test_recorded_curves_are_gone_on_with(kept: int, old: int, end: int) -> None:
    """Whoever reads them from a run's folder has what those have who were there from the beginning."""
    watched, (steps, values) = History(COLUMNS), rows(0, end)
    watched.append(steps, values)
    every = Rows(steps, values)
    older = Envelope.of(every[:old]).coarser(16) if old else Envelope.together([], COLUMNS)
    found = History.of(Metrics(("a", "b", "c"), older, every[old:kept]))
    assert found.step == kept
    found.append(steps[kept:], values[kept:])
    one, other = (history.patch(Cursor()) for history in (watched, found))
    assert one.stride == other.stride
    for name, array in one.arrays.items():
        np.testing.assert_allclose(other.arrays[name], array, rtol=1e-5, atol=1e-6, err_msg=name)
    twice = History.of(Metrics(("a", "b", "c"), older, every[old:kept]), games=2).patch(Cursor())
    assert twice.arrays["recent"].shape[1] == 2 * COLUMNS
    np.testing.assert_array_equal(twice.arrays["low"][:, COLUMNS:], twice.arrays["low"][:, :COLUMNS])
