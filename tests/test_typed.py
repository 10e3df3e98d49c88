"""Numbers and lists as people type them: with decimal points or commas, and never one taken for the other."""

from __future__ import annotations

from typing import Any

import pytest

from gandash.cli import configure
from gandash.config import GameConfig
from gandash.config.setting import Setting, SettingError, setting_at
from gandash.ui import comparing, controls

MIXTURE = GameConfig().replace("data", {"kind": "mixture"})
PLANE = GameConfig().replace("data", {"kind": "mixture_2d"})
GAUSSIAN_2D = GameConfig().replace("data", {"kind": "gaussian_2d"})
MEANS, POINTS, PAIR = setting_at(MIXTURE, "data.means"), setting_at(PLANE, "data.means"), setting_at(GAUSSIAN_2D, "data.mean")
RATE, BATCH = setting_at(MIXTURE, "generator_optimiser.learning_rate"), setting_at(MIXTURE, "run.batch")
CONFIGS = {id(MEANS): MIXTURE, id(POINTS): PLANE, id(PAIR): GAUSSIAN_2D, id(RATE): MIXTURE, id(BATCH): MIXTURE}


@pytest.mark.parametrize(
    ("setting", "text", "right"),
    [
        (MEANS, "1,5; -1,5", [1.5, -1.5]),  # became four modes
        (MEANS, "1,5;−1.5;2", [1.5, -1.5, 2]),
        (MEANS, "-1.5, 1.5", [-1.5, 1.5]),
        (MEANS, "-1.5,1.5", [-1.5, 1.5]),
        (MEANS, "1, 5", [1, 5]),
        (MEANS, "1,2,3", [1, 2, 3]),
        (MEANS, "1; 2; 3;", [1, 2, 3]),
        (MEANS, "-2, 0; 2", [-2, 0, 2]),  # a comma with a space behind it parts, beside semicolons too
        (MEANS, "1e-3,1e-4", [1e-3, 1e-4]),
        (POINTS, "0 1, 2 3", [[0, 1], [2, 3]]),
        (POINTS, "0 1,2 3", [[0, 1], [2, 3]]),
        (POINTS, "0,5 1; 2 3,5", [[0.5, 1], [2, 3.5]]),
        (POINTS, "0,5 1,5", [[0.5, 1.5]]),
        (POINTS, "0,5 1,5, 2 3", [[0.5, 1.5], [2, 3]]),
        (PAIR, "1, 2", [1, 2]),
        (PAIR, "1,2", [1, 2]),  # one number is no place in the plane
        (PAIR, "1,5; 2", [1.5, 2]),
        (RATE, "0,001", 0.001),
        (RATE, "1e-3", 0.001),
        (RATE, "2,5e-4", 0.00025),
        (BATCH, "64", 64),
    ],
)
def test_what_is_typed_means_the_same_at_the_page_and_after_set(setting: Setting, text: str, right: Any) -> None:
    assert controls.read(setting, text) == right
    config = CONFIGS[id(setting)]
    assert configure(config, [(setting.path, text)]) == config.replace(setting.path, right)


@pytest.mark.parametrize(
    ("setting", "text", "words"),
    [
        (MEANS, "1,5", "it may be 1; 5 or 1.5"),
        (MEANS, "1,5, 2,5", "it may be 1; 5; 2; 5 or 1.5; 2.5"),
        (MEANS, "1,000", "it may be 1; 0 or 1"),
        (MEANS, "1, 2 3; 3", "given 2 3; a number is needed"),
        (MEANS, "1 2", "given 1 2; a number is needed"),
        (MEANS, "1_000", "a number is needed"),
        (POINTS, "1,2", "each point needs two numbers"),
        (POINTS, "1; 2 3", "given 1; each point needs two numbers"),
        (RATE, "1,000", "it may be 1000 or 1.000"),
        (RATE, "1,2,3", "a number is needed"),
        (BATCH, "1,024", "it may be 1024 or 1.024"),
    ],
)
def test_what_may_mean_two_things_is_refused_with_both(setting: Setting, text: str, words: str) -> None:
    for read in (lambda: controls.read(setting, text), lambda: configure(CONFIGS[id(setting)], [(setting.path, text)])):
        with pytest.raises(SettingError) as caught:
            read()
        assert words in str(caught.value) and caught.value.path == setting.path


@pytest.mark.parametrize(
    ("text", "right"),
    [("1e-4, 1e-3", [1e-4, 1e-3]), ("0,001; 0,01", [0.001, 0.01]), ("0.001,0.01", [0.001, 0.01])],
)
def test_the_values_of_a_comparison(text: str, right: list[float]) -> None:
    games = comparing.games(MIXTURE, RATE, text)
    assert [g.generator_optimiser.learning_rate for g in games] == right


def test_the_values_of_a_comparison_that_may_mean_two_things_are_refused() -> None:
    r1 = setting_at(MIXTURE, "regulariser.r1")
    with pytest.raises(SettingError, match=r"it may be 0; 1; 0; 2 or 0\.1; 0\.2"):
        comparing.games(MIXTURE, r1, "0,1, 0,2")
    assert [g.regulariser.r1 for g in comparing.games(MIXTURE, r1, "0,1")] == [0, 1]  # one value is no comparison


def test_one_number_is_a_list_after_set_as_in_the_field() -> None:
    assert configure(MIXTURE, [("data.means", 1.5)]).data.means == (1.5,)
