"""Tables as programs really write them: read as what they are, asked about, or refused by line; never taken for another."""

from __future__ import annotations

import csv
import io
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gandash.packed import MAX_ROWS
from gandash.uploads.tables import AmbiguousTable, TableRefused, interpret

HEIGHTS = [171.2, 168, 180.1]


def read(name: str, content: bytes, read_as: tuple[str, ...] = ()) -> np.ndarray:
    return interpret(name, content, read_as)[0]


def rows(text: str, *read_as: str) -> list[list[float]]:
    return read("t.csv", text.encode(), read_as).tolist()


def column(text: str, *read_as: str) -> list[float]:
    found = read("t.csv", text.encode(), read_as)
    assert found.shape[1] == 1, found
    return found[:, 0].tolist()


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("wert\n1,5\n2,5\n-0,25\n", [1.5, 2.5, -0.25]),  # one name: one column
        ("wert\n1,5\n2\n3,25\n", [1.5, 2, 3.25]),
        ("wert\n7,5\n2,5\n4,25\n", [7.5, 2.5, 4.25]),
        ('"wert"\n"1,5"\n"2,7"\n', [1.5, 2.7]),  # RFC 4180
        ('"wert, in m"\n7,5\n2,7\n', [7.5, 2.7]),
        ('"1,5"\n"2"\n"-,25"\n', [1.5, 2, -0.25]),
        ("wert;\r\n1,5;\r\n2,7;\r\n", [1.5, 2.7]),
        ("wert\n1,5e-3\n7,5E2\n", [0.0015, 750]),
        ('"wert"\n"1,234.5"\n"2,345"\n', [1234.5, 2345]),
        ('"wert"\n"1.234,5"\n"2,3"\n', [1234.5, 2.3]),
        ('"1,234,567"\n"2,345,678"\n', [1234567, 2345678]),
        ("1.234.567\n2.345.678\n", [1234567, 2345678]),
        ("1'234.5\n5'678.25\n", [1234.5, 5678.25]),
        ("1\u00a0234,5\n5\u202f678,25\n", None),  # no name: commas could part
        ("n\n1\u00a0234,5\n5\u202f678,25\n", [1234.5, 5678.25]),
        ("\u22121.5\n2.5\n\u20133.5\n", [-1.5, 2.5, -3.5]),
        ("# by hand\n1.5\n\n# more\n2.5\n", [1.5, 2.5]),
        ('"height\n(cm)"\n1.5\n2.5\n', [1.5, 2.5]),
        ("body height\n171.2\n168\n180.1\n", HEIGHTS),
    ],
)
def test_one_column(text: str, right: list[float] | None) -> None:
    if right is None:
        with pytest.raises(AmbiguousTable):
            column(text)
        right = [1234.5, 5678.25]
        assert column(text, "one") == right
    else:
        assert column(text) == right


@pytest.mark.parametrize(
    "text",
    [
        "x;y\n1,5;2\n-2,5;3,25\n",
        "sep=;\nx;y\n1,5;2\n-2,5;3,25\n",
        "sep=,\nx,y\n1.5,2\n-2.5,3.25\n",
        "x;y\r\n1,5;2\r\n\u22122,5;3,25\r\n;\r\n",  # the last line is what a spreadsheet writes for an empty row
        "x\ty\n1,5\t2\n-2,5\t3,25\n",
        "x\ty\t\n1,5\t2\t\n-2,5\t3,25\t\n",
        "x,y,\n1.5,2,\n-2.5,3.25,\n",
        "x,y\n1.5,2,\n-2.5,3.25,\n",
        "1,5  2\n  -2,5 3,25\n",
        "x|y\n1.5|2\n-2.5|3.25\n",
        'x,y\n"1,5","2"\n"-2,5","3,25"\n',
        "x (cm)  y (kg)\n1.5 2\n-2.5 3.25\n",
        "x,y\n1.5e0,2E+00\n-25e-1,3.25\n",
        ",x,y\n0,1.5,2\n1,-2.5,3.25\n",
        "Unnamed: 0,x,y\n0,1.5,2\n1,-2.5,3.25\n",
        '"x" "y"\n"a b" 1.5 2\n"c" -2.5 3.25\n',
        '"";"x";"y"\n"1";1,5;2\n"2";-2,5;3,25\n',
        "x,y\r1.5,2\r-2.5,3.25\r",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])  # the last is Excel's "Unicode text"
def test_two_columns(text: str, encoding: str) -> None:
    assert read("t.csv", text.encode(encoding)).tolist() == [[1.5, 2], [-2.5, 3.25]]


