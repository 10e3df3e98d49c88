"""D trained to its best against a frozen G: the value it should reach is known."""

from __future__ import annotations

import math
from functools import lru_cache

import pytest
import torch
from torch import Generator, Tensor

from gandash.config import GameConfig
from gandash.config.data import GaussianConfig
from gandash.config.networks import MLPConfig
from gandash.config.regularisers import RegulariserConfig
from gandash.diagnostics.best_response import LOG4, Approach, Descent, approach, value
from gandash.game.game import Game, Streams, build_game

STD, SHIFT = 0.5, 0.6


def small_game(members: int = 1) -> Game:
    one = GameConfig(
        data=GaussianConfig(mean=1, std=STD),
        generator=MLPConfig(width=1, depth=1, activation="leaky_relu"),
        discriminator=MLPConfig(width=16, depth=2, activation="tanh"),
        regulariser=RegulariserConfig(r1=1.0),  # must not hold D back here
    )
    return build_game(*(one.replace("run.seed", seed) for seed in range(members)))


def place(game: Game, shift: float = SHIFT) -> tuple[Tensor, Tensor]:
    """G(z) = std z + mean + shift by a leaky unit that stays open (z > -100); D as initialised."""
    theta = torch.tensor([[1.0, 100.0, STD, 1.0 + shift - 100 * STD]]).repeat(game.members, 1)
    return theta, Streams([c.run.seed for c in game.configs]).initial(game.discriminator.network)


def generators(game: Game) -> list[Generator]:
    return Streams([c.run.seed for c in game.configs]).measuring(0)


def exact_jsd(shift: float) -> float:
    """JSD of two normal laws of one width, by a fine sum."""
    x = torch.linspace(-6, 8, 20001, dtype=torch.float64)
    p, q = (torch.exp(-0.5 * ((x - m) / STD) ** 2) / (STD * math.sqrt(2 * math.pi)) for m in (1.0, 1.0 + shift))
    m = (p + q) / 2
    terms = torch.special.xlogy(p, p / m.clamp_min(1e-300)) + torch.special.xlogy(q, q / m.clamp_min(1e-300))
    return float(terms.sum() * (x[1] - x[0])) / 2


@lru_cache
def way() -> tuple[Approach, ...]:
    game = small_game()
    theta, phi = place(game)
    return tuple(
        approach(game, theta, phi, generators(game), jsd=exact_jsd(SHIFT), steps=800, chunk=100, learning_rate=5e-3, batch=512)
    )


def test_d_reaches_the_value_of_the_best_response() -> None:
    jsd, found = exact_jsd(SHIFT), way()
    assert jsd == pytest.approx(0.15, abs=0.05)  # the test has something to win
    first, last = found[0], found[-1]
    assert first.steps == 0 and float(first.share) < 0.5
    # V is noisy by about 0.01 nats on 8192 points
    assert float(last.value) == pytest.approx(2 * jsd - LOG4, abs=0.02)
    assert 0.93 < float(last.share) < 1.07
    assert float(last.gap) < float(first.gap)


def test_gap_and_share_follow_from_the_value() -> None:
    jsd = exact_jsd(SHIFT)
    for now in way():
        torch.testing.assert_close(now.gap, 2 * jsd - LOG4 - now.value)
        torch.testing.assert_close(now.share, 1 - now.gap / (2 * jsd))


def test_it_stops_when_nothing_more_is_won() -> None:
    """p_g = p_r: there is nothing to win, so D soon stops far short of the steps it may take."""
    game = small_game()
    theta, phi = place(game, shift=0.0)
    found = list(
        approach(game, theta, phi, generators(game), jsd=0.0, steps=20000, chunk=50, learning_rate=5e-3, batch=256, patience=2)
    )
    assert found[-1].steps < 20000 and found[-1].steps % 50 == 0
    assert float(found[-1].value) == pytest.approx(-LOG4, abs=0.02)
    assert math.isnan(float(found[-1].share))  # nothing of nothing
    best = max(float(f.value) for f in found[:-2])
    assert all(float(f.value) <= best + 1e-4 for f in found[-2:])


