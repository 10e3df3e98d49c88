"""A round of the game, against the same game played by hand with torch.nn, autograd and torch.optim."""

from __future__ import annotations

import copy
import math
from dataclasses import fields
from typing import Any

import pytest
import torch
from torch import Tensor

from gandash.config import GameConfig, RunConfig
from gandash.config.networks import LatentConfig, LinearConfig, MLPConfig, PointConfig
from gandash.config.optimisers import AdamConfig, GradientDescentConfig, MomentumConfig, RMSPropConfig
from gandash.config.regularisers import RegulariserConfig
from gandash.config.rules import (
    AlternatingConfig,
    ConsensusConfig,
    ExtragradientConfig,
    LookaheadConfig,
    OptimisticConfig,
    SimultaneousConfig,
    SymplecticAdjustmentConfig,
    UnrolledConfig,
    UpdateRuleConfig,
)
from gandash.config.setting import variants
from gandash.game.game import Game, Streams, build_game
from gandash.game.objectives import OBJECTIVES
from gandash.game.round import METRICS, GameState, Players, start
from gandash.game.step import UPDATE_RULES, train_step

BY_HAND = [
    AlternatingConfig(discriminator_steps=1, generator_steps=1),
    AlternatingConfig(discriminator_steps=3, generator_steps=1),
    AlternatingConfig(discriminator_steps=1, generator_steps=2),
    AlternatingConfig(discriminator_steps=0, generator_steps=2),
    AlternatingConfig(discriminator_steps=2, generator_steps=0),
    SimultaneousConfig(),
    AlternatingConfig(discriminator_steps=2, generator_steps=2, first="generator"),
    AlternatingConfig(discriminator_steps=0, generator_steps=1, first="generator"),
    AlternatingConfig(discriminator_steps=1, generator_steps=0, first="generator"),
]
AHEAD = [  # in test_rules.py by hand
    ExtragradientConfig(),
    OptimisticConfig(),
    ConsensusConfig(gamma=0.3),
    SymplecticAdjustmentConfig(weight=0.5),
    LookaheadConfig(rounds=4, share=0.5),
    UnrolledConfig(depth=2, inner_rate=0.2),
]
RULES = [*BY_HAND, *AHEAD]
CALM = {
    "R1": RegulariserConfig(r1=0.5),
    "R2, GP": RegulariserConfig(r1=0, r2=0.3, gradient_penalty=0.5),
    "clip": RegulariserConfig(r1=0, clip=0.3),
    "spectral": RegulariserConfig(r1=0.1, spectral="on"),
    "fading noise": RegulariserConfig(noise=0.5, noise_half_life=4),
    "packs": RegulariserConfig(r1=0.5, packing=4),
}
NETWORKS = {
    "dropout": MLPConfig(width=6, depth=2, dropout=0.3),
    "batch norm": MLPConfig(width=6, depth=2, normalisation="batch"),
    "maxout": MLPConfig(width=6, depth=1, activation="maxout"),
}


def game_config(**changes: Any) -> GameConfig:
    given: dict[str, Any] = {
        "latent": LatentConfig(dimension=2),
        "generator": MLPConfig(width=6, depth=2, activation="tanh"),
        "discriminator": MLPConfig(width=8, depth=2, activation="leaky_relu"),
        "update_rule": BY_HAND[0],
        "objective": "non_saturating",
        "generator_optimiser": AdamConfig(learning_rate=3e-3, beta1=0.5, beta2=0.99),
        "discriminator_optimiser": AdamConfig(learning_rate=1e-2, beta1=0.3, beta2=0.9, epsilon=1e-6),
        "regulariser": RegulariserConfig(r1=0.5),
        "run": RunConfig(seed=11, batch=16, averaging=0.8),
    }
    return GameConfig(**(given | changes))


def beginning(*configs: GameConfig) -> tuple[Game, GameState, Streams]:
    game, streams = build_game(*configs), Streams([c.run.seed for c in configs])
    return game, start(game, streams), streams


