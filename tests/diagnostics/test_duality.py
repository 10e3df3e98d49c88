"""The duality gap: zero where neither player can win, and what plain loops with torch.optim find elsewhere."""

from __future__ import annotations

import math
from typing import Literal

import pytest
import torch
from torch import Tensor

from gandash.config import GameConfig, RunConfig
from gandash.config.data import GaussianConfig
from gandash.config.networks import LatentConfig, LinearConfig, MLPConfig
from gandash.config.regularisers import RegulariserConfig
from gandash.diagnostics.best_response import LOG4
from gandash.diagnostics.duality import duality_gap, gap_of_equals
from gandash.examine.duality import logit_at_rest
from gandash.game.game import Game, build_game
from gandash.game.losses import generate, logits

BATCH = 6
Name = Literal["minimax", "non_saturating"]


def draw(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def small_game(members: int = 1, objective: Name = "non_saturating") -> Game:
    one = GameConfig(
        latent=LatentConfig(dimension=2),
        generator=MLPConfig(width=3, depth=1, activation="tanh"),
        discriminator=MLPConfig(width=5, depth=2, activation="tanh"),
        objective=objective,
        regulariser=RegulariserConfig(r1=3.0),  # no part of V
        run=RunConfig(batch=BATCH),
    )
    return build_game(*[one] * members)


def place(game: Game) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    m = game.members
    theta, phi = draw(m, game.generator.network.size, seed=1), draw(m, game.discriminator.network.size, seed=2)
    return theta, phi, draw(m, BATCH, 1, seed=3) + 1, draw(m, BATCH, 2, seed=4)


def plain_value(game: Game, theta: Tensor, phi: Tensor, real: Tensor, latents: Tensor) -> Tensor:
    on_real = torch.sigmoid(logits(game, phi, real))
    on_fake = torch.sigmoid(logits(game, phi, generate(game, theta, latents)))
    return on_real.log().mean() + (1 - on_fake).log().mean()


@pytest.mark.parametrize("objective", ["minimax", "non_saturating"])
@pytest.mark.parametrize(("steps", "rate"), [(1, 0.02), (15, 0.02), (15, 1.0)])  # the last of them overshoots
def test_against_plain_loops(objective: Name, steps: int, rate: float) -> None:
    """torch.optim.Adam on each player in turn, the best of what it visits, whatever objective and penalty the game has."""
    game = small_game(objective=objective)
    theta, phi, real, latents = place(game)
    extremes = []
    for player, sign in ((1, -1.0), (0, 1.0)):
        rows = [theta, phi]
        moving = torch.nn.Parameter(rows[player].clone())
        rows[player] = moving
        descent = torch.optim.Adam([moving], lr=rate)
        visited = [float(plain_value(game, rows[0], rows[1], real, latents).detach())]
        for _ in range(steps):
            descent.zero_grad()
            (sign * plain_value(game, rows[0], rows[1], real, latents)).backward()
            descent.step()
            visited.append(float(plain_value(game, rows[0], rows[1], real, latents).detach()))
        extremes.append(-sign * max(-sign * v for v in visited))
    found = duality_gap(game, theta, phi, real, latents, steps=steps, learning_rate=rate)
    assert found.steps == steps
    assert float(found.value) == pytest.approx(float(plain_value(game, theta, phi, real, latents)), rel=1e-9)
    assert float(found.worst_for_g) == pytest.approx(extremes[0], rel=1e-6)
    assert float(found.worst_for_d) == pytest.approx(extremes[1], rel=1e-6)
    assert float(found.gap) == pytest.approx(extremes[0] - extremes[1], rel=1e-6) and float(found.gap) > 0


def test_no_gap_at_equilibrium() -> None:
    """Generated samples that are the real ones, and D = 1/2 everywhere: nobody can win anything, however long they try."""
    game = small_game()
    theta, phi, _, latents = place(game)
    last = game.discriminator.network.layers[-1]
    phi[:, -(last[0] * last[1] + last[1]) :] = 0
    real = generate(game, theta, latents)
    found = duality_gap(game, theta, phi, real, latents, steps=30, learning_rate=0.01)
    # after rounding Adam makes full steps of gradients of 1e-17; V cannot rise above -log 4 all the same
    assert float(found.gap) == pytest.approx(0, abs=1e-12)
    assert float(found.value) == pytest.approx(-LOG4, abs=1e-12)


def test_d_half_alone_is_no_equilibrium() -> None:
    """A dead D at 1/2 hides that p_g is elsewhere: V = -log 4 as at equilibrium, and D's half of the gap tells."""
    game = small_game()
    theta, phi, real, latents = place(game)
    last = game.discriminator.network.layers[-1]
    phi[:, -(last[0] * last[1] + last[1]) :] = 0
    found = duality_gap(game, theta, phi, real + 5, latents, steps=300, learning_rate=0.02)
    assert float(found.value) == pytest.approx(-LOG4)
    assert float(found.worst_for_d) == pytest.approx(-LOG4)  # a constant D gives G nothing to win
    assert -0.05 < float(found.worst_for_g) < 0  # separable samples: max_D V = 0 = -log 4 + 2 log 2


def test_more_steps_find_no_less_and_none_find_nothing() -> None:
    game = small_game()
    theta, phi, real, latents = place(game)
    gaps = [float(duality_gap(game, theta, phi, real, latents, steps=n, learning_rate=0.02).gap) for n in (0, 1, 5, 20, 60)]
    assert gaps[0] == 0
    assert gaps == sorted(gaps) and gaps[1] > 0


def test_too_long_a_stride_never_counts_against_a_player() -> None:
    game = small_game()
    theta, phi, real, latents = place(game)
    found = duality_gap(game, theta, phi, real, latents, steps=5, learning_rate=1e3, optimiser="gradient_descent")
    assert float(found.worst_for_g) >= float(found.value) >= float(found.worst_for_d)
    assert math.isfinite(float(found.gap))


def test_on_a_batch_that_was_not_trained_on() -> None:
    game = small_game()
    theta, phi, real, latents = place(game)
    test = draw(1, 50, 1, seed=7) + 1, draw(1, 50, 2, seed=8)
    found = duality_gap(game, theta, phi, real, latents, steps=10, learning_rate=0.02, test=test)
    assert float(found.value) == pytest.approx(float(plain_value(game, theta, phi, *test)), rel=1e-9)
    seen = duality_gap(game, theta, phi, real, latents, steps=10, learning_rate=0.02)
    assert float(found.gap) != float(seen.gap)


def test_the_state_is_left_alone_and_members_do_not_mix() -> None:
    game = small_game(members=2)
    theta, phi, real, latents = place(game)
    kept = [t.clone() for t in (theta, phi, real, latents)]
    found = duality_gap(game, theta, phi, real, latents, steps=8, learning_rate=0.02)
    for before, after in zip(kept, (theta, phi, real, latents), strict=True):
        assert torch.equal(before, after) and not after.requires_grad
    for m in range(2):
        own = slice(m, m + 1)
        alone = duality_gap(small_game(), theta[own], phi[own], real[own], latents[own], steps=8, learning_rate=0.02)
        torch.testing.assert_close(found.gap[own], alone.gap)
        torch.testing.assert_close(found.value[own], alone.value)


def test_a_discriminator_that_judges_packs() -> None:
    """The same samples in pairs: V is of pairs, each judged once."""
    game = build_game(small_game().config.replace("regulariser.packing", 2))
    theta, phi, real, latents = place(game)
    found = duality_gap(game, theta, phi, real, latents, steps=3, learning_rate=0.02)
    pairs, fakes = real.reshape(1, BATCH // 2, 2), generate(game, theta, latents).reshape(1, BATCH // 2, 2)
    on_real, on_fake = (torch.sigmoid(logits(game, phi, x)) for x in (pairs, fakes))
    assert float(found.value) == pytest.approx(float(on_real.log().mean() + (1 - on_fake).log().mean()))
    assert float(found.gap) > 0


# ------------------------------------------------------------------------------------------------- what equal laws read


def equals(game: Game, at_rest: float, rows: int, steps: int, rate: float) -> Tensor:
    """Of so many rows of D, from anywhere, all on samples of N(0, 1)."""
    n, m = 512, 4096
    batches = [draw(rows, k, 1, seed=seed) for seed, k in enumerate((n, n, m, m))]
    phi = draw(rows, game.discriminator.network.size, seed=9)
    return gap_of_equals(game, phi, *batches[:2], at_rest, steps=steps, learning_rate=rate, test=(batches[2], batches[3]))


def test_equal_laws_read_what_d_learns_by_heart() -> None:
    """D(x) = sigma(psi x): on n samples of each law the best psi wins a chi-square of 1 over 2 n (Wilks 1938), and loses as
    much on others."""
    line = GameConfig(data=GaussianConfig(), discriminator=LinearConfig(), latent=LatentConfig(dimension=1))
    game, rows = build_game(line), 200
    found = equals(game, 0.0, rows, 60, 0.01)
    assert found.mean() == pytest.approx(-1 / 1024, abs=4 * math.sqrt(2) / 1024 / math.sqrt(rows))
    with pytest.raises(ValueError, match="no bias"):
        equals(game, -0.4, 1, 1, 0.01)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_equal_laws_under_smoothed_labels_read_what_d_wins_back(smoothing: float) -> None:
    """c = (1 - s)/2: the best constant has -log 4, and D had log c + log(1 - c)."""
    game = build_game(small_game().config.replace("regulariser.smoothing", smoothing))
    at_rest, c = logit_at_rest(game), (1 - smoothing) / 2
    assert at_rest == pytest.approx(math.log(c / (1 - c)))
    found = equals(game, at_rest or 0.0, 8, 100, 0.01)
    assert found.mean() == pytest.approx(-LOG4 - math.log(c) - math.log(1 - c), abs=0.02)
    few = equals(game, at_rest or 0.0, 8, 1, 1e-3)
    assert abs(float(few.mean())) < 2e-3, "one small step wins next to nothing"
