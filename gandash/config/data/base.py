"""What all laws of points have in common."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from gandash.config.setting import Misfit, Settings
from gandash.words import say

WEIGHTS_HELP = "Relative weights of the modes, one per mode; none means equal. A light mode is the first one lost."


def check_weights(weights: tuple[float, ...], modes: int) -> None:
    """Raises ValueError unless there is one positive weight per mode, or none."""
    if weights and len(weights) != modes:
        raise Misfit(
            "weights",
            say(
                "{count} given for {modes} modes; give one weight per mode, or none for equal", count=len(weights), modes=modes
            ),
        )
    if any(not 0 < w <= 1e6 for w in weights):
        raise Misfit("weights", say("every weight must be greater than 0 and at most 1e6"))


def check_means(coordinates: Iterable[float]) -> None:
    """Raises ValueError for a mean that lies far outside of any stage."""
    if any(not -50 <= m <= 50 for m in coordinates):
        raise Misfit("means", say("every coordinate must lie between -50 and 50"))


class PointsConfig(Settings):
    """Base of the laws of points; `dimension` is that of a sample, and chooses the stage."""

    dimension: ClassVar[int] = 1
