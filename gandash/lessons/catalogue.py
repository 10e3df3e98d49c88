"""All lessons: our own, and those in the folder that `GANDASH_LESSONS` names."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from gandash.lessons.model import Lesson
from gandash.lessons.reading import ENDING, LessonError, read_lesson
from gandash.paths import ASSETS

FOLDER = "GANDASH_LESSONS"
OURS = ASSETS / "lessons"
MOST = 200  # files of a folder


@dataclass(frozen=True)
class Catalogue:
    """`lessons` by name, in the order of the path; `troubles` are those that cannot be read."""

    lessons: dict[str, Lesson]
    troubles: tuple[LessonError, ...]


def catalogue() -> Catalogue:
    """What there is now: files that were changed since are read anew."""
    lessons: dict[str, Lesson] = {}
    troubles: list[LessonError] = []
    for path in _files(troubles):
        try:
            lesson = _read(path, *_version(path))
            if lesson.name in lessons:
                raise LessonError(path, f"there is a lesson of the name {lesson.name} already; give this file another")
            if same := next((other for other in lessons.values() if other.title == lesson.title), None):
                raise LessonError(path, f"{same.name} has the same title; nobody could tell them apart", None, "title")
        except LessonError as error:
            troubles.append(error)
        else:
            lessons[lesson.name] = lesson
    in_order = sorted(lessons.values(), key=lambda lesson: (lesson.place, lesson.name))
    return Catalogue({lesson.name: lesson for lesson in in_order}, tuple(troubles))


def _files(troubles: list[LessonError]) -> Iterator[Path]:
    yield from _in(OURS)
    given = os.environ.get(FOLDER, "")
    if not given:
        return
    folder = Path(given).expanduser()
    try:
        found = list(_in(folder))
    except OSError as error:
        troubles.append(LessonError(folder, f"{FOLDER} names this folder, and it cannot be read ({error.strerror or error})"))
        return
    if len(found) > MOST:
        troubles.append(LessonError(folder, f"it has {len(found):,} files; the first {MOST} are read"))
    yield from found[:MOST]


def _in(folder: Path) -> Iterable[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() == ENDING and not path.name.startswith("."))


def _version(path: Path) -> tuple[int, int]:
    try:
        about = path.stat()
    except OSError as error:
        raise LessonError(path, f"it cannot be read ({error.strerror or error})") from None
    return about.st_mtime_ns, about.st_size


@lru_cache(maxsize=2 * MOST)
def _read(path: Path, changed: int, size: int) -> Lesson:
    return read_lesson(path)
