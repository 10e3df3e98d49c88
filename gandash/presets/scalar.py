"""Ready games of one parameter each: the Dirac-GAN and the bilinear game."""

from __future__ import annotations

from gandash.config import GameConfig, RunConfig
from gandash.config.data import PointMassConfig
from gandash.config.networks import LinearConfig, PointConfig
from gandash.config.objectives import Objective
from gandash.config.optimisers import GradientDescentConfig
from gandash.config.regularisers import RegulariserConfig
from gandash.config.rules import AlternatingConfig, SimultaneousConfig, UpdateRuleConfig
from gandash.presets.base import Move, Preset


def _scalar(
    objective: Objective = "minimax", rule: UpdateRuleConfig | None = None, step: float = 0.1, r1: float = 0.0
) -> GameConfig:
    """Players of one parameter each, by plain gradient descent, real data all at 0: nothing in it is random."""
    return GameConfig(
        data=PointMassConfig(location=0.0),
        generator=PointConfig(start=1.0),
        discriminator=LinearConfig(start=1.0),
        objective=objective,
        regulariser=RegulariserConfig(r1=r1),
        update_rule=rule or AlternatingConfig(discriminator_steps=1),
        generator_optimiser=GradientDescentConfig(learning_rate=step),
        discriminator_optimiser=GradientDescentConfig(learning_rate=step),
        run=RunConfig(batch=8, averaging=0.0),
    )


ORBIT = Preset(
    name="dirac-orbit",
    title="Dirac-GAN: the orbit",
    story="compared",
    teaches="The smallest GAN circles its equilibrium for ever.",
    promise="The smallest GAN: one number each. Alternating steps circle the equilibrium and never reach it: after 1000 rounds "
    "the distance is within 5 % of the first. Simultaneous steps spiral out.",
    watch="The eigenvalues are ±i/2: pure rotation. Choose simultaneous steps live, and click anywhere to begin there.",
    measured="Five starts; nothing in it is random.",
    config=_scalar(),
    steps=1000,
    moves=(Move("Simultaneous steps", (("update_rule", {"kind": "simultaneous"}),), at=0, until=1000, cures=False),),
    speed=60,
)

INWARDS = Preset(
    name="dirac-r1",
    title="Dirac-GAN: R1 spirals in",
    story="works",
    teaches="A penalty on D's slope turns the circle into a spiral.",
    promise="A penalty γ = 0.3 on D's slope gives the eigenvalues a real part: after 600 rounds the distance to the "
    "equilibrium is below a thousandth of the first.",
    watch="The path winds inwards. Raise γ: it turns less and less.",
    measured="Five starts; nothing in it is random.",
    config=_scalar(r1=0.3),
    steps=600,
    moves=(Move("Critical γ = 1", (("regulariser.r1", 1.0),), at=0, until=600),),
    speed=60,
)

CRITICAL = Preset(
    name="dirac-critical",
    title="Dirac-GAN: the critical γ",
    story="compared",
    teaches="The penalty at which nothing turns any more.",
    promise="At γ = 1 both eigenvalues meet at 1/2 and nothing turns any more: the path falls in without going around, and "
    "after 400 rounds it is within 1/1000 of the equilibrium. Beyond, one of them slows down again.",
    watch="Move γ from 0.5 to 3: two eigenvalues meet on the real axis and part along it.",
    measured="Five starts; nothing in it is random.",
    config=_scalar(r1=1.0),
    steps=400,
    moves=(Move("Beyond: γ = 3", (("regulariser.r1", 3.0),), at=0, until=400, cures=False),),
    speed=30,
)

CYCLE = Preset(
    name="dirac-cycle",
    title="Dirac-GAN: the limit cycle",
    story="works",
    teaches="From any start onto one ring: steps drive out, curvature pulls in.",
    promise="Non-saturating, simultaneous steps of 0.1: from any start the path ends on one ring, between 0.44 and 0.46 from "
    "the equilibrium by round 3000, for the nonlinearity pulls in what the step size drives out. Steps of 0.5 end near 1.",
    watch="Click near the middle: it winds out. Click far away: it winds in. Change both learning rates: the ring grows.",
    measured="Five starts; nothing in it is random.",
    config=_scalar("non_saturating", SimultaneousConfig()),
    steps=3000,
    moves=(
        Move(
            "Steps of 0.5",
            (("generator_optimiser.learning_rate", 0.5), ("discriminator_optimiser.learning_rate", 0.5)),
            at=0,
            until=1500,
            cures=False,
        ),
    ),
    speed=120,
)

BILINEAR = Preset(
    name="bilinear-race",
    title="The bilinear game θψ",
    story="cured",
    teaches="Pure rotation: which update rules run away, which come home.",
    promise="The Wasserstein loss makes the scalar game bilinear. Simultaneous steps run away: within 600 rounds of step 0.1 "
    "the distance grows more than tenfold. Extragradient, optimistic steps or symplectic adjustment, switched on at any "
    "time, come back: 600 rounds divide it by ten.",
    watch="Try each update rule: the sentence above the plane says what a round does to a small distance.",
    measured="Five starts; nothing in it is random.",
    config=_scalar("wasserstein", SimultaneousConfig()),
    steps=600,
    moves=(
        Move("Extragradient", (("update_rule", {"kind": "extragradient"}),), at=100, until=700),
        Move("Optimistic", (("update_rule", {"kind": "optimistic"}),), at=100, until=700),
        Move("Symplectic adjustment", (("update_rule", {"kind": "symplectic_adjustment"}),), at=100, until=700),
    ),
    speed=60,
)
