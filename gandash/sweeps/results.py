"""What is kept of a sweep: a folder with its manifest, and a Parquet file for each part that is played.

A part is whole or not there: so a sweep that ended anyhow, killed at any moment, goes on with the parts that are missing.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from gandash.cluster.versions import versions
from gandash.config.setting import JsonValue, SettingError
from gandash.store.files import read_whole, write_whole
from gandash.store.format import BrokenRun
from gandash.sweeps.cost import Part
from gandash.sweeps.sweep import Sweep, read_sweep
from gandash.words import say, words_of

FORMAT, VERSION = "gandash sweep", 1
MANIFEST, PARTS = "sweep.json", "parts"
MOST_BYTES = 256 * 2**20  # of a manifest: uploaded pictures are in it

WHOLE = {"cell": pa.int32(), "point": pa.int32(), "seed": pa.int64(), "steps": pa.int32(), "converged_since": pa.int32()}
WORDS = ("engine", "ended", "verdict", "title", "reason", "state_hash")


class BrokenSweep(ValueError):
    """A folder that holds no sweep, or that cannot take one: says which and why."""


def column_of(value: JsonValue) -> str | int | float | None:
    """An axis's value as a column has it: a variant or a list as JSON."""
    return json.dumps(value) if isinstance(value, dict | list | tuple) else value


def table_of(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Rows by name, of which some may lack some: whole numbers, words and states by their names, all else as it is."""
    names = dict.fromkeys(name for row in rows for name in row)
    kinds = WHOLE | dict.fromkeys(WORDS, pa.string()) | {"state": pa.binary()}
    return pa.table({name: pa.array([row.get(name) for row in rows], kinds.get(name)) for name in names})


def write_part(path: Path, table: pa.Table) -> None:
    """A part that was played. Raises OSError."""
    body = io.BytesIO()
    pq.write_table(table, body, compression="zstd")
    write_whole(path, body.getvalue())


@dataclass(frozen=True)
class Results:
    """A sweep in its folder, and the `parts` that it is played in."""

    folder: Path
    sweep: Sweep
    parts: tuple[Part, ...]
    versions: Mapping[str, str]

    @classmethod
    def begin(cls, folder: Path, sweep: Sweep, parts: Sequence[Part]) -> Results:
        """In a new or empty folder. Raises BrokenSweep where it is neither, OSError."""
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            there = (folder / MANIFEST).exists()
            told = (
                say("{folder} has a sweep already; go on with it by --resume, or name another", folder=str(folder))
                if there
                else say("{folder} is no new or empty folder", folder=str(folder))
            )
            raise BrokenSweep(told)
        (folder / PARTS).mkdir(parents=True)
        manifest = {
            "format": FORMAT,
            "version": VERSION,
            "versions": versions(),
            "sweep": sweep.model_dump(mode="json"),
            "parts": [{"cells": list(part.cells), "cell_seconds": part.cell_seconds} for part in parts],
        }
        write_whole(folder / MANIFEST, json.dumps(manifest, allow_nan=False).encode())
        return cls(folder, sweep, tuple(parts), versions())

    @classmethod
    def open(cls, folder: Path) -> Results:
        """One that was begun. Raises BrokenSweep."""
        try:
            found = json.loads(read_whole(folder / MANIFEST, MOST_BYTES))
            if found["format"] != FORMAT or found["version"] != VERSION:
                raise BrokenSweep(
                    say(
                        "{folder}: version {version} of {format}; this program knows {known}",
                        folder=str(folder),
                        version=str(found["version"]),
                        format=repr(found["format"]),
                        known=VERSION,
                    )
                )
            parts = tuple(Part(i, tuple(p["cells"]), p["cell_seconds"]) for i, p in enumerate(found["parts"]))
            return cls(folder, read_sweep(found["sweep"]), parts, found["versions"])
        except (BrokenRun, SettingError) as error:
            raise BrokenSweep(
                say("there is no sweep to be read in {folder}: {problem}", folder=str(folder), problem=words_of(error))
            ) from None
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            if isinstance(error, BrokenSweep):
                raise
            raise BrokenSweep(say("{file} is damaged: {error}", file=str(folder / MANIFEST), error=repr(error))) from None

    @property
    def has_other_versions(self) -> bool:
        """Whether it was begun with other editions of what numbers may depend on."""
        return dict(self.versions) != versions()

    def description(self, part: Part) -> dict[str, Any]:
        """All that there is to know for whoever plays it (`gandash.sweeps.playing.play`)."""
        return {"sweep": self.sweep.model_dump(mode="json"), "cells": list(part.cells)}

    def path(self, number: int) -> Path:
        """Where the part of this number is, once it is played."""
        return self.folder / PARTS / f"part-{number:06}.parquet"

    def missing(self) -> list[Part]:
        """The parts that are still to be played: those that are not there, or not whole."""
        return [part for part in self.parts if not self._is_whole(part)]

    def _is_whole(self, part: Part) -> bool:
        with suppress(OSError, pa.ArrowException):
            return bool(pq.read_metadata(self.path(part.number)).num_rows == len(part.cells))
        return False

    def table(self) -> pa.Table:
        """The games played so far, in the order of their numbers; some may lack columns of others, and have null there."""
        gone = {part.number for part in self.missing()}
        found = [pq.read_table(self.path(part.number)) for part in self.parts if part.number not in gone]
        if not found:
            return table_of([])
        return pa.concat_tables(found, promote_options="permissive").sort_by("cell")
