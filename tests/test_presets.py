"""Every preset's promise, over several seeds: what its text says must be what a class will see."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

from gandash.config import GameConfig
from gandash.config.changes import restarts
from gandash.config.setting import JsonValue
from gandash.diagnostics.measure import READINGS, Measurement
from gandash.diagnostics.measure_pictures import PictureMeasurement
from gandash.diagnostics.phase import phase
from gandash.diagnostics.verdict import Observation, points_verdict_rule
from gandash.domains.registry import domain_of
from gandash.game.compiled.engine import Compiled
from gandash.game.compiled.plans import covers
from gandash.game.field import evaluate_discriminator_on_samples
from gandash.game.game import build_game
from gandash.game.round import METRICS, GameState, start
from gandash.game.step import train_step
from gandash.presets import DEFAULT, PRESETS
from gandash.presets.base import GROUPS, STORIES, Preset
from gandash.presets.collapse import COLLAPSE, GRID_COLLAPSE, PACKED, PUBLISHED_COLLAPSE, UNROLLED
from gandash.presets.critics import CLIPPED, CRITIC_BOARD, CRITIC_MOONS, PENALISED
from gandash.presets.line import (
    ONE_GAUSSIAN,
    RAMP,
    SMOOTHED,
    STRONG_D,
    STRONG_G,
    STUCK,
    TOO_FAST,
    TRACKING,
    TWO_MODES,
    VANISHING,
)
from gandash.presets.pictures import DIGITS, DIGITS_BY_HEART, DIGITS_COLLAPSE, DIGITS_PLANE, DISCS
from gandash.presets.plane import CLUSTERS, GRID, MASTERED_GRID, MASTERED_RING, MOONS, PUBLISHED, RING, ROLL
from gandash.presets.scalar import BILINEAR, CRITICAL, CYCLE, INWARDS, ORBIT
from gandash.worker.trajectory import best_engine, streams_of


class Play:
    """A preset played with several seeds at once, one member each, by whoever plays it for a visitor."""

    def __init__(self, config: GameConfig, seeds: Sequence[int]) -> None:
        self.configs = [config.replace("run.seed", seed) for seed in seeds]
        self.game = build_game(*self.configs)
        self.engine = best_engine(self.game)
        self.streams = streams_of(self.engine, list(seeds), self.game.averaging.device)
        self.state: GameState = start(self.game, self.streams)

    def set(self, changes: Sequence[tuple[str, JsonValue]]) -> None:
        self.configs = [c.replace_all(changes) for c in self.configs]
        self.game = build_game(*self.configs)

    def run(
        self, steps: int, measure_every: int | None = None, over: int | None = None
    ) -> tuple[torch.Tensor, list[list[dict[str, float]]]]:
        """Metrics (steps, members, columns) and the readings of every member along the way, or along the last steps of it."""
        if over is not None and over < steps:
            before, _ = self.run(steps - over)
            rows, readings = self.run(over, measure_every)
            return torch.cat([before, rows]), readings
        played, readings = [], []
        for first in range(0, steps, measure_every or steps):
            rounds = min(measure_every or steps, steps - first)
            played.append(self._play(rounds))
            if rounds == measure_every:
                readings.append(self.readings())
        return torch.cat(played), readings

    def _play(self, rounds: int) -> torch.Tensor:
        if self.engine == "compiled" and covers(self.game):
            played = Compiled(self.game, self.streams.seeds, self.state)
            rows = played.play(rounds)
            self.state = played.state
            return rows
        found = []
        for _ in range(rounds):
            self.state, metrics = train_step(self.game, self.state, self.streams)
            found.append(metrics)
        return torch.stack(found)

    def readings(self) -> list[dict[str, float]]:
        return [found.readings for found in self.measurements()]

    def measurements(self) -> list[Measurement | PictureMeasurement]:
        return [domain_of(self.game).measure(self.game, self.state, self.streams, m) for m in range(self.game.members)]


def mostly(kept: Iterable[object], but: int = 1) -> bool:
    """Whether all seeds but so few keep the promise. It is a game's, and not a seed's: a few games in a hundred go another way,
    and a processor that rounds otherwise plays other games from the same seeds.
    """
    return sum(not held for held in kept) <= but


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
        assert 0 <= move.at < move.until


@pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda p: p.name)
def test_a_preset_says_in_a_line_what_it_teaches_and_has_a_place_in_the_menu(preset: Preset) -> None:
    assert preset.group in GROUPS and preset.story in STORIES
    assert 20 <= len(preset.teaches) <= 70 and preset.teaches.endswith(".")
    assert (preset.cure is not None) == any(move.cures for move in preset.moves)
    assert preset.cure is not None or preset.story != "cured"


@pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda p: p.name)
def test_texts_are_for_visitors(preset: Preset) -> None:
    """No notes of ours: how often we tried it and what we happened to measure stand in PRESETS.md."""
    for text in (preset.teaches, preset.promise, preset.watch):
        assert not re.search(r"measured|tried|seeds? \d|(two|three|four|five|ten|none|one) (of \w+ )?seeds|slow core", text), (
            text
        )
        assert "std" not in text.split() and not re.search(r"\bp[gr]\b|D ?\* ?\*", text), text


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [range(0, 5), range(5, 10)], ids=["seeds 0-4", "seeds 5-9"])
def test_two_modes_converges(seeds: range) -> None:
    play = Play(TWO_MODES.config, seeds)
    first = play.readings()
    play.run(TWO_MODES.steps)
    last = play.readings()
    print([{k: round(r[k], 4) for k in READINGS} for r in last])
    assert all(before["jsd"] > 0.3 for before in first)  # it had a way to go
    assert mostly(max(r["jsd"], r["jsd_average"]) <= 0.05 and r["gap_half"] <= 0.10 for r in last)


@pytest.mark.slow
def test_one_gaussian_converges() -> None:
    play = Play(ONE_GAUSSIAN.config, range(5))
    assert all(r["jsd"] > 0.3 for r in play.readings())
    play.run(ONE_GAUSSIAN.steps)
    last = play.readings()
    print([{k: round(r[k], 4) for k in READINGS} for r in last])
    assert mostly(r["jsd_average"] <= 0.02 and r["gap_half"] <= 0.10 for r in last)


@pytest.mark.slow
def test_a_learning_rate_too_high_is_cured_live() -> None:
    play = Play(TOO_FAST.config, range(5))
    (cure,) = TOO_FAST.moves
    _, wild = play.run(cure.at, measure_every=20, over=500)
    play.set(cure.changes)
    _, calm = play.run(cure.until - cure.at, measure_every=20, over=500)
    cured = []
    for member in range(5):
        before = np.std([r[member]["wasserstein"] for r in wild])
        after = np.std([r[member]["wasserstein"] for r in calm])
        jsd = np.median([r[member]["jsd"] for r in calm])
        print(f"seed {member}: swing {before:.3f} -> {after:.4f}, JSD {jsd:.3f}")
        cured.append(before >= 5 * after and jsd <= 0.08)
    assert mostly(cured)


@pytest.mark.slow
def test_the_minimax_gradient_vanishes_and_the_other_loss_lives() -> None:
    play = Play(VANISHING.config, range(5))
    first = [r["wasserstein"] for r in play.readings()]
    (cure,) = VANISHING.moves
    rows, _ = play.run(cure.at)
    stuck = [r["wasserstein"] for r in play.readings()]
    ratio = (column(rows, "gradient_norm_g") / column(rows, "gradient_norm_g_other"))[-100:].median(dim=0).values
    play.set(cure.changes)
    play.run(cure.until - cure.at)
    cured = [r["wasserstein"] for r in play.readings()]
    print(f"gradient ratio {ratio.tolist()}, W1 {first} -> {stuck} -> {cured}")
    assert (ratio < 1e-3).all()
    assert all(still > 0.75 * begun for begun, still in zip(first, stuck, strict=True))
    assert mostly(distance < 0.5 for distance in cured)


def verdicts(play: Play, rows: torch.Tensor, readings: list[list[dict[str, float]]]) -> list[str]:
    """What the verdict on every member's history is called; D's means are those of the last step's batch."""
    modes = play.game.data.modes()
    floor = play.measurements()[0].estimators.floors["jsd"].mean
    d_real, d_fake = column(rows, "mean_d_real")[-1], column(rows, "mean_d_fake")[-1]
    found = []
    for m in range(play.game.members):
        history = [
            Observation(r["jsd"], r["wasserstein"], r["gap_half"], float(d_real[m]), float(d_fake[m]), modes=r["modes"])
            for r in (moment[m] for moment in readings)
        ]
        found.append(points_verdict_rule(history, floor, len(modes.weights) if modes else 0).kind)
    return found


