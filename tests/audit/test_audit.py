"""The audit finds true numbers true and false ones false, and uses nothing of what it audits."""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
import torch
from pydantic import BaseModel
from scipy import stats
from test_floors import read, sources

from gandash.audit.auditing import audit, noise_in_force
from gandash.audit.distances import jsd_of_ratios, jsd_on_cells, jsd_on_line, jsd_on_plane, sliced_wasserstein
from gandash.audit.examined import audit_duality, audit_mode_table, audit_spectrum
from gandash.audit.lines import AUDITED, NOT_AUDITED, audit_lines
from gandash.audit.packs import jsd_of_packs
from gandash.audit.pictures import frechet, neighbourhoods
from gandash.audit.players import Array, Players
from gandash.audit.rounds import multipliers_at
from gandash.audit.row import Known, Row, Unaudited
from gandash.audit.scalar import field_of
from gandash.audit.verdicts import audit_verdict
from gandash.cli import configure
from gandash.cli.auditing import table
from gandash.config.objectives import OBJECTIVES
from gandash.config.setting import JsonValue
from gandash.diagnostics import measure, phase
from gandash.diagnostics.plane_divergence import Estimate
from gandash.examine.examination import FrozenGame, GameCopy
from gandash.examine.registry import examine
from gandash.game.distributions import distribution
from gandash.presets import PRESETS
from gandash.wire.facts import LineFacts, PhaseFacts, PictureFacts, PlaneFacts
from gandash.wire.findings import DualityGap, Examinable, Result, Samples, Spectrum
from gandash.worker.observer import Observer
from gandash.worker.trajectory import Trajectory

pytestmark = pytest.mark.usefixtures("torch_as_before")

N = 400_000


def normal(n: int, seed: int, dimension: int = 1) -> Array:
    return np.random.default_rng(seed).standard_normal((n, dimension))


def test_nothing_of_what_is_audited_is_used() -> None:
    used = {i.name for module, wanted in read(sources()).items() if module.startswith("gandash.audit") for i in wanted}
    estimators = {name for name in used if name.startswith(("gandash.diagnostics", "gandash.domains"))}
    assert estimators, "the feature spaces of pictures are a part of what their numbers mean"
    assert all(name.startswith("gandash.diagnostics.features") for name in estimators), estimators


@pytest.mark.slow
@pytest.mark.parametrize(("name", "steps"), [("two-modes", 300), ("ring", 100), ("dirac-orbit", 100), ("digits", 200)])
def test_the_page_shows_true_numbers(name: str, steps: int) -> None:
    found = audit(name, PRESETS[name].config, steps)
    assert found.passed, table(found)
    assert len(found.rows) > 10 or name == "dirac-orbit"


@pytest.mark.slow
@pytest.mark.parametrize("changes", [[("regulariser.packing", 4)], [("regulariser.smoothing", 0.2)], [("objective", "hinge")]])
def test_numbers_are_true_in_other_games(changes: list[tuple[str, JsonValue]]) -> None:
    found = audit("changed", configure(PRESETS["two-modes"].config, changes), 100)
    assert found.passed, table(found)


@pytest.mark.slow
def test_what_examine_shows_is_true_as_well() -> None:
    """A whole audit of one small game, best response and all."""
    changes: list[tuple[str, JsonValue]] = [("generator.width", 6), ("discriminator.width", 6)]
    found = audit("small", configure(PRESETS["two-modes"].config, changes), 60, examined=True)
    assert found.passed, table(found)
    names = {row.name for row in found.rows}
    assert {"spectrum: largest modulus", "duality: gap", "mode 1: share", "best response: bound"} <= names


# ------------------------------------------------------------------------------------------------------ planted slips


@pytest.mark.slow
def test_a_jsd_of_coarse_cells_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    p_r = distribution(PRESETS["ring"].config.data)

    def coarse(self: object, neighbours: torch.Tensor, queries: torch.Tensor, *, with_error: bool = True) -> Estimate:
        x = queries.double().numpy()
        real = p_r.sample(torch.Generator().manual_seed(0), len(x)).double().numpy()
        return Estimate(jsd_on_cells(x, real, 0.5), 0.001)

    monkeypatch.setattr(measure.PlaneDivergence, "read", coarse)
    found = audit("ring", PRESETS["ring"].config, 60)
    assert not next(row for row in found.rows if row.name == "jsd").passed
    assert "MISS jsd " in table(found)