def train(
    game: Game, state: GameState, streams: Streams, steps: int, players: Players = Players.BOTH
) -> tuple[GameState, Tensor]:
    """The state after `steps` rounds, and their metrics `(steps, members, len(METRICS))`."""
    rows = []
    for _ in range(steps):
        state, metrics = train_step(game, state, streams, players)
        rows.append(metrics)
    return state, torch.stack(rows)


def tensors(state: GameState) -> dict[str, Tensor]:
    found: dict[str, Tensor] = {}
    for field in fields(state):
        value = getattr(state, field.name)
        if isinstance(value, Tensor):
            found[field.name] = value
        elif isinstance(value, dict):
            found |= {f"{field.name}.{name}": tensor for name, tensor in value.items()}
    return found


def assert_same_bits(a: GameState, b: GameState) -> None:
    assert a.step == b.step
    left, right = tensors(a), tensors(b)
    assert left.keys() == right.keys() and "theta_moments.square" in left
    for name in left:
        assert torch.equal(left[name], right[name]), name


# ----------------------------------------------------------------------------------------------------- played by hand


class ByHand:
    """One game on nn.Modules: textbook losses, autograd, torch.optim; the same draws in the documented order."""

    def __init__(self, reference: Any, game: Game, state: GameState) -> None:
        self.reference = reference
        self.g = reference.module(game.generator.network, state.theta[0])
        self.d = reference.module(game.discriminator.network, state.phi[0])
        self.average = copy.deepcopy(self.g)
        self.g_optimiser = self._optimiser(self.g, game.config.generator_optimiser)
        self.d_optimiser = self._optimiser(self.d, game.config.discriminator_optimiser)

    @staticmethod
    def _optimiser(module: torch.nn.Module, chosen: Any) -> torch.optim.Optimizer:
        parameters, lr = module.parameters(), chosen.learning_rate
        if isinstance(chosen, AdamConfig):
            return torch.optim.Adam(parameters, lr=lr, betas=(chosen.beta1, chosen.beta2), eps=chosen.epsilon)
        if isinstance(chosen, RMSPropConfig):
            return torch.optim.RMSprop(parameters, lr=lr, alpha=chosen.decay, eps=chosen.epsilon)
        return torch.optim.SGD(parameters, lr=lr, momentum=getattr(chosen, "momentum", 0))

    def row(self, module: torch.nn.Module) -> Tensor:
        return self.reference.flat(list(module.parameters()))

    def d_gradient(self, game: Game, real: Tensor, latents: Tensor) -> dict[str, float]:
        """Puts grad_phi L_D into D's .grad; what D saw."""
        fake = self.g(latents).detach()
        self.d.zero_grad()
        self.reference.discriminator_loss(self.d, real, fake, game.config.regulariser.r1).backward()
        d_real, d_fake = torch.sigmoid(self.d(real)).detach(), torch.sigmoid(self.d(fake)).detach()
        played = self.reference.generator_loss(self.d, fake, game.config.objective)
        seen = {
            "log_d_real": d_real.log().mean().item(),
            "log_d_fake": (1 - d_fake).log().mean().item(),
            "mean_d_real": d_real.mean().item(),
            "mean_d_fake": d_fake.mean().item(),
            "loss_g": played.item(),
            "gradient_norm_d": self.norm(self.d),
        }
        seen["value"] = seen["log_d_real"] + seen["log_d_fake"]
        seen["loss_d"] = -seen["value"]
        return seen

    def g_gradient(self, game: Game, latents: Tensor) -> dict[str, float]:
        seen: dict[str, float] = {}
        other = {"minimax": "non_saturating", "non_saturating": "minimax"}[game.config.objective]
        for name, metric in ((other, "gradient_norm_g_other"), (game.config.objective, "gradient_norm_g")):
            self.g.zero_grad()
            loss = self.reference.generator_loss(self.d, self.g(latents), name)
            loss.backward()
            seen |= {metric: self.norm(self.g), "loss_g": loss.item()}
        return seen

    @staticmethod
    def norm(module: torch.nn.Module) -> float:
        return math.sqrt(sum(p.grad.square().sum().item() for p in module.parameters() if p.grad is not None))

    def move_d(self) -> dict[str, float]:
        before = self.row(self.d)
        self.d_optimiser.step()
        return {"update_norm_d": (self.row(self.d) - before).norm().item()}

    def move_g(self, game: Game) -> dict[str, float]:
        before = self.row(self.g)
        self.g_optimiser.step()
        decay = game.config.run.averaging
        with torch.no_grad():
            for mean, p in zip(self.average.parameters(), self.g.parameters(), strict=True):
                mean.copy_(decay * mean + (1 - decay) * p)
        return {"update_norm_g": (self.row(self.g) - before).norm().item()}

    def round(self, game: Game, streams: Streams) -> list[float]:
        rule, seen = game.config.update_rule, dict.fromkeys(METRICS, math.nan)
        if isinstance(rule, SimultaneousConfig):
            real, latents = streams.real(game)[0], streams.latents(game)[0]
            seen |= self.d_gradient(game, real, latents)
            seen |= self.g_gradient(game, latents)  # D has not moved yet: both see the old point
            # g_gradient went through D as well; restore what is D's own
            self.d_gradient(game, real, latents)
            seen |= self.move_d() | self.move_g(game)
            return [seen[name] for name in METRICS]
        batch: tuple[Tensor, Tensor] | None = None  # the first player's last is the second's first

        def d_moves() -> None:
            nonlocal batch, seen
            for i in range(max(rule.discriminator_steps, 1)):
                if i or batch is None:
                    batch = streams.real(game)[0], streams.latents(game)[0]
                seen |= self.d_gradient(game, *batch)
                seen |= self.move_d() if rule.discriminator_steps else {"gradient_norm_d": math.nan}

        def g_moves() -> None:
            nonlocal batch, seen
            for i in range(rule.generator_steps):
                if batch is None:
                    batch = streams.real(game)[0], streams.latents(game)[0]
                elif i:
                    batch = batch[0], streams.latents(game)[0]
                seen |= self.g_gradient(game, batch[1]) | self.move_g(game)

        if rule.first == "generator":
            g_moves()
            of_g = seen["loss_g"]
            d_moves()
            seen["loss_g"] = of_g if rule.generator_steps else seen["loss_g"]
        else:
            d_moves()
            g_moves()
        return [seen[name] for name in METRICS]

    def agrees_with(self, state: GameState) -> None:
        near = {"rtol": 2e-3, "atol": 2e-5}
        torch.testing.assert_close(state.theta[0], self.row(self.g), **near)
        torch.testing.assert_close(state.phi[0], self.row(self.d), **near)
        torch.testing.assert_close(state.average[0], self.row(self.average), **near)


