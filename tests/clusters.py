"""A real Ray cluster on this machine, of several that are taken for machines."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

NODE: dict[str, Any] = {"num_cpus": 1, "object_store_memory": 80 * 2**20}


@contextmanager
def running_cluster() -> Iterator[Any]:
    """One whose first machine plays nothing, and its second everything."""
    from ray.cluster_utils import Cluster

    folder = tempfile.mkdtemp(prefix="gandash-ray-")  # sockets are below it: a long path would not do
    told = {"health_check_period_ms": 500, "health_check_initial_delay_ms": 0}  # who is gone is missed in seconds
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        # Not `temp_dir`: which cluster there is, Ray writes below its usual folder all the same, which may not exist
        patch.setenv("RAY_TMPDIR", folder)
        node = NODE | {"num_cpus": 0, "include_dashboard": False, "_system_config": told}
        started = Cluster(True, head_node_args=node)
        started.add_node(**NODE)
        try:
            yield started
        finally:
            started.shutdown()
            shutil.rmtree(folder, ignore_errors=True)
