"""Settings: what is valid survives a round trip, what is not is refused in plain words."""

from __future__ import annotations

import inspect
import math
from typing import Any, Literal, get_args, get_origin

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st
from pydantic import ValidationError

import gandash.settings
from gandash import config, targets
from gandash.config import (
    Adam,
    Alternating,
    GameConfig,
    GradientDescent,
    Latent,
    Momentum,
    Network,
    Regulariser,
    RMSProp,
    RunSettings,
    Simultaneous,
    flop_per_step,
    parse_config,
)
from gandash.settings import SettingError, Settings, kind_of, restarts, setting_at, settings, show, variants
from gandash.targets import Gaussian, Mixture, Uniform

# Every choice made here, so that a better default elsewhere changes no expectation
BASE = GameConfig(
    data=Mixture(means=(-1.5, 1.5), weights=(1, 1), std=0.4),
    latent=Latent(kind="normal", dimension=1),
    generator=Network(width=32, depth=2, activation="relu", initialisation="uniform"),
    discriminator=Network(width=32, depth=2, activation="relu", initialisation="uniform"),
    objective="non_saturating",
    regulariser=Regulariser(r1=1),
    update_rule=Alternating(discriminator_steps=1, generator_steps=1),
    generator_optimiser=Adam(learning_rate=1e-3, beta1=0.5, beta2=0.99, epsilon=1e-8),
    discriminator_optimiser=Adam(learning_rate=1e-3, beta1=0.5, beta2=0.99, epsilon=1e-8),
    run=RunSettings(seed=0, batch=256, averaging=0.99),
)

BASES = (Settings, targets.Target)
CLASSES = dict(inspect.getmembers(config, inspect.isclass) + inspect.getmembers(targets, inspect.isclass)).values()
MODELS = [m for m in CLASSES if issubclass(m, Settings) and m not in BASES]
# Bounds of single entries live in validators
NUMBERS = {"means": st.floats(-50, 50), "mean": st.floats(-8, 8), "weights": st.floats(1e-3, 1e6)}


@st.composite
def valid(draw: st.DrawFn, model: type[Settings] = GameConfig) -> Any:
    """Any valid object of a settings class, made from the bounds it declares; small enough to be affordable."""
    length = draw(st.integers(1, 4))
    values: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        low = gandash.settings._bound(field, "ge", "gt")
        high = gandash.settings._bound(field, "le", "lt")
        kind = field.annotation
        if models := variants(kind):
            values[name] = draw(valid(draw(st.sampled_from(models))))
        elif get_origin(kind) is Literal:
            values[name] = draw(st.sampled_from(get_args(kind)))
        elif get_origin(kind) is tuple:
            pairs = get_origin(get_args(kind)[0]) is tuple
            n = 2 if get_args(kind)[-1] is not ... else values.get("modes", values.get("side", 0) ** 2) or length
            entry = st.tuples(NUMBERS[name], NUMBERS[name]) if pairs else NUMBERS[name]
            values[name] = tuple(draw(st.lists(entry, min_size=n, max_size=n)))
        elif isinstance(kind, type) and issubclass(kind, Settings):
            values[name] = draw(valid(kind))
        elif kind is int:
            assert low is not None and high is not None
            values[name] = draw(st.integers(int(low), int(high) if name == "seed" else min(int(high), 64)))
        else:
            assert kind is float and low is not None and high is not None
            exclusive = any(getattr(c, "gt", None) is not None for c in field.metadata)
            values[name] = draw(st.floats(low, high, exclude_min=exclusive))
    if values.get("weights") and draw(st.booleans()):
        values["weights"] = ()  # none means equal
    try:
        return model(**values)
    except ValidationError as error:  # rules between fields: high > low, somebody moves
        assert error.errors()[0]["type"] == "value_error"
        reject()


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

    unions = {"data", "update_rule", "generator_optimiser", "discriminator_optimiser"}
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
    current = old
    for name, value in new.model_dump(mode="json").items():
        if variants(GameConfig.model_fields[name].annotation) or not isinstance(value, dict):
            current = current.replace(name, value)
        else:
            for inner, leaf in value.items():
                current = current.replace(f"{name}.{inner}", leaf)
    assert current == new
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
        ("generator.activation", "gelu", "generator.activation", "'relu', 'leaky_relu', 'tanh' or 'silu'"),
        ("generator.initialisation", 3, "generator.initialisation", "'uniform', 'he' or 'xavier'"),
        ("objective", "wgan", "objective", "'minimax' or 'non_saturating'"),
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


def test_an_absurd_cost_is_refused_with_the_estimate() -> None:
    given = BASE.model_dump(mode="json")
    given["generator"] |= {"width": 4096, "depth": 8}
    given["run"] |= {"batch": 65536}
    with pytest.raises(SettingError) as caught:
        parse_config(given)
    for expected in ("generator.width", "run.batch", "6.2e+13", "at most 2e+11"):
        assert expected in str(caught.value)


def test_a_game_that_needs_too_much_memory_is_refused_with_the_estimate() -> None:
    with pytest.raises(SettingError, match=r"discriminator\.width.* about 4\.3 GB of memory; at most 2 GB .* smaller batch"):
        BASE.replace_all(
            [("discriminator.width", 2048), ("discriminator.depth", 1), ("run.batch", 65536), ("regulariser.r1", 0)]
        )


def test_changes_made_together_are_judged_together() -> None:
    both = [("update_rule.discriminator_steps", 0), ("update_rule.generator_steps", 3)]
    frozen_g = BASE.replace("update_rule.generator_steps", 0)
    with pytest.raises(SettingError):
        frozen_g.replace(*both[0])
    assert frozen_g.replace_all(both).update_rule == Alternating(discriminator_steps=0, generator_steps=3)
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


def test_a_config_is_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        BASE.run.batch = 3  # type: ignore[misc]


# ------------------------------------------------------------------------------------------------- live, or a restart

LIVE = {
    "objective": "minimax",
    "regulariser.r1": 0.0,
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
    assert restarts(old, new.replace("run.batch", 3))  # a live change beside it hides nothing
    assert not setting_at(old, path).live


@pytest.mark.parametrize("optimiser", [GradientDescent(), Momentum(), RMSProp(), Adam()], ids=lambda o: o.kind)
def test_numbers_of_every_optimiser_are_live(optimiser: Any) -> None:
    old = BASE.replace("discriminator_optimiser", optimiser.model_dump())
    for s in settings(optimiser):
        assert not restarts(old, old.replace(f"discriminator_optimiser.{s.path}", s.value / 2))


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
        (GradientDescent(), "gradient descent"),
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
        (Gaussian(mean=0, std=0.5), "N(0, 0.5²)"),
        (Mixture(means=(1,), weights=(2,)), "mixture, 1 mode"),
        (Mixture(), "mixture, 2 modes"),
        (Uniform(low=-1, high=2), "uniform [-1, 2]"),
        (Latent(kind="uniform", dimension=3), "uniform, 3"),
        (Network(width=16, depth=3, activation="silu"), "3 × 16 SiLU"),
        (Simultaneous(), "simultaneous"),
        (Alternating(discriminator_steps=5), "alternating 5 : 1"),
        (Regulariser(r1=0), "none"),
        (Regulariser(r1=2.5), "R1, γ = 2.5"),
        (RunSettings(seed=3, batch=64), "seed 3, batch 64"),
    ],
    ids=lambda x: x if isinstance(x, str) else type(x).__name__,
)
def test_summaries(model: Any, summary: str) -> None:
    assert model.summary() == summary
