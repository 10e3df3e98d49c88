"""Files from strangers: what can be read, and what is refused in one sentence."""

from __future__ import annotations

import contextvars
import io
import pickle
import re
import struct
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest
from waiting import PATIENCE_SECONDS

from gandash.config import GameConfig
from gandash.config.data import UploadedPicturesConfig
from gandash.config.setting import SettingError
from gandash.packed import MAX_ROWS
from gandash.ui import drawing, upload
from gandash.ui.upload import UploadError, interpret
from gandash.words import speak, t, words_of


def npy(array: np.ndarray, **how: bool) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, **how)
    return stream.getvalue()


def forged(header: str, body: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
    text = header.encode().ljust(117) + b"\n"
    return b"\x93NUMPY" + version + struct.pack("<H", len(text)) + text + body


def read(name: str, content: bytes) -> np.ndarray:
    return interpret(name, content)[0]


PAIRS = [[1.0, 2.0], [3.0, -4.5], [0.0, 1e3]]


@pytest.mark.parametrize(
    "text",
    [
        "1,2\n3,-4.5\n0,1e3\n",
        "x,y\n1,2\n3,-4.5\n0,1e3",
        "1;2\r\n3;-4,5\r\n0;1e3\r\n",
        "time;size\n1;2\n3;-4.5\n0;1e3\n",
        "1\t2\n3\t-4.5\n0\t1e3\n",
        "1 2\n  3   -4.5\n0 1e3\n\n",
        "# made by hand\n1, 2\n\n3, -4.5\n0, 1e3\n",
        '"a","b"\n"1","2"\n"3","-4.5"\n"0","1e3"\n',
        "1,2,\n3,-4.5,\n0,1e3,\n",
    ],
)
@pytest.mark.parametrize("encode", ["utf-8", "utf-8-sig"])
def test_csv_as_people_write_it(text: str, encode: str) -> None:
    found = read("data.csv", text.encode(encode))
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, PAIRS)


@pytest.mark.parametrize("text", ["1\n2.5\n-3", "size\n1\n2.5\n-3\n", "größe\n1\n2.5\n-3\n", "1,\n2.5,\n-3,\n"])
def test_one_column(text: str) -> None:
    np.testing.assert_array_equal(read("data.csv", text.encode("latin-1")), [[1], [2.5], [-3]])


@pytest.mark.parametrize("dtype", ["<f8", ">f4", "<f2", "<i4", "u1"])
@pytest.mark.parametrize("shape", [(6,), (6, 1), (3, 2)])
@pytest.mark.parametrize("order", ["C", "F"])
def test_npy_of_any_real_numbers(dtype: str, shape: tuple[int, ...], order: str) -> None:
    array = np.asarray(np.arange(6).reshape(shape), dtype=dtype, order=order)
    np.testing.assert_array_equal(read("data.npy", npy(array)), array.reshape(len(array), -1))


@pytest.mark.parametrize("suffix", ["csv", "npy"])
def test_the_largest_that_is_allowed(suffix: str) -> None:
    rows = np.arange(MAX_ROWS + 1, dtype=np.float32)
    content = npy if suffix == "npy" else (lambda r: "\n".join(["n", *(f"{v:g}" for v in r)]).encode())
    assert read(f"data.{suffix}", content(rows[:-1])).shape == (MAX_ROWS, 1)
    with pytest.raises(UploadError, match=r"200,001 rows; allowed is .* at most 200,000 rows"):
        read(f"data.{suffix}", content(rows))


