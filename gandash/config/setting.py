"""How a setting is declared, read back and shown: what every config model stands on.

A setting is a field of a frozen pydantic model made by `setting`: default, bounds, label, help, scale, and whether it acts at
the next step (*live*) or needs the game to start again. Knows no torch.
"""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal, Self, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.fields import FieldInfo

from gandash.config.refused import problem_of
from gandash.words import Said, finished, say

JsonValue = None | bool | int | float | str | list[Any] | dict[str, Any]


def setting(
    default: Any,
    *,
    label: str,
    help: str,
    live: bool = False,
    scale: Literal["linear", "log"] = "linear",
    symbol: str | None = None,
    choices: Mapping[str, str] | None = None,
    **bounds: Any,
) -> Any:
    """A pydantic field that carries what the page and the command line need to show it.

    `live` says that a change acts at the next step; otherwise it restarts the game. `symbol` is the short name that a mark
    on the curves carries ("lr"). `choices` gives the screen's word for each allowed value.
    """
    extra: dict[str, Any] = {"live": live, "scale": scale, "symbol": symbol or label, "choices": dict(choices or {})}
    return Field(default, title=label, description=help, json_schema_extra={"gandash": extra}, **bounds)


class Settings(BaseModel):
    """Base of all settings: frozen, finite, no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True)

    @model_validator(mode="before")
    @classmethod
    def _no_truth_values(cls, given: Any) -> Any:
        for name, value in given.items() if isinstance(given, dict) else ():
            if isinstance(value, bool):  # pydantic would take true for 1; no setting of ours is a yes or no
                raise Misfit(name, say("a value is needed, not true or false"))
        return given

    def check(self) -> None:
        """What has to hold among several fields; raises Misfit."""

    def summary(self) -> str:
        """These settings in a few words, as the page shows them folded up; here the variant's kind."""
        return say(kind_of(type(self)).replace("_", " "))

    @cached_property
    def _is_checked(self) -> bool:
        self.check()
        return True

    @model_validator(mode="after")
    def _checked_once(self) -> Self:
        # pydantic runs such a validator anew whenever the object is taken into another model, uploaded data and all
        _ = self._is_checked
        return self

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy; one with other values is checked before a model takes it in."""
        copied = super().model_copy(update=update, deep=deep)
        if update:
            copied.__dict__.pop("_is_checked", None)
        return copied


class Misfit(ValueError):
    """A value that does not go with others: of which fields (`a, b`), and what is wrong."""

    def __init__(self, fields: str, problem: str) -> None:
        self.fields, self.problem = fields, problem
        super().__init__(f"{fields}: {problem}")


AnySettings = TypeVar("AnySettings", bound=Settings)

NOT_GIVEN = object()  # where no single value is to blame


class SettingError(ValueError):
    """A setting that cannot be: says which, what was given, what is allowed; `said` is all of it but its path."""

    def __init__(self, path: str, given: object, problem: str, allowed: str = "") -> None:
        self.path, self.given, self.problem, self.allowed = path, given, problem, allowed
        shown = given if isinstance(given, str) else json.dumps(given, default=str)
        shown = shown if len(shown) <= 60 else shown[:57] + "..."
        said = finished(problem)
        if given is not NOT_GIVEN:
            said = say("given {value}; {problem}", value=shown, problem=said)
        if allowed:
            said = say("{problem} ({advice})", problem=said, advice=finished(allowed))
        self.said = said
        super().__init__(say("{setting}: {problem}", setting=path, problem=said))


@dataclass(frozen=True)
class Setting:
    """One setting of one config, as the page and the command line see it."""

    path: str
    label: str
    help: str
    value: Any
    default: Any
    live: bool
    scale: str
    symbol: str
    choices: Mapping[str, str]
    type: Any
    low: float | None
    high: float | None

    @property
    def is_variant(self) -> bool:
        """True where the value is one of several models told apart by `kind`."""
        return bool(variants(self.type))


def variants(annotation: Any) -> tuple[type[Settings], ...]:
    """The models behind a tagged union, or () when the annotation is none."""
    inner = get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation
    members = get_args(inner)
    return members if members and all(isinstance(m, type) and issubclass(m, Settings) for m in members) else ()


def kind_of(model: type[Settings]) -> str:
    """The `kind` that tells this variant from the others of its union."""
    return str(model.model_fields["kind"].default)


def _bound(field: FieldInfo, *names: str) -> float | None:
    for constraint in field.metadata:
        for name in names:
            value = getattr(constraint, name, None)
            if value is not None:
                return float(value)
    return None


def settings(model: Settings, prefix: str = "") -> Iterator[Setting]:
    """Every setting of `model`, nested ones under dotted paths, a tagged union both as itself and through its variant."""
    for name in type(model).model_fields:
        found = _declared(model, name, prefix)
        if found is not None:
            yield found
        value = getattr(model, name)
        if isinstance(value, Settings):
            yield from settings(value, f"{prefix}{name}.")


def _declared(model: Settings, name: str, prefix: str) -> Setting | None:
    """The setting of this name, None where the field is none: a group of settings, or the `kind` of a variant."""
    field, value = type(model).model_fields[name], getattr(model, name)
    if not isinstance(field.json_schema_extra, dict):
        return None
    # pydantic moves Annotated metadata off the annotation, so a union arrives bare
    if isinstance(value, Settings) and not variants(field.annotation):
        return None
    extra: Any = field.json_schema_extra["gandash"]
    path = prefix + name
    return Setting(
        path=path,
        label=str(field.title),
        help=str(field.description),
        value=value,
        default=field.default,
        live=extra["live"],
        scale=extra["scale"],
        symbol=_player_symbol(path, extra["symbol"]),
        choices=extra["choices"],
        type=field.annotation,
        low=_bound(field, "ge", "gt"),
        high=_bound(field, "le", "lt"),
    )


def _player_symbol(path: str, symbol: str) -> str:
    """ "lr" of the discriminator's optimiser is "lr_D": marks on the curves must say whose."""
    player = {"generator": "G", "discriminator": "D"}.get(path.split(".")[0].split("_")[0])
    return f"{symbol}_{player}" if player else symbol


