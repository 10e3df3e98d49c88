"""What the verdict is given of D: in units of what D is asked for, on what it is shown."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from playing import Played

from gandash.config import GameConfig
from gandash.config.objectives import OBJECTIVES
from gandash.diagnostics.verdict import DiscriminatorTargets
from gandash.domains.verdict_evidence import outputs_of_d, share_off, targets_of_d
from gandash.game.objectives import objective

SMALL = GameConfig().replace_all(
    [("generator.width", 4), ("discriminator.width", 4), ("run.batch", 8), ("data", {"kind": "gaussian"})]
)
FREE = ("wasserstein", "relativistic")


@pytest.mark.parametrize("name", OBJECTIVES)
def test_every_objective_says_what_it_asks(name: str) -> None:
    """By what its loss asks for: a far output on either side of the reading's range costs least."""
    reading = objective(name).reading
    if name in FREE:
        assert reading.asked is None
        return
    assert reading.asked == ((-1, 1) if name == "hinge" else (0, 1))
    assert reading.rests_anywhere == (name == "hinge")


def test_smoothing_packs_and_noise_are_told() -> None:
    given = SMALL.replace_all([("regulariser.smoothing", 0.2), ("regulariser.packing", 2), ("regulariser.noise", 0.3)])
    assert targets_of_d(Played(given).game) == DiscriminatorTargets(0, pytest.approx(0.8), 2, True)
    assert targets_of_d(Played(SMALL).game) == DiscriminatorTargets()
    assert targets_of_d(Played(SMALL.replace_all([("objective", "wasserstein")])).game) is None


def said_by(config: GameConfig, **found: Any) -> dict[str, float]:
    session = Played(config)
    return outputs_of_d(session.game, replace(session.measurement(), **found), 0.3)


def test_a_free_critic_says_nothing_and_a_hinge_no_gap() -> None:
    said = {"mean_d_real": 0.9, "mean_d_fake": -0.9}
    assert all(math.isnan(value) for value in said_by(SMALL.replace("objective", "wasserstein"), expectations=said).values())
    hinge = said_by(SMALL.replace("objective", "hinge"), expectations=said)
    assert math.isnan(hinge["gap_half"]) and {n: hinge[n] for n in said} == said
    assert said_by(SMALL.replace("objective", "least_squares"), expectations=said) == {"gap_half": 0.3, **said}


def test_means_are_over_what_d_is_shown() -> None:
    """In the Dirac-GAN with psi = 4 and theta = -1, D(0) = 1/2; in noise of 2, E sigma(8 t) over t ~ N(0, 1) and N(-1/2, 1)."""
    changes = [("data", {"kind": "point_mass", "location": 0.0}), ("generator", {"kind": "point", "start": -1.0})]
    config = SMALL.replace_all([*changes, ("discriminator", {"kind": "linear", "start": 4.0}), ("regulariser.noise", 2.0)])
    t = np.random.default_rng(0).standard_normal(200_000)
    expected = [float(np.mean(1 / (1 + np.exp(-8 * (t + shift))))) for shift in (0, -0.5)]
    said = said_by(config)
    assert [said["mean_d_real"], said["mean_d_fake"]] == pytest.approx(expected, abs=0.05)
    clean = said_by(config.replace("regulariser.noise", 0.0))
    assert [clean["mean_d_real"], clean["mean_d_fake"]] == pytest.approx([0.5, 1 / (1 + math.exp(4))], abs=1e-3)


def test_the_share_of_samples_where_d_is_off() -> None:
    session = Played(SMALL)
    found = session.measurement()
    p = found.estimators.p_r + found.live.p_g
    off = np.zeros_like(found.d, dtype=bool)
    off[10:40] = True
    made = replace(found, d_star=np.where(np.arange(len(p)) < 2, np.nan, np.where(off, found.d + 0.11, found.d + 0.09)))
    assert share_off(session.game, made) == pytest.approx(p[off].sum() / p.sum())
    assert math.isnan(share_off(Played(SMALL.replace("objective", "wasserstein")).game, found))
