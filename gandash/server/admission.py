"""What a run may ask of the machine that it shares with others. Every game is checked here before it is played, whoever asks.

It is the server's policy, and no property of a game: on the command line and in a record any valid game is played, since there
the machine is the user's own.
"""

from __future__ import annotations

from collections.abc import Sequence

from gandash.config import GameConfig, bytes_per_step, flop_per_step
from gandash.config.networks import ConvolutionConfig
from gandash.config.setting import NOT_GIVEN, SettingError
from gandash.wire.messages import MAX_MEMBERS
from gandash.words import say

MAX_BYTES_PER_STEP = 2e9  # of activations: thirty people share a server
MAX_FLOP_PER_STEP = 2e11  # minutes a step on a laptop core: beyond this a "live" run is a promise nobody can keep


class Refusal(RuntimeError):
    """Why a run cannot do what it is asked, in words."""


def check_affordable(configs: Sequence[GameConfig]) -> None:
    """Raises SettingError for a game that is too large by itself, Refusal where so many or such large ones come together."""
    if not 1 <= len(configs) <= MAX_MEMBERS:
        raise Refusal(
            say(
                "{count} games were asked for; one run plays 1 to {most} side by side. Take some out.",
                count=len(configs),
                most=MAX_MEMBERS,
            )
        )
    for config in configs:
        _check_one(config)
    flop = sum(map(flop_per_step, configs))
    if flop > MAX_FLOP_PER_STEP:
        raise Refusal(
            say(
                "Together these {count} games need about {operations} floating-point operations per step; at most {most} "
                "are allowed. Compare fewer of them, or smaller networks.",
                count=len(configs),
                operations=f"{flop:.1e}",
                most=f"{MAX_FLOP_PER_STEP:.0e}",
            )
        )


def _check_one(config: GameConfig) -> None:
    players = (("generator", config.generator), ("discriminator", config.discriminator))
    sizes = ", ".join(f"{name}.{'channels' if isinstance(one, ConvolutionConfig) else 'width'}" for name, one in players)
    flop = flop_per_step(config)
    if flop > MAX_FLOP_PER_STEP:
        raise SettingError(
            f"{sizes}, run.batch, update_rule",
            NOT_GIVEN,
            say(
                "this game needs about {operations} floating-point operations per step; at most {most} are allowed. "
                "Try narrower or shallower networks, a smaller batch or fewer steps per round",
                operations=f"{flop:.1e}",
                most=f"{MAX_FLOP_PER_STEP:.0e}",
            ),
        )
    memory = bytes_per_step(config)
    if memory > MAX_BYTES_PER_STEP:
        raise SettingError(
            f"{sizes}, run.batch",
            NOT_GIVEN,
            say(
                "a step of this game needs about {needed} GB of memory; at most {most} GB are allowed. Try narrower networks "
                "or a smaller batch",
                needed=f"{memory / 1e9:.1f}",
                most=f"{MAX_BYTES_PER_STEP / 1e9:.0f}",
            ),
        )
