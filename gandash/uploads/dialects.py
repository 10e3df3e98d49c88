"""A table split at one delimiter, and every way to read the result as one or two columns of numbers."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gandash.packed import MAX_ROWS
from gandash.uploads.numerals import ERROR, NoNumber, begins_like_a_number, is_gap, is_like_a_number, is_number, numbers
from gandash.words import Said, finished, listed, say

_MAX_GLUED = 20  # lines that one row may go over, where a quoted name holds line ends
_MAX_WIDTH = 4  # columns that are looked at: two of numbers, and pandas' index, even saved twice
ALONE = "\x1f"  # the delimiter of a table of one column: a character that no table has
_INDEX_NAMES = ("index", "id", "nr", "no", "row", "rownames", "row.names", "nummer", "number", "#")

Rows = NDArray[np.float64]

ONE_NAME = say("give every column one name, or none")
ONE_OR_TWO = say("keep the one or two that matter")
QUOTES = say("double a quote that stands within a field")


class TableRefused(ValueError):
    """A file that cannot be the data: says what was given, and what to try."""

    def __init__(self, given: Said, hint: Said) -> None:
        super().__init__(given, hint)
        self.given, self.hint = given, hint


def refused(given: Said, allowed: str, hint: Said) -> Said:
    """What is said of a file that cannot be the data."""
    return say("given {given}; allowed is {allowed}; {hint}", given=given, allowed=finished(allowed), hint=hint)


@dataclass(eq=False)
class TableReading:
    """One way to read a table: its `rows` `(n, 1 or 2)`, float64, each from the line of the file that `lines` names.

    `words` say how it was read. `facts` tell it from the other ways; `key` are as few of them as do.
    """

    rows: Rows
    words: Said
    facts: tuple[str, ...]
    lines: list[int]
    certain: bool = True
    unlikely: bool = False  # not considered where anything else fits
    doubt: Said | None = None  # what speaks against it, where that is not how another reading failed
    key: tuple[str, ...] = ()


class Misfit(TableRefused):
    """Why a dialect does not fit the file, and in which line."""

    def __init__(self, line: int, given: Said, hint: Said) -> None:
        super().__init__(given, hint)
        self.line = line


class Table:
    """The file taken apart at one delimiter: data rows of equal length, the line each stands in, and names if there are any."""

    def __init__(self, lines: list[str], delimiter: str) -> None:
        self.delimiter = delimiter
        taken = list(_fields(lines, delimiter))
        if not taken:
            raise TableRefused(say("a file without a row"), say("was it saved?"))
        self.names: list[str] | None = None
        self.line_of_names = ""
        if len(taken) > 1 and _are_names(taken[0][1], taken[1][1]):
            line, self.names = taken.pop(0)
            self.line_of_names = lines[line - 1]
        if len(taken) > MAX_ROWS:
            raise TableRefused(say("{count} rows", count=f"{len(taken):,}"), say("keep a random part of them"))
        width = max(_width(fields) for _, fields in taken)  # what is empty in every row is no column
        self.lines = [line for line, _ in taken]
        self.cells = [fields[:width] for _, fields in taken]
        before = len(self.cells[0])
        for line, fields in zip(self.lines, self.cells, strict=True):
            if len(fields) != before:
                given = say("{count} columns in line {line} and {before} before", count=len(fields), line=line, before=before)
                raise Misfit(line, given, say("give every row as many"))
        self.width = width
        while self.names and len(self.names) > width and not self.names[-1]:
            self.names.pop()
        if self.names and len(self.names) > width and delimiter == " ":
            self.names = self.names[:width]  # names with spaces in them: "height (cm)"

    def decimal_marks(self) -> str:
        """The decimal marks to try. A point alone is a decimal point, except where a semicolon says that a comma would be."""
        commas = any("," in field for row in self.cells for field in row)
        points = any(field.count(".") > 1 or (self.delimiter == ";" and "." in field) for row in self.cells for field in row)
        return ",." if commas or points else "."

    def readings(self, mark: str) -> Iterator[TableReading]:
        """Every reading that fits with this decimal mark; raises Misfit where none does."""
        columns = list(zip(*self.cells, strict=True))
        names = self.names
        if names and len(names) == self.width > 2 and _unnamed(names[0]) and names[1].startswith("Unnamed: "):
            columns, names = columns[1:], names[1:]  # saved twice by pandas, each time with its index
        ways = _index(names, columns)
        if not ways:
            raise Misfit(self.lines[0], _over(names or [], len(columns)), ONE_NAME)
        for has_index, unlikely in ways:
            kept = columns[has_index:]
            if len(kept) > 2:
                told = ", ".join(re.sub(r"[^\w .()-]", "", name)[:20] for name in (names or [])[:6])
                given = columns_in(len(kept), self.lines[0])
                given = say("{what} ({names})", what=given, names=told) if told else given
                raise Misfit(self.lines[0], given, ONE_OR_TWO)
            yield self._reading(kept, mark, has_index, unlikely)
            if not names and not has_index and self._may_be_numbered(kept):
                yield self._reading([column[1:] for column in kept], mark, has_index, unlikely, "names")

    def _may_be_numbered(self, columns: list[tuple[str, ...]]) -> bool:
        """True where the first row may be pandas' names of columns that have none: 0, 1 above numbers that are not whole."""
        first = [column[0] for column in columns]
        rest = [field for column in columns for field in column[1:]]
        return len(columns[0]) > 2 and first == ["0", "1"][: len(first)] and not any(f.lstrip("+-").isdigit() for f in rest)

    def _reading(
        self, columns: list[tuple[str, ...]], mark: str, has_index: bool, unlikely: bool, names: str = "no-names"
    ) -> TableReading:
        found, grouped = [], False
        for column in columns:
            try:
                own, parted = numbers(column, mark)
            except NoNumber as error:
                raise self._misfit(column, mark, error) from None
            found.append(own)
            grouped |= parted
        commas = any("," in field for column in columns for field in column)
        points = any("." in field for column in columns for field in column)
        marks = ["thousands"] if grouped else []
        marks += ["decimal-comma"] if mark == "," and commas else []
        marks += ["decimal-point"] if mark == "." and points else []
        rows = np.array(found, dtype=np.float64).T
        # Bare commas in a table of one column are decimal marks for sure only where the name above says that it is one column
        bare = self.delimiter == ALONE and commas
        odd = next((n[:30] for n in self.names or () if _may_be_data(n)), None)
        doubt = say("“{field}” in the first row, which is no number", field=odd) if odd is not None else None
        if self.delimiter == ALONE and self.names and _parts(self.line_of_names):
            doubt = _over(self.line_of_names.split(","), 1)
            if bare:
                raise Misfit(self.lines[0], doubt, ONE_NAME)
        if unlikely:
            doubt = _over(self.names or [], self.width)
        return TableReading(
            rows,
            _words(rows, marks, has_index, names),
            _facts(len(columns), marks, has_index, names),
            self.lines[-len(rows) :],
            certain=not doubt and (not bare or bool(self.names)),
            # Where semicolons part, a comma does for decimals: Excel writes semicolons for that very reason
            unlikely=unlikely or (self.delimiter == ";" and mark == "." and grouped and commas),
            doubt=doubt,
        )

    def _misfit(self, column: tuple[str, ...], mark: str, error: NoNumber) -> Misfit:
        """The first field that is no number, with its line: in the order of lines, not of columns."""
        for i, field in enumerate(column):
            try:
                numbers([field], mark)
            except NoNumber:
                given = say("{field} in line {line}", field=error.given, line=self.lines[i])
                return Misfit(self.lines[i], listed(given, error.wrong) if error.wrong else given, error.hint)
        raise AssertionError(column)


