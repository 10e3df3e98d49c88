"""Each preset plays, bit for bit, as it did when tests/trajectories.json was written: a move or a new name changes no number.

Each engine has its own. Two hashes for each: of what is played, which only a change of that engine may change, and of what is
measured of it, which a better estimator changes too.

What a processor makes of a sum is its own affair, so hashes are kept for each kind of machine. One that is not recorded says so
and skips. After a change that is meant to change numbers, and after a new preset:
`PYTHONPATH=. python tests/test_trajectories.py`, perhaps with names of engines and presets.
"""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from importlib.metadata import version
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch
from playing import Played

from gandash.game.compiled.plans import covers
from gandash.game.game import build_game
from gandash.presets import PRESETS
from gandash.wire.facts import Engine
from gandash.worker.observer import STEP_COLUMNS
from gandash.worker.trajectory import be_reproducible

RECORDED = Path(__file__).with_name("trajectories.json")
PLAYED: list[tuple[Engine, str]] = [
    (engine, name)
    for engine in get_args(Engine)
    for name, preset in PRESETS.items()
    if engine == "torch" or covers(build_game(preset.config))
]
STEPS, CHANGED_AT = 200, 100  # the preset's first live move, if it has one, is made half-way


def machine(engine: Engine) -> str:
    """What decides how float32 sums come out: the processor's model and torch's choice of instructions; who compiles."""
    model = platform.processor()
    try:
        named = [line for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if line.startswith("model")]
        model = "; ".join(sorted({line.split(":", 1)[1].strip() for line in named}))
    except OSError:
        pass
    compiler = f", numba {version('numba')}" if engine == "compiled" else ""
    return f"{platform.machine()}, {model}, {torch.backends.cpu.get_cpu_capability()}, torch {torch.__version__}{compiler}"


def trajectory(name: str, engine: Engine) -> dict[str, str]:
    """Hashes of what each step reported and of both players at the end, and of what was measured on the way."""
    be_reproducible()
    preset = PRESETS[name]
    session, played, measured = Played(preset.config, engine), hashlib.sha256(), hashlib.sha256()
    while session.step < STEPS:
        if session.step == CHANGED_AT:
            for path, value in preset.moves[0].changes if preset.moves else ():
                session.set(path, value)
        session.advance()
        reported, read = np.split(session.drain().values, [len(STEP_COLUMNS)], axis=1)
        played.update(reported.tobytes())
        measured.update(read.tobytes())
    for player in (session.state.theta, session.state.phi):
        played.update(player.numpy().tobytes())
    return {"played": played.hexdigest()[:16], "measured": measured.hexdigest()[:16]}


@pytest.mark.usefixtures("torch_as_before")
@pytest.mark.parametrize(("engine", "name"), PLAYED)
def test_a_preset_plays_as_recorded(engine: Engine, name: str) -> None:
    known = json.loads(RECORDED.read_text(encoding="utf-8")).get(machine(engine), {})
    if name not in known:
        pytest.skip(f"this trajectory is not recorded for this kind of machine ({machine(engine)})")
    assert trajectory(name, engine) == known[name]


if __name__ == "__main__":
    kept = json.loads(RECORDED.read_text(encoding="utf-8")) if RECORDED.exists() else {}
    engines = [word for word in sys.argv[1:] if word in get_args(Engine)] or get_args(Engine)
    names = [word for word in sys.argv[1:] if word in PRESETS] or PRESETS
    for engine, name in PLAYED:
        if engine in engines and name in names:
            kept.setdefault(machine(engine), {})[name] = trajectory(name, engine)
    RECORDED.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
