"""Settings: what is valid survives a round trip, what is not is refused in plain words."""

from __future__ import annotations

import inspect
import math
from typing import Any, get_args

import pytest
from configs import SMOOTHABLE, valid
from hypothesis import given
from pydantic import ValidationError

from gandash.config import (
    GameConfig,
    RunConfig,
    bytes_per_step,
    data,
    flop_per_step,
    game,
    networks,
    optimisers,
    parse_config,
    regularisers,
    rules,
)
from gandash.config.changes import restarts
from gandash.config.data import GaussianConfig, MixtureConfig, PicturesConfig, PointMassConfig, PointsConfig, UniformConfig
from gandash.config.data.pictures import FoundPicturesConfig
from gandash.config.networks import LatentConfig, LinearConfig, MLPConfig, PointConfig
from gandash.config.objectives import OBJECTIVES
from gandash.config.optimisers import AdamConfig, GradientDescentConfig, MomentumConfig, RMSPropConfig
from gandash.config.regularisers import RegulariserConfig
from gandash.config.rules import (
    AlternatingConfig,
    ConsensusConfig,
    ExtragradientConfig,
    LookaheadConfig,
    OptimisticConfig,
    SimultaneousConfig,
    SymplecticAdjustmentConfig,
    UnrolledConfig,
    _OneEach,
)
from gandash.config.setting import SettingError, Settings, kind_of, setting_at, settings, show, variants

# Every choice made here, so that a better default elsewhere changes no expectation
BASE = GameConfig(
    data=MixtureConfig(means=(-1.5, 1.5), weights=(1, 1), std=0.4),
    latent=LatentConfig(kind="normal", dimension=1),
    generator=MLPConfig(width=32, depth=2, activation="relu", initialisation="uniform"),
    discriminator=MLPConfig(width=32, depth=2, activation="relu", initialisation="uniform"),
    objective="non_saturating",
    regulariser=RegulariserConfig(r1=1),
    update_rule=AlternatingConfig(discriminator_steps=1, generator_steps=1),
    generator_optimiser=AdamConfig(learning_rate=1e-3, beta1=0.5, beta2=0.99, epsilon=1e-8),
    discriminator_optimiser=AdamConfig(learning_rate=1e-3, beta1=0.5, beta2=0.99, epsilon=1e-8),
    run=RunConfig(seed=0, batch=256, averaging=0.99),
)

BASES = (Settings, PointsConfig, PicturesConfig, FoundPicturesConfig, _OneEach)
RULES = [rule() for rule in variants(GameConfig.model_fields["update_rule"].annotation)]
HOMES = (data, game, networks, optimisers, regularisers, rules)
CLASSES = dict.fromkeys(cls for home in HOMES for _, cls in inspect.getmembers(home, inspect.isclass))
MODELS = [m for m in CLASSES if issubclass(m, Settings) and m not in BASES]


@given(valid())
def test_every_valid_config_survives_json(given_config: GameConfig) -> None:
    assert parse_config(given_config.model_dump_json().encode()) == given_config
    assert parse_config(given_config.model_dump(mode="json")) == given_config


@given(valid())
def test_settings_walks_every_leaf_and_every_union(given_config: GameConfig) -> None:
    def leaves(node: dict[str, Any], prefix: str = "") -> set[str]:
        found: set[str] = set()
        for name, value in node.items():
            path = prefix + name
            if isinstance(value, dict):
                found |= leaves(value, path + ".")
            else:
                found.add(path)
        return found

    unions = {"data", "generator", "discriminator", "update_rule", "generator_optimiser", "discriminator_optimiser"}
    expected = leaves(given_config.model_dump(mode="json")) - {f"{u}.kind" for u in unions} | unions
    found = list(settings(given_config))
    assert {s.path for s in found} == expected
    assert len(found) == len(expected)
    for s in found:
        assert setting_at(given_config, s.path) == s
        assert s.is_variant == (s.path in unions)
        if s.low is not None and s.high is not None:
            assert s.low <= s.value <= s.high


