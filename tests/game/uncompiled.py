"""Compiled rounds as plain Python: their source read anew without numba, perhaps with a slip in it.

Compiling takes half a minute, and each slip would have to be compiled; a round of a tiny game takes Python some hundredths of a
second. BLAS is the same.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import CodeType, ModuleType, SimpleNamespace
from typing import Any
from unittest import mock

import numba
from numba.extending import get_cython_function_address

from gandash.game import compiled

PACKAGE = compiled.__name__
ROUNDS = ("functions", "reference", "products", "network", "objectives", "moves", "gradients", "plans", "round", "engine")
DRAWS = ("functions", "philox", "draws")


def uncompiled(names: tuple[str, ...], slip: tuple[str, str, str] | None = None) -> dict[str, ModuleType]:
    """These modules, each of which may import those before it; `slip` replaces text in one of them: its name, old, new."""
    found: dict[str, ModuleType] = {}
    with mock.patch.object(numba.config, "DISABLE_JIT", 1), mock.patch.dict(sys.modules):
        for name in names:
            found[name] = sys.modules[f"{PACKAGE}.{name}"] = module = ModuleType(f"{PACKAGE}.{name}")
            if name == "reference":
                module.__dict__["reference"] = _reference
                continue
            code, source, file = _read(name)
            module.__file__ = file
            if slip and slip[0] == name:
                _, old, new = slip
                assert source.count(old) == 1, f"{name}.py no longer has this once, seed the slip anew: {old}"
                code = compile(source.replace(old, new), file, "exec", dont_inherit=True)
            exec(code, module.__dict__)
            if name == "products":
                module.__dict__["_sgemm"] = _sgemm
    return found


@cache
def _read(name: str) -> tuple[CodeType, str, str]:
    file = Path(compiled.__path__[0], f"{name}.py")
    source = file.read_text(encoding="utf-8")
    return compile(source, str(file), "exec", dont_inherit=True), source, str(file)


def _reference(of: Any, fields: tuple[str, ...] = ()) -> tuple[Callable[..., Any], None]:
    """An object with these fields is a reference in Python anyhow."""
    names = fields or of._fields
    return lambda *parts: SimpleNamespace(**dict(zip(names, parts, strict=True))), None


_blas = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 13)(get_cython_function_address("scipy.linalg.cython_blas", "sgemm"))


def _sgemm(ta: int, tb: int, m: int, n: int, k: int, a: int, lda: int, b: int, ldb: int, beta: float, c: int, ldc: int) -> None:
    def whole(number: int) -> Any:
        return ctypes.byref(ctypes.c_int32(int(number)))

    def side(letter: int) -> Any:
        return ctypes.byref(ctypes.c_char(int(letter)))

    one, added = (ctypes.byref(ctypes.c_float(float(number))) for number in (1.0, beta))
    _blas(side(ta), side(tb), whole(m), whole(n), whole(k), one, a, whole(lda), b, whole(ldb), added, c, whole(ldc))
