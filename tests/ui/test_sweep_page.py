"""The page of sweeps without a browser: what is offered, what it costs, and that each visitor has their own."""

from __future__ import annotations

import io
import json
import re
import warnings
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from starlette.applications import Starlette
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest
from waiting import PATIENCE_SECONDS, wait_until

from gandash.links import read
from gandash.presets import PRESETS
from gandash.server.supervisor import Supervisor, Unavailable
from gandash.store.places import owner_of
from gandash.sweeps.axes import Axis
from gandash.sweeps.hosting import About, Hosted
from gandash.sweeps.ready import READY
from gandash.sweeps.sweep import Sweep
from gandash.ui import own_sweeps
from gandash.ui.routes import VISITOR_COOKIE

with warnings.catch_warnings():  # as in test_socket
    warnings.simplefilter("ignore", DeprecationWarning)
    warnings.simplefilter("ignore", UserWarning)
    from starlette.testclient import TestClient

PAGE = str(Path(__file__).parents[2] / "gandash" / "ui" / "pages.py")
SMALL = Sweep(base=PRESETS["dirac-r1"].config, axes=(Axis.of("regulariser.r1=0,0.3,1"),), steps=30, preset="dirac-r1")


@pytest.fixture(autouse=True)
def fresh(keeper: Supervisor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("GANDASH_HOME", str(tmp_path))
    monkeypatch.setattr(own_sweeps, "supervisor", lambda: keeper)
    yield
    own_sweeps.close()


def played(owner: str) -> Hosted:
    hosted = own_sweeps.host().begin(SMALL, About(owner_of(owner), f"Of {owner}", "", "verdict"))
    wait_until(lambda: hosted.state == "stopped", "it is played")
    assert hosted.is_whole
    return hosted


def opened(who: str, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setattr(ContextProxy, "cookies", {VISITOR_COOKIE: who})
    page = AppTest.from_file(PAGE, default_timeout=PATIENCE_SECONDS).run()
    page = page.switch_page("sweep_page.py").run()
    assert not page.exception
    return page


def test_the_cost_is_shown_before_anything_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    page = opened("ada", monkeypatch)
    assert any("games of" in caption.value for caption in page.caption)
    assert any("Where does it converge" in text.value for text in page.markdown)
    page = page.selectbox(key="sweep/what").set_value("own").run()
    assert not page.exception and any("64 games of 3,000 steps: about" in caption.value for caption in page.caption)
    values = page.text_input(key="sweep/two-modes/0/generator_optimiser.learning_rate")
    page = values.set_value("1e-4:nothing").run()
    assert page.button(key="sweep/start").disabled and "has three parts" in page.warning[0].value
    values = page.text_input(key="sweep/two-modes/0/generator_optimiser.learning_rate")
    page = values.set_value("1e-4:1e-1:5000log").run()
    assert "a map on this page has at most" in page.warning[0].value
    assert own_sweeps.own(own_sweeps.Visitor("ada")) == []


def test_another_language_keeps_what_was_chosen_and_says_refusals_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    page = opened("ada", monkeypatch)
    page = page.selectbox(key="sweep/what").set_value("own").run()
    page = page.selectbox(key="sweep/two-modes/1").set_value("regulariser.r1").run()
    page.session_state["language"] = "zh_Hant"
    page = page.run()
    assert not page.exception and page.selectbox(key="sweep/what/zh_Hant").value == "own"
    assert page.selectbox(key="sweep/two-modes/1/zh_Hant").value == "regulariser.r1"
    assert any("場博弈，每個 3,000 步" in caption.value for caption in page.caption)
    for text, told in (("a:1:3", "不是數"), ("1:0:3", "小的在前"), ("0:1:1", "至少需要兩個取值"), ("0:1:20000", "最多可以取")):
        page = page.text_input(key="sweep/two-modes/1/regulariser.r1").set_value(text).run()
        assert told in page.warning[0].value
        assert not re.search(r"[a-z]{2,} [a-z]{2,} [a-z]{2,}", page.warning[0].value)


def test_each_visitor_has_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    hosted = played("ada")
    page = opened("ada", monkeypatch)
    assert page.query_params["sweep"] == hosted.id
    assert [button.label for button in page.button if "Of ada" in button.label] == ["Of ada :gray[3 of 3]"]
    other = opened("bob", monkeypatch)
    assert "sweep" not in other.query_params and not [button for button in other.button if "Of ada" in button.label]
    with TestClient(Starlette(routes=own_sweeps.routes)) as client:
        paths = ("", "/cells/0", "/edges/0", "/games/0", "/files/sweep.csv")
        own, others, nobody = ({"cookie": f"{VISITOR_COOKIE}={name}"} if name else {} for name in ("ada", "bob", ""))
        for path in paths:
            assert client.get(f"/gandash/sweeps/{hosted.id}{path}", headers=own).status_code == 200
            for headers in (others, nobody):
                assert client.get(f"/gandash/sweeps/{hosted.id}{path}", headers=headers).status_code == 404
        for act in ("stop", "go-on"):
            assert client.post(f"/gandash/sweeps/{hosted.id}/{act}", headers=others).status_code == 409
            assert client.get(f"/gandash/sweeps/{hosted.id}/{act}", headers=own).status_code == 405
        assert client.get("/gandash/sweeps/none", headers=own).status_code == 404
    page = page.button(key=f"sweep/delete/{hosted.id}").click().run()
    assert not page.exception and own_sweeps.own(own_sweeps.Visitor("ada")) == []


def test_what_is_taken_away_is_what_was_played() -> None:
    hosted = played("ada")
    with TestClient(Starlette(routes=own_sweeps.routes), headers={"cookie": f"{VISITOR_COOKIE}=ada"}) as client:
        at = f"/gandash/sweeps/{hosted.id}"
        rows = pd.read_parquet(io.BytesIO(client.get(f"{at}/files/sweep.parquet").content))
        assert rows["regulariser.r1"].tolist() == [0, 0.3, 1] and rows["state_hash"].str.len().gt(0).all()
        told = pd.read_csv(io.StringIO(client.get(f"{at}/files/sweep.csv").text))
        assert told["verdict"].tolist() == rows["verdict"].tolist()
        html = client.get(f"{at}/files/sweep.html?colour=jsd").text
        assert "Of ada" in html and "plotly" in html and "<script src=" not in html
        assert '<html lang="en">' in html and "R1 weight" in html and "JSD, nats" in html
        html = client.get(f"{at}/files/sweep.html?colour=verdict&lang=zh-Hans").text
        assert '<html lang="zh-Hans">' in html and all(json.dumps(words)[1:-1] in html for words in ("R1 权重", "已崩溃"))
        assert client.get(f"{at}/files/sweep.csv?lang=zh-Hans").text.splitlines()[0] == ",".join(f'"{name}"' for name in told)
        assert client.get(f"{at}/files/other").status_code == 404
        link = read(client.get(f"{at}/games/1").json()["link"])
        assert link.configs == (SMALL.cell(1).config,) and link.step == 30 and link.state
        assert client.get(f"{at}/games/7").status_code == 404


def test_a_sweep_takes_a_seat(monkeypatch: pytest.MonkeyPatch) -> None:
    keeper = own_sweeps.supervisor()
    with keeper.seat():
        taken = keeper.limits.runs - 1 - len([run for run in keeper.runs if not run.has_ended])
        with pytest.raises(Unavailable, match="as many as this server allows"):
            for _ in range(taken + 1):
                keeper.create(PRESETS["dirac-orbit"].config, "", "crowd")
    keeper.create(PRESETS["dirac-orbit"].config, "", "crowd")
    with pytest.raises(Unavailable), keeper.seat():
        raise AssertionError("there was no seat")
    for run in keeper.runs:
        run.end("The test is over.")


def test_ready_sweeps_are_offered_with_what_they_show(monkeypatch: pytest.MonkeyPatch) -> None:
    page = opened("ada", monkeypatch)
    assert page.selectbox(key="sweep/what").options == [*(ready.title for ready in READY.values()), "A sweep of your own"]
    page = page.selectbox(key="sweep/what").set_value("rules-steps").run()
    page = page.button(key="sweep/start").click().run()
    [begun] = own_sweeps.own(own_sweeps.Visitor("ada"))
    assert begun.sweep == READY["rules-steps"].sweep and begun.about.finding == READY["rules-steps"].finding
    other = opened("bob", monkeypatch)
    other = other.button(key="sweep/start").click().run()
    assert "somebody else’s" in other.error[0].value and own_sweeps.own(own_sweeps.Visitor("bob")) == []