def setting_at(model: Settings, path: str) -> Setting:
    """The setting at a dotted path; raises SettingError when there is none."""
    *parents, name = path.split(".")
    node: Any = model
    for parent in parents:
        node = getattr(node, parent) if isinstance(node, Settings) and parent in type(node).model_fields else None
    if isinstance(node, Settings) and name in type(node).model_fields:
        found = _declared(node, name, path.removesuffix(name))
        if found is not None:
            return found
    raise unknown_setting(model, path, None)


def nearest(given: str, known: Iterable[str]) -> str:
    """The one of `known` that may have been meant, "" where none is near; case, `-`, `_` and spaces make no difference.

    >>> nearest("Two_Modes", ["two-modes", "two-moons"])
    'two-modes'
    """
    plain = {word.casefold().replace("_", "-").replace(" ", "-"): word for word in known}
    near = difflib.get_close_matches(given.casefold().replace("_", "-").replace(" ", "-"), plain, n=1, cutoff=0.6)
    return plain[near[0]] if near else ""


def unknown_setting(model: Settings, path: str, value: object) -> SettingError:
    """The error for a path that leads nowhere, with what may have been meant."""
    known = [s.path for s in settings(model)]
    near = difflib.get_close_matches(path, known, n=3, cutoff=0.5) or [p for p in known if path.split(".")[-1] in p][:3]
    advice = (
        say("did you mean {names}?", names=alternatives(near)) if near else say("there are: {names}", names=", ".join(known))
    )
    return SettingError(path, value, say("there is no such setting"), advice)


