"""A press on "Branch here": this tab shows another run, and the one before goes on."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from store.writing_runs import manifest, written

from gandash.config.setting import SettingError
from gandash.server.origin import BranchPoint
from gandash.server.supervisor import Unavailable
from gandash.store.places import owner_of
from gandash.ui import choices
from gandash.ui.tab import Tab
from gandash.ui.whose import Visitor

RUN = manifest().id


class Keeper:
    """Remembers what it was asked for."""

    def __init__(self) -> None:
        self.points: list[tuple[BranchPoint, str, float | None]] = []
        self.live: Any = None
        self.is_full = False

    def recorded_as(self, record: str, visitor: str) -> Any:
        return self.live if (record, visitor) == (RUN, "me") else None

    def branch(self, point: BranchPoint, visitor: str, speed: float | None) -> Any:
        if self.is_full:
            raise Unavailable("32 runs are alive.")
        self.points.append((point, visitor, speed))
        return run(point)


def run(point: BranchPoint | None = None, speed: float | None = None) -> Any:
    class Run(SimpleNamespace):  # a tab keeps things of it weakly
        __hash__ = object.__hash__

    return Run(branched=point, origin="x", configs=(1,), speed=speed, expect_viewer=lambda: None)


@pytest.fixture
def keeper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Keeper:
    monkeypatch.setenv("GANDASH_HOME", str(tmp_path))
    written(tmp_path / "runs" / RUN, owner=owner_of("me")).close()
    keeper = Keeper()
    monkeypatch.setattr(choices, "supervisor", lambda: keeper)
    return keeper


def test_the_tab_shows_the_branch_and_can_go_back(keeper: Keeper) -> None:
    keeper.live = left = run(speed=30.0)
    tab = Tab(run=left, who=Visitor("me"))
    assert choices.branch(tab, {"record": RUN, "step": 250}) == ""
    ((point, visitor, speed),) = keeper.points
    assert (point.step, point.run, visitor, speed) == (250, RUN, "me", 30.0)
    assert tab.run is not left and tab.run is not None and tab.run.branched == point
    assert choices.parent(tab) == "" and tab.run is left
    tab.run, keeper.live = run(point), None
    assert "has ended" in choices.parent(tab) and tab.run.branched == point


def test_nobody_branches_off_anothers_run(keeper: Keeper) -> None:
    for visitor in ("you", ""):
        tab = Tab(run=run(), who=Visitor(visitor))
        assert "no such run of yours" in choices.branch(tab, {"record": RUN, "step": 250})
    gone = choices.branch(Tab(run=run(), who=Visitor("me")), {"record": "20260101-000000-aaaaaa", "step": 1})
    assert "no such run of yours" in gone and not keeper.points


def test_what_cannot_be_is_said(keeper: Keeper) -> None:
    tab = Tab(run=(left := run()), who=Visitor("me"))
    assert "its last is 300" in choices.branch(tab, {"record": RUN, "step": 5000})
    keeper.is_full = True
    assert "32 runs are alive" in choices.branch(tab, {"record": RUN, "step": 250})
    assert choices.branch(tab, None) == "" and tab.run is left
    for forged in (
        7,
        {"record": "../x", "step": 1},
        {"record": RUN},
        {"record": RUN, "step": -1},
        {"record": RUN, "step": 1.5},
    ):
        with pytest.raises(SettingError, match="a branch begins at a step"):
            choices.branch(tab, forged)