_npz = io.BytesIO()
np.savez(_npz, x_train=np.zeros((3, 8, 8)), y_train=np.zeros(3))
NPZ = _npz.getvalue()
OBJECT = npy(np.array([1, "a", None], dtype=object), allow_pickle=True)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", b"", "an empty file"),
        ("a.csv", b"\n \n", "without a row"),
        ("a.csv", b"x,y\n", "no number"),
        ("a.csv", b"1,2\n", "a single row"),
        ("a.csv", b"1,2,3\n4,5,6\n", "3 columns in line 1"),
        ("a.csv", b"a,b,c\n4,5,6\n", "3 columns in line 2"),
        ("a.csv", b"1,2\n3\n", "1 columns in line 2 and 2 before"),
        ("a.csv", b"1\nmany\n3", "many. in line 2"),
        ("a.csv", b"1\n1_000\n3", "no number"),
        ("a.csv", b"1\nnan\n3", "NaN, infinity .* in row 2"),
        ("a.csv", b"1\n-inf\n3", "NaN, infinity .* in row 2"),
        ("a.csv", b"1\n1e39\n3", "too large for 32 bits in row 2"),
        ("a.csv", b"1\n\n2,3", "line 3"),
        ("a.csv", b"\x00\x01\x02", "no text"),
        ("a.csv", "1\n2\n3".encode("utf-16-le"), "no text"),
        ("a.csv", b"\n" * 500_000 + b"1\n2", "500,001 lines"),
        ("a.csv", b"1" * (21 * 2**20), "21 MB"),
        ("a.csv", b"1," * 2**20, "1048576 columns"),
        ("a.csv", b"9" * 10_000 + b"\n" + b"9" * 10_000, "NaN, infinity"),
        ("a.npy", b"1,2\n3,4\n", "header cannot be read"),
        ("a.npy", b"\x93NUMPY", "header cannot be read"),
        ("a.npy", npy(np.arange(9.0))[:40], "header cannot be read"),
        ("a.npy", npy(np.arange(9.0))[:-1], "promises 9 numbers and 71 bytes"),
        ("a.npy", npy(np.arange(9.0)) + b"!", "promises 9 numbers and 73 bytes"),
        ("a.npy", OBJECT, "pickled Python objects"),
        ("mnist.npz", NPZ, "an npz, numpy's file of several arrays; .* with numpy.save; if they are pictures, choose"),
        ("a.csv", OBJECT, "pickled Python objects"),
        ("a.npy", pickle.dumps([1, 2, 3]), "header cannot be read"),
        ("a.npy", npy(np.array(["a", "b"])), "instead of real numbers"),
        ("a.npy", npy(np.array([1j, 2])), "instead of real numbers"),
        ("a.npy", npy(np.zeros(3, dtype=[("x", "f4")])), "instead of real numbers"),
        ("a.npy", npy(np.zeros(())), "0 dimensions"),
        ("a.npy", npy(np.zeros((4, 2, 1))), "3 dimensions"),
        ("a.npy", npy(np.zeros((4, 3))), "3 columns"),
        ("a.npy", npy(np.zeros((2, 500))), "500 columns; .* transpose"),
        ("a.npy", npy(np.zeros((0, 2))), "no rows"),
        ("a.npy", npy(np.array([1, np.nan])), "NaN, infinity .* in row 2"),
        ("a.npy", forged("{'descr': '<f4', 'fortran_order': False, 'shape': (200000, 2)}", bytes(8)), "8 bytes of them"),
        (
            "a.npy",
            forged("{'descr': '<f4', 'fortran_order': False, 'shape': (4000000000000, 2)}"),
            "promises 4000000000000",
        ),
        ("a.npy", forged("{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 2)}", bytes(8)), "promises -1"),
        ("a.npy", forged("{'descr': '|O', 'fortran_order': False, 'shape': (2,)}", bytes(16)), "pickled"),
        ("a.npy", forged("__import__('os').abort()"), "header cannot be read"),
        ("a.npy", forged("(" * 100), "header cannot be read"),
        ("a.npy", forged("{'descr': '<f4'}"), "header cannot be read"),
        ("a.npy", forged("{}", version=b"\x09\x00"), "header cannot be read"),
    ],
)
def test_what_is_no_data_is_refused_in_one_sentence(name: str, content: bytes, words: str) -> None:
    with pytest.raises(UploadError, match=words) as caught:
        read(name, content)
    said = str(caught.value)
    assert said.startswith(f"**{name}**: given ") and "allowed is a CSV or npy file" in said
    assert len(said) < 400 and "\n" not in said


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.csv", b"1,2\n3\n", "第 2 行有 1 欄，之前為 2 欄，除非它是一欄，以逗號為小數點：1.2, 3；允許的是：含一欄"),
        ("a.csv", b"1\n2024-01-31\n3", "第 2 行的「2024-01-31」"),
        ("a.npy", OBJECT, "pickle 的 Python 物件，這裡從不開啟"),
        ("a.svg", b"<svg/>", "SVG 圖形或其他 XML；允許的是：PNG 或 JPEG 圖片"),
    ],
)
def test_a_refusal_is_in_the_language_of_the_page(name: str, content: bytes, told: str) -> None:
    """Those of pictures cross from the process that reads them as messages, too."""
    with pytest.raises(UploadError) as caught:
        upload.read_pictures([(name, content)], 8, "grey", 4) if name.endswith("svg") else read(name, content)

    def said() -> str:
        speak("zh_Hant")
        return t(words_of(caught.value))

    words = contextvars.copy_context().run(said)
    assert told in words and not re.search(r"[a-z]{2,} [a-z]{2,} [a-z]{2,}", words)


