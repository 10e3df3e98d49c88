"""Rounds on another device: nothing mixes devices, and where that device fails the processor takes over.

There is no GPU where these tests run. torch's "meta" device stands for one: its tensors have no numbers, and an operation that
mixes them with the processor's is refused as it would be with a GPU's.
"""

from __future__ import annotations

import logging
from typing import Any

import pytest
import torch
from playing import Played, picture

from gandash.config import GameConfig, RunConfig
from gandash.config.networks import MLPConfig
from gandash.config.objectives import OBJECTIVES
from gandash.config.setting import kind_of, variants
from gandash.game import device as device_module
from gandash.game.device import CPU, device_for, name_of
from gandash.game.game import Streams, build_game
from gandash.game.round import METRICS, start
from gandash.game.step import train_step
from gandash.worker import trajectory as trajectory_module

META = torch.device("meta")
SMALL = GameConfig(generator=MLPConfig(width=4), discriminator=MLPConfig(width=4), run=RunConfig(batch=8))
EVERY_PENALTY = [(f"regulariser.{name}", 0.1) for name in ("r1", "r2", "gradient_penalty", "noise", "clip")]
CONVOLUTIONAL = [
    ("data", {"kind": "digits"}),
    ("generator", {"kind": "convolutional", "channels": 4, "normalisation": "batch"}),
    ("discriminator", {"kind": "convolutional", "channels": 4, "normalisation": "layer"}),
]


def of_kind(path: str) -> list[list[tuple[str, Any]]]:
    return [[(path, {"kind": kind_of(m)})] for m in variants(GameConfig.model_fields[path].annotation)]


CASES: list[list[tuple[str, Any]]] = [
    [],
    EVERY_PENALTY,
    [*EVERY_PENALTY, ("regulariser.packing", 2), ("regulariser.noise_half_life", 5)],
    [("regulariser.spectral", "on")],
    [("regulariser.smoothing", 0.1)],
    [("generator.dropout", 0.2), ("discriminator.dropout", 0.2)],
    [("discriminator.normalisation", "layer"), ("discriminator.activation", "maxout")],
    CONVOLUTIONAL,
    [*CONVOLUTIONAL, *EVERY_PENALTY],
    [("data", {"kind": "digits"})],
    *([("objective", name)] for name in OBJECTIVES),
    *of_kind("generator_optimiser"),
    *(
        case for case in of_kind("update_rule") if case[0][1]["kind"] != "lookahead"
    ),  # it counts rounds, and meta counts nothing
]


@pytest.mark.parametrize("changes", CASES, ids=lambda c: " ".join(f"{p.split('.')[-1]}" for p, _ in c) or "plain")
@pytest.mark.parametrize("members", [1, 2])
def test_no_game_mixes_devices(changes: list[tuple[str, Any]], members: int) -> None:
    game = build_game(*[SMALL.replace_all(changes)] * members).to(META)
    streams = Streams([0] * members, META)
    state = start(game, streams)
    for _ in range(2):
        state, metrics = train_step(game, state, streams)
        assert metrics.device == META and metrics.shape == (members, len(METRICS))
    assert {name for name, tensor in state.tensors.items() if tensor.device != META} == set()


def test_mixing_would_be_noticed() -> None:
    state = start(build_game(SMALL).to(META), Streams([0], META))
    with pytest.raises(RuntimeError, match="device"):
        train_step(build_game(SMALL), state, Streams([0], META))  # coefficients on the processor


def test_a_game_where_it_is_already_stays_itself() -> None:
    game = build_game(SMALL)
    state = start(game, Streams([0]))
    assert game.to(CPU) is game and state.to(CPU) is state
    assert build_game(SMALL).to(META).to(META).averaging.device == META


@pytest.mark.parametrize(
    ("there_is_one", "wanted", "large", "chosen"),
    [
        (False, "auto", True, "cpu"),
        (False, "cuda", True, "cpu"),
        (True, "cpu", True, "cpu"),
        (True, "auto", False, "cpu"),
        (True, "auto", True, "cuda"),
        (True, "cuda", False, "cuda"),
    ],
)
def test_the_device_is_chosen_by_what_there_is_and_what_pays(
    monkeypatch: pytest.MonkeyPatch, there_is_one: bool, wanted: str, large: bool, chosen: str
) -> None:
    monkeypatch.setattr(device_module.torch.cuda, "is_available", lambda: there_is_one)
    width = 1024 if large else 4
    config = SMALL.replace_all([("run.device", wanted), ("generator.width", width), ("run.batch", 256)])
    assert device_for(config).type == chosen


def test_a_device_that_fails_leaves_the_game_to_the_processor(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    plain = Played(SMALL)
    monkeypatch.setattr(trajectory_module, "device_for", lambda config: META)  # no numbers come back from there
    with caplog.at_level(logging.WARNING):
        session = Played(SMALL)
    assert session.device == CPU and "goes to the processor" in caplog.text
    assert session.facts().device == name_of(CPU) == "CPU"
    for played in (plain, session):
        played.advance()
    for name, tensor in plain.state.tensors.items():
        assert torch.equal(tensor, session.state.tensors[name]), name
    assert picture(session)


def test_what_is_wrong_on_the_processor_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("not the device's fault")

    monkeypatch.setattr(trajectory_module, "start", broken)
    with pytest.raises(RuntimeError, match="not the device's fault"):
        Played(SMALL)
