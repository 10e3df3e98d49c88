"""The base of every message and description that crosses a border: frozen, without unknown fields, and finite."""

from __future__ import annotations

import math
from typing import Annotated, Any, SupportsFloat

from pydantic import BaseModel, BeforeValidator, ConfigDict


class Message(BaseModel):
    """Equal where its fields are; to change one, make another."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, json_schema_serialization_defaults_required=True
    )


def _known(value: Any) -> Any:
    # A protocol takes 7 µs or more to ask, and a picture has some thirty numbers
    return None if isinstance(value, (float, SupportsFloat)) and not math.isfinite(value) else value


Measured = Annotated[float | None, BeforeValidator(_known)]
"""A number, or None where it was not measured or is not finite: JSON has no word for NaN and infinities."""
