"""Games played by compiled code: between what Python keeps of a game and what `round.play` takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gandash.config import GameConfig, RunConfig
from gandash.config.setting import kind_of
from gandash.game import game as games
from gandash.game.compiled.draws import DrawSource
from gandash.game.compiled.gradients import Match, Memory
from gandash.game.compiled.moves import COUNT, OPTIMISERS, ROUNDS, STARTED, Player
from gandash.game.compiled.network import Floats, Layout, Tape
from gandash.game.compiled.objectives import CRITIC, NUMBERS, READINGS
from gandash.game.compiled.plans import count_draws, covers, plan
from gandash.game.compiled.products import zeros
from gandash.game.compiled.round import METRICS, play
from gandash.game.compiled.shelf import Shelf
from gandash.game.compiled.streams import CounterStreams
from gandash.game.game import Game, build_game
from gandash.game.round import NOISE_SINCE, GameState, Players, start

f32 = np.float32
HYPER = {  # where an optimiser's settings stand in `Player.numbers`
    "gradient_descent": ("learning_rate",),
    "momentum": ("learning_rate", "momentum"),
    "rmsprop": ("learning_rate", "decay", "", "epsilon"),
    "adam": ("learning_rate", "beta1", "beta2", "epsilon"),
}


@cache
def load() -> None:
    """Have all that a round needs in this process, from disk or compiled anew: a round of a small game is played."""
    game = build_game(GameConfig(run=RunConfig(batch=8)))
    Compiled(game, [0], start(game, CounterStreams([0]))).play(1)


class Compiled:
    """A population of games, from one state on: `play` rounds, and take the `state`.

    Each member is played by itself, on memory of its own, so that it is bit for bit the same game in any company. What they
    draw comes from the `shelf` where that has it.
    """

    def __init__(
        self, game: Game, seeds: Sequence[int], state: GameState, threads: int = 1, shelf: Shelf | None = None
    ) -> None:
        assert covers(game)
        self.game, self.step = game, state.step
        g, d = game.generator.network, game.discriminator.network
        self._g, self._d = Layout.of(g), Layout.of(d)
        self._pool = (
            ThreadPoolExecutor(threads, initializer=torch.set_flush_denormal, initargs=(True,)) if threads > 1 else None
        )
        self._threads = threads
        self._memories = [self._memory() for _ in range(threads)]
        self._draw_sources = [DrawSource(game, seed, shelf) for seed in seeds]
        self._since = state.memory.get(NOISE_SINCE)
        self._matches: dict[tuple[int, Players, bool], Match] = {}
        self._players = [self._read(i, state.member(i)) for i in range(game.members)]

    def play(self, rounds: int, players: Players = Players.BOTH, *, brief: bool = False) -> Tensor:
        """So many rounds of every member; their metrics `(rounds, members, len(METRICS))`.

        Where `brief`, the gradient of the generator loss that is not played is there of the last round alone, else NaN: it is
        shown, and moves nobody.
        """
        metrics = np.empty((self.game.members, rounds, METRICS), dtype=f32)
        if self._pool is None:
            for i in range(self.game.members):
                self._play(i, self._memories[0], players, metrics[i], brief)
        else:
            each = [range(i, self.game.members, self._threads) for i in range(self._threads)]

            def share(memory: Memory, own: Sequence[int]) -> None:
                for i in own:
                    self._play(i, memory, players, metrics[i], brief)

            list(self._pool.map(share, self._memories, each))
        self.step += rounds
        return torch.from_numpy(metrics).transpose(0, 1)

    def _play(self, i: int, memory: Memory, moving: Players, metrics: Floats, brief: bool) -> None:
        nets, own, source = (self._g, self._d), self._players[i], self._draw_sources[i]
        rounds, done = len(metrics), 0
        while done < rounds:
            short = brief and done < rounds - 1
            draws, first, here = source.at(self.step + done)
            here = min(here, rounds - done - short)
            match = self._match_of(i, moving, short)
            play(nets, tuple(match), memory, own, draws, self.step + done, first, here, metrics[done : done + here])
            done += here

    # ---------------------------------------------------------------------------------------------- towards compiled code

    def _memory(self) -> Memory:
        game, packs = self.game, self.game.batch // self.game.pack
        at = {one.where for one, _ in game.penalties.at("real", "fake", "between")}

        def tape(columns: int, where: str = "", wanted: bool = True) -> Tape:
            return Tape.of(self._d, columns if wanted else 0, tangents=where in at)

        return Memory(
            g=Tape.of(self._g, game.batch),
            both=tape(2 * packs),
            real=tape(packs, "real", bool(at)),
            fake=tape(packs, "fake", bool(at)),
            between=tape(packs, "between", "between" in at),
            judge=tape(packs),
            pair=tape(packs, wanted=game.objective.pairs),
            c_real=zeros(2 * packs),
            c_fake=zeros(packs),
            c_none=zeros(packs),
            empty=zeros(0),
            c_g=zeros(packs),
            c_each=zeros(game.batch),
            now=np.zeros(8, dtype=np.int64),
        )

    def _match_of(self, i: int, players: Players, brief: bool) -> Match:
        """As `_match` makes it, once; where `brief`, without the loss that is not played."""
        found = self._matches.get((i, players, brief))
        if found is None:
            found = self._match_of(i, players, False)._replace(other=-1) if brief else self._match(i, players)
            assert count_draws(tuple(found.plan)) <= self._draw_sources[i].draws, "compiled code looks at no bounds"
            self._matches[i, players, brief] = found
        return found

    def _match(self, i: int, players: Players) -> Match:
        game, penalties, rule = self.game, self.game.penalties, self.game.config.update_rule
        weights = {name: f32(weight[i, 0]) for name, weight in penalties.slopes.items()}

        def of(column: Tensor | None, off: float) -> f32:
            return f32(off if column is None else column[i, 0])

        return Match(
            dimension=game.data.dimension,
            pack=game.pack,
            objective=NUMBERS[game.objective.name],
            other=-1 if game.other_objective is None else NUMBERS[game.other_objective.name],
            reading=READINGS.get(game.objective.name, CRITIC),
            pairs=game.objective.pairs,
            asked=f32(1 - game.config.regulariser.smoothing),
            r1=weights.get("r1", f32(0)),
            r2=weights.get("r2", f32(0)),
            gradient_penalty=weights.get("gradient_penalty", f32(0)),
            noise=of(penalties.noise, 0.0),
            half_life=of(penalties.noise_half_life, np.inf),
            noise_since=int(self._since[i, 0]) if self._since is not None else 0,
            spectral=penalties.spectral,
            plan=np.array(plan(rule, players, game.objective.pairs)),
            lookahead=int(getattr(rule, "rounds", 1)),
            share=f32(getattr(rule, "share", 1)),
        )

    def _read(self, i: int, state: GameState) -> tuple[Player, Player]:
        """Both players of member i, on memory of their own."""
        game, tensors = self.game, state.tensors

        def player(name: str, side: games.Player, net: Layout, moments: Mapping[str, Tensor], average: Tensor | None) -> Player:
            n, kept = side.network.size, {k.removeprefix("memory."): t for k, t in tensors.items() if k.startswith("memory.")}

            def copied(tensor: Tensor | None, size: int = n) -> Floats:
                into = zeros(size if tensor is None else tensor.shape[1])
                if tensor is not None:
                    into[:] = tensor[0].numpy()
                return into

            numbers = np.zeros(9, dtype=f32)
            for j, setting in enumerate(HYPER[side.optimiser.name]):
                if setting:
                    numbers[j] = side.hyper[setting][i, 0]
            clip = game.penalties.clip
            numbers[4] = game.averaging[i, 0]
            numbers[5] = np.inf if clip is None or name == "theta" else clip[i, 0]
            before = kept.get("d_update" if name == "phi" else "g_update", kept.get(f"slow_{name}"))
            numbers[STARTED] = before is not None
            numbers[ROUNDS] = kept["rounds"][0, 0] if "rounds" in kept else 0
            numbers[COUNT] = moments["count"][0, 0] if "count" in moments else 0
            at = copied(tensors[name])
            apart = name == "phi" and game.penalties.spectral
            return Player(
                at=at,
                acting=copied(tensors["critic"]) if apart else at,
                judged=copied(None) if apart else at,
                average=copied(average, 0),
                gradient=copied(None),
                other=copied(None, n if name == "theta" else 0),
                update=copied(None),
                first=copied(moments.get("buffer", moments.get("mean"))),
                second=copied(moments.get("square")),
                aside=copied(None),
                aside_average=copied(None, 0 if average is None else n),
                before=copied(before),
                singular=copied(kept.get("spectral"), int(net.widths[1:].sum())),
                sides=copied(None, int(net.widths[:-1].sum())),
                norms=copied(None, len(net.widths) - 1),
                numbers=numbers,
                kind=OPTIMISERS[side.optimiser.name],
            )

        return (
            player("theta", game.generator, self._g, state.theta_moments, state.average),
            player("phi", game.discriminator, self._d, state.phi_moments, None),
        )

    # ------------------------------------------------------------------------------------------------ back from it

    @property
    def state(self) -> GameState:
        """The population as it is now, on memory of its own."""
        state = GameState.together([self._written(g, d) for g, d in self._players])
        return state if self._since is None else replace(state, memory=state.memory | {NOISE_SINCE: self._since})

    def _written(self, g: Player, d: Player) -> GameState:
        game, rule = self.game, kind_of(type(self.game.config.update_rule))

        def row(array: Floats) -> Tensor:
            return torch.from_numpy(array[None].copy())

        def moments(player: Player, names: Sequence[str]) -> dict[str, Tensor]:
            kept = {"buffer": player.first, "mean": player.first, "square": player.second, "count": player.numbers[COUNT:][:1]}
            return {name: row(kept[name]) for name in names}

        memory: dict[str, Any] = {}
        if game.penalties.spectral:
            memory["spectral"] = row(d.singular)
        if rule == "optimistic":
            memory |= {f"{n}_update": row(p.before) for n, p in (("d", d), ("g", g)) if p.numbers[STARTED]}
        if rule == "lookahead" and g.numbers[STARTED]:
            memory |= {"slow_theta": row(g.before), "slow_phi": row(d.before), "rounds": row(g.numbers[ROUNDS:][:1])}
        return GameState(
            step=self.step,
            theta=row(g.at),
            phi=row(d.at),
            average=row(g.average),
            theta_moments=moments(g, game.generator.optimiser.moments),
            phi_moments=moments(d, game.discriminator.optimiser.moments),
            phi_effective=row(d.acting),
            memory=memory,
        )
