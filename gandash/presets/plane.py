"""Ready games on the plane: rings and grids at both scales, moons, rolls, clusters."""

from __future__ import annotations

from gandash.config import GameConfig, RunConfig
from gandash.config.data import GridConfig, RingConfig, SwissRollConfig, Target, TwoClustersConfig, TwoMoonsConfig
from gandash.config.networks import LatentConfig, MLPConfig
from gandash.config.optimisers import AdamConfig
from gandash.config.regularisers import RegulariserConfig
from gandash.config.rules import AlternatingConfig
from gandash.presets.base import Preset


def _on_the_plane(data: Target) -> GameConfig:
    """The game that does well on most of the plane's data: R1 and two steps of a fast D for each step of a slower G."""
    return GameConfig(
        data=data,
        latent=LatentConfig(dimension=2),
        regulariser=RegulariserConfig(r1=0.3),
        generator_optimiser=AdamConfig(learning_rate=5e-4),
        discriminator_optimiser=AdamConfig(learning_rate=3e-3),
        run=RunConfig(averaging=0.99),
    )


RING = Preset(
    name="ring",
    title="Ring of 8",
    story="works",
    teaches="Eight modes, all of them found.",
    promise="At step 2000 G captures all 8 modes (radius 2, standard deviation 0.2), at least 80 % of its samples are of "
    "high quality (within 3 standard deviations of a mode), and D is within 0.10 of 1/2 where the data is.",
    watch="The warped grid unfolds from a point, folds around the hole and gathers at the modes. As D goes to 1/2 the "
    "colours of the field fade into the page's background.",
    measured="Seeds 0 to 4: 88 to 92 % of high quality.",
    config=_on_the_plane(RingConfig()),
    steps=2000,
)

PUBLISHED = Preset(
    name="ring-published",
    title="Ring of 8, published scale",
    story="works",
    teaches="Narrow modes are soon found, and then never sharp.",
    promise="Radius 100 times the standard deviation, as in the literature on mode collapse: modes are points in an empty "
    "plane. At step 2000 all 8 are captured, but p_g is far too wide: of the averaged G's samples between 20 % and 75 % are "
    "of high quality, where a perfect G has 98.9 %.",
    watch="Every mode is found, and then nothing is sharp enough. Zoom in on one.",
    measured="Seeds 0 to 4: 34 to 50 %; at step 5000 66 to 79 %, of G itself 12 to 72 %.",
    config=_on_the_plane(RingConfig(std=0.02)),
    steps=2000,
)

GRID = Preset(
    name="grid",
    title="Grid of 25",
    story="works",
    teaches="Twenty-five modes, found from the middle outwards.",
    promise="At step 10000 G captures all 25 modes (spacing 2, standard deviation 0.2), and at least 70 % of its samples are "
    "of high quality.",
    watch="Modes are found from the middle outwards; the last corners take longest.",
    measured="Seeds 0 to 4.",
    config=GameConfig(
        data=GridConfig(),
        latent=LatentConfig(dimension=2),
        regulariser=RegulariserConfig(r1=0.1),
        update_rule=AlternatingConfig(discriminator_steps=1),
        generator_optimiser=AdamConfig(learning_rate=1e-3),
        discriminator_optimiser=AdamConfig(learning_rate=5e-3),
        run=RunConfig(averaging=0.99),
    ),
    steps=10000,
    speed=None,
)


def _annealed(
    data: Target, latent: int, regulariser: RegulariserConfig, half_life: float, beta1: float, d_rate: float
) -> GameConfig:
    """Noise on what D sees that halves and halves: the game is first about the places of the modes, then about their width."""
    return GameConfig(
        data=data,
        latent=LatentConfig(dimension=latent),
        generator=MLPConfig(depth=3),
        discriminator=MLPConfig(depth=3, activation="leaky_relu"),
        regulariser=regulariser.model_copy(update={"noise": 1.0, "noise_half_life": half_life}),
        update_rule=AlternatingConfig(discriminator_steps=1),
        generator_optimiser=AdamConfig(learning_rate=1e-3, beta1=beta1, beta2=0.999),
        discriminator_optimiser=AdamConfig(learning_rate=d_rate, beta1=beta1, beta2=0.999),
        run=RunConfig(averaging=0.999),
    )


