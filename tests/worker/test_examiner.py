"""Examinations beside a running game: they end in numbers or in a sentence, and the game never notices them."""

from __future__ import annotations

import itertools
import json
import math
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diagnostics.test_measure import at, make, ramp, straight
from playing import Played
from telling import line_facts
from worker.test_loop import Stage

from gandash.config import GameConfig, RunConfig
from gandash.config.data import (
    DigitsConfig,
    DiscsAndSquaresConfig,
    PointMassConfig,
    RingConfig,
    Samples2DConfig,
    UploadedPicturesConfig,
)
from gandash.config.networks import LinearConfig, MLPConfig, PointConfig
from gandash.config.optimisers import AdamConfig, GradientDescentConfig, MomentumConfig
from gandash.config.regularisers import RegulariserConfig
from gandash.config.rules import AlternatingConfig, OptimisticConfig, SimultaneousConfig
from gandash.diagnostics.path import PathHistory
from gandash.diagnostics.pictures import picture_estimators_for
from gandash.diagnostics.spectrum import joint, joint_field
from gandash.domains.pictures import class_table
from gandash.examine import best_response, descents, duality, landscape, samples, spectrum
from gandash.examine.examination import CheckCancelled, FrozenGame, GameCopy, Progress, Unfit, sampling_noise
from gandash.examine.registry import EXAMINATIONS, estimates, examine
from gandash.examine.spectrum import stability
from gandash.game.game import Streams
from gandash.server.run import Run
from gandash.wire.findings import DualityGap, Examinable, Finding
from gandash.wire.messages import (
    Command,
    End,
    Estimated,
    Examine,
    Examined,
    Refused,
    Restart,
    Rewind,
    SendFrame,
    Started,
    StartedGame,
    StepBy,
)
from gandash.worker.examiner import Examiner

WHATS: tuple[Examinable, ...] = tuple(Examinable)


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(best_response, "BEST_STEPS", 40)
    monkeypatch.setattr(duality, "INNER_STEPS", 10)
    monkeypatch.setattr(samples, "PAIRED", 64 * 200**2)  # of 8 × 8 pictures 200; of points 1000 all the same


@pytest.fixture
def stage(tmp_path: Path, tiny: GameConfig) -> Stage:
    return Stage(tmp_path, tiny)


def frozen(config: GameConfig, steps: int = 3, generation: int = 1) -> FrozenGame:
    session = Played(config)
    for _ in range(steps):
        session.advance()
    return FrozenGame(generation, session.config, session.state)


def results(what: Examinable, taken: FrozenGame) -> list[dict[str, Any]]:
    """As dictionaries, their notes as one reads them."""
    found = [progress.result for progress in examine(what, taken, lambda: None) if progress.result]
    return [result.model_dump() | {"notes": tuple(str(note) for note in result.notes)} for result in found]


def last(what: Examinable, config: GameConfig, steps: int = 3) -> dict[str, Any]:
    return results(what, frozen(config, steps))[-1]


def gap_of(gap: float, *notes: str) -> DualityGap:
    return DualityGap(gap=gap, value=0, worst_for_g=0, worst_for_d=0, steps=1, learning_rate=1, samples=1, test=1, notes=notes)


def is_idle(examiner: Examiner) -> bool:
    """Whether its thread has ended: it does so when nothing waits."""
    with examiner._lock:
        return examiner._thread is None


class Ear:
    """Hears what an examiner tells."""

    def __init__(self) -> None:
        self.heard: list[Any] = []
        self.examiner = Examiner(self.heard.append)

    def done(self) -> list[tuple[Examinable, int]]:
        return [(e.what, e.finding.step) for e in self.heard if e.finding.done]


