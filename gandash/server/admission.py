"""What a run may ask of the machine that it shares with others."""

from __future__ import annotations

from collections.abc import Sequence

from gandash.config import MAX_FLOP_PER_STEP, GameConfig, flop_per_step
from gandash.wire.messages import MAX_MEMBERS


class Refusal(RuntimeError):
    """Why a run cannot do what it is asked, in words."""


def check_affordable(configs: Sequence[GameConfig]) -> None:
    """Raises Refusal where so many games, or such large ones, cannot be played together."""
    if not 1 <= len(configs) <= MAX_MEMBERS:
        raise Refusal(f"{len(configs)} games were asked for; one run plays 1 to {MAX_MEMBERS} side by side. Take some out.")
    flop = sum(map(flop_per_step, configs))
    if flop > MAX_FLOP_PER_STEP:
        raise Refusal(
            f"Together these {len(configs)} games need about {flop:.1e} floating-point operations per step; at most "
            f"{MAX_FLOP_PER_STEP:.0e} are allowed. Compare fewer of them, or smaller networks."
        )
