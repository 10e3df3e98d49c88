"""The games of a sweep as a data frame: a row each, which names its very game."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from gandash.config import GameConfig
from gandash.links import Writer
from gandash.sweeps.results import Results

if TYPE_CHECKING:
    import plotly.graph_objects as go


class Cells(pd.DataFrame):  # type: ignore[misc]
    """A row for each game that has been played, by its number `cell`.

    `point` and `seed`; the axes' values, by their paths; the `engine` that played it, the `steps` that it went and how it
    `ended` ("steps", "converged", "diverged"); the `verdict` that the lab would give, with `title` and `reason`;
    `converged_since`, the first of the readings that have said *converged* ever since; the numbers of the last round and of the
    state after it, as in `Run.history`, the floor of those that have one (`jsd_floor`: one reading in twenty of a perfect
    generator is worse); the same at the steps that were to be kept (`jsd@500`); `state_hash`, that of `Run.state`.
    """

    _metadata = ("results",)
    results: Results | None

    @classmethod
    def of(cls, results: Results) -> Cells:
        """What has been played so far."""
        found = cls(results.table().to_pandas().set_index("cell"))
        found.results = results
        return found

    @property
    def _constructor(self) -> type[Cells]:
        return Cells

    def _sweep(self) -> Results:
        if getattr(self, "results", None) is None:
            raise ValueError("these rows have lost their sweep; take them from what `gandash.sweep` gave")
        assert self.results is not None
        return self.results

    def config(self, cell: int) -> GameConfig:
        """The settings of this game, its seed among them: `gandash.train(cells.config(3), steps=..., engine=...)` plays it."""
        return self._sweep().sweep.cell(cell).config

    def link(self, cell: int) -> str:
        """What comes behind `?game=` in the page's address, or behind `python -m gandash replay`: this very game is played
        there, and held against the state that it came to here."""
        row: Any = self.loc[cell]
        written = Writer([self.config(cell)], [row["engine"]], self._sweep().sweep.preset).link([()])
        return written.at(int(row["steps"]) - (row["ended"] == "diverged"), str(row["state_hash"]))

    def figure(self, colour: str = "verdict", *, dark: bool = False) -> go.Figure:
        """The map: the first axis to the right, the second upwards, a third as small maps side by side. `colour` is what is
        shown of each point: "verdict", or a column of numbers, by its median over seeds and whatever else is varied. A line is
        the boundary of stability where theory knows it (`gandash.sweeps.known`). Raises ValueError for a column that there is
        not."""
        from gandash.sweeps.diagram import draw

        return draw(self, self._sweep().sweep, colour, dark)
