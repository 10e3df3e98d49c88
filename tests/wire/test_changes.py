"""Live changes of a config: an order in which each of them may be made."""

from __future__ import annotations

from typing import Any

import pytest

from gandash.config import GameConfig
from gandash.config.setting import SettingError
from gandash.wire.changes import live_differences, with_live_setting

K_D, K_G = "update_rule.discriminator_steps", "update_rule.generator_steps"


def game(k_d: int, k_g: int, batch: int = 256, **more: Any) -> GameConfig:
    rule = {"kind": "alternating", "discriminator_steps": k_d, "generator_steps": k_g}
    return GameConfig.model_validate({"update_rule": rule, "run": {"batch": batch}} | more)


WIDE: dict[str, Any] = {"generator": {"width": 1024, "depth": 2}, "discriminator": {"width": 1024, "depth": 2}}
"""Such that 100 steps of one player at batch 80 can be afforded, and 100 of both cannot."""


@pytest.mark.parametrize(
    ("old", "new", "paths"),
    [
        (game(1, 1), game(1, 1), []),
        (game(1, 0), game(0, 1), [K_G, K_D]),  # never is there a moment in which nobody moves
        (game(0, 1), game(1, 0), [K_D, K_G]),
        (game(2, 1), game(1, 1, 64), [K_D, "run.batch"]),
        (game(50, 1, 100, **WIDE), game(1, 1, 4096, **WIDE), [K_D, "run.batch"]),  # a larger batch only with fewer steps
        (game(1, 1, 4096, **WIDE), game(50, 1, 100, **WIDE), ["run.batch", K_D]),
        (game(80, 0, 80, **WIDE), game(0, 100, 80, **WIDE), ["update_rule"]),  # nobody, or too much: only both at once
    ],
)
def test_every_config_on_the_way_is_valid(old: GameConfig, new: GameConfig, paths: list[str]) -> None:
    changes = live_differences(old, new)
    for path, value in changes:
        old = with_live_setting(old, path, value)  # raises if it is not
    assert old == new
    assert [path for path, _ in changes] == paths


SMOOTHED: dict[str, Any] = {"regulariser": {"smoothing": 0.1}}
PACKED: dict[str, Any] = {"regulariser": {"packing": 3}}
CRITIC: dict[str, Any] = {"objective": "wasserstein"}


@pytest.mark.parametrize(
    ("old", "new", "paths"),
    [
        (game(1, 1, **SMOOTHED), game(1, 1, **CRITIC), ["regulariser.smoothing", "objective"]),
        (game(1, 1, **CRITIC), game(1, 1, **SMOOTHED), ["objective", "regulariser.smoothing"]),
        (game(1, 1, 6, **PACKED), game(1, 1, 9, **PACKED), ["run.batch"]),
    ],
)
def test_rules_between_groups_hold_on_the_way(old: GameConfig, new: GameConfig, paths: list[str]) -> None:
    changes = live_differences(old, new)
    for path, value in changes:
        old = with_live_setting(old, path, value)
    assert old == new
    assert [path for path, _ in changes] == paths


@pytest.mark.parametrize(
    ("old", "path", "value"),
    [
        (game(1, 1, **SMOOTHED), "objective", "hinge"),
        (game(1, 1, 6, **PACKED), "run.batch", 7),
        (game(1, 1, regulariser={"spectral": "on"}), "update_rule", {"kind": "consensus"}),
    ],
)
def test_a_change_that_breaks_such_a_rule_is_refused(old: GameConfig, path: str, value: Any) -> None:
    with pytest.raises(SettingError, match=path):
        with_live_setting(old, path, value)


def test_a_variant_changes_as_a_whole() -> None:
    simultaneous = game(1, 1).replace("update_rule", {"kind": "simultaneous"})
    assert live_differences(game(0, 5), simultaneous) == [("update_rule", {"kind": "simultaneous"})]


def test_what_restarts_the_game_is_no_live_change() -> None:
    with pytest.raises(SettingError, match="restarts the game"):
        live_differences(game(1, 1), game(1, 1).replace("generator.width", 8))
