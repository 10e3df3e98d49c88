"""The curves of a run in Parquet: every step of the recent past, and of older ones an envelope that grows coarser with age."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gandash.store.files import named, read_whole, write_whole
from gandash.store.format import (
    ENVELOPE,
    ENVELOPE_FILES,
    JOURNAL,
    LARGEST_STEP,
    SPAN,
    STEP_FILE_BYTES,
    STEP_FILES,
    STEPS,
    SUFFIXES,
    BrokenRun,
    Named,
)
from gandash.store.journal import Entry, Journal, read_journal
from gandash.words import say

SUFFIX = SUFFIXES[STEPS]
OF_EACH = ("mean", "low", "high", "count")

Ints = NDArray[np.int32]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Rows:
    """Rows of single steps: `steps` `(n,)`, `values` `(n, columns)`; NaN where nothing was measured."""

    steps: Ints
    values: Floats

    def __getitem__(self, which: Any) -> Rows:
        return Rows(self.steps[which], self.values[which])

    @classmethod
    def together(cls, parts: Sequence[Rows], columns: int) -> Rows:
        if not parts:
            return cls(np.empty(0, dtype=np.int32), np.empty((0, columns), dtype=np.float32))
        return cls(np.concatenate([p.steps for p in parts]), np.concatenate([p.values for p in parts]))


@dataclass(frozen=True)
class Envelope:
    """Rows that cover the steps from `first` to `last`, `(n,)` each: `mean`, `low`, `high` of the values that were measured,
    and how many those are, `(n, columns)`; NaN and 0 where none was."""

    first: Ints
    last: Ints
    mean: Floats
    low: Floats
    high: Floats
    count: Ints

    def __getitem__(self, which: Any) -> Envelope:
        return Envelope(*(getattr(self, name)[which] for name in self.__dataclass_fields__))

    @classmethod
    def together(cls, parts: Sequence[Envelope], columns: int) -> Envelope:
        if not parts:
            return cls.of(Rows.together([], columns))
        return cls(*(np.concatenate([getattr(p, name) for p in parts]) for name in cls.__dataclass_fields__))

    @classmethod
    def of(cls, rows: Rows) -> Envelope:
        """One row for each step."""
        count = (~np.isnan(rows.values)).astype(np.int32)
        return cls(rows.steps, rows.steps, rows.values, rows.values, rows.values, count)

    def coarser(self, span: int) -> Envelope:
        """`span` neighbours in one row; the last has what is left."""
        return self.grouped(np.arange(0, len(self.first), span))

    def grouped(self, starts: NDArray[np.intp]) -> Envelope:
        """The rows from each of `starts` to the next in one."""
        count = np.add.reduceat(self.count, starts, axis=0, dtype=np.int32)
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):  # the infinities of a game that diverged
            weighted = np.where(self.count > 0, self.mean.astype(np.float64) * self.count, 0)
            mean = np.add.reduceat(weighted, starts, axis=0) / count  # 0/0: nothing was measured
            return Envelope(
                self.first[starts],
                self.last[np.append(starts, len(self.last))[1:] - 1],
                mean.astype(np.float32),
                np.fmin.reduceat(self.low, starts, axis=0),
                np.fmax.reduceat(self.high, starts, axis=0),
                count,
            )


@dataclass(frozen=True)
class Metrics:
    """All that is kept of a run's curves: the envelope of its older steps, and every one of the newer."""

    columns: tuple[str, ...]
    envelope: Envelope
    recent: Rows


