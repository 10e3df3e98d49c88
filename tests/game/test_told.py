"""A round told apart is the round that is played: same state, same numbers, whatever the rule; and its parts add up."""

from __future__ import annotations

import pytest
import torch

from gandash.config import GameConfig
from gandash.config.regularisers import RegulariserConfig
from gandash.config.rules import (
    AlternatingConfig,
    ConsensusConfig,
    ExtragradientConfig,
    LookaheadConfig,
    OptimisticConfig,
    SimultaneousConfig,
    SymplecticAdjustmentConfig,
    UnrolledConfig,
)
from gandash.config.setting import Settings
from gandash.game.field import outputs_and_slopes
from gandash.game.game import Game, Streams, build_game
from gandash.game.losses import points_between
from gandash.game.objectives import OBJECTIVES, objective
from gandash.game.round import METRICS, GameState, Players, start
from gandash.game.step import train_step
from gandash.game.told import Told, _Watched, tell

D, G, BOTH = Players.D, Players.G, Players.BOTH
RULES: list[tuple[Settings, str]] = [  # and who looks in a round of both: in capitals those that are not put back
    (SimultaneousConfig(), "DG"),
    (AlternatingConfig(discriminator_steps=1, generator_steps=1), "DG"),
    (AlternatingConfig(discriminator_steps=3, generator_steps=2), "DDDGG"),
    (AlternatingConfig(discriminator_steps=2, generator_steps=1, first="generator"), "GDD"),
    (ExtragradientConfig(), "dgDG"),
    (OptimisticConfig(), "DG"),
    (ConsensusConfig(gamma=0.7), "DG"),
    (SymplecticAdjustmentConfig(weight=0.6), "DG"),
    (LookaheadConfig(rounds=2, share=0.4), "DG"),
    (UnrolledConfig(depth=3, inner_rate=0.4), "DG"),
]
CALM = RegulariserConfig(r1=0.6, r2=0.2, gradient_penalty=0.5, noise=0.3)


def begun(config: GameConfig, rounds: int = 3) -> tuple[Game, GameState, Streams]:
    """A game a few rounds from its start, so that rules have something to remember."""
    game = build_game(config)
    streams = Streams([config.run.seed])
    state = start(game, streams)
    for _ in range(rounds):
        state, _ = train_step(game, state, streams)
    return game, state, streams


def copies(streams: Streams) -> Streams:
    same = Streams(streams.seeds)
    same.restore(streams.state())
    return same


def number(told: Told, name: str) -> float:
    return float(told.metrics[0, METRICS.index(name)])


@pytest.mark.parametrize("players", [BOTH, D, G], ids=["both", "D", "G"])
@pytest.mark.parametrize("calm", [RegulariserConfig(r1=0), CALM], ids=["free", "calm"])
@pytest.mark.parametrize(("rule", "who"), RULES, ids=lambda r: r.kind if isinstance(r, Settings) else r)
def test_what_is_told_is_what_is_then_played(
    tiny: GameConfig, rule: Settings, who: str, calm: RegulariserConfig, players: Players
) -> None:
    config = tiny.model_copy(update={"update_rule": rule, "regulariser": calm, "objective": "non_saturating"})
    game, state, streams = begun(config)
    told = tell(game, state, copies(streams), players)
    after, metrics = train_step(game, state, streams, players)

    assert all(torch.equal(told.state.tensors[name], tensor) for name, tensor in after.tensors.items())
    assert torch.equal(told.metrics.nan_to_num(9), metrics.nan_to_num(9))
    names = {D: "dD", G: "gG"}
    said = "".join(names[look.player][not look.is_ahead] for look in told.looks)
    alone = {BOTH: "dgDG", D: "dD", G: "gG"}[players]
    assert said == "".join(c for c in who if c in alone)
    for player, p in ((D, "d"), (G, "g")):
        if player not in players:
            continue
        last = next(look for look in reversed(told.looks) if look.player is player)
        assert float(last.loss) == number(told, f"loss_{p}")
        assert last.along is not None and last.update is not None
        assert float(torch.linalg.vector_norm(last.along, dim=-1)) == pytest.approx(number(told, f"gradient_norm_{p}"))
        assert float(torch.linalg.vector_norm(last.update, dim=-1)) == pytest.approx(number(told, f"update_norm_{p}"))
    assert told.looks[0].drew_real and told.looks[0].drew_latents


def test_a_second_look_is_from_where_the_first_moves_led(tiny: GameConfig) -> None:
    game, state, streams = begun(tiny.replace("update_rule", {"kind": "extragradient"}))
    first, second, third, fourth = tell(game, state, streams).looks
    assert [look.from_ahead for look in (first, second, third, fourth)] == [False, False, True, True]
    assert not second.drew_latents and second.latents is first.latents
    assert third.drew_real and not torch.equal(third.real, first.real)


def test_a_rule_that_puts_the_players_elsewhere_says_so(tiny: GameConfig) -> None:
    game, state, streams = begun(tiny.replace("update_rule", {"kind": "lookahead", "rounds": 5, "share": 0.5}), rounds=3)
    said = []
    for _ in range(4):  # of rounds 4 to 7 it is the fifth that goes back
        said.append(tell(game, state, copies(streams)).ended_elsewhere)
        state, _ = train_step(game, state, streams)
    assert said == [False, True, False, False]


def test_penalties_are_those_of_slopes_that_are_found_by_other_means(tiny: GameConfig) -> None:
    game, state, streams = begun(tiny.replace("regulariser", {"r1": 0.6, "r2": 0.2, "gradient_penalty": 0.5}))
    this = _Watched(game, state, streams, BOTH)
    this.draw()
    this.gradient_d()
    look, noise = this.looks[0], this.step_noise

    def squared(x: torch.Tensor) -> torch.Tensor:
        return outputs_and_slopes(game, state.phi, x)[1].square().sum(-1)

    between = points_between(look.real, look.fake, noise)
    expected = {
        "r1": 0.3 * squared(look.real).mean(),
        "r2": 0.1 * squared(look.fake).mean(),
        "gradient_penalty": 0.5 * (squared(between).sqrt() - 1).square().mean(),
    }
    assert look.penalties.keys() == expected.keys()
    for name, value in expected.items():
        assert float(look.penalties[name]) == pytest.approx(float(value), rel=1e-5), name


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("name", OBJECTIVES)
def test_both_halves_of_a_loss_add_up_to_it(name: str, smoothing: float) -> None:
    if smoothing and name not in ("minimax", "non_saturating"):
        pytest.skip("labels are smoothed for cross-entropies alone")
    played = objective(name, smoothing)
    generator = torch.Generator().manual_seed(4)
    real, fake = torch.randn(2, 3, 50, generator=generator)
    if played.halves is None:
        assert played.pairs
        return
    on_real, on_fake = played.halves
    torch.testing.assert_close(on_real(real).mean(-1) + on_fake(fake).mean(-1), played.discriminator(real, fake))
