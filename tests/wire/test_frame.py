"""Labelled arrays as bytes: nothing is lost on the way, and what is not whole is refused."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from safetensors.numpy import save

from gandash.wire.frame import BrokenFrame, check, finite, pack, unpack

NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=1, max_size=8).filter(
    lambda name: name != "__metadata__"
)
LABELS = st.dictionaries(
    st.text(max_size=5),
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**53), 2**53)
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=8,
    ),
    max_size=4,
)
ARRAYS = st.dictionaries(
    NAMES,
    st.sampled_from([np.float32, np.int32, np.int64, np.uint8]).flatmap(
        lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
    ),
    max_size=4,
)


@given(LABELS, ARRAYS)
def test_what_is_packed_comes_back(label: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    found_label, found = unpack(pack(label, arrays))
    assert found_label == label
    assert found.keys() == arrays.keys()
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype and found[name].shape == array.shape
        assert found[name].tobytes() == array.tobytes()  # bit for bit, NaN included


def test_doubles_travel_as_floats_and_strides_do_not_matter() -> None:
    a = np.arange(12, dtype=np.float64).reshape(3, 4).T[::2]
    found = unpack(pack({}, {"a": a}))[1]["a"]
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, a)


def test_what_is_packed_is_a_copy() -> None:
    a = np.zeros(3, dtype=np.float32)
    body = pack({}, {"a": a})
    a[:] = 1
    assert not unpack(body)[1]["a"].any()


def test_non_finite_numbers_in_a_label_become_null_at_any_depth() -> None:
    label = {"a": math.nan, "b": [1.5, math.inf, {"c": -math.inf}], "d": np.float32("nan"), "e": np.int64(4), "f": (math.nan,)}
    expected = {"a": None, "b": [1.5, None, {"c": None}], "d": None, "e": 4, "f": [None]}
    assert finite(label) == expected
    body = pack(label, {})
    assert unpack(body)[0] == expected
    assert b"NaN" not in body and b"Infinity" not in body


@pytest.mark.parametrize("read", [unpack, check])
def test_a_frame_cut_short_anywhere_is_refused(read: Callable[[bytes], object]) -> None:
    body = pack({"kind": "frame", "step": 3}, {"x": np.arange(5, dtype=np.float32), "y": np.ones((2, 2), dtype=np.int32)})
    for length in range(len(body)):
        with pytest.raises(BrokenFrame, match="not a whole frame"):
            read(body[:length])
    read(body)


@pytest.mark.parametrize("read", [unpack, check])
@given(body=st.binary(max_size=200))
def test_other_bytes_are_refused(read: Callable[[bytes], object], body: bytes) -> None:
    with pytest.raises(BrokenFrame):
        read(body)


@given(
    header=st.recursive(
        st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_a_header_of_another_kind_is_refused(header: object) -> None:
    text = json.dumps(header).encode()
    with pytest.raises(BrokenFrame):
        check(len(text).to_bytes(8, "little") + text)


@pytest.mark.parametrize("metadata", [None, {}, {"other": "x"}, {"label": "{"}, {"label": "5"}, {"label": "[" * 5000}])
def test_safetensors_without_our_label_are_refused(metadata: dict[str, str] | None) -> None:
    with pytest.raises(BrokenFrame):
        unpack(save({"x": np.zeros(2, dtype=np.float32)}, metadata=metadata))


def test_the_header_is_what_a_browser_expects() -> None:
    body = pack({"step": 1}, {"x": np.array([1.0, 2.0], dtype=np.float32)})
    length = int.from_bytes(body[:8], "little")
    header = json.loads(body[8 : 8 + length])
    assert json.loads(header["__metadata__"]["label"]) == {"step": 1}
    begin, end = header["x"]["data_offsets"]
    assert header["x"]["dtype"] == "F32" and header["x"]["shape"] == [2]
    assert np.frombuffer(body[8 + length :][begin:end], dtype="<f4").tolist() == [1.0, 2.0]