def _fields(lines: list[str], delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The rows with anything in them, each with the number of its line; raises Misfit for what is no CSV."""
    start, at = 1, 0

    def fed() -> Iterator[str]:
        nonlocal at
        for at, line in enumerate(lines, start=1):
            if at - start >= _MAX_GLUED:
                raise Misfit(start, say("a quote in line {line} that does not end", line=start), QUOTES)
            if at == start and is_comment(line):
                yield ""
            else:
                yield (line.replace("\t", " ").strip() if delimiter == " " else line) + "\n"  # csv skips further spaces

    try:
        for fields in csv.reader(fed(), delimiter=delimiter, strict=True, skipinitialspace=True):
            line, start = start, at + 1
            fields = [field.strip().strip("'") for field in fields]
            width = _width(fields)
            if width > _MAX_WIDTH and not (line == 1 or _are_names(fields, [])):
                raise Misfit(line, columns_in(width, line), ONE_OR_TWO)
            if width:
                yield line, fields
    except csv.Error:
        raise Misfit(start, say("quotes in line {line} that are not those of CSV", line=start), QUOTES) from None


def is_comment(line: str) -> bool:
    """True for a line that begins with #, unless what begins so is a spreadsheet's error, such as #N/A."""
    return line.startswith("#") and not ERROR.fullmatch(re.split(r"[;,\t|]", line, maxsplit=1)[0].strip())


def _width(fields: list[str]) -> int:
    if fields and fields[-1]:
        return len(fields)
    return max((i for i, field in enumerate(fields, start=1) if field), default=0)


def _are_names(fields: list[str], below: list[str]) -> bool:
    """True for a first row of names: something that nobody takes for a number or a gap, and no number beside it.

    Also for pandas' own names, 0 and 1, where the index beside them has none.
    """
    if fields[0] == "" and fields[1:] == [str(i) for i in range(len(fields) - 1)] and len(below) == len(fields):
        return len(fields) > 1 and below[0].isdigit()
    if any(is_number(field) or is_like_a_number(field) for field in fields):
        return False
    return not all(is_gap(field) for field in fields)


def _unnamed(name: str) -> bool:
    return name == "" or name.startswith("Unnamed: ")


def _index(names: list[str] | None, columns: list[tuple[str, ...]]) -> list[tuple[bool, bool]]:
    """Whether the first column may be an index, as (it is one, that is unlikely) for each way there is; [] where names do not
    fit the columns.

    An index counts 0, 1, 2 or 1, 2, 3, or holds labels: under no name (pandas; R's write.csv), or where the names are one fewer
    than the columns (R's write.table). Other numbers under no name may be an index too, such as times.
    """
    first, width = columns[0], len(columns)
    whole = all(f.isascii() and f.isdigit() and len(f) < 10 for f in first)
    counts = whole and [int(f) for f in first] in [list(range(s, s + len(first))) for s in (0, 1)]
    is_one, none, asked = [(True, False)], [(False, False)], [(False, False), (True, False)]
    if width == 1:
        return none if names is None or len(names) == 1 else []
    either = asked if width == 2 else is_one
    if names is None:
        return either if counts and len(first) > 2 else none
    labels = not whole and not all(is_number(f) or is_like_a_number(f) or is_gap(f) for f in first)
    if len(names) == width - 1:
        return [(True, not (counts or labels))] if whole or labels else []
    if len(names) != width:
        return []
    if _unnamed(names[0]):
        return is_one if counts or labels else either
    return either if counts and names[0].lower() in _INDEX_NAMES else none


def _may_be_data(name: str) -> bool:
    return begins_like_a_number(name) and not is_number(name)  # 0 and 1 are pandas' names


def _over(names: list[str], columns: int) -> Said:
    above = say("{count} names", count=len(names)) if len(names) > 1 else say("{count} name", count=len(names))
    return say("{names} over {columns}", names=above, columns=_columns(columns))


def _columns(count: int) -> Said:
    return say("{count} columns", count=count) if count > 1 else say("{count} column", count=count)


def columns_in(count: int, line: int) -> Said:
    return say("{count} columns in line {line}", count=count, line=line)


def _parts(line: str) -> bool:
    """True where the line of names holds a delimiter outside of quotes."""
    return any(len(next(csv.reader([line], delimiter=mark), [])) > 1 for mark in ",;\t|")


def _facts(columns: int, marks: list[str], has_index: bool, names: str) -> tuple[str, ...]:
    """What tells readings apart, the most telling first."""
    said = ["one" if columns == 1 else "two", *marks, "index" if has_index else "no-index", names]
    return tuple(sorted(said, key=lambda fact: fact in ("decimal-point", "no-index", "no-names")))


def _words(rows: Rows, marks: list[str], has_index: bool, names: str) -> Said:
    said = [say("one column") if rows.shape[1] == 1 else say("two columns")]
    said += [say("decimal commas")] if "decimal-comma" in marks else []
    said += [say("thousands parted")] if "thousands" in marks else []
    said += [say("the first column left out as an index")] if has_index else []
    said += [say("the first row left out as names")] if names == "names" else []
    shown = ", ".join(" | ".join(f"{v:.10g}" for v in row) for row in rows[:3])
    return say("{what}: {values}", what=listed(*said), values=f"{shown}{', …' if len(rows) > 3 else ''}")
