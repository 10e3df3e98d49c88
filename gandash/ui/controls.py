"""Widgets from declarations: one function that draws any setting, and one that reads what the widget gave."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import streamlit as st

from gandash import typed
from gandash.config import GameConfig, flop_per_step, parameters
from gandash.config.setting import Setting, SettingError, Settings, kind_of, settings, show, variants
from gandash.ui.words import maths
from gandash.words import finished, listed, marked, t

LIVE, RESTART = "●", "↻"

# The settings that stay in view, and the groups the others fold into. A setting of a new group needs a line here only
# to choose its place; `groups` puts the rest at the end.
ALWAYS = (
    "generator_optimiser.learning_rate",
    "discriminator_optimiser.learning_rate",
    "update_rule.discriminator_steps",
)
GROUPS: dict[str, tuple[str, ...]] = {
    marked("Data"): ("data",),
    marked("Latent"): ("latent",),
    marked("Generator"): ("generator",),
    marked("Discriminator"): ("discriminator",),
    marked("Objective"): ("objective",),
    marked("Regulariser"): ("regulariser",),
    marked("Update rule"): ("update_rule",),
    marked("Optimisers"): ("generator_optimiser", "discriminator_optimiser"),
    marked("Run"): ("run",),
}

# Settings that come to something else as steps go by. The live view says what, in the place kept for it: see
# `worker/in_force.py` and `assets/live/in-force.js`.
FADING = (
    *("regulariser.noise", "regulariser.spectral", "run.averaging", "update_rule", "update_rule.rounds"),
    *(f"{player}_optimiser.{n}" for player in ("generator", "discriminator") for n in ("beta1", "beta2", "decay", "momentum")),
)

Changed = Callable[[str, str], None]
"""Called as (path, key of the widget) when a person changed a widget."""


def groups(config: GameConfig) -> dict[str, list[Setting]]:
    """The folded settings by group, in the order of the page."""
    found: dict[str, list[Setting]] = {name: [] for name in GROUPS}
    for s in settings(config):
        if s.path in ALWAYS:
            continue
        head = s.path.split(".")[0]
        name = next((n for n, heads in GROUPS.items() if head in heads), head.replace("_", " ").capitalize())
        found.setdefault(name, []).append(s)
    return found


def summary(config: GameConfig, group: str) -> str:
    """The group's present value in a few words, for its folded line."""
    if group == "Optimisers":
        kinds = [config.generator_optimiser.kind, config.discriminator_optimiser.kind]
        return " · ".join(dict.fromkeys(words(k) for k in kinds))
    value = getattr(config, GROUPS[group][0], None) if group in GROUPS else None
    if isinstance(value, Settings) and hasattr(value, "summary"):
        return t(value.summary())
    if value is None:
        return ""
    choices = next((s.choices for s in settings(config) if s.path == GROUPS[group][0]), {})
    return t(choices[value]) if choices.get(value) else words(str(value))


def cost(config: GameConfig, group: str) -> str:
    """What a group's choices cost, before they are played; "" for groups that cost nothing to speak of."""
    if group in ("Generator", "Discriminator"):
        return t("{count} parameters", count=f"{parameters(config)[0 if group == 'Generator' else 1]:,}")
    if group == "Run":
        return t("About {millions} million floating-point operations a round", millions=f"{flop_per_step(config) / 1e6:,.3g}")
    return ""


def name(setting: Setting) -> str:
    """The setting's name on the screen; an optimiser's numbers say whose they are."""
    whose = {"generator_optimiser": "G ", "discriminator_optimiser": "D "}.get(setting.path.split(".")[0], "")
    return t(setting.label) if setting.is_variant else whose + t(setting.label)


def value_in_words(setting: Setting) -> str:
    """What it is set to, as the screen writes it."""
    value = setting.value
    if setting.is_variant:
        return words(value.kind)
    if isinstance(value, tuple):
        return _list(value)
    if value in setting.choices:
        return t(setting.choices[value])
    return show(value) if isinstance(value, int | float) else str(value)


def in_words(error: SettingError, config: GameConfig) -> str:
    """A refusal for the person at the page: it names the control, not the path in a file."""
    players = {"generator": "G ", "discriminator": "D "}
    names = {s.path: players.get(s.path.split(".")[0], "") + name(s) for s in settings(config)}
    shown = t(listed(*(finished(names.get(path, path)) for path in error.path.split(", "))))
    return t("{setting}: {problem}", setting=f"**{shown}**", problem=error.said)


