"""What is in force now of settings whose effect depends on the step: held against the state itself."""

from __future__ import annotations

import pytest
import torch

from gandash.config import GameConfig
from gandash.game.round import Players, noise_in_force
from gandash.server.members import begun, described
from gandash.wire.messages import StartedGame
from gandash.worker.in_force import AVERAGING, HALF_LIFE, NOISE, halvings, in_force, start_of_average
from gandash.worker.observer import Observer
from gandash.worker.trajectory import Trajectory


def played(config: GameConfig, rounds: int) -> Trajectory:
    found = Trajectory(config)
    for _ in range(rounds):
        found.advance()
    return found


def test_the_noise_in_force_is_that_of_the_round_to_come(tiny: GameConfig) -> None:
    game = played(tiny, 3)
    game.set(NOISE, 2.0)
    assert NOISE not in in_force(game)  # it is what it is set to
    game.set(HALF_LIFE, 2.0)
    for _ in range(4):
        game.advance()
    assert in_force(game)[NOISE] == "σ = 0.5 at step 7"


def test_noise_is_half_where_the_curves_are_marked(tiny: GameConfig) -> None:
    """Also where it was set anew before it had faded, and where a log is older than that."""
    game = played(tiny.replace_all([(NOISE, 1.0), (HALF_LIFE, 4.0)]), 0)
    sigmas = {}
    for step in range(30):
        if step in (10, 17):
            game.set(NOISE, 3.0 if step == 10 else 1.0)
        if step == 20:
            game.set(HALF_LIFE, 5.0, restarts_half_life=False)
        sigma = noise_in_force(game.game, game.state)
        assert sigma is not None
        sigmas[step] = float(sigma)
        game.advance()
    marks = halvings(game)
    assert [step for step, _ in marks if step < 30] == [4, 8, 14, 22, 27]
    for step, sigma in marks:
        if step < 30:
            assert sigmas[step] == pytest.approx(sigma)


def test_marks_of_settings_and_of_noise_that_has_halved_stand_in_order(tiny: GameConfig) -> None:
    game = played(tiny.replace(NOISE, 1.0), 2)
    game.set(HALF_LIFE, 4.0)
    game.set("regulariser.r1", 0.5)
    facts = Observer(game).facts()
    (told,) = described([begun(StartedGame(config=game.config, changes=game.changes, facts=facts), 2)], [""])
    steps = [mark.step for mark in told.marks]
    assert steps == sorted(steps) and steps[:4] == [2, 2, 6, 10]
    assert told.marks[2].label == "σ now 0.5"


@pytest.mark.parametrize(
    "rule", [{"kind": "simultaneous"}, {"kind": "alternating", "generator_steps": 3}, {"kind": "extragradient"}]
)
def test_so_much_of_the_average_is_the_generator_it_began_with(tiny: GameConfig, rule: dict[str, object]) -> None:
    """A state whose average alone is set off by e ends with its average off by share * e: the average is linear in it."""
    config = tiny.replace_all([("update_rule", rule), (AVERAGING, 0.9)])

    def play(off: float) -> Trajectory:
        game = Trajectory(config)
        game.state = game.state.__class__(**{**game.state.__dict__, "average": game.state.average + off})
        for step in range(14):
            if step == 5:
                game.set(AVERAGING, 0.8)
            game.advance({7: Players.D, 8: Players.G}.get(step, Players.BOTH))
        return game

    plain, off = play(0.0), play(100.0)
    start, share = start_of_average(plain)
    assert start == 0
    torch.testing.assert_close(off.state.average - plain.state.average, torch.full_like(plain.state.average, 100 * share))
    assert 5e-4 < share < 0.2


def test_an_average_begins_where_it_is_turned_on(tiny: GameConfig) -> None:
    game = played(tiny.replace(AVERAGING, 0.0), 5)
    assert AVERAGING not in in_force(game)
    game.set(AVERAGING, 0.5)
    rule = tiny.update_rule.generator_steps
    for _ in range(2):
        game.advance()
    assert start_of_average(game) == (5, pytest.approx(0.5 ** (2 * rule)))
    assert in_force(game)[AVERAGING] == "25% of it is still G of step 5"