def slopes_in_the_gap(found: Measurement) -> np.ndarray:
    """The critic's slope from cell to cell between p_g's last samples and p_r's first."""
    x, p_g = found.estimators.grid, found.live.p_g
    last, first = x[p_g > 0.01 * p_g.max()].max(), x[found.estimators.p_r > 0.01 * found.estimators.p_r.max()].min()
    assert first - last > 0.3  # there is a gap to speak of
    return (np.diff(found.d) / np.diff(x))[(x[:-1] > last) & (x[1:] < first)]


@pytest.mark.slow
def test_a_penalised_critic_is_a_ramp_where_minimax_is_dead() -> None:
    play = Play(RAMP.config, range(5))
    rows, _ = play.run(50)
    walking = column(rows, "gradient_norm_g")[-10:].median(dim=0).values
    far, at = play.measurements(), play.state
    gentle, dead = RAMP.moves
    for changes, weight in (((), 1.0), (gentle.changes, 10.0)):
        play = Play(RAMP.config, range(5))
        play.run(50)
        if changes:
            play.set(changes)
            play.run(50)
        on_the_slope = []
        for found in play.measurements():
            slopes = slopes_in_the_gap(found)
            expected = 1 + found.live.wasserstein / (2 * weight)
            print(f"λ = {weight:g}: slopes {slopes.min():.3f} to {slopes.max():.3f}, 1 + W1/(2λ) = {expected:.3f}")
            on_the_slope.append(np.allclose(slopes, expected, rtol=0.1))
        assert mostly(on_the_slope)
    play = Play(RAMP.config, range(5))
    _, readings = play.run(500, measure_every=10)
    arrived = [min(moment[m]["wasserstein"] for moment in readings) for m in range(5)]

    play.state = at
    play.set(dead.changes)
    rows, _ = play.run(150)
    stuck, still = column(rows, "gradient_norm_g")[-10:].median(dim=0).values, play.measurements()
    print(f"W1 {[f.live.wasserstein for f in far]} -> {arrived}; G's gradient {walking.tolist()} -> {stuck.tolist()}")
    assert mostly(distance < 1.5 for distance in arrived)
    assert (stuck < 1e-4 * walking).all()
    for before, after in zip(far, still, strict=True):
        assert after.live.wasserstein == pytest.approx(before.live.wasserstein, abs=0.1)


