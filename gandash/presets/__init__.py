"""Ready games, each with the promise it makes to whoever presses play. Every promise is a test over several seeds.

The numbers in the texts were measured with `tests/test_presets.py`, which holds them; `PRESETS.md` is made of them.
"""

from __future__ import annotations

from gandash.presets.base import Preset
from gandash.presets.collapse import COLLAPSE, GRID_COLLAPSE, PACKED, PUBLISHED_COLLAPSE, UNROLLED
from gandash.presets.critics import CLIPPED, CRITIC_BOARD, CRITIC_MOONS, PENALISED
from gandash.presets.line import (
    ONE_GAUSSIAN,
    RAMP,
    SMOOTHED,
    STRONG_D,
    STRONG_G,
    STUCK,
    TOO_FAST,
    TRACKING,
    TWO_MODES,
    VANISHING,
)
from gandash.presets.pictures import DIGITS, DIGITS_BY_HEART, DIGITS_COLLAPSE, DIGITS_PLANE, DISCS
from gandash.presets.plane import CLUSTERS, GRID, MASTERED_GRID, MASTERED_RING, MOONS, PUBLISHED, RING, ROLL
from gandash.presets.scalar import BILINEAR, CRITICAL, CYCLE, INWARDS, ORBIT

PRESETS: dict[str, Preset] = {
    p.name: p
    for p in (
        *(TWO_MODES, ONE_GAUSSIAN, TRACKING, TOO_FAST, STRONG_D, STRONG_G, VANISHING, RAMP, STUCK, SMOOTHED),
        *(RING, PUBLISHED, MASTERED_RING, COLLAPSE, PUBLISHED_COLLAPSE, GRID_COLLAPSE, PACKED, UNROLLED, GRID, MASTERED_GRID),
        *(MOONS, ROLL, CLIPPED, PENALISED, CRITIC_BOARD, CRITIC_MOONS, CLUSTERS),
        *(DIGITS, DIGITS_COLLAPSE, DIGITS_BY_HEART, DIGITS_PLANE, DISCS),
        *(ORBIT, INWARDS, CRITICAL, CYCLE, BILINEAR),
    )
}
DEFAULT = TWO_MODES