def test_a_name_is_shown_as_text() -> None:
    with pytest.raises(UploadError) as caught:
        read("**[x](http://evil)**<b>.csv", b"")
    assert str(caught.value).startswith("**__ x_(http___evil)___b_.csv**") or "[" not in str(caught.value)


def test_what_was_read_is_shown_as_text_whatever_files_are_called() -> None:
    assert upload.as_text("*a*_b_ [x](http://evil)\n:red[c] $d$ × 1,000") == (
        r"\*a\*\_b\_ \[x\]\(http\:\/\/evil\) \:red\[c\] \$d\$ × 1\,000"
    )


def test_rows_become_the_data_setting() -> None:
    assert upload.settings(np.zeros((3, 1), np.float32), "as_given")["kind"] == "samples"
    assert upload.settings(np.zeros((3, 2), np.float32), "as_given")["kind"] == "samples_2d"


@pytest.mark.parametrize("sent", [None, 7, "", "????", "AAAA", "A" * 10**6, {"a": 1}])
def test_a_painting_that_is_none_is_refused(sent: object) -> None:
    with pytest.raises(SettingError, match="one byte for each of 64 × 64 cells"):
        drawing.read(sent)


# ------------------------------------------------------------------------------------------------------------- pictures


class Uploaded:
    """A file as Streamlit hands it over."""

    def __init__(self, name: str, content: bytes) -> None:
        self.name, self.content = name, content

    def getvalue(self) -> bytes:
        return self.content


COLOURFUL = npy(np.random.default_rng(0).integers(0, 256, (5, 20, 20, 3), dtype=np.uint8))
CHOICE = {"p/files": [Uploaded("a.npy", COLOURFUL)], "p/side": 16, "p/colour": "colour", "p/count": 4, "p/offered": None}


def test_chosen_pictures_become_the_data_setting() -> None:
    config = GameConfig().replace("data", upload.chosen_pictures(CHOICE, "p"))
    assert isinstance(config.data, UploadedPicturesConfig)
    assert config.data.shape == (3, 16, 16) and len(config.data.chosen()[0]) == 4
    grey = GameConfig().replace("data", upload.chosen_pictures(CHOICE | {"p/side": 8, "p/colour": "grey"}, "p"))
    assert grey.data.dimension == 64


def test_pictures_that_are_none_are_refused_in_one_sentence() -> None:
    with pytest.raises(UploadError) as caught:
        upload.chosen_pictures(CHOICE | {"p/files": [Uploaded("*evil*.svg", b"<svg/>")]}, "p")
    assert str(caught.value).startswith("**_evil_.svg**: given an SVG drawing")
    assert "allowed is PNG or JPEG pictures" in str(caught.value) and "CSV" not in str(caught.value)


def test_no_file_chosen_is_no_error() -> None:
    assert upload.chosen_pictures(CHOICE | {"p/files": []}, "p") is None
    assert upload.chosen_pictures({}, "p") is None


def test_a_file_of_the_server_is_chosen_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "faces.npy").write_bytes(COLOURFUL)
    monkeypatch.setenv("GANDASH_DATA", str(tmp_path))
    chosen = upload.chosen_pictures(CHOICE | {"p/files": [], "p/offered": "faces.npy"}, "p")
    assert GameConfig().replace("data", chosen).data.dimension == 3 * 16 * 16
    with pytest.raises(UploadError, match="not in the folder"):
        upload.chosen_pictures(CHOICE | {"p/files": [], "p/offered": "../faces.npy"}, "p")


def drawn_pictures() -> None:
    import streamlit

    from gandash.ui import upload

    keys = {name: f"p/{name}" for name in ("files", "offered", "side", "colour", "count")}
    shown = {"side": 16, "colour": "grey", "count": 5000}
    for name, played in shown.items():
        streamlit.session_state.setdefault(keys[name], played)
    upload.draw_pictures(keys, shown, lambda: None)
    found = upload.chosen_pictures(streamlit.session_state.to_dict(), "p")
    streamlit.write("none" if found is None else found["kind"])


def test_the_widgets_hold_what_chosen_pictures_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GANDASH_DATA", raising=False)
    page = AppTest.from_function(drawn_pictures, default_timeout=PATIENCE_SECONDS).run()
    assert not page.exception and page.markdown[-1].value == "none"
    assert [box.label for box in page.selectbox] == ["↻ Side", "↻ Colour"]  # the server offers nothing unless it is told to
    (tmp_path / "faces.npy").write_bytes(COLOURFUL)
    monkeypatch.setenv("GANDASH_DATA", str(tmp_path))
    page = page.run()
    page.selectbox(key="p/offered").set_value("faces.npy").run()
    assert not page.exception and page.markdown[-1].value == "uploaded_pictures"