@pytest.mark.slow
def test_a_d_too_strong_is_held_back_live() -> None:
    play = Play(STRONG_D.config, range(5))
    (cure,) = STRONG_D.moves
    rows, readings = play.run(cure.at, measure_every=5)
    gradient = column(rows, "gradient_norm_g")
    d_real, d_fake = (column(rows, name)[-10:] for name in ("mean_d_real", "mean_d_fake"))
    print(
        f"gradient {gradient[0].tolist()} -> {gradient[-1].tolist()}, D {d_real.min():.6f} real, {d_fake.max():.2g} generated"
    )
    assert verdicts(play, rows, readings) == ["discriminator_won"] * 5
    assert d_real.min() > 0.99 and d_fake.max() < 0.001
    assert mostly(gradient[-10:].max(dim=0).values < 1e-6 * gradient[0])
    lost = readings[-1]
    play.set(cure.changes)
    play.run(cure.until - cure.at)
    mended = play.readings()
    print([(round(a["wasserstein"], 2), round(b["wasserstein"], 3)) for a, b in zip(lost, mended, strict=True)])
    assert all(r["wasserstein"] > 3 for r in lost) and mostly(r["wasserstein"] < 0.2 for r in mended)


@pytest.mark.slow
def test_a_g_too_strong_is_held_back_live() -> None:
    play = Play(STRONG_G.config, range(5))
    (cure,) = STRONG_G.moves
    rows, readings = play.run(cure.at, measure_every=10)
    jsd = np.array([[r["jsd"] for r in moment] for moment in readings[20:]])
    print(f"JSD from {jsd.min(axis=0)} to {jsd.max(axis=0)}")
    assert jsd.min() > 0.2
    assert verdicts(play, rows, readings) == ["collapsed"] * 5
    play.set(cure.changes)
    play.run(cure.until - cure.at)
    last = play.readings()
    print(modes_and_quality(last))
    assert mostly(r["modes"] == 2 and r["jsd"] <= 0.15 for r in last)


