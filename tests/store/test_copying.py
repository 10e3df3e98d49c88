"""A run goes out and comes in again the same; what somebody made up does not come in."""

from __future__ import annotations

import io
import itertools
import json
import stat
import struct
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from store.writing_runs import rows, values, with_a_frame, written

from gandash.store import copying, importing, index, removing
from gandash.store.files import parts
from gandash.store.format import EVENTS, MANIFEST, BrokenRun, CannotRecord
from gandash.store.importing import Brought, bring, bring_zip
from gandash.store.pictures import Picture, record
from gandash.store.reading import StoredRun
from gandash.store.writing import RunWriter
from gandash.wire.frame import pack as frame


def zipped(directory: Path) -> io.BytesIO:
    packed = io.BytesIO()
    copying.pack(directory, packed)
    return packed


def contents(directory: Path) -> dict[str, bytes]:
    return {name: (directory / name).read_bytes() for name in parts(directory) if name != MANIFEST}


def test_a_run_comes_back_from_its_zip(tmp_path: Path) -> None:
    directory = with_a_frame(tmp_path / "here", title="Lecture <b>", owner="somebody")
    packed = zipped(directory)
    assert "somebody" not in packed.getvalue().decode("latin-1")
    arrived = bring_zip(packed, "me", tmp_path / "there")
    assert arrived == tmp_path / "there" / "runs" / "run-1" and contents(arrived) == contents(directory)
    found = StoredRun(arrived).manifest
    assert (found.title, found.owner, found.id) == ("Lecture <b>", "me", "run-1")
    assert [entry.id for entry in index.runs(tmp_path / "there")] == ["run-1"]
    again = bring_zip(packed, "me", tmp_path / "there")  # its id is taken by now
    assert again.name != "run-1" and StoredRun(again).manifest.id == again.name
    assert not any((tmp_path / "there" / removing.ARRIVING).iterdir())


def test_a_run_comes_as_a_folder(tmp_path: Path) -> None:
    directory = with_a_frame(tmp_path / "here")
    (directory / "notes.txt").write_text("mine", encoding="utf-8")
    (directory / "metrics" / ".DS_Store").write_bytes(b"x")
    files = [p for p in sorted(directory.rglob("*")) if p.is_file()]
    given = [Brought(f"a run/{p.relative_to(directory)}", p.stat().st_size, partial(p.open, "rb")) for p in files]
    arrived = bring(given, "", tmp_path / "there")
    assert contents(arrived) == contents(directory) and not (arrived / "notes.txt").exists()


def test_a_copy_is_a_run_of_its_own(tmp_path: Path) -> None:
    directory = with_a_frame(tmp_path, title="Lecture", parent={"run": "first", "step": 7})
    copy = copying.duplicate(directory, "me")
    about = StoredRun(copy).manifest
    assert (about.id, about.title, about.named, about.owner) == (copy.name, "Copy of Lecture", True, "me")
    assert about.parent is not None and about.parent.run == "first"
    assert contents(copy) == contents(directory)


