"""What each ready sweep is said to show is so: some of its own games are played."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gandash.sweeps.known import boundary, comes_to_rest
from gandash.sweeps.planning import planned
from gandash.sweeps.playing import play
from gandash.sweeps.ready import READY
from gandash.sweeps.sweep import Sweep


def played(sweep: Sweep, *at: tuple[int, ...]) -> pd.DataFrame:
    """The games at these places along the axes."""
    sizes = [len(axis.values) for axis in sweep.axes]
    cells = [int(np.ravel_multi_index(place, sizes)) for place in at]
    table = play({"sweep": sweep.model_dump(mode="json"), "cells": cells})
    rows: Any = table.to_pandas()
    return rows


@pytest.mark.parametrize("name", READY)
def test_a_ready_sweep_can_be_played(name: str) -> None:
    ready = READY[name]
    assert ready.name == name and ready.finding.endswith(".") and planned(ready.sweep)
    assert 50 <= ready.sweep.count <= 400


def test_all_modes_of_the_ring_are_found_over_two_decades_of_the_rate_of_g() -> None:
    """Of ten values each, from 1e-4 to 1e-1; the eighth is 0.0215."""
    sweep = READY["ring-rates"].sweep
    rates = sweep.axes[1].values
    inside = [i for i, rate in enumerate(rates) if 0.001 <= float(rate) <= 0.031]  # type: ignore[arg-type]
    rows = played(sweep, (0, inside[1]), (7, inside[1]), (0, inside[-2]), (7, inside[-2]))
    assert rows["modes"].tolist() == [8, 8, 8, 8]
    assert played(sweep, (4, 0))["modes"].item() < 8


def test_a_penalty_makes_large_rates_bearable() -> None:
    sweep = READY["gamma-rates"].sweep
    rates, gammas = (axis.values for axis in sweep.axes)
    assert float(rates[6]) == pytest.approx(0.0316, abs=1e-4) and gammas[7] == 1  # type: ignore[arg-type]
    rows = played(sweep, (6, 0), (6, 7), (8, 7))
    without, with_penalty, too_fast = rows["jsd"]
    assert with_penalty < without / 2 and too_fast > without


def test_update_rules_come_to_rest_where_the_line_says() -> None:
    sweep = READY["rules-steps"].sweep
    steps, rules = (axis.values for axis in sweep.axes)
    places = [*itertools.product((0, 5, 10, 13, 16), range(len(rules)))]
    rows = played(sweep, *places)
    known = [comes_to_rest(sweep.at((steps[i], rules[j]))) for i, j in places]
    assert (rows["verdict"] == "converged").tolist() == known and {True, False} == set(known)
    edges = {round(y + 0.5): 0.3 * 16 ** (x / 16) for x, y, _, _ in boundary(sweep)}
    assert edges[2] == pytest.approx(2, abs=0.01) and edges[3] == pytest.approx(2 / 3**0.5, abs=0.01)
    assert 0 not in edges and 1 not in edges