@pytest.mark.slow
def test_one_mode_of_two_is_held_whatever_the_pairing_until_d_is_penalised() -> None:
    play = Play(STUCK.config, range(5))
    play.run(300)
    rows, _ = play.run(STUCK.steps - 300)
    loss, d_fake = (column(rows, name).mean(dim=0) for name in ("loss_d", "mean_d_fake"))
    print(f"loss {loss.tolist()}, D on generated data {d_fake.tolist()}")
    np.testing.assert_allclose(loss, 2 * math.log(2) - 2 * (0.75 * math.log(4 / 3)), atol=0.02)
    np.testing.assert_allclose(d_fake, 1 / 3, atol=0.02)
    assert all(r["modes"] == 1 for r in play.readings())
    held, found = play.state, {}
    for move in STUCK.moves:
        play.state = held
        play.set(move.changes)
        play.run(move.until - move.at)
        found[move.label] = [r["wasserstein"] for r in play.readings()]
    print(found)
    paired, penalised = found.values()
    assert mostly(distance > 1.8 for distance in paired) and mostly(distance < 1 for distance in penalised)


def modes_and_quality(readings: list[dict[str, float]]) -> str:
    return ", ".join(
        f"{r['modes']:.0f} modes {r['high_quality']:.3f} high quality JSD {r['jsd_average']:.3f}" for r in readings
    )


@pytest.mark.slow
def test_the_ring_captures_all_modes() -> None:
    play = Play(RING.config, range(5))
    assert all(r["modes"] < 8 for r in play.readings())
    play.run(RING.steps)
    last = play.readings()
    print(modes_and_quality(last))
    assert mostly(r["modes"] == 8 and r["high_quality"] >= 0.80 and r["gap_half"] <= 0.10 for r in last)


@pytest.mark.slow
def test_the_published_ring_is_found_but_not_sharp() -> None:
    play = Play(PUBLISHED.config, range(5))
    play.run(PUBLISHED.steps)
    last = play.readings()
    print([(r["modes"], round(r["high_quality"], 2), round(r["high_quality_average"], 2)) for r in last])
    assert mostly((r["modes"] == r["modes_average"] == 8 and 0.20 <= r["high_quality_average"] <= 0.75 for r in last), but=2)


@pytest.mark.slow
@pytest.mark.timeout(5400)  # minutes of steps, on a machine that may be far slower than ours, or busy
@pytest.mark.parametrize(
    ("preset", "modes", "quality"),
    [(MASTERED_RING, 8, 0.93), (MASTERED_GRID, 25, 0.92)],
    ids=["ring", "grid"],
)
def test_the_published_scale_is_mastered(preset: Preset, modes: int, quality: float) -> None:
    play = Play(preset.config, range(5))
    play.run(preset.steps)
    last = play.readings()
    print([(r["modes_average"], round(r["high_quality_average"], 3), round(r["high_quality"], 2)) for r in last])
    assert mostly(r["modes_average"] == modes and r["high_quality_average"] >= quality for r in last)


@pytest.mark.slow
def test_the_grid_captures_all_modes() -> None:
    play = Play(GRID.config, range(5))
    play.run(GRID.steps)
    last = play.readings()
    print(modes_and_quality(last))
    assert mostly(r["modes"] == 25 and r["high_quality"] >= 0.70 for r in last)


