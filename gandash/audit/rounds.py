"""Rounds of a scalar game near its rest point, played with a field that is handed in: no formula for a rule's matrix."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from gandash.audit.players import Array
from gandash.config import GameConfig
from gandash.config.optimisers import GradientDescentConfig
from gandash.config.rules import (
    AlternatingConfig,
    ConsensusConfig,
    ExtragradientConfig,
    LookaheadConfig,
    OptimisticConfig,
    SimultaneousConfig,
    SymplecticAdjustmentConfig,
)

Complexes = NDArray[np.complex128]
Field = Callable[[Array], Array]
Round = Callable[[Array], Array]

_NEAR = 1e-3  # of places between which a derivative is taken


def jacobian(f: Callable[[Array], Array], at: Array) -> Array:
    """df/dw by central differences, a column for each coordinate."""
    return np.stack([(f(at + h) - f(at - h)) / (2 * _NEAR) for h in _NEAR * np.eye(len(at))], axis=1)


def round_of(config: GameConfig, field: Field) -> tuple[Round, int] | None:
    """One round on (theta, psi), followed by what the rule remembers, and how many rounds it stands for; None where it is not
    written out here: for other optimisers than gradient descent, clipping, and unrolled D."""
    one, other = config.generator_optimiser, config.discriminator_optimiser
    plain = isinstance(one, GradientDescentConfig) and isinstance(other, GradientDescentConfig)
    if not plain or config.regulariser.clip:
        return None
    h = np.array([one.learning_rate, other.learning_rate])
    rule = config.update_rule

    def simultaneous(w: Array) -> Array:
        return w - h * field(w)

    def alternating(w: Array) -> Array:
        assert isinstance(rule, AlternatingConfig)
        moves = [(1, rule.discriminator_steps), (0, rule.generator_steps)]
        for player, times in moves if rule.first == "discriminator" else moves[::-1]:
            for _ in range(times):
                w = w - h * field(w) * np.eye(2)[player]
        return w

    def optimistic(state: Array) -> Array:
        w, before = state[:2], state[2:]
        now = -h * field(w)
        return np.concatenate([w + 2 * now - before, now])

    def consensus(w: Array) -> Array:
        assert isinstance(rule, ConsensusConfig)
        half: Array = jacobian(lambda x: np.array([0.5 * field(x) @ field(x)]), w)[0]
        return w - h * (field(w) + rule.gamma * half)

    def adjusted(w: Array) -> Array:
        assert isinstance(rule, SymplecticAdjustmentConfig)
        of = jacobian(field, w)
        turned = ((of - of.T) / 2).T @ field(w)
        moved: Array = w - h * (field(w) + rule.weight * turned)
        return moved

    def lookahead(w: Array) -> Array:
        assert isinstance(rule, LookaheadConfig)
        fast = w
        for _ in range(rule.rounds):
            fast = simultaneous(fast)
        return w + rule.share * (fast - w)

    rounds: dict[type, Round] = {
        SimultaneousConfig: simultaneous,
        AlternatingConfig: alternating,
        ExtragradientConfig: lambda w: w - h * field(simultaneous(w)),
        OptimisticConfig: optimistic,
        ConsensusConfig: consensus,
        SymplecticAdjustmentConfig: adjusted,
        LookaheadConfig: lookahead,
    }
    if type(rule) not in rounds:
        return None
    return rounds[type(rule)], rule.rounds if isinstance(rule, LookaheadConfig) else 1


def multipliers_at(config: GameConfig, field: Field, at: Array) -> tuple[Complexes, float] | None:
    """The eigenvalues of one round's derivative at the rest point, of as many rounds as belong together; and by how much one
    round multiplies a small distance in the long run."""
    found = round_of(config, field)
    if found is None:
        return None
    play, rounds = found
    start = np.concatenate([at, np.zeros(2)]) if isinstance(config.update_rule, OptimisticConfig) else at
    values = np.linalg.eigvals(jacobian(play, start)).astype(np.complex128)
    return values, float(np.abs(values).max()) ** (1 / rounds)


def largest_multiplier(rule: str, u: Complexes) -> Array | None:
    """What a round makes of an eigenvalue u = h lambda, by the recurrence of its rule; None for one that has none."""
    if rule == "simultaneous":
        return np.abs(1 - u)
    if rule == "extragradient":
        return np.abs(1 - u * (1 - u))
    if rule == "optimistic":  # w' = w - 2 u w + u w_before
        return np.array([np.abs(np.linalg.eigvals(np.array([[1 - 2 * one, one], [1, 0]]))).max() for one in u])
    return None
