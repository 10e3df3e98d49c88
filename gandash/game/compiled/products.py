"""Matrix products in compiled code: BLAS's sgemm, called where it lies.

torch brings MKL where there is one for the processor, and lets its sgemm be found: on 64 x 64 x 256 it takes 3/4 of the time
of OpenBLAS, which scipy brings everywhere. Both have the same interface, so compiled code knows one name, and which of the two
it means is settled when a process begins. MKL's sums depend on how arrays lie to 64 bytes: `zeros` gives memory that begins at
a multiple.
"""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import llvmlite.binding
import numpy as np
import scipy.linalg.cython_blas  # noqa: F401  (loads the library that is told below)
import torch
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import get_cython_function_address, intrinsic
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from gandash.game.compiled.functions import compiled, f32

# BLAS too must take its sums in one order; scipy's else starts a thread for every core
threadpool_limits(1, user_api="blas")

_SGEMM = "gandash_sgemm"
_cgutils: Any = cgutils


def _settle() -> str:
    """Who multiplies in this process."""
    for name in ("libtorch_cpu.so", "torch_cpu.dll"):
        path = Path(torch.__file__).parent / "lib" / name
        if path.exists():
            try:
                found = ctypes.cast(ctypes.CDLL(str(path)).sgemm_, ctypes.c_void_p).value
            except (OSError, AttributeError):
                continue
            llvmlite.binding.add_symbol(_SGEMM, found)
            return "MKL"
    llvmlite.binding.add_symbol(_SGEMM, get_cython_function_address("scipy.linalg.cython_blas", "sgemm"))
    return "OpenBLAS"


BLAS = _settle()


def zeros(*shape: int) -> NDArray[np.float32]:
    """Fresh memory, which torch lets begin at a multiple of 64 bytes."""
    found: NDArray[np.float32] = torch.zeros(shape).numpy()
    assert found.size == 0 or found.ctypes.data % 64 == 0
    return found


def _typed(
    context: Any, ta: Any, tb: Any, m: Any, n: Any, k: Any, a: Any, lda: Any, b: Any, ldb: Any, beta: Any, c: Any, ldc: Any
) -> Any:
    """C = A B + beta C of Fortran's matrices, A transposed where ta is 84 (T), not where it is 78 (N); addresses as numbers."""
    signature = types.void(
        types.int8, types.int8, types.int32, types.int32, types.int32, types.uintp, types.int32, types.uintp, types.int32,
        types.float32, types.uintp, types.int32,
    )  # fmt: skip

    def write(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kinds = [context.get_value_type(kind) for kind in signature.args]

        def stored(i: int) -> Any:
            slot = _cgutils.alloca_once(builder, kinds[i])
            builder.store(arguments[i], slot)
            return slot

        one = _cgutils.alloca_once(builder, kinds[9])
        builder.store(ir.Constant(kinds[9], 1.0), one)

        def address(i: int) -> Any:
            return builder.inttoptr(arguments[i], kinds[9].as_pointer())

        given = [stored(0), stored(1), stored(2), stored(3), stored(4), one]
        given += [address(5), stored(6), address(7), stored(8), stored(9), address(10), stored(11)]
        kind = ir.FunctionType(ir.VoidType(), [one.type for one in given])
        builder.call(_cgutils.get_or_insert_function(builder.module, kind, _SGEMM), given)
        return context.get_dummy_value()

    return signature, write


_sgemm: Any = intrinsic(_typed)


_N, _T = np.int8(78), np.int8(84)
_NEW, _ADDED = f32(0), f32(1)

# Ours are C's matrices, which to Fortran are their transposes: A B is (B^T A^T)^T


@compiled
def times(a: Any, b: Any, out: Any) -> None:
    """out = A B."""
    (m, k), n = a.shape, b.shape[1]
    _sgemm(_N, _N, np.int32(n), np.int32(m), np.int32(k), b.ctypes.data, np.int32(n), a.ctypes.data, np.int32(k), _NEW,
           out.ctypes.data, np.int32(n))  # fmt: skip


@compiled
def transposed_times(a: Any, b: Any, out: Any) -> None:
    """out = A^T B."""
    (k, m), n = a.shape, b.shape[1]
    _sgemm(_N, _T, np.int32(n), np.int32(m), np.int32(k), b.ctypes.data, np.int32(n), a.ctypes.data, np.int32(m), _NEW,
           out.ctypes.data, np.int32(n))  # fmt: skip


@compiled
def add_times_transposed(a: Any, b: Any, out: Any) -> None:
    """out += A B^T."""
    (m, k), n = a.shape, b.shape[0]
    _sgemm(_T, _N, np.int32(n), np.int32(m), np.int32(k), b.ctypes.data, np.int32(k), a.ctypes.data, np.int32(k), _ADDED,
           out.ctypes.data, np.int32(n))  # fmt: skip