class Gate:
    """An examination that waits at a gate, breathing, and is counted."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.entered, self.open, self.begun = threading.Event(), threading.Event(), 0
        for what in WHATS:
            monkeypatch.setitem(EXAMINATIONS, what, replace(EXAMINATIONS[what], results=self))

    def __call__(self, copy: GameCopy, check_cancelled: CheckCancelled) -> Iterator[Progress]:
        self.begun += 1
        self.entered.set()
        while not self.open.wait(0.005):
            check_cancelled()
        yield Progress(gap_of(copy.state.step))


# ----------------------------------------------------------------------------------------------------------- the answers


def test_there_is_an_examination_for_every_word_and_a_name() -> None:
    assert set(EXAMINATIONS) == set(WHATS)
    assert all(what == one.what and one.name for what, one in EXAMINATIONS.items())


@pytest.mark.parametrize("what", WHATS)
@pytest.mark.parametrize("data", ["line", "plane", "digits"])
def test_every_answer_travels_as_json_and_is_the_same_twice(
    what: Examinable, data: str, tiny: GameConfig, until: Callable[..., Any]
) -> None:
    config = tiny if data == "line" else replace_data(tiny, RingConfig(modes=3) if data == "plane" else DigitsConfig())
    ear, taken = Ear(), frozen(config)
    for n in (1, 2):
        ear.examiner.ask(what, taken)
        until(lambda n=n: len(ear.done()) == n, 60, what)
    one, other = (e for e in ear.heard if e.finding.done)
    assert (one.what, one.finding.step, one.generation, one.finding.problem) == (what, 3, 1, "")
    assert one.finding.result.what == what and one == other
    json.loads(one.model_dump_json(), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


def replace_data(config: GameConfig, data: Any) -> GameConfig:
    return config.model_copy(update={"data": data})


def test_the_spectrum_of_a_small_game_is_whole_with_its_boundary(tiny: GameConfig) -> None:
    plain = GradientDescentConfig(learning_rate=0.05)
    config = tiny.model_copy(
        update={"update_rule": SimultaneousConfig(), "generator_optimiser": plain, "discriminator_optimiser": plain}
    )
    found = last("spectrum", config)
    assert found["complete"] and found["found"] == found["size"] == 2 * (4 + 4 + 4 + 1)
    assert all(abs(abs(1 - 0.05 * complex(*z)) - 1) < 1e-9 for z in found["boundary"])
    largest = max(abs(1 - 0.05 * complex(*z)) for z in found["eigenvalues"])
    assert found["growth"] == pytest.approx(largest)
    # Unequal steps: the boundary is that of h = 1, and so are the eigenvalues
    scaled = last("spectrum", config.model_copy(update={"discriminator_optimiser": GradientDescentConfig(learning_rate=0.1)}))
    assert scaled["scaled"] and "diag(h)" in scaled["notes"][0]
    assert all(abs(abs(1 - complex(*z)) - 1) < 1e-9 for z in scaled["boundary"])


def test_at_rest_the_field_reads_what_chance_adds_to_it() -> None:
    """A perfect G and D = 1/2 of one ReLU h: of all gradients that of its weight alone is not 0, -(E_r h - E_g h)/2, and of
    n samples of each law it has variance Var h / (2 n)."""
    game, state, _ = make()
    state, n = at(state, straight(1, 0.5, 1.0), ramp(0.0)), 256
    x = np.maximum(1 + 0.5 * np.random.default_rng(0).standard_normal(400_000), 0)
    found: list[float] = []
    speeds: list[float] = []
    for seed in range(30):
        copy = GameCopy(game, Streams([seed]), state)
        here, generators = joint(state.theta, state.phi), copy.generators

        def v(real: torch.Tensor, latents: torch.Tensor) -> torch.Tensor:
            return joint_field(game, real, latents)(here).detach()  # noqa: B023

        speeds.append(float(v(*copy.drawn(n, generators)).norm()))
        found.append(sampling_noise(v, copy, n, generators))
    exact = x.var() / (2 * n)
    assert np.mean(np.square(found)) == pytest.approx(exact, rel=4 * math.sqrt(2 / (30 * 7)))
    assert np.mean(np.square(speeds)) == pytest.approx(exact, rel=4 * math.sqrt(2 / 30))


def test_examinations_say_what_an_equilibrium_reads(tiny: GameConfig) -> None:
    spectrum, landscape, gap = (last(what, tiny) for what in ("spectrum", "landscape", "duality"))
    assert 0 < spectrum["sampling_noise"] < 10 * spectrum["speed"] and 0 < landscape["sampling_noise"] < 10 * landscape["speed"]
    assert -0.05 < gap["at_equilibrium"] < 0.01 and 0 < gap["spread"] < 0.05
    assert last("duality", dirac((1.0, 0.5)))["at_equilibrium"] == 0
    assert last("duality", tiny.replace("objective", "wasserstein"))["at_equilibrium"] is None
    assert last("spectrum", dirac((1.0, 0.5)))["sampling_noise"] < 1e-9, "one point each"


@pytest.mark.parametrize(
    "rule,one,other,clip,drawn,said",
    [
        (SimultaneousConfig(), GradientDescentConfig(), GradientDescentConfig(), 0, True, "contracts"),
        (OptimisticConfig(), GradientDescentConfig(), GradientDescentConfig(), 0, True, "contracts"),
        (SimultaneousConfig(), MomentumConfig(), MomentumConfig(), 0, True, "heavy ball"),
        (SimultaneousConfig(), MomentumConfig(), MomentumConfig(momentum=0.1), 0, False, "momentum"),
        (SimultaneousConfig(), AdamConfig(), GradientDescentConfig(), 0, False, "Adam"),
        (AlternatingConfig(), GradientDescentConfig(), GradientDescentConfig(), 0, False, "alternating"),
        (SimultaneousConfig(), GradientDescentConfig(), GradientDescentConfig(), 0.1, False, "clipping"),
        (SimultaneousConfig(), MomentumConfig(), GradientDescentConfig(), 0, False, "differ"),
    ],
)
def test_a_boundary_is_drawn_where_one_eigenvalue_decides(rule, one, other, clip, drawn, said, tiny: GameConfig) -> None:
    config = tiny.model_copy(
        update={
            "update_rule": rule,
            "generator_optimiser": one,
            "discriminator_optimiser": other,
            "regulariser": tiny.regulariser.model_copy(update={"clip": clip}),
        }
    )
    found, words = stability(config)
    assert (found is not None) is drawn and said in words
    assert drawn or "bare field" in words


def test_large_networks_are_asked_for_less_and_it_is_said(tiny: GameConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spectrum, "LARGE", 26 * 100)
    monkeypatch.setattr(spectrum, "HUGE", 20)
    monkeypatch.setattr(descents, "WORK", 1.0)
    found = last("spectrum", tiny)
    assert found["samples"] == 64 and "64 samples" in found["notes"][0] and "only the 4" in found["notes"][1]
    monkeypatch.setattr(duality, "INNER_STEPS", 100)
    assert "10 inner steps instead of 100" in last("duality", tiny)["notes"][0]


def test_the_best_response_streams_its_way(tiny: GameConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(best_response, "BEST_STEPS", 300)
    taken = frozen(tiny)
    found = results("best_response", taken)
    assert [r["steps"] for r in found[:3]] == [(0,), (0, 100), (0, 100, 200)]
    end = found[-1]
    assert end["bound"] == pytest.approx(2 * end["jsd"] - math.log(4))
    assert end["gap"] == pytest.approx(end["bound"] - end["values"][-1])
    assert end["values"][-1] > end["values"][0]


def test_the_jsd_of_rows_is_called_a_bound(tiny: GameConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(best_response, "BEST_STEPS", 100)
    found = last("best_response", replace_data(tiny, Samples2DConfig()))
    assert found["jsd_is_bound"] and "a lower bound, which D may pass" in " ".join(found["notes"])
    assert not last("best_response", tiny)["jsd_is_bound"]


def test_where_d_finds_more_than_the_measured_jsd_it_is_said(tiny: GameConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(best_response, "BEST_STEPS", 300)
    assert "at least" not in " ".join(last("best_response", tiny)["notes"])
    monkeypatch.setattr(best_response, "BEYOND", -1.0)
    found = last("best_response", tiny)
    assert f"at least {(found['values'][-1] + math.log(4)) / 2:.3f}" in found["notes"][-1]


def test_samples_are_read_beside_what_a_perfect_generator_reads(tiny: GameConfig) -> None:
    samples._floors.clear()
    begun, *_ = examine("samples", frozen(tiny), lambda: None)
    assert "floors" in begun.doing
    samples._floors.clear()
    first, *_, end = results("samples", frozen(tiny))
    assert first["floors"] is None
    assert set(end["values"]) == set(end["floors"]) and end["values"] == first["values"]
    assert end["values"]["w1"] > end["floors"]["w1"]["worst_5pct"]  # this generator has hardly begun
    (again,) = results("samples", frozen(tiny, 5))
    assert again["floors"] == end["floors"]  # facts about the law: read once


def test_the_mode_table_is_that_of_a_mixture(tiny: GameConfig) -> None:
    table = last("samples", replace_data(tiny, RingConfig(modes=3)))["modes"]
    assert table["counted"] == "modes" and len({round(row["expected"], 6) for row in table["rows"]}) == 1
    assert sum(row["expected"] for row in table["rows"]) + table["expected_elsewhere"] == pytest.approx(1)
    assert sum(row["share"] for row in table["rows"]) + table["elsewhere"] == pytest.approx(1)
    assert last("samples", tiny)["modes"] is not None or "reverse_kl" not in last("samples", tiny)["values"]


def test_what_d_proves_of_pictures_is_a_bound_from_below_alone(tiny: GameConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(best_response, "BEST_STEPS", 300)
    found = last("best_response", replace_data(tiny, DigitsConfig()))
    assert all(found[name] is None for name in ("jsd", "bound", "share", "gap")) and found["jsd_floor"] is None
    proven = (found["values"][-1] + math.log(4)) / 2
    assert found["values"][0] < found["values"][-1] <= 0 and 0.6 < proven <= math.log(2)  # it has hardly begun
    notes = " ".join(found["notes"])
    assert "no bound from above" in notes and "by heart" in notes and "packs" not in notes
    packed = tiny.replace("regulariser.packing", 2)
    notes = " ".join(last("best_response", replace_data(packed, DiscsAndSquaresConfig()))["notes"])
    assert "JSD is that of packs" in notes and "by heart" not in notes


def test_pictures_are_counted_by_what_they_show(tiny: GameConfig) -> None:
    digits = DigitsConfig(classes=(1, 3, 8))
    found = last("samples", replace_data(tiny, digits))
    assert found["points"] == 200 and "pixels" in found["notes"][0] and "200 of each law" in found["notes"][1]
    table = found["modes"]
    assert [row["name"] for row in table["rows"]] == ["1", "3", "8"] and table["counted"] == "digits"
    known = picture_estimators_for(digits)
    assert known.classes is not None
    assert sum(row["expected"] for row in table["rows"]) + table["expected_elsewhere"] == pytest.approx(1)
    assert found["floors"]["high_quality"]["mean"] > 0.95 and set(found["floors"]) == set(found["values"])
    assert sum(row["share"] for row in table["rows"]) + table["elsewhere"] == pytest.approx(1)


def test_real_pictures_fill_the_table_by_their_weights() -> None:
    for data in (DigitsConfig(), DiscsAndSquaresConfig(share=0.2)):
        known = picture_estimators_for(data)
        table = class_table(data, known.real_points)
        assert table is not None
        for row in table.rows:
            assert abs(row.share - row.expected) < 5 * row.noise, (data, row)
        assert abs(table.elsewhere - table.expected_elsewhere) < 5 * table.noise_elsewhere + 1e-9


def test_a_cell_is_named_by_its_middle() -> None:
    """The pictures of all cells' middles are counted once each, in the order of the names."""
    data = DiscsAndSquaresConfig()
    law: Any = picture_estimators_for(data).law
    middles = [place for place in itertools.product([0, 1], [6, 8, 10], [6, 8, 10], [3, 4])]
    pictures = 2 * law.rendered(torch.tensor(middles, dtype=torch.float32)) - 1
    table, one = class_table(data, pictures), class_table(data, pictures[7:8])
    assert table is not None and one is not None
    assert [a.name for a in table.attributes] == ["kind", "x", "y", "radius"]
    assert [row.point for row in table.rows] == middles
    assert [row.share for row in table.rows] == pytest.approx([1 / 36] * 36)
    assert [row.point for row in one.rows if row.share] == [middles[7]]


