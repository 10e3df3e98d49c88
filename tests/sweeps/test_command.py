"""`python -m gandash sweep`: played, stopped and gone on with; refused in words before anything is played."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gandash.cli import cli
from gandash.sweeps.results import Results

Until = Callable[..., Any]
GAME = ("--preset", "two-modes", "--set", "generator.width=4", "--set", "discriminator.width=4", "--set", "run.batch=8")
RATES = (
    "--axis",
    "generator_optimiser.learning_rate=1e-3:1e-1:4log",
    "--axis",
    "discriminator_optimiser.learning_rate=1e-3,1e-2",
)


def sweep(*given: str) -> Result:
    return CliRunner().invoke(cli, ["sweep", *given])


def test_a_sweep_from_the_command_line(tmp_path: Path) -> None:
    out = str(tmp_path / "ring")
    played = sweep(*GAME, *RATES, "--seeds", "2", "--steps", "40", "--at", "20", "--out", out, "--json")
    assert played.exit_code == 0, played.output
    assert "16 games of 40 steps: about" in played.stderr
    found = json.loads(played.stdout)
    assert found["games"] == found["played"] == 16 and sum(found["verdicts"].values()) == 16
    results = Results.open(Path(out))
    assert results.sweep.preset == "two-modes" and results.sweep.keep.at == (20,)
    assert "jsd@20" in results.table().column_names
    again = sweep("--resume", "--out", out)
    assert again.exit_code == 0 and "16 of 16 games played" in again.stdout and again.stderr == ""


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ((*RATES[:1], "generator_optimiser.lerning_rate=1e-3,1e-2"), "did you mean generator_optimiser.learning_rate"),
        ((), "something has to be varied"),
        ((*RATES, "--steps", "900000000"), "steps"),
        ((*RATES, "--steps", "9000000", "--seeds", "1000"), "fewer steps (now 9,000,000), fewer seeds (now 1000)"),
        ((*RATES, "--steps", "9000000", "--seeds", "1000"), "or allow more hours by --hours"),
        ((*RATES, "--samples", "5"), "any other design needs a number of samples"),
        (("--ready", "rules-steps", *RATES), "--axis: a ready sweep is whole"),
        (("--ready", "rules-steps", "--hours", "0.001"), "or allow more hours by --hours"),
        (("--resume", "--seeds", "2"), "--seeds: it is already said what this sweep is"),
        (("--resume",), "to go on with a sweep its folder must be named"),
    ],
)
def test_a_refusal_is_one_line_and_leaves_nothing(given: tuple[str, ...], told: str, tmp_path: Path) -> None:
    out = () if given == ("--resume",) else ("--out", str(tmp_path / "none"))
    refused = sweep(*(given if {"--resume", "--ready"} & {*given} else (*GAME, *given)), *out)
    assert refused.exit_code == 2 and told in refused.stderr, refused.output
    assert len(refused.stderr.splitlines()) == 1 and not list(tmp_path.iterdir())


def test_ctrl_c_finishes_what_is_in_play_and_the_rest_is_played_later(tmp_path: Path, until: Until) -> None:
    out = tmp_path / "sweep"
    command = [sys.executable, "-m", "gandash", "sweep", *GAME, *RATES, "--steps", "300", "--seeds", "4", "--processes", "1"]
    with subprocess.Popen([*command, "--out", str(out)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as playing:
        until(lambda: list(out.glob("parts/*.parquet")), what="a part that is played")
        playing.send_signal(signal.SIGINT)
        said, _ = playing.communicate()
    assert playing.returncode == 130
    count = Results.open(out).table().num_rows
    assert 0 < count < 32 and f"{count} of 32 games played" in said and f"sweep --resume --out {out}" in said
    assert "32 of 32 games played" in sweep("--resume", "--out", str(out), "--hours", "1").stdout
