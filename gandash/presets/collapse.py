"""Ready games that lose modes, and what brings them back."""

from __future__ import annotations

from gandash.config import GameConfig, Regulariser, RunSettings
from gandash.dynamics import Adam, Alternating
from gandash.players import Latent
from gandash.presets.base import Move, Preset
from gandash.targets import Grid, Ring, Target


def _hasty_g(data: Target) -> GameConfig:
    """G's learning rate is four times D's."""
    return GameConfig(
        data=data,
        latent=Latent(dimension=2),
        regulariser=Regulariser(r1=0.0),
        update_rule=Alternating(discriminator_steps=1),
        generator_optimiser=Adam(learning_rate=2e-3, beta1=0.5, beta2=0.999),
        discriminator_optimiser=Adam(learning_rate=5e-4, beta1=0.5, beta2=0.999),
        run=RunSettings(averaging=0.0),
    )


SLOW_G = Move(
    "Slow G, quicken D",
    (("generator_optimiser.learning_rate", 5e-4), ("discriminator_optimiser.learning_rate", 3e-3)),
)

COLLAPSE = Preset(
    name="mode-collapse",
    title="Mode collapse, and its cure",
    promise="G's learning rate is four times D's: from step 1000 to 1500 at most 4 of 8 modes are captured at a time "
    "(median; mostly 1). With G slowed and D quickened while it plays, all 8 are back within 1000 steps.",
    watch="G runs to wherever D is weak: all of p_g hops from mode to mode. Let it run for some 1500 steps, then slow G.",
    config=_hasty_g(Ring()),
    moves=(SLOW_G,),
)

PUBLISHED_COLLAPSE = Preset(
    name="mode-collapse-published",
    title="Mode collapse at the published scale",
    promise="Radius/std = 100, and G's learning rate four times D's: from step 1000 to 1500 at most 1 of 8 modes is captured "
    "at a time (median), often none: one heap that sweeps past. Slowed, G captures all 8 within 1000 steps: "
    "found, and not sharp yet (6 to 38 % of high quality over ten seeds).",
    watch="The heap is wider than a mode and rarely rests on one. Then slow G.",
    config=_hasty_g(Ring(std=0.02)),
    moves=(SLOW_G,),
)

GRID_COLLAPSE = Preset(
    name="mode-collapse-grid",
    title="Mode collapse on the grid",
    promise="The same haste on 25 modes: from step 200 to 600 at most 7 are captured at a time (median). With G slowed at step "
    "600 all 25 are back within 1000 steps. (Left alone, some runs recover half of them by step 1000.)",
    watch="p_g flies over the grid in clumps. Slow G, and it settles everywhere at once.",
    config=_hasty_g(Grid()),
    moves=(SLOW_G,),
)

PACKED = Preset(
    name="packing",
    title="Packing undoes the collapse",
    promise="The collapsing game on the ring with one difference: D judges two samples at once (PacGAN). At step 1500 all 8 "
    "modes are captured with at least 65 % of the samples of high quality, where single samples end on few modes.",
    watch="The same learning rates that collapse elsewhere. A pack of two from one mode gives itself away.",
    config=COLLAPSE.config.replace("regulariser.packing", 2),
)

UNROLLED = Preset(
    name="unrolling",
    title="Unrolling undoes the collapse",
    promise="The collapsing game against a smooth D: from step 600 to 1000 at most 4 of 8 modes are captured at a time "
    "(median). With five of D's answers foreseen (Metz et al. 2017), switched on while it plays, all 8 are back within 400 "
    "steps and JSD is below 0.4 nats within 800.",
    watch="The heap bursts: running to one mode no longer pays when D's answer is part of the bill. Steps are dearer. "
    "(It needs steps of D that are gradient-like: with foreseen steps of 1 instead of 0.3 it fails.)",
    config=COLLAPSE.config.replace_all([("discriminator.activation", "tanh"), ("run.batch", 128)]),
    moves=(Move("Unroll five D steps", (("update_rule", {"kind": "unrolled", "depth": 5, "inner_rate": 0.3}),)),),
)
