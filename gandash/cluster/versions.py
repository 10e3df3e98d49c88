"""What must be the same on all machines of a cluster."""

from __future__ import annotations

import platform
from importlib.metadata import version

from gandash import __version__


def versions() -> dict[str, str]:
    """What the same numbers may depend on."""
    found = {"gandash": __version__, "python": platform.python_version(), "machine": platform.machine()}
    return found | {name: version(name) for name in ("torch", "numba", "scipy")}