@pytest.mark.slow
@pytest.mark.parametrize(("preset", "bound"), [(MOONS, 0.2), (ROLL, 0.26)], ids=lambda p: getattr(p, "name", ""))
def test_curves_of_the_plane_are_learned(preset: Preset, bound: float) -> None:
    play = Play(preset.config, range(5))
    assert all(r["jsd"] > 0.4 for r in play.readings())
    play.run(preset.steps)
    last = play.readings()
    print([{k: round(r[k], 3) for k in ("jsd", "jsd_average", "gap_half")} for r in last])
    assert mostly(r["jsd_average"] <= bound and r["gap_half"] <= 0.10 for r in last)


@dataclass(frozen=True)
class Collapse:
    """At most `most` modes captured over the last `over` steps before the cure; after it all, of some quality, but for so many
    of `runs` runs."""

    over: int
    most: int
    modes: int
    quality: float
    runs: int = 5
    but: int = 1


@pytest.mark.slow
@pytest.mark.parametrize(
    ("preset", "told"),
    [
        (COLLAPSE, Collapse(over=500, most=4, modes=8, quality=0.70)),
        (PUBLISHED_COLLAPSE, Collapse(over=500, most=1, modes=8, quality=0.01, runs=10, but=5)),
        (GRID_COLLAPSE, Collapse(over=400, most=8, modes=25, quality=0.15)),
    ],
    ids=["ring", "published ring", "grid"],
)
def test_modes_collapse_and_are_won_back_live(preset: Preset, told: Collapse) -> None:
    play = Play(preset.config, range(told.runs))
    (cure,) = preset.moves
    _, lost = play.run(cure.at, measure_every=50, over=told.over)
    captured = np.array([[r["modes"] for r in found] for found in lost])
    print(f"captured over the last {told.over} steps: {captured.T.tolist()}")
    assert mostly(np.median(captured, axis=0) <= told.most)
    assert mostly(r["jsd"] >= 0.4 for r in lost[-1])
    play.set(cure.changes)
    play.run(cure.until - cure.at)
    cured = play.readings()
    print(modes_and_quality(cured))
    assert mostly((after["modes"] == told.modes and after["high_quality"] >= told.quality for after in cured), told.but)


@pytest.mark.slow
def test_packing_undoes_the_collapse() -> None:
    assert PACKED.config.replace("regulariser.packing", 1) == COLLAPSE.config
    play = Play(PACKED.config, range(5))
    play.run(PACKED.steps)
    last = play.readings()
    print(modes_and_quality(last))
    assert mostly(r["modes"] == 8 and r["high_quality"] >= 0.60 for r in last)


@pytest.mark.slow
def test_unrolling_undoes_the_collapse_live() -> None:
    play = Play(UNROLLED.config, range(5))
    (cure,) = UNROLLED.moves
    _, lost = play.run(cure.at, measure_every=50, over=450)
    captured = np.array([[r["modes"] for r in found] for found in lost])
    print(f"captured over the last 400 steps: {captured.T.tolist()}")
    assert mostly(np.median(captured, axis=0) <= 4)
    play.set(cure.changes)
    play.run(400)
    back = play.readings()
    play.run(cure.until - cure.at - 400)
    cured = play.readings()
    print(modes_and_quality(back), modes_and_quality(cured), sep="\n")
    assert mostly(r["modes"] == 8 for r in back)
    assert mostly(r["modes"] == 8 and r["jsd"] < 0.45 for r in cured)


@pytest.mark.slow
def test_d_tracks_its_best_response() -> None:
    play = Play(TRACKING.config, range(5))
    assert mostly(r["jsd"] > 0.4 and r["gap_star"] > 0.4 for r in play.readings())
    play.run(TRACKING.steps)
    last = play.readings()
    print([{k: round(r[k], 3) for k in ("jsd", "gap_star", "gap_half")} for r in last])
    assert mostly((r["gap_star"] <= 0.15 and r["jsd"] <= 0.02 and r["gap_half"] <= 0.15 for r in last), but=2)


