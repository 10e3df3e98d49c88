"""Runs to be read, for the tests of the store: what is in them follows from the step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from gandash.config import GameConfig
from gandash.store.format import Manifest
from gandash.store.metrics import Rows
from gandash.store.writing import RunWriter
from gandash.wire.frame import pack
from gandash.wire.messages import Change

COLUMNS = ("loss_d", "loss_g", "jsd")
LR = "discriminator_optimiser.learning_rate"


def manifest(**given: Any) -> Manifest:
    plain: dict[str, Any] = {
        "id": "20260102-030405-abcdef",
        "title": "Two modes",
        "preset": "two-modes",
        "created": "2026-01-02T03:04:05+00:00",
        "configs": (GameConfig().model_dump(mode="json"),),
        "engines": ("torch",),
        "columns": COLUMNS,
    }
    return Manifest(**(plain | given))


def values(steps: Any) -> Any:
    """What stands in the rows of these steps; the last column was measured every third step."""
    t = np.asarray(steps, dtype=np.float64)
    found = np.stack([np.sin(t), np.cos(7 * t) * t, np.where(t % 3 == 0, t, np.nan)], axis=-1)
    return found.astype(np.float32)


def rows(first: int, last: int) -> Rows:
    steps = np.arange(first, last + 1, dtype=np.int32)
    return Rows(steps, values(steps))


def change(step: int, new: float = 0.5) -> Change:
    return Change(kind="set", step=step, path=LR, label="lr_D", old=1e-3, new=new)


def state(step: int) -> dict[str, Any]:
    return {"0/theta": np.full((1, 3), step, dtype=np.float32), "0/randomness": np.arange(5, dtype=np.uint8)[None]}


def written(directory: Path, **given: Any) -> RunWriter:
    """A run of 300 steps with a change, keyframes and pictures; to be closed."""
    writer = RunWriter(directory, manifest(**given))
    for first in (1, 101, 201):
        if first == 101:
            writer.changes(0, [change(100)])
        writer.rows(rows(first, first + 99))
        writer.picture(first + 99, b"frame %d" % (first + 99))
        writer.keyframe(first + 99, {"steps": [first + 99]}, state(first + 99), {"0/seen.readings": np.array([0.25, np.nan])})
    return writer


def with_a_frame(home: Path, name: str = "run-1", **given: Any) -> Path:
    """A run whose picture is a frame."""
    directory = home / "runs" / name
    writer = RunWriter(directory, manifest(id=name, **given))
    writer.rows(rows(1, 100))
    writer.changes(0, [change(100)])
    writer.rows(rows(101, 300))
    writer.picture(100, pack({"step": 100}, {"x": np.arange(4, dtype=np.float32)}))
    writer.keyframe(300, {"steps": [300]}, state(300), {"0/seen.readings": np.array([0.25])})
    writer.close()
    return directory
