"""A whole state of a recorded run as one safetensors file."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from gandash.store.format import BrokenRun
from gandash.store.reading import StoredRun, config_after
from gandash.words import say

SEEN = "seen."  # what an observer has in mind, and no part of the state


def as_safetensors(run: StoredRun, step: int | None, told: Callable[[float], None] = lambda done: None) -> bytes:
    """The state at `step`, by default the newest that is kept: `theta`, `phi`, `average`, `critic` (D's parameters as they
    act), moments, random streams, a row each; of compared games `0/theta` and so on.

    A row is a player's parameters one behind the other: of an MLP W_1 `(fan_in, fan_out)`, b_1, W_2, ... The metadata tell run,
    step, settings and engines, as JSON. A state that no keyframe has is played, from the nearest one before. Raises BrokenRun.
    """
    name = next((n for n in reversed(run.keyframes) if step is None or n.first == step), None)
    if name is None and step is None:
        raise BrokenRun(say("{file} has no state; its game is played again where one asks for a step", file=f"{run.directory}"))
    if name is None:
        at, arrays = _played(run, step or 0, told)
    else:
        at, arrays = name.first, run.keyframe(name)[1]
    kept = {n: np.ascontiguousarray(array) for n, array in arrays.items() if not n.partition("/")[2].startswith(SEEN)}
    if len(run.configs) == 1:
        kept = {n.removeprefix("0/"): array for n, array in kept.items()}
    configs = [
        config_after(config, [c for c in changes if c.step <= at]).model_dump(mode="json")
        for config, changes in zip(run.configs, run.changes, strict=True)
    ]
    about = {"run": run.manifest.id, "step": at, "configs": configs, "engines": run.manifest.engines}
    return save(kept, metadata={"gandash": json.dumps(about)})


def _played(run: StoredRun, step: int, told: Callable[[float], None]) -> tuple[int, dict[str, NDArray[Any]]]:
    from gandash.worker.keyframe import before, play_on, state_of
    from gandash.worker.trajectory import reproducibly

    with reproducibly():
        games = before(run, step)
        first = games.step
        play_on(games, run, step, keep=lambda rows: told(0.95 * (games.step - first) / (step - first)))
    return games.step, state_of(games)