@pytest.mark.slow
def test_a_number_nobody_knows_of_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    truly = measure.expectations
    monkeypatch.setattr(measure, "expectations", lambda *of: truly(*of) | {"news": 1.0})
    found = audit("one-gaussian", PRESETS["one-gaussian"].config, 10)
    assert found.unexplained == ("news",)
    assert not found.passed


@pytest.mark.slow
def test_other_slips_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    truly = measure.expectations

    def slipped(*of: object) -> dict[str, float]:
        found = truly(*of)  # type: ignore[arg-type]
        return found | {"value": found["value"] / 2, "mean_d_fake": found["mean_d_real"], "loss_d": found["loss_d"] / 2}

    monkeypatch.setattr(measure, "expectations", slipped)
    found = audit("two-modes", PRESETS["two-modes"].config, 60)
    assert {row.name for row in found.rows if not row.passed} == {"value", "mean_d_fake", "loss_d"}


# ------------------------------------------------------------------------------------- the audit's own known answers


def test_jsd_of_ratios_agrees_with_quadrature() -> None:
    x = normal(N, 1)[:, 0] + 2
    found = jsd_of_ratios(stats.norm.pdf(x) / stats.norm.pdf(x, 2))
    assert found.value == pytest.approx(0.33683, abs=4 * found.error)
    assert found.error < 1e-3


def test_jsd_of_ratios_knows_mass_that_p_g_lacks() -> None:
    # p_g lies on one half of where p_r is, evenly
    half = (2 * math.log(2) + math.log(1 / 1.5) + 0.5 * math.log(0.5 / 1.5)) / 2
    assert jsd_of_ratios(np.full(1000, 0.5)).value == pytest.approx(half)
    assert jsd_of_ratios(np.zeros(10)).value == pytest.approx(math.log(2))
    assert jsd_of_ratios(np.ones(10)).value == pytest.approx(0, abs=1e-12)


def test_jsd_on_the_plane_agrees_with_quadrature() -> None:
    """p_r = N(0, 1) and G(z) = z + (2, 0), by a pair of ReLUs for each coordinate."""
    config = configure(
        PRESETS["ring"].config,
        [
            ("data", {"kind": "gaussian_2d", "mean": (0.0, 0.0), "std": 1.0}),
            ("generator", {"kind": "mlp", "width": 4, "depth": 1, "activation": "relu"}),
        ],
    )
    trajectory = Trajectory(config)
    observer = Observer(trajectory)
    first, pairs = torch.tensor([[1.0, -1.0, 0, 0], [0, 0, 1.0, -1.0]]), torch.tensor([[1.0, 0], [-1, 0], [0, 1], [0, -1]])
    theta = torch.cat([first.flatten(), torch.zeros(4), pairs.flatten(), torch.tensor([2.0, 0.0])])[None]
    found = jsd_on_plane(Players(observer.game, replace(observer.state, theta=theta)))
    assert found.value == pytest.approx(0.33683, abs=4 * found.error)
    assert found.error < 1e-3


def test_jsd_on_the_line_agrees_with_quadrature() -> None:
    edges = stats.norm.ppf(np.linspace(0.0005, 0.9995, 1000))
    assert jsd_on_line(np.sort(normal(N, 2)[:, 0] + 2), stats.norm.cdf, edges) == pytest.approx(0.33683, abs=0.003)


def test_sliced_wasserstein_of_a_shift() -> None:
    x = normal(2000, 3, 2)
    assert sliced_wasserstein(x + np.array([0.6, 0.8]), x) == pytest.approx(2 / math.pi, rel=1e-3)


def test_frechet_of_two_gaussians() -> None:
    a, b = normal(N, 4, 2), normal(N, 5, 2) * 3 + 1
    assert frechet(a, b) == pytest.approx((2 + 2 * (3 - 1) ** 2) / 18, rel=0.02)


def test_neighbourhoods_of_samples_apart_and_alike() -> None:
    x = normal(300, 6, 2)
    assert set(neighbourhoods(x, x + 100).values()) == {0.0}
    alike = neighbourhoods(x, normal(300, 7, 2))
    assert alike["precision"] > 0.9
    assert alike["density"] == pytest.approx(1, abs=0.15)