@given(valid(), valid())
def test_replacing_every_setting_of_one_config_gives_the_other(old: GameConfig, new: GameConfig) -> None:
    changes: list[tuple[str, Any]] = []
    for name, value in new.model_dump(mode="json").items():
        if variants(GameConfig.model_fields[name].annotation) or not isinstance(value, dict):
            changes.append((name, value))
        else:
            changes += [(f"{name}.{inner}", leaf) for inner, leaf in value.items()]
    assert old.replace_all(changes) == new  # together: rules between settings need not hold on the way
    for path, value in changes:
        try:
            one = old.replace(path, value)
        except SettingError as error:  # by such a rule, and never for itself
            assert "," in error.path
            continue
        expected = old.model_dump(mode="json")
        *group, last = path.split(".")
        (expected[group[0]] if group else expected)[last] = value
        assert one.model_dump(mode="json") == expected
    assert restarts(new, new) is False


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.__name__)
def test_every_setting_has_a_label_and_a_help(model: type[Settings]) -> None:
    for name, field in model.model_fields.items():
        if name == "kind" and field.json_schema_extra is None:
            continue  # a union's tag
        assert field.title, f"{model.__name__}.{name} has no label"
        assert field.description and field.description.endswith("."), f"{model.__name__}.{name}: help is a sentence"
        extra = field.json_schema_extra
        assert isinstance(extra, dict) and "gandash" in extra, f"{model.__name__}.{name} is not made by setting()"
    assert model.__doc__


@pytest.mark.parametrize("model", [m for m in MODELS if m is not GameConfig], ids=lambda m: m.__name__)
def test_numbers_are_bounded_and_choices_have_names(model: type[Settings]) -> None:
    for s in settings(model()):
        if isinstance(s.value, int | float):
            assert s.low is not None and s.high is not None and s.low <= s.value <= s.high, s.path
        if isinstance(s.value, str):
            assert set(s.choices) == set(get_args(s.type)), s.path


def test_kinds_are_distinct() -> None:
    for field in GameConfig.model_fields.values():
        kinds = [kind_of(m) for m in variants(field.annotation)]
        assert len(set(kinds)) == len(kinds)


# --------------------------------------------------------------------------------------------------------- bad values

LR = "generator_optimiser.learning_rate"


