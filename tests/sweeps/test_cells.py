"""What `gandash.sweep` gives: a data frame whose rows name their very games, and the map."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import gandash
from gandash.config import GameConfig
from gandash.config.setting import SettingError
from gandash.links import read
from gandash.runs.linked import at_the_beginning, play
from gandash.sweeps.cells import Cells
from gandash.sweeps.diagram import LETTERS, VERDICTS, summary
from gandash.wire.browser import VerdictKind


def swept(folder: Path, resume: bool = False, seeds: int = 2) -> Cells:
    found = gandash.sweep(
        "two-modes",
        {
            "generator_optimiser__learning_rate": [1e-3, 1e-2],
            "regulariser.r1": "0.1:10:3log",
            "objective": ["minimax", "hinge"],
        },
        seeds=seeds,
        steps=60,
        at=[40],
        out=folder,
        resume=resume,
        progress=False,
        generator__width=4,
        discriminator__width=4,
        run__batch=8,
    )
    assert isinstance(found, Cells)
    return found


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> Cells:
    return swept(tmp_path_factory.mktemp("sweep") / "new")


def test_a_row_for_each_game_and_the_same_when_it_goes_on(cells: Cells) -> None:
    assert len(cells) == 24 and cells["steps"].eq(60).all()
    assert list(cells.groupby("objective").size()) == [12, 12] and cells["jsd@40"].notna().all()
    assert isinstance(some := cells[cells["seed"] == 0], Cells) and some.config(0) == cells.config(0)
    assert cells.results is not None
    folder = cells.results.folder
    cells.results.path(0).unlink()
    assert pd.DataFrame(swept(folder, resume=True)).equals(pd.DataFrame(cells))
    with pytest.raises(ValueError, match="has another sweep than this"):
        swept(folder, resume=True, seeds=3)
    with pytest.raises(ValueError, match="have lost their sweep"):
        Cells(pd.DataFrame(cells)).config(0)


def test_a_cell_opens_elsewhere_as_the_very_game(cells: Cells) -> None:
    """By its settings and engine, and by its link, which brings the state along that it must come to."""
    for cell in (0, 23):
        row = cells.loc[cell]
        run = gandash.train(cells.config(cell), steps=60, engine=row["engine"], progress=False)
        assert run.state == row["state_hash"] and run.report is not None and run.report["verdict"]["kind"] == row["verdict"]
        link = read(cells.link(cell))
        assert link.configs == (cells.config(cell),) and link.step == 60
        assert play(link, at_the_beginning(link), link.step).agrees is True


def test_the_map_has_a_pane_for_each_value_of_the_third_axis(cells: Cells) -> None:
    figure = cells.figure()
    assert [annotation.text for annotation in figure.layout.annotations] == ["objective = hinge", "objective = minimax"]
    for pane in figure.data:
        assert pane.z.shape == (3, 2) and len(pane.x) == 2 and len(pane.y) == 3
        letters = {letter for _, letter in VERDICTS.values()}
        assert set(pane.text.flat) <= letters and "2 seeds" in pane.hovertext[0, 0]
        assert pane.textfont.color == LETTERS
    assert set(VERDICTS) == set(VerdictKind) and len({letter for _, letter in VERDICTS.values()}) == len(VERDICTS)
    jsd = cells.figure("jsd").data[0]
    own = cells[(cells["objective"] == "hinge") & (cells["regulariser.r1"] == 0.1)]
    first = own[own["generator_optimiser.learning_rate"] == 1e-3]["jsd"]
    assert len(first) == 2 and jsd.z[0, 0] == first.median()
    with pytest.raises(ValueError, match=r"jds: there is no such column of numbers; there are verdict, .*jsd"):
        cells.figure("jds")


def test_a_point_is_what_most_of_its_seeds_came_to() -> None:
    games = pd.DataFrame({"verdict": ["blind", "collapsed", "collapsed"], "title": ["", "", ""], "jsd": [0.1, 0.5, 0.2]})
    found = summary(games)
    assert (found.games, found.agree) == (3, 2 / 3) and list(VERDICTS)[int(found.value)] == "collapsed"
    assert "collapsed, 2 of 3 seeds" in found.words and summary(games, "jsd").value == 0.2


def test_mistakes_are_told_in_words(tiny: GameConfig) -> None:
    with pytest.raises(SettingError, match="there is no ready game of this name"):
        gandash.sweep("rnig", {"regulariser.r1": [0, 1]})
    with pytest.raises(SettingError, match=r"no such setting: did you mean regulariser.r1"):
        gandash.sweep(tiny, {"regulariser.r11": [0, 1]})
    with pytest.raises(ValueError, match="or allow more hours"):
        gandash.sweep(tiny, {"regulariser.r1": [0, 1]}, seeds=9000, steps=10_000_000)