def test_a_run_is_copied_while_it_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that goes or grows under the copy has it begin again; the copy is of one moment."""
    directory = with_a_frame(tmp_path)
    writer, copied = RunWriter.going_on(directory, 300, [1]), []
    original = copying._copy

    def copy(of: Path, to: Path, names: list[str]) -> None:
        original(of, to, names)
        if len(copied) < 2:
            writer.picture(301 + len(copied), frame({"step": 1}, {}))
        copied.append(names)

    monkeypatch.setattr(copying, "_copy", copy)
    found = copying.duplicate(directory, "")
    writer.close()
    assert len(copied) == 3 and contents(found) == contents(directory)
    ever = itertools.count()
    monkeypatch.setattr(copying, "_seen", lambda of: {MANIFEST: (next(ever), 0)})
    with pytest.raises(BrokenRun, match="faster than it can be read"):
        copying.duplicate(directory, "")


def test_rows_in_the_journal_are_copied_though_more_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = with_a_frame(tmp_path)
    writer, copied = RunWriter.going_on(directory, 300, [1]), []
    writer.rows(rows(301, 310))
    original = copying._copy

    def copy(of: Path, to: Path, names: list[str]) -> None:
        original(of, to, names)
        writer.rows(rows(311, 320))
        copied.append(names)

    monkeypatch.setattr(copying, "_copy", copy)
    found = copying.duplicate(directory, "")
    assert len(copied) == 1 and StoredRun(found).steps == 310
    stream = io.BytesIO()
    copying.pack(directory, stream)
    writer.close()
    brought = StoredRun(bring_zip(stream, "me", tmp_path))
    np.testing.assert_array_equal(brought.metrics().recent.values, values(np.arange(1, 321)))


# ------------------------------------------------------------------------------------------------- what somebody made up


def packed(files: dict[str, bytes], **given: object) -> io.BytesIO:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            for field, value in given.items():
                setattr(info, field, value)
            archive.writestr(info, body)
    return stream


@pytest.fixture
def files(tmp_path: Path) -> dict[str, bytes]:
    directory = with_a_frame(tmp_path / "here")
    return {f"run-1/{name}": (directory / name).read_bytes() for name in parts(directory)}


def about(files: dict[str, bytes], **given: object) -> dict[str, bytes]:
    return files | {f"run-1/{MANIFEST}": json.dumps(json.loads(files[f"run-1/{MANIFEST}"]) | given).encode()}


def one(files: dict[str, bytes], kind: str) -> str:
    return next(name for name in files if f"/{kind}/" in name)


HOSTILE: dict[str, tuple[Callable[[dict[str, bytes]], dict[str, bytes]], str]] = {
    "leads out": (lambda f: f | {"../evil": b"x"}, "leads out"),
    "leads out within": (lambda f: f | {"run-1/keyframes/../../evil": b"x"}, "leads out"),
    "absolute": (lambda f: f | {"/etc/passwd": b"x"}, "leads out"),
    "a drive": (lambda f: f | {"c:/windows": b"x"}, "leads out"),
    "backslashes": (lambda f: f | {"run-1\\..\\evil": b"x"}, "leads out"),
    "no manifest": (lambda f: {n: b for n, b in f.items() if not n.endswith(MANIFEST)}, "no manifest.json"),
    "nothing": (lambda f: {}, "no manifest.json"),
    "two runs": (lambda f: f | {n.replace("run-1", "run-2"): b for n, b in f.items()}, "more than one"),
    "another format": (lambda f: about(f, format=2), "another format"),
    "format as text": (lambda f: about(f, format="../1"), "another format"),
    "an id that leads out": (lambda f: about(f, id="../../evil"), "id"),
    "no time": (lambda f: about(f, created="<script>"), "created"),
    "a column of HTML": (lambda f: about(f, columns=["<img src=x>", "loss_g", "jsd"]), "columns"),
    "no config": (lambda f: about(f, configs=[{"generator": 1}]), "generator"),
    "an absurd title": (lambda f: about(f, title="x" * 1000), "title"),
    "manifest is no JSON": (lambda f: f | {f"run-1/{MANIFEST}": b"{"}, MANIFEST),
    "log is no log": (lambda f: f | {f"run-1/{EVENTS}": b'{"kind": "evil"}\n'}, EVENTS),
    "rows are no Parquet": (lambda f: f | {one(f, "steps"): b"PAR1" * 100}, "no whole Parquet"),
    "a pickle for a keyframe": (lambda f: f | {one(f, "keyframes"): b"cos\nsystem\n(S'touch evil'\ntR."}, "no whole keyframe"),
    "a picture that is none": (
        lambda f: f | {one(f, "pictures"): record(5, Picture(b"<svg onload=alert(1)>"))},
        "picture of step 5",
    ),
    "words beside a picture that are none": (
        lambda f: f | {one(f, "pictures"): record(5, Picture(frame({}, {}), b'{"games": [{"facts": "<svg>"}]}'))},
        "beside the picture of step 5",
    ),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_what_somebody_made_up_is_not_taken_in(files: dict[str, bytes], tmp_path: Path, what: str) -> None:
    change, words = HOSTILE[what]
    there = tmp_path / "there"
    with pytest.raises(BrokenRun, match=words) as refused:
        bring_zip(packed(change(files)), "", there)
    assert str(tmp_path) not in str(refused.value) and "\n" not in str(refused.value)
    assert index.runs(there) == [] and not (tmp_path / "evil").exists()
    assert not (there / removing.ARRIVING).exists() or not any((there / removing.ARRIVING).iterdir())


def test_a_name_that_comes_twice_is_refused(files: dict[str, bytes], tmp_path: Path) -> None:
    stream = packed(files)
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(stream, "a") as archive:
        archive.writestr(f"run-1/{EVENTS}", b"")
    with pytest.raises(BrokenRun, match="twice"):
        bring_zip(stream, "", tmp_path / "there")


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("external_attr", (stat.S_IFLNK | 0o777) << 16, "is a link"),
        ("external_attr", (stat.S_IFIFO | 0o777) << 16, "is a link"),
        ("compress_type", zipfile.ZIP_LZMA, "packed in a way"),
    ],
)
def test_no_links_and_no_strange_packing(files: dict[str, bytes], tmp_path: Path, field: str, value: int, words: str) -> None:
    with pytest.raises(BrokenRun, match=words):
        bring_zip(packed(files, **{field: value}), "", tmp_path / "there")


def test_a_bomb_is_refused_before_it_is_unpacked(files: dict[str, bytes], tmp_path: Path) -> None:
    name = one(files, "pictures")
    with pytest.raises(BrokenRun, match="at most"):
        bring_zip(packed(files | {name: bytes(importing.LARGEST["pictures"] + 1)}), "", tmp_path / "there")
    many = {f"run-1/pictures/{i:06d}-0000000000-0000000000.frames": bytes(7_900_000) for i in range(1, 28)}
    with pytest.raises(BrokenRun, match="unpacked it has"):
        bring_zip(packed(files | many), "", tmp_path / "there")


def test_a_bomb_that_lies_about_its_size_stops_where_it_said(files: dict[str, bytes], tmp_path: Path) -> None:
    stream = packed(files | {one(files, "pictures"): bytes(50_000_000)})
    raw, told = stream.getvalue(), struct.pack("<I", 50_000_000)
    assert raw.count(told) == 2  # in the file's own head and in the table of contents
    lying = io.BytesIO(raw.replace(told, struct.pack("<I", 1000)))
    with pytest.raises(BrokenRun, match=r"damaged|not as long"):
        bring_zip(lying, "", tmp_path / "there")


def test_bounds_on_the_zip_itself(files: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = packed(files)
    for nonsense in (b"", b"PK", b"no zip" * 1000, stream.getvalue()[:-30], stream.getvalue()[200:]):
        with pytest.raises(BrokenRun):
            bring_zip(io.BytesIO(nonsense), "", tmp_path / "there")
    monkeypatch.setattr(importing, "MOST_FILES", 3)
    with pytest.raises(BrokenRun, match="more than 3 files"):
        bring_zip(stream, "", tmp_path / "there")
    monkeypatch.setattr(importing, "LARGEST_DIRECTORY", 100)
    with pytest.raises(BrokenRun, match="files are in it"):
        bring_zip(stream, "", tmp_path / "there")
    monkeypatch.setattr(importing, "LARGEST_ZIP", 100)
    with pytest.raises(BrokenRun, match="MB"):
        bring_zip(stream, "", tmp_path / "there")


def test_rows_that_would_fill_the_memory_are_refused(
    files: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "ROW_BYTES", 1000)
    with pytest.raises(BrokenRun, match="of rows"):
        bring_zip(packed(files), "", tmp_path / "there")


def test_where_there_is_no_room_nothing_is_taken_in(
    files: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path / "there" / "runs" / "mine", id="mine").close()
    monkeypatch.setenv("GANDASH_STORE_GB", str(1.2 * index.runs(tmp_path / "there")[0].size / 1e9))
    with pytest.raises(CannotRecord, match="no room for"):
        bring_zip(packed(files), "", tmp_path / "there")
    assert [entry.id for entry in index.runs(tmp_path / "there")] == ["mine"]
