"""A lesson from its file: TOML, whose fields are those of `model`. What is wrong with it is said with its line and field."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from gandash.config.refused import problem_of
from gandash.config.setting import nearest
from gandash.lessons.model import Claim, Game, Invitation, Lesson, Prediction, Show, Step, Turn, Unfit, Until
from gandash.words import Said, finished, listed, marked, of_system, say

ENDING = ".toml"
LARGEST = 200_000  # bytes; ours have some five thousand
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class LessonError(ValueError):
    """A lesson that cannot be read: says in which file, at which line and field, and what is wrong."""

    def __init__(self, path: Path, problem: Said, line: int | None = None, field: str = "") -> None:
        self.path, self.problem, self.line, self.field = path, problem, line, field
        where = [Said("{name}", {"name": path.name})]
        where += [say("line {line}", line=line)] if line else []
        where += [Said("{name}", {"name": field})] if field else []
        super().__init__(say("{where}: {problem}", where=listed(*where), problem=problem))


def read_lesson(path: Path) -> Lesson:
    """Raises LessonError."""
    if not _NAME.fullmatch(path.stem):
        raise LessonError(
            path, say("a lesson is named by its file, in small letters, digits and hyphens, such as mode-collapse.toml")
        )
    text, given = read_table(path)
    if "name" in given:
        raise LessonError(path, say("the file's own name is the lesson's; leave it out"), line_of(text, ("name",)), "name")
    try:
        return Lesson.model_validate({"name": path.stem, **given})
    except ValidationError as error:
        raise in_words(path, text, error) from None


def version(path: Path) -> tuple[int, int]:
    """What is another once the file was changed. Raises LessonError."""
    try:
        about = path.stat()
    except OSError as error:
        raise LessonError(path, say("it cannot be read ({error})", error=of_system(error))) from None
    return about.st_mtime_ns, about.st_size


def read_table(path: Path) -> tuple[str, dict[str, Any]]:
    """The file as text, and what it says. Raises LessonError."""
    try:
        with path.open("rb") as file:
            body = file.read(LARGEST + 1)
    except OSError as error:
        raise LessonError(path, say("it cannot be read ({error})", error=of_system(error))) from None
    if len(body) > LARGEST:
        raise LessonError(path, say("it has more than {count} bytes; a lesson has a few thousand", count=f"{LARGEST:,}"))
    try:
        text = body.decode("utf-8-sig")
        given = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise LessonError(path, say("it is not text in UTF-8"), body[: error.start].count(b"\n") + 1) from None
    except tomllib.TOMLDecodeError as error:
        words = str(error)
        line = re.search(r"at line (\d+)", words)
        said = re.sub(r" \(at .*\)$", "", words)
        problem = say("this is no TOML: {error}", error=f"{said[:1].lower()}{said[1:]}")
        raise LessonError(path, problem, int(line[1]) if line else None) from None
    except RecursionError:
        raise LessonError(path, say("this is no TOML: it is nested too deeply")) from None
    if not given:
        raise LessonError(path, say("it is empty; a lesson has a title, teaches and steps (LESSONS.md has one)"))
    return text, given


def in_words(path: Path, text: str, error: ValidationError) -> LessonError:
    found = error.errors(include_url=False)
    first = next((one for one in found if one["type"] == "extra_forbidden"), found[0])  # a misspelt field is missing, too
    where = tuple(part for part in first["loc"] if isinstance(part, str | int))
    problem = finished(_PROBLEMS[first["type"]]) if first["type"] in _PROBLEMS else problem_of(first)
    if isinstance(unfit := first.get("ctx", {}).get("error"), Unfit):  # our own validators name the field, counting from 1
        where = (*where, *(int(part) - 1 if part.isdigit() else part for part in unfit.field.split(".")))
        problem = unfit.problem
    if first["type"] == "extra_forbidden":
        near = nearest(str(where[-1]), _FIELDS.get(next((p for p in where[-2::-1] if isinstance(p, str)), ""), ()))
        problem = (
            say("there is no such field; did you mean {near}?", near=near)
            if near
            else say("there is no such field; LESSONS.md has all there are")
        )
    if first["type"] not in ("missing", "value_error", "extra_forbidden"):
        shown = repr(first.get("input"))
        shown = shown if len(shown) <= 60 else shown[:57] + "..."
        problem = say("given {value}; {problem}", value=shown, problem=problem)
    field = ".".join(str(part + 1) if isinstance(part, int) else part for part in where)
    return LessonError(path, problem, line_of(text, where), field)


_PROBLEMS = {
    "string_type": marked("text is needed, in quotation marks"),
    "int_type": marked("a whole number is needed"),
    "int_from_float": marked("a whole number is needed"),
    "float_type": marked("a number is needed"),
    "tuple_type": marked("a list is needed, as in [1, 2]"),
    "dict_type": marked("a table is needed, as in { a = 1 }"),
    "model_type": marked("a table of fields is needed"),
    "model_attributes_type": marked("a table of fields is needed"),
}
_FIELDS = {
    "steps": tuple(field.alias or name for name, field in Step.model_fields.items()),
    "game": tuple(Game.model_fields),
    "show": tuple(Show.model_fields),
    "predict": tuple(Prediction.model_fields),
    "moves": tuple(Invitation.model_fields),
    "until": tuple(Until.model_fields),
    "claims": tuple(Claim.model_fields),
    "at": tuple(Turn.model_fields),
    "": tuple(name for name in Lesson.model_fields if name != "name"),
}
"""The fields of a table, by its name."""

_HEADER = re.compile(r"\s*(\[\[?)\s*([\w.\- ]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"\s*([\w-]+(?:\s*\.\s*[\w-]+)*)\s*=")


def line_of(text: str, where: Sequence[str | int]) -> int | None:
    """The line, from 1, at which the field at this path stands, else the table that it is missing from; of a part of
    a list or of an inline table the field's line. Indices count from 0.

    >>> line_of("a = 1\\n[[steps]]\\n[[steps]]\\ntitle = 2", ("steps", 1, "title"))
    4
    """
    best, found = 0, None
    table: tuple[str | int, ...] = ()
    counts: dict[tuple[str | int, ...], int] = {}
    closing = ""  # what ends the text in several lines that goes on here
    for number, line in enumerate(text.splitlines(), 1):
        if closing:
            if closing in line:
                closing = ""
            continue
        at: tuple[str | int, ...] | None = None
        if header := _HEADER.match(line):
            table = _table(header[2].replace(" ", "").split("."), is_list=header[1] == "[[", counts=counts)
            at = table
        elif key := _KEY.match(line):
            at = (*table, *key[1].replace(" ", "").split("."))
            value = line[key.end() :]
            mark = next((mark for mark in ("'''", '"""') if mark in value), "")
            closing = mark if mark and value.count(mark) == 1 else ""
        if at is not None and len(at) > best and tuple(where[: len(at)]) == at:
            best, found = len(at), number
    return found


def _table(parts: Sequence[str], is_list: bool, counts: dict[tuple[str | int, ...], int]) -> tuple[str | int, ...]:
    """The path of a table from its header, with the numbers of the lists' entries that it stands in."""
    at: tuple[str | int, ...] = ()
    for i, part in enumerate(parts):
        at = (*at, part)
        if is_list and i == len(parts) - 1:
            counts[at] = counts.get(at, -1) + 1
        if at in counts:
            at = (*at, counts[at])
    return at