@pytest.mark.slow
def test_label_smoothing_moves_the_line() -> None:
    play = Play(SMOOTHED.config, range(5))
    rows, _ = play.run(SMOOTHED.steps)
    loss = column(rows, "loss_d")[-200:].mean(dim=0)
    last = play.readings()
    print(loss.tolist(), [{k: round(r[k], 3) for k in ("jsd_average", "gap_half")} for r in last])
    assert play.game.objective.equilibrium["loss_d"] == pytest.approx(1.346, abs=5e-4)
    assert mostly(r["gap_half"] <= 0.10 and r["jsd_average"] <= 0.06 for r in last)
    assert loss.tolist() == pytest.approx([1.346] * 5, abs=0.02)
    (undone,) = SMOOTHED.moves
    play.set(undone.changes)
    rows, _ = play.run(undone.until - undone.at)
    loss = column(rows, "loss_d")[-200:].mean(dim=0)
    last = play.readings()
    print(loss.tolist(), [round(r["gap_half"], 3) for r in last])
    assert mostly(r["gap_half"] <= 0.10 for r in last)  # of 1/2 again
    assert loss.tolist() == pytest.approx([2 * math.log(2)] * 5, abs=0.02)


@pytest.mark.slow
def test_a_gradient_penalty_does_better_than_clipping() -> None:
    found = {}
    for preset in (CLIPPED, PENALISED):
        play = Play(preset.config, range(10))
        play.run(preset.steps)
        found[preset.name] = [r["jsd_average"] for r in play.readings()]
    print(found)
    assert mostly((jsd >= 0.2 for jsd in found[CLIPPED.name]), but=3)
    assert mostly(jsd <= 0.26 for jsd in found[PENALISED.name])
    assert sum(found[CLIPPED.name]) > sum(found[PENALISED.name]) + 10 * 0.01


def slopes_on_data(play: Play) -> list[float]:
    """E|grad_x a| over points of p_r, of every member's critic."""
    x = play.measurements()[0].estimators.real_points.clone().expand(play.game.members, -1, -1).requires_grad_()
    outputs = play.game.discriminator.network(play.state.phi_effective.clone(), x)
    (slope,) = torch.autograd.grad(outputs.sum(), x)
    return slope.norm(dim=-1).mean(dim=1).tolist()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("preset", "flat", "bound"), [(CRITIC_BOARD, 0.25, 0.28), (CRITIC_MOONS, 0.3, 0.3)], ids=["board", "moons"]
)
def test_a_penalty_gives_the_critic_its_unit_live(preset: Preset, flat: float, bound: float) -> None:
    play = Play(preset.config, range(5))
    (cure,) = preset.moves
    play.run(cure.at)
    clipped, before = slopes_on_data(play), play.readings()
    play.set(cure.changes)
    play.run(cure.until - cure.at)
    penalised, after = slopes_on_data(play), play.readings()
    print(clipped, penalised, [[round(r["jsd_average"], 3) for r in readings] for readings in (before, after)])
    assert mostly(slope < flat for slope in clipped)
    assert mostly(0.6 < slope < 1.4 for slope in penalised)
    assert mostly(r["jsd_average"] < bound for r in before) and mostly(r["jsd_average"] < bound for r in after)


@pytest.mark.slow
def test_both_clusters_are_captured() -> None:
    play = Play(CLUSTERS.config, range(5))
    play.run(CLUSTERS.steps)
    last = play.readings()
    print(modes_and_quality(last))
    assert mostly(after["modes"] == 2 for after in last)


def of_pictures(readings: list[dict[str, float]], whose: str = "_average") -> str:
    """The averaged G's numbers, and how sure D is; `whose` is "" for the live one."""
    names = ("modes", "high_quality", "frechet", "coverage", "precision", "recall")
    return "\n".join(
        ", ".join([*(f"{name} {r[name + whose]:.3f}" for name in names), f"gap {r['gap_half']:.2f}"]) for r in readings
    )