def compare(reference: Any, configs: list[tuple[GameConfig, int]]) -> None:
    """Plays the configs one after the other, each for its number of rounds, in both ways; live changes in between."""
    game, state, streams = beginning(configs[0][0])
    hand, hand_streams = ByHand(reference, game, state), Streams([configs[0][0].run.seed])
    start_theta, start_phi = state.theta, state.phi
    moved_g = moved_d = 0
    for config, steps in configs:
        game = build_game(config)
        hand.g_optimiser.param_groups[0]["lr"] = config.generator_optimiser.learning_rate
        hand.d_optimiser.param_groups[0]["lr"] = config.discriminator_optimiser.learning_rate
        for _ in range(steps):
            state, metrics = train_step(game, state, streams)
            expected = torch.tensor(hand.round(game, hand_streams))
            torch.testing.assert_close(metrics[0], expected, rtol=2e-3, atol=2e-5, equal_nan=True)
        moved_g += steps * config.update_rule.generator_steps
        moved_d += steps * config.update_rule.discriminator_steps
    hand.agrees_with(state)
    assert state.step == sum(steps for _, steps in configs)
    # the agreement is about something: whoever moved has left the start by far more than the tolerance
    assert (float((state.theta - start_theta).abs().max()) > 1e-2) == (moved_g > 0)
    assert (float((state.phi - start_phi).abs().max()) > 1e-2) == (moved_d > 0)


