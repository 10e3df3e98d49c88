"""The path of a game: fields whose angle is known at every point, and D's slope by finite differences."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from gandash.config import GameConfig, RunConfig
from gandash.config.networks import LatentConfig, MLPConfig
from gandash.config.setting import JsonValue
from gandash.diagnostics import path as path_module
from gandash.diagnostics.path import PathHistory, UpdateCosine, mean_slope, path_angle, update_cosine
from gandash.diagnostics.spectrum import joint, joint_field
from gandash.game.game import Game, build_game
from gandash.game.losses import logits

END = torch.tensor([1.0, 2.0], dtype=torch.float64)
START = torch.tensor([-2.0, 2.0], dtype=torch.float64)
TURN = torch.tensor([[0.0, 1.0], [-1.0, 0.0]], dtype=torch.float64)


def draw(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def small_game(members: int = 1) -> Game:
    one = GameConfig(
        latent=LatentConfig(dimension=2),
        generator=MLPConfig(width=3, depth=1, activation="tanh"),
        discriminator=MLPConfig(width=4, depth=2, activation="tanh"),
        run=RunConfig(batch=5),
    )
    return build_game(*[one] * members)


# ---------------------------------------------------------------------------------------------------------- path angle


def test_an_attracting_end_changes_the_sign() -> None:
    """v = w - end, descent convention: the game walks to the end from both sides."""
    found = path_angle(lambda w: w - END, START, END, points=26, beyond=0.25)
    assert (found.alphas[0], found.alphas[-1]) == (-0.25, 1.25)
    np.testing.assert_allclose(found.cosines, np.sign(found.alphas - 1), atol=1e-9)
    np.testing.assert_allclose(found.norms, 3 * np.abs(found.alphas - 1), atol=1e-12)
    swapped = path_angle(lambda w: END - w, START, END, points=26)
    np.testing.assert_allclose(swapped.cosines, -np.sign(swapped.alphas - 1), atol=1e-9)


def test_a_rotation_stands_square_on_a_line_through_its_centre() -> None:
    found = path_angle(lambda w: TURN @ (w - END), START, END, points=26)
    np.testing.assert_allclose(found.cosines, 0, atol=1e-9)


def test_a_rotation_beside_its_centre_makes_a_bump() -> None:
    """At height e above the centre and x along the line the cosine is e / sqrt(e^2 + x^2): 1 at the end, small far off."""
    e = 0.1
    above = torch.tensor([0.0, e], dtype=torch.float64)
    found = path_angle(lambda w: TURN @ (w - END), START + above, END + above, points=51)
    x = 3 * (found.alphas - 1)
    np.testing.assert_allclose(found.cosines, e / np.sqrt(e**2 + x**2), atol=1e-9)


def test_a_spiral_has_the_angle_of_its_eigenvalue() -> None:
    found = path_angle(lambda w: (0.5 * torch.eye(2).double() + TURN) @ (w - END), START, END, points=26)
    np.testing.assert_allclose(found.cosines, np.sign(found.alphas - 1) * 0.5 / math.hypot(0.5, 1), atol=1e-9)


def test_at_rest_there_is_no_angle() -> None:
    found = path_angle(lambda w: w - END, START, END, points=3, beyond=0)
    assert math.isnan(found.cosines[-1]) and found.norms[-1] == 0 and found.cosines[0] == pytest.approx(-1)


@pytest.mark.parametrize(
    ("field", "says", "not_says"),
    [
        (lambda w: w - END, "attraction.", "rotation"),
        (lambda w: END - w, "repulsion.", "rotation"),
        (lambda w: TURN @ (w - END), "square to the line", "attraction"),
        (lambda w: (0.5 * torch.eye(2).double() + TURN) @ (w - END), "attraction; most of the field", "repulsion"),
        (lambda w: (torch.eye(2).double() + 0.1 * TURN) @ (w - END), "attraction.", "across"),
        (lambda w: TURN @ (w - END - torch.tensor([0.0, 0.1]).double()), "a bump between", "attraction"),
        (lambda w: w - END - 5 * (END - START), "leads on, along the way it came", "rotation"),
        (lambda w: w - START + 5 * (END - START), "leads back", "rotation"),
        (lambda w: 0 * w, "zero along this line", "rotation"),
    ],
    ids=["in", "out", "turn", "spiral", "nearly straight in", "turn beside", "on", "back", "nothing"],
)
def test_the_angle_in_words(field: Callable[[Tensor], Tensor], says: str, not_says: str) -> None:
    found = path_angle(field, START, END, points=61)
    assert says in found.words and not_says not in found.words


@pytest.mark.parametrize("end", [START, START * math.nan], ids=["same", "nan"])
def test_a_line_needs_two_points(end: Tensor) -> None:
    with pytest.raises(ValueError, match="choose two points"):
        path_angle(lambda w: w, START, end)


def test_path_of_a_game() -> None:
    """Between two states of a game: the ends are the game's own field there."""
    game = small_game()
    thetas, phis = draw(2, 1, game.generator.network.size, seed=1), draw(2, 1, game.discriminator.network.size, seed=2)
    field = joint_field(game, draw(1, 5, 1, seed=3), draw(1, 5, 2, seed=4))
    start, end = joint(thetas[0], phis[0]), joint(thetas[1], phis[1])
    found = path_angle(field, start, end, points=5, beyond=0)
    for i, w in ((0, start), (2, (start + end) / 2), (4, end)):
        v = field(w).detach()
        assert found.norms[i] == pytest.approx(float(v.norm()), rel=1e-9)
        assert found.cosines[i] == pytest.approx(float(torch.cosine_similarity(v, end - start, dim=0)), rel=1e-9)
    assert not start.requires_grad


