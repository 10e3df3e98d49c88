"""Writes one run while it is played: from its first round on, or on from where a crash or another process left it."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from numpy.typing import NDArray

from gandash.store.files import write_whole
from gandash.store.format import (
    EVENT_BYTES,
    EVENTS,
    LARGEST_EPOCH,
    MANIFEST,
    MAX_CHANGES,
    BrokenRun,
    CannotRecord,
    KeyframeEvent,
    Manifest,
    RewoundEvent,
    RunEvent,
    SetEvent,
    StepEvent,
    StoppedEvent,
    VerdictEvent,
)
from gandash.store.keyframes import KeyframeWriter, state_hash
from gandash.store.metrics import MetricsWriter, Rows
from gandash.store.pictures import Picture, PictureWriter
from gandash.store.reading import StoredRun
from gandash.wire.browser import Verdict
from gandash.wire.messages import Change
from gandash.words import of_system, say

LARGEST_EVENT = 2**16  # a setting in mid-run is a few words
LOCK_TRIES, LOCK_SECONDS = 5, 0.02

_NOBODYS_FAULT = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG}  # no other folder's name would have helped


class UnfitFolder(ValueError):
    """A folder that was named for a run cannot hold one: says why, and what to try."""


def claim(directory: Path) -> None:
    """Make `directory`, or take it as it is when empty, for a run to come. Raises UnfitFolder, or CannotRecord."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        found = next((entry.name for entry in directory.iterdir()), None)
    except OSError as error:
        if error.errno in _NOBODYS_FAULT:
            raise CannotRecord(say("{file}: {problem}", file=f"{directory}", problem=of_system(error))) from None
        why = say("it is a file") if isinstance(error, FileExistsError) else of_system(error)
        told = say("{folder} cannot be used: {why}; name a directory that can be written to", folder=f"{directory}", why=why)
        raise UnfitFolder(told) from None
    if found is not None:
        told = say(
            "{folder} is not empty (it holds {file}); name a new directory, or empty this one",
            folder=f"{directory}",
            file=found,
        )
        raise UnfitFolder(told)