@pytest.mark.parametrize("r1", [0.0, 0.5])
@pytest.mark.parametrize("objective", ["minimax", "non_saturating"])
@pytest.mark.parametrize("rule", BY_HAND, ids=lambda r: r.summary())
def test_twenty_rounds_by_hand(reference: Any, rule: Any, objective: str, r1: float) -> None:
    config = game_config(update_rule=rule, objective=objective, regulariser=RegulariserConfig(r1=r1))
    compare(reference, [(config, 20)])


@pytest.mark.parametrize(
    "optimiser",
    [
        GradientDescentConfig(learning_rate=0.2),
        MomentumConfig(learning_rate=0.1, momentum=0.7),
        RMSPropConfig(learning_rate=2e-3, epsilon=1e-6),
        AdamConfig(learning_rate=3e-3, beta1=0.9, beta2=0.999, epsilon=1e-6),
    ],
    ids=lambda o: o.kind,
)
def test_every_optimiser_in_the_game(reference: Any, optimiser: Any) -> None:
    compare(reference, [(game_config(generator_optimiser=optimiser, discriminator_optimiser=optimiser), 20)])


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("generator_optimiser.learning_rate", 3e-2),
        ("discriminator_optimiser.learning_rate", 1e-3),
        ("regulariser.r1", 0.0),
        ("objective", "minimax"),
        ("run.batch", 5),
        ("run.averaging", 0.1),
        ("update_rule", {"kind": "simultaneous"}),
        ("update_rule.discriminator_steps", 2),
    ],
)
def test_a_live_change_keeps_the_moments(reference: Any, path: str, value: Any) -> None:
    before = game_config()
    compare(reference, [(before, 8), (before.replace(path, value), 8)])


def test_every_update_rule_offered_is_there_and_tested() -> None:
    assert set(UPDATE_RULES) == set(variants(UpdateRuleConfig)) == {type(r) for r in RULES}


EVERYTHING = [
    *(pytest.param({"update_rule": rule}, id=rule.summary()) for rule in RULES),
    *(pytest.param({"regulariser": calm}, id=name) for name, calm in CALM.items()),
    *(pytest.param({"generator": network, "discriminator": network}, id=name) for name, network in NETWORKS.items()),
    *(pytest.param({"objective": name, "regulariser": RegulariserConfig(r1=1)}, id=name) for name in OBJECTIVES),
    *(
        pytest.param({"update_rule": rule, "regulariser": CALM["spectral"]}, id=f"spectral, {rule.summary()}")
        for rule in (SimultaneousConfig(), ExtragradientConfig(), OptimisticConfig(), LookaheadConfig(rounds=4))
    ),
    *(
        pytest.param({"update_rule": rule, "discriminator": NETWORKS["dropout"]}, id=f"dropout, {rule.summary()}")
        for rule in AHEAD
    ),
    pytest.param({"generator": PointConfig(), "discriminator": LinearConfig()}, id="Dirac-GAN"),
]


# ----------------------------------------------------------------------------------------------- the same, bit by bit


@pytest.mark.parametrize("changes", EVERYTHING)
def test_same_config_and_seed_same_bits(changes: dict[str, Any]) -> None:
    config = game_config(**changes)
    torch.manual_seed(1)
    first, first_metrics = train(*beginning(config), steps=10)
    torch.manual_seed(2)
    second, second_metrics = train(*beginning(config), steps=10)
    assert_same_bits(first, second)
    assert first_metrics.numpy().tobytes() == second_metrics.numpy().tobytes()
    other, _ = train(*beginning(config.replace("run.seed", 12)), steps=10)
    assert not torch.equal(first.phi, other.phi) or config.generator.kind == "point" or config.update_rule == BY_HAND[3]


