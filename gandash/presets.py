"""Ready games, each with the promise it makes to whoever presses play. Every promise is a test over several seeds.

The numbers in the texts were measured with `tests/test_presets.py`, which holds them.
"""

from __future__ import annotations

from dataclasses import dataclass

from gandash.config import GameConfig, Objective, Regulariser, RunSettings
from gandash.dynamics import Adam, Alternating, GradientDescent, Simultaneous, UpdateRule
from gandash.pictures import Digits, DiscsAndSquares, Pictures
from gandash.players import Convolutional, Latent, Linear, Network, Point
from gandash.settings import JsonValue
from gandash.targets import Checkerboard, Gaussian, Grid, Mixture, PointMass, Ring, SwissRoll, Target, TwoClusters, TwoMoons


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
    "at most 0.02 nats, and so is the live one's, and D is within 0.10 of 1/2 over the central 98 % of p_r.",
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

SMALL = Network(width=32, activation="leaky_relu")


def _against_a_strong_d(
    data: Target, steps: int, learning_rate: float = 5e-3, objective: Objective = "minimax", g_rate: float = 0.02
) -> GameConfig:
    """Many steps of a quick, unpenalised D for each step of G, which descends its plain gradient: Adam would rescale even a
    dying one."""
    return GameConfig(
        data=data,
        generator=SMALL,
        discriminator=SMALL,
        objective=objective,
        regulariser=Regulariser(r1=0.0),
        update_rule=Alternating(discriminator_steps=steps),
        generator_optimiser=GradientDescent(learning_rate=g_rate),
        discriminator_optimiser=Adam(learning_rate=learning_rate, beta1=0.5, beta2=0.99),
        run=RunSettings(averaging=0.0),
    )


FAR = Gaussian(mean=4.0, std=0.4)

VANISHING = Preset(
    name="vanishing-gradient",
    title="The minimax gradient vanishes",
    promise="D separates distant data at once, and the minimax gradient of G falls below a thousandth of the non-saturating "
    "one from the same state: G stands still. Switched to non-saturating at step 400, W1 falls below 0.5 within 600 steps.",
    watch="Gradient norms: G's falls by orders of magnitude while the other loss would still pull. Then switch the objective. "
    "(G descends its plain gradient here: Adam would rescale even a dying one.)",
    config=_against_a_strong_d(FAR, 5, 3e-3),
    moves=(Move("Switch to the non-saturating loss", (("objective", "non_saturating"),)),),
)

RAMP = Preset(
    name="wasserstein-ramp",
    title="Wasserstein critic: a ramp across the gap",
    promise="Between distant laws the penalised critic is one straight slope, 1 + W1/(2λ): at step 50 it is within 10 % of "
    "that all across the gap, with λ = 1 and, 50 steps after the move, with λ = 10. G walks down it, and W1 is below 1 by step "
    "500. Minimax instead, chosen at step 50, divides G's gradient by ten thousand within 150 steps: p_g stands still.",
    watch="The critic and G's gradient norm: it does not fade with distance. The loss pulls the slope up by W1, the penalty "
    "holds it at 1: hence the formula. (It also has a wrong answer, −1 + W1/(2λ), where a critic that starts downhill "
    "stays if 2λ > W1: so λ = 1 first.)",
    config=_against_a_strong_d(FAR, 10, objective="wasserstein", g_rate=5e-4).replace("regulariser.gradient_penalty", 1.0),
    moves=(
        Move("λ = 10", (("regulariser.gradient_penalty", 10.0),)),
        Move("Minimax, no penalty", (("objective", "minimax"), ("regulariser.gradient_penalty", 0.0))),
    ),
    speed=30,
)

STRONG_D = Preset(
    name="d-too-strong",
    title="D too strong: hold it back live",
    promise="Twenty D steps for each G step: at step 200 mean D is above 0.99 on real and below 0.001 on generated data, G's "
    "minimax gradient is below a millionth of its first, and the verdict is that D won. Held back by R1 (γ = 1) and five "
    "steps a round, D lets go: W1 falls from over 3 to below 0.2 within 900 steps.",
    watch="D is a wall, and G stands before it. R1 takes the wall down to a slope that p_g can follow.",
    config=_against_a_strong_d(FAR, 20),
    moves=(Move("Hold D back", (("regulariser.r1", 1.0), ("update_rule.discriminator_steps", 5))),),
)