def rows_in_a_file(columns: int) -> int:
    return max(64, STEP_FILE_BYTES // (4 * columns))


class MetricsWriter:
    """Writes the rows of one run, those of an epoch after the other. Raises OSError when the disk refuses, and BrokenRun where
    the rows that a crash has left in the journal cannot be read."""

    def __init__(self, run: Path, columns: Sequence[str], epoch: int = 0) -> None:
        self._columns, self._epoch = tuple(columns), epoch
        self._steps, self._envelope = run / STEPS, run / ENVELOPE
        for folder in (self._steps, self._envelope):
            folder.mkdir(parents=True, exist_ok=True)
        self._files = named(self._steps, SUFFIX)
        self._old = named(self._envelope, SUFFIX)
        self._journal = Journal(run)
        left = read_journal(run, len(self._columns))
        self._waiting = [rows for name, rows in _beside(left, [*self._files, *self._old]) if name.epoch == epoch]
        self._tail: tuple[Named, Rows] | None = None  # the newest file, as long as it is not full

    def append(self, rows: Rows) -> None:
        """Rows of consecutive steps: in the journal until `flush`, or until they are as many as a file takes."""
        if not len(rows.steps):
            return
        self._waiting.append(Rows(rows.steps.astype(np.int32), rows.values.astype(np.float32)))
        if sum(len(part.steps) for part in self._waiting) < rows_in_a_file(len(self._columns)):
            self._journal.append(self._epoch, rows.steps, rows.values)
        else:
            self.flush()

    def begin_epoch(self, epoch: int) -> None:
        """What is appended from here on belongs to another epoch; what waits is left out."""
        self._journal.clear()
        self._epoch, self._tail, self._waiting = epoch, None, []

    def flush(self) -> None:
        """Have all rows in whole files."""
        if not self._waiting:
            self._journal.clear()
            return
        columns, before = len(self._columns), self._tail
        rows = Rows.together([*([before[1]] if before else []), *self._waiting], columns)
        most = rows_in_a_file(columns)
        for begin in range(0, len(rows.steps), most):
            part = rows[begin : begin + most]
            name = Named(self._epoch, int(part.steps[0]), int(part.steps[-1]))
            write_whole(self._steps / (name.name + SUFFIX), _rows_to_parquet(part, self._columns))
            if before is not None and begin == 0:
                self._remove(self._files, self._steps, before[0])
            self._files.append(name)
            self._tail = (name, part) if len(part.steps) < most else None
        self._waiting = []
        self._journal.clear()
        self._grow_old()

    def _grow_old(self) -> None:
        most = STEP_FILES * rows_in_a_file(len(self._columns))
        while len(self._files) > 1 and sum(n.last - n.first + 1 for n in self._files[1:]) > most:
            oldest = self._files[0]
            rows = read_rows(self._steps / (oldest.name + SUFFIX), self._columns)
            self._write_envelope(oldest, Envelope.of(rows).coarser(SPAN))
            self._remove(self._files, self._steps, oldest)
        before = len(self._old) + 1
        while ENVELOPE_FILES < len(self._old) < before:
            before = len(self._old)
            for parts in in_pairs(self._old):
                both = [read_envelope(self._envelope / (part.name + SUFFIX), self._columns) for part in parts]
                merged = Envelope.together(both, len(self._columns)).coarser(2)
                name = Named(parts[0].epoch, parts[0].first, parts[-1].last)
                self._write_envelope(name, merged)
                for part in parts:
                    if part != name:
                        self._remove(self._old, self._envelope, part)

    def _write_envelope(self, name: Named, envelope: Envelope) -> None:
        write_whole(self._envelope / (name.name + SUFFIX), _envelope_to_parquet(envelope, self._columns))
        self._old = sorted({*self._old, name})

    @staticmethod
    def _remove(files: list[Named], folder: Path, name: Named) -> None:
        files.remove(name)
        with suppress(FileNotFoundError):
            (folder / (name.name + SUFFIX)).unlink()


def in_pairs(files: Sequence[Named]) -> list[list[Named]]:
    """The older half, each two neighbours together, if they are of one epoch: another one's void steps must stay apart."""
    half = sorted(files)[: len(files) // 4 * 2]
    pairs = [[one, other] for one, other in zip(half[::2], half[1::2], strict=True)]
    return [part for pair in pairs for part in ([pair] if pair[0].epoch == pair[1].epoch else [[name] for name in pair])]


def read(run: Path, columns: Sequence[str], until: Sequence[int], only: Sequence[str] | None = None) -> Metrics:
    """The curves of a run, or only those. `until`: for each epoch, the last step of it that counts. Raises BrokenRun."""
    shown = tuple(columns if only is None else only)
    left = read_journal(run, len(columns))
    steps = _without_parts(named(run / STEPS, SUFFIX))
    old = _without_parts([n for n in named(run / ENVELOPE, SUFFIX) if n not in steps])
    recent, envelopes = [], []
    for name in steps:
        if (last := _until(name, until)) >= name.first:
            rows = read_rows(run / STEPS / (name.name + SUFFIX), columns, only)
            recent.append((name, rows[rows.steps <= last]))
    which = [columns.index(name) for name in shown]
    recent += [(name, Rows(rows.steps, rows.values[:, which])) for name, rows in _beside(left, [*steps, *old], until)]
    for name in old:
        if (last := _until(name, until)) >= name.first:
            envelope = read_envelope(run / ENVELOPE / (name.name + SUFFIX), columns, only)
            envelopes.append(envelope[envelope.last <= last])
    return Metrics(
        shown,
        Envelope.together(envelopes, len(shown)),
        Rows.together([rows for _, rows in sorted(recent, key=_name)], len(shown)),
    )


def last_step(run: Path, columns: Sequence[str], until: Sequence[int]) -> int:
    """Of the newest row that counts; 0 where there is none. Reads the journal alone. Raises BrokenRun."""
    left = read_journal(run, len(columns))
    found = [*named(run / STEPS, SUFFIX), *named(run / ENVELOPE, SUFFIX)]
    newest = [int(rows.steps[-1]) for _, rows in _beside(left, found, until)]
    return max([*newest, *(last for name in found if (last := _until(name, until)) >= name.first)], default=0)


def latest(run: Path, columns: Sequence[str], until: Sequence[int], wanted: Sequence[str]) -> dict[str, float]:
    """The newest value of each of these columns that the newest file of rows or the journal has. Raises BrokenRun."""
    left, files = read_journal(run, len(columns)), named(run / STEPS, SUFFIX)
    had = [name for name in wanted if name in columns]
    parts = [
        (n, Rows(rows.steps, rows.values[:, [columns.index(name) for name in had]])) for n, rows in _beside(left, files, until)
    ]
    counted = [n for n in _without_parts(files) if _until(n, until) >= n.first]
    if counted:
        newest = max(counted, key=lambda name: (name.epoch, name.last))
        rows = read_rows(run / STEPS / (newest.name + SUFFIX), columns, had)
        parts.append((newest, rows[rows.steps <= _until(newest, until)]))
    values = Rows.together([rows for _, rows in sorted(parts, key=_name)], len(had)).values
    found = {name: of[~np.isnan(of)] for name, of in zip(had, values.T, strict=True)}
    return {name: float(of[-1]) for name, of in found.items() if len(of)}


def _beside(left: Sequence[Entry], files: Sequence[Named], until: Sequence[int] | None = None) -> list[tuple[Named, Rows]]:
    """What of the journal counts and stands in none of these files: a crash may have come between writing them and clearing
    it. Raises BrokenRun."""
    found = []
    for name, steps, values in left:
        _check_order(Path(JOURNAL, name.name), steps, steps)
        newest = max((file.last for file in files if file.epoch == name.epoch), default=-1)
        last = LARGEST_STEP if until is None else until[name.epoch] if name.epoch < len(until) else -1
        rows = Rows(steps, values)[(steps > newest) & (steps <= last)]
        if len(rows.steps):
            found.append((name, rows))
    return found


def _name(part: tuple[Named, Rows]) -> Named:
    return part[0]


def _until(name: Named, until: Sequence[int]) -> int:
    return min(name.last, until[name.epoch]) if name.epoch < len(until) else -1


def _without_parts(files: Iterable[Named]) -> list[Named]:
    """Without those whose steps another one has too: a crash came between writing the one and removing the other."""
    kept: list[Named] = []
    for name in sorted(files, key=lambda n: (n.epoch, n.first, -n.last)):
        if not (kept and kept[-1].epoch == name.epoch and kept[-1].last >= name.last):
            kept.append(name)
    return kept


# -------------------------------------------------------------------------------------------------------------- Parquet


def _rows_to_parquet(rows: Rows, columns: Sequence[str]) -> bytes:
    bits = rows.values.view(np.int32)
    held = (bits[1:] == bits[:-1]).mean(axis=0) > 0.5 if len(bits) > 1 else np.zeros(len(columns), dtype=bool)
    fields = {"step": rows.steps} | {name: rows.values[:, i] for i, name in enumerate(columns)}
    return _to_parquet(fields, [name for name, is_held in zip(columns, held, strict=True) if is_held])


def _envelope_to_parquet(envelope: Envelope, columns: Sequence[str]) -> bytes:
    fields: dict[str, NDArray[Any]] = {"first": envelope.first, "last": envelope.last}
    fields |= {f"{name}.{of}": getattr(envelope, of)[:, i] for i, name in enumerate(columns) for of in OF_EACH}
    return _to_parquet(fields, [f"{name}.count" for name in columns])


def _to_parquet(fields: dict[str, NDArray[Any]], held: list[str]) -> bytes:
    """`held`: columns whose values stay the same for long, which a dictionary makes small."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table({name: pa.array(np.ascontiguousarray(values)) for name, values in fields.items()})
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd", compression_level=1, use_dictionary=held, write_statistics=False)
    return sink.getvalue()


def read_rows(path: Path, columns: Sequence[str], only: Sequence[str] | None = None) -> Rows:
    """The rows of a file, with all columns that it has or only those. Raises BrokenRun."""
    shown = columns if only is None else only
    types = {"step": "int32"} | dict.fromkeys(columns, "float")
    found = _from_parquet(path, types, rows_in_a_file(len(columns)), ["step", *shown])
    values = _stacked([found[name] for name in shown], len(found["step"]))
    _check_order(path, found["step"], found["step"])
    return Rows(found["step"], values)


def read_envelope(path: Path, columns: Sequence[str], only: Sequence[str] | None = None) -> Envelope:
    """As `read_rows`. Raises BrokenRun."""
    shown = columns if only is None else only
    types = {"first": "int32", "last": "int32"}
    types |= {f"{name}.{of}": "int32" if of == "count" else "float" for name in columns for of in OF_EACH}
    wanted = ["first", "last", *(f"{name}.{of}" for name in shown for of in OF_EACH)]
    found = _from_parquet(path, types, rows_in_a_file(len(columns)), wanted)
    _check_order(path, found["first"], found["last"])
    parts = (_stacked([found[f"{name}.{of}"] for name in shown], len(found["first"])) for of in OF_EACH)
    return Envelope(found["first"], found["last"], *parts)


def _stacked(columns: list[NDArray[Any]], rows: int) -> NDArray[Any]:
    return np.stack(columns, axis=1) if columns else np.empty((rows, 0), dtype=np.float32)


def _check_order(path: Path, first: Ints, last: Ints) -> None:
    if (first > last).any() or (first[1:] <= last[:-1]).any() or (first < 0).any():
        raise BrokenRun(say("{file}: its steps are not in order", file=f"{path}"))


def _from_parquet(path: Path, types: dict[str, str], most: int, wanted: list[str]) -> dict[str, NDArray[Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    body = read_whole(path, 4 * STEP_FILE_BYTES)
    try:
        with pq.ParquetFile(pa.BufferReader(body), arrow_extensions_enabled=False) as file:
            about, schema = file.metadata, file.schema_arrow
            if {field.name: str(field.type) for field in schema} != types or len(schema) != len(types):
                raise BrokenRun(say("{file} has other columns than this run", file=f"{path}"))
            in_memory = sum(about.row_group(i).total_byte_size for i in range(about.num_row_groups))
            if about.num_rows > most or in_memory > 8 * STEP_FILE_BYTES:
                raise BrokenRun(
                    say(
                        "{file} has {count} rows; at most {most} may be there",
                        file=f"{path}",
                        count=f"{about.num_rows:,}",
                        most=f"{most:,}",
                    )
                )
            table = file.read(columns=wanted)
            if len(table) != about.num_rows or any(column.null_count for column in table.columns):
                raise BrokenRun(say("{file} has gaps", file=f"{path}"))
            return {name: table.column(name).to_numpy() for name in wanted}
    except (pa.ArrowException, OSError, OverflowError) as error:
        problem = str(error).splitlines()[0]
        raise BrokenRun(say("{file} is no whole Parquet file: {problem}", file=f"{path}", problem=problem)) from None
