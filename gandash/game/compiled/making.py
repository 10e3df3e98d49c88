"""How rounds are compiled, once for a machine, and kept (`disk_cache.py`)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gandash.game.compiled import disk_cache


def make_ready() -> bool:
    """Compile what is not on disk yet, and keep it; True where there was anything to do. May take a minute.

    Where another process is at it, waits for that. Raises ImportError without numba; OSError where nothing can be kept.
    """
    if disk_cache.is_ready():
        return False
    disk_cache.make_directory()
    with _alone():
        if disk_cache.is_ready():
            return False
        from gandash.game.compiled.engine import load

        load()
        disk_cache.list_all()
        assert disk_cache.is_ready()
    return True


@contextmanager
def _alone() -> Iterator[None]:
    """No two processes compile at once. (Two would do no harm, but the same work.)"""
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    with (disk_cache.directory() / "lock").open("w") as lock:  # the system lets go of it when its holder dies
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
