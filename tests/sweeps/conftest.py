"""Sweeps that take no time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gandash.config import GameConfig
from gandash.sweeps.axes import Axis
from gandash.sweeps.sweep import Sweep

RATES = "generator_optimiser.learning_rate=1e-3:1e-1:3log"


@pytest.fixture
def small(tiny: GameConfig) -> Callable[..., Sweep]:
    """`small(*axes, steps=...)`: of a tiny game."""

    def of(*axes: str, **given: Any) -> Sweep:
        return Sweep(base=tiny, axes=tuple(map(Axis.of, axes or (RATES,))), **({"steps": 40} | given))

    return of