@pytest.mark.slow
def test_digits_are_learned() -> None:
    play = Play(DIGITS.config, range(3))
    levels = play.measurements()[0].estimators.floors
    assert all(r["coverage_average"] < 0.1 for r in play.readings())
    play.run(1000)
    soon = play.readings()
    play.run(DIGITS.steps - 1000)
    last = play.readings()
    print(of_pictures(soon), of_pictures(last), sep="\n")
    for after in soon:
        assert after["modes"] == after["modes_average"] == 10
        assert after["coverage_average"] >= 0.6 * levels["coverage"].mean
    assert all(r["modes"] == r["modes_average"] == 10 for r in last)
    assert mostly(
        r["coverage_average"] >= 0.85
        and r["coverage"] >= 0.75
        and r["precision_average"] >= 0.80
        and r["recall_average"] >= 0.90
        for r in last
    )


@pytest.mark.slow
def test_digits_collapse_and_are_won_back_live() -> None:
    play = Play(DIGITS_COLLAPSE.config, range(3))
    (cure,) = DIGITS_COLLAPSE.moves
    _, lost = play.run(cure.at, measure_every=100, over=1400)
    captured, sure = (np.array([[r[name] for r in moment] for moment in lost]) for name in ("modes", "gap_half"))
    print(f"from step 700 on captured {captured.T.tolist()}, |D - 1/2| up to {sure.max(axis=0)}")
    assert mostly(np.median(captured, axis=0) <= 4) and mostly(sure.max(axis=0) <= 0.1)
    assert mostly(r["coverage"] <= 0.15 for r in lost[-1])
    play.set(cure.changes)
    play.run(cure.until - cure.at)
    cured = play.readings()
    print(of_pictures(cured, ""))
    assert mostly(r["modes"] == 10 and r["coverage"] >= 0.45 for r in cured)


@pytest.mark.slow
def test_without_r1_d_learns_the_digits_by_heart_and_r1_brings_them_back_live() -> None:
    assert DIGITS_BY_HEART.config.replace("regulariser.r1", 0.3) == DIGITS.config
    play = Play(DIGITS_BY_HEART.config, range(3))
    play.run(2000)
    best = play.readings()
    (cure,) = DIGITS_BY_HEART.moves
    play.run(cure.at - 2000)
    worse = play.readings()
    play.set(cure.changes)
    play.run(cure.until - cure.at)
    cured = play.readings()
    print(of_pictures(best), of_pictures(worse), of_pictures(cured), sep="\n")
    assert mostly(
        early["modes_average"] == 10
        and early["coverage_average"] >= 0.75
        and late["gap_half"] >= 0.48
        and late["frechet_average"] > 2 * early["frechet_average"]
        and late["precision_average"] > early["precision_average"]
        and late["coverage_average"] < early["coverage_average"]
        and after["modes_average"] == 10
        and after["gap_half"] <= 0.35
        and after["frechet_average"] < late["frechet_average"] / 3
        for early, late, after in zip(best, worse, cured, strict=True)
    )
    assert mostly((late["modes_average"] < 10 for late in worse), but=2)


@pytest.mark.slow
def test_without_r1_d_tells_the_digits_that_it_was_fed_from_all_others() -> None:
    play = Play(DIGITS_BY_HEART.config.replace("data.count", 900), range(3))
    play.run(8000)
    everything = build_game(DIGITS_BY_HEART.config).data
    n = len(everything.pictures())
    choice = torch.zeros(n, 2)
    choice[:, 0] = (torch.arange(n) + 0.5) / n  # each picture once, in order: the first 900 are those of the game
    x = everything.push(choice, torch.rand(n, everything.dimension, generator=torch.Generator().manual_seed(0)))
    d = torch.sigmoid(evaluate_discriminator_on_samples(play.game, play.state.phi_effective, x.expand(3, -1, -1))).view(3, n)
    fed, others = d[:, :900].mean(dim=1), d[:, 900:].mean(dim=1)
    print(f"D on the pictures it was fed {fed.tolist()}, on others {others.tolist()}")
    assert (fed - others > 0.25).all()


