"""Every preset's promise, over several seeds: what its text says must be what a class will see."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
import torch

from gandash.config import GameConfig
from gandash.diagnostics.measure import READINGS, measure
from gandash.diagnostics.phase import phase
from gandash.game.game import Streams, build_game
from gandash.game.step import METRICS, GameState, start, train_step
from gandash.presets import (
    BILINEAR,
    CLIPPED,
    CLUSTERS,
    COLLAPSE,
    CRITICAL,
    CYCLE,
    DEFAULT,
    GRID,
    INWARDS,
    MASTERED_GRID,
    MASTERED_RING,
    MOONS,
    ONE_GAUSSIAN,
    ORBIT,
    PACKED,
    PENALISED,
    PRESETS,
    PUBLISHED,
    RING,
    ROLL,
    SMOOTHED,
    TOO_FAST,
    TRACKING,
    TWO_MODES,
    VANISHING,
    Preset,
)
from gandash.settings import JsonValue, restarts


class Play:
    """A preset played with several seeds at once, one member each."""

    def __init__(self, config: GameConfig, seeds: Sequence[int]) -> None:
        self.configs = [config.replace("run.seed", seed) for seed in seeds]
        self.game = build_game(*self.configs)
        self.streams = Streams(list(seeds))
        self.state: GameState = start(self.game, self.streams)

    def set(self, changes: Sequence[tuple[str, JsonValue]]) -> None:
        self.configs = [c.replace_all(changes) for c in self.configs]
        self.game = build_game(*self.configs)

    def run(self, steps: int, measure_every: int | None = None) -> tuple[torch.Tensor, list[list[dict[str, float]]]]:
        """Metrics (steps, members, columns) and the readings of every member along the way."""
        rows, readings = [], []
        for i in range(steps):
            self.state, metrics = train_step(self.game, self.state, self.streams)
            rows.append(metrics)
            if measure_every and (i + 1) % measure_every == 0:
                readings.append(self.readings())
        return torch.stack(rows), readings

    def readings(self) -> list[dict[str, float]]:
        return [measure(self.game, self.state, self.streams, m).readings for m in range(self.game.members)]


def column(rows: torch.Tensor, name: str) -> torch.Tensor:
    return rows[:, :, METRICS.index(name)]


def test_the_default_is_what_an_empty_config_means() -> None:
    assert DEFAULT.config == GameConfig()
    assert next(iter(PRESETS)) == DEFAULT.name


@pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda p: p.name)
def test_moves_act_live(preset) -> None:
    for move in preset.moves:
        config = preset.config.replace_all(move.changes)
        assert config != preset.config
        assert not restarts(preset.config, config)


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [range(0, 5), range(5, 10)], ids=["seeds 0-4", "seeds 5-9"])
def test_two_modes_converges(seeds: range) -> None:
    play = Play(TWO_MODES.config, seeds)
    first = play.readings()
    play.run(3000)
    last = play.readings()
    print([{k: round(r[k], 4) for k in READINGS} for r in last])
    for before, after in zip(first, last, strict=True):
        assert before["jsd"] > 0.3  # it had a way to go
        assert after["jsd"] <= 0.02
        assert after["jsd_average"] <= 0.02
        assert after["gap_half"] <= 0.10


@pytest.mark.slow
def test_one_gaussian_converges() -> None:
    play = Play(ONE_GAUSSIAN.config, range(5))
    assert all(r["jsd"] > 0.3 for r in play.readings())
    play.run(1500)
    last = play.readings()
    print([{k: round(r[k], 4) for k in READINGS} for r in last])
    for after in last:
        assert after["jsd_average"] <= 0.02
        assert after["gap_half"] <= 0.10


@pytest.mark.slow
def test_a_learning_rate_too_high_is_cured_live() -> None:
    play = Play(TOO_FAST.config, range(5))
    _, wild = play.run(800, measure_every=20)
    play.set(TOO_FAST.moves[0].changes)
    _, calm = play.run(1500, measure_every=20)
    for member in range(5):
        before = np.std([r[member]["wasserstein"] for r in wild[-25:]])
        after = np.std([r[member]["wasserstein"] for r in calm[-25:]])
        jsd = np.median([r[member]["jsd"] for r in calm[-25:]])
        print(f"seed {member}: swing {before:.3f} -> {after:.4f}, JSD {jsd:.3f}")
        assert before >= 5 * after
        assert jsd <= 0.08


@pytest.mark.slow
def test_the_minimax_gradient_vanishes_and_the_other_loss_lives() -> None:
    play = Play(VANISHING.config, range(5))
    first = [r["wasserstein"] for r in play.readings()]
    rows, _ = play.run(400)
    stuck = [r["wasserstein"] for r in play.readings()]
    ratio = (column(rows, "gradient_norm_g") / column(rows, "gradient_norm_g_other"))[-100:].median(dim=0).values
    play.set(VANISHING.moves[0].changes)
    play.run(600)
    cured = [r["wasserstein"] for r in play.readings()]
    print(f"gradient ratio {ratio.tolist()}, W1 {first} -> {stuck} -> {cured}")
    for member in range(5):
        assert ratio[member] < 1e-3
        assert stuck[member] > 0.75 * first[member]
        assert cured[member] < 0.5


def modes_and_quality(readings: list[dict[str, float]]) -> str:
    return ", ".join(
        f"{r['modes']:.0f} modes {r['high_quality']:.3f} high quality JSD {r['jsd_average']:.3f}" for r in readings
    )


@pytest.mark.slow
def test_the_ring_captures_all_modes() -> None:
    play = Play(RING.config, range(5))
    assert all(r["modes"] < 8 for r in play.readings())
    play.run(2000)
    last = play.readings()
    print(modes_and_quality(last))
    for after in last:
        assert after["modes"] == 8 and after["high_quality"] >= 0.80
        assert after["gap_half"] <= 0.10


@pytest.mark.slow
def test_the_published_ring_is_found_but_not_sharp() -> None:
    play = Play(PUBLISHED.config, range(5))
    play.run(2000)
    last = play.readings()
    print([(r["modes"], round(r["high_quality"], 2), round(r["high_quality_average"], 2)) for r in last])
    for after in last:
        assert after["modes"] == after["modes_average"] == 8
        assert 0.20 <= after["high_quality_average"] <= 0.75


@pytest.mark.slow
@pytest.mark.timeout(1500)  # minutes of steps, on a machine that may be slower than ours
@pytest.mark.parametrize(
    ("preset", "steps", "modes", "quality"),
    [(MASTERED_RING, 9000, 8, 0.93), (MASTERED_GRID, 24000, 25, 0.92)],
    ids=["ring", "grid"],
)
def test_the_published_scale_is_mastered(preset: Preset, steps: int, modes: int, quality: float) -> None:
    play = Play(preset.config, range(5))
    play.run(steps)
    last = play.readings()
    print([(r["modes_average"], round(r["high_quality_average"], 3), round(r["high_quality"], 2)) for r in last])
    for after in last:
        assert after["modes_average"] == modes and after["high_quality_average"] >= quality


@pytest.mark.slow
def test_the_grid_captures_all_modes() -> None:
    play = Play(GRID.config, range(5))
    play.run(10000)
    last = play.readings()
    print(modes_and_quality(last))
    for after in last:
        assert after["modes"] == 25 and after["high_quality"] >= 0.70


@pytest.mark.slow
@pytest.mark.parametrize(("preset", "bound"), [(MOONS, 0.08), (ROLL, 0.14)], ids=lambda p: getattr(p, "name", ""))
def test_curves_of_the_plane_are_learned(preset: Preset, bound: float) -> None:
    play = Play(preset.config, range(5))
    assert all(r["jsd"] > 0.4 for r in play.readings())
    play.run(3000)
    last = play.readings()
    print([{k: round(r[k], 3) for k in ("jsd", "jsd_average", "gap_half")} for r in last])
    for after in last:
        assert after["jsd_average"] <= bound
        assert after["gap_half"] <= 0.10


@pytest.mark.slow
def test_modes_collapse_and_are_won_back_live() -> None:
    play = Play(COLLAPSE.config, range(5))
    _, lost = play.run(1500, measure_every=100)
    captured = np.array([[r["modes"] for r in found] for found in lost[-5:]])
    print(f"captured over the last 500 steps: {captured.T.tolist()}")
    assert (np.median(captured, axis=0) <= 4).all()
    assert all(r["jsd"] >= 0.4 for r in lost[-1])
    play.set(COLLAPSE.moves[0].changes)
    play.run(1000)
    cured = play.readings()
    print(modes_and_quality(cured))
    for after in cured:
        assert after["modes"] == 8 and after["high_quality"] >= 0.70


@pytest.mark.slow
def test_packing_undoes_the_collapse() -> None:
    assert PACKED.config.replace("regulariser.packing", 1) == COLLAPSE.config
    play = Play(PACKED.config, range(5))
    play.run(1500)
    last = play.readings()
    print(modes_and_quality(last))
    for after in last:
        assert after["modes"] == 8 and after["high_quality"] >= 0.65


@pytest.mark.slow
def test_d_tracks_its_best_response() -> None:
    play = Play(TRACKING.config, range(5))
    assert all(r["jsd"] > 0.4 and r["gap_star"] > 0.4 for r in play.readings())
    play.run(1000)
    last = play.readings()
    print([{k: round(r[k], 3) for k in ("jsd", "gap_star", "gap_half")} for r in last])
    for after in last:
        assert after["gap_star"] <= 0.15 and after["jsd"] <= 0.02
        assert after["gap_half"] <= 0.15


@pytest.mark.slow
def test_label_smoothing_moves_the_line() -> None:
    play = Play(SMOOTHED.config, range(5))
    rows, _ = play.run(3000)
    loss = column(rows, "loss_d")[-200:].mean(dim=0)
    last = play.readings()
    print(loss.tolist(), [{k: round(r[k], 3) for k in ("jsd_average", "gap_half")} for r in last])
    assert play.game.objective.equilibrium["loss_d"] == pytest.approx(1.346, abs=5e-4)
    for after, rests in zip(last, loss.tolist(), strict=True):
        assert after["gap_half"] <= 0.10 and after["jsd_average"] <= 0.06
        assert rests == pytest.approx(1.346, abs=0.02)


@pytest.mark.slow
def test_a_gradient_penalty_does_better_than_clipping() -> None:
    found = {}
    for preset in (CLIPPED, PENALISED):
        play = Play(preset.config, range(5))
        play.run(2000)
        found[preset.name] = [r["jsd_average"] for r in play.readings()]
    print(found)
    assert min(found[CLIPPED.name]) >= 0.18
    assert max(found[PENALISED.name]) <= 0.2
    assert all(c > p for c, p in zip(*found.values(), strict=True))


@pytest.mark.slow
def test_both_clusters_are_captured() -> None:
    play = Play(CLUSTERS.config, range(5))
    play.run(1500)
    last = play.readings()
    print(modes_and_quality(last))
    assert all(after["modes"] == 2 for after in last)


STARTS = [(1.0, 1.0), (0.5, 0.0), (2.0, 1.0), (-1.0, 0.3), (0.2, -1.5)]
"""Nothing in a scalar game is random: starts take the place of seeds."""


def distances(config: GameConfig, steps: int, changes: Sequence[tuple[str, JsonValue]] = (), before: int = 0) -> np.ndarray:
    """Distances from the equilibrium at every round, `(starts, rounds + 1)`; `changes` act after `before` rounds."""
    found = []
    for theta, psi in STARTS:
        play = Play(config.replace("generator.start", theta).replace("discriminator.start", psi), [0])
        path = [math.hypot(theta, psi)]
        for i in range(steps):
            if changes and i == before:
                play.set(changes)
            play.run(1)
            path.append(math.hypot(float(play.state.theta), float(play.state.phi)))
        found.append(path)
    return np.array(found)


def test_alternating_steps_circle_and_simultaneous_ones_spiral_out() -> None:
    d = distances(ORBIT.config, 1000)
    assert (np.abs(d / d[:, :1] - 1) < 0.05).all()
    d = distances(ORBIT.config, 1000, ORBIT.moves[0].changes)
    assert (d[:, -1] > 1.25 * d[:, 0]).all()


def test_r1_spirals_in() -> None:
    d = distances(INWARDS.config, 600)
    print(d[:, -1] / d[:, 0])
    assert (d[:, -1] < 1e-3 * d[:, 0]).all()


def test_at_the_critical_gamma_nothing_turns() -> None:
    found = {gamma: phase(build_game(CRITICAL.config.replace("regulariser.r1", gamma))) for gamma in (0.9, 1.0, 3.0)}
    assert np.abs(found[0.9].eigenvalues.imag).min() > 0.1
    np.testing.assert_allclose(found[1.0].eigenvalues, 0.5, atol=1e-4)
    assert np.abs(found[3.0].eigenvalues.imag).max() == 0 and found[3.0].eigenvalues.real.min() < 0.1
    assert (distances(CRITICAL.config, 400)[:, -1] < 1e-3).all()


def test_the_limit_cycle_is_reached_from_every_start() -> None:
    d = distances(CYCLE.config, 3000)[:, -200:]
    print(d.min(), d.max())
    assert d.min() > 0.44 and d.max() < 0.46
    d = distances(CYCLE.config, 1500, CYCLE.moves[0].changes)[:, -200:]
    assert d.min() > 0.9 and d.max() < 1.1


def test_the_bilinear_race() -> None:
    d = distances(BILINEAR.config, 600)
    assert (d[:, -1] > 10 * d[:, 0]).all()
    for move in BILINEAR.moves:
        d = distances(BILINEAR.config, 700, move.changes, before=100)
        print(move.label, d[:, -1] / d[:, 100])
        assert (d[:, -1] < 0.1 * d[:, 100]).all()
