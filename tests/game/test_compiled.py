"""Compiled rounds against autograd in double precision, on the same draws."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch
from game.checks import DoubleStreams, in_double
from torch import Tensor

from gandash.config import GameConfig, RunConfig
from gandash.config.data import DigitsConfig, PointMassConfig, RingConfig
from gandash.config.networks import LatentConfig, LinearConfig, MLPConfig, PointConfig
from gandash.config.objectives import OBJECTIVES
from gandash.config.optimisers import AdamConfig, GradientDescentConfig, MomentumConfig, RMSPropConfig
from gandash.config.regularisers import RegulariserConfig
from gandash.config.rules import (
    AlternatingConfig,
    ExtragradientConfig,
    LookaheadConfig,
    OptimisticConfig,
    SimultaneousConfig,
    UnrolledConfig,
)
from gandash.game.compiled.engine import Compiled
from gandash.game.compiled.plans import covers
from gandash.game.compiled.streams import CounterStreams
from gandash.game.game import Streams, build_game
from gandash.game.round import METRICS, GameState, Players, start
from gandash.game.step import train_step


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


class DoubleCounterStreams(DoubleStreams, CounterStreams):
    """What compiled rounds draw, in double precision."""


def check(
    *configs: GameConfig, rounds: int = 4, players: Players = Players.BOTH, rtol: float = 2e-3, atol: float = 2e-5
) -> tuple[GameState, GameState]:
    """Both ways from the same beginning: each round's metrics and the state in the end agree."""
    game, seeds = build_game(*configs), [c.run.seed for c in configs]
    assert covers(game)
    engine = Compiled(game, seeds, start(game, Streams(seeds)))
    double, state, _ = in_double(*configs)
    streams = DoubleCounterStreams(seeds)
    found = engine.play(rounds, players)
    for i in range(rounds):
        state, wanted = train_step(double, state, streams, players)
        for k, name in enumerate(METRICS):
            what = f"{name} in round {i}"
            torch.testing.assert_close(
                found[i, :, k].double(), wanted[:, k], rtol=rtol, atol=atol, equal_nan=True, msg=lambda m, w=what: f"{w}: {m}"
            )
    own = engine.state
    assert own.tensors.keys() == state.tensors.keys() and own.step == state.step
    for name, tensor in state.tensors.items():
        torch.testing.assert_close(own.tensors[name].double(), tensor, rtol=rtol, atol=atol, msg=lambda m, n=name: f"{n}: {m}")
    return own, state


RULES = [
    SimultaneousConfig(),
    AlternatingConfig(discriminator_steps=1, generator_steps=1),
    AlternatingConfig(discriminator_steps=3, generator_steps=2),
    AlternatingConfig(discriminator_steps=0, generator_steps=2),
    AlternatingConfig(discriminator_steps=2, generator_steps=0),
    AlternatingConfig(discriminator_steps=2, generator_steps=3, first="generator"),
    AlternatingConfig(discriminator_steps=2, generator_steps=0, first="generator"),
    ExtragradientConfig(),
    OptimisticConfig(),
    LookaheadConfig(rounds=3, share=0.4),
]
OPTIMISERS: dict[str, Any] = {
    "gradient descent": GradientDescentConfig(learning_rate=0.1),
    "momentum": MomentumConfig(learning_rate=0.05, momentum=0.6),
    "RMSProp": RMSPropConfig(learning_rate=0.01, decay=0.9, epsilon=1e-3),
    "Adam": AdamConfig(learning_rate=0.01, beta1=0.5, beta2=0.9, epsilon=1e-3),
}
CALM: dict[str, RegulariserConfig] = {
    "free": RegulariserConfig(r1=0),
    "R1": RegulariserConfig(r1=0.6),
    "R2": RegulariserConfig(r1=0, r2=0.8),
    "GP": RegulariserConfig(r1=0, gradient_penalty=0.5),
    "clipping": RegulariserConfig(r1=0, clip=0.3),
    "spectral": RegulariserConfig(r1=0.2, spectral="on"),
    "noise": RegulariserConfig(r1=0, noise=0.4, noise_half_life=3),
    "packs": RegulariserConfig(r1=0, packing=2),
    "all but clipping": RegulariserConfig(
        r1=0.3, r2=0.2, gradient_penalty=0.5, noise=0.4, noise_half_life=3, packing=2, spectral="on"
    ),
}
ACTIVATIONS = ("relu", "leaky_relu", "tanh", "silu")


def config(**changes: Any) -> GameConfig:
    given: dict[str, Any] = {
        "data": RingConfig(modes=5),
        "latent": LatentConfig(dimension=3),
        "generator": MLPConfig(width=7, depth=2, activation="tanh"),
        "discriminator": MLPConfig(width=6, depth=3, activation="silu"),
        "regulariser": CALM["free"],
        "update_rule": AlternatingConfig(discriminator_steps=1, generator_steps=1),
        "generator_optimiser": OPTIMISERS["gradient descent"],
        "discriminator_optimiser": OPTIMISERS["gradient descent"],
        "run": RunConfig(batch=10, seed=5, averaging=0.5),
    }
    return GameConfig(**(given | changes))


