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

MAX_BYTES_PER_STEP = 2e9  # of activations: thirty people share a server
MAX_FLOP_PER_STEP = 2e11  # minutes a step on a laptop core: beyond this a "live" run is a promise nobody can keep


class Refusal(RuntimeError):
    """Why a run cannot do what it is asked, in words."""


def check_affordable(configs: Sequence[GameConfig]) -> None:
    """Raises SettingError for a game that is too large by itself, Refusal where so many or such large ones come together."""
    if not 1 <= len(configs) <= MAX_MEMBERS:
        raise Refusal(f"{len(configs)} games were asked for; one run plays 1 to {MAX_MEMBERS} side by side. Take some out.")
    for config in configs:
        _check_one(config)
    flop = sum(map(flop_per_step, configs))
    if flop > MAX_FLOP_PER_STEP:
        raise Refusal(
            f"Together these {len(configs)} games need about {flop:.1e} floating-point operations per step; at most "
            f"{MAX_FLOP_PER_STEP:.0e} are allowed. Compare fewer of them, or smaller networks."
        )


def _check_one(config: GameConfig) -> None:
    players = (("generator", config.generator), ("discriminator", config.discriminator))
    sizes = ", ".join(f"{name}.{'channels' if isinstance(one, ConvolutionConfig) else 'width'}" for name, one in players)
    flop = flop_per_step(config)
    if flop > MAX_FLOP_PER_STEP:
        raise SettingError(
            f"{sizes}, run.batch, update_rule",
            NOT_GIVEN,
            f"this game needs about {flop:.1e} floating-point operations per step; at most {MAX_FLOP_PER_STEP:.0e} are "
            "allowed. Try narrower or shallower networks, a smaller batch or fewer steps per round",
        )
    memory = bytes_per_step(config)
    if memory > MAX_BYTES_PER_STEP:
        raise SettingError(
            f"{sizes}, run.batch",
            NOT_GIVEN,
            f"a step of this game needs about {memory / 1e9:.1f} GB of memory; at most {MAX_BYTES_PER_STEP / 1e9:.0f} GB are "
            "allowed. Try narrower networks or a smaller batch",
        )
