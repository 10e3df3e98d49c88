"""Players as functions of a flat vector, against torch.nn."""

from __future__ import annotations

import math
from typing import Any, get_args

import pytest
import torch
import torch.nn.functional as F
from pydantic import TypeAdapter, ValidationError
from torch import Generator, Tensor, nn

from gandash.config import networks
from gandash.config.networks import (
    ConvolutionConfig,
    DiscriminatorConfig,
    GeneratorConfig,
    LinearConfig,
    MLPConfig,
    PointConfig,
)
from gandash.config.setting import variants
from gandash.game.networks import ACTIVATIONS, LEAK, MAXOUT_GAINS, MLP, LinearNetwork, Network, PointNetwork, build_network

SCHEMES = get_args(MLPConfig.model_fields["initialisation"].annotation)

# Everything that can be asked of a network, one by one and together
VARIANTS = {
    "plain": MLPConfig(width=3),
    "batch norm": MLPConfig(width=3, normalisation="batch", activation="silu"),
    "layer norm": MLPConfig(width=3, normalisation="layer", activation="tanh"),
    "maxout": MLPConfig(width=3, activation="maxout", pieces=3),
    "dropout": MLPConfig(width=3, activation="silu", dropout=0.4),
    "batch-normed maxout with dropout": MLPConfig(
        width=3, depth=3, activation="maxout", pieces=2, normalisation="batch", dropout=0.3
    ),
    "layer-normed maxout with dropout": MLPConfig(width=3, activation="maxout", pieces=5, normalisation="layer", dropout=0.3),
    "point": PointConfig(start=0.5),
    "linear": LinearConfig(start=-0.5),
}


def generators(*seeds: int) -> list[Generator]:
    return [Generator().manual_seed(seed) for seed in seeds]


def draw(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=Generator().manual_seed(seed), dtype=torch.float64)


@pytest.fixture(params=VARIANTS)
def net(request: pytest.FixtureRequest) -> Network:
    return build_network(2, 1, VARIANTS[request.param])


def test_every_activation_offered_is_there() -> None:
    offered = set(get_args(MLPConfig.model_fields["activation"].annotation))
    assert set(ACTIVATIONS) | {"maxout"} == offered == set(networks.ACTIVATIONS)
    assert set(MAXOUT_GAINS) == {2, 3, 4, 5}


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize(("inputs", "outputs", "depth"), [(1, 1, 1), (3, 2, 2), (2, 1, 4)])
def test_agrees_with_torch_nn(reference: Any, activation: Any, inputs: int, outputs: int, depth: int) -> None:
    net = MLP(inputs, outputs, MLPConfig(width=5, depth=depth, activation=activation))
    rows = torch.stack([net.initialise(Generator().manual_seed(s)) for s in range(3)])
    x = torch.randn(3, 7, inputs, generator=Generator().manual_seed(9))
    assert rows.shape == (3, net.size)
    y = net(rows, x)
    assert y.shape == (3, 7, outputs)
    for member in range(3):
        module = reference.module(net, rows[member])
        assert sum(p.numel() for p in module.parameters()) == net.size
        torch.testing.assert_close(y[member], module(x[member]), rtol=1e-5, atol=1e-6)
        assert torch.equal(reference.flat(list(module.parameters())), rows[member])


def test_members_do_not_mix() -> None:
    net = MLP(2, 1, MLPConfig(width=4))
    rows = torch.stack([net.initialise(Generator().manual_seed(s)) for s in range(3)])
    x = torch.randn(3, 6, 2, generator=Generator().manual_seed(9))
    clean = net(rows, x)
    spoilt = rows.clone()
    spoilt[1] = math.nan
    y = net(spoilt, x)
    assert torch.equal(y[[0, 2]], clean[[0, 2]]) and bool(y[1].isnan().all())
    spoilt_x = x.clone()
    spoilt_x[2] = math.nan
    assert torch.equal(net(rows, spoilt_x)[:2], clean[:2])


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradients_by_finite_differences(activation: Any) -> None:
    net = MLP(2, 2, MLPConfig(width=3, activation=activation))
    rows = torch.stack([net.initialise(Generator().manual_seed(s)) for s in (1, 2)]).double()
    x = torch.randn(2, 4, 2, generator=Generator().manual_seed(3)).double()
    h = 1e-6
    assert torch.autograd.gradcheck(net, (rows.requires_grad_(), x.requires_grad_()), eps=h, atol=1e-7, rtol=1e-6)


