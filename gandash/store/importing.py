"""Runs that somebody brings, as a zip or as the files of a folder: looked through before they are among the others.

Nothing of them is believed: which files there are is decided here by name, each is read up to a bound of its own, and what
they hold is what `reading` reads of any run. Nothing is unpickled, and no name of theirs becomes a path.
"""

from __future__ import annotations

import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import IO

from pydantic import ValidationError

from gandash.store import metrics
from gandash.store.copying import arriving, settle
from gandash.store.files import parts
from gandash.store.format import (
    ENVELOPE,
    EVENT_BYTES,
    EVENTS,
    JOURNAL,
    KEYFRAME_BYTES,
    KEYFRAMES,
    MANIFEST,
    MANIFEST_BYTES,
    MEGABYTE,
    PICTURE_FILE_BYTES,
    PICTURES,
    STEP_FILE_BYTES,
    STEPS,
    SUFFIXES,
    BrokenRun,
    Named,
    first_fault,
)
from gandash.store.places import home, new_id
from gandash.store.reading import StoredRun
from gandash.store.retention import make_room
from gandash.uploads.sources import directory_size
from gandash.wire.browser import Beside
from gandash.wire.frame import BrokenFrame, check
from gandash.words import retold, say, words_of

LARGEST_RUN = 210 * MEGABYTE  # bytes of all its files; what is recorded keeps within 200 MB
LARGEST_ZIP = LARGEST_RUN
MOST_FILES = 5000  # a run that was set back a thousand times has as many files of rows
ROW_BYTES = 400 * MEGABYTE  # of all rows as they are in memory, seen one file at a time
LARGEST_DIRECTORY = 200 * MOST_FILES  # bytes of a zip's table of contents

LARGEST = {
    **{MANIFEST: MANIFEST_BYTES, EVENTS: EVENT_BYTES + 2**20, STEPS: 4 * STEP_FILE_BYTES, ENVELOPE: 4 * STEP_FILE_BYTES},
    **{JOURNAL: 4 * STEP_FILE_BYTES, KEYFRAMES: 2 * KEYFRAME_BYTES, PICTURES: 4 * PICTURE_FILE_BYTES},
}
"""Bytes of a file, by its name or its folder."""

_COLUMN = re.compile(r"(?:[0-9]{1,2}/)?[a-z][a-z0-9_]{0,60}")


@dataclass(frozen=True)
class Brought:
    """A file that somebody brings: its path as they call it, what it promises to be long, and how it is opened."""

    name: str
    size: int
    open: Callable[[], IO[bytes]]


def bring_zip(stream: IO[bytes], owner: str, place: Path | None = None) -> Path:
    """The run in a zip, which belongs to `owner` from now on. Raises as `bring` does."""
    length = stream.seek(0, 2)
    if length > LARGEST_ZIP:
        raise BrokenRun(
            say(
                "it has {size} MB; a zip of at most {most} MB is taken",
                size=f"{length / MEGABYTE:,.0f}",
                most=LARGEST_ZIP // MEGABYTE,
            )
        )
    if directory_size(stream) > LARGEST_DIRECTORY:
        raise _too_many()
    try:
        archive = zipfile.ZipFile(stream)
        infos = archive.infolist()
    except MemoryError:
        raise
    except Exception:  # whatever a forged table of contents provokes
        raise BrokenRun(say("it is no zip, or one that is cut short or damaged")) from None
    for info in infos:
        if info.is_dir():
            continue
        if info.flag_bits & 1:
            raise BrokenRun(say("it has a password"))
        if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
            raise BrokenRun(say("“{name}” in it is a link, and no plain file", name=_shown(info.orig_filename)))
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise BrokenRun(say("it is packed in a way that is not read here; the usual one is"))
    files = [Brought(i.orig_filename, i.file_size, partial(archive.open, i)) for i in infos if not i.is_dir()]
    return bring(files, owner, place)


def bring(files: Sequence[Brought], owner: str, place: Path | None = None) -> Path:
    """The run in these files, which belongs to `owner` from now on; files that belong to none are left out.

    It keeps its id where no other run has it. Raises BrokenRun in one sentence, OSError where the disk refuses or there is no
    room for it.
    """
    place = place or home()
    wanted = _sorted_out(files)
    make_room(place, sum(file.size for file in wanted.values()))
    with arriving(place) as folder:
        for name, file in wanted.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            _take(file, folder / name)
        try:
            run = look_through(folder)
        except BrokenRun as error:

            def without_place(text: str) -> str:
                return say("it") if text == str(folder) else text.replace(f"{folder}/", "")

            raise BrokenRun(retold(words_of(error), without_place)) from None
        about = run.manifest
        is_free = not (place / "runs" / about.id).exists()
        return settle(folder, about.model_copy(update={"owner": owner}), about.id if is_free else new_id())


