"""What every test stands on: one thread, and Hypothesis without deadlines (slow machines) or files in the tree."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis.configuration import set_hypothesis_home_dir

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported; worker processes inherit it

set_hypothesis_home_dir(Path(tempfile.gettempdir()) / "gandash-hypothesis")
settings.register_profile("gandash", deadline=None, database=None, max_examples=50)
settings.load_profile("gandash")