@pytest.mark.parametrize(
    ("path", "value", "field", "allowed"),
    [
        ("run.batch", 0, "run.batch", "greater than or equal to 1"),
        ("run.batch", 2.5, "run.batch", "valid integer"),
        ("run.batch", "many", "run.batch", "valid integer"),
        ("run.batch", None, "run.batch", "valid integer"),
        ("run.batch", 65537, "run.batch", "less than or equal to 65536"),
        ("run.seed", -1, "run.seed", "greater than or equal to 0"),
        ("run.averaging", 1.0, "run.averaging", "less than or equal to 0.9999"),
        (LR, 0, LR, "greater than 0"),
        (LR, -1e-3, LR, "greater than 0"),
        (LR, math.nan, LR, "finite"),
        (LR, math.inf, LR, "finite"),
        (LR, "fast", LR, "valid number"),
        (LR, 11, LR, "less than or equal to 10"),
        ("generator_optimiser.beta1", 1.0, "generator_optimiser.beta1", "0.999"),
        ("generator_optimiser", {"kind": "adamw"}, "generator_optimiser", "'momentum', 'rmsprop', 'adam'"),
        ("generator_optimiser", {"kind": "rmsprop", "beta1": 0.5}, "generator_optimiser.beta1", "no such setting"),
        ("generator.width", 10**9, "generator.width", "less than or equal to 4096"),
        ("generator.width", 0, "generator.width", "greater than or equal to 1"),
        ("discriminator.depth", 9, "discriminator.depth", "less than or equal to 8"),
        ("generator.activation", "gelu", "generator.activation", "'relu', 'leaky_relu', 'tanh', 'silu' or 'maxout'"),
        ("generator.initialisation", 3, "generator.initialisation", "'uniform', 'he', 'xavier', 'orthogonal' or 'normal'"),
        ("objective", "wgan", "objective", "'minimax', 'non_saturating', 'least_squares', 'hinge', 'wasserstein'"),
        ("generator", {"kind": "linear"}, "generator", "'mlp', 'convolutional', 'point'"),
        ("generator", {"kind": "point", "width": 3}, "generator.width", "no such setting"),
        ("generator", {"kind": "point", "start": 11}, "generator.start", "less than or equal to 10"),
        ("discriminator", {"kind": "point"}, "discriminator", "'mlp', 'convolutional', 'linear'"),
        ("discriminator", {"kind": "linear", "start": math.nan}, "discriminator.start", "finite"),
        ("generator.pieces", 1, "generator.pieces", "greater than or equal to 2"),
        ("generator.normalisation", "group", "generator.normalisation", "'none', 'batch' or 'layer'"),
        ("discriminator.dropout", 0.95, "discriminator.dropout", "less than or equal to 0.9"),
        ("discriminator.spread", 0, "discriminator.spread", "greater than 0"),
        ("regulariser.r2", -1, "regulariser.r2", "greater than or equal to 0"),
        ("regulariser.gradient_penalty", 1001, "regulariser.gradient_penalty", "less than or equal to 1000"),
        ("regulariser.clip", -0.01, "regulariser.clip", "greater than or equal to 0"),
        ("regulariser.spectral", "yes", "regulariser.spectral", "'off' or 'on'"),
        ("regulariser.noise", math.inf, "regulariser.noise", "finite"),
        ("regulariser.noise_half_life", -1, "regulariser.noise_half_life", "greater than or equal to 0"),
        ("regulariser.smoothing", 0.6, "regulariser.smoothing", "less than or equal to 0.5"),
        ("regulariser.packing", 9, "regulariser.packing", "less than or equal to 8"),
        ("update_rule", {"kind": "leapfrog"}, "update_rule", "'simultaneous', 'alternating', 'extragradient', 'optimistic'"),
        ("update_rule", {"kind": "consensus", "gamma": -1}, "update_rule.gamma", "greater than or equal to 0"),
        ("update_rule", {"kind": "lookahead", "share": 0}, "update_rule.share", "greater than 0"),
        ("update_rule", {"kind": "unrolled", "depth": 21}, "update_rule.depth", "less than or equal to 20"),
        ("update_rule.first", "nature", "update_rule.first", "'discriminator' or 'generator'"),
        ("regulariser.r1", -0.1, "regulariser.r1", "greater than or equal to 0"),
        ("latent.dimension", 65, "latent.dimension", "less than or equal to 64"),
        ("latent", {"uniform": 1}, "latent.uniform", "no such setting"),  # also the name of a kind of data
        ("generator", {"momentum": 0.5}, "generator.momentum", "no such setting"),
        ("data", {"kind": "cauchy"}, "data", "'gaussian', 'mixture', 'uniform'"),
        ("data", None, "data", "an object of settings"),
        ("data", {"kind": "gaussian", "std": 0}, "data.std", "0.02"),
        ("data", {"kind": "gaussian", "gaussian": 0}, "data.gaussian", "no such setting"),
        ("data", {"kind": "uniform", "low": 1, "high": 1}, "data.high", "at least 0.01"),
        ("data.means", [], "data.means", "at least 1"),
        ("data", {"kind": "mixture", "means": [1, 2, 3], "weights": [1, 1]}, "data.weights", "one weight per mode"),
        ("data.means", [0, 51], "data.means", "between -50 and 50"),
        ("data.means", [0, math.nan], "data.means.1", "finite"),
        ("data.weights", [1, 0], "data.weights", "greater than 0"),
        ("update_rule.discriminator_steps", 101, "update_rule.discriminator_steps", "100"),
    ],
)
def test_a_bad_value_is_refused_by_name(path: str, value: Any, field: str, allowed: str) -> None:
    with pytest.raises(SettingError) as caught:
        BASE.replace(path, value)
    assert caught.value.path == field
    assert str(caught.value).startswith(f"{field}: given ")
    assert allowed in str(caught.value)


@pytest.mark.parametrize(
    ("path", "advice"),
    [
        ("generator_optimiser.learning_rat", "generator_optimiser.learning_rate"),
        ("data.means.0", "data.means"),
        ("run.sed", "run.seed"),
        ("batch", "run.batch"),
        ("xyzzy", "latent.dimension"),  # like nothing: all of them
        ("", "data"),
    ],
)
def test_an_unknown_setting_is_refused_with_advice(path: str, advice: str) -> None:
    for attempt in (lambda: BASE.replace(path, 1), lambda: setting_at(BASE, path)):
        with pytest.raises(SettingError, match="no such setting") as caught:
            attempt()
        assert caught.value.path == path and advice in caught.value.allowed