@pytest.mark.parametrize("calm", CALM)
@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.summary())
def test_every_rule_under_all_that_calms(rule: Any, calm: str) -> None:
    check(config(update_rule=rule, regulariser=CALM[calm]))


@pytest.mark.parametrize("optimiser", OPTIMISERS)
@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.summary())
def test_every_rule_by_every_optimiser(rule: Any, optimiser: str) -> None:
    chosen = OPTIMISERS[optimiser]
    check(config(update_rule=rule, generator_optimiser=chosen, discriminator_optimiser=chosen))


@pytest.mark.parametrize("packing", [1, 2])
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_objective(objective: Any, packing: int) -> None:
    check(config(objective=objective, regulariser=RegulariserConfig(r1=0.3, packing=packing)))


@pytest.mark.parametrize("objective", ["minimax", "non_saturating"])
def test_smooth_labels(objective: Any) -> None:
    check(config(objective=objective, regulariser=RegulariserConfig(r1=0, smoothing=0.2)))


@pytest.mark.parametrize("depth", [1, 2, 4])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_at_any_depth(activation: Any, depth: int) -> None:
    net = MLPConfig(width=8, depth=depth, activation=activation)
    check(config(generator=net, discriminator=net, regulariser=CALM["R1"]))
    check(config(generator=net, discriminator=net, regulariser=CALM["GP"]))


PICTURES: dict[str, Any] = {"data": DigitsConfig(), "generator": MLPConfig(width=5, depth=1, activation="leaky_relu")}


@pytest.mark.parametrize("objective", ["non_saturating", "minimax"])
def test_a_generator_of_pictures_is_bounded(objective: Any) -> None:
    assert build_game(config(**PICTURES)).generator.network.bounded
    check(config(objective=objective, regulariser=CALM["R1"], **PICTURES))


SCALAR: dict[str, Any] = {"generator": PointConfig(start=0.7), "discriminator": LinearConfig(start=-0.4)}


@pytest.mark.parametrize("calm", CALM)
@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.summary())
def test_a_point_against_a_straight_line(rule: Any, calm: str) -> None:
    check(config(update_rule=rule, regulariser=CALM[calm], **SCALAR))


@pytest.mark.parametrize("optimiser", OPTIMISERS)
@pytest.mark.parametrize("name", [*SCALAR, "both, on the line"])
def test_a_point_or_a_straight_line_against_what_has_layers(name: str, optimiser: str) -> None:
    own = {name: SCALAR[name]} if name in SCALAR else {"data": PointMassConfig(), **SCALAR}
    chosen = OPTIMISERS[optimiser]
    check(config(generator_optimiser=chosen, discriminator_optimiser=chosen, regulariser=CALM["R1"], **own))


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_objective_of_a_point_and_a_straight_line(objective: Any) -> None:
    check(config(objective=objective, regulariser=RegulariserConfig(r1=0.3, gradient_penalty=0.2), **SCALAR))


@pytest.mark.parametrize("players", [Players.D, Players.G])
@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.summary())
def test_one_player_by_hand(rule: Any, players: Players) -> None:
    check(config(update_rule=rule), players=players)


def test_noise_fades_from_when_it_was_set() -> None:
    given = config(regulariser=CALM["noise"])
    game = build_game(given)
    state = start(game, Streams([5])).with_noise_since_now()
    fresh, late = Compiled(game, [5], state), Compiled(game, [5], replace(state, step=300))
    assert torch.equal(fresh.play(1)[..., 0], Compiled(game, [5], start(game, Streams([5]))).play(1)[..., 0])
    late.play(1)  # by now less than a float32 holds, but for the step from which it counts
    assert torch.equal(late.state.memory["noise_since"], state.memory["noise_since"])
    since_then = replace(state, step=300).with_noise_since_now()
    assert not torch.equal(Compiled(game, [5], since_then).play(1), Compiled(game, [5], replace(state, step=300)).play(1))


# ------------------------------------------------------------------------------------------------- bit for bit, and on

POPULATION = [
    config(
        run=RunConfig(batch=24, seed=seed, averaging=0.9),
        discriminator_optimiser=AdamConfig(learning_rate=rate),
        generator_optimiser=OPTIMISERS["Adam"],
        regulariser=RegulariserConfig(r1=r1, packing=2),
    )
    for seed, rate, r1 in ((1, 0.01, 0.0), (2, 0.003, 0.5), (3, 0.01, 0.5), (4, 0.001, 0.1), (5, 0.02, 0.0))
]


def played(*configs: GameConfig, rounds: list[int], threads: int = 1) -> tuple[Tensor, GameState]:
    game, seeds = build_game(*configs), [c.run.seed for c in configs]
    engine = Compiled(game, seeds, start(game, Streams(seeds)), threads)
    return torch.cat([engine.play(n) for n in rounds]), engine.state


