"""A measurement against the same quantities computed the long way."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from scipy import stats

from gandash.config import GameConfig, RunConfig
from gandash.config.data import GaussianConfig
from gandash.config.networks import LatentConfig, MLPConfig
from gandash.config.setting import JsonValue
from gandash.diagnostics.estimators import CENTRAL_MASS, optimal_discriminator
from gandash.diagnostics.line import refined
from gandash.diagnostics.measure import READINGS, Measurement
from gandash.domains.line import line_estimators
from gandash.domains.registry import domain_of
from gandash.game.game import Game, Streams, build_game
from gandash.game.objectives import OBJECTIVES
from gandash.game.round import GameState, start

LOG2 = math.log(2)


def measure(game: Game, state: GameState, streams: Streams) -> Measurement:
    found: Measurement = domain_of(game).measure(game, state, streams)
    return found


def make(
    std: float = 0.5, dimension: int = 1, averaging: float = 0.0, objective: str = "non_saturating"
) -> tuple[Game, GameState, Streams]:
    """A game whose generator is one hidden pair of ReLUs (enough for a straight line) and whose D is one ReLU."""
    config = GameConfig(
        data=GaussianConfig(mean=1.0, std=std),
        latent=LatentConfig(dimension=dimension),
        generator=MLPConfig(width=2, depth=1, activation="relu"),
        discriminator=MLPConfig(width=1, depth=1, activation="relu"),
        run=RunConfig(averaging=averaging, seed=5),
        objective=objective,
    )
    game = build_game(config)
    streams = Streams([config.run.seed])
    return game, start(game, streams), streams


def straight(dimension: int, slope: float, offset: float) -> torch.Tensor:
    """theta of G(z) = offset + slope z_1 = offset + slope relu(z_1) - slope relu(-z_1); weights are (in, out), then biases."""
    first = torch.zeros(dimension, 2)
    first[0] = torch.tensor([1.0, -1.0])
    return torch.cat([first.reshape(-1), torch.zeros(2), torch.tensor([slope, -slope]), torch.tensor([offset])])[None]


def ramp(weight: float, offset: float = 0.0) -> torch.Tensor:
    """phi of the logit a(x) = weight relu(x) + offset."""
    return torch.tensor([[1.0, 0.0, weight, offset]])


def at(state: GameState, theta: torch.Tensor, phi: torch.Tensor) -> GameState:
    """The state with both players there. phi itself is what D is judged with: nothing here is normalised."""
    return replace(state, theta=theta, phi=phi, phi_effective=phi)


@pytest.mark.parametrize("dimension", [1, 3])
def test_a_perfect_generator_reads_its_floor(dimension: int) -> None:
    game, state, streams = make(dimension=dimension)
    state = at(state, straight(dimension, 0.5, 1.0), ramp(0.0))
    found = measure(game, state, streams)
    line = found.estimators
    assert found.live.jsd <= 2 * line.floors["jsd"].worst_5pct
    assert found.live.wasserstein <= 2 * line.floors["wasserstein"].worst_5pct
    np.testing.assert_allclose(found.live.p_g, line.p_r, atol=0.05 * line.p_r.max())
    readings = found.readings
    assert readings["gap_half"] == 0
    assert readings["gap_star"] < 0.1
    assert found.expectations["value"] == pytest.approx(-2 * LOG2)
    assert found.expectations["loss_d"] == pytest.approx(2 * LOG2)


def test_floors_are_small_positive_and_ordered() -> None:
    for stratified in (True, False):
        line = line_estimators(GaussianConfig(mean=1.0, std=0.5), stratified)
        for floor in (line.floors["jsd"], line.floors["wasserstein"]):
            assert 0 < floor.mean <= floor.worst_5pct < 0.02
    evenly, independent = (line_estimators(GaussianConfig(mean=1.0, std=0.5), s).floors["jsd"].mean for s in (True, False))
    assert evenly < independent


def test_a_shifted_generator_reads_the_distance_it_is_away() -> None:
    game, state, streams = make()
    state = replace(state, theta=straight(1, 0.5, 2.5))
    found = measure(game, state, streams)
    assert found.live.wasserstein == pytest.approx(1.5, abs=0.01)
    x = np.linspace(-6, 8, 20001)
    p, q = stats.norm.pdf(x, 1, 0.5), stats.norm.pdf(x, 2.5, 0.5)
    m = (p + q) / 2
    exact = np.trapezoid(0.5 * (p * np.log(p / m) + q * np.log(q / m)), x)
    assert found.live.jsd == pytest.approx(exact, abs=0.01)


Outputs = np.ndarray
softplus = partial(np.logaddexp, 0)


def _log_odds(objective: str, v: Outputs) -> Outputs | None:
    """log r of the density ratio that an output claims, where it claims one; Nowozin et al. 2016, tables 2 and 6."""
    return {
        "non_saturating": v,
        "minimax": v,
        "f_kl": v - 1,  # T = v = 1 + log r
        "f_reverse_kl": v,  # T = -exp(-v) = -1/r
        "f_pearson": np.log(np.maximum(1 + v / 2, 1e-6)),  # T = v = 2 (r - 1)
        "f_squared_hellinger": 2 * v,  # T = 1 - exp(-v) = 1 - r^(-1/2)
        "f_jensen_shannon": v,  # T = log 2 - log(1 + exp(-v)) = log(2 r / (1 + r))
    }.get(objective)


# E on real, E on generated outputs -> (L_D, L_G); g and f* as in Nowozin et al. 2016
LOSSES: dict[str, Callable[[Outputs, Outputs], tuple[float, float]]] = {
    "non_saturating": lambda r, f: (softplus(-r).mean() + softplus(f).mean(), softplus(-f).mean()),
    "minimax": lambda r, f: (softplus(-r).mean() + softplus(f).mean(), -softplus(f).mean()),
    "least_squares": lambda r, f: (((r - 1) ** 2).mean() + (f**2).mean(), ((f - 1) ** 2).mean()),
    "hinge": lambda r, f: (np.maximum(1 - r, 0).mean() + np.maximum(1 + f, 0).mean(), -f.mean()),
    "wasserstein": lambda r, f: (f.mean() - r.mean(), -f.mean()),
    "relativistic": lambda r, f: (softplus(f - r).mean(), softplus(r - f).mean()),
    "f_kl": lambda r, f: (np.exp(f - 1).mean() - r.mean(), -np.exp(f - 1).mean()),
    "f_reverse_kl": lambda r, f: (np.exp(-r).mean() + (f - 1).mean(), (1 - f).mean()),
    "f_pearson": lambda r, f: ((f**2 / 4 + f).mean() - r.mean(), -(f**2 / 4 + f).mean()),
    "f_squared_hellinger": lambda r, f: ((np.exp(f) - 1).mean() - (1 - np.exp(-r)).mean(), (1 - np.exp(f)).mean()),
    "f_jensen_shannon": lambda r, f: (
        -(LOG2 - softplus(-r)).mean() - np.log(2 - 2 / (1 + np.exp(-f))).mean(),
        np.log(2 - 2 / (1 + np.exp(-f))).mean(),
    ),
}


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("dimension", [1, 2])
def test_expectations_are_those_of_a_great_many_samples(objective: str, dimension: int) -> None:
    game, state, streams = make(dimension=dimension, objective=objective)
    slope, offset, weight, bias = 0.7, 0.3, 1.5, -1.0
    state = at(state, straight(dimension, slope, offset), ramp(weight, bias))
    found = measure(game, state, streams).expectations
    rng = np.random.default_rng(0)
    real, fake = rng.normal(1, 0.5, 1_000_000), offset + slope * rng.normal(size=1_000_000)
    a_real, a_fake = (weight * np.maximum(x, 0) + bias for x in (real, fake))
    loss_d, loss_g = LOSSES[objective](a_real, a_fake)
    real_odds, fake_odds = (_log_odds(objective, a) for a in (a_real, a_fake))
    expected = {"loss_d": loss_d, "loss_g": loss_g}
    if real_odds is None or fake_odds is None:  # a critic has no probabilities: its own outputs
        expected |= {"log_d_real": math.nan, "log_d_fake": math.nan, "value": math.nan}
        expected |= {"mean_d_real": a_real.mean(), "mean_d_fake": a_fake.mean()}
    else:
        log_d_real, log_d_fake = -softplus(-real_odds).mean(), -softplus(fake_odds).mean()
        expected |= {"log_d_real": log_d_real, "log_d_fake": log_d_fake, "value": log_d_real + log_d_fake}
        expected |= {"mean_d_real": (1 / (1 + np.exp(-real_odds))).mean(), "mean_d_fake": (1 / (1 + np.exp(-fake_odds))).mean()}
    assert found.keys() == expected.keys()
    # stratified in one dimension, where only random pairs add noise; with independent latents 16384 samples leave about 0.01
    tolerance = 3e-3 if dimension == 1 and not game.objective.pairs else 0.03
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, abs=tolerance * max(1.0, abs(value)), nan_ok=True), name


def test_what_d_is_judged_with_is_measured_and_not_what_moves() -> None:
    """Under spectral normalisation they are two."""
    game, state, streams = make()
    judged = at(state, straight(1, 0.5, 1.0), ramp(2.0, -1.0))
    found = measure(game, replace(judged, phi=ramp(-9.0, 5.0)), streams)
    assert found.expectations == measure(game, judged, streams).expectations
    assert found.readings == pytest.approx(measure(game, judged, streams).readings, abs=0, rel=0, nan_ok=True)


def test_an_output_with_a_free_offset_is_measured_from_its_median() -> None:
    """A Wasserstein critic may be shifted as a whole: no reading may depend on it, and there is no D* to be away from."""
    game, state, streams = make(objective="wasserstein")
    readings = []
    for offset in (-1.0, 40.0):
        found = measure(game, at(state, straight(1, 0.5, 1.0), ramp(2.0, offset)), streams)
        x = found.estimators.grid
        np.testing.assert_allclose(found.d, 2 * np.maximum(x, 0) + offset, atol=1e-4)  # in the critic's units
        assert np.isnan(found.d_star).all() and math.isnan(found.readings["gap_star"])
        readings.append(found.readings["gap_half"])
    central = 2 * np.maximum(x[found.estimators.central], 0)
    assert readings == pytest.approx([np.abs(central - np.median(central)).max()] * 2, abs=1e-4)


@pytest.mark.parametrize(("objective", "centre"), [("least_squares", 0.5), ("hinge", 0.0)])
def test_critics_with_a_centre_are_measured_from_it(objective: str, centre: float) -> None:
    game, state, streams = make(objective=objective)
    found = measure(game, at(state, straight(1, 0.5, 1.0), ramp(0.0, 0.75)), streams)
    assert found.d == pytest.approx(0.75)
    assert found.readings["gap_half"] == pytest.approx(0.75 - centre)


def test_packs_are_of_independent_samples() -> None:
    """a(x_1, x_2) = relu(x_1 - x_2): E is std / sqrt(pi) for two of N(mu, std^2), about 0 for neighbours in order."""
    config = make()[0].config.replace_all([("regulariser.packing", 2)])
    game = build_game(config)
    streams = Streams([5])
    difference = torch.tensor([[1.0, -1.0, 0.0, 1.0, 0.0]])
    state = at(start(game, streams), straight(1, 0.7, 0.3), difference)
    found = measure(game, state, streams)
    assert found.d == pytest.approx(0.5)  # on the screen a pack is of one place, repeated
    for name, std in (("mean_d_real", 0.5), ("mean_d_fake", 0.7)):
        x = np.maximum(np.random.default_rng(0).normal(0, std * math.sqrt(2), 1_000_000), 0)
        assert found.expectations[name] == pytest.approx((1 / (1 + np.exp(-x))).mean(), abs=0.01)


def test_gaps_are_taken_over_the_centre_of_p_r_by_hand() -> None:
    game, state, streams = make()
    state = at(state, straight(1, 0.5, 1.0), ramp(2.0, -1.0))
    found = measure(game, state, streams)
    low, high = stats.norm.interval(CENTRAL_MASS, 1, 0.5)
    x = found.estimators.grid[(found.estimators.grid >= low) & (found.estimators.grid <= high)]
    d = 1 / (1 + np.exp(-(2 * np.maximum(x, 0) - 1)))
    assert found.readings["gap_half"] == pytest.approx(np.abs(d - 0.5).max(), abs=1e-6)
    # p_g = p_r, so D* is 1/2 up to the noise of p_g
    assert found.readings["gap_star"] == pytest.approx(np.abs(d - 0.5).max(), abs=0.05)
    assert np.abs(found.d - 0.5).max() > found.readings["gap_half"] + 0.01  # further out D is further from 1/2: not counted


def test_gap_star_is_the_distance_to_the_optimal_discriminator() -> None:
    game, state, streams = make()
    state = at(state, straight(1, 0.5, 1.5), ramp(1.0, -0.5))
    found = measure(game, state, streams)
    below = game.latent.spread(streams.measuring(state.step)[0], found.estimators.samples).numpy()
    x = stats.norm(1.5, 0.5).ppf(below)
    corners = refined(x, below, stats.norm(1.5, 0.5).ppf)
    laws = found.estimators.see(torch.from_numpy(x)[:, None], 0.0, corners)
    d_star = optimal_discriminator(laws.p_r, laws.p_g, game.objective.reading.optimal, central=found.estimators.central)
    np.testing.assert_allclose(found.d_star, d_star, atol=1e-3)
    assert found.readings["gap_star"] == pytest.approx(np.nanmax(np.abs(found.d - d_star)[found.estimators.central]))
    x = found.estimators.grid[found.estimators.central]
    exact = stats.norm.pdf(x, 1, 0.5) / (stats.norm.pdf(x, 1, 0.5) + stats.norm.pdf(x, 1.5, 0.5))
    np.testing.assert_allclose(d_star[found.estimators.central], exact, atol=0.01)


@pytest.mark.parametrize("changes", [{}, {"objective": "relativistic"}, {"discriminator.activation": "maxout"}], ids=str)
def test_the_slope_of_d_on_real_and_on_generated_samples(changes: dict[str, JsonValue]) -> None:
    """a(x) = 2 relu(x) - 1 climbs by 2 where x > 0: on all of N(1.5, 0.3^2) and on half of N(0, 0.5^2)."""
    game, state, streams = make(std=0.3)
    config = game.config.replace_all([("data.mean", 1.5), *changes.items()])
    game = build_game(config)
    phi = ramp(2.0, -1.0)
    if changes.get("discriminator.activation") == "maxout":  # the larger of x and 0
        phi = torch.tensor([[1.0, 0.0, 0.0, 0.0, 2.0, -1.0]])
    found = measure(game, at(state, straight(1, 0.5, 0.0), phi), streams).readings
    assert found["slope_real"] == pytest.approx(2, abs=1e-5)
    assert found["slope_fake"] == pytest.approx(1, abs=0.02 if not changes else 0.25)
    assert math.isnan(found["update_cosine"])


def test_a_slope_that_few_samples_meet_does_not_count_as_if_one_in_128_did() -> None:
    """a(x) = 9 relu(-x - 0.5) climbs beyond three standard deviations alone: of one sample in 741, on both laws."""
    game, state, streams = make()
    cliff = torch.tensor([[-1.0, -0.5, 9.0, 0.0]])
    for step in range(8):  # other samples of p_g
        found = measure(game, replace(at(state, straight(1, 0.5, 1.0), cliff), step=step), streams).readings
        for whose in ("real", "fake"):
            assert found[f"slope_{whose}"] == pytest.approx(9 * stats.norm.cdf(-3), abs=0.02), (step, whose)


def test_the_average_is_measured_only_when_there_is_one() -> None:
    game, state, streams = make()
    state = replace(state, theta=straight(1, 0.5, 2.0), average=straight(1, 0.5, 1.0))
    off = measure(game, state, streams)
    assert off.average is None and off.readings["jsd_average"] == off.readings["jsd"] > 0.2
    game, _, _ = make(averaging=0.9)
    on = measure(game, state, streams)
    assert on.average is not None
    assert on.readings["jsd"] == off.readings["jsd"] and on.readings["jsd_average"] < 0.01
    assert on.readings["wasserstein_average"] < 0.02 < on.readings["wasserstein"]


def test_readings_are_those_declared_and_measuring_twice_gives_the_same() -> None:
    for dimension in (1, 2):
        game, state, streams = make(dimension=dimension, averaging=0.9)
        before = streams.state()
        one, other = measure(game, state, streams), measure(game, state, streams)
        assert tuple(one.readings) == READINGS
        assert one.readings == pytest.approx(other.readings, abs=0, rel=0, nan_ok=True)
        assert one.expectations == other.expectations
        np.testing.assert_array_equal(one.live.p_g, other.live.p_g)
        assert torch.equal(streams.state(), before)
        assert measure(game, replace(state, step=1), streams).readings != one.readings  # other samples at another step


def test_parameters_that_are_no_numbers_are_read_without_an_error() -> None:
    game, state, streams = make(averaging=0.9)
    broken = at(state, torch.full_like(state.theta, math.nan), torch.full_like(state.phi, math.nan))
    found = measure(game, broken, streams)
    assert tuple(found.readings) == READINGS
    assert math.isnan(found.readings["gap_half"]) and math.isnan(found.readings["gap_star"])