def test_nobody_moving_is_refused() -> None:
    frozen_d = BASE.replace("update_rule.discriminator_steps", 0)
    with pytest.raises(SettingError, match="let at least one of them move") as caught:
        frozen_d.replace("update_rule.generator_steps", 0)
    assert caught.value.path == "update_rule.discriminator_steps"


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_labels_are_smoothed_only_where_d_is_asked_for_a_probability(objective: str) -> None:
    both = [("objective", objective), ("regulariser.smoothing", 0.1)]
    if objective in SMOOTHABLE:
        assert BASE.replace_all(both).regulariser.smoothing == 0.1
        return
    with pytest.raises(SettingError) as caught:
        BASE.replace_all(both)
    assert caught.value.path == "regulariser.smoothing, objective"
    for words in (f"under {OBJECTIVES[objective]} D gives none", "Set the smoothing to 0, or choose minimax or non-saturating"):
        assert words in str(caught.value)
    assert BASE.replace("objective", objective).objective == objective


@pytest.mark.parametrize("packing", range(1, 9))
def test_packs_must_divide_the_batch(packing: int) -> None:
    assert BASE.replace_all([("regulariser.packing", packing), ("run.batch", 6 * packing)]).run.batch == 6 * packing
    for batch in (6 * packing - 1, 6 * packing + 1) if packing > 1 else ():
        with pytest.raises(SettingError) as caught:
            BASE.replace_all([("regulariser.packing", packing), ("run.batch", batch)])
        assert caught.value.path == "regulariser.packing, run.batch"
        assert f"a batch of {batch} cannot be cut into packs of {packing}. Choose" in str(caught.value)


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.kind)
def test_spectral_normalisation_goes_with_every_rule_that_needs_no_derivative_of_the_field(rule: Any) -> None:
    both = [("update_rule", rule.model_dump()), ("regulariser.spectral", "on")]
    if rule.kind not in ("consensus", "symplectic_adjustment", "unrolled"):
        assert BASE.replace_all(both).update_rule == rule
        return
    with pytest.raises(SettingError) as caught:
        BASE.replace_all(both)
    assert caught.value.path == "regulariser.spectral, update_rule"
    for words in (f"does not combine with {rule.summary()}", "Turn it off, or choose another update rule"):
        assert words in str(caught.value)


def test_a_point_mass_by_its_old_name() -> None:
    """Files from before say `place`."""
    base = GameConfig(data=PointMassConfig(location=0.5), generator=PointConfig(), discriminator=LinearConfig())
    given = base.model_dump(mode="json")
    given["data"]["place"] = given["data"].pop("location")
    assert parse_config(given) == base


@pytest.mark.parametrize("player", ["generator", "discriminator"])
def test_a_network_that_names_no_kind_is_an_mlp(player: str) -> None:
    """Files from before there were other kinds name none."""
    given = BASE.model_dump(mode="json")
    del given[player]["kind"]
    assert parse_config(given) == BASE
    assert getattr(BASE.replace(player, {"width": 5}), player) == MLPConfig(width=5)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b'{"run": {"batch": 12',
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"run": {"seed": ' + b"9" * 5000 + b"}}",
        b'{"run": {"batch": 1}} and more',
    ],
    ids=["empty", "truncated", "list", "null", "not utf-8", "deep", "long number", "trailing"],
)
def test_text_that_is_no_config_is_refused(text: bytes) -> None:
    with pytest.raises(SettingError) as caught:
        parse_config(text)
    assert caught.value.path == "config"
    assert len(str(caught.value)) < 400  # a screen's worth, whatever was given


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (b'{"run": {"batch": NaN}}', "run.batch"),
        (b'{"generator_optimiser": {"kind": "adam", "learning_rate": Infinity}}', LR),
        (b'{"objektive": "minimax"}', "objektive"),
        (b'{"run": {"batch": 1, "epochs": 3}}', "run.epochs"),
        (b'{"data": {"kind": "mixture", "means": [0], "weights": [1], "mean": 0}}', "data.mean"),
    ],
)
def test_json_with_a_bad_field_names_it(text: bytes, field: str) -> None:
    with pytest.raises(SettingError) as caught:
        parse_config(text)
    assert caught.value.path == field