@pytest.mark.parametrize("changes", EVERYTHING)
def test_restored_goes_on_bit_by_bit(changes: dict[str, Any]) -> None:
    game, state, streams = beginning(game_config(**changes))
    half, _ = train(game, state, streams, steps=6)
    saved, random = copy.deepcopy(half), streams.state()
    whole, metrics = train(game, half, streams, steps=6)
    elsewhere = Streams([11])
    elsewhere.restore(random)
    again, again_metrics = train(build_game(game.config), saved, elsewhere, steps=6)
    assert_same_bits(whole, again)
    assert metrics.numpy().tobytes() == again_metrics.numpy().tobytes()


@pytest.mark.parametrize("changes", EVERYTHING)
def test_a_state_kept_is_a_state_unchanged(changes: dict[str, Any]) -> None:
    game, state, streams = beginning(game_config(**changes))
    state, metrics = train(game, state, streams, steps=3)
    kept, kept_metrics = copy.deepcopy(state), metrics.clone()
    train(game, state, streams, steps=3)
    assert_same_bits(state, kept)
    assert metrics.numpy().tobytes() == kept_metrics.numpy().tobytes()


@pytest.mark.parametrize("changes", EVERYTHING)
def test_a_state_is_fit_for_autograd(changes: dict[str, Any]) -> None:
    """The step takes torch's inference mode; what it leaves must not be inference tensors, which refuse a graph."""
    game, state, streams = beginning(game_config(**changes))
    state, metrics = train(game, state, streams, steps=2)
    for name, tensor in tensors(state).items():
        assert not tensor.is_inference() and not tensor.requires_grad, name
    assert not metrics.requires_grad
    (state.theta.clone().requires_grad_() ** 2).sum().backward()


def test_no_step_touches_the_global_generator() -> None:
    before = torch.get_rng_state()
    train(*beginning(game_config()), steps=2)
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize(
    "rule",
    [AlternatingConfig(discriminator_steps=2, generator_steps=1), SimultaneousConfig(), *AHEAD],
    ids=lambda r: r.summary(),
)
@pytest.mark.parametrize("gammas", [(0.0, 0.0, 0.0), (0.0, 0.5, 2.0)], ids=["no R1", "R1"])
def test_a_member_of_a_population_plays_as_if_alone(rule: Any, gammas: tuple[float, ...]) -> None:
    configs = [
        game_config(
            update_rule=rule,
            regulariser=RegulariserConfig(r1=gamma),
            generator_optimiser=AdamConfig(learning_rate=lr, epsilon=1e-4),
            discriminator_optimiser=AdamConfig(learning_rate=3 * lr, beta1=beta1, epsilon=1e-4),
            run=RunConfig(seed=seed, batch=16, averaging=averaging),
        )
        for gamma, lr, beta1, seed, averaging in zip(
            gammas, (1e-3, 3e-3, 5e-4), (0.5, 0.0, 0.9), (1, 2, 1), (0.9, 0.5, 0.0), strict=True
        )
    ]
    steps = 15 if rule in AHEAD else 100
    together, metrics = train(*beginning(*configs), steps=steps)
    assert metrics.shape == (steps, 3, len(METRICS))
    for m, config in enumerate(configs):
        alone, own_metrics = train(*beginning(config), steps=steps)
        near = {"rtol": 1e-3, "atol": 1e-4}
        torch.testing.assert_close(together.theta[m], alone.theta[0], **near)
        torch.testing.assert_close(together.phi[m], alone.phi[0], **near)
        torch.testing.assert_close(together.average[m], alone.average[0], **near)
        torch.testing.assert_close(metrics[:, m], own_metrics[:, 0], rtol=1e-2, atol=1e-3)


# ---------------------------------------------------------------------------------------------------------- who moves

D_STATE, G_STATE = ("phi", "phi_moments"), ("theta", "theta_moments", "average")


