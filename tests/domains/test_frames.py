"""What a picture carries: the same on every stage where it can be the same, and true to the state it shows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from playing import Played, picture

from gandash.config import GameConfig, RunConfig
from gandash.config.data import GridConfig, MixtureConfig, PointMassConfig, RingConfig, TwoMoonsConfig
from gandash.config.networks import LatentConfig, LinearConfig, MLPConfig, PointConfig
from gandash.config.regularisers import RegulariserConfig
from gandash.config.setting import Settings, kind_of
from gandash.diagnostics.phase import GRID as PHASE_GRID
from gandash.diagnostics.phase import flow
from gandash.diagnostics.plane import FIELD
from gandash.domains import plane
from gandash.domains.registry import DOMAINS, domain_of
from gandash.domains.scalar import ScalarDomain
from gandash.game.distributions import DISTRIBUTIONS, PointDistribution
from gandash.game.field import sample_gradient
from gandash.game.game import build_game
from gandash.game.losses import generate, logits
from gandash.game.objectives import OBJECTIVES
from gandash.game.round import GameState
from gandash.worker.observer import COLUMNS

SMALL = MLPConfig(width=8)


def kind_of_data(data: Settings) -> str:
    return kind_of(type(data))


def session(data: Settings, dimension: int = 2, objective: str = "non_saturating") -> Played:
    return Played(
        GameConfig.model_validate(
            {
                "data": data,
                "latent": LatentConfig(dimension=dimension),
                "generator": SMALL,
                "discriminator": SMALL,
                "regulariser": RegulariserConfig(r1=0.3),
                "objective": objective,
                "run": RunConfig(batch=32, averaging=0.9),
            }
        )
    )


POINTS = {settings: law for settings, law in DISTRIBUTIONS.items() if issubclass(law, PointDistribution)}


@pytest.mark.parametrize("settings", POINTS, ids=kind_of)
@pytest.mark.parametrize("dimension", [1, 2, 3])
def test_every_law_has_a_stage_with_any_latent(settings: type[Settings], dimension: int) -> None:
    played = session(settings(), dimension)
    for _ in range(3):
        played.advance()
    facts = played.facts()
    label, arrays = played.frame_arrays()
    assert facts.stage == {1: "line", 2: "plane"}[settings.dimension]  # type: ignore[attr-defined]
    assert set(facts.columns) == set(COLUMNS)
    modes = played.game.data.modes()
    assert len(facts.modes) == (len(modes.weights) if modes else 0)
    assert label.step == label.measured == 3
    assert {"jsd", "value", "modes", "gap_half"} <= label.numbers.keys()
    assert (label.numbers["modes"] is None) == (modes is None)
    for name, array in arrays.items():
        assert name == "d_star" or np.isfinite(array).all(), name
    assert len(picture(played)) < 64 * 1024


def test_every_law_is_included_in_a_domain_and_every_domain_in_use() -> None:
    found = {type(domain_of(build_game(GameConfig().replace("data", {"kind": kind_of(law)})))) for law in DISTRIBUTIONS}
    assert found == {type(domain) for domain in DOMAINS} - {ScalarDomain}
    assert isinstance(domain_of(scalar().game), ScalarDomain)


def test_a_plane_frame_shows_the_state() -> None:
    played = session(RingConfig())
    for _ in range(5):
        played.advance()
    _, arrays = played.frame_arrays()
    facts, state = played.facts(), played.state
    assert arrays["d"].shape == arrays["d_star"].shape == (FIELD, FIELD)
    low_x, high_x, low_y, high_y = facts.window
    column, row = 40, 7  # the arrays are rows of y, lowest first
    x = low_x + (column + 0.5) / FIELD * (high_x - low_x)
    y = low_y + (row + 0.5) / FIELD * (high_y - low_y)
    with torch.no_grad():
        d = torch.sigmoid(logits(played.game, state.phi, torch.tensor([[[x, y]]])))
    assert arrays["d"][row, column] == pytest.approx(float(d), abs=1e-5)
    m = plane._MESH
    assert arrays["mesh"].shape == (m, m, 2)
    line = played.game.latent.line(m)
    with torch.no_grad():
        node = generate(played.game, state.theta, torch.stack([line[3], line[11]])[None, None])
    np.testing.assert_allclose(arrays["mesh"][11, 3], node[0, 0].numpy(), atol=1e-5)  # row is z_2, column z_1
    assert arrays["real"].shape == arrays["generated"].shape == arrays["sample_gradient"].shape
    covered = played.measurement().live.coverage
    assert covered is not None
    np.testing.assert_array_equal(arrays["shares"], covered.shares)


def test_dots_glide_because_their_latents_stay() -> None:
    one, other = session(GridConfig()), session(GridConfig())
    before = one.frame_arrays()[1]
    one.advance()
    after = one.frame_arrays()[1]
    np.testing.assert_array_equal(before["real"], after["real"])
    moved = np.linalg.norm(after["generated"] - before["generated"], axis=1)
    assert 0 < moved.max() < 0.5
    np.testing.assert_array_equal(other.frame_arrays()[1]["generated"], before["generated"])  # by the seed alone


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("data", [MixtureConfig(), RingConfig()], ids=kind_of_data)
def test_d_is_drawn_as_its_objective_reads_it(objective: str, data: Settings) -> None:
    played = session(data, objective=objective)
    for _ in range(3):
        played.advance()
    label, arrays = played.frame_arrays()
    estimators, reading = played.measurement().estimators, played.game.objective.reading
    with torch.no_grad():
        a = logits(played.game, played.state.phi_effective, estimators.points[None])[0]
    read = a if reading.logit is None else torch.sigmoid(reading.logit(a))
    np.testing.assert_allclose(arrays["d"].reshape(-1), read.numpy(), atol=1e-5)
    assert np.isfinite(arrays["d_star"]).any() == (reading.optimal is not None)
    assert (label.numbers["value"] is None) == (reading.logit is None)
    assert picture(played)


@pytest.mark.parametrize("data", [MixtureConfig(), RingConfig()], ids=kind_of_data)
@pytest.mark.parametrize(
    "changes",
    [
        {"regulariser.spectral": "on"},
        {"regulariser.packing": 4},
        {"discriminator": {"kind": "linear"}},
        {"generator": {"kind": "point"}, "discriminator.activation": "maxout"},
        {"generator.normalisation": "batch", "discriminator.normalisation": "layer"},
        {"generator.dropout": 0.5, "discriminator.dropout": 0.5, "objective": "relativistic"},
    ],
    ids=lambda c: " ".join(c),
)
def test_games_of_every_make_are_drawn_with_what_d_is_judged_with(data: Settings, changes: dict[str, Any]) -> None:
    played = Played(session(data).config.replace_all(list(changes.items())))
    for _ in range(3):
        played.advance()
    _, arrays = played.frame_arrays()
    places = played.measurement().estimators.points[None].repeat(1, 1, played.game.pack)
    with torch.no_grad():
        a = logits(played.game, played.state.phi_effective, places)[0]
    np.testing.assert_allclose(arrays["d"].reshape(-1), played.game.objective.reading.of(a).numpy(), atol=1e-5)
    for name, array in arrays.items():
        assert name == "d_star" or np.isfinite(array).all(), name
    for name, array in played.frame_arrays()[1].items():
        np.testing.assert_array_equal(array, arrays[name])  # dropout is for training alone


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_pull_is_minus_the_gradient_of_the_generators_loss(objective: str) -> None:
    """By finite differences of L_G over one sample, in double precision."""
    played = session(TwoMoonsConfig(), objective=objective)
    for _ in range(20):
        played.advance()
    phi = played.state.phi.double()
    x = torch.tensor([[[0.3, -0.2], [1.0, 0.7], [-1.2, 0.1]]], dtype=torch.float64)

    with torch.no_grad():
        rival = logits(played.game, phi, x).median(dim=1, keepdim=True).values  # what pairs are read against

    def loss(at: torch.Tensor) -> torch.Tensor:
        return played.game.objective.generator(rival, logits(played.game, phi, at))

    found = sample_gradient(played.game, phi, x)
    for i in range(3):
        for k in range(2):
            h = torch.zeros(1, 1, 2, dtype=torch.float64)
            h[0, 0, k] = 1e-6
            slope = float((loss(x[:, i : i + 1] + h) - loss(x[:, i : i + 1] - h)) / 2e-6)
            assert float(found[0, i, k]) == pytest.approx(-slope, rel=1e-4, abs=1e-9)


def test_a_hurried_picture_may_show_the_last_measurement_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    played = session(RingConfig())
    for _ in range(3):
        played.advance()
    label, arrays = played.frame_arrays(hurried=True)
    assert (label.step, label.measured) == (3, 0)
    exact_label, exact = played.frame_arrays()
    assert exact_label.measured == 3
    np.testing.assert_array_equal(arrays["d"], exact["d"])  # what is cheap is of the very step
    np.testing.assert_array_equal(arrays["generated"], exact["generated"])
    assert label.numbers["jsd"] != exact_label.numbers["jsd"]
    assert session(MixtureConfig(), 1).frame_arrays(hurried=True)[0].measured == 0
    on_the_line = session(MixtureConfig(), 1)
    on_the_line.advance()
    assert on_the_line.frame_arrays(hurried=True)[0].measured == 1  # cheap enough to be measured each time


def test_the_jsd_of_the_plane_is_read_at_a_period_of_its_own_and_says_of_which_step_it_is() -> None:
    """Dear readings come at known steps, often at first, and for who stands still: a replay has the same rows."""
    played = session(RingConfig())
    domain = domain_of(played.game)
    every, dear = domain.measure_every, domain.jsd_every
    assert dear is not None and dear % every == 0 and dear > every
    rows = []
    for step in range(1, dear + every + 1):
        played.advance()
        if step == every + 1:
            running = played.frame_arrays(with_jsd=False)[0]
            still = played.frame_arrays()[0]
        rows.append(played.drain().values[-1])
    assert (running.measured, running.numbers["jsd_step"]) == (every + 1, every)
    assert (still.measured, still.numbers["jsd_step"]) == (every + 1, every + 1)
    error = still.numbers["jsd_error"]
    assert error is not None and 0 < error < 0.03 and still.numbers["jsd"] != running.numbers["jsd"]
    played.read_jsd()
    assert played.frame_arrays(with_jsd=False)[0].numbers["jsd_step"] == dear + every
    table = dict(zip(played.columns, np.array(rows).T, strict=True))
    renewed = {name: (np.flatnonzero(np.diff(table[name])) + 2).tolist() for name in ("jsd", "wasserstein")}
    assert renewed["jsd"] == [every, 2 * every, 4 * every, 8 * every, dear]
    assert renewed["wasserstein"] == list(range(every, dear + every + 1, every))


def test_a_diverged_plane_game_still_makes_a_picture() -> None:
    played = session(RingConfig())
    state: GameState = played.state
    played.state = type(state)(**{**state.__dict__, "theta": torch.full_like(state.theta, math.nan), "step": 1})
    label, arrays = played.frame_arrays()
    assert label.numbers["jsd"] is None and "shares" not in arrays
    picture(played)


def scalar(**changes: Any) -> Played:
    config = GameConfig(
        data=PointMassConfig(location=0.5),
        generator=PointConfig(start=1.0),
        discriminator=LinearConfig(start=1.0),
        regulariser=RegulariserConfig(r1=0.0),
        run=RunConfig(batch=32, averaging=0.0),
    )
    return Played(config.replace_all(list(changes.items())))


def test_a_scalar_game_on_a_point_mass_alone_is_shown_on_the_phase_plane() -> None:
    facts = scalar().facts()
    assert (facts.stage, facts.equilibrium) == ("phase", (0.5, 0.0))
    assert len(facts.phase.eigenvalues) == 2 and facts.phase.modulus is None  # AdamConfig
    assert scalar(data={"kind": "gaussian"}).facts().stage == "line"
    assert scalar(**{"regulariser.spectral": "on"}).facts().stage == "line"
    none = scalar(objective="least_squares").facts()
    assert none.equilibrium is None and none.phase.eigenvalues == ()
    assert picture(scalar(objective="least_squares"))


def test_the_flow_follows_noise_that_fades_and_the_words_name_their_step() -> None:
    played = scalar(**{"regulariser.noise": 1.0, "regulariser.noise_half_life": 10.0})
    shown = []
    for _ in range(60):
        played.advance()
        shown.append(played.frame_arrays()[1]["flow"])
        if played.free_rows == 0:
            played.drain()
    assert played.facts().window == (-2.5, 3.5, -3, 3)
    x, y = torch.meshgrid(torch.linspace(-2.5, 3.5, PHASE_GRID), torch.linspace(-3, 3, PHASE_GRID), indexing="xy")
    places = torch.stack([x, y], dim=-1).reshape(-1, 2)
    for step, array in ((1, shown[0]), (20, shown[19]), (60, shown[59])):
        np.testing.assert_allclose(array.reshape(-1, 2), flow(played.game, places, 0.5 ** (step / 10)), atol=0.03)
    assert np.abs(shown[0] - shown[59]).max() > 0.1
    assert "as at step 60" in played.facts().phase.words
    played.set("regulariser.noise_half_life", 0.0)
    assert "as at" not in played.facts().phase.words


def test_the_path_of_a_game_that_went_back_ends_where_it_is() -> None:
    played = scalar()
    for _ in range(5):
        played.advance()
    kept = played.snapshot()
    for _ in range(5):
        played.advance()
    assert len(played.frame_arrays()[1]["path"]) == 2 * 11  # from step 0 on, whether anybody looked then or not
    played.restore(kept)
    played.advance()
    path = played.frame_arrays()[1]["path"].reshape(-1, 2)
    assert len(path) == 7 and path[-1] == pytest.approx([float(played.state.theta), float(played.state.phi_effective)])
