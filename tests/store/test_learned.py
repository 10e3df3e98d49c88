"""Steps of lessons that were done, kept beside the runs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gandash.store import learned as kept
from gandash.store.learned import learn, learned


def test_it_is_kept_for_each_by_lesson(tmp_path: Path) -> None:
    place = tmp_path / "not yet there"
    assert learned("one", place) == {} and not place.exists()
    for lesson, step in (("nash", 0), ("nash", 2), ("nash", 2), ("pictures", 1)):
        learn("one", lesson, step, place)
    learn("another", "nash", 1, place)
    assert learned("one", place) == {"nash": {0, 2}, "pictures": {1}}
    assert b"another" not in (place / kept.FILE).read_bytes()  # a cookie opens its visitor's live runs


def test_many_may_write_at_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: learn(f"visitor {i % 4}", "nash", i, tmp_path), range(40)))
    assert [learned(f"visitor {i}", tmp_path) for i in range(4)] == [{"nash": {*range(i, 40, 4)}} for i in range(4)]


def test_what_is_oldest_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST", 3)
    for step in range(5):
        learn("one", "nash", step, tmp_path)
    assert learned("one", tmp_path) == {"nash": {2, 3, 4}}
    monkeypatch.setattr(kept, "KEPT_SECONDS", -1.0)
    learn("one", "nash", 9, tmp_path)
    assert learned("one", tmp_path) == {}
