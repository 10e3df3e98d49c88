"""The curves of a recorded run as one table."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from gandash.exporting.columns import column
from gandash.store.reading import StoredRun

STEP, STEPS = "step", "steps"


def curves(run: StoredRun) -> Any:
    """A `pyarrow.Table`: `step`, then a float32 column for each curve, NaN where nothing was measured. Raises BrokenRun.

    Of a run so long that its older steps were put together, a row covers `steps` of them up to `step`: its numbers are their
    means, and `NAME.low` and `NAME.high` their extremes.
    """
    kept = run.metrics()
    old, new = kept.envelope, kept.recent
    fields: dict[str, Any] = {STEP: np.concatenate([old.last, new.steps])}
    if len(old.last):
        fields[STEPS] = np.concatenate([old.last - old.first + 1, np.ones_like(new.steps)])
    fields |= {name: np.concatenate([old.mean[:, i], new.values[:, i]]) for i, name in enumerate(kept.columns)}
    if len(old.last):
        for i, name in enumerate(kept.columns):
            fields[f"{name}.low"] = np.concatenate([old.low[:, i], new.values[:, i]])
            fields[f"{name}.high"] = np.concatenate([old.high[:, i], new.values[:, i]])
    words = {STEP: ("", "rounds played"), STEPS: ("", "how many steps the row covers, up to `step`")}
    schema = pa.schema(
        pa.field(name, pa.from_numpy_dtype(values.dtype), metadata=_said(*(words.get(name) or column(name))))
        for name, values in fields.items()
    )
    about = {"run": run.manifest.id, "title": run.manifest.title, "versions": json.dumps(run.manifest.versions)}
    return pa.table(fields, schema=schema.with_metadata(about))


def _said(unit: str, meaning: str) -> dict[str, str]:
    return {"unit": unit, "meaning": meaning}


def as_csv(run: StoredRun) -> bytes:
    """With a head of names; a cell is empty where nothing was measured."""
    table = curves(run)
    empty = [pa.array(c.to_numpy(), from_pandas=True) for c in table.columns]  # NaN becomes null
    sink = io.BytesIO()
    pa.csv.write_csv(pa.table(empty, names=table.column_names), sink, pa.csv.WriteOptions(quoting_style="none"))
    return sink.getvalue()


def as_parquet(run: StoredRun) -> bytes:
    """The unit and the meaning of each column stand in its field's metadata."""
    sink = io.BytesIO()
    pa.parquet.write_table(curves(run), sink, compression="zstd")
    return sink.getvalue()
