"""Convolutional players: against torch's own modules and formulas, by differences, and in every game that there is."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from game.checks import check_field, check_spectral, draw, in_double
from game.checks import place as setting
from torch import Generator, Tensor
from torch.utils.flop_counter import FlopCounterMode

from gandash.config import GameConfig, RunConfig, bytes_per_step, flop_per_step, parse_config
from gandash.config.data import DigitsConfig
from gandash.config.networks import ConvolutionConfig, LatentConfig, Layer, MLPConfig, Shape
from gandash.config.regularisers import RegulariserConfig
from gandash.config.rules import AlternatingConfig, UpdateRuleConfig
from gandash.config.setting import SettingError, variants
from gandash.game.field import discriminator_part, evaluate_discriminator, generator_part, make, sample_gradient
from gandash.game.game import Game, Streams, build_game
from gandash.game.losses import discriminator_loss, generate, generator_loss
from gandash.game.networks import ACTIVATIONS, MLP, build_network, convolution
from gandash.game.networks.convolution import Convolution, _convolved, _correlated, _doubled, _halved
from gandash.game.objectives import OBJECTIVES
from gandash.game.round import start
from gandash.game.spectral import normalised
from gandash.game.step import train_step

SHAPES: list[Shape] = [(1, 8, 8), (3, 8, 8), (1, 16, 16), (2, 28, 28), (1, 32, 32)]
NORMALISATIONS = ("none", "batch", "layer")


def both(settings: ConvolutionConfig, shape: Shape, latent: int = 3) -> tuple[Convolution, Convolution]:
    size = shape[0] * shape[1] * shape[2]
    g, d = build_network(latent, size, settings, shape), build_network(size, 1, settings, shape)
    assert isinstance(g, Convolution) and isinstance(d, Convolution)
    return g, d


def rows(net: Convolution, members: int = 2) -> Tensor:
    """Parameters that are all of some weight, gains and shifts too."""
    first = torch.stack([net.initialise(Generator().manual_seed(seed)) for seed in range(members)]).double()
    return first + 0.1 * draw(members, net.size, seed=9)


def by_hand(net: Convolution, row: Tensor, x: Tensor) -> Tensor:
    """One member's pass as a textbook has it: windows, nearest-neighbour doubling, normalisation by formula."""
    activate = ACTIVATIONS[net.settings.activation].value
    parts = iter(row.split(net.lengths))
    for i, layer in enumerate(net.plan):
        w, b = next(parts).view(layer.fan_in, layer.fan_out), next(parts)
        if layer.kernel == 1:
            x = x.flatten(1) @ w + b
        else:
            kernel = w.view(layer.inputs, layer.kernel, layer.kernel, layer.channels).permute(3, 0, 1, 2)
            x = x.view(len(x), layer.inputs, *[layer.side * 2 if layer.kernel == 4 else layer.side // 2] * 2)
            if layer.kernel == 4:
                x = F.conv2d(x, kernel, b, stride=2, padding=1)
            else:
                x = F.conv2d(F.interpolate(x, scale_factor=2, mode="nearest"), kernel, b, padding=1)
        if i == len(net.plan) - 1:
            return x if layer.kernel == 1 else torch.tanh(x).flatten(1)
        x = x.view(len(x), layer.channels, layer.side, layer.side)
        if net.settings.normalisation != "none":
            over = (0, 2, 3) if net.settings.normalisation == "batch" else (1, 2, 3)
            gain, shift = next(parts).view(-1, 1, 1), next(parts).view(-1, 1, 1)
            mean, variance = x.mean(over, keepdim=True), x.var(over, correction=0, keepdim=True)
            x = (x - mean) / (variance + 1e-5).sqrt() * gain + shift
        x = activate(x)
    raise AssertionError


# --------------------------------------------------------------------------------------------------------------- players


@pytest.mark.parametrize("normalisation", NORMALISATIONS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_members_are_the_textbooks_networks(shape: Shape, normalisation: Any) -> None:
    """Two members at once, and one alone, against plain convolutions of one."""
    for net in both(ConvolutionConfig(channels=4, normalisation=normalisation, activation="silu"), shape):
        theta, x = rows(net), draw(2, 3, net.plan[0].fan_in if net.plan[0].kernel == 1 else shape[0] * shape[1] ** 2, seed=1)
        y = net(theta, x)
        for m in range(2):
            torch.testing.assert_close(y[m], by_hand(net, theta[m], x[m]), rtol=1e-8, atol=1e-10)
            torch.testing.assert_close(net(theta[m : m + 1], x[m : m + 1])[0], y[m], rtol=1e-8, atol=1e-10)
    assert not torch.equal(y[0], y[1])


@pytest.mark.parametrize("normalisation", NORMALISATIONS[1:])
def test_normalisation_agrees_with_torch(normalisation: Any) -> None:
    """Of maps: batch norm over batch, height and width; layer norm over maps, height and width."""
    net, _ = both(ConvolutionConfig(channels=4, normalisation=normalisation), (1, 8, 8))
    maps, gains, shifts = draw(5, 2 * 4, 3, 3, seed=0), draw(8, seed=1), draw(8, seed=2)
    found = net._normalised(maps, 2, gains, shifts)
    for m in range(2):
        own, gain, shift = maps[:, 4 * m : 4 * m + 4], gains[4 * m : 4 * m + 4], shifts[4 * m : 4 * m + 4]
        if normalisation == "batch":
            expected = F.batch_norm(own, None, None, gain, shift, training=True)
        else:
            expected = F.layer_norm(own, own.shape[1:]) * gain.view(-1, 1, 1) + shift.view(-1, 1, 1)
        torch.testing.assert_close(found[:, 4 * m : 4 * m + 4], expected)


@pytest.mark.parametrize(
    ("side", "d_maps", "g_maps"),
    [
        (8, [(16, 4)], [(16, 4), (1, 8)]),
        (16, [(16, 8), (32, 4)], [(32, 4), (16, 8), (1, 16)]),
        (28, [(16, 14), (32, 7)], [(32, 7), (16, 14), (1, 28)]),
        (32, [(16, 16), (32, 8), (64, 4)], [(64, 4), (32, 8), (16, 16), (1, 32)]),
    ],
)
def test_d_halves_down_to_a_small_map_and_g_doubles_up_from_it(side: int, d_maps: list[Any], g_maps: list[Any]) -> None:
    g, d = both(ConvolutionConfig(), (1, side, side))
    assert [(layer.channels, layer.side) for layer in d.plan] == [*d_maps, (1, 1)]
    assert [(layer.channels, layer.side) for layer in g.plan] == g_maps
    for plan in (g.plan, d.plan):
        assert all(b.inputs in (a.channels, a.outputs) for a, b in pairwise(plan))


def test_pictures_stay_between_black_and_white() -> None:
    for settings in (ConvolutionConfig(channels=4), MLPConfig(width=5)):
        net = build_network(2, 64, settings, (1, 8, 8))
        x = net(50 * draw(1, net.size, seed=0), draw(1, 20, 2, seed=1))
        assert 0.99 < float(x.abs().max()) <= 1
    assert (
        not build_network(64, 1, MLPConfig(width=5), (1, 8, 8)).bounded and not build_network(2, 64, MLPConfig(width=5)).bounded
    )


@pytest.mark.parametrize("normalisation", NORMALISATIONS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_declared_sizes_are_those_of_the_networks(shape: Shape, normalisation: Any) -> None:
    size = shape[0] * shape[1] * shape[2]
    for settings in (
        ConvolutionConfig(channels=6, normalisation=normalisation),
        MLPConfig(width=5, normalisation=normalisation),
    ):
        for inputs, outputs in ((3, size), (size, 1)):
            net = build_network(inputs, outputs, settings, shape)
            assert settings.parameters(inputs, outputs, shape) == net.size == sum(net.lengths)
            assert len(net.initialise(Generator())) == net.size


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_a_weight_counts_once_for_every_place(shape: Shape) -> None:
    """Multiplications of a pass per picture, against what torch counts; and what the largest layers keep."""
    settings, size = ConvolutionConfig(channels=4), shape[0] * shape[1] * shape[2]
    g, d = both(settings, shape)
    for net, inputs, outputs in ((g, 3, size), (d, size, 1)):
        with FlopCounterMode(display=False) as counter:
            net(rows(net, 1), draw(1, 40, inputs, seed=0))
        spread = sum(2 * 9 * 16 * layer.inputs * layer.channels for layer in net.plan if layer.kernel == 3)
        counted = (counter.get_total_flops() - spread) / 2 / 40
        assert settings.weights(inputs, outputs, shape) == counted
        kept = sum(layer.outputs for layer in net.plan[:-1]) + inputs + outputs
        assert settings.units(inputs, outputs, shape) == kept
        assert (
            settings.model_copy(update={"normalisation": "layer"}).units(inputs, outputs, shape) == 2 * kept - inputs - outputs
        )


def test_doubling_first_and_convolving_then_is_one_transposed_convolution() -> None:
    weights, biases, x = draw(1, 5 * 9, 4, seed=0), draw(1, 4, seed=1), draw(3, 5, 6, 6, seed=2)
    kernel = weights.view(5, 3, 3, 4).permute(3, 0, 1, 2)
    expected = F.conv2d(F.interpolate(x, scale_factor=2, mode="nearest"), kernel, biases[0], padding=1)
    torch.testing.assert_close(_convolved(x, weights, biases, Layer(3, 5, 4, 12)), expected)


@pytest.mark.parametrize("few", [0, 9])
@pytest.mark.parametrize("members", [1, 2])
def test_the_trilinear_form_and_its_derivatives(members: int, few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """<y, H(x, K)> three ways, and each of them by differences, twice; doubling both ways that there are."""
    monkeypatch.setattr(convolution, "FEW", few)
    x, y, k = draw(2, 2 * members, 4, 4, seed=0), draw(2, 3 * members, 2, 2, seed=1), draw(3 * members, 2, 4, 4, seed=2)
    value = (F.conv2d(x, k, stride=2, padding=1, groups=members) * y).sum()
    torch.testing.assert_close((x * _doubled(y, k, members)).sum(), value)
    torch.testing.assert_close((y * _halved(x, k, members)).sum(), value)
    torch.testing.assert_close((k * _correlated(x, y, members)).sum(), value)
    for form, given in ((_doubled, (y, k)), (_halved, (x, k)), (_correlated, (x, y))):
        given = tuple(t.clone().requires_grad_() for t in given)

        def of(a: Tensor, b: Tensor, form: Callable[..., Tensor] = form) -> Tensor:
            return form(a, b, members)

        assert torch.autograd.gradcheck(of, given, fast_mode=True)
        assert torch.autograd.gradgradcheck(of, given, fast_mode=True)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("normalisation", NORMALISATIONS)
def test_first_and_second_gradients_by_finite_differences(normalisation: Any, activation: Any) -> None:
    for net in both(ConvolutionConfig(channels=4, normalisation=normalisation, activation=activation), (1, 8, 8)):
        theta, x = rows(net).requires_grad_(), draw(2, 3, 64 if net.plan[0].kernel == 4 else 3, seed=1).requires_grad_()
        assert torch.autograd.gradcheck(net, (theta, x), fast_mode=True)
        assert torch.autograd.gradgradcheck(net, (theta, x), fast_mode=True, atol=1e-4)


def test_a_generator_of_64_latents_is_no_discriminator() -> None:
    g, d = both(ConvolutionConfig(channels=4), (1, 8, 8), latent=64)
    assert (g.plan[0].kernel, d.plan[0].kernel) == (1, 4)


@pytest.mark.parametrize("scheme", ["uniform", "he", "xavier", "orthogonal", "normal"])
def test_first_kernels_have_the_published_scale(scheme: Any) -> None:
    """As torch.nn.init gives them for a convolution 64 -> 128; DCGAN's are N(0, 0.02^2)."""
    settings = ConvolutionConfig(channels=64, activation="relu", initialisation=scheme, gain=0.5)
    _, d = both(settings, (1, 16, 16))
    parts = d.initialise(Generator().manual_seed(0)).split(d.lengths)
    w, like = parts[2].view(64 * 16, 128), torch.empty(128, 64, 4, 4)
    fills: dict[str, Callable[[Tensor], Tensor]] = {
        "uniform": lambda t: torch.nn.init.uniform_(t, -1 / 32, 1 / 32),
        "he": lambda t: torch.nn.init.kaiming_normal_(t, nonlinearity="relu"),
        "xavier": torch.nn.init.xavier_uniform_,
        "orthogonal": lambda t: torch.nn.init.orthogonal_(t, 0.5),
        "normal": lambda t: torch.nn.init.normal_(t, std=0.02),
    }
    with torch.random.fork_rng():
        torch.manual_seed(0)
        expected = fills[scheme](like)
    assert float(w.std()) == pytest.approx(float(expected.std()), rel=0.02)
    if scheme == "orthogonal":
        torch.testing.assert_close(w.T @ w, 0.25 * torch.eye(128), atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("settings", "summary"),
    [
        (ConvolutionConfig(), "convolutional, 16 channels, leaky ReLU"),
        (
            ConvolutionConfig(channels=64, activation="relu", normalisation="batch", initialisation="normal"),
            "convolutional, 64 channels, ReLU, batch norm, N(0, 0.02²)",
        ),
        (ConvolutionConfig(initialisation="orthogonal", gain=0.8), "convolutional, 16 channels, leaky ReLU, orthogonal × 0.8"),
    ],
    ids=str,
)
def test_summaries(settings: ConvolutionConfig, summary: str) -> None:
    assert settings.summary() == summary


# ------------------------------------------------------------------------------------------------------------ their games


def config(seed: int = 0, network: dict[str, Any] | None = None, rule: Any = None, **changes: Any) -> GameConfig:
    settings = ConvolutionConfig(**({"channels": 4, "activation": "silu", "initialisation": "he"} | (network or {})))
    objective = changes.pop("objective", "non_saturating")
    return GameConfig(
        data=DigitsConfig(count=30),
        latent=LatentConfig(dimension=2),
        generator=settings,
        discriminator=settings,
        objective=objective,
        regulariser=RegulariserConfig(**({"r1": 0} | changes)),
        update_rule=rule or AlternatingConfig(discriminator_steps=1, generator_steps=1),
        run=RunConfig(batch=4, seed=seed),
    )


def players(game: Game) -> tuple[Tensor, Tensor]:
    """Place in double precision where saturation does not hide mistakes."""
    return rows(game.generator.network, game.members), rows(game.discriminator.network, game.members)


def check_finite_steps(*configs: GameConfig, steps: int = 3) -> None:
    game = build_game(*configs)
    streams = Streams([c.run.seed for c in configs])
    first = state = start(game, streams)
    for _ in range(steps):
        state, metrics = train_step(game, state, streams)
    assert bool(state.theta.isfinite().all()) and bool(state.phi.isfinite().all())
    assert bool(metrics[:, :2].isfinite().all())
    assert not torch.equal(state.theta, first.theta) and not torch.equal(state.phi, first.phi)
    for tensor in state.tensors.values():
        assert not tensor.requires_grad and not tensor.is_inference()


@pytest.mark.parametrize("normalisation", NORMALISATIONS)
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_objective_is_played(objective: str, normalisation: str) -> None:
    both = [config(seed, {"normalisation": normalisation}, objective=objective) for seed in (0, 1)]
    check_finite_steps(*both)


@pytest.mark.parametrize(
    "calm",
    [
        {"r1": 1.0},
        {"r2": 1.0},
        {"r1": 1.0, "r2": 0.5, "gradient_penalty": 2.0},
        {"spectral": "on"},
        {"spectral": "on", "r1": 0.3},
        {"clip": 0.05},
        {"noise": 0.3, "packing": 2},
        {"smoothing": 0.1},
    ],
    ids=str,
)
@pytest.mark.parametrize("normalisation", NORMALISATIONS)
def test_every_regulariser_is_played(calm: dict[str, Any], normalisation: str) -> None:
    check_finite_steps(*(config(seed, {"normalisation": normalisation}, **calm) for seed in (0, 1)))


@pytest.mark.parametrize("rule", variants(UpdateRuleConfig), ids=lambda r: r.__name__)
def test_every_update_rule_is_played(rule: Any) -> None:
    check_finite_steps(*(config(seed, rule=rule(), r1=0.3) for seed in (0, 1)))
    check_finite_steps(config(rule=rule()))


PENALTIES: list[dict[str, Any]] = [{}, {"r1": 0.8}, {"r1": 0.8, "r2": 1.4, "gradient_penalty": 3.0}, {"packing": 2, "r2": 0.5}]


@pytest.mark.parametrize("calm", PENALTIES, ids=str)
@pytest.mark.parametrize("normalisation", NORMALISATIONS)
@pytest.mark.parametrize("objective", ["non_saturating", "relativistic"])
def test_the_field_is_the_textbooks(objective: str, normalisation: str, calm: dict[str, Any]) -> None:
    check_field(in_double(config(0, {"normalisation": normalisation}, objective=objective, **calm))[0])


@pytest.mark.parametrize("objective", ["non_saturating", "minimax", "hinge"])
def test_a_multilayer_perceptron_makes_pictures(objective: str) -> None:
    net = {"kind": "mlp", "width": 5, "depth": 2, "activation": "tanh"}
    given = config(objective=objective, r1=0.5).replace_all([("generator", net), ("discriminator", net)])
    game = in_double(given)[0]
    assert isinstance(game.generator.network, MLP) and game.generator.network.bounded
    check_field(game)


def along(f: Callable[[Tensor], Tensor], p: Tensor, direction: Tensor, h: float = 1e-5) -> Tensor:
    return (f(p + h * direction) - f(p - h * direction)) / (2 * h)


@pytest.mark.parametrize("normalisation", NORMALISATIONS)
def test_gradients_by_differences(normalisation: str) -> None:
    """D's with R1, whose slope in x is itself by differences, and both of G's."""
    game = in_double(*(config(seed, {"normalisation": normalisation}, r1=0.7) for seed in (0, 1)))[0]
    without = in_double(*(config(seed, {"normalisation": normalisation}) for seed in (0, 1)))[0]
    theta, phi = players(game)
    real, latents = draw(2, 4, 64, seed=3), draw(2, 4, 2, seed=4)
    fake = generate(game, theta, latents)

    def loss_d(phi: Tensor) -> Tensor:
        d = game.discriminator.network
        penalty = torch.zeros(2, dtype=torch.float64)
        for i in range(4):  # one sample moves at a time, and with batch norm all outputs feel it
            steps = torch.zeros(64, 4, 64, dtype=torch.float64)
            steps[:, i] = 1e-4 * torch.eye(64)
            slope = [(d(phi, real + e).sum((1, 2)) - d(phi, real - e).sum((1, 2))) / 2e-4 for e in steps]
            penalty = penalty + torch.stack(slope).square().sum(0) / 4
        return discriminator_loss(without, phi, real, fake) + 0.7 / 2 * penalty

    direction = draw(*phi.shape, seed=5)
    found = (discriminator_part(game, phi, real, fake).gradient * direction).sum(1)
    torch.testing.assert_close(found, along(loss_d, phi, direction).detach(), rtol=1e-4, atol=1e-5)

    part = generator_part(game, theta, phi, real, latents)
    direction = draw(*theta.shape, seed=6)
    played = along(lambda t: generator_loss(game, t, phi, real, latents), theta, direction).detach()
    torch.testing.assert_close((part.gradient * direction).sum(1), played, rtol=1e-5, atol=1e-7)
    minimax = in_double(*(config(seed, {"normalisation": normalisation}, objective="minimax") for seed in (0, 1)))[0]
    other = along(lambda t: generator_loss(minimax, t, phi, real, latents), theta, direction).detach()
    torch.testing.assert_close((part.other_gradient * direction).sum(1), other, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("normalisation", NORMALISATIONS)
def test_a_kernel_is_divided_by_the_singular_value_of_its_matrix(normalisation: Any) -> None:
    _, d = both(ConvolutionConfig(channels=4, normalisation=normalisation), (1, 16, 16))
    check_spectral(d)
    phi, kept = rows(d), None
    for _ in range(300):
        kept = normalised(d, phi, kept).kept
    parts = normalised(d, phi, kept).phi.split(d.lengths, dim=1)
    for i, layer in zip(d.matrices, d.plan, strict=True):
        kernel = parts[i][0].view(layer.fan_in, layer.fan_out)
        assert float(torch.linalg.matrix_norm(kernel, 2)) == pytest.approx(1, rel=1e-6)


def test_the_generators_pass_is_made_once_for_both_players(monkeypatch: pytest.MonkeyPatch) -> None:
    game, state, streams = in_double(config())
    calls = []
    original = Convolution.__call__

    def counted(self: Convolution, *given: Any) -> Tensor:
        calls.append(self)
        return original(self, *given)

    monkeypatch.setattr(Convolution, "__call__", counted)
    train_step(game, state, streams)
    assert calls.count(game.generator.network) == 1
    assert calls.count(game.discriminator.network) == 2  # real and generated at once, then for G

    theta, phi, real, latents, _ = setting(game)
    wanted = generator_part(game, theta, phi, real, latents).gradients
    for from_where in (theta, 2 * theta):  # it goes on from what was made at this very place alone
        made = make(game, from_where, latents)
        assert torch.equal(generator_part(game, theta, phi, real, latents, made=made).gradients, wanted)


def test_pull_and_judge_know_pictures() -> None:
    game = in_double(config())[0]
    theta, phi, _, latents, _ = setting(game)
    x = generate(game, theta, latents).detach()
    a = evaluate_discriminator(game, phi, x)
    torch.testing.assert_close(a, game.discriminator.network(phi, x)[..., 0])
    moved = evaluate_discriminator(game, phi, x + 1e-3 * sample_gradient(game, phi, x))
    assert bool((moved > a).all())  # towards what D takes for real


# ---------------------------------------------------------------------------------------------------------------- config


@pytest.mark.parametrize("player", ["generator", "discriminator"])
def test_points_are_no_pictures(player: str) -> None:
    with pytest.raises(SettingError) as refused:
        GameConfig().replace(player, {"kind": "convolutional"})
    words = str(refused.value)
    assert words.startswith(f"{player}, data: ") and "needs pictures" in words and "Choose an MLP" in words


def test_convolutions_and_pictures_survive_json() -> None:
    given = config(packing=2)
    assert parse_config(given.model_dump_json().encode()) == given


@pytest.mark.parametrize("r1", [0.0, 1.0])
@pytest.mark.parametrize("rule", [AlternatingConfig(), AlternatingConfig(discriminator_steps=4)], ids=lambda r: r.summary())
def test_the_cost_estimate_is_what_torch_counts(r1: float, rule: AlternatingConfig) -> None:
    given = config(network={"channels": 8}, rule=rule, r1=r1).replace("run.batch", 64)
    game, streams = build_game(given), Streams([0])
    state = start(game, streams)
    with FlopCounterMode(display=False) as counter:
        train_step(game, state, streams)
    assert flop_per_step(given) == pytest.approx(counter.get_total_flops(), rel=0.3)


def test_the_memory_is_that_of_the_maps() -> None:
    given = config(network={"channels": 16})
    # D keeps 16 maps of 4 x 4, the picture and its output, for real and generated pictures
    assert bytes_per_step(given) == 4 * 4 * 4 * 2 * (256 + 64 + 1)
