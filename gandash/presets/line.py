"""Ready games on the line: equilibrium, gradients that vanish, players too strong."""

from __future__ import annotations

from gandash.config import GameConfig, RunConfig
from gandash.config.data import GaussianConfig, MixtureConfig, Target
from gandash.config.networks import MLPConfig
from gandash.config.objectives import Objective
from gandash.config.optimisers import AdamConfig, GradientDescentConfig
from gandash.config.regularisers import RegulariserConfig
from gandash.config.rules import AlternatingConfig
from gandash.presets.base import Move, Preset

TWO_MODES = Preset(
    name="two-modes",
    title="Two modes: D goes to 1/2",
    story="works",
    teaches="A game that works, from the first step to equilibrium.",
    promise="p_g slides onto both modes of p_r and D flattens to 1/2: at step 3000 JSD is at most 0.05 nats, for G and for "
    "the averaged G, and D is within 0.10 of 1/2 over the central 98 % of p_r.",
    watch="G first covers the middle, then splits in two. V rises to −log 4 while JSD falls.",
    measured="60 games: JSD 0.005 to 0.02 in 55, up to 0.07 in five; D within 0.09 of 1/2.",
    config=GameConfig(),
    steps=3000,
)

ONE_GAUSSIAN = Preset(
    name="one-gaussian",
    title="One Gaussian",
    story="works",
    teaches="The simplest case: G learns to shift and to stretch.",
    promise="At step 1500 the averaged G's JSD is at most 0.02 nats, and D is within 0.10 of 1/2 over the central 98 % of p_r.",
    watch="p_g travels to p_r and widens. The threads from z to x become nearly straight: G has learned a straight line.",
    measured="Seeds 0 to 4: JSD at most 0.016, D within 0.01 of 1/2.",
    config=GameConfig(data=GaussianConfig()),
    steps=1500,
)

TOO_FAST = Preset(
    name="learning-rate-too-high",
    title="Learning rate too high: lower it live",
    story="cured",
    teaches="Steps that are too large never settle; smaller ones do.",
    promise="With both learning rates at 2e-2 p_g never comes to rest. Lowered at step 800, its swings (the standard "
    "deviation of W1 over 500 steps) shrink at least fivefold within 1500 steps, and JSD falls below 0.08 nats.",
    watch="p_g is thrown to and fro and W1 swings. Let it run for some 800 steps, then lower both rates.",
    measured="Seeds 0 to 4: the swings shrink 18- to 33-fold, JSD is at most 0.046.",
    config=GameConfig(
        generator=MLPConfig(width=32, activation="leaky_relu"),
        discriminator=MLPConfig(width=32, activation="leaky_relu"),
        regulariser=RegulariserConfig(r1=0.7),
        generator_optimiser=AdamConfig(learning_rate=2e-2, beta1=0.0, beta2=0.9),
        discriminator_optimiser=AdamConfig(learning_rate=2e-2, beta1=0.0, beta2=0.9),
        run=RunConfig(averaging=0.0),
    ),
    steps=800,
    moves=(
        Move(
            "Lower both learning rates",
            (("generator_optimiser.learning_rate", 3e-4), ("discriminator_optimiser.learning_rate", 5e-3)),
            at=800,
            until=2300,
        ),
    ),
)
SMALL = MLPConfig(width=32, activation="leaky_relu")


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
        regulariser=RegulariserConfig(r1=0.0),
        update_rule=AlternatingConfig(discriminator_steps=steps),
        generator_optimiser=GradientDescentConfig(learning_rate=g_rate),
        discriminator_optimiser=AdamConfig(learning_rate=learning_rate, beta1=0.5, beta2=0.99),
        run=RunConfig(averaging=0.0),
    )


FAR = GaussianConfig(mean=4.0, std=0.4)

