"""Runs for other people's tools, read back by these tools themselves."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import gandash
from gandash.cli import cli
from gandash.config import GameConfig
from gandash.exporting import registry, trackers
from gandash.exporting.registry import EXPORTS, export, for_page

pytestmark = pytest.mark.usefixtures("torch_as_before")
LR_D = "discriminator_optimiser.learning_rate"


def installed(package: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(find_spec(package) is None, reason=f"{package} is an extra, which is not installed")


@pytest.fixture
def run(tiny: GameConfig, tmp_path: Path) -> gandash.Run:
    return gandash.train(tiny, steps=12, seed=4, engine="torch", out=tmp_path / "run", at={5: {LR_D: 1e-4}}, title="Tiny")


def curve(run: gandash.Run, name: str) -> list[tuple[int, float]]:
    """What was measured of it."""
    return [(step, value) for step, value in run.history[name].items() if not math.isnan(value)]


@installed("tensorboard")
def test_tensorboard_reads_curves_and_settings(run: gandash.Run, tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run.export("run.tfevents", tmp_path / "logs.tfevents")
    read = EventAccumulator(str(tmp_path / "logs.tfevents")).Reload()
    assert set(read.Tags()["scalars"]) == {name for name in run.history if curve(run, name)}
    for name in ("loss_d", "jsd", "learning_rate_d"):
        events = read.Scalars(name)
        assert [(event.step, np.float32(event.value)) for event in events] == curve(run, name)
    (text,) = read.Tensors("settings")
    assert json.loads(text.tensor_proto.string_val[0])["config"]["run"]["seed"] == 4
    assert read.SummaryMetadata("settings").plugin_data.plugin_name == "text"


@installed("wandb")
@pytest.mark.filterwarnings("ignore")  # its own, about what it imports
def test_wandb_reads_curves_and_settings(run: gandash.Run, tmp_path: Path) -> None:
    file = run.export("run.wandb", tmp_path / "run.wandb")
    command = [sys.executable, "-m", "wandb", "leet", "inspect", "--json", str(file)]
    read = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=60, env=os.environ | {"HOME": str(tmp_path)}
    )
    records = [json.loads(line) for line in read.stdout.splitlines()]
    rows = [record["history"]["item"] for record in records if record["type"] == "history"]
    assert [(row["_step"], np.float32(row["loss_d"])) for row in rows if "loss_d" in row] == curve(run, "loss_d")
    (about,) = [record["run"] for record in records if record["type"] == "run"]
    assert (about["run_id"], about["display_name"], about["host"]) == (run.id, "Tiny", "-")
    assert about["config"]["update"]["config"]["run"]["seed"] == 4
    assert str(Path.cwd()) not in read.stdout


@installed("mlflow")
@pytest.mark.filterwarnings("ignore")  # its own, about what it imports
def test_mlflow_reads_curves_and_settings(run: gandash.Run, tmp_path: Path) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=f"sqlite:///{run.export('mlflow.db', tmp_path / 'mlflow.db')}")
    experiment = client.get_experiment_by_name("gandash")
    (read,) = client.search_runs([experiment.experiment_id])
    assert read.info.run_name == "Tiny" and read.data.params["config.run.seed"] == "4"
    for name in ("loss_d", "jsd"):
        metrics = client.get_metric_history(read.info.run_id, name)
        assert sorted((metric.step, np.float32(metric.value)) for metric in metrics) == curve(run, name)


@pytest.mark.parametrize("what", [e.what for e in EXPORTS.values() if e.package])
def test_without_its_package_a_sentence_says_which(
    run: gandash.Run, what: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(trackers, "find_spec", lambda name: None)
    monkeypatch.setattr(registry, "find_spec", lambda name: None)
    called = CliRunner().invoke(cli, ["export", str(run.directory), "--what", what, "--out", str(tmp_path / what)])
    assert called.exit_code == 2 and f"pip install {EXPORTS[what].package}" in called.output and not (tmp_path / what).exists()
    assert what not in [e.what for e in for_page()]


def test_settings_by_their_paths() -> None:
    given = {"a": {"b": 1, "c": [1, 2.5], "d": {}}, "e": [{"f": None}, {"f": "words"}]}
    assert dict(trackers.flat(given)) == {"a.b": "1", "a.c": "[1, 2.5]", "a.d": "{}", "e.0.f": "null", "e.1.f": "words"}


@installed("tensorboard")
def test_how_far_it_is_and_that_it_can_be_ended(run: gandash.Run) -> None:
    told: list[float] = []
    export(run.stored, "run.tfevents", told=told.append)
    assert told[-1] == 1

    def stop(done: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(run.stored, "run.tfevents", told=stop)
