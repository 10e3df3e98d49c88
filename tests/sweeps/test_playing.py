"""A game's row is a function of its settings, seed and steps: alone, among others, in any order; and it is the game that
`gandash.train` plays, with the numbers and the verdict that are told there."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import pytest

import gandash
from gandash.presets import PRESETS
from gandash.sweeps.axes import Axis
from gandash.sweeps.playing import play
from gandash.sweeps.sweep import Sweep

Made = Callable[..., Sweep]


def rows(sweep: Sweep, cells: Sequence[int] | None = None) -> dict[int, dict[str, Any]]:
    """By the games' numbers; NaN as a word, so that equal is equal."""
    given = {"sweep": sweep.model_dump(mode="json"), "cells": list(range(sweep.count) if cells is None else cells)}
    table = play(given)

    def plain(value: Any) -> Any:
        return repr(value) if isinstance(value, float) else value

    return {row["cell"]: {name: plain(v) for name, v in row.items()} for row in table.to_pylist()}


def of_rules(*rules: str, base: str = "dirac-orbit", **given: Any) -> Sweep:
    axes = (Axis.of(f"update_rule={','.join(rules)}"), Axis.of("regulariser.r1=0,0.4"))
    return Sweep(base=PRESETS[base].config, axes=axes, **({"steps": 30, "seeds": 2} | given))


@pytest.mark.parametrize("engine", ["torch", "compiled"])
def test_a_row_is_the_same_alone_and_among_others_in_any_order(small: Made, engine: Any) -> None:
    axes = ("regulariser.noise=0,0.3", "generator_optimiser.learning_rate=1e-3:1e-1:3log", "generator.width=4,7")
    sweep = small(*axes, engine=engine, keep={"at": (20,), "states": True})
    whole = rows(sweep)
    assert len({row["state_hash"] for row in whole.values()}) == sweep.count, "they are different games"
    assert rows(sweep, range(sweep.count - 1, -1, -1)) == whole
    assert rows(sweep, [7]) == {7: whole[7]}
    some = [0, 3, 4, 9, 10]
    assert rows(sweep, some) == {i: whole[i] for i in some}


@pytest.mark.parametrize(("engine", "engines"), [("torch", {"torch"}), (None, {"compiled", "torch"})])
def test_scalar_games_are_the_same_alone_and_among_others(engine: Any, engines: set[str]) -> None:
    sweep = of_rules("simultaneous", "alternating", "optimistic", "consensus", "lookahead", engine=engine)
    whole = rows(sweep)
    assert {row["engine"] for row in whole.values()} == engines
    for cells in ([5], [19, 0, 7, 8], range(3, 16)):
        assert rows(sweep, cells) == {i: whole[i] for i in cells}


@pytest.mark.parametrize(
    ("game", "engine", "steps"),
    [("ring", "compiled", 900), ("two-modes", "compiled", 700), ("two-modes", "torch", 60), ("dirac-r1", "torch", 500)],
)
def test_it_is_the_game_that_train_plays(game: str, engine: Any, steps: int) -> None:
    """With a run of so many readings that there is a verdict to speak of."""
    sweep = Sweep(
        base=PRESETS[game].config, axes=(Axis.of("regulariser.r1=0.3,1"),), steps=steps, engine=engine, keep={"at": (40,)}
    )
    (row,) = rows(sweep, [1]).values()
    run = gandash.train(sweep.cell(1).config, steps=steps, engine=engine, progress=False)
    report = run.report
    assert report is not None and row["state_hash"] == run.state
    told = report["verdict"]
    assert (row["verdict"], row["title"], row["reason"]) == (told["kind"], told["title"], told["reason"])
    for name, value in report["measurement"].items():
        if name == "floors":
            assert {f"{n}_floor": repr(f["worst_5pct"]) for n, f in value.items()}.items() <= row.items()
        elif value is not None and math.isfinite(value):
            assert row[name] == repr(value), name
    curve = run.history
    assert float(row["loss_d"]) == curve["loss_d"].loc[steps] and float(row["loss_d@40"]) == curve["loss_d"].loc[40]
    assert float(row["wasserstein@40"]) == pytest.approx(curve["wasserstein"].loc[40], rel=1e-6)


def test_a_game_that_diverges_ends_there_with_the_cause(small: Made) -> None:
    players = "generator_optimiser{0}+discriminator_optimiser{0}={1}"
    axes = players.format(".kind", "gradient_descent"), players.format(".learning_rate", "0.01,10"), "objective=wasserstein"
    sweep = small(*axes, steps=60)
    calm, wild = rows(sweep).values()
    run = gandash.train(sweep.cell(1).config, steps=60, engine="compiled", progress=False)
    assert run.report is not None and run.report["diverged"]
    assert wild["ended"] == wild["verdict"] == "diverged" and wild["steps"] == run.report["steps"] < 60
    assert wild["reason"] == run.report["verdict"]["reason"] and wild["state_hash"] == run.state
    assert (calm["ended"], calm["steps"]) == ("steps", 60)


def test_a_game_may_end_when_it_has_converged_for_some_readings() -> None:
    base = PRESETS["dirac-critical"].config
    sweep = Sweep(base=base, axes=(Axis.of("regulariser.r1=0.2,1"),), steps=2000, stopping={"converged": 5})
    slow, quick = rows(sweep).values()
    assert quick["ended"] == slow["ended"] == "converged" and quick["steps"] < slow["steps"] < 2000
    every = 20  # steps between readings on the line
    assert quick["converged_since"] == quick["steps"] - 4 * every
    played = rows(
        sweep.model_copy(update={"steps": quick["steps"], "stopping": sweep.stopping.model_copy(update={"converged": 0})})
    )
    assert played[1]["state_hash"] == quick["state_hash"] and played[1]["converged_since"] == quick["converged_since"]
    assert played[0]["converged_since"] is None
