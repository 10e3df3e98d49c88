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

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported; worker processes inherit it

set_hypothesis_home_dir(Path(tempfile.gettempdir()) / "gandash-hypothesis")
settings.register_profile("gandash", deadline=None, database=None, max_examples=50)
settings.load_profile("gandash")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # one tells, not every worker
        out = os.dup(1)  # taken now, when pytest does not capture: it does while a test is played
        config.pluginmanager.register(Progress(lambda line: os.write(out, f"\n{line}\n".encode())), "progress")