def moved(before: GameState, after: GameState, names: tuple[str, ...]) -> bool:
    """True when all tensors of these names changed, False when none did; anything between is an error."""
    a, b = tensors(before), tensors(after)
    changed = {not torch.equal(a[name], b[name]) for name in a if name.split(".")[0] in names}
    assert len(changed) == 1, f"some of {names} moved and some did not"
    return changed.pop()


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.summary())
@pytest.mark.parametrize("players", [Players.D, Players.G, Players.BOTH])
def test_who_moves(rule: Any, players: Players) -> None:
    game, state, streams = beginning(game_config(update_rule=rule))
    state, _ = train(build_game(game_config()), state, streams, steps=2)  # away from the moments' rest
    after, metrics = train_step(game, state, streams, players)
    k_d, k_g = rule.discriminator_steps, rule.generator_steps
    # a player asked for by hand moves even where the rule freezes it
    d_moves = Players.D in players and (k_d > 0 or players is Players.D)
    g_moves = Players.G in players and (k_g > 0 or players is Players.G)
    assert moved(state, after, D_STATE) == d_moves
    assert moved(state, after, G_STATE) == g_moves
    seen = dict(zip(METRICS, metrics[0].tolist(), strict=True))
    silent = {name for name, value in seen.items() if math.isnan(value)}
    d_only, g_only = {"gradient_norm_d", "update_norm_d"}, {"gradient_norm_g", "gradient_norm_g_other", "update_norm_g"}
    assert silent == (set() if d_moves else d_only) | (set() if g_moves else g_only)
    assert after.step == state.step + 1


@pytest.mark.parametrize(
    ("rule", "d_count", "g_count"),
    [
        (BY_HAND[1], 3, 1),
        (BY_HAND[2], 1, 2),
        (BY_HAND[3], 1, 2),
        (BY_HAND[4], 2, 1),
        (BY_HAND[5], 1, 1),
        (BY_HAND[6], 2, 2),
        *((rule, 2, 2) if isinstance(rule, ExtragradientConfig) else (rule, 1, 1) for rule in AHEAD),
    ],
)
def test_a_manual_step_makes_that_players_moves(rule: Any, d_count: int, g_count: int) -> None:
    """Adam counts its steps: k of them, or one where the rule has none."""
    game, state, streams = beginning(game_config(update_rule=rule))
    d_only, _ = train_step(game, state, streams, Players.D)
    g_only, _ = train_step(game, state, streams, Players.G)
    assert (d_only.phi_moments["count"].item(), d_only.theta_moments["count"].item()) == (d_count, 0)
    assert (g_only.phi_moments["count"].item(), g_only.theta_moments["count"].item()) == (0, g_count)


def test_metrics_are_named_in_order() -> None:
    assert METRICS == (
        "loss_d",
        "loss_g",
        "log_d_real",
        "log_d_fake",
        "value",
        "mean_d_real",
        "mean_d_fake",
        "gradient_norm_d",
        "gradient_norm_g",
        "gradient_norm_g_other",
        "update_norm_d",
        "update_norm_g",
    )
    _, metrics = train(*beginning(game_config()), steps=5)
    at = {name: metrics[:, 0, i] for i, name in enumerate(METRICS)}
    torch.testing.assert_close(at["value"], at["log_d_real"] + at["log_d_fake"])
    torch.testing.assert_close(at["value"], -at["loss_d"])
    assert metrics.dtype == torch.float32 and not metrics.requires_grad


def test_start_is_step_zero_with_the_average_at_theta() -> None:
    game, state, _ = beginning(game_config(), game_config())
    assert state.step == 0
    assert torch.equal(state.average, state.theta)
    assert torch.equal(state.theta[0], state.theta[1])  # same seed, same players
    assert not any(bool(t.any()) for name, t in tensors(state).items() if "moments" in name)
    assert state.theta.shape == (2, game.generator.network.size)


def test_no_averaging_is_the_generator_itself() -> None:
    state, _ = train(*beginning(game_config(run=RunConfig(batch=8, averaging=0))), steps=3)
    assert torch.equal(state.average, state.theta)


def test_a_blown_up_game_is_a_result_not_an_error() -> None:
    wild = GradientDescentConfig(learning_rate=10)
    config = game_config(generator_optimiser=wild, discriminator_optimiser=wild, regulariser=RegulariserConfig(r1=1000))
    state, metrics = train(*beginning(config), steps=30)
    assert state.step == 30 and not bool(metrics[-1].isfinite().all())
