"""What is in force now of settings whose effect depends on the step: held against the state itself."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from gandash.config import GameConfig
from gandash.game.round import Players, noise_in_force
from gandash.server.members import begun, described
from gandash.wire.messages import StartedGame
from gandash.worker.in_force import AVERAGING, HALF_LIFE, NOISE, RULE, SPECTRAL, halvings, in_force, start_of_average
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
    halved = halvings(game)
    game_told = StartedGame(config=game.config, changes=game.changes, facts=facts, noise_halvings=halved)
    (told,) = described([begun(game_told, 2)], [""])
    steps = [mark.step for mark in told.marks]
    assert steps == sorted(steps) and steps[:4] == [2, 2, 6, 10]
    assert told.marks[2].label == "σ → 0.5"


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


def test_the_norms_of_d_stand_beside_spectral_normalisation(tiny: GameConfig) -> None:
    """As they are at the step whose numbers are shown: by numpy's singular values of what D is judged with."""
    game = played(tiny.replace_all([(SPECTRAL, "on"), ("discriminator_optimiser.learning_rate", 0.3)]), 5)
    label, _ = Observer(game).frame_arrays()
    net, phi = game.game.discriminator.network, game.state.phi_effective[0]
    parts = torch.split(phi, net.lengths)
    norms = [np.linalg.norm(parts[i].view(shape).numpy(), 2) for i, shape in zip(net.matrices, net.shapes, strict=True)]
    product = math.prod(norms)
    assert label.numbers["largest_norm"] == pytest.approx(max(norms), rel=1e-5)
    assert label.numbers["product_of_norms"] == pytest.approx(product, rel=1e-5)
    assert label.in_force[SPECTRAL] == f"norms up to {max(norms):.3g}; product {product:.3g} (step 5)"
    assert SPECTRAL not in Observer(played(tiny, 5)).frame_arrays()[0].in_force


MOMENTUM = "discriminator_optimiser.momentum"
DECAY = "generator_optimiser.decay"


@pytest.mark.parametrize(
    "rule", [{"kind": "simultaneous"}, {"kind": "alternating", "discriminator_steps": 3}, {"kind": "extragradient"}]
)
def test_steps_are_so_many_times_as_long_as_with_a_full_memory(tiny: GameConfig, rule: dict[str, object]) -> None:
    """Held against the optimisers themselves, given gradients of 1 as often as the players move."""
    config = tiny.replace_all(
        [
            ("update_rule", rule),
            ("generator_optimiser", {"kind": "rmsprop", "decay": 0.99}),
            ("discriminator_optimiser", {"kind": "momentum", "momentum": 0.99}),
        ]
    )
    game = Trajectory(config)
    one, moments = torch.ones(1, 1), {"square": torch.zeros(1, 1), "buffer": torch.zeros(1, 1)}
    each = {"alternating": (1, 3), "extragradient": (2, 2)}.get(str(rule["kind"]), (1, 1))
    lengths = [math.nan, math.nan]
    for step in range(20):
        if step == 12:
            game.set(DECAY, 0.999)
            game.set(MOMENTUM, 0.9)
        players = {7: Players.D, 8: Players.G}.get(step, Players.BOTH)
        for i, player in enumerate((game.game.generator, game.game.discriminator)):
            for _ in range(each[i] if players in (Players.BOTH, (Players.G, Players.D)[i]) else 0):
                moved, kept = player.optimiser.update(one, moments, player.hyper)
                moments |= kept
                lengths[i] = float(-moved / player.hyper["learning_rate"])
        game.advance(players)
    said = in_force(game)
    assert said[DECAY] == f"steps {lengths[0]:.3g} times as long as with a full memory"
    assert said[MOMENTUM] == f"steps {lengths[1] * (1 - 0.9):.3g} times as long as with a full memory"


def test_adams_averages_are_of_few_updates_at_first(tiny: GameConfig) -> None:
    adam = {"kind": "adam", "beta1": 0.5, "beta2": 0.99}
    game = played(tiny.replace_all([("generator_optimiser", adam), ("discriminator_optimiser", adam)]), 10)
    said = in_force(game)
    moves = int(game.state.phi_moments["count"])
    assert said["discriminator_optimiser.beta2"] == f"memory {1 - 0.99**moves:.0%} full"
    assert "discriminator_optimiser.beta1" not in said
    assert not in_force(played(game.initial_config.replace("run.averaging", 0.0), 0))


def test_lookahead_is_some_rounds_ahead(tiny: GameConfig) -> None:
    game = played(tiny.replace("update_rule", {"kind": "lookahead", "rounds": 5}), 7)
    assert in_force(game)["update_rule.rounds"] == "2 of them ahead at step 7"


def test_the_first_optimistic_step_has_none_before_it(tiny: GameConfig) -> None:
    """It is a simultaneous one; a player moved by hand leaves the other without a last update."""
    config = tiny.replace_all([("update_rule", {"kind": "optimistic"}), ("run.batch", 8)])
    game, plain = played(config, 0), played(config.replace("update_rule", {"kind": "simultaneous"}), 1)
    assert in_force(game)[RULE] == "D and G without a last update: the next is a plain one"
    game.advance(Players.D)
    assert in_force(game)[RULE] == "G without a last update: the next is a plain one"
    assert torch.equal(game.state.phi, plain.state.phi)
    game.advance()
    assert RULE not in in_force(game)
    assert RULE not in in_force(plain)
