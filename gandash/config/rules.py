"""Update rules: who moves when, and along which field; what a round costs, and what it does near a rest point.

A rule's `round_matrix(jacobian, h, split)` is the derivative of its round at a rest point, where both players descend by plain
gradient steps: `jacobian` is H = dv/dw `(n, n)` of the descent field v at w = (theta, phi), of which the first `split`
coordinates are G's, and `h` the step sizes `(n,)`. The rule contracts when the matrix's spectral radius is below 1. None: there
is no formula.
"""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from gandash.config.setting import Misfit, Settings, setting
from gandash.words import listed, say

Array = NDArray[np.float64]


def _descent(jacobian: Array, h: Array) -> Array:
    """I - h H."""
    return np.eye(len(jacobian)) - h[:, None] * jacobian


class _OneEach(Settings):
    """Base of the rules in which each player moves once a round."""

    @property
    def discriminator_steps(self) -> int:
        return 1

    @property
    def generator_steps(self) -> int:
        return 1

    def flop(self, of_d: float, of_g: float) -> float:
        """What a round costs where an update of D costs `of_d`, and one of G `of_g`."""
        return of_d + of_g

    def round_matrix(self, jacobian: Array, h: Array, split: int) -> Array | None:
        """See above."""
        return None

    def summary(self) -> str:
        return say(str(getattr(self, "kind", "")).replace("_", " "))


class SimultaneousConfig(_OneEach):
    """Both players move from the same point."""

    kind: Literal["simultaneous"] = "simultaneous"

    def round_matrix(self, jacobian: Array, h: Array, split: int) -> Array:
        """I - h H."""
        return _descent(jacobian, h)


class AlternatingConfig(Settings):
    """k_D discriminator updates, then k_G generator updates that see the new D (Goodfellow et al. 2014, algorithm 1)."""

    kind: Literal["alternating"] = "alternating"
    discriminator_steps: int = setting(
        2,
        label="D steps per round",
        symbol="k_D",
        live=True,
        ge=0,
        le=100,
        help="More D steps bring D nearer to D*; 0 freezes D.",
    )
    generator_steps: int = setting(
        1,
        label="G steps per round",
        symbol="k_G",
        live=True,
        ge=0,
        le=100,
        help="More G steps let G run into whatever D likes now: the road to collapse. 0 freezes G.",
    )

    first: Literal["discriminator", "generator"] = setting(
        "discriminator",
        label="Who moves first",
        symbol="first",
        live=True,
        choices={"discriminator": "D", "generator": "G"},
        help="Within a round the second player already sees the first one's move.",
    )

    def check(self) -> None:
        if self.discriminator_steps + self.generator_steps == 0:
            raise Misfit("discriminator_steps", say("both players have 0 steps; let at least one of them move"))

    def flop(self, of_d: float, of_g: float) -> float:
        """What a round costs where an update of D costs `of_d`, and one of G `of_g`."""
        return self.discriminator_steps * of_d + self.generator_steps * of_g

    def round_matrix(self, jacobian: Array, h: Array, split: int) -> Array:
        """One player's rows of I - h H, then the other's against the moved opponent: the product of a round's moves."""
        both = _descent(jacobian, h)
        of_g, of_d = np.eye(len(both)), np.eye(len(both))
        of_g[:split], of_d[split:] = both[:split], both[split:]
        g_moves = np.linalg.matrix_power(of_g, self.generator_steps)
        d_moves = np.linalg.matrix_power(of_d, self.discriminator_steps)
        product: Array = g_moves @ d_moves if self.first == "discriminator" else d_moves @ g_moves
        return product

    def summary(self) -> str:
        steps = say("alternating {d} : {g}", d=self.discriminator_steps, g=self.generator_steps)
        return steps if self.first == "discriminator" else listed(steps, say("G first"))


class ExtragradientConfig(_OneEach):
    """A look ahead, then a step from the old point along the field found there (Korpelevich 1976; Gidel et al. 2019,
    arXiv:1802.10551: with Adam both steps update the moments)."""

    kind: Literal["extragradient"] = "extragradient"

    def flop(self, of_d: float, of_g: float) -> float:
        return 2 * super().flop(of_d, of_g)

    def round_matrix(self, jacobian: Array, h: Array, split: int) -> Array:
        """w <- w - h v(w - h v(w)): I - hH + (hH)^2."""
        scaled = h[:, None] * jacobian
        return np.eye(len(scaled)) - scaled + scaled @ scaled


