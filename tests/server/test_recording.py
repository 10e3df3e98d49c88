"""The server's side of recording: a folder for every new game, and what people are told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gandash.config import GameConfig
from gandash.presets import DEFAULT
from gandash.server import recording
from gandash.server.origin import Origin
from gandash.server.recording import Records
from gandash.server.run import Run
from gandash.store.format import CannotRecord
from gandash.wire.messages import Command, Recording, Start, Started, Unrecorded


class Deaf:
    """A worker that only remembers what it was sent."""

    pid, is_alive, delay = 1, True, ""

    def __init__(self) -> None:
        self.starts: list[Start] = []

    def send(self, command: Command) -> None:
        if isinstance(command, Start):
            self.starts.append(command)

    def give_to(self, owner: object) -> None:
        return


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GANDASH_RECORD", "1")
    monkeypatch.setenv("GANDASH_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def make(tmp_path: Path, records: Records) -> tuple[Run, Deaf]:
    worker = Deaf()
    new: Callable[..., tuple[Recording | None, str]] = lambda origin, labels: records.new("me", origin, labels)  # noqa: E731
    return Run(DEFAULT.config, DEFAULT.title, None, tmp_path, lambda: worker, new), worker  # type: ignore[arg-type, return-value]


def test_every_new_game_has_a_folder_of_its_own(tmp_path: Path, home: Path) -> None:
    run, worker = make(tmp_path, Records())
    run.reconfigure(DEFAULT.config.replace("run.batch", 32).replace("generator.width", 5))
    run.compare([DEFAULT.config, DEFAULT.config.replace("run.seed", 9)], ["a", "b"])
    run.begin_anew(GameConfig(), "Another", None)
    records = [start.record for start in worker.starts]
    assert all(record is not None for record in records)
    first, changed, compared, another = (r for r in records if r is not None)
    assert Path(first.directory) == home / "runs" / first.id and len({r.id for r in records if r}) == 4
    assert (first.title, first.preset) == (DEFAULT.title, DEFAULT.name) and first.owner not in ("", "me")
    assert changed.title == f"{DEFAULT.title} (changed)" and compared.title == f"{DEFAULT.title} (compared)"
    assert compared.labels == ("a", "b") and (another.title, another.preset) == ("Another", "")
    assert not home.exists()  # the worker makes it, once it has played


def test_nothing_is_recorded_where_nobody_wants_it(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANDASH_RECORD", "0")
    _, worker = make(tmp_path, Records())
    assert worker.starts[0].record is None


def test_a_worker_that_takes_over_goes_on_in_the_same_folder(tmp_path: Path, home: Path) -> None:
    run, worker = make(tmp_path, Records())
    run._recovery.checkpoint = str(tmp_path / "c")
    run._recover("it was lost")
    first, second = worker.starts
    assert second.checkpoint and first.record == second.record is not None


def test_that_recording_stopped_is_said_on_the_page(tmp_path: Path, home: Path) -> None:
    run, worker = make(tmp_path, Records())
    run.on_event(worker, Started(generation=1, step=0, games=()))  # type: ignore[arg-type]
    run.on_event(worker, Unrecorded(generation=1, step=1234, reason="No space left on device"))  # type: ignore[arg-type]
    assert run.notice.startswith("Recording stopped at step 1,234: No space left on device. The run goes on")
    refused = Unrecorded(generation=1, step=1, reason="No such file or directory", is_kept=False)
    run.on_event(worker, refused)  # type: ignore[arg-type]
    assert run.notice == "This run is not recorded: No such file or directory. It goes on all the same."


def test_where_there_is_no_room_new_runs_are_not_recorded_and_say_so(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full() -> None:
        raise CannotRecord("the runs take 30 of 20 GB")

    records = Records()
    monkeypatch.setattr(recording, "make_room", full)
    records.keep_within_limit()
    run, worker = make(tmp_path, records)
    assert worker.starts[0].record is None and run.notice == "This run is not recorded: the runs take 30 of 20 GB."
    monkeypatch.setattr(recording, "make_room", lambda: [])
    records.keep_within_limit()
    made, why = records.new("me", Origin(DEFAULT.title, DEFAULT.config, (DEFAULT.config,)), ())
    assert made is not None and not why