VANISHING = Preset(
    name="vanishing-gradient",
    title="The minimax gradient vanishes",
    story="cured",
    teaches="What the non-saturating loss was invented for.",
    promise="D separates distant data at once, and the minimax gradient of G falls below a thousandth of the non-saturating "
    "one from the same state: p_g stands still. Switched to the non-saturating loss at step 400, W1 falls below 0.5 within "
    "600 steps.",
    watch="Gradient norms: G's falls by orders of magnitude while that of the other loss, from the same state, does not. "
    "Then switch the objective. (G descends its plain gradient here: Adam would rescale even a dying one.)",
    measured="Seeds 0 to 4: the minimax gradient is below 1/500 000 of the other; switched, W1 is at most 0.11.",
    config=_against_a_strong_d(FAR, 5, 3e-3),
    steps=400,
    moves=(Move("Switch to the non-saturating loss", (("objective", "non_saturating"),), at=400, until=1000),),
)

RAMP = Preset(
    name="wasserstein-ramp",
    title="Wasserstein critic: a ramp across the gap",
    story="compared",
    teaches="A Wasserstein critic pulls across any distance; minimax does not.",
    promise="Between distant laws the penalised critic is one straight slope, 1 + W1/(2λ): at step 50 it is within 10 % of "
    "that all across the gap, with λ = 1, and 50 steps after the move also with λ = 10. Left at λ = 1, p_g walks down it, "
    "and W1 is below 1.5 by step 500. Minimax instead, chosen at step 50, divides G's gradient by ten thousand within 150 "
    "steps: p_g stands still.",
    watch="The critic and G's gradient norm: it does not fade with distance. The loss pulls the slope up by W1, the penalty "
    "holds it at 1: hence the formula. (It also has a wrong answer, −1 + W1/(2λ), where a critic that starts downhill stays "
    "if 2λ > W1: so λ = 1 first.)",
    measured="25 games: the slopes are within 7 % of the formula; W1 falls to between 0.55 and 1.2.",
    config=_against_a_strong_d(FAR, 10, objective="wasserstein", g_rate=5e-4).replace("regulariser.gradient_penalty", 1.0),
    steps=500,
    moves=(
        Move("λ = 10", (("regulariser.gradient_penalty", 10.0),), at=50, until=100),
        Move(
            "Minimax, no penalty",
            (("objective", "minimax"), ("regulariser.gradient_penalty", 0.0)),
            at=50,
            until=200,
            cures=False,
        ),
    ),
    speed=30,
)

STRONG_D = Preset(
    name="d-too-strong",
    title="D too strong: hold it back live",
    story="cured",
    teaches="A D that is sure of everything leaves G no gradient.",
    promise="Twenty D steps for each G step: at step 200 mean D is above 0.99 on real and below 0.001 on generated data, G's "
    "minimax gradient is below a millionth of its first, and the verdict is that D won. Held back by R1 (γ = 1) and five D "
    "steps a round, D lets go: W1 falls from over 3 to below 0.2 within 900 steps.",
    watch="D is a wall, and p_g stands before it. R1 takes the wall down to a slope that p_g can follow.",
    measured="Seeds 0 to 4: G's gradient falls from between 0.2 and 0.4 to 4e-10; held back, W1 falls from between 3.5 "
    "and 4.2 to at most 0.12.",
    config=_against_a_strong_d(FAR, 20),
    steps=200,
    moves=(Move("Hold D back", (("regulariser.r1", 1.0), ("update_rule.discriminator_steps", 5)), at=200, until=1100),),
)

STRONG_G = Preset(
    name="g-too-strong",
    title="G too strong: hold it back live",
    story="cured",
    teaches="A G that moves more often than D only chases it.",
    promise="Ten G steps for each D step: p_g is one heap that runs to wherever D is high at the moment. From step 200 to 800 "
    "JSD stays above 0.2 nats and the verdict is a collapse. With G held back and D made quicker, both modes are back "
    "and JSD is at most 0.15 nats within 2000 steps.",
    watch="D tips from side to side like a seesaw, and the heap runs after it, always late.",
    measured="Thirty games: JSD 0.008 to 0.1 after the move.",
    config=GameConfig(
        regulariser=RegulariserConfig(r1=0.0),
        update_rule=AlternatingConfig(discriminator_steps=1, generator_steps=10),
        generator_optimiser=AdamConfig(learning_rate=1e-3, beta1=0.5, beta2=0.99),
        discriminator_optimiser=AdamConfig(learning_rate=1e-3, beta1=0.5, beta2=0.99),
        run=RunConfig(averaging=0.0),
    ),
    steps=800,
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
            at=800,
            until=2800,
        ),
    ),
)

