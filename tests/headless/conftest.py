"""Runs that take no time, and torch as it was before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import gandash
from gandash.config import GameConfig


@pytest.fixture
def train(tiny: GameConfig) -> Callable[..., gandash.Run]:
    """`train(steps=...)`: a tiny game by torch, which compiles nothing."""

    def of(**given: Any) -> gandash.Run:
        return gandash.train(tiny, **({"steps": 12, "engine": "torch"} | given))

    return of
