"""The page of recorded runs without a browser, and what stands behind it: two visitors on one server, each with their own."""

from __future__ import annotations

import io
import json
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from store.writing_runs import manifest, rows, written
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest
from waiting import PATIENCE_SECONDS

from gandash.server.supervisor import Supervisor
from gandash.store.copying import pack
from gandash.store.format import MANIFEST
from gandash.store.importing import Brought
from gandash.store.index import Entry
from gandash.store.places import owner_of, runs_home
from gandash.store.reading import StoredRun
from gandash.store.writing import RunWriter
from gandash.ui import own_runs, runs_chart, runs_table, taking, whose
from gandash.ui.own_runs import RunRefused
from gandash.ui.routes import VISITOR_COOKIE
from gandash.ui.whose import Visitor
from gandash.words import say, speak, words_of

with warnings.catch_warnings():  # as in test_socket
    warnings.simplefilter("ignore", DeprecationWarning)
    warnings.simplefilter("ignore", UserWarning)
    from starlette.testclient import TestClient

PAGE = str(Path(__file__).parents[2] / "gandash" / "ui" / "pages.py")
ADA, BOB, HOME = Visitor("ada"), Visitor("bob"), Visitor("", is_at_home=True)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("GANDASH_HOME", str(tmp_path))
    monkeypatch.setenv("GANDASH_RECORD", "1")
    yield tmp_path


def run(name: str, who: Visitor = ADA, **given: object) -> str:
    written(runs_home() / name, id=name, owner=owner_of(who.name), **given).close()
    return name


def titles(who: Visitor) -> list[str]:
    return sorted(entry.title for entry in own_runs.listed(who))


# ------------------------------------------------------------------------------------------------------ what may be done


def test_each_visitor_has_their_own_and_the_machines_user_all() -> None:
    run("a", ADA, title="Ada's")
    run("b", BOB, title="Bob's")
    written(runs_home() / "c", id="c", title="From train").close()
    assert titles(ADA) == ["Ada's"] and titles(BOB) == ["Bob's"] and titles(Visitor("")) == []
    assert titles(HOME) == ["Ada's", "Bob's", "From train"]


def test_nothing_is_done_to_the_run_of_another(home: Path) -> None:
    run("a", ADA, title="Ada's")
    gone = own_runs.remove(ADA, run("b", ADA))
    for act in (
        lambda: own_runs.rename(BOB, "a", "Mine"),
        lambda: own_runs.duplicate(BOB, "a"),
        lambda: own_runs.remove(BOB, "a"),
        lambda: own_runs.folder_of(BOB, "../runs/a"),
        lambda: own_runs.folder_of(BOB, str(home / "runs" / "a")),
        lambda: own_runs.undo(BOB, gone),
        lambda: own_runs.forget(BOB, gone),
    ):
        with pytest.raises(RunRefused):
            act()
    assert titles(ADA) == ["Ada's"] and own_runs.removed(BOB) == []
    assert [title for _, title in own_runs.removed(ADA)] == ["Two modes"]
    own_runs.undo(ADA, gone)
    assert titles(ADA) == ["Ada's", "Two modes"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Lecture 3: <b>where</b> it went *wrong* $x_1$ :red[!]", "Lecture 3: <b>where</b> it went *wrong* $x_1$ :red[!]"),
        ("模式崩溃 👩\u200d🏫 é", "模式崩溃 👩\u200d🏫 é"),
        ("  two\nlines\tand\0nothing ", "two lines and nothing"),
        ("back\u202ewards", "back wards"),
        ("\ud800 half a letter", "half a letter"),
    ],
)
def test_names_are_kept_as_they_are_typed(given: str, kept: str) -> None:
    own_runs.rename(ADA, run("a"), given)
    assert titles(ADA) == [kept]


@pytest.mark.parametrize("given", ["", " \n", "x" * (own_runs.TITLE_LENGTH + 1)])
def test_a_name_that_is_none_is_refused(given: str) -> None:
    with pytest.raises(RunRefused, match="name"):
        own_runs.rename(ADA, run("a"), given)
    assert titles(ADA) == ["Two modes"]