def test_changes_made_together_are_judged_together() -> None:
    both = [("update_rule.discriminator_steps", 0), ("update_rule.generator_steps", 3)]
    frozen_g = BASE.replace("update_rule.generator_steps", 0)
    with pytest.raises(SettingError):
        frozen_g.replace(*both[0])
    assert frozen_g.replace_all(both).update_rule == AlternatingConfig(discriminator_steps=0, generator_steps=3)
    with pytest.raises(SettingError, match="no such setting"):
        BASE.replace_all([("run.batch", 8), ("run.bacth", 8)])


def test_the_estimate_counts_what_grows() -> None:
    base = BASE.replace("regulariser.r1", 0)
    assert flop_per_step(base.replace("run.batch", 512)) == 2 * flop_per_step(base)
    frozen_g = base.replace("update_rule.generator_steps", 0)
    assert flop_per_step(frozen_g.replace("update_rule.discriminator_steps", 7)) == 7 * flop_per_step(frozen_g)
    # 1 -> 32 -> 32 -> 1 is 32 + 1024 + 32 weights; D step: 2 forward of G, 12 of D (16 with R1); G step: 6 and 4
    assert flop_per_step(base) == 256 * 1088 * (2 + 12 + 6 + 4)
    assert flop_per_step(BASE) == 256 * 1088 * (2 + 16 + 6 + 4)


def test_the_estimate_counts_what_penalties_rules_and_networks_cost() -> None:
    base = BASE.replace("regulariser.r1", 0)
    one, sample = flop_per_step(base), 256 * 1088
    for path, more in (("r1", 4), ("r2", 4), ("gradient_penalty", 10)):
        assert flop_per_step(base.replace(f"regulariser.{path}", 1)) == one + more * sample

    def under(kind: str, **numbers: Any) -> float:
        return flop_per_step(base.replace("update_rule", {"kind": kind, **numbers}))

    for kind, times in (
        ("simultaneous", 1),
        ("optimistic", 1),
        ("lookahead", 1),
        ("extragradient", 2),
        ("consensus", 4),
        ("symplectic_adjustment", 8),
    ):
        assert under(kind) == times * one, kind
    assert under("unrolled", depth=0) == one
    assert under("unrolled", depth=7) == one + 7 * 3 * sample * (2 + 12)

    # maxout of 3 triples all but the last layer; packs of 4 widen D's first layer and judge a quarter as often
    three = [("generator.activation", "maxout"), ("generator.pieces", 3)]
    assert flop_per_step(base.replace_all(three)) == one + 256 * 2 * 1056 * (2 + 6)
    packs = flop_per_step(base.replace("regulariser.packing", 4))
    assert packs == 256 * (1088 * (2 + 6) + (4 * 32 + 1024 + 32) / 4 * (12 + 4))
    still = base.replace_all([("generator", {"kind": "point"}), ("discriminator", {"kind": "linear"})])
    assert flop_per_step(still) == 256 * (12 + 4)


@pytest.mark.parametrize(
    ("changes", "per_unit"),
    [
        ({}, 1),
        ({"normalisation": "layer"}, 2),
        ({"dropout": 0.5}, 2),
        ({"activation": "maxout", "pieces": 3}, 4),
        ({"activation": "maxout", "pieces": 3, "normalisation": "batch", "dropout": 0.1}, 8),
    ],
)
def test_the_memory_counts_every_number_that_is_kept(changes: dict[str, Any], per_unit: int) -> None:
    config = BASE.replace_all([(f"discriminator.{name}", value) for name, value in changes.items()])
    assert bytes_per_step(config) == 4 * 4 * 256 * 2 * (2 * 32) * per_unit


def test_a_config_is_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        BASE.run.batch = 3  # type: ignore[misc]


# ------------------------------------------------------------------------------------------------- live, or a restart

