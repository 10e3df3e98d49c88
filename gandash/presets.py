"""Ready games, each with the promise it makes to whoever presses play. Every promise is a test over several seeds.

The numbers in the texts were measured with `tests/test_presets.py`, which holds them.
"""

from __future__ import annotations

from dataclasses import dataclass

from gandash.config import Adam, Alternating, GameConfig, GradientDescent, Latent, Network, Regulariser, RunSettings
from gandash.settings import JsonValue
from gandash.targets import Gaussian, Grid, Ring, SwissRoll, Target, TwoMoons


@dataclass(frozen=True)
class Move:
    """A change of live settings that a preset invites to, offered as one button."""

    label: str
    changes: tuple[tuple[str, JsonValue], ...]


@dataclass(frozen=True)
class Preset:
    """`promise` says what will be seen, `watch` where to look; `speed` is the pace it starts at (None: full speed)."""

    name: str
    title: str
    promise: str
    watch: str
    config: GameConfig
    moves: tuple[Move, ...] = ()
    speed: float | None = None


TWO_MODES = Preset(
    name="two-modes",
    title="Two modes: D goes to 1/2",
    promise="p_g slides onto both modes of p_r and D flattens to 1/2: at step 3000 the averaged generator's JSD is "
    "at most 0.02 nats (the live one's at most 0.03), and D is within 0.10 of 1/2 over the central 98 % of p_r.",
    watch="G first covers the middle, then splits in two. V rises to −log 4 while JSD falls.",
    config=GameConfig(),
)

ONE_GAUSSIAN = Preset(
    name="one-gaussian",
    title="One Gaussian",
    promise="The simplest game that works: at step 1500 the averaged generator's JSD is at most 0.02 nats and D is within "
    "0.10 of 1/2 over the central 98 % of p_r.",
    watch="p_g travels to p_r and widens; the threads from z to x become nearly straight: G has learned a line.",
    config=GameConfig(data=Gaussian()),
)

TOO_FAST = Preset(
    name="learning-rate-too-high",
    title="Learning rate too high: lower it live",
    promise="With both learning rates at 2e-2 p_g never comes to rest. Lowered while it runs, its swings (the standard "
    "deviation of W1 over 500 steps) shrink at least fivefold within 1500 steps, and JSD falls below 0.08 nats.",
    watch="p_g is thrown to and fro and W1 swings. Let it run for some 800 steps, then lower both rates.",
    config=GameConfig(
        generator=Network(width=32, activation="leaky_relu"),
        discriminator=Network(width=32, activation="leaky_relu"),
        regulariser=Regulariser(r1=0.7),
        generator_optimiser=Adam(learning_rate=2e-2, beta1=0.0, beta2=0.9),
        discriminator_optimiser=Adam(learning_rate=2e-2, beta1=0.0, beta2=0.9),
        run=RunSettings(averaging=0.0),
    ),
    moves=(
        Move(
            "Lower both learning rates",
            (("generator_optimiser.learning_rate", 3e-4), ("discriminator_optimiser.learning_rate", 5e-3)),
        ),
    ),
)

VANISHING = Preset(
    name="vanishing-gradient",
    title="The minimax gradient vanishes",
    promise="D separates distant data at once, and the minimax gradient of G falls below a thousandth of the non-saturating "
    "one from the same state: G stands still. Switched to non-saturating at step 400, W1 falls below 0.5 within 600 steps.",
    watch="Gradient norms: G's falls by orders of magnitude while the other loss would still pull. Then switch the objective. "
    "(G descends its plain gradient here: Adam would rescale even a dying one.)",
    config=GameConfig(
        data=Gaussian(mean=4.0, std=0.4),
        generator=Network(width=32, activation="leaky_relu"),
        discriminator=Network(width=32, activation="leaky_relu"),
        objective="minimax",
        regulariser=Regulariser(r1=0.0),
        update_rule=Alternating(discriminator_steps=5),
        generator_optimiser=GradientDescent(learning_rate=0.02),
        discriminator_optimiser=Adam(learning_rate=3e-3, beta1=0.5, beta2=0.99),
        run=RunSettings(averaging=0.0),
    ),
    moves=(Move("Switch to the non-saturating loss", (("objective", "non_saturating"),)),),
)


