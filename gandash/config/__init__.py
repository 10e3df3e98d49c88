"""Every setting, declared once: data, networks, optimisers, update rules, regularisers, objectives, and the game of them all.

A setting is a field of a frozen pydantic model: its default, bounds, label, help, scale, and whether it acts at the next step
(*live*) or needs the game to start again. Widgets, command-line flags, saved files and validation follow from here; nothing
else repeats a bound or a label.

Knows no torch: the page and the command line read it without paying for the import.
"""

from __future__ import annotations

from gandash.config.game import (
    GameConfig,
    RunConfig,
    bytes_per_step,
    flop_per_step,
    parameters,
    parse_config,
    picture_shapes,
)

__all__ = [
    "GameConfig",
    "RunConfig",
    "bytes_per_step",
    "flop_per_step",
    "parameters",
    "parse_config",
    "picture_shapes",
]
