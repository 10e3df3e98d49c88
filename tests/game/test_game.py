"""Populations are built as asked, and every member owns its random numbers."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Any

import pytest
import torch
from game.checks import check_noise
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from gandash.config import GameConfig, RunConfig, flop_per_step
from gandash.config.data import MixtureConfig
from gandash.config.networks import LatentConfig, MLPConfig
from gandash.config.optimisers import AdamConfig
from gandash.config.regularisers import RegulariserConfig
from gandash.config.rules import AlternatingConfig, ExtragradientConfig
from gandash.config.setting import Setting, kind_of, setting_at, settings, variants
from gandash.game.game import Streams, build_game
from gandash.game.networks import build_network
from gandash.game.regularisers import Penalties
from gandash.game.round import start
from gandash.game.step import train_step

SMALL = GameConfig(
    data=MixtureConfig(means=(-1, 1), std=0.4),
    latent=LatentConfig(dimension=2),
    generator=MLPConfig(width=4, depth=2, activation="relu"),
    discriminator=MLPConfig(width=4, depth=2, activation="relu"),
    objective="non_saturating",
    regulariser=RegulariserConfig(r1=1),
    update_rule=AlternatingConfig(discriminator_steps=1, generator_steps=1),
    generator_optimiser=AdamConfig(learning_rate=1e-3, beta1=0.5),
    discriminator_optimiser=AdamConfig(learning_rate=3e-3, beta1=0.5),
    run=RunConfig(batch=6, averaging=0.99),
)


def test_numbers_may_differ_from_member_to_member() -> None:
    other = (
        SMALL.replace("run.seed", 5)
        .replace("run.averaging", 0.5)
        .replace("regulariser.r1", 0)
        .replace("generator_optimiser.learning_rate", 0.25)
        .replace("discriminator_optimiser.beta1", 0)
    )
    game = build_game(SMALL, other)
    assert game.members == 2 and game.config is SMALL and game.batch == 6
    assert "r1" in game.penalties.slopes
    for column, expected in (
        (game.penalties.slopes["r1"], [1, 0]),
        (game.averaging, [0.99, 0.5]),
        (game.generator.hyper["learning_rate"], [1e-3, 0.25]),
        (game.discriminator.hyper["learning_rate"], [3e-3, 3e-3]),
        (game.discriminator.hyper["beta1"], [0.5, 0]),
    ):
        assert column.dtype == torch.float32
        torch.testing.assert_close(column, torch.tensor(expected, dtype=torch.float32)[:, None])
    assert "r1" not in build_game(other, other).penalties.slopes  # nobody pays for a penalty that nobody has


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("data.std", 0.3),
        ("data", {"kind": "gaussian"}),
        ("latent.kind", "uniform"),
        ("generator.width", 5),
        ("discriminator.activation", "tanh"),
        ("objective", "minimax"),
        ("update_rule", {"kind": "simultaneous"}),
        ("update_rule.discriminator_steps", 2),
        ("generator_optimiser", {"kind": "momentum"}),
        ("run.batch", 7),
        ("generator", {"kind": "point"}),
        ("discriminator", {"kind": "linear"}),
        ("regulariser.spectral", "on"),
        ("regulariser.smoothing", 0.1),
        ("regulariser.packing", 2),
    ],
)
def test_structure_must_be_shared(path: str, value: Any) -> None:
    with pytest.raises(ValueError, match="must share"):
        build_game(SMALL, SMALL.replace(path, value))


def test_penalties_of_some_members_are_off_for_the_others() -> None:
    """Off is a weight of 0, a clip at infinity, a noise that lasts for ever; None where nobody has it."""
    calm = {"r2": 0.2, "gradient_penalty": 3, "clip": 0.1, "noise": 0.5, "noise_half_life": 10}
    one = SMALL.replace_all([(f"regulariser.{name}", value) for name, value in calm.items()])
    other = SMALL.replace("regulariser.noise", 0.25)
    p = build_game(one, other, SMALL).penalties
    for found, expected in (
        (p.slopes["r1"], [1, 1, 1]),
        (p.slopes["r2"], [0.2, 0, 0]),
        (p.slopes["gradient_penalty"], [3, 0, 0]),
        (p.clip, [0.1, math.inf, math.inf]),
        (p.noise_after(0), [0.5, 0.25, 0]),
        (p.noise_after(10), [0.25, 0.25, 0]),
    ):
        torch.testing.assert_close(found, torch.tensor(expected, dtype=torch.float32)[:, None])
    none = build_game(SMALL).penalties
    assert set(none.slopes) == {"r1"} and (none.clip, none.noise_after(5), none.spectral) == (None, None, False)


def test_a_discriminator_of_packs_sees_them_whole() -> None:
    game = build_game(SMALL.replace("regulariser.packing", 3))
    assert game.pack == 3 and game.discriminator.network.layers[0] == (3, 4) and game.generator.network.layers[-1] == (4, 1)


def test_label_smoothing_is_in_both_generator_losses() -> None:
    game = build_game(SMALL.replace("regulariser.smoothing", 0.2))
    assert game.other_objective is not None
    assert game.objective.reading.centre == game.other_objective.reading.centre == 0.4


def test_networks_fit_data_and_latent() -> None:
    game = build_game(SMALL)
    assert game.generator.network.layers == [(2, 4), (4, 4), (4, 1)]
    assert game.discriminator.network.layers == [(1, 4), (4, 4), (4, 1)]
    assert game.objective.name == "non_saturating" and game.other_objective.name == "minimax"


# ------------------------------------------------------------------------------------------------------------ streams


def test_a_member_draws_the_same_alone_and_in_company() -> None:
    together, alone = Streams([3, 4]), Streams([4])
    pair, single = build_game(SMALL, SMALL), build_game(SMALL)
    assert torch.equal(together.initial(pair.generator.network)[1:], alone.initial(single.generator.network))
    for _ in range(2):
        real, latents = together.real(pair), together.latents(pair)
        assert real.shape == (2, 6, 1) and latents.shape == (2, 6, 2)
        assert torch.equal(real[1:], alone.real(single)) and torch.equal(latents[1:], alone.latents(single))
        assert not torch.equal(real[0], real[1]) and not torch.equal(latents[0], latents[1])


def test_batches_follow_each_other_and_go_on_after_restore() -> None:
    game, streams = build_game(SMALL), Streams([3])
    first = streams.real(game)
    saved = streams.state()
    kept = saved.clone()
    second = streams.real(game)
    assert not torch.equal(first, second)
    assert torch.equal(saved, kept)  # a copy: drawing on does not write to it
    other = Streams([3])
    other.restore(saved)
    assert torch.equal(other.real(game), second)
    with pytest.raises(ValueError):
        Streams([3, 4]).restore(saved)


def test_noise_and_mixes_are_drawn_for_each_alone() -> None:
    check_noise(Streams([3, 4]))
    together, alone = Streams([3, 4]), Streams([4])
    assert torch.equal(together.normal(2, 5, 1)[1:], alone.normal(2, 5, 1))
    assert torch.equal(together.uniform(5, 1)[1:], alone.uniform(5, 1))
    net = build_network(2, 1, MLPConfig(width=4, depth=2, dropout=0.5))
    for ours, own in zip(together.masks(net, 6), alone.masks(net, 6), strict=True):
        assert torch.equal(ours[1:], own) and not torch.equal(ours[0], ours[1])


def test_measuring_disturbs_nothing_and_repeats_itself() -> None:
    game, streams, undisturbed = build_game(SMALL), Streams([3]), Streams([3])
    (a,), (b,), (c,) = streams.measuring(7), streams.measuring(7), streams.measuring(8)
    (fixed,), (again,) = streams.fixed(), Streams([3]).fixed()
    draws = [game.data.sample(g, 5) for g in (a, b, c, fixed, again)]
    assert torch.equal(draws[0], draws[1]) and torch.equal(draws[3], draws[4])
    assert not torch.equal(draws[0], draws[2]) and not torch.equal(draws[0], draws[3])
    assert torch.equal(streams.real(game), undisturbed.real(game))


def test_players_start_from_different_numbers_than_the_data() -> None:
    game, streams = build_game(SMALL), Streams([3])
    theta, phi = streams.initial(game.generator.network), streams.initial(game.discriminator.network)
    assert theta.shape == (1, game.generator.network.size) and phi.shape == (1, game.discriminator.network.size)
    assert not torch.equal(theta[0, :4], phi[0, :4])


@pytest.mark.parametrize("r1", [0.0, 1.0])
@pytest.mark.parametrize(
    "rule", [AlternatingConfig(), AlternatingConfig(discriminator_steps=4), ExtragradientConfig()], ids=lambda r: r.summary()
)
def test_the_cost_estimate_is_what_torch_counts(r1: float, rule: AlternatingConfig) -> None:
    config = SMALL.replace("generator.width", 48).replace("discriminator.width", 48).replace("regulariser.r1", r1)
    config = config.replace("update_rule", rule.model_dump())
    game, streams = build_game(config), Streams([0])
    state = start(game, streams)
    with FlopCounterMode(display=False) as counter:
        train_step(game, state, streams)
    assert flop_per_step(config) == pytest.approx(counter.get_total_flops(), rel=0.3)


def moved(given: Setting) -> Any:
    """Another value that this setting may have."""
    if given.is_variant:
        return {"kind": next(kind_of(m) for m in variants(given.type) if not isinstance(given.value, m))}
    if given.choices:
        return next(name for name in given.choices if name != given.value)
    if given.path == "run.batch":
        return 4
    return given.value + 1 if isinstance(given.value, int) else given.value / 2 + 0.1


@pytest.mark.parametrize("path", [s.path for s in settings(SMALL) if s.live])
def test_a_live_change_replaces_coefficients_and_nothing_else(path: str) -> None:
    """It is the game that would be made of the new settings, but for laws, networks and what else is the same object."""
    begun = SMALL.replace("regulariser.packing", 2)
    game = build_game(begun, begun.replace("run.seed", 3))
    new = [c.with_live(path, moved(setting_at(SMALL, path))) for c in game.configs]
    found, made = game.with_live_configs(*new), build_game(*new)
    assert all(a is b for a, b in zip(found.configs, new, strict=True))
    assert (found.objective, found.other_objective) == (made.objective, made.other_objective)
    assert (found.batch, found.pack) == (made.batch, made.pack) == (new[0].run.batch, 2)
    for own, fresh, before in (
        (found.generator, made.generator, game.generator),
        (found.discriminator, made.discriminator, game.discriminator),
    ):
        assert own.network is before.network and own.optimiser is fresh.optimiser and own.hyper.keys() == fresh.hyper.keys()
        assert all(torch.equal(own.hyper[name], fresh.hyper[name]) for name in own.hyper)
    assert torch.equal(found.averaging, made.averaging)
    for one in fields(Penalties):
        mine, theirs = getattr(found.penalties, one.name), getattr(made.penalties, one.name)
        assert torch.equal(mine, theirs) if isinstance(theirs, Tensor) else one.name == "slopes" or mine == theirs
    assert found.penalties.slopes.keys() == made.penalties.slopes.keys()
    assert all(torch.equal(found.penalties.slopes[name], weight) for name, weight in made.penalties.slopes.items())
    assert found.data is game.data and found.latent is game.latent
    group = path.split(".")[0]
    assert (found.penalties is game.penalties) == (group != "regulariser")
    assert (found.generator is game.generator) == (group != "generator_optimiser")
