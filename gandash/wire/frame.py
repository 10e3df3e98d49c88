"""Arrays with a label, as bytes: frames for the picture, metrics for the curves.

The layout is that of safetensors: eight bytes of header length, a JSON header with dtype, shape and offsets per name and a
`__metadata__` of strings, then the raw arrays. Python reads it with the library, the browser in a few lines
(`assets/live/bytes.js`), and a saved frame is a file. Our label is one JSON object under the metadata key `label`.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel
from safetensors import SafetensorError
from safetensors.numpy import load, save

Arrays = dict[str, NDArray[Any]]


class BrokenFrame(ValueError):
    """Bytes that are no frame, or a frame cut short."""


def pack(label: BaseModel | dict[str, Any], arrays: Arrays) -> bytes:
    """Label and arrays as bytes; float64 is sent as float32. Non-finite numbers in the label become null."""
    compact = {
        name: np.asarray(a, dtype=np.float32 if a.dtype == np.float64 else a.dtype, order="C") for name, a in arrays.items()
    }
    text = label.model_dump_json() if isinstance(label, BaseModel) else json.dumps(finite(label), allow_nan=False)
    return save(compact, metadata={"label": text})


def check(body: bytes) -> None:
    """For who passes a frame on: raises BrokenFrame unless it has a label and is as long as its header says. Reads no array."""
    try:
        length = int.from_bytes(body[:8], "little")
        header = json.loads(body[8 : 8 + length])
        if not isinstance(header, dict):
            raise ValueError("it has no header")
        label = header.pop("__metadata__")["label"]
        ends = [array["data_offsets"][1] for array in header.values()]
        if not isinstance(label, str) or 8 + length + max(ends, default=0) != len(body):
            raise ValueError("its header promises another length")
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError) as error:
        raise BrokenFrame(f"not a whole frame ({len(body)} bytes): {error}") from None


def unpack(body: bytes) -> tuple[dict[str, Any], Arrays]:
    """Label and arrays from bytes; raises BrokenFrame when they are not whole."""
    try:
        arrays: Arrays = load(body)
        length = int.from_bytes(body[:8], "little")
        label = json.loads(json.loads(body[8 : 8 + length])["__metadata__"]["label"])
        if not isinstance(label, dict):
            raise ValueError("its label is no JSON object")
    except (SafetensorError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise BrokenFrame(f"not a whole frame ({len(body)} bytes): {error}") from None
    return label, arrays


def finite(value: Any) -> Any:
    """The same JSON value with NaN and infinities as None: JSON has no word for them, and browsers refuse ours."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    if isinstance(value, dict):
        return {k: finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [finite(v) for v in value]
    return value
