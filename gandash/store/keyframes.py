"""Whole states on disk, as arrays with a label: what is in them is known to who plays (`gandash.worker.keyframe`)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from gandash.store.files import named, read_whole, write_whole
from gandash.store.format import KEYFRAME_BYTES, KEYFRAME_FILES, KEYFRAMES, SUFFIXES, BrokenRun, Named
from gandash.words import say, words_of

SUFFIX = SUFFIXES[KEYFRAMES]
LABEL = "gandash"

Arrays = Mapping[str, NDArray[Any]]


def state_hash(arrays: Arrays) -> str:
    """SHA-256 of arrays with their names, types and shapes."""
    found = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        found.update(f"{name} {array.dtype.str} {array.shape} ".encode())
        found.update(array.tobytes())
    return f"sha256:{found.hexdigest()}"


class KeyframeWriter:
    """Writes keyframes, and thins them with age. Raises OSError when the disk refuses."""

    def __init__(self, run: Path, epoch: int = 0) -> None:
        self._folder, self.epoch = run / KEYFRAMES, epoch
        self._folder.mkdir(parents=True, exist_ok=True)
        self._sizes = {name: (self._folder / (name.name + SUFFIX)).stat().st_size for name in named(self._folder, SUFFIX)}

    def write(self, step: int, label: dict[str, Any], arrays: Arrays) -> bool:
        """False, and nothing is written, where the state is larger than all of a run's keyframes may be."""
        if sum(array.nbytes for array in arrays.values()) > KEYFRAME_BYTES:
            return False
        body = save(
            {name: np.ascontiguousarray(array) for name, array in arrays.items()},
            metadata={LABEL: json.dumps(label, allow_nan=False)},
        )
        name = Named(self.epoch, step, step)
        write_whole(self._folder / (name.name + SUFFIX), body)
        self._sizes[name] = len(body)
        while len(self._sizes) > 1 and (sum(self._sizes.values()) > KEYFRAME_BYTES or len(self._sizes) > KEYFRAME_FILES):
            self._thin()
        return True

    def _thin(self) -> None:
        """Of the older half every other one goes, and the first one stays as long as there are more than two."""
        files = sorted(self._sizes)
        for name in files[1 : len(files) // 2 : 2] or files[:1]:
            with suppress(FileNotFoundError):
                (self._folder / (name.name + SUFFIX)).unlink()
            del self._sizes[name]


def read(run: Path, name: Named) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Label and arrays of a keyframe. Raises BrokenRun."""
    path = run / KEYFRAMES / (name.name + SUFFIX)
    body = read_whole(path, 2 * KEYFRAME_BYTES)
    try:
        arrays = load(body)
        header = json.loads(body[8 : 8 + int.from_bytes(body[:8], "little")])
        label = json.loads(header["__metadata__"][LABEL])
        if not isinstance(label, dict):
            raise ValueError(say("its label is no JSON object"))
    except (SafetensorError, ValueError, KeyError, TypeError, RecursionError, AttributeError) as error:
        raise BrokenRun(say("{file} is no whole keyframe: {problem}", file=f"{path}", problem=words_of(error))) from None
    return label, arrays


def found(run: Path, until: list[int]) -> list[Named]:
    """The keyframes of a run by step, of each step the newest. `until` as in `metrics.read`.

    One of the very step that the run was set back to may have had changes that were taken back, and is passed over.
    """
    by_step = {n.first: n for n in named(run / KEYFRAMES, SUFFIX) if n.epoch < len(until) and n.first < until[n.epoch]}
    return [by_step[step] for step in sorted(by_step)]