STUCK = Preset(
    name="one-of-two",
    title="Two modes: Jensen–Shannon sticks on one",
    story="cured",
    teaches="A trap: p_g on one mode of two, and D without a slope there.",
    promise="p_g starts on one mode of two, and minimax against a strong D keeps it there: at step 300 D reads 1/3 on it, "
    "and D's loss rests on 2 log 2 − 2 JSD = 0.955. Relativistic pairing, whose landscape has no such trap in theory (Sun "
    "et al. 2020, arXiv:2011.04926), does not free it within 600 steps; R1 (γ = 0.3) does: W1 falls from 2 to below 1.",
    watch="D is flat where p_g is, and a flat D moves nobody; only R1 gives its cliff a foot that reaches p_g. Of K modes "
    "captured k, D = k/(k + K) on them: a collapse can be read off D's loss.",
    measured="Ten seeds (the test plays 0 to 4): D's loss 0.949 to 0.960; relativistic pairing frees none of ten, R1 all.",
    config=_against_a_strong_d(MixtureConfig(means=(0.0, 4.0)), 20),
    steps=400,
    moves=(
        Move("Relativistic pairing", (("objective", "relativistic"),), at=400, until=1000, cures=False),
        Move("R1, γ = 0.3", (("objective", "minimax"), ("regulariser.r1", 0.3)), at=400, until=1000),
    ),
)

TRACKING = Preset(
    name="d-tracks-d-star",
    title="D tracks D*",
    story="works",
    teaches="Given enough steps, D stays near its best response D*.",
    promise="Ten D steps for each G step, as in figure 1 of the 2014 paper: at step 1000 D is within 0.15 of D* over the "
    "central 98 % of p_r, p_g has reached p_r (JSD at most 0.02 nats), and both lie near 1/2.",
    watch="The dashed D* moves with p_g, and D after it. Pause, and step D alone: D goes to D* and stays.",
    measured="25 games: D within 0.06 of D*, JSD at most 0.003; but in one p_g keeps an edge that D sees, with JSD 0.06.",
    config=GameConfig(
        data=GaussianConfig(mean=1.5, std=0.6),
        generator=MLPConfig(width=16, activation="tanh"),
        discriminator=MLPConfig(width=32, activation="tanh"),
        objective="minimax",
        regulariser=RegulariserConfig(r1=0.0),
        update_rule=AlternatingConfig(discriminator_steps=10),
        generator_optimiser=GradientDescentConfig(learning_rate=0.02),
        discriminator_optimiser=AdamConfig(learning_rate=3e-3, beta1=0.5, beta2=0.99),
        run=RunConfig(averaging=0.0),
    ),
    steps=1000,
    speed=100,
)

SMOOTHED = Preset(
    name="label-smoothing",
    title="Label smoothing moves the line",
    story="compared",
    teaches="Smoothed labels move the equilibrium from 1/2 to 0.4.",
    promise="D is asked for 0.8 on real data: the equilibrium is D = 0.4, not 1/2, and D's loss rests on 1.346, not on "
    "2 log 2. At step 3000 D is within 0.10 of 0.4 over the central 98 % of p_r, and JSD at most 0.06 nats.",
    watch="The dotted lines have moved. Set the smoothing to 0 while it runs: lines, D and losses go back.",
    measured="Seeds 0 to 4: D within 0.046 of 0.4, D's loss within 0.02 of 1.346; JSD of the averaged G 0.006 to 0.009 "
    "for four seeds, 0.048 for one.",
    config=GameConfig(regulariser=RegulariserConfig(smoothing=0.2)),
    steps=3000,
    moves=(Move("No smoothing", (("regulariser.smoothing", 0.0),), at=3000, until=4000),),
)