@pytest.mark.parametrize(
    ("shown", "known", "passes"),
    [(1.0, 1.05, True), (1.0, 1.2, False), (math.nan, math.nan, True), (1.0, math.nan, False), (math.nan, 1.0, False)],
)
def test_a_row_passes_within_its_tolerance(shown: float, known: float, passes: bool) -> None:
    assert Row("x", shown, Known(known, 0.01, ""), 0.05, "").passed == passes


# ------------------------------------------------------------------------------------------- rounds, packs and verdicts


@pytest.mark.parametrize(
    ("rule", "modulus"),
    [
        ({"kind": "simultaneous"}, math.sqrt(1 + 0.25 * 0.01)),  # |1 - h i/2|
        ({"kind": "alternating", "discriminator_steps": 1}, 1.0),
        ({"kind": "extragradient"}, abs(1 - 0.05j + (0.05j) ** 2)),
        ({"kind": "lookahead", "rounds": 2, "share": 1.0}, math.sqrt(1 + 0.25 * 0.01)),
    ],
)
def test_rounds_of_the_dirac_gan_multiply_by_what_is_known(rule: JsonValue, modulus: float) -> None:
    """Without a penalty H has the eigenvalues +-i/2 (Mescheder et al. 2018); h = 0.1."""
    config = configure(
        PRESETS["dirac-orbit"].config,
        [
            ("update_rule", rule),
            ("generator_optimiser.learning_rate", 0.1),
            ("discriminator_optimiser.learning_rate", 0.1),
        ],
    )
    field = field_of(config)
    assert field is not None
    found = multipliers_at(config, field, np.zeros(2))
    assert found is not None
    assert found[1] == pytest.approx(modulus, abs=1e-6)


def test_a_scalar_game_with_another_modulus_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def slipped(*of: object) -> Array:
        return 1.01 * np.eye(2)

    monkeypatch.setattr(phase, "_round_matrix", slipped)
    found = audit("dirac-r1", PRESETS["dirac-r1"].config, 3)
    missed = {row.name for row in found.rows if not row.passed}
    assert "modulus" in missed and any(name.startswith("multiplier") for name in missed)


def test_packs_of_shifted_gaussians() -> None:
    """The mean of a pack is sufficient: packs of 4 of N(0, 1) and N(1, 1) are N(0, 1) and N(2, 1)."""
    x = normal(N, 11)[:, 0], normal(N, 12)[:, 0] + 1
    ratios = [0.5 - one for one in x]
    found = jsd_of_packs(ratios[0], ratios[1], 4)
    assert found.value == pytest.approx(0.33683, abs=5 * found.error)


Examined = tuple[Players, GameCopy, dict[Examinable, Result]]


@pytest.fixture(scope="module")
def small() -> Examined:
    """A small game on two modes, some steps on, and what Examine finds of it in little time."""
    changes: list[tuple[str, JsonValue]] = [("generator.width", 6), ("discriminator.width", 6)]
    trajectory = Trajectory(configure(PRESETS["two-modes"].config, changes))
    for _ in range(60):
        trajectory.advance()
    frozen = FrozenGame(0, trajectory.config, trajectory.state)
    quick = (Examinable.SPECTRUM, Examinable.DUALITY, Examinable.SAMPLES)
    found = {what: list(examine(what, frozen, lambda: None))[-1].result for what in quick}
    return Players(trajectory.game, trajectory.state), GameCopy.of(frozen), {w: r for w, r in found.items() if r is not None}


def missed_of(rows: Iterator[Row | Unaudited]) -> list[str]:
    rows_alone = [row for row in rows if isinstance(row, Row)]
    assert rows_alone
    return [row.name for row in rows_alone if not row.passed]


def test_a_spectrum_is_found_again_and_a_wrong_one_found_out(small: Examined) -> None:
    players, copy, found = small
    spectrum = found[Examinable.SPECTRUM]
    assert isinstance(spectrum, Spectrum) and not missed_of(audit_spectrum(players, copy, spectrum))
    longer = tuple((1.03 * re, 1.03 * im) for re, im in spectrum.eigenvalues)
    assert missed_of(audit_spectrum(players, copy, spectrum.model_copy(update={"eigenvalues": longer})))


