"""Messages between a training loop and who watches it: bytes behind their length, through a pipe."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

HEAD = 8  # bytes of a length
END = b""  # nothing more will come


def send(pipe: IO[bytes], body: bytes) -> None:
    """Raises OSError where nobody reads any more, ValueError where the pipe was closed here."""
    pipe.write(len(body).to_bytes(HEAD, "little"))
    pipe.write(body)
    pipe.flush()


def receive(pipe: IO[bytes]) -> bytes:
    """The next message; `END` where the other side is gone, too."""
    head = pipe.read(HEAD)
    length = int.from_bytes(head, "little") if len(head) == HEAD else 0
    body = pipe.read(length)
    return body if len(body) == length else END


@dataclass(frozen=True)
class Look:
    """A loop as it was after `step` rounds, `seconds` after its beginning: both players' numbers in a row, whether each part of
    them is in training mode, and both losses of the rounds since the look before, `(rounds, 2)`, NaN where none was given."""

    step: int
    seconds: float
    generator: NDArray[np.float32]
    discriminator: NDArray[np.float32]
    generator_modes: NDArray[np.uint8]
    discriminator_modes: NDArray[np.uint8]
    losses: NDArray[np.float64]

    def packed(self) -> bytes:
        arrays = {name: value for name, value in vars(self).items() if isinstance(value, np.ndarray)}
        body: bytes = save(arrays, {"look": json.dumps({"step": self.step, "seconds": self.seconds})})
        return body

    @classmethod
    def of(cls, body: bytes) -> Look:
        label = json.loads(body[HEAD : HEAD + int.from_bytes(body[:HEAD], "little")])["__metadata__"]["look"]
        known: dict[str, Any] = json.loads(label) | load(body)
        return cls(**known)
