"""Games that diverge by a known culprit are told so: who, which number, what it was made of, and after which change."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from playing import Played

from gandash.config import GameConfig
from gandash.game.distributions.line import Mixture
from gandash.worker.cause import Cause, cause_of
from gandash.worker.trajectory import StateSnapshot

BASE = GameConfig().replace_all(
    [("generator.width", 8), ("discriminator.width", 8), ("run.batch", 16), ("regulariser.r1", 0.0)]
)


def descent(rate: float) -> dict[str, Any]:
    return {"kind": "gradient_descent", "learning_rate": rate}


def broken(config: GameConfig, steps: int = 400) -> tuple[Played, StateSnapshot]:
    """A session that has just diverged, and the state from a few rounds before."""
    session = Played(config)
    kept = [session.snapshot()]
    for _ in range(steps):
        session.advance()
        row = session.drain().values[-1]
        if not (math.isfinite(row[0]) and math.isfinite(row[1]) and session.is_finite()):
            return session, kept[0]
        kept = [*kept[-2:], session.snapshot()]
    raise AssertionError("it has not diverged")


def told(config: GameConfig) -> Cause:
    session, before = broken(config)
    found = cause_of(before, session.changes, session.config, session.step)
    assert found.words.startswith("At step ") and "no longer a finite number" in found.words
    assert "the first to be so" in found.words
    return found


D, G = "discriminator_optimiser", "generator_optimiser"
KNOWN: dict[str, tuple[list[tuple[str, Any]], tuple[str, ...], str]] = {
    "D's rate": (
        [(D, descent(10.0)), ("objective", "wasserstein")],
        ("D's output", "D's parameters had run away, G's had not"),
        "lower D's",
    ),
    "G's rate": (
        # The seed: one of those that diverge whoever draws; others end with a G whose units are dead
        [(G, descent(10.0)), (D, descent(0.01)), ("objective", "least_squares"), ("regulariser.clip", 2.0), ("run.seed", 5)],
        ("no longer a finite number", "G's parameters had run away, D's had not"),
        "lower G's",
    ),
    "a penalty": (
        [("regulariser.gradient_penalty", 1000.0), (D, descent(0.5)), ("objective", "wasserstein")],
        ("D's parameters had run away",),
        "D's learning rate or the weight of D's penalty",
    ),
    "momentum": (
        [(D, {"kind": "momentum", "momentum": 0.999, "learning_rate": 5.0}), ("regulariser.r1", 10.0)],
        ("D's parameters had run away",),
        "lower D's",
    ),
    "an exponential": (
        [(D, {"kind": "adam", "learning_rate": 1.0}), ("objective", "f_kl")],
        ("loss (f-GAN: KL)", "the objective itself overflows", "No parameter was large"),
        "choose another objective",
    ),
    "unrolling": (
        [("update_rule", {"kind": "unrolled", "depth": 20, "inner_rate": 10.0}), ("regulariser.r1", 100.0)],
        ("the direction of G's step (unrolled)", "update rule's own work overflows"),
        "depth or step size",
    ),
}


@pytest.mark.parametrize("name", KNOWN)
def test_a_known_culprit_is_named(name: str) -> None:
    changes, words, advice = KNOWN[name]
    found = told(BASE.replace_all(changes))
    assert all(word in found.words for word in words), found.words
    assert advice in found.advice


def test_data_that_are_not_finite_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    push = Mixture.push

    def drawn(self: Mixture, *noise: torch.Tensor) -> torch.Tensor:
        x = push(self, *noise)
        x[..., 3, :] = math.inf
        return x

    monkeypatch.setattr(Mixture, "push", drawn)
    found = told(BASE)
    assert "a sample of the data was no longer a finite number" in found.words and "choose data" in found.advice


def test_the_last_change_is_named_if_it_is_not_long_ago() -> None:
    session = Played(BASE.replace(D, descent(0.01)))
    for _ in range(3):
        session.advance()
    session.set("objective", "wasserstein")
    session.set(f"{D}.learning_rate", 10.0)
    before = session.snapshot()
    for _ in range(6):
        session.advance()
    found = cause_of(before, session.changes, session.config, session.step)
    assert found.words.endswith("The last change before it: lr_D 0.01 → 10 at step 3.")
    late = cause_of(before, session.changes, session.config, session.step, give_up=lambda: True)
    assert "which number broke first is not known" in late.words


def test_what_cannot_be_found_again_is_said_not_to_be_known() -> None:
    session = Played(BASE)
    before = session.snapshot()
    session.advance()
    found = cause_of(before, (), session.config, 1)
    assert (
        found.words == "At step 1 a loss or a parameter was no longer a finite number; which number broke first is not known."
    )


def test_a_round_of_one_player_is_played_again_as_one() -> None:
    """D alone moves by hand: G, whose rate would blow it up at once, is not blamed."""
    from gandash.game.round import Players

    session = Played(BASE.replace_all([*KNOWN["D's rate"][0], (G, descent(10.0))]))
    before = session.snapshot()
    for _ in range(6):
        session.advance(Players.D)
    found = cause_of(before, session.changes, session.config, session.step)
    assert "D's parameters had run away, G's had not" in found.words