@pytest.mark.parametrize(
    "text",
    [
        ",height\n0,171.2\n1,168.0\n2,180.1\n",  # pandas' to_csv
        ",0\n0,171.2\n1,168.0\n2,180.1\n",  # of a frame whose columns have no names
        "Unnamed: 0,height\n0,171.2\n1,168.0\n2,180.1\n",
        ",Unnamed: 0,height\n0,0,171.2\n1,1,168.0\n2,2,180.1\n",
        ",height\nann,171.2\nbob,168.0\ncy,180.1\n",
        '"","height"\n"1",171.2\n"2",168\n"3",180.1\n',  # R's write.csv
        '"height"\n"1" 171.2\n"2" 168\n"3" 180.1\n',  # R's write.table
        ";height\n0;171,2\n1;168\n2;180,1\n",
    ],
)
def test_an_index_is_recognised(text: str) -> None:
    assert column(text) == HEIGHTS


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        # Two columns of whole numbers, or one with decimal commas
        ("1,2\n3,4\n5,7\n", {"two": [[1, 2], [3, 4], [5, 7]], "one": [[1.2], [3.4], [5.7]]}),
        ("1,5\n2\n2,5\n", {"one": [[1.5], [2], [2.5]]}),
        # One name over a column that counts: R's row names, or decimals
        ("wert\n1,5\n2,5\n3,25\n", {"index": [[5], [5], [25]], "decimal-comma": [[1.5], [2.5], [3.25]]}),
        # No names at all: the first column may be an index
        ("0,171.2\n1,168.0\n2,180.1\n", {"two": [[i, h] for i, h in enumerate(HEIGHTS)], "one": [[h] for h in HEIGHTS]}),
        ("id,x\n1,5.5\n2,7.5\n3,1.5\n", {"two": [[1, 5.5], [2, 7.5], [3, 1.5]], "one": [[5.5], [7.5], [1.5]]}),
        # Rows that pandas has shuffled, or only some of them
        (",x\n7,5.5\n2,7.5\n3,1.5\n", {"two": [[7, 5.5], [2, 7.5], [3, 1.5]], "one": [[5.5], [7.5], [1.5]]}),
        ("x\n7,5.5\n2,7.5\n3,1.5\n", {"one": [[5.5], [7.5], [1.5]]}),
        # Times under no name, as pandas saves an index of them
        (",x\n0.0,5.5\n0.5,7.5\n1.0,1.5\n", {"two": [[0, 5.5], [0.5, 7.5], [1, 1.5]], "one": [[5.5], [7.5], [1.5]]}),
        # Every comma, or after semicolons every point, before three digits
        ('"x"\n"1,500"\n"2,700"\n', {"decimal-comma": [[1.5], [2.7]], "thousands": [[1500], [2700]]}),
        ("1.500;2\n2.700;3\n", {"decimal-point": [[1.5, 2], [2.7, 3]], "thousands": [[1500, 2], [2700, 3]]}),
        ("1 500\n2 700\n", {"two": [[1, 500], [2, 700]], "one": [[1500], [2700]]}),
        # pandas' names of columns without any, or numbers
        ("0\n171.2\n168.0\n180.1\n", {"no-names": [[0], *([h] for h in HEIGHTS)], "names": [[h] for h in HEIGHTS]}),
        # A name, or a number with something behind it
        ("12 kg\n13\n14\n", {"one": [[13], [14]]}),
        ("1.5 # first\n2.5\n3.5\n", {"one": [[2.5], [3.5]]}),
        ("x,y\n1\n2\n", {"one": [[1], [2]]}),
    ],
)
def test_what_is_not_certain_is_asked_and_the_answer_obeyed(text: str, readings: dict[str, list[list[float]]]) -> None:
    with pytest.raises(AmbiguousTable) as caught:
        rows(text)
    offered = caught.value.readings
    assert {" ".join(r.key): r.rows.tolist() for r in offered} == readings
    for reading in offered:
        assert reading.words in str(caught.value.given)  # with the first numbers, so that one sees which is meant
        assert rows(text, *reading.key) == reading.rows.tolist()
        assert rows(text, *reading.facts) == reading.rows.tolist()


def test_an_answer_that_does_not_fit_is_refused_with_those_that_do() -> None:
    with pytest.raises(TableRefused, match="cannot be read as thousands") as caught:
        rows("1,2\n3,4\n5,7\n", "thousands")
    assert caught.value.hint == "it can be read as two, one"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("NA,1\n2,3\n4,5\n", "a gap, “NA” in line 1"),
        ("x,y\n1,2\n3,\n4,5\n", "an empty field in line 3"),
        ("x,y\n1,-\n4,5\n", "a gap, “-” in line 2"),
        ("x\n1\n#N/A\n3\n", "a gap, “#N/A” in line 3"),  # no comment
        ("#DIV/0!;1\n1;2\n3;5\n", "a gap, “#DIV/0!” in line 1"),
        ("x\n1\nNaN\n3\n", "NaN, infinity .* in row 2 of the data, line 3"),
        ("x\n1\n\n-Inf\n3\n", "NaN, infinity .* in row 2 of the data, line 4"),
        ("x\n12 €\n13 €\n", "“12 €” in line 2, which is no number"),
        ("12 €\n13\n14\n", "“12 €” in line 1, which is no number"),
        ("x\n$12\n$13\n", "“\\$12” in line 2, which is no number"),
        ("x\n12%\n13%\n", "“12%” in line 2, which is no number"),
        ("day,x\n2024-01-31,12\n2024-02-01,13\n", "“2024-01-31” in line 2, which is no number"),
        ("name,x\nann,12\nbob,13\n", "“ann” in line 2, which is no number"),
        ("x;y\nm;s\n1;2\n3;5\n", "“m” in line 2, which is no number"),
        ("a,b,c\n1,2,3\n4,5,6\n", r"3 columns in line 2 \(a, b, c\)"),
        ("x,y\n1,5,2,5\n3,5,4,75\n", "2 names over 4 columns"),
        ("1,5,2,5\n3,5,4,75\n", "4 columns in line 1"),
        ('x\n"1.5\n2.5\n', "quotes in line 2 that are not those of CSV"),
        ('x\n"1"5\n2.5\n', "quotes in line 2 that are not those of CSV"),
        ('x\n"1.5\n' + "2\n" * 100, "a quote in line 2 that does not end"),
        ("t\n1700000000000000001\n1700000000000000002\n", "line 2, a whole number of more digits than double precision keeps"),
        ("PK\x03\x04", "a workbook of a spreadsheet"),
    ],
)
def test_what_is_no_table_of_numbers_is_refused_by_line(text: str, words: str) -> None:
    with pytest.raises(TableRefused, match=words) as caught:
        rows(text)
    assert not isinstance(caught.value, AmbiguousTable)


