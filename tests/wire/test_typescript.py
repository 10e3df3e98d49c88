"""The types that the browser's modules are checked against are those of the models."""

from typing import Any

import pytest

from gandash.wire.typescript import FILE, _type, declarations


def test_the_committed_types_are_those_of_the_models() -> None:
    assert FILE.read_text(encoding="utf-8") == declarations(), "run `python -m gandash.wire.typescript`"


@pytest.mark.parametrize("schema", [{"type": "array"}, {"type": "object", "patternProperties": {}}, {"allOf": []}])
def test_a_schema_that_has_no_type_here_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no TypeScript is known"):
        _type(schema)
