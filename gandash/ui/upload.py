"""A stranger's file to rows of one or two numbers: CSV or npy, nothing unpickled, everything bounded before it is read."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Callable

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from gandash.packed import MAX_ROWS, pack_samples
from gandash.settings import JsonValue

MAX_MEGABYTES = 20
_MAGIC = b"\x93NUMPY"
_ALLOWED = f"a CSV or npy file with one or two columns of numbers, at most {MAX_ROWS:,} rows and {MAX_MEGABYTES} MB"

Rows = NDArray[np.float32]


class UploadError(ValueError):
    """A file that cannot be the data: says what was given, what is allowed, what to try."""

    def __init__(self, name: str, given: str, hint: str) -> None:
        name = re.sub(r"[^\w .()-]", "_", name)[:60]  # it is shown as Markdown
        super().__init__(f"**{name}**: given {given}; allowed is {_ALLOWED}; {hint}")


def draw(key: str, on_change: Callable[[], None]) -> None:
    """The widget that takes a file."""
    st.file_uploader(
        "↻ CSV or npy, one or two columns",
        type=["csv", "txt", "tsv", "npy"],
        max_upload_size=MAX_MEGABYTES,
        key=key,
        on_change=on_change,
        help=f"Every row is a sample: {_ALLOWED}. Until a file is given, 256 made-up rows stand here. Restarts the run.",
    )


def settings(rows: Rows, scaling: str) -> JsonValue:
    """The data setting that plays with these rows."""
    kind = "samples" if rows.shape[1] == 1 else "samples_2d"
    return {"kind": kind, "rows": pack_samples(rows), "scaling": scaling}


def read(name: str, content: bytes) -> Rows:
    """The rows `(n, 1 or 2)` of a file; raises UploadError in one sentence."""
    if len(content) > MAX_MEGABYTES * 2**20:
        raise UploadError(name, f"{len(content) / 2**20:.0f} MB", "keep a random part of the rows")
    if not content:
        raise UploadError(name, "an empty file", "was it saved?")
    rows = _npy(name, content) if content.startswith(_MAGIC) or name.lower().endswith(".npy") else _csv(name, content)
    if len(rows) < 2:
        raise UploadError(name, "a single row" if len(rows) else "no rows", "a few hundred rows are enough to learn from")
    bad = ~np.isfinite(rows).all(axis=1)
    if bad.any():
        raise UploadError(
            name,
            f"NaN, infinity or a number too large for 32 bits in row {int(bad.argmax()) + 1} of the data",
            "leave such rows out",
        )
    return rows


def _npy(name: str, content: bytes) -> Rows:
    """The array after numpy's header, which is believed in nothing that the file's own length does not confirm."""
    stream = io.BytesIO(content)
    try:
        version = np.lib.format.read_magic(stream)
        header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}[version]
        shape, fortran, dtype = header(stream)
    except (ValueError, KeyError, TypeError, SyntaxError, MemoryError, RecursionError, tokenize.TokenError, OverflowError):
        raise UploadError(name, "a file whose npy header cannot be read", "save it with numpy.save") from None
    if dtype.hasobject:
        raise UploadError(name, "pickled Python objects, which are never opened here", "save numbers: array.astype(float)")
    if dtype.kind not in "biuf":
        raise UploadError(name, f"an array of {dtype.kind!r} instead of real numbers", "save numbers: array.astype(float)")
    if not shape or len(shape) > 2:
        raise UploadError(name, f"an array of {len(shape)} dimensions", "save one of shape (rows,), (rows, 1) or (rows, 2)")
    rows, columns = shape[0], shape[1] if len(shape) == 2 else 1
    if columns not in (1, 2):
        hint = "transpose it: array.T" if rows in (1, 2) else "keep the one or two that matter"
        raise UploadError(name, f"{columns} columns", hint)
    if rows > MAX_ROWS:
        raise UploadError(name, f"{rows:,} rows", "keep a random part of them")
    body = content[stream.tell() :]
    if rows < 0 or len(body) != rows * columns * dtype.itemsize:
        raise UploadError(
            name, f"a header that promises {rows} × {columns} numbers and {len(body)} bytes of them", "save it again"
        )
    with np.errstate(over="ignore", invalid="ignore"):
        return np.frombuffer(body, dtype=dtype).reshape((rows, columns), order="F" if fortran else "C").astype(np.float32)


def _csv(name: str, content: bytes) -> Rows:
    """Numbers parted by semicolons, tabs, commas or spaces, with or without a line of names above them."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")  # names of columns may have umlauts; numbers read the same
    if "\0" in text:
        raise UploadError(name, "bytes that are no text", "save the table as CSV, in UTF-8")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.count("\n") > 2 * MAX_ROWS:
        raise UploadError(name, f"{text.count(chr(10)):,} lines", "keep a random part of them")
    lines = [(i, line) for i, line in enumerate(text.split("\n"), start=1) if line.strip() and not line.startswith("#")]
    if not lines:
        raise UploadError(name, "a file without a row", "was it saved?")
    first_two = lines[min(1, len(lines) - 1)][1], lines[0][1]  # the first line may hold names: the second says more
    mark = next((mark for line in first_two for mark in ";\t," if mark in line.strip()), None)
    if len(lines) > 1 and _numbers(_fields(lines[0][1], mark), mark) is None:
        lines = lines[1:]
    if len(lines) > MAX_ROWS:
        raise UploadError(name, f"{len(lines):,} rows", "keep a random part of them")
    found: list[list[float]] = []
    for i, line in lines:
        fields = _fields(line, mark)
        if len(fields) > 2:
            raise UploadError(name, f"{len(fields)} columns in line {i}", "keep the one or two that matter")
        row = _numbers(fields, mark)
        if row is None:
            shown = re.sub(r"[^\w .,;-]", "", line)[:30].strip()
            raise UploadError(name, f"“{shown}” in line {i}, which is no number", "leave text out")
        if found and len(row) != len(found[0]):
            raise UploadError(name, f"{len(row)} columns in line {i} and {len(found[0])} before", "give every row as many")
        found.append(row)
    with np.errstate(over="ignore"):
        return np.array(found, dtype=np.float64).astype(np.float32)


def _fields(line: str, mark: str | None) -> list[str]:
    fields = line.strip(" ").split(mark) if mark else line.split()
    return fields[:-1] if len(fields) > 1 and not fields[-1].strip() else fields  # a mark at the end of every line


def _numbers(fields: list[str], mark: str | None) -> list[float] | None:
    """The numbers in these fields, or None if they hold anything else. Between semicolons 1,5 is one and a half."""
    plain = [f.strip().strip("\"'") for f in fields]
    if any("_" in f for f in plain):  # Python reads 1_000 as a number; nobody else does
        return None
    try:
        return [float(f.replace(",", ".") if mark == ";" else f) for f in plain]
    except ValueError:
        return None