def test_steps_are_counted_in_chunks_and_no_further() -> None:
    game = small_game()
    theta, phi = place(game)
    found = list(approach(game, theta, phi, generators(game), steps=25, chunk=10, batch=8, samples=64, patience=99))
    assert [f.steps for f in found] == [0, 10, 20, 25]
    assert all(math.isnan(float(f.gap)) and math.isnan(float(f.share)) for f in found)  # JSD was not said
    assert all(math.isfinite(float(f.value)) for f in found)
    assert torch.equal(found[0].phi, phi) and not torch.equal(found[1].phi, found[2].phi)


def test_the_state_and_the_run_are_left_alone() -> None:
    game = small_game()
    theta, phi = place(game)
    kept = theta.clone(), phi.clone()
    streams = Streams([0])
    before = streams.state()
    list(approach(game, theta, phi, streams.measuring(3), steps=20, chunk=10, batch=8, samples=64))
    assert torch.equal(theta, kept[0]) and torch.equal(phi, kept[1]) and torch.equal(streams.state(), before)
    assert not theta.requires_grad and not phi.requires_grad


def test_members_do_not_mix() -> None:
    both, alone = small_game(2), small_game(1)
    theta, phi = place(both)
    together = list(approach(both, theta, phi, generators(both), jsd=torch.tensor([0.1, 0.2]), steps=20, chunk=20, batch=8))
    single = list(approach(alone, theta[:1], phi[:1], generators(alone), jsd=0.1, steps=20, chunk=20, batch=8))
    torch.testing.assert_close(together[-1].phi[:1], single[-1].phi)
    torch.testing.assert_close(together[-1].share[:1], single[-1].share)
    assert not torch.equal(together[-1].phi[0], together[-1].phi[1])


def test_value_of_known_logits() -> None:
    zero = torch.zeros(2, 5)
    torch.testing.assert_close(value(zero, zero), torch.full((2,), -LOG4))
    a, b = torch.tensor([[0.3, -1.0]]), torch.tensor([[2.0, 0.5]])
    expected = torch.sigmoid(a).log().mean() + (1 - torch.sigmoid(b)).log().mean()
    torch.testing.assert_close(value(a, b), expected[None])
    assert float(value(torch.tensor([[-1e4]]), torch.tensor([[1e4]]))) == -2e4  # and stays finite


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("adam", lambda p: torch.optim.Adam(p, lr=0.03)),
        ("gradient_descent", lambda p: torch.optim.SGD(p, lr=0.03)),
        ("momentum", lambda p: torch.optim.SGD(p, lr=0.03, momentum=0.9)),
        ("rmsprop", lambda p: torch.optim.RMSprop(p, lr=0.03, alpha=0.99)),
    ],
)
def test_descent_is_that_of_torch(name: str, make: object) -> None:
    def loss(rows: Tensor) -> Tensor:
        return (rows**4 - 3 * rows).sum(1)

    start = torch.tensor([[0.3, -0.7], [1.5, 0.1]], dtype=torch.float64)
    descent, p = Descent(start.clone().requires_grad_(), 0.03, name), torch.nn.Parameter(start.clone())
    reference = make([p])  # type: ignore[operator]
    for _ in range(20):
        torch.testing.assert_close(descent.step(loss), loss(p).detach())
        reference.zero_grad()
        loss(p).sum().backward()
        reference.step()
    torch.testing.assert_close(descent.rows, p.detach(), rtol=1e-6, atol=1e-8)


def test_an_unknown_optimiser_is_refused() -> None:
    with pytest.raises(ValueError, match="no optimiser 'newton'; there are"):
        Descent(torch.zeros(1, 2), 0.1, "newton")


def test_a_discriminator_that_judges_pairs_wins_more() -> None:
    """JSD between laws of pairs exceeds that of single samples, so max_D V does too."""
    game = build_game(small_game().config.replace("regulariser.packing", 2))
    theta, _ = place(game)
    phi = Streams([0]).initial(game.discriminator.network)
    *_, last = approach(game, theta, phi, generators(game), steps=400, chunk=200, learning_rate=5e-3, batch=257, samples=8193)
    assert float(last.value) > 2 * exact_jsd(SHIFT) - LOG4 + 0.05
