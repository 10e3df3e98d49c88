"""At which steps a game is measured follows from the game alone: a replay measures at the same ones, however it is played."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from playing import Played

from gandash.config import GameConfig
from gandash.domains.line import LineDomain
from gandash.domains.plane import PlaneDomain
from gandash.domains.registry import domain_of
from gandash.game.compiled.engine import covers
from gandash.game.game import build_game
from gandash.presets import PRESETS
from gandash.wire.facts import PlaneFacts
from gandash.worker import spacing as spacing_module
from gandash.worker.observer import Observer
from gandash.worker.spacing import EARLY, MEASURED_SECONDS, Spacing, round_seconds, spacing
from gandash.worker.trajectory import Engine, Trajectory

EVERY = LineDomain.measure_every


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, bool]]:
    """The steps at which anything was measured for the curves, and whether with the JSD; nothing is, to save time."""
    found: list[tuple[int, bool]] = []
    measure = Observer._measure_for_curves

    def noted(observer: Observer, with_jsd: bool) -> None:
        step = observer._trajectory.step
        if step == 0:
            measure(observer, with_jsd)
        else:
            found.append((step, with_jsd))

    monkeypatch.setattr(Observer, "_measure_for_curves", noted)
    return found


def play(config: GameConfig, engine: Engine, steps: int, at_once: int = 1000) -> Played:
    game = Played(config, engine)
    while game.step < steps:
        game.advance(rounds=min(at_once, game.free_rounds, steps - game.step))
        game.drain()
    return game


def test_compiled_rounds_are_measured_ever_further_apart_up_to_a_limit(
    tiny: GameConfig, measured: list[tuple[int, bool]], monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = round_seconds(build_game(tiny))
    monkeypatch.setattr(spacing_module, "MEASURED_SECONDS", 2.5 * EVERY * seconds)
    until = 5 * EARLY * EVERY
    play(tiny, "compiled", until)
    first, second = 2 * EARLY * EVERY, 4 * EARLY * EVERY
    assert [s for s, _ in measured if s < first] == list(range(EVERY, first, EVERY))
    assert [s for s, _ in measured if first <= s < second] == [s for s in range(first, second) if s % (2 * EVERY) == 0]
    assert [s for s, _ in measured if s >= second] == [s for s in range(second, until + 1) if s % (3 * EVERY) == 0]
    bulk = measured.copy()
    measured.clear()
    play(tiny, "compiled", until, at_once=7)
    assert measured == bulk


def test_by_torch_they_are_where_they_were(tiny: GameConfig, measured: list[tuple[int, bool]]) -> None:
    play(tiny, "torch", 700)
    assert [s for s, _ in measured] == list(range(EVERY, 701, EVERY))


def test_a_change_that_makes_rounds_dearer_brings_measurements_closer(tiny: GameConfig) -> None:
    game = Trajectory(tiny, "compiled")
    observer = Observer(game)
    before = observer._spacing.periods
    assert game.set("run.batch", 20 * tiny.run.batch) is not None
    assert observer._spacing.periods < before
    assert game.set("update_rule", {"kind": "unrolled", "depth": 1}) is not None
    assert observer._spacing == Spacing()


@pytest.mark.parametrize("name", PRESETS)
def test_every_game_is_measured_about_so_often(name: str) -> None:
    game = build_game(PRESETS[name].config)
    if not covers(game):
        return
    domain, found, seconds = domain_of(game), spacing(domain_of(game), game), round_seconds(game)
    between = found.periods * domain.measure_every * seconds
    assert found.periods == 1 or MEASURED_SECONDS <= between < MEASURED_SECONDS + domain.measure_every * seconds
    if domain.jsd_every is not None:
        assert found.jsd * domain.jsd_every % (found.periods * domain.measure_every) == 0
        late = 100 * found.periods * EARLY * domain.measure_every
        apart = found.jsd * domain.jsd_every
        read = [s for s in range(late, late + 2 * apart) if found.measures(domain, s) and found.reads_jsd(domain, s)]
        assert [s for s in read if not domain.is_early(s)] == [s for s in range(late, late + 2 * apart) if s % apart == 0]
        early = [s for s in range(1, late) if found.measures(domain, s) and found.reads_jsd(domain, s)]
        gaps = [b - a for a, b in itertools.pairwise(early)]
        assert all(gap <= max(2 * domain.jsd_every * found.periods, b / 2) for gap, b in zip(gaps, early[1:], strict=True))


@pytest.mark.parametrize("engine", ["torch", "compiled"])
def test_the_page_hears_how_far_apart_the_jsd_is_read(engine: Any) -> None:
    played = Played(PRESETS["mode-collapse"].config, engine)
    facts = played.facts()
    assert isinstance(facts, PlaneFacts)
    assert facts.jsd_every == PlaneDomain.jsd_every * played.observer._spacing.jsd
    assert (facts.jsd_every > PlaneDomain.jsd_every) == (engine == "compiled")