@pytest.mark.slow
def test_two_digits_fill_the_latent_plane() -> None:
    play = Play(DIGITS_PLANE.config, range(3))
    play.run(DIGITS_PLANE.steps)
    last = play.readings()
    print(of_pictures(last))
    assert mostly(
        r["modes_average"] == 2
        and r["high_quality_average"] >= 0.9
        and r["precision_average"] >= 0.88
        and r["coverage_average"] >= 0.75
        and r["recall_average"] <= 0.7
        for r in last
    )


@pytest.mark.slow
def test_discs_and_squares_are_everywhere() -> None:
    play = Play(DISCS.config, range(3))
    assert all(r["high_quality"] < 0.1 for r in play.readings())
    play.run(600)
    soon = play.readings()
    play.run(DISCS.steps - 600)
    last = play.readings()
    print(of_pictures(soon), of_pictures(last), sep="\n")
    assert mostly(r["modes_average"] == 36 and r["high_quality_average"] >= 0.90 for r in soon)
    assert mostly(
        r["modes_average"] == 36
        and r["high_quality_average"] >= 0.97
        and r["precision_average"] >= 0.90
        and r["recall_average"] >= 0.93
        for r in last
    )


STARTS = [(1.0, 1.0), (0.5, 0.0), (2.0, 1.0), (-1.0, 0.3), (0.2, -1.5)]
"""Nothing in a scalar game is random: starts take the place of seeds."""


def distances(config: GameConfig, steps: int, changes: Sequence[tuple[str, JsonValue]] = (), before: int = 0) -> np.ndarray:
    """Distances from the equilibrium at every round, `(starts, rounds + 1)`; `changes` act after `before` rounds."""
    play = Play(config, [0] * len(STARTS))
    theta, phi = torch.tensor(STARTS).split(1, dim=1)
    play.state = replace(play.state, theta=theta, phi=phi, average=theta, phi_effective=phi)
    found = [torch.hypot(theta, phi)]
    for i in range(steps):
        if changes and i == before:
            play.set(changes)
        play.run(1)
        found.append(torch.hypot(play.state.theta, play.state.phi))
    return torch.cat(found, dim=1).numpy()


def test_alternating_steps_circle_and_simultaneous_ones_spiral_out() -> None:
    d = distances(ORBIT.config, ORBIT.steps)
    assert (np.abs(d / d[:, :1] - 1) < 0.05).all()
    d = distances(ORBIT.config, ORBIT.moves[0].until, ORBIT.moves[0].changes)
    assert (d[:, -1] > 1.25 * d[:, 0]).all()


def test_r1_spirals_in() -> None:
    d = distances(INWARDS.config, INWARDS.steps)
    print(d[:, -1] / d[:, 0])
    assert (d[:, -1] < 1e-3 * d[:, 0]).all()


def test_at_the_critical_gamma_nothing_turns() -> None:
    found = {gamma: phase(build_game(CRITICAL.config.replace("regulariser.r1", gamma))) for gamma in (0.9, 1.0, 3.0)}
    assert np.abs(found[0.9].eigenvalues.imag).min() > 0.1
    np.testing.assert_allclose(found[1.0].eigenvalues, 0.5, atol=1e-4)
    assert np.abs(found[3.0].eigenvalues.imag).max() == 0 and found[3.0].eigenvalues.real.min() < 0.1
    assert (distances(CRITICAL.config, CRITICAL.steps)[:, -1] < 1e-3).all()


def test_the_limit_cycle_is_reached_from_every_start() -> None:
    d = distances(CYCLE.config, CYCLE.steps)[:, -200:]
    print(d.min(), d.max())
    assert d.min() > 0.44 and d.max() < 0.46
    d = distances(CYCLE.config, CYCLE.moves[0].until, CYCLE.moves[0].changes)[:, -200:]
    assert d.min() > 0.9 and d.max() < 1.1


def test_the_bilinear_race() -> None:
    d = distances(BILINEAR.config, BILINEAR.steps)
    assert (d[:, -1] > 10 * d[:, 0]).all()
    for move in BILINEAR.moves:
        d = distances(BILINEAR.config, move.until, move.changes, before=move.at)
        print(move.label, d[:, -1] / d[:, move.at])
        assert (d[:, -1] < 0.1 * d[:, move.at]).all()
