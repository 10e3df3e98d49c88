"""Ready games on pictures."""

from __future__ import annotations

from gandash.config import GameConfig, RunConfig
from gandash.config.data import DigitsConfig, DiscsAndSquaresConfig, PicturesConfig
from gandash.config.networks import ConvolutionConfig, LatentConfig, MLPConfig
from gandash.config.optimisers import AdamConfig
from gandash.config.regularisers import RegulariserConfig
from gandash.config.rules import AlternatingConfig
from gandash.presets.base import Move, Preset


def _on_pictures(data: PicturesConfig, network: MLPConfig | ConvolutionConfig, latent: int = 16, batch: int = 64) -> GameConfig:
    """Many cheap steps, quick ones for both players: tuned for what is seen after a second rather than after ten minutes."""
    return GameConfig(
        data=data,
        latent=LatentConfig(dimension=latent),
        generator=network,
        discriminator=network,
        regulariser=RegulariserConfig(r1=0.3),
        update_rule=AlternatingConfig(discriminator_steps=1),
        generator_optimiser=AdamConfig(learning_rate=2e-3, beta2=0.99),
        discriminator_optimiser=AdamConfig(learning_rate=2e-3, beta2=0.99),
        run=RunConfig(batch=batch, averaging=0.99),
    )


MEDIUM = MLPConfig(width=128, activation="leaky_relu")

DIGITS = Preset(
    name="digits",
    title="Digits",
    story="works",
    teaches="Handwritten digits, learned in seconds.",
    promise="Handwritten digits, 8 × 8, between two MLPs. At step 1000 G and the averaged G capture all 10 classes, and the "
    "averaged G's coverage is at least 0.6 of what real digits read. At step 6000 its coverage is at least 0.85, its "
    "precision 0.80 and its recall 0.90 (real digits against real ones: 0.97, 0.96, 0.95), and the coverage of G itself "
    "0.75.",
    watch="The grid of pictures: strokes by step 100, the first digits that you can read by step 300, all ten by step 500. "
    "That takes a few seconds, and step 6000 some fifteen.",
    measured="Seeds 0 to 2: at step 1000 (1.5 s of one core for the rounds alone) coverage 0.69 to 0.78, where real "
    "digits read 0.97; at step 6000 (9 s; eighteen games) coverage 0.88 to 0.96, precision 0.82 to 0.87, recall 0.92 to 0.97.",
    config=_on_pictures(DigitsConfig(), MEDIUM),
    steps=6000,
    speed=None,
)

DIGITS_COLLAPSE = Preset(
    name="digits-collapsing",
    title="Digits, collapsing, and the cure",
    story="cured",
    teaches="Collapse that D at 1/2 does not show: one picture, again and again.",
    promise="Five steps of G for each step of D: from step 700 to 2000 at most 4 of 10 digits are captured at a time "
    "(median), coverage ends below 0.15, and all the while D is within 0.1 of 1/2 on 98 % of the real digits. With one step "
    "each, a quicker D and R1 from step 2000 on, all 10 are back within 1000 steps, with a coverage of at least 0.45.",
    watch="The grid of pictures repeats itself: two or three figures, which change all together. D at 1/2 is no proof that "
    "p_g is p_r: it may have been outrun. Then hold G back, and watch the class histogram fill up.",
    measured="Seeds 0 to 2: medians of 2, 3 and 2 digits; after the move a coverage of 0.55 to 0.60.",
    config=DIGITS.config.replace_all(
        [
            ("regulariser.r1", 0.0),
            ("update_rule.generator_steps", 5),
            *(
                (f"{player}_optimiser.{name}", value)
                for player in ("generator", "discriminator")
                for name, value in (("learning_rate", 1e-3), ("beta1", 0.5), ("beta2", 0.999))
            ),
            ("run.averaging", 0.0),
        ]
    ),
    steps=2000,
    speed=None,
    moves=(
        Move(
            "Hold G back",
            (
                ("update_rule.generator_steps", 1),
                ("discriminator_optimiser.learning_rate", 2e-3),
                ("regulariser.r1", 0.3),
            ),
            at=2000,
            until=3000,
        ),
    ),
)

DIGITS_BY_HEART = Preset(
    name="digits-without-r1",
    title="Digits: the game without R1, and with it",
    story="cured",
    teaches="D learns the pictures by heart; a penalty makes it forget.",
    promise="The digits' game without R1: all 10 captured at step 2000, and by step 12,000 D knows the 1797 pictures by heart: "
    "it is sure of them (|D − 1/2| at least 0.48), and the averaged G has lost a digit or more, its Fréchet distance more "
    "than doubled. R1, switched on then, calms D (below 0.35), brings back all 10 and divides the distance by at least three, "
    "within 1000 steps.",
    watch="D's histogram parts into two heaps, at 0 and at 1, while the pictures grow sharper and fewer: precision rises, "
    "coverage falls. Then switch R1 on.",
    measured="Seeds 0 to 4: 7 to 9 digits are left at step 12,000; R1 divides the distance by 4 or more.",
    config=DIGITS.config.replace("regulariser.r1", 0.0),
    steps=12_000,
    speed=None,
    moves=(Move("R1, γ = 0.3", (("regulariser.r1", 0.3),), at=12_000, until=13_000),),
)

DIGITS_PLANE = Preset(
    name="digits-plane",
    title="Digits 0 and 1: the whole latent plane",
    story="works",
    teaches="All that G can draw, on one map of a two-dimensional latent.",
    promise="A latent of two dimensions, so that all that G can do is shown at once: at step 2000 the averaged G captures "
    "both digits, its precision is at least 0.88 and its coverage 0.75. Its recall is at most 0.7, where real digits read "
    "0.95: a sheet does not fill the space that digits live in.",
    watch="The latent map: a land of 0s and a land of 1s, and a narrow border of figures that are neither, for G is "
    "continuous. Neighbours differ in slant and in width.",
    measured="Seeds 0 to 2: recall 0.4 to 0.6.",
    config=_on_pictures(DigitsConfig(classes=(0, 1)), MEDIUM, latent=2),
    steps=2000,
    speed=None,
)

DISCS = Preset(
    name="discs-and-squares",
    title="Discs and squares",
    story="works",
    teaches="Convolutional players on pictures whose law is known.",
    promise="16 × 16 pictures with a known law, between two convolutional players: at step 600 the averaged G captures all "
    "36 cells (kind, place, size), and at least 90 % of its pictures can be read as one or the other; at step 1500 at least "
    "97 %, with a precision of at least 0.90 and a recall of 0.93 (real pictures against real ones: 0.99 and 0.99).",
    watch="Spots of light by step 100, in all places at once; then edges: squares get their corners last. Step 600 takes "
    "some nine seconds.",
    measured="Seeds 0 to 4: 97 to 99 % can be read at step 600; seeds 0 to 2: 99.8 to 100 % at step 1500.",
    config=_on_pictures(DiscsAndSquaresConfig(), ConvolutionConfig(), batch=32),
    steps=1500,
    speed=None,
)
