"""How configs differ, are changed, and in which order live changes may be made."""

from __future__ import annotations

from typing import Any

import pytest

from gandash.cli import configure
from gandash.config import GameConfig
from gandash.config.changes import differences, live_differences
from gandash.config.data import MixtureConfig, UploadedPicturesConfig
from gandash.config.rules import LookaheadConfig
from gandash.config.setting import SettingError, kind_of, variants
from gandash.presets import PRESETS
from gandash.ui.choices import replaced

K_D, K_G = "update_rule.discriminator_steps", "update_rule.generator_steps"


def game(k_d: int, k_g: int, batch: int = 256, **more: Any) -> GameConfig:
    rule = {"kind": "alternating", "discriminator_steps": k_d, "generator_steps": k_g}
    return GameConfig.model_validate({"update_rule": rule, "run": {"batch": batch}} | more)


@pytest.mark.parametrize(
    ("old", "new", "paths"),
    [
        (game(1, 1), game(1, 1), []),
        (game(1, 0), game(0, 1), [K_G, K_D]),  # never is there a moment in which nobody moves
        (game(0, 1), game(1, 0), [K_D, K_G]),
        (game(2, 1), game(1, 1, 64), [K_D, "run.batch"]),
    ],
)
def test_every_config_on_the_way_is_valid(old: GameConfig, new: GameConfig, paths: list[str]) -> None:
    changes = live_differences(old, new)
    for path, value in changes:
        old = old.with_live(path, value)  # raises if it is not
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
        old = old.with_live(path, value)
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
        old.with_live(path, value)


def test_a_variant_changes_as_a_whole() -> None:
    simultaneous = game(1, 1).replace("update_rule", {"kind": "simultaneous"})
    assert live_differences(game(0, 5), simultaneous) == [("update_rule", {"kind": "simultaneous"})]


def test_what_restarts_the_game_is_no_live_change() -> None:
    with pytest.raises(SettingError, match="restarts the game"):
        live_differences(game(1, 1), game(1, 1).replace("generator.width", 8))


UPLOADED = GameConfig.model_validate({"data": {"kind": "uploaded_pictures"}, "latent": {"dimension": 16}})


def test_a_live_change_reads_no_data_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the models on its path are validated; a picture is not looked at, whatever there is of them."""
    monkeypatch.setattr(UploadedPicturesConfig, "chosen", None)  # to validate the data would raise
    changed = UPLOADED.with_live("discriminator_optimiser.learning_rate", 0.5)
    assert changed.discriminator_optimiser.learning_rate == 0.5
    groups = set(GameConfig.model_fields) - {"discriminator_optimiser"}
    assert all(getattr(changed, name) is getattr(UPLOADED, name) for name in groups)
    assert UPLOADED.discriminator_optimiser.learning_rate != 0.5


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("discriminator_optimiser.learning_rate", -1, "greater than 0"),
        ("discriminator_optimiser.learning_rate", True, "not true or false"),
        ("discriminator_optimiser.speed", 1, "there is no such setting"),
        ("discriminator_optimiser", {"kind": "adam"}, "restarts the game"),
        ("data", {"kind": "ring"}, "restarts the game"),
        ("regulariser", {"r1": 1}, "there is no such setting"),
        ("regulariser.r1.weight", 1, "there is no such setting"),
        ("run.batch", 0, "greater than or equal to 1"),
        ("update_rule", {"kind": "none"}, "update_rule"),
        ("regulariser.smoothing", 0.1, None),
    ],
)
def test_a_live_change_is_judged(path: str, value: Any, words: str | None) -> None:
    if words is None:
        assert UPLOADED.with_live(path, value) == UPLOADED.replace(path, value)
        return
    with pytest.raises(SettingError, match=words):
        UPLOADED.with_live(path, value)


def test_a_variant_and_its_own_settings_are_changed_together() -> None:
    both = GameConfig().replace_all([("update_rule", {"kind": "lookahead"}), ("update_rule.rounds", 3), ("data.std", 0.3)])
    assert both.update_rule == LookaheadConfig(rounds=3) and both.data == MixtureConfig(std=0.3)
    given = {"kind": "lookahead"}
    GameConfig().replace_all([("update_rule", given), ("update_rule.rounds", 3)])
    assert given == {"kind": "lookahead"}  # what was given is not written to
    with pytest.raises(SettingError, match=r"update_rule.gamma.*no such setting"):
        GameConfig().replace_all([("update_rule", {"kind": "lookahead"}), ("update_rule.gamma", 3)])


def test_differences_are_those_of_all() -> None:
    one = GameConfig()
    other, third = one.replace("update_rule", {"kind": "consensus"}), one.replace("run.seed", 7)
    found = differences(one, other, third)
    assert list(found) == [
        "update_rule",
        "update_rule.discriminator_steps",
        "update_rule.generator_steps",
        "update_rule.first",
        "run.seed",
        "update_rule.gamma",
    ]
    assert [s and s.value for s in found["run.seed"]] == [0, 0, 7]
    assert [s and s.value for s in found["update_rule.gamma"]] == [None, 0.1, None]
    assert not differences(one, one.replace("run.seed", 0))


KINDS = [kind_of(m) for m in variants(GameConfig.model_fields["data"].annotation)]


@pytest.mark.parametrize("preset", ["two-modes", "ring", "digits", "dirac-orbit"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_command_line_follows_other_data_as_the_page_does(preset: str, kind: str) -> None:
    config = PRESETS[preset].config
    try:
        wanted: GameConfig | str = replaced(config, "data", {"kind": kind})
    except SettingError as error:
        wanted = str(error)
    try:
        found: GameConfig | str = configure(config, [("data", kind)])
    except SettingError as error:
        found = str(error)
    assert found == wanted


def test_what_is_asked_for_stays_as_asked() -> None:
    asked = [("latent.dimension", 1), ("data", "ring")]
    assert configure(GameConfig(), asked).latent.dimension == configure(GameConfig(), asked[::-1]).latent.dimension == 1
    assert configure(GameConfig(), [("data", "ring")]).latent.dimension == 2
