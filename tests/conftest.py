"""What every test stands on: one thread, Hypothesis without deadlines (slow machines) or files in the tree, a word on how far
the suite is; compiled rounds; a game so small that a step costs almost nothing, and waiting that has an end."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis.configuration import set_hypothesis_home_dir
from progress import Progress
from waiting import PATIENCE_SECONDS
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from gandash.config import GameConfig, RunConfig
from gandash.config.data import GaussianConfig
from gandash.config.networks import MLPConfig

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported; worker processes inherit it

os.environ["GANDASH_HOME"] = str(Path(tempfile.gettempdir()) / f"gandash-home-{os.getuid()}")  # never the user's own
os.environ["GANDASH_RECORD"] = "0"  # whoever tests recording says so

set_hypothesis_home_dir(Path(tempfile.gettempdir()) / "gandash-hypothesis")
settings.register_profile("gandash", deadline=None, database=None, max_examples=50)
settings.load_profile("gandash")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # one tells, not every worker
        # Games are played as visitors' are, by compiled rounds; on a machine that has none yet that takes half a minute, once
        command = "from gandash.game.compiled.making import make_ready; make_ready()"
        subprocess.run([sys.executable, "-c", command], cwd=Path(__file__).parents[1], check=True)
        out = os.dup(1)  # taken now, when pytest does not capture: it does while a test is played
        config.pluginmanager.register(Progress(lambda line: os.write(out, f"\n{line}\n".encode())), "progress")


class BrowserInOnePlace(LoadScopeScheduling):
    """Every test goes to whoever is free, but those with a browser to one worker, one after the other: an app, a Chromium and a
    trainer take all of a small machine. (Under pytest 9.2 xdist 3.8's own groups, `--dist loadgroup`, group nothing.)"""

    def _split_scope(self, nodeid: str) -> str:
        return "browser" if nodeid.startswith("tests/browser/") else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> BrowserInOnePlace:
    return BrowserInOnePlace(config, log)


def pytest_itemcollected(item: pytest.Item) -> None:
    """What is in the browser's folder needs a browser, whether its author thought of the mark or not."""
    if item.nodeid.startswith("tests/browser/"):
        item.add_marker("browser")


@pytest.fixture
def torch_as_before() -> Iterator[None]:
    """For tests of what sets torch up for its whole process, as a worker does: others want their subnormal numbers back."""
    import torch  # not every test needs it

    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)
    torch.set_flush_denormal(False)


@pytest.fixture(scope="session")
def tiny() -> GameConfig:
    net = MLPConfig(width=4, depth=1)
    return GameConfig(
        data=GaussianConfig(mean=0.5), generator=net, discriminator=net, run=RunConfig(batch=8, seed=3, averaging=0.9)
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