LIVE = {
    "objective": "minimax",
    "regulariser.r1": 0.0,
    "regulariser.r2": 0.5,
    "regulariser.gradient_penalty": 10.0,
    "regulariser.clip": 0.01,
    "regulariser.noise": 0.1,
    "regulariser.noise_half_life": 1000.0,
    "regulariser.smoothing": 0.1,
    "update_rule.first": "generator",
    "update_rule": {"kind": "simultaneous"},
    "update_rule.discriminator_steps": 5,
    "update_rule.generator_steps": 0,
    "generator_optimiser.learning_rate": 1e-2,
    "generator_optimiser.beta1": 0.0,
    "generator_optimiser.beta2": 0.9,
    "generator_optimiser.epsilon": 1e-4,
    "discriminator_optimiser.learning_rate": 1e-2,
    "discriminator_optimiser.beta1": 0.0,
    "discriminator_optimiser.beta2": 0.9,
    "discriminator_optimiser.epsilon": 1e-4,
    "run.batch": 32,
    "run.averaging": 0.5,
}
RESTART = {
    "data": {"kind": "gaussian"},
    "data.means": [0, 1],
    "data.std": 0.3,
    "data.weights": [1, 3],
    "latent.kind": "uniform",
    "latent.dimension": 2,
    "generator.width": 8,
    "generator.depth": 1,
    "generator.activation": "tanh",
    "generator.initialisation": "he",
    "discriminator.width": 8,
    "discriminator.depth": 1,
    "discriminator.activation": "tanh",
    "discriminator.initialisation": "he",
    "generator": {"kind": "point"},
    "generator.pieces": 3,
    "generator.normalisation": "layer",
    "generator.dropout": 0.2,
    "generator.spread": 0.1,
    "generator.gain": 0.8,
    "discriminator": {"kind": "linear"},
    "discriminator.pieces": 3,
    "discriminator.normalisation": "layer",
    "discriminator.dropout": 0.2,
    "discriminator.spread": 0.1,
    "discriminator.gain": 0.8,
    "regulariser.spectral": "on",
    "run.device": "cpu",
    "regulariser.packing": 2,
    "generator_optimiser": {"kind": "momentum"},
    "discriminator_optimiser": {"kind": "rmsprop"},
    "run.seed": 1,
}


def test_the_tables_below_cover_every_setting() -> None:
    assert LIVE.keys() | RESTART.keys() == {s.path for s in settings(BASE)}


@pytest.mark.parametrize(("path", "value"), LIVE.items())
def test_live_settings_do_not_restart(path: str, value: Any) -> None:
    old = BASE
    new = old.replace(path, value)
    assert new != old
    assert not restarts(old, new) and not restarts(new, old)
    assert setting_at(old, path).live


@pytest.mark.parametrize(("path", "value"), RESTART.items())
def test_structural_settings_restart(path: str, value: Any) -> None:
    old = BASE
    new = old.replace(path, value)
    assert new != old
    assert restarts(old, new) and restarts(new, old)
    assert restarts(old, new.replace("run.batch", 6))  # a live change beside it hides nothing
    assert not setting_at(old, path).live


@pytest.mark.parametrize(
    "optimiser", [GradientDescentConfig(), MomentumConfig(), RMSPropConfig(), AdamConfig()], ids=lambda o: o.kind
)
def test_numbers_of_every_optimiser_are_live(optimiser: Any) -> None:
    old = BASE.replace("discriminator_optimiser", optimiser.model_dump())
    for s in settings(optimiser):
        assert not restarts(old, old.replace(f"discriminator_optimiser.{s.path}", s.value / 2))


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.kind)
def test_every_update_rule_can_be_taken_up_left_and_adjusted_in_mid_run(rule: Any) -> None:
    old = BASE.replace("update_rule", rule.model_dump())
    for other in RULES:
        assert not restarts(old, old.replace("update_rule", other.model_dump()))
    for s in settings(rule):
        changed = "generator" if isinstance(s.value, str) else s.value / 2 if s.type is float else 7
        new = old.replace(f"update_rule.{s.path}", changed)
        assert new != old and not restarts(old, new)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_objective_can_be_taken_up_in_mid_run(objective: str) -> None:
    assert not restarts(BASE, BASE.replace("objective", objective))


