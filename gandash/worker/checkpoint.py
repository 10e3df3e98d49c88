"""Trajectories on disk: one file of the safetensors layout, whole or not there at all.

One trajectory's tensors have their plain names, those of several their number in front (`1/theta`); the labels are JSON under
the metadata key `gandash`: that of the one, or a list.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.numpy import save as packed
from safetensors.torch import load as load_tensors
from torch import Tensor

from gandash.worker.trajectory import Trajectory


class BrokenCheckpoint(ValueError):
    """A checkpoint file that is cut short, or is no checkpoint of ours."""


def save(path: Path, trajectories: Sequence[Trajectory]) -> None:
    """Write a checkpoint: under a temporary name, synced, then renamed, so that a file by this name is always whole.

    Raises OSError when it cannot be written; the file that was there before is then untouched.
    """
    labels: list[dict[str, Any]] = []
    tensors: dict[str, Tensor] = {}
    for prefix, trajectory in zip(_prefixes(len(trajectories)), trajectories, strict=True):
        label, own = trajectory.written()
        labels.append(label)
        tensors |= {prefix + name: tensor for name, tensor in own.items()}
    said = json.dumps(labels if len(labels) > 1 else labels[0])
    body = packed({name: tensor.numpy() for name, tensor in tensors.items()}, metadata={"gandash": said})
    temporary = path.with_suffix(f".{os.getpid()}.part")
    try:
        _write(temporary, body)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _write(path: Path, body: bytes) -> None:
    with path.open("wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())


def load(path: Path) -> list[Trajectory]:
    """The trajectories that `save` wrote. Raises BrokenCheckpoint when the file is not whole or not ours."""
    try:
        body = path.read_bytes()  # at once: a reader by name may find the header of one checkpoint and the data of the next
        tensors = load_tensors(body)
        said = json.loads(json.loads(body[8 : 8 + int.from_bytes(body[:8], "little")])["__metadata__"]["gandash"])
        labels = said if isinstance(said, list) else [said]
        return [
            Trajectory.read(label, {name.removeprefix(prefix): t for name, t in tensors.items() if name.startswith(prefix)})
            for prefix, label in zip(_prefixes(len(labels)), labels, strict=True)
        ]
    except (SafetensorError, OSError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise BrokenCheckpoint(f"{path.name} is not a whole checkpoint: {error}") from None


def _prefixes(n: int) -> list[str]:
    return [f"{i}/" for i in range(n)] if n > 1 else [""]
