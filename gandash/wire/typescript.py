"""The messages between server and browser as TypeScript, which `tsc` checks: `python -m gandash.wire.typescript` writes it.

The types come from the JSON schemas of the models, by the few words of JSON schema that pydantic uses for ours. What is not
among them is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from textwrap import fill
from typing import Any, Literal

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import models_json_schema

from gandash.paths import ASSETS
from gandash.wire.browser import Beside, FrameLabel, Hello, HistoryLabel, Notice, Painted, Recorded, RunState, Welcome
from gandash.wire.classroom import Look, Presented, Presenting, Vote, Voted, lecturing_adapter
from gandash.wire.messages import steering_adapter
from gandash.wire.told import StepTold

FILE = ASSETS / "live" / "types.d.ts"
WIDTH = 120
HEAD = """// Made by `python -m gandash.wire.typescript` from gandash/wire: change it there.
/** What the server says as text; the labels of its packets of arrays; what a browser says. */
export type Said = RunState | Notice | Welcome | StepTold | Presented | Presenting | Pointing | Voted;
export type Label = HistoryLabel | FrameLabel;
export type Saying = Hello | Look | Painted | Steering | Lecturing | Vote;
/** A message: its English sentence with places, and what is put in. Older records have finished sentences. */
export type Words = string | {id: string, params: Record<string, string | number | Words>};
export type Facts = GameState['facts'];
export type Result = NonNullable<Finding['result']>;
export type JsonValue = string | number | boolean | null | JsonValue[] | {[name: string]: JsonValue};
"""

SAID: Sequence[type[BaseModel]] = (
    *(RunState, Notice, Welcome, StepTold, FrameLabel, HistoryLabel, Recorded, Beside),
    *(Presented, Presenting, Voted),
)
SAYING: Sequence[type[BaseModel]] = (Hello, Painted, Look, Vote)
_PLAIN = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}


def declarations() -> str:
    """The whole file."""
    adapters: dict[str, TypeAdapter[Any]] = {"Steering": steering_adapter, "Lecturing": lecturing_adapter}
    unions: dict[str, Any] = {name: adapter.json_schema(ref_template="#/$defs/{model}") for name, adapter in adapters.items()}
    commands = {name: one for union in unions.values() for name, one in union.pop("$defs").items()}
    found = _schemas(SAID, "serialization") | _schemas(SAYING, "validation") | commands | unions
    return "\n".join([HEAD, *(_declaration(name, found[name]) for name in sorted(found) if name != "JsonValue")])


def _schemas(models: Sequence[type[BaseModel]], mode: Literal["serialization", "validation"]) -> dict[str, Any]:
    """JSON schemas by name. What the server says always has all its fields; a browser may leave out what has a default."""
    schemas: dict[str, Any] = models_json_schema([(model, mode) for model in models])[1]["$defs"]
    return schemas


def _declaration(name: str, schema: dict[str, Any]) -> str:
    text = " ".join(schema.get("description", "").split())
    lines = (
        fill(text, WIDTH - 3, initial_indent="/** ", subsequent_indent=" * ", break_on_hyphens=False) + " */\n" if text else ""
    )
    if "properties" not in schema:
        line = f"export type {name} = {_type(schema)};"
        return lines + (line if len(line) <= WIDTH else line.replace(" = ", " = | ").replace(" | ", "\n  | ")) + "\n"
    fields = "".join(f"  {line};\n" for line in _fields(schema))
    return f"{lines}export interface {name} {{\n{fields}}}\n"


def _fields(schema: dict[str, Any]) -> Iterator[str]:
    required = schema.get("required", ())
    for name, field in schema["properties"].items():
        is_given = name in required or "const" in field  # a tag is what tells messages apart: it is never left out
        yield f"{name}{'' if is_given else '?'}: {_type(field)}"


def _type(schema: dict[str, Any]) -> str:
    match schema:
        case {"$ref": str(path)}:
            return path.rsplit("/", 1)[-1]
        case {"const": str(word)}:
            return f"'{word}'"
        case {"enum": [*words]}:
            return " | ".join(f"'{word}'" for word in words)
        case {"anyOf": [*some]} | {"oneOf": [*some]}:
            return " | ".join(_type(one) for one in some)
        case {"type": "array", "prefixItems": [*items]}:
            return f"[{', '.join(map(_type, items))}]"
        case {"type": "array", "items": dict(item)}:
            inner = _type(item)
            return f"({inner})[]" if "|" in inner else f"{inner}[]"
        case {"type": "object", "additionalProperties": dict(value)}:
            key = _type(schema["propertyNames"]) if "propertyNames" in schema else "string"
            named = f"Record<{key}, {_type(value)}>"
            return named if key == "string" else f"Partial<{named}>"
        case {"type": "string", "format": "words"}:
            return "Words"
        case {"type": str(plain)} if plain in _PLAIN:
            return _PLAIN[plain]
    if not schema.keys() - {"title", "default", "description"}:  # anything that is JSON
        return "JsonValue"
    raise ValueError(f"no TypeScript is known for this schema: {re.sub(r'[{}]', '', str(schema))}")


if __name__ == "__main__":
    FILE.write_text(declarations(), encoding="utf-8")
    print(f"{FILE} is written.")