def test_pictures_without_labels_have_no_table(tiny: GameConfig) -> None:
    found = last("samples", replace_data(tiny, UploadedPicturesConfig()))
    assert found["modes"] is None and not {"high_quality", "reverse_kl"} & found["values"].keys()


def dirac(start: tuple[float, float]) -> GameConfig:
    plain = GradientDescentConfig(learning_rate=0.1)
    return GameConfig(
        data=PointMassConfig(location=0.0),
        generator=PointConfig(start=start[0]),
        discriminator=LinearConfig(start=start[1]),
        objective="minimax",
        regulariser=RegulariserConfig(r1=0.0),
        update_rule=SimultaneousConfig(),
        generator_optimiser=plain,
        discriminator_optimiser=plain,
        run=RunConfig(batch=8, averaging=0.0),
    )


def test_the_landscape_of_the_dirac_gan_is_its_phase_plane_turned() -> None:
    """v = (-sigma(a) psi, sigma(a) theta) with a = psi theta: everywhere |v| = sigma(a) |w|, at a right angle to w."""
    config = dirac((1.0, 0.5))
    session, trail = Played(config), PathHistory()
    for _ in range(40):
        trail.take(session.step, session.state.theta, session.state.phi)
        session.advance()
    theta, psi = float(session.state.theta), float(session.state.phi)
    taken = FrozenGame(1, session.config, session.state, trail.points)
    *_, found = results("landscape", taken)
    n = found["grid"]
    low_a, high_a, low_b, high_b = found["window"]
    flow, speeds = np.reshape(found["flow"], (n, n, 2)), np.reshape(found["speeds"], (n, n))
    here = 1 / (1 + math.exp(-theta * psi)) * math.hypot(theta, psi)
    assert found["speed"] == pytest.approx(here, rel=1e-4) and found["in_plane"] == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(np.hypot(flow[..., 0], flow[..., 1]), 10**speeds, rtol=2e-3)  # nothing stands across
    assert sum(found["shares"]) == pytest.approx(1) and len(found["path"]) == 2 * 41 and found["since"] == 0
    # The origin, where nobody moves: as far from here as w is long; the flow about it stands square
    a, b = np.meshgrid(np.linspace(low_a, high_a, n), np.linspace(low_b, high_b, n))
    slowest = np.unravel_index(speeds.argmin(), speeds.shape)
    cell = (high_a - low_a) / (n - 1)
    assert math.hypot(a[slowest], b[slowest]) == pytest.approx(math.hypot(theta, psi), abs=cell)
    assert found["angle"]["words"] and len(found["angle"]["cosines"]) == landscape.ANGLES
    assert found["notes"] == ()


