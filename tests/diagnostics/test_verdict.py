"""The verdict's rules on histories made up to meet each of them, and to just miss it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from gandash.diagnostics.estimators import NullReference
from gandash.diagnostics.verdict import (
    BLIND_JSD,
    CONVERGED_GAP,
    CONVERGED_JSD,
    SETTLED,
    WAITING,
    WINDOW,
    WON,
    DiscriminatorTargets,
    Observation,
    Verdict,
    path_verdict_rule,
    points_verdict_rule,
)
from gandash.diagnostics.verdict_pictures import (
    BLIND_FRECHET,
    CLOSE_FRECHET,
    CLOSE_GAP,
    CLOSE_SHARE,
    NARROW_SHARE,
    PRECISE_SHARE,
    PictureObservation,
    picture_verdict_rule,
)

FLOOR = 0.001
T = np.arange(WINDOW, dtype=float)


def history(n: int = WINDOW, **given: float | np.ndarray) -> list[Observation]:
    """n observations of a calm game that has got nowhere yet, but for what is given."""
    calm = {"jsd": 0.3, "wasserstein": 0.8, "gap_half": 0.3, "mean_d_real": 0.6, "mean_d_fake": 0.4} | given
    columns = {
        name: np.broadcast_to(np.asarray(value, dtype=float)[..., -n:] if np.ndim(value) else value, n)
        for name, value in calm.items()
    }
    return [Observation(**{name: float(column[i]) for name, column in columns.items()}) for i in range(n)]


def kind(observations: list[Observation]) -> str:
    return points_verdict_rule(observations, FLOOR).kind


def test_with_too_few_measurements_it_waits() -> None:
    assert points_verdict_rule([], FLOOR) == WAITING
    assert points_verdict_rule(history(SETTLED - 1), FLOOR) == WAITING
    assert kind(history(SETTLED)) == "training"


def test_nothing_to_name_is_training() -> None:
    assert kind(history()) == "training"


# ------------------------------------------------------------------------------------------------ what D is asked for


@pytest.mark.parametrize("smoothing", [0.0, 0.05, 0.1, 0.11, 0.2, 0.3, 0.5])
def test_thresholds_are_held_against_what_d_is_asked_for(smoothing: float) -> None:
    """Under label smoothing D is asked for s = 1 - smoothing on real data, and at rest says s / 2."""
    s = 1 - smoothing
    for asked in (None, DiscriminatorTargets(0, s)):

        def kind_of(**given: float) -> str:
            return points_verdict_rule(history(**given), FLOOR, 0, f"{s / 2:.3g}", asked).kind  # noqa: B023

        sure = {"gap_half": s / 2, "mean_d_fake": 0.0}
        assert kind_of(mean_d_real=s, **sure) == "discriminator_won"
        assert kind_of(mean_d_real=(WON + 0.01) * s, **sure) == "discriminator_won"
        assert kind_of(mean_d_real=(WON - 0.01) * s, **sure) == "training"
        assert kind_of(mean_d_real=s, gap_half=s / 2, mean_d_fake=(1.01 - WON) * s) == "training"
        at_rest = {"jsd": FLOOR, "mean_d_real": s / 2, "mean_d_fake": s / 2}
        assert kind_of(gap_half=0.99 * CONVERGED_GAP * s, **at_rest) == "converged"
        assert kind_of(gap_half=1.01 * CONVERGED_GAP * s, **at_rest) == "training"
        assert kind_of(gap_half=0.99 * CONVERGED_GAP * s, jsd=0.5) == "blind"
        assert kind_of(gap_half=1.01 * CONVERGED_GAP * s, jsd=0.5) == "training"


def test_a_critic_with_targets_has_won_when_it_meets_them() -> None:
    """Hinge: -1 on generated, 1 on real; where it rests says nothing. Least squares: 0 and 1."""
    hinge, squares = DiscriminatorTargets(-1, 1), DiscriminatorTargets(0, 1)
    free = {"gap_half": math.nan}
    assert (
        points_verdict_rule(history(mean_d_real=0.9, mean_d_fake=-0.9, **free), FLOOR, asked=hinge).kind == "discriminator_won"
    )
    assert points_verdict_rule(history(mean_d_real=0.9, mean_d_fake=-0.7, **free), FLOOR, asked=hinge).kind == "training"
    assert (
        points_verdict_rule(history(mean_d_real=0.7, mean_d_fake=0.7, jsd=FLOOR, **free), FLOOR, asked=hinge).kind
        == "converged"
    )
    assert points_verdict_rule(history(mean_d_real=0.95, mean_d_fake=0.05), FLOOR, asked=squares).kind == "discriminator_won"
    assert points_verdict_rule(history(jsd=FLOOR, gap_half=0.2), FLOOR, asked=squares).kind == "training"
    told = points_verdict_rule(history(mean_d_real=1.0, mean_d_fake=-1.0, **free), FLOOR, asked=hinge).reason
    assert "1.00 of real and -1.00 of generated data, of 1 and -1 that it is asked for" in told


@pytest.mark.parametrize(("pack", "allowed"), [(1, 0.1), (2, 9 / 13 - 0.5), (4, 81 / 97 - 0.5)])
def test_of_a_pack_of_copies_d_may_say_more(pack: int, allowed: float) -> None:
    """0.6 of one sample are odds of 3/2; of m copies of it (3/2)^m."""
    asked = DiscriminatorTargets(pack=pack)
    assert asked.gap(CONVERGED_GAP) == pytest.approx(allowed)
    for factor, expected in ((0.99, "converged"), (1.01, "training")):
        assert points_verdict_rule(history(jsd=FLOOR, gap_half=factor * allowed), FLOOR, asked=asked).kind == expected
    # but a D that says 1/2 of everything is blind, packs or not
    assert points_verdict_rule(history(jsd=0.5, gap_half=0.09), FLOOR, asked=asked).kind == "blind"
    won = points_verdict_rule(history(mean_d_real=0.95, mean_d_fake=0.05), FLOOR, asked=asked).reason
    assert ("pack of" in won) == (pack > 1)


def test_noise_is_named_where_it_may_be_what_blinds() -> None:
    for noisy in (False, True):
        assert (
            "noise"
            in points_verdict_rule(history(jsd=0.5, gap_half=0.05), FLOOR, asked=DiscriminatorTargets(noisy=noisy)).reason
        ) == noisy


def test_what_blinds_is_the_noise_where_d_is_at_its_best_in_it() -> None:
    noisy = DiscriminatorTargets(noisy=True)
    best = points_verdict_rule(history(jsd=0.5, gap_half=0.05, gap_star=0.03), FLOOR, asked=noisy)
    assert best.kind == "blind" and "within 0.03 of the best there is: the noise hides" in best.reason
    assert "too weak" not in best.reason
    for off in (0.4, math.nan):  # it could say more, or nobody knows
        assert "too weak" in points_verdict_rule(history(jsd=0.5, gap_half=0.05, gap_star=off), FLOOR, asked=noisy).reason


def test_converged_says_why_a_large_gap_from_d_star_does_not_count() -> None:
    rest = {"jsd": FLOOR, "gap_half": 0.05}
    assert "D*" not in points_verdict_rule(history(**rest, gap_star=0.09, share_off=0.0), FLOOR).reason
    few = points_verdict_rule(history(**rest, gap_star=0.42, share_off=0.006), FLOOR).reason
    assert "max |D − D*| = 0.42 does not count here" in few and "only 0.6% of the samples" in few
    assert "less than 0.1 %" in points_verdict_rule(history(**rest, gap_star=0.42, share_off=0.0), FLOOR).reason
    many = points_verdict_rule(history(**rest, gap_star=0.22, share_off=0.12), FLOOR).reason
    assert "On 12% of them D is off by 0.1 or more" in many and "only" not in many


# ------------------------------------------------------------------------------------------------------------ collapsed


def test_modes_never_found_are_lost() -> None:
    verdict = points_verdict_rule(history(modes=6.0), FLOOR, modes=8)
    assert (verdict.kind, verdict.title) == ("collapsed", "Collapsed: 2 modes lost")
    assert "6 of 8 modes" in verdict.reason
    assert points_verdict_rule(history(modes=7.0), FLOOR, modes=8).title == "Collapsed: 1 mode lost"


def test_a_collapse_is_named_before_anything_else() -> None:
    won = {"mean_d_real": 0.95, "mean_d_fake": 0.05}
    assert points_verdict_rule(history(modes=1.0, **won), FLOOR, modes=8).kind == "collapsed"
    assert (
        points_verdict_rule(history(modes=7.0, **AT_EQUILIBRIUM), FLOOR, modes=8).kind == "collapsed"
    )  # a mode of little weight


def test_no_collapse_while_modes_are_still_being_found_or_too_early_to_say_or_all_are_there() -> None:
    assert points_verdict_rule(history(modes=np.linspace(2, 6, WINDOW).round()), FLOOR, modes=8).kind == "training"
    assert points_verdict_rule(history(WINDOW - 1, modes=6.0), FLOOR, modes=8).kind == "training"
    assert points_verdict_rule(history(modes=8.0), FLOOR, modes=8).kind == "training"
    assert points_verdict_rule(history(modes=0.0), FLOOR, modes=8).kind == "training"  # somewhere else entirely
    assert points_verdict_rule(history(modes=6.0), FLOOR).kind == "training"  # no mixture
    hops = np.where(np.arange(WINDOW) % 7 == 0, 0.0, 1.0)
    assert points_verdict_rule(history(modes=hops), FLOOR, modes=8).kind == "collapsed"  # from mode to mode, over empty land


def test_only_the_window_counts() -> None:
    past = history(200, mean_d_real=0.99, mean_d_fake=0.01)
    assert kind(past) == "discriminator_won"
    assert kind(past + history(WINDOW)) == "training"


# ------------------------------------------------------------------------------------------------------------ converged

AT_EQUILIBRIUM = {
    "jsd": FLOOR + CONVERGED_JSD,
    "gap_half": CONVERGED_GAP,
    "wasserstein": 0.02,
    "mean_d_real": 0.5,
    "mean_d_fake": 0.5,
}


def test_converged_needs_d_at_half_and_p_g_at_p_r() -> None:
    assert kind(history(**AT_EQUILIBRIUM)) == "converged"
    assert kind(history(**AT_EQUILIBRIUM | {"gap_half": CONVERGED_GAP + 0.01})) != "converged"
    assert kind(history(**AT_EQUILIBRIUM | {"jsd": FLOOR + CONVERGED_JSD + 0.001})) != "converged"


def test_a_dead_discriminator_has_not_converged() -> None:
    assert kind(history(jsd=0.6, gap_half=0.0, mean_d_real=0.5, mean_d_fake=0.5)) == "blind"


def test_a_few_bad_measurements_do_not_unmake_an_equilibrium() -> None:
    jsd = np.full(WINDOW, 0.01)
    jsd[-2:] = 0.5
    assert kind(history(**AT_EQUILIBRIUM | {"jsd": jsd})) == "converged"
    jsd[-SETTLED:] = 0.5
    assert kind(history(**AT_EQUILIBRIUM | {"jsd": jsd})) != "converged"


def test_noise_at_the_equilibrium_is_still_convergence() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        noisy = AT_EQUILIBRIUM | {"jsd": 0.006 + 0.004 * rng.random(WINDOW), "wasserstein": 0.08 * rng.random(WINDOW)}
        assert kind(history(**noisy)) == "converged"


# ------------------------------------------------------------------------------------------------------ D wins, D blind


def test_the_discriminator_wins_when_it_tells_both() -> None:
    assert kind(history(mean_d_real=0.91, mean_d_fake=0.09)) == "discriminator_won"
    assert kind(history(mean_d_real=0.9, mean_d_fake=0.09)) == "training"
    assert kind(history(mean_d_real=0.91, mean_d_fake=0.1)) == "training"


def test_blind_is_d_at_half_with_p_g_far_away_and_going_nowhere() -> None:
    blind = {"gap_half": CONVERGED_GAP, "jsd": FLOOR + BLIND_JSD + 0.01}
    assert kind(history(**blind)) == "blind"
    assert kind(history(**blind | {"gap_half": CONVERGED_GAP + 0.01})) == "training"
    assert kind(history(**blind | {"jsd": FLOOR + BLIND_JSD})) == "training"
    assert kind(history(**blind | {"jsd": np.linspace(0.6, 0.2, WINDOW)})) == "converging"


def test_an_average_that_lags_behind_does_not_make_d_blind() -> None:
    lagging = [replace(o, jsd_live=FLOOR + 0.05) for o in history(gap_half=0.05, jsd=0.6)]
    assert points_verdict_rule(lagging, FLOOR).kind == "training"
    verdict = points_verdict_rule([replace(o, jsd_live=0.5) for o in lagging], FLOOR)
    assert verdict.kind == "blind" and "JSD of the averaged G = 0.600" in verdict.reason


def test_all_modes_found_with_another_shape_within_them_is_no_blindness() -> None:
    found = {"gap_half": 0.05, "jsd": 0.13, "modes": 8.0, "modes_kept": 8.0, "quality_kept": 0.97}
    verdict = points_verdict_rule(history(**found), FLOOR, 8)
    assert verdict.kind == "modes_found" and "97%" in verdict.reason and "JSD = 0.130" in verdict.reason
    for worse in ({"modes_kept": 7.0}, {"quality_kept": 0.89}):
        assert points_verdict_rule(history(**found | worse), FLOOR, 8).kind == "blind"
    assert points_verdict_rule(history(**found | {"gap_half": 0.2}), FLOOR, 8).kind == "training"
    assert points_verdict_rule(history(**found | {"jsd": np.linspace(0.6, 0.1, WINDOW)}), FLOOR, 8).kind == "converging"
    assert points_verdict_rule(history(**found | {"jsd": FLOOR}), FLOOR, 8).kind == "converged"


def test_a_game_that_has_hardly_begun_is_not_called_blind() -> None:
    """At step 0 nearly every D is near 1/2, and p_g has not moved yet."""
    assert kind(history(2 * SETTLED - 1, gap_half=0.05, jsd=0.6)) == "training"
    assert kind(history(2 * SETTLED, gap_half=0.05, jsd=0.6)) == "blind"


# ----------------------------------------------------------------------------------------------------------- converging


@pytest.mark.parametrize(("start", "end"), [(0.6, 0.3), (0.6, 0.05), (0.05, 0.03)])
def test_a_falling_jsd_is_converging(start: float, end: float) -> None:
    rng = np.random.default_rng(2)
    assert kind(history(jsd=np.linspace(start, end, WINDOW) * (1 + 0.01 * rng.normal(size=WINDOW)))) == "converging"


@pytest.mark.parametrize(
    "jsd", [np.linspace(0.3, 0.6, WINDOW), np.linspace(0.3, 0.28, WINDOW)], ids=["rising", "hardly falling"]
)
def test_what_does_not_fall_is_not_converging(jsd: np.ndarray) -> None:
    assert kind(history(jsd=jsd)) == "training"


def test_noise_does_not_fall() -> None:
    rng = np.random.default_rng(3)
    found = [kind(history(jsd=0.3 * np.exp(0.5 * rng.normal(size=WINDOW)))) for _ in range(300)]
    assert set(found) == {"training"}


# ---------------------------------------------------------------------------------------------------------- oscillating


@pytest.mark.parametrize("period", [3.7, 4.5, 7, 10, 16, 25])
@pytest.mark.parametrize("column", ["wasserstein", "gap_half"])
def test_an_orbit_is_an_oscillation(column: str, period: float) -> None:
    rng = np.random.default_rng(4)
    for phase in np.linspace(0, 2 * np.pi, 7):
        swing = 0.3 + 0.2 * np.sin(2 * np.pi * T / period + phase) + 0.01 * rng.normal(size=WINDOW)
        verdict = points_verdict_rule(history(**{column: swing}), FLOOR)
        assert verdict.kind == "oscillating"
        assert "chase" in verdict.reason


def test_an_orbit_on_a_slope_is_an_oscillation() -> None:
    assert kind(history(wasserstein=0.5 + 0.005 * T + 0.3 * np.sin(2 * np.pi * T / 12))) == "oscillating"


@pytest.mark.parametrize(
    "noise",
    [
        lambda rng: 0.3 + 0.02 * rng.normal(size=WINDOW),
        lambda rng: np.abs(0.3 + 0.1 * rng.normal(size=WINDOW)),
        lambda rng: 0.2 * rng.random(WINDOW),
        lambda rng: 0.2 * np.exp(0.7 * rng.normal(size=WINDOW)),
        lambda rng: np.linspace(1.4, 0.3, WINDOW) + 0.1 * rng.normal(size=WINDOW),
        lambda rng: 0.3 + 0.01 * rng.normal(size=WINDOW).cumsum(),
    ],
    ids=["small", "large", "uniform", "multiplicative", "on a slope", "drifting"],
)
def test_noise_is_no_oscillation(noise: Callable[[np.random.Generator], np.ndarray]) -> None:
    rng = np.random.default_rng(5)
    found = [kind(history(wasserstein=np.abs(noise(rng)))) for _ in range(200)]
    assert found.count("oscillating") <= 4  # one in fifty


def test_small_swings_and_single_bumps_are_no_oscillation() -> None:
    assert kind(history(wasserstein=0.3 + 0.02 * np.sin(2 * np.pi * T / 10))) == "training"  # a turn of 0.04
    assert kind(history(wasserstein=2.0 + 0.4 * np.sin(2 * np.pi * T / 10))) == "training"  # 0.8, less than half of 2
    assert kind(history(wasserstein=0.3 + 0.5 * np.exp(-(((T - 30) / 4) ** 2)))) == "training"
    assert kind(history(wasserstein=0.3 + 0.2 * np.sin(2 * np.pi * T / 60))) == "training"  # two turns are no orbit yet


# ------------------------------------------------------------------------------------------------------------ in words


def test_a_lower_bound_is_called_one() -> None:
    told = [points_verdict_rule(history(**AT_EQUILIBRIUM), FLOOR, jsd_is_bound=b).reason for b in (False, True)]
    assert ["lower bound of the JSD" in reason for reason in told] == [False, True]


def test_reasons_are_sentences_with_their_numbers() -> None:
    for observations in (
        history(mean_d_real=0.95, mean_d_fake=0.02),
        history(**AT_EQUILIBRIUM),
        history(wasserstein=0.3 + 0.2 * np.sin(T)),
        history(gap_half=0.05, jsd=0.6),
        history(jsd=np.linspace(0.6, 0.3, WINDOW)),
        history(),
    ):
        verdict = points_verdict_rule(observations, FLOOR)
        assert verdict.title and verdict.reason.endswith(".") and any(c.isdigit() for c in verdict.reason)


def test_numbers_that_are_none_do_not_break_the_judge() -> None:
    assert kind(history(jsd=np.nan, wasserstein=np.nan, gap_half=np.nan, mean_d_real=np.nan, mean_d_fake=np.nan)) == "training"


@pytest.mark.parametrize(
    ("growth", "title"),
    [(0.9, "Arrived"), (0.995, "Coming in"), (1.0, "Circling"), (1.01, "Going out"), (math.nan, "Circling")],
)
def test_a_scalar_game_is_judged_by_its_path(growth: float, title: str) -> None:
    steps = np.arange(WINDOW)
    orbit = 1 + 0.02 * np.sin(steps)  # not quite round
    distances = orbit if math.isnan(growth) else 2 * growth ** (2 * steps)
    found = path_verdict_rule(list(distances))
    assert found.title == title
    assert path_verdict_rule(list(distances[:10])).kind == "waiting"


# ------------------------------------------------------------------------------------------------------------- pictures

LEVELS = {
    "frechet": NullReference(0.01, 0.02),
    "precision": NullReference(0.95, 0.93),
    "coverage": NullReference(0.9, 0.85),
    "modes": NullReference(10, 10),
}


def seen(n: int = WINDOW, **given: float | np.ndarray) -> list[PictureObservation]:
    """n observations of a game of digits that learns nothing at the moment, but for what is given."""
    calm = {"frechet": 0.4, "precision": 0.5, "coverage": 0.4, "gap_half": 0.2, "mean_d_real": 0.6, "mean_d_fake": 0.4}
    columns = {
        name: np.broadcast_to(np.asarray(value, dtype=float)[..., -n:] if np.ndim(value) else value, n)
        for name, value in (calm | {"modes": 10.0} | given).items()
    }
    return [PictureObservation(**{name: float(column[i]) for name, column in columns.items()}) for i in range(n)]


def verdict_on(observations: list[PictureObservation], modes: int = 10) -> Verdict:
    return picture_verdict_rule(observations, LEVELS, modes)


CLOSE = {
    "frechet": LEVELS["frechet"].worst_5pct + CLOSE_FRECHET - 1e-9,
    "precision": CLOSE_SHARE * LEVELS["precision"].mean,
    "coverage": CLOSE_SHARE * LEVELS["coverage"].mean,
    "gap_half": CLOSE_GAP,
}


def test_pictures_wait_and_train() -> None:
    assert verdict_on([]) == verdict_on(seen(SETTLED - 1)) == WAITING
    assert verdict_on(seen(SETTLED)).kind == verdict_on(seen()).kind == "training"


def test_pictures_close_to_real_need_every_number() -> None:
    assert verdict_on(seen(**CLOSE)).title == "Close to real"
    assert verdict_on(seen(**CLOSE)).kind == "converged"
    for name, worse in (("frechet", 1e-3), ("precision", -1e-3), ("coverage", -1e-3)):
        assert verdict_on(seen(**CLOSE | {name: CLOSE[name] + worse})).kind == "training", name
    assert verdict_on(seen(**CLOSE | {"gap_half": CLOSE_GAP + 0.01})).kind == "training"
    told = verdict_on(seen(**CLOSE | {"gap_half": 0.3}))
    assert (told.kind, told.title) == ("training", "Close to real, but told apart")
    assert "D is 0.30 from 1/2" in told.reason


def test_a_critic_has_no_gap_to_close() -> None:
    phi_effective = {"gap_half": math.nan, "mean_d_real": math.nan, "mean_d_fake": math.nan}
    verdict = verdict_on(seen(**CLOSE | phi_effective))
    assert verdict.kind == "converged" and "nan" not in verdict.reason and "1/2" not in verdict.reason
    assert verdict_on(seen(frechet=2.0, **phi_effective)).kind == "training"


def test_lost_digits_are_counted() -> None:
    verdict = verdict_on(seen(modes=3.0))
    assert (verdict.kind, verdict.title) == ("collapsed", "Collapsed: 7 of 10 digits lost")
    assert "3 of 10 digits" in verdict.reason
    assert verdict_on(seen(modes=np.linspace(10, 6, WINDOW).round())).title == "Collapsed: 3 of 10 digits lost"
    assert verdict_on(seen(modes=9.0, mean_d_real=0.95, mean_d_fake=0.05)).kind == "collapsed"


def test_digits_still_being_found_or_none_at_all_are_no_collapse() -> None:
    assert verdict_on(seen(modes=np.linspace(2, 8, WINDOW).round())).kind == "training"
    assert verdict_on(seen(WINDOW - 1, modes=3.0)).kind == "training"
    assert verdict_on(seen(modes=0.0)).kind == "training"
    assert verdict_on(seen(modes=3.0), modes=0).kind == "training"
    assert verdict_on(seen(modes=math.nan), modes=0).kind == "training"


def test_cells_that_real_pictures_miss_as_well_are_not_lost() -> None:
    """With few pictures in a cell a perfect generator leaves some empty."""
    levels = LEVELS | {"modes": NullReference(34.5, 33)}
    assert picture_verdict_rule(seen(modes=33.0), levels, 36, "cells").kind == "training"
    assert picture_verdict_rule(seen(modes=32.0), levels, 36, "cells").title == "Collapsed: 4 of 36 cells lost"


def test_good_pictures_but_few_different_ones_are_a_collapse() -> None:
    narrow = {"precision": PRECISE_SHARE * 0.95, "coverage": NARROW_SHARE * 0.9}
    verdict = verdict_on(seen(**narrow))
    assert (verdict.kind, verdict.title) == ("collapsed", "Collapsed: few different pictures") and "36%" in verdict.reason
    assert picture_verdict_rule(seen(**narrow | {"modes": math.nan}), LEVELS).kind == "collapsed"  # without labels
    assert verdict_on(seen(**narrow | {"precision": 0.7})).kind == "training"
    assert verdict_on(seen(**narrow | {"coverage": 0.5})).kind == "training"
    assert verdict_on(seen(**narrow | {"coverage": np.linspace(0.1, 0.36, WINDOW)})).kind == "training"


def test_a_discriminator_wins_over_pictures() -> None:
    assert verdict_on(seen(mean_d_real=0.91, mean_d_fake=0.09)).kind == "discriminator_won"
    assert verdict_on(seen(mean_d_real=0.89, mean_d_fake=0.09)).kind == "training"


def test_d_at_half_with_pictures_far_from_real_is_blind() -> None:
    blind = {"gap_half": CONVERGED_GAP, "frechet": LEVELS["frechet"].worst_5pct + BLIND_FRECHET + 0.01}
    verdict = verdict_on(seen(**blind))
    assert verdict.kind == "blind" and "0.280" in verdict.reason and "0.010" in verdict.reason
    assert verdict_on(seen(2 * SETTLED - 1, **blind)).kind == "training"
    assert verdict_on(seen(**blind | {"gap_half": CONVERGED_GAP + 0.01})).kind == "training"
    assert verdict_on(seen(**blind | {"frechet": 0.26})).kind == "training"
    assert verdict_on(seen(**blind | {"frechet": np.linspace(2, 0.5, WINDOW)})).kind == "converging"
    lagging = [replace(o, frechet_live=0.1) for o in seen(**blind)]
    assert verdict_on(lagging).kind == "training"
    assert "of the averaged G" in verdict_on(lagging).reason


def test_a_falling_frechet_distance_is_learning_and_a_swinging_one_an_orbit() -> None:
    rng = np.random.default_rng(0)
    falling = np.linspace(1.5, 0.3, WINDOW) * (1 + 0.02 * rng.normal(size=WINDOW))
    assert verdict_on(seen(frechet=falling)).title == "Learning"
    assert verdict_on(seen(frechet=falling[::-1])).kind == "training"
    orbit = 0.5 + 0.3 * np.sin(2 * np.pi * T / 12)
    assert verdict_on(seen(frechet=orbit)).kind == "oscillating"
    averaged = [replace(o, frechet_live=float(v)) for o, v in zip(seen(), orbit, strict=True)]
    assert verdict_on(averaged).kind == "oscillating"
    noise = [verdict_on(seen(frechet=0.4 * np.exp(0.2 * rng.normal(size=WINDOW)))).kind for _ in range(100)]
    assert noise.count("training") >= 96


def test_a_set_too_small_for_neighbours_is_judged_by_the_rest() -> None:
    levels = LEVELS | {"precision": NullReference(math.nan, math.nan), "coverage": NullReference(math.nan, math.nan)}
    verdict = picture_verdict_rule(seen(**CLOSE | {"precision": math.nan, "coverage": math.nan}), levels)
    assert verdict.kind == "converged" and "nan" not in verdict.reason and "precision" not in verdict.reason


def test_verdicts_on_pictures_are_sentences_with_their_numbers() -> None:
    for observations in (
        seen(),
        seen(**CLOSE),
        seen(**CLOSE | {"gap_half": 0.3}),
        seen(modes=2.0),
        seen(precision=0.9, coverage=0.1),
        seen(gap_half=0.01, frechet=1.0),
        seen(frechet=np.linspace(2, 0.5, WINDOW)),
    ):
        verdict = verdict_on(observations)
        assert verdict.title and verdict.reason.endswith(".")
        assert "Fréchet distance" in verdict.reason and "real against real 0.010" in verdict.reason
    nothing = seen(**dict.fromkeys(("frechet", "precision", "coverage", "gap_half", "mean_d_real", "mean_d_fake"), math.nan))
    assert verdict_on(nothing).kind == "training"


def test_a_verdict_says_its_numbers_of_one_window() -> None:
    """What fell, and the distance beside it, are both of the last third: the newest eight read less, where it still falls."""
    history = [Observation(0.5 - 0.006 * i, 1.0, 0.3, 0.6, 0.4) for i in range(60)]
    told = points_verdict_rule(history, 0.001).reason
    assert "JSD was 0.443" in told and "JSD = 0.203 nats" in told
    assert "0.167" not in told  # the median of the last eight


def test_a_verdict_on_pictures_says_its_numbers_of_one_window() -> None:
    """The same of pictures, where they fall and where they are collapsed."""
    falling = seen(frechet=np.linspace(3.0, 1.0, WINDOW), coverage=np.linspace(0.2, 0.4, WINDOW), gap_half=0.3)
    told = verdict_on(falling).reason
    assert "was 2.678 in the first third" in told and "Fréchet distance 1.322" in told and "coverage 0.37 " in told
    assert "1.119" not in told and "0.39" not in told  # medians of the last eight
    narrow = seen(frechet=np.linspace(1.0, 3.0, WINDOW), modes=3.0)
    told = verdict_on(narrow).reason
    assert "G makes 3 of 10 digits" in told and "Fréchet distance 2.678" in told and "2.881" not in told


class Dear:
    """An observation whose JSD nobody should ask for."""

    def __init__(self, of: Observation, readable: bool = False) -> None:
        self._of, self._readable = of, readable

    def __getattr__(self, name: str) -> Any:
        if name in ("jsd", "jsd_live") and not self._readable:
            raise AssertionError(f"the {name} of an observation was read in vain")
        return getattr(self._of, name)


def test_no_jsd_is_read_that_the_verdict_does_not_rest_on() -> None:
    """Where D has won none at all; where JSD does not fall, none of the middle third, and of the first its last alone."""
    won = [Dear(o) for o in history(mean_d_real=0.95, mean_d_fake=0.02)]
    assert points_verdict_rule(won, FLOOR).kind == "discriminator_won"  # type: ignore[arg-type]
    steady = history(gap_half=0.3, jsd=0.3)
    first = len(steady) // 3
    some = [Dear(o, i == first - 1 or i >= len(steady) - 8) for i, o in enumerate(steady)]
    assert points_verdict_rule(some, FLOOR) == points_verdict_rule(steady, FLOOR)  # type: ignore[arg-type]