@given(
    st.lists(
        st.lists(st.floats(-1e6, 1e6, allow_subnormal=False).map(lambda v: round(v, 3)), min_size=2, max_size=2),
        min_size=2,
        max_size=9,
    ),
    st.sampled_from([(",", "."), (";", "."), (";", ","), ("\t", "."), ("\t", ","), (" ", ".")]),
    st.booleans(),
)
def test_what_the_csv_module_writes_is_read_or_asked(values: list[list[float]], dialect: tuple[str, str], quoted: bool) -> None:
    delimiter, mark = dialect
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=delimiter, quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL)
    writer.writerow(["x", "y"])
    writer.writerows([[repr(v).replace(".", mark) for v in row] for row in values])
    try:
        found = rows(stream.getvalue())
    except AmbiguousTable as error:
        assert values in [r.rows.tolist() for r in error.readings]
    else:
        assert found == values


@pytest.mark.parametrize(
    "hostile",
    [
        "1," * 30_000 + "1\n" + "1,2\n" * 100,
        '"' * 2**20,
        '"\n","\n",' * 100_000,
        "1;2,3\t4 5|6\n" * 100_000,
        "," * 60_000 + "\n" + ("," * 60_000 + "\n") * 300,
        "1e5\n" * (2 * MAX_ROWS + 1),
        "9" * 60_000 + "\n" + "9" * 60_000,
        "1" * (2**16 + 1) + "\n2\n",
    ],
    ids=["wide", "quotes", "glued", "every delimiter", "empty and wide", "long", "digits", "one line"],
)
def test_hostile_tables_are_refused_within_bounds(hostile: str) -> None:
    began = time.process_time()
    with pytest.raises(TableRefused):
        rows(hostile)
    assert time.process_time() - began < 20  # seconds of this process alone; 0.1 to 1 were measured


# ------------------------------------------------------------------------------------------------------------------- npy


def npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


@pytest.mark.parametrize(
    "array",
    [
        np.asfortranarray([[1.5, 2], [-2.5, 3.25]]),
        np.array([[1.5, 2], [-2.5, 3.25]], dtype=">f8"),
        np.array([[1.5, 2], [-2.5, 3.25]], dtype=np.longdouble),
        np.array([[2**53, 1], [-(2**40), 3]], dtype=">i8"),
        np.array([[1_700_000_000_000_000_000, 1], [1_700_000_001_000_000_000, 3]]),
        np.array([True, False, True]),
    ],
    ids=lambda a: a.dtype.str,
)
def test_an_array_is_read_in_double_precision(array: np.ndarray) -> None:
    found = read("a.npy", npy(array))
    assert found.dtype == np.float64
    assert found.tolist() == array.astype(object).reshape(len(array), -1).astype(np.float64).tolist()


@pytest.mark.parametrize(
    ("array", "given", "hint"),
    [
        (np.array([1.7e18, 3], dtype=np.int64) + 1, "more digits than double precision keeps", "array - array.min()"),
        (np.array([2**64 - 1, 3], dtype=np.uint64), "more digits than double precision keeps", "array - array.min()"),
        (np.array([1j, 2]), "complex numbers instead of real numbers", "z.imag"),
        (np.zeros(3, dtype=[("x", "f4"), ("y", "f4")]), "records with named fields instead of real numbers", "a['x']"),
        (np.array(["2024-01-31"], dtype="M8[s]"), "dates instead of real numbers", "timedelta64"),
        (np.array(["1", "2"]), "texts instead of real numbers", "astype(float)"),
    ],
)
def test_an_array_of_anything_else_is_refused_by_what_it_is(array: np.ndarray, given: str, hint: str) -> None:
    with pytest.raises(TableRefused, match=given) as caught:
        read("a.npy", npy(array))
    assert hint in caught.value.hint
