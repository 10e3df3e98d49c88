"""What a sweep says, and what it makes of that: axes as text, designs, games, parts, cost; mistakes are told in words."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from gandash.config import GameConfig
from gandash.config.setting import SettingError
from gandash.presets import PRESETS
from gandash.sweeps.axes import Axis
from gandash.sweeps.cost import TooDear, check_cost, cost_of, covered, in_words, seconds_of
from gandash.sweeps.planning import planned
from gandash.sweeps.sweep import Sweep, read_sweep

Made = Callable[..., Sweep]


def test_an_axis_as_text() -> None:
    rates = Axis.of("generator_optimiser.learning_rate=1e-4:1e-1:16log")
    assert len(rates.values) == 16 and rates.values[0] == 1e-4 and rates.values[-1] == 1e-1
    assert Axis.of("generator_optimiser.learning_rate=1e-4:1e-1:16:log") == rates
    logs = np.diff(np.log(np.array(rates.values, dtype=float)))
    assert np.allclose(logs, math.log(1000) / 15, rtol=1e-9)
    assert Axis.of("regulariser.r1=0:2:5").values == (0, 0.5, 1, 1.5, 2)
    both = Axis.of("generator.width+discriminator.width=8,16,32")
    assert both.paths == ("generator.width", "discriminator.width") and both.values == (8, 16, 32)
    assert Axis.of('update_rule=simultaneous,{"kind": "lookahead", "rounds": 5}').values == (
        "simultaneous",
        {"kind": "lookahead", "rounds": 5},
    )
    assert Axis.through("regulariser__r1", np.linspace(0, 1, 3)).values == (0, 0.5, 1)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("regulariser.r1", "expected PATH=LOW:HIGH:COUNT"),
        ("regulariser.r1=0:1:5log", "ends above 0"),
        ("regulariser.r1=2:1:5", "the lower one first"),
        ("regulariser.r1=0:1:1", "two values or more"),
        ("regulariser.r1=a:b:3", "'a' is no number"),
        ("regulariser.r1=0:1", "three parts.*LOW:HIGH:COUNTlog"),
        ("regulariser.r1=0:1:b", "'b' is no whole number"),
        ("regulariser.r1=0:1:1000000", "at most 10,000 values"),
    ],
)
def test_an_axis_that_cannot_be_is_told_in_words(text: str, told: str) -> None:
    with pytest.raises(SettingError, match=told):
        Axis.of(text)


def test_an_unknown_axis_says_what_axes_there_are(small: Made) -> None:
    with pytest.raises(ValidationError, match=r"did you mean generator_optimiser\.learning_rate.*axes can be data.*run\.seed"):
        small("generator_optimiser.lerning_rate=1e-3,1e-2")
    with pytest.raises(ValidationError, match="by one axis only"):
        small("regulariser.r1=0,1", "regulariser.r1+regulariser.r2=0,1")


def test_a_grid_has_every_combination_and_every_seed(small: Made) -> None:
    sweep = small("regulariser.r1=0,1", "generator.width=4,6,8", seeds=2)
    cells = [sweep.cell(i) for i in range(sweep.count)]
    assert sweep.points == 6 and [c.number for c in cells] == list(range(12))
    told = {(c.config.regulariser.r1, c.config.generator.width, c.config.run.seed) for c in cells}
    assert told == {(r1, width, seed) for r1 in (0, 1) for width in (4, 6, 8) for seed in (3, 4)}
    assert {c.point for c in cells} == set(range(6)) and cells[3].values == (0, 6)
    assert read_sweep(sweep.model_dump(mode="json")) == sweep


@pytest.mark.parametrize("design", ["latin_hypercube", "random"])
def test_a_design_spreads_over_the_ranges(small: Made, design: Any) -> None:
    axes = ("generator_optimiser.learning_rate=1e-4:1:2log", "generator.width=4:64:2", "objective=minimax,hinge")
    sweep = small(*axes, design=design, samples=40)
    points = [sweep.cell(i).values for i in range(40)]
    assert points == [small(*axes, design=design, samples=40).cell(i).values for i in range(40)]
    assert points != [small(*axes, design=design, samples=40, design_seed=1).cell(i).values for i in range(40)]
    assert {v[2] for v in points} == {"minimax", "hinge"} and all(
        type(sweep.cell(i).config.generator.width) is int for i in range(4)
    )
    if design == "latin_hypercube":  # one point in each fortieth of every range
        u = sorted(math.log(float(v[0]) / 1e-4) / math.log(1e4) for v in points)
        assert [int(x * 40) for x in u] == list(range(40))


def test_what_does_not_fit_together_is_refused(small: Made, tiny: GameConfig) -> None:
    for given, told in (
        ({"samples": 5}, "any other design needs a number of samples"),
        ({"design": "random"}, "any other design"),
        ({"keep": {"at": (50,)}}, "steps from 1 to 40"),
        ({"seeds": 10_001}, "10000"),
    ):
        with pytest.raises(ValidationError, match=told):
            small(**given)
    with pytest.raises(ValidationError, match="is an axis, and so no game is repeated"):
        small("run.seed=0,1", seeds=2)
    with pytest.raises(ValidationError, match="at most 1,000,000"):
        small("regulariser.r1=0:1:5000", "regulariser.r2=0:1:5000")
    with pytest.raises(SettingError, match=r"at generator.width = 0: .*generator.width"):
        planned(small("generator.width=0,4"))


def test_parts_hold_games_of_one_structure_and_every_game_once(small: Made) -> None:
    sweep = small("regulariser.noise=0,0.1,0.2", "generator.width=4,8", seeds=20)
    parts = planned(sweep)
    assert sorted(cell for part in parts for cell in part.cells) == list(range(sweep.count))
    for part in parts:
        of = [sweep.cell(cell).config for cell in part.cells]
        assert len({(c.generator.width, c.regulariser.noise == 0) for c in of}) == 1
    assert len({len(part.cells) for part in parts}) > 1 or len(parts) > 4
    assert [part.number for part in parts] == list(range(len(parts)))


def test_who_plays_is_reckoned_as_the_engine_says() -> None:
    from gandash.game.compiled.plans import covers
    from gandash.game.game import build_game

    for preset in PRESETS.values():
        assert (covered(preset.config) == "compiled") == covers(build_game(preset.config)), preset.name


def test_an_absurd_sweep_is_refused_with_the_estimate_and_what_to_reduce(small: Made) -> None:
    sweep = small("regulariser.r1=0:1:200", "regulariser.r2=0:1:100", seeds=10, steps=1_000_000)
    cost = cost_of(sweep, planned(sweep))
    with pytest.raises(
        TooDear, match=r"200,000 games of 1,000,000 steps: about \d.* days on 2 .*fewer steps.*regulariser.r1 has 200"
    ):
        check_cost(sweep, cost, 2)
    check_cost(sweep, cost, 2, most_hours=1e6)
    assert seconds_of(sweep.base, 2000) > seconds_of(sweep.base, 1000) > 0
    assert in_words(59) == "59 s" and in_words(61) == "1 min 1 s"