def same(one: Tensor, other: Tensor) -> bool:
    """Bit for bit, also where there is no number."""
    return torch.equal(one.contiguous().view(torch.int32), other.contiguous().view(torch.int32))


def assert_same(one: GameState, other: GameState) -> None:
    assert one.step == other.step and one.tensors.keys() == other.tensors.keys()
    assert all(same(tensor, other.tensors[name]) for name, tensor in one.tensors.items())


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_a_member_is_the_same_game_alone_in_any_order_by_any_number_of_threads(threads: int) -> None:
    metrics, state = played(*POPULATION, rounds=[130], threads=threads)
    backwards, reversed_state = played(*reversed(POPULATION), rounds=[130], threads=threads)
    for i, one in enumerate(POPULATION):
        alone, own = played(one, rounds=[130])
        assert same(metrics[:, i : i + 1], alone)
        assert same(backwards[:, len(POPULATION) - 1 - i].unsqueeze(1), alone)
        assert_same(state.member(i), own)
        assert_same(reversed_state.member(len(POPULATION) - 1 - i), own)


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.summary())
def test_rounds_asked_for_together_or_apart_are_the_same(rule: Any) -> None:
    one = config(update_rule=rule, regulariser=CALM["all but clipping"])
    metrics, state = played(one, rounds=[150])
    others, apart = played(one, rounds=[1, 62, 3, 84])
    assert same(metrics, others)
    assert_same(state, apart)


@pytest.mark.parametrize("players", list(Players))
@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.summary())
def test_a_brief_report_changes_nothing_but_what_is_left_out(rule: Any, players: Players) -> None:
    one = config(update_rule=rule, regulariser=CALM["all but clipping"])
    game = build_game(one)
    whole, brief = (Compiled(game, [one.run.seed], start(game, Streams([one.run.seed]))) for _ in range(2))
    left_out = METRICS.index("gradient_norm_g_other")
    for rounds in (70, 1, 2):
        wanted, found = whole.play(rounds, players), brief.play(rounds, players, brief=True)
        assert same(found[-1], wanted[-1]) and found[:-1, :, left_out].isnan().all()
        wanted[:-1, :, left_out] = found[:-1, :, left_out]
        assert same(found, wanted)
    assert_same(whole.state, brief.state)


@pytest.mark.parametrize("optimiser", OPTIMISERS)
@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.summary())
def test_a_game_goes_on_from_its_state_as_if_nothing_had_been(rule: Any, optimiser: str) -> None:
    one = config(update_rule=rule, discriminator_optimiser=OPTIMISERS[optimiser], regulariser=CALM["spectral"])
    _, whole = played(one, rounds=[70])
    _, half = played(one, rounds=[35])
    game = build_game(one)
    later = Compiled(game, [one.run.seed], half)
    later.play(35)
    assert_same(whole, later.state)


@pytest.mark.parametrize("calm", ["free", "R1", "all but clipping"])
def test_fifty_rounds_stay_on_the_path(calm: str) -> None:
    """Within two thousandths of what the double-precision game reports in each of them."""
    rates = AdamConfig(learning_rate=1e-3, beta1=0.5, epsilon=1e-3)
    net = MLPConfig(width=16, activation="tanh")
    check(
        config(
            generator=net,
            discriminator=net,
            regulariser=CALM[calm],
            generator_optimiser=rates,
            discriminator_optimiser=rates,
            run=RunConfig(batch=32, seed=3),
        ),
        rounds=50,
    )


def test_members_with_coefficients_of_their_own_agree_with_autograd() -> None:
    for one in POPULATION:
        check(one)


def test_what_is_not_covered() -> None:
    assert covers(build_game(config()))
    for other in (
        {"generator": MLPConfig(activation="maxout")},
        {"discriminator": MLPConfig(normalisation="layer")},
        {"generator": MLPConfig(dropout=0.1)},
        {"update_rule": UnrolledConfig()},
    ):
        assert not covers(build_game(config(**other)))


def test_a_game_that_runs_away_says_so() -> None:
    """Neither a fast exp nor a ReLU makes a finite number of what is none."""
    for objective in OBJECTIVES:
        wild = config(
            objective=objective,
            generator=MLPConfig(width=8),
            discriminator=MLPConfig(width=8),
            discriminator_optimiser=GradientDescentConfig(learning_rate=10),
            generator_optimiser=GradientDescentConfig(learning_rate=10),
        )
        game = build_game(wild)
        state = start(game, Streams([5]))
        broken = replace(state, phi=torch.full_like(state.phi, torch.nan), phi_effective=torch.full_like(state.phi, torch.nan))
        engine = Compiled(game, [5], broken)
        metrics = engine.play(1)
        assert metrics[0, 0, :2].isnan().all() or objective == "hinge"
        assert engine.state.phi.isnan().all() or objective in ("hinge", "wasserstein")