def test_without_a_path_the_landscape_lies_along_one_more_round(tiny: GameConfig) -> None:
    session = Played(dirac((1.0, 0.0)))
    *_, found = results("landscape", FrozenGame(1, session.config, session.state))
    assert found["shares"] is None and found["angle"] is None and found["path"] == (0, 0)
    assert "not enough of a path" in found["notes"][0]
    # From (1, 0) D alone moves, by 0.1 * sigma(0) = 0.05, and ten times that is seen to each side
    assert found["window"] == pytest.approx([-0.5, 0.5, -0.5, 0.5], rel=1e-5)
    middle = found["grid"] ** 2 // 2
    assert found["flow"][2 * middle : 2 * middle + 2] == pytest.approx([0.5, 0], abs=1e-3)
    assert last("landscape", tiny)["parameters"] == 2 * (4 + 4 + 4 + 1)


def test_a_landscape_needs_somebody_who_moves(until: Callable[..., Any]) -> None:
    assert "Neither player moves" in problem("landscape", frozen(dirac((0.0, 0.0)), 0), until)


@pytest.mark.parametrize("changes", [("regulariser.noise", 0.5), ("regulariser.spectral", "on"), ("objective", "hinge")])
def test_a_landscape_of_other_games(changes: tuple[str, Any], tiny: GameConfig) -> None:
    found = last("landscape", tiny.replace(*changes))
    assert np.isfinite(found["flow"]).all() and 0 < found["in_plane"] <= 1


