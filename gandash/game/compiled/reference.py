"""Named tuples passed by reference within compiled code.

Numba passes a tuple by value: each array of it as seven arguments, with its reference counted, in every call. A round's
memory of eighty arrays so takes minutes to compile, and a microsecond to pass on. So whoever enters compiled code gives
named tuples, and within it they go as one pointer each.
"""

from __future__ import annotations

from typing import Any

from numba import types
from numba.experimental import structref

_types: Any = types
_structref: Any = structref


def reference(of: Any, fields: tuple[str, ...] = ()) -> tuple[Any, Any]:
    """For compiled code: what makes of the parts of a named tuple of this kind one object with these fields, `made(*named)`.

    And its numba type, which must be a name of its module, for what is kept on disk to find it again.
    """
    name = f"{of.__name__}Reference"

    def widened(self: Any, given: Any) -> Any:
        return tuple((field, _types.unliteral(kind)) for field, kind in given)

    kind = _structref.register(
        type(f"{name}Type", (types.StructRef,), {"preprocess_fields": widened, "__module__": of.__module__})
    )
    maker = type(name, (), {"__module__": of.__module__})
    _structref.define_constructor(maker, kind, list(fields or of._fields))
    return maker, kind