def _on_the_plane(data: Target) -> GameConfig:
    """The game that does well on most of the plane's data: R1 and two steps of a fast D for each step of a slower G."""
    return GameConfig(
        data=data,
        latent=Latent(dimension=2),
        regulariser=Regulariser(r1=0.3),
        generator_optimiser=Adam(learning_rate=5e-4),
        discriminator_optimiser=Adam(learning_rate=3e-3),
        run=RunSettings(averaging=0.99),
    )


RING = Preset(
    name="ring",
    title="Ring of 8",
    promise="At step 2000 G captures all 8 modes with at least 80 % of its samples of high quality (within 3 std of a mode; "
    "radius 2, std 0.2), and D is within 0.10 of 1/2 where the data is.",
    watch="The warped grid unfolds from a point, folds around the hole and gathers at the modes. The field drains to grey "
    "as D goes to 1/2.",
    config=_on_the_plane(Ring()),
)

PUBLISHED = Preset(
    name="ring-published",
    title="Ring of 8, published scale",
    promise="Radius/std = 100, as in the literature on mode collapse: modes are points in an empty plane. At step 2000 all 8 "
    "are captured, but p_g is far too wide: the averaged generator's high-quality share is between 20 % and 75 %, where "
    "a perfect one scores 98.9 %.",
    watch="Every mode is found, and then nothing is sharp enough. Zoom in on one.",
    config=_on_the_plane(Ring(std=0.02)),
)

GRID = Preset(
    name="grid",
    title="Grid of 25",
    promise="At step 10000 G captures all 25 modes with at least 70 % of its samples of high quality (spacing 2, std 0.2).",
    watch="Modes are found from the middle outwards; the last corners take longest.",
    config=GameConfig(
        data=Grid(),
        latent=Latent(dimension=2),
        regulariser=Regulariser(r1=0.1),
        update_rule=Alternating(discriminator_steps=1),
        generator_optimiser=Adam(learning_rate=1e-3),
        discriminator_optimiser=Adam(learning_rate=5e-3),
        run=RunSettings(averaging=0.99),
    ),
)

MOONS = Preset(
    name="two-moons",
    title="Two moons",
    promise="At step 3000 the averaged generator's JSD is at most 0.08 nats, and D is within 0.10 of 1/2 where the data is.",
    watch="One cloud of latents is torn in two: a thin bridge remains, for G is continuous.",
    config=_on_the_plane(TwoMoons()),
)

ROLL = Preset(
    name="swiss-roll",
    title="Swiss roll",
    promise="At step 3000 the averaged generator's JSD is at most 0.14 nats, and D is within 0.10 of 1/2 where the data is.",
    watch="The grid is drawn out along the spiral from the inside.",
    config=_on_the_plane(SwissRoll()),
)

COLLAPSE = Preset(
    name="mode-collapse",
    title="Mode collapse, and its cure",
    promise="G's learning rate is four times D's: from step 1000 to 1500 at most 4 of 8 modes are captured at a time "
    "(median; mostly 1). With G slowed and D quickened while it plays, all 8 are back within 1000 steps.",
    watch="G runs to wherever D is weak: all of p_g hops from mode to mode. Let it run for some 1500 steps, then slow G.",
    config=GameConfig(
        data=Ring(),
        latent=Latent(dimension=2),
        regulariser=Regulariser(r1=0.0),
        update_rule=Alternating(discriminator_steps=1),
        generator_optimiser=Adam(learning_rate=2e-3, beta1=0.5, beta2=0.999),
        discriminator_optimiser=Adam(learning_rate=5e-4, beta1=0.5, beta2=0.999),
        run=RunSettings(averaging=0.0),
    ),
    moves=(
        Move(
            "Slow G, quicken D",
            (("generator_optimiser.learning_rate", 5e-4), ("discriminator_optimiser.learning_rate", 3e-3)),
        ),
    ),
)

PRESETS: dict[str, Preset] = {
    p.name: p for p in (TWO_MODES, ONE_GAUSSIAN, TOO_FAST, VANISHING, RING, PUBLISHED, COLLAPSE, GRID, MOONS, ROLL)
}
DEFAULT = TWO_MODES
