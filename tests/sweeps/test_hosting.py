"""The sweeps of a server: one at a time is played, whoever looks; what has come is told, also after a new start."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from sweeps.writing_sweeps import ID, with_a_sweep
from waiting import wait_until

from gandash.presets import PRESETS
from gandash.sweeps.axes import Axis
from gandash.sweeps.cells import Cells
from gandash.sweeps.diagram import VERDICTS
from gandash.sweeps.hosting import NICE, NUMBERS, About, Host, Hosted, SweepRefused, described, foreseen
from gandash.sweeps.sweep import Sweep
from gandash.wire.frame import unpack
from gandash.words import Said

STEP = "generator_optimiser.learning_rate+discriminator_optimiser.learning_rate"
ADA, BOB = About("ada", "Ada's"), About("bob", "Bob's", "What it shows.", "jsd")


def dirac(steps: int, *axes: str, seeds: int = 1) -> Sweep:
    return Sweep(base=PRESETS["dirac-r1"].config, axes=tuple(map(Axis.of, axes)), steps=steps, seeds=seeds, preset="dirac-r1")


SMALL = dirac(20, f"{STEP}=0.1:0.4:3log", "regulariser.r1=0,1")
LONG = dirac(300, f"{STEP}=0.1:0.4:40log", "regulariser.r1=0.1:1:25log")

Opened = Callable[[], Host]


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opened]:
    """Opens a server's host; the one before it is closed."""
    monkeypatch.setenv("GANDASH_HOME", str(tmp_path))
    hosts: list[Host] = []

    @contextmanager
    def seat() -> Iterator[None]:
        yield

    def another() -> Host:
        for host in hosts:
            host.close()
        hosts.append(Host(1, seat))
        return hosts[-1]

    yield another
    for host in hosts:
        host.close()


def rests(sweep: Hosted) -> None:
    wait_until(lambda: sweep.state not in ("playing", "stopping"), "it is played")


def test_the_games_of_a_sweep_are_told_as_they_come(opened: Opened) -> None:
    host = opened()
    assert "6 games of 20 steps: about" in host.cost(SMALL)
    hosted = host.begin(SMALL, BOB)
    rests(hosted)
    assert hosted.is_whole and not hosted.trouble
    label, arrays = unpack(hosted.packet(0))
    assert (label["state"], label["start"], label["count"]) == ("done", 0, 6)
    rows = Cells.of(hosted.results)
    order = np.argsort(arrays["cell"])
    assert arrays["cell"][order].tolist() == rows.index.tolist()
    names = [list(VERDICTS)[i].value for i in arrays["verdict"][order]]
    assert names == rows["verdict"].tolist()
    np.testing.assert_array_equal(arrays["numbers"][order, NUMBERS.index("jsd")], rows["jsd"].astype(np.float32))
    label, arrays = unpack(hosted.packet(4))
    assert (label["start"], label["count"], len(arrays["cell"])) == (4, 6, 2)
    assert unpack(hosted.packet(99))[0]["start"] == 6  # of a server that was started anew: who asks sees that it has fewer
    again = opened().find(hosted.id)
    assert again is not None and again.about == BOB and again.is_whole
    assert sorted(unpack(again.packet(0))[1]["cell"].tolist()) == list(range(6))
    told = described(again.sweep, again.about, again.id)
    assert [Said.read(axis["name"]) for axis in told["axes"]] == ["Learning rate of G and D", "R1 weight γ"]
    assert list(map(Said.read, told["axes"][1]["values"])) == ["0", "1"] and told["colour"] == "jsd"
    assert all(np.isfinite(again.edges(0)).flat)
    before = foreseen(SMALL, BOB)  # as it was told to whoever had not begun it yet
    assert before == {"about": told | {"id": ""}, "edges": [again.edges(0)]}


def test_one_at_a_time_is_played_and_goes_on_where_it_was_stopped(opened: Opened) -> None:
    host = opened()
    hosted = host.begin(LONG, ADA)
    for about, whose in ((BOB, "somebody else’s"), (ADA, "“Ada's”")):
        with pytest.raises(SweepRefused, match=whose):
            host.begin(SMALL, about)
    with pytest.raises(SweepRefused, match="stop it first"):
        host.delete(hosted)
    wait_until(lambda: hosted.count > 0, "games have come")
    players = [p for p in psutil.Process().children() if "gandash.sweeps.player" in p.cmdline()]
    assert [p.nice() for p in players] == [NICE]
    host.stop(hosted)
    rests(hosted)
    count = hosted.count
    assert hosted.state == "stopped" and 0 < count < LONG.count
    host.go_on(hosted)
    wait_until(lambda: hosted.count > count, "others have come")
    label, _ = unpack(hosted.packet(0))
    assert label["state"] == "playing" and label["count"] >= count
    host.close()
    assert hosted.state == "stopped" and not [p for p in players if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
    host.delete(hosted)
    assert host.find(hosted.id) is None and not hosted.results.folder.exists()


def test_who_sees_which(opened: Opened, tmp_path: Path) -> None:
    with_a_sweep(tmp_path)
    host = opened()
    assert [one.id for one in host.listed(lambda owner: owner == "")] == [ID]
    assert host.listed(lambda owner: owner == "ada") == []
    found = host.find(ID)
    assert found is not None and found.is_whole and found.state == "stopped"
    assert host.find("../sweeps") is None and host.find("20260101-000000-000000") is None


def test_what_is_too_much_is_refused_before_it_begins(opened: Opened) -> None:
    host = opened()
    with pytest.raises(SweepRefused, match="at most 20,000"):
        host.cost(dirac(10, f"{STEP}=0.1:0.4:200", "regulariser.r1=0:1:200"))
    with pytest.raises(SweepRefused, match=r"too long for the page.*Give fewer steps"):
        host.begin(dirac(1_000_000, f"{STEP}=0.1:0.4:90", "regulariser.r1=0:1:90"), ADA)
    assert host.listed(lambda owner: True) == []


def test_without_a_seat_nothing_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANDASH_HOME", str(tmp_path))

    def full() -> AbstractContextManager[None]:
        raise RuntimeError("no seat")

    host: Any = Host(1, full)
    with pytest.raises(RuntimeError, match="no seat"):
        host.begin(SMALL, ADA)
    assert host.listed(lambda owner: True) == []