def draw(setting: Setting, key: str, changed: Changed, differing: str = "", slider_key: str = "") -> None:
    """The widget of one setting. Its label says in advance whether it acts at once or restarts the run.

    `differing` are the values that compared games have, where they have not the same.
    """
    sign = LIVE if setting.live else RESTART
    label = f"{sign} {name(setting)}" + (" ≠" if differing else "")
    note = " " + t("**The games differ here: {values}.** A change sets them all alike.", values=differing) if differing else ""
    acts = t("Acts at the next step.") if setting.live else t("Restarts the run.")
    common: dict[str, Any] = {
        "key": key,
        "help": f"{maths(t(setting.help))} {acts}{note}",
        "on_change": changed,
        "args": (setting.path, key),
    }
    value = setting.value
    if isinstance(value, tuple):
        common["help"] += " " + t(typed.HELP_POINTS if typed.are_points(setting) else typed.HELP)
    if setting.is_variant:
        kinds = [kind_of(m) for m in variants(setting.type)]
        st.selectbox(label, kinds, index=kinds.index(value.kind), format_func=words, **common)
    elif setting.choices:
        names = list(setting.choices)
        st.selectbox(label, names, index=names.index(value), format_func=lambda n: t(setting.choices[n]), **common)
    elif isinstance(value, tuple):
        st.text_input(label, value=_list(value), **common)
    elif isinstance(value, str):
        return  # packed numbers: `drawing` and `upload` have widgets for them
    elif setting.scale == "log":
        # The exact value is text: 3e-4 can be typed as it is written
        st.text_input(label, value=show(value), **common)
        _log_slider(setting, t("{label}, slider", label=label), slider_key or f"{key}/slider", changed)
    elif isinstance(value, int):
        low, high = int(setting.low or 0), int(setting.high or 2**32 - 1)
        st.number_input(label, min_value=low, max_value=high, value=value, step=1, **common)
    else:
        st.number_input(
            label,
            value=float(value),
            min_value=setting.low,
            max_value=setting.high,
            step=_step(setting),
            format="%g",
            **common,
        )
    if setting.path in FADING:
        st.html(f'<div class="gd-in-force" data-setting="{setting.path}"></div>')


def _log_slider(setting: Setting, label: str, key: str, changed: Changed) -> None:
    ticks = slider_ticks(setting)
    st.select_slider(
        label,
        options=ticks,
        value=nearest_tick(setting),
        format_func=show,
        key=key,
        on_change=changed,
        args=(setting.path, key),
        label_visibility="collapsed",
    )


def slider_ticks(setting: Setting) -> list[float]:
    """Round values over the useful part of a log-scaled range: powers of two for counts, ten to the decade otherwise."""
    low, high = setting.low or 0.0, setting.high or 1.0
    if isinstance(setting.value, int):
        return [2**k for k in range(2, 13) if low <= 2**k <= high]
    bottom = -6 if "learning_rate" in setting.path else -10
    steps = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0)
    return [float(f"{m}e{d}") for d in range(bottom, 1) for m in steps if low < float(f"{m}e{d}") <= min(high, 1.0)]


def nearest_tick(setting: Setting) -> float:
    return min(slider_ticks(setting), key=lambda t: abs(math.log(t / max(setting.value, 1e-300))))


def read(setting: Setting, raw: Any) -> Any:
    """What the widget's value means for the setting; raises SettingError in words when it means nothing."""
    if setting.is_variant:
        return {"kind": raw}
    if isinstance(setting.value, tuple) or (setting.scale == "log" and isinstance(raw, str)):
        return typed.value(setting, str(raw))
    return raw


def _list(value: tuple[float | tuple[float, ...], ...]) -> str:
    """Numbers, or points, parted by commas; a point's coordinates by a space: `0 1, 2 3`."""
    return ", ".join(" ".join(f"{c:g}" for c in (v if isinstance(v, tuple) else (v,))) for v in value)


def _step(setting: Setting) -> float:
    span = (setting.high or 1.0) - (setting.low or 0.0)
    return 0.01 if span <= 2 else 0.1 if span <= 20 else 1.0


def words(name: str) -> str:
    """A kind or choice as the screen writes it."""
    special = {
        "gaussian_2d": marked("2D Gaussian"),
        "mixture_2d": marked("2D mixture"),
        "gaussian": marked("Gaussian"),
        "laplace": marked("Laplace"),
        "student_t": marked("Student t"),
        "segment": marked("line segment"),
        "drawn": marked("drawn by hand"),
        "samples": marked("uploaded, one column"),
        "samples_2d": marked("uploaded, two columns"),
        "digits": marked("digits, 8 × 8"),
        "bars": marked("bars, 16 × 16"),
        "discs_and_squares": marked("discs and squares, 16 × 16"),
        "blobs": marked("blobs, 16 × 16"),
        "uploaded_pictures": marked("uploaded pictures"),
        "mlp": marked("multilayer perceptron"),
        "rmsprop": marked("RMSProp"),
        "adam": marked("Adam"),
        "gradient_descent": marked("gradient descent"),
        "non_saturating": marked("non-saturating"),
    }
    return t(special.get(name, name.replace("_", " ")))
