"""What every test stands on: one thread, Hypothesis without deadlines (slow machines) or files in the tree, and a word on
how far the suite is."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis.configuration import set_hypothesis_home_dir
from progress import Progress
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported; worker processes inherit it

set_hypothesis_home_dir(Path(tempfile.gettempdir()) / "gandash-hypothesis")
settings.register_profile("gandash", deadline=None, database=None, max_examples=50)
settings.load_profile("gandash")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # one tells, not every worker
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
