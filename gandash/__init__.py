"""gandash: see a GAN train, live, with theory drawn over practice.

>>> import gandash
>>> run = gandash.train("two-modes", steps=20)
>>> run.history.columns[0]
'loss_d'

`train` plays a game and records it, `open` finds a recorded one: both give a `Run`. `watch` shows a training loop of one's own.
`presets` are the ready games. Nothing is imported before it is asked for: torch takes seconds.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gandash import presets as presets
    from gandash.game.given import Loss as Loss
    from gandash.headless.run import Run as Run
    from gandash.headless.training import open as open
    from gandash.headless.training import train as train
    from gandash.headless.watching import Lab as Lab
    from gandash.headless.watching import watch as watch
    from gandash.sweeps.sweeping import sweep as sweep

__version__ = "0.1.0"
# `open` is not taken from who imports all of these names
__all__ = ["Lab", "Loss", "Run", "__version__", "presets", "sweep", "train", "watch"]

_WHERE = {
    "Lab": "gandash.headless.watching",
    "Loss": "gandash.game.given",
    "Run": "gandash.headless.run",
    "open": "gandash.headless.training",
    "sweep": "gandash.sweeps.sweeping",
    "train": "gandash.headless.training",
    "watch": "gandash.headless.watching",
}


def __getattr__(name: str) -> Any:
    if name == "presets":
        return import_module("gandash.presets")
    if name not in _WHERE:
        raise AttributeError(f"module 'gandash' has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_WHERE, "presets"})
