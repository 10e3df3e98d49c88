"""A step that is told is the one then taken, by either engine; and no game goes another way because somebody looked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from staging import Stage

from gandash.config import GameConfig
from gandash.game.round import METRICS
from gandash.presets import PRESETS
from gandash.wire.facts import Engine
from gandash.wire.frame import unpack
from gandash.wire.messages import METRICS as METRICS_PACKET
from gandash.wire.messages import Refused, StepBy, TellStep, event_adapter
from gandash.wire.told import StepTold
from gandash.worker.telling import Teller
from gandash.worker.trajectory import PLAYERS, Trajectory

GAMES = {name: PRESETS[name].config for name in ("two-modes", "ring", "wasserstein-penalty", "dirac-orbit")}
GAMES["extragradient"] = GAMES["dirac-orbit"].replace("update_rule", {"kind": "extragradient"})


def agree(told: StepTold, metrics: dict[str, float], **tolerance: float) -> None:
    """Losses and norms of each player's last look are those of the step."""
    for player in "DG" if told.players == "both" else told.players:
        look = next(one for one in reversed(told.looks) if one.player == player)
        p = player.lower()
        found = {f"loss_{p}": look.loss, f"gradient_norm_{p}": look.along, f"update_norm_{p}": look.update}
        assert found == pytest.approx({name: metrics[name] for name in found}, **tolerance)


@pytest.mark.parametrize("engine", ["torch", "compiled"])
@pytest.mark.parametrize("name", GAMES)
def test_the_numbers_are_those_of_the_step_that_is_then_taken(name: str, engine: Engine) -> None:
    config = GAMES[name]
    looked_at, alone = Trajectory(config, engine), Trajectory(config, engine)
    teller = Teller(looked_at)
    for players in ("both", "D", "both", "G", "both", "both") * 2:
        told = teller.tell(1, players)
        assert told.step == looked_at.step and told == teller.tell(1, players)
        metrics = dict(zip(METRICS, looked_at.advance(PLAYERS[players])[0].tolist(), strict=True))
        agree(told, metrics, **({"rel": 1e-6} if engine == "torch" else {"rel": 2e-3, "abs": 2e-5}))
        alone.advance(PLAYERS[players])
    assert all(torch.equal(tensor, looked_at.state.tensors[n]) for n, tensor in alone.state.tensors.items())
    assert torch.equal(looked_at.streams.state(), alone.streams.state())


def test_parts_add_up_and_pictures_are_told_as_pictures() -> None:
    config = PRESETS["digits"].config.replace("run.batch", 16)
    told = Teller(Trajectory(config, "torch")).tell(1, "both")
    look = told.looks[0]
    assert look.fake.width == 0 and len(look.fake.pixels) == 4 * -(-9 * 64 // 3)  # nine pictures of 8 x 8
    assert look.total == pytest.approx(sum(look.terms) + sum(p.value for p in look.penalties))
    assert len(look.latents.points) == 2 * 16 and len(look.d_fake) == 16
    assert event_adapter.validate_json(told.model_dump_json()) == told


def test_many_looks_are_told_with_fewer_samples(tiny: GameConfig) -> None:
    config = tiny.replace("run.batch", 64).replace("update_rule", {"kind": "alternating", "discriminator_steps": 30})
    told = Teller(Trajectory(config, "torch")).tell(1, "both")
    assert len(told.looks) == 31 and len(told.looks[0].d_real) == 15
    assert len(told.model_dump_json()) < 64 * 2**10


def rows(stage: Stage) -> list[Any]:
    return [row for _, kind, body in stage.sent if kind == METRICS_PACKET for row in unpack(body)[1]["rows"]]


def test_the_loop_tells_before_it_plays(tiny: GameConfig, tmp_path: Path) -> None:
    stage = Stage(tmp_path, tiny).play((1, TellStep(players="D", ask=7)), (1, StepBy(players="D")), (2, TellStep()), (3, None))
    told = stage.events(StepTold)
    assert [(one.step, one.players, one.ask) for one in told] == [(0, "D", 7), (1, "both", 0)]
    (row,) = rows(stage)
    agree(told[0], dict(zip(METRICS, row.tolist(), strict=False)), rel=2e-3)


def test_no_one_step_is_told_of_several_games(tiny: GameConfig, tmp_path: Path) -> None:
    stage = Stage(tmp_path, tiny)
    stage.script = [(100.0, stage.start(configs=(tiny, tiny))), (101.0, TellStep()), (102.0, None)]
    stage.loop.run()
    assert not stage.events(StepTold)
    assert "several games" in stage.events(Refused)[0].message