class RunWriter:
    """One run's folder. No two processes write the same one: it is locked as long as this lives.

    Every method raises OSError when the disk refuses, CannotRecord among them; what was written before stays readable.
    """

    def __init__(self, directory: Path, manifest: Manifest) -> None:
        """A new run in a folder that does not exist, or is empty."""
        directory.mkdir(parents=True, exist_ok=True)
        if next(directory.iterdir(), None) is not None:
            raise CannotRecord(say("{file} is not empty", file=f"{directory}"))
        write_manifest(directory, manifest)
        self._open(directory, manifest.columns, [0] * len(manifest.configs), 0)

    @classmethod
    def going_on(cls, directory: Path, step: int, kept: Sequence[int]) -> Self:
        """The run there goes on from `step`, with so many changes of each game. Raises BrokenRun, too."""
        run = StoredRun(directory)
        self = cls.__new__(cls)
        noted = [min(n, len(of)) for n, of in zip(kept, run.changes, strict=True)]  # a torn end may have lost some
        self._open(directory, run.manifest.columns, noted, run.epoch)
        self.rewind(step, noted)
        return self

    def _open(self, directory: Path, columns: Sequence[str], noted: list[int], epoch: int) -> None:
        self.directory = directory
        self._noted = noted  # changes of each game that the log has
        self._log = open_log(directory)
        try:
            self._metrics = MetricsWriter(directory, columns, epoch)
            self._keyframes = KeyframeWriter(directory, epoch)
            self._pictures = PictureWriter(directory, epoch)
        except (OSError, BrokenRun):
            os.close(self._log)
            raise

    # ---------------------------------------------------------------------------------------------------------- events

    def changes(self, member: int, changes: Sequence[Change]) -> None:
        """Note what is new in a game's whole event log; to be called before the rows that it shaped."""
        if len(changes) > MAX_CHANGES:
            raise CannotRecord(say("there are more than {most} changes and rounds by hand", most=f"{MAX_CHANGES:,}"))
        new: list[SetEvent | StepEvent] = []
        for change in changes[self._noted[member] :]:
            last = new[-1] if new else None
            if change.kind == "set":
                new.append(SetEvent(member=member, **change.model_dump(exclude={"kind", "players"})))
            elif isinstance(last, StepEvent) and (last.step + last.rounds, last.players) == (change.step, change.players):
                new[-1] = last.model_copy(update={"rounds": last.rounds + 1})
            else:
                new.append(StepEvent(member=member, step=change.step, players=change.players))
        self._note(*new)
        self._noted[member] = len(changes)

    def stopped(self, member: int, step: int, at: int, kept: int) -> None:
        """One of several games stands still as it was at step `at`, with so many changes."""
        self._note(StoppedEvent(member=member, step=step, at=at, kept=kept))
        self._noted[member] = kept

    def verdict(self, member: int, verdict: Verdict) -> None:
        self._note(
            VerdictEvent(member=member, step=verdict.step, verdict=verdict.kind, title=verdict.title, reason=verdict.reason)
        )

    def rewind(self, step: int, kept: Sequence[int]) -> None:
        """The run goes on from `step`, as if what came after had not been; of each game's changes so many are left."""
        epoch = self._keyframes.epoch + 1
        if epoch > LARGEST_EPOCH:
            raise CannotRecord(say("it was set back too often"))
        self._metrics.flush()
        self._note(RewoundEvent(step=step, kept=tuple(kept)))
        self._noted = list(kept)
        for part in (self._metrics, self._pictures):
            part.begin_epoch(epoch)
        self._keyframes.epoch = epoch

    def _note(self, *events: RunEvent) -> None:
        text = b"".join(json.dumps(e.model_dump(mode="json"), allow_nan=False).encode() + b"\n" for e in events)
        if not text:
            return
        if os.fstat(self._log).st_size + len(text) > EVENT_BYTES:
            raise CannotRecord(say("its log of events has reached {size} MB", size=EVENT_BYTES // 10**6))
        written = os.write(self._log, text)
        if written < len(text):  # a disk that is just full takes a part without a word
            os.write(self._log, text[written:])

    # ------------------------------------------------------------------------------------------------------------ data

    def rows(self, rows: Rows) -> None:
        """Rows of consecutive steps: in the journal at once, in a file of rows after the next keyframe, `flush` or `close`."""
        self._metrics.append(rows)

    def flush(self) -> None:
        self._metrics.flush()

    def keyframe(self, step: int, label: dict[str, Any], state: dict[str, NDArray[Any]], seen: dict[str, NDArray[Any]]) -> None:
        """Keep a whole state, after the rows up to its step: `state` is what the trajectories follow from, `seen` the rest."""
        self._metrics.flush()
        if self._keyframes.write(step, label, state | seen):
            self._note(KeyframeEvent(step=step, state=state_hash(state)))

    def picture(self, step: int, frame: bytes, beside: bytes = b"") -> None:
        """Keep a frame, and what was said beside it."""
        self._pictures.append(step, Picture(frame, beside))

    def close(self) -> None:
        """Write what waits, and let go of the folder."""
        try:
            self._metrics.flush()
        finally:
            self.let_go()

    def let_go(self) -> None:
        """Without writing anything more."""
        os.close(self._log)


def open_log(directory: Path) -> int:
    """A run's log of events, for whoever alone may write the run until it is closed; a torn end is cut off. Raises OSError,
    CannotRecord among them."""
    log = os.open(directory / EVENTS, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    try:
        _lock(log)
        size = os.fstat(log).st_size
        tail = os.pread(log, LARGEST_EVENT, max(0, size - LARGEST_EVENT))
        if not tail.endswith(b"\n"):
            os.ftruncate(log, size - len(tail) + tail.rfind(b"\n") + 1)
    except OSError as error:
        os.close(log)
        if isinstance(error, BlockingIOError):
            raise CannotRecord(say("{file} is being recorded by another process", file=f"{directory}")) from None
        raise
    return log


def _lock(log: int) -> None:
    """Who only asks whether it is being recorded holds it for a moment, too."""
    for _ in range(LOCK_TRIES):
        with suppress(BlockingIOError):
            return fcntl.flock(log, fcntl.LOCK_EX | fcntl.LOCK_NB)
        time.sleep(LOCK_SECONDS)
    fcntl.flock(log, fcntl.LOCK_EX | fcntl.LOCK_NB)


def write_manifest(directory: Path, manifest: Manifest) -> None:
    write_whole(directory / MANIFEST, manifest.model_dump_json(indent=1).encode() + b"\n")


def is_being_recorded(directory: Path) -> bool:
    """Whether a process is writing it at this moment."""
    try:
        log = os.open(directory / EVENTS, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(log, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(log)
    return False


def rename(directory: Path, title: str) -> None:
    """Give a run a title of its own, with which it is never removed to make room. Raises BrokenRun, OSError and ValueError."""
    manifest = StoredRun(directory).manifest
    named = Manifest.model_validate(manifest.model_dump() | {"title": title.strip(), "named": bool(title.strip())})
    write_manifest(directory, named)
