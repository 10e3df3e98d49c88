"""A stranger's files to data: a table to rows of one or two numbers, and pictures, which are read in a process of their own.

Nothing is unpickled, and everything is bounded before it is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from gandash.packed import MAX_PICTURES, MAX_ROWS, SIDES, pack_samples
from gandash.settings import JsonValue
from gandash.uploads import folder, guard, npy

MAX_MEGABYTES = 20
_ALLOWED = f"a CSV or npy file with one or two columns of numbers, at most {MAX_ROWS:,} rows and {MAX_MEGABYTES} MB"
COLOURS = {"grey": "grey", "colour": "colour"}

Rows = NDArray[np.float32]


class UploadError(ValueError):
    """A file that cannot be the data: says what was given, what is allowed, what to try."""

    def __init__(self, name: str, given: str, hint: str, allowed: str = _ALLOWED) -> None:
        name = re.sub(r"[^\w .()-]", "_", name)[:60]  # it is shown as Markdown
        super().__init__(f"**{name}**: given {given}; allowed is {allowed}; {hint}")


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


def draw_pictures(key: str, on_change: Callable[[], None]) -> None:
    """The widgets that take pictures. What they hold is under `key` and a slash in the session's state, where side, colour and
    count stand already: as they are played."""
    st.file_uploader(
        "↻ Pictures",
        type=None,  # MNIST's files have no ending; what is no picture is refused in words
        accept_multiple_files=True,
        max_upload_size=guard.MAX_MEGABYTES,
        key=f"{key}/files",
        on_change=on_change,
        help=f"{guard.ALLOWED[0].upper()}{guard.ALLOWED[1:]}. Until then 32 made-up rings stand here. Restarts the run.",
    )
    if names := folder.offered():
        st.selectbox(
            "↻ Or from this server",
            [None, *names],
            format_func=lambda name: name or "none",
            key=f"{key}/offered",
            on_change=on_change,
            help="Files that whoever runs the server has put there. Uploaded pictures come first. Restarts the run.",
        )
    st.selectbox(
        "↻ Side",
        SIDES,
        format_func=lambda side: f"{side} × {side} pixels",
        key=f"{key}/side",
        on_change=on_change,
        help="Every picture is cropped to its middle square and scaled to this. Larger ones are slower. Restarts the run.",
    )
    st.selectbox(
        "↻ Colour",
        list(COLOURS),
        format_func=lambda colour: COLOURS[colour],
        key=f"{key}/colour",
        on_change=on_change,
        help="Colour has three numbers for every pixel, grey one. Restarts the run.",
    )
    st.number_input(
        "↻ Keep at most",
        min_value=2,
        max_value=MAX_PICTURES,
        step=1000,
        key=f"{key}/count",
        on_change=on_change,
        help="So many of the pictures, drawn at random but always the same ones. Restarts the run.",
    )


def chosen_pictures(state: Mapping[str, Any], key: str) -> JsonValue:
    """The data setting for what `draw_pictures` holds, None where no file is chosen; raises UploadError in one sentence."""
    try:
        files = [(file.name, file.getvalue()) for file in state.get(f"{key}/files") or ()]
        if not files and (name := state.get(f"{key}/offered")):
            files = folder.files(name)
    except guard.PicturesRefused as error:
        raise UploadError(error.name, error.given, error.hint, guard.ALLOWED) from None
    if not files:
        return None
    return read_pictures(files, state[f"{key}/side"], state[f"{key}/colour"], state[f"{key}/count"])


def read_pictures(files: guard.Files, side: int, colour: str, count: int) -> JsonValue:
    """The data setting that plays with the pictures in these files, (name, bytes) each; raises UploadError in one sentence."""
    try:
        packed = guard.read_pictures(files, side, 3 if colour == "colour" else 1, count)
    except guard.PicturesRefused as error:
        raise UploadError(error.name, error.given, error.hint, guard.ALLOWED) from None
    return {"kind": "uploaded_pictures", "pixels": packed}


def read(name: str, content: bytes) -> Rows:
    """The rows `(n, 1 or 2)` of a file; raises UploadError in one sentence."""
    if len(content) > MAX_MEGABYTES * 2**20:
        raise UploadError(name, f"{len(content) / 2**20:.0f} MB", "keep a random part of the rows")
    if not content:
        raise UploadError(name, "an empty file", "was it saved?")
    rows = _npy(name, content) if content.startswith(npy.MAGIC) or name.lower().endswith(".npy") else _csv(name, content)
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
    try:
        found = npy.array(content)
    except npy.NoArray as error:
        raise UploadError(name, error.given, error.hint) from None
    if not 1 <= found.ndim <= 2:
        raise UploadError(name, f"an array of {found.ndim} dimensions", "save one of shape (rows,), (rows, 1) or (rows, 2)")
    rows, columns = found.shape[0], found.shape[1] if found.ndim == 2 else 1
    if columns not in (1, 2):
        hint = "transpose it: array.T" if rows in (1, 2) else "keep the one or two that matter"
        raise UploadError(name, f"{columns} columns", hint)
    if rows > MAX_ROWS:
        raise UploadError(name, f"{rows:,} rows", "keep a random part of them")
    with np.errstate(over="ignore", invalid="ignore"):
        return found.reshape(rows, columns).astype(np.float32)


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
