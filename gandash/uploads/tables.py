"""Strangers' tables: a CSV or npy file to rows of one or two numbers, or a question where it can be read in two ways.

Python's csv module (RFC 4180) takes every dialect that may be meant; each is read to the end, and what fits the whole file is
kept. One reading left: that is the table. Several that differ: the caller asks, and reads again with what was chosen. Nothing
is guessed from the first lines, unpickled or executed. A process of its own, as for pictures, is not needed: the file, its
lines, its rows and their fields are bounded before they are taken apart, so memory and time are, too.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Collection
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gandash.packed import MAX_ROWS
from gandash.uploads import npy
from gandash.uploads.dialects import ALONE, ONE_OR_TWO, Misfit, Rows, Table, TableReading, TableRefused, columns_in, is_comment
from gandash.uploads.numerals import is_number
from gandash.words import Said, finished, say

MAX_MEGABYTES = 20
ALLOWED = f"a CSV or npy file with one or two columns of numbers, at most {MAX_ROWS:,} rows and {MAX_MEGABYTES} MB"
_MAX_LINE = 2**16  # characters; a row of two numbers has far fewer


class AmbiguousTable(TableRefused):
    """A table that can be read in more than one way, or in one that is not certain: `readings` are what to choose from.

    `otherwise`: why the table would be refused if there were not these readings.
    """

    def __init__(self, readings: tuple[TableReading, ...], otherwise: Said | None = None) -> None:
        self.readings = readings
        ways = readings[0].words
        for reading in readings[1:]:
            ways = say("{first}, or {second}", first=ways, second=reading.words)
        given = say("a table that may be {ways}", ways=ways)
        if otherwise:
            given = say("{problem}, unless it is {ways}", problem=otherwise, ways=ways)
        super().__init__(given, say("say which"))


def interpret(name: str, content: bytes, read_as: Collection[str] = ()) -> tuple[Rows, Said]:
    """The rows `(n, 1 or 2)` of a file, in double precision, and how it was read, in words.

    Raises AmbiguousTable where it may be read in several ways and `read_as`, facts of one of them, does not choose; and
    TableRefused, in words, for anything else that is no data.
    """
    if len(content) > MAX_MEGABYTES * 2**20:
        raise TableRefused(finished(f"{len(content) / 2**20:.0f} MB"), say("keep a random part of the rows"))
    if not content:
        raise TableRefused(say("an empty file"), say("was it saved?"))
    is_array = content.startswith(npy.MAGIC) or name.lower().endswith(".npy")
    if is_array:
        rows, lines, words = _npy(content), [], finished("")
    else:
        chosen = _csv(content, read_as)
        rows, lines, words = chosen.rows, chosen.lines, chosen.words
    if len(rows) < 2:
        raise TableRefused(
            say("a single row") if len(rows) else say("no rows"), say("a few hundred rows are enough to learn from")
        )
    bad = ~(np.abs(rows) <= np.finfo(np.float32).max).all(axis=1)
    if bad.any():
        row = int(bad.argmax())
        where = say("row {row} of the data", row=row + 1)
        where = say("row {row} of the data, line {line}", row=row + 1, line=lines[row]) if lines else where
        given = say("NaN, infinity or a number too large for 32 bits in {where}", where=where)
        raise TableRefused(given, say("leave such rows out"))
    return rows, words


def _npy(content: bytes) -> Rows:
    try:
        found = npy.array(content)
    except npy.NoArray as error:
        raise TableRefused(error.given, error.hint) from None
    if not 1 <= found.ndim <= 2:
        raise TableRefused(
            say("an array of {count} dimensions", count=found.ndim), say("save one of shape (rows,), (rows, 1) or (rows, 2)")
        )
    rows, columns = found.shape[0], found.shape[1] if found.ndim == 2 else 1
    if columns not in (1, 2):
        hint = say("transpose it: {code}", code="array.T") if rows in (1, 2) else ONE_OR_TWO
        raise TableRefused(say("{count} columns", count=columns), hint)
    if rows > MAX_ROWS:
        raise TableRefused(say("{count} rows", count=f"{rows:,}"), say("keep a random part of them"))
    with np.errstate(over="ignore", invalid="ignore"):
        wide = found.reshape(rows, columns).astype(np.float64)
    if found.dtype.kind in "iu" and found.dtype.itemsize == 8 and any(map(_is_rounded, found.flat, wide.flat)):
        raise TableRefused(
            say("whole numbers of more digits than double precision keeps"),
            say("take off the smallest: {code}", code="array - array.min()"),
        )
    return wide


def _is_rounded(whole: Any, double: Any) -> bool:
    return int(whole) != int(double)


def _csv(content: bytes, read_as: Collection[str]) -> TableReading:
    text = _text(content)
    lines = text.split("\n")
    if len(lines) - 1 > 2 * MAX_ROWS:
        raise TableRefused(say("{count} lines", count=f"{len(lines) - 1:,}"), say("keep a random part of them"))
    told, lines = _told_delimiter(lines)
    for number, line in enumerate(lines, start=1):
        if len(line) > _MAX_LINE:
            columns = max(line.rstrip(mark).count(mark) + 1 for mark in ";\t,")
            wide = columns_in(columns, number)
            if columns <= 2:
                wide = say("{count} characters in line {line}", count=f"{len(line):,}", line=number)
            raise TableRefused(wide, say("keep the one or two columns that matter"))
    found: list[TableReading] = []
    misfits: list[Misfit] = []
    delimiters = [told] if told else _delimiters(lines)
    for delimiter in delimiters:
        try:
            table = Table(lines, delimiter)
        except Misfit as misfit:
            misfits.append(misfit)
            continue
        own: list[Misfit] = []
        for mark in table.decimal_marks():
            try:
                for reading in table.readings(mark):
                    _keep(found, reading)
            except Misfit as misfit:
                own.append(misfit)
        misfits += sorted(own, key=lambda misfit: -misfit.line)  # the one that got furthest knows best
    if not found:
        raise misfits[0]
    return _the_one(found, read_as, misfits)


def _text(content: bytes) -> str:
    """The file's text: UTF-8, UTF-16 that says so (Excel's "Unicode text"), or else Windows' own; lines end in \\n."""
    if content.startswith(b"PK\x03\x04") and b".npy" in content[30:300]:
        raise TableRefused(
            say("an npz, numpy's file of several arrays"),
            say("save the one that is meant alone, with numpy.save; if they are pictures, choose “uploaded pictures” as data"),
        )
    if content.startswith((b"PK\x03\x04", b"\x1f\x8b", b"\xd0\xcf\x11\xe0")):
        kind = finished("gzip") if content[0] == 0x1F else say("a zip archive or a workbook of a spreadsheet")
        raise TableRefused(say("{kind}, not a table as text", kind=kind), say("unpack it, or save the table as CSV"))
    encodings = ("utf-16",) if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else ("utf-8-sig", "cp1252")
    text = "\0"
    for encoding in encodings:
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            text = content.decode("latin-1")  # names of columns may have umlauts; numbers read the same
    if "\0" in text:
        raise TableRefused(say("bytes that are no text"), say("save the table as CSV, in UTF-8"))
    for sign in "−–‒﹣－":  # a minus as word processors and papers write it
        text = text.replace(sign, "-")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _told_delimiter(lines: list[str]) -> tuple[str | None, list[str]]:
    """What Excel's first line `sep=;` says, and the lines with that one blank, so that the others keep their numbers."""
    told = re.fullmatch(r'"?sep=([;,|\t ])"?;*,*\s*', lines[0], re.IGNORECASE)
    return (told[1], ["", *lines[1:]]) if told else (None, lines)