@pytest.mark.parametrize("depth", [1, 3])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_plain_member_alone_is_the_same_with_a_graph_and_without(activation: Any, depth: int) -> None:
    """Alone it has a way of its own, without a graph activations act in place: neither its input nor another layer feels it."""
    net = MLP(2, 3, MLPConfig(width=4, depth=depth, activation=activation), bounded=depth == 1)
    rows = torch.stack([net.initialise(Generator().manual_seed(s)) for s in (1, 2)]).double()
    x = torch.randn(2, 5, 2, generator=Generator().manual_seed(3), dtype=torch.float64)
    given = x.clone()
    for i in range(2):
        own = slice(i, i + 1)
        torch.testing.assert_close(net(rows[own], x[own]), net(rows, x)[own])
        with torch.no_grad():
            torch.testing.assert_close(net(rows[own], x[own]), net(rows, x)[own])
    assert torch.equal(x, given)


# ----------------------------------------------------------------------------------------------------- initialisation


def first_layer(scheme: Any, activation: Any, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Weights and biases of a wide first layer with fan-in 64 and fan-out 512."""
    net = MLP(64, 1, MLPConfig(width=512, depth=1, activation=activation, initialisation=scheme))
    row = net.initialise(Generator().manual_seed(seed))
    assert row.shape == (net.size,) and row.dtype == torch.float32
    return row[: 64 * 512], row[64 * 512 : 64 * 512 + 512]


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_initial_weights_have_the_published_scale(scheme: str, activation: str) -> None:
    weights, biases = first_layer(scheme, activation)
    if scheme == "orthogonal":
        std, bound = 512**-0.5, 512**-0.5
    elif scheme == "normal":
        std, bound = 0.02, 0.02 * math.sqrt(3)
    elif scheme == "he":
        param = LEAK if activation == "leaky_relu" else None
        # torch gives no gain for SiLU; ReLU's is used
        gain = math.sqrt(2) if activation == "silu" else nn.init.calculate_gain(activation, param)
        std, bound = gain / 8, 1 / 8
    else:  # uniform on +-limit has standard deviation limit/sqrt(3)
        limit = 1 / 8 if scheme == "uniform" else math.sqrt(6 / (64 + 512))
        assert 0.99 * limit < float(weights.abs().max()) <= limit
        std, bound = limit / math.sqrt(3), 1 / 8
    assert float(weights.std()) == pytest.approx(std, rel=0.02)
    assert float(weights.mean()) == pytest.approx(0, abs=0.02 * std)
    assert float(biases.std()) == pytest.approx(bound / math.sqrt(3), rel=0.1)
    if scheme != "normal":
        assert 0.97 * bound < float(biases.abs().max()) <= bound
    assert float(biases.mean()) == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_initialisation_draws_from_its_generator_alone(scheme: str) -> None:
    torch.manual_seed(0)
    before = torch.get_rng_state()
    weights, biases = first_layer(scheme, "relu")
    again, biases_again = first_layer(scheme, "relu")
    assert torch.equal(weights, again) and torch.equal(biases, biases_again)
    assert not torch.equal(weights, first_layer(scheme, "relu", seed=1)[0])
    assert torch.equal(before, torch.get_rng_state())


def test_he_keeps_the_mean_square_through_relu_layers() -> None:
    net = MLP(256, 256, MLPConfig(width=256, depth=6, activation="relu", initialisation="he"))
    row = net.initialise(Generator().manual_seed(0))[None]
    x = torch.randn(1, 256, 256, generator=Generator().manual_seed(1))
    # 7 layers each keep E a^2 / gain^2; without the gain the output would shrink by 2^6
    assert float(net(row, x).square().mean()) == pytest.approx(2, rel=0.35)


@pytest.mark.parametrize(("fan_in", "fan_out"), [(6, 6), (3, 8), (8, 3)])
def test_orthogonal_weights_are_orthogonal(fan_in: int, fan_out: int) -> None:
    net = MLP(fan_in, 1, MLPConfig(width=fan_out, depth=1, initialisation="orthogonal"))
    w = net.initialise(Generator().manual_seed(0))[: fan_in * fan_out].view(fan_in, fan_out)
    product = w @ w.T if fan_in < fan_out else w.T @ w
    torch.testing.assert_close(product, torch.eye(min(fan_in, fan_out)), atol=1e-6, rtol=0)


def test_orthogonal_weights_have_no_preferred_sign() -> None:
    """QR alone gives a first entry of one sign."""
    net = MLP(1, 1, MLPConfig(width=1, depth=1, initialisation="orthogonal"))
    assert {float(net.initialise(g)[0]) for g in generators(*range(20))} == {-1.0, 1.0}


def test_each_piece_of_maxout_starts_orthogonal() -> None:
    net = MLP(4, 1, MLPConfig(width=4, depth=1, activation="maxout", pieces=3, initialisation="orthogonal"))
    pieces = net.initialise(Generator().manual_seed(0))[:48].view(4, 3, 4).unbind(1)
    for w in pieces:
        torch.testing.assert_close(w.T @ w, torch.eye(4), atol=1e-6, rtol=0)
    assert not torch.equal(pieces[0], pieces[1])


def test_spread_is_the_standard_deviation() -> None:
    net = MLP(64, 1, MLPConfig(width=512, depth=1, initialisation="normal", spread=0.5))
    row = net.initialise(Generator().manual_seed(0))
    assert float(row[: 64 * 512].std()) == pytest.approx(0.5, rel=0.02)


def test_gain_is_every_singular_value_of_orthogonal_weights() -> None:
    """Unrolled GAN's ring was played with 0.8 (Metz et al. 2017, arXiv:1611.02163)."""
    plain, scaled = (
        MLP(6, 1, MLPConfig(width=4, depth=1, initialisation="orthogonal", gain=gain)).initialise(*generators(0))
        for gain in (1.0, 0.8)
    )
    torch.testing.assert_close(scaled, 0.8 * plain)  # the biases too
    torch.testing.assert_close(torch.linalg.svdvals(scaled[:24].view(6, 4)), torch.full((4,), 0.8))


@pytest.mark.parametrize("scheme", [s for s in SCHEMES if s != "orthogonal"])
def test_gain_is_for_orthogonal_weights_alone(scheme: Any) -> None:
    plain, other = (
        MLP(2, 1, MLPConfig(width=4, initialisation=scheme, gain=gain)).initialise(*generators(0)) for gain in (1, 3)
    )
    assert torch.equal(plain, other)


@pytest.mark.parametrize("pieces", MAXOUT_GAINS)
def test_maxout_gain_keeps_the_mean_square(pieces: int) -> None:
    e = torch.randn(200_000, pieces, generator=Generator().manual_seed(0)).amax(1)
    assert float((MAXOUT_GAINS[pieces] * e).square().mean()) == pytest.approx(1, rel=0.02)


@pytest.mark.parametrize("normalisation", ["batch", "layer"])
def test_gains_start_at_one_and_shifts_at_zero(normalisation: Any) -> None:
    net = MLP(2, 1, MLPConfig(width=4, depth=1, normalisation=normalisation))
    row = net.initialise(Generator().manual_seed(0))
    assert net.size == 2 * 4 + 4 + 4 + 4 + 4 + 1
    assert row[12:20].tolist() == [1] * 4 + [0] * 4
    assert torch.equal(torch.cat([row[:12], row[20:]]), MLP(2, 1, MLPConfig(width=4, depth=1)).initialise(*generators(0)))


# ------------------------------------------------------------------------------------------------------------ variants


@pytest.mark.parametrize("normalisation", ["batch", "layer"])
def test_normalisation_agrees_with_torch(normalisation: Any) -> None:
    net = MLP(2, 1, MLPConfig(width=4, depth=1, normalisation=normalisation, activation="tanh"))
    row, x = draw(net.size, seed=0), draw(9, 2, seed=1)
    w, b, gain, shift, w_out, b_out = row.split([8, 4, 4, 4, 4, 1])
    u = x @ w.view(2, 4) + b
    if normalisation == "batch":
        u = F.batch_norm(u, None, None, gain, shift, training=True)
    else:
        u = F.layer_norm(u, [4], gain, shift)
    torch.testing.assert_close(net(row[None], x[None])[0], torch.tanh(u) @ w_out.view(4, 1) + b_out)


def test_batch_norm_of_a_batch_without_spread_is_finite() -> None:
    net = MLP(2, 1, MLPConfig(width=4, normalisation="batch"))
    rows, x = draw(1, net.size, seed=0).requires_grad_(), torch.ones(1, 1, 2, dtype=torch.float64, requires_grad=True)
    gradients = torch.autograd.grad(net(rows, x).sum(), (rows, x))
    assert all(bool(g.isfinite().all()) for g in gradients)


def test_maxout_is_the_largest_of_its_pieces() -> None:
    net = MLP(2, 1, MLPConfig(width=3, depth=1, activation="maxout", pieces=4))
    row, x = draw(net.size, seed=0), draw(5, 2, seed=1)
    w, b, w_out, b_out = row.split([2 * 12, 12, 3, 1])
    for sample, y in zip(x, net(row[None], x[None])[0], strict=True):
        total = float(b_out)
        for unit in range(3):
            lines = [float(sample @ w.view(2, 4, 3)[:, k, unit] + b.view(4, 3)[k, unit]) for k in range(4)]
            total += float(w_out[unit]) * max(lines)
        assert float(y) == pytest.approx(total, rel=1e-12)


def test_masks_keep_the_mean_and_come_from_each_members_generator() -> None:
    net = MLP(2, 1, MLPConfig(width=50, depth=3, dropout=0.3))
    masks = net.draw_masks(generators(1, 2), 200)
    assert masks is not None and [m.shape for m in masks] == [(2, 200, 50)] * 3
    for mask in masks:
        assert set(mask.flatten().tolist()) == {0.0, float(torch.tensor(1.0) / (1 - 0.3))}
        assert float(mask.mean()) == pytest.approx(1, abs=0.03)
    alone = net.draw_masks(generators(2), 200)
    assert alone is not None
    for one, both in zip(alone, masks, strict=True):
        assert torch.equal(one[0], both[1]) and not torch.equal(both[0], both[1])
    assert not torch.equal(masks[0], masks[1])


def test_a_mask_silences_its_unit() -> None:
    net = MLP(2, 1, MLPConfig(width=3, depth=1, dropout=0.5))
    row, x = draw(net.size, seed=0), draw(1, 4, 2, seed=1)
    mask = torch.tensor([0.0, 2.0, 0.0]).expand(1, 4, 3)
    w, b, w_out, b_out = row.split([6, 3, 3, 1])
    expected = 2 * torch.relu(x[0] @ w.view(2, 3)[:, 1] + b[1]) * w_out[1] + b_out
    torch.testing.assert_close(net(row[None], x, (mask,))[0, :, 0], expected)


def test_without_dropout_there_are_no_masks() -> None:
    g = Generator().manual_seed(0)
    before = g.get_state()
    assert MLP(2, 1, MLPConfig(width=3)).draw_masks([g], 4) is None
    assert (
        PointNetwork(2, PointConfig()).draw_masks([g], 4) is None
        and LinearNetwork(2, LinearConfig()).draw_masks([g], 4) is None
    )
    assert torch.equal(g.get_state(), before)


def place(net: Network) -> tuple[Tensor, Tensor, tuple[Tensor, ...] | None]:
    return draw(2, net.size, seed=1), draw(2, 6, 2, seed=2), net.draw_masks(generators(3, 4), 6)


def test_first_and_second_gradients_by_finite_differences(net: Network) -> None:
    rows, x, masks = place(net)
    rows.requires_grad_()
    x.requires_grad_()

    def outputs(rows: Tensor, x: Tensor) -> Tensor:
        return net(rows, x, masks) + 0 * x.sum()  # a point does not look at x

    assert torch.autograd.gradcheck(outputs, (rows, x), eps=1e-6, atol=1e-6, rtol=1e-5)
    assert torch.autograd.gradgradcheck(outputs, (rows, x), eps=1e-6, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("variant", [v for v in VARIANTS if v != "point"])
def test_penalty_on_the_slope_has_a_gradient(variant: str) -> None:
    """As R1 needs it: grad of |grad_x a|^2 in the parameters, against differences of its value."""
    net = build_network(2, 1, VARIANTS[variant])
    rows, x, masks = place(net)

    def penalty(rows: Tensor) -> Tensor:
        at = x.clone().requires_grad_()
        (slope,) = torch.autograd.grad(net(rows, at, masks).sum(), at, create_graph=True)
        return slope.square().sum()

    assert torch.autograd.gradcheck(penalty, (rows.requires_grad_(),), eps=1e-6, atol=1e-5, rtol=1e-4)


def test_a_member_alone_gives_the_same_as_in_a_population(net: Network) -> None:
    rows, x, masks = place(net)
    together = net(rows, x, masks)
    assert together.shape[:2] == (2, 6)
    for i in range(2):
        mine = None if masks is None else tuple(m[i : i + 1] for m in masks)
        torch.testing.assert_close(net(rows[i : i + 1], x[i : i + 1], mine)[0], together[i])


def test_what_has_linear_layers_and_activations_alone_is_plain(net: Network) -> None:
    assert net.is_plain == (net.size == MLP(2, 1, MLPConfig(width=3)).size and net.draw_masks(generators(0), 1) is None)


# ------------------------------------------------------------------------------------------------- one-parameter players


def test_a_point_stays_where_it_is_put() -> None:
    net = build_network(3, 2, PointConfig(start=-2))
    assert net.size == 2 and net.layers == [] and not net.is_plain
    row = net.initialise(Generator())
    assert row.tolist() == [-2, -2]
    y = net(torch.stack([row, 2 * row]), draw(2, 5, 3, seed=0).float())
    assert y.shape == (2, 5, 2) and torch.equal(y[1], torch.full((5, 2), -4.0))


def test_a_linear_discriminator_is_a_product() -> None:
    net = build_network(2, 1, LinearConfig(start=3))
    assert net.size == 2 and net.layers == [] and not net.is_plain
    assert net.initialise(Generator()).tolist() == [3, 3]
    y = net(torch.tensor([[2.0, -1.0]]), torch.tensor([[[1.0, 1.0], [0.0, 5.0]]]))
    assert y.tolist() == [[[1.0], [-5.0]]]


# ----------------------------------------------------------------------------------------------------- what is declared


@pytest.mark.parametrize("settings", VARIANTS.values(), ids=VARIANTS)
def test_declared_weights_are_those_of_the_network(settings: Any) -> None:
    """Counted from the parameters by taking away what only adds or scales."""
    net = build_network(2, 1, settings)
    if isinstance(net, MLP):
        lines = settings.depth * settings.width * settings.lines
        others = lines * (1 if settings.normalisation == "none" else 3) + 1
    else:
        others = net.size if isinstance(net, PointNetwork) else 0
    assert settings.weights(2, 1) == net.size - others
    assert settings.parameters(2, 1 if not isinstance(net, PointNetwork) else net.size) == net.size


def test_units_grow_with_what_a_pass_keeps() -> None:
    def units(**changes: Any) -> int:
        return MLPConfig(width=10, depth=3, **changes).units(2, 1)

    assert units() == 30
    assert units(normalisation="batch") == units(dropout=0.1) == 60
    assert units(activation="maxout", pieces=4) == 30 * 5
    assert units(activation="maxout", pieces=4, normalisation="layer", dropout=0.1) == 30 * (8 + 1 + 1)


@pytest.mark.parametrize(
    ("settings", "summary"),
    [
        (MLPConfig(width=16, depth=3, activation="silu"), "3 × 16 SiLU"),
        (MLPConfig(width=400, normalisation="batch"), "2 × 400 ReLU, batch norm"),
        (MLPConfig(width=200, activation="maxout", pieces=5), "2 × 200 maxout of 5"),
        (MLPConfig(width=128, activation="tanh", initialisation="orthogonal"), "2 × 128 tanh, orthogonal"),
        (MLPConfig(width=8, initialisation="orthogonal", gain=0.8), "2 × 8 ReLU, orthogonal × 0.8"),
        (MLPConfig(width=8, dropout=0.5, initialisation="normal"), "2 × 8 ReLU, dropout 0.5, N(0, 0.02²)"),
        (MLPConfig(width=8, normalisation="layer", initialisation="he"), "2 × 8 ReLU, layer norm, He"),
        (PointConfig(), "point θ, from 1"),
        (LinearConfig(start=0.5), "linear ψ · x, from 0.5"),
    ],
    ids=str,
)
def test_summaries(settings: Any, summary: str) -> None:
    assert settings.summary() == summary


@pytest.mark.parametrize(("union", "other"), [(GeneratorConfig, PointConfig()), (DiscriminatorConfig, LinearConfig())])
def test_a_network_without_a_kind_is_an_mlp(union: Any, other: Any) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(union)
    assert adapter.validate_python({"width": 3}) == adapter.validate_json('{"width": 3}') == MLPConfig(width=3)
    assert adapter.validate_json(other.model_dump_json()) == other
    assert variants(union) == (MLPConfig, ConvolutionConfig, type(other))
    with pytest.raises(ValidationError, match="convolution"):
        adapter.validate_python({"kind": "convolution"})
