"""Ready games with a Wasserstein critic: clipped, and penalised."""

from __future__ import annotations

from gandash.config import GameConfig, RunConfig
from gandash.config.data import CheckerboardConfig, SwissRollConfig, Target, TwoMoonsConfig
from gandash.config.networks import LatentConfig
from gandash.config.optimisers import AdamConfig
from gandash.config.regularisers import RegulariserConfig
from gandash.config.rules import AlternatingConfig
from gandash.presets.base import Move, Preset


def _critic_on(data: Target, regulariser: RegulariserConfig, learning_rate: float) -> GameConfig:
    return GameConfig(
        data=data,
        latent=LatentConfig(dimension=2),
        objective="wasserstein",
        regulariser=regulariser,
        update_rule=AlternatingConfig(discriminator_steps=5),
        generator_optimiser=AdamConfig(learning_rate=5e-4, beta1=0.0, beta2=0.9),
        discriminator_optimiser=AdamConfig(learning_rate=learning_rate, beta1=0.0, beta2=0.9),
        run=RunConfig(averaging=0.99),
    )


CLIPPED = Preset(
    name="wasserstein-clipping",
    title="Wasserstein critic, clipped",
    story="compared",
    teaches="Clipped weights make a critic of few bends. Compare the penalty.",
    promise="Every weight of the critic is kept within ± 0.1. At step 2000 the averaged G's JSD to the roll is mostly "
    "0.2 nats or more, and on the average of ten runs more than what the gradient penalty reaches by then.",
    watch="The critic's contours are simple: clipped weights draw few bends. Compare with the gradient penalty.",
    measured="Fifty games: 0.17 to 0.28, 0.2 or more in 48 of them; on the average of ten 0.02 to 0.04 more than with the "
    "penalty; single runs of the two may overlap.",
    config=_critic_on(SwissRollConfig(), RegulariserConfig(r1=0.0, clip=0.1), 1e-3),
    steps=2000,
)

PENALISED = Preset(
    name="wasserstein-penalty",
    title="Wasserstein critic, gradient penalty",
    story="compared",
    teaches="A critic of even slope follows the data. Compare the clipped one.",
    promise="The clipped critic's game, but with slopes asked to be 1 (WGAN-GP): at step 2000 the "
    "averaged G's JSD is at most 0.26 nats.",
    watch="The critic is a landscape of even slope, and its contours follow the roll. Its level is free.",
    measured="Fifty games: 0.17 to 0.25.",
    config=_critic_on(SwissRollConfig(), RegulariserConfig(r1=0.0, gradient_penalty=1.0), 2e-3),
    steps=2000,
)

PENALTY_INSTEAD = Move(
    "Gradient penalty instead",
    (
        ("regulariser.clip", 0.0),
        ("regulariser.gradient_penalty", 1.0),
        ("discriminator_optimiser.learning_rate", 2e-3),
    ),
    at=2000,
    until=3000,
)

CRITIC_BOARD = Preset(
    name="critic-checkerboard",
    title="The critic's slope on the checkerboard",
    story="compared",
    teaches="Only a penalised critic's slope has a unit.",
    promise="Clipped at 0.1, the critic's mean slope on the data is below 0.25 at step 2000: it has no unit. With the "
    "gradient penalty instead, 1000 steps later, it is between 0.6 and 1.4: the critic measures distance. JSD tells little "
    "between them here: it is below 0.28 nats both times.",
    watch="The critic's range, and how far apart its contours lie: hills of the same places on another scale.",
    measured="25 games each, here and on the moons: slopes 0.04 to 0.22 when clipped, 0.72 to 1.15 with the penalty; JSD "
    "of the averaged G here 0.19 to 0.27 and 0.19 to 0.25.",
    config=_critic_on(CheckerboardConfig(), RegulariserConfig(r1=0.0, clip=0.1), 1e-3),
    steps=2000,
    moves=(PENALTY_INSTEAD,),
)

CRITIC_MOONS = Preset(
    name="critic-moons",
    title="The critic's slope on the moons",
    story="compared",
    teaches="A penalty gives the critic its unit; p_g hardly changes.",
    promise="Clipped at 0.1, the critic's mean slope on the data is below 0.3 at step 2000, and differs from seed to seed. "
    "With the gradient penalty instead, 1000 steps later, it is between 0.6 and 1.4. JSD is below 0.3 nats both times.",
    watch="The critic's range and its contours before and after the move; p_g hardly changes.",
    measured="25 games each, here and on the checkerboard: slopes 0.04 to 0.22 when clipped, 0.72 to 1.15 with the "
    "penalty; JSD of the averaged G here 0.12 to 0.27 and 0.14 to 0.23.",
    config=_critic_on(TwoMoonsConfig(), RegulariserConfig(r1=0.0, clip=0.1), 1e-3),
    steps=2000,
    moves=(PENALTY_INSTEAD,),
)
