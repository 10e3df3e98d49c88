"""The curves and settings of a recorded run for other people's tools: TensorBoard, Weights & Biases, MLflow.

Each is one file, made by the tool's own package, which is an extra. A column is one of their scalars, under its own name; where
nothing was measured there is none. Of long runs, whose older steps were put together, they have the means.
"""

from __future__ import annotations

import io
import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Any

from gandash.exporting.snippets import settings_of
from gandash.exporting.tables import STEP, STEPS, curves
from gandash.store.format import BrokenRun
from gandash.store.reading import StoredRun
from gandash.words import say

Told = Callable[[float], None]

PROJECT = "gandash"
BATCH = 1000  # metrics that MLflow takes at once
PARAM = 6000  # characters of one of its parameters


def needs(package: str) -> None:
    """Raises BrokenRun where an extra is missing."""
    if find_spec(package) is None:
        raise BrokenRun(
            say("this file is written by the package {package}, which is not installed: pip install {package}", package=package)
        )


def rows(run: StoredRun, told: Told = lambda done: None) -> Iterator[tuple[int, dict[str, float]]]:
    """Each step with what was measured then."""
    table = curves(run)
    steps = table[STEP].to_pylist()
    names = [name for name in table.column_names if name not in (STEP, STEPS) and not name.endswith((".low", ".high"))]
    values = zip(*(table[name].to_pylist() for name in names), strict=True)
    for done, (step, row) in enumerate(zip(steps, values, strict=True)):
        yield step, {name: value for name, value in zip(names, row, strict=True) if not math.isnan(value)}
        if done % 1000 == 0:
            told(0.95 * done / len(steps))


def began(run: StoredRun) -> float:
    """When, in seconds since 1970. The record does not know when each step was played: all of them have this time."""
    return datetime.fromisoformat(run.manifest.created).timestamp()


def title_of(run: StoredRun) -> str:
    return run.manifest.title or run.manifest.preset or run.manifest.id


def flat(settings: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Settings by their dotted paths, as text."""
    if isinstance(settings, dict) and settings:
        for name, value in settings.items():
            yield from flat(value, f"{path}.{name}" if path else str(name))
    elif isinstance(settings, list) and any(isinstance(value, dict | list) for value in settings):
        for i, value in enumerate(settings):
            yield from flat(value, f"{path}.{i}")
    else:
        yield path, settings if isinstance(settings, str) else json.dumps(settings, ensure_ascii=False)


def as_events(run: StoredRun, told: Told = lambda done: None) -> bytes:
    """A TensorBoard event log: found wherever it lies, as long as its name has "tfevents" in it. The settings are a text.

    Raises BrokenRun.
    """
    needs("tensorboard")
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary, SummaryMetadata
    from tensorboard.compat.proto.tensor_pb2 import TensorProto
    from tensorboard.compat.proto.types_pb2 import DT_STRING
    from tensorboard.summary.writer.record_writer import RecordWriter

    body, at = io.BytesIO(), began(run)
    writer = RecordWriter(body)
    writer.write(Event(wall_time=at, file_version="brain.Event:2").SerializeToString())
    settings = f"    {json.dumps(settings_of(run), indent=2, ensure_ascii=False)}".replace("\n", "\n    ")  # code, in Markdown
    text = TensorProto(dtype=DT_STRING, string_val=[settings.encode()])
    shown = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name="text"), display_name=title_of(run))
    known = Summary(value=[Summary.Value(tag="settings", tensor=text, metadata=shown)])
    writer.write(Event(wall_time=at, step=0, summary=known).SerializeToString())
    for step, row in rows(run, told):
        scalars = Summary(value=[Summary.Value(tag=name, simple_value=value) for name, value in row.items()])
        writer.write(Event(wall_time=at, step=step, summary=scalars).SerializeToString())
    return body.getvalue()


def as_wandb(run: StoredRun, told: Told = lambda done: None) -> bytes:
    """A run of Weights & Biases as if it had been played offline: `wandb leet inspect FILE` shows it, and
    `wandb sync --include-online FILE` sends it (by its folder alone wandb would know that it was offline). Raises BrokenRun."""
    needs("wandb")
    ours = {"project": PROJECT, "id": run.manifest.id, "name": title_of(run), "mode": "offline", "config": settings_of(run)}
    with tempfile.TemporaryDirectory(prefix="gandash-wandb-") as folder:
        writer = subprocess.Popen([sys.executable, "-c", _WANDB], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        try:
            with writer:
                assert writer.stdin is not None
                for line in chain([ours | {"dir": folder}], rows(run, told)):
                    writer.stdin.write(json.dumps(line) + "\n")
        except BrokenPipeError:
            pass  # it has said why
        except BaseException:
            writer.kill()
            raise
        found = list(Path(folder).glob("wandb/offline-run-*/run-*.wandb"))
        if writer.returncode or not found:
            raise BrokenRun(say("wandb could not write the run"))
        return found[0].read_bytes()


# A process of its own: `finish` returns before the file is whole, only `teardown` waits (0.31.0), and that would end the
# caller's runs too. Nothing is said of the machine.
_WANDB = """
import json, sys
import wandb
plain = wandb.Settings(silent=True, console="off", x_disable_meta=True, x_disable_stats=True, host="-")
with wandb.init(**json.loads(sys.stdin.readline()), settings=plain) as run:
    for line in sys.stdin:
        step, row = json.loads(line)
        run.log(row, step=step)
wandb.teardown()
"""


def as_mlflow(run: StoredRun, told: Told = lambda done: None) -> bytes:
    """MLflow's database with this one run: `mlflow server --backend-store-uri sqlite:///FILE` shows it. Raises BrokenRun."""
    needs("mlflow")
    needs("sqlalchemy")  # mlflow-skinny has no databases
    from mlflow import MlflowClient
    from mlflow.entities import Metric, Param

    with tempfile.TemporaryDirectory(prefix="gandash-mlflow-") as folder:
        file = Path(folder) / "mlflow.db"
        client = MlflowClient(tracking_uri=f"sqlite:///{file}")
        at = int(1000 * began(run))
        kept = client.create_run(client.create_experiment(PROJECT), start_time=at, run_name=title_of(run)).info.run_id
        for path, value in flat(settings_of(run)):
            client.log_batch(kept, params=[Param(path, value[:PARAM])])
        waiting: list[Any] = []
        for step, row in rows(run, told):
            waiting += [Metric(name, value, at, step) for name, value in row.items()]
            while len(waiting) >= BATCH:
                client.log_batch(kept, metrics=waiting[:BATCH])
                del waiting[:BATCH]
        client.log_batch(kept, metrics=waiting)
        client.set_terminated(kept, end_time=at)
        return file.read_bytes()