def _sorted_out(files: Sequence[Brought]) -> dict[str, Brought]:
    """The files of a run by their path within it. Their sizes are added up before anything is opened."""
    if len(files) > MOST_FILES:
        raise _too_many()
    by_path: dict[tuple[str, ...], Brought] = {}
    for file in files:
        path = tuple(part for part in file.name.split("/") if part != ".")
        if not path or "\\" in file.name or "\0" in file.name or ".." in path or path[0] == "" or path[0].endswith(":"):
            raise BrokenRun(say("“{name}” in it is a name that leads out of it", name=_shown(file.name)))
        if any(part == "__MACOSX" or part.startswith(".") for part in path):
            continue  # left by a file manager
        if path in by_path:
            raise BrokenRun(say("“{name}” is in it twice", name=_shown(file.name)))
        by_path[path] = file
    tops = [path[:-1] for path in by_path if path[-1] == MANIFEST]
    if len(tops) != 1:
        wrong = say("more than one {file} is in it; the folder of one run is needed", file=MANIFEST)
        raise BrokenRun(wrong if tops else say("no {file} is in it; the folder of one run is needed", file=MANIFEST))
    top = tops[0]
    wanted = {
        name: file
        for path, file in by_path.items()
        if path[: len(top)] == top and _kind(name := "/".join(path[len(top) :])) is not None
    }
    for name, file in wanted.items():
        if file.size > (most := LARGEST[_kind(name) or ""]):
            raise BrokenRun(
                say("{file} has {size} bytes; at most {most} may be there", file=name, size=f"{file.size:,}", most=f"{most:,}")
            )
    if (total := sum(file.size for file in wanted.values())) > LARGEST_RUN:
        raise BrokenRun(
            say(
                "unpacked it has {size} MB; a run of at most {most} MB is taken",
                size=f"{total / MEGABYTE:,.0f}",
                most=LARGEST_RUN // MEGABYTE,
            )
        )
    return wanted


def _kind(name: str) -> str | None:
    """Which file of a run, or of which of its folders, this is; None for one that is no part of it."""
    folder, _, base = name.rpartition("/")
    if not folder:
        return base if base in (MANIFEST, EVENTS) else None
    return folder if folder in SUFFIXES and Named.of(base, SUFFIXES[folder]) is not None else None


def _take(file: Brought, path: Path) -> None:
    with path.open("xb") as out:
        for chunk in _read(file):
            out.write(chunk)


def _read(file: Brought) -> Iterator[bytes]:
    """No more than it promised to be long, whatever comes."""
    left = file.size
    try:
        with file.open() as stream:
            while chunk := stream.read(min(left, MEGABYTE)):
                yield chunk
                left -= len(chunk)
            left += len(stream.read(1))
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError, OSError):
        raise BrokenRun(say("“{name}” in it is damaged", name=_shown(file.name))) from None
    if left:
        raise BrokenRun(say("“{name}” in it is not as long as it is said to be", name=_shown(file.name)))


def look_through(folder: Path) -> StoredRun:
    """Read all of a run, a file at a time. Raises BrokenRun in one sentence."""
    run = StoredRun(folder)
    about = run.manifest
    try:
        datetime.fromisoformat(about.created)
    except ValueError:
        raise BrokenRun(say("{file}: created: no time in ISO 8601", file=MANIFEST)) from None
    if not all(map(_COLUMN.fullmatch, about.columns)):
        raise BrokenRun(say("{file}: columns: names of curves are small letters", file=MANIFEST))
    if any(len(text) > 200 for text in (*about.labels, *about.versions, *about.versions.values())):
        raise BrokenRun(say("{file}: a label or a version is longer than 200 characters", file=MANIFEST))
    _ = run.configs
    for verdict in filter(None, run.verdicts):
        if len(verdict.title) > 200 or len(verdict.reason) > 10_000:
            raise BrokenRun(say("{file}: a verdict is longer than any that is given", file=EVENTS))
    room = ROW_BYTES
    for name in parts(folder):
        kind, path = _kind(name), folder / name
        if kind in (STEPS, ENVELOPE):
            read = metrics.read_rows if kind == STEPS else metrics.read_envelope
            room -= _bytes_of(read(path, about.columns))
            if room < 0:
                raise BrokenRun(say("it has more than {most} MB of rows", most=ROW_BYTES // MEGABYTE))
    _ = run.last_row  # the journal is looked into for it
    for keyframe in run.keyframes:
        run.keyframe(keyframe)
    for place in run.pictures():
        picture = run.picture_and_words(place)
        try:
            check(picture.frame)
            if picture.beside:
                Beside.model_validate_json(picture.beside)
        except BrokenFrame as error:
            raise BrokenRun(
                say("the picture of step {step} cannot be read ({problem})", step=f"{place.step:,}", problem=f"{error}")
            ) from None
        except ValidationError as error:
            raise BrokenRun(
                say(
                    "what is said beside the picture of step {step}: {problem}",
                    step=f"{place.step:,}",
                    problem=first_fault(error),
                )
            ) from None
    return run


def _bytes_of(rows: metrics.Rows | metrics.Envelope) -> int:
    return sum(getattr(rows, name).nbytes for name in rows.__dataclass_fields__)


def _too_many() -> BrokenRun:
    return BrokenRun(say("more than {most} files are in it", most=f"{MOST_FILES:,}"))


def _shown(name: str) -> str:
    """A stranger's name as it may be shown."""
    return "".join(c if c.isprintable() else "_" for c in name)[-60:]
