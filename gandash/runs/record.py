"""A run as a directory: written while it is played, read back, played again.

    config.json              the settings it began with
    events.jsonl             {"kind": "start"}, every change of the run, {"kind": "end"}: one JSON object per line
    metrics.csv              one row per step: float32 in the shortest form that reads back the same, empty for NaN
    checkpoint.safetensors   the newest state kept (see `gandash.worker.checkpoint`)

Files only grow, changes go down before the rows they shaped, and a line counts once its end is there: after a crash
what was written is a whole run that is merely shorter. This file knows no torch until it replays.
"""

from __future__ import annotations

import errno
import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from pydantic import ValidationError

from gandash import __version__
from gandash.config import GameConfig, parse_config
from gandash.config.setting import JsonValue, SettingError
from gandash.wire.messages import Change

if TYPE_CHECKING:
    from gandash.diagnostics.verdict import Verdict
    from gandash.wire.facts import Engine
    from gandash.worker.observer import Rows
    from gandash.worker.trajectory import Trajectory

CONFIG, EVENTS, METRICS, CHECKPOINT = "config.json", "events.jsonl", "metrics.csv", "checkpoint.safetensors"

_TAIL = 2**16  # bytes, many times a row of metrics
_NOBODYS_FAULT = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG}  # no other directory name would have helped


class UnfitDirectory(ValueError):
    """The directory cannot hold a run: says why and what to try."""


class CannotWrite(Exception):
    """The disk refused in mid-run; what was written before is readable."""


class BrokenRecord(ValueError):
    """A directory that holds no run, or one whose files do not belong together."""


class Recorded(NamedTuple):
    """What a trajectory follows from: `trajectory.replay(*recorded)` plays it again."""

    config: GameConfig
    changes: tuple[Change, ...]
    steps: int
    engine: Engine = "torch"  # as of all runs from before there was another


