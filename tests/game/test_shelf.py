"""Games that share what they draw are the games that they are alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from gandash.config import GameConfig, RunConfig
from gandash.config.data import GridConfig, RingConfig
from gandash.config.networks import LatentConfig, MLPConfig
from gandash.config.optimisers import AdamConfig
from gandash.config.regularisers import RegulariserConfig
from gandash.config.rules import AlternatingConfig, ExtragradientConfig
from gandash.game.compiled.shelf import Shelf
from gandash.worker.trajectory import Trajectory, reproducibly

ROUNDS = 200  # some blocks


def config(**changes: Any) -> GameConfig:
    net = MLPConfig(width=6, depth=1)
    given: dict[str, Any] = {
        "data": RingConfig(modes=5),
        "generator": net,
        "discriminator": net,
        "regulariser": RegulariserConfig(r1=0.1),
        "run": RunConfig(batch=16, seed=3),
    }
    return GameConfig(**(given | changes))


OTHERS = {
    "rates": config(generator_optimiser=AdamConfig(learning_rate=0.02)),
    "seed": config(run=RunConfig(batch=16, seed=4)),
    "batch": config(run=RunConfig(batch=32, seed=3)),
    "law": config(data=GridConfig()),
    "its settings": config(data=RingConfig(modes=5, radius=1.5)),
    "latent": config(latent=LatentConfig(dimension=3)),
    "its kind": config(latent=LatentConfig(kind="uniform")),
    "noise": config(regulariser=RegulariserConfig(noise=0.3)),
    "between": config(regulariser=RegulariserConfig(r1=0, gradient_penalty=0.5)),
    "packs": config(regulariser=RegulariserConfig(r1=0, gradient_penalty=0.5, packing=2)),
    "steps": config(update_rule=AlternatingConfig(discriminator_steps=3)),
    "rule": config(update_rule=ExtragradientConfig()),
}


def played(one: GameConfig, shelf: Shelf | None) -> dict[str, torch.Tensor]:
    with reproducibly():
        game = Trajectory(one, "compiled", shelf=shelf)
        game.advance(rounds=ROUNDS)
    return game.state.tensors


def assert_same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> None:
    assert one.keys() == other.keys() and all(torch.equal(tensor, other[name]) for name, tensor in one.items())


@pytest.mark.parametrize("what", OTHERS)
def test_another_game_beside_it_changes_no_bit(what: str) -> None:
    shelf = Shelf(2**24)
    alone, other = played(config(), None), played(OTHERS[what], None)
    assert_same(played(config(), shelf), alone)
    before = shelf.bytes
    assert_same(played(OTHERS[what], shelf), other)
    assert (shelf.bytes == before) == (what in ("rates", "rule")), "draws are shared by those that draw alike alone"
    assert_same(played(config(), shelf), alone)


def test_a_shelf_without_room_for_all_keeps_the_first_blocks() -> None:
    alone, whole = played(config(), None), Shelf(2**24)
    played(config(), whole)
    half = Shelf(whole.bytes // 2)
    for _ in range(2):
        assert_same(played(config(), half), alone)
        assert 0 < half.bytes <= half.most_bytes


def test_who_began_last_finds_room() -> None:
    made = (np.zeros(100),)
    shelf = Shelf(2 * made[0].nbytes)
    first, second, third = (shelf.of(name) for name in "abc")
    for one in (first, second, third):
        assert one.block(0, lambda: made) is made
    assert shelf.bytes == shelf.most_bytes and first.kept == {}
    first.block(1, lambda: made)
    assert first.kept == {} and shelf.bytes == shelf.most_bytes, "who has left keeps nothing that nobody counts"
    assert shelf.of("b") is second and second.block(0, list) is made
    shelf.of("d").block(0, lambda: made)
    assert third.kept == {} and second.kept
