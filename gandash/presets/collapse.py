"""Ready games that lose modes, and what brings them back."""

from __future__ import annotations

from gandash.config import GameConfig, RunConfig
from gandash.config.data import GridConfig, RingConfig, Target
from gandash.config.networks import LatentConfig
from gandash.config.optimisers import AdamConfig
from gandash.config.regularisers import RegulariserConfig
from gandash.config.rules import AlternatingConfig
from gandash.presets.base import Move, Preset


def _hasty_g(data: Target) -> GameConfig:
    """G's learning rate is four times D's."""
    return GameConfig(
        data=data,
        latent=LatentConfig(dimension=2),
        regulariser=RegulariserConfig(r1=0.0),
        update_rule=AlternatingConfig(discriminator_steps=1),
        generator_optimiser=AdamConfig(learning_rate=2e-3, beta1=0.5, beta2=0.999),
        discriminator_optimiser=AdamConfig(learning_rate=5e-4, beta1=0.5, beta2=0.999),
        run=RunConfig(averaging=0.0),
    )


def _slow_g(at: int, over: int = 1000) -> Move:
    rates = (("generator_optimiser.learning_rate", 5e-4), ("discriminator_optimiser.learning_rate", 3e-3))
    return Move("Slow G, quicken D", rates, at=at, until=at + over)


COLLAPSE = Preset(
    name="mode-collapse",
    title="Mode collapse, and its cure",
    story="cured",
    teaches="A hasty G forgets modes; slowed down it finds them all.",
    promise="G's learning rate is four times D's: from step 1000 to 1500 at most 4 of 8 modes are captured at a time "
    "(median; mostly 1). With G slowed and D quickened at step 1500, all 8 are back within 1000 steps, and at least 70 % of "
    "the samples are of high quality.",
    watch="G runs to wherever D is weak: all of p_g hops from mode to mode. Let it run for some 1500 steps, then slow G.",
    measured="Seeds 0 to 4: the median is 1 mode for four seeds, 4 for one; after the move 81 to 85 % are of high quality.",
    config=_hasty_g(RingConfig()),
    steps=1500,
    moves=(_slow_g(1500),),
)

PUBLISHED_COLLAPSE = Preset(
    name="mode-collapse-published",
    title="Mode collapse at the published scale",
    story="cured",
    teaches="Collapse on narrow modes: one heap that sweeps past them.",
    promise="Radius 100 times the standard deviation, and G's learning rate four times D's: from step 1000 to 1500 at most 1 "
    "of 8 modes is captured at a time (median), often none. With G slowed at step 1500, in about four of five runs all 8 are "
    "captured within 1000 steps, in the others mostly 6 or 7: found, and not sharp yet.",
    watch="The heap is wider than a mode and rarely rests on one. Then slow G.",
    measured="50 games: all 8 in 40 of them, 6 or 7 in 8, 5 and 3 in two.",
    config=_hasty_g(RingConfig(std=0.02)),
    steps=1500,
    moves=(_slow_g(1500),),
)

GRID_COLLAPSE = Preset(
    name="mode-collapse-grid",
    title="Mode collapse on the grid",
    story="cured",
    teaches="Collapse on twenty-five modes, and how all of them come back.",
    promise="G four times as fast as D, on 25 modes: from step 200 to 600 at most 8 are captured at a time (median). With G "
    "slowed at step 600 all 25 are back within 1600 steps, in nine of ten runs. (Left alone, it may recover half of them by "
    "step 1000.)",
    watch="p_g flies over the grid in clumps. Slow G, and it settles everywhere at once.",
    measured="Seeds 0 to 14, by either engine: mostly 1 or 2, at most 8; 28 of 30 runs have all 25, two have 24 and 21.",
    config=_hasty_g(GridConfig()),
    steps=600,
    moves=(_slow_g(600, over=1600),),
)

PACKED = Preset(
    name="packing",
    title="Packing undoes the collapse",
    story="compared",
    teaches="The collapsing ring again, but D judges samples in pairs.",
    promise="The collapsing game on the ring with one difference: D judges two samples at once (PacGAN). At step 1500 all 8 "
    "modes are captured and at least 60 % of the samples are of high quality, where a D that judges single samples leaves "
    "few modes.",
    watch="The same learning rates that collapse elsewhere. A pack of two from one mode gives itself away.",
    measured="25 games: 61 to 87 % of high quality, mostly 75 to 83 %.",
    config=COLLAPSE.config.replace("regulariser.packing", 2),
    steps=1500,
)

UNROLLED = Preset(
    name="unrolling",
    title="Unrolling undoes the collapse",
    story="cured",
    teaches="A G that foresees D's answers stops hopping.",
    promise="The collapsing game against a smooth D: from step 600 to 1000 at most 4 of 8 modes are captured at a time "
    "(median). With five of D's answers foreseen (Metz et al. 2017), switched on at step 1000, all 8 are back within 400 "
    "steps and JSD is below 0.45 nats within 800.",
    watch="The heap bursts: running to one mode no longer pays when D's answer is part of the bill. Steps are dearer. (The "
    "foreseen steps must stay small: with steps of 1 instead of 0.3 it fails.)",
    measured="25 games: JSD 0.30 to 0.41; one of them had kept 5 modes before the move. D has to be smooth; with other "
    "settings it failed.",
    config=COLLAPSE.config.replace_all([("discriminator.activation", "tanh"), ("run.batch", 128)]),
    steps=1000,
    moves=(
        Move(
            "Unroll five D steps", (("update_rule", {"kind": "unrolled", "depth": 5, "inner_rate": 0.3}),), at=1000, until=1800
        ),
    ),
)