def _delimiters(lines: list[str]) -> list[str]:
    """Those that the file may have, the likeliest first: of that one a refusal speaks."""
    rows = [line.strip() for line in lines if line.strip() and not is_comment(line)]
    if not rows:
        raise TableRefused(say("a file without a row"), say("was it saved?"))
    first_two = rows[min(1, len(rows) - 1)], rows[0]  # the first line may hold names: the second says more
    spaces = " " if any(len(row.split()) > 1 and all(map(is_number, row.split())) for row in first_two) else ALONE
    likely = next((mark for line in first_two for mark in ";\t|," if mark in line), spaces)
    there = [mark for mark in ";\t|," if any(mark in row for row in rows)]
    spaced = [" "] if any(" " in row or "\t" in row for row in rows) else []
    return [likely, *(mark for mark in (*there, *spaced, ALONE) if mark != likely and not _is_hopeless(mark, rows[1:50]))]


def _is_hopeless(delimiter: str, rows: list[str]) -> bool:
    """True where a look at a few rows shows that the delimiter leaves text between numbers; quotes would need a closer look."""
    parts = "\t " if delimiter == " " else delimiter
    fields = (re.split(f"[{re.escape(parts)}]+", row)[delimiter != ALONE :] for row in rows if '"' not in row)
    return any(field.strip() and not is_number(field.strip(" '")) for row in fields for field in row)


def _keep(found: list[TableReading], new: TableReading) -> None:
    """Add a reading, unless it gives the same numbers as another: then that one is as certain as the surer of the two."""
    for old in found:
        if np.array_equal(old.rows, new.rows, equal_nan=True):
            old.certain |= new.certain
            old.unlikely &= new.unlikely
            return
    found.append(new)


def _the_one(found: list[TableReading], read_as: Collection[str], misfits: list[Misfit]) -> TableReading:
    """The reading that is meant; raises AmbiguousTable where that is not certain."""
    likely = [r for r in found if not r.unlikely] or found
    playable = [r for r in likely if not _is_constant(r.rows).any()] or likely
    flat = next((r for r in likely if r not in playable), None)
    for reading in playable if flat else ():
        assert flat is not None
        column = int(_is_constant(flat.rows).argmax()) + 1
        same = say("one column with the same number in every row")
        if flat.rows.shape[1] == 2:
            same = say("two columns, of which column {column} is the same number in every row", column=column)
        reading.doubt = reading.doubt or same
    if len(found[0].rows) < 2:
        return found[0]  # a single row, which is refused as such
    for reading in found:
        reading.key = _key(reading, [r for r in found if r is not reading])
    if read_as:
        meant = [r for r in found if set(read_as) <= set(r.facts)]
        meant = [r for r in meant if r in playable] or meant
        if len(meant) == 1:
            return meant[0]
        if not meant:
            ways = ", ".join(" ".join(r.key) for r in found)
            raise TableRefused(
                say("a table that cannot be read as {facts}", facts=", ".join(read_as)),
                say("it can be read as {ways}", ways=ways),
            )
        playable = meant
    if len(playable) == 1 and playable[0].certain:
        return playable[0]
    alone = playable[0] if len(playable) == 1 else None
    raise AmbiguousTable(tuple(playable), (alone.doubt or misfits[0].given) if alone else None)


def _is_constant(rows: Rows) -> NDArray[np.bool_]:
    return np.asarray(rows.min(axis=0) == rows.max(axis=0))


def _key(reading: TableReading, others: list[TableReading]) -> tuple[str, ...]:
    for size in range(1, len(reading.facts) + 1):
        for some in combinations(reading.facts, size):
            if not any(set(some) <= set(other.facts) for other in others):
                return some
    return reading.facts