def config_hash(config: JsonValue) -> str:
    """SHA-256 of a config's JSON, whatever its layout and order of keys.

    >>> config_hash({"a": 1, "b": 2}) == config_hash({"b": 2, "a": 1})
    True
    """
    canonical = json.dumps(config, sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()


def claim(directory: Path) -> None:
    """Make `directory`, or take it as it is when empty; raises UnfitDirectory or CannotWrite."""
    with _explained(directory):
        directory.mkdir(parents=True, exist_ok=True)
        found = next((entry.name for entry in directory.iterdir()), None)
    if found is not None:
        raise UnfitDirectory(f"{directory} is not empty (it holds {found}); name a new directory, or empty this one")


class Record:
    """Writes one run, from its step 0, into a directory of its own.

    Raises UnfitDirectory when the directory cannot serve, CannotWrite when the disk refuses later.
    """

    def __init__(self, directory: Path, trajectory: Trajectory, columns: Sequence[str]) -> None:
        if trajectory.step:
            raise ValueError(f"a record begins at step 0; this trajectory is at step {trajectory.step}")
        claim(directory)
        self.directory = directory
        self._step = self._changes = 0
        config = trajectory.config.model_dump(mode="json")
        with _explained(directory), ExitStack() as opened:
            (directory / CONFIG).write_text(json.dumps(config, indent=2, allow_nan=False) + "\n", encoding="utf-8")
            self._events = opened.enter_context((directory / EVENTS).open("x", encoding="utf-8"))
            self._metrics = opened.enter_context((directory / METRICS).open("x", encoding="utf-8"))
            # torch's version beside ours: another one may round differently, and then a replay drifts away
            self._note(
                kind="start",
                config=config_hash(config),
                seed=trajectory.config.run.seed,
                version=__version__,
                torch=version("torch"),
                engine=trajectory.engine,
                **({"numba": version("numba"), "blas": _blas()} if trajectory.engine == "compiled" else {}),
            )
            self._metrics.write(",".join(("step", *columns)) + "\n")
            self._metrics.flush()
            self._files = opened.pop_all()

    def append(self, rows: Rows, changes: Sequence[Change]) -> None:
        """Add the rows that were just drained, and what is new in `changes`, the whole event log so far."""
        for change in changes[self._changes :]:
            self._note(**change.model_dump(mode="json"))
        self._changes = len(changes)
        assert not len(rows.steps) or rows.steps[0] == self._step + 1, "rows of consecutive steps"
        with _writing(self.directory):
            for step, values in zip(rows.steps.tolist(), rows.values, strict=True):
                # float32's own str is the shortest that reads back the same; a float64's would be twice as long
                self._metrics.write(",".join((str(step), *("" if x != x else str(x) for x in values))) + "\n")
            self._metrics.flush()
        self._step += len(rows.steps)

    def checkpoint(self, trajectory: Trajectory) -> None:
        """Keep the trajectory's state, in place of the one kept before."""
        from gandash.worker.checkpoint import save

        with _writing(self.directory):
            save(self.directory / CHECKPOINT, [trajectory])

    def end(self, verdict: Verdict, interrupted: bool = False) -> None:
        """The last line. `interrupted` says that more steps had been asked for."""
        said = {"kind": verdict.kind, "title": verdict.title, "reason": verdict.reason}
        self._note(kind="end", step=self._step, verdict=said, interrupted=interrupted)

    def close(self) -> None:
        with _writing(self.directory):
            self._files.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _note(self, **entry: Any) -> None:
        with _writing(self.directory):
            self._events.write(json.dumps(entry, ensure_ascii=False, allow_nan=False) + "\n")
            self._events.flush()


def load(directory: Path) -> Recorded:
    """What `Record` wrote, also where a crash cut it short; raises BrokenRecord."""
    try:
        text = (directory / CONFIG).read_bytes()
        lines = (directory / EVENTS).read_bytes().split(b"\n")
        steps = _last_step(directory / METRICS)
    except OSError as error:
        name = Path(error.filename or "").name
        raise BrokenRecord(f"{directory} holds no run: {name}: {error.strerror or error}") from None
    try:
        given = json.loads(text)
        config = parse_config(given)
    except (SettingError, ValueError, RecursionError) as error:
        raise BrokenRecord(f"{directory / CONFIG}: {error}") from None
    # After the last line end comes a line that was cut short, or nothing
    entries = [_entry(directory, number, line) for number, line in enumerate(lines[:-1], 1)]
    if not entries or entries[0].get("kind") != "start":
        raise BrokenRecord(f"{directory / EVENTS} does not begin with a start entry")
    if entries[0].get("config") != config_hash(given):
        raise BrokenRecord(f"{directory / CONFIG} is not the config this run began with; {EVENTS} has another's hash")
    if entries[-1].get("kind") == "end":
        entries, steps = entries[:-1], int(entries[-1]["step"])
    engine = entries[0].get("engine", "torch")
    if engine not in ("torch", "compiled"):
        raise BrokenRecord(f"{directory / EVENTS}: it was played by an engine of the name {engine!r}, which there is not")
    try:
        changes = tuple(Change.model_validate(entry) for entry in entries[1:])
    except ValidationError as error:
        raise BrokenRecord(f"{directory / EVENTS}: {error.errors()[0]['msg']}") from None
    # A change is written before its rows: the round of the newest change may never have been played
    return Recorded(config, tuple(c for c in changes if c.step < steps or (c.kind == "set" and c.step == steps)), steps, engine)


def replay(directory: Path) -> Trajectory:
    """The recorded run, played again: the same trajectory, bit for bit on the same machine with the same torch."""
    from gandash.worker import trajectory

    return trajectory.replay(*load(directory))


def _blas() -> str:
    from gandash.game.compiled.products import BLAS

    return BLAS


def _entry(directory: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        entry = None
    if not isinstance(entry, dict):
        raise BrokenRecord(f"{directory / EVENTS}: line {number} is no JSON object")
    return entry


def _last_step(path: Path) -> int:
    """The step of the last row that has its end, 0 when there is none; long files are read from behind."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _TAIL))
        whole = file.read().split(b"\n")[:-1]
    step = whole[-1].split(b",")[0] if whole else b""
    return int(step) if step.isdigit() else 0


@contextmanager
def _writing(directory: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CannotWrite(f"{directory}: {error.strerror or error}") from None


@contextmanager
def _explained(directory: Path) -> Iterator[None]:
    """Turns what the system refuses, while a directory is taken into use, into whose fault it is."""
    try:
        yield
    except OSError as error:
        if error.errno in _NOBODYS_FAULT:
            raise CannotWrite(f"{directory}: {error.strerror}") from None
        why = "it is a file" if isinstance(error, FileExistsError) else error.strerror or error
        raise UnfitDirectory(f"{directory} cannot be used: {why}; name a directory that can be written to") from None