@pytest.mark.parametrize(("player", "network"), [("generator", PointConfig()), ("discriminator", LinearConfig())])
def test_numbers_of_the_smallest_players_restart(player: str, network: Any) -> None:
    old = BASE.replace(player, network.model_dump())
    for s in settings(network):
        assert restarts(old, old.replace(f"{player}.{s.path}", s.value / 2))


# -------------------------------------------------------------------------------------------------- what is on screen


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (3e-4, "3e-4"),
        (2.5e-3, "2.5e-3"),
        (-3e-4, "-3e-4"),
        (1e-8, "1e-8"),
        (1.234e-10, "1.23e-10"),
        (0.01, "0.01"),
        (0.05, "0.05"),
        (0.0, "0"),
        (1.0, "1"),
        (0.9999, "0.9999"),
        (1e5, "1e5"),
        (100, "100"),
        (65536, "65536"),
        (True, "True"),
        ("non_saturating", "non saturating"),
        (GradientDescentConfig(), "gradient descent"),
        (math.inf, "inf"),
        (math.nan, "nan"),
    ],
)
def test_show(value: Any, shown: str) -> None:
    assert show(value) == shown


def test_symbols_say_whose() -> None:
    assert setting_at(BASE, LR).symbol == "lr_G"
    assert setting_at(BASE, "discriminator_optimiser.beta1").symbol == "β₁_D"
    assert setting_at(BASE, "update_rule.discriminator_steps").symbol == "k_D"
    assert setting_at(BASE, "run.batch").symbol == "batch"


@pytest.mark.parametrize(
    ("model", "summary"),
    [
        (GaussianConfig(mean=0, std=0.5), "N(0, 0.5²)"),
        (MixtureConfig(means=(1,), weights=(2,)), "mixture, 1 mode"),
        (MixtureConfig(), "mixture, 2 modes"),
        (UniformConfig(low=-1, high=2), "uniform [-1, 2]"),
        (LatentConfig(kind="uniform", dimension=3), "uniform, 3"),
        (MLPConfig(width=16, depth=3, activation="silu"), "3 × 16 SiLU"),
        (MLPConfig(width=8, activation="maxout", pieces=3), "2 × 8 maxout of 3"),
        (MLPConfig(width=8, normalisation="batch", dropout=0.2), "2 × 8 ReLU, batch norm, dropout 0.2"),
        (MLPConfig(width=8, initialisation="normal", spread=0.1), "2 × 8 ReLU, N(0, 0.1²)"),
        (MLPConfig(width=8, initialisation="he"), "2 × 8 ReLU, He"),
        (PointConfig(start=2), "point θ, from 2"),
        (LinearConfig(), "linear ψ · x, from 1"),
        (SimultaneousConfig(), "simultaneous"),
        (AlternatingConfig(discriminator_steps=3, first="generator"), "alternating 3 : 1, G first"),
        (ExtragradientConfig(), "extragradient"),
        (OptimisticConfig(), "optimistic"),
        (ConsensusConfig(), "consensus"),
        (SymplecticAdjustmentConfig(), "symplectic adjustment"),
        (LookaheadConfig(), "lookahead"),
        (UnrolledConfig(), "unrolled"),
        (AlternatingConfig(discriminator_steps=5), "alternating 5 : 1"),
        (RegulariserConfig(r1=0), "none"),
        (RegulariserConfig(r1=2.5), "R1, γ = 2.5"),
        (RegulariserConfig(r1=0, gradient_penalty=10, spectral="on"), "gradient penalty, λ = 10; spectral normalisation"),
        (RegulariserConfig(r1=0, r2=1, clip=0.01, noise=0.1), "R2, γ = 1; clipping at 0.01; instance noise, σ = 0.1"),
        (RegulariserConfig(r1=1, smoothing=0.1, packing=2), "R1, γ = 1; label smoothing 0.1; packs of 2"),
        (RunConfig(seed=3, batch=64), "seed 3, batch 64"),
    ],
    ids=lambda x: x if isinstance(x, str) else type(x).__name__,
)
def test_summaries(model: Any, summary: str) -> None:
    assert model.summary() == summary
