"""Where files that are no code lie: beside the package in a clone, inside it where it was installed."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
PAGE = _PACKAGE.parent / "app.py"  # of the app; only a clone has it
ASSETS = next(folder for folder in (_PACKAGE / "assets", _PACKAGE.parent / "assets") if folder.is_dir())


def plotly_file() -> Path:
    """plotly.js as the plotly package ships it; that is not imported for it."""
    found = find_spec("plotly")
    assert found is not None and found.origin is not None, "the plotly package is not installed"
    return Path(found.origin).parent / "package_data" / "plotly.min.js"
