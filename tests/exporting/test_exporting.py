"""Files that a run is taken out as: what they hold is what was recorded, and the script comes to the same states."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from safetensors.numpy import load

import gandash
from gandash.cli import cli
from gandash.config import GameConfig, parse_config
from gandash.exporting.registry import EXPORTS, NoSuchExport, Wanted, export
from gandash.exporting.tables import curves
from gandash.store import metrics
from gandash.store.metrics import MetricsWriter, Rows
from gandash.store.reading import StoredRun

pytestmark = pytest.mark.usefixtures("torch_as_before")


@pytest.fixture
def run(tiny: GameConfig, tmp_path: Path) -> gandash.Run:
    at = {3: {"objective": "minimax"}, 5: {"generator_optimiser.learning_rate": 1e-3}}
    return gandash.train(tiny, steps=12, seed=4, engine="torch", out=tmp_path / "run", at=at, alone={7: "D"}, title="Tiny")


def call(*args: str) -> Any:
    return CliRunner().invoke(cli, list(args))


def test_curves_as_csv_and_parquet_are_the_history(run: gandash.Run, tmp_path: Path) -> None:
    history = run.history
    from_csv = pd.read_csv(run.export("metrics.csv", tmp_path / "m.csv"), index_col="step").astype(np.float32)
    pd.testing.assert_frame_equal(from_csv, history, check_index_type=False)
    assert history["gradient_norm_g"].isna().sum() == 1  # the round of D alone
    from_parquet = pd.read_parquet(run.export("metrics.parquet", tmp_path / "m.parquet")).set_index("step")
    pd.testing.assert_frame_equal(from_parquet, history)
    field = pq.read_schema(tmp_path / "m.parquet").field("jsd")
    assert field.metadata[b"unit"] == b"nats" and b"divergence" in field.metadata[b"meaning"]


def test_steps_that_were_put_together_say_so(run: gandash.Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "STEP_FILES", 0)
    monkeypatch.setattr(metrics, "rows_in_a_file", lambda columns: 64)
    columns = run.stored.manifest.columns
    writer = MetricsWriter(run.directory, columns, epoch=0)
    for begin in range(13, 205, 64):
        steps = np.arange(begin, begin + 64, dtype=np.int32)
        writer.append(Rows(steps, np.repeat(steps[:, None], len(columns), axis=1).astype(np.float32)))
        writer.flush()
    table = curves(StoredRun(run.directory)).to_pandas().set_index("step")
    whole = table[table["steps"] > 1]
    assert len(whole) and (table["steps"].sum(), table.index[-1]) == (204, 204)
    inner = whole[whole["jsd.low"] > 13]
    np.testing.assert_allclose(inner["jsd"], (inner["jsd.low"] + inner["jsd.high"]) / 2)
    np.testing.assert_array_equal(inner["jsd.high"], inner.index)
    assert StoredRun(run.directory) and "steps" in gandash.open(run.directory).history


def test_settings_are_what_train_reads(run: gandash.Run, tmp_path: Path) -> None:
    file = run.export("config.json", tmp_path / "config.json")
    said = json.loads(file.read_text(encoding="utf-8"))
    assert parse_config(said["config"]) == run.stored.configs[0] and said["engine"] == "torch" and said["steps"] == 12
    result = call("train", "--config", str(file), "--steps", "1", "--out", str(tmp_path / "again"))
    assert result.exit_code == 0 and StoredRun(tmp_path / "again").configs == run.stored.configs


@pytest.mark.parametrize("step", [None, 12, 4])
def test_a_state_is_that_of_the_game(run: gandash.Run, step: int | None) -> None:
    body = export(run.stored, "state.safetensors", Wanted(step))
    tensors = load(body)
    about = json.loads(json.loads(body[8 : 8 + int.from_bytes(body[:8], "little")])["__metadata__"]["gandash"])
    state = run._at(step).trajectories[0].state
    np.testing.assert_array_equal(tensors["theta"], state.theta.numpy())
    np.testing.assert_array_equal(tensors["phi"], state.phi.numpy())
    assert {"average", "randomness", "critic"} < set(tensors) and not any(name.startswith("seen") for name in tensors)
    assert about["step"] == state.step and about["configs"] == [run._at(step).trajectories[0].config.model_dump(mode="json")]


def test_a_state_that_is_played_says_how_far_it_is_and_can_be_ended(run: gandash.Run) -> None:
    told: list[float] = []
    export(run.stored, "state.safetensors", Wanted(4), told.append)
    assert told == sorted(told) and len(told) > 1 and told[-1] == 1

    def stop(done: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(run.stored, "state.safetensors", Wanted(4), stop)


def played_by(script: bytes, folder: Path) -> gandash.Run:
    names: dict[str, Any] = {}
    exec(compile(script, str(folder / "snippet.py"), "exec"), names)
    found: gandash.Run = names["run"]
    return found


def test_the_script_comes_to_the_same_states(run: gandash.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = export(run.stored, "snippet.py")
    again = played_by(script, tmp_path)
    assert again.state == run.state == capsys.readouterr().out.strip()
    assert f"print(run.state)  # {run.state}".encode() in script
    assert again.history.equals(run.history) and again.config == run.config


SETTINGS: list[dict[str, Any]] = [
    {},
    {"data": "ring", "latent.dimension": 1},
    {"data": "ring", "generator": {"kind": "mlp", "width": 8}, "update_rule": "extragradient"},
    {"regulariser.r1": 0.1, "discriminator_optimiser": {"kind": "gradient_descent", "learning_rate": 0.1}},
]


@pytest.mark.parametrize("preset", ["two-modes", "dirac-orbit"])
@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_a_script_begins_the_very_game(preset: str, settings: dict[str, Any], tmp_path: Path) -> None:
    if preset == "dirac-orbit" and "data" in settings:
        settings = {}
    run = gandash.train(preset, steps=2, engine="torch", **settings)
    again = played_by(export(run.stored, "snippet.py"), tmp_path)
    assert again.stored.configs == run.stored.configs and again.state == run.state


def test_a_setting_that_was_set_twice_at_a_step_is_set_twice(tiny: GameConfig, tmp_path: Path) -> None:
    at = [(3, "generator_optimiser.beta1", 0.9), (3, "generator_optimiser.beta1", 0.1)]
    run = gandash.train(tiny, steps=6, engine="torch", at=at)
    assert len(run.changes) == 2 and played_by(export(run.stored, "snippet.py"), tmp_path).state == run.state


def test_large_data_stay_out_of_the_script(tiny: GameConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.random.default_rng(0).normal(size=20_000)
    run = gandash.train(tiny, data=rows, steps=2, engine="torch")
    monkeypatch.chdir(tmp_path)
    run.export("config.json", "config.json")
    script = export(run.stored, "snippet.py")
    assert len(script) < 2000
    assert played_by(script, tmp_path).state == run.state


def test_what_there_is_not(run: gandash.Run) -> None:
    with pytest.raises(NoSuchExport, match=r"did you mean metrics\.csv\?"):
        run.export("metric.csv", "nowhere")


# ------------------------------------------------------------------------------------------------------- the command line


def test_every_kind_of_file_on_the_command_line(run: gandash.Run, tmp_path: Path) -> None:
    for what in (e.what for e in EXPORTS.values() if not e.package):  # those: test_trackers.py
        file = tmp_path / f"out-{what}"
        file.write_text("what was there")
        result = call("export", str(run.directory), "--what", what, "--out", str(file))
        assert (result.exit_code, result.stdout) == (0, ""), result.output
        assert file.read_bytes() == export(run.stored, what) and f"{file.stat().st_size:,} bytes" in result.stderr
        assert what in call("export", "--help").stdout
    piped = call("export", str(run.directory), "--what", "metrics.csv", "--out", "-")
    assert len(pd.read_csv(io.BytesIO(piped.stdout_bytes))) == 12 and piped.stderr == ""


@pytest.mark.parametrize(
    ("more", "told", "status"),
    [
        (["--what", "metrics.cvs"], "did you mean metrics.csv?", 2),
        (["--what", "state.safetensors", "--step", "13"], "--step 13: this run has 12 steps", 2),
        (["--what", "metrics.csv", "--out", "/nowhere/at/all"], "No such file or directory", 1),
    ],
)
def test_a_wrong_call_is_refused_in_one_line(run: gandash.Run, tmp_path: Path, more: list[str], told: str, status: int) -> None:
    out = [] if "--out" in more else ["--out", str(tmp_path / "file")]
    result = call("export", str(run.directory), *more, *out)
    assert result.exit_code == status and told in result.stderr and result.stderr.count("\n") == 1 and result.stdout == ""
    assert not (tmp_path / "file").exists()


def test_a_run_that_there_is_not(tmp_path: Path) -> None:
    result = call("export", "nothing", "--what", "metrics.csv", "--out", str(tmp_path / "file"))
    assert result.exit_code == 2 and "neither a folder nor a run" in result.stderr


def test_a_long_export_shows_how_far_it_is_and_can_be_ended(
    run: gandash.Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(run: StoredRun, wanted: Any, told: Callable[[float], None]) -> bytes:
        told(0.5)
        raise KeyboardInterrupt

    kept = tmp_path / "file"
    kept.write_text("as it was")
    monkeypatch.setitem(EXPORTS, "metrics.csv", EXPORTS["metrics.csv"].__class__("metrics.csv", "", "", slow))
    result = call("export", str(run.directory), "--what", "metrics.csv", "--out", str(kept))
    assert result.exit_code == 130 and kept.read_text() == "as it was"
