"""Any valid settings, for tests of properties."""

from __future__ import annotations

from typing import Any, Literal, get_args, get_origin

from hypothesis import reject
from hypothesis import strategies as st
from pydantic import ValidationError

import gandash.config.setting
from gandash.config import GameConfig
from gandash.config.regularisers import RegulariserConfig
from gandash.config.rules import SECOND_ORDER
from gandash.config.setting import Settings, variants

SMOOTHABLE = ("minimax", "non_saturating")
# Bounds of single entries live in validators
NUMBERS = {"means": st.floats(-50, 50), "mean": st.floats(-8, 8), "weights": st.floats(1e-3, 1e6), "classes": st.integers(0, 9)}


@st.composite
def fitting(draw: st.DrawFn, values: dict[str, Any]) -> dict[str, Any]:
    """The values that rules between the groups of a game bind together, drawn so as to keep them."""
    regulariser: RegulariserConfig = values["regulariser"]
    off: dict[str, Any] = {}
    if isinstance(values["update_rule"], SECOND_ORDER):
        off["spectral"] = "off"
    if values["objective"] not in SMOOTHABLE:
        off["smoothing"] = 0.0
    packs = draw(st.integers(1, 64 // regulariser.packing))
    return {
        "regulariser": regulariser.model_copy(update=off),
        "run": values["run"].model_copy(update={"batch": packs * regulariser.packing}),
    }


@st.composite
def valid(draw: st.DrawFn, model: type[Settings] = GameConfig) -> Any:
    """Any valid object of a settings class, made from the bounds it declares."""
    length = draw(st.integers(1, 4))
    values: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        low = gandash.config.setting._bound(field, "ge", "gt")
        high = gandash.config.setting._bound(field, "le", "lt")
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
        elif kind is str:  # packed numbers: the default's; see test_packed.py
            values[name] = field.default
        elif kind is int:
            assert low is not None and high is not None
            values[name] = draw(st.integers(int(low), int(high) if name == "seed" else min(int(high), 64)))
        else:
            assert kind is float and low is not None and high is not None
            exclusive = any(getattr(c, "gt", None) is not None for c in field.metadata)
            values[name] = draw(st.floats(low, high, exclude_min=exclusive))
    for name in ("weights", "classes"):
        if values.get(name) and draw(st.booleans()):
            values[name] = ()  # none means equal, or all
    if model is GameConfig:
        values |= draw(fitting(values))
    try:
        return model(**values)
    except ValidationError as error:  # rules between fields: high > low, somebody moves
        assert error.errors()[0]["type"] == "value_error"
        reject()