def test_a_run_that_is_being_recorded_is_not_removed() -> None:
    run("a")
    writer = RunWriter.going_on(runs_home() / "a", 300, [1])
    with pytest.raises(RunRefused, match="being recorded at this moment"):
        own_runs.remove(ADA, "a")
    writer.close()
    own_runs.remove(ADA, "a")
    assert titles(ADA) == []


def test_what_comes_in_belongs_to_who_brings_it() -> None:
    writer = RunWriter(runs_home() / "a", manifest(id="a", title="Ada's", owner=owner_of("ada")))
    writer.rows(rows(1, 50))
    writer.close()
    packed = io.BytesIO()
    pack(runs_home() / "a", packed)
    given = Brought("run.zip", len(packed.getvalue()), lambda: io.BytesIO(packed.getvalue()))
    brought = own_runs.bring(BOB, [given])
    assert brought != "a" and titles(BOB) == ["Ada's"] and titles(ADA) == ["Ada's"]
    with pytest.raises(RunRefused, match=r"^evil <b>\.zip is not taken in: it is no zip") as refused:
        own_runs.bring(BOB, [Brought("evil <b>.zip", 3, lambda: io.BytesIO(b"abc"))])
    words = words_of(refused.value)
    assert "{" in words.id and words.params["problem"].id.startswith("it is no zip")  # to be said in any language


