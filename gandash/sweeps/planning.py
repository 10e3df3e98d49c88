"""What is to be played, in parts: games of one structure, so many that a part takes some seconds and is soon played again."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from gandash.config.population import is_per_member
from gandash.sweeps.cost import Part, seconds_of
from gandash.sweeps.sweep import Sweep

PART_SECONDS = 8.0
MOST_CELLS = 256  # of a part: what it holds in memory grows with them
PARTS = 32  # of a sweep at least, if it has so many games: all processes end at about the same time


def planned(sweep: Sweep, part_seconds: float = PART_SECONDS) -> list[Part]:
    """All games of a sweep, those of one structure together, in the order of their numbers, `part_seconds` of them a part.

    Raises SettingError where a game cannot be: one of each structure is tried, and each value of all other axes, which are
    bounded by themselves.
    """
    groups: dict[str, list[int]] = {}
    values = list(sweep.values())
    for point, at in enumerate(values):
        kind = _kind(sweep, at)
        if kind not in groups:
            groups[kind] = []
            sweep.at(at)
        first = point * sweep.seeds
        groups[kind].extend(range(first, first + sweep.seeds))
    for i in range(len(sweep.axes)):
        for at in {repr(at[i]): at for at in values}.values():
            sweep.at(at)
    parts: list[Part] = []
    for cells in groups.values():
        seconds = seconds_of(sweep.cell(cells[0]).config, sweep.steps, sweep.engine)
        size = min(MOST_CELLS, max(1, math.ceil(part_seconds / seconds)), max(1, math.ceil(sweep.count / PARTS)))
        parts += [Part(len(parts) + i, own, seconds) for i, own in enumerate(_cut(cells, size))]
    return parts


def _kind(sweep: Sweep, values: tuple[Any, ...]) -> str:
    """What games at one point share with those that can be played together with them. A number that is 0 turns something off,
    and then less is drawn at random."""
    return repr(
        [(value == 0) if all(map(is_per_member, axis.paths)) else value for axis, value in zip(sweep.axes, values, strict=True)]
    )


def _cut(cells: list[int], size: int) -> Iterator[tuple[int, ...]]:
    return (tuple(cells[i : i + size]) for i in range(0, len(cells), size))
