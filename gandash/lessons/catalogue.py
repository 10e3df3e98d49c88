"""All lessons: our own, and those in the folder that `GANDASH_LESSONS` names."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from gandash.lessons.model import Lesson
from gandash.lessons.reading import ENDING, LessonError, read_lesson, version
from gandash.lessons.translating import named, translated
from gandash.paths import ASSETS
from gandash.words import of_system, say

FOLDER = "GANDASH_LESSONS"
OURS = ASSETS / "lessons"
MOST = 200  # files of a folder


@dataclass(frozen=True)
class Catalogue:
    """`lessons` by name, in the order of the path; `translations` by name and language; `troubles`: what cannot be read."""

    lessons: dict[str, Lesson]
    troubles: tuple[LessonError, ...]
    translations: dict[tuple[str, str], Lesson]

    def told(self, lesson: Lesson, language: str) -> Lesson:
        """The lesson in this language; in its own where nobody has translated it."""
        found = self.translations.get((lesson.name, language), lesson)
        return found if len(found.steps) == len(lesson.steps) else lesson  # the file was changed while it is given


def catalogue() -> Catalogue:
    """What there is now: files that were changed since are read anew."""
    lessons: dict[str, Lesson] = {}
    troubles: list[LessonError] = []
    files = list(_files(troubles))
    for path in files:
        if named(path):
            continue
        try:
            lesson = _read(path, *version(path))
            if lesson.name in lessons:
                raise LessonError(
                    path, say("there is a lesson of the name {name} already; give this file another", name=lesson.name)
                )
            if same := next((other for other in lessons.values() if other.title == lesson.title), None):
                raise LessonError(
                    path, say("{name} has the same title; nobody could tell them apart", name=same.name), None, "title"
                )
        except LessonError as error:
            troubles.append(error)
        else:
            lessons[lesson.name] = lesson
    in_order = sorted(lessons.values(), key=lambda lesson: (lesson.place, lesson.name))
    translations = {}
    for path in files:
        if about := named(path):
            try:
                translations[about] = _translated(lessons, about[0], path)
            except LessonError as error:
                troubles.append(error)
    return Catalogue({lesson.name: lesson for lesson in in_order}, tuple(troubles), translations)


def _translated(lessons: dict[str, Lesson], name: str, path: Path) -> Lesson:
    if name not in lessons:
        raise LessonError(path, say("it translates a lesson of the name {name}, and there is none", name=name))
    return translated(lessons[name], path)


def _files(troubles: list[LessonError]) -> Iterator[Path]:
    yield from _in(OURS)
    given = os.environ.get(FOLDER, "")
    if not given:
        return
    folder = Path(given).expanduser()
    try:
        found = list(_in(folder))
    except OSError as error:
        said = say(
            "{variable} names this folder, and it cannot be read ({error})",
            variable=FOLDER,
            error=of_system(error),
        )
        troubles.append(LessonError(folder, said))
        return
    if len(found) > MOST:
        troubles.append(
            LessonError(folder, say("it has {count} files; the first {most} are read", count=f"{len(found):,}", most=MOST))
        )
    yield from found[:MOST]


def _in(folder: Path) -> Iterable[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() == ENDING and not path.name.startswith("."))


@lru_cache(maxsize=2 * MOST)
def _read(path: Path, changed: int, size: int) -> Lesson:
    return read_lesson(path)
