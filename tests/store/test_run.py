"""A run's folder: written, cut short anywhere, set back, gone on with, and refused where somebody made it up."""

from __future__ import annotations

import json
import os
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import save
from store.writing_runs import COLUMNS, change, manifest, rows, state, values, written

from gandash.store import files, keyframes, pictures, writing
from gandash.store.format import EVENTS, JOURNAL, KEYFRAMES, MANIFEST, PICTURES, STEPS, BrokenRun, CannotRecord, Named
from gandash.store.journal import Journal
from gandash.store.keyframes import state_hash
from gandash.store.reading import StoredRun
from gandash.store.writing import RunWriter, UnfitFolder, claim, is_being_recorded, rename
from gandash.wire.browser import Verdict, VerdictKind
from gandash.wire.messages import Change


@contextmanager
def small_disk(size: int) -> Iterator[None]:
    """No file may grow beyond `size` bytes: the kernel refuses writes as a full disk would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_run_is_read_back(tmp_path: Path) -> None:
    writer = written(tmp_path)
    writer.verdict(0, Verdict(kind=VerdictKind.CONVERGED, title="Converged", reason="so it is", step=300))
    writer.close()
    run = StoredRun(tmp_path)
    assert run.manifest == manifest() and run.configs[0].run.seed == run.seeds[0]
    assert run.steps == 300 and run.changes == [[change(100)]] and run.verdicts[0] is not None
    assert (run.verdicts[0].kind, run.verdicts[0].step) == ("converged", 300)
    np.testing.assert_array_equal(run.metrics().recent.values, values(np.arange(1, 301)))
    assert [name.first for name in run.keyframes] == [100, 200, 300]
    label, arrays = run.keyframe(run.keyframes[1])
    assert label == {"steps": [200]} and arrays.keys() == {*state(200), "0/seen.readings"}
    assert run.states[200] == (state_hash(state(200)), (1,)) and run.states[100].changes == (0,)
    assert [run.picture(place) for place in run.pictures()] == [b"frame 100", b"frame 200", b"frame 300"]
    assert 0 < run.size < 100_000


def test_rounds_of_one_player_are_kept_in_few_lines(tmp_path: Path) -> None:
    steps = [Change(kind="step", step=s, players="D") for s in range(5, 1005)]
    log = [
        change(3),
        *steps,
        Change(kind="step", step=1005, players="G"),
        change(1006, 0.1),
        Change(kind="step", step=1006, players="G"),
    ]
    writer = RunWriter(tmp_path, manifest())
    for n in (1, 700, len(log)):
        writer.changes(0, log[:n])
    writer.close()
    assert StoredRun(tmp_path).changes == [log]
    assert (tmp_path / EVENTS).read_bytes().count(b"\n") == 6


@pytest.mark.parametrize("name", [EVENTS, f"{PICTURES}/000000-0000000100-0000000100.frames"])
def test_a_file_that_grows_may_be_cut_anywhere(tmp_path: Path, name: str) -> None:
    written(tmp_path).close()
    whole = StoredRun(tmp_path)
    seen = [whole.picture(place) for place in whole.pictures()]
    body = (tmp_path / name).read_bytes()
    for cut in range(len(body) + 1):
        (tmp_path / name).write_bytes(body[:cut])
        run = StoredRun(tmp_path)
        assert run.changes[0] == whole.changes[0][: len(run.changes[0])]
        shown = [run.picture(place) for place in run.pictures()]
        assert shown == seen[: len(shown)] and run.steps == 300
        assert run.states.items() <= whole.states.items()
    assert run.states == whole.states and len(shown) == 3


def test_rows_that_a_crash_left_in_the_journal_are_kept_up_to_where_the_run_goes_on(tmp_path: Path) -> None:
    """The worker is lost at step 390, 90 after its last keyframe, and another goes on from its checkpoint at 370."""
    writer = written(tmp_path)
    for first in range(301, 391, 10):
        writer.rows(rows(first, first + 9))
    writer.let_go()
    run = StoredRun(tmp_path)
    assert run.steps == 390 and len(run.metrics().recent.steps) == 390 and run.latest("jsd") == {"jsd": 390.0}
    some = run.metrics(["jsd"], 351).recent
    assert (some.steps[-1], some.values[-1].tolist()) == (351, [351.0])
    writer = RunWriter.going_on(tmp_path, 370, [1])
    assert not list((tmp_path / JOURNAL).iterdir()), "they stand among the others now"
    writer.rows(rows(371, 380))
    writer.let_go()  # lost again
    run = StoredRun(tmp_path)
    assert run.steps == 380 and run.epoch == 1 and run.latest("jsd") == {"jsd": 378.0}
    np.testing.assert_array_equal(run.metrics().recent.steps, np.arange(1, 381))
    np.testing.assert_array_equal(run.metrics().recent.values, values(np.arange(1, 381)))
    RunWriter.going_on(tmp_path, 375, [1]).close()
    np.testing.assert_array_equal(StoredRun(tmp_path).metrics().recent.values, values(np.arange(1, 376)))


def test_a_journal_may_be_cut_or_damaged_anywhere(tmp_path: Path) -> None:
    writer = written(tmp_path)
    for first, last in ((301, 304), (305, 305), (306, 309)):
        writer.rows(rows(first, last))
    writer.let_go()
    (path,) = (tmp_path / JOURNAL).iterdir()
    body, ends = path.read_bytes(), {0: 300, 72: 304, 96: 305, 168: 309}
    assert len(body) == 168
    for at in range(len(body)):
        spoiled = bytearray(body)
        spoiled[at] ^= 1 + at % 255
        whole = ends[max(end for end in ends if end <= at)]
        for left in (body[:at], bytes(spoiled), body[:at] + bytes(len(body) - at)):
            path.write_bytes(left)
            run = StoredRun(tmp_path)
            assert run.last_row == whole or left == body, (at, len(left))
            np.testing.assert_array_equal(run.metrics().recent.values, values(np.arange(1, run.last_row + 1)))
    path.write_bytes(body[:-1])
    RunWriter.going_on(tmp_path, 309, [1]).close()
    np.testing.assert_array_equal(StoredRun(tmp_path).metrics().recent.values, values(np.arange(1, 306)))


def test_a_torn_end_is_cut_off_before_the_log_goes_on(tmp_path: Path) -> None:
    written(tmp_path).close()
    with (tmp_path / EVENTS).open("ab") as file:
        file.write(b'{"kind": "set", "st')
    writer = RunWriter.going_on(tmp_path, 200, [1])
    writer.changes(0, [change(100), change(200, 0.25)])
    writer.rows(rows(201, 210))
    writer.close()
    run = StoredRun(tmp_path)
    assert run.changes == [[change(100), change(200, 0.25)]] and run.epoch == 1 and run.steps == 210
    np.testing.assert_array_equal(run.metrics().recent.values, values(np.arange(1, 211)))
    assert [name.first for name in run.keyframes] == [100] and set(run.states) == {100}
    assert [place.step for place in run.pictures()] == [100, 200]


def test_changes_that_a_torn_end_has_lost_are_noted_again(tmp_path: Path) -> None:
    written(tmp_path).close()
    log = (tmp_path / EVENTS).read_bytes().split(b"\n")
    (tmp_path / EVENTS).write_bytes(b"\n".join(line for line in log if b'"set"' not in line))
    writer = RunWriter.going_on(tmp_path, 200, [1])
    writer.changes(0, [change(100)])
    writer.close()
    assert StoredRun(tmp_path).changes == [[change(100)]]


def test_a_run_that_was_set_back_forgets_what_came_after(tmp_path: Path) -> None:
    writer = written(tmp_path)
    writer.changes(0, [change(100), change(300, 0.2)])
    writer.verdict(0, Verdict(kind=VerdictKind.COLLAPSED, title="Collapsed", reason="", step=290))
    writer.rewind(150, [1])
    writer.changes(0, [change(100), change(150, 0.3)])
    writer.rows(rows(151, 160))
    writer.keyframe(160, {"steps": [160]}, state(160), {})
    writer.close()
    run = StoredRun(tmp_path)
    assert run.changes == [[change(100), change(150, 0.3)]] and run.steps == 160 and run.verdicts == [None]
    assert [name.first for name in run.keyframes] == [100, 160] and sorted(run.states) == [100, 160]
    assert len(run.metrics().recent.steps) == 160


def test_nobody_writes_a_run_that_is_being_written(tmp_path: Path) -> None:
    writer = written(tmp_path)
    assert is_being_recorded(tmp_path)
    with pytest.raises(CannotRecord, match="another process"):
        RunWriter.going_on(tmp_path, 100, [0])
    writer.close()
    assert not is_being_recorded(tmp_path)
    with pytest.raises(CannotRecord, match="not empty"):
        RunWriter(tmp_path, manifest())


def test_a_title_stays(tmp_path: Path) -> None:
    written(tmp_path).close()
    rename(tmp_path, "  For Monday ")
    assert (StoredRun(tmp_path).manifest.title, StoredRun(tmp_path).manifest.named) == ("For Monday", True)
    with pytest.raises(ValueError, match="200"):
        rename(tmp_path, "x" * 300)
    assert StoredRun(tmp_path).manifest.title == "For Monday"


# --------------------------------------------------------------------------------------------------------- limited room


def test_only_a_new_or_empty_folder_is_taken(tmp_path: Path) -> None:
    claim(tmp_path / "a" / "b")
    claim(tmp_path / "a" / "b")  # empty still
    (tmp_path / "a" / "b" / "thesis.tex").write_text("years of work", encoding="utf-8")
    with pytest.raises(UnfitFolder, match=r"not empty \(it holds thesis.tex\); name a new directory"):
        claim(tmp_path / "a" / "b")
    with pytest.raises(CannotRecord, match="not empty"):
        RunWriter(tmp_path / "a" / "b", manifest())
    assert [p.name for p in (tmp_path / "a" / "b").iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize("name", ["file", "file/below", "x" * 300])
def test_a_folder_that_cannot_be(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(UnfitFolder, match="cannot be used"):
        claim(tmp_path / name)


@pytest.mark.parametrize("room", [1, 60, 600, 3000])
def test_a_full_disk_damages_nothing_that_was_there(tmp_path: Path, room: int) -> None:
    writer = written(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with small_disk(room), pytest.raises(OSError, match="too large"):
        for first in range(301, 10_000, 100):
            writer.changes(0, [change(100), *(change(s) for s in range(300, first))])
            writer.rows(rows(first, first + 99))
            writer.picture(first + 99, b"x" * 100)
            writer.keyframe(first + 99, {}, state(first + 99), {"0/seen.large": np.zeros(room)})
    writer.let_go()
    run = StoredRun(tmp_path)
    assert run.steps >= 300 and not list(tmp_path.rglob("*.part"))
    found = run.metrics().recent
    np.testing.assert_array_equal(found.values, values(found.steps))
    assert [run.picture(place) for place in run.pictures()][:3] == [b"frame 100", b"frame 200", b"frame 300"]
    for name in run.keyframes:
        run.keyframe(name)
    for path, body in before.items():
        assert not path.exists() or path.read_bytes()[: len(body)] == body or path.parent.name == "steps"


def test_a_disk_that_is_full_from_the_start_leaves_no_run(tmp_path: Path) -> None:
    with small_disk(10), pytest.raises(OSError, match="too large"):
        RunWriter(tmp_path / "run", manifest())
    with pytest.raises(BrokenRun, match=MANIFEST):
        StoredRun(tmp_path / "run")


def test_keyframes_are_thinned_with_age(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyframes, "KEYFRAME_FILES", 16)
    writer = RunWriter(tmp_path, manifest())
    for step in range(10, 2010, 10):
        writer.keyframe(step, {}, state(step), {})
    steps = [name.first for name in StoredRun(tmp_path).keyframes]
    assert 8 <= len(steps) <= 16 and steps[-1] == 2000 and steps[0] == 10
    apart = np.diff(steps)
    assert apart[-1] == 10 and apart[0] >= 100
    assert len(StoredRun(tmp_path).states) == 200
    monkeypatch.setattr(keyframes, "KEYFRAME_BYTES", 1000)
    writer.keyframe(2010, {}, {"0/theta": np.zeros(500)}, {})  # more than all may have: none is kept of such states
    writer.keyframe(2020, {}, state(2020), {})
    assert {n.first for n in StoredRun(tmp_path).keyframes} & {2010, 2020} == {2020}
    writer.close()


def test_pictures_are_thinned_with_age(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "PICTURE_BYTES", 40_000)
    monkeypatch.setattr(pictures, "PICTURE_FILE_BYTES", 2_000)
    monkeypatch.setattr(pictures, "LARGEST", 2_000)
    writer = RunWriter(tmp_path, manifest())
    for step in range(1, 1001):
        writer.picture(step, b"%04d" % step + bytes(196))
    writer.picture(1001, bytes(5000))  # larger than a file may be: left out
    writer.close()
    run = StoredRun(tmp_path)
    found = run.pictures()
    assert sum(f.stat().st_size for f in (tmp_path / PICTURES).iterdir()) <= 41_000
    assert all(run.picture(place)[:4] == b"%04d" % place.step for place in found)
    apart = np.diff([place.step for place in found])
    assert found[-1].step == 1000 and (apart[-50:] == 1).all() and apart[:10].mean() > 4 and found[0].step < 100


def test_a_log_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "EVENT_BYTES", 1000)
    writer = RunWriter(tmp_path, manifest())
    with pytest.raises(CannotRecord, match="log of events"):
        for n in range(1, 100):
            writer.changes(0, [change(i) for i in range(n)])
    writer.close()
    assert 1 < len(StoredRun(tmp_path).changes[0]) < 10


# -------------------------------------------------------------------------------------------------------------- hostile


def a_link(path: Path) -> None:
    target = path.with_name("elsewhere")
    path.rename(target)
    path.symlink_to(target)


def json_with(**changed: Any) -> Callable[[Path], None]:
    def change_it(path: Path) -> None:
        path.write_text(json.dumps(json.loads(path.read_bytes()) | changed), encoding="utf-8")

    return change_it


def journal(*records: list[int]) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        own = Journal(path.parents[2])
        own._newest = Named(0, 301, 301)
        for steps in records:
            own.append(0, np.array(steps, dtype=np.int32), np.zeros((len(steps), 3), dtype=np.float32))

    return write


def parquet(**columns: Any) -> Callable[[Path], None]:
    return lambda path: pq.write_table(pa.table(columns), path)


N = np.arange(1, 301, dtype=np.int32)
PLAIN = {"step": N, **{name: np.zeros(300, dtype=np.float32) for name in COLUMNS}}
BACKWARDS = PLAIN | {"step": N[::-1].copy()}
MANY = {"step": np.arange(10**6, dtype=np.int32), **{name: np.zeros(10**6, dtype=np.float32) for name in COLUMNS}}
GAPS = PLAIN | {"jsd": pa.array([None] * 300, pa.float32())}
METRICS = f"{STEPS}/000000-0000000001-0000000300.parquet"
KEYFRAME = f"{KEYFRAMES}/000000-0000000300-0000000300.safetensors"
ROWS = f"{JOURNAL}/000000-0000000301-0000000301.rows"
FRAMES = f"{PICTURES}/000000-0000000100-0000000100.frames"


@pytest.mark.parametrize(
    ("name", "spoil", "told"),
    [
        (MANIFEST, Path.unlink, "No such file"),
        (MANIFEST, a_link, "symbolic links"),
        (MANIFEST, lambda path: path.write_bytes(b"[" * 100_000), MANIFEST),
        (MANIFEST, lambda path: os.truncate(path, 10**9), "bytes; at most"),
        (MANIFEST, json_with(format=2), "newer gandash"),
        (MANIFEST, json_with(format="../../etc"), "another format"),
        (MANIFEST, json_with(id="../../etc/passwd"), "id"),
        (MANIFEST, json_with(columns=["a"] * 5000), "columns"),
        (MANIFEST, json_with(columns=["a", "a"]), "twice"),
        (MANIFEST, json_with(columns="abc"), "columns"),
        (MANIFEST, json_with(engines=["quantum"]), "engines"),
        (MANIFEST, json_with(engines=[]), "as many engines"),
        (MANIFEST, json_with(configs=[]), "configs"),
        (MANIFEST, json_with(configs=[{"run": {"seed": -1}}]), "run.seed: given -1"),
        (MANIFEST, json_with(configs=["x" * 10]), MANIFEST),
        (MANIFEST, json_with(title="x" * 10_000), "title"),
        (MANIFEST, json_with(parent={"run": "../..", "step": 1}), "parent"),
        (EVENTS, a_link, "symbolic links"),
        (EVENTS, lambda path: os.truncate(path, 10**9), "bytes; at most"),
        (EVENTS, lambda path: path.write_bytes(b"nonsense\n" + path.read_bytes()), "line 1"),
        (EVENTS, lambda path: path.write_bytes(b'{"kind": "melt", "step": 3}\n'), "line 1"),
        (
            EVENTS,
            lambda path: path.write_bytes(b'{"kind": "step", "step": 3, "players": "D", "rounds": 9999999}\n'),
            "rounds",
        ),
        (EVENTS, lambda path: path.write_bytes(b'{"kind": "set", "step": 3, "path": "x", "member": 7}\n'), "speaks of game 7"),
        (EVENTS, lambda path: path.write_bytes(b'{"kind": "rewound", "step": 3, "kept": []}\n'), "number of games"),
        (EVENTS, lambda path: path.write_bytes(b'{"kind": "keyframe", "step": 99999999999, "state": ""}\n'), "step"),
        (EVENTS, lambda path: path.write_bytes(b'{"kind":"step","step":3,"players":"D","rounds":100000}\n' * 3), "changes"),
        (METRICS, lambda path: path.write_bytes(b"PAR1" + bytes(100) + b"PAR1"), "no whole Parquet"),
        (METRICS, lambda path: path.write_bytes(path.read_bytes()[:-9]), "no whole Parquet"),
        (
            METRICS,
            lambda path: path.write_bytes(path.read_bytes()[:9] + bytes(path.stat().st_size - 9)),
            "no whole Parquet",
        ),
        (METRICS, lambda path: os.truncate(path, 10**9), "bytes; at most"),
        (METRICS, parquet(step=N), "other columns"),
        (METRICS, parquet(**PLAIN, more=N), "other columns"),
        (METRICS, parquet(**{n: [str(v) for v in c] for n, c in PLAIN.items()}), "other columns"),
        (METRICS, parquet(**MANY), "rows; at most"),
        (METRICS, parquet(**GAPS), "gaps"),
        (METRICS, parquet(**BACKWARDS), "not in order"),
        (ROWS, journal([301, 302], [302, 303]), "not in order"),
        (ROWS, journal([-5, 302]), "not in order"),
        (ROWS, lambda path: os.truncate(path, path.write_bytes(b"") + 10**9), "bytes; at most"),
        (KEYFRAME, lambda path: path.write_bytes(b"\x80\x04cos\nsystem\n"), "no whole keyframe"),
        (KEYFRAME, lambda path: path.write_bytes((2**40).to_bytes(8, "little")), "no whole keyframe"),
        (KEYFRAME, lambda path: path.write_bytes(save({"a": np.zeros(3)})), "no whole keyframe"),
        (KEYFRAME, lambda path: path.write_bytes(save({"a": np.zeros(3)}, {"gandash": "[1]"})), "no JSON object"),
        (KEYFRAME, lambda path: os.truncate(path, 10**9), "bytes; at most"),
        (FRAMES, lambda path: path.write_bytes(path.read_bytes().replace(b"frame 1", b"frane 1")), "is damaged"),
        (FRAMES, lambda path: os.truncate(path, 10**9), "bytes; at most"),
    ],
)
def test_what_somebody_made_up_is_refused_in_one_sentence(
    tmp_path: Path, name: str, spoil: Callable[[Path], Any], told: str
) -> None:
    written(tmp_path).close()
    spoil(tmp_path / name)
    with pytest.raises(BrokenRun) as caught:
        run = StoredRun(tmp_path)
        _ = run.configs, run.metrics(), run.steps
        for keyframe in run.keyframes:
            run.keyframe(keyframe)
        for place in run.pictures():
            run.picture(place)
    assert told in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("name", [METRICS, ROWS, KEYFRAME, FRAMES])
def test_links_and_strange_names_are_passed_over(tmp_path: Path, name: str) -> None:
    written(tmp_path).close()
    folder, suffix = (tmp_path / name).parent, (tmp_path / name).suffix
    (folder / ("..%2f" + suffix)).write_bytes(b"")
    (folder / (Named(9, 1, 2).name + suffix)).symlink_to("/etc/passwd")
    (folder / f"000001-99999999999-1{suffix}").write_bytes(b"")
    os.mkfifo(folder / (Named(8, 1, 2).name + suffix))
    run = StoredRun(tmp_path)
    assert len(run.metrics().recent.steps) == 300 and len(run.keyframes) == 3 == len(run.pictures())


def test_a_folder_that_is_a_link_is_refused(tmp_path: Path) -> None:
    written(tmp_path / "run").close()
    (tmp_path / "link").symlink_to(tmp_path / "run")
    with pytest.raises(BrokenRun, match="no folder"):
        StoredRun(tmp_path / "link")
    (tmp_path / "run" / "keyframes").rename(tmp_path / "elsewhere")
    (tmp_path / "run" / "keyframes").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BrokenRun, match="is a link"):
        _ = StoredRun(tmp_path / "run").keyframes
    assert files.size_of(tmp_path / "run") < 50_000