# --------------------------------------------------------------------------------------------------------- turning path


def update_cosines(path: Tensor) -> Tensor:
    """The cosines at the inner points of a path `(T, ..., n)`: `(T - 2, ...)`."""
    updates = path.double().diff(dim=0)
    return update_cosine(updates[:-1], updates[1:])


def test_update_cosines_of_a_polygon() -> None:
    """A regular polygon turns by 2 pi / k at every corner."""
    k = 8
    t = torch.arange(k + 2) * (2 * math.pi / k)
    path = torch.stack([t.cos(), t.sin()], dim=1)
    np.testing.assert_allclose(update_cosines(path).numpy(), math.cos(2 * math.pi / k), atol=1e-6)


def test_update_cosines_of_members() -> None:
    path = draw(6, 3, 4, seed=1)
    found = update_cosines(path)
    assert found.shape == (4, 3)
    for t in range(4):
        for m in range(3):
            a, b = path[t + 1, m] - path[t, m], path[t + 2, m] - path[t + 1, m]
            assert float(found[t, m]) == pytest.approx(float(a @ b / (a.norm() * b.norm())))


def test_straight_back_and_standing_still() -> None:
    a = torch.tensor([1.0, 2.0])
    assert float(update_cosine(a, 3 * a)) == pytest.approx(1)
    assert float(update_cosine(a, -a)) == pytest.approx(-1)
    assert math.isnan(float(update_cosine(a, 0 * a)))


def test_turning_follows_a_polygon_and_a_stop() -> None:
    k, turning = 6, UpdateCosine()
    t = torch.arange(k + 2) * (2 * math.pi / k)
    found = [turning.take(t[i : i + 1, None].cos(), t[i : i + 1, None].sin()) for i in range(len(t))]
    assert math.isnan(found[0]) and math.isnan(found[1])
    np.testing.assert_allclose(found[2:], math.cos(2 * math.pi / k), atol=1e-6)
    assert math.isnan(turning.take(t[-1:, None].cos(), t[-1:, None].sin()))  # nobody moved
    two = UpdateCosine()
    members = [torch.tensor([[9.0 * i], [x]]) for i, x in enumerate((0.0, 1.0, 0.0))]
    assert [two.take(m, m, member=1) for m in members][-1] == pytest.approx(-1)


# --------------------------------------------------------------------------------------------------------------- trail


def test_a_trail_keeps_the_first_and_the_newest_and_thins_the_old() -> None:
    trail = PathHistory()
    for step in range(0, 4000, 20):
        trail.take(step, torch.tensor([[float(step)]]), torch.tensor([[-1.0, 2.0]]))
        steps = [point.step for point in trail.points]
        assert steps[0] == 0 and steps[-1] == step and steps == sorted(set(steps)) and len(steps) <= path_module.POINTS
    assert all(point.w.tolist() == [point.step, -1, 2] for point in trail.points)
    gaps = np.diff(steps)
    assert (gaps[-16:] == 20).all() and gaps[:8].min() > 20
    trail.take(2000, torch.tensor([[2000.0]]), torch.tensor([[0.0, 0.0]]))  # the game went back
    assert trail.points[-1].step == 2000 and all(point.step < 2000 for point in trail.points[:-1])
    assert trail.points[-1].w.tolist() == [2000, 0, 0]


def test_a_trail_of_large_players_is_shorter_and_its_points_are_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(path_module, "BYTES", 4 * 100 * 20)  # twenty points of a hundred float32
    trail, theta = PathHistory(), torch.zeros(1, 60)
    for step in range(200):
        trail.take(step, theta, torch.ones(1, 40))
    assert 10 <= len(trail.points) <= 20
    theta.fill_(7)
    assert float(trail.points[-1].w[0]) == 0


# ------------------------------------------------------------------------------------------------------------ D's slope


def test_mean_slope_by_finite_differences() -> None:
    game = small_game(members=3)
    phi, x = 1.5 * draw(3, game.discriminator.network.size, seed=1), draw(3, 7, 1, seed=2)
    h = 1e-5
    slopes = (logits(game, phi, x + h) - logits(game, phi, x - h)) / (2 * h)
    with torch.no_grad():
        found = mean_slope(game, phi, x)
    torch.testing.assert_close(found, slopes.abs().mean(1), rtol=1e-7, atol=1e-9)
    assert not found.requires_grad and not x.requires_grad


@pytest.mark.parametrize("changes", [{"discriminator.activation": "maxout"}, {"regulariser.packing": 2}], ids=str)
def test_mean_slope_of_other_games(changes: dict[str, JsonValue]) -> None:
    config = small_game().config.replace("run.batch", 6).replace_all(list(changes.items()))
    game = build_game(config)
    phi, x = draw(1, game.discriminator.network.size, seed=1), draw(1, 8, 1, seed=2)
    packed = x.reshape(1, -1, game.pack).clone().requires_grad_()
    (slope,) = torch.autograd.grad(logits(game, phi, packed).sum(), packed)
    with torch.inference_mode():
        found = mean_slope(game, phi, x)
    torch.testing.assert_close(found, slope.norm(dim=-1).mean(-1), rtol=1e-9, atol=1e-12)