def test_a_duality_gap_is_found_again_and_a_wrong_one_found_out(
    small: Examined,
) -> None:
    players, copy, found = small
    gap = found[Examinable.DUALITY]
    assert isinstance(gap, DualityGap) and not missed_of(audit_duality(players, copy, gap))
    assert gap.gap is not None
    assert missed_of(audit_duality(players, copy, gap.model_copy(update={"gap": gap.gap + 0.05}))) == ["duality: gap"]


def test_a_mode_table_is_found_again_and_a_wrong_one_found_out(
    small: Examined,
) -> None:
    players, _, found = small
    table = found[Examinable.SAMPLES]
    assert isinstance(table, Samples) and table.modes is not None and not missed_of(audit_mode_table(players, table))
    first = table.modes.rows[0]
    rows = (first.model_copy(update={"share": first.share + 0.1}), *table.modes.rows[1:])
    wrong = table.model_copy(update={"modes": table.modes.model_copy(update={"rows": rows})})
    assert missed_of(audit_mode_table(players, wrong)) == ["mode 1: share"]


CURVES = {"gap_half": [0.5] * 40 + [0.2] * 20, "jsd_average": [0.4] * 20 + [0.3] * 32 + [0.1] * 8}
FLOORS = {"jsd": (0.001, 0.002)}


@pytest.mark.parametrize(
    ("sentence", "missed"),
    [
        ("No trend: max |D − 1/2| = 0.20, JSD of the averaged G = 0.100 nats (floor 0.0020).", 0),
        ("No trend: max |D − 1/2| = 0.20, JSD = 0.300 nats (floor 0.0020).", 1),
        ("No trend: max |D − 1/2| = 0.50, JSD = 0.100 nats (floor 0.0010).", 2),
        (
            "JSD was 0.400 in the first third; in the last max |D − 1/2| = 0.20, JSD = 0.300 nats (floor 0.002).",
            0,
        ),
        ("JSD was 0.300 in the first third; in the last JSD = 0.100 nats (floor 0.002).", 2),
    ],
)
def test_numbers_of_a_sentence_are_those_of_the_curves(sentence: str, missed: int) -> None:
    rows = [one for one in audit_verdict(sentence, CURVES, FLOORS) if isinstance(one, Row)]
    assert len(rows) >= 3
    assert sum(not row.passed for row in rows) == missed


def test_noise_that_fades_is_found_again_from_the_settings_alone() -> None:
    config = configure(PRESETS["one-gaussian"].config, [("regulariser.noise", 0.5)])
    changes: list[tuple[int, str, JsonValue]] = [(4, "regulariser.noise_half_life", 4.0), (6, "regulariser.noise", 0.8)]
    found = noise_in_force(0.4, config, 10, changes)
    assert found.passed and found.known.value == pytest.approx(0.4)
    assert not noise_in_force(0.8 * 0.5**2.5, config, 10, changes).passed  # as if it had faded from step 0


# ------------------------------------------------------------------------------------------- nothing is silently left out


def numeric_fields(model: type[BaseModel]) -> Iterator[str]:
    """Paths of the numbers in a model of the wire."""
    for name, field in model.model_fields.items():
        inner = [a for a in parts(field.annotation) if isinstance(a, type)]
        for a in inner:
            if issubclass(a, BaseModel):
                yield from (f"{name}.{path}" for path in numeric_fields(a))
        if {int, float} & set(inner):
            yield name


def parts(annotation: object) -> Iterator[object]:
    """What an annotation is made of: `dict[str, X] | None` gives str, X and None."""
    if args := get_args(annotation):
        for a in args:
            yield from parts(a)
    else:
        yield annotation


def test_every_number_of_the_facts_is_audited_or_said_not_to_be() -> None:
    numbers = {path for of in (LineFacts, PlaneFacts, PhaseFacts, PictureFacts) for path in numeric_fields(of)}
    assert numbers == AUDITED | set(NOT_AUDITED)
    assert not AUDITED & set(NOT_AUDITED)


@pytest.mark.parametrize("objective", list(OBJECTIVES))
def test_lines_of_theory_are_the_least_losses(objective: str) -> None:
    config = configure(PRESETS["one-gaussian"].config, [("objective", objective)])
    trajectory = Trajectory(config)
    observer = Observer(trajectory)
    found = list(audit_lines(Players(observer.game, observer.state), observer.facts()))
    rows = [one for one in found if isinstance(one, Row)]
    assert [row for row in rows if not row.passed] == []
    assert "line of loss_d" in {row.name for row in rows}
