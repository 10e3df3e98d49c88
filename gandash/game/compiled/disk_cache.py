"""What compiling has left on disk: where it is, and whether all of it is there.

It lies in `NUMBA_CACHE_DIR` where that is set, else in the user's cache directory, in a directory for all that it depends on:
this very code and its place, Python and the libraries, the processor. numba itself looks at the one file of a function and not
at those that it calls. The last thing written is a list of what must be there.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
from contextlib import suppress
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

DEFAULT_ENGINE = "compiled"  # who plays where nothing is said, wherever that can be; "torch" for torch everywhere

LIBRARIES = ("numba", "llvmlite", "numpy")
NOT_COMPILED = ("__init__.py", "disk_cache.py", "making.py", "shelf.py", "streams.py")
_LIST = "whole.json"


@cache
def directory() -> Path:
    """For what this very code compiles to on this processor."""
    here = Path(__file__).parent
    depends = hashlib.sha256(f"{here}, {sys.version}, {_libraries()}, {_settings()}, {_processor()}".encode())
    for file in sorted(here.glob("*.py")):
        if file.name not in NOT_COMPILED:
            depends.update(file.read_bytes())
    return _base() / f"compiled-{depends.hexdigest()[:16]}"


def _base() -> Path:
    if given := os.environ.get("NUMBA_CACHE_DIR"):
        return Path(given)
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gandash"
    except RuntimeError:  # nobody is at home: nothing can be kept
        return Path(os.devnull)


def _libraries() -> str:
    found = []
    for name in LIBRARIES:
        with suppress(PackageNotFoundError):
            found.append(f"{name} {version(name)}")
    return ", ".join(found)


def _settings() -> str:
    """What the environment tells numba, but for the place."""
    told = {name: value for name, value in os.environ.items() if name.startswith("NUMBA_") and name != "NUMBA_CACHE_DIR"}
    return str(sorted(told.items()))


def _processor() -> str:
    """Its kind and what it can do: a home directory may be shared by machines of several kinds."""
    try:
        first = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").split("\n\n", 1)[0]
    except OSError:
        return platform.processor()
    return "; ".join(line for line in first.splitlines() if line.startswith(("model name", "flags", "Features", "CPU ")))


def is_wanted() -> bool:
    """Whether games are to be played by compiled rounds without being asked: `GANDASH_ENGINE` is "compiled", or by default."""
    return os.environ.get("GANDASH_ENGINE", DEFAULT_ENGINE) == "compiled"


def can_keep() -> bool:
    """Whether what is compiled can be kept."""
    try:
        make_directory()
    except OSError:
        return False
    return os.access(directory(), os.W_OK | os.X_OK)


def make_directory() -> None:
    directory().mkdir(mode=0o700, parents=True, exist_ok=True)  # numba unpickles what lies there: it must be ours


def is_ready() -> bool:
    """Whether all that a run needs is on disk; also true once it was, however much is tidied up meanwhile."""
    return _was_ready or _look()


_was_ready = False


def _look() -> bool:
    global _was_ready
    try:
        listed: dict[str, int] = json.loads((directory() / _LIST).read_bytes())
        whole = [(directory() / name).stat().st_size == size for name, size in listed.items()]
        _was_ready = len(whole) > 0 and all(whole) and can_keep()
    except (OSError, ValueError, AttributeError):
        return False
    return _was_ready


def list_all() -> None:
    """All that is needed has been compiled: say so. Raises OSError where nothing was kept."""
    files = [file for file in directory().rglob("*") if file.suffix in (".nbi", ".nbc")]
    if not files:
        raise OSError(f"nothing was kept in {directory()}")
    listed = {str(file.relative_to(directory())): file.stat().st_size for file in files}
    temporary = directory() / f"{_LIST}.{os.getpid()}.part"
    temporary.write_text(json.dumps(listed), encoding="utf-8")
    temporary.replace(directory() / _LIST)