def test_a_large_landscape_is_coarser(tiny: GameConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(landscape, "LARGE", 26.0 / 4)
    found = last("landscape", tiny)
    assert (found["grid"], found["samples"]) == (landscape.SMALL_GRID, 32) and "32 samples" in found["notes"][0]


# ----------------------------------------------------------------------------------------------------- what cannot be had


def test_a_jacobian_that_is_not_finite_is_told_as_what_it_is(tiny: GameConfig) -> None:
    """|grad a| has no derivative where D is flat."""
    config = tiny.replace("regulariser.gradient_penalty", 1.0)
    taken = frozen(config)
    flat = replace(
        taken.state, phi=torch.zeros_like(taken.state.phi), phi_effective=torch.zeros_like(taken.state.phi_effective)
    )
    with pytest.raises(Unfit, match="where D is flat"):
        list(examine("spectrum", replace(taken, state=flat), lambda: None))


def test_a_spectrum_says_how_much_of_d_is_flat(tiny: GameConfig) -> None:
    """A ReLU unit that lives on x > 0 alone: elsewhere the penalty adds nothing, and its Jacobian is finite all the same."""
    config = tiny.replace_all(
        [("discriminator", {"kind": "mlp", "width": 1, "depth": 1}), ("regulariser.gradient_penalty", 1.0)]
    )
    taken = frozen(config)
    half = torch.tensor([[1.0, 0.0, 1.5, 0.0]])
    *_, found = results("spectrum", replace(taken, state=replace(taken.state, phi=half, phi_effective=half)))
    assert np.isfinite(found["eigenvalues"]).all()
    (note,) = [note for note in found["notes"] if "flat" in note]
    assert 5 < float(note.split("%")[0].split()[-1]) < 95


# ------------------------------------------------------------------------------------------- time limits, stops, durations


def test_at_its_time_limit_d_stops_says_what_it_reached_and_goes_on_from_there(
    tiny: GameConfig, until: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In pieces it comes to the same, step for step, as at one go."""
    monkeypatch.setattr(best_response, "BEST_STEPS", 250)
    *_, whole = results("best_response", frozen(tiny))
    monkeypatch.setattr(best_response, "BEST_SECONDS", 0.0)
    ear, taken = Ear(), frozen(tiny)
    assert not ear.examiner.go_on("best_response")
    ear.examiner.ask("best_response", taken)
    for n in (1, 2, 3, 4):
        until(lambda n=n: len(ear.done()) == n and is_idle(ear.examiner), 30, "it stops or ends")
        said = ear.heard[-1].finding
        assert said.result is not None and said.step == taken.step
        if n < 4:
            assert said.unfinished == 0 and len(said.result.steps) == n
            assert f"at {said.result.steps[-1]} of at most 250 steps" in said.result.notes[-1]
            assert ear.examiner.go_on("best_response")
        elif said.unfinished is not None:  # V at the last step was one more piece
            assert ear.examiner.go_on("best_response")
            until(lambda: len(ear.done()) == 5, 30, "it ends")
            said = ear.heard[-1].finding
    assert said.result is not None and said.unfinished is None
    assert said.result.steps == whole["steps"] and said.result.values == pytest.approx(whole["values"], abs=1e-5)
    assert not any("Stopped" in note for note in said.result.notes)
    assert not ear.examiner.go_on("best_response")


def test_an_examination_is_stopped_by_hand_and_what_it_found_stands(
    tiny: GameConfig, until: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    entered = threading.Event()

    def endless(copy: GameCopy, check_cancelled: CheckCancelled) -> Iterator[Progress]:
        yield Progress(gap_of(7.0, "first"), doing="at it")
        entered.set()
        while True:
            check_cancelled()

    monkeypatch.setitem(EXAMINATIONS, "duality", replace(EXAMINATIONS["duality"], results=endless))
    ear = Ear()
    ear.examiner.ask("duality", frozen(tiny))
    assert entered.wait(30)
    ear.examiner.ask("samples", frozen(tiny))
    ear.examiner.stop("samples")
    ear.examiner.stop("duality")
    until(lambda: is_idle(ear.examiner), 30, "it has stopped")
    ended = {e.what: e.finding for e in ear.heard if e.finding.done}
    assert ended["duality"].result == gap_of(7.0, "first", "Stopped by hand.") and ended["duality"].doing == ""
    assert ended["samples"].problem == "Stopped by hand."
    assert len(ear.done()) == 2
    ear.examiner.stop("duality")  # nothing is left to be stopped
    assert len(ear.done()) == 2


@pytest.mark.parametrize("data", ["line", "plane"])
def test_how_long_each_takes_is_estimated_first_and_measured_then(
    data: str, tiny: GameConfig, until: Callable[..., Any]
) -> None:
    heard: list[Any] = []
    one = Examiner(heard.append)
    taken = frozen(tiny if data == "line" else replace_data(tiny, RingConfig(modes=3)))
    one.estimate(taken)
    until(lambda: is_idle(one), 60, "the estimate")
    (first,) = heard
    assert isinstance(first, Estimated) and first.generation == 1
    assert set(first.seconds) == set(WHATS) and all(0 < seconds < 60 for seconds in first.seconds.values())
    one.ask("duality", taken)
    until(lambda: is_idle(one), 60, "duality")
    then = heard[-1]
    assert isinstance(then, Estimated) and {n: s for n, s in then.seconds.items() if n != "duality"} == {
        n: s for n, s in first.seconds.items() if n != "duality"
    }
    # within a factor of ten: other work on the machine may slow either
    assert then.seconds["duality"] / 10 < first.seconds["duality"] < 10 * max(then.seconds["duality"], 0.02)


def test_what_a_game_does_not_admit_has_no_estimate(tiny: GameConfig) -> None:
    assert "spectrum" not in estimates(frozen(tiny.replace("regulariser.spectral", "on")))


def problem(what: Examinable, taken: FrozenGame, until: Callable[..., Any]) -> str:
    ear = Ear()
    ear.examiner.ask(what, taken)
    until(ear.done, 30, what)
    finding: Finding = ear.heard[-1].finding
    assert finding.result is None
    return finding.problem


@pytest.mark.parametrize("what", WHATS)
def test_a_diverged_state_ends_in_a_sentence(what: Examinable, tiny: GameConfig, until: Callable[..., Any]) -> None:
    taken = frozen(tiny)
    broken = replace(taken, state=replace(taken.state, theta=torch.full_like(taken.state.theta, math.nan)))
    assert "diverged" in problem(what, broken, until)


def test_no_spectrum_under_spectral_or_batch_normalisation(tiny: GameConfig, until: Callable[..., Any]) -> None:
    spectral = tiny.replace("regulariser.spectral", "on")
    assert "spectral normalisation" in problem("spectrum", frozen(spectral), until)
    assert "normalised weights" in " ".join(last("duality", spectral)["notes"])
    batch = tiny.model_copy(update={"discriminator": MLPConfig(width=4, depth=1, normalisation="batch")})
    assert "batch normalisation" in problem("spectrum", frozen(batch), until)


@pytest.mark.parametrize(
    "error,said",
    [
        (Unfit("no such thing."), "No such thing."),
        (MemoryError(), "not enough memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), "not enough memory"),
        (ZeroDivisionError("x"), "ZeroDivisionError"),
    ],
    ids=lambda e: str(type(e).__name__),
)
def test_every_failure_is_a_sentence(error, said, tiny, until, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(copy: GameCopy, check_cancelled: CheckCancelled) -> Iterator[Progress]:
        raise error
        yield Progress()

    monkeypatch.setitem(EXAMINATIONS, "duality", replace(EXAMINATIONS["duality"], results=fail))
    assert said in problem("duality", frozen(tiny), until)


# ------------------------------------------------------------------------------------------------------------- the queue


def test_one_at_a_time_in_turn_and_the_newer_state_counts(tiny, until, monkeypatch: pytest.MonkeyPatch) -> None:
    gate, ear = Gate(monkeypatch), Ear()
    ear.examiner.ask("spectrum", frozen(tiny, 1))
    until(gate.entered.is_set)
    ear.examiner.ask("duality", frozen(tiny, 1))
    assert ear.heard[-1].finding == Finding(step=1, done=False, doing="waits its turn behind the spectrum")
    ear.examiner.ask("duality", frozen(tiny, 2))  # replaces the one that waits
    ear.examiner.ask("spectrum", frozen(tiny, 2))  # ends the one that runs: it is done again, on this state
    gate.open.set()
    until(lambda: is_idle(ear.examiner))
    assert ear.done() == [("duality", 2), ("spectrum", 2)]
    assert gate.begun == 3


def test_what_is_dropped_is_not_heard_of_again(tiny, until, monkeypatch: pytest.MonkeyPatch) -> None:
    gate, ear = Gate(monkeypatch), Ear()
    ear.examiner.ask("spectrum", frozen(tiny))
    until(gate.entered.is_set)
    ear.examiner.ask("duality", frozen(tiny))
    ear.examiner.drop()
    heard = len(ear.heard)
    until(lambda: is_idle(ear.examiner), 10, "the running one ends by itself")
    assert len(ear.heard) == heard and gate.begun == 1
    gate.open.set()
    ear.examiner.ask("samples", frozen(tiny, generation=2))
    until(ear.done)
    assert ear.heard[-1].generation == 2


# -------------------------------------------------------------------------------------------------------------- the loop


def test_before_a_game_there_is_nothing_to_examine(stage: Stage) -> None:
    stage.play((0.0, Examine(what="duality")), (1.0, End()), begin=False)
    assert "no game" in stage.events(Refused)[0].message


@pytest.mark.parametrize("config", ["line", "plane"])
def test_the_game_is_the_same_bit_for_bit_with_and_without_an_examination(
    config: str, tmp_path: Path, tiny: GameConfig, until: Callable[..., Any]
) -> None:
    """All four in mid-run, while it plays on: parameters, moments, random numbers and curves are as without."""
    played = tiny if config == "line" else replace_data(tiny, RingConfig(modes=3))

    def run(name: str, examined: bool) -> Stage:
        directory = tmp_path / name
        directory.mkdir()
        stage = Stage(directory, played, step_seconds=0.0)
        heard = lambda: [e for e in stage.events(Examined) if e.finding.done]  # noqa: E731
        asked = [(0.02 * i, Examine(what=what)) for i, what in enumerate(WHATS)] if examined else []
        script: list[Any] = [(0.0, SendFrame()), (0.0, StepBy(n=40)), (0.5, StepBy(n=40)), *[(0.5 + at, c) for at, c in asked]]
        script += [(0.9, StepBy(n=200))]  # beside them
        if examined:
            script += [(1.5, lambda: until(lambda: len(heard()) == len(WHATS), 60, "all are done"))]
        script += [(2.0, StepBy(n=40)), (3.0, End())]
        stage.play(*script)
        assert len(heard()) == (len(WHATS) if examined else 0) and not any(e.finding.problem for e in heard())
        return stage

    with_it, without = run("with", True), run("without", False)
    one, other = with_it.loop._games, without.loop._games
    assert one is not None and other is not None
    (seen,), (seen_alone,) = one.observers, other.observers
    (one,), (other,) = one.trajectories, other.trajectories
    assert one.step == other.step == 320
    for name in ("theta", "phi", "average", "phi_effective"):
        assert torch.equal(getattr(one.state, name), getattr(other.state, name)), name
    for moments in ("theta_moments", "phi_moments"):
        for key, tensor in getattr(one.state, moments).items():
            assert torch.equal(tensor, getattr(other.state, moments)[key])
    assert torch.equal(one.streams.state(), other.streams.state())
    assert seen.measurement().readings == pytest.approx(seen_alone.measurement().readings, nan_ok=True, abs=0)
    assert with_it.metric_steps() == without.metric_steps()


def test_it_is_the_state_of_the_moment_that_is_examined(stage: Stage, until: Callable[..., Any]) -> None:
    heard = lambda: [e for e in stage.events(Examined) if e.finding.done]  # noqa: E731
    stage.play(
        (0.0, StepBy(n=7)),
        (1.0, Examine(what="duality")),
        (1.0, StepBy(n=9)),
        (2.0, lambda: until(heard)),
        (3.0, End()),
    )
    assert [(e.finding.step, e.generation) for e in heard()] == [(7, 1)] and stage.step == 16


@pytest.mark.parametrize("begin_again", ["start", "rewind", "end"])
def test_a_new_game_drops_what_is_running(begin_again, stage: Stage, until, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate(monkeypatch)
    command = {"start": stage.start(generation=2), "rewind": Rewind(generation=2), "end": End()}[begin_again]
    stage.play(
        (0.0, StepBy(n=3)),
        (0.2, Examine(what="spectrum")),
        (0.3, lambda: until(gate.entered.is_set)),
        (0.4, command),
        (0.5, lambda: until(lambda: is_idle(stage.loop._examiner), 10, "its thread ends")),
        (0.6, End()),
    )
    until(lambda: is_idle(stage.loop._examiner), 10, "its thread ends")
    assert not [e for e in stage.events(Examined) if e.finding.done] and gate.begun == 1


# ------------------------------------------------------------------------------------------------------------ on the server


class Nobody:
    """A worker that takes every command and says nothing."""

    pid, is_alive = 1, True

    def __init__(self) -> None:
        self.commands: list[Command] = []

    def send(self, command: Command) -> None:
        self.commands.append(command)

    def give_to(self, run: Run) -> None:
        pass


def test_a_run_keeps_the_newest_of_its_own_game(tmp_path: Path, tiny: GameConfig) -> None:
    worker: Any = Nobody()
    run = Run(tiny, "tiny", None, tmp_path, lambda: worker)

    def begin(generation: int) -> None:
        facts = line_facts("loss_d")
        run.on_event(worker, Started(generation=generation, step=0, games=(StartedGame(config=tiny, changes=(), facts=facts),)))

    def say(step: int, generation: int = 1, done: bool = True) -> None:
        finding = Finding(step=step, done=done, result=gap_of(math.nan))
        run.on_event(worker, Examined(generation=generation, what="duality", finding=finding))

    begin(1)
    assert run.describe("watch").examined == {}
    assert run.order(Examine(what="duality")) == "" and worker.commands[-1] == Examine(what="duality")
    version = run.version
    say(3, done=False)
    say(4)
    (found,) = json.loads(run.state("watch")[1])["examined"].items()
    assert found == ("duality", json.loads(Finding(step=4, done=True, result=gap_of(math.nan)).model_dump_json()))
    assert found[1]["result"]["gap"] is None and found[1]["result"]["what"] == "duality" and run.version > version
    assert run.order(Restart()) == ""
    say(5)  # of the game that is over
    begin(2)
    say(6)
    assert run.describe("steer").examined == {}
    say(7, generation=2)
    assert run.describe("steer").examined["duality"].step == 7
