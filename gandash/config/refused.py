"""What pydantic refuses, in our words: of settings, sweeps and lessons alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic_core import ErrorDetails

from gandash.words import Said, finished, marked, say, words_of

NEEDED = {
    "int": marked("a whole number (a valid integer) is needed, such as 64"),
    "float": marked("a valid number is needed, such as 0.001 or 1e-3"),
    "finite": marked("a finite number is needed, such as 0.001 or 1e-3"),
    "bool": marked("true or false is needed"),
    "tuple": marked("a list is needed, such as [0, 1]"),
    "list": marked("a list is needed, such as [0, 1]"),
    "dict": marked("an object is needed, such as {}"),
    "string": marked("a word is needed"),
}
"""What to give, by the first word of pydantic's type of error."""

PROBLEMS = {
    "greater_than": marked("input should be greater than {gt}"),
    "greater_than_equal": marked("input should be greater than or equal to {ge}"),
    "less_than": marked("input should be less than {lt}"),
    "less_than_equal": marked("input should be less than or equal to {le}"),
    "too_short": marked("at least {min_length} are needed, not {actual_length}"),
    "too_long": marked("at most {max_length} are allowed, not {actual_length}"),
    "string_too_short": marked("at least {min_length} signs are needed"),
    "string_too_long": marked("at most {max_length} signs are allowed"),
    "missing": marked("this field is missing"),
    "extra_forbidden": marked("there is no such field"),
    "union_tag_invalid": marked("its kind must be one of {expected_tags}"),
    "json_invalid": marked("this is no JSON: {error}"),
    "model_type": marked("an object of settings is needed, such as {} for the defaults"),
    "model_attributes_type": marked("an object of settings is needed, such as {} for the defaults"),
}
"""What is wrong, by pydantic's type of error; its context has what is put in."""

_ENDINGS = ("_parsing", "_parsing_size", "_type", "_from_float", "_number")


def problem_of(found: ErrorDetails) -> Said:
    """What one error says: our own validators' message, else ours for pydantic's, else pydantic's own."""
    kind, context = found["type"], found.get("ctx", {})
    if isinstance(own := context.get("error"), ValueError):
        return words_of(own)
    if kind == "union_tag_not_found":
        return say("its kind is missing, as in {example}", example='{"kind": "..."}')
    if kind == "literal_error":
        return say("it must be {choices}", choices=context["expected"])
    if kind in PROBLEMS:
        return Said(PROBLEMS[kind], _put_in(context))
    needed = NEEDED.get(kind.split("_")[0]) if kind.endswith(_ENDINGS) else None
    return finished(needed or found["msg"][:1].lower() + found["msg"][1:])


def _put_in(context: Mapping[str, Any]) -> dict[str, str]:
    return {name: f"{value:g}" if isinstance(value, float) else str(value) for name, value in context.items()}
