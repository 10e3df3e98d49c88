"""What the trainer's tests share: a game so small that a step costs almost nothing, and waiting that has an end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from waiting import PATIENCE_SECONDS

from gandash.config import GameConfig, RunSettings
from gandash.players import Network
from gandash.targets import Gaussian


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def tiny() -> GameConfig:
    net = Network(width=4, depth=1)
    return GameConfig(
        data=Gaussian(mean=0.5), generator=net, discriminator=net, run=RunSettings(batch=8, seed=3, averaging=0.9)
    )


def _until(condition: Callable[[], Any], seconds: float = PATIENCE_SECONDS, what: str = "") -> Any:
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            pytest.fail(f"{what or 'it'} did not come true within {seconds:g} s")
        time.sleep(0.005)
    return found


@pytest.fixture(scope="session")
def until() -> Callable[..., Any]:
    """`until(condition, seconds, what)`: waits for a condition and returns its value; fails after a deadline."""
    return _until