def test_a_zip_is_given_to_its_owner_alone(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    run("a", title="Über <b>")
    monkeypatch.setattr(whose, "is_at_home", lambda headers: False)
    with TestClient(Starlette(routes=taking.routes)) as client:
        answer = client.get(f"/{taking.address('a')}", headers={"cookie": f"{VISITOR_COOKIE}=ada"})
        assert answer.headers["content-disposition"] == "attachment; filename*=utf-8''%C3%9Cber-b-a.zip"
        with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
            assert json.loads(packed.read(f"a/{MANIFEST}"))["owner"] == ""
        for cookie in ("", f"{VISITOR_COOKIE}=bob"):
            refused = client.get(f"/{taking.address('a')}", headers={"cookie": cookie})
            assert refused.status_code == 404 and str(home) not in refused.text
    assert sorted(path.name for path in home.iterdir()) == ["runs"]


# -------------------------------------------------------------------------------------------------------------- the list


def test_runs_are_found_by_words() -> None:
    entries = [
        Entry("1", title="Lecture", preset="ring", verdict=say("Oscillating")),
        Entry("2", title="Evening", preset="two-modes", verdict=say("Converged"), parent="1", parent_step=200),
        Entry("3", problem=say("{file} is no plain file", file=MANIFEST)),
    ]
    for words, expected in (
        ("", "123"),
        ("ring", "1"),
        ("RING lect", "1"),
        ("two modes", "2"),
        ("oscill", "1"),
        ("plain", "3"),
        ("zz", ""),
    ):
        assert "".join(entry.id for entry in runs_table.found(entries, words)) == expected, words
    table = runs_table.rows(entries, {"1": "Lecture"}, {"2"})
    assert table["Name"] == ["Lecture", "Evening", "3"] and table["Now"] == ["", "● recording", ""]
    assert table["Branched off"][1] == "Lecture, step 200" and table["Verdict"][2].startswith("cannot be read")
    assert runs_table.moment(Entry("1", created="2026-01-02T03:04:05"), "Asia/Tokyo") == "2 Jan, 12:04:05"
    assert runs_table.moment(Entry("1", created="2026-01-02T03:04:05"), "../etc") == "2 Jan, 03:04:05"
    assert "Fréchet" not in table and "Now" not in runs_table.rows(entries, {}, set())
    speak("zh_Hant")
    try:
        table = runs_table.rows(entries, {}, set())
        assert table["判定"] == ["振盪", "已收斂", "無法讀取：manifest.json 不是一般檔案"]
        for words, expected in (("振盪", "1"), ("oscill", "1"), ("一般檔案", "3")):
            assert "".join(entry.id for entry in runs_table.found(entries, words)) == expected, words
        assert runs_table.moment(Entry("1", created="2026-01-02T03:04:05"), "Asia/Tokyo") == "1月2日 12:04:05"
    finally:
        speak("en")


def test_a_curve_of_several_runs_in_lines_of_one_figure() -> None:
    run("a", title="<a href=x>one</a> %{y}")
    stored = StoredRun(runs_home() / "a")
    assert list(runs_chart.offered([stored])) == ["jsd", "loss_d", "loss_g"]
    (jsd,) = runs_chart.lines(stored, "one", "jsd")
    assert jsd.first[-1] == 300 and (jsd.mean == jsd.first).all()  # it was measured every third step, and is the step
    (loss,) = runs_chart.lines(stored, "<a href=x>one</a>", "loss_d")
    figure = runs_chart.figure([loss, jsd], "jsd", is_dark=True)
    named = [trace["name"] for trace in figure["data"] if "name" in trace]
    assert named == ["&lt;a href=x&gt;one&lt;/a&gt;", "one"]
    assert json.dumps(figure, allow_nan=False)
    assert (figure["layout"]["yaxis"]["type"], figure["layout"]["yaxis"]["dtick"]) == ("log", 1)  # from 1e-3 or so to 300
    assert None in figure["data"][0]["y"]  # a sine is not always above 0


def test_long_curves_become_few_points_with_their_lows_and_highs() -> None:
    writer = RunWriter(runs_home() / "a", manifest(id="a"))
    writer.rows(rows(1, 5000))
    writer.close()
    (line,) = runs_chart.lines(StoredRun(runs_home() / "a"), "one", "loss_d")
    assert 100 < len(line.mean) <= runs_chart.POINTS and line.first[0] == 1 and line.last[-1] == 5000
    assert (line.low <= line.mean).all() and (line.mean <= line.high).all() and line.high.max() > 0.99


# -------------------------------------------------------------------------------------------------------------- the page


def opened(who: Visitor, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setattr(ContextProxy, "cookies", {VISITOR_COOKIE: who.name})
    page = AppTest.from_file(PAGE, default_timeout=PATIENCE_SECONDS).run()  # the lab; its run has not played yet
    page = page.switch_page("runs_page.py").run()
    assert not page.exception
    return page


def shown(page: AppTest) -> list[str]:
    return list(page.dataframe[0].value["Name"]) if len(page.dataframe) else []


def test_nothing_is_there_yet_and_it_says_what_to_do(keeper: Supervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    page = opened(ADA, monkeypatch)
    assert "Nothing is recorded yet" in page.markdown[0].value
    monkeypatch.setenv("GANDASH_RECORD", "0")
    assert "switched off" in page.run().markdown[0].value


def test_the_page_shows_a_visitors_runs_finds_and_undoes(keeper: Supervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    run("a", title="Lecture *1*", created="2026-01-03T00:00:00+00:00")
    run("b", title="Evening", created="2026-01-02T00:00:00+00:00")
    run("c", BOB, title="Bob's")
    page = opened(ADA, monkeypatch)
    assert shown(page) == ["Lecture *1*", "Evening"] and page.button(key="runs/Delete").disabled
    page.text_input(key="runs/find").set_value("lect").run()
    assert shown(page) == ["Lecture *1*"]
    page.text_input(key="runs/find").set_value("").run()
    page.session_state["desk"].chosen = ("b",)
    page.session_state["desk"].edition += 1
    page.run()
    page.button(key="runs/Delete").click().run()
    assert shown(page) == ["Lecture *1*"] and titles(ADA) == ["Lecture *1*"]
    assert any("Evening" in said.value for said in page.markdown)
    page.button(key="undo").click().run()
    assert shown(page) == ["Lecture *1*", "Evening"] and not page.exception


def test_to_the_runs_and_back_it_is_the_same_run(keeper: Supervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    page = opened(ADA, monkeypatch)
    tab = page.session_state["tab"]
    run = tab.run
    page = page.switch_page("page.py").run()
    assert page.session_state["tab"].run is run and not run.has_ended
    assert page.query_params["run"] == run.id
    other = AppTest.from_file(PAGE, default_timeout=PATIENCE_SECONDS)  # a reload of the page of runs
    other.query_params["run"] = run.id
    other = other.run().switch_page("runs_page.py").run()
    assert other.session_state["tab"].run is run