STRONG_G = Preset(
    name="g-too-strong",
    title="G too strong: hold it back live",
    promise="Ten G steps for each D step: p_g is one heap that runs to wherever D is high at the moment. From step 200 to 800 "
    "JSD stays above 0.2 nats and the verdict is a collapse. With G held back and D made quicker, both modes are back "
    "and JSD is at most 0.07 nats within 2000 steps.",
    watch="D tips from side to side like a seesaw, and the heap runs after it, always late.",
    config=GameConfig(
        regulariser=Regulariser(r1=0.0),
        update_rule=Alternating(discriminator_steps=1, generator_steps=10),
        generator_optimiser=Adam(learning_rate=1e-3, beta1=0.5, beta2=0.99),
        discriminator_optimiser=Adam(learning_rate=1e-3, beta1=0.5, beta2=0.99),
        run=RunSettings(averaging=0.0),
    ),
    moves=(
        Move(
            "Hold G back",
            (
                ("update_rule.generator_steps", 1),
                ("update_rule.discriminator_steps", 2),
                ("generator_optimiser.learning_rate", 3e-4),
                ("discriminator_optimiser.learning_rate", 2e-3),
                ("regulariser.r1", 0.3),
            ),
        ),
    ),
)

STUCK = Preset(
    name="one-of-two",
    title="Two modes: Jensen–Shannon sticks on one",
    promise="p_g starts on one mode of two, and minimax against a strong D keeps it there: at step 300 D reads 1/3 on it, and "
    "its loss rests on 2 log 2 − 2 JSD = 0.955. Relativistic pairing, whose landscape has no such trap (Sun et al. 2020, "
    "arXiv:2011.04926), frees none of ten seeds within 600 steps; R1 (γ = 0.3) frees all: W1 falls from 2 to below 1.",
    watch="D is flat where p_g is, and a flat D moves nobody; only R1 gives its cliff a foot that reaches p_g. On k of K "
    "modes D = k/(k + K): a collapse can be read off the D loss.",
    config=_against_a_strong_d(Mixture(means=(0.0, 4.0)), 20),
    moves=(
        Move("Relativistic pairing", (("objective", "relativistic"),)),
        Move("R1, γ = 0.3", (("objective", "minimax"), ("regulariser.r1", 0.3))),
    ),
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


def _annealed(data: Target, latent: int, regulariser: Regulariser, half_life: float, beta1: float, d_rate: float) -> GameConfig:
    """Noise on what D sees that halves and halves: the game is first about the places of the modes, then about their width."""
    return GameConfig(
        data=data,
        latent=Latent(dimension=latent),
        generator=Network(depth=3),
        discriminator=Network(depth=3, activation="leaky_relu"),
        regulariser=regulariser.model_copy(update={"noise": 1.0, "noise_half_life": half_life}),
        update_rule=Alternating(discriminator_steps=1),
        generator_optimiser=Adam(learning_rate=1e-3, beta1=beta1, beta2=0.999),
        discriminator_optimiser=Adam(learning_rate=d_rate, beta1=beta1, beta2=0.999),
        run=RunSettings(averaging=0.999),
    )


MASTERED_RING = Preset(
    name="ring-mastered",
    title="Ring of 8, published scale, mastered",
    promise="Radius/std = 100, and instance noise that halves every 1000 steps: at step 9000 the averaged generator captures 8 "
    "of 8 modes with at least 93 % of its samples of high quality (measured over ten seeds: 95.5 to 97.9 %; perfect: 98.9 %). "
    "Only the average is that steady: the live generator still loses modes at times.",
    watch="First a soft cloud on a soft ring; as the noise dies, eight points sharpen. JSD stays near 0.1, for it sees the "
    "shape within each mode: p_g is too narrow there, its standard deviations 0.3 to 0.8 of the data's. About 30 s.",
    config=_annealed(Ring(std=0.02), 2, Regulariser(r1=0.003), 1000, 0.0, 1e-3),
)

MASTERED_GRID = Preset(
    name="grid-mastered",
    title="Grid of 25, published scale, mastered",
    promise="Spacing/std = 40, and instance noise that halves every 2000 steps: at step 24000 the averaged generator captures "
    "25 of 25 modes with at least 92 % of its samples of high quality (measured over ten seeds: 94.4 to 97.3 %). "
    "Only the average is that steady: the live generator still loses modes at times.",
    watch="Lines, then rows, then points: structure from coarse to fine, at the pace of the noise. About two minutes.",
    config=_annealed(Grid(std=0.05), 4, Regulariser(r1=0.03, r2=0.03), 2000, 0.5, 2e-3),
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

TRACKING = Preset(
    name="d-tracks-d-star",
    title="D tracks D*",
    promise="Ten D steps for each G step, as in figure 1 of the 2014 paper: at step 1000 D is within 0.15 of D* over the "
    "central 98 % of p_r, p_g has reached p_r (JSD at most 0.02 nats), and both lie near 1/2.",
    watch="The dashed D* moves with p_g, and D after it. Pause, and step D alone: D goes to D* and stays.",
    config=GameConfig(
        data=Gaussian(mean=1.5, std=0.6),
        generator=Network(width=16, activation="tanh"),
        discriminator=Network(width=32, activation="tanh"),
        objective="minimax",
        regulariser=Regulariser(r1=0.0),
        update_rule=Alternating(discriminator_steps=10),
        generator_optimiser=GradientDescent(learning_rate=0.02),
        discriminator_optimiser=Adam(learning_rate=3e-3, beta1=0.5, beta2=0.99),
        run=RunSettings(averaging=0.0),
    ),
    speed=100,
)

SMOOTHED = Preset(
    name="label-smoothing",
    title="Label smoothing moves the line",
    promise="D is asked for 0.8 on real data: the equilibrium is D = 0.4, not 1/2, and D's loss rests on 1.346, not on "
    "2 log 2. At step 3000 D is within 0.10 of 0.4 over the central 98 % of p_r, and JSD at most 0.06 nats.",
    watch="The dotted lines have moved. Set the smoothing to 0 while it runs: lines, D and losses go back.",
    config=GameConfig(regulariser=Regulariser(smoothing=0.2)),
    moves=(Move("No smoothing", (("regulariser.smoothing", 0.0),)),),
)


def _critic_on(data: Target, regulariser: Regulariser, learning_rate: float) -> GameConfig:
    return GameConfig(
        data=data,
        latent=Latent(dimension=2),
        objective="wasserstein",
        regulariser=regulariser,
        update_rule=Alternating(discriminator_steps=5),
        generator_optimiser=Adam(learning_rate=5e-4, beta1=0.0, beta2=0.9),
        discriminator_optimiser=Adam(learning_rate=learning_rate, beta1=0.0, beta2=0.9),
        run=RunSettings(averaging=0.99),
    )


CLIPPED = Preset(
    name="wasserstein-clipping",
    title="Wasserstein critic, clipped",
    promise="Every weight of the critic is kept within 0.1. At step 2000 the averaged generator's JSD to the roll is still at "
    "least 0.18 nats, where the gradient penalty reaches 0.2 or less by the same step.",
    watch="The critic's contours are simple: clipped weights draw few bends. Compare with the gradient penalty.",
    config=_critic_on(SwissRoll(), Regulariser(r1=0.0, clip=0.1), 1e-3),
)

PENALISED = Preset(
    name="wasserstein-penalty",
    title="Wasserstein critic, gradient penalty",
    promise="The same game with slopes asked to be 1 (WGAN-GP): at step 2000 the averaged generator's JSD is at most 0.2 nats.",
    watch="The critic is a landscape of even slope, and its contours follow the roll. Its level is free.",
    config=_critic_on(SwissRoll(), Regulariser(r1=0.0, gradient_penalty=1.0), 2e-3),
)

PENALTY_INSTEAD = Move(
    "Gradient penalty instead",
    (
        ("regulariser.clip", 0.0),
        ("regulariser.gradient_penalty", 1.0),
        ("discriminator_optimiser.learning_rate", 2e-3),
    ),
)

CRITIC_BOARD = Preset(
    name="critic-checkerboard",
    title="The critic's slope on the checkerboard",
    promise="Clipped at 0.1, the critic's mean slope on the data is below 0.2 at step 2000: it has no unit. With the gradient "
    "penalty instead, 1000 steps later, it is between 0.6 and 1.4: the critic measures distance. JSD tells little between "
    "them here: it is below 0.25 nats both times (measured: 0.18 to 0.20 clipped, 0.17 to 0.19 after).",
    watch="The critic's range, and how far apart its contours lie: hills of the same places on another scale.",
    config=_critic_on(Checkerboard(), Regulariser(r1=0.0, clip=0.1), 1e-3),
    moves=(PENALTY_INSTEAD,),
)

CRITIC_MOONS = Preset(
    name="critic-moons",
    title="The critic's slope on the moons",
    promise="Clipped at 0.1, the critic's mean slope on the data is below 0.3 at step 2000, and differs from seed to seed. "
    "With the gradient penalty instead, 1000 steps later, it is between 0.6 and 1.4. JSD is below 0.2 nats both times.",
    watch="The critic's range and its contours before and after the move; p_g hardly changes.",
    config=_critic_on(TwoMoons(), Regulariser(r1=0.0, clip=0.1), 1e-3),
    moves=(PENALTY_INSTEAD,),
)

CLUSTERS = Preset(
    name="two-clusters",
    title="Two distant clusters",
    promise="With R1 both clusters are captured at step 1500, for every seed tried. (The textbook's claim that the "
    "Jensen-Shannon game sticks on one cluster and relativistic pairing escapes did not reproduce here: without R1 one of four "
    "seeds stuck under either objective.)",
    watch="p_g lands on one cluster, or between, and tears. Set R1 to 0 and restart with other seeds: some stay on one side.",
    config=GameConfig(
        data=TwoClusters(),
        latent=Latent(dimension=2),
        update_rule=Alternating(discriminator_steps=1),
        generator_optimiser=Adam(learning_rate=1e-3, beta1=0.0, beta2=0.9),
        discriminator_optimiser=Adam(learning_rate=1e-3, beta1=0.0, beta2=0.9),
        run=RunSettings(averaging=0.0),
    ),
)


def _scalar(objective: Objective = "minimax", rule: UpdateRule | None = None, step: float = 0.1, r1: float = 0.0) -> GameConfig:
    """Players of one parameter each, by plain gradient descent, real data all at 0: nothing in it is random."""
    return GameConfig(
        data=PointMass(place=0.0),
        generator=Point(start=1.0),
        discriminator=Linear(start=1.0),
        objective=objective,
        regulariser=Regulariser(r1=r1),
        update_rule=rule or Alternating(discriminator_steps=1),
        generator_optimiser=GradientDescent(learning_rate=step),
        discriminator_optimiser=GradientDescent(learning_rate=step),
        run=RunSettings(batch=8, averaging=0.0),
    )


ORBIT = Preset(
    name="dirac-orbit",
    title="Dirac-GAN: the orbit",
    promise="The smallest GAN: one number each. Alternating steps circle the equilibrium and never reach it: after 1000 rounds "
    "the distance is within 5 % of the first. Simultaneous steps spiral out.",
    watch="The eigenvalues are ±i/2: pure rotation. Choose simultaneous steps live, and click anywhere to begin there.",
    config=_scalar(),
    moves=(Move("Simultaneous steps", (("update_rule", {"kind": "simultaneous"}),)),),
    speed=60,
)

INWARDS = Preset(
    name="dirac-r1",
    title="Dirac-GAN: R1 spirals in",
    promise="A penalty γ = 0.3 on D's slope gives the eigenvalues a real part: after 600 rounds the distance to the "
    "equilibrium is below a thousandth of the first.",
    watch="The path winds inwards. Raise γ: it turns less and less.",
    config=_scalar(r1=0.3),
    moves=(Move("Critical γ = 1", (("regulariser.r1", 1.0),)),),
    speed=60,
)

CRITICAL = Preset(
    name="dirac-critical",
    title="Dirac-GAN: the critical γ",
    promise="At γ = 1 both eigenvalues meet at 1/2 and nothing turns any more: the path falls in without going around. Beyond, "
    "one of them slows down again.",
    watch="Move γ from 0.5 to 3: two eigenvalues meet on the real axis and part along it.",
    config=_scalar(r1=1.0),
    moves=(Move("Beyond: γ = 3", (("regulariser.r1", 3.0),)),),
    speed=30,
)

CYCLE = Preset(
    name="dirac-cycle",
    title="Dirac-GAN: the limit cycle",
    promise="Non-saturating, simultaneous steps of 0.1: from any start the path ends on one ring, between 0.44 and 0.46 from "
    "the equilibrium by round 3000, for the nonlinearity pulls in what the step size drives out. Steps of 0.5 end near 1.",
    watch="Click near the middle: it winds out. Click far away: it winds in. Change both learning rates: the ring grows.",
    config=_scalar("non_saturating", Simultaneous()),
    moves=(Move("Steps of 0.5", (("generator_optimiser.learning_rate", 0.5), ("discriminator_optimiser.learning_rate", 0.5))),),
    speed=120,
)

BILINEAR = Preset(
    name="bilinear-race",
    title="The bilinear game θψ",
    promise="The Wasserstein loss makes the scalar game bilinear. Simultaneous steps run away: within 600 rounds of step 0.1 "
    "the distance grows more than tenfold. Extragradient, switched on at any time, comes back: 600 rounds divide it by ten.",
    watch="Try each update rule: the sentence above the plane says what a round does to a small distance.",
    config=_scalar("wasserstein", Simultaneous()),
    moves=(
        Move("Extragradient", (("update_rule", {"kind": "extragradient"}),)),
        Move("Optimistic", (("update_rule", {"kind": "optimistic"}),)),
        Move("Symplectic adjustment", (("update_rule", {"kind": "symplectic_adjustment"}),)),
    ),
    speed=60,
)


def _on_pictures(data: Pictures, network: Network | Convolutional, latent: int = 16, batch: int = 64) -> GameConfig:
    """Many cheap steps, quick ones for both players: tuned for what is seen after a second rather than after ten minutes."""
    return GameConfig(
        data=data,
        latent=Latent(dimension=latent),
        generator=network,
        discriminator=network,
        regulariser=Regulariser(r1=0.3),
        update_rule=Alternating(discriminator_steps=1),
        generator_optimiser=Adam(learning_rate=2e-3, beta2=0.99),
        discriminator_optimiser=Adam(learning_rate=2e-3, beta2=0.99),
        run=RunSettings(batch=batch, averaging=0.99),
    )


MEDIUM = Network(width=128, activation="leaky_relu")

DIGITS = Preset(
    name="digits",
    title="Digits",
    promise="Handwritten digits, 8 × 8, between two MLPs: at step 1000 both generators capture all 10 classes and the "
    "averaged one's coverage is at least 0.6 of what real digits read; at step 6000 its coverage is at least 0.88, its "
    "precision 0.80, its recall 0.90 (real against real: 0.97, 0.96, 0.95), and the live one's coverage 0.75.",
    watch="The wall: strokes by step 100, the first digits that you can read by step 300, all ten by step 500; measuring "
    "included, that is two seconds of one slow core, and step 6000 some fifteen. (An 8 × 8 picture can be halved once only: a "
    "convolutional pair, tried with one seed, had not the coverage of step 1000 after a minute.)",
    config=_on_pictures(Digits(), MEDIUM),
)

DIGITS_COLLAPSE = Preset(
    name="digits-collapsing",
    title="Digits, collapsing, and the cure",
    promise="Five steps of G for each step of D: from step 700 to 2000 at most 4 of 10 digits are captured at a time "
    "(median), coverage ends below 0.15, and all the while D is within 0.1 of 1/2 on 98 % of the real digits. With one step "
    "each, a quicker D and R1, all 10 are back within 1000 steps, with a coverage of at least 0.45.",
    watch="The wall repeats itself: two or three figures, which change all together. D at 1/2 is no proof that p_g is p_r: it "
    "may have been outrun. Then hold G back, and watch the class histogram fill up.",
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
    moves=(
        Move(
            "Hold G back",
            (
                ("update_rule.generator_steps", 1),
                ("discriminator_optimiser.learning_rate", 2e-3),
                ("regulariser.r1", 0.3),
            ),
        ),
    ),
)

DIGITS_BY_HEART = Preset(
    name="digits-without-r1",
    title="Digits: the game without R1, and with it",
    promise="The digits' game without R1: all 10 captured at step 2000, and by step 8000 D knows the 1797 pictures by heart: "
    "it is sure of them (|D − 1/2| at least 0.48), and the averaged generator has lost a digit, its Fréchet distance more "
    "than doubled. R1, switched on then, calms D (below 0.35), brings back all 10 and divides the distance by at least three, "
    "within 1000 steps.",
    watch="D's histogram parts into two heaps, at 0 and at 1, while the pictures grow sharper and fewer: precision rises, "
    "coverage falls. (Fed with 900 of the pictures only, D reads at least 0.25 more on them than on the others by then.) "
    "Then switch R1 on.",
    config=DIGITS.config.replace("regulariser.r1", 0.0),
    moves=(Move("R1, γ = 0.3", (("regulariser.r1", 0.3),)),),
)

DIGITS_PLANE = Preset(
    name="digits-plane",
    title="Digits 0 and 1: the whole latent plane",
    promise="A latent of two dimensions, so that all that G can do is shown at once: at step 2000 the averaged generator "
    "captures both digits, precision is at least 0.88 and coverage 0.75. Recall is at most 0.7, where real digits read 0.95: "
    "a sheet does not fill the space that digits live in.",
    watch="The latent map: a land of 0s and a land of 1s, and a narrow border of figures that are neither, for G is "
    "continuous. Neighbours differ in slant and in width.",
    config=_on_pictures(Digits(classes=(0, 1)), MEDIUM, latent=2),
)

DISCS = Preset(
    name="discs-and-squares",
    title="Discs and squares",
    promise="16 × 16 pictures with a known law, between two convolutional players: at step 400 the averaged generator "
    "captures all 36 cells (kind, place, size), at least 90 % of its pictures readable as one or the other; at step 1500 at "
    "least 97 %, with a precision of at least 0.90 and a recall of 0.93 (real against real: 0.99 and 0.99).",
    watch="Spots of light by step 100, in all places at once; then edges: squares get their corners last. Step 400 takes "
    "about 6 s of one slow core, measuring included.",
    config=_on_pictures(DiscsAndSquares(), Convolutional(), batch=32),
)


PRESETS: dict[str, Preset] = {
    p.name: p
    for p in (
        *(TWO_MODES, ONE_GAUSSIAN, TRACKING, TOO_FAST, STRONG_D, STRONG_G, VANISHING, RAMP, STUCK, SMOOTHED),
        *(RING, PUBLISHED, MASTERED_RING, COLLAPSE, PUBLISHED_COLLAPSE, GRID_COLLAPSE, PACKED, UNROLLED, GRID, MASTERED_GRID),
        *(MOONS, ROLL, CLIPPED, PENALISED, CRITIC_BOARD, CRITIC_MOONS, CLUSTERS),
        *(DIGITS, DIGITS_COLLAPSE, DIGITS_BY_HEART, DIGITS_PLANE, DISCS),
        *(ORBIT, INWARDS, CRITICAL, CYCLE, BILINEAR),
    )
}
DEFAULT = TWO_MODES