def with_settings(model: AnySettings, changes: Sequence[tuple[str, Any]]) -> AnySettings:
    """`model` with settings at dotted paths changed, in this order, and judged together: bounds may cross on the way.

    Only the models on these paths are validated; all others, uploaded data among them, are the same objects as before. A
    variant is replaced as a whole, by its fields with its kind among them, and its own settings may follow. Raises
    SettingError, in plain words.
    """
    given: dict[str, Any] = dict(model)
    shape = model  # has the fields of `given`, if not its values
    for path, value in changes:
        *parents, last = path.split(".")
        node: Any = given
        known: Any = shape
        for name in parents:
            known = getattr(known, name, None) if isinstance(known, Settings) else None
            inner = node.get(name) if isinstance(node, dict) else None
            if isinstance(inner, Settings):
                inner = node[name] = dict(inner)
            node = inner
        if not isinstance(known, Settings) or last not in type(known).model_fields:
            raise unknown_setting(shape, path, value)
        if not isinstance(node, dict):  # because of what was put there before
            return parse(type(model), given)
        node[last] = dict(value) if isinstance(value, dict) else value
        if not parents:
            shape = reshaped(shape, last, value)
    return parse(type(model), given)


def reshaped(model: AnySettings, name: str, value: Any) -> AnySettings:
    """`model`, not validated, with the fields that it has once the variant `name` is `value`."""
    kind = value.get("kind", "mlp") if isinstance(value, dict) else None  # a network without a kind is an MLP
    members = {kind_of(m): m for m in variants(type(model).model_fields[name].annotation)}
    return model.model_copy(update={name: members[kind]()}) if isinstance(kind, str) and kind in members else model


def parse(model: type[AnySettings], given: JsonValue | bytes) -> AnySettings:
    """The settings in JSON text (bytes) or parsed JSON; raises SettingError naming the first field that does not fit."""
    try:
        if isinstance(given, bytes):
            return model.model_validate_json(given)
        return model.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        unions = {name for name, field in model.model_fields.items() if variants(field.annotation)}
        loc = first["loc"]  # inside a union it goes on with the kind, which is no part of a setting's path
        where = ".".join(str(part) for i, part in enumerate(loc) if not (i == 1 and loc[0] in unions))
        shown, problem = first.get("input"), problem_of(first)
        if isinstance(shown, bytes):  # text that is no JSON
            shown = shown.decode(errors="replace")
        misfit = first.get("ctx", {}).get("error")
        if isinstance(misfit, Misfit):  # our own validators name the field themselves
            field, problem = misfit.fields, finished(misfit.problem)
            where = ", ".join(f"{where}.{name}" if where else name for name in field.split(", "))
            shown = shown.get(field, NOT_GIVEN) if isinstance(shown, dict) else NOT_GIVEN
        if first["type"] == "literal_error":
            problem = _of_choices(str(shown), first["ctx"]["expected"])
        if first["type"] == "extra_forbidden":
            problem = say("there is no such setting; check the spelling, or see `python -m gandash schema`")
        raise SettingError(where or "config", shown, problem) from None


def alternatives(names: Sequence[str]) -> Said:
    """One or another of these.

    >>> alternatives(["a", "b"])
    'a or b'
    """
    found = finished(names[0])
    for name in names[1:]:
        found = say("{this} or {that}", this=found, that=name)
    return found


def _of_choices(given: str, expected: str) -> Said:
    """`expected` is pydantic's list: `'a', 'b' or 'c'`."""
    known = [word.strip("'") for word in expected.replace(" or ", ", ").split(", ")]
    near = nearest(given, known)
    if near:
        return say("it must be {choices}; did you mean {near}?", choices=expected, near=near)
    return say("it must be {choices}", choices=expected)


def show(value: Any) -> str:
    """A setting's value as the screen writes it: 0.0003 as 3e-4, enough digits to tell neighbours apart."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        kind = getattr(value, "kind", None)
        return str(kind if kind is not None else value).replace("_", " ")
    if value and isinstance(value, float) and math.isfinite(value) and (abs(value) < 1e-2 or abs(value) >= 1e5):
        mantissa, exponent = f"{value:.2e}".split("e")
        mantissa = mantissa.rstrip("0").rstrip(".")
        return f"{mantissa}e{int(exponent)}"
    return f"{value:.4g}" if math.isfinite(value) and isinstance(value, float) else str(value)


def word(value: Any, choices: Mapping[str, str]) -> str:
    """A setting's value, or a variant's fields, in the screen's words where it has them."""
    if isinstance(value, str) and value in choices:
        return choices[value]
    return show(value["kind"] if isinstance(value, dict) and "kind" in value else value)