MASTERED_RING = Preset(
    name="ring-mastered",
    title="Ring of 8, published scale, mastered",
    story="works",
    teaches="Instance noise that fades brings narrow modes into focus.",
    promise="Radius 100 times the standard deviation, and instance noise that halves every 1000 steps: at step 9000 the "
    "averaged G captures 8 of 8 modes, and at least 93 % of its samples are of high quality (of a perfect G's 98.9 %). Only "
    "the average is that steady: G itself still loses modes at times.",
    watch="First a soft cloud on a soft ring; as the noise dies, eight points sharpen. JSD stays above 0.2, for it sees the "
    "shape within each mode, and p_g is too narrow there. It takes about half a minute.",
    measured="Seeds 0 to 9 (the test plays 0 to 4): 95.5 to 97.9 % of high quality; of G itself 30 to 97 %. Seeds 0 to 4: "
    "JSD of the averaged G 0.24 to 0.35; its modes are 0.2 to 0.8 times as wide as they should be.",
    config=_annealed(RingConfig(std=0.02), 2, RegulariserConfig(r1=0.003), 1000, 0.0, 1e-3),
    steps=9000,
    speed=None,
)

MASTERED_GRID = Preset(
    name="grid-mastered",
    title="Grid of 25, published scale, mastered",
    story="works",
    teaches="Fading noise again: twenty-five narrow modes, all of them sharp.",
    promise="Spacing 40 times the standard deviation, and instance noise that halves every 2000 steps: at step 24000 the "
    "averaged G captures 25 of 25 modes, and at least 92 % of its samples are of high quality. Only the average is that "
    "steady: G itself still loses modes at times.",
    watch="A cloud, then rows, then points: structure from coarse to fine, at the pace of the noise. It takes about two "
    "minutes.",
    measured="Seeds 0 to 9 (the test plays 0 to 4): 94.4 to 97.3 % of high quality; of G itself 26 to 92 %.",
    config=_annealed(GridConfig(std=0.05), 4, RegulariserConfig(r1=0.03, r2=0.03), 2000, 0.5, 2e-3),
    steps=24000,
    speed=None,
)

MOONS = Preset(
    name="two-moons",
    title="Two moons",
    story="works",
    teaches="A continuous G cannot tear: two shapes, and a thin bridge.",
    promise="At step 3000 the averaged G's JSD is at most 0.2 nats, and D is within 0.10 of 1/2 where the data is.",
    watch="One cloud of latents is torn in two: a thin bridge remains, for G is continuous. In the end D is blind: 1/2 nearly "
    "everywhere, and yet JSD is far from 0.",
    measured="Seeds 0 to 4: 0.149 to 0.175; D within 0.02 of 1/2, and up to 0.51 from D*.",
    config=_on_the_plane(TwoMoonsConfig()),
    steps=3000,
)

ROLL = Preset(
    name="swiss-roll",
    title="Swiss roll",
    story="works",
    teaches="A thin curved shape, drawn out along the spiral.",
    promise="At step 3000 the averaged G's JSD is at most 0.26 nats, and D is within 0.10 of 1/2 where the data is.",
    watch="The grid is drawn out along the spiral from the inside. In the end D is blind: 1/2 nearly everywhere, and yet "
    "JSD is far from 0.",
    measured="Seeds 0 to 4: 0.210 to 0.241; D within 0.02 of 1/2, and up to 0.45 from D*.",
    config=_on_the_plane(SwissRollConfig()),
    steps=3000,
)

CLUSTERS = Preset(
    name="two-clusters",
    title="Two distant clusters",
    story="works",
    teaches="Distant clusters: R1 keeps both of them.",
    promise="With R1 both clusters are captured at step 1500. Without it some seeds stay on one of them, under the "
    "non-saturating loss and under relativistic pairing alike.",
    watch="p_g lands on one cluster, or between, and tears. Set R1 to 0 and restart with other seeds: some stay on one side.",
    measured="Seeds 0 to 4 with R1. Without it one of four seeds stuck on one cluster, under both losses alike: the "
    "textbook's contrast between them did not reproduce.",
    config=GameConfig(
        data=TwoClustersConfig(),
        latent=LatentConfig(dimension=2),
        update_rule=AlternatingConfig(discriminator_steps=1),
        generator_optimiser=AdamConfig(learning_rate=1e-3, beta1=0.0, beta2=0.9),
        discriminator_optimiser=AdamConfig(learning_rate=1e-3, beta1=0.0, beta2=0.9),
        run=RunConfig(averaging=0.0),
    ),
    steps=1500,
)