class OptimisticConfig(_OneEach):
    """Twice the present update less the last one (Popov 1980; Daskalakis et al. 2018, arXiv:1711.00141)."""

    kind: Literal["optimistic"] = "optimistic"

    def round_matrix(self, jacobian: Array, h: Array, split: int) -> Array:
        """w_{t+1} = w_t - 2h v_t + h v_{t-1} on (w_t, w_{t-1}), `(2n, 2n)`."""
        scaled, one = h[:, None] * jacobian, np.eye(len(jacobian))
        return np.block([[one - 2 * scaled, scaled], [one, np.zeros_like(one)]])


class ConsensusConfig(_OneEach):
    """The field plus gamma grad |v|^2 / 2: both players also want the other's gradient small (Mescheder et al. 2017,
    arXiv:1705.10461)."""

    kind: Literal["consensus"] = "consensus"
    gamma: float = setting(
        0.1,
        label="Consensus γ",
        symbol="γ_c",
        live=True,
        ge=0,
        le=100,
        help="Weight of |v|²/2, half the squared length of both gradients. It damps rotation; too much, and every rest "
        "point attracts.",
    )

    def flop(self, of_d: float, of_g: float) -> float:
        return 4 * super().flop(of_d, of_g)

    def round_matrix(self, jacobian: Array, h: Array, split: int) -> Array:
        """At v = 0 it adds gamma H^T H to H."""
        return _descent(jacobian + self.gamma * jacobian.T @ jacobian, h)


class SymplecticAdjustmentConfig(_OneEach):
    """The field plus lambda A^T v, A the antisymmetric part of its Jacobian (Balduzzi et al. 2018, arXiv:1802.05642)."""

    kind: Literal["symplectic_adjustment"] = "symplectic_adjustment"
    weight: float = setting(
        1.0,
        label="Adjustment λ",
        symbol="λ",
        live=True,
        ge=0,
        le=100,
        help="How much of Aᵀv is added: it bends the orbit inwards and leaves what is no rotation alone.",
    )

    def flop(self, of_d: float, of_g: float) -> float:
        return 8 * super().flop(of_d, of_g)

    def round_matrix(self, jacobian: Array, h: Array, split: int) -> Array:
        """At v = 0 it adds lambda A^T H to H, A = (H - H^T)/2."""
        return _descent(jacobian + self.weight * (jacobian - jacobian.T).T @ jacobian / 2, h)


class LookaheadConfig(_OneEach):
    """k simultaneous rounds, then both players go back part of the way together (Chavdarova et al. 2021, arXiv:2006.14567)."""

    kind: Literal["lookahead"] = "lookahead"
    rounds: int = setting(
        5, label="Rounds ahead k", symbol="k", live=True, ge=1, le=10000, help="Rounds played before going back."
    )
    share: float = setting(
        0.5,
        label="Share kept α",
        symbol="α",
        live=True,
        gt=0,
        le=1,
        help="How much of the way is kept: slow ← slow + α (fast − slow). 1 keeps all: no lookahead.",
    )

    def round_matrix(self, jacobian: Array, h: Array, split: int) -> Array:
        """Of all k rounds together: (1 - alpha) I + alpha (I - h H)^k."""
        ahead = np.linalg.matrix_power(_descent(jacobian, h), self.rounds)
        slow: Array = (1 - self.share) * np.eye(len(jacobian)) + self.share * ahead
        return slow


class UnrolledConfig(_OneEach):
    """D moves; then G descends the loss that D would inflict after k more gradient steps (Metz et al. 2017,
    arXiv:1611.02163): it sees the answer to its move. The k steps are plain gradient descent, and are then forgotten."""

    kind: Literal["unrolled"] = "unrolled"
    depth: int = setting(
        5, label="Unrolled steps k", symbol="k_u", live=True, ge=0, le=20, help="D's answers that G foresees. 0: alternating."
    )
    inner_rate: float = setting(
        0.1,
        label="Their step size",
        symbol="η_u",
        live=True,
        scale="log",
        gt=0,
        le=10,
        help="Step size of the foreseen gradient steps of D.",
    )

    def flop(self, of_d: float, of_g: float) -> float:
        return super().flop(of_d, of_g) + self.depth * 3 * of_d


UpdateRuleConfig = Annotated[
    SimultaneousConfig
    | AlternatingConfig
    | ExtragradientConfig
    | OptimisticConfig
    | ConsensusConfig
    | SymplecticAdjustmentConfig
    | LookaheadConfig
    | UnrolledConfig,
    Field(discriminator="kind"),
]
SECOND_ORDER = (ConsensusConfig, SymplecticAdjustmentConfig, UnrolledConfig)  # rules that need the field's own derivative
